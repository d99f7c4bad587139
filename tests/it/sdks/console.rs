//! `ob console`, with a script instead of a browser.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use ob_sandbox::{Fault, FaultKind, Server};

use super::tools::{DEV, dev, json, ok, printed, run_long};
use crate::support::{TestEnv, run};

/// A signed-in environment whose browser is `script`, which gets the address as `$1`.
fn with_browser(script: &str) -> TestEnv {
    let env = dev();
    let signin = format!(
        "signin_endpoint = \"{}/federation\"\n",
        env.sandbox.sts_url()
    );
    let browser = format!(
        "browser_command = [\"{}\", \"{{url}}\", \"end\"]\n",
        env.path("bin/browser").display()
    );
    env.write_settings(&(browser + &env.minimal_settings() + &signin + DEV));
    let path = env.write("bin/browser", format!("#!/bin/sh\n{script}"));
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    env.sign_in();
    env
}

/// Returns where `address` redirects a browser.
fn redirect(env: &TestEnv, address: &str) -> String {
    let mut curl = env.command("curl");
    curl.args(["-s", "-o", "/dev/null", "-w", "%{redirect_url}", "--cacert"]);
    run(curl.arg(env.path("ca.pem")).arg(address), "")
        .stdout
        .to_owned()
}

#[test]
fn deep_links_lead_to_the_page_in_the_same_console() {
    let env = with_browser("exit 0\n");
    let last = |page: &str| {
        let ended = run(
            &mut env.ob(["console", "-p", "dev", "--print", "-s", page]),
            "",
        );
        let link = ended.stdout.trim().to_owned();
        (
            ended.status.code(),
            redirect(&env, &link),
            ended.stderr.to_owned(),
        )
    };
    for (page, leads) in [
        (
            "cloudwatch#logsV2:log-groups",
            "https://console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups",
        ),
        (
            "https://us-east-1.console.aws.amazon.com/ec2/home?region=us-east-1#Instances:",
            "https://us-east-1.console.aws.amazon.com/ec2/home?region=us-east-1#Instances:",
        ),
    ] {
        let (code, to, said) = last(page);
        assert_eq!((code, to.as_str()), (Some(0), leads), "{said}");
    }
    let (code, _, said) = last("https://console.amazonaws-us-gov.com/ec2/home");
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("console.amazonaws-us-gov.com is not the console of"),
        "{said}"
    );
}

#[test]
fn the_browser_is_sent_on_once_and_its_arguments_show_no_secret() {
    let env = with_browser(
        "echo \"$*\" > \"$TMPDIR/argv\"\ncurl -s -D \"$TMPDIR/head\" -o /dev/null \"$1\"\ncurl -s \
         \"$1\" && touch \"$TMPDIR/again\"\nexit 0\n",
    );
    ok(&run(
        &mut env.ob(["console", "-p", "dev", "--service", "s3"]),
        "",
    ));
    let argv = fs::read_to_string(env.path("tmp/argv")).unwrap();
    assert!(
        argv.starts_with("http://127.0.0.1:") && argv.ends_with(" end\n") && argv.len() < 80,
        "{argv}"
    );
    let head = fs::read_to_string(env.path("tmp/head")).unwrap();
    assert!(head.contains("Referrer-Policy: no-referrer"), "{head}");
    let link = head
        .lines()
        .find_map(|line| line.strip_prefix("Location: "))
        .unwrap();
    assert_eq!(
        redirect(&env, link),
        "https://console.aws.amazon.com/s3/home?region=eu-west-1"
    );
    std::thread::sleep(Duration::from_millis(200));
    assert!(
        !env.path("tmp/again").exists(),
        "a second visit found somebody at home"
    );
    let asked = env.sandbox.requests(Server::Sts, "/federation");
    assert_eq!(
        asked[0].parameter("SessionDuration").as_deref(),
        Some("3600")
    );
}

#[test]
fn each_account_has_a_browser_profile_or_a_container() {
    let env = with_browser("exit 0\n");
    let chain = "\n[accounts]\n210987654321 = \"audit & co\"\n[profiles.audit]\nrole = \
        \"arn:aws:iam::123456789012:role/Engineer\"\nchain = \
        [\"arn:aws:iam::210987654321:role/Admin\"]\n";
    let settings = fs::read_to_string(env.path("config/ob/config.toml")).unwrap();
    env.write_settings(&(settings + chain));
    // The last word has the page's address, percent-encoded for the add-on.
    let script = "#!/bin/sh\necho \"$*\" >>\"$TMPDIR/argv\"\nfor last; do :; done\n\
        page=$(printf %s \"${last##*url=}\" | sed 's,%3A,:,g;s,%2F,/,g')\n\
        curl -s -o /dev/null \"$page\"\n";
    for program in ["chromium", "firefox"] {
        let path = env.write(&format!("bin/{program}"), script);
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    }
    for words in [
        ["dev", "--browser", "chromium"],
        ["audit", "--browser", "chromium"],
        ["audit", "--browser", "firefox-containers"],
    ] {
        ok(&run(env.ob(["console"]).args(words), ""));
    }
    let argv = fs::read_to_string(env.path("tmp/argv")).unwrap();
    let lines: Vec<&str> = argv.lines().collect();
    assert!(
        lines[0].starts_with("--profile-directory=ob-123456789012 ")
            && lines[1].starts_with("--profile-directory=ob-audit---co-210987654321 "),
        "{argv}"
    );
    assert!(
        lines[2].starts_with(
            "ext+container:name=audit---co-210987654321&url=http%3A%2F%2F127.0.0.1%3A"
        ),
        "{argv}"
    );
    for (kind, secret) in env.sandbox.canaries() {
        assert!(!argv.contains(&secret), "{kind}");
    }
    let missing = run(&mut env.ob(["console", "dev", "--browser", "edge"]), "");
    assert_eq!(missing.code(), Some(2), "{}", missing.stderr);
    assert!(
        missing
            .stderr
            .starts_with("ob: the browser edge was not found\n")
    );
    let both = run(&mut env.ob(["console", "--browser", "edge", "--print"]), "");
    assert_eq!(both.code(), Some(2), "{}", both.stderr);
}

