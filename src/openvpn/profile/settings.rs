//! The values of a profile, which are the whole configuration of openvpn.

use super::block::Block;
use super::directives::REPEATED;
use super::error::MissingDirective;
use super::value::{Directive, Value};

/// The content of a canonical profile.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// In the order of their first appearance. `client`, `dev tun` and `allow-compression no` are
    /// implied.
    pub(super) directives: Vec<Directive>,
    /// `<connection>` blocks, each with one `remote`.
    pub(super) connections: Vec<Vec<Directive>>,
    pub(super) blocks: Vec<Block>,
}

impl Settings {
    /// Returns the value of a directive that cannot be repeated.
    pub fn find(&self, name: &str) -> Option<&Value> {
        self.directives
            .iter()
            .find(|directive| directive.name == name)
            .map(|directive| &directive.value)
    }

    pub(super) fn has_block(&self, name: &str) -> bool {
        self.blocks.iter().any(|block| block.name == name)
    }

    /// Adds a directive. Of one that cannot be repeated the last value counts, as in openvpn.
    pub(super) fn add(directives: &mut Vec<Directive>, directive: Directive) {
        let is_repeated = REPEATED.contains(&directive.name);
        match directives
            .iter_mut()
            .find(|known| !is_repeated && known.name == directive.name)
        {
            Some(known) => known.value = directive.value,
            None => directives.push(directive),
        }
    }

    /// Checks that the profile names its servers and authenticates them.
    ///
    /// # Errors
    /// The first directive that is missing.
    pub(super) fn check(&self) -> Result<(), MissingDirective> {
        let remotes = |directives: &[Directive]| {
            let remotes = directives.iter().filter(|one| one.name == "remote");
            remotes.count()
        };
        if remotes(&self.directives) == 0 && self.connections.is_empty() {
            return Err(MissingDirective::Remote);
        }
        if self.connections.iter().any(|one| remotes(one) != 1) {
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
