//! Removes tokens, addresses and error texts from lines of the management interface before they are
//! logged.
//!
//! An error line may repeat anything that was sent, so none of its text is kept.

/// The replacement of a secret.
const REMOVED: &str = "[redacted]";
/// Prefixes of lines of which only the prefix is kept.
const SECRET_LINES: &[&str] = &[
    ">PASSWORD:Auth-Token:",
    "ERROR:",
    "password ",
    "username ",
    "cr-response ",
    ">PK_SIGN:",
    ">RSA_SIGN:",
];
/// Words that are followed by a secret, up to the next blank, comma or quote.
const MARKERS: &[&str] = &[
    "SESS_ID",
    "https://",
    "http://",
    "token=",
    "auth-token-user ",
    "auth-token ",
    "auth-token",
];

/// Returns `line` without anything in it that opens a session.
pub fn redacted(line: &str) -> String {
    if let Some(prefix) = SECRET_LINES
        .iter()
        .find(|prefix| line.starts_with(**prefix))
    {
        let blank = if *prefix == "ERROR:" { " " } else { "" };
        return format!("{prefix}{blank}{REMOVED}");
    }
    if let Some(rest) = line.strip_prefix(">INFOMSG:") {
        let kind = rest.split(':').next().unwrap_or_default();
        return format!(">INFOMSG:{kind}:{REMOVED}");
    }
    if let Some((before, command)) = line.split_once("CMD '") {
        let secret_commands = ["username", "password", "cr-response"];
        if secret_commands.iter().any(|name| command.starts_with(name)) {
            let name = command.split(' ').next().unwrap_or_default();
            return format!("{before}CMD '{name} {REMOVED}");
        }
    }
    if let Some((before, _)) = line.split_once("Info command was pushed by server ('") {
        return format!("{before}Info command was pushed by server ({REMOVED})");
    }
    // A challenge's text may hold anything.
    if let Some((before, _)) = line.split_once("CRV1:") {
        return format!("{}CRV1:{REMOVED}", redact_marked(before));
    }
    redact_marked(line)
}

/// Replaces what follows each of [`MARKERS`].
fn redact_marked(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((start, marker)) = MARKERS
        .iter()
        .filter_map(|marker| rest.find(marker).map(|at| (at, *marker)))
        .min_by_key(|(at, marker)| (*at, usize::MAX - marker.len()))
    {
        out.push_str(&rest[..start]);
        out.push_str(marker);
        out.push_str(REMOVED);
        let mut tail = &rest[start + marker.len()..];
        if marker == "auth-token" {
            // The name may be in quotes, and the token follows them.
            tail = tail.trim_start_matches(['"', '\'', ' ', '\t']);
        }
        let end = tail
            .find([',', ' ', '\'', '"', ')', ']'])
            .unwrap_or(tail.len());
        rest = &tail[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_session_secret_is_left_in_a_line() {
        for line in [
            ">PASSWORD:Auth-Token:SESS_ID_AT_canary",
            ">INFOMSG:WEB_AUTH::https://vpn.acme.com/saml?sid=canary",
            ">INFOMSG:OPEN_URL:https://vpn.acme.com/old?sid=canary",
            ">LOG:1,,Info command was pushed by server ('WEB_AUTH:external:https://x/canary')",
            ">LOG:1,D,MANAGEMENT: CMD 'username \"Auth\" \"canary\"'",
            ">LOG:1,D,MANAGEMENT: CMD 'password \"Auth\" canary'",
            ">LOG:1,D,MANAGEMENT: CMD 'cr-response canary'",
            "ERROR: Options error: Parameter at TCP:0 is too long (256 chars max): canary",
            ">LOG:1,,PUSH: Received control message: \
             'PUSH_REPLY,peer-id 0,auth-token canary,cipher X'",
            ">LOG:1,,PUSH: Received control message: 'PUSH_REPLY,auth-tokenSESS_IDcanary,cipher X'",
            ">LOG:1,,PUSH: Received control message: 'PUSH_REPLY,\"auth-token\" canary,cipher X'",
            ">LOG:1,,PUSH: Received control message: 'PUSH_REPLY,'auth-token' \"canary\",cipher X'",
            ">LOG:1,,Pushed option removed by filter: '\"auth-token\" canary'",
            ">LOG:1,,'PUSH_REPLY,auth-token-user canary,cipher X'",
            ">PASSWORD:Verification Failed: 'Auth' ['CRV1:R,E:canary:dXNlcg==:PIN']",
            "password \"Auth\" \"canary\"",
            "username \"Auth\" \"canary\"",
            "cr-response canary",
        ] {
            let shown = redacted(line);
            assert!(
                !shown.contains("canary") && shown.contains(REMOVED),
                "{shown}"
            );
        }
    }

    #[test]
    fn other_text_is_kept() {
        for line in [
            ">STATE:1795305299,CONNECTED,SUCCESS,10.88.0.2,10.99.0.1,1194,,",
            ">LOG:1,,VERIFY OK: depth=0, CN=vpn.acme.com",
            "SUCCESS: hold release succeeded",
        ] {
            assert_eq!(redacted(line), line);
        }
        let push = redacted(
            ">LOG:1,,'PUSH_REPLY,route 10.77.0.0 255.255.0.0,auth-token x,cipher AES-256-GCM'",
        );
        assert!(
            push.contains("route 10.77.0.0") && push.contains("cipher AES-256-GCM"),
            "{push}"
        );
    }
}
