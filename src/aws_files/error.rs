//! Errors of the AWS files.

use std::io::{self, ErrorKind};
use std::path::Path;

use thiserror::Error;

use crate::ini::NotText;
use crate::ownership::DirectoryFault;
use crate::report::{ErrorCode, Report};

#[derive(Debug, Error)]
pub(super) enum FileError {
    #[error("it is a symbolic link, which would be replaced instead of what it names")]
    Link,
    #[error("it is not a regular file")]
    NotAFile,
    #[error("it is longer than 8 MiB")]
    TooLong,
    #[error(transparent)]
    NotText(#[from] NotText),
    #[error("it belongs to uid {0}")]
    NotOurs(u32),
    #[error(transparent)]
    Directory(#[from] DirectoryFault),
    #[error("it is read-only")]
    ReadOnly,
    #[error("somebody else keeps writing it")]
    Busy,
    #[error("it would be the credentials file and the config file at once")]
    Both,
    #[error("{}", reason(.0))]
    Io(#[from] io::Error),
}

impl FileError {
    /// Returns the report of a failed write.
    pub(super) fn at(self, path: &Path) -> Report {
        self.while_doing("write", path)
            .hint("the file is as it was")
    }

    /// Returns the report of a failed read.
    pub(super) fn while_reading(self, path: &Path) -> Report {
        self.while_doing("read", path)
    }

    fn while_doing(self, verb: &str, path: &Path) -> Report {
        let path = path.display();
        let (code, hint) = match &self {
            Self::Link => (
                ErrorCode::AwsFileLink,
                format!(
                    "name the file itself: `readlink -f {path}` shows it, `--file` or \
                     AWS_CONFIG_FILE takes it"
                ),
            ),
            Self::NotAFile | Self::TooLong | Self::NotText(_) => (
                ErrorCode::AwsFileNotText,
                format!("look at it with `file {path}` and move it away"),
            ),
            Self::NotOurs(_) => (
                ErrorCode::AwsFileNotOurs,
                format!("`ls -l {path}` shows whose it is"),
            ),
            Self::Directory(fault) => (
                ErrorCode::AwsFileNotOurs,
                format!(
                    "`echo $HOME` and `ls -ld {}` show what is set and whose it is",
                    fault.path().display()
                ),
            ),
            Self::ReadOnly => (
                ErrorCode::AwsFileReadOnly,
                format!("`chmod u+w {path}` if it may be written"),
            ),
            Self::Both => (
                ErrorCode::AwsFileBoth,
                "name two files: `--file` is for the credentials, AWS_CONFIG_FILE for the rest"
                    .into(),
            ),
            Self::Busy => (ErrorCode::AwsFileBusy, "try again in a moment".to_owned()),
            Self::Io(error) if error.kind() == ErrorKind::StorageFull => (
                ErrorCode::AwsFileDiskFull,
                format!("`df {path}` shows the disk"),
            ),
            Self::Io(error) if error.kind() == ErrorKind::ResourceBusy => (
                ErrorCode::AwsFileWrite,
                "is the file mounted by itself, as into a container? mount its directory"
                    .to_owned(),
            ),
            Self::Io(_) => (
                ErrorCode::AwsFileWrite,
                format!("`ls -ld {path}` shows whose it is"),
            ),
        };
        Report::new(code, format!("cannot {verb} {path}"))
            .cause(&self)
            .hint(hint)
    }
}

fn reason(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => nix::errno::Errno::from_raw(number).desc().to_lowercase(),
        None => error.to_string(),
    }
}
