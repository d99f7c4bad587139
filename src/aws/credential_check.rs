//! Checks that the credentials from STS are the requested ones.
//!
//! They came over TLS from the right host, so this guards against a wrong endpoint or a parser
//! error. The values end in an environment, in JSON and in an INI file, and must not need quotes in
//! any of these.

use thiserror::Error;

use super::duration::SessionDuration;
use crate::model::{Credentials, RoleArn, Timestamp};
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;

/// The accepted difference between the clock of STS and `now`.
const MAX_CLOCK_SKEW_SECONDS: i64 = 300;
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The answer of STS, not checked yet.
#[derive(Debug)]
pub struct Issued {
    pub access_key_id: String,
    pub secret_access_key: Secret,
    pub session_token: Secret,
    pub expires_at: Timestamp,
    /// `AssumedRoleUser.Arn`
    pub assumed_role_arn: String,
}

impl Issued {
    /// Returns the credentials if they are for `role` and valid at `now`.
    ///
    /// # Errors
    /// [`CredentialFault`] with the name of the first invalid value, never the value itself.
    pub fn check(self, role: &RoleArn, now: Timestamp) -> Result<Credentials, CredentialFault> {
        let key = self.access_key_id.as_bytes();
        // Temporary keys start with ASIA (IAM user guide, "Unique identifiers").
        let is_temporary_key = key.starts_with(b"ASIA")
            && (16..=128).contains(&key.len())
            && key
                .iter()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !is_temporary_key {
            return Err(CredentialFault::AccessKeyId);
        }
        let secret = self.secret_access_key.expose().as_bytes();
        let is_secret_byte = |b: &u8| b.is_ascii_alphanumeric() || b"/+=".contains(b);
        if !(30..=128).contains(&secret.len()) || !secret.iter().all(is_secret_byte) {
            return Err(CredentialFault::SecretAccessKey);
        }
        let token = self.session_token.expose().as_bytes();
        if !(1..=MAX_TOKEN_BYTES).contains(&token.len()) || !token.iter().all(u8::is_ascii_graphic)
        {
            return Err(CredentialFault::SessionToken);
        }
        let life = self.expires_at.seconds_since(now);
        if life <= 0 {
            return Err(CredentialFault::Expired);
        }
        if life > i64::from(SessionDuration::MAX.seconds()) + MAX_CLOCK_SKEW_SECONDS {
            return Err(CredentialFault::TooLong);
        }
        if !is_session_of(&self.assumed_role_arn, role) {
            return Err(CredentialFault::OtherRole);
        }
        Ok(Credentials {
            access_key_id: self.access_key_id,
            secret_access_key: self.secret_access_key,
            session_token: self.session_token,
            expires_at: self.expires_at,
            role: role.clone(),
            provider: None,
        })
    }
}

/// Whether `assumed` is a session of `role`:
/// `arn:aws:sts::123456789012:assumed-role/NAME/SESSION`, where `NAME` has no path.
fn is_session_of(assumed: &str, role: &RoleArn) -> bool {
    let partition = role.partition();
    let start = format!(
        "arn:{}:sts::{}:assumed-role/{}/",
        partition.name(),
        role.account(),
        role.name()
    );
    assumed
        .strip_prefix(&start)
        .is_some_and(|session| !session.is_empty() && !session.contains('/'))
}

/// The value of an answer that is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CredentialFault {
    #[error("the access key id is not a temporary key's")]
    AccessKeyId,
    #[error("the secret access key is not spelled like one")]
    SecretAccessKey,
    #[error("the session token is not spelled like one")]
    SessionToken,
    #[error("they have expired already")]
    Expired,
    #[error("they last longer than AWS allows")]
    TooLong,
    #[error("they are for another role")]
    OtherRole,
}

