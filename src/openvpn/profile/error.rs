//! The reasons why a profile cannot be used.

use thiserror::Error;

use super::verdict::{Ruling, Verdict};
use crate::report::{ErrorCode, Report};

/// The reason why a profile cannot be used. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProfileError {
    #[error("the profile is larger than 512 KiB")]
    TooLarge,
    #[error("the profile has more than 4000 lines")]
    TooManyLines,
    #[error("line {line} of the profile holds bytes that are no text")]
    NotText { line: usize },
    #[error("line {line} of the profile is longer than openvpn reads at once")]
    LineTooLong { line: usize },
    #[error("line {line} of the profile has a backslash before an ordinary character")]
    Backslash { line: usize },
    #[error("line {line} of the profile has a quote that does not close, or an empty name")]
    UnclosedQuote { line: usize },
    #[error("the block that begins on line {line} of the profile does not end")]
    UnclosedBlock { line: usize },
    #[error("line {line} of the profile has a closing tag that is not alone or not this block's")]
    ClosingTag { line: usize },
    #[error("line {line} of the profile closes a block that is not open")]
    StrayClosingTag { line: usize },
    #[error("line {line} of the profile opens a block inside another")]
    NestedBlock { line: usize },
    #[error("line {line} of the profile repeats the block <{name}>")]
    SecondBlock { line: usize, name: &'static str },
    #[error("a block of the profile {what} (line {line})")]
    Key { line: usize, what: &'static str },
    #[error("the profile is generic (server-locked), not made for your user")]
    Generic,
    #[error("the profile {}", .0.predicate())]
    Incomplete(MissingDirective),
    /// At least one directive is refused. Holds the verdict on every directive.
    #[error("{}", refusal(.0))]
    Refused(Vec<Verdict>),
}

/// A directive without which a profile is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingDirective {
    Client,
    Remote,
    Authority,
    ServerCheck,
    KeyPair,
    OneWrap,
    ConnectionRemote,
}

impl MissingDirective {
    const fn predicate(self) -> &'static str {
        match self {
            Self::Client => "is not a client's: it lacks `client`",
            Self::Remote => "names no server: it lacks `remote`",
            Self::Authority => "cannot check the server: it lacks a <ca> block",
            Self::ServerCheck => {
                "would accept any client's certificate as the server's: it lacks \
                 `remote-cert-tls server` or `verify-x509-name`"
            }
            Self::KeyPair => "has only one of <cert> and <key>",
            Self::OneWrap => "has more than one of <tls-auth>, <tls-crypt> and <tls-crypt-v2>",
            Self::ConnectionRemote => "has a <connection> without exactly one `remote`",
        }
    }
}

impl ProfileError {
    /// Returns the verdict on every directive if the profile could be parsed.
    pub fn verdicts(&self) -> &[Verdict] {
        match self {
            Self::Refused(verdicts) => verdicts,
            _ => &[],
        }
    }

    const fn code(&self) -> ErrorCode {
        match self {
            Self::TooLarge | Self::TooManyLines => ErrorCode::OpenvpnProfileSize,
            Self::NotText { .. } => ErrorCode::OpenvpnProfileText,
            Self::LineTooLong { .. } => ErrorCode::OpenvpnProfileLine,
            Self::Backslash { .. } | Self::UnclosedQuote { .. } => ErrorCode::OpenvpnProfileQuoting,
            Self::UnclosedBlock { .. }
            | Self::ClosingTag { .. }
            | Self::StrayClosingTag { .. }
            | Self::NestedBlock { .. }
            | Self::SecondBlock { .. } => ErrorCode::OpenvpnProfileBlock,
            Self::Key { .. } => ErrorCode::OpenvpnProfileKey,
            Self::Generic => ErrorCode::OpenvpnProfileGeneric,
            Self::Incomplete(_) => ErrorCode::OpenvpnProfileIncomplete,
            Self::Refused(_) => ErrorCode::OpenvpnProfileRefused,
        }
    }
}

fn refusal(verdicts: &[Verdict]) -> String {
    let mut refused = verdicts.iter().filter_map(|verdict| match &verdict.ruling {
        Ruling::Refused(reason) => Some(format!(
            "line {} of the profile is refused: `{}` {reason}",
            verdict.line, verdict.directive
        )),
        _ => None,
    });
    let first = refused.next().unwrap_or_default();
    match refused.count() {
        0 => first,
        more => format!("{first} (and {more} more)"),
    }
}

impl From<ProfileError> for Report {
    fn from(error: ProfileError) -> Self {
        let report = Self::new(error.code(), "the VPN profile cannot be used").cause(&error);
        match error {
            ProfileError::Refused(_) => report
                .hint("`ob vpn profile --explain` shows the verdict on each directive")
                .hint("ask the VPN's administrator for a profile without them"),
            ProfileError::Generic => {
                report.hint("ask the VPN's administrator to allow you user-locked profiles")
            }
            _ => report.hint(
                "`ob vpn profile --explain` downloads a new profile and shows what is in it; \
                 if it fails again, ask the VPN's administrator",
            ),
        }
    }
}
