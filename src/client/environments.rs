//! What the programs that `ob` starts have in their environment.
//!
//! A program inherits nothing by itself: `process` starts every one with an empty environment and what is passed to
//! it. sudo, openvpn and the other programs of the machine get a search path and the C locale there; the user's own
//! command, shell or browser gets one of these.

use crate::aws::is_identity;
use crate::client::context::Context;
use crate::model::Environment;
use crate::report::Report;

impl Context {
    /// Returns the environment for a command of the user's: the one `ob` was started with, without the variables that
    /// hold private keys of machine sign-ins, of whichever org.
    ///
    /// # Errors
    /// When the settings, which name these variables, cannot be read.
    pub fn program_environment(&self) -> Result<Environment, Report> {
        let keys: Vec<String> = self.settings()?.private_key_variables().collect();
        Ok(self
            .environment
            .without(|name| keys.iter().any(|key| name == key.as_str())))
    }

    /// Returns the environment for a browser: no private key, and no AWS credentials either. It outlives the command,
    /// and every program it opens inherits from it. `$BROWSER` is left out: xdg-open would run whatever it holds.
    ///
    /// # Errors
    /// As [`Self::program_environment`].
    pub fn browser_environment(&self) -> Result<Environment, Report> {
        Ok(self
            .program_environment()?
            .without(|name| is_identity(name) || name == "BROWSER"))
    }
}
