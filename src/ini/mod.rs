//! INI files of other tools, read by the rules of Python's `configparser.RawConfigParser`, with
//! which botocore (the aws CLI, boto3) reads `~/.aws/config` and `~/.aws/credentials`.
//!
//! [`read`] never fails: a line that the rules do not allow becomes a [`Fault`], and the rest is
//! still read. botocore stops at the first fault. Hand-written because no crate follows these
//! rules, and a file must be judged as the aws CLI judges it. Sources: CPython 3.11
//! `Lib/configparser.py` (`RawConfigParser._read`) and botocore 1.44 `configloader.py`.

mod botocore;
mod document;
mod encoding;
mod fault;
mod reader;
mod shell_words;
mod unreadable;

pub use botocore::Value;
pub use document::{Entry, Ini, Section};
pub use encoding::{NotText, decode, encode, is_undecoded};
pub use fault::{Fault, FaultKind};
pub use reader::{Indented, header, read, read_as};
pub use shell_words::shell_words;
pub use unreadable::unreadable;

#[cfg(test)]
mod tests;
