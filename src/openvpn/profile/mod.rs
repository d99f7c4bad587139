//! An OpenVPN profile: read by an allow-list into values, written anew for openvpn.
//!
//! openvpn runs with a privilege that the server must not have, and a profile can make it run programs,
//! load libraries, read and write files. So the server's text never reaches it: what is not a known,
//! allowed directive with a value of its type refuses the whole profile, and what openvpn reads is
//! [`Profile::canonical`], made from those values. Nothing here reads or writes a file.

mod block;
mod directives;
mod error;
mod excluded;
mod grammar;
#[cfg(test)]
mod hostile;
mod hosts;
mod lexer;
#[cfg(test)]
mod relaxed;
mod rewrites;
#[cfg(test)]
mod tests;
mod validator;
mod value;
mod verdict;

pub use directives::known_directives;
pub use error::{MissingDirective, ProfileError};
pub use value::{Directive, Remote, StaticChallenge, Value, quoted};
pub use verdict::{RefusalReason, Ruling, Verdict};

use block::Block;

use super::policy::Policy;
use crate::secret::Secret;

/// Why a profile's filter accepts less than it says.
const OWN_LIST: &str = "of what it accepts `ob` accepts the part that a tunnel needs";

/// A profile that may be used.
#[derive(Debug)]
pub struct Profile {
    settings: Settings,
    verdicts: Vec<Verdict>,
    username: Option<String>,
    autologin: bool,
}

/// Everything that openvpn will be told, and nothing else.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// In the order of their first appearance; `client`, `dev tun` and `allow-compression no`
    /// are implied.
    directives: Vec<Directive>,
    /// `<connection>` blocks, each with one `remote`.
    connections: Vec<Vec<Directive>>,
    blocks: Vec<Block>,
}

impl Profile {
    /// Reads the text of a profile as it was downloaded.
    ///
    /// # Errors
    /// When it is no profile, could be read in two ways, lacks what a safe connection needs, or holds
    /// one directive that is refused ([`ProfileError::verdicts`] then tells all of them).
    pub fn parse(bytes: &[u8]) -> Result<Self, ProfileError> {
        validator::parse(bytes)
    }

    /// The text for openvpn. It holds the private key.
    pub fn canonical(&self) -> Secret {
        let Settings {
            directives,
            connections,
            blocks,
        } = &self.settings;
        let mut text = String::with_capacity(16 * 1024);
        // Before any directive of compression: it takes the flags of those back.
        text.push_str("client\ndev tun\nallow-compression no\n");
        let write = |text: &mut String, directive: &Directive| {
            text.push_str(&directive.to_string());
            text.push('\n');
        };
        for directive in directives {
            write(&mut text, directive);
        }
        for connection in connections {
            text.push_str("<connection>\n");
            for directive in connection {
                write(&mut text, directive);
            }
            text.push_str("</connection>\n");
        }
        for block in blocks {
            block.write(&mut text);
        }
        Secret::new(text)
    }

    /// The same profile without what `policy` takes away.
    #[must_use]
    pub fn apply_policy(mut self, policy: &Policy) -> Self {
        let mut kept = Vec::new();
        for directive in std::mem::take(&mut self.settings.directives) {
            let shown = directive.to_string();
            if let Some(why) = policy.takes_away(&directive) {
                self.rule(&shown, &Ruling::Dropped(why.to_owned()));
                continue;
            }
            let narrowed = filters_under(policy, &directive);
            if narrowed.is_empty() {
                self.rule(&shown, &Ruling::Dropped(OWN_LIST.to_owned()));
            } else if narrowed != [directive] {
                self.rule(&shown, &Ruling::Changed(OWN_LIST.to_owned()));
            }
            kept.extend(narrowed);
        }
        self.settings.directives = kept;
        self
    }

