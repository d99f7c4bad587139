//! From an assertion to credentials: AssumeRoleWithSAML, the duration that the role grants, the chain.

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::types::{Credentials as StsCredentials, PolicyDescriptorType};
use tokio::time::Instant;

use crate::aws::{Issued, MAX_ASSERTION_CHARS, SessionDuration, StsFault, StsRefusal};
use crate::flow::assume_role::sts_client::Sts;
use crate::flow::retry::{MAX_ATTEMPTS, MAX_ELAPSED, backoff};
use crate::flow::{Conversation, Unanswered};
use crate::model::{Credentials, ProviderArn, RoleArn, SamlRole, Timestamp};
use crate::process::panic_point;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::wire::Notice;

/// Why there are no credentials.
pub(in crate::flow) enum NoCredentials {
    /// The assertion is too old; a fresh one may do, once.
    AssertionExpired(Report),
    /// STS has too much to do; the same request may be sent again later.
    Throttled(Report),
    Final(Report),
}

impl NoCredentials {
    pub(in crate::flow) fn into_report(self) -> Report {
        match self {
            Self::AssertionExpired(report) | Self::Throttled(report) | Self::Final(report) => {
                report
            }
        }
    }
}

impl From<Unanswered> for NoCredentials {
    fn from(unanswered: Unanswered) -> Self {
        Self::Final(unanswered.into())
    }
}

/// Redeems `assertion` for the credentials of `wanted`, asking for `seconds` and stepping down when the
/// role grants less. Returns what it granted.
pub(in crate::flow) async fn with_saml(
    sts: &Sts,
    wanted: &SamlRole,
    assertion: &Secret,
    duration: SessionDuration,
    policies: &[String],
    conversation: &impl Conversation,
) -> Result<(Credentials, SessionDuration), NoCredentials> {
    if assertion.expose().len() > MAX_ASSERTION_CHARS {
        return Err(NoCredentials::Final(
            Report::new(
                ErrorCode::StsAssertionTooLong,
                "cannot send the assertion to STS",
            )
            .cause(format!(
                "it is longer than the {MAX_ASSERTION_CHARS} characters that STS takes"
            ))
            .hint("ask your administrator to assign fewer roles to you in this app"),
        ));
    }
    panic_point("flow.redeem", assertion.expose());
    let client = sts.client(None);
    let mut asked = duration;
    loop {
        let call = || {
            client
                .assume_role_with_saml()
                .role_arn(wanted.role.as_str())
                .principal_arn(wanted.provider.as_str())
                .saml_assertion(assertion.expose())
                .set_policy_arns(descriptors(policies))
                .duration_seconds(seconds(asked))
                .send()
        };
        match patiently(sts, conversation, call).await? {
            Ok(output) => {
                let user = output.assumed_role_user().map(|user| user.arn().to_owned());
                let credentials = checked(output.credentials, user, &wanted.role, sts.now())?;
                return Ok((credentials, asked));
            }
            Err(refusal) => {
                asked = shorter(&refusal, asked, &wanted.role, Some(&wanted.provider))?;
            }
        }
    }
}

/// Redeems a machine's `token` for the credentials of `role`, stepping down as [`with_saml`] does.
pub(in crate::flow) async fn with_web_identity(
    sts: &Sts,
    role: &RoleArn,
    token: &Secret,
    session_name: &str,
    duration: SessionDuration,
    policies: &[String],
    conversation: &impl Conversation,
) -> Result<(Credentials, SessionDuration), NoCredentials> {
    let client = sts.client(None);
    let mut asked = duration;
    loop {
        let call = || {
            client
                .assume_role_with_web_identity()
                .role_arn(role.as_str())
                .role_session_name(session_name)
                .web_identity_token(token.expose())
                .set_policy_arns(descriptors(policies))
                .duration_seconds(seconds(asked))
                .send()
        };
        match patiently(sts, conversation, call).await? {
            Ok(output) => {
                let user = output.assumed_role_user().map(|user| user.arn().to_owned());
                let credentials = checked(output.credentials, user, role, sts.now())?;
                return Ok((credentials, asked));
            }
            Err(refusal) => {
                asked = shorter(&refusal, asked, role, None)?;
            }
        }
    }
}

/// The duration to ask for next, if the refusal was about the last one.
fn shorter(
    refusal: &StsRefusal,
    asked: SessionDuration,
    role: &RoleArn,
    provider: Option<&ProviderArn>,
) -> Result<SessionDuration, NoCredentials> {
    let report = refusal.report(role, provider);
    match (refusal.fault, asked.step_down()) {
        (StsFault::DurationTooLong, Some(shorter)) => Ok(shorter),
        (StsFault::AssertionExpired, _) => Err(NoCredentials::AssertionExpired(report)),
        (StsFault::Throttled, _) => Err(NoCredentials::Throttled(report)),
        _ => Err(NoCredentials::Final(report)),
    }
}

