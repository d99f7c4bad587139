//! A tunnel from end to end on one machine: everything happens in a network namespace of its own,
//! which anybody may make, so that nothing of this machine's network changes.

use std::ffi::OsString;
use std::io;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use ob_sandbox::{OpenVpn, Options, Sandbox};

use super::home::Home;
use super::verbs::{answering, answers, find_user};
use super::{failed, notice, ob};

/// Goes into a user, network and mount namespace and starts again there.
pub(super) fn enter(
    user: &str,
    program: Option<PathBuf>,
    command: &[OsString],
) -> io::Result<ExitCode> {
    let program = ob::find(program)?;
    let status = Command::new("unshare")
        .args(["-Urnm", "--"])
        .arg(std::env::current_exe()?)
        .args(["vpn", "--inside", "--user", user, "--ob"])
        .arg(program)
        .arg("--")
        .args(command)
        .status()
        .map_err(|error| failed(format!("unshare (util-linux) is needed: {error}")))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}

/// The whole way: sign in, up, a ping or a command through the tunnel, down.
pub(super) fn inside(
    name: &str,
    program: Option<PathBuf>,
    command: &[OsString],
) -> io::Result<ExitCode> {
    let program = ob::find(program)?;
    let sandbox = Sandbox::launch(Options::default())?;
    let _server = sandbox.openvpn()?;
    let user = find_user(&sandbox, name)?;
    let factor = if user.has_totp() { "totp" } else { "push" };
    let home = Home::new(&sandbox, user, Some(factor), program)?;
    notice(&format!(
        "ob-sandbox: an Access Server at {}, an openvpn server behind it",
        sandbox.vpn_url()
    ));
    let mut up = home.ob();
    answers(up.args(["vpn", "up", "--detach", "--no-dns"]), user);
    let mut child = answering(&mut up, user)?;
    child.stdin.take();
    if !child.wait()?.success() {
        return Err(failed("the VPN did not come up".to_owned()));
    }
    let through = match command.split_first() {
        Some((program, arguments)) => {
            let mut through = Command::new(program);
            through.args(arguments).stdin(Stdio::null());
            home.furnish(&mut through);
            through.status().map(|status| status.success())
        }
        None => Ok(answers_behind()),
    };
    let down = home.ob().args(["vpn", "down"]).status()?;
    if !through? || !down.success() {
        return Err(failed("nothing came through the tunnel".to_owned()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether the host behind the server answers. Nothing listens on that port: its refusal is the
/// answer, and needs no `ping` to be installed.
fn answers_behind() -> bool {
    let asked = Instant::now();
    let there = format!("{}:9", OpenVpn::BEHIND);
    let Ok(address) = there.parse() else {
        return false;
    };
    let outcome = TcpStream::connect_timeout(&address, Duration::from_secs(5));
    let answered = outcome.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
    if answered {
        notice(&format!(
            "ob-sandbox: {} answers through the tunnel in {:.2} ms",
            OpenVpn::BEHIND,
            asked.elapsed().as_secs_f64() * 1000.0
        ));
    }
    answered
}
