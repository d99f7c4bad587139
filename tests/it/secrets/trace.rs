//! The system calls of client and agent: programs executed, files opened for writing, data written.

use std::collections::BTreeSet;
use std::fs;

use super::needles::Needles;
use super::observers::Sightings;
use crate::support::{Finished, TestEnv, run};

/// The system calls that execute programs, create files, or write.
const CALLS: &str = "trace=execve,open,openat,creat,memfd_create,link,linkat,symlink,symlinkat,\
                     write,pwrite64,writev,pwritev,sendfile,copy_file_range,mknod,mknodat";

/// The system calls of a traced script.
pub(super) struct Trace {
    pub(super) ended: Finished,
    lines: Vec<Vec<u8>>,
}

/// Runs a shell script under strace, which includes agents that it starts; the script must end
/// them.
pub(super) fn traced(env: &TestEnv, script: &str, input: &str) -> Trace {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut command = env.command("strace");
    command
        .args([
            "-f",
            "-y",
            "-xx",
            "-s",
            "1000000",
            "-e",
            "signal=none",
            "-e",
        ])
        .arg(CALLS)
        .arg("-o")
        .arg(file.path())
        .args(["sh", "-c", script]);
    let ended = run(command, input);
    let text = fs::read(file.path()).unwrap();
    let lines = text.split(|byte| *byte == b'\n').map(decode).collect();
    Trace { ended, lines }
}

/// Decodes the `\xNN` of a line.
fn decode(line: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((&first, more)) = rest.split_first() {
        let hex = rest.strip_prefix(b"\\x").and_then(|hex| hex.get(..2));
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match byte {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest[4..];
            }
            None => {
                bytes.push(first);
                rest = more;
            }
        }
    }
    bytes
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}

/// Returns the path in `write(3</path>…`, if it is a file.
fn file_written(line: &str) -> Option<&str> {
    let (_, call) = line.split_once(' ')?;
    let call = call.trim_start();
    let writes = ["write(", "pwrite64(", "writev(", "pwritev("];
    writes.iter().find(|name| call.starts_with(*name))?;
    let path = call.split_once('<')?.1.split_once('>')?.0;
    (path.starts_with('/') && path != "/dev/null").then_some(path)
}

impl Trace {
    /// Returns the secrets in argument lists, also of short-lived processes.
    pub(super) fn executed(&self, needles: &Needles) -> Sightings {
        let executions = self
            .lines
            .iter()
            .filter(|line| text(line).contains("execve("));
        let mut seen = Vec::new();
        for line in executions {
            for hit in needles.in_bytes(line) {
                seen.push(format!("executed: {} as {}", hit.kind, hit.encoding));
            }
        }
        seen
    }

    /// Returns the secrets written into files, also into deleted ones.
    pub(super) fn written(&self, needles: &Needles) -> Sightings {
        let mut seen = Vec::new();
        for line in &self.lines {
            let words = text(line);
            let Some(path) = file_written(&words) else {
                continue;
            };
            for hit in needles.in_bytes(line) {
                seen.push(format!("written: {path}: {} as {}", hit.kind, hit.encoding));
            }
        }
        seen
    }

    /// Returns every path that was opened for writing, created, or linked by `ob`.
    pub(super) fn opened_for_writing(&self) -> BTreeSet<String> {
        let words = self.lines.iter().map(|line| text(line));
        let opens = words.filter(|line| {
            let made = [
                "creat(",
                "memfd_create(",
                "link(",
                "linkat(",
                "symlink(",
                "symlinkat(",
                "mknod",
            ];
            let call = line
                .split_once(' ')
                .map_or("", |(_, call)| call.trim_start());
            let opened = ["open(", "openat("]
                .iter()
                .any(|name| call.starts_with(name))
                && ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TMPFILE"]
                    .iter()
                    .any(|flag| call.contains(flag));
            opened || made.iter().any(|name| call.starts_with(name))
        });
        let path = |line: String| line.split('"').nth(1).unwrap_or(&line).to_owned();
        opens.map(path).collect()
    }

    /// Returns every path that was opened, with the directory that it is relative to.
    pub(super) fn opened(&self) -> BTreeSet<String> {
        let words = self.lines.iter().map(|line| text(line));
        let opens = words.filter(|line| line.contains("open(") || line.contains("openat("));
        let path = |line: String| {
            let name = line.split('"').nth(1).unwrap_or_default().to_owned();
            let base = line.split_once("AT_FDCWD<").map_or("", |(_, rest)| rest);
            let base = base.split('>').next().unwrap_or_default();
            if name.starts_with('/') {
                name
            } else {
                format!("{base}/{name}")
            }
        };
        opens.map(path).collect()
    }

    /// Returns the writes into the file of that name.
    pub(super) fn writes_into(&self, file: &str) -> Vec<String> {
        let lines = self.lines.iter().map(|line| text(line));
        let into = format!("<{file}");
        lines
            .filter(|line| {
                let call = line
                    .split_once(' ')
                    .map_or("", |(_, call)| call.trim_start());
                call.starts_with("write") && call.split(',').next().unwrap_or("").contains(&into)
            })
            .collect()
    }

    /// Number of lines: an empty trace proves nothing.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }
}