/// Goes on from `credentials` to the next role of a chain.
pub(in crate::flow) async fn next_of_chain(
    sts: &Sts,
    credentials: &Credentials,
    role: &RoleArn,
    session_name: &str,
    duration: SessionDuration,
    policies: &[String],
    conversation: &impl Conversation,
) -> Result<Credentials, NoCredentials> {
    let client = sts.client(Some(credentials));
    let duration = duration.chained();
    let call = || {
        client
            .assume_role()
            .role_arn(role.as_str())
            .role_session_name(session_name)
            .set_policy_arns(descriptors(policies))
            .duration_seconds(seconds(duration))
            .send()
    };
    match patiently(sts, conversation, call).await? {
        Ok(output) => {
            let user = output.assumed_role_user().map(|user| user.arn().to_owned());
            checked(output.credentials, user, role, sts.now())
        }
        Err(refusal) => Err(NoCredentials::Final(
            refusal
                .report(role, None)
                .during(format!("cannot go on from {}", credentials.role)),
        )),
    }
}

/// Calls until STS has decided something, at most three times: throttling and accidents of the network pass.
async fn patiently<O, E, F>(
    sts: &Sts,
    conversation: &impl Conversation,
    call: impl Fn() -> F,
) -> Result<Result<O, StsRefusal>, NoCredentials>
where
    E: ProvideErrorMetadata,
    F: Future<Output = Result<O, SdkError<E, aws_sdk_sts::config::http::HttpResponse>>>,
{
    let (started, mut attempt) = (Instant::now(), 1);
    loop {
        let error = match call().await {
            Ok(output) => return Ok(Ok(output)),
            Err(error) => error,
        };
        // A server that took its whole time to say nothing has had it.
        let last = attempt >= MAX_ATTEMPTS || started.elapsed() >= MAX_ELAPSED;
        if let Some(http) = sts.take_failure() {
            if last || !http.is_transient() {
                return Err(NoCredentials::Final(
                    Report::from(http).during("cannot ask STS"),
                ));
            }
        } else {
            let status = error
                .raw_response()
                .map_or(0, |response| response.status().as_u16());
            let (code, message) = match &error {
                SdkError::ServiceError(refused) => (refused.err().code(), refused.err().message()),
                _ => (None, None),
            };
            let refusal = StsRefusal::classify(
                code.unwrap_or_default(),
                message.unwrap_or_default(),
                status,
            );
            if last || !refusal.fault.is_transient() {
                return Ok(Err(refusal));
            }
        }
        let wait = backoff(attempt);
        conversation.notify(Notice::Doing("wait before asking STS again".into()));
        let jitter = std::time::Duration::from_millis(fastrand::u64(0..250));
        conversation.pause(wait + jitter).await?;
        attempt += 1;
    }
}

/// STS's answer as credentials, if it is what was asked for.
fn checked(
    answer: Option<StsCredentials>,
    assumed_role_arn: Option<String>,
    role: &RoleArn,
    now: Timestamp,
) -> Result<Credentials, NoCredentials> {
    let strange = |why: String| {
        let summary = format!("cannot use what STS answered for {role}");
        let report = Report::new(ErrorCode::StsAnswer, summary).cause(why);
        NoCredentials::Final(
            report.hint("check `sts_endpoint` in the settings: does it lead to AWS?"),
        )
    };
    let answer = answer.ok_or_else(|| strange("it holds no credentials".into()))?;
    let issued = Issued {
        access_key_id: answer.access_key_id,
        secret_access_key: Secret::new(answer.secret_access_key),
        session_token: Secret::new(answer.session_token),
        expires_at: Timestamp(answer.expiration.secs()),
        assumed_role_arn: assumed_role_arn.unwrap_or_default(),
    };
    panic_point("flow.issued", issued.secret_access_key.expose());
    issued
        .check(role, now)
        .map_err(|fault| strange(fault.to_string()))
}

/// What STS is told of session policies; nothing where there are none.
fn descriptors(policies: &[String]) -> Option<Vec<PolicyDescriptorType>> {
    let described = policies
        .iter()
        .map(|arn| PolicyDescriptorType::builder().arn(arn).build());
    (!policies.is_empty()).then(|| described.collect())
}

fn seconds(duration: SessionDuration) -> i32 {
    i32::try_from(duration.seconds()).unwrap_or(i32::MAX)
}
