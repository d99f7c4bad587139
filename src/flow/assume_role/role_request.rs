//! One step towards credentials: a role assumed with an assertion, a token, or the role before it.

use crate::aws::SessionDuration;
use crate::flow::app::aws_app::AwsAssertion;
use crate::flow::assume_role::sts::{AssumeError, Proof, Sts};
use crate::flow::context::FlowContext;
use crate::flow::conversation::Conversation;
use crate::flow::session::OktaSession;
use crate::flow::session::machine::MachineSession;
use crate::model::{Credentials, RoleArn, SamlRole};
use crate::report::{ErrorCode, Report};
use crate::wire::{Notice, Target};

/// A target, and what is needed to assume its roles.
pub(in crate::flow) struct RoleRequest<'a, C> {
    pub(in crate::flow) session: &'a OktaSession,
    pub(in crate::flow) target: &'a Target,
    pub(in crate::flow) context: &'a dyn FlowContext,
    pub(in crate::flow) conversation: &'a C,
}

impl<C: Conversation> RoleRequest<'_, C> {
    /// Assumes a role with an app's assertion. Says so if the role grants less time than the target
    /// asks for.
    ///
    /// # Errors
    /// [`AssumeError::ProofExpired`] if a new assertion may do.
    pub(in crate::flow) async fn with_assertion(
        &self,
        assertion: &AwsAssertion,
        role: &SamlRole,
    ) -> Result<Credentials, AssumeError> {
        let proof = Proof::Saml {
            provider: &role.provider,
            assertion: &assertion.encoded,
        };
        let asked = self.duration()?;
        let is_new = self.context.duration(&role.role).is_none();
        let (credentials, granted) = self.first_step(&role.role, proof).await?;
        if granted < asked && is_new {
            self.conversation.notify(Notice::Message(format!(
                "{} grants {granted} at most, not the {asked} that were asked for",
                role.role
            )));
        }
        Ok(credentials)
    }

    /// Assumes a role with a machine's token, a second time with a new one if it has expired.
    ///
    /// # Errors
    /// What Okta or STS refused.
    pub(in crate::flow) async fn with_machine_token(
        &self,
        machine: &MachineSession,
        role: &RoleArn,
    ) -> Result<Credentials, Report> {
        let session_name = session_name(self.session.username());
        let mut renewed = false;
        loop {
            let now = self.context.now();
            let token = machine.token(self.session.client(), now, self.conversation);
            let proof = Proof::WebIdentity {
                token: &token.await?,
                session_name: &session_name,
            };
            match self.first_step(role, proof).await {
                Ok((credentials, _)) => return Ok(credentials),
                Err(AssumeError::ProofExpired(_)) if !renewed => {
                    renewed = true;
                    machine.forget_token();
                }
                Err(error) => return Err(error.into_report()),
            }
        }
    }

    async fn first_step(
        &self,
        role: &RoleArn,
        proof: Proof<'_>,
    ) -> Result<(Credentials, SessionDuration), AssumeError> {
        let asked = self.duration()?;
        let known = self.context.duration(role);
        let first = known.map_or(asked, |known| known.min(asked));
        let (credentials, granted) = self.step(0, role, proof, first).await?;
        if granted < asked {
            self.context.remember_duration(role, granted);
        }
        Ok((credentials, granted))
    }

    /// Follows the target's chain from its first role.
    ///
    /// # Errors
    /// If a role of the chain is no ARN, or STS refuses it.
    pub(in crate::flow) async fn follow_chain(
        &self,
        mut credentials: Credentials,
        session_name: &str,
    ) -> Result<Credentials, Report> {
        let asked = self.duration().map_err(AssumeError::into_report)?;
        if !self.target.chain.is_empty() && asked > SessionDuration::HOUR {
            self.conversation.notify(Notice::Message(format!(
                "at the end of a chain AWS grants an hour at most, \
                 not the {asked} that were asked for"
            )));
        }
        for (index, role) in self.target.chain.iter().enumerate() {
            let role = RoleArn::parse(role).map_err(|error| {
                let summary = format!("cannot assume {role}");
                Report::new(ErrorCode::SettingsChain, summary)
                    .cause(error)
                    .hint("`ob config check` shows what the settings say")
            })?;
            let proof = Proof::Role {
                credentials: &credentials,
                session_name,
            };
            let assumed = self.step(index + 1, &role, proof, asked.chained()).await;
            (credentials, _) = assumed.map_err(AssumeError::into_report)?;
        }
        Ok(credentials)
    }

    /// Assumes one role of the way to the target; `index` counts from the first.
    async fn step(
        &self,
        index: usize,
        role: &RoleArn,
        proof: Proof<'_>,
        duration: SessionDuration,
    ) -> Result<(Credentials, SessionDuration), AssumeError> {
        let client = self.session.client().client();
        let sts = Sts::new(client, self.target, role, self.context.now())?;
        self.conversation
            .notify(Notice::Doing(format!("assume {role}")));
        let policy_arns = self.policy_arns(index, role)?;
        sts.assume(proof, duration, &policy_arns, self.conversation)
            .await
    }

    /// Returns the session policies of one step. Only the last role is limited: the roles before it
    /// stay with the agent and must be able to assume the next one.
    fn policy_arns(&self, index: usize, role: &RoleArn) -> Result<Vec<String>, Report> {
        if index < self.target.chain.len() {
            return Ok(Vec::new());
        }
        let arns = self.target.policy.arns(role);
        arns.map_err(|error| Report::from(error).context(format!("cannot assume {role}")))
    }

    fn duration(&self) -> Result<SessionDuration, AssumeError> {
        Ok(SessionDuration::from_seconds(self.target.duration)?)
    }
}

/// Returns a session name that STS accepts, `[\w+=,.@-]{2,64}`.
pub(in crate::flow) fn session_name(text: &str) -> String {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let name: String = text
        .chars()
        .map(|c| if is_allowed(c) { c } else { '-' })
        .take(64)
        .collect();
    if name.len() < 2 { "ob".into() } else { name }
}
