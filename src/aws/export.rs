//! Variables as text: for a shell to evaluate, as a `.env` file, as JSON.
//!
//! Reading the text back gives exactly the values, whatever they hold, and does nothing else. The
//! parsers of `.env` files disagree on quoting, so only values that need no quotes are written
//! there.

use std::ffi::OsStr;

use thiserror::Error;

use super::child_env::{ChildContext, ChildEnvError, credential_variables};
use super::variables::{LEGACY, present_identities};
use crate::model::Credentials;
use crate::report::{ErrorCode, Report};

/// The format of the variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// bash, zsh and every POSIX shell.
    Posix,
    Fish,
    /// JSON for `from json | load-env`. Names to unset are a list for `hide-env`.
    Nu,
    PowerShell,
    Dotenv,
    Json,
}

/// Returns the variables of `credentials` in `dialect`, with the names of old programs if `legacy`.
/// For a shell, the variables of `present` that would mislead an SDK are unset first.
///
/// # Errors
/// [`ExportError`] if a value cannot be written so that it is read back unchanged.
pub fn export_script<'a>(
    dialect: Dialect,
    credentials: &Credentials,
    context: &ChildContext<'_>,
    legacy: bool,
    present: impl IntoIterator<Item = &'a OsStr>,
) -> Result<String, ExportError> {
    let mut variables = credential_variables(credentials, context)?;
    if legacy {
        let token = credentials.session_token.expose().to_owned();
        variables.push((LEGACY[0], token));
        variables.push((LEGACY[1], credentials.expires_at.to_string()));
    }
    if matches!(dialect, Dialect::Dotenv | Dialect::Json) {
        // OB_* is for prompts, not for programs.
        variables.retain(|(name, _)| !name.starts_with("OB_"));
    }
    let stale: Vec<&str> = present_identities(present)
        .filter(|name| variables.iter().all(|(ours, _)| ours != name))
        .collect();
    let mut text = match dialect {
        Dialect::Nu | Dialect::Json => {
            // nushell does not pass a variable that is null to programs.
            let stale = stale.iter().filter(|_| dialect == Dialect::Nu);
            let stale = stale.map(|name| ((*name).to_owned(), serde_json::Value::Null));
            let ours = variables
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into()));
            let object: serde_json::Map<_, _> = stale.chain(ours).collect();
            return Ok(format!("{}\n", serde_json::Value::Object(object)));
        }
        Dialect::Dotenv => String::new(),
        Dialect::Fish => {
            stale
                .iter()
                .map(|name| erase_in_fish(name))
                .collect::<String>()
                + "true\n"
        }
        _ => unset_script(dialect, &stale),
    };
    for (name, value) in &variables {
        text += &match dialect {
            Dialect::Posix => format!("export {name}={}\n", posix(value)),
            Dialect::Fish => format!("set -gx {name} {}\n", fish(value)),
            Dialect::PowerShell => format!("$env:{name} = {}\n", power_shell(value)),
            _ if is_bare(value) => format!("{name}={value}\n"),
            _ => return Err(ExportError::Dotenv(name)),
        };
    }
    if dialect == Dialect::Posix {
        text += &posix_check(&stale, credentials);
    }
    Ok(text)
}

/// Returns the text that unsets `names` in a shell, empty for formats that only set.
pub fn unset_script(dialect: Dialect, names: &[&str]) -> String {
    let each = |line: &dyn Fn(&str) -> String| names.iter().map(|name| line(name)).collect();
    match dialect {
        _ if names.is_empty() && dialect != Dialect::Nu => String::new(),
        Dialect::Posix => format!("unset {}\n", names.join(" ")),
        // Without `true` the status would be 4 if nothing was erased.
        Dialect::Fish => each(&|name| format!("set -eg {name}\n")) + "true\n",
        Dialect::PowerShell => {
            each(&|name| format!("Remove-Item -ErrorAction SilentlyContinue Env:{name}\n"))
        }
        Dialect::Nu => format!("{}\n", serde_json::json!(names)),
        Dialect::Dotenv | Dialect::Json => String::new(),
    }
}

