//! Values of settings after they were parsed and checked.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::duration::InUnits;
use super::proxy::Proxy;
use crate::model::{Org, PolicyArn, RoleArn};
use crate::openvpn::policy::Network;

/// How the user wants to sign in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignIn {
    /// The org is asked which pipeline it runs.
    #[default]
    Auto,
    /// Password and factor, typed in this terminal, by the API of Classic orgs.
    Terminal,
    /// The same by the API of Identity Engine orgs.
    IdentityEngine,
    /// A code that the user confirms in a browser.
    Browser,
    /// A private key, without questions.
    Machine,
}

impl SignIn {
    const ALL: [Self; 5] = [
        Self::Auto,
        Self::Terminal,
        Self::IdentityEngine,
        Self::Browser,
        Self::Machine,
    ];
    /// The names of all ways, as messages list them.
    pub(super) const NAMES: &'static str = "auto, terminal, identity_engine, browser, machine";

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Terminal => "terminal",
            Self::IdentityEngine => "identity_engine",
            Self::Browser => "browser",
            Self::Machine => "machine",
        }
    }
}

/// A parsed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Org(Org),
    SignIn(SignIn),
    Duration(Duration),
    Roles(Vec<RoleArn>),
    Policies(Vec<PolicyArn>),
    Keys(Vec<String>),
    Path(PathBuf),
    Proxy(Proxy),
    Networks(Vec<Network>),
    Boolean(bool),
    Command(Vec<String>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Org(org) => org.fmt(f),
            Self::SignIn(sign_in) => f.write_str(sign_in.name()),
            Self::Duration(duration) => InUnits(*duration).fmt(f),
            Self::Roles(roles) => f.write_str(&joined(roles)),
            Self::Policies(policies) => f.write_str(&joined(policies)),
            Self::Keys(keys) => f.write_str(&keys.join(", ")),
            Self::Path(path) => path.display().fmt(f),
            Self::Proxy(proxy) => f.write_str(proxy.address()),
            Self::Networks(networks) => f.write_str(&joined(networks)),
            Self::Boolean(value) => value.fmt(f),
            Self::Command(words) => f.write_str(&words.join(" ")),
        }
    }
}

fn joined(items: &[impl ToString]) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    items.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sign_in_are_listed_in_order() {
        let names = SignIn::ALL.map(SignIn::name);
        assert_eq!(names.join(", "), SignIn::NAMES);
    }

    #[test]
    fn password_in_a_proxy_address_is_not_shown() {
        let proxy = Proxy::parse("http://alice:canary@proxy:3128/").unwrap();
        assert!(proxy.url().expose().contains("canary"));
        let address = proxy.address().to_owned();
        let shown = format!("{address} {proxy:?} {}", Value::Proxy(proxy.clone()));
        assert!(
            !shown.contains("canary") && !shown.contains("alice"),
            "{shown}"
        );
    }
}
