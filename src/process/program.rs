//! Programs that run with more rights than ours, or hold a tunnel open. They are found in the
//! system's own directories and inherit only what is given here.
//!
//! `$PATH` is the user's, and a sudo without `secure_path` uses it, so it is not searched. A
//! program is trusted only if root alone could have put it there: it and every directory above it
//! belong to root and are writable by root only.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::report::{ErrorCode, Report};

/// Directories of such programs; the last one is MacPorts'. Homebrew's belongs to a user.
const DIRECTORIES: &str =
    "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin:/opt/local/sbin";
/// The owner that the kernel shows for files of a uid without a number in our user namespace.
const OVERFLOW_UID: u32 = 65_534;

/// A program that only root could have put in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedProgram(PathBuf);

impl TrustedProgram {
    /// Finds the program in the system's directories.
    ///
    /// # Errors
    /// When it is not installed, or another user could replace it.
    pub fn find(name: &'static str) -> Result<Self, ProgramError> {
        let found = which::which_in(name, Some(DIRECTORIES), "/")
            .map_err(|_| ProgramError::NotInstalled(name))?;
        Self::judge(found).unwrap_or(Err(ProgramError::NotInstalled(name)))
    }

    /// Returns the program at this absolute path.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn at(path: &Path) -> Result<Self, ProgramError> {
        let missing = || Err(ProgramError::NoSuchFile(path.to_owned()));
        Self::judge(path.to_owned()).unwrap_or_else(missing)
    }

    /// Returns `None` if there is no file.
    fn judge(found: PathBuf) -> Option<Result<Self, ProgramError>> {
        // The name stays as it is, because one program may act differently under different names.
        // Both the name's place and the link's target are checked.
        let target = found.canonicalize().ok()?;
        let place = found.parent().unwrap_or(Path::new("/"));
        let place = place.canonicalize().ok()?;
        let mut parts = target.ancestors().chain(place.ancestors());
        Some(match parts.find(|part| !is_roots(part)) {
            None => Ok(Self(found)),
            Some(part) => Err(ProgramError::NotRoots(found, part.to_owned())),
        })
    }

    /// Returns the absolute path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// Whether only root can change or replace the file: each directory above it is root's too.
pub fn is_writable_by_root_only(path: &Path) -> bool {
    let target = path.canonicalize();
    target.is_ok_and(|target| {
        target
            .ancestors()
            .chain(path.ancestors())
            .all(is_roots_or_link)
    })
}

/// Root's link in a directory of root's is as safe as its target.
fn is_roots_or_link(path: &Path) -> bool {
    let is_link = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    is_link && is_owned_by_root(path) || is_roots(path)
}

fn is_owned_by_root(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| found.uid() == 0)
}

fn is_roots(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| {
        let owned =
            found.uid() == 0 || (found.uid() == OVERFLOW_UID && is_root_of_a_namespace_only());
        owned && found.mode() & 0o022 == 0
    })
}

/// Whether this process is root in a user namespace only: root's files show another owner there,
/// and no program gains rights that the user does not have.
fn is_root_of_a_namespace_only() -> bool {
    nix::unistd::geteuid().is_root() && !is_root_of_the_machine()
}

/// Whether this process is root outside of a user namespace.
pub fn is_root_of_the_machine() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let whole = ["0", "0", "4294967295"];
    nix::unistd::geteuid().is_root() && map.split_whitespace().eq(whole)
}

/// Reasons not to start a program.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProgramError {
    #[error("{0} is not installed in one of {DIRECTORIES}")]
    NotInstalled(&'static str),
    #[error("{} is not there", .0.display())]
    NoSuchFile(PathBuf),
    #[error("{} could have been put there by somebody else than root: look at \
        {}", .0.display(), .1.display())]
    NotRoots(PathBuf, PathBuf),
}

