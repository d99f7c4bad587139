//! Browsers that keep the consoles of several accounts apart.

use std::path::PathBuf;

use crate::client::context::Context;
use crate::config::CONSOLE_BROWSERS;
use crate::paths;
use crate::prompt::Class;
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

/// Returns the command that opens `{url}` in the container or browser profile of `account`; `color`
/// is the profile's in the settings.
///
/// # Errors
/// When the browser is not installed.
pub fn console_browser(
    context: &Context,
    name: &str,
    account: &str,
    color: Option<&str>,
) -> Result<Vec<String>, Report> {
    let find = |program: &str| paths::on_search_path(&context.environment, program);
    let names = context.settings()?.accounts();
    let label = names.get(account).map(String::as_str);
    let place = place_name(account, label);
    let color = color.or(Class::of(label).map(Class::color));
    command(name, &place, color, cfg!(target_os = "macos"), find).ok_or_else(|| {
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
/// add-on; the others take a profile of their own, named after `place`.
fn command(
    name: &str,
    place: &str,
    color: Option<&str>,
    is_macos: bool,
    find: impl Fn(&str) -> Option<PathBuf>,
) -> Option<Vec<String>> {
    let browser = ALL.iter().find(|browser| browser.name == name)?;
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
        let color = color.map(|color| format!("&color={}", container_color(color)));
        let color = color.unwrap_or_default();
        command.push(format!(
            "ext+container:name={place}{color}&url={{encoded_url}}"
        ));
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

/// Returns Firefox's name for a colour of the settings. Without one, the add-on takes yellow.
fn container_color(color: &str) -> &str {
    match color {
        "magenta" => "purple",
        "cyan" => "turquoise",
        "white" => "toolbar",
        same => same,
    }
}

/// Returns the name of the container or directory of `account`, whose name in the settings is
/// `label`: other characters than letters, digits, `-` and `_` become `-`. The number keeps
/// accounts apart whose names become equal.
fn place_name(account: &str, label: Option<&str>) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    let letters = label.unwrap_or_default().chars().take(MAX_NAME);
    let letters: String = letters
        .map(|letter| if fits(letter) { letter } else { '-' })
        .collect();
    match letters.is_empty() {
        true => account.to_owned(),
        false => format!("{letters}-{account}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_browser_keeps_accounts_apart() {
        let find = |program: &str| Some(PathBuf::from(format!("/usr/bin/{program}")));
        let of = |(name, is_macos)| {
            let place = place_name("123456789012", Some("prod & co/../x"));
            let words = command(name, &place, Some("magenta"), is_macos, find);
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
        ext+container:name=prod---co----x-123456789012&color=purple&url={encoded_url}

        /usr/bin/google-chrome
        --profile-directory=ob-prod---co----x-123456789012
        --no-first-run
        --no-default-browser-check
        {url}

        /usr/bin/open
        -a
        Firefox
        ext+container:name=prod---co----x-123456789012&color=purple&url={encoded_url}

        /usr/bin/open
        -na
        Brave Browser
        --args
        --profile-directory=ob-prod---co----x-123456789012
        --no-first-run
        --no-default-browser-check
        {url}
        ");
    }

    #[test]
    fn a_browser_may_have_another_program_or_none() {
        let second = |program: &str| (program == "chromium-browser").then(|| PathBuf::from("/c"));
        assert_eq!(
            command("chromium", "1", None, false, second).unwrap()[0],
            "/c"
        );
        assert!(command("edge", "1", None, false, second).is_none());
        assert!(command("lynx", "1", None, false, |_| Some("/l".into())).is_none());
        for browser in &ALL {
            assert!(
                CONSOLE_BROWSERS
                    .split(", ")
                    .any(|name| name == browser.name)
            );
        }
    }

    #[test]
    fn accounts_of_like_names_stay_apart() {
        let long = "x".repeat(MAX_NAME);
        let (one, other) = (format!("{long}1"), format!("{long}2"));
        for (a, b) in [
            ("本番", "開発"),
            ("R&D", "R D"),
            ("prod", "prod"),
            (&one, &other),
        ] {
            let a = place_name("123456789012", Some(a));
            assert_ne!(a, place_name("210987654321", Some(b)));
            assert!(a.len() <= MAX_NAME + 13);
        }
        assert_eq!(place_name("123456789012", None), "123456789012");
    }
}
