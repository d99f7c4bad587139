//! The supported shells, and the script that each of them sources.

use std::ffi::OsStr;
use std::path::Path;

use clap::ValueEnum;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    #[value(alias = "nushell")]
    Nu,
}

impl Shell {
    /// Recognises a shell by its program's name: `/bin/zsh`, a login's `-bash`, `zsh-5.9`.
    pub fn of_program(program: &OsStr) -> Option<Self> {
        let name = Path::new(program).file_name()?.to_str()?;
        let name = name.trim_start_matches('-');
        let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-'));
        match name {
            "bash" => Some(Self::Bash),
            "zsh" => Some(Self::Zsh),
            "fish" => Some(Self::Fish),
            "nu" => Some(Self::Nu),
            _ => None,
        }
    }

    /// Returns the program's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Nu => "nu",
        }
    }

    /// Returns what `ob init` prints, byte for byte.
    pub const fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("../../shell/ob.bash"),
            Self::Zsh => include_str!("../../shell/ob.zsh"),
            Self::Fish => include_str!("../../shell/ob.fish"),
            Self::Nu => include_str!("../../shell/ob.nu"),
        }
    }
}

/// The direnv function `use ob PROFILE`, which `ob init direnv` prints.
pub const DIRENV: &str = include_str!("../../shell/direnv.sh");

/// The rcfile with which `ob shell` starts bash.
pub const START_BASHRC: &str = include_str!("../../shell/start/bashrc");
/// The `.zshenv` with which `ob shell` starts zsh.
pub const START_ZSHENV: &str = include_str!("../../shell/start/zshenv");
/// The `.zshrc` with which `ob shell` starts zsh.
pub const START_ZSHRC: &str = include_str!("../../shell/start/zshrc");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_is_recognised_by_program_name() {
        for (program, expected) in [
            ("/bin/bash", Some(Shell::Bash)),
            ("-zsh", Some(Shell::Zsh)),
            ("/usr/local/bin/zsh-5.9", Some(Shell::Zsh)),
            ("fish", Some(Shell::Fish)),
            ("nu", Some(Shell::Nu)),
            ("/bin/dash", None),
            ("bash.sh", None),
            ("", None),
        ] {
            assert_eq!(
                Shell::of_program(OsStr::new(program)),
                expected,
                "{program}"
            );
        }
    }
}
