//! What can be wrong with settings, and what to do about it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use nix::errno::Errno;
use thiserror::Error;

use super::Source;
use super::value::ValueError;
use crate::ownership::DirectoryFault;
use crate::report::{Exit, Report};

/// One thing wrong at one place.
#[derive(Debug)]
pub(super) struct Problem {
    place: Source,
    key: String,
    what: Wrong,
}

impl Problem {
    pub(super) fn new(place: Source, key: impl Into<String>, what: Wrong) -> Self {
        Self {
            place,
            key: key.into(),
            what,
        }
    }

    fn hint(&self) -> Option<String> {
        let leaf = self
            .key
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_lowercase();
        let secret = [
            "password",
            "passcode",
            "secret",
            "token",
            "access_key",
            "private_key",
        ];
        match self.what {
            Wrong::Unknown(_) if secret.iter().any(|word| leaf.contains(word)) => Some(
                "no setting holds a secret: remove it, `ob login` asks for what it needs"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        match &self.what {
            Wrong::Unknown(nearest) => {
                write!(f, "there is no setting `{}`", self.key)?;
                nearest
                    .iter()
                    .try_for_each(|near| write!(f, "; did you mean `{near}`?"))
            }
            Wrong::Syntax(message) => write!(f, "not TOML: {message}"),
            Wrong::Value(error) => write!(f, "`{}`: {error}", self.key),
            Wrong::Clash(sentence, other) => write!(f, "`{}`: {sentence} ({other})", self.key),
            Wrong::Lacks(other) => write!(f, "`{}` lacks `{other}`", self.key),
            Wrong::NoSuch(kind, name, nearest) => {
                write!(f, "`{}`: there is no {kind} `{name}`", self.key)?;
                nearest
                    .iter()
                    .try_for_each(|near| write!(f, "; did you mean `{near}`?"))
            }
        }
    }
}

/// The ways of being wrong.
#[derive(Debug)]
pub(super) enum Wrong {
    Syntax(String),
    /// With the known key it resembles.
    Unknown(Option<String>),
    Value(ValueError),
    /// It contradicts the setting at that other place.
    Clash(&'static str, Source),
    Lacks(&'static str),
    /// It names a profile or an org that is not there; with the one it resembles.
    NoSuch(&'static str, String, Option<String>),
}

/// All that is wrong, in the order of the files.
#[derive(Debug)]
pub(super) struct Problems(pub(super) Vec<Problem>);

impl From<Problems> for Report {
    fn from(Problems(problems): Problems) -> Self {
        let mut report = Self::new(Exit::Usage, "config.invalid", "cannot use the settings");
        for problem in &problems {
            report = report.cause(problem);
        }
        for hint in problems.iter().filter_map(Problem::hint) {
            report = report.hint(hint);
        }
        report.hint("edit the place named, then `ob config check`")
    }
}

/// Why a file is not read.
#[derive(Debug, Error)]
pub(super) enum FileError {
    #[error("it does not exist")]
    Missing,
    #[error("HOME is not set, so `~` leads nowhere")]
    NoHome,
    #[error("it is not a regular file")]
    NotAFile,
    #[error("it belongs to uid {0}, neither you nor root")]
    Owner(u32),
    #[error("others may write to it (mode {0:04o})")]
    Writable(u32),
    #[error(transparent)]
    Directory(#[from] DirectoryFault),
    #[error("group or others have access to it (mode {0:04o})")]
    NotPrivate(u32),
    /// The same where the reader cannot change it: a secret that a container or a service was given.
    #[error("group or others have access to it (mode {0:04o})")]
    GivenToOthers(u32),
    #[error("it is larger than 1 MiB")]
    TooLarge,
    #[error("it is not UTF-8 text")]
    NotUtf8,
    #[error("it is larger than {} KiB", .0 >> 10)]
    BundleTooLarge(u64),
    #[error("it has no certificate in PEM form")]
    NoCertificate,
    #[error("it cannot be read: {}", reason(.0))]
    Io(#[from] io::Error),
}

impl FileError {
    /// The failure with the name of the file it happened to.
    pub(super) fn at(self, what: &str, path: impl Into<PathBuf>) -> Report {
        let path = path.into();
        let path = path.display();
        let (name, hint) = match &self {
            Self::Missing => (
                "config.missing",
                "check the path, or make one with `ob config init`".to_owned(),
            ),
            Self::NoHome => (
                "config.no-home",
                "`export HOME=…`, or write the whole path".to_owned(),
            ),
            Self::NotAFile => (
                "config.not-a-file",
                format!("look at it with `ls -l {path}`"),
            ),
            Self::Owner(_) => (
                "config.foreign",
                format!("if you trust what it says, `sudo chown $(id -u) {path}`"),
            ),
            Self::Writable(_) => (
                "config.writable",
                format!("check what it says, then `chmod go-w {path}`"),
            ),
            Self::Directory(fault) => directory(fault),
            Self::NotPrivate(_) => (
                "config.not-private",
                format!("`chmod go= {path}`, and replace the key if others may have read it"),
            ),
            Self::GivenToOthers(_) => (
                "config.not-private",
                "have it mounted for your user alone: `mode: 0400` and `uid` of a Docker secret, `defaultMode: 0400` \
                 and `fsGroup` in Kubernetes; or hand it over in a variable, with `private_key_env`"
                    .to_owned(),
            ),
            Self::TooLarge => (
                "config.too-large",
                format!("look at it with `ls -l {path}`"),
            ),
            Self::NotUtf8 => (
                "config.not-utf8",
                format!("save it as UTF-8; `file {path}` shows what it is"),
            ),
            Self::BundleTooLarge(_) => (
                "config.bundle-too-large",
                "keep only the certificates of your own authority in it".to_owned(),
            ),
            Self::NoCertificate => (
                "config.no-certificate",
                format!("`openssl x509 -in {path} -out {path}.pem` makes PEM of a DER certificate"),
            ),
            Self::Io(_) => (
                "config.unreadable",
                format!("look at it with `ls -l {path}`"),
            ),
        };
        Report::new(Exit::Usage, name, format!("cannot use {what} {path}"))
            .cause(self)
            .hint(hint)
    }
}

/// The name and the hint of a directory or link on the way.
pub(super) fn directory(fault: &DirectoryFault) -> (&'static str, String) {
    let path = fault.path().display();
    match fault {
        DirectoryFault::Owner { .. } => (
            "config.foreign",
            format!("`ls -ld {path}` shows its owner; use a directory of your own"),
        ),
        DirectoryFault::Writable { .. } => (
            "config.writable",
            format!("check what is in it, then `chmod go-w {path}`"),
        ),
        DirectoryFault::TooManyLinks(_) | DirectoryFault::Unreadable { .. } => (
            "config.unreadable",
            format!("look at it with `ls -ld {path}`"),
        ),
    }
}

/// The system's words for it, without std's "(os error 13)".
pub(super) fn reason(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => Errno::from_raw(number).desc().to_lowercase(),
        None => error.to_string(),
    }
}
