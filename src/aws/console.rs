//! The sign-in to the AWS console with a role's credentials (IAM User Guide, "Enabling custom
//! identity broker access to the AWS console"): the request to the federation endpoint, its answer,
//! and the sign-in link.

mod page;

use serde_json::json;
use thiserror::Error;
use url::Url;

use crate::model::{Credentials, Partition};
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;

const MAX_TOKEN_BYTES: usize = 16_384;

/// The console of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Console {
    federation: Url,
    host: &'static str,
}

impl Console {
    /// Returns the console of `partition`. `endpoint` replaces its federation endpoint.
    ///
    /// # Errors
    /// [`ConsoleError`] if the partition's console is not public, or `endpoint` is not an address.
    pub fn for_partition(
        partition: &Partition,
        endpoint: Option<&str>,
    ) -> Result<Self, ConsoleError> {
        let (signin, host) = match partition.name() {
            "aws" => (
                "https://signin.aws.amazon.com/federation",
                "console.aws.amazon.com",
            ),
            "aws-us-gov" => (
                "https://signin.amazonaws-us-gov.com/federation",
                "console.amazonaws-us-gov.com",
            ),
            "aws-cn" => (
                "https://signin.amazonaws.cn/federation",
                "console.amazonaws.cn",
            ),
            other => return Err(ConsoleError::Partition(other.to_owned())),
        };
        let federation = endpoint.unwrap_or(signin);
        let federation = Url::parse(federation).map_err(|_| ConsoleError::Endpoint)?;
        Ok(Self { federation, host })
    }

    /// Returns the host of the federation endpoint.
    pub fn host(&self) -> &str {
        self.federation.host_str().unwrap_or_default()
    }

    /// Returns the request that exchanges `credentials` for a sign-in token. The keys are in its
    /// query, so it must not be shown or logged.
    ///
    /// The console stays signed in for `seconds`, which AWS does not accept for a chained role.
    pub fn token_request(&self, credentials: &Credentials, seconds: Option<u32>) -> Url {
        let session = json!({
            "sessionId": credentials.access_key_id,
            "sessionKey": credentials.secret_access_key.expose(),
            "sessionToken": credentials.session_token.expose(),
        });
        let mut url = self.federation.clone();
        let mut query = url.query_pairs_mut();
        query.append_pair("Action", "getSigninToken");
        if let Some(seconds) = seconds {
            query.append_pair("SessionDuration", &seconds.to_string());
        }
        query.append_pair("Session", &session.to_string());
        drop(query);
        url
    }

    /// Returns the link that signs in. It is a secret for the 15 minutes that `token` is valid.
    pub fn login(&self, token: &Secret, issuer: &str, page: &Url) -> Secret {
        let mut url = self.federation.clone();
        url.query_pairs_mut()
            .append_pair("Action", "login")
            .append_pair("Issuer", issuer)
            .append_pair("Destination", page.as_str())
            .append_pair("SigninToken", token.expose());
        Secret::new(String::from(url))
    }
}

/// Parses the endpoint's answer.
///
/// # Errors
/// [`ConsoleError::NoToken`] if it holds no token.
pub fn read_signin_token(body: &[u8]) -> Result<Secret, ConsoleError> {
    let answer: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    match answer["SigninToken"].as_str() {
        Some(token) if !token.is_empty() && token.len() <= MAX_TOKEN_BYTES => {
            Ok(Secret::new(token))
        }
        _ => Err(ConsoleError::NoToken),
    }
}

/// The reason why the console cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConsoleError {
    #[error("it is no address")]
    Address,
    #[error("{host} is not the console of the role's partition, {console}")]
    OtherAddress { host: String, console: &'static str },
    #[error("the console of the partition {0} is not known")]
    Partition(String),
    #[error("the sign-in endpoint is no address")]
    Endpoint,
    #[error("{0:?} is not spelled like a service")]
    Service(String),
    #[error("AWS answered without a sign-in token")]
    NoToken,
}

