//! The meaning of STS's refusals, with hints.
//!
//! One error code of STS can have several causes, so a few words of its messages are matched (as in
//! botocore's tests and AWS's SAML troubleshooting page). A message that has changed falls back to
//! the meaning of its code, never to a retry.

use crate::model::{ProviderArn, RoleArn};
use crate::report::{ErrorCode, Report};

/// Upper limit of `SAMLAssertion` at STS, in characters of base64.
pub const MAX_ASSERTION_CHARS: usize = 100_000;

/// A refusal of STS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StsRefusal {
    pub fault: StsFault,
    pub code: String,
    /// Untrusted text.
    pub message: String,
    pub http_status: u16,
}

/// The cause of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StsFault {
    /// Trust policy, role name or provider: `AccessDenied`.
    AccessDenied,
    /// The assertion is older than five minutes. A new one is fetched once.
    AssertionExpired,
    /// A chained role gets an hour at most.
    ChainedTooLong,
    /// Longer than the role's maximum.
    DurationTooLong,
    DurationTooShort,
    /// The assertion is not what the role's account expects.
    InvalidIdentity,
    /// The account has no provider of that name, or it is in another partition.
    ProviderUnknown,
    RegionDisabled,
    /// STS failed. A retry may help.
    Server,
    /// Session policies and tags are too large together.
    PolicyTooLarge,
    /// IAM cannot parse or find a session policy.
    PolicyMalformed,
    Throttled,
    /// The answer is from a captive portal or a proxy.
    NotSts,
    /// Any other cause.
    Other,
}

impl StsFault {
    /// Whether the same request may be repeated after a pause.
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Server | Self::Throttled)
    }

    const fn code(self) -> ErrorCode {
        match self {
            Self::AccessDenied => ErrorCode::StsAccessDenied,
            Self::AssertionExpired => ErrorCode::StsAssertionExpired,
            Self::ChainedTooLong => ErrorCode::StsChainedTooLong,
            Self::DurationTooLong => ErrorCode::StsDurationTooLong,
            Self::DurationTooShort => ErrorCode::StsDurationTooShort,
            Self::InvalidIdentity => ErrorCode::StsInvalidIdentity,
            Self::ProviderUnknown => ErrorCode::StsProviderUnknown,
            Self::RegionDisabled => ErrorCode::StsRegionDisabled,
            Self::Server => ErrorCode::StsServer,
            Self::PolicyTooLarge => ErrorCode::StsPolicyTooLarge,
            Self::PolicyMalformed => ErrorCode::StsPolicyMalformed,
            Self::Throttled => ErrorCode::StsThrottled,
            Self::NotSts => ErrorCode::StsNotSts,
            Self::Other => ErrorCode::StsOther,
        }
    }
}

impl StsRefusal {
    /// Classifies a refusal.
    pub fn classify(code: &str, message: &str, http_status: u16) -> Self {
        Self {
            fault: classify(code, message, http_status),
            code: code.to_owned(),
            message: message.to_owned(),
            http_status,
        }
    }

    /// Returns the report on a request for `role` through `provider`, which is `None` in a chain.
    pub fn report(&self, role: &RoleArn, provider: Option<&ProviderArn>) -> Report {
        let code = self.fault.code();
        let cause = if self.code.is_empty() {
            format!(
                "the answer (HTTP status {}) is not in the format of AWS STS",
                self.http_status
            )
        } else {
            format!("STS answered {}: {}", self.code, self.message)
        };
        let report = Report::new(code, format!("cannot assume {role}")).cause(cause);
        self.hints(role, provider)
            .into_iter()
            .fold(report, Report::hint)
    }

    fn hints(&self, role: &RoleArn, provider: Option<&ProviderArn>) -> Vec<String> {
        let hint = match self.fault {
            StsFault::AccessDenied => {
                let trusted = provider.map_or_else(
                    || "the role before it in `chain`".to_owned(),
                    ToString::to_string,
                );
                return vec![
                    format!(
                        "the role's trust policy must allow {trusted} (names are case-sensitive)"
                    ),
                    "`ob roles` shows the roles you were granted".to_owned(),
                ];
            }
            StsFault::ProviderUnknown => format!(
                "account {} has no identity provider {}: \
                 ask its admin, or see `ob roles` for the right one",
                role.account(),
                provider.map_or("of that name", ProviderArn::as_str),
            ),
            StsFault::AssertionExpired => {
                "run the same command again; if it repeats, this machine's clock is off: \
                 `date -u` shows it"
                    .to_owned()
            }
            StsFault::ChainedTooLong => {
                "a role at the end of a `chain` gets an hour at most: `--duration 1h`".to_owned()
            }
            StsFault::DurationTooLong => {
                "ask for less: `--duration 1h` works for every role".to_owned()
            }
            StsFault::DurationTooShort => "ask for 15 minutes or more: `--duration 15m`".to_owned(),
            StsFault::InvalidIdentity => {
                "the SAML metadata in IAM does not match the Okta app: ask your AWS admin to \
                 upload the app's current metadata to the identity provider"
                    .to_owned()
            }
            StsFault::RegionDisabled => "enable this region's STS in the account, or use another: \
                 `--region us-east-1`"
                .to_owned(),
            StsFault::Server | StsFault::Throttled => {
                "wait a moment, then run the same command again".to_owned()
            }
            StsFault::PolicyTooLarge => {
                return vec![
                    "name fewer or smaller policies: `--policy-arn`, \
                     or `policy_arns` of the profile"
                        .to_owned(),
                    "or ask your Okta admin for fewer or shorter session tags".to_owned(),
                ];
            }
            StsFault::PolicyMalformed => "check the names of `--policy-arn` or `policy_arns`: \
                 `ob exec -- aws iam list-policies` shows what there is"
                .to_owned(),
            StsFault::NotSts => "check `sts_endpoint` with `ob config check`, \
                 and whether a proxy or your network's sign-in page answers instead"
                .to_owned(),
            StsFault::Other => "`ob roles` shows the roles you were granted".to_owned(),
        };
        vec![hint]
    }
}

