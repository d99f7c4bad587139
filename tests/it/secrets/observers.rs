//! Those who look: at what was said, at files, at the processes while they run.

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

/// A secret where none belongs: who saw it, where, and which.
pub(super) type Sightings = Vec<String>;

fn sighted(
    observer: &str,
    place: impl std::fmt::Display,
    needles: &Needles,
    bytes: &[u8],
) -> Sightings {
    let hits = needles.in_bytes(bytes);
    hits.iter()
        .map(|hit| format!("{observer}: {place}: {} as {}", hit.kind, hit.disguise))
        .collect()
}

/// Standard output and standard error.
pub(super) fn outputs(ended: &Finished, needles: &Needles) -> Sightings {
    let mut seen = sighted("output", "stdout", needles, ended.stdout.as_bytes());
    seen.extend(sighted(
        "output",
        "stderr",
        needles,
        ended.stderr.as_bytes(),
    ));
    seen
}

/// What stood on a terminal.
pub(super) fn screen(text: &str, needles: &Needles) -> Sightings {
    sighted("terminal", "screen", needles, text.as_bytes())
}

/// Every file below `root`: its name, where a link leads, its content.
pub(super) fn files(root: &Path, needles: &Needles) -> Sightings {
    let mut seen = Vec::new();
    let mut left = vec![root.to_owned()];
    while let Some(path) = left.pop() {
        let name = path.display().to_string();
        seen.extend(sighted("files", "name", needles, name.as_bytes()));
        let Ok(kind) = fs::symlink_metadata(&path).map(|found| found.file_type()) else {
            continue;
        };
        if kind.is_symlink() {
            let target = fs::read_link(&path).unwrap();
            seen.extend(sighted(
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
            seen.extend(sighted("files", &name, needles, &fs::read(&path).unwrap()));
        }
    }
    seen
}

/// Looks at every process again and again while a scenario runs: all argument lists, and the environments
/// of agents and clients. What a client has become is the user's, and its environment the declared sink.
pub(super) struct Watcher {
    over: Arc<AtomicBool>,
    looking: JoinHandle<Seen>,
}

#[derive(Default)]
struct Seen {
    arguments: BTreeSet<Vec<u8>>,
    environments: BTreeSet<Vec<u8>>,
}

impl Watcher {
    pub(super) fn new() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&over);
        let looking = thread::spawn(move || {
            let mut seen = Seen::default();
            // Once more when it is over: whoever is there at the end has been looked at.
            loop {
                let over = until.load(Ordering::Relaxed);
                seen.look();
                if over {
                    return seen;
                }
                thread::sleep(Duration::from_millis(1));
            }
        });
        Self { over, looking }
    }

    pub(super) fn end(self, needles: &Needles) -> Sightings {
        self.over.store(true, Ordering::Relaxed);
        let Seen {
            arguments,
            environments,
        } = self.looking.join().unwrap();
        assert!(!environments.is_empty(), "the watcher saw nothing");
        let mut seen = Vec::new();
        for words in arguments {
            seen.extend(sighted(
                "arguments",
                String::from_utf8_lossy(&words),
                needles,
                &words,
            ));
        }
        for variables in environments {
            seen.extend(sighted("environment", "of ob", needles, &variables));
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
            let is_ob =
                || fs::read_link(process.join("exe")).is_ok_and(|exe| exe.ends_with("debug/ob"));
            if is_ob() {
                let variables = fs::read(process.join("environ")).unwrap_or_default();
                // It may have become something else meanwhile.
                if is_ob() {
                    self.environments.insert(variables);
                }
            }
            self.arguments.insert(words);
        }
    }
}

/// The whole throw-away machine.
pub(super) fn machine(env: &TestEnv, needles: &Needles) -> Sightings {
    files(&env.path(""), needles)
}