impl From<ProgramError> for Report {
    fn from(error: ProgramError) -> Self {
        let (code, hint) = match &error {
            ProgramError::NotInstalled(program) => (
                ErrorCode::ProcessNotInstalled,
                format!(
                    "`apt install {}` or your system's way to install it",
                    package(program)
                ),
            ),
            ProgramError::NoSuchFile(path) => (
                ErrorCode::ProcessNotInstalled,
                format!("`ls -l {}` must show it", path.display()),
            ),
            ProgramError::NotRoots(_, part) => (
                ErrorCode::ProcessNotRoots,
                format!(
                    "`ls -ld {}` must show root, and no `w` for group and others",
                    part.display()
                ),
            ),
        };
        Self::new(code, "cannot start a program that is needed")
            .cause(&error)
            .hint(hint)
    }
}

fn package(program: &str) -> &str {
    match program {
        "pasta" => "passt",
        "setpriv" | "setsid" | "unshare" => "util-linux",
        other => other,
    }
}

/// Returns a command with a search path and the C locale as its environment, in `/`.
#[expect(
    clippy::disallowed_methods,
    reason = "this module is where programs are started"
)]
fn command(words: &[OsString]) -> io::Result<Command> {
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| io::Error::other("nothing to start"))?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", DIRECTORIES)
        .env("LC_ALL", "C")
        .current_dir("/");
    Ok(command)
}

/// Maximum that is read of each output of [`run`].
const MAX_OUTPUT_BYTES: u64 = 64 * 1024;

/// Runs `words` with `input` and returns their outputs. `limit` counts until the outputs are closed
/// as well.
///
/// # Errors
/// When they cannot be started, or [`io::ErrorKind::TimedOut`]; they are killed then, unless they
/// run as root.
pub fn run(words: &[OsString], input: &[u8], limit: Duration) -> io::Result<Output> {
    let until = Instant::now() + limit;
    let mut child = command(words)?
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdin = child.stdin.take();
    let (stdout, stderr) = (listen(child.stdout.take()), listen(child.stderr.take()));
    let fed = stdin.map(|stdin| feed(stdin, input)).transpose();
    let end = || -> io::Result<Output> {
        fed?;
        let (stdout, stderr) = (received(stdout?, until)?, received(stderr?, until)?);
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Output {
                    status,
                    stdout,
                    stderr,
                });
            }
            if Instant::now() > until {
                return Err(io::ErrorKind::TimedOut.into());
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    };
    let outcome = end();
    if outcome.is_err() && child.kill().is_ok() {
        child.wait()?;
    }
    outcome.map_err(|error| match error.kind() {
        io::ErrorKind::TimedOut => {
            let why = format!("it took longer than {} s", limit.as_secs());
            io::Error::new(io::ErrorKind::TimedOut, why)
        }
        _ => error,
    })
}

/// Writes `input` in a thread, because the program may not read it. Unread input is dropped.
fn feed(mut stdin: impl Write + Send + 'static, input: &[u8]) -> io::Result<()> {
    let input = input.to_vec();
    std::thread::Builder::new().spawn(move || {
        let _ = stdin.write_all(&input);
    })?;
    Ok(())
}

/// Interval between two checks whether a program that closed its outputs has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

type Received = Receiver<io::Result<Vec<u8>>>;

fn listen(output: Option<impl Read + Send + 'static>) -> io::Result<Received> {
    let (tell, sent) = channel();
    std::thread::Builder::new().spawn(move || {
        let mut said = Vec::new();
        let read = output.map(|output| output.take(MAX_OUTPUT_BYTES).read_to_end(&mut said));
        let _ = tell.send(read.transpose().map(|_| said));
    })?;
    Ok(sent)
}

