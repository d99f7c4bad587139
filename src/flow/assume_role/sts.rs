//! The three STS calls that give a role's credentials.

use crate::aws::{
    Issued, MAX_ASSERTION_CHARS, SessionDuration, StsAnswerError, StsFault, StsRefusal,
};
use crate::flow::assume_role::region::sts_endpoint;
use crate::flow::aws_client::{AwsClient, AwsError, STS};
use crate::flow::conversation::Conversation;
use crate::http::{Client, Response};
use crate::model::{Credentials, ProviderArn, RoleArn, Timestamp};
use crate::process::panic_point;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::wire::Target;

/// Why there are no credentials.
#[derive(Debug)]
pub(in crate::flow) enum AssumeError {
    /// The assertion or token is too old. A new one may do, once.
    ProofExpired(Report),
    /// STS is throttling. The same request may be sent again later.
    Throttled(Report),
    Final(Report),
}

impl AssumeError {
    pub(in crate::flow) fn into_report(self) -> Report {
        match self {
            Self::ProofExpired(report) | Self::Throttled(report) | Self::Final(report) => report,
        }
    }
}

impl<E: Into<Report>> From<E> for AssumeError {
    fn from(error: E) -> Self {
        Self::Final(error.into())
    }
}

/// What entitles the caller to a role.
#[derive(Clone, Copy)]
pub(in crate::flow) enum Proof<'a> {
    Saml {
        provider: &'a ProviderArn,
        /// base64, as received.
        assertion: &'a Secret,
    },
    /// A machine's access token.
    WebIdentity {
        token: &'a Secret,
        session_name: &'a str,
    },
    /// The credentials of the role before it in a chain.
    Role {
        credentials: &'a Credentials,
        session_name: &'a str,
    },
}

impl<'a> Proof<'a> {
    fn action(self) -> &'static str {
        match self {
            Self::Saml { .. } => "AssumeRoleWithSAML",
            Self::WebIdentity { .. } => "AssumeRoleWithWebIdentity",
            Self::Role { .. } => "AssumeRole",
        }
    }

    fn parameters(self) -> Vec<(&'static str, &'a str)> {
        match self {
            Self::Saml {
                provider,
                assertion,
            } => vec![
                ("PrincipalArn", provider.as_str()),
                ("SAMLAssertion", assertion.expose()),
            ],
            Self::WebIdentity {
                token,
                session_name,
            } => vec![
                ("RoleSessionName", session_name),
                ("WebIdentityToken", token.expose()),
            ],
            Self::Role { session_name, .. } => vec![("RoleSessionName", session_name)],
        }
    }
}

/// STS for one role.
#[derive(Debug)]
pub(in crate::flow) struct Sts<'a> {
    http: &'a Client,
    role: &'a RoleArn,
    endpoint: String,
    region: String,
    now: Timestamp,
}

impl<'a> Sts<'a> {
    /// Returns the STS of the target's own endpoint, or the region's, or the partition's.
    ///
    /// # Errors
    /// If the region cannot be used.
    pub(in crate::flow) fn new(
        http: &'a Client,
        target: &Target,
        role: &'a RoleArn,
        now: Timestamp,
    ) -> Result<Self, Report> {
        let (endpoint, region) = sts_endpoint(target, role)?;
        Ok(Self {
            http,
            role,
            endpoint,
            region,
            now,
        })
    }

