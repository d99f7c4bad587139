//! `ob doctor`: what is wrong, and what to type next. It asks no server, and starts only `openvpn
//! --version` and `sudo -n -l` (without sudo: `doas -C`).

mod aws;
mod finding;
mod machine;
mod sudo_rules;
mod vpn;

use std::process::ExitCode;

use serde_json::json;

use self::finding::State;
use crate::client::Context;
use crate::report::Report;
use crate::sanitize::escape;

/// Look for what is wrong, and say what to type next
///
/// Looks at the settings, the agent, this shell's variables, the AWS files, the machine and what
/// the VPN needs of it. It asks no server and starts nothing but `openvpn --version` and `sudo -n
/// -l` (without sudo: `doas -C`). Exits with 1 when something is wrong.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {}

/// Runs `ob doctor`.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(_: &Args, context: &Context) -> Result<ExitCode, Report> {
    let mut findings = machine::look(context);
    findings.extend(vpn::look(context));
    findings.extend(sudo_rules::look());
    findings.extend(aws::look(context));
    let wrong = findings.iter().any(|finding| finding.state == State::Wrong);
    if context.globals.json {
        let list = findings.iter().map(|finding| {
            let state = match finding.state {
                State::Good => "good",
                State::Note => "note",
                State::Wrong => "wrong",
            };
            json!({
                "name": finding.name,
                "state": state,
                "what": finding.what,
                "hint": finding.hint,
            })
        });
        context.output.data_json(json!(list.collect::<Vec<_>>()))?;
    } else {
        let mut text = String::new();
        for finding in &findings {
            let mark = match finding.state {
                State::Good => ("ok   ", "32"),
                State::Note => ("note ", "33"),
                State::Wrong => ("wrong", "1;31"),
            };
            let mark = match (context.output.colors_data(), mark) {
                (true, (word, color)) => format!("\x1b[{color}m{word}\x1b[0m"),
                (false, (word, _)) => word.to_owned(),
            };
            text += &format!("{mark}  {}\n", escape(&finding.what));
            if let Some(hint) = &finding.hint {
                text += &format!("       {}\n", escape(hint));
            }
        }
        context.output.sentences(text)?;
    }
    Ok(if wrong {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
