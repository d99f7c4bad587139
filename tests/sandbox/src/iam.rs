//! The state of the AWS side: roles, their durations and trust, grants by Okta apps, and issued
//! credentials.

use std::collections::HashMap;

use crate::okta::AppId;
use crate::users;

/// The account of most examples.
pub(crate) const PRODUCTION: &str = "123456789012";
/// The account reached by role chaining only.
pub(crate) const AUDIT: &str = "210987654321";
/// The account of the second AWS app.
pub(crate) const LABS: &str = "345678901234";

/// Roles, grants and issued credentials.
#[derive(Debug)]
pub(crate) struct Iam {
    roles: HashMap<String, Role>,
    grants: Vec<Grant>,
    pub(crate) issued: HashMap<String, Issued>,
}

/// A role that exists.
#[derive(Debug, Clone, Default)]
pub(crate) struct Role {
    /// `MaxSessionDuration` in seconds.
    pub(crate) max_session: u64,
    /// Roles whose sessions may assume it (role chaining).
    pub(crate) trusts: Vec<String>,
}

/// A role that an app grants a user.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) login: String,
    pub(crate) app: AppId,
    pub(crate) provider: String,
    pub(crate) role: String,
}

/// Issued credentials.
#[derive(Debug, Clone)]
pub(crate) struct Issued {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: String,
    pub(crate) expires_at: u64,
    pub(crate) role: String,
    pub(crate) session_name: String,
    /// ARNs of the session policies; none: all of the role's rights.
    pub(crate) policies: Vec<String>,
}

impl Iam {
    /// The default roles; `extra` more for alice in the labs account, `Bulk-0001` and on.
    pub(crate) fn new(extra: usize) -> Iam {
        let mut iam = Iam {
            roles: HashMap::new(),
            grants: Vec::new(),
            issued: HashMap::new(),
        };
        iam.role(PRODUCTION, "Engineer", 12);
        iam.role(PRODUCTION, "Deploy", 1);
        iam.role(PRODUCTION, "ReadOnly", 4);
        iam.role(LABS, "Engineer", 12);
        iam.role(LABS, "Admin", 1);
        iam.role(LABS, "team/data/Analyst", 8);
        iam.role(AUDIT, "Admin", 12);
        iam.role(AUDIT, "Forbidden", 12);
        let engineer = role_arn(PRODUCTION, "Engineer");
        if let Some(admin) = iam.roles.get_mut(&role_arn(AUDIT, "Admin")) {
            admin.trusts = vec![engineer];
        }
        for name in ["Engineer", "Deploy", "ReadOnly"] {
            iam.grant("alice", AppId::AwsProduction, PRODUCTION, name);
        }
        for name in ["Engineer", "Admin", "team/data/Analyst"] {
            iam.grant("alice", AppId::AwsLabs, LABS, name);
        }
        for number in 1..=extra {
            let name = format!("Bulk-{number:04}");
            iam.role(LABS, &name, 1);
            iam.grant("alice", AppId::AwsLabs, LABS, &name);
        }
        iam.grant("bob", AppId::AwsProduction, PRODUCTION, "Engineer");
        iam.grant("carol", AppId::AwsProduction, PRODUCTION, "Engineer");
        iam.grant("carol", AppId::AwsProduction, PRODUCTION, "ReadOnly");
        iam.grant("dave", AppId::AwsProduction, PRODUCTION, "Engineer");
        for name in ["frank", "judy", "oscar", "trent", "uma", "walter", "wendy"] {
            iam.grant(name, AppId::AwsProduction, PRODUCTION, "Engineer");
        }
        iam.grant("ivan", AppId::AwsProduction, PRODUCTION, "Engineer");
        iam.grant("mallory", AppId::AwsProduction, PRODUCTION, "Engineer");
        let hostile = users::hostile_in_xml("Role");
        iam.grant("mallory", AppId::AwsProduction, PRODUCTION, &hostile);
        iam
    }

    /// Makes a role or changes its `MaxSessionDuration` (seconds).
    pub(crate) fn set_role(&mut self, arn: &str, max_session: u64) {
        self.roles.entry(arn.to_owned()).or_default().max_session = max_session;
    }

    pub(crate) fn add_grant(&mut self, grant: Grant) {
        self.grants.push(grant);
    }

    /// Takes back what an app grants a person by this provider.
    pub(crate) fn withdraw(&mut self, login: &str, app: AppId, provider: &str) {
        self.grants.retain(|grant| {
            (grant.login.as_str(), grant.app, grant.provider.as_str()) != (login, app, provider)
        });
    }

    pub(crate) fn find_role(&self, arn: &str) -> Option<&Role> {
        self.roles.get(arn)
    }

    /// What an app grants a person, in order.
    pub(crate) fn granted(&self, login: &str, app: AppId) -> Vec<Grant> {
        self.grants
            .iter()
            .filter(|grant| grant.login == login && grant.app == app)
            .cloned()
            .collect()
    }

    fn role(&mut self, account: &str, name: &str, hours: u64) {
        self.set_role(&role_arn(account, name), hours * 3600);
    }

    fn grant(&mut self, name: &str, app: AppId, account: &str, role: &str) {
        self.add_grant(Grant {
            login: format!("{name}@acme.com"),
            app,
            provider: format!("arn:aws:iam::{account}:saml-provider/okta"),
            role: role_arn(account, role),
        });
    }
}

fn role_arn(account: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:role/{name}")
}
