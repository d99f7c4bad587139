//! The roles of assertions as a list, and the reports about choosing one of them.

use std::collections::BTreeMap;

use crate::aws::{self, AccountHint, Names};
use crate::flow::app::aws_app::AwsAssertion;
use crate::flow::conversation::Unanswered;
use crate::model::SamlRole;
use crate::report::{ErrorCode, Report};
use crate::wire::{AskKind, RoleEntry, Target};

/// Roles that one line of a report names.
const MAX_NAMED_ROLES: usize = 12;

/// Returns the account names that the apps' labels give.
pub(in crate::flow) fn found_names(
    assertions: &[AwsAssertion],
    target: &Target,
) -> BTreeMap<String, String> {
    let hints = assertions.iter().flat_map(|assertion| {
        assertion.roles().iter().map(|pair| AccountHint {
            account: pair.role.account(),
            // An app that the settings name has no label of its own.
            app: match target.app {
                Some(_) => "",
                None => &assertion.app.label,
            },
            alias: None,
        })
    });
    aws::found_names(hints)
}

/// Returns every role once, with the names that the settings and the apps give it.
pub(in crate::flow) fn role_entries(
    assertions: &[AwsAssertion],
    target: &Target,
) -> Vec<(RoleEntry, SamlRole)> {
    let (mut apps, mut pairs): (Vec<&str>, Vec<SamlRole>) = (Vec::new(), Vec::new());
    for assertion in assertions {
        for pair in assertion.roles() {
            if !pairs.contains(pair) {
                apps.push(&assertion.app.label);
                pairs.push(pair.clone());
            }
        }
    }
    let found = found_names(assertions, target);
    let names = Names::new(&target.names.accounts, &target.names.labels).with_found(&found);
    let labels = names.list_labels(&pairs);
    let entries = pairs.into_iter().zip(labels).zip(apps);
    entries
        .map(|((pair, label), app)| {
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
        })
        .collect()
}

/// Returns the report of assertions without a role that can be read.
pub(in crate::flow) fn no_roles(assertions: &[AwsAssertion]) -> Report {
    if assertions.iter().any(AwsAssertion::is_encrypted) {
        let summary = "cannot read which roles the AWS app grants";
        return Report::new(ErrorCode::SamlEncrypted, summary)
            .cause("the assertion is encrypted for AWS")
            .hint(
                "give both by hand: `-r arn:aws:iam::123456789012:role/Dev \
                 --provider arn:aws:iam::123456789012:saml-provider/okta`",
            );
    }
    let summary = "the AWS app grants you no role";
    Report::new(ErrorCode::SamlNoRoles, summary)
        .cause("its assertion names none")
        .hint("ask your administrator to assign a role to you in the Okta app")
}

/// Returns the report of a target that matches several roles, of which none was chosen.
pub fn ambiguous_role(target: &Target, choices: &[RoleEntry], unanswered: Unanswered) -> Report {
    let list = summary(choices.iter());
    let mut report = Report::from(unanswered).cause(match &target.role {
        Some(role) => format!("{role:?} matches: {list}"),
        None => format!("you may assume: {list}"),
    });
    if choices.len() == 1 {
        return report
            .cause("another AWS app could not be opened; it may grant a role that matches too");
    }
    if choices.windows(2).all(|pair| pair[0].role == pair[1].role) {
        // The hints say how to name a role, which is named already.
        report.hints.clear();
        let providers = choices.iter().map(|choice| choice.provider.as_str());
        let providers = providers.collect::<Vec<_>>().join(", ");
        return report
            .cause(format!(
                "several identity providers can assume this role: {providers}"
            ))
            .hint("name one of these with `--provider PROVIDER` or `provider =` of a profile");
    }
    report
}

/// Returns the report of [`ambiguous_role`] for a request that asks no questions.
pub fn ambiguous_role_unasked(target: &Target, choices: &[RoleEntry]) -> Report {
    let unanswered = Unanswered::Unattended(AskKind::Role);
    Report {
        code: ErrorCode::RoleSeveral,
        ..ambiguous_role(target, choices, unanswered)
    }
}

/// Returns the first roles of a list on one line.
pub(in crate::flow) fn summary<'a>(
    entries: impl ExactSizeIterator<Item = &'a RoleEntry>,
) -> String {
    let has_more = entries.len() > MAX_NAMED_ROLES;
    let name = |entry: &RoleEntry| match &entry.label {
        Some(label) => format!("{label}: {}", entry.role),
        None => entry.role.clone(),
    };
    let mut list: Vec<String> = entries.take(MAX_NAMED_ROLES).map(name).collect();
    list.extend(has_more.then(|| "…".to_owned()));
    list.join(", ")
}
