//! What a setting may hold: each kind of value, read once from text, with its own refusal.

mod error;

use std::fmt;
use std::path::PathBuf;

use url::Url;

pub(super) use error::ValueError;

use super::proxy::Proxy;
use super::vpn::{is_host, networks};
use crate::model::{Org, PolicyArn, ProviderArn, RoleArn, SessionPolicy, is_loopback};
use crate::openvpn::policy::Network;

/// How the user wants to sign in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignIn {
    /// Ask the org which pipeline it runs.
    #[default]
    Auto,
    /// Password and factor, typed in this terminal, by the interface of Classic orgs.
    Terminal,
    /// The same by the interface of Identity Engine orgs.
    IdentityEngine,
    /// A code that is confirmed at a browser.
    Browser,
    /// A private key; nobody is asked.
    Machine,
}

/// What kind of value a key takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Name,
    Org,
    SignIn,
    Factor,
    CaBundle,
    Proxy,
    App,
    Region,
    /// Seconds, from and to.
    Duration(u32, u32),
    Endpoint,
    Role,
    Provider,
    Chain,
    Policies,
    AccountName,
    Host,
    Networks,
    /// One of these words, as they are listed for a person.
    OneOf(&'static str),
    /// What the prompt's segment shows.
    Format,
    YesOrNo,
    /// A program, absolute, and its arguments.
    Command,
    /// A name of a few letters that is put into an address or a variable.
    Word,
}

/// A value that was read and found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Org(Org),
    SignIn(SignIn),
    Seconds(u32),
    Roles(Vec<RoleArn>),
    Policies(Vec<PolicyArn>),
    Path(PathBuf),
    Proxy(Proxy),
    Networks(Vec<Network>),
    YesOrNo(bool),
    Command(Vec<String>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Org(org) => org.fmt(f),
            Self::SignIn(SignIn::Auto) => f.write_str("auto"),
            Self::SignIn(SignIn::Terminal) => f.write_str("terminal"),
            Self::SignIn(SignIn::IdentityEngine) => f.write_str("identity_engine"),
            Self::SignIn(SignIn::Browser) => f.write_str("browser"),
            Self::SignIn(SignIn::Machine) => f.write_str("machine"),
            Self::Seconds(seconds) => Length(*seconds).fmt(f),
            Self::Roles(roles) => {
                let roles: Vec<&str> = roles.iter().map(RoleArn::as_str).collect();
                f.write_str(&roles.join(", "))
            }
            Self::Policies(policies) => {
                let policies: Vec<&str> = policies.iter().map(PolicyArn::as_str).collect();
                f.write_str(&policies.join(", "))
            }
            Self::Path(path) => path.display().fmt(f),
            Self::Proxy(proxy) => f.write_str(proxy.address()),
            Self::Networks(networks) => {
                let networks: Vec<String> = networks.iter().map(ToString::to_string).collect();
                f.write_str(&networks.join(", "))
            }
            Self::YesOrNo(yes) => yes.fmt(f),
            Self::Command(words) => f.write_str(&words.join(" ")),
        }
    }
}

/// Seconds, written as a person would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length(u32);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            seconds if seconds % 3600 == 0 => write!(f, "{}h", seconds / 3600),
            seconds if seconds % 60 == 0 => write!(f, "{}m", seconds / 60),
            seconds => write!(f, "{seconds}s"),
        }
    }
}

