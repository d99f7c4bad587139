//! Errors of a setting's value, worded to follow the setting's name.

use thiserror::Error;

use super::duration::{DurationError, InUnits};
use super::proxy::ProxyError;
use crate::model::{ArnError, OrgError, PolicyError};
use crate::openvpn::policy::NetworkError;

/// Most bytes of a text value.
pub(super) const MAX_TEXT_BYTES: usize = 2048;

/// Why a value is refused. The value itself is not repeated: it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum ValueError {
    #[error("expected {0}, found {1}")]
    Type(&'static str, &'static str),
    #[error("the value is empty")]
    Empty,
    #[error("the value is longer than {MAX_TEXT_BYTES} bytes")]
    TooLong,
    #[error("the value is not UTF-8 text")]
    NotUtf8,
    #[error("the value has a control character")]
    Control,
    #[error("expected one of: {0}")]
    Choice(&'static str),
    #[error("{0}")]
    Duration(#[from] DurationError),
    #[error("out of range; it must lie between {0} and {1}")]
    Range(InUnits, InUnits),
    #[error("not a region like `eu-west-1`")]
    Region,
    #[error("neither an app's embed link (https) nor its id")]
    App,
    #[error("not an https address (http is accepted for this machine only)")]
    Endpoint,
    #[error("not a host like `vpn.acme.com`")]
    Host,
    #[error("the path must be absolute or begin with `~/`")]
    RelativePath,
    #[error("the program must be an absolute path")]
    RelativeProgram,
    #[error("letters, digits, `-`, `_`, `.` and `:` only")]
    Word,
    #[error("an account's name has no slash")]
    AccountName,
    #[error("the keys of [accounts] are account numbers of twelve digits")]
    AccountNumber,
    #[error("the key is neither an ARN nor a valid regular expression")]
    Expression,
    #[error("the labels are more than 24 KiB together")]
    Labels,
    #[error(
        "unknown placeholder; it can be {{profile}}, {{role}}, {{account}}, {{class}}, {{left}}"
    )]
    Format,
    #[error("the pattern can match no role ARN")]
    RoleGlob,
    #[error("{0}; write it like `10.0.0.0/8`")]
    Network(#[from] NetworkError),
    #[error("{0}")]
    Arn(#[from] ArnError),
    #[error("{0}")]
    Policy(#[from] PolicyError),
    #[error("{0}")]
    Org(#[from] OrgError),
    #[error("{0}")]
    Proxy(#[from] ProxyError),
}
