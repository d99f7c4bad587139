//! What each verb does, top to bottom.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ob_sandbox::{Options, Pipeline, Plugged, PushScript, Sandbox, Touch, User};
use serde_json::json;

use super::child::Caught;
use super::home::Home;
use super::{failed, notice, ob, print, tour};

/// How long the phone's owner takes in `try`.
const TAP: Duration = Duration::from_secs(2);

/// One command with a role's credentials, the sign-in answered for the user.
pub(super) fn exec(
    name: &str,
    role: Option<&str>,
    program: Option<PathBuf>,
    command: &[OsString],
) -> io::Result<ExitCode> {
    let program = ob::find(program)?;
    let sandbox = Sandbox::launch(Options::default())?;
    let user = find_user(&sandbox, name)?;
    let factor = if user.has_totp() { "totp" } else { "push" };
    let home = Home::new(&sandbox, user, Some(factor), program)?;
    let caught = Caught::new()?;
    let mut exec = home.ob();
    exec.arg("exec");
    if let Some(role) = role {
        exec.args(["-r", role]);
    }
    // A terminal cannot be lent through a pipe, so there the session comes first.
    let child = if io::stdin().is_terminal() {
        let mut login = home.ob();
        answers(login.arg("login"), user);
        let status = answering(&mut login, user)?.wait()?;
        if !status.success() {
            return Err(failed("ob did not sign in".to_owned()));
        }
        exec.arg("--").args(command).spawn()?
    } else {
        answers(&mut exec, user);
        let mut child = answering(exec.arg("--").args(command), user)?;
        pass_on_stdin(&mut child);
        child
    };
    caught.wait_for(child)
}

/// A shell to play in.
pub(super) fn attempt(
    name: &str,
    pipeline: Pipeline,
    has_tour: bool,
    program: Option<PathBuf>,
) -> io::Result<ExitCode> {
    let program = ob::find(program)?;
    let sandbox = Arc::new(Sandbox::launch(Options {
        pipeline,
        ..Options::default()
    })?);
    sandbox.push(PushScript {
        waits: 0,
        after: TAP,
        ..PushScript::approve()
    });
    let user = find_user(&sandbox, name)?;
    let home = Home::new(&sandbox, user, None, program)?;
    Plugged::at(&home.keys(), user.keys())?.touch(Touch::After(TAP));
    notice(&print_instructions(&sandbox, user));
    show_deliveries(&sandbox, user);
    if has_tour {
        tour::walk(&home)?;
    }
    let caught = Caught::new()?;
    let shell = std::env::var_os("SHELL").unwrap_or_else(|| "bash".into());
    let mut command = Command::new(shell);
    home.furnish_for_a_person(&mut command);
    let shell = command.spawn().or_else(|_| {
        let mut bash = Command::new("bash");
        home.furnish_for_a_person(bash.arg("--norc"));
        bash.spawn()
    })?;
    caught.wait_for(shell)
}

/// The servers alone.
pub(super) fn serve(options: Options) -> io::Result<ExitCode> {
    if let Some((name, port)) = &options.host {
        notice(&format!(
            "ob-sandbox: the org is {name}, port {port}; /etc/hosts needs the line `127.0.0.1 \
             {name}`"
        ));
    }
    let sandbox = Sandbox::launch(options)?;
    let mut ca = tempfile::Builder::new()
        .prefix("ob-sandbox-")
        .suffix(".pem")
        .tempfile()?;
    ca.write_all(sandbox.ca_pem().as_bytes())?;
    let caught = Caught::new()?;
    let users = sandbox.users().iter().map(|user| {
        json!({ "login": user.login, "password": user.password, "totp_secret": user.totp_secret })
    });
    print(
        &json!({
            "org_url": sandbox.org_url(),
            "sts_url": sandbox.sts_url(),
            "other_url": sandbox.other_url(),
            "vpn_url": sandbox.vpn_url(),
            "ca_file": ca.path(),
            "users": users.collect::<Vec<_>>()
        })
        .to_string(),
    );
    caught.wait();
    Ok(ExitCode::SUCCESS)
}

