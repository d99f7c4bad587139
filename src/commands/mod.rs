//! The verbs: one file each, its arguments beside what it does.
//!
//! A verb reads what was typed and the settings, does one thing through the rooms below, and answers with an
//! exit code or a [`Report`]. It neither prints past [`crate::terminal`] nor ends the process.

mod account;
pub mod agent;
mod catalogue;
pub mod complete;
pub mod completions;
pub mod config;
pub mod console;
pub mod credential;
pub mod doctor;
pub mod env;
mod environments;
pub mod examples;
pub mod exec;
pub mod help;
pub mod init;
pub mod login;
pub mod logout;
pub mod man;
mod menu;
mod question;
mod readable;
mod refresh;
mod role_table;
pub mod roles;
mod running;
pub mod security_key;
pub mod shell;
pub mod slips;
pub mod status;
pub mod switch;
mod talk;
mod target;
mod typed;
mod visit;
pub mod vpn;
pub mod write;

use std::cell::OnceCell;
use std::path::PathBuf;

use clap::Args;

use crate::clock::{Clock, Zone};
use crate::config::{Files, Flags, Settings, load, unknown_variables};
use crate::model::{Environment, Timestamp};
use crate::paths;
use crate::process;
use crate::prompt::Shell;
use crate::report::{Exit, Report};
use crate::sanitize::shell_word;
use crate::security_key as keys;
use crate::terminal::{Color, Voice};

/// What can be typed with every verb.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Everywhere")]
pub struct Globals {
    /// Settings file to read instead of your own
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One of several orgs, by its name in the settings
    #[arg(long, global = true, value_name = "NAME")]
    pub org: Option<String>,
    /// Run an agent for this one command only
    #[arg(long, global = true)]
    pub no_agent: bool,
    /// Print JSON instead of words
    #[arg(long, global = true)]
    pub json: bool,
    /// Say each step as it is taken
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to colour
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub color: Color,
}

/// What a verb works with: the globals, the environment as it was at the start, the settings once asked for.
#[derive(Debug)]
pub struct Context {
    pub globals: Globals,
    pub environment: Environment,
    pub voice: Voice,
    /// A command of the user's is run at the end: what was typed and not read by then is for it.
    pub has_command: bool,
    settings: OnceCell<Settings>,
}

impl Context {
    /// Reads the process's environment, this once; opens nothing.
    pub fn new(globals: Globals) -> Self {
        let environment: Environment = std::env::vars_os().collect();
        Self {
            voice: Voice::new(globals.color, &environment),
            globals,
            environment,
            has_command: false,
            settings: OnceCell::new(),
        }
    }

    /// The same for a verb that ends in a command of the user's.
    #[must_use]
    pub fn before_a_command(self) -> Self {
        Self {
            has_command: true,
            ..self
        }
    }

    /// The settings, read when first asked for.
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

    /// Variables that look like settings and are none, each with the one that may be meant.
    fn unknown_variables(&self) -> Vec<(String, Option<&'static str>)> {
        let unknown = unknown_variables(&self.environment).into_iter();
        unknown
            .filter(|(name, _)| !keys::is_test_key_variable(name))
            .collect()
    }

    /// A time for this person, on their own clock: `14:05 (in 58 min)`.
    fn tell_time(&self, at: Timestamp) -> String {
        Zone::of(&self.environment).tell(at, Clock::system().now())
    }

    /// Flags with nothing but the globals in them, for a verb to complete.
    pub fn flags(&self) -> Flags {
        Flags {
            org: self.globals.org.clone(),
            ..Flags::default()
        }
    }

    /// `ob` with these words, under the settings that are in force here: what to type next.
    fn typed(&self, words: &str) -> String {
        let mut typed = "ob".to_owned();
        let config = self
            .globals
            .config
            .as_ref()
            .map(|file| file.to_string_lossy());
        let flags = [
            ("--config", config),
            ("--org", self.globals.org.as_deref().map(Into::into)),
        ];
        for (flag, value) in flags {
            if let Some(value) = value {
                typed += &format!(" {flag} {}", shell_word(&value));
            }
        }
        typed + " " + words
    }

    /// The shell that runs `ob`: the program that started it, else what SHELL names.
    fn running_shell(&self) -> Option<Shell> {
        let starter = process::starter_program();
        let known = starter.as_deref().and_then(Shell::of_program);
        known.or_else(|| Shell::of_program(self.environment.raw("SHELL")?))
    }

    /// The user's settings file, whether it exists or not.
    ///
    /// # Errors
    /// When no home is known and none was named.
    pub fn settings_file(&self) -> Result<PathBuf, Report> {
        self.files().user.ok_or_else(|| {
            Report::new(
                Exit::Usage,
                "config.no-home",
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
