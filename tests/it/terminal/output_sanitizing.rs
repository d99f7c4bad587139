//! Each place that shows foreign text, and how a test reaches it.

use std::process::Command;

use ob::model::Timestamp;
use ob::report::{ErrorCode, Report};
use ob::wire::{
    Ask, FactorChoice, FromAgent, HeldRole, Hello, IssuedProfile, Notice, ProfileVerdict, Reply,
    RoleEntry, RouteSummary, SessionStatus, StatusReply,
};

use crate::support::TestEnv;

pub(super) struct Place {
    pub(super) name: &'static str,
    /// The agent's messages, with the hostile text.
    pub(super) says: Says,
    pub(super) command: Runs,
    /// What is typed at the prompt.
    pub(super) answer: Option<&'static str>,
}

type Says = fn(&str) -> Vec<FromAgent>;
type Runs = fn(&TestEnv, &str) -> Command;

const fn place(
    name: &'static str,
    answer: Option<&'static str>,
    says: Says,
    command: Runs,
) -> Place {
    Place {
        name,
        says,
        command,
        answer,
    }
}

const fn agent_text(name: &'static str, says: Says, command: Runs) -> Place {
    place(name, None, says, command)
}

const fn asked(name: &'static str, says: Says, command: Runs) -> Place {
    place(name, Some("\r"), says, command)
}

/// A prompt that is asked again, or answered otherwise, by an empty line.
const fn coded(name: &'static str, says: Says, command: Runs) -> Place {
    place(name, Some("1\r"), says, command)
}

/// A prompt that is not answered.
const fn left(name: &'static str, says: Says, command: Runs) -> Place {
    place(name, Some("\u{3}"), says, command)
}

pub(super) const OUTPUTS: [Place; 32] = [
    agent_text("VPN profile", vpn_profile, |env, _| {
        vpn(env, &["--explain"])
    }),
    agent_text("VPN profile --json", vpn_profile, |env, _| {
        vpn(env, &["--json"])
    }),
    asked("factor menu", |text| ask(factors(text, None)), login),
    asked(
        "why a factor is of no use",
        |text| ask(factors("x", Some(text))),
        login,
    ),
    asked("factor list", |text| ask(factors(text, None)), dumb),
    asked("role menu", |text| ask(roles_to_choose(text, None)), login),
    asked(
        "account name in the role menu",
        |text| ask(roles_to_choose("x", Some(text))),
        login,
    ),
    coded(
        "username prompt",
        |text| ask(Ask::Username { org: text.into() }),
        login,
    ),
    coded(
        "password prompt: org",
        |text| ask(password(text, "x")),
        login,
    ),
    coded(
        "password prompt: user",
        |text| ask(password("x", text)),
        login,
    ),
    coded(
        "passcode prompt",
        |text| {
            ask(Ask::Passcode {
                factor: text.into(),
                can_resend: true,
                can_change: true,
            })
        },
        login,
    ),
    left(
        "new password prompt",
        |text| {
            ask(Ask::NewPassword {
                org: text.into(),
                username: text.into(),
            })
        },
        login,
    ),
    asked(
        "push again",
        |text| {
            ask(Ask::PushAgain {
                can_resend: true,
                factor: "x".into(),
                why: text.into(),
                can_change: true,
            })
        },
        login,
    ),
    asked(
        "confirm question",
        |text| {
            ask(Ask::Confirm {
                profile: text.into(),
                role: Some(text.into()),
            })
        },
        login,
    ),
    agent_text(
        "push sent",
        |text| {
            notice(Notice::PushSent {
                factor: text.into(),
                seconds: 1,
            })
        },
        login,
    ),
    agent_text(
        "number to tap",
        |text| {
            notice(Notice::NumberChallenge {
                number: text.into(),
                seconds: 1,
            })
        },
        login,
    ),
    agent_text(
        "countdown",
        |text| {
            notice(Notice::Wait {
                seconds: 5,
                why: text.into(),
            })
        },
        login,
    ),
    agent_text("notice", |text| notice(Notice::Message(text.into())), login),
    agent_text(
        "progress",
        |text| notice(Notice::Doing(text.into())),
        |env, _| env.ob(["login", "-v"]),
    ),
    agent_text("error", failed, login),
    agent_text("error --json", failed, |env, _| env.ob(["login", "--json"])),
    agent_text("agent's version", other_version, login),
    agent_text("username echo", signed_in, login),
    agent_text("username echo --json", signed_in, |env, _| {
        env.ob(["login", "--json"])
    }),
    agent_text(
        "role list",
        |text| roles(text, "x"),
        |env, _| env.ob(["roles"]),
    ),
    agent_text(
        "app label",
        |text| roles("x", text),
        |env, _| env.ob(["roles"]),
    ),
    agent_text(
        "role list --json",
        |text| roles("x", text),
        |env, _| env.ob(["roles", "--json"]),
    ),
    agent_text("status", status, |env, _| env.ob(["status"])),
    agent_text("status --json", status, |env, _| {
        env.ob(["status", "--json"])
    }),
    agent_text("why a sign-out was not heard", signed_out, |env, _| {
        env.ob(["logout"])
    }),
    agent_text(
        "what was typed",
        |_| Vec::new(),
        |env, text| env.ob(["login", "--color", &text.replace('\0', "")]),
    ),
    agent_text(
        "org that is not there",
        |_| Vec::new(),
        |env, text| env.ob(["--org", &text.replace('\0', ""), "login"]),
    ),
];

