//! Whoever takes credentials from `ob`: the real aws CLI, boto3 and JavaScript SDK, asked who they are.
//! The sandbox's STS checks their signatures, so an answer means that the credentials were used as they are.

mod config_aws;
mod credential;
mod env;
mod refresh;
mod tools;
mod write;