fn posix(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\\''"))
}

/// Returns a test that fails if the shell has kept a readonly variable. bash continues after that
/// error, and the command after `eval "$(ob env)" &&` would run as another identity.
fn posix_check(stale: &[&str], credentials: &Credentials) -> String {
    let left: String = stale.iter().map(|name| format!("${{{name}+x}}")).collect();
    let id = posix(&credentials.access_key_id);
    format!("[ -z \"{left}\" ] && [ \"$AWS_ACCESS_KEY_ID\" = {id} ]\n")
}

fn fish(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Erases a variable and reports a universal one. fish exports a universal variable even if a
/// global one of the same name is not exported, and an empty value counts too.
fn erase_in_fish(name: &str) -> String {
    format!(
        "set -eg {name}; set -qUx {name}; and set -eU {name}; \
         and echo 'ob: erased the universal variable {name}: it names other credentials' >&2\n"
    )
}

/// Doubles each quote: `PowerShell` ends a string at typographic ones too.
fn power_shell(value: &str) -> String {
    let mut text = String::from("'");
    for c in value.chars() {
        text.push(c);
        if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
            text.push(c);
        }
    }
    text + "'"
}

/// Whether docker, compose, direnv and every dotenv library read the value unchanged.
fn is_bare(value: &str) -> bool {
    value
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_./+=:@%,-".contains(&byte))
}

