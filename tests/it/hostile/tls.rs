//! TLS that openssl offers and `ob` must refuse: old versions, weak keys, old signatures, ciphers
//! without forward secrecy.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::{exec, failed, unreachable};
use crate::support::{TestEnv, counted};

/// Name, openssl's key type, digest of the signature, subject alternative name, arguments of the
/// server.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

const GOOD: Case = ("good", "rsa:2048", "sha256", "IP:127.0.0.1", &["-rev"]);

const CASES: [Case; 8] = [
    (
        "TLS 1.0 alone",
        "rsa:2048",
        "sha256",
        "IP:127.0.0.1",
        &["-tls1"],
    ),
    (
        "TLS 1.1 alone",
        "rsa:2048",
        "sha256",
        "IP:127.0.0.1",
        &["-tls1_1"],
    ),
    (
        "no forward secrecy",
        "rsa:2048",
        "sha256",
        "IP:127.0.0.1",
        &["-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0"],
    ),
    (
        "anonymous",
        "rsa:2048",
        "sha256",
        "IP:127.0.0.1",
        &["-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"],
    ),
    (
        "RSA with 1024 bits",
        "rsa:1024",
        "sha256",
        "IP:127.0.0.1",
        &[],
    ),
    ("signed with SHA-1", "rsa:2048", "sha1", "IP:127.0.0.1", &[]),
    ("signed with MD5", "rsa:2048", "md5", "IP:127.0.0.1", &[]),
    (
        "for no name at all",
        "rsa:2048",
        "sha256",
        "email:a@b.example",
        &[],
    ),
];

/// A TLS server run by `openssl s_server`; the sandbox's own TLS offers none of this.
struct Server {
    process: Child,
    address: String,
    /// Kept open: the server would die when it writes to a closed pipe.
    _output: BufReader<ChildStdout>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn openssl(directory: &Path, line: &str) {
    let mut command = Command::new("openssl");
    let ended = command
        .args(line.split(' '))
        .current_dir(directory)
        .output();
    let ended = ended.unwrap();
    let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "openssl {line}: {stderr}");
}

/// Writes a CA of its own to `ca.pem` and serves a certificate signed by it.
fn serve(directory: &Path, (_, key, digest, name, server_arguments): Case) -> Server {
    for line in [
        "req -x509 -nodes -days 30 -newkey rsa:2048 -subj /CN=ca -keyout ca.key -out ca.pem"
            .to_owned(),
        format!("req -new -nodes -newkey {key} -subj /CN=x -keyout key.pem -out request.pem"),
    ] {
        openssl(directory, &line);
    }
    std::fs::write(directory.join("names"), format!("subjectAltName={name}")).unwrap();
    openssl(
        directory,
        &format!(
            "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 20 \
                         -{digest} -extfile names -out leaf.pem"
        ),
    );
    let mut process = Command::new("openssl")
        .args([
            "s_server",
            "-accept",
            "127.0.0.1:0",
            "-cert",
            "leaf.pem",
            "-key",
            "key.pem",
        ])
        .args(["-cipher", "DEFAULT:@SECLEVEL=0"])
        .args(server_arguments)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("ACCEPT ") {
        line.clear();
        assert!(
            output.read_line(&mut line).unwrap() > 0,
            "s_server has ended"
        );
    }
    Server {
        process,
        address: line.trim().trim_start_matches("ACCEPT ").to_owned(),
        _output: output,
    }
}

/// Runs `ob exec` against an org that openssl serves, with its CA as the bundle.
fn exec_against(case: Case) -> (TestEnv, crate::support::Finished) {
    let env = TestEnv::of("carol").configured();
    let server = serve(&env.path("tmp"), case);
    let settings = env
        .full_settings()
        .replace(
            &env.sandbox.org_url(),
            &format!("https://{}", server.address),
        )
        .replace("ca.pem", "tmp/ca.pem");
    env.write_settings(&settings);
    let ended = exec(&env);
    (env, ended)
}

#[test]
fn outdated_tls_is_refused_and_modern_tls_is_not() {
    for case in counted::<8, _>(CASES) {
        let (env, ended) = exec_against(case);
        let expected = match case.0 {
            "for no name at all" => unreachable("http.tls_name", "another name"),
            // rustls does not distinguish a key that is too short from an unknown authority.
            "RSA with 1024 bits" => unreachable("http.tls_authority", "not from an authority"),
            _ => unreachable("http.tls", "TLS"),
        };
        failed(&env, &ended, &expected, case.0);
    }
    let (_, ended) = exec_against(GOOD);
    assert_eq!(ended.error(), "http.broken_off", "{}", ended.stderr);
}
