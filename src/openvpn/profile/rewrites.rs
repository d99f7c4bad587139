//! How one line becomes what openvpn reads: under today's name, split, without ornament, or not at all.

use super::directives::allowed_name;
use super::hosts::{DhcpOption, dhcp_option};
use super::value::{Directive, Value};
use super::verdict::RefusalReason;

/// What is done with one statement of a line.
pub(super) enum Judged {
    Kept(Directive),
    Changed(Directive, &'static str),
    /// One line that stands for several.
    Split(Vec<Directive>, &'static str),
    /// Meant by what the canonical text always says.
    Implied,
    Dropped(&'static str),
    Refused(RefusalReason),
}

/// Keeps a value under the name that says it today.
pub(super) fn keep(name: &str, args: &[&str], value: Value) -> Judged {
    let (today, note) = match name {
        "ncp-ciphers" => ("data-ciphers", "its name since 2.5"),
        "connect-timeout" => (
            "server-poll-timeout",
            "its name in profiles of Access Server",
        ),
        "ns-cert-type" => ("remote-cert-tls", "the check by key usage that replaced it"),
        "port" => ("rport", "a client binds no port of its own"),
        "tls-version-min" if matches!(args, ["1.0" | "1.1", ..]) => (name, "nothing below TLS 1.2"),
        "dev" if args == ["tun"] => return Judged::Implied,
        "dev" => return Judged::Dropped("`ob` names the device"),
        "tcp-nodelay" => {
            return socket_flag();
        }
        "remote" if has_ornament(args) => (name, "without brackets and the dot at the end"),
        "tls-version-max" if matches!(args, ["1.0" | "1.1", ..]) => (name, "nothing below TLS 1.2"),
        _ => (name, ""),
    };
    let Some(name) = allowed_name(today) else {
        return Judged::Refused(RefusalReason::Unclassified);
    };
    let directive = Directive { name, value };
    if note.is_empty() {
        Judged::Kept(directive)
    } else {
        Judged::Changed(directive, note)
    }
}

/// What a client's `tcp-nodelay` stands for.
fn socket_flag() -> Judged {
    let Some(name) = allowed_name("socket-flags") else {
        return Judged::Refused(RefusalReason::Unclassified);
    };
    let value = Value::Words(vec!["TCP_NODELAY".to_owned()]);
    Judged::Changed(Directive { name, value }, "what it means for a client")
}

/// Whether the first word, a host, is written with brackets or with a dot at its end.
fn has_ornament(args: &[&str]) -> bool {
    args.first()
        .is_some_and(|host| host.starts_with('[') || host.ends_with('.'))
}

/// `dhcp-option`, one directive for each domain.
pub(super) fn several(args: &[&str]) -> Judged {
    match dhcp_option(args) {
        Ok(DhcpOption::Dropped(note)) => Judged::Dropped(note),
        Ok(DhcpOption::Kept(directives)) => match directives.as_slice() {
            [only]
                if only.value == Value::Words(args.iter().map(|arg| (*arg).into()).collect()) =>
            {
                Judged::Kept(only.clone())
            }
            _ => Judged::Split(
                directives,
                "one server or domain a line, as openvpn reads it",
            ),
        },
        Err(why) => Judged::Refused(why),
    }
}

/// A line in the place of a block: `ca [inline]` says that the block follows, as openvpn 2.4 wants it.
pub(super) fn inline(name: &str, args: &[&str]) -> Judged {
    match (name, args) {
        (_, ["[inline]"]) => Judged::Dropped("its block follows"),
        ("tls-auth", ["[inline]", direction @ ("0" | "1")]) => {
            let (Some(name), Ok(number)) = (allowed_name("key-direction"), direction.parse())
            else {
                return Judged::Refused(RefusalReason::Unclassified);
            };
            let value = Value::Numbers(vec![number]);
            Judged::Changed(Directive { name, value }, "its block follows")
        }
        _ => Judged::Refused(RefusalReason::ReadsFiles),
    }
}

/// Compressed before it is encrypted, traffic tells its content by its length (VORACLE). The framing of
/// compression is kept, because both ends must have the same; nothing is compressed in it.
pub(super) fn compression(name: &str, args: &[&str]) -> Judged {
    let (name, framing) = match (name, args) {
        ("allow-compression", ["no" | "asym" | "yes"]) | ("compress", ["migrate"]) => {
            return Judged::Dropped("`ob` lets openvpn compress nothing");
        }
        ("comp-lzo", [] | ["no" | "yes" | "adaptive"]) | ("compress", ["lzo"]) => {
            ("comp-lzo", "no")
        }
        ("compress", [] | ["stub" | "lz4"]) => ("compress", "stub"),
        ("compress", ["stub-v2" | "lz4-v2"]) => ("compress", "stub-v2"),
        _ => return Judged::Refused(RefusalReason::Value("has a value that is not allowed")),
    };
    let Some(name) = allowed_name(name) else {
        return Judged::Refused(RefusalReason::Unclassified);
    };
    let value = Value::Words(vec![framing.to_owned()]);
    let directive = Directive { name, value };
    if args == [framing] {
        Judged::Kept(directive)
    } else {
        Judged::Changed(directive, "its framing, and nothing is compressed")
    }
}
