//! The scopes of a sign-in, and those that an org may refuse without refusing the sign-in.

use super::error::OauthError;

/// `openid profile`: the user and the user's name. `okta.apps.read` and `okta.users.read.self`: the
/// user's apps. `okta.apps.sso`: the token that opens one (Web SSO).
const ALWAYS: &str = "openid profile okta.apps.sso okta.apps.read okta.users.read.self";
const OFFLINE: &str = "offline_access";
const INTERCLIENT: &str = "interclient_access";

/// Scopes that a sign-in works without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OptionalScopes {
    /// A refresh token (`offline_access`).
    pub refresh: bool,
    /// Tokens for any app that trusts this client (`interclient_access`, Okta: "Native to Web
    /// SSO").
    pub interclient: bool,
}

impl OptionalScopes {
    /// Returns the value of the request's `scope`.
    pub(super) fn to_scope(self) -> String {
        let mut scope = ALWAYS.to_owned();
        for (requested, name) in [(self.refresh, OFFLINE), (self.interclient, INTERCLIENT)] {
            if requested {
                scope += " ";
                scope += name;
            }
        }
        scope
    }

    /// Parses the response's `scope`.
    pub(super) fn granted(scope: &str) -> Self {
        let has = |name| scope.split(' ').any(|one| one == name);
        Self {
            refresh: has(OFFLINE),
            interclient: has(INTERCLIENT),
        }
    }

    /// Returns the scopes of `self` that are not in `others`.
    #[must_use]
    pub fn difference(self, others: Self) -> Self {
        Self {
            refresh: self.refresh && !others.refresh,
            interclient: self.interclient && !others.interclient,
        }
    }

    /// Returns the scopes of `self` and `others`.
    #[must_use]
    pub fn union(self, others: Self) -> Self {
        Self {
            refresh: self.refresh || others.refresh,
            interclient: self.interclient || others.interclient,
        }
    }

    /// Returns the scopes of `self` that `error` refuses: those it names, all if it names none.
    /// `None` if the error is not about scopes.
    pub fn refused_by(self, error: &OauthError) -> Option<Self> {
        if !error.is_scope() {
            return None;
        }
        let named = Self {
            refresh: error.has_message(OFFLINE),
            interclient: error.has_message(INTERCLIENT),
        };
        let refused = match named == Self::default() {
            true => self,
            // Those of `self` that are named.
            false => self.difference(self.difference(named)),
        };
        (refused != Self::default()).then_some(refused)
    }
}
