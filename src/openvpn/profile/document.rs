//! A validated profile and its canonical text.

use std::fmt::Write as _;

use super::settings::Settings;
use super::value::{Directive, Remote, Value};
use super::verdict::{Ruling, Verdict};
use crate::openvpn::policy::Policy;
use crate::secret::Secret;

/// The note on a profile's own filter that accepts more than the policy.
const FILTER_NARROWED: &str = "of what it accepts `ob` accepts the part that a tunnel needs";

/// A profile that may be used.
#[derive(Debug)]
pub struct Profile {
    pub(super) settings: Settings,
    pub(super) verdicts: Vec<Verdict>,
    pub(super) username: Option<String>,
}

impl Profile {
    /// Returns the text for openvpn. It holds the private key.
    pub fn canonical(&self) -> Secret {
        let mut text = String::with_capacity(16 * 1024);
        // Before any directive of compression, because it resets the flags of those.
        text.push_str("client\ndev tun\nallow-compression no\n");
        for directive in &self.settings.directives {
            let _ = writeln!(text, "{directive}");
        }
        for connection in &self.settings.connections {
            text.push_str("<connection>\n");
            for directive in connection {
                let _ = writeln!(text, "{directive}");
            }
            text.push_str("</connection>\n");
        }
        for block in &self.settings.blocks {
            block.write(&mut text);
        }
        Secret::new(text)
    }

    /// Returns the profile without the directives that `policy` excludes.
    #[must_use]
    pub fn apply_policy(mut self, policy: &Policy) -> Self {
        let mut kept = Vec::new();
        for directive in std::mem::take(&mut self.settings.directives) {
            let shown = directive.to_string();
            if let Some(note) = policy.exclusion_note(directive.name) {
                self.change_ruling(&shown, &Ruling::Dropped(note.to_owned()));
                continue;
            }
            let narrowed = narrow_filter(policy, &directive);
            if narrowed.is_empty() {
                self.change_ruling(&shown, &Ruling::Dropped(FILTER_NARROWED.to_owned()));
            } else if narrowed != [directive] {
                self.change_ruling(&shown, &Ruling::Changed(FILTER_NARROWED.to_owned()));
            }
            kept.extend(narrowed);
        }
        self.settings.directives = kept;
        self
    }

    /// Replaces the ruling on the directive that is written as `shown`.
    fn change_ruling(&mut self, shown: &str, ruling: &Ruling) {
        for verdict in &mut self.verdicts {
            if verdict.directive == shown && !verdict.ruling.is_refused() {
                verdict.ruling = ruling.clone();
            }
        }
    }

    /// Returns the verdict on each directive of the downloaded text, without keys.
    pub fn explain(&self) -> &[Verdict] {
        &self.verdicts
    }

    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the user for whom the profile was made (Access Server's comment
    /// `OVPN_ACCESS_SERVER_USERNAME`).
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// Whether openvpn will ask for a username and a password.
    pub fn asks_user_password(&self) -> bool {
        self.settings.find("auth-user-pass").is_some()
    }

    /// Returns the servers in the order in which openvpn tries them (unless `remote-random`).
    pub fn remotes(&self) -> impl Iterator<Item = &Remote> {
        let directives = self.settings.directives.iter();
        let nested = self.settings.connections.iter().flatten();
        directives
            .chain(nested)
            .filter_map(|directive| match &directive.value {
                Value::Remote(remote) => Some(remote),
                _ => None,
            })
    }
}

/// Returns a `pull-filter accept` as the filters that accept no more than `policy` does. Any other
/// directive is returned unchanged.
fn narrow_filter(policy: &Policy, directive: &Directive) -> Vec<Directive> {
    let accepted = match &directive.value {
        Value::Quoted(words) if directive.name == "pull-filter" => match words.as_slice() {
            [action, prefix] if action == "accept" => Some(prefix),
            _ => None,
        },
        _ => None,
    };
    let Some(prefix) = accepted else {
        return vec![directive.clone()];
    };
    let filter = |prefix| Directive {
        name: directive.name,
        value: Value::Quoted(vec!["accept".to_owned(), prefix]),
    };
    policy.narrow(prefix).into_iter().map(filter).collect()
}
