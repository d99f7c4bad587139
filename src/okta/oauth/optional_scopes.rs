//! What a device grant asks for, and which of it an org may refuse without refusing the sign-in.

use super::OauthError;

/// Who it is (`openid`; by name: `profile`), their tiles, and tokens for AWS apps.
const ALWAYS: &str = "openid profile okta.apps.sso okta.apps.read okta.users.read.self";
const OFFLINE: &str = "offline_access";
const INTERCLIENT: &str = "interclient_access";

/// Scopes that a sign-in is better with and possible without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OptionalScopes {
    /// A refresh token (`offline_access`).
    pub refresh: bool,
    /// Tokens for any app that trusts this client (`interclient_access`, Okta: "Native to Web SSO").
    pub interclient: bool,
}

impl OptionalScopes {
    pub(super) fn scope(self) -> String {
        let mut scope = ALWAYS.to_owned();
        for (asked, name) in [(self.refresh, OFFLINE), (self.interclient, INTERCLIENT)] {
            if asked {
                scope += " ";
                scope += name;
            }
        }
        scope
    }

    /// What of it the server granted (`scope` of the answer, which may be left out where all of it was:
    /// RFC 6749, 5.1).
    pub(super) fn granted(scope: &str) -> Self {
        let has = |name| scope.split(' ').any(|one| one == name);
        Self {
            refresh: has(OFFLINE),
            interclient: has(INTERCLIENT),
        }
    }

    /// These without `others`.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self {
            refresh: self.refresh && !others.refresh,
            interclient: self.interclient && !others.interclient,
        }
    }

    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self {
            refresh: self.refresh || others.refresh,
            interclient: self.interclient || others.interclient,
        }
    }

    /// What `error` refuses of these: the scope it names, all of them where it names none. Nothing where it
    /// is about something else.
    pub fn refused_by(self, error: &OauthError) -> Option<Self> {
        let only = |name| error.says(name);
        let refused = match (only(INTERCLIENT), only(OFFLINE)) {
            _ if !error.is_scope() => return None,
            (false, false) => self,
            (interclient, refresh) => Self {
                refresh: self.refresh && refresh,
                interclient: self.interclient && interclient,
            },
        };
        (refused != Self::default()).then_some(refused)
    }
}
