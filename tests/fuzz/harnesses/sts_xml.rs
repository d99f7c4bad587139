//! Response bodies of STS through the AWS SDK: no panic, and credentials only as they stand in the
//! body.
//!
//! The first byte is the status: `r` means 403, any other byte 200. The rest is the body.

use std::cell::RefCell;

use aws_sdk_sts::Client;
use aws_sdk_sts::config::http::{HttpRequest, HttpResponse};
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::{
    BehaviorVersion, Region, RuntimeComponents, StalledStreamProtectionConfig,
};
use aws_sdk_sts::error::{ProvideErrorMetadata as _, SdkError};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_types::body::SdkBody;
use ob::aws::{Issued, StsRefusal};
use ob::model::{RoleArn, Timestamp};
use ob::secret::Secret;
use tokio::runtime::{Builder, Runtime};

use super::Harness;

pub(crate) const HARNESS: Harness = Harness {
    name: "sts_xml",
    dictionary: &[
        "<AccessKeyId>",
        "</AccessKeyId>",
        "<SecretAccessKey>",
        "</SecretAccessKey>",
        "<SessionToken>",
        "</SessionToken>",
        "<Expiration>2026-11-22T02:02:55Z</Expiration>",
        "<Expiration>soon</Expiration>",
        "<Credentials>",
        "</Credentials>",
        "<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/Deploy/a</Arn>\
         </AssumedRoleUser>",
        "<AssumeRoleWithSAMLResult>",
        "</AssumeRoleWithSAMLResponse>",
        "<Code>AccessDenied</Code>",
        "<Message>",
        "</Message>",
        "ASIAIOSFODNN7EXAMPLE",
        "<!DOCTYPE r [<!ENTITY e \"x\">]>",
        "&e;",
        "&amp;",
        "&#x41;",
        "&#0;",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<?x?>",
        "<a",
        ">",
        "/>",
        " x='",
        "\0",
        "é",
        "$(id)",
    ],
    templates: &[
        (
            "s<AssumeRoleWithSAMLResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
             <AssumeRoleWithSAMLResult><AssumedRoleUser>\
             <Arn>arn:aws:sts::123456789012:assumed-role/Deploy/a</Arn></AssumedRoleUser>\
             <Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>\
             <SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "</SecretAccessKey><SessionToken>FwoGZXIvYXdzE</SessionToken>\
             <Expiration>2026-11-22T02:02:55Z</Expiration></Credentials>\
             </AssumeRoleWithSAMLResult></AssumeRoleWithSAMLResponse>",
        ),
        (
            "r<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>",
            "</Message></Error><RequestId>r</RequestId></ErrorResponse>",
        ),
    ],
    target,
};

/// The time at which expiry is checked.
const NOW: Timestamp = Timestamp(1_795_309_375);

thread_local! {
    static ANSWER: RefCell<(u16, Vec<u8>)> = const { RefCell::new((200, Vec::new())) };
    static STS: (Runtime, Client) = (
        Builder::new_current_thread().enable_time().build().expect("a runtime"),
        client(),
    );
}

/// Answers each request with [`ANSWER`].
#[derive(Clone, Debug)]
struct CannedResponse;

impl HttpClient for CannedResponse {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for CannedResponse {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let (status, body) = ANSWER.with_borrow(Clone::clone);
        let response = http::Response::builder().status(status);
        let response = response.body(SdkBody::from(body)).expect("a response");
        HttpConnectorFuture::ready(Ok(HttpResponse::try_from(response).expect("a response")))
    }
}

/// Returns a client configured as `ob`'s, with [`CannedResponse`] as its transport.
fn client() -> Client {
    let config = aws_sdk_sts::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url("https://sts.example")
        .http_client(CannedResponse)
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    Client::from_conf(config.build())
}

/// Returns the text of the element `tag` if the body holds it once and plain, `None` otherwise.
fn plain_text<'a>(body: &'a [u8], tag: &str) -> Option<&'a str> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once(&format!("<{tag}>"))?;
    let (value, after) = rest.split_once(&format!("</{tag}>"))?;
    let plain = !value.contains(['<', '&']) && !text.contains("<!");
    (plain && !after.contains(tag)).then_some(value)
}

fn target(bytes: &[u8]) {
    let (kind, body) = bytes.split_first().unwrap_or((&b's', b""));
    let status = if *kind == b'r' { 403 } else { 200 };
    ANSWER.set((status, body.to_vec()));
    let role = RoleArn::parse("arn:aws:iam::123456789012:role/team/Deploy").expect("a role");
    let outcome = STS.with(|(runtime, client)| {
        let call = client
            .assume_role_with_saml()
            .role_arn(role.as_str())
            .principal_arn("arn:aws:iam::123456789012:saml-provider/okta")
            .saml_assertion("AAAA")
            .send();
        runtime.block_on(call).map_err(Box::new)
    });
    match outcome {
        Ok(output) => {
            let user = output.assumed_role_user().map(|user| user.arn().to_owned());
            let Some(answer) = output.credentials else {
                return;
            };
            let issued = Issued {
                access_key_id: answer.access_key_id,
                secret_access_key: Secret::new(answer.secret_access_key),
                session_token: Secret::new(answer.session_token),
                expires_at: Timestamp(answer.expiration.secs()),
                assumed_role_arn: user.unwrap_or_default(),
            };
            let Ok(credentials) = issued.check(&role, NOW) else {
                return;
            };
            let unquoted = |byte: u8| byte.is_ascii_alphanumeric() || b"/+=".contains(&byte);
            let secret = credentials.secret_access_key.expose();
            let token = credentials.session_token.expose();
            assert!(
                credentials
                    .access_key_id
                    .bytes()
                    .chain(secret.bytes())
                    .all(unquoted)
            );
            assert!(token.bytes().all(|byte| byte.is_ascii_graphic()));
            for (tag, value) in [
                ("AccessKeyId", &*credentials.access_key_id),
                ("SecretAccessKey", secret),
                ("SessionToken", token),
            ] {
                let written = plain_text(body, tag);
                assert!(
                    written.is_none_or(|written| written == value),
                    "{tag}: {value:?}"
                );
            }
        }
        Err(error) => {
            let (code, message) = match &*error {
                SdkError::ServiceError(refused) => (refused.err().code(), refused.err().message()),
                _ => (None, None),
            };
            let refusal = StsRefusal::classify(
                code.unwrap_or_default(),
                message.unwrap_or_default(),
                status,
            );
            let report = refusal.report(&role, None);
            assert!(report.name().starts_with("sts.") && !report.hints.is_empty());
            let lines = 1 + report.causes.len() + report.hints.len();
            assert_eq!(report.render().lines().count(), lines);
        }
    }
}
