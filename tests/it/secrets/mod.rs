//! Secrets stay where they belong: recognisable ones are planted, every verb is run, and whatever a
//! program can leave behind is searched for them. The searches are tested too: each must find a
//! planted leak.

mod cores;
mod disk;
mod live_memory;
mod memory;
mod needles;
mod observers;
mod panics;
mod planted;
mod scenarios;
mod sign_in;
mod trace;

use needles::Needles;
use ob_sandbox::Server;

use crate::support::TestEnv;

/// The secrets of an environment, in every encoding.
fn needles(env: &TestEnv) -> Needles {
    Needles::new(env.sandbox.canaries())
}

/// Whether client and agent are both in the middle of a sign-in.
fn push_is_sent(env: &TestEnv) -> bool {
    let path = "/api/v1/authn/factors/";
    !env.sandbox.requests(Server::Org, path).is_empty()
}

/// A secret that is typed but is not valid.
const TYPED: &str = "canary-typed-in-vain-4Xq8ZpLw";
