//! The form in which a line's directive is written: under its present name, split, without
//! brackets, or not at all.

use super::hosts::{DhcpOption, dhcp_option};
use super::value::{Directive, Value};
use super::verdict::RefusalReason;

/// What becomes of one line.
pub(super) enum Outcome {
    Kept(Directive),
    Changed(Directive, &'static str),
    /// The line becomes several directives.
    Split(Vec<Directive>, &'static str),
    /// The canonical text always says it.
    Implied,
    Dropped(&'static str),
    Refused(RefusalReason),
}

/// Keeps a value under the present name of its directive.
pub(super) fn keep(name: &'static str, args: &[&str], value: Value) -> Outcome {
    let is_old_tls = matches!(args, ["1.0" | "1.1", ..]);
    let has_brackets_or_dot = |host: &&str| host.starts_with('[') || host.ends_with('.');
    let (name, note) = match name {
        "ncp-ciphers" => ("data-ciphers", "its name since 2.5"),
        "connect-timeout" => (
            "server-poll-timeout",
            "its name in profiles of Access Server",
        ),
        "ns-cert-type" => ("remote-cert-tls", "the check by key usage that replaced it"),
        "port" => ("rport", "a client binds no port of its own"),
        "tls-version-min" | "tls-version-max" if is_old_tls => (name, "nothing below TLS 1.2"),
        "dev" if args == ["tun"] => return Outcome::Implied,
        "dev" => return Outcome::Dropped("`ob` names the device"),
        "tcp-nodelay" => {
            let directive = Directive {
                name: "socket-flags",
                value: Value::words(&["TCP_NODELAY"]),
            };
            return Outcome::Changed(directive, "what it means for a client");
        }
        "remote" if args.first().is_some_and(has_brackets_or_dot) => {
            (name, "without brackets and the dot at the end")
        }
        _ => return Outcome::Kept(Directive { name, value }),
    };
    Outcome::Changed(Directive { name, value }, note)
}

/// Rewrites `dhcp-option` as one directive for each server or domain.
pub(super) fn split_dhcp_option(args: &[&str]) -> Outcome {
    match dhcp_option(args) {
        Ok(DhcpOption::Dropped(note)) => Outcome::Dropped(note),
        Ok(DhcpOption::Kept(directives)) => match directives.as_slice() {
            [only] if only.value == Value::words(args) => Outcome::Kept(only.clone()),
            _ => Outcome::Split(
                directives,
                "one server or domain a line, as openvpn reads it",
            ),
        },
        Err(reason) => Outcome::Refused(reason),
    }
}

/// Reads a line in place of a block: `ca [inline]` announces the block, as openvpn 2.4 wants it.
pub(super) fn announce_block(name: &str, args: &[&str]) -> Outcome {
    match (name, args) {
        (_, ["[inline]"]) => Outcome::Dropped("its block follows"),
        ("tls-auth", ["[inline]", direction @ ("0" | "1")]) => {
            let directive = Directive {
                name: "key-direction",
                value: Value::Numbers(vec![u32::from(*direction == "1")]),
            };
            Outcome::Changed(directive, "its block follows")
        }
        _ => Outcome::Refused(RefusalReason::ReadsFiles),
    }
}

/// Keeps the framing of compression, which must be the same at both ends, and compresses nothing:
/// the length of compressed traffic tells its content (VORACLE).
pub(super) fn disable_compression(name: &str, args: &[&str]) -> Outcome {
    let (name, framing) = match (name, args) {
        ("allow-compression", ["no" | "asym" | "yes"]) | ("compress", ["migrate"]) => {
            return Outcome::Dropped("`ob` turns compression off");
        }
        ("comp-lzo", [] | ["no" | "yes" | "adaptive"]) | ("compress", ["lzo"]) => {
            ("comp-lzo", "no")
        }
        ("compress", [] | ["stub" | "lz4"]) => ("compress", "stub"),
        ("compress", ["stub-v2" | "lz4-v2"]) => ("compress", "stub-v2"),
        _ => return Outcome::Refused(RefusalReason::Value("has a value that is not allowed")),
    };
    let value = Value::words(&[framing]);
    let directive = Directive { name, value };
    if args == [framing] {
        Outcome::Kept(directive)
    } else {
        Outcome::Changed(directive, "its framing, and nothing is compressed")
    }
}
