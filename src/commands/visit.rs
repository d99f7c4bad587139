//! A page that a person opens: its address, a code to compare, a square for the phone, and their browser if
//! there is one. Only pages of the org are shown or opened.

use std::path::PathBuf;

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use url::Url;

use crate::commands::Context;
use crate::model::Org;
use crate::process;
use crate::report::{Exit, Report};
use crate::sanitize::escape;
use crate::terminal::has_person;
use crate::wire::Answer;

/// What is left empty around a square, in its dots (ISO/IEC 18004).
const QUIET_ZONE: usize = 4;
/// The columns that every terminal has; a square whose lines break is none.
const NARROW: usize = 80;

/// Where systems keep the program that opens an address, most particular first.
const OPENERS: [&str; 4] = [
    "/usr/bin/wslview",
    "/usr/bin/xdg-open",
    "/usr/local/bin/xdg-open",
    "/usr/bin/open",
];

/// Shows `page` and opens it where that can be done.
///
/// # Errors
/// When the page is not the org's own.
pub(super) fn visit(
    page: &str,
    code: &str,
    minutes: u64,
    org: &Org,
    context: &Context,
) -> Result<Answer, Report> {
    let url = Url::parse(page).ok().filter(|url| org.owns(url));
    let url = url.ok_or_else(|| {
        Report::new(
            Exit::Refused,
            "okta.oauth.foreign_page",
            "the page to open is not the org's own",
        )
        .hint("set `org.url` to the address your browser shows when you sign in")
    })?;
    let chosen = context.settings()?.browser_command();
    if chosen.is_none() && !has_person() {
        return Ok(Answer::Unavailable);
    }
    let mut text = format!(
        "ob: open this page and confirm the code {} there, within {minutes} minutes:\n  {url}\n",
        escape(code)
    );
    text += &square(url.as_str(), context).unwrap_or_default();
    context.voice.say(&text);
    let opener = match chosen {
        Some([program, arguments @ ..]) => Some((PathBuf::from(program), arguments)),
        _ => usual(context).map(|program| (program, &[][..])),
    };
    let environment = context.browser_environment()?;
    if let Some((program, arguments)) = opener
        && let Err(error) = process::open_page(&program, arguments, url.as_str(), environment)
    {
        context.voice.say(&format!(
            "ob: cannot start {}: {error}; open the page yourself\n",
            escape(&program.display().to_string())
        ));
    }
    Ok(Answer::PageShown)
}

/// `address` as a square for a phone; nothing where nobody would see it, or it would not fit.
pub(super) fn square(address: &str, context: &Context) -> Option<String> {
    if !has_person() || !context.voice.draws() {
        return None;
    }
    let code = QrCode::new(address).ok()?;
    if code.width() + 2 * QUIET_ZONE > NARROW {
        return None;
    }
    let square = code.render::<Dense1x2>().quiet_zone(true).build();
    Some(format!("{square}\n"))
}

/// The program that opens a page where the settings name none: `$BROWSER`, else the system's own, if there is a
/// screen to open a browser on. An unusable `$BROWSER` is named on stderr.
pub(super) fn usual(context: &Context) -> Option<PathBuf> {
    let variable = |name| context.environment.raw(name);
    if let Some(value) = variable("BROWSER") {
        match process::browser_of_variable(value, variable("PATH")) {
            Ok(program) => return Some(program),
            Err(why) => context.voice.say(&format!(
                "ob: $BROWSER is not used: {}; `browser_command` in the settings names a browser\n",
                escape(&why.to_string())
            )),
        }
    }
    let screens = ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"];
    let has_screen =
        cfg!(target_os = "macos") || screens.iter().any(|name| variable(name).is_some());
    let mut openers = OPENERS.iter().map(PathBuf::from);
    has_screen
        .then(|| openers.find(|opener| opener.is_file()))
        .flatten()
}
