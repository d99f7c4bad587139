//! No secret leaves its place: recognisable ones are planted, every verb is run, and whatever a program can
//! leave behind is searched for them. The searchers are searched too: each has to find a leak of its own.

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

/// The secrets of a env, in every disguise.
fn needles(env: &TestEnv) -> Needles {
    Needles::new(env.sandbox.canaries())
}

/// Whether client and agent are both in the midst of a sign-in.
fn a_push_is_out(env: &TestEnv) -> bool {
    let path = "/api/v1/authn/factors/";
    !env.sandbox.requests(Server::Org, path).is_empty()
}

/// A secret that only the one who types it knows.
const TYPED: &str = "canary-typed-in-vain-4Xq8ZpLw";
