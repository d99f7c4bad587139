//! Opens a page in the user's browser.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use url::form_urlencoded::byte_serialize;

use crate::model::Environment;
use crate::report::{ErrorCode, Report};

/// Starts `command` with `address` in the place of `{url}`, percent-encoded in that of
/// `{encoded_url}`, else as the last word. The program sees `environment` only.
///
/// # Errors
/// When the program does not exist.
#[expect(
    clippy::disallowed_methods,
    reason = "this module is where programs are started"
)]
pub fn open_browser(
    command: &[String],
    address: &str,
    environment: Environment,
) -> Result<Child, Report> {
    let words = words(command, address);
    let Some((program, arguments)) = words.split_first() else {
        return Err(no_browser("", &io::ErrorKind::InvalidInput.into()));
    };
    Command::new(program)
        .args(arguments)
        // Ctrl-C while the page is waited for does not end the browser.
        .process_group(0)
        .env_clear()
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| no_browser(program, &error))
}

fn words(command: &[String], address: &str) -> Vec<String> {
    let mut words: Vec<String> = command
        .iter()
        .map(|word| {
            let encoded = || byte_serialize(address.as_bytes()).collect::<String>();
            match word.contains("{encoded_url}") {
                true => word.replace("{encoded_url}", &encoded()),
                false => word.replace("{url}", address),
            }
        })
        .collect();
    if words == command {
        words.push(address.into());
    }
    words
}

fn no_browser(program: &str, error: &io::Error) -> Report {
    Report::new(
        ErrorCode::BrowserStart,
        format!("cannot start {program}"),
    )
    .cause(error)
    .hint("name one with `--browser-command 'firefox {url}'` or `browser_command` in the settings")
    .hint("`ob console --print` prints the address instead")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_one_word_wherever_it_stands() {
        let of = |command: &str| {
            let command: Vec<String> = command.split(' ').map(ToOwned::to_owned).collect();
            words(&command, "http://127.0.0.1:1/x y")
        };
        assert_eq!(
            of("firefox -P work"),
            ["firefox", "-P", "work", "http://127.0.0.1:1/x y"]
        );
        assert_eq!(
            of("a --u={url} -b"),
            ["a", "--u=http://127.0.0.1:1/x y", "-b"]
        );
        assert_eq!(
            of("firefox ext+container:name=a&url={encoded_url}"),
            [
                "firefox",
                "ext+container:name=a&url=http%3A%2F%2F127.0.0.1%3A1%2Fx+y"
            ]
        );
    }
}
