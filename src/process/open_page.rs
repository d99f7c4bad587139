//! Starts the user's browser detached from the client, which becomes the user's command a moment
//! later.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::model::Environment;

/// Starts `program` (an absolute path) in the background with `arguments` and then `page`. It sees
/// `environment` only.
///
/// A shell's `&` detaches it: the shell ends at once and init adopts the program. Its script is
/// fixed text.
///
/// # Errors
/// When the program does not exist, or no process can be started.
#[expect(
    clippy::disallowed_methods,
    reason = "this module is where programs are started"
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
