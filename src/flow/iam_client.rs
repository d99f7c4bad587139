//! The reads of IAM that `ob` needs, with one role's credentials.

use crate::aws::{StsRefusal, element_texts, iam_endpoint};
use crate::flow::aws_client::{AwsClient, AwsError};
use crate::flow::conversation::Conversation;
use crate::http::Client;
use crate::model::{Credentials, Timestamp};
use crate::report::{ErrorCode, Report};

/// Pages of one list. A role has at most a few dozen policies.
const MAX_PAGES: usize = 20;

/// IAM, called with one role's credentials.
#[derive(Debug)]
pub(super) struct IamClient<'a>(AwsClient<'a>);

impl<'a> IamClient<'a> {
    /// Returns a client for `endpoint`, or else for the partition's own.
    ///
    /// # Errors
    /// If the partition has no IAM that is known.
    pub(super) fn new(
        http: &'a Client,
        credentials: &'a Credentials,
        endpoint: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, Report> {
        let (default_endpoint, region) = iam_endpoint(&credentials.role.partition())?;
        Ok(Self(AwsClient {
            http,
            endpoint: endpoint.unwrap_or(default_endpoint).to_owned(),
            region: region.to_owned(),
            credentials,
            now,
        }))
    }

    /// Returns the texts of the elements at `path` on every page of a list.
    pub(super) async fn list(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
        path: &[&str],
        conversation: &impl Conversation,
    ) -> Result<Vec<String>, Report> {
        let mut all = Vec::new();
        let mut marker: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut with_marker = parameters.to_vec();
            with_marker.extend(marker.as_deref().map(|marker| ("Marker", marker)));
            let response = self.0.call(action, &with_marker, conversation).await;
            let response = response.map_err(|error| failed(action, error))?;
            let read = |path: &[&str]| {
                element_texts(&response.body, path)
                    .map_err(|error| unusable(action, &error.to_string()))
            };
            all.extend(read(path)?);
            let is_truncated = read(&["IsTruncated"])?;
            if is_truncated.first().is_none_or(|text| text != "true") {
                break;
            }
            marker = read(&["Marker"])?.into_iter().next();
            if marker.is_none() {
                break;
            }
        }
        Ok(all)
    }

    /// Returns the first text at `path`.
    pub(super) async fn get(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
        path: &[&str],
        conversation: &impl Conversation,
    ) -> Result<String, Report> {
        let found = self.list(action, parameters, path, conversation).await?;
        let first = found.into_iter().next();
        first.ok_or_else(|| unusable(action, "something is missing in it"))
    }
}

fn failed(action: &str, error: AwsError) -> Report {
    match error {
        AwsError::Http(error) => Report::from(error).context(format!("cannot ask IAM ({action})")),
        AwsError::Refused(refusal) => refused(action, &refusal),
        AwsError::Unanswered(unanswered) => unanswered.into(),
        AwsError::Unsignable => unusable(action, "it cannot be signed"),
    }
}

fn refused(action: &str, refusal: &StsRefusal) -> Report {
    let summary = format!("IAM refuses {action}");
    let report = Report::new(ErrorCode::IamRefused, summary);
    if refusal.code.is_empty() {
        return report
            .cause(format!("it answered with status {}", refusal.http_status))
            .hint("check `iam_endpoint` in the settings: does it lead to AWS?");
    }
    report
        .cause(format!("{}: {}", refusal.code, refusal.message))
        .hint(format!(
            "whoever asks needs iam:{action} in that role's own account"
        ))
}

fn unusable(action: &str, why: &str) -> Report {
    Report::new(
        ErrorCode::IamAnswer,
        format!("cannot use what IAM answered to {action}"),
    )
    .cause(why)
    .hint("check `iam_endpoint` in the settings: does it lead to AWS?")
}