#[test]
fn print_gives_the_address_to_a_script() {
    let env = with_browser("exit 1\n");
    let link = printed(&mut env.ob(["console", "-p", "dev", "--print"]));
    assert_eq!(
        redirect(&env, link.trim()),
        "https://console.aws.amazon.com/console/home?region=eu-west-1"
    );
    let json = json(&mut env.ob(["console", "-p", "dev", "--print", "--json"]));
    assert_eq!(json["role"], "arn:aws:iam::123456789012:role/Engineer");
    assert_eq!(env.sandbox.sts_calls("AssumeRoleWithSAML").len(), 1);
}

#[test]
fn chained_role_gets_no_duration_and_a_refused_one_is_dropped() {
    let env = with_browser("exit 1\n");
    let chain = "\n[profiles.audit]\nrole = \"arn:aws:iam::123456789012:role/Engineer\"\nchain = \
        [\"arn:aws:iam::210987654321:role/Admin\"]\n";
    let settings = fs::read_to_string(env.path("config/ob/config.toml")).unwrap();
    env.write_settings(&(settings + chain));
    printed(&mut env.ob(["console", "-p", "audit", "--print"]));
    let asked = env.sandbox.requests(Server::Sts, "/federation");
    assert_eq!(
        (asked.len(), asked[0].parameter("SessionDuration")),
        (1, None)
    );
    env.sandbox.clear_log();
    let refusal = FaultKind::Status {
        code: 400,
        headers: Vec::new(),
        body: Vec::new(),
    };
    env.sandbox
        .fault(Fault::sts("getSigninToken", refusal.clone()));
    printed(&mut env.ob(["console", "-p", "dev", "--print"]));
    assert_eq!(env.sandbox.requests(Server::Sts, "/federation").len(), 2);
    env.sandbox
        .fault(Fault::sts("getSigninToken", refusal).always());
    let refused = run(&mut env.ob(["console", "-p", "dev", "--print"]), "");
    assert_eq!(refused.status.code(), Some(4));
    let said = &refused.stderr;
    for (kind, secret) in env.sandbox.canaries() {
        assert!(!said.contains(&secret), "{kind}");
    }
    env.sandbox.clear_faults();
    let html = FaultKind::HtmlInsteadOfJson;
    env.sandbox.fault(Fault::sts("getSigninToken", html));
    assert_eq!(
        run(&mut env.ob(["console", "-p", "dev", "--print"]), "")
            .status
            .code(),
        Some(4)
    );
}

#[test]
fn failing_browser_is_reported_at_once() {
    let env = with_browser("exit 7\n");
    let begun = Instant::now();
    let answer = run(&mut env.ob(["console", "-p", "dev"]), "");
    assert!(begun.elapsed() < Duration::from_secs(25));
    assert_eq!(answer.status.code(), Some(1));
    assert!(
        answer.stderr.contains("ended with exit status: 7"),
        "{}",
        &answer.stderr
    );
    let none = run(
        &mut env.ob([
            "console",
            "-p",
            "dev",
            "--browser-command",
            "no-such-browser",
        ]),
        "",
    );
    assert!(none.stderr.contains("cannot start no-such-browser"));
}

#[test]
fn without_a_visit_for_thirty_seconds_the_port_is_closed() {
    let env = with_browser("echo \"$1\" > \"$TMPDIR/address\"\n");
    let begun = Instant::now();
    let answer = run_long(
        &mut env.ob(["console", "-p", "dev"]),
        Duration::from_secs(120),
    );
    assert!((30..60).contains(&begun.elapsed().as_secs()));
    assert!(
        answer.stderr.contains("no browser came"),
        "{}",
        &answer.stderr
    );
    let address = fs::read_to_string(env.path("tmp/address")).unwrap();
    let refused = Command::new("curl")
        .args(["-s", address.trim()])
        .status()
        .unwrap();
    assert_eq!(refused.code(), Some(7), "curl could connect");
}
