//! `ob` in real shells: the files that they source, their prompts, and the shells that `ob` starts.

mod contract;
mod documented;
mod files;
mod hostile_variables;
mod prompt_svg;
mod segment;
mod status;
mod subshell;
mod switching;
mod tunnel;

use std::path::{Path, PathBuf};

use crate::support::{Pty, TestEnv};

/// A shell, and its syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bash,
    Zsh,
    Fish,
    Nu,
}

pub(crate) const ALL: [Kind; 4] = [Kind::Bash, Kind::Zsh, Kind::Fish, Kind::Nu];

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Nu => "nu",
        }
    }

    /// Returns the program. nushell is no Debian package: `tests/run` installs it by npm below
    /// target/.
    pub(crate) fn program(self) -> PathBuf {
        if self != Self::Nu {
            return Path::new("/usr/bin").join(self.name());
        }
        let nu = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("target/nu/node_modules/@nushell/linux-x64/bin/nu");
        assert!(
            nu.exists(),
            "there is no nushell: `npm install --prefix target/nu nushell@0.108`"
        );
        nu
    }

    /// Writes the user's start file: a prompt, an alias, a variable.
    pub(crate) fn furnish(self, env: &TestEnv, more: &str) {
        let (name, text) = match self {
            Self::Bash => ("home/.bashrc", "PS1='READY> '\nalias mine='echo MINE'\n"),
            Self::Zsh => (
                "home/.zshrc",
                "PROMPT='READY> '\nalias mine='echo MINE'\nunsetopt promptsp\n",
            ),
            Self::Fish => (
                "config/fish/config.fish",
                "function fish_prompt; printf 'READY> '; end\nset -g fish_greeting\nfunction \
                 mine; echo MINE; end\n",
            ),
            Self::Nu => (
                "config/nushell/config.nu",
                "$env.PROMPT_COMMAND = {|| 'READY'}\n$env.PROMPT_INDICATOR = '> \
                 '\n$env.PROMPT_COMMAND_RIGHT = ''\n\
                 $env.config.show_banner = false\nalias mine = echo MINE\n",
            ),
        };
        let path = env.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Without this directory, fish reads every manual page in the background.
        std::fs::create_dir_all(env.path("home/.local/share/fish/generated_completions")).unwrap();
        env.write(name, format!("{text}{more}\n"));
    }

    /// Sets the expiry of the credentials to `seconds` from now.
    pub(crate) fn expire_in(self, seconds: i64) -> String {
        match self {
            Self::Bash | Self::Zsh => format!("OB_EXPIRES=$((EPOCHSECONDS + {seconds}))"),
            Self::Fish => format!("set OB_EXPIRES (math (date +%s) + {seconds})"),
            Self::Nu => format!(
                "$env.OB_EXPIRES = ((((date now | into int) // 1000000000) + {seconds}) | into \
                 string)"
            ),
        }
    }

    /// Prints a variable between angle brackets, which the typed line does not contain.
    pub(crate) fn print(self, name: &str) -> String {
        match self {
            Self::Bash | Self::Zsh => format!("printf '<%s>\\n' \"${{{name}-}}\""),
            Self::Fish => format!("printf '<%s>\\n' \"${name}\""),
            Self::Nu => format!("print $\"<($env.{name}? | default '')>\""),
        }
    }
}

/// Bob's machine, with a profile of a telling name.
pub(crate) fn machine() -> TestEnv {
    let env = TestEnv::new();
    let role = role(&env);
    let settings = format!(
        "{}\n[accounts]\n123456789012 = \"acme-prod\"\n[profiles.prod]\nrole = \"{role}\"\n\
         [profiles.dev]\nrole = \"{role}\"\n",
        env.minimal_settings()
    );
    env.write_settings(&settings);
    env
}

pub(crate) fn role(env: &TestEnv) -> String {
    env.sandbox.roles("bob", ob_sandbox::AwsApp::Production)[0].clone()
}

/// Returns the role's name.
pub(crate) fn role_name(env: &TestEnv) -> String {
    role(env).rsplit('/').next().unwrap().to_owned()
}

/// Types a line at the prompt.
pub(crate) fn type_line(kind: Kind, pty: &mut Pty, line: &str) {
    pty.send(line);
    pty.send("\r");
    if kind == Kind::Nu {
        // nushell redraws the line at each key; the command begins here.
        pty.until("\x1b]133;C");
    }
}
