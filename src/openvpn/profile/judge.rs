//! The verdict on each statement of a profile, and the values of those that are kept.
//!
//! All statements are judged even after one was refused, so that a person sees the whole list at once.
//! It reads words through `grammar.rs` and keys through `block.rs`; which directive is what stands in
//! `directives.rs` alone.

use super::block::Block;
use super::directives::{Class, IN_CONNECTION, Kind, allowed_name, class};
use super::lexer::{Lexed, Statement, lex, lex_nested};
use super::value::{Directive, Value};
use super::verdict::{Ruling, Verdict, Why, showable};
use super::{Lack, Profile, ProfileError, Settings};

/// The longest comment value that is taken for a name.
const LONGEST_NAME: usize = 128;

pub(super) fn parse(bytes: &[u8]) -> Result<Profile, ProfileError> {
    let Lexed {
        statements,
        comments,
    } = lex(bytes)?;
    let mut judge = Judge::default();
    for statement in &statements {
        judge.statement(statement)?;
    }
    judge.finish(&comments)
}

#[derive(Default)]
struct Judge {
    settings: Settings,
    verdicts: Vec<Verdict>,
    client: bool,
    tls_client: bool,
    pull: bool,
    generic: bool,
}

/// What is done with one statement of a line.
enum Judged {
    Kept(Directive),
    Changed(Directive, &'static str),
    /// Meant by what the canonical text always says.
    Implied,
    Dropped(&'static str),
    Refused(Why),
}

impl Judge {
    fn statement(&mut self, statement: &Statement) -> Result<(), ProfileError> {
        let line = statement.line;
        let name = statement.words[0].as_str();
        let Some(lines) = &statement.block else {
            let args: Vec<&str> = statement.words[1..].iter().map(String::as_str).collect();
            let judged = self.line(name, &args);
            let kept = self.note(line, name, &args, judged);
            if let Some(directive) = kept {
                Settings::add(&mut self.settings.directives, directive);
            }
            return Ok(());
        };
        match class(name) {
            Some(Class::Allowed(Kind::Inline)) => {
                let name = allowed_name(name).unwrap_or_default();
                if self.settings.has_block(name) {
                    return Err(ProfileError::SecondBlock { line, name });
                }
                let block = Block::read(name, line, lines)?;
                self.verdict(line, block.title(), Ruling::Allowed);
                self.settings.blocks.push(block);
            }
            Some(Class::Allowed(Kind::Connection)) => {
                let mut connection = Vec::new();
                for statement in lex_nested(lines)? {
                    let name = statement.words[0].as_str();
                    let args: Vec<&str> = statement.words[1..].iter().map(String::as_str).collect();
                    let judged = match class(name) {
                        Some(Class::Allowed(_)) if !IN_CONNECTION.contains(&name) => {
                            Judged::Refused(Why::Value("does not belong in a <connection>"))
                        }
                        Some(Class::Gated(_)) => {
                            Judged::Refused(Why::Value("does not belong in a <connection>"))
                        }
                        _ => self.line(name, &args),
                    };
                    if let Some(directive) = self.note(statement.line, name, &args, judged) {
                        Settings::add(&mut connection, directive);
                    }
                }
                self.settings.connections.push(connection);
            }
            Some(Class::Refused(why)) => self.refuse(line, name, why),
            Some(_) if name == "auth-user-pass" => self.refuse(line, name, Why::CarriesPassword),
            Some(_) => self.refuse(line, name, Why::Value("is a line, not a block")),
            None => self.refuse(line, name, Why::Unclassified),
        }
        Ok(())
    }

    /// Judges a directive of one line.
    fn line(&mut self, name: &str, args: &[&str]) -> Judged {
        let kind = match class(name) {
            None => return Judged::Refused(Why::Unclassified),
            Some(Class::Refused(why)) => return Judged::Refused(why),
            Some(Class::Dropped(note)) => return Judged::Dropped(note),
            Some(Class::Allowed(kind) | Class::Gated(kind)) => kind,
        };
        match kind {
            Kind::Setenv => return self.setenv(args),
            Kind::Compression => return compression(name, args),
            _ => {}
        }
        let value = match Value::read(kind, args) {
            Ok(value) => value,
            Err(why) => return Judged::Refused(why),
        };
        match name {
            "client" => self.client = true,
            "tls-client" => self.tls_client = true,
            "pull" => self.pull = true,
            _ => return keep(name, args, value),
        }
        Judged::Implied
    }

    /// The few variables that are options in disguise; any other would reach a program's environment.
    fn setenv(&mut self, args: &[&str]) -> Judged {
        match args {
            ["opt", name, rest @ ..] => match self.line(name, rest) {
                Judged::Kept(directive) => Judged::Changed(directive, "`setenv opt` is not needed"),
                other => other,
            },
            ["PUSH_PEER_INFO"] => keep("push-peer-info", &[], Value::Flag),
            ["REMOTE_RANDOM_HOSTNAME"] => keep("remote-random-hostname", &[], Value::Flag),
            ["SERVER_POLL_TIMEOUT", seconds] => self.line("server-poll-timeout", &[seconds]),
            ["GENERIC_CONFIG", ..] => {
                self.generic = true;
                Judged::Refused(Why::Value("marks a profile that was made for no user"))
            }
            ["FORWARD_COMPATIBLE", _] => {
                Judged::Dropped("every directive is judged here, known or not")
            }
            ["CLIENT_CERT", "0" | "1"] => Judged::Dropped("says nothing to openvpn itself"),
            [name, _] | [name] if name.starts_with("UV_") || name.starts_with("IV_") => {
                Judged::Dropped("`ob` tells the server who it is")
            }
            _ => Judged::Refused(Why::ChangesEnvironment),
        }
    }

    /// Writes the verdict down and returns what is to be kept.
    fn note(
        &mut self,
        line: usize,
        name: &str,
        args: &[&str],
        judged: Judged,
    ) -> Option<Directive> {
        match judged {
            Judged::Kept(directive) => {
                self.verdict(line, directive.to_string(), Ruling::Allowed);
                Some(directive)
            }
            Judged::Changed(directive, note) => {
                self.verdict(
                    line,
                    directive.to_string(),
                    Ruling::Changed(note.to_owned()),
                );
                Some(directive)
            }
            Judged::Implied => {
                self.verdict(line, name.to_owned(), Ruling::Allowed);
                None
            }
            Judged::Dropped(note) => {
                self.verdict(line, name.to_owned(), Ruling::Dropped(note.to_owned()));
                None
            }
            Judged::Refused(why) => {
                // Under `setenv opt` it is the inner name that tells what was refused.
                match args {
                    ["opt", inner, ..] if name == "setenv" => self.refuse(line, inner, why),
                    _ => self.refuse(line, name, why),
                }
                None
            }
        }
    }

    fn refuse(&mut self, line: usize, name: &str, why: Why) {
        self.verdict(line, showable(name), Ruling::Refused(why.says().to_owned()));
    }

    fn verdict(&mut self, line: usize, directive: String, ruling: Ruling) {
        self.verdicts.push(Verdict {
            line,
            directive,
            ruling,
        });
    }

    fn finish(self, comments: &[String]) -> Result<Profile, ProfileError> {
        if self.generic {
            return Err(ProfileError::Generic);
        }
        if self
            .verdicts
            .iter()
            .any(|verdict| verdict.ruling.is_refused())
        {
            return Err(ProfileError::Refused(self.verdicts));
        }
        if !(self.client || self.tls_client && self.pull) {
            return Err(ProfileError::Lacks(Lack::Client));
        }
        self.settings.check().map_err(ProfileError::Lacks)?;
        Ok(Profile {
            settings: self.settings,
            verdicts: self.verdicts,
            username: comment(comments, "OVPN_ACCESS_SERVER_USERNAME"),
            autologin: comment(comments, "OVPN_ACCESS_SERVER_AUTOLOGIN").as_deref() == Some("1"),
        })
    }
}

/// Keeps a value under the name that says it today.
fn keep(name: &str, args: &[&str], value: Value) -> Judged {
    let (today, note) = match name {
        "ncp-ciphers" => ("data-ciphers", "its name since 2.5"),
        "connect-timeout" => (
            "server-poll-timeout",
            "its name in profiles of Access Server",
        ),
        "ns-cert-type" => ("remote-cert-tls", "the check by key usage that replaced it"),
        "port" => ("rport", "a client binds no port of its own"),
        "tls-version-min" if matches!(args, ["1.0" | "1.1", ..]) => (name, "nothing below TLS 1.2"),
        "dev" if args == ["tun"] => return Judged::Implied,
        "dev" => return Judged::Dropped("`ob` names the device"),
        "tls-version-max" if matches!(args, ["1.0" | "1.1", ..]) => (name, "nothing below TLS 1.2"),
        _ => (name, ""),
    };
    let Some(name) = allowed_name(today) else {
        return Judged::Refused(Why::Unclassified);
    };
    let directive = Directive { name, value };
    if note.is_empty() {
        Judged::Kept(directive)
    } else {
        Judged::Changed(directive, note)
    }
}

/// Compressed before it is encrypted, traffic tells its content by its length (VORACLE).
fn compression(name: &str, args: &[&str]) -> Judged {
    match (name, args) {
        ("comp-lzo", ["no"])
        | ("compress", [] | ["stub" | "stub-v2" | "migrate"])
        | ("allow-compression", ["no"]) => {
            Judged::Dropped("no compression is what openvpn does by itself")
        }
        _ => Judged::Refused(Why::WeakensProtection),
    }
}

/// The value of a comment `# NAME=value`, as far as it can be a name.
fn comment(comments: &[String], name: &str) -> Option<String> {
    let value = comments
        .iter()
        .find_map(|comment| comment.trim().strip_prefix(name)?.strip_prefix('='))?
        .trim();
    let sound =
        !value.is_empty() && value.len() <= LONGEST_NAME && !value.chars().any(char::is_control);
    sound.then(|| value.to_owned())
}
