//! The program that opens a page for the user.

use std::path::PathBuf;

use crate::client::context::Context;
use crate::process;
use crate::sanitize::escape;

/// Where systems keep the program that opens an address, most particular first.
const OPENERS: [&str; 4] = [
    "/usr/bin/wslview",
    "/usr/bin/xdg-open",
    "/usr/local/bin/xdg-open",
    "/usr/bin/open",
];

/// The program that opens a page where the settings name none: `$BROWSER`, else the system's own, if there is a
/// screen to open a browser on. An unusable `$BROWSER` is named on stderr.
pub fn default_browser(context: &Context) -> Option<PathBuf> {
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
