//! Becoming the command.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::errno::Errno;

use crate::report::{Exit, Report};

/// Becomes `program`; comes back only with the reason why it could not.
///
/// `environment` is all the command sees. The program is looked up in that environment's `PATH`.
#[expect(
    clippy::disallowed_methods,
    reason = "this room is where programs are started"
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

fn refusal(program: &OsStr, error: &io::Error) -> Report {
    let name = program.to_string_lossy();
    let report = |exit, what, summary: String| Report::new(exit, what, summary);
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOENT) => report(
            Exit::NotFound,
            "exec.not_found",
            format!("cannot find the command {name}"),
        )
        .cause("no such file, or its interpreter does not exist")
        .hint("check the spelling and $PATH; the command stands after `--`"),
        Some(Errno::EACCES | Errno::ENOEXEC | Errno::EISDIR | Errno::ENOTDIR | Errno::EPERM) => {
            report(
                Exit::NotExecutable,
                "exec.not_executable",
                format!("cannot execute {name}"),
            )
            .cause(error)
            .hint(format!(
                "`ls -l {name}` shows whether it is a program and may be executed"
            ))
        }
        Some(Errno::E2BIG) => report(
            Exit::Failed,
            "exec.too_big",
            format!("cannot execute {name}"),
        )
        .cause("its arguments and environment are larger than the kernel takes (E2BIG)")
        .hint("pass fewer arguments, or unset large variables before `ob exec`"),
        _ if error.kind() == io::ErrorKind::InvalidInput => {
            report(Exit::Usage, "exec.nul", format!("cannot execute {name}"))
                .cause("the command, an argument or a variable has a NUL byte in it")
                .hint("remove the NUL byte")
        }
        _ => report(
            Exit::Failed,
            "exec.failed",
            format!("cannot execute {name}"),
        )
        .cause(error)
        .hint(format!("try it without ob: `{name}`")),
    }
}