fn classify(code: &str, message: &str, http_status: u16) -> StsFault {
    let says = |words: &str| message.contains(words);
    // SDKs return codes with and without the suffix.
    match code.strip_suffix("Exception").unwrap_or(code) {
        "ValidationError" | "Validation" if says("role chaining") => StsFault::ChainedTooLong,
        "ValidationError" | "Validation" if says("MaxSessionDuration") => StsFault::DurationTooLong,
        "ValidationError" | "Validation" if says("durationSeconds") => {
            if says("less than or equal to") {
                StsFault::DurationTooLong
            } else {
                StsFault::DurationTooShort
            }
        }
        "ExpiredToken" => StsFault::AssertionExpired,
        "InvalidIdentityToken" if says("redeemed within") || says("expired") => {
            StsFault::AssertionExpired
        }
        "InvalidIdentityToken"
            if says("provider doesn't exist") || says("AuthSamlManifestNotFound") =>
        {
            StsFault::ProviderUnknown
        }
        "InvalidIdentityToken" | "IDPRejectedClaim" => StsFault::InvalidIdentity,
        "AccessDenied" => StsFault::AccessDenied,
        "PackedPolicyTooLarge" => StsFault::PolicyTooLarge,
        "MalformedPolicyDocument" => StsFault::PolicyMalformed,
        "RegionDisabled" => StsFault::RegionDisabled,
        "Throttling" | "Throttled" | "TooManyRequests" | "RequestLimitExceeded" => {
            StsFault::Throttled
        }
        "IDPCommunicationError" | "InternalFailure" | "InternalError" | "ServiceUnavailable" => {
            StsFault::Server
        }
        _ if http_status == 429 => StsFault::Throttled,
        _ if http_status >= 500 => StsFault::Server,
        "" => StsFault::NotSts,
        _ => StsFault::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Exit;

    #[test]
    fn each_refusal_is_classified() {
        for (code, message, http_status, expected) in [
            (
                "ValidationError",
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
                400,
                StsFault::DurationTooLong,
            ),
            (
                "ValidationError",
                "The requested DurationSeconds exceeds the 1 hour session limit \
                 for roles assumed by role chaining.",
                400,
                StsFault::ChainedTooLong,
            ),
            (
                "ValidationError",
                "1 validation error detected: Value '60' at 'durationSeconds' failed to satisfy \
                 constraint: Member must have value greater than or equal to 900",
                400,
                StsFault::DurationTooShort,
            ),
            (
                "ValidationError",
                "1 validation error detected: Value '90000' at 'durationSeconds' failed to satisfy \
                 constraint: Member must have value less than or equal to 43200",
                400,
                StsFault::DurationTooLong,
            ),
            ("ValidationError", "Something new", 400, StsFault::Other),
            (
                "ExpiredTokenException",
                "Token must be redeemed within 5 minutes of issuance",
                400,
                StsFault::AssertionExpired,
            ),
            ("ExpiredToken", "", 400, StsFault::AssertionExpired),
            (
                "InvalidIdentityToken",
                "Specified provider doesn't exist (Service: AWSOpenIdDiscoveryService)",
                400,
                StsFault::ProviderUnknown,
            ),
            (
                "InvalidIdentityToken",
                "Response signature invalid",
                400,
                StsFault::InvalidIdentity,
            ),
            ("IDPRejectedClaim", "", 403, StsFault::InvalidIdentity),
            (
                "AccessDenied",
                "Not authorized to perform sts:AssumeRoleWithSAML",
                403,
                StsFault::AccessDenied,
            ),
            ("PackedPolicyTooLarge", "", 400, StsFault::PolicyTooLarge),
            (
                "MalformedPolicyDocumentException",
                "",
                400,
                StsFault::PolicyMalformed,
            ),
            ("RegionDisabledException", "", 403, StsFault::RegionDisabled),
            ("Throttling", "Rate exceeded", 400, StsFault::Throttled),
            (
                "ThrottlingException",
                "Rate exceeded",
                400,
                StsFault::Throttled,
            ),
            ("", "", 503, StsFault::Server),
            ("", "", 429, StsFault::Throttled),
            ("NewInTheFuture", "", 400, StsFault::Other),
        ] {
            let refusal = StsRefusal::classify(code, message, http_status);
            assert_eq!(refusal.fault, expected, "{code} {message}");
        }
        assert!(StsFault::Throttled.is_transient() && !StsFault::AccessDenied.is_transient());
    }

    #[test]
    fn denied_role_names_role_and_provider() {
        let role = RoleArn::parse("arn:aws:iam::123456789012:role/Engineer").unwrap();
        let provider = ProviderArn::parse("arn:aws:iam::123456789012:saml-provider/okta").unwrap();
        let refusal = StsRefusal::classify("AccessDenied", "Not authorized", 403);
        let report = refusal.report(&role, Some(&provider));
        assert_eq!(
            report.render(),
            "ob: cannot assume arn:aws:iam::123456789012:role/Engineer\n  \
             cause: STS answered AccessDenied: Not authorized\n  \
             hint: the role's trust policy must allow arn:aws:iam::123456789012:saml-provider/okta \
             (names are case-sensitive)\n  \
             hint: `ob roles` shows the roles you were granted\n"
        );
        assert_eq!(report.exit, Exit::Refused);
    }
}
