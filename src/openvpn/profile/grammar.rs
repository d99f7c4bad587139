//! Parses the arguments of an allowed directive, by the [`Kind`] in the table.
//!
//! Blocks of keys are in `block.rs`. `settings.rs` checks the directives together.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::directives::{GATEWAY_FLAGS, Kind, PROTOCOLS};
use super::hosts::{dns, gateway, normalize_host, route4, route6};
use super::value::{Remote, Value};
use super::verdict::RefusalReason;
use crate::openvpn::challenge::StaticChallenge;

impl Value {
    /// Parses the arguments of a directive.
    ///
    /// # Errors
    /// The reason why the value is refused.
    pub(super) fn parse(kind: Kind, args: &[&str]) -> Result<Self, RefusalReason> {
        match kind {
            Kind::Flag if args.is_empty() => Ok(Self::Flag),
            Kind::Flag => Err(RefusalReason::Value("takes no argument")),
            Kind::Numbers(counts, (min, max)) => numbers(args, counts, min, max),
            Kind::OneOf(words) => match args {
                [word] if words.contains(word) => Ok(Self::words(&[word])),
                _ => Err(RefusalReason::Value("has a value that is not allowed")),
            },
            Kind::Remote => parse_remote(args).map(Self::Remote),
            Kind::Device => match args {
                [device] if is_tun(device) => Ok(Self::words(&["tun"])),
                _ => Err(RefusalReason::OtherMode),
            },
            Kind::Algorithms => algorithms(args),
            Kind::TlsVersion => tls_version(args),
            Kind::ServerName => server_name(args),
            Kind::ServerCertificate => match args {
                ["server"] => Ok(Self::words(&["server"])),
                _ => Err(RefusalReason::WeakensProtection),
            },
            Kind::ServerPurpose => match args {
                ["TLS Web Server Authentication" | "1.3.6.1.5.5.7.3.1"] => {
                    Ok(Self::words(&["1.3.6.1.5.5.7.3.1"]))
                }
                _ => Err(RefusalReason::WeakensProtection),
            },
            Kind::AskUserPass if args.is_empty() => Ok(Self::Flag),
            Kind::AskUserPass | Kind::Inline => Err(RefusalReason::ReadsFiles),
            Kind::StaticChallenge => parse_challenge(args).map(Self::Challenge),
            Kind::Retries => match args {
                ["infinite"] => Ok(Self::words(&["infinite"])),
                _ => numbers(args, &[1], 0, 31_536_000),
            },
            Kind::Route4 => route4(args),
            Kind::Route6 => route6(args),
            Kind::Gateway4 => gateway::<Ipv4Addr>(args),
            Kind::Gateway6 => gateway::<Ipv6Addr>(args),
            Kind::Dns => dns(args),
            Kind::Mssfix => mssfix(args),
            Kind::Fragment => match args {
                [size] | [size, "mtu"] => {
                    numbers(&[size], &[1], 68, 65_535)?;
                    Ok(Value::words(args))
                }
                _ => Err(RefusalReason::Value(
                    "must have the form `fragment SIZE [mtu]`",
                )),
            },
            Kind::Fingerprint => fingerprint(args, false),
            Kind::AuthorityHash => fingerprint(args, true),
            Kind::RedirectGateway => match args {
                flags if flags.iter().all(|flag| GATEWAY_FLAGS.contains(flag)) => {
                    Ok(Value::words(flags))
                }
                _ => Err(RefusalReason::Value("has a flag that is not allowed")),
            },
            Kind::PullFilter => match args {
                [action @ ("accept" | "ignore" | "reject"), text]
                    if is_line(text, 160) || (text.is_empty() && *action != "reject") =>
                {
                    Ok(Self::Quoted(vec![(*action).to_owned(), (*text).to_owned()]))
                }
                _ => Err(RefusalReason::Value("has a value that is not allowed")),
            },
            Kind::Connection => Err(RefusalReason::Value("is a block, not a line")),
            // The validator rewrites these.
            Kind::Setenv | Kind::Compression | Kind::DhcpOption => Err(RefusalReason::Unclassified),
        }
    }
}

