//! Kinds of settings: which values each takes, and how they are parsed.

use std::time::Duration;

use url::Url;

use super::duration::{self, DurationError, InUnits};
use super::proxy::Proxy;
use super::value::{SignIn, Value};
use super::value_error::{MAX_TEXT_BYTES, ValueError};
use crate::model::{Org, PolicyArn, ProviderArn, RoleArn, SessionPolicy, is_loopback};
use crate::openvpn::policy::Network;

/// The kind of value that a key takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Any text.
    Text,
    Org,
    SignIn,
    Factor,
    /// A file, absolute or below the home directory.
    Path,
    Proxy,
    App,
    Region,
    /// A duration between two bounds, both included.
    Duration(Duration, Duration),
    /// An https address, or http on this machine.
    Endpoint,
    Role,
    Provider,
    Chain,
    Policies,
    /// Keys of settings, or tables with `.*`.
    Keys,
    AccountName,
    Host,
    Networks,
    /// One of these words, listed with a comma and a space between.
    OneOf(&'static str),
    /// A template of the prompt's segment.
    Format,
    Boolean,
    /// A program's absolute path and its arguments.
    Command,
    /// A name that is put into an address or a variable.
    Word,
}

/// A value as it is written in a file, a variable or a flag.
pub(super) enum Raw<'a> {
    Text(&'a str),
    Number(i64),
    Boolean(bool),
    List(Vec<&'a str>),
    /// Another type of TOML, by its name.
    Other(&'static str),
}

/// The factors that can be verified in a terminal, with a comma and a space between.
pub const FACTORS: &str =
    "push, totp, sms, call, email, question, token, yubikey, hotp, webauthn, password";

impl Kind {
    pub(super) fn parse(self, raw: &Raw<'_>) -> Result<Value, ValueError> {
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
            (Self::Keys, Raw::List(items)) => {
                Ok(Value::Keys(items.iter().map(ToString::to_string).collect()))
            }
            (Self::Networks, Raw::List(items)) => {
                let networks = items.iter().map(|item| item.parse::<Network>());
                Ok(Value::Networks(networks.collect::<Result<_, _>>()?))
            }
            (Self::Command, Raw::List(words)) => match words.first() {
                Some(program) if program.starts_with('/') => {
                    let words = words.iter().map(|word| (*word).to_owned());
                    Ok(Value::Command(words.collect()))
                }
                Some(_) => Err(ValueError::RelativeProgram),
                None => Err(ValueError::Empty),
            },
            (Self::Boolean, Raw::Boolean(value)) => Ok(Value::Boolean(*value)),
            (Self::Duration(min, max), Raw::Number(number)) => from_seconds(*number, min, max),
            (_, Raw::Text(text)) if self.is_text() => self.parse_text(text),
            _ => Err(ValueError::Type(self.expected(), raw.name())),
        }
    }

    const fn is_text(self) -> bool {
        !matches!(
            self,
            Self::Chain
                | Self::Keys
                | Self::Policies
                | Self::Networks
                | Self::Command
                | Self::Boolean
        )
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::Chain => "an array of role ARNs",
            Self::Policies => "an array of policy ARNs",
            Self::Keys => "an array of keys",
            Self::Networks => "an array of networks",
            Self::Command => "an array of strings",
            Self::Boolean => "true or false",
            Self::Duration(..) => "a duration",
            _ => "a string",
        }
    }

    fn parse_text(self, text: &str) -> Result<Value, ValueError> {
        if text.is_empty() {
            return Err(ValueError::Empty);
        } else if text.len() > MAX_TEXT_BYTES {
            return Err(ValueError::TooLong);
        } else if text.chars().any(char::is_control) {
            return Err(ValueError::Control);
        }
        let refused = match self {
            Self::Org => return Ok(Value::Org(Org::parse(text)?)),
            Self::SignIn => {
                let sign_in = SignIn::parse(text).map(Value::SignIn);
                return sign_in.ok_or(ValueError::Choice(SignIn::NAMES));
            }
            Self::Path if text.starts_with('/') || text.starts_with("~/") => {
                return Ok(Value::Path(text.into()));
            }
            Self::Path => Some(ValueError::RelativePath),
            Self::Proxy => return Ok(Value::Proxy(Proxy::parse(text)?)),
            Self::Duration(min, max) => {
                return match text.parse() {
                    Ok(number) => from_seconds(number, min, max),
                    Err(_) => within(duration::parse(text)?, min, max),
                };
            }
            Self::Role => check_role(text).err(),
            Self::Provider if text.starts_with("arn:") && !is_glob(text) => {
                ProviderArn::parse(text).err().map(ValueError::Arn)
            }
            Self::Factor => (!has_item(FACTORS, text)).then_some(ValueError::Choice(FACTORS)),
            Self::OneOf(words) => (!has_item(words, text)).then_some(ValueError::Choice(words)),
            Self::App => (!is_app(text)).then_some(ValueError::App),
            Self::Region => (!is_region(text)).then_some(ValueError::Region),
            Self::Endpoint => (!is_endpoint(text)).then_some(ValueError::Endpoint),
            // `name/role` selects a role by the name of its account.
            Self::AccountName => text.contains('/').then_some(ValueError::AccountName),
            Self::Host => (!is_host(text)).then_some(ValueError::Host),
            Self::Format => (!is_format(text)).then_some(ValueError::Format),
            Self::Word => (!is_word(text)).then_some(ValueError::Word),
            _ => None,
        };
        match refused {
            Some(error) => Err(error),
            None => Ok(Value::Text(text.to_owned())),
        }
    }
}

