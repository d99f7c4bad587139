//! The roles that a user's apps grant, and what their accounts are called.

mod account_aliases;

use std::collections::BTreeMap;

use crate::aws::{self, AccountHint, Names};
use crate::flow::app::aws_app::{self, AwsAssertion};
use crate::flow::roles::account_aliases::account_aliases;
use crate::flow::session::machine;
use crate::flow::{Conversation, Failure, FlowContext, OktaSession, Unanswered};
use crate::model::SamlRole;
use crate::report::{ErrorCode, Report};
use crate::wire::{AskKind, RoleEntry, RolesRequest, Target};

/// Every role that the user's apps grant.
///
/// # Errors
/// As `obtain_credentials`.
pub async fn list_roles(
    session: &OktaSession,
    request: &RolesRequest,
    memory: &dyn FlowContext,
    conversation: &impl Conversation,
) -> Result<Vec<RoleEntry>, Failure> {
    let target = &request.target;
    if session.machine().is_some() {
        return Err(machine::no_list().into());
    }
    let apps = aws_app::aws_apps(session, target.app.as_deref(), conversation).await?;
    let assertions = aws_app::assertions(session, apps, memory.now(), conversation).await?;
    let entries = entries(&assertions, target);
    if entries.is_empty() {
        return Err(nothing_to_choose(&assertions));
    }
    for assertion in &assertions {
        for role in assertion.roles.iter().flatten() {
            session.remember_app(role, &assertion.app);
        }
    }
    let aliases = match request.names {
        true => account_aliases(session, request, &assertions, memory, conversation).await,
        false => BTreeMap::new(),
    };
    let mut roles: Vec<RoleEntry> = entries
        .into_iter()
        .map(|(entry, pair)| {
            let alias = aliases.get(pair.role.account()).cloned();
            RoleEntry {
                account_name: entry.account_name.or_else(|| alias.clone()),
                alias,
                ..entry
            }
        })
        .collect();
    roles.sort();
    Ok(roles)
}

/// What the apps' labels call the accounts.
pub(in crate::flow) fn found_names(
    assertions: &[AwsAssertion],
    target: &Target,
) -> BTreeMap<String, String> {
    let traces = assertions.iter().flat_map(|assertion| {
        let roles = assertion.roles.iter().flatten();
        roles.map(|pair| AccountHint {
            account: pair.role.account(),
            // An app that the settings name has no label of its own here.
            app: match target.app {
                Some(_) => "",
                None => &assertion.app.label,
            },
            alias: None,
        })
    });
    aws::found_names(traces)
}

pub(in crate::flow) fn entries(
    assertions: &[AwsAssertion],
    target: &Target,
) -> Vec<(RoleEntry, SamlRole)> {
    let mut all: Vec<(&str, &SamlRole)> = Vec::new();
    for assertion in assertions {
        for role in assertion.roles.iter().flatten() {
            if all.iter().all(|(_, known)| *known != role) {
                all.push((&assertion.app.label, role));
            }
        }
    }
    let found = found_names(assertions, target);
    let names = Names::new(&target.names.accounts, &target.names.labels).with_found(&found);
    let pairs: Vec<SamlRole> = all.iter().map(|(_, pair)| (*pair).clone()).collect();
    let labels = names.list_labels(&pairs);
    let entry = |((app, _), (pair, label)): ((&str, &SamlRole), (SamlRole, Option<String>))| {
        let entry = RoleEntry {
            role: pair.role.to_string(),
            provider: pair.provider.to_string(),
            account_name: names.account(&pair).map(str::to_owned),
            label,
            app: app.to_owned(),
            alias: None,
            used: None,
        };
        (entry, pair)
    };
    all.into_iter()
        .zip(pairs.clone().into_iter().zip(labels))
        .map(entry)
        .collect()
}

pub(in crate::flow) fn nothing_to_choose(assertions: &[AwsAssertion]) -> Failure {
    let encrypted = assertions.iter().any(|assertion| assertion.roles.is_none());
    let report = if encrypted {
        Report::new(ErrorCode::SamlEncrypted, "cannot read which roles the AWS app grants")
            .cause("the assertion is encrypted for AWS")
            .hint("give both by hand: `-r arn:aws:iam::123456789012:role/Dev --provider arn:aws:iam::123456789012:saml-provider/okta`")
    } else {
        Report::new(ErrorCode::SamlNoRoles, "the AWS app grants you no role")
            .cause("its assertion names none")
            .hint("ask your administrator to assign a role to you in the Okta app")
    };
    report.into()
}

/// The report of a target that matches several roles where none of them was chosen.
pub fn ambiguous_role(target: &Target, choices: &[RoleEntry], unanswered: Unanswered) -> Report {
    let list = listed(choices.iter());
    let what = match &target.role {
        Some(role) => format!("{role:?} matches: {list}"),
        None => format!("you may assume: {list}"),
    };
    let same_role = choices.windows(2).all(|pair| pair[0].role == pair[1].role);
    let mut report = Report::from(unanswered).cause(what);
    if choices.len() == 1 {
        return report.cause("another AWS app did not open, and may grant a role that is meant");
    }
    if same_role {
        // Naming the role once more would not answer.
        let providers = choices.iter().map(|choice| choice.provider.as_str());
        let providers: Vec<&str> = providers.collect();
        report.hints.clear();
        report = report
            .cause(format!(
                "several identity providers open it: {}",
                providers.join(", ")
            ))
            .hint("name one of these with `--provider PROVIDER` or `provider =` of a profile");
    }
    report
}

/// [`ambiguous_role`] for a request that asks no question.
pub fn ambiguous_role_unasked(target: &Target, choices: &[RoleEntry]) -> Report {
    Report {
        code: ErrorCode::RoleSeveral,
        ..ambiguous_role(target, choices, Unanswered::Unattended(AskKind::Role))
    }
}

pub(in crate::flow) fn listed<'a>(entries: impl ExactSizeIterator<Item = &'a RoleEntry>) -> String {
    const SHOWN: usize = 12;
    let count = entries.len();
    let said = |entry: &RoleEntry| match &entry.label {
        Some(label) => format!("{label}: {}", entry.role),
        None => entry.role.clone(),
    };
    let mut list: Vec<String> = entries.take(SHOWN).map(said).collect();
    if count > SHOWN {
        list.push("…".into());
    }
    list.join(", ")
}
