//! What each verb is given: the global options, the environment and the settings.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use nix::unistd::{User, geteuid};

use crate::clock::{Clock, Zone};
use crate::config::{Files, Flags, Settings, check_locks, load, unknown_variables};
use crate::model::{Environment, Timestamp};
use crate::paths;
use crate::process;
use crate::prompt::Shell;
use crate::report::{ErrorCode, Report};
use crate::sanitize::shell_word;
use crate::security_key;
use crate::terminal::{Color, Output};

/// The options that every verb takes.
#[derive(Clone, Debug, Default)]
pub struct Globals {
    /// The settings file to read instead of the user's own.
    pub config: Option<PathBuf>,
    /// A name in `[orgs]`.
    pub org: Option<String>,
    /// Whether to use an agent that serves this command only.
    pub no_agent: bool,
    pub json: bool,
    pub verbose: u8,
    pub color: Color,
}

/// The global options, the environment at the start, and the settings once they are needed.
#[derive(Debug)]
pub struct Context {
    pub globals: Globals,
    pub environment: Environment,
    pub output: Output,
    /// Whether the process becomes a command of the user's. Input that is not read by then is left
    /// for that command.
    pub has_command: bool,
    settings: OnceCell<Settings>,
}

impl Context {
    /// Captures the process's environment. Opens no file.
    pub fn new(globals: Globals) -> Self {
        let environment: Environment = std::env::vars_os().collect();
        Self {
            output: Output::new(globals.color, &environment),
            globals,
            environment,
            has_command: false,
            settings: OnceCell::new(),
        }
    }

    /// Takes the user's home from the password database if `HOME` is not set, as in the environment
    /// of a service or an editor. SDKs look for `~/.aws/config` in the same way.
    pub fn fill_in_home(&mut self) {
        if self.environment.raw("HOME").is_some() {
            return;
        }
        if let Ok(Some(user)) = User::from_uid(geteuid()) {
            let own = self.environment.iter();
            let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let home = (OsString::from("HOME"), user.dir.into_os_string());
            self.environment = own.chain([home]).collect();
        }
    }

    /// Returns the settings, reading them on the first call.
    ///
    /// # Errors
    /// As [`load`].
    pub fn settings(&self) -> Result<&Settings, Report> {
        if let Some(settings) = self.settings.get() {
            return Ok(settings);
        }
        let settings = load(&self.files(), &self.environment)?;
        Ok(self.settings.get_or_init(|| settings))
    }

    /// Checks that `text`, which is to become the user's settings file at `path`, changes no key
    /// that the administrator has locked.
    ///
    /// # Errors
    /// As [`check_locks`].
    pub fn check_locks(&self, text: &str, path: &Path) -> Result<(), Report> {
        check_locks(text, path, &self.files(), &self.environment)
    }

    /// Returns the variables that look like settings but are none, each with the setting's variable
    /// that it resembles.
    pub fn unknown_variables(&self) -> Vec<(String, Option<&'static str>)> {
        let unknown = unknown_variables(&self.environment).into_iter();
        unknown
            .filter(|(name, _)| !security_key::is_test_key_variable(name))
            .collect()
    }

    /// Formats a time in the user's zone with the remainder: `14:05 (in 58 min)`.
    pub fn format_time(&self, at: Timestamp) -> String {
        Zone::of(&self.environment).format(at, Clock::system().now())
    }

    /// Returns the flags that override settings, with `--org` if it was given.
    pub fn flags(&self) -> Flags {
        Flags {
            org: self.globals.org.clone(),
            ..Flags::default()
        }
    }

    /// Returns the flags that override settings, with `-p profile`, and `--org` if it was given.
    pub fn profile_flags(&self, profile: &str) -> Flags {
        Flags {
            profile: Some(profile.to_owned()),
            ..self.flags()
        }
    }

    /// Returns the `ob` command line with `words` that uses the settings in force here, for a hint.
    pub fn ob_command(&self, words: &str) -> String {
        let globals = &self.globals;
        let config = globals.config.as_ref().map(|file| file.to_string_lossy());
        let org = globals.org.as_deref().map(Into::into);
        let mut command = "ob".to_owned();
        for (flag, value) in [("--config", config), ("--org", org)] {
            if let Some(value) = value {
                command += &format!(" {flag} {}", shell_word(&value));
            }
        }
        command + " " + words
    }

    /// Returns the shell that runs `ob`: the parent process's program, else the one `SHELL` names.
    pub fn running_shell(&self) -> Option<Shell> {
        let parent = process::parent_program();
        let known = parent.as_deref().and_then(Shell::of_program);
        known.or_else(|| Shell::of_program(self.environment.raw("SHELL")?))
    }

    /// Returns the path of the user's settings file, which may not exist.
    ///
    /// # Errors
    /// When neither a home directory nor `--config` is given.
    pub fn settings_file(&self) -> Result<PathBuf, Report> {
        self.files().user.ok_or_else(|| {
            Report::new(
                ErrorCode::ConfigNoHome,
                "there is no place for your settings",
            )
            .cause("neither XDG_CONFIG_HOME nor HOME is an absolute path")
            .hint("name a file with `--config FILE`")
        })
    }

    fn files(&self) -> Files {
        let named = self.globals.config.clone();
        Files {
            named: named.is_some(),
            user: named.or_else(|| paths::user_config(&self.environment)),
            system: Some(paths::SYSTEM_CONFIG.into()),
        }
    }
}
