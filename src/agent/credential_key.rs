//! What identifies cached credentials, apart from what is only displayed.
//!
//! Names of accounts and labels of roles are part of a key only where they take part in selecting
//! the role. A renamed account or another `--factor` therefore finds the same credentials, choices
//! and approvals, while a name that now means another role never does.

use crate::model::{Label, RoleArn, SessionPolicy};
use crate::wire::Target;

/// Which roles a target matches, and how their rights are limited.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct RoleSelector {
    org: String,
    /// In lower case: Okta does not distinguish case in it.
    username: Option<String>,
    app: Option<String>,
    role: Option<String>,
    provider: Option<String>,
    chain: Vec<String>,
    /// A role that was chosen with limits is not used without them.
    policy: SessionPolicy,
    names: SelectingNames,
}

/// Identifies credentials: the role, how long they last and which STS issues them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct CredentialKey {
    selector: RoleSelector,
    duration: u32,
    region: Option<String>,
    replace_foreign_region: bool,
    sts_endpoint: Option<String>,
}

/// The names of the settings that can decide which role is selected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct SelectingNames {
    /// Account numbers and names.
    accounts: Vec<(String, String)>,
    roles: Vec<Label>,
    providers: Vec<Label>,
}

impl RoleSelector {
    pub(super) fn of(target: &Target) -> Self {
        Self {
            org: target.account.org.clone(),
            username: target.account.username.as_deref().map(str::to_lowercase),
            app: target.app.clone(),
            role: target.role.clone(),
            provider: target.provider.clone(),
            chain: target.chain.clone(),
            policy: target.policy.clone(),
            names: SelectingNames::of(target),
        }
    }
}

impl CredentialKey {
    pub(super) fn of(target: &Target) -> Self {
        // A new field must be in the key if it selects credentials, so the list is complete.
        let Target {
            account: _,
            app: _,
            role: _,
            provider: _,
            through: _,
            chain: _,
            policy: _,
            duration: _,
            region: _,
            replace_foreign_region: _,
            sts_endpoint: _,
            names: _,
        } = target;
        Self {
            selector: RoleSelector::of(target),
            duration: target.duration,
            region: target.region.clone(),
            replace_foreign_region: target.replace_foreign_region,
            sts_endpoint: target.sts_endpoint.clone(),
        }
    }

    /// Whether the target names the user. If not, it means the org's only user.
    pub(super) fn names_user(&self) -> bool {
        self.selector.username.is_some()
    }

    pub(super) fn policy(&self) -> &SessionPolicy {
        &self.selector.policy
    }
}

impl SelectingNames {
    fn of(target: &Target) -> Self {
        let role = target.role.as_deref();
        let role = role.filter(|role| RoleArn::parse(role).is_err());
        let provider = target.provider.as_deref();
        let in_role = |name: &str| role.is_some_and(|role| can_match(role, name));
        let in_provider = |name: &str| provider.is_some_and(|wanted| can_match(wanted, name));
        let accounts = target
            .names
            .accounts
            .iter()
            .filter(|(_, name)| in_role(name));
        // The first label that fits an ARN decides, so one label depends on all before it.
        let select = |labels: &[Label], takes_part: &dyn Fn(&str) -> bool| match labels
            .iter()
            .any(|label| takes_part(&label.text))
        {
            true => labels.to_vec(),
            false => Vec::new(),
        };
        // A provider's label also names its account.
        let names_provider = |name: &str| in_provider(name) || in_role(name);
        Self {
            accounts: accounts
                .map(|(number, name)| (number.clone(), name.clone()))
                .collect(),
            roles: select(&target.names.labels.roles, &in_role),
            providers: select(&target.names.labels.providers, &names_provider),
        }
    }
}

/// Whether `name` can be the whole of `pattern` or its account or role part; a glob may match any
/// name.
fn can_match(pattern: &str, name: &str) -> bool {
    pattern.contains(['*', '?'])
        || pattern == name
        || pattern
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('/'))
        || pattern
            .strip_suffix(name)
            .is_some_and(|rest| rest.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::vault::tests::{ORG, target};

    const NUMBER: &str = "123456789012";

    fn label(text: &str) -> Label {
        Label {
            pattern: "role/Admin".to_owned(),
            text: text.to_owned(),
        }
    }

    fn for_role(role: Option<&str>) -> Target {
        let mut target = target(ORG, 3600);
        target.role = role.map(str::to_owned);
        target
    }

    #[test]
    fn display_names_and_sign_in_details_are_ignored() {
        for role in [
            None,
            Some("arn:aws:iam::123456789012:role/Admin"),
            Some("Admin"),
        ] {
            let base = for_role(role);
            let mut other = base.clone();
            other.names.accounts = [(NUMBER.to_owned(), "prod".to_owned())].into();
            other.names.labels.roles = vec![label("Boss")];
            other.names.labels.providers = vec![label("trial")];
            other.account.factor = Some("totp".to_owned());
            other.account.security_keys = true;
            other.account.vpn = true;
            other.account.idle *= 2;
            other.account.max *= 2;
            assert_eq!(
                CredentialKey::of(&other),
                CredentialKey::of(&base),
                "{role:?}"
            );
        }
    }

    #[test]
    fn names_that_select_the_role_are_part_of_the_key() {
        for (role, name) in [
            ("prod/Admin", "prod"),
            ("prod/eu/Admin", "prod/eu"),
            ("*/Admin", "prod"),
            ("prod/Boss", "Boss"),
            ("Boss", "Boss"),
        ] {
            let base = for_role(Some(role));
            let mut account = base.clone();
            account.names.accounts = [(NUMBER.to_owned(), name.to_owned())].into();
            let mut of_role = base.clone();
            of_role.names.labels.roles = vec![label(name)];
            let mut of_provider = base.clone();
            of_provider.names.labels.providers = vec![label(name)];
            for other in [account, of_role, of_provider] {
                assert_ne!(RoleSelector::of(&other), RoleSelector::of(&base), "{role}");
            }
        }
        let mut base = for_role(None);
        base.provider = Some("trial".to_owned());
        let mut other = base.clone();
        other.names.labels.providers = vec![label("trial")];
        assert_ne!(RoleSelector::of(&other), RoleSelector::of(&base));
    }

    #[test]
    fn selector_holds_what_decides_the_role() {
        let base = target(ORG, 3600);
        let mut same = target(ORG, 7200);
        same.region = Some("eu-west-1".to_owned());
        assert_eq!(RoleSelector::of(&same), RoleSelector::of(&base));
        assert_ne!(CredentialKey::of(&same), CredentialKey::of(&base));
        let changes: [fn(&mut Target); 6] = [
            |target| target.role = Some("*".to_owned()),
            |target| target.provider = Some("okta".to_owned()),
            |target| target.app = Some("0oa1".to_owned()),
            |target| target.account.username = Some("bob@acme.com".to_owned()),
            |target| target.policy = SessionPolicy::ReadOnly,
            |target| target.chain = vec!["arn:aws:iam::123456789012:role/Next".to_owned()],
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut other = target(ORG, 3600);
            change(&mut other);
            assert_ne!(
                RoleSelector::of(&other),
                RoleSelector::of(&base),
                "change {number}"
            );
        }
    }
}
