//! Browsers that keep the consoles of several accounts apart.

use std::path::PathBuf;

use crate::client::context::Context;
use crate::config::CONSOLE_BROWSERS;
use crate::paths;
use crate::report::{ErrorCode, Report};

/// Firefox with the add-on "Open external links in a container".
const CONTAINERS: &str = "firefox-containers";

/// Maximum of letters of a container's or a browser profile's name.
const MAX_NAME: usize = 40;

/// A browser, its programs on Linux and its name on macOS.
struct Browser {
    name: &'static str,
    programs: &'static [&'static str],
    application: &'static str,
}

const ALL: [Browser; 5] = [
    Browser {
        name: CONTAINERS,
        programs: &["firefox", "firefox-esr"],
        application: "Firefox",
    },
    Browser {
        name: "chrome",
        programs: &["google-chrome", "google-chrome-stable"],
        application: "Google Chrome",
    },
    Browser {
        name: "chromium",
        programs: &["chromium", "chromium-browser"],
        application: "Chromium",
    },
    Browser {
        name: "edge",
        programs: &["microsoft-edge", "microsoft-edge-stable"],
        application: "Microsoft Edge",
    },
    Browser {
        name: "brave",
        programs: &["brave-browser", "brave"],
        application: "Brave Browser",
    },
];

/// Returns the command that opens `{url}` in the container or browser profile of `account`.
///
/// # Errors
/// When the browser is not installed.
pub fn console_browser(
    context: &Context,
    name: &str,
    account: &str,
) -> Result<Vec<String>, Report> {
    let find = |program: &str| paths::on_search_path(&context.environment, program);
    let names = context.settings()?.accounts();
    let account = names.get(account).map_or(account, String::as_str);
    command(name, account, cfg!(target_os = "macos"), find).ok_or_else(|| {
        Report::new(
            ErrorCode::ConsoleNoBrowser,
            format!("the browser {name} was not found"),
        )
        .cause("none of its programs is in PATH")
        .hint(format!("`--browser` takes: {CONSOLE_BROWSERS}"))
        .hint("`--browser-command 'PROGRAM {url}'` names any other program")
    })
}

/// Returns the command for a browser of [`CONSOLE_BROWSERS`]. Firefox opens an address of the
/// add-on; the others take a profile of their own for the account.
fn command(
    name: &str,
    account: &str,
    is_macos: bool,
    find: impl Fn(&str) -> Option<PathBuf>,
) -> Option<Vec<String>> {
    let browser = ALL.iter().find(|browser| browser.name == name)?;
    let place = place_name(account);
    let mut command = if is_macos {
        let new = if name == CONTAINERS { "-a" } else { "-na" };
        ["/usr/bin/open", new, browser.application]
            .map(str::to_owned)
            .to_vec()
    } else {
        let program = browser.programs.iter().find_map(|program| find(program))?;
        vec![program.to_str()?.to_owned()]
    };
    if name == CONTAINERS {
        command.push(format!("ext+container:name={place}&url={{encoded_url}}"));
        return Some(command);
    }
    if is_macos {
        command.push("--args".to_owned());
    }
    command.extend([
        format!("--profile-directory=ob-{place}"),
        "--no-first-run".to_owned(),
        "--no-default-browser-check".to_owned(),
        "{url}".to_owned(),
    ]);
    Some(command)
}

/// Returns `account` as the name of a container or a directory: other characters than letters,
/// digits, `-` and `_` become `-`.
fn place_name(account: &str) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    let letters = account.chars().take(MAX_NAME);
    letters
        .map(|letter| if fits(letter) { letter } else { '-' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_browser_keeps_accounts_apart() {
        let find = |program: &str| Some(PathBuf::from(format!("/usr/bin/{program}")));
        let of = |(name, is_macos)| {
            let words = command(name, "prod & co/../x", is_macos, find);
            words.unwrap().join("\n")
        };
        let systems = [
            (CONTAINERS, false),
            ("chrome", false),
            (CONTAINERS, true),
            ("brave", true),
        ];
        insta::assert_snapshot!(systems.map(of).join("\n\n"), @r"
        /usr/bin/firefox
        ext+container:name=prod---co----x&url={encoded_url}

        /usr/bin/google-chrome
        --profile-directory=ob-prod---co----x
        --no-first-run
        --no-default-browser-check
        {url}

        /usr/bin/open
        -a
        Firefox
        ext+container:name=prod---co----x&url={encoded_url}

        /usr/bin/open
        -na
        Brave Browser
        --args
        --profile-directory=ob-prod---co----x
        --no-first-run
        --no-default-browser-check
        {url}
        ");
    }

    #[test]
    fn a_browser_may_have_another_program_or_none() {
        let second = |program: &str| (program == "chromium-browser").then(|| PathBuf::from("/c"));
        assert_eq!(command("chromium", "1", false, second).unwrap()[0], "/c");
        assert!(command("edge", "1", false, second).is_none());
        assert!(command("lynx", "1", false, |_| Some("/l".into())).is_none());
        for browser in &ALL {
            assert!(
                CONSOLE_BROWSERS
                    .split(", ")
                    .any(|name| name == browser.name)
            );
        }
        assert_eq!(place_name(&"x".repeat(99)).len(), MAX_NAME);
    }
}
