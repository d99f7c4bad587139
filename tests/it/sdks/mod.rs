//! Whoever takes credentials from `ob`: the real aws CLI, boto3 and JavaScript SDK, asked who they
//! are. The sandbox's STS checks their signatures, so an answer means that the credentials were
//! used as they are.

mod botocore_reader;
mod catalogue;
mod config_aws;
mod console;
mod credential;
mod cut_short;
mod discover;
mod doctor;
mod doctored_machines;
mod env;
mod findings;
mod limits;
mod links;
mod logout;
mod progress;
mod refresh;
pub(crate) mod tools;
mod unreadable;
pub(crate) mod variables;
mod write;
