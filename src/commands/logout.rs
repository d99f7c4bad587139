//! `ob logout`: wipes what the agent holds, then ends the Okta session at the server.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::aws::CredentialsFile;
use crate::aws_files::{Kind, read};
use crate::client::Context;
use crate::client::ask_all_running_agents;
use crate::client::clear_expiry_files;
use crate::client::unexpected_reply;
use crate::client::{ca_certificates, environment_route, route, unusable_route};
use crate::clock::Clock;
use crate::model::Timestamp;
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;
use crate::wire::{Reply, Request, SignOutScope};

const MAX_SECTIONS_SHOWN: usize = 8;

/// Wipe every credential and end the Okta session
///
/// AWS keys that were handed out before (to a command, a shell, a file) stay valid until they
/// expire: AWS has no call that takes them back. It is said until when, as far as this agent knows:
/// one that was started anew knows of none. Keys that `ob write` put into the credentials file stay
/// there until `ob write --clean`; they are named. For all who use a role, an administrator can
/// (IAM, "Revoke active sessions").
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {}

/// Runs `ob logout`.
///
/// # Errors
/// When the server cannot be reached (everything is wiped all the same), or the agent cannot.
pub fn run(_: &Args, context: &Context) -> Result<ExitCode, Report> {
    let org = match &context.globals.org {
        None => None,
        Some(_) => {
            let org = context
                .settings()?
                .resolve_org(&context.flags(), &context.environment)?;
            Some(org.org.origin().to_owned())
        }
    };
    let (mut sessions, mut unreachable, mut keys_until) = (0, None, None);
    for reply in sign_out(context, org.as_deref())? {
        let Reply::SignedOut {
            sessions: ended,
            server_unreachable,
            keys_until: until,
        } = reply
        else {
            return Err(unexpected_reply());
        };
        sessions += ended;
        unreachable = unreachable.or(server_unreachable);
        keys_until = keys_until.max(until);
    }
    clear_expiry_files(context, org.as_deref());
    let still = keys_until.map(|until| {
        let until = context.format_time(until);
        format!("AWS keys that were handed out stay valid until {until}: AWS takes none back")
    });
    let keys_until = keys_until.map(|until| until.to_string());
    let written = written_keys(context);
    let written_text = written.as_ref().map(|written| written.text(context));
    if let Some(why) = unreachable {
        let report = Report::new(ErrorCode::LogoutServer,
            "signed out here, not at Okta",
        )
        .cause(why)
        .hint(
            "everything is wiped on this machine; the Okta session ends by itself, or sign out in \
                 the browser",
        );
        let report = report.field("keys_valid_until", keys_until);
        let hints = still.into_iter().chain(written_text);
        return Err(hints.fold(report, Report::hint));
    }
    if context.globals.json {
        let mut answer = json!({ "sessions": sessions, "keys_valid_until": keys_until });
        if let Some(written) = written {
            answer["written"] = written.as_json();
        }
        context.output.data_json(answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    context.output.message(match sessions {
        0 => "ob: nobody was signed in",
        _ => "ob: signed out",
    });
    for text in still.into_iter().chain(written_text) {
        context.output.message(&format!("ob: {text}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Keys that `ob write` has put into the credentials file and that are still valid.
struct WrittenKeys {
    path: PathBuf,
    sections: Vec<(String, Timestamp)>,
}

impl WrittenKeys {
    fn text(&self, context: &Context) -> String {
        let mut sections: Vec<String> = self
            .sections
            .iter()
            .take(MAX_SECTIONS_SHOWN)
            .map(|(name, until)| {
                format!("[{}] until {}", escape(name), context.format_time(*until))
            })
            .collect();
        if self.sections.len() > MAX_SECTIONS_SHOWN {
            sections.push(format!("{} more", self.sections.len() - MAX_SECTIONS_SHOWN));
        }
        format!(
            "{} still has keys that `ob write` put there: {}; `ob write --clean` takes them out",
            self.path.display(),
            sections.join(", ")
        )
    }

    fn as_json(&self) -> Value {
        let sections = self.sections.iter();
        sections
            .map(|(name, until)| {
                json!({ "file": self.path, "section": name, "expires_at": until.to_string() })
            })
            .collect()
    }
}

/// Returns the keys in the credentials file, or `None` if there are none or it cannot be read.
fn written_keys(context: &Context) -> Option<WrittenKeys> {
    let path = Kind::Credentials.path(&context.environment).ok()?;
    let text = Zeroizing::new(read(&path).ok()?);
    let sections = CredentialsFile::parse(&text).unexpired(Clock::system().now());
    (!sections.is_empty()).then_some(WrittenKeys { path, sections })
}

/// Has every agent sign out over the network settings of now: those of the sign-in may no longer
/// work.
///
/// # Errors
/// When the agent cannot be asked.
fn sign_out(context: &Context, org: Option<&str>) -> Result<Vec<Reply>, Report> {
    // Unusable settings do not prevent a sign-out.
    let orgs = context
        .settings()
        .and_then(|settings| settings.orgs(&context.environment))
        .unwrap_or_default();
    // With an unusable proxy nothing is sent, and the reply names it.
    let otherwise = environment_route(context).unwrap_or_else(|_| unusable_route());
    let routes: Vec<_> = orgs
        .iter()
        .map(|org| (org.org.origin().to_owned(), route(org)))
        .filter(|(_, route)| *route != otherwise)
        .collect();
    let request = || Request::SignOut {
        scope: org.map_or(SignOutScope::Everything, |org| {
            SignOutScope::Org(org.to_owned())
        }),
        routes: routes.iter().cloned().collect(),
    };
    let certificates = |origin: Option<&str>| {
        let org = orgs.iter().find(|org| Some(org.org.origin()) == origin)?;
        ca_certificates(org, &context.environment).ok()
    };
    ask_all_running_agents(context, request, &otherwise, &certificates)
}
