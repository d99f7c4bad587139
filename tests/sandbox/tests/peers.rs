//! Okta clients of other projects, unmodified, against the sandbox. Where a client and the sandbox
//! disagree, the sandbox is wrong: the clients work with real orgs. `tests/aws-tools` installs them
//! below `target/`.

#[cfg(test)]
mod peers {
    use std::path::Path;
    use std::process::{Command, Stdio};

    /// Runs one case of `peer.sh` and returns what the client printed; it must have got
    /// credentials.
    fn credentials(case: &str, serve: &[&str]) {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let peers = package.join("../../target/peers");
        assert!(
            peers.exists(),
            "the clients are missing: run tests/aws-tools"
        );
        let output = Command::new("unshare")
            .args(["-Urnm", "--", "bash"])
            .arg(package.join("tests/peer.sh"))
            .arg(env!("CARGO_BIN_EXE_ob-sandbox"))
            .arg(peers)
            .arg(case)
            .args(serve)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && printed.contains("ASIACANARY"),
            "{case}: {}\n{printed}\n{errors}",
            output.status
        );
    }

    #[test]
    fn gimme_aws_creds_signs_in_with_a_code() {
        credentials("gimme-code", &[]);
    }

    #[test]
    fn gimme_aws_creds_signs_in_twice_with_a_push() {
        credentials("gimme-push-twice", &[]);
    }

    #[test]
    fn gimme_aws_creds_steps_up() {
        credentials("gimme-push-twice", &["--step-up"]);
        credentials("gimme-push-twice", &["--step-up", "session-token"]);
    }

    #[test]
    fn aws_okta_processor_signs_in_with_a_code() {
        credentials("processor-code", &[]);
    }

    #[test]
    fn aws_okta_processor_signs_in_with_a_push() {
        credentials("processor-push", &[]);
    }

    #[test]
    fn aws_okta_processor_finds_the_app_among_the_tiles() {
        credentials("processor-tiles", &[]);
    }

    #[test]
    fn aws_okta_processor_shortens_a_duration() {
        credentials("processor-long", &[]);
    }

    #[test]
    fn tokendito_signs_in_with_a_code() {
        credentials("dito-code", &[]);
    }

    #[test]
    fn tokendito_signs_in_with_a_push() {
        credentials("dito-push", &[]);
    }

    #[test]
    fn tokendito_finds_the_app_among_the_tiles() {
        credentials("dito-tiles", &[]);
    }

    #[test]
    fn tokendito_steps_up() {
        credentials("dito-push", &["--step-up", "session-token"]);
    }
}
