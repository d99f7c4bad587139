//! From a session to the credentials of one role: app, assertion, role, STS, chain.

pub(super) mod all_roles;
pub(super) mod sts_calls;
pub(super) mod sts_client;

use self::sts_calls::NoCredentials;
use crate::aws::{self, Names, RoleMatch, RoleQuery, SessionDuration};
use crate::flow::app::aws_app::{self, AwsAssertion};
use crate::flow::assume_role::sts_client::Sts;
use crate::flow::roles::{entries, found_names, listed, nothing_to_choose};
use crate::flow::session::machine;
use crate::flow::{Conversation, Failure, OktaSession};
use crate::model::{AppLink, Credentials, ProviderArn, RoleArn, SamlRole, Timestamp};
use crate::report::{ErrorCode, Report};
use crate::wire::{Notice, RoleEntry, Target};

/// What the agent remembers for a recipe.
pub trait FlowContext {
    /// The time as the servers have it.
    fn now(&self) -> Timestamp;

    /// The duration that a role was found to grant.
    fn duration(&self, role: &RoleArn) -> Option<SessionDuration>;

    fn remember_duration(&self, role: &RoleArn, granted: SessionDuration);
}

/// What a target came to.
#[derive(Debug)]
pub enum Obtained {
    Credentials(Credentials),
    /// It matches several roles: nothing was asked, and STS was not called.
    Several(RoleChoices),
}

/// The roles that a target matches, with what assumes each of them.
#[derive(Debug)]
pub struct RoleChoices {
    /// In the order of a menu.
    pub choices: Vec<RoleEntry>,
    /// Kept while the menu is open, so that an app that asks for a factor each time asks once.
    assertions: Vec<AwsAssertion>,
}

impl RoleChoices {
    /// The assertion that opens the role of a target that names it and its provider by their ARNs.
    fn assertion_for(&self, target: &Target) -> Option<(AwsAssertion, SamlRole)> {
        let role = role_by_hand(target)?;
        let mut assertions = self.assertions.iter();
        let found = assertions.find(|assertion| {
            let roles = assertion.roles.as_ref();
            roles.is_some_and(|roles| roles.contains(&role))
        });
        Some((found?.duplicate(), role))
    }
}

/// The one role that a target means, or all that it matches.
enum Selected {
    One(Box<(AwsAssertion, SamlRole)>),
    Several(RoleChoices),
}

/// Makes the credentials that `target` describes, if it matches one role. It may be one of `found`, whose assertion is
/// used then.
///
/// # Errors
/// [`Failure::SessionEnded`] when Okta wants a new sign-in; else what was refused and by whom.
pub async fn obtain_credentials(
    session: &OktaSession,
    target: &Target,
    found: Option<&RoleChoices>,
    memory: &dyn FlowContext,
    conversation: &impl Conversation,
) -> Result<Obtained, Failure> {
    if let Some(machine) = session.machine() {
        let first = machine::credentials(session, machine, target, memory, conversation).await?;
        let name = session_name(session.username());
        let last = chain(session, target, first, &name, memory, conversation).await?;
        return Ok(Obtained::Credentials(last));
    }
    let selected = match found.and_then(|found| found.assertion_for(target)) {
        Some(one) => Selected::One(Box::new(one)),
        None => chosen(session, target, memory, conversation).await?,
    };
    let (mut assertion, role) = match selected {
        Selected::One(one) => *one,
        Selected::Several(several) => return Ok(Obtained::Several(several)),
    };
    let mut refreshed = false;
    let credentials = loop {
        match redeem(session, target, &assertion, &role, memory, conversation).await {
            Ok(credentials) => break credentials,
            Err(NoCredentials::AssertionExpired(_)) if !refreshed => {
                refreshed = true;
                let app = vec![assertion.app.clone()];
                let fresh = aws_app::assertions(session, app, memory.now(), conversation).await?;
                assertion = fresh.into_iter().next().unwrap_or(assertion);
            }
            Err(
                NoCredentials::AssertionExpired(report)
                | NoCredentials::Throttled(report)
                | NoCredentials::Final(report),
            ) => {
                return Err(report.into());
            }
        }
    };
    session.remember_app(&role, &assertion.app);
    let name = assertion.role_session_name.as_deref();
    let name = session_name(name.unwrap_or(session.username()));
    let last = chain(session, target, credentials, &name, memory, conversation).await?;
    let several = session.has_several(&role.role);
    Ok(Obtained::Credentials(Credentials {
        provider: several.then_some(role.provider),
        ..last
    }))
}