impl From<ConsoleError> for Report {
    fn from(error: ConsoleError) -> Self {
        let (code, hint) = match &error {
            ConsoleError::Partition(_) => (
                ErrorCode::ConsolePartition,
                "consoles of aws, aws-us-gov and aws-cn are known; \
                 `ob exec -- CMD` works in every partition",
            ),
            ConsoleError::Endpoint => (
                ErrorCode::ConsoleEndpoint,
                "`signin_endpoint` in [aws] takes an https address",
            ),
            ConsoleError::Address | ConsoleError::OtherAddress { .. } => (
                ErrorCode::ConsoleAddress,
                "copy it from a console of the same partition: \
                 `-s 'https://eu-west-1.console.aws.amazon.com/ec2/home#Instances:'`",
            ),
            ConsoleError::Service(_) => (
                ErrorCode::ConsoleService,
                "write it as in the console's address: `ob console -s s3`, \
                 `ob console -s 'cloudwatch#logsV2:log-groups'`",
            ),
            ConsoleError::NoToken => (
                ErrorCode::ConsoleNoToken,
                "check `signin_endpoint` in the settings: does it lead to AWS?",
            ),
        };
        Self::new(code, "cannot open the AWS console")
            .cause(&error)
            .hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Region;
    use crate::model::{RoleArn, Timestamp};

    fn console(partition: &str) -> Result<Console, ConsoleError> {
        let role = RoleArn::parse(&format!("arn:{partition}:iam::123456789012:role/R")).unwrap();
        Console::for_partition(&role.partition(), None)
    }

    #[test]
    fn each_partition_has_its_own_console() {
        let region = Region::parse("eu-west-1").unwrap();
        let page = |partition: &str| {
            console(partition)
                .unwrap()
                .page(None, Some(&region))
                .unwrap()
                .to_string()
        };
        assert_eq!(
            page("aws"),
            "https://console.aws.amazon.com/console/home?region=eu-west-1"
        );
        assert_eq!(
            page("aws-us-gov"),
            "https://console.amazonaws-us-gov.com/console/home?region=eu-west-1"
        );
        assert_eq!(
            page("aws-cn"),
            "https://console.amazonaws.cn/console/home?region=eu-west-1"
        );
        for (partition, host) in [
            ("aws", "signin.aws.amazon.com"),
            ("aws-us-gov", "signin.amazonaws-us-gov.com"),
            ("aws-cn", "signin.amazonaws.cn"),
        ] {
            let console = console(partition).unwrap();
            let page = console.page(None, None).unwrap();
            let login = console.login(&Secret::new("t"), "https://acme.okta.com", &page);
            let expected = format!("https://{host}/federation?");
            assert!(login.expose().starts_with(&expected), "{partition}");
        }
        assert!(matches!(
            console("aws-iso"),
            Err(ConsoleError::Partition(_))
        ));
    }

    #[test]
    fn request_and_link_encode_each_value_once() {
        let credentials = Credentials {
            access_key_id: "ASIAEXAMPLE".into(),
            secret_access_key: Secret::new("a/b+c&d"),
            session_token: Secret::new("t=="),
            expires_at: Timestamp(0),
            role: RoleArn::parse("arn:aws:iam::123456789012:role/R").unwrap(),
            provider: None,
        };
        let console = console("aws").unwrap();
        let request = console.token_request(&credentials, Some(3600));
        let pairs: Vec<(String, String)> = request.query_pairs().into_owned().collect();
        assert_eq!(pairs[0], ("Action".into(), "getSigninToken".into()));
        assert_eq!(pairs[1], ("SessionDuration".into(), "3600".into()));
        let session: serde_json::Value = serde_json::from_str(&pairs[2].1).unwrap();
        assert_eq!(session["sessionKey"], "a/b+c&d");
        assert!(
            console
                .token_request(&credentials, None)
                .query_pairs()
                .all(|(k, _)| k != "SessionDuration")
        );
        let page = console.page(None, None).unwrap();
        let login = console.login(&Secret::new("t&o"), "https://acme.okta.com", &page);
        assert_eq!(
            login.expose(),
            "https://signin.aws.amazon.com/federation\
             ?Action=login&Issuer=https%3A%2F%2Facme.okta.com\
             &Destination=https%3A%2F%2Fconsole.aws.amazon.com%2Fconsole%2Fhome&SigninToken=t%26o"
        );
    }

    #[test]
    fn answer_without_a_token_is_refused() {
        assert_eq!(
            read_signin_token(br#"{"SigninToken":"t"}"#)
                .unwrap()
                .expose(),
            "t"
        );
        for body in [
            &b""[..],
            b"<html>",
            b"{}",
            br#"{"SigninToken":""}"#,
            br#"{"SigninToken":7}"#,
            b"[]",
        ] {
            assert_eq!(read_signin_token(body), Err(ConsoleError::NoToken));
        }
    }
}