    /// Assumes the role for `duration`, or for less if the role grants less. Returns the
    /// credentials and the duration that was granted.
    ///
    /// # Errors
    /// [`AssumeError`], with what STS refused.
    pub(in crate::flow) async fn assume(
        &self,
        proof: Proof<'_>,
        mut duration: SessionDuration,
        policy_arns: &[String],
        conversation: &impl Conversation,
    ) -> Result<(Credentials, SessionDuration), AssumeError> {
        if let Proof::Saml { assertion, .. } = proof {
            if assertion.expose().len() > MAX_ASSERTION_CHARS {
                return Err(assertion_too_long().into());
            }
            panic_point("flow.redeem", assertion.expose());
        }
        loop {
            let called = self.call(proof, duration, policy_arns, conversation).await;
            let refusal = match called {
                Ok(response) => match Issued::parse(proof.action(), &response.body) {
                    Ok(issued) => return Ok((self.check(issued, &response)?, duration)),
                    Err(StsAnswerError::NotSts) => StsRefusal::classify("", "", response.status),
                    Err(error) => return Err(self.unusable(&error.to_string()).into()),
                },
                Err(AwsError::Refused(refusal)) => refusal,
                Err(AwsError::Http(error)) => {
                    return Err(Report::from(error).context("cannot ask STS").into());
                }
                Err(AwsError::Unanswered(unanswered)) => return Err(unanswered.into()),
                Err(AwsError::Unsignable) => {
                    return Err(self.unusable("the request cannot be signed").into());
                }
            };
            duration = self.shorter_duration(&refusal, proof, duration)?;
        }
    }

    async fn call(
        &self,
        proof: Proof<'_>,
        duration: SessionDuration,
        policy_arns: &[String],
        conversation: &impl Conversation,
    ) -> Result<Response, AwsError> {
        let client = AwsClient {
            http: self.http,
            service: &STS,
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            credentials: match proof {
                Proof::Role { credentials, .. } => Some(credentials),
                Proof::Saml { .. } | Proof::WebIdentity { .. } => None,
            },
            now: self.now,
        };
        let seconds = duration.seconds().to_string();
        let mut parameters = vec![
            ("RoleArn", self.role.as_str()),
            ("DurationSeconds", seconds.as_str()),
        ];
        parameters.extend(proof.parameters());
        let names: Vec<String> = (1..=policy_arns.len())
            .map(|number| format!("PolicyArns.member.{number}.arn"))
            .collect();
        let names = names.iter().map(String::as_str);
        parameters.extend(names.zip(policy_arns.iter().map(String::as_str)));
        client.call(proof.action(), &parameters, conversation).await
    }

    /// Returns the duration to ask for next, if the refusal was about the last one.
    fn shorter_duration(
        &self,
        refusal: &StsRefusal,
        proof: Proof<'_>,
        duration: SessionDuration,
    ) -> Result<SessionDuration, AssumeError> {
        let provider = match proof {
            Proof::Saml { provider, .. } => Some(provider),
            Proof::WebIdentity { .. } | Proof::Role { .. } => None,
        };
        let report = refusal.report(self.role, provider);
        if let Proof::Role { credentials, .. } = proof {
            let summary = format!("cannot go on from {}", credentials.role);
            return Err(report.context(summary).into());
        }
        match (refusal.fault, duration.step_down()) {
            (StsFault::DurationTooLong, Some(shorter)) => Ok(shorter),
            (StsFault::AssertionExpired, _) => Err(AssumeError::ProofExpired(report)),
            (StsFault::Throttled, _) => Err(AssumeError::Throttled(report)),
            _ => Err(report.into()),
        }
    }

    /// Checks credentials at the time of the response that holds them.
    fn check(&self, issued: Issued, response: &Response) -> Result<Credentials, Report> {
        panic_point("flow.issued", issued.secret_access_key.expose());
        let now = response.date().unwrap_or(self.now);
        issued
            .check(self.role, now)
            .map_err(|fault| self.unusable(&fault.to_string()))
    }

    fn unusable(&self, why: &str) -> Report {
        let summary = format!("cannot use what STS answered for {}", self.role);
        Report::new(ErrorCode::StsAnswer, summary)
            .cause(why)
            .hint("check `sts_endpoint` in the settings: does it lead to AWS?")
    }
}

fn assertion_too_long() -> Report {
    Report::new(
        ErrorCode::StsAssertionTooLong,
        "cannot send the assertion to STS",
    )
    .cause(format!(
        "it is longer than the {MAX_ASSERTION_CHARS} characters that STS takes"
    ))
    .hint("ask your administrator to assign fewer roles to you in this app")
}