/// The assertion and the one role in it that is meant; else the roles to choose from.
async fn chosen(
    session: &OktaSession,
    target: &Target,
    memory: &dyn FlowContext,
    conversation: &impl Conversation,
) -> Result<Selected, Failure> {
    let known = target
        .role
        .as_deref()
        .and_then(|role| RoleArn::parse(role).ok())
        .and_then(|role| session.app_of(&role, target.provider.as_deref()));
    let apps = match known {
        Some(app) => vec![app],
        None => aws_app::aws_apps(session, target.app.as_deref(), conversation).await?,
    };
    let aws_app::Opened {
        mut assertions,
        for_tests,
    } = aws_app::open_all(session, apps, memory.now(), conversation).await?;
    if let Some(position) = assertions
        .iter()
        .position(|assertion| assertion.roles.is_none())
        && let Some(role) = role_by_hand(target)
    {
        let one = (assertions.swap_remove(position), role);
        return Ok(Selected::One(Box::new(one)));
    }
    let entries = entries(&assertions, target);
    if entries.is_empty() {
        return Err(nothing_to_choose(&assertions));
    }
    let roles: Vec<SamlRole> = entries.iter().map(|(_, role)| role.clone()).collect();
    let found = found_names(&assertions, target);
    let names = Names::new(&target.names.accounts, &target.names.labels).with_found(&found);
    let query = RoleQuery {
        role: target.role.as_deref(),
        provider: target.provider.as_deref(),
    };
    let choice = match aws::find_role(&roles, &query, &names) {
        // What is the only role for now may be one of several.
        RoleMatch::One(role)
            if may_match_another(session, &for_tests, &roles, role, &query, &names) =>
        {
            RoleMatch::Many(vec![role])
        }
        choice => choice,
    };
    let role = match choice {
        RoleMatch::One(role) => role.clone(),
        RoleMatch::None => {
            let report = no_such_role(target, &entries)
                .did_you_mean("--provider", aws::suggest_providers(&roles, &query, &names))
                .did_you_mean("-r", aws::suggest_roles(&roles, &query, &names));
            return Err(report
                .hint("`ob roles` shows the roles you were granted")
                .into());
        }
        RoleMatch::Many(candidates) => {
            let mut choices: Vec<RoleEntry> = entries
                .iter()
                .filter(|(_, role)| candidates.contains(&role))
                .map(|(entry, _)| entry.clone())
                .collect();
            choices.sort_by(|a, b| (&a.account_name, &a.role).cmp(&(&b.account_name, &b.role)));
            // Whichever is chosen, its app alone is opened next.
            for assertion in &assertions {
                for pair in assertion.roles.iter().flatten() {
                    session.remember_app(pair, &assertion.app);
                }
            }
            return Ok(Selected::Several(RoleChoices {
                choices,
                assertions,
            }));
        }
    };
    for assertion in &assertions {
        let pairs = assertion.roles.iter().flatten();
        for pair in pairs.filter(|pair| pair.role == role.role) {
            session.remember_app(pair, &assertion.app);
        }
    }
    let holds = |assertion: &AwsAssertion| {
        assertion
            .roles
            .as_ref()
            .is_some_and(|roles| roles.contains(&role))
    };
    let position = assertions.iter().position(holds).unwrap_or_default();
    let one = (assertions.swap_remove(position), role);
    Ok(Selected::One(Box::new(one)))
}

/// Whether an app that did not open may grant a role that `query` means as well as, or instead of, `found`. What it
/// granted before in this session counts. A role that is named in full is meant whatever else there is.
fn may_match_another(
    session: &OktaSession,
    for_tests: &[AppLink],
    roles: &[SamlRole],
    found: &SamlRole,
    query: &RoleQuery<'_>,
    names: &Names<'_>,
) -> bool {
    if for_tests.is_empty() || query.role == Some(found.role.as_str()) {
        return false;
    }
    let Some(before) = session.granted_by(for_tests) else {
        return true;
    };
    let mut all = roles.to_vec();
    for role in before {
        if !all.contains(&role) {
            all.push(role);
        }
    }
    !matches!(aws::find_role(&all, query, names), RoleMatch::One(role) if role == found)
}

/// A role and a provider that the user wrote out: all that can be done with an encrypted assertion.
fn role_by_hand(target: &Target) -> Option<SamlRole> {
    let role = RoleArn::parse(target.role.as_deref()?).ok()?;
    let provider = ProviderArn::parse(target.provider.as_deref()?).ok()?;
    (role.account() == provider.account()).then_some(SamlRole { role, provider })
}

