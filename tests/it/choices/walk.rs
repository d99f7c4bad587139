//! A seeded random walk over settings, terminals, verbs and ends of sessions, compared with a
//! model: no command runs with a role that was not named, configured or chosen in its terminal.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::{ENGINEER, machine, pick, terminal, without_a_terminal};
use crate::shells::{Kind, type_line};
use crate::support::{Pty, TestEnv, run};

/// Steps of one walk, which has its own settings.
const STEPS: usize = 45;

/// A linear congruential generator (Knuth's MMIX): the same walk for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % count
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// The settings' default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Configured {
    /// No default profile: any of the user's roles.
    Open,
    Exact,
    Glob,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Exec,
    Refresh,
    Env,
    Shell,
    Console,
    Write,
    Use,
    Credential,
}

const VERBS: [Verb; 8] = [
    Verb::Exec,
    Verb::Refresh,
    Verb::Env,
    Verb::Shell,
    Verb::Console,
    Verb::Write,
    Verb::Use,
    Verb::Credential,
];

impl Verb {
    fn asks(self) -> bool {
        !matches!(self, Self::Refresh | Self::Use | Self::Credential)
    }

    /// Returns a line that prints `role-NAME.` if it got credentials, and stores the exit code in
    /// `code`.
    fn line(self, flags: &str) -> String {
        let name = "grep -o 'role/[A-Za-z]*' | head -n 1 | sed 's,/,-,;s,$,.,'";
        match self {
            Self::Exec => format!("ob exec{flags} -- sh -c 'echo role-\"\"$OB_ROLE.'; code=$?"),
            Self::Refresh => {
                format!("ob exec --refresh{flags} -- sh -c 'echo role-\"\"$OB_ROLE.'; code=$?")
            }
            Self::Env => format!(
                "vars=$(ob env --shell bash{flags}); code=$?; \
                 (eval \"$vars\"; test -z \"$OB_ROLE\" || echo role-\"\"$OB_ROLE.)"
            ),
            Self::Shell => {
                format!("echo 'echo role-\"\"$OB_ROLE.' | ob shell --shell bash{flags}; code=$?")
            }
            Self::Console => {
                format!("ob console --print --json{flags} | {name}; code=${{PIPESTATUS[0]}}")
            }
            Self::Write => format!(
                "ob write --json --replace --file ~/keys{flags} | {name}; code=${{PIPESTATUS[0]}}"
            ),
            // It returns no credentials, and must not use those of a chosen role.
            Self::Use => format!(
                "(eval \"$(command ob use --shell bash{} 2>~/said)\"; \
                 grep -q 'no credentials' ~/said || echo role-\"\"$OB_ROLE.); code=0",
                flags.replace(" -p", "")
            ),
            Self::Credential => format!(
                "keys=$(ob credential{flags}); code=$?; \
                 case $keys in *AccessKeyId*) echo role-\"\"Engineer.;; esac"
            ),
        }
    }
}

/// What is typed with the verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Nothing,
    /// `-r '*'`
    All,
    /// `-r` and one role's ARN.
    Role,
    /// A profile of one role.
    Dev,
    /// A profile of any role.
    Any,
}

/// What a menu was asked: the target's `role`.
type Question = Option<&'static str>;

#[derive(Default)]
struct Model {
    /// The role's name, by terminal and question.
    chosen: HashMap<(usize, Question), &'static str>,
}

struct Walk<'e> {
    env: &'e TestEnv,
    configured: Configured,
    terminals: [Pty; 2],
    model: Model,
    random: Random,
    history: String,
    steps: usize,
    /// Menus that opened, roles that ran, requests without an answer.
    counts: [usize; 3],
}

