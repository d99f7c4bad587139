//! The program that opens a page for the user.

use std::path::PathBuf;

use crate::client::context::Context;
use crate::process;
use crate::sanitize::escape;

/// The programs by which systems open an address, the most specific first.
const OPENERS: [&str; 4] = [
    "/usr/bin/wslview",
    "/usr/bin/xdg-open",
    "/usr/local/bin/xdg-open",
    "/usr/bin/open",
];

/// Returns the program that opens a page if the settings name none: `$BROWSER`, else the system's
/// own if there is a display. Prints why a `$BROWSER` is not used.
pub fn default_browser(context: &Context) -> Option<PathBuf> {
    let variable = |name| context.environment.raw(name);
    if let Some(value) = variable("BROWSER") {
        match process::browser_of_variable(value, variable("PATH")) {
            Ok(program) => return Some(program),
            Err(why) => context.output.message(&format!(
                "ob: $BROWSER is not used: {}; `browser_command` in the settings names a browser\n",
                escape(&why.to_string())
            )),
        }
    }
    let displays = ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"];
    let has_display =
        cfg!(target_os = "macos") || displays.iter().any(|name| variable(name).is_some());
    let mut openers = OPENERS.iter().map(PathBuf::from);
    has_display
        .then(|| openers.find(|opener| opener.is_file()))
        .flatten()
}
