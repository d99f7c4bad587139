//! The inline blocks of a profile, which are certificates and keys: parsed and written anew.
//!
//! Only the PEM armour and its base64 or hex are kept. Text around it (`openssl x509 -text`,
//! comments) is left out. openvpn checks the certificates.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ProfileError;
use super::lexer::Line;
use crate::secret::Secret;

/// The width of canonical base64.
const COLUMNS: usize = 64;
/// An OpenVPN static key is 2048 bits, written in hex, 16 bytes a line.
const STATIC_KEY_HEX: usize = 512;
const STATIC_KEY_COLUMNS: usize = 32;

/// Parameters before a key, which are left out: the key names its curve or group again.
const PARAMETERS: &[&str] = &["EC PARAMETERS", "DH PARAMETERS"];

/// An inline block. All content is treated as secret, certificates too.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub name: &'static str,
    armoured: Vec<PemBlock>,
}

#[derive(Debug, PartialEq, Eq)]
struct PemBlock {
    label: &'static str,
    /// Base64 or hex without line breaks.
    body: Secret,
}

impl Block {
    /// Parses the lines between `<name>` and `</name>`. `line` is the number of the opening tag.
    pub(super) fn parse(
        name: &'static str,
        line: usize,
        lines: &[Line],
    ) -> Result<Self, ProfileError> {
        let mut armoured = Vec::new();
        let mut rest = lines.iter();
        while let Some(row) = rest.next() {
            let text = row.text.trim();
            let Some(label) = text
                .strip_prefix("-----BEGIN ")
                .and_then(|text| text.strip_suffix("-----"))
            else {
                // A tag, or an end without its beginning, means a damaged block. Prose is harmless.
                if text.starts_with(['<', '-']) {
                    return Err(ProfileError::Key {
                        line: row.number,
                        what: "has a line that does not belong there",
                    });
                }
                continue;
            };
            if let Some(label) = PARAMETERS.iter().find(|known| **known == label) {
                body(label, row.number, &mut rest)?;
                continue;
            }
            let label = known_label(name, label).ok_or(ProfileError::Key {
                line: row.number,
                what: if label.contains("ENCRYPTED") {
                    "is encrypted with a passphrase, which `ob` does not ask for"
                } else {
                    "holds something else than its name says"
                },
            })?;
            armoured.push(PemBlock {
                label,
                body: body(label, row.number, &mut rest)?,
            });
        }
        let several = matches!(name, "ca" | "extra-certs" | "cert" | "crl-verify");
        match armoured.len() {
            0 => Err(ProfileError::Key {
                line,
                what: "is empty",
            }),
            1 => Ok(Self { name, armoured }),
            _ if several => Ok(Self { name, armoured }),
            _ => Err(ProfileError::Key {
                line,
                what: "holds more than one key",
            }),
        }
    }

    /// Writes the block for openvpn.
    pub(super) fn write(&self, out: &mut String) {
        let Self { name, armoured } = self;
        let _ = writeln!(out, "<{name}>");
        for PemBlock { label, body } in armoured {
            let columns = if is_static(label) {
                STATIC_KEY_COLUMNS
            } else {
                COLUMNS
            };
            let _ = writeln!(out, "-----BEGIN {label}-----");
            let mut rest = body.expose();
            while !rest.is_empty() {
                let (row, tail) = rest.split_at(rest.len().min(columns));
                out.push_str(row);
                out.push('\n');
                rest = tail;
            }
            let _ = writeln!(out, "-----END {label}-----");
        }
        let _ = writeln!(out, "</{name}>");
    }

    /// Describes the content without showing any of it.
    pub(super) fn title(&self) -> String {
        match self.armoured.as_slice() {
            [only] => format!("<{}> {}", self.name, only.label),
            several => format!("<{}> {} certificates", self.name, several.len()),
        }
    }
}

/// Returns `label` if the block `name` may contain it.
fn known_label(name: &str, label: &str) -> Option<&'static str> {
    let allowed: &[&'static str] = match name {
        "ca" | "cert" | "extra-certs" => &["CERTIFICATE"],
        "crl-verify" => &["X509 CRL"],
        "key" => &["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"],
        "tls-auth" | "tls-crypt" => &["OpenVPN Static key V1"],
        "tls-crypt-v2" => &["OpenVPN tls-crypt-v2 client key"],
        _ => &[],
    };
    allowed.iter().find(|known| **known == label).copied()
}

fn is_static(label: &str) -> bool {
    label == "OpenVPN Static key V1"
}

/// Reads the body of an armour up to its end line. `begin` is the number of its first line.
fn body<'a>(
    label: &str,
    begin: usize,
    rest: &mut impl Iterator<Item = &'a Line>,
) -> Result<Secret, ProfileError> {
    let end = format!("-----END {label}-----");
    let mut body = String::new();
    for row in rest {
        let text = row.text.trim();
        if text == end {
            let is_valid = if is_static(label) {
                body.make_ascii_lowercase();
                body.len() == STATIC_KEY_HEX && body.bytes().all(|byte| byte.is_ascii_hexdigit())
            } else {
                STANDARD.decode(&body).is_ok_and(|bytes| !bytes.is_empty())
            };
            return if is_valid {
                Ok(Secret::new(body))
            } else {
                Err(ProfileError::Key {
                    line: begin,
                    what: "holds a key or certificate that is damaged",
                })
            };
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        if !text.bytes().all(plain) {
            let what = if text.starts_with("Proc-Type:") {
                "is encrypted with a passphrase, which `ob` does not ask for"
            } else {
                "holds a key or certificate that is damaged"
            };
            return Err(ProfileError::Key {
                line: row.number,
                what,
            });
        }
        body.push_str(text);
    }
    Err(ProfileError::Key {
        line: begin,
        what: "holds a key or certificate without an end",
    })
}
