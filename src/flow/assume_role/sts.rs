//! The three STS calls that give a role's credentials.

use aws_sdk_sts::types::{AssumedRoleUser, Credentials as SdkCredentials, PolicyDescriptorType};

use crate::aws::{Issued, MAX_ASSERTION_CHARS, SessionDuration, StsFault, StsRefusal};
use crate::flow::assume_role::region::sts_endpoint;
use crate::flow::assume_role::sts_client::StsClient;
use crate::flow::aws_client::AwsError;
use crate::flow::conversation::Conversation;
use crate::flow::retry::RetryBudget;
use crate::http::Client;
use crate::model::{Credentials, ProviderArn, RoleArn, Timestamp};
use crate::process::panic_point;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::wire::{Notice, Target};

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

/// What STS answers: credentials and whose they are.
type Answer = (Option<SdkCredentials>, Option<AssumedRoleUser>);

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
        let signer = match proof {
            Proof::Role { credentials, .. } => Some(credentials),
            Proof::Saml { .. } | Proof::WebIdentity { .. } => None,
        };
        let client = StsClient::new(self.http, &self.endpoint, &self.region, signer, self.now);
        loop {
            let called = self
                .call(&client, proof, duration, policy_arns, conversation)
                .await;
            let refusal = match called {
                Ok(answer) => return Ok((self.check(answer, client.date())?, duration)),
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

    /// Calls STS. Throttling and failures that may pass are retried.
    async fn call(
        &self,
        client: &StsClient,
        proof: Proof<'_>,
        duration: SessionDuration,
        policy_arns: &[String],
        conversation: &impl Conversation,
    ) -> Result<Answer, AwsError> {
        let mut budget = RetryBudget::new();
        loop {
            let error = match self.send(client, proof, duration, policy_arns).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let is_transient = match &error {
                AwsError::Http(error) => error.is_transient(),
                AwsError::Refused(refusal) => refusal.fault.is_transient(),
                AwsError::Unanswered(_) | AwsError::Unsignable => false,
            };
            let wait = budget.next_wait().filter(|_| is_transient).ok_or(error)?;
            conversation.notify(Notice::Doing("wait before asking STS again".into()));
            let paused = conversation.pause(wait).await;
            paused.map_err(AwsError::Unanswered)?;
        }
    }

    async fn send(
        &self,
        client: &StsClient,
        proof: Proof<'_>,
        duration: SessionDuration,
        policy_arns: &[String],
    ) -> Result<Answer, AwsError> {
        let (sdk, role) = (&client.sdk, self.role.as_str());
        let seconds = i32::try_from(duration.seconds()).unwrap_or(i32::MAX);
        let policies = policy_descriptors(policy_arns);
        match proof {
            Proof::Saml {
                provider,
                assertion,
            } => {
                let request = sdk
                    .assume_role_with_saml()
                    .role_arn(role)
                    .principal_arn(provider.as_str())
                    .saml_assertion(assertion.expose())
                    .set_policy_arns(policies)
                    .duration_seconds(seconds);
                let sent = request.send().await;
                sent.map(|output| (output.credentials, output.assumed_role_user))
                    .map_err(|error| client.error(&error))
            }
            Proof::WebIdentity {
                token,
                session_name,
            } => {
                let request = sdk
                    .assume_role_with_web_identity()
                    .role_arn(role)
                    .role_session_name(session_name)
                    .web_identity_token(token.expose())
                    .set_policy_arns(policies)
                    .duration_seconds(seconds);
                let sent = request.send().await;
                sent.map(|output| (output.credentials, output.assumed_role_user))
                    .map_err(|error| client.error(&error))
            }
            Proof::Role { session_name, .. } => {
                let request = sdk
                    .assume_role()
                    .role_arn(role)
                    .role_session_name(session_name)
                    .set_policy_arns(policies)
                    .duration_seconds(seconds);
                let sent = request.send().await;
                sent.map(|output| (output.credentials, output.assumed_role_user))
                    .map_err(|error| client.error(&error))
            }
        }
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
            let summary = format!("cannot assume the next role from {}", credentials.role);
            return Err(report.context(summary).into());
        }
        match (refusal.fault, duration.step_down()) {
            (StsFault::DurationTooLong, Some(shorter)) => Ok(shorter),
            (StsFault::AssertionExpired, _) => Err(AssumeError::ProofExpired(report)),
            (StsFault::Throttled, _) => Err(AssumeError::Throttled(report)),
            _ => Err(report.into()),
        }
    }

    /// Checks an answer at the time of its response.
    fn check(
        &self,
        (credentials, user): Answer,
        date: Option<Timestamp>,
    ) -> Result<Credentials, Report> {
        let Some(credentials) = credentials else {
            return Err(self.unusable("it holds no credentials"));
        };
        let issued = Issued {
            access_key_id: credentials.access_key_id,
            secret_access_key: Secret::new(credentials.secret_access_key),
            session_token: Secret::new(credentials.session_token),
            expires_at: Timestamp(credentials.expiration.secs()),
            assumed_role_arn: user.map(|user| user.arn).unwrap_or_default(),
        };
        panic_point("flow.issued", issued.secret_access_key.expose());
        issued
            .check(self.role, date.unwrap_or(self.now))
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

/// Returns what STS is sent for session policies; `None` without any.
fn policy_descriptors(arns: &[String]) -> Option<Vec<PolicyDescriptorType>> {
    let descriptors = arns
        .iter()
        .map(|arn| PolicyDescriptorType::builder().arn(arn).build());
    (!arns.is_empty()).then(|| descriptors.collect())
}
