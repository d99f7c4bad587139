//! The wording of the agent's questions, and the user's answers as values.

use crate::report::Report;
use crate::sanitize::escape;
use crate::secret::Secret;
use crate::terminal::{Output, Question, Questions, TerminalError};
use crate::wire::{Answer, Ask, FactorChoice, RoleEntry, SecretText};

/// Why a question has no answer.
pub(super) enum PromptError {
    Terminal(TerminalError),
    Report(Report),
}

impl From<TerminalError> for PromptError {
    fn from(error: TerminalError) -> Self {
        Self::Terminal(error)
    }
}

/// Asks the user one question at the terminal.
pub(super) fn ask_user(
    ask: &Ask,
    questions: &mut Questions,
    output: Output,
) -> Result<Answer, TerminalError> {
    let question = |text, instead| Question { text, instead };
    Ok(match ask {
        // These are answered without a prompt, or by a module of their own.
        Ask::CaCertificates
        | Ask::Terminal
        | Ask::CaCertificatesOf { .. }
        | Ask::PrivateKey
        | Ask::OpenPage { .. }
        | Ask::SecurityKey { .. } => Answer::Unavailable,
        Ask::KnownRole { .. } => Answer::UnknownRole,
        Ask::Username { org } => {
            let text = format!("Okta username ({})", host(org));
            Answer::Username(questions.ask_line(question(&text, "set `username =` in [org]"))?)
        }
        Ask::Password { org, username } => {
            let text = format!("Password for {username} ({})", host(org));
            Answer::Password(SecretText(password(questions, &text)?))
        }
        Ask::Passcode {
            factor,
            can_resend,
            can_change,
        } => passcode(questions, factor, *can_resend, *can_change)?,
        Ask::NewPassword { org, username } => {
            let text = format!("New password for {username} ({})", host(org));
            loop {
                const BROWSER: &str = "change it in a browser";
                let first = questions.ask_secret(question(&text, BROWSER))?;
                let second = questions.ask_secret(question("Repeat the new password", BROWSER))?;
                if first == second {
                    break Answer::NewPassword(SecretText(first));
                }
                output.message("ob: the passwords do not match\n");
            }
        }
        Ask::Factor { choices } => {
            let items: Vec<String> = choices.iter().map(factor_line).collect();
            let any = choices.iter().any(|choice| choice.unusable.is_none());
            loop {
                let index = questions
                    .choose(question("Verify with", "name one with `--factor`"), &items)?;
                match choices
                    .get(index)
                    .and_then(|choice| choice.unusable.as_ref())
                {
                    // If no factor is usable, the agent reports that.
                    None => break Answer::Factor(index),
                    Some(_) if !any => break Answer::Factor(index),
                    Some(why) => {
                        let text = format!("ob: cannot be used here: {}\n", escape(why));
                        output.message(&text);
                    }
                }
            }
        }
        Ask::Role { choices } => Answer::Role(choose_role(choices, questions)?),
        Ask::PushAgain {
            why,
            can_resend,
            can_change,
            ..
        } => {
            let text = format!("The push was not approved ({why})");
            let all = [
                (*can_resend, "send it again", Answer::PushAgain(true)),
                (*can_change, "use another factor", Answer::OtherFactor),
                (true, "give up", Answer::PushAgain(false)),
            ];
            let mut ways: Vec<_> = all.into_iter().filter(|(can, ..)| *can).collect();
            let items: Vec<String> = ways.iter().map(|(_, way, _)| (*way).to_owned()).collect();
            let question = question(&text, "take another factor with `--factor`");
            let index = questions.pick(question, &items, 0)?;
            ways.swap_remove(index.min(items.len() - 1)).2
        }
        Ask::Confirm { profile, role } => {
            let role = role.as_ref().map(|role| format!(" ({role})"));
            let role = role.unwrap_or_default();
            let text = format!("Use {profile}{role} in this terminal?");
            Answer::Confirm(questions.confirm(question(&text, "say yes in a terminal"))?)
        }
    })
}

/// Returns the org as people write it.
fn host(org: &str) -> &str {
    org.strip_prefix("https://").unwrap_or(org)
}

/// Asks for a password, up to three times where Enter alone was the answer.
fn password(questions: &mut Questions, text: &str) -> Result<Secret, TerminalError> {
    let question = Question {
        text,
        instead: "give it with `--password-stdin`",
    };
    for _ in 0..3 {
        match questions.ask_secret(question) {
            Ok(secret) if secret.expose().is_empty() => {}
            Err(TerminalError::NoAnswer { .. }) => break,
            other => return other,
        }
    }
    Err(TerminalError::NoPassword {
        question: text.to_owned(),
        instead: question.instead.to_owned(),
    })
}

/// Asks for one of several roles and returns its index.
pub(super) fn choose_role(
    choices: &[RoleEntry],
    questions: &mut Questions,
) -> Result<usize, TerminalError> {
    let items: Vec<String> = choices
        .iter()
        .map(|entry| choice_line(entry, choices))
        .collect();
    let question = Question {
        text: "Role",
        instead: "name one with `-r ROLE`",
    };
    questions.choose(question, &items)
}

/// Asks for a code. An empty line opens the menu of the alternatives.
fn passcode(
    questions: &mut Questions,
    factor: &str,
    can_resend: bool,
    can_change: bool,
) -> Result<Answer, TerminalError> {
    let question = |text| Question {
        text,
        instead: "give it with `--passcode-stdin`",
    };
    let mut ways = vec![("type the code".to_owned(), None)];
    if can_resend {
        ways.push(("send another code".into(), Some(Answer::Resend)));
    }
    if can_change {
        ways.push(("use another factor".into(), Some(Answer::OtherFactor)));
    }
    let text = if ways.len() > 1 {
        format!("{factor} (Enter for other ways)")
    } else {
        factor.to_owned()
    };
    loop {
        let code = questions.ask_secret(question(&text))?;
        if !code.is_empty() || ways.len() == 1 {
            return Ok(Answer::Passcode(SecretText(code)));
        }
        let items: Vec<String> = ways.iter().map(|(label, _)| label.clone()).collect();
        let index = questions.pick(
            question("Instead of the code"),
            &items,
            usize::from(can_resend),
        )?;
        if index > 0
            && index < ways.len()
            && let (_, Some(answer)) = ways.swap_remove(index)
        {
            return Ok(answer);
        }
    }
}

fn factor_line(choice: &FactorChoice) -> String {
    match &choice.unusable {
        Some(why) => format!("{} [{why}]", choice.label),
        None => choice.label.clone(),
    }
}

/// Formats a role for the menu. One that is in it several times is followed by its app and identity
/// provider.
fn choice_line(entry: &RoleEntry, choices: &[RoleEntry]) -> String {
    let line = role_line(entry);
    if choices
        .iter()
        .filter(|other| other.role == entry.role)
        .count()
        == 1
    {
        return line;
    }
    let provider = entry.provider.rsplit('/').next().unwrap_or_default();
    format!("{line}  ({}, {provider})", entry.app)
}

/// Formats a role: the user's name for the account, the label, the ARN.
fn role_line(entry: &RoleEntry) -> String {
    let words = [entry.account_name.as_deref(), entry.label.as_deref()];
    let words = words.into_iter().flatten().chain([entry.role.as_str()]);
    words.collect::<Vec<_>>().join("  ")
}
