//! `ob roles --discover`, against moto's IAM.

use super::tools::{DEV, json, prepare, printed};
use crate::support::{Moto, TestEnv, run};

pub(super) const POLICIES: &str = r#"
import boto3, json, sys
iam = boto3.client('iam', endpoint_url=sys.argv[1])
allow = lambda r, **more: json.dumps({'Version': '2012-10-17', 'Statement': [dict(Effect='Allow', Action='sts:AssumeRole', Resource=r, **more)]})
iam.create_role(RoleName='Engineer', AssumeRolePolicyDocument='{}')
iam.put_role_policy(RoleName='Engineer', PolicyName='audit & more', PolicyDocument=allow(['arn:aws:iam::210987654321:role/Admin', 'arn:aws:iam::*:role/Audit*']))
iam.put_role_policy(RoleName='Engineer', PolicyName='s3', PolicyDocument=allow('*').replace('sts:AssumeRole', 's3:*'))
for i in range(3):
    p = iam.create_policy(PolicyName=f'onward{i}', PolicyDocument=allow(f'arn:aws:iam::34567890123{i}:role/Deploy', Condition={'Bool': {'aws:MultiFactorAuthPresent': 'true'}}))
    iam.attach_role_policy(RoleName='Engineer', PolicyArn=p['Policy']['Arn'])
"#;

#[test]
fn roles_of_all_kinds_of_policies_are_listed() {
    let env = TestEnv::new();
    let moto = Moto::start();
    let iam = format!("iam_endpoint = \"{}\"\n", moto.url);
    env.write_settings(&(env.minimal_settings() + &iam + DEV));
    env.sign_in();
    prepare(&env, &moto, POLICIES);
    let list = printed(&mut env.ob(["roles", "--discover", "-p", "dev"]));
    assert_eq!(
        list,
        "arn:aws:iam::*:role/Audit*\narn:aws:iam::210987654321:role/Admin\n\
         arn:aws:iam::345678901230:role/Deploy  (under a condition)\n\
         arn:aws:iam::345678901231:role/Deploy  (under a condition)\n\
         arn:aws:iam::345678901232:role/Deploy  (under a condition)\n"
    );
    let json = json(&mut env.ob([
        "roles",
        "--discover",
        "-r",
        "Engineer",
        "--with",
        "dev",
        "--json",
    ]));
    assert_eq!(json[0]["from"], "arn:aws:iam::123456789012:role/Engineer");
}

#[test]
fn iam_refusal_shows_its_text() {
    let env = TestEnv::new();
    let moto = Moto::start();
    let iam = format!("iam_endpoint = \"{}\"\n", moto.url);
    env.write_settings(&(env.minimal_settings() + &iam + DEV));
    env.sign_in();
    let answer = run(&mut env.ob(["roles", "--discover", "-p", "dev"]), "");
    assert_eq!(answer.status.code(), Some(4));
    let said = &answer.stderr;
    assert!(
        said.contains("NoSuchEntity") && said.contains("`ob roles --discover --with PROFILE`"),
        "{said}"
    );
    // `--with` has no meaning there.
    let answer = run(&mut env.ob(["write", "--link", "-p", "dev"]), "");
    let said = &answer.stderr;
    assert_eq!(answer.status.code(), Some(4), "{said}");
    assert!(
        said.contains("NoSuchEntity") && said.contains("`chain = [\"ROLE\"]`"),
        "{said}"
    );
    assert!(!said.contains("--discover"), "{said}");
}
