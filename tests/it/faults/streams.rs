//! Standard streams that are closed or full, and prompts that nothing can answer.

use ob_sandbox::Server;

use super::{
    ANSWERED, COMMAND, Failure, assert_failed, assert_quiet, assert_ran, files, runs, shell,
};
use crate::support::{TestEnv, counted, run};

#[test]
fn closed_descriptors_cause_no_panic_and_no_leak() {
    let env = TestEnv::of("carol").configured();
    let before = files(&env);
    // The streams, whether an answer can be read, whether output can be seen.
    for (closed, can_read, can_print) in counted::<5, _>([
        ("<&-", false, true),
        (">&-", true, false),
        ("2>&-", true, true),
        (">&- 2>&-", true, false),
        ("<&- >&- 2>&-", false, false),
    ]) {
        let cold = |verb: &str| {
            let ended = shell(&env, &format!("ob {verb} {closed}"));
            assert_quiet(&env, &ended, closed);
            shell(&env, "ob agent stop");
            ended
        };
        let code = Some(if can_read { 0 } else { 3 });
        let exec = cold(&format!("exec {ANSWERED} {COMMAND}"));
        assert_eq!(exec.code(), code, "{closed}: {}", exec.stderr);
        assert_eq!(runs(&env), usize::from(can_read), "{closed}");
        let login = cold(&format!("login {ANSWERED}"));
        assert_eq!(login.code(), code, "{closed}: {}", login.stderr);
        assert_eq!(cold("status").code(), Some(1), "{closed}");

        env.sign_in();
        let exec = shell(&env, &format!("ob exec {COMMAND} {closed}"));
        assert_eq!(exec.code(), Some(0), "{closed}: {}", exec.stderr);
        assert_eq!(
            exec.stdout,
            if can_print { "out\n" } else { "" },
            "{closed}"
        );
        assert_eq!(runs(&env), 1, "{closed}");
        for verb in counted::<3, _>(["login", "status", "roles"]) {
            let ended = shell(&env, &format!("ob {verb} {closed}"));
            assert_eq!(ended.code(), Some(0), "{closed} {verb}: {}", ended.stderr);
            assert_quiet(&env, &ended, closed);
        }
        shell(&env, "ob agent stop");
    }
    assert_eq!(files(&env), before);
}

#[test]
fn unanswerable_password_is_named_and_nothing_is_sent() {
    let env = TestEnv::of("carol").configured();
    let words = ["sh", "-c", "echo ran >>$RAN"];
    for verb in counted::<3, _>(["exec", "login", "roles"]) {
        let mut ob = env.ob([verb, "--json"]);
        ob.env("RAN", super::trace(&env));
        if verb == "exec" {
            ob.arg("--").args(words);
        }
        let ended = run(ob, "");
        let expected = Failure(3, "sign_in.unanswered", "the password is needed");
        assert_failed(&env, &ended, &expected, verb);
    }
    let script = format!("ob exec {ANSWERED} {COMMAND} </dev/null");
    let expected = Failure(3, "terminal.stdin-ended", "cannot read the password");
    assert_failed(&env, &shell(&env, &script), &expected, "an empty input");
    // The connection to STS is opened ahead of time, and nothing is sent on it.
    let sent = env.sandbox.requests(Server::Org, "/");
    assert!(sent.is_empty(), "{sent:?}");
}

#[test]
fn unanswerable_role_is_named_and_sts_is_not_asked() {
    let env = TestEnv::of("carol").configured();
    let settings = env.full_settings().replace("default_profile = 'dev'", "");
    let (settings, _) = settings.split_once("[profiles.dev]").unwrap();
    env.write_settings(settings);
    let ended = shell(&env, &format!("ob exec {ANSWERED} {COMMAND}"));
    let expected = Failure(3, "sign_in.unanswered", "role");
    assert_failed(&env, &ended, &expected, "role");
    assert!(env.sandbox.sts_calls("AssumeRoleWithSAML").is_empty());
    let passwords = env.sandbox.requests(Server::Org, "/api/v1/authn");
    assert_eq!(passwords.len(), 1);
}

#[test]
fn closed_pipe_ends_each_verb_by_sigpipe_silently() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    for verb in counted::<5, _>([
        "status",
        "status --json",
        "roles",
        "config list",
        "credential",
    ]) {
        let mut ob = env.command("sh");
        ob.args(["-c", &format!("exec ob {verb}")]);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = ob.stdout(writer).output().unwrap();
        let signal = std::os::unix::process::ExitStatusExt::signal(&ended.status);
        assert_eq!(signal, Some(nix::libc::SIGPIPE), "{verb}");
        assert_eq!(ended.stderr, b"", "{verb}");
    }
}

#[test]
fn full_output_is_a_failure_with_its_reason() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    for verb in counted::<4, _>(["status", "roles", "credential", "env --shell bash"]) {
        let ended = shell(&env, &format!("ob --json {verb} >/dev/full"));
        let expected = Failure(1, "terminal.io", "no space left on device");
        assert_failed(&env, &ended, &expected, verb);
    }
    // A command's output is its own responsibility.
    let ended = shell(&env, &format!("ob exec {COMMAND} >/dev/full"));
    assert_eq!(runs(&env), 1, "{}", ended.stderr);
    assert_ran(
        &env,
        &shell(&env, &format!("ob exec {COMMAND} 2>/dev/full")),
        "stderr",
    );
}

/// Since Linux 5.18 the kernel replaces an empty list by one empty word; before, the program got
/// none.
#[test]
fn empty_argument_list_is_refused_by_name() {
    let env = TestEnv::of("carol").configured();
    for arguments in counted::<3, _>(["None", "b'', None", "b'', b'exec', b'--', b'true', None"]) {
        let python = format!(
            "import ctypes, os; words = [{arguments}]; \
             ctypes.CDLL(None).execve(b'{}', (ctypes.c_char_p * len(words))(*words), \
             (ctypes.c_char_p * 1)(None)); os._exit(9)",
            env!("CARGO_BIN_EXE_ob")
        );
        let mut command = env.command("python3");
        command.args(["-c", &python]);
        let ended = run(command, "");
        assert_eq!(ended.code(), Some(2), "{arguments}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments}");
        assert!(
            ended
                .stderr
                .starts_with("ob: started without the name of a program\n"),
            "{arguments}: {}",
            ended.stderr
        );
        assert!(ended.stderr.contains("  hint: "), "{arguments}");
    }
}
