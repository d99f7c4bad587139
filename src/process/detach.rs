//! Starts the agent detached from the client.
//!
//! The client becomes the user's command a moment later, which must not find a child process that
//! it did not start. So the agent forks once, before it has a thread or a secret, and is adopted by
//! init.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::unistd::{ForkResult, fork, setsid};

/// The variables that the agent keeps: home, language and time zone.
#[cfg(not(debug_assertions))]
const KEPT: [&str; 3] = ["HOME", "LANG", "TZ"];
/// In debug builds also the panic point that a test chose.
#[cfg(debug_assertions)]
const KEPT: [&str; 4] = ["HOME", "LANG", "TZ", super::panic_point::VARIABLE];

/// Starts the agent's program with `socket` as its standard input.
///
/// Returns the process and the pipe on which the agent reports that it is ready, or why it is not.
/// The agent's environment holds home, language and time zone only.
///
/// # Errors
/// When no process can be started.
#[expect(
    clippy::disallowed_methods,
    reason = "this module is where programs are started"
)]
pub fn spawn_agent(
    program: &Path,
    socket: OwnedFd,
    arguments: &[&str],
    directory: Option<&Path>,
) -> io::Result<(Child, PipeReader)> {
    let (ready, said): (PipeReader, PipeWriter) = io::pipe()?;
    let kept = KEPT
        .iter()
        .filter_map(|name| Some((name, std::env::var_os(name)?)));
    let mut command = Command::new(program);
    command.arg0("ob-agent").args(arguments);
    if let Some(directory) = directory {
        command.arg("--directory").arg(directory);
    }
    let child = command
        .env_clear()
        .envs(kept)
        .current_dir("/")
        .stdin(Stdio::from(socket))
        .stdout(Stdio::from(OwnedFd::from(said)))
        .stderr(Stdio::null())
        .spawn()?;
    Ok((child, ready))
}

/// Starts this program with `words`, and `socket` as its standard input; its output is dropped.
///
/// # Errors
/// When no process can be started.
#[expect(
    clippy::disallowed_methods,
    reason = "this module is where programs are started"
)]
pub fn spawn_self(
    words: impl IntoIterator<Item = std::ffi::OsString>,
    socket: OwnedFd,
    kept: impl IntoIterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
) -> io::Result<Child> {
    Command::new(current_program()?)
        .arg0("ob")
        .args(words)
        .env_clear()
        .envs(kept)
        .current_dir("/")
        .stdin(Stdio::from(socket))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// Replaces this process by this program with `words`, keeping standard input. Returns only on
/// failure, with the reason.
#[expect(
    clippy::disallowed_methods,
    reason = "this module is where programs are started"
)]
pub fn exec_self(words: impl IntoIterator<Item = std::ffi::OsString>) -> io::Error {
    match current_program() {
        Ok(path) => Command::new(path).arg0("ob").args(words).env_clear().exec(),
        Err(error) => error,
    }
}

/// Has the kernel end this process when its parent ends.
///
/// # Errors
/// When the kernel refuses.
#[cfg(feature = "fido2")]
pub fn end_with_starter() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    Ok(())
}

/// Returns this program's file, through `/proc` if an upgrade has replaced it.
///
/// # Errors
/// When the kernel does not tell it.
pub fn current_program() -> io::Result<PathBuf> {
    let path = std::env::current_exe()?;
    Ok(match path_before_upgrade(&path) {
        Some(_) => PathBuf::from("/proc/self/exe"),
        None => path,
    })
}

/// Returns the path at which this program was started, with all links resolved. An upgrade may
/// have put another program there.
///
/// # Errors
/// When the kernel does not tell it.
pub(super) fn current_program_file() -> io::Result<PathBuf> {
    let path = std::env::current_exe()?;
    match path_before_upgrade(&path) {
        Some(path) => Ok(path),
        // Linux resolves links; macOS does not.
        None if cfg!(target_os = "linux") => Ok(path),
        None => path.canonicalize(),
    }
}

/// Linux marks the path of a running program whose file was replaced.
fn path_before_upgrade(path: &Path) -> Option<PathBuf> {
    let path = path.as_os_str().as_encoded_bytes();
    let path = path.strip_suffix(b" (deleted)")?;
    cfg!(target_os = "linux").then(|| PathBuf::from(OsStr::from_bytes(path)))
}

/// Forks. The parent exits with status 0. The function returns in the child, which init or a
/// subreaper adopts, in a session of its own. The process must have one thread.
///
/// # Errors
/// When fork fails (in the caller) or setsid fails (in the child).
#[expect(unsafe_code, reason = "fork has no safe form; see SAFETY")]
pub fn detach() -> io::Result<()> {
    // SAFETY: called first in the agent, while it has one thread, so no lock can be held by a
    // thread that the child does not have; the parent calls only _exit.
    match unsafe { fork() }? {
        // SAFETY: _exit runs no handlers, so nothing of the child is flushed or closed twice.
        ForkResult::Parent { .. } => unsafe { nix::libc::_exit(0) },
        ForkResult::Child => {
            setsid()?;
            Ok(())
        }
    }
}

/// Closes descriptors that the client's shell left open: a lock would stay held, and a pipe's
/// reader would wait for the agent's end. Called before anything is opened.
pub fn close_inherited_fds() {
    let open: Vec<RawFd> = std::fs::read_dir("/dev/fd")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|descriptor| *descriptor > 2)
        .collect();
    for descriptor in open {
        // One of them was the directory that was just read, and is closed already.
        let _ = nix::unistd::close(descriptor);
    }
}

/// Opens `/dev/null` for reading and writing, before the process is confined.
///
/// # Errors
/// When it cannot be opened.
pub fn nothing() -> io::Result<OwnedFd> {
    File::options()
        .read(true)
        .write(true)
        .open("/dev/null")
        .map(OwnedFd::from)
}

/// Replaces standard input and output by `nothing`, once they are not needed any more.
///
/// # Errors
/// When the kernel refuses.
pub fn silence(nothing: &OwnedFd) -> io::Result<()> {
    nix::unistd::dup2_stdin(nothing)?;
    nix::unistd::dup2_stdout(nothing)?;
    Ok(())
}
