//! What people mistype, and what they are told.

use crate::shells::machine;
use crate::support::{TestEnv, run, text};

/// What is said on standard error, and the exit code.
fn told(env: &TestEnv, words: &[&str]) -> (String, Option<i32>) {
    let ended = run(&mut env.ob(words), "");
    assert!(ended.stdout.is_empty(), "{words:?}");
    (text(&ended.stderr).to_owned(), ended.status.code())
}

#[test]
fn a_profile_that_is_none_is_likened_to_those_there_are() {
    let env = machine();
    for words in [
        &["exec", "-p", "prud", "--", "true"][..],
        &["console", "-p", "Prod"],
    ] {
        let (said, code) = told(&env, words);
        assert!(
            said.contains("hint: did you mean `-p prod`?"),
            "{words:?}: {said}"
        );
        assert_eq!(code, Some(2));
    }
    let (said, _) = told(&env, &["exec", "-p", "xyzzy", "--", "true"]);
    insta::assert_snapshot!(said, @r"
    ob: there is no profile xyzzy
      hint: `-r ROLE` takes a role without a profile
      hint: `ob config list` shows the profiles
    ");
}

#[test]
fn a_role_that_is_none_is_likened_to_those_that_were_granted() {
    let env = TestEnv::of("alice");
    env.write_settings(
        &(env.usual_settings() + "\n[profiles.dev]\n[accounts]\n123456789012 = \"it's prod\"\n"),
    );
    env.sign_in();
    let (said, code) = told(&env, &["exec", "-r", "engineeer", "--", "true"]);
    insta::assert_snapshot!(said, @r"
    ob: you may not assume engineeer
      cause: you may assume: arn:aws:iam::123456789012:role/Engineer, arn:aws:iam::123456789012:role/Deploy, arn:aws:iam::123456789012:role/ReadOnly, arn:aws:iam::345678901234:role/Engineer, arn:aws:iam::345678901234:role/Admin, arn:aws:iam::345678901234:role/team/data/Analyst
      hint: did you mean `-r 'it'\''s prod/Engineer'` or `-r 345678901234/Engineer`?
      hint: `ob roles` shows the roles you were granted
    ");
    assert_eq!(code, Some(4));
    let (said, _) = told(&env, &["exec", "-r", "dev", "--", "true"]);
    assert!(said.contains("hint: did you mean `-p dev`?"), "{said}");
}

#[test]
fn a_hostile_name_is_inert_and_quoted_where_it_is_offered() {
    let env = machine();
    let settings = std::fs::read_to_string(env.path("config/ob/config.toml")).unwrap();
    env.write_settings(&(settings + "[profiles.\"x$(id);\\u001b[31m'y\"]\n"));
    let (said, _) = told(&env, &["exec", "-p", "x$(id);\u{1b}[31m'", "--", "true"]);
    insta::assert_snapshot!(said, @r"
    ob: there is no profile x$(id);\u{1b}[31m'
      hint: did you mean `-p 'x$(id);\u{1b}[31m'\''y'`?
      hint: `ob config list` shows the profiles
    ");
}
