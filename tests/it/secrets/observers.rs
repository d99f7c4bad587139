//! Observers of output, of files, and of processes while they run.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::needles::Needles;
use crate::support::{Finished, TestEnv};

/// Secrets found where they do not belong: observer, location and kind.
pub(super) type Sightings = Vec<String>;

fn find_secrets(
    observer: &str,
    place: impl std::fmt::Display,
    needles: &Needles,
    bytes: &[u8],
) -> Sightings {
    let hits = needles.in_bytes(bytes);
    hits.iter()
        .map(|hit| format!("{observer}: {place}: {} as {}", hit.kind, hit.encoding))
        .collect()
}

/// Searches standard output and standard error.
pub(super) fn outputs(ended: &Finished, needles: &Needles) -> Sightings {
    let mut seen = find_secrets("output", "stdout", needles, ended.stdout.as_bytes());
    seen.extend(find_secrets(
        "output",
        "stderr",
        needles,
        ended.stderr.as_bytes(),
    ));
    seen
}

/// Searches the text of a terminal.
pub(super) fn screen(text: &str, needles: &Needles) -> Sightings {
    find_secrets("terminal", "screen", needles, text.as_bytes())
}

/// Searches every file below `root`: its name, the target of a link, its content.
pub(super) fn files(root: &Path, needles: &Needles) -> Sightings {
    let mut seen = Vec::new();
    let mut left = vec![root.to_owned()];
    while let Some(path) = left.pop() {
        let name = path.display().to_string();
        seen.extend(find_secrets("files", "name", needles, name.as_bytes()));
        let Ok(kind) = fs::symlink_metadata(&path).map(|found| found.file_type()) else {
            continue;
        };
        if kind.is_symlink() {
            let target = fs::read_link(&path).unwrap();
            seen.extend(find_secrets(
                "files",
                &name,
                needles,
                target.as_os_str().as_bytes(),
            ));
        } else if kind.is_dir() {
            left.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .flatten()
                    .map(|entry| entry.path()),
            );
        } else if kind.is_file() {
            seen.extend(find_secrets(
                "files",
                &name,
                needles,
                &fs::read(&path).unwrap(),
            ));
        }
    }
    seen
}

/// Polls all processes while a scenario runs: the arguments of all, and the environments of agents
/// and clients. A command that a client became may have credentials in its environment.
pub(super) struct Watcher {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Seen>,
}

#[derive(Default)]
struct Seen {
    arguments: BTreeSet<Vec<u8>>,
    environments: BTreeSet<Vec<u8>>,
}

impl Watcher {
    pub(super) fn new() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stop_flag = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut seen = Seen::default();
            // Polls once more after the end, so that every process that still runs is seen.
            loop {
                let stop = stop_flag.load(Ordering::Relaxed);
                seen.look();
                if stop {
                    return seen;
                }
                thread::sleep(Duration::from_millis(1));
            }
        });
        Self { stop, thread }
    }

    pub(super) fn end(self, needles: &Needles) -> Sightings {
        self.stop.store(true, Ordering::Relaxed);
        let Seen {
            arguments,
            environments,
        } = self.thread.join().unwrap();
        assert!(!environments.is_empty(), "the watcher saw nothing");
        let mut seen = Vec::new();
        for words in arguments {
            seen.extend(find_secrets(
                "arguments",
                String::from_utf8_lossy(&words),
                needles,
                &words,
            ));
        }
        for variables in environments {
            seen.extend(find_secrets("environment", "of ob", needles, &variables));
        }
        seen
    }
}

impl Seen {
    fn look(&mut self) {
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let process: PathBuf = entry.path();
            let Ok(words) = fs::read(process.join("cmdline")) else {
                continue;
            };
            let is_ob = || {
                let exe = fs::read_link(process.join("exe"));
                exe.is_ok_and(|exe| exe.ends_with("debug/ob") || exe.ends_with("debug/ob-agent"))
            };
            if is_ob() {
                let variables = fs::read(process.join("environ")).unwrap_or_default();
                // The process may have executed another program since.
                if is_ob() {
                    self.environments.insert(variables);
                }
            }
            self.arguments.insert(words);
        }
    }
}

/// Searches the whole environment.
pub(super) fn machine(env: &TestEnv, needles: &Needles) -> Sightings {
    files(&env.path(""), needles)
}