/// The reason why variables cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ExportError {
    #[error(transparent)]
    Variable(#[from] ChildEnvError),
    #[error("the value of {0} needs quotes, and readers of .env files do not agree on them")]
    Dotenv(&'static str),
}

impl From<ExportError> for Report {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Variable(error) => error.into(),
            ExportError::Dotenv(_) => Self::new(
                ErrorCode::AwsExportDotenv,
                "cannot write the variables as a .env file",
            )
            .cause(error)
            .hint("`ob env --format json` writes any value"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::super::variables::EXPORTED_NAMES;
    use super::*;
    use crate::model::{RoleArn, Timestamp};
    use crate::secret::Secret;

    const HOSTILE: [&str; 12] = [
        "plain",
        "it's",
        "a\nb\n",
        "\"; echo pwned; \"",
        "$(id) `id` ${HOME} $HOME",
        "]=[",
        "\\",
        "\\'",
        "trailing\\",
        "%PATH% !x! ^",
        "\u{2019}; id; \u{2018}",
        "ü \u{202e}",
    ];

    fn credentials(token: &str) -> Credentials {
        Credentials {
            access_key_id: "ASIAEXAMPLE".to_owned(),
            secret_access_key: Secret::new("se/cr+et="),
            session_token: Secret::new(token),
            expires_at: Timestamp(1_795_309_375),
            role: RoleArn::parse("arn:aws:iam::123456789012:role/Deploy").unwrap(),
            provider: None,
        }
    }

    fn export(dialect: Dialect, token: &str) -> Result<String, ExportError> {
        let present = ["AWS_PROFILE", "HOME", "AWS_SECURITY_TOKEN"].map(OsStr::new);
        let context = ChildContext::default();
        export_script(dialect, &credentials(token), &context, false, present)
    }

    /// Returns the output of `shell` after it has evaluated the text.
    fn evaluated(shell: &[&str], text: &str) -> String {
        let output = Command::new(shell[0])
            .args(&shell[1..])
            .arg(text)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("AWS_PROFILE", "stale")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn each_dialect_has_its_own_syntax() {
        let posix = export(Dialect::Posix, "t").unwrap();
        assert!(posix.starts_with(
            "unset AWS_PROFILE AWS_SECURITY_TOKEN\nexport AWS_ACCESS_KEY_ID='ASIAEXAMPLE'\n"
        ));
        let fish = export(Dialect::Fish, "t").unwrap();
        assert!(
            fish.starts_with(
                "set -eg AWS_PROFILE; set -qUx AWS_PROFILE; and set -eU AWS_PROFILE; "
            ) && fish.contains("\ntrue\nset -gx AWS_ACCESS_KEY_ID 'ASIAEXAMPLE'\n")
        );
        let power_shell = export(Dialect::PowerShell, "it's \u{2019}x").unwrap();
        assert!(power_shell.contains("$env:AWS_SESSION_TOKEN = 'it''s \u{2019}\u{2019}x'\n"));
        assert!(
            power_shell.contains("Remove-Item -ErrorAction SilentlyContinue Env:AWS_PROFILE\n")
        );
        let dotenv = export(Dialect::Dotenv, "t").unwrap();
        assert!(
            dotenv.starts_with("AWS_ACCESS_KEY_ID=ASIAEXAMPLE\nAWS_SECRET_ACCESS_KEY=se/cr+et=\n")
        );
        assert!(!dotenv.contains("OB_"));
    }

    #[test]
    fn every_exported_name_is_in_the_list() {
        let legacy = export_script(
            Dialect::Nu,
            &credentials("t"),
            &ChildContext {
                policy: None,
                profile: Some("p"),
                class: Some("c"),
                color: None,
                region: None,
                account_label: None,
            },
            true,
            [],
        );
        let object: serde_json::Value = serde_json::from_str(&legacy.unwrap()).unwrap();
        for name in object.as_object().unwrap().keys() {
            assert!(EXPORTED_NAMES.contains(&name.as_str()), "{name}");
        }
        assert_eq!(object["AWS_SECURITY_TOKEN"], "t");
        assert_eq!(unset_script(Dialect::Nu, &["A", "B"]), "[\"A\",\"B\"]\n");
    }

    #[test]
    fn hostile_values_survive_real_shells() {
        for value in HOSTILE {
            let text = export(Dialect::Posix, value).unwrap()
                + "printf %s \"$AWS_SESSION_TOKEN\" \"${AWS_PROFILE-}\"";
            for shell in [&["bash", "-c"][..], &["zsh", "-fc"], &["dash", "-c"]] {
                assert_eq!(evaluated(shell, &text), value, "{shell:?}");
            }
            let text = export(Dialect::Fish, value).unwrap()
                + "printf %s \"$AWS_SESSION_TOKEN\" \"$AWS_PROFILE\"";
            assert_eq!(evaluated(&["fish", "-N", "-c"], &text), value);
            for dialect in [Dialect::Json, Dialect::Nu] {
                let text = export(dialect, value).unwrap();
                let object: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert_eq!(object["AWS_SESSION_TOKEN"], value);
                assert_eq!(text.lines().count(), 1);
            }
        }
    }

    #[test]
    fn unwritable_values_are_refused() {
        for dialect in [
            Dialect::Posix,
            Dialect::Fish,
            Dialect::Nu,
            Dialect::PowerShell,
            Dialect::Dotenv,
            Dialect::Json,
        ] {
            assert!(matches!(
                export(dialect, "a\0b"),
                Err(ExportError::Variable(_))
            ));
        }
        for value in &HOSTILE[1..] {
            let error = export(Dialect::Dotenv, value).unwrap_err();
            assert_eq!(error, ExportError::Dotenv("AWS_SESSION_TOKEN"), "{value}");
        }
        assert!(export(Dialect::Dotenv, &"x".repeat(10_240)).is_ok());
    }

    proptest! {
        #[test]
        fn quotes_cannot_be_closed_by_a_value(value in "[ -~\n\u{2018}-\u{201b}]{0,40}") {
            // By the shells' own rules, which the test above checks with real shells.
            let posix = posix(&value);
            let inner = posix[1..posix.len() - 1].replace("'\\''", "\u{1}");
            prop_assert!(!inner.contains('\''));
            let quotes = |c: &char| matches!(c, '\'' | '\u{2018}'..='\u{201b}');
            let inside = power_shell(&value);
            let expected = 2 + 2 * value.chars().filter(quotes).count();
            prop_assert_eq!(inside.chars().filter(quotes).count(), expected);
        }
    }
}