/// The authenticator app.
pub(super) fn code(secret: &str) -> io::Result<ExitCode> {
    let code = ob_sandbox::totp_of_secret(secret);
    print(&code.ok_or_else(|| failed("this secret is not base32".to_owned()))?);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn find_user<'s>(sandbox: &'s Sandbox, name: &str) -> io::Result<&'s User> {
    let users = sandbox.users();
    let known = |user: &&User| user.login == name || user.login == format!("{name}@acme.com");
    users.iter().find(known).ok_or_else(|| {
        let names: Vec<_> = users.iter().map(|user| user.login.as_str()).collect();
        failed(format!(
            "nobody is called {name}; there are {}",
            names.join(", ")
        ))
    })
}

/// The options that make `ob` read its answers from stdin.
pub(super) fn answers(command: &mut Command, user: &User) {
    command.arg("--password-stdin");
    if user.has_totp() {
        command.arg("--passcode-stdin");
    }
}

/// Starts `ob` and gives it the answers; its stdin stays open.
pub(super) fn answering(command: &mut Command, user: &User) -> io::Result<Child> {
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    let mut lines = format!("{}\n", user.password);
    if user.has_totp() {
        lines += &format!("{}\n", user.totp_now());
    }
    if let Some(stdin) = &mut child.stdin {
        // An `ob` that ends before it has read them says why itself.
        let _ = stdin.write_all(lines.as_bytes());
    }
    Ok(child)
}

/// Copies the rest of our stdin, for as long as both sides live.
fn pass_on_stdin(child: &mut Child) {
    if let Some(mut stdin) = child.stdin.take() {
        std::thread::spawn(move || io::copy(&mut io::stdin().lock(), &mut stdin));
    }
}

/// Says what the person's phone and mailbox receive, while the servers run.
fn show_deliveries(sandbox: &Arc<Sandbox>, user: &User) {
    let (sandbox, login) = (Arc::downgrade(sandbox), user.login.clone());
    std::thread::spawn(move || {
        let mut known = Vec::new();
        while let Some(sandbox) = sandbox.upgrade() {
            for by in ["sms", "call", "email"] {
                let code = sandbox.delivered(&login, by);
                if let Some(code) = code.filter(|code| !known.contains(code)) {
                    notice(&format!("\r\n[{by}: your code is {code}]"));
                    known.push(code);
                }
            }
            drop(sandbox);
            std::thread::sleep(Duration::from_millis(300));
        }
    });
}

fn print_instructions(sandbox: &Sandbox, user: &User) -> String {
    let push = if user.has_push() {
        "\n  a push is approved after two seconds"
    } else {
        ""
    };
    let more = if user.login.starts_with("judy@") {
        format!(
            "\n  counter   {}\n  RSA       {}\n  YubiKey   {}\n  answer    {}",
            user.hotp_at(1),
            user.rsa_passcode,
            user.yubikey_otp,
            user.security_answer
        )
    } else {
        String::new()
    };
    let key = match user.keys().first() {
        Some(key) => format!(
            "\n  key PIN   {}   (a security key made of software, touched after two \
             seconds;\n            \
             it needs an `ob` built without --release)",
            key.pin()
        ),
        None => String::new(),
    };
    format!(
        "An Okta org at {}\nand an STS at {}; `ob` is configured for both.\n\n  \
         user      {}\n  password  {}\n  code      {}   (`code` prints the current one){more}{key}{push}\n\n\
         Try `ob exec dev -- env`, `ob shell dev`, `ob list`, `ob roles`, `ob status`.\n\
         HOME is a throw-away directory; `exit` removes everything. Not here:\n\n  \
         `ob vpn up`         no openvpn server runs; `ob vpn profile --explain` works, and\n                      \
         `cargo run -p ob-sandbox -- vpn` brings a tunnel up\n  \
         `ob roles --names`  nor `--discover`: there is no IAM\n  \
         `ob console`        opens a page of the sandbox, whose certificate your\n                      \
         browser does not know; `ob console dev --print` prints it\n",
        sandbox.org_url(),
        sandbox.sts_url(),
        user.login,
        user.password,
        user.totp_now(),
    )
}
