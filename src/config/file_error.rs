//! Errors of files that settings are read from or written to.

use std::io;
use std::path::Path;

use nix::errno::Errno;
use thiserror::Error;

use crate::ownership::DirectoryFault;
use crate::report::{ErrorCode, Report};

/// Why a file is refused.
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
    /// As [`Self::NotPrivate`], where the user cannot change it: a secret of a container or
    /// service.
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
    /// Returns the report for `path`, which is used as `what`.
    pub(super) fn at(self, what: &str, path: &Path) -> Report {
        let path = path.display();
        let (code, hint) = match &self {
            Self::Missing => (
                ErrorCode::ConfigMissing,
                "check the path, or make one with `ob config init`".to_owned(),
            ),
            Self::NoHome => (
                ErrorCode::ConfigNoHome,
                "`export HOME=…`, or write the whole path".to_owned(),
            ),
            Self::NotAFile => (
                ErrorCode::ConfigNotAFile,
                format!("look at it with `ls -l {path}`"),
            ),
            Self::Owner(_) => (
                ErrorCode::ConfigForeign,
                format!("if you trust what it says, `sudo chown $(id -u) {path}`"),
            ),
            Self::Writable(_) => (
                ErrorCode::ConfigWritable,
                format!("check what it says, then `chmod go-w {path}`"),
            ),
            Self::Directory(fault) => directory_hint(fault),
            Self::NotPrivate(_) => (
                ErrorCode::ConfigNotPrivate,
                format!("`chmod go= {path}`, and replace the key if others may have read it"),
            ),
            Self::GivenToOthers(_) => (
                ErrorCode::ConfigNotPrivate,
                "have it mounted for your user alone: `mode: 0400` and `uid` of a Docker secret, \
                 `defaultMode: 0400` and `fsGroup` in Kubernetes; or hand it over in a variable, \
                 with `private_key_env`"
                    .to_owned(),
            ),
            Self::TooLarge => (
                ErrorCode::ConfigTooLarge,
                format!("look at it with `ls -l {path}`"),
            ),
            Self::NotUtf8 => (
                ErrorCode::ConfigNotUtf8,
                format!("save it as UTF-8; `file {path}` shows what it is"),
            ),
            Self::BundleTooLarge(_) => (
                ErrorCode::ConfigBundleTooLarge,
                "keep only the certificates of your own authority in it".to_owned(),
            ),
            Self::NoCertificate => (
                ErrorCode::ConfigNoCertificate,
                format!("`openssl x509 -in {path} -out {path}.pem` makes PEM of a DER certificate"),
            ),
            Self::Io(_) => (
                ErrorCode::ConfigUnreadable,
                format!("look at it with `ls -l {path}`"),
            ),
        };
        Report::new(code, format!("cannot use {what} {path}"))
            .cause(self)
            .hint(hint)
    }
}

/// Returns the error's name and hint for a directory or link on the path.
pub(super) fn directory_hint(fault: &DirectoryFault) -> (ErrorCode, String) {
    let path = fault.path().display();
    match fault {
        DirectoryFault::Owner { .. } => (
            ErrorCode::ConfigForeign,
            format!("`ls -ld {path}` shows its owner; use a directory of your own"),
        ),
        DirectoryFault::Writable { .. } => (
            ErrorCode::ConfigWritable,
            format!("check what is in it, then `chmod go-w {path}`"),
        ),
        DirectoryFault::TooManyLinks(_) | DirectoryFault::Unreadable { .. } => (
            ErrorCode::ConfigUnreadable,
            format!("look at it with `ls -ld {path}`"),
        ),
    }
}

/// Returns the system's message without std's "(os error 13)".
pub(super) fn reason(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => Errno::from_raw(number).desc().to_lowercase(),
        None => error.to_string(),
    }
}
