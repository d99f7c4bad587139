//! Name servers of a tunnel: the names they resolve, and the device they are set on.
//!
//! These values become arguments and input of a program that runs as root, so the types are narrow:
//! a [`Domain`] has letters, digits, `-`, `_` and dots, a [`TunDevice`] is one of ten names.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The names that the tunnel's name servers resolve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DnsScope {
    /// Every name.
    All,
    /// Names in the domains that the server pushed.
    Domains,
}

impl FromStr for DnsScope {
    type Err = DnsValueError;

    fn from_str(text: &str) -> Result<Self, DnsValueError> {
        match text {
            "all" => Ok(Self::All),
            "domains" => Ok(Self::Domains),
            _ => Err(DnsValueError::Scope),
        }
    }
}

/// A DNS domain: lower case, without the final dot, never the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Domain(String);

impl Domain {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Domain {
    type Err = DnsValueError;

    fn from_str(text: &str) -> Result<Self, DnsValueError> {
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        if name.len() <= 253 && name.split('.').all(is_label) {
            Ok(Self(name))
        } else {
            Err(DnsValueError::Domain)
        }
    }
}

impl TryFrom<String> for Domain {
    type Error = DnsValueError;

    fn try_from(text: String) -> Result<Self, DnsValueError> {
        text.parse()
    }
}

impl From<Domain> for String {
    fn from(domain: Domain) -> Self {
        domain.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq<&str> for Domain {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

/// A network device of a tunnel: `tun-ob0` to `tun-ob9`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TunDevice(u8);

const DEVICE_PREFIX: &str = "tun-ob";

impl FromStr for TunDevice {
    type Err = DnsValueError;

    fn from_str(text: &str) -> Result<Self, DnsValueError> {
        match text.strip_prefix(DEVICE_PREFIX).map(str::as_bytes) {
            Some([digit @ b'0'..=b'9']) => Ok(Self(digit - b'0')),
            _ => Err(DnsValueError::Device),
        }
    }
}

impl TryFrom<String> for TunDevice {
    type Error = DnsValueError;

    fn try_from(text: String) -> Result<Self, DnsValueError> {
        text.parse()
    }
}

impl From<TunDevice> for String {
    fn from(device: TunDevice) -> Self {
        device.to_string()
    }
}

impl fmt::Display for TunDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{DEVICE_PREFIX}{}", self.0)
    }
}

/// Why a text is none of these values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DnsValueError {
    #[error("the scope of name servers is `all` or `domains`")]
    Scope,
    #[error("this is not a DNS domain")]
    Domain,
    #[error("a tunnel's device is `tun-ob0` to `tun-ob9`")]
    Device,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domain_has_no_character_special_to_a_shell() {
        for good in ["corp.test", "a-b._tcp.corp.test", "corp", "10.in-addr.arpa"] {
            assert_eq!(good.parse::<Domain>().unwrap(), good);
        }
        assert_eq!("Corp.Test.".parse::<Domain>().unwrap(), "corp.test");
        for bad in [
            "",
            ".",
            "..",
            "a..b",
            "-x.test",
            "a.-b",
            "x$(id)",
            "x`id`",
            "a;b",
            "a b",
            "a\nb",
            "~corp.test",
            "*.corp.test",
            "bücher.test",
            "a/b",
            "a'b",
            "a\"b",
            "a\\b",
        ] {
            assert_eq!(bad.parse::<Domain>(), Err(DnsValueError::Domain), "{bad:?}");
        }
        assert!("a".repeat(64).parse::<Domain>().is_err());
        assert!(["abc."; 80].concat().parse::<Domain>().is_err());
    }

    #[test]
    fn device_is_one_of_ten_names() {
        assert_eq!(
            "tun-ob7".parse::<TunDevice>().unwrap().to_string(),
            "tun-ob7"
        );
        for bad in [
            "tun0",
            "eth0",
            "tun-ob",
            "tun-ob10",
            "tun-obx",
            "tun-ob0 ",
            " tun-ob0",
            "tun-ob0\n",
            "tun-ob0/..",
            "-",
            "",
        ] {
            assert!(bad.parse::<TunDevice>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn deserialising_checks_the_value() {
        assert!(serde_json::from_str::<Domain>("\"corp.test\"").is_ok());
        assert!(serde_json::from_str::<Domain>("\"x$(id)\"").is_err());
        assert!(serde_json::from_str::<TunDevice>("\"eth0\"").is_err());
        assert_eq!(
            serde_json::to_string(&DnsScope::Domains).unwrap(),
            "\"domains\""
        );
    }
}
