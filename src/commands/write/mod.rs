//! `ob write`: the one verb that writes keys to a file, because it is asked to. For programs that read nothing
//! but `~/.aws/credentials`.

mod link;
mod round;
mod watch;

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use crate::aws::{CredentialsFile, ForeignSection, NameTemplate};
use crate::aws_files::{self, Kind};
use crate::client::Context;
use crate::client::{as_warning, unreadable};
use crate::commands::args::{LimitArgs, MenuArgs, SignInArgs};
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;
use crate::terminal::in_one_piece;

use round::Round;

/// Write credentials to ~/.aws/credentials, for programs that read nothing else
///
/// This is the one command that puts secrets in a file. Only its own sections change; `--clean` takes them out.
/// `ob config aws` does the same without any secret on disk, wherever a program knows `credential_process`.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {
    /// A profile of the settings; may be given again
    #[arg(short, long, value_name = "PROFILE", conflicts_with_all = ["role", "all"])]
    pub profile: Vec<String>,
    /// A role: its ARN, ACCOUNT/ROLE, its name, or a glob that matches one; may be given again
    #[arg(short, long, value_name = "ROLE", conflicts_with = "all")]
    pub role: Vec<String>,
    /// Every role of every app
    #[arg(long, conflicts_with = "choose")]
    pub all: bool,
    /// AWS region for STS
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// How long the credentials should last, 15m to 12h
    #[arg(long, value_name = "TIME")]
    pub duration: Option<String>,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub menu: MenuArgs,
    /// The file, instead of AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// How sections are called, made of {alias} {account} {role} {path} {profile}; else the profile, or {alias}-{role}
    #[arg(long, value_name = "TEMPLATE")]
    pub name_template: Option<String>,
    /// Replace sections of these names that ob has not written
    #[arg(long)]
    pub replace: bool,
    /// aws_security_token, too, for old programs
    #[arg(long)]
    pub legacy: bool,
    /// Also write the roles it hands on to, as role_arn and source_profile in ~/.aws/config: those of `chain`, else those
    /// its policies name
    #[arg(long, conflicts_with = "all")]
    pub link: bool,
    /// Stay, and renew 10 minutes before they expire
    #[arg(long)]
    pub watch: bool,
    /// Take out everything that ob has written
    #[arg(long, conflicts_with_all = ["profile", "role", "all", "region", "duration", "read_only", "policy_arn", "name_template", "replace", "legacy", "link", "watch", "choose"])]
    pub clean: bool,
    #[command(flatten)]
    pub sign_in: SignInArgs,
}

/// # Errors
/// When there are no credentials, or the file cannot be written; then it is as it was.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let path = match &args.file {
        Some(file) => file.clone(),
        None => Kind::Credentials.path(&context.environment)?,
    };
    if args.clean {
        return clean(path, context);
    }
    let template = args
        .name_template
        .as_deref()
        .map(NameTemplate::parse)
        .transpose()?;
    aws_files::check(&path)?;
    let config = match args.link {
        true => Some(link::ready(context)?),
        false => None,
    };
    for path in [Some(&path), config.as_ref()].into_iter().flatten() {
        // Other programs pass over such lines. A script is told in the answer.
        if let Some(report) = unreadable(path)?.filter(|_| !context.globals.json) {
            context.voice.report(&report);
        }
    }
    let plan = round::Plan {
        args,
        context,
        template: template.as_ref(),
        path: &path,
        config: config.as_deref(),
        chosen: RefCell::default(),
        theirs: if args.replace {
            ForeignSection::Replace
        } else {
            ForeignSection::Refuse
        },
    };
    if args.watch {
        return watch::run(&plan);
    }
    let round = plan.run(None)?;
    say(&plan, &round, None)?;
    round.refusal().map_or(Ok(ExitCode::SUCCESS), Err)
}

