//! Low kernel limits.

use super::{ANSWERED, COMMAND, Failure, assert_failed, assert_ran, shell};
use crate::support::{SOON, TestEnv, counted};

/// Runs `ob exec` with an agent to start, with a private agent, and with an agent that has the
/// credentials.
fn with_each_agent(
    env: &TestEnv,
    limit: &str,
    cold: impl Fn(&str, &str),
    warm: impl Fn(&str, &str),
) {
    for flags in counted::<2, _>(["", "--no-agent"]) {
        let case = format!("{limit} {flags}");
        cold(
            &case,
            &format!("exec prlimit {limit} ob exec {flags} {ANSWERED} {COMMAND}"),
        );
        stop(env);
    }
    env.sign_in();
    warm(
        limit,
        &format!("exec prlimit {limit} ob exec --json {COMMAND}"),
    );
    stop(env);
}

fn stop(env: &TestEnv) {
    shell(env, "ob agent stop");
}

#[test]
fn low_but_sufficient_limits_change_nothing() {
    let env = TestEnv::of("carol").configured();
    for limit in counted::<5, _>([
        "--nofile=16:16",
        "--nofile=64:64",
        "--as=268435456:268435456",
        "--memlock=0:0",
        "--core=0:0",
    ]) {
        let works = |case: &str, script: &str| assert_ran(&env, &shell(&env, script), case);
        with_each_agent(&env, limit, works, works);
    }
}

#[test]
fn too_few_descriptors_for_an_agent_are_named() {
    let env = TestEnv::of("carol").configured();
    let expected = Failure(125, "agent.no-process", "too many open files");
    for flags in counted::<2, _>(["", "--no-agent"]) {
        for count in counted::<4, _>([5, 8, 10, 11]) {
            let limit = format!("--nofile={count}:{count}");
            let script = format!("exec prlimit {limit} ob exec {flags} {ANSWERED} {COMMAND}");
            let case = format!("{limit} {flags}");
            assert_failed(&env, &shell(&env, &script), &expected, &case);
            assert!(env.agents().is_empty(), "{case}");
            assert!(env.sandbox.log().is_empty(), "{case}");
        }
    }
}

#[test]
fn process_limit_is_named_and_a_live_agent_needs_none() {
    let env = TestEnv::unprivileged("carol").configured();
    let expected = Failure(125, "agent.no-process", "the limit of processes is reached");
    for limit in counted::<2, _>(["--nproc=1:1", "--nproc=0:0"]) {
        let refused = |case: &str, script: &str| {
            assert_failed(&env, &shell(&env, script), &expected, case);
            assert!(env.agents_gone_within(SOON), "{case}");
        };
        let works = |case: &str, script: &str| assert_ran(&env, &shell(&env, script), case);
        with_each_agent(&env, limit, refused, works);
    }
}
