//! Consumers of credentials: the real aws CLI, boto3 and JavaScript SDK call GetCallerIdentity. The
//! sandbox's STS checks their signatures, so an answer means that the credentials were used
//! unchanged.

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
mod programs;
mod progress;
mod refresh;
pub(crate) mod tools;
mod unreadable;
pub(crate) mod variables;
mod write;