fn parse_remote(args: &[&str]) -> Result<Remote, RefusalReason> {
    let (name, port, protocol) = match args {
        [name] => (name, None, None),
        [name, port] => (name, Some(port), None),
        [name, port, protocol] => (name, Some(port), Some(protocol)),
        _ => {
            return Err(RefusalReason::Value(
                "must have the form `remote HOST [PORT [PROTOCOL]]`",
            ));
        }
    };
    let host = normalize_host(name).ok_or(RefusalReason::Value("names no host"))?;
    let port = port
        .map(|port| match port.parse::<u16>() {
            Ok(number) if number > 0 && number.to_string() == **port => Ok(number),
            _ => Err(RefusalReason::Value(
                "has a port that is no number from 1 to 65535",
            )),
        })
        .transpose()?;
    let protocol = protocol
        .map(|asked| {
            let known = PROTOCOLS.iter().find(|known| known == &asked);
            known.copied().ok_or(RefusalReason::Value(
                "has a protocol other than udp and tcp to a server",
            ))
        })
        .transpose()?;
    Ok(Remote {
        host: host.to_owned(),
        port,
        protocol,
    })
}

/// Parses `TEXT FLAGS`, or `TEXT ECHO scrv1|concat` of OpenVPN 2.7.
fn parse_challenge(args: &[&str]) -> Result<StaticChallenge, RefusalReason> {
    let (text, flags) = match args {
        [text, "0"] | [text, "0", "scrv1"] => (text, 0),
        [text, "1"] | [text, "1", "scrv1"] => (text, 1),
        [text, "2"] | [text, "0", "concat"] => (text, 2),
        [text, "3"] | [text, "1", "concat"] => (text, 3),
        _ => {
            return Err(RefusalReason::Value(
                "must have the form `static-challenge TEXT FLAGS`",
            ));
        }
    };
    if !is_line(text, 160) {
        return Err(RefusalReason::Value(
            "has a text that is empty, too long or not printable",
        ));
    }
    Ok(StaticChallenge::new(text, flags))
}

fn numbers(args: &[&str], counts: &[u8], min: u32, max: u32) -> Result<Value, RefusalReason> {
    if !counts.iter().any(|count| usize::from(*count) == args.len()) {
        return Err(RefusalReason::Value("has the wrong number of arguments"));
    }
    args.iter()
        .map(|arg| match arg.parse::<u32>() {
            Ok(number) if (min..=max).contains(&number) && number.to_string() == **arg => {
                Ok(number)
            }
            _ => Err(RefusalReason::Value("has a number that is not allowed")),
        })
        .collect::<Result<_, _>>()
        .map(Value::Numbers)
}

/// Parses `mssfix`: the maximum packet size; `mtu` or `fixed` says which headers it includes.
fn mssfix(args: &[&str]) -> Result<Value, RefusalReason> {
    match args {
        [] => {}
        [size] | [size, "mtu" | "fixed"] => {
            numbers(&[size], &[1], 0, 65_535)?;
        }
        _ => {
            return Err(RefusalReason::Value(
                "must have the form `mssfix [SIZE [mtu|fixed]]`",
            ));
        }
    }
    Ok(Value::words(args))
}

/// Whether `text` is a hash of that many bytes: `AA:BB:…`.
fn is_hash(text: &str, bytes: usize) -> bool {
    let is_byte = |pair: &str| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit());
    text.split(':').all(is_byte) && text.split(':').count() == bytes
}

/// Parses the SHA-256 hash of a server's certificate, or the hash of its authority's certificate,
/// which is SHA-1 unless the algorithm is given.
fn fingerprint(args: &[&str], is_authority: bool) -> Result<Value, RefusalReason> {
    let is_sound = match args {
        [hash] => is_hash(hash, if is_authority { 20 } else { 32 }),
        [hash, "SHA1"] if is_authority => is_hash(hash, 20),
        [hash, "SHA256"] if is_authority => is_hash(hash, 32),
        _ => false,
    };
    is_sound
        .then(|| Value::words(args))
        .ok_or(RefusalReason::Value("is not the hash of a certificate"))
}

