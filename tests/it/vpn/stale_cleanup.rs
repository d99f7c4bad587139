//! Concurrent cleanups after dead supervisors, while others start. Needs no openvpn and no network.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, gettid};
use ob::link::SupervisorConnection;
use ob::tunnel::{clean_up, control_socket};
use ob::wire::{FromTunnel, ToTunnel};

use crate::support::{DEADLINE, TestEnv, eventually, run};

/// A supervisor that waits for its profile.
struct Waiting {
    link: SupervisorConnection,
    config: PathBuf,
    management: PathBuf,
    control: PathBuf,
}

fn directory(env: &TestEnv) -> PathBuf {
    let directory = env.path("run/ob");
    fs::create_dir_all(&directory).unwrap();
    fs::set_permissions(
        &directory,
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )
    .unwrap();
    directory
}

/// Starts one as `ob vpn up` does, or with `--private` as `ob vpn exec` does.
fn start(env: &TestEnv, words: &[&str]) -> Waiting {
    let (mut link, theirs) = SupervisorConnection::pair().unwrap();
    let mut command = env.ob(["vpn", "supervise", "--directory"]);
    command.arg(directory(env)).args(words);
    command.stdin(Stdio::from(theirs)).stderr(Stdio::null());
    // Its first process ends at once.
    assert!(command.status().unwrap().success());
    match link.recv(Some(DEADLINE)).unwrap() {
        FromTunnel::Ready {
            config,
            management,
            control,
        } => Waiting {
            link,
            config,
            management,
            control,
        },
        other => panic!("{other:?}"),
    }
}

impl Waiting {
    fn pid(&self) -> Pid {
        let mut asking = SupervisorConnection::connect(&self.control)
            .unwrap()
            .unwrap();
        asking.send(&ToTunnel::Status).unwrap();
        match asking.recv(Some(DEADLINE)).unwrap() {
            FromTunnel::Status(status) => Pid::from_raw(status.pid.try_into().unwrap()),
            other => panic!("{other:?}"),
        }
    }

    /// Checks that all files that openvpn and others need are there.
    fn assert_whole(&self) {
        let is = |path: &Path, kind: fn(&fs::FileType) -> bool| {
            fs::symlink_metadata(path).is_ok_and(|data| kind(&data.file_type()))
        };
        assert!(is(&self.config, FileTypeExt::is_fifo), "{:?}", self.config);
        for socket in [&self.management, &self.control] {
            assert!(is(socket, FileTypeExt::is_socket), "{socket:?}");
        }
        self.pid();
    }

    fn kill(&self) {
        kill(self.pid(), Signal::SIGKILL).unwrap();
        eventually("the supervisor does not listen any more", || {
            matches!(SupervisorConnection::connect(&self.control), Ok(None))
        });
    }
}

/// Runs several cleanups in a loop while `work` runs.
fn among_cleanups(directory: &Path, work: impl FnOnce()) {
    struct Over<'a>(&'a AtomicBool);
    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    clean_up(directory);
                    std::thread::sleep(Duration::from_micros(20));
                }
            });
        }
        let _over = Over(&over);
        work();
    });
}

fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).unwrap().next().is_none()
}

#[test]
fn cleanup_leaves_the_files_of_a_new_supervisor() {
    let env = TestEnv::new();
    let directory = directory(&env);
    among_cleanups(&directory, || {
        for _ in 0..40 {
            let one = start(&env, &["--private"]);
            one.assert_whole();
        }
    });
    eventually("all are gone", || is_empty(&directory));
}

#[test]
fn supervisor_starts_during_concurrent_cleanups() {
    let env = TestEnv::new();
    let directory = directory(&env);
    among_cleanups(&directory, || {
        for _ in 0..20 {
            let before = start(&env, &[]);
            before.kill();
            // The concurrent commands clean up too.
            let next = start(&env, &[]);
            next.assert_whole();
            assert!(!before.config.exists());
            next.kill();
        }
    });
    eventually("all is gone", || is_empty(&directory));
}

#[test]
fn second_supervisor_is_refused_and_first_keeps_its_files() {
    let env = TestEnv::new();
    let first = start(&env, &[]);
    let (mut link, theirs) = SupervisorConnection::pair().unwrap();
    let mut command = env.ob(["vpn", "supervise", "--directory"]);
    command.arg(directory(&env)).stdin(Stdio::from(theirs));
    command.stderr(Stdio::null()).status().unwrap();
    let FromTunnel::Failed(report) = link.recv(Some(DEADLINE)).unwrap() else {
        panic!("there are two");
    };
    assert_eq!(report.name(), "vpn.already_up");
    clean_up(&directory(&env));
    first.assert_whole();
}

/// Reads the configuration as openvpn does, already waiting for a writer, and returns what it read.
fn reader(config: &Path) -> Receiver<Vec<u8>> {
    let (begin, begun) = channel();
    let (sender, receiver) = channel();
    let config = config.to_owned();
    std::thread::spawn(move || {
        let _ = begin.send(gettid());
        let mut read = Vec::new();
        let _ = File::open(config).and_then(|mut pipe| pipe.read_to_end(&mut read));
        let _ = sender.send(read);
    });
    let stat = format!("/proc/self/task/{}/stat", begun.recv().unwrap());
    eventually("it waits", || {
        fs::read_to_string(&stat).unwrap().contains(") S ")
    });
    receiver
}

#[test]
fn openvpn_waiting_for_its_profile_ends_with_the_supervisor() {
    let env = TestEnv::new();
    for ending in ["left", "killed", "killed with its reaper"] {
        let waiting = start(&env, &[]);
        let read = reader(&waiting.config);
        match ending {
            "left" => drop(waiting.link),
            "killed" => waiting.kill(),
            _ => {
                let pid = waiting.pid();
                kill(pid, Signal::SIGSTOP).unwrap();
                kill(reaper(&env), Signal::SIGKILL).unwrap();
                kill(pid, Signal::SIGKILL).unwrap();
                eventually("nobody listens", || {
                    matches!(SupervisorConnection::connect(&waiting.control), Ok(None))
                });
                // A command that looks at the tunnel cleans up.
                eventually("it is cleaned up", || {
                    run(&mut env.ob(["vpn", "down"]), "").status.success()
                        && is_empty(&directory(&env))
                });
            }
        }
        let read = read.recv_timeout(DEADLINE);
        assert_eq!(read.as_deref(), Ok(&b""[..]), "{ending}: it still waits");
        let control = control_socket(&directory(&env));
        eventually("its names are gone", || !control.exists());
    }
}

fn reaper(env: &TestEnv) -> Pid {
    let directory = directory(env).display().to_string();
    let of = |pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.starts_with("ob vpn keep --") && line.contains(&directory)
    };
    let pids = fs::read_dir("/proc").unwrap();
    let mut pids = pids.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    Pid::from_raw(pids.find(of).unwrap())
}