fn received(from: Received, until: Instant) -> io::Result<Vec<u8>> {
    from.recv_timeout(until.saturating_duration_since(Instant::now()))
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Runs `words` on this terminal, where they may ask the user (`sudo -v`).
///
/// # Errors
/// When they cannot be started.
pub fn run_on_terminal(words: &[OsString]) -> io::Result<ExitStatus> {
    command(words)?.status()
}

/// Starts `words` with `input`, or nothing, as standard input; the outputs are dropped, because
/// what they start may live for days and would hold them open. They keep the terminal, so that sudo
/// can ask and complain there. `apart` protects them from the terminal's signals instead.
///
/// # Errors
/// When they cannot be started.
pub fn start(words: &[OsString], input: Option<&[u8]>, apart: bool) -> io::Result<Child> {
    let mut command = command(words)?;
    if apart {
        command.process_group(0);
    }
    let said = if apart { Stdio::null() } else { Stdio::piped() };
    let stdin = input.map_or_else(Stdio::null, |_| Stdio::piped());
    let mut child = command
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(said)
        .spawn()?;
    if let (Some(stdin), Some(input)) = (child.stdin.take(), input) {
        feed(stdin, input)?;
    }
    Ok(child)
}

/// Starts `words` with `input` as standard input; the outputs are dropped.
///
/// # Errors
/// When they cannot be started.
pub fn start_with_input(words: &[OsString], input: Stdio) -> io::Result<Child> {
    command(words)?
        .stdin(input)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// Starts `words` in the current directory, in the foreground of this terminal, with `environment`.
///
/// # Errors
/// When they cannot be started.
#[expect(
    clippy::disallowed_methods,
    reason = "this module is where programs are started"
)]
pub fn start_as_is(
    words: &[OsString],
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> io::Result<Child> {
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| io::Error::other("nothing to start"))?;
    Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(environment)
        .spawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_somebody_else_could_replace_is_refused() {
        assert!(is_roots(Path::new("/usr/bin")));
        assert!(!is_roots(Path::new("/tmp")), "writable by everybody");
        let own = tempfile::tempdir().unwrap();
        std::fs::write(own.path().join("openvpn"), "").unwrap();
        std::os::unix::fs::chown(own.path(), Some(1000), None).unwrap_or(());
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(own.path(), open).unwrap();
        assert!(!is_roots(own.path()));
    }

    #[test]
    fn what_is_not_installed_is_said_by_name() {
        let error = TrustedProgram::find("ob-no-such-program").unwrap_err();
        assert_eq!(error, ProgramError::NotInstalled("ob-no-such-program"));
        assert!(TrustedProgram::find("sh").is_ok());
    }

    #[test]
    fn an_answer_is_waited_for_no_longer_than_it_may_take() {
        let ask = |line: &str, limit| {
            let words = ["/bin/sh", "-c", line].map(OsString::from);
            run(&words, b"", limit)
                .map(|output| output.stdout)
                .map_err(|error| error.kind())
        };
        let (long, short) = (Duration::from_secs(60), Duration::from_millis(50));
        let begun = std::time::Instant::now();
        assert_eq!(ask("echo 2.6", long), Ok(b"2.6\n".to_vec()));
        assert_eq!(ask("exec sleep 60", short), Err(io::ErrorKind::TimedOut));
        // Its child keeps the output open, or has closed it and stays.
        assert_eq!(ask("sleep 30 & wait", short), Err(io::ErrorKind::TimedOut));
        assert_eq!(
            ask("exec sleep 60 >&- 2>&-", short),
            Err(io::ErrorKind::TimedOut)
        );
        assert!(begun.elapsed() < Duration::from_secs(25));
    }

    #[test]
    fn program_that_reads_nothing_delays_no_deadline() {
        let (sender, done) = channel();
        std::thread::spawn(move || {
            // More than a pipe holds.
            let input = vec![b'x'; 1024 * 1024];
            let sleeps = ["/bin/sleep", "60"].map(OsString::from);
            let ran = run(&sleeps, &input, Duration::from_millis(50));
            let mut started = start(&sleeps, Some(&input), true).unwrap();
            started.kill().unwrap();
            started.wait().unwrap();
            let reads = ["/bin/sh", "-c", "wc -c"].map(OsString::from);
            let read = run(&reads, &input, Duration::from_secs(20)).unwrap();
            let _ = sender.send((ran.map(drop).map_err(|error| error.kind()), read.stdout));
        });
        let outcome = done.recv_timeout(Duration::from_secs(25)).unwrap();
        assert_eq!(
            outcome,
            (Err(io::ErrorKind::TimedOut), b"1048576\n".to_vec())
        );
    }

    use std::os::unix::fs::PermissionsExt;
}