/// Whether `device` is `tun`, or `tun` and a number.
fn is_tun(device: &str) -> bool {
    device
        .strip_prefix("tun")
        .is_some_and(|number| number.len() <= 3 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Parts of names that mean no encryption, no authentication, or broken algorithms. `BF` is not
/// among them: BF-CBC is the default cipher of older servers.
const WEAK_ALGORITHMS: &[&str] = &[
    "NONE",
    "NULL",
    "ANULL",
    "ENULL",
    "COMPLEMENTOFALL",
    "COMPLEMENTOFDEFAULT",
    "EXP",
    "EXPORT",
    "ADH",
    "AECDH",
    "ANON",
    "LOW",
    "RC4",
    "RC2",
    "MD5",
    "MD4",
    "DES",
    "40",
    "64",
];

/// Parses names of algorithms. Refuses `none`, null ciphers, and keywords of OpenSSL's cipher
/// strings that would enable one.
fn algorithms(args: &[&str]) -> Result<Value, RefusalReason> {
    let [list] = args else {
        return Err(RefusalReason::Value("takes one list of names"));
    };
    let name_is_plain = |name: &str| {
        let name = name.strip_prefix(['!', '-', '?']).unwrap_or(name);
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+' | b'.'))
    };
    if list.len() > 200 || !list.split(':').all(name_is_plain) {
        return Err(RefusalReason::Value(
            "has a value that is not a list of algorithms",
        ));
    }
    let is_weak = |name: &str| {
        let name = name.trim_start_matches('?').to_ascii_uppercase();
        name.split(['-', '_', '+'])
            .any(|part| WEAK_ALGORITHMS.contains(&part))
    };
    let mut enabled = list.split(':').filter(|name| !name.starts_with(['!', '-']));
    if enabled.any(is_weak) {
        return Err(RefusalReason::WeakensProtection);
    }
    Ok(Value::words(args))
}

/// Parses a version of TLS. An older one becomes 1.2, which `rewrite.rs` notes in the verdict.
fn tls_version(args: &[&str]) -> Result<Value, RefusalReason> {
    match args {
        [version @ ("1.2" | "1.3")] | [version @ ("1.2" | "1.3"), "or-highest"] => {
            Ok(Value::words(&[version]))
        }
        ["1.0" | "1.1"] | ["1.0" | "1.1", "or-highest"] => Ok(Value::words(&["1.2"])),
        _ => Err(RefusalReason::Value("has a version that is not allowed")),
    }
}

fn server_name(args: &[&str]) -> Result<Value, RefusalReason> {
    let (name, kind) = match args {
        [name] => (name, "subject"),
        [name, kind @ ("subject" | "name" | "name-prefix")] => (name, *kind),
        _ => {
            return Err(RefusalReason::Value(
                "must have the form `verify-x509-name NAME [TYPE]`",
            ));
        }
    };
    if !is_line(name, 180) {
        return Err(RefusalReason::Value(
            "has a name that is empty, too long or not printable",
        ));
    }
    Ok(Value::Quoted(vec![(*name).to_owned(), kind.to_owned()]))
}

/// Whether `text` is one printable line of at most `max_bytes`.
fn is_line(text: &str, max_bytes: usize) -> bool {
    !text.is_empty() && text.len() <= max_bytes && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cipher_list_never_enables_a_null_cipher() {
        for list in [
            "AES-256-GCM:AES-128-GCM",
            "?CHACHA20-POLY1305:AES-256-CBC",
            "DEFAULT:!EXP:!LOW",
            "SHA256",
            "TLS-ECDHE-RSA-WITH-AES-256-GCM-SHA384",
            "BF-CBC",
        ] {
            assert!(algorithms(&[list]).is_ok(), "{list}");
        }
        for list in [
            "none",
            "AES-256-GCM:none",
            "NULL",
            "eNULL",
            "ECDHE-RSA-NULL-SHA",
            "ALL:aNULL",
            "AES 256",
            "",
            "AES-256-GCM:",
            "@SECLEVEL=0",
            "TLS_NULL_SHA",
            "AES-256-GCM:NoNe",
        ] {
            assert!(algorithms(&[list]).is_err(), "{list}");
        }
    }
}