impl Raw<'_> {
    const fn name(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Number(_) => "a number",
            Self::Boolean(_) => "a boolean",
            Self::List(_) => "an array",
            Self::Other(name) => name,
        }
    }
}

fn within(duration: Duration, min: Duration, max: Duration) -> Result<Value, ValueError> {
    if (min..=max).contains(&duration) {
        Ok(Value::Duration(duration))
    } else {
        Err(ValueError::Range(InUnits(min), InUnits(max)))
    }
}

/// Parses a number without a unit. It counts seconds, as in AWS's own files, where minutes would
/// be out of range: `3600` for credentials that last 12 hours at most. Otherwise it is refused.
fn from_seconds(number: i64, min: Duration, max: Duration) -> Result<Value, ValueError> {
    let number = u32::try_from(number).map_err(|_| DurationError::Malformed)?;
    let duration = Duration::from_secs(number.into());
    if (min..=max).contains(&duration) && duration * 60 > max {
        Ok(Value::Duration(duration))
    } else {
        Err(DurationError::NoUnit(number).into())
    }
}

fn has_item(list: &str, item: &str) -> bool {
    list.split(", ").any(|known| known == item)
}

/// Whether `text` has the shape of a region: `eu-west-1`, `us-gov-east-1`, `cn-north-1`. AWS adds
/// regions, so there is no list.
fn is_region(text: &str) -> bool {
    let mut parts = text.split('-').rev();
    let number = parts.next().unwrap_or_default();
    let words: Vec<&str> = parts.collect();
    let is_lower = |word: &&str| word.bytes().all(|b| b.is_ascii_lowercase());
    (1..=2).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
        && words.len() >= 2
        && words.iter().all(|word| !word.is_empty() && is_lower(word))
}

/// Whether `text` is an embed link, or an app's id.
fn is_app(text: &str) -> bool {
    match text.contains("://") {
        true => is_endpoint(text),
        false => text.bytes().all(|b| b.is_ascii_alphanumeric()),
    }
}

fn is_word(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
}

fn is_endpoint(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        url.username().is_empty()
            && url.password().is_none()
            && url.has_host()
            && (url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)))
    })
}

/// Whether `text` is a host, with a port where that is not 443.
fn is_host(text: &str) -> bool {
    let in_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    text.chars().all(in_host)
        && Url::parse(&format!("https://{text}/")).is_ok_and(|url| url.path() == "/")
}

fn is_glob(text: &str) -> bool {
    text.contains(['*', '?'])
}

fn check_role(text: &str) -> Result<(), ValueError> {
    match (text.starts_with("arn:"), is_glob(text)) {
        (true, true) if !is_role_glob(text) => Err(ValueError::RoleGlob),
        (true, false) => Ok(RoleArn::parse(text).map(drop)?),
        _ => Ok(()),
    }
}

/// Whether an ARN pattern can match a role: the third field is IAM's, the sixth begins with
/// `role/`. A `*` may stand for several fields.
fn is_role_glob(text: &str) -> bool {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let service = fields.get(2);
    let is_iam = service.is_none_or(|service| *service == "iam" || is_glob(service));
    let is_role = match fields.get(5) {
        Some(resource) => resource.starts_with("role/") || is_glob(resource),
        None => fields.iter().any(|field| field.contains('*')),
    };
    is_iam && is_role
}

/// Whether each `{name}` is a field that the prompt's segment has.
fn is_format(text: &str) -> bool {
    let fields = ["profile", "role", "account", "class", "vpn", "left"];
    let mut parts = text.split('{').map(|part| part.split_once('}'));
    parts.next().is_some_and(|first| first.is_none())
        && parts.all(|part| {
            part.is_some_and(|(name, rest)| fields.contains(&name) && !rest.contains('}'))
        })
}

#[cfg(test)]
mod tests;
