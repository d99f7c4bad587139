//! Starts openvpn for a caller. All its arguments and its configuration are made here.

use std::io::{self, PipeReader, Write as _};
use std::path::Path;

use super::caller::Caller;
use super::openvpn_program::OpenVpn;
use super::refusal::Refusal;
use super::request::StartTunnel;
use super::{files, servers};
use crate::openvpn::argv::{Launch, Privilege, argv};
use crate::openvpn::policy::{Policy, Routes};
use crate::openvpn::profile::Profile;
use crate::process::{self, TrustedProgram};
use crate::report::Report;
use crate::secret::Secret;

/// Maximum size of a profile.
const MAX_PROFILE_BYTES: usize = 512 * 1024;
const MAX_ROUTES: usize = 1000;

/// Starts openvpn and returns when it is a process of its own.
pub(super) fn start(request: &StartTunnel, caller: &Caller) -> Result<(), Refusal> {
    let policy = policy(request)?;
    let openvpn = OpenVpn::find().map_err(|report| unusable(&report))?;
    let program = |name| TrustedProgram::find(name).map_err(|error| Refusal::new("program", error));
    let (setsid, setpriv) = (program("setsid")?, program("setpriv")?);
    let bytes =
        caller.assume(|| files::read_profile(&request.directory, caller.uid, MAX_PROFILE_BYTES))?;
    let profile = Profile::parse(&bytes).map_err(|error| Refusal::new("profile.refused", error))?;
    let profile = profile.apply_policy(&policy);
    servers::check(&profile)?;
    let device = request.device.to_string();
    let words = argv(
        &Launch {
            openvpn: openvpn.program.path(),
            version: openvpn.version,
            // Its standard input: there is no file to replace before openvpn reads it again.
            config: Path::new("stdin"),
            management: &request.directory.join("m"),
            user: Some(&caller.name),
            device: &device,
            asks_user_password: profile.asks_user_password(),
            policy: &policy,
        },
        &Privilege::Elevated {
            elevator: None,
            setsid: setsid.path().to_owned(),
            setpriv: setpriv.path().to_owned(),
            uid: caller.uid.as_raw(),
            gid: caller.gid.as_raw(),
        },
    );
    let failed = |error: io::Error| Refusal::new("openvpn.start", error);
    let input = filled_pipe(&profile.canonical()).map_err(failed)?;
    let mut started = process::start_with_input(&words, input.into()).map_err(failed)?;
    let status = started.wait().map_err(failed)?;
    if status.success() {
        Ok(())
    } else {
        Err(Refusal::new("openvpn.start", status))
    }
}

fn policy(request: &StartTunnel) -> Result<Policy, Refusal> {
    let routes = match &request.routes {
        None => Routes::AsOffered,
        Some(networks) if networks.len() > MAX_ROUTES => {
            return Err(Refusal::new("routes", format!("more than {MAX_ROUTES}")));
        }
        Some(networks) => {
            let networks = networks.iter().map(|network| network.parse());
            let networks = networks.collect::<Result<_, _>>();
            Routes::Only(networks.map_err(|error| Refusal::new("routes", error))?)
        }
    };
    Ok(Policy {
        routes,
        dns: request.dns,
        ..Policy::default()
    })
}

fn unusable(report: &Report) -> Refusal {
    let causes = report.causes.join(": ");
    Refusal::new("openvpn.program", format!("{}: {causes}", report.summary))
}

/// Returns a pipe that holds all of `text` and has no writer. Unlike a file, it is not swapped to a
/// disk.
fn filled_pipe(text: &Secret) -> io::Result<PipeReader> {
    let (reader, mut writer) = io::pipe()?;
    let text = text.expose().as_bytes();
    #[cfg(target_os = "linux")]
    let size = i32::try_from(text.len() + 1).map_err(io::Error::other)?;
    #[cfg(target_os = "linux")]
    nix::fcntl::fcntl(&writer, nix::fcntl::FcntlArg::F_SETPIPE_SZ(size))?;
    writer.write_all(text)?;
    Ok(reader)
}
