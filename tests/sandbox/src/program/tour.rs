//! The tour of `try --tour`: five commands, each explained before it runs.

use std::io::{self, BufRead as _};
use std::process::Command;

use super::home::Home;
use super::notice;

/// What the user reads, and the command line of the shell.
const STEPS: [(&str, &str); 5] = [
    (
        "Sign in. `ob login` asks for the password and a second factor. The session stays in the \
         memory of an\nagent for twelve hours, or an hour without use.",
        "ob login",
    ),
    (
        "Run a command with a role's credentials. `dev` is a profile: a name for a role. Nothing \
         is asked\nagain.",
        "ob exec dev -- sh -c 'env | grep ^AWS_ | grep -v -e SECRET -e TOKEN'",
    ),
    (
        "Work in a shell that holds a role and shows it in the prompt. Type `exit` to come back.",
        "ob shell dev",
    ),
    (
        "Open the AWS console. With `--print` you get its address instead of a browser; the \
         sandbox has no\nconsole behind it.",
        "ob console dev --print",
    ),
    (
        "See what the VPN server's profile would change on this machine. `ob vpn up` brings the \
         tunnel up; here\nno server runs: `cargo run -p ob-sandbox -- vpn` has one.",
        "ob vpn profile --explain",
    ),
];

/// Shows each step and runs it on Enter; `s` skips it, `q` or the end of input ends the tour.
///
/// # Errors
/// When the terminal cannot be read, or no shell can be started.
pub(super) fn walk(home: &Home) -> io::Result<()> {
    for (number, (text, line)) in STEPS.iter().enumerate() {
        notice(&format!(
            "\nStep {} of {}. {text}\n\n  $ {line}\n\nEnter runs it, s skips it, q ends the tour.",
            number + 1,
            STEPS.len()
        ));
        let mut typed = String::new();
        let read = io::stdin().lock().read_line(&mut typed)?;
        match typed.trim() {
            _ if read == 0 => return Ok(()),
            "q" => break,
            "s" => continue,
            _ => {}
        }
        let mut step = Command::new("sh");
        home.furnish_for_a_person(step.args(["-c", line]));
        let status = step.status()?;
        if !status.success() {
            notice(&format!("(it ended with {status})"));
        }
    }
    notice("\nThe tour is over. This is the shell that `try` opens; `exit` removes everything.");
    Ok(())
}