fn login(env: &TestEnv, _: &str) -> Command {
    env.ob(["login"])
}

/// On a terminal that cannot move its cursor.
fn dumb(env: &TestEnv, _: &str) -> Command {
    let mut command = env.ob(["login"]);
    command.env("TERM", "dumb");
    command
}

/// Ends a conversation whose outcome does not matter.
fn end() -> FromAgent {
    let report = Report::new(ErrorCode::OktaSessionOver, "over").hint("`ob login`");
    FromAgent::Reply(Reply::Failed(report))
}

fn ask(ask: Ask) -> Vec<FromAgent> {
    vec![FromAgent::Ask(ask), end()]
}

fn notice(notice: Notice) -> Vec<FromAgent> {
    vec![FromAgent::Notice(notice), end()]
}

fn factors(label: &str, unusable: Option<&str>) -> Ask {
    let choice = |unusable: Option<&str>| FactorChoice {
        label: label.into(),
        unusable: unusable.map(Into::into),
    };
    Ask::Factor {
        choices: vec![choice(None), choice(unusable)],
    }
}

fn entry(role: &str, account_name: Option<&str>, app: &str) -> RoleEntry {
    RoleEntry {
        role: role.into(),
        provider: role.into(),
        account_name: account_name.map(Into::into),
        label: account_name.map(Into::into),
        app: app.into(),
        alias: Some(app.into()),
        used: None,
    }
}

fn roles_to_choose(role: &str, account_name: Option<&str>) -> Ask {
    let choice = entry(role, account_name, "x");
    Ask::Role {
        choices: vec![choice.clone(), choice],
    }
}

fn password(org: &str, username: &str) -> Ask {
    Ask::Password {
        org: org.into(),
        username: username.into(),
    }
}

fn failed(text: &str) -> Vec<FromAgent> {
    let report = Report::new(ErrorCode::Other(text.into()), text)
        .cause(text)
        .hint(text);
    vec![FromAgent::Reply(Reply::Failed(report))]
}

fn other_version(text: &str) -> Vec<FromAgent> {
    vec![FromAgent::Hello(Hello {
        protocol: 0,
        build: text.into(),
    })]
}

fn signed_in(text: &str) -> Vec<FromAgent> {
    vec![FromAgent::Reply(Reply::SignedIn {
        username: text.into(),
        expires_at: None,
        ends: Timestamp(0),
    })]
}

fn signed_out(text: &str) -> Vec<FromAgent> {
    vec![FromAgent::Reply(Reply::SignedOut {
        sessions: 1,
        server_unreachable: Some(text.into()),
        keys_until: None,
    })]
}

fn roles(role: &str, app: &str) -> Vec<FromAgent> {
    let entries = vec![
        entry(role, None, app),
        entry(role, Some(role), "another app"),
    ];
    vec![FromAgent::Reply(Reply::Roles(entries))]
}

fn status(text: &str) -> Vec<FromAgent> {
    let now = Timestamp(1_795_309_375);
    vec![FromAgent::Reply(Reply::Status(StatusReply {
        tunnel_ended: None,
        pid: 1,
        build: text.into(),
        started: now,
        confinement: ob::model::Confinement::NONE,
        clock_skew: None,
        sessions: vec![SessionStatus {
            org: text.into(),
            username: text.into(),
            signed_in: now,
            ends: now,
            network: RouteSummary {
                proxy: Some(text.into()),
                no_proxy: Some(text.into()),
                ca_bundle: None,
            },
        }],
        roles: vec![HeldRole {
            role: text.into(),
            username: text.into(),
            policy: ob::model::SessionPolicy::Whole,
            expires_at: now,
            seconds_left: 60,
        }],
        used: Vec::new(),
    }))]
}

/// `ob vpn profile` of a server that the settings need not name.
fn vpn(env: &TestEnv, more: &[&str]) -> Command {
    let mut command = env.ob(["vpn", "profile"]);
    command.args(more).env("OB_VPN_HOST", "vpn.acme.com");
    command
}

fn vpn_profile(text: &str) -> Vec<FromAgent> {
    let verdict = ProfileVerdict {
        line: 1,
        directive: text.into(),
        ruling: ob::wire::Ruling::Dropped,
        why: Some(text.into()),
    };
    vec![FromAgent::Reply(Reply::VpnProfile(Box::new(
        IssuedProfile {
            text: None,
            refused: None,
            verdicts: vec![verdict],
            username: Some(text.into()),
            token: None,
            asks_user_password: false,
            remotes: vec![text.into()],
            endpoint: "token URL".into(),
            server: Some(text.into()),
        },
    )))]
}