/// A value as it is written: in a file, a variable or a flag.
pub(super) enum Raw<'a> {
    Text(&'a str),
    Number(i64),
    Boolean(bool),
    List(Vec<&'a str>),
    /// Anything else TOML knows, by its name.
    Other(&'static str),
}

const LONGEST: usize = 2048;

/// The factors that can be verified in a terminal, by ob's words for them, with a comma and a space between.
pub const FACTORS: &str =
    "push, totp, sms, call, email, question, token, yubikey, hotp, webauthn, password";

impl Kind {
    pub(super) fn read(self, raw: &Raw<'_>) -> Result<Value, ValueError> {
        match (self, raw) {
            (Self::Chain, Raw::List(items)) => {
                let roles = items.iter().map(|item| RoleArn::parse(item));
                Ok(Value::Roles(roles.collect::<Result<_, _>>()?))
            }
            (Self::Policies, Raw::List(items)) => {
                let policies = items.iter().map(|item| PolicyArn::parse(item));
                let policies = policies.collect::<Result<Vec<_>, _>>()?;
                SessionPolicy::only(policies.clone())?;
                Ok(Value::Policies(policies))
            }
            (Self::Policies, _) => Err(ValueError::Type("an array of policy ARNs", raw.name())),
            (Self::Duration(from, to), Raw::Number(number)) => without_unit(*number, from, to),
            (Self::Networks, Raw::List(items)) => Ok(Value::Networks(networks(items)?)),
            (Self::Networks, _) => Err(ValueError::Type("an array of networks", raw.name())),
            (Self::YesOrNo, Raw::Boolean(yes)) => Ok(Value::YesOrNo(*yes)),
            (Self::YesOrNo, _) => Err(ValueError::Type("true or false", raw.name())),
            (Self::Command, Raw::List(words)) => match words.first() {
                Some(program) if program.starts_with('/') => {
                    let words = words.iter().map(|word| (*word).to_owned());
                    Ok(Value::Command(words.collect()))
                }
                Some(_) => Err(ValueError::RelativeProgram),
                None => Err(ValueError::Empty),
            },
            (Self::Command, _) => Err(ValueError::Type("an array of strings", raw.name())),
            (Self::Chain, _) => Err(ValueError::Type("an array of role ARNs", raw.name())),
            (_, Raw::Text("")) => Err(ValueError::Empty),
            (_, Raw::Text(text)) if text.len() > LONGEST => Err(ValueError::TooLong),
            (_, Raw::Text(text)) if text.chars().any(char::is_control) => Err(ValueError::Control),
            (_, Raw::Text(text)) => self.read_text(text),
            (Self::Duration(..), _) => Err(ValueError::Type("a duration", raw.name())),
            _ => Err(ValueError::Type("a string", raw.name())),
        }
    }

    fn read_text(self, text: &str) -> Result<Value, ValueError> {
        let plain = || Ok(Value::Text(text.to_owned()));
        match self {
            Self::Name => plain(),
            Self::Org => Ok(Value::Org(Org::parse(text)?)),
            Self::SignIn => match text {
                "auto" => Ok(Value::SignIn(SignIn::Auto)),
                "terminal" => Ok(Value::SignIn(SignIn::Terminal)),
                "identity_engine" => Ok(Value::SignIn(SignIn::IdentityEngine)),
                "browser" => Ok(Value::SignIn(SignIn::Browser)),
                "machine" => Ok(Value::SignIn(SignIn::Machine)),
                _ => Err(ValueError::Choice(
                    "auto, terminal, identity_engine, browser, machine",
                )),
            },
            Self::Factor if FACTORS.split(", ").any(|name| name == text) => plain(),
            Self::Factor => Err(ValueError::Choice(FACTORS)),
            Self::CaBundle if text.starts_with('/') || text.starts_with("~/") => {
                Ok(Value::Path(text.into()))
            }
            Self::CaBundle => Err(ValueError::RelativePath),
            Self::Proxy => Ok(Value::Proxy(Proxy::parse(text)?)),
            Self::App if is_app(text) => plain(),
            Self::App => Err(ValueError::App),
            Self::Region if is_region(text) => plain(),
            Self::Region => Err(ValueError::Region),
            Self::Duration(from, to) => match text.parse() {
                Ok(number) => without_unit(number, from, to),
                Err(_) => within(duration(text)?, from, to),
            },
            Self::Endpoint if is_server(text) => plain(),
            Self::Endpoint => Err(ValueError::Endpoint),
            Self::Role => {
                if is_glob(text) {
                    if text.starts_with("arn:") && !is_role_glob(text) {
                        return Err(ValueError::RoleGlob);
                    }
                } else if text.starts_with("arn:") {
                    RoleArn::parse(text)?;
                }
                plain()
            }
            Self::Provider => {
                if text.starts_with("arn:") && !is_glob(text) {
                    ProviderArn::parse(text)?;
                }
                plain()
            }
            // `name/role` is how a role is asked for by its account's name.
            Self::AccountName if text.contains('/') => Err(ValueError::AccountName),
            Self::AccountName => plain(),
            Self::Host if is_host(text) => plain(),
            Self::Host => Err(ValueError::Host),
            Self::Networks => Err(ValueError::Type("an array of networks", "a string")),
            Self::OneOf(words) if words.split(", ").any(|word| word == text) => plain(),
            Self::OneOf(words) => Err(ValueError::Choice(words)),
            Self::Format if is_format(text) => plain(),
            Self::Format => Err(ValueError::Format),
            Self::YesOrNo => Err(ValueError::Type("true or false", "a string")),
            Self::Word if is_word(text) => plain(),
            Self::Word => Err(ValueError::Word),
            Self::Chain => Err(ValueError::Type("an array of role ARNs", "a string")),
            Self::Policies => Err(ValueError::Type("an array of policy ARNs", "a string")),
            Self::Command => Err(ValueError::Type("an array of strings", "a string")),
        }
    }
}

impl Raw<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Number(_) => "a number",
            Self::Boolean(_) => "a boolean",
            Self::List(_) => "an array",
            Self::Other(name) => name,
        }
    }
}

