//! Replaces `ob` by the command.

use std::env::split_paths;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::errno::Errno;

use crate::report::{ErrorCode, Report};

/// Replaces this process by `program`, found in the `PATH` of `environment`, which is all that it
/// sees. Returns only on failure, with the error.
#[expect(
    clippy::disallowed_methods,
    reason = "this module is where programs are started"
)]
pub fn replace(
    program: &OsStr,
    arguments: &[OsString],
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Report {
    let error = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(environment)
        .exec();
    refusal(program, &error)
}

/// Checks that [`replace`] would find `program` in `path`, a `PATH`. Without a `PATH` the system
/// uses places of its own, so the check passes.
///
/// # Errors
/// The error of [`replace`], if there is no such program.
pub fn exists_in_path(program: &OsStr, path: Option<&OsStr>) -> Result<(), Report> {
    let fails_as = |file: &Path| file.metadata().err().map(|error| error.kind());
    let missing = match path {
        _ if program.as_bytes().contains(&b'/') => {
            fails_as(Path::new(program)) == Some(ErrorKind::NotFound)
        }
        Some(path) => split_paths(path).all(|place| {
            let failed = fails_as(&place.join(program));
            matches!(failed, Some(ErrorKind::NotFound | ErrorKind::NotADirectory))
        }),
        None => false,
    };
    match missing {
        true => Err(refusal(program, &Errno::ENOENT.into())),
        false => Ok(()),
    }
}

fn refusal(program: &OsStr, error: &io::Error) -> Report {
    let name = program.to_string_lossy();
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOENT) => Report::new(
            ErrorCode::ExecNotFound,
            format!("cannot find the command {name}"),
        )
        .cause("no such file, or its interpreter does not exist")
        .hint("check the spelling and $PATH; the command comes after `--`"),
        Some(Errno::EACCES | Errno::ENOEXEC | Errno::EISDIR | Errno::ENOTDIR | Errno::EPERM) => {
            Report::new(
                ErrorCode::ExecNotExecutable,
                format!("cannot execute {name}"),
            )
            .cause(error)
            .hint(format!(
                "`ls -l {name}` shows whether it is a program and may be executed"
            ))
        }
        Some(Errno::E2BIG) => Report::new(ErrorCode::ExecTooBig, format!("cannot execute {name}"))
            .cause("its arguments and environment are larger than the kernel takes (E2BIG)")
            .hint("pass fewer arguments, or unset large variables before `ob exec`"),
        _ if error.kind() == io::ErrorKind::InvalidInput => {
            Report::new(ErrorCode::ExecNul, format!("cannot execute {name}"))
                .cause("the command, an argument or a variable has a NUL byte in it")
                .hint("remove the NUL byte")
        }
        _ => Report::new(ErrorCode::ExecFailed, format!("cannot execute {name}"))
            .cause(error)
            .hint(format!("try it without ob: `{name}`")),
    }
}
