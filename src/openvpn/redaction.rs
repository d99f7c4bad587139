//! Lines of the management interface as they may be logged: without tokens, addresses and errors.
//!
//! It errs on the side of silence: an error line may repeat whatever was sent, so nothing of it is kept.

/// What stands in the place of a secret.
const REMOVED: &str = "[redacted]";
/// Words after which, up to the next blank, comma or quote, a secret stands.
const MARKS: &[&str] = &[
    "SESS_ID",
    "https://",
    "http://",
    "token=",
    "auth-token-user ",
    "auth-token ",
    "auth-token",
];

/// `line` without anything in it that opens a session.
pub fn redacted(line: &str) -> String {
    for (prefix, shown) in [
        (">PASSWORD:Auth-Token:", ">PASSWORD:Auth-Token:"),
        ("ERROR:", "ERROR: "),
        ("password ", "password "),
        ("username ", "username "),
        ("cr-response ", "cr-response "),
        (">PK_SIGN:", ">PK_SIGN:"),
        (">RSA_SIGN:", ">RSA_SIGN:"),
    ] {
        if line.starts_with(prefix) {
            return format!("{shown}{REMOVED}");
        }
    }
    if let Some(rest) = line.strip_prefix(">INFOMSG:") {
        return format!(
            ">INFOMSG:{}:{REMOVED}",
            rest.split(':').next().unwrap_or_default()
        );
    }
    if let Some(command) = line.find("CMD '") {
        let name = &line[command + 5..];
        if ["username", "password", "cr-response"]
            .iter()
            .any(|secret| name.starts_with(secret))
        {
            let name = name.split(' ').next().unwrap_or_default();
            return format!("{}CMD '{name} {REMOVED}", &line[..command]);
        }
    }
    if let Some(position) = line.find("Info command was pushed by server ('") {
        return format!(
            "{}Info command was pushed by server ({REMOVED})",
            &line[..position]
        );
    }
    // A challenge's handle stands between colons, its text may hold anything.
    if let Some(position) = line.find("CRV1:") {
        return format!("{}CRV1:{REMOVED}", without_marked(&line[..position]));
    }
    without_marked(line)
}

fn without_marked(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((start, mark)) = MARKS
        .iter()
        .filter_map(|mark| rest.find(mark).map(|at| (at, *mark)))
        .min_by_key(|(at, mark)| (*at, usize::MAX - mark.len()))
    {
        out.push_str(&rest[..start]);
        out.push_str(mark);
        out.push_str(REMOVED);
        let mut tail = &rest[start + mark.len()..];
        if mark == "auth-token" {
            // A name in quotes: what follows them is the token all the same.
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
    fn nothing_that_opens_a_session_is_left_in_a_line() {
        for line in [
            ">PASSWORD:Auth-Token:SESS_ID_AT_canary",
            ">INFOMSG:WEB_AUTH::https://vpn.acme.com/saml?sid=canary",
            ">INFOMSG:OPEN_URL:https://vpn.acme.com/old?sid=canary",
            ">LOG:1,,Info command was pushed by server ('WEB_AUTH:external:https://x/canary')",
            ">LOG:1,D,MANAGEMENT: CMD 'username \"Auth\" \"canary\"'",
            ">LOG:1,D,MANAGEMENT: CMD 'password \"Auth\" canary'",
            ">LOG:1,D,MANAGEMENT: CMD 'cr-response canary'",
            "ERROR: Options error: Parameter at TCP:0 is too long (256 chars max): canary",
            ">LOG:1,,PUSH: Received control message: 'PUSH_REPLY,peer-id 0,auth-token canary,cipher X'",
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
    fn what_is_no_secret_is_kept() {
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
