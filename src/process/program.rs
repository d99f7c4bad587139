//! Programs that run with more rights than ours, or hold a tunnel open: found in the system's own places and
//! started with nothing inherited but what is said here.
//!
//! `$PATH` is the user's and a sudo without `secure_path` believes it, so it is not asked. A program is taken
//! only if nobody but root could have put it there: it and every directory above it belong to root and are
//! writable by nobody else.

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

/// Where systems keep such programs.
const PLACES: &str = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin";
/// What the kernel shows for a file whose owner has no number in our user namespace.
const NOBODY: u32 = 65_534;

/// A program that only root can have put where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedProgram(PathBuf);

impl TrustedProgram {
    /// # Errors
    /// When it is not installed, or somebody else could have replaced it.
    pub fn find(name: &'static str) -> Result<Self, ProgramError> {
        let found = which::which_in(name, Some(PLACES), "/")
            .map_err(|_| ProgramError::NotInstalled(name))?;
        Self::judge(found).unwrap_or(Err(ProgramError::NotInstalled(name)))
    }

    /// The program at this absolute path.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn at(path: &Path) -> Result<Self, ProgramError> {
        let missing = || Err(ProgramError::NoSuchFile(path.to_owned()));
        Self::judge(path.to_owned()).unwrap_or_else(missing)
    }

    /// `None` where there is no file.
    fn judge(found: PathBuf) -> Option<Result<Self, ProgramError>> {
        // Its name stays as it is: one program may do different things under different names. Judged is
        // where the name is and what it links to.
        let target = found.canonicalize().ok()?;
        let place = found.parent().unwrap_or(Path::new("/"));
        let place = place.canonicalize().ok()?;
        let mut parts = target.ancestors().chain(place.ancestors());
        Some(match parts.find(|part| !is_roots(part)) {
            None => Ok(Self(found)),
            Some(part) => Err(ProgramError::NotRoots(found, part.to_owned())),
        })
    }

    /// Its absolute path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// Whether only root can change the file or replace it: each directory above it is root's too.
pub fn is_roots_alone(path: &Path) -> bool {
    let target = path.canonicalize();
    target.is_ok_and(|target| {
        target
            .ancestors()
            .chain(path.ancestors())
            .all(is_roots_or_link)
    })
}

/// A link of root's in a directory of root's is as good as what it leads to.
fn is_roots_or_link(path: &Path) -> bool {
    let is_link = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    is_link && is_owned_by_root(path) || is_roots(path)
}

fn is_owned_by_root(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| found.uid() == 0)
}

fn is_roots(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| {
        let owned = found.uid() == 0 || (found.uid() == NOBODY && is_root_of_a_namespace_only());
        owned && found.mode() & 0o022 == 0
    })
}

/// Whether we are root in a user namespace of our own: then root's files show as nobody's, and no program
/// gets a right from us that the user does not have.
fn is_root_of_a_namespace_only() -> bool {
    nix::unistd::geteuid().is_root() && !is_root_of_the_machine()
}

/// Whether we are root, and not only in a user namespace of our own.
pub fn is_root_of_the_machine() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let whole = ["0", "0", "4294967295"];
    nix::unistd::geteuid().is_root() && map.split_whitespace().eq(whole)
}

/// Why a program is not started.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProgramError {
    #[error("{0} is not installed in one of {PLACES}")]
    NotInstalled(&'static str),
    #[error("{} is not there", .0.display())]
    NoSuchFile(PathBuf),
    #[error("{} could have been put there by somebody else than root: look at {}", .0.display(), .1.display())]
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

/// A command of absolute path: no environment but a search path and the C locale, in `/`.
#[expect(
    clippy::disallowed_methods,
    reason = "this room is where programs are started"
)]
fn command(words: &[OsString]) -> io::Result<Command> {
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| io::Error::other("nothing to start"))?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", PLACES)
        .env("LC_ALL", "C")
        .current_dir("/");
    Ok(command)
}

/// The most that is read of either output of [`run`].
const SAID_MAX: u64 = 64 * 1024;

/// Runs `words` with `input`, and returns what they said; it may take them `limit`, until their outputs are closed as well.
///
/// # Errors
/// When they cannot be started, or it takes them longer ([`io::ErrorKind::TimedOut`]); then they are ended, as far as
/// that is ours to do: not if they are root's.
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
        let (stdout, stderr) = (heard(stdout?, until)?, heard(stderr?, until)?);
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
            std::thread::sleep(STEP);
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

/// Writes `input` in a thread of its own: a program that does not read it must not delay us. What it leaves unread is
/// dropped.
fn feed(mut stdin: impl Write + Send + 'static, input: &[u8]) -> io::Result<()> {
    let input = input.to_vec();
    std::thread::Builder::new().spawn(move || {
        let _ = stdin.write_all(&input);
    })?;
    Ok(())
}

/// Between two looks whether a program that has closed its outputs is gone.
const STEP: Duration = Duration::from_millis(1);

type Heard = Receiver<io::Result<Vec<u8>>>;

fn listen(output: Option<impl Read + Send + 'static>) -> io::Result<Heard> {
    let (tell, told) = channel();
    std::thread::Builder::new().spawn(move || {
        let mut said = Vec::new();
        let read = output.map(|output| output.take(SAID_MAX).read_to_end(&mut said));
        let _ = tell.send(read.transpose().map(|_| said));
    })?;
    Ok(told)
}

fn heard(from: Heard, until: Instant) -> io::Result<Vec<u8>> {
    from.recv_timeout(until.saturating_duration_since(Instant::now()))
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Runs `words` on this terminal, where they may ask the person (`sudo -v`).
///
/// # Errors
/// When they cannot be started.
pub fn run_on_terminal(words: &[OsString]) -> io::Result<ExitStatus> {
    command(words)?.status()
}

/// Starts `words` with `input`, or nothing, to read; their output is dropped. They keep the terminal, on which sudo may ask, and
/// what they complain of can be read; `apart` puts them out of reach of the terminal's signals instead. Neither output
/// is ours: what they start may live for days, and would hold it open.
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

/// Starts `words` with `input` as their standard input; nothing that they print is read.
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

/// Starts `words` where we are, in the foreground of this terminal, with `environment`.
///
/// # Errors
/// When they cannot be started.
#[expect(
    clippy::disallowed_methods,
    reason = "this room is where programs are started"
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
        // Its child has the output open; or it has closed it, and stays.
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
