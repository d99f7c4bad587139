//! The caller's side: finds the installed program and runs it by sudo or doas.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::request::{Action, PROTOCOL, Request, WRONG_PROTOCOL};
use crate::openvpn::argv::Elevator;
use crate::process::{self, ProgramError, TrustedProgram};

/// Paths of the installed program. The first that exists is used.
pub const PLACES: [&str; 2] = ["/usr/libexec/ob/ob-vpn-root", "/usr/lib/ob/ob-vpn-root"];

/// Setting name servers runs several commands, each with a time limit.
const ACTION_TIMEOUT: Duration = Duration::from_secs(70);
/// sudo may have to fetch its rules from an LDAP server.
const PROBE_TIMEOUT: Duration = Duration::from_secs(30);

/// Returns the installed program if root owns it and every directory of its path.
pub fn find() -> Option<TrustedProgram> {
    PLACES
        .iter()
        .find_map(|place| TrustedProgram::at(Path::new(place)).ok())
}

/// Returns the request for `action` in the form that the program reads.
pub fn input(action: Action) -> Vec<u8> {
    let request = Request {
        protocol: PROTOCOL,
        action,
    };
    serde_json::to_vec(&request).unwrap_or_default()
}

/// Has `program` carry out `action`. Fails if sudo or doas would ask for a password.
///
/// # Errors
/// With the first line of the refusal of sudo, doas or the program.
pub fn ask(elevator: &Elevator, program: &TrustedProgram, action: Action) -> Result<(), String> {
    run(elevator, program, action, ACTION_TIMEOUT).map(drop)
}

/// Has the installed program carry out `action`; `None` without the program, or without sudo and
/// doas.
pub fn ask_if_installed(action: Action) -> Option<Result<(), String>> {
    let program = find()?;
    let elevator = find_elevator(true).ok()?;
    Some(ask(&elevator, &program, action))
}

/// Finds sudo, or doas if there is no sudo. A `quiet` one fails where it would ask for a password.
///
/// # Errors
/// When there is neither. The error names sudo.
pub fn find_elevator(quiet: bool) -> Result<Elevator, ProgramError> {
    let path = |name| TrustedProgram::find(name).map(|program| program.path().to_owned());
    match path("sudo") {
        Ok(path) => Ok(Elevator::Sudo { path, quiet }),
        Err(error) => path("doas")
            .map(|path| Elevator::Doas { path, quiet })
            .map_err(|_| error),
    }
}

/// Checks that a rule lets the caller run `program` without a password, and that it understands
/// this version of `ob`.
///
/// # Errors
/// [`ProbeError`].
pub fn is_allowed_without_password(
    elevator: &Elevator,
    program: &TrustedProgram,
) -> Result<(), ProbeError> {
    let answer = run(elevator, program, Action::Probe, PROBE_TIMEOUT).map_err(|line| match line
        .split(": ")
        .nth(1)
    {
        Some(WRONG_PROTOCOL) => ProbeError::OtherVersion,
        _ => ProbeError::Refused,
    })?;
    let is_ours = answer.trim_ascii() == PROTOCOL.to_string().as_bytes();
    is_ours.then_some(()).ok_or(ProbeError::Refused)
}

/// Why the installed program is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeError {
    /// It speaks another protocol than this version of `ob`.
    OtherVersion,
    /// No rule allows it without a password, or it failed.
    Refused,
}

fn run(
    elevator: &Elevator,
    program: &TrustedProgram,
    action: Action,
    limit: Duration,
) -> Result<Vec<u8>, String> {
    let mut words: Vec<OsString> = elevator.words();
    words.push(program.path().into());
    let output = process::run(&words, &input(action), limit).map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find(|line| !line.trim().is_empty());
    Err(line.unwrap_or("it said nothing").trim().to_owned())
}