    /// Changes the verdict on the directive that is shown as `shown`.
    fn rule(&mut self, shown: &str, ruling: &Ruling) {
        for verdict in &mut self.verdicts {
            if verdict.directive == shown && !verdict.ruling.is_refused() {
                verdict.ruling = ruling.clone();
            }
        }
    }

    /// The verdict on each directive of the downloaded text, keys elided.
    pub fn explain(&self) -> &[Verdict] {
        &self.verdicts
    }

    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The user a profile was made for (Access Server's `OVPN_ACCESS_SERVER_USERNAME` comment).
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// Whether the server said that it asks no password of this profile.
    pub const fn is_autologin(&self) -> bool {
        self.autologin
    }

    /// Whether openvpn will ask for a username and a password.
    pub fn asks_user_password(&self) -> bool {
        self.settings.find("auth-user-pass").is_some()
    }

    /// What the user is asked together with the password.
    pub fn static_challenge(&self) -> Option<&StaticChallenge> {
        match self.settings.find("static-challenge") {
            Some(Value::Challenge(challenge)) => Some(challenge),
            _ => None,
        }
    }

    /// Every server, in the order in which openvpn tries them (unless `remote-random`).
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

/// What `directive` is under `policy`: a filter that accepts more than the policy becomes those that accept
/// what both do, any other directive stays as it is.
fn filters_under(policy: &Policy, directive: &Directive) -> Vec<Directive> {
    let accepts = match &directive.value {
        Value::Quoted(words) if directive.name == "pull-filter" => match words.as_slice() {
            [action, beginning] if action == "accept" => Some(beginning),
            _ => None,
        },
        _ => None,
    };
    let Some(beginning) = accepts else {
        return vec![directive.clone()];
    };
    let narrowed = policy.narrowed(beginning).into_iter();
    let filter = |beginning| Directive {
        name: directive.name,
        value: Value::Quoted(vec!["accept".to_owned(), beginning]),
    };
    narrowed.map(filter).collect()
}

impl Settings {
    /// The value of a directive that stands once.
    pub fn find(&self, name: &str) -> Option<&Value> {
        self.directives
            .iter()
            .find(|directive| directive.name == name)
            .map(|directive| &directive.value)
    }

    fn has_block(&self, name: &str) -> bool {
        self.blocks.iter().any(|block| block.name == name)
    }

    /// Adds a directive; of one that stands once the last value counts, as openvpn has it.
    fn add(directives: &mut Vec<Directive>, directive: Directive) {
        let repeated = directives::REPEATED.contains(&directive.name);
        match directives
            .iter_mut()
            .find(|known| !repeated && known.name == directive.name)
        {
            Some(known) => known.value = directive.value,
            None => directives.push(directive),
        }
    }

    /// # Errors
    /// The first thing without which openvpn would connect to anybody, or to nobody.
    fn check(&self) -> Result<(), MissingDirective> {
        let has_remote = |directives: &[Directive]| {
            directives
                .iter()
                .filter(|directive| directive.name == "remote")
                .count()
        };
        if has_remote(&self.directives) == 0 && self.connections.is_empty() {
            return Err(MissingDirective::Remote);
        }
        if self
            .connections
            .iter()
            .any(|connection| has_remote(connection) != 1)
        {
            return Err(MissingDirective::ConnectionRemote);
        }
        if !self.has_block("ca") {
            return Err(MissingDirective::Authority);
        }
        let checks = ["remote-cert-tls", "remote-cert-eku", "verify-x509-name"];
        if !checks.iter().any(|name| self.find(name).is_some()) {
            return Err(MissingDirective::ServerCheck);
        }
        if self.has_block("cert") != self.has_block("key") {
            return Err(MissingDirective::KeyPair);
        }
        let wraps = ["tls-auth", "tls-crypt", "tls-crypt-v2"];
        if wraps.iter().filter(|name| self.has_block(name)).count() > 1 {
            return Err(MissingDirective::OneWrap);
        }
        Ok(())
    }
}