fn no_such_role(target: &Target, entries: &[(RoleEntry, SamlRole)]) -> Report {
    let wanted = match (&target.role, &target.provider) {
        (Some(role), Some(provider)) => format!("{role} of {provider}"),
        (Some(role), None) => role.clone(),
        (None, Some(provider)) => format!("a role of {provider}"),
        (None, None) => "a role".into(),
    };
    Report::new(
        ErrorCode::SamlNoSuchRole,
        format!("you may not assume {wanted}"),
    )
    .cause(format!(
        "you may assume: {}",
        listed(entries.iter().map(|(entry, _)| entry))
    ))
}

/// Whether a failure of [`obtain_credentials`] says that this user has no such role, or its app no more.
pub fn is_withdrawn(report: &Report) -> bool {
    matches!(
        report.code,
        ErrorCode::SamlNoSuchRole
            | ErrorCode::SamlNoRoles
            | ErrorCode::OktaStatus
            | ErrorCode::OktaForbidden
            | ErrorCode::OktaNotFound
    )
}

pub(in crate::flow) async fn redeem(
    session: &OktaSession,
    target: &Target,
    assertion: &AwsAssertion,
    role: &SamlRole,
    memory: &dyn FlowContext,
    conversation: &impl Conversation,
) -> Result<Credentials, NoCredentials> {
    let sts = sts(session, target, &role.role, memory)?;
    conversation.notify(Notice::Doing(format!("assume {}", role.role)));
    let known = memory.duration(&role.role);
    let asked = duration(target)?;
    let first = known.map_or(asked, |known| known.min(asked));
    let policies = policies(target, 0, &role.role)?;
    let (credentials, granted) = sts_calls::with_saml(
        &sts,
        role,
        &assertion.encoded,
        first,
        &policies,
        conversation,
    )
    .await?;
    if granted < asked {
        memory.remember_duration(&role.role, granted);
        if known.is_none() {
            conversation.notify(Notice::Message(format!(
                "{} grants {granted} at most, not the {asked} that were asked for",
                role.role
            )));
        }
    }
    Ok(credentials)
}

async fn chain(
    session: &OktaSession,
    target: &Target,
    mut credentials: Credentials,
    name: &str,
    memory: &dyn FlowContext,
    conversation: &impl Conversation,
) -> Result<Credentials, Failure> {
    let asked = duration(target).map_err(NoCredentials::into_report)?;
    if !target.chain.is_empty() && asked > SessionDuration::HOUR {
        conversation.notify(Notice::Message(format!(
            "at the end of a chain AWS grants an hour at most, not the {asked} that were asked for"
        )));
    }
    for (at, role) in target.chain.iter().enumerate() {
        let role = RoleArn::parse(role).map_err(|error| {
            Report::new(ErrorCode::SettingsChain, format!("cannot assume {role}"))
                .cause(error)
                .hint("`ob config check` shows what the settings say")
        })?;
        let outcome = async {
            let sts = sts(session, target, &role, memory)?;
            conversation.notify(Notice::Doing(format!("assume {role}")));
            let policies = policies(target, at + 1, &role)?;
            sts_calls::next_of_chain(
                &sts,
                &credentials,
                &role,
                name,
                asked,
                &policies,
                conversation,
            )
            .await
        };
        credentials = match outcome.await {
            Ok(next) => next,
            Err(
                NoCredentials::AssertionExpired(report)
                | NoCredentials::Throttled(report)
                | NoCredentials::Final(report),
            ) => {
                return Err(report.into());
            }
        };
    }
    Ok(credentials)
}

/// The session policies for `role`, the one at `step` of the way. Those on the way stay with the agent and
/// must be able to go on, so only the last one is limited.
pub(in crate::flow) fn policies(
    target: &Target,
    step: usize,
    role: &RoleArn,
) -> Result<Vec<String>, NoCredentials> {
    if step < target.chain.len() {
        return Ok(Vec::new());
    }
    let arns = target.policy.arns(role);
    arns.map_err(|error| {
        NoCredentials::Final(Report::from(error).during(format!("cannot assume {role}")))
    })
}

pub(in crate::flow) fn duration(target: &Target) -> Result<SessionDuration, NoCredentials> {
    SessionDuration::from_seconds(target.duration)
        .map_err(|error| NoCredentials::Final(error.into()))
}

pub(in crate::flow) fn sts(
    session: &OktaSession,
    target: &Target,
    role: &RoleArn,
    memory: &dyn FlowContext,
) -> Result<Sts, NoCredentials> {
    let client = session.browser().client();
    Sts::new(client, target, role, memory.now()).map_err(NoCredentials::Final)
}

/// A name STS takes for a session: `[\w+=,.@-]{2,64}`.
pub(in crate::flow) fn session_name(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let name: String = text
        .chars()
        .map(|c| if fits(c) { c } else { '-' })
        .take(64)
        .collect();
    if name.len() < 2 { "ob".into() } else { name }
}
