//! Values with one valid meaning: regions of another partition, times without a unit, a missing
//! home.

use ob_sandbox::AwsApp;

use crate::support::{TestEnv, counted, run};

const GOV: &str = "arn:aws-us-gov:iam::123456789012:role/Engineer";

/// Carol, with a role of another partition and a region of her other one's.
fn abroad() -> TestEnv {
    let env = TestEnv::of("carol").configured();
    let provider = "arn:aws-us-gov:iam::123456789012:saml-provider/okta";
    env.sandbox
        .grant("carol", AwsApp::Production, provider, GOV);
    env.sandbox.role(GOV, 3600);
    let profiles = format!(
        "\n[profiles.gov]\nrole = '{GOV}'\n\n[profiles.named]\nrole = '*gov*/Engineer'\n\n\
         [profiles.own]\nrole = '{GOV}'\nregion = 'eu-central-1'\n\n\
         [profiles.east]\nrole = '{GOV}'\nregion = 'us-gov-east-1'\n"
    );
    env.write_settings(&(env.full_settings() + &profiles));
    env.sign_in();
    env
}

#[test]
fn general_region_gives_way_in_another_partition() {
    let env = abroad();
    for profile in counted::<2, _>(["gov", "named"]) {
        let words = [
            "exec",
            "-v",
            "-p",
            profile,
            "--",
            "sh",
            "-c",
            "echo $AWS_REGION $AWS_DEFAULT_REGION",
        ];
        let ended = run(env.ob(words), "");
        assert_eq!(ended.code(), Some(0), "{profile} {}", ended.stderr);
        assert_eq!(ended.stdout, "us-gov-west-1 us-gov-west-1\n", "{profile}");
        let expected =
            "region eu-west-1 of the settings is not in aws-us-gov: us-gov-west-1 is used";
        assert!(
            ended.stderr.contains(expected),
            "{profile} {}",
            ended.stderr
        );
        // Without -v there is no message, and in its own partition nothing changes.
        let ended = run(env.ob(["exec", "-p", profile, "--", "true"]), "");
        assert_eq!((ended.code(), ended.messages().as_str()), (Some(0), ""));
    }
    let ended = run(
        env.ob([
            "exec",
            "-v",
            "-p",
            "dev",
            "--",
            "sh",
            "-c",
            "echo $AWS_REGION",
        ]),
        "",
    );
    assert_eq!(ended.stdout, "eu-west-1\n");
    assert!(!ended.stderr.contains("is used"), "{}", ended.stderr);
    let ended = run(
        env.ob(["exec", "-p", "east", "--", "sh", "-c", "echo $AWS_REGION"]),
        "",
    );
    assert_eq!(
        (ended.code(), ended.stdout.as_str()),
        (Some(0), "us-gov-east-1\n"),
        "{}",
        ended.stderr
    );
    let ended = run(env.ob(["env", "-p", "gov", "--format", "dotenv"]), "");
    assert!(
        ended.stdout.contains("AWS_REGION=us-gov-west-1"),
        "{}",
        ended.stderr
    );
}

#[test]
fn region_of_a_flag_or_profile_stays_an_error() {
    let env = abroad();
    for words in counted::<3, &[&str]>([
        &["-p", "own"],
        &["-p", "gov", "--region", "eu-west-1"],
        &["-r", GOV, "--region", "cn-north-1"],
    ]) {
        let ended = run(
            env.ob([&["exec", "--json"], words, &["--", "echo", "ran"]].concat()),
            "",
        );
        assert_eq!(
            (ended.code(), &*ended.error()),
            (Some(2), "aws.region.other_partition"),
            "{words:?} {}",
            ended.stderr
        );
        assert_eq!(ended.stdout, "");
    }
}

#[test]
fn times_without_a_unit_are_refused_wherever_typed() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    for words in counted::<5, &[&str]>([
        &["exec", "--min-ttl", "45", "--", "true"],
        &["exec", "--duration", "60", "--", "true"],
        &["env", "--reveal", "--min-ttl", "45"],
        &["console", "--print", "--duration", "45"],
        &["write", "--duration", "45"],
    ]) {
        let ended = run(env.ob(words), "");
        assert_eq!(ended.code(), Some(2), "{words:?} {}", ended.stderr);
        let number = words
            .iter()
            .find(|word| word.parse::<u32>().is_ok())
            .unwrap();
        let meant = format!("did you mean `{number}m` or `{number}s`?");
        assert!(ended.stderr.contains(&meant), "{words:?} {}", ended.stderr);
    }
    for (table, line) in counted::<3, _>([
        ("aws", "duration = 60"),
        ("aws", "duration = '45'"),
        ("agent", "idle = 30"),
    ]) {
        let settings = match table {
            "aws" => env
                .full_settings()
                .replace("[aws]\n", &format!("[aws]\n{line}\n")),
            _ => format!("{}\n[{table}]\n{line}\n", env.full_settings()),
        };
        env.write_settings(&settings);
        let ended = run(env.ob(["config", "check"]), "");
        assert_eq!(ended.code(), Some(2), "{line} {}", ended.stderr);
        assert!(
            ended.stderr.contains("has no unit; did you mean"),
            "{line} {}",
            ended.stderr
        );
    }
    env.write_settings(&env.full_settings());
    let mut exec = env.ob(["exec", "--", "true"]);
    exec.env("OB_AWS_DURATION", "60");
    let ended = run(exec, "");
    assert_eq!(ended.code(), Some(2), "{}", ended.stderr);
    let good = run(
        env.ob([
            "exec",
            "--min-ttl",
            "45s",
            "--duration",
            "15m",
            "--",
            "true",
        ]),
        "",
    );
    assert_eq!(good.code(), Some(0), "{}", good.stderr);
}

#[test]
fn missing_home_is_named() {
    let env = TestEnv::of("carol").configured();
    for home in counted::<3, _>([None, Some(""), Some("home")]) {
        let mut ob = env.ob(["exec", "--json", "--", "true"]);
        ob.env_remove("HOME").env_remove("XDG_CONFIG_HOME");
        ob.envs(home.map(|home| ("HOME", home)));
        let ended = run(ob, "");
        assert_eq!((ended.code(), &*ended.error()), (Some(2), "config.no-org"));
        assert!(
            ended.stderr.contains("HOME is not set to an absolute path"),
            "{}",
            ended.stderr
        );
    }
    // A path that begins at home does not refer to the current directory.
    let settings = env.full_settings();
    let ca = env.path("ca.pem").display().to_string();
    std::fs::create_dir_all(env.path("home/~")).unwrap();
    std::fs::copy(&ca, env.path("home/~/ca.pem")).unwrap();
    env.write_settings(&settings.replace(&ca, "~/ca.pem"));
    for verb in counted::<2, &[&str]>([
        &["config", "check", "--json"],
        &["login", "--json", "--password-stdin"],
    ]) {
        let mut ob = env.ob(verb);
        ob.env_remove("HOME");
        let ended = run(ob, env.answers());
        assert_eq!(
            (ended.code(), &*ended.error()),
            (Some(2), "config.no-home"),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn config_check_reads_every_certificate_of_the_bundle() {
    let env = TestEnv::of("carol").configured();
    let good = run(env.ob(["config", "check"]), "");
    assert_eq!(good.code(), Some(0), "{}", good.stderr);
    env.write(
        "ca.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let ended = run(env.ob(["config", "check", "--json"]), "");
    assert_eq!(
        (ended.code(), &*ended.error()),
        (Some(2), "http.ca_bundle"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("ca.pem"), "{}", ended.stderr);
}
