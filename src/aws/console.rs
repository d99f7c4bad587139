//! The AWS console's sign-in with a role's credentials (IAM User Guide, "Enabling custom identity broker access
//! to the AWS console"): what is asked of the federation endpoint, what it answers, and the link that comes of it.

mod page;

use serde_json::json;
use thiserror::Error;
use url::Url;

use crate::model::{Credentials, Partition};
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;

/// The sign-in of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Console {
    federation: Url,
    host: &'static str,
}

impl Console {
    /// The console of `partition`; `endpoint` stands in for its federation endpoint.
    ///
    /// # Errors
    /// When the partition's console is not public.
    pub fn of(partition: &Partition, endpoint: Option<&str>) -> Result<Self, ConsoleError> {
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

    /// The host of the federation endpoint.
    pub fn host(&self) -> &str {
        self.federation.host_str().unwrap_or_default()
    }

    /// The request that exchanges `credentials` for a sign-in token; the keys are in its query, so it must not be
    /// shown or logged. `seconds` is how long the console stays signed in; AWS takes it of a first role only.
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

    /// The link that signs in: as good as a password for the 15 minutes that `token` lives.
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

/// Reads the endpoint's answer.
///
/// # Errors
/// When it holds no token.
pub fn read_signin_token(body: &[u8]) -> Result<Secret, ConsoleError> {
    let answer: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    match answer["SigninToken"].as_str() {
        Some(token) if !token.is_empty() && token.len() <= 16_384 => Ok(Secret::new(token)),
        _ => Err(ConsoleError::NoToken),
    }
}

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
                "consoles of aws, aws-us-gov and aws-cn are known; `ob exec -- CMD` works in every partition",
            ),
            ConsoleError::Endpoint => (
                ErrorCode::ConsoleEndpoint,
                "`signin_endpoint` in [aws] takes an https address",
            ),
            ConsoleError::Address | ConsoleError::OtherAddress { .. } => (
                ErrorCode::ConsoleAddress,
                "copy it from a console of the same partition: `-s 'https://eu-west-1.console.aws.amazon.com/ec2/home#Instances:'`",
            ),
            ConsoleError::Service(_) => (
                ErrorCode::ConsoleService,
                "write it as in the console's address: `ob console -s s3`, `ob console -s 'cloudwatch#logsV2:log-groups'`",
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
        Console::of(&role.partition(), None)
    }

    #[test]
    fn each_partition_has_its_own_sign_in_and_console() {
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
    fn the_request_and_the_link_carry_each_value_encoded_once() {
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
            "https://signin.aws.amazon.com/federation?Action=login&Issuer=https%3A%2F%2Facme.okta.com\
             &Destination=https%3A%2F%2Fconsole.aws.amazon.com%2Fconsole%2Fhome&SigninToken=t%26o"
        );
    }

    #[test]
    fn only_a_token_is_a_token() {
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