impl From<CredentialFault> for Report {
    fn from(fault: CredentialFault) -> Self {
        let (code, hint) = match fault {
            CredentialFault::AccessKeyId => (ErrorCode::StsAnswerAccessKeyId, ENDPOINT_HINT),
            CredentialFault::SecretAccessKey => {
                (ErrorCode::StsAnswerSecretAccessKey, ENDPOINT_HINT)
            }
            CredentialFault::SessionToken => (ErrorCode::StsAnswerSessionToken, ENDPOINT_HINT),
            CredentialFault::OtherRole => (ErrorCode::StsAnswerOtherRole, ENDPOINT_HINT),
            CredentialFault::Expired => (ErrorCode::StsAnswerExpired, CLOCK_HINT),
            CredentialFault::TooLong => (ErrorCode::StsAnswerTooLong, CLOCK_HINT),
        };
        Self::new(code, "cannot use the credentials that STS sent")
            .cause(fault)
            .hint(hint)
    }
}

const ENDPOINT_HINT: &str =
    "check `aws.sts_endpoint` with `ob config check`; left out, it is AWS's own";
const CLOCK_HINT: &str = "set this machine's clock: `date -u` shows what it says now";

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_309_375);

    fn role() -> RoleArn {
        RoleArn::parse("arn:aws:iam::123456789012:role/team/Deploy").unwrap()
    }

    fn issued() -> Issued {
        Issued {
            access_key_id: "ASIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            session_token: Secret::new("FwoGZXIvYXdzE".repeat(28)),
            expires_at: NOW.plus(3600),
            assumed_role_arn: "arn:aws:sts::123456789012:assumed-role/Deploy/alice@acme.com"
                .to_owned(),
        }
    }

    type Change = &'static dyn Fn(&mut Issued);

    fn fault(change: impl FnOnce(&mut Issued)) -> Option<CredentialFault> {
        let mut answer = issued();
        change(&mut answer);
        answer.check(&role(), NOW).err()
    }

    #[test]
    fn answers_of_sts_and_moto_are_accepted() {
        assert_eq!(fault(|_| {}), None);
        assert_eq!(fault(|a| a.expires_at = NOW.plus(12 * 3600 + 200)), None);
    }

    #[test]
    fn each_invalid_value_is_reported() {
        let cases: [(Change, CredentialFault); 12] = [
            (
                &|a| a.access_key_id = "AKIAIOSFODNN7EXAMPLE".to_owned(),
                CredentialFault::AccessKeyId,
            ),
            (
                &|a| a.access_key_id = "ASIA".to_owned(),
                CredentialFault::AccessKeyId,
            ),
            (
                &|a| a.access_key_id.push('\n'),
                CredentialFault::AccessKeyId,
            ),
            (
                &|a| a.secret_access_key = Secret::new("short"),
                CredentialFault::SecretAccessKey,
            ),
            (
                &|a| a.secret_access_key = Secret::new("$(id)".repeat(8)),
                CredentialFault::SecretAccessKey,
            ),
            (
                &|a| a.session_token = Secret::new(""),
                CredentialFault::SessionToken,
            ),
            (
                &|a| a.session_token = Secret::new("a b"),
                CredentialFault::SessionToken,
            ),
            (
                &|a| a.session_token = Secret::new("x".repeat(MAX_TOKEN_BYTES + 1)),
                CredentialFault::SessionToken,
            ),
            (&|a| a.expires_at = NOW, CredentialFault::Expired),
            (
                &|a| a.expires_at = NOW.plus(13 * 3600),
                CredentialFault::TooLong,
            ),
            (
                &|a| a.assumed_role_arn = a.assumed_role_arn.replace("Deploy", "Admin"),
                CredentialFault::OtherRole,
            ),
            (
                &|a| a.assumed_role_arn = a.assumed_role_arn.replace("1234", "9999"),
                CredentialFault::OtherRole,
            ),
        ];
        for (change, expected) in cases {
            assert_eq!(fault(change), Some(expected));
        }
    }
}
