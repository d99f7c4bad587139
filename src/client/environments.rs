//! The environments of the user's programs: their command, shell and browser.
//!
//! `process` starts every program with an empty environment and the variables passed to it. System
//! programs, as sudo and openvpn, get a search path and the C locale there.

use crate::aws::is_identity;
use crate::client::context::Context;
use crate::model::Environment;
use crate::report::Report;

impl Context {
    /// Returns the environment for a command of the user's: that of `ob` without the variables that
    /// hold private keys of machine sign-ins, of any org.
    ///
    /// # Errors
    /// When the settings, which name these variables, cannot be read.
    pub fn program_environment(&self) -> Result<Environment, Report> {
        let keys: Vec<String> = self.settings()?.private_key_variables().collect();
        Ok(self
            .environment
            .without(|name| keys.iter().any(|key| name == key.as_str())))
    }

    /// Returns the environment for a browser, which has no AWS credentials either: the browser
    /// outlives the command, and its programs inherit them. `BROWSER` is removed: xdg-open would
    /// run its value.
    ///
    /// # Errors
    /// As [`Self::program_environment`].
    pub fn browser_environment(&self) -> Result<Environment, Report> {
        Ok(self
            .program_environment()?
            .without(|name| is_identity(name) || name == "BROWSER"))
    }
}
