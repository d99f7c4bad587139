//! Starting the user's browser so that it belongs to nobody: the client becomes a command a moment later,
//! and a command must not find a child it never had.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::model::Environment;

/// Starts `program` (an absolute path) with `arguments` and `page` as the last of them, in the background.
/// `environment` is all it sees.
///
/// A shell lends its `&`: it ends at once and leaves the program to init. Nothing is put into its script.
///
/// # Errors
/// When there is no such program, or no process can be started.
#[expect(
    clippy::disallowed_methods,
    reason = "this room is where programs are started"
)]
pub fn open_page(
    program: &Path,
    arguments: &[String],
    page: &str,
    environment: Environment,
) -> io::Result<()> {
    if !program.is_absolute() || !program.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let status = Command::new("/bin/sh")
        .args(["-c", "\"$0\" \"$@\" &"])
        .arg(program)
        .args(arguments)
        .arg(page)
        .env_clear()
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other("it did not start"))
    }
}
