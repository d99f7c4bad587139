//! External programs: moto's server, which stands in for AWS, and the programs of
//! `tests/consumers.txt`.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Returns the directory of the AWS programs that `tests/aws-tools` installs.
///
/// # Panics
/// When they are not installed: a test that needs them must not pass without them.
pub(crate) fn consumers() -> PathBuf {
    let venv = std::env::var_os("OB_TEST_VENV").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv"),
        PathBuf::from,
    );
    let programs = venv.join("bin");
    assert!(
        programs.join("aws").exists() && programs.join("moto_server").exists(),
        "there are no AWS programs in {}: run `tests/aws-tools`, \
                 or name their venv in OB_TEST_VENV",
        venv.display()
    );
    programs
}

/// A running moto server; it ends with the value.
pub(crate) struct Moto {
    server: Child,
    pub(crate) url: String,
}

impl Moto {
    /// Starts the server.
    ///
    /// # Panics
    /// When it is not installed or does not start.
    pub(crate) fn start() -> Self {
        let mut server = Command::new(consumers().join("moto_server"))
            .args(["-H", "127.0.0.1", "-p", "0"])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(server.stderr.take().unwrap()).lines();
        let url = stderr.find_map(|line| {
            let line = line.ok()?;
            let (_, url) = line.split_once("Running on ")?;
            Some(url.to_owned())
        });
        // Keeps reading: the server would block on a full pipe.
        std::thread::spawn(move || stderr.for_each(drop));
        let started = Self {
            server,
            url: url.unwrap_or_default(),
        };
        assert_ne!(started.url, "", "moto_server ended before it served");
        started
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