fn within(seconds: u32, from: u32, to: u32) -> Result<Value, ValueError> {
    if (from..=to).contains(&seconds) {
        Ok(Value::Seconds(seconds))
    } else {
        Err(ValueError::Range(Length(from), Length(to)))
    }
}

/// A number alone counts seconds, as in AWS's own files, where it can mean nothing else: `3600` of credentials that
/// last 12 hours at most is no number of minutes. Otherwise it is refused.
fn without_unit(number: i64, from: u32, to: u32) -> Result<Value, ValueError> {
    let number = u32::try_from(number).map_err(|_| ValueError::Duration)?;
    let as_minutes = number.saturating_mul(60);
    if (from..=to).contains(&number) && as_minutes > to {
        Ok(Value::Seconds(number))
    } else {
        Err(ValueError::NoUnit(number))
    }
}

/// `1h`, `90m`, `1h30m` or `3600s` into seconds. A number alone is refused: some tools take it for
/// minutes.
pub(super) fn duration(text: &str) -> Result<u32, ValueError> {
    match text.parse() {
        Ok(number) => Err(ValueError::NoUnit(number)),
        Err(_) => with_units(text).ok_or(ValueError::Duration),
    }
}

fn with_units(text: &str) -> Option<u32> {
    let mut total: u32 = 0;
    let mut rest = text;
    let mut largest = u32::MAX;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: u32 = rest[..digits].parse().ok()?;
        let mut letters = rest[digits..].chars();
        let unit = match letters.next() {
            Some('h') => 3600,
            Some('m') => 60,
            Some('s') => 1,
            _ => return None,
        };
        if unit >= largest {
            return None;
        }
        largest = unit;
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = letters.as_str();
    }
    (largest != u32::MAX).then_some(total)
}

/// `eu-west-1`, `us-gov-east-1`, `cn-north-1`: the shape, since the list grows without us.
fn is_region(text: &str) -> bool {
    let mut parts = text.split('-').rev();
    let number = parts.next().unwrap_or_default();
    let words: Vec<&str> = parts.collect();
    (1..=2).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
        && words.len() >= 2
        && words
            .iter()
            .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()))
}

/// An embed link (https, or http to this machine), or the app's id alone.
fn is_app(text: &str) -> bool {
    if text.contains("://") {
        is_server(text)
    } else {
        text.bytes().all(|b| b.is_ascii_alphanumeric())
    }
}

fn is_word(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
}

fn is_server(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        url.username().is_empty()
            && url.password().is_none()
            && url.has_host()
            && (url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)))
    })
}

fn is_glob(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Whether a role could match: the third field is IAM's, the sixth about roles; a `*` may stand for several.
fn is_role_glob(text: &str) -> bool {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let service = fields
        .get(2)
        .is_none_or(|service| *service == "iam" || is_glob(service));
    let resource = match fields.get(5) {
        Some(resource) => resource.starts_with("role/") || is_glob(resource),
        None => fields.iter().any(|field| field.contains('*')),
    };
    service && resource
}

/// Whether everything in braces is something the segment can show.
fn is_format(text: &str) -> bool {
    let known = ["profile", "role", "account", "class", "vpn", "left"];
    let mut parts = text.split('{').map(|part| part.split_once('}'));
    parts.next().is_some_and(|first| first.is_none())
        && parts.all(|part| {
            part.is_some_and(|(name, rest)| known.contains(&name) && !rest.contains('}'))
        })
}

#[cfg(test)]
mod tests;