fn clean(path: PathBuf, context: &Context) -> Result<ExitCode, Report> {
    // First of all: there may be keys in them that are in no file any more.
    let mut leftovers = aws_files::remove_leftovers(&path)?;
    let cleaned = RefCell::new(Vec::new());
    if path.symlink_metadata().is_ok() {
        in_one_piece(|| {
            aws_files::edit(&path, Kind::Credentials, |text| {
                let mut file = CredentialsFile::parse(text);
                cleaned.replace(file.clean());
                Ok(file.to_string())
            })
        })?;
    }
    let names = cleaned.into_inner();
    // The keys are the half that matters: what is wrong with the other file does not keep them there.
    let links = link::clean(context, &mut leftovers).map_err(|report| match names.is_empty() {
        true => report,
        false => report.hint(format!(
            "the keys are gone all the same: took {} out of {}",
            listed(&names),
            path.display()
        )),
    })?;
    if context.globals.json {
        context.voice.data_json(
            json!({ "file": path, "removed": names, "unlinked": links, "leftovers": leftovers }),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let say = |text: String| context.voice.say(&text);
    for leftover in &leftovers {
        say(format!(
            "ob: removed {}, which a write that was cut short had left",
            leftover.display()
        ));
    }
    if !names.is_empty() {
        say(format!(
            "ob: took {} out of {}",
            listed(&names),
            path.display()
        ));
    }
    if !links.is_empty() {
        say(format!(
            "ob: took {} out of the AWS config file",
            listed(&links)
        ));
    }
    if names.is_empty() && links.is_empty() && leftovers.is_empty() {
        say(format!(
            "ob: there was nothing of ob's in {}",
            path.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// What was written, and when it will be again.
fn say(
    plan: &round::Plan<'_>,
    round: &Round,
    next: Option<crate::model::Timestamp>,
) -> Result<(), Report> {
    if plan.context.globals.json {
        let written = round.written.iter().map(|written| {
            json!({
                "section": written.section,
                "role": written.role.to_string(),
                "expires_at": written.expires_at.to_string(),
            })
        });
        let refused = round.refused.iter().map(|(role, report)| {
            json!({ "role": role, "error": report.name(), "summary": report.summary, "causes": report.causes })
        });
        let linked = round.links.iter().map(|link| {
            json!({ "profile": link.name, "role": link.role.to_string(), "source_profile": link.source })
        });
        let mut answer = json!({
            "file": plan.path,
            "written": written.collect::<Vec<_>>(),
            "linked": linked.collect::<Vec<_>>(),
            "refused": refused.collect::<Vec<_>>(),
            "renews_at": next.map(|time| time.to_string()),
        });
        if let Some(report) = unreadable(plan.path)? {
            answer["warning"] = as_warning(&report);
        }
        plan.context.voice.data_json(answer)?;
        return Ok(());
    }
    let names: Vec<String> = round
        .written
        .iter()
        .map(|written| written.section.clone())
        .collect();
    let mut text = format!("ob: wrote {} to {}", listed(&names), plan.path.display());
    if let Some(end) = round.first_expiry() {
        text += &format!(", good until {}", plan.context.format_time(end));
    }
    if let Some(next) = next {
        text += &format!("; renewing at {}", plan.context.format_time(next));
    }
    plan.context.voice.say(&text);
    for link in &round.links {
        plan.context.voice.say(&format!(
            "ob: linked [profile {}] to {}, from [{}]",
            link.name, link.role, link.source
        ));
    }
    Ok(())
}

fn listed(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let mut text: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("[{}]", escape(name)))
        .collect();
    if names.len() > SHOWN {
        text.push(format!("{} more", names.len() - SHOWN));
    }
    text.join(", ")
}

/// Refused roles beside written ones.
fn some_refused(refused: &[(String, Report)], written: usize) -> Option<Report> {
    let (role, first) = refused.first()?;
    let mut report = Report::new(
        ErrorCode::WriteRefused,
        format!("wrote {written} of {} roles", written + refused.len()),
    )
    .cause(format!(
        "{role}: {}",
        first.causes.first().unwrap_or(&first.summary)
    ));
    if refused.len() > 1 {
        report = report.cause(format!(
            "and {} more; `--json` lists them",
            refused.len() - 1
        ));
    }
    Some(report.hint("`ob roles` shows the roles; `ob write -r ROLE` says all about one of them"))
}