impl Walk<'_> {
    fn step(&mut self) {
        self.steps += 1;
        match self.random.below(12) {
            0 => self.end_of_session(),
            1 => self.expiry(),
            _ => self.request(),
        }
    }

    fn note(&mut self, what: &str) {
        let _ = writeln!(self.history, "{}: {what}", self.steps);
    }

    fn end_of_session(&mut self) {
        let end: &[&str] = self.random.of(&[
            &["logout"][..],
            &["agent", "stop"],
            &["login", "--again", "--password-stdin"],
        ]);
        self.note(&format!("{end:?}"));
        let ended = run(&mut self.env.ob(end), self.env.answers());
        assert!(
            ended.status.success(),
            "{}\n{}",
            self.history,
            &ended.stderr
        );
        self.env.sign_in();
        self.model.chosen.clear();
    }

    /// Nearly an hour on the servers' clock: cached credentials must be fetched again.
    fn expiry(&mut self) {
        self.note("expiry");
        self.env.sandbox.advance_clock(3500);
        // The agent learns the time from Okta's next response.
        let roles = without_a_terminal(self.env, &["roles", "--refresh"]);
        if !roles.status.success() {
            self.note("the session had ended");
            self.env.sign_in();
            self.model.chosen.clear();
        }
    }

    fn request(&mut self) {
        let verb = self.random.of(&VERBS);
        let named = match verb {
            Verb::Use | Verb::Refresh => self.random.of(&[Named::Dev, Named::Any]),
            _ => self.random.of(&[
                Named::Nothing,
                Named::Nothing,
                Named::All,
                Named::All,
                Named::Role,
                Named::Dev,
                Named::Any,
            ]),
        };
        let choose = verb.asks() && self.random.below(4) == 0;
        // 2: without a terminal.
        let place = self.random.below(3);
        let mut flags = match named {
            Named::Nothing => String::new(),
            Named::All => " -r '*'".to_owned(),
            Named::Role => format!(" -r {ENGINEER}"),
            Named::Dev => " -p dev".to_owned(),
            Named::Any => " -p any".to_owned(),
        };
        if choose {
            flags += " --choose";
        }
        self.note(&format!("{verb:?}{flags} at {place}"));
        // The question that may be asked, or the one role that is meant.
        let question = match (named, self.configured) {
            (Named::Role | Named::Dev, _) => Err("Engineer"),
            (Named::Nothing, Configured::Exact) if !choose => Err("Engineer"),
            (Named::Nothing, Configured::Open) => Ok(None),
            (Named::Nothing | Named::All | Named::Any, _) => Ok(Some("*")),
        };
        let expected = match question {
            Err(_) if choose => Expected::Code(2),
            Err(role) => Expected::Ran {
                role,
                menu: false,
                said: false,
            },
            Ok(_) if verb == Verb::Use => Expected::Code(0),
            Ok(_) if !verb.asks() || place == 2 => Expected::Code(3),
            Ok(question) => match self.model.chosen.get(&(place, question)) {
                Some(role) if !choose => Expected::Ran {
                    role,
                    menu: false,
                    said: true,
                },
                _ => {
                    let role = self.random.of(&["Engineer", "ReadOnly"]);
                    self.model.chosen.insert((place, question), role);
                    Expected::Ran {
                        role,
                        menu: true,
                        said: false,
                    }
                }
            },
        };
        let profiles = named == Named::Nothing
            && self.configured == Configured::Open
            && !choose
            && matches!(verb, Verb::Shell | Verb::Console);
        let seen = self.run(&verb.line(&flags), place, &expected, profiles);
        self.judge(&seen, &expected);
    }

    /// Runs `line`; with `profiles`, the menu of profiles comes first, and its last item leads on.
    fn run(&mut self, line: &str, place: usize, expected: &Expected, profiles: bool) -> String {
        let line = format!("{line}; echo c\"\"ode-$code.");
        let Some(pty) = self.terminals.get_mut(place) else {
            let ended = run(self.env.command("bash").args(["-c", &line]), "");
            return ended.stderr.to_owned() + &ended.stdout;
        };
        type_line(Kind::Bash, pty, &line);
        let mut seen = String::new();
        if profiles {
            pty.until("Profile (1-3, Enter for 1): ");
            pty.send("another role\r");
        }
        if let Expected::Ran {
            role, menu: true, ..
        } = expected
        {
            seen += &pick(pty, role);
        }
        seen + &pty.until("code-") + &pty.until(".")
    }

    fn judge(&mut self, seen: &str, expected: &Expected) {
        let history = &self.history;
        let ran: Vec<&str> = ["Engineer", "ReadOnly"]
            .into_iter()
            .filter(|role| seen.contains(&format!("role-{role}.")))
            .collect();
        let said = seen.contains("ob: using ") && seen.contains("; --choose to change");
        match expected {
            Expected::Ran {
                role,
                menu,
                said: is_said,
            } => {
                assert_eq!(ran, [*role], "{history}{seen}");
                assert!(seen.contains("code-0."), "{history}{seen}");
                assert_eq!(said, *is_said, "{history}{seen}");
                assert_eq!(seen.contains("Role (1-"), *menu, "{history}{seen}");
                self.counts[usize::from(!menu)] += 1;
            }
            Expected::Code(code) => {
                assert_eq!(ran, Vec::<&str>::new(), "{history}{seen}");
                assert!(seen.contains(&format!("code-{code}.")), "{history}{seen}");
                self.counts[2] += 1;
            }
        }
    }
}

#[derive(Debug)]
enum Expected {
    Ran {
        role: &'static str,
        /// The menu opens.
        menu: bool,
        /// The message about an earlier choice is printed.
        said: bool,
    },
    Code(i32),
}

fn walk(configured: Configured, remembers: bool, seed: u64) -> [usize; 3] {
    let env = machine("");
    let (before, catalogue) = (
        match configured {
            Configured::Open => "",
            Configured::Exact => "default_profile = \"dev\"\n",
            Configured::Glob => "default_profile = \"any\"\n",
        },
        format!(
            "catalogue = {remembers}\nsignin_endpoint = \"{}/federation\"\n",
            env.sandbox.sts_url()
        ),
    );
    env.write_settings(&format!(
        "{before}{}{catalogue}\n[profiles.dev]\nrole = \"{ENGINEER}\"\n[profiles.any]\nrole = \
         \"*\"\n",
        env.minimal_settings()
    ));
    let wrote = without_a_terminal(&env, &["config", "aws"]);
    assert!(wrote.status.success(), "{}", &wrote.stderr);
    let mut walk = Walk {
        env: &env,
        configured,
        terminals: [terminal(&env), terminal(&env)],
        model: Model::default(),
        random: Random(seed),
        history: format!("{configured:?} {remembers} seed {seed}\n"),
        steps: 0,
        counts: [0; 3],
    };
    for _ in 0..STEPS {
        walk.step();
    }
    walk.counts
}

#[test]
fn no_role_runs_that_was_not_named_configured_or_chosen_there() {
    let cases = [
        (Configured::Open, true, 1),
        (Configured::Open, false, 2),
        (Configured::Exact, true, 3),
        (Configured::Glob, false, 4),
    ];
    let counts = std::thread::scope(|scope| {
        let walks = cases.map(|(configured, remembers, seed)| {
            scope.spawn(move || walk(configured, remembers, seed))
        });
        walks.map(|walk| walk.join().unwrap())
    });
    println!("menus, runs without one, refusals: {counts:?}");
    // Every outcome occurred.
    for counted in 0..3 {
        let sum: usize = counts.iter().map(|count| count[counted]).sum();
        assert!(sum > 10, "{counts:?}");
    }
}
