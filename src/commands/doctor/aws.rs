//! Checks this shell's variables and the AWS files for what would make a program use other
//! credentials.

use zeroize::Zeroizing;

use super::finding::Finding;
use crate::aws::{
    CredentialSource, Sdk, block_programs, credential_source, has_section, without_block,
    without_links,
};
use crate::aws_files::{Kind, leftovers, login_sessions, read};
use crate::client::Context;
use crate::client::unreadable;
use crate::clock::Clock;
use crate::commands::env::{eval_command, running_dialect};
use crate::model::Timestamp;
use crate::report::Report;
use crate::sanitize::shell_word;

pub(super) fn look(context: &Context) -> Vec<Finding> {
    let mut found = variables(context);
    found.extend(left_over(context));
    found.extend(login_keys(context));
    found.extend(unreadable_files(context));
    match files(context) {
        Ok((config, credentials)) => {
            found.extend(of_files(context, &config, &credentials));
        }
        Err(report) => found.push(Finding::of("aws.files", &report)),
    }
    if found.is_empty() {
        found.push(Finding::good(
            "aws",
            "nothing in this shell or the AWS files is in the way",
        ));
    }
    found
}

/// Returns drafts of the files, which hold keys.
fn left_over(context: &Context) -> Vec<Finding> {
    let paths = [Kind::Credentials, Kind::Config].map(|kind| kind.path(&context.environment));
    let mut found: Vec<_> = paths
        .into_iter()
        .flatten()
        .flat_map(|path| leftovers(&path))
        .collect();
    found.sort();
    found.dedup();
    let finding = |path: std::path::PathBuf| {
        Finding::wrong(
            "aws.leftover",
            format!(
                "a write that was cut short has left {}, with keys in it",
                path.display()
            ),
            "the next `ob write` removes it; `ob write --clean` removes it and all else that ob \
             has written",
        )
    };
    found.into_iter().map(finding).collect()
}

/// Returns the keys of `aws login`, which the user's programs can read.
fn login_keys(context: &Context) -> Option<Finding> {
    let (directory, sessions) = login_sessions(&context.environment)?;
    let sessions = match sessions {
        1 => "a session".to_owned(),
        many => format!("{many} sessions"),
    };
    Some(Finding::note(
        "aws.login",
        format!(
            "{} holds the keys of {sessions} of `aws login`, in clear",
            directory.display()
        ),
        "`aws logout --all` removes them; `ob config explain` shows which program takes them",
    ))
}

/// Returns the lines that the aws CLI and boto3 cannot parse.
fn unreadable_files(context: &Context) -> Vec<Finding> {
    let paths = [Kind::Config, Kind::Credentials].map(|kind| kind.path(&context.environment));
    let stops = |path: std::path::PathBuf| unreadable(&path).ok().flatten();
    let reports = paths.into_iter().flatten().filter_map(stops);
    reports
        .map(|report| Finding::of("aws.unreadable", &report))
        .collect()
}

fn files(context: &Context) -> Result<(String, Zeroizing<String>), Report> {
    let config = read(&Kind::Config.path(&context.environment)?)?;
    let credentials = read(&Kind::Credentials.path(&context.environment)?)?;
    Ok((config, Zeroizing::new(credentials)))
}

fn variables(context: &Context) -> Vec<Finding> {
    let environment = &context.environment;
    let dialect = running_dialect(context);
    let mut found = Vec::new();
    if environment.raw("AWS_SECURITY_TOKEN").is_some()
        && environment.raw("AWS_SECURITY_TOKEN") != environment.raw("AWS_SESSION_TOKEN")
    {
        found.push(Finding::wrong(
            "aws.stale_token",
            "AWS_SECURITY_TOKEN is set: boto3 and the aws CLI take it before AWS_SESSION_TOKEN",
            "`unset AWS_SECURITY_TOKEN`",
        ));
    }
    let expiry = environment
        .text("AWS_CREDENTIAL_EXPIRATION")
        .and_then(Timestamp::from_rfc3339);
    if let Some(expiry) = expiry
        && expiry <= Clock::system().now()
    {
        found.push(Finding::wrong(
            "aws.expired",
            format!(
                "the keys in this shell expired at {}",
                context.format_time(expiry)
            ),
            format!(
                "`{}` renews them, `{}` takes them out",
                eval_command(dialect, ""),
                eval_command(dialect, " --unset")
            ),
        ));
    }
    let bearer = environment
        .iter()
        .filter_map(|(name, _)| name.to_str())
        .find(|name| name.starts_with("AWS_BEARER_TOKEN_"));
    if let Some(name) = bearer {
        found.push(Finding::note(
            "aws.bearer",
            format!(
                "{name} is set: a program signs that service's requests with it, whatever its \
                role is"
            ),
            format!(
                "`unset {}`; what `ob exec` starts does not have it",
                shell_word(name)
            ),
        ));
    }
    if credential_source(Sdk::Java, environment, "", "") == CredentialSource::JavaProperties {
        found.push(Finding::wrong(
            "aws.java",
            "the options of every Java program name keys (-Daws.accessKeyId): its SDK takes them \
             before all else",
            "take them out of JAVA_TOOL_OPTIONS, JDK_JAVA_OPTIONS and _JAVA_OPTIONS",
        ));
    }
    if environment.raw("AWS_PROFILE").is_some() && environment.raw("AWS_ACCESS_KEY_ID").is_some() {
        found.push(Finding::note(
            "aws.both",
            "AWS_PROFILE and AWS_ACCESS_KEY_ID are both set: the JavaScript SDK takes the one, \
             the others the other",
            format!(
                "`unset AWS_PROFILE`, or `{}`",
                eval_command(dialect, " --unset")
            ),
        ));
    }
    found
}

fn of_files(context: &Context, config: &str, credentials: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    if has_section(credentials, "default") {
        found.push(Finding::note(
            "aws.default",
            "the credentials file has keys under [default]: a program that is told of no profile \
             takes them",
            "`ob config explain` shows which program takes what",
        ));
    }
    let ghost =
        Sdk::ALL.map(|sdk| credential_source(sdk, &context.environment, config, credentials));
    if let Some(CredentialSource::MissingProfile(name)) = ghost
        .into_iter()
        .find(|credential_source| matches!(credential_source, CredentialSource::MissingProfile(_)))
    {
        let hint = if name.starts_with("ob/") {
            format!(
                "`{}` writes ob's profiles, or `unset AWS_PROFILE`",
                context.ob_command("config aws")
            )
        } else {
            "`unset AWS_PROFILE`, or write that profile".to_owned()
        };
        found.push(Finding::wrong(
            "aws.ghost",
            format!("AWS_PROFILE names {name}, which is in neither AWS file"),
            hint,
        ));
    }
    for error in [without_block(config).err(), without_links(config).err()] {
        let report = error.map(Report::from);
        found.extend(report.map(|report| Finding::of("aws.marks", &report)));
    }
    for program in block_programs(config) {
        if !std::path::Path::new(&program).is_file() {
            found.push(Finding::wrong(
                "aws.block",
                format!("the AWS config file calls {program}, which is not there"),
                format!("`{}` writes it anew", context.ob_command("config aws")),
            ));
        }
    }
    found
}
