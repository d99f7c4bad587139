//! A network namespace for one test.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ob_sandbox::{OpenVpn, Options, Sandbox};

use crate::support::{DEADLINE, Finished, TestEnv, eventually, run, text};

/// Set in the process that runs inside.
const INSIDE: &str = "OB_TEST_NETWORK";

/// Runs the test of this name again, alone, as root of a network namespace. Returns whether this is
/// the inner process. With `real_root` it is the machine's root.
pub(crate) fn entered(test: &str, real_root: bool) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    if real_root {
        assert!(
            nix::unistd::geteuid().is_root(),
            "this test changes its uid: run it as root (`sudo tests/run`)"
        );
    }
    let output = Command::new("unshare")
        .arg(if real_root { "-nm" } else { "-Urnm" })
        .args(["--kill-child", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .output()
        .expect("unshare is needed: `tests/run` installs it");
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
    if let Some(figures) = said.split("FIGURES").nth(1) {
        println!("{figures}");
    }
    false
}

/// A machine with a VPN.
pub(crate) struct Vpn {
    pub(crate) env: TestEnv,
    pub(crate) server: OpenVpn,
}

impl Vpn {
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        Self::of(TestEnv::with("bob", options))
    }

    pub(crate) fn of(env: TestEnv) -> Self {
        let settings = env.minimal_settings() + &vpn_settings(&env.sandbox);
        env.write_settings(&settings);
        let server = env.sandbox.openvpn().unwrap();
        let vpn = Self { env, server };
        vpn.env.sign_in();
        vpn
    }

    /// Runs `ob vpn` with these words.
    pub(crate) fn vpn(&self, words: &[&str]) -> Finished {
        run(self.env.ob(["vpn"]).args(words), "")
    }

    /// Brings the tunnel up in the background.
    pub(crate) fn up(&self, words: &[&str]) {
        let up = run(self.env.ob(["vpn", "up", "--detach"]).args(words), "");
        assert!(up.status.success(), "{}\n{}", &up.stderr, self.server.log());
        leads_through();
    }

    /// Returns processes whose command line names this machine's runtime directory and begins with
    /// `begins`.
    pub(crate) fn processes(&self, begins: &str) -> Vec<Pid> {
        let directory = self.env.path("run/ob").display().to_string();
        let lines = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            (line.starts_with(begins) && line.contains(&directory)).then(|| Pid::from_raw(pid))
        });
        lines.collect()
    }

    /// Waits for one process of [`Self::processes`]: a process has its parent's command line for a
    /// moment.
    pub(crate) fn process(&self, begins: &str) -> Pid {
        eventually(&format!("one {begins}"), || {
            self.processes(begins).len() == 1
        });
        self.processes(begins)[0]
    }

    pub(crate) fn supervisor(&self) -> Pid {
        self.process("ob vpn supervise")
    }

    pub(crate) fn openvpn(&self) -> Pid {
        self.process("/usr/sbin/openvpn")
    }

    /// Returns the process that outlives the supervisor.
    pub(crate) fn reaper(&self) -> Pid {
        self.process("ob vpn keep --")
    }

    pub(crate) fn signal(&self, process: Pid, signal: Signal) {
        kill(process, signal).unwrap();
    }

    pub(crate) fn status(&self) -> serde_json::Value {
        let status = self.vpn(&["status", "--json"]);
        serde_json::from_str(&status.stdout).unwrap_or_default()
    }

    /// Waits until the tunnel is in this phase.
    pub(crate) fn reaches(&self, phase: &str) {
        eventually(phase, || self.status()["phase"] == phase);
    }

    /// Waits until the connection was lost and is back. On a slow machine it may be lost more than
    /// once.
    pub(crate) fn is_back(&self) {
        eventually("the tunnel is back", || {
            let status = self.status();
            status["reconnections"].as_u64() > Some(0) && status["phase"] == "connected"
        });
    }

    /// Waits until no process has such a command line. Its files and devices may remain for a
    /// moment, which [`Self::is_gone`] waits for.
    pub(crate) fn ends(&self, begins: &str) {
        eventually(&format!("{begins} ends"), || {
            self.processes(begins).is_empty()
        });
    }

    /// Waits until no process, device, route, socket or file of the tunnel is left.
    pub(crate) fn is_gone(&self) {
        let until = Instant::now() + DEADLINE;
        loop {
            let mut rest = self.left();
            rest.extend(["ob vpn", "/usr/sbin/openvpn"].iter().flat_map(|begins| {
                let found = self.processes(begins).into_iter();
                found.map(move |pid| format!("{begins} {pid}"))
            }));
            // A process that is ending has lost its command line but not its device.
            let network = ip("addr") + &ip("route");
            let ours = network
                .lines()
                .filter(|line| line.contains("tun-ob0") || line.contains("10.77.0"));
            rest.extend(ours.map(str::to_owned));
            if rest.is_empty() {
                return;
            }
            assert!(Instant::now() < until, "left after {DEADLINE:?}: {rest:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Returns what is in the runtime directory besides the agent's files.
    pub(crate) fn left(&self) -> Vec<String> {
        fs::read_dir(self.env.path("run/ob"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "agent.sock" && name != "lock")
            .collect()
    }
}

/// An unprivileged user, on a machine whose tun device is open to all users.
pub(crate) fn unprivileged() -> Vpn {
    unprivileged_with(Options::default())
}

/// As above, with another sandbox.
pub(crate) fn unprivileged_with(options: Options) -> Vpn {
    for words in [
        "mount -t tmpfs tmpfs /dev/net",
        "mknod -m 666 /dev/net/tun c 10 200",
    ] {
        let mut words = words.split(' ');
        let status = Command::new(words.next().unwrap()).args(words).status();
        assert!(status.unwrap().success());
    }
    Vpn::of(TestEnv::unprivileged_with("bob", options))
}

/// Returns settings for the sandbox's VPN.
pub(crate) fn vpn_settings(sandbox: &Sandbox) -> String {
    let host = sandbox.vpn_url();
    format!(
        "\n[vpn]\nhost = \"{}\"\napp = \"{}\"\n",
        host.trim_start_matches("https://"),
        sandbox.vpn_app_url()
    )
}

/// Whether the network behind the VPN answers, by refusing a connection to a closed port.
pub(crate) fn through() -> bool {
    let there = format!("{}:9", OpenVpn::BEHIND).parse().unwrap();
    let refused = |error: std::io::Error| error.kind() == ErrorKind::ConnectionRefused;
    TcpStream::connect_timeout(&there, Duration::from_secs(10)).is_err_and(refused)
}

/// Waits until the network behind the VPN server answers.
pub(crate) fn leads_through() {
    eventually("the network behind the VPN answers", through);
}

pub(crate) fn ip(words: &str) -> String {
    let output = Command::new("ip").args(words.split(' ')).output().unwrap();
    text(&output.stdout).to_owned()
}
