//! IAM's query protocol, signed: the few reads that `ob` asks, over the session's own connection rules.

use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_sts::config::Credentials as SdkCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use url::form_urlencoded::Serializer;

use crate::aws::{element_texts, iam_endpoint};
use crate::flow::retry::{MAX_ATTEMPTS, backoff};
use crate::flow::{Conversation, OktaSession};
use crate::model::{Credentials, Timestamp};
use crate::report::{ErrorCode, Report};

const LONGEST: usize = 1024 * 1024;
const WHOLE: Duration = Duration::from_secs(30);
/// Pages of one list; a role has at most a few dozen policies.
const PAGES: usize = 20;

/// IAM, asked with one role's credentials.
pub(super) struct Iam<'a> {
    session: &'a OktaSession,
    credentials: &'a Credentials,
    endpoint: String,
    region: &'static str,
    now: Timestamp,
}

impl<'a> Iam<'a> {
    pub(super) fn new(
        session: &'a OktaSession,
        credentials: &'a Credentials,
        endpoint: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, Report> {
        let (usual, region) = iam_endpoint(&credentials.role.partition())?;
        Ok(Self {
            session,
            credentials,
            endpoint: endpoint.unwrap_or(usual).to_owned(),
            region,
            now,
        })
    }

    /// The texts at `path` on every page of a list.
    pub(super) async fn list(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
        path: &[&str],
        conversation: &impl Conversation,
    ) -> Result<Vec<String>, Report> {
        let mut all = Vec::new();
        let mut marker: Option<String> = None;
        for _ in 0..PAGES {
            let mut with_marker = parameters.to_vec();
            with_marker.extend(marker.as_deref().map(|marker| ("Marker", marker)));
            let body = self.call(action, &with_marker, conversation).await?;
            let read = |path: &[&str]| {
                element_texts(&body, path).map_err(|error| strange(action, &error.to_string()))
            };
            all.extend(read(path)?);
            if read(&["IsTruncated"])?
                .first()
                .is_none_or(|truncated| truncated != "true")
            {
                break;
            }
            marker = read(&["Marker"])?.into_iter().next();
            if marker.is_none() {
                break;
            }
        }
        Ok(all)
    }

    /// The first text at `path` of one answer.
    pub(super) async fn one(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
        path: &[&str],
        conversation: &impl Conversation,
    ) -> Result<String, Report> {
        let found = self.list(action, parameters, path, conversation).await?;
        found
            .into_iter()
            .next()
            .ok_or_else(|| strange(action, "something is missing in it"))
    }

    async fn call(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
        conversation: &impl Conversation,
    ) -> Result<Vec<u8>, Report> {
        let mut form = Serializer::new(String::new());
        form.append_pair("Action", action)
            .append_pair("Version", "2010-05-08");
        form.extend_pairs(parameters);
        let body = form.finish();
        for attempt in 1.. {
            let last = attempt >= MAX_ATTEMPTS;
            let request = self
                .signed(&body)
                .ok_or_else(|| strange(action, "it cannot be signed"))?;
            let client = self.session.browser().client();
            match client.send_raw(request, LONGEST, WHOLE).await {
                Ok(answer) if answer.status == 200 => return Ok(answer.body.to_vec()),
                Ok(answer) => {
                    let text = |name| {
                        element_texts(&answer.body, &["Error", name])
                            .ok()
                            .and_then(|found| found.into_iter().next())
                    };
                    let code = text("Code").unwrap_or_default();
                    let passing = (answer.status >= 500) || code.starts_with("Throttling");
                    if last || !passing {
                        return Err(refused(
                            action,
                            &code,
                            &text("Message").unwrap_or_default(),
                            answer.status,
                        ));
                    }
                }
                Err(error) if last || !error.is_transient() => {
                    return Err(Report::from(error).during(format!("cannot ask IAM ({action})")));
                }
                Err(_) => {}
            }
            conversation.pause(backoff(attempt)).await?;
        }
        Err(strange(action, "there is none"))
    }

    fn signed(&self, body: &str) -> Option<http::Request<Vec<u8>>> {
        let identity = SdkCredentials::new(
            &self.credentials.access_key_id,
            self.credentials.secret_access_key.expose(),
            Some(self.credentials.session_token.expose().to_owned()),
            None,
            "ob",
        )
        .into();
        let now = UNIX_EPOCH + Duration::from_secs(u64::try_from(self.now.0).ok()?);
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name("iam")
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .ok()?
            .into();
        let mut request = http::Request::post(&self.endpoint)
            .header(
                http::header::CONTENT_TYPE,
                "application/x-www-form-urlencoded",
            )
            .body(body.as_bytes().to_vec())
            .ok()?;
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let signable = SignableRequest::new(
            "POST",
            self.endpoint.as_str(),
            headers.into_iter(),
            SignableBody::Bytes(body.as_bytes()),
        )
        .ok()?;
        let (instructions, _) = sign(signable, &parameters).ok()?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        Some(request)
    }
}

fn refused(action: &str, code: &str, message: &str, status: u16) -> Report {
    let report = Report::new(ErrorCode::IamRefused, format!("IAM refuses {action}"));
    if code.is_empty() {
        return report
            .cause(format!("it answered with status {status}"))
            .hint("check `iam_endpoint` in the settings: does it lead to AWS?");
    }
    report.cause(format!("{code}: {message}")).hint(format!(
        "whoever asks needs iam:{action} in that role's own account"
    ))
}

fn strange(action: &str, why: &str) -> Report {
    Report::new(
        ErrorCode::IamAnswer,
        format!("cannot use what IAM answered to {action}"),
    )
    .cause(why)
    .hint("check `iam_endpoint` in the settings: does it lead to AWS?")
}
