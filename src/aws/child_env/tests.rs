//! What a child finds in its environment, as a transcript.

use super::*;
use crate::model::Timestamp;
use crate::secret::Secret;

fn credentials() -> Credentials {
    Credentials {
        access_key_id: "ASIAEXAMPLE".to_owned(),
        secret_access_key: Secret::new("secret"),
        session_token: Secret::new("token"),
        expires_at: Timestamp(1_795_309_375),
        role: RoleArn::parse("arn:aws:iam::123456789012:role/team/Deploy").unwrap(),
        provider: None,
    }
}

/// `before` as `NAME=value` lines, the child's environment in the same form.
fn transcript(before: &str, context: &ChildContext<'_>) -> String {
    let parent = before.lines().map(|line| {
        let (name, value) = line.trim().split_once('=').unwrap();
        (name.into(), value.into())
    });
    let env = child_env(parent, &credentials(), context).unwrap();
    let lines = env
        .iter()
        .map(|(name, value)| format!("{}={}\n", name.to_str().unwrap(), value.to_str().unwrap()));
    lines.collect()
}

const BARE: &str = "\
    AWS_ACCESS_KEY_ID=ASIAEXAMPLE\n\
    AWS_SECRET_ACCESS_KEY=secret\n\
    AWS_SESSION_TOKEN=token\n\
    AWS_CREDENTIAL_EXPIRATION=2026-11-22T01:02:55Z\n\
    AWS_SESSION_EXPIRATION=2026-11-22T01:02:55Z\n\
    AWS_ACCOUNT_ID=123456789012\n";
const BARE_MARKERS: &str = "\
    OB_ROLE=Deploy\n\
    OB_ACCOUNT=123456789012\n\
    OB_EXPIRES=1795309375\n";

#[test]
fn empty_parent_gives_only_own_variables() {
    let after = transcript("", &ChildContext::default());
    assert_eq!(after, format!("{BARE}{BARE_MARKERS}"));
}

#[test]
fn variables_of_the_parent_stay_in_order() {
    let before = "HOME=/home/alice\nPATH=/bin\nAWS_PAGER=\nAWS_CONFIG_FILE=/x\n\
                  AWS_ENDPOINT_URL=http://localhost:4566\nAWS_ENDPOINT_URL_S3=http://s3\n\
                  OB_DEFAULT_PROFILE=dev\nAWS_REGION=eu-west-1\n";
    let after = transcript(before, &ChildContext::default());
    assert_eq!(after, format!("{before}{BARE}{BARE_MARKERS}"));
}

#[test]
fn misleading_variables_are_removed() {
    let before = "AWS_SECURITY_TOKEN=old\nAWS_PROFILE=other\nAWS_DEFAULT_PROFILE=other\n\
        AWS_CREDENTIAL_FILE=/x\nAWS_ROLE_ARN=arn\nAWS_ROLE_SESSION_NAME=n\nAWS_SDK_LOAD_CONFIG=1\n\
        AWS_WEB_IDENTITY_TOKEN_FILE=/t\nAWS_CONTAINER_CREDENTIALS_FULL_URI=http://x\n\
        AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/x\nAWS_CONTAINER_AUTHORIZATION_TOKEN=t\n\
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/t\nAWS_VAULT=prod\nAWS_VAULT_BACKEND=pass\n\
        AWS_SSO_PROFILE=p\nAWSU_PROFILE=p\nAWS_OKTA_PROFILE=p\nAWSUME_PROFILE=p\n\
        AWS_ACCESS_KEY=k\nAWS_SECRET_KEY=k\n\
        AWS_ACCESS_KEY_ID=AKIAOLD\nAWS_SECRET_ACCESS_KEY=old\nAWS_SESSION_TOKEN=old\n\
        AWS_CREDENTIAL_EXPIRATION=2000-01-01T00:00:00Z\nAWS_ACCOUNT_ID=999999999999\n\
        OB_PROFILE=outer\nOB_ROLE=Outer\nOB_ACCOUNT=outer\nOB_ENV=prod\nOB_EXPIRES=1\n\
        OB_POLICY=x\nOB_COLOR=red\nOB_STATE=/x\nOB_TARGET={}";
    let after = transcript(before, &ChildContext::default());
    assert_eq!(after, format!("{BARE}{BARE_MARKERS}"));
}

#[test]
fn region_profile_account_and_class_are_set() {
    let region = Region::parse("eu-west-1").unwrap();
    let context = ChildContext {
        region: Some(&region),
        profile: Some("prod"),
        policy: Some(&SessionPolicy::ReadOnly),
        account_label: Some("payments\x1b[31m"),
        class: Some("prod"),
        color: Some("red"),
    };
    let after = transcript(
        "AWS_REGION=us-east-1\nAWS_DEFAULT_REGION=us-east-1",
        &context,
    );
    let expected = format!(
        "{BARE}AWS_REGION=eu-west-1\nAWS_DEFAULT_REGION=eu-west-1\nOB_PROFILE=prod\n\
         OB_ROLE=Deploy\nOB_ACCOUNT=payments\\u{{1b}}[31m\nOB_POLICY=read-only\n\
         OB_ENV=prod\nOB_COLOR=red\nOB_EXPIRES=1795309375\n"
    );
    assert_eq!(after, expected);
}

#[test]
fn value_with_nul_is_refused() {
    let mut broken = credentials();
    broken.session_token = Secret::new("a\0b");
    let error = child_env([], &broken, &ChildContext::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the value of AWS_SESSION_TOKEN holds a NUL character"
    );
}

#[test]
fn renewing_child_gets_a_profile_and_no_keys() {
    let parent = "HOME=/h\nAWS_ACCESS_KEY_ID=A\nAWS_SECRET_ACCESS_KEY=s\nAWS_SESSION_TOKEN=t\n\
        AWS_SECURITY_TOKEN=t\nAWS_PROFILE=other\nAWS_ACCOUNT_ID=9\nOB_EXPIRES=1\nAWS_VAULT=x";
    let parent = parent.lines().map(|line| {
        let (name, value) = line.trim().split_once('=').unwrap();
        (name.into(), value.into())
    });
    let context = RenewingContext {
        aws_profile: "ob/dev",
        region: None,
        profile: "dev",
        policy: &SessionPolicy::Whole,
        account_label: None,
    };
    let env = renewing_env(parent, &credentials().role, &context).unwrap();
    let lines: Vec<String> = env
        .iter()
        .map(|(name, value)| format!("{}={}", name.display(), value.display()))
        .collect();
    assert_eq!(
        lines,
        [
            "HOME=/h",
            "AWS_PROFILE=ob/dev",
            "AWS_SDK_LOAD_CONFIG=1",
            "OB_PROFILE=dev",
            "OB_ROLE=Deploy",
            "OB_ACCOUNT=123456789012",
        ]
    );
}

#[test]
fn debug_shows_only_names() {
    let env = child_env([], &credentials(), &ChildContext::default()).unwrap();
    let debug = format!("{env:?}");
    assert!(debug.contains("AWS_SESSION_TOKEN") && !debug.contains("token\""));
}
