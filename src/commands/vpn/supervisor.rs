//! Starts a supervisor and sends it its orders.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::find::supervisor_gone;
use super::resolve::Resolved;
use crate::client::{Context, find_agent, unexpected_reply};
use crate::link::{LinkError, SupervisorConnection};
use crate::model::DnsScope;
use crate::paths;
use crate::process;
use crate::report::Report;
use crate::sanitize::escape;
use crate::wire::{Begin, FromTunnel, IssuedProfile, ToTunnel};

/// The supervisor gets ready without network and without the user.
const READY_TIMEOUT: Duration = Duration::from_secs(10);

/// A supervisor that was started and waits for its orders, and the paths at which it listens.
pub(super) struct Supervisor {
    pub(super) link: SupervisorConnection,
    pub(super) config: PathBuf,
    pub(super) management: PathBuf,
    pub(super) control: PathBuf,
}

impl Supervisor {
    pub(super) fn start(context: &Context, private: bool) -> Result<Self, Report> {
        // The supervisor uses the same agent as this process.
        let directory = match find_agent(context)? {
            Some(agent) if !context.globals.no_agent => agent.directory,
            _ => paths::runtime_dir(&context.environment)?.path().to_owned(),
        };
        let (mut link, theirs) = SupervisorConnection::pair()?;
        let mut words: Vec<OsString> = ["vpn", "supervise", "--directory"].map(Into::into).into();
        words.push(directory.into());
        if private {
            words.push("--private".into());
        }
        let kept = ["HOME", "LANG", "TZ"].into_iter().filter_map(|name| {
            let value = context.environment.raw(name)?;
            Some((OsString::from(name), value.to_owned()))
        });
        let mut child = process::spawn_self(words, theirs, kept)
            .and_then(|mut child| child.wait().map(|_| child))
            .map_err(LinkError::from)?;
        let _ = child.try_wait();
        let ready = link
            .recv(Some(READY_TIMEOUT))
            .map_err(|error| match error {
                error if error.is_gone() => supervisor_gone(),
                error => error.into(),
            })?;
        match ready {
            FromTunnel::Ready {
                config,
                management,
                control,
            } => Ok(Self {
                link,
                config,
                management,
                control,
            }),
            FromTunnel::Failed(report) => Err(report),
            _ => Err(unexpected_reply()),
        }
    }

    /// Sends the orders. Name servers are set where `dns` is given, with the scope that the user
    /// chose.
    pub(super) fn begin(
        &mut self,
        context: &Context,
        resolved: &Resolved,
        profile: IssuedProfile,
        dns: Option<Option<DnsScope>>,
    ) -> Result<(), Report> {
        let username = profile
            .username
            .or_else(|| resolved.org.username.clone())
            .unwrap_or_default();
        let begin = Begin {
            profile: profile.text.ok_or_else(unexpected_reply)?,
            username,
            token: profile.token,
            target: resolved.target.clone(),
            has_agent: !context.globals.no_agent,
            sets_dns: dns.is_some(),
            dns_scope: dns.flatten(),
        };
        Ok(self.link.send(&ToTunnel::Begin(Box::new(begin)))?)
    }
}

/// Prints what openvpn logs, in a thread that ends with the tunnel.
pub(super) fn print_log(context: &Context, supervisor: &Supervisor) -> Result<(), Report> {
    let Some(mut log) = SupervisorConnection::connect(&supervisor.control)? else {
        return Ok(());
    };
    log.send(&ToTunnel::Logs { follow: true })?;
    let output = context.output;
    std::thread::spawn(move || {
        while let Ok(message) = log.recv(None) {
            if let FromTunnel::Log(line) = message
                && !line.starts_with("ob: ")
            {
                output.message(&format!("openvpn: {}\n", escape(&line)));
            }
        }
    });
    Ok(())
}
