//! `ob-vpn-root`, the program that does as root what `ob vpn` cannot do as the user. An
//! administrator installs it.
//!
//! One rule of sudo or doas without a wildcard lets a user run it. It takes no arguments. Its
//! standard input is one JSON [`Request`] with addresses, host names, one of ten devices and the
//! path of a directory. sudo may record it, so it holds no secret. From it the program
//!
//! - starts openvpn. It reads the profile from a named pipe in the caller's directory by the
//!   agent's allow-list, and gives openvpn its own text of it. All of openvpn's arguments are
//!   chosen here. openvpn runs as the caller with only `CAP_NET_ADMIN`, and has no configuration
//!   file that could be replaced;
//! - sets and reverts the name servers of a tunnel that belongs to the caller.
//!
//! Everything else is refused by name ([`Refusal`]). The caller's paths are opened with the
//! caller's rights.

mod ask;
mod caller;
mod device;
mod files;
mod openvpn_program;
mod refusal;
mod request;
mod resolver;
mod servers;
mod start;
#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::process::ExitCode;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
use nix::sys::stat::{Mode, umask};

use crate::process;

pub use ask::{
    PLACES, ProbeError, ask, ask_if_installed, find, find_elevator, input,
    is_allowed_without_password,
};
pub use openvpn_program::OpenVpn;
pub use refusal::Refusal;
pub use request::{Action, PROTOCOL, Request, StartTunnel};
pub use resolver::{DnsConfig, NoSplitDns, Resolver, Step};

use caller::Caller;
use request::MAX_REQUEST_BYTES;

/// The caller has its request ready before it starts this program.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs the program.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        // The location only: the payload may hold a part of a profile.
        let location = panic.location().map(ToString::to_string);
        print_error(&Refusal::new("panic", location.unwrap_or_default()));
    }));
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            print_error(&refusal);
            ExitCode::FAILURE
        }
    }
}

fn print_error(refusal: &Refusal) {
    let line = format!(
        "ob-vpn-root: {}\n",
        crate::sanitize::escape(&refusal.to_string())
    );
    let _ = std::io::stderr().write_all(line.as_bytes());
}

fn run() -> Result<(), Refusal> {
    if std::env::args_os().len() != 1 {
        return Err(Refusal::new("arguments", "this program takes none"));
    }
    let caller = Caller::find(|name| std::env::var_os(name))?;
    prepare_process()?;
    check_own_path()?;
    #[expect(
        clippy::disallowed_methods,
        reason = "for the descriptor: it is read unbuffered and holds no secret"
    )]
    let input = std::io::stdin();
    let bytes = files::read_bounded(&input.as_fd(), MAX_REQUEST_BYTES, REQUEST_TIMEOUT)
        .map_err(|error| Refusal::new("request.read", error))?;
    match Request::parse(&bytes)? {
        Action::Probe => print_protocol(),
        Action::Start(start) => start::start(&start, &caller),
        Action::SetDns(config) => {
            config.check_limits()?;
            device::check_is_of(config.device, &caller)?;
            let steps = Resolver::find().ok_or_else(no_resolver)?.apply(&config);
            let steps = steps.map_err(|error| Refusal::new("dns.scope", error))?;
            steps.iter().try_for_each(Step::run).map_err(dns_failed)
        }
        Action::RevertDns(device) => {
            device::check_is_not_of_another_user(device, &caller)?;
            let resolver = Resolver::find().ok_or_else(no_resolver)?;
            resolver.revert(device).run().map_err(dns_failed)
        }
    }
}

fn no_resolver() -> Refusal {
    Refusal::new("dns.resolver", resolver::NO_RESOLVER)
}

fn dns_failed(why: String) -> Refusal {
    Refusal::new("dns.failed", why)
}

/// The least of each limit, so that no file is half written and no program ends early.
const MIN_LIMITS: &[(Resource, rlim_t)] = &[
    (Resource::RLIMIT_FSIZE, 16 << 20),
    (Resource::RLIMIT_DATA, 256 << 20),
    (Resource::RLIMIT_STACK, 1 << 20),
    (Resource::RLIMIT_CPU, 60),
    (Resource::RLIMIT_NOFILE, 64),
    #[cfg(target_os = "linux")]
    (Resource::RLIMIT_AS, 512 << 20),
    #[cfg(target_os = "linux")]
    (Resource::RLIMIT_NPROC, 64),
];

/// Resets what the caller set for its process: limits, umask, working directory.
fn prepare_process() -> Result<(), Refusal> {
    let refused = |error: &dyn Display| Refusal::new("process", error);
    process::harden_agent().map_err(|report| refused(&report.summary))?;
    // Local resolvers (dnsmasq, unbound, named) read resolvconf's files without being root.
    umask(Mode::from_bits_truncate(0o022));
    for (resource, least) in MIN_LIMITS {
        let (soft, hard) = getrlimit(*resource).map_err(|error| refused(&error))?;
        if soft >= *least {
            continue;
        }
        // Root of a container may not raise a hard limit that the caller lowered.
        setrlimit(*resource, *least, hard.max(*least))
            .map_err(|_| refused(&format!("the caller's limit {resource:?} is too low")))?;
    }
    nix::unistd::chdir("/").map_err(|error| refused(&error))
}

/// Checks that other users cannot replace this program, whose code would run as root.
fn check_own_path() -> Result<(), Refusal> {
    let path = std::env::current_exe().map_err(|error| Refusal::new("installation", error))?;
    process::TrustedProgram::at(&path)
        .map(drop)
        .map_err(|error| Refusal::new("installation", error))
}

fn print_protocol() -> Result<(), Refusal> {
    std::io::stdout()
        .write_all(format!("{PROTOCOL}\n").as_bytes())
        .map_err(|error| Refusal::new("answer", error))
}
