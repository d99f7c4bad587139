//! The verdict on each statement of a profile, and the values of those that are kept.
//!
//! All statements are judged even after one was refused, so that a person sees the whole list at once.
//! It reads words through `grammar.rs` and keys through `block.rs`; which directive is what stands in
//! `directives.rs` alone.

use std::collections::HashSet;

use super::block::Block;
use super::directives::{Class, IN_CONNECTION, Kind, allowed_name, class};
use super::hosts::dns;
use super::lexer::{Lexed, Statement, lex, lex_nested};
use super::rewrites::{Judged, compression, inline, keep, several};
use super::value::{Directive, Value};
use super::verdict::{RefusalReason, Ruling, Verdict, showable};
use super::{MissingDirective, Profile, ProfileError, Settings};

/// The longest comment value that is taken for a name.
const MAX_NAME_BYTES: usize = 128;

pub(super) fn parse(bytes: &[u8]) -> Result<Profile, ProfileError> {
    let Lexed {
        statements,
        comments,
    } = lex(bytes)?;
    let mut validator = Validator::default();
    for statement in &statements {
        validator.ignored.extend(ignored(&statement.words));
    }
    for statement in &statements {
        validator.statement(statement)?;
    }
    validator.finish(&comments)
}

#[derive(Default)]
struct Validator {
    settings: Settings,
    verdicts: Vec<Verdict>,
    client: bool,
    tls_client: bool,
    pull: bool,
    generic: bool,
    /// Names that the profile lets a client leave out where it does not know them.
    ignored: HashSet<String>,
    /// Blocks that a line `NAME [inline]` promises, and its number.
    promised: Vec<(usize, &'static str)>,
    /// The user of `setenv USERNAME`.
    username: Option<String>,
}

/// Why an app's variable is left out.
const CONNECT: &str = "a setting of OpenVPN Connect, not of the tunnel";
/// Why a directive is left out that the profile itself does not insist on.
const MAY_BE_IGNORED: &str = "the profile lets a client leave it out";
/// Variables of OpenVPN Connect and other apps.
const OF_CONNECT: &[&str] = &[
    "USERNAME",
    "FRIENDLY_NAME",
    "SERVER",
    "ALLOW_PASSWORD_SAVE",
    "HOST_LIST",
    "PROFILE",
    "AUTOLOGIN",
    "EXTERNAL_PKI",
    "ORGANIZATION",
    "PORTAL_URL",
];

/// The names after `ignore-unknown-option`.
fn ignored(words: &[String]) -> impl Iterator<Item = String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let names: Vec<String> = match words.as_slice() {
        ["ignore-unknown-option", names @ ..]
        | ["setenv", "opt", "ignore-unknown-option", names @ ..] => {
            names.iter().map(|name| (*name).to_owned()).collect()
        }
        _ => Vec::new(),
    };
    names.into_iter()
}

impl Validator {
    fn statement(&mut self, statement: &Statement) -> Result<(), ProfileError> {
        let line = statement.line;
        let name = statement.words[0].as_str();
        let Some(lines) = &statement.block else {
            let args: Vec<&str> = statement.words[1..].iter().map(String::as_str).collect();
            if matches!(class(name), Some(Class::Allowed(Kind::Inline)))
                && args.first() == Some(&"[inline]")
            {
                self.promised
                    .extend(allowed_name(name).map(|name| (line, name)));
            }
            self.directive(line, name, &args);
            return Ok(());
        };
        match class(name) {
            Some(Class::Allowed(Kind::Fingerprint | Kind::AuthorityHash)) => {
                for row in lines {
                    let text = row.text.trim();
                    if text.is_empty() || text.starts_with(['#', ';']) {
                        continue;
                    }
                    // In a block of hashes each is a SHA-256.
                    let args = [text, "SHA256"];
                    let count = if name == "verify-hash" { 2 } else { 1 };
                    self.directive(row.number, name, &args[..count]);
                }
            }
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
                            Judged::Refused(RefusalReason::Value(
                                "does not belong in a <connection>",
                            ))
                        }
                        Some(Class::Gated(_)) => Judged::Refused(RefusalReason::Value(
                            "does not belong in a <connection>",
                        )),
                        _ => self.line(name, &args),
                    };
                    for directive in self.note(statement.line, name, &args, judged) {
                        Settings::add(&mut connection, directive);
                    }
                }
                self.settings.connections.push(connection);
            }
            Some(Class::Refused(why)) => self.refuse(line, name, why),
            Some(_) if name == "auth-user-pass" => {
                self.refuse(line, name, RefusalReason::CarriesPassword)
            }
            Some(_) => self.refuse(line, name, RefusalReason::Value("is a line, not a block")),
            None if self.ignored.contains(name) => {
                let ruling = Ruling::Dropped(MAY_BE_IGNORED.to_owned());
                self.verdict(line, showable(name), ruling);
            }
            None => self.refuse(line, name, RefusalReason::Unclassified),
        }
        Ok(())
    }

    /// Judges a directive of one line outside of a block, and keeps what is allowed.
    fn directive(&mut self, line: usize, name: &str, args: &[&str]) {
        let judged = self.line(name, args);
        for directive in self.note(line, name, args, judged) {
            Settings::add(&mut self.settings.directives, directive);
        }
    }

    /// Judges a directive of one line.
    fn line(&mut self, name: &str, args: &[&str]) -> Judged {
        let kind = match class(name) {
            None if self.ignored.contains(name) => return Judged::Dropped(MAY_BE_IGNORED),
            None => return Judged::Refused(RefusalReason::Unclassified),
            Some(Class::Refused(why)) => return Judged::Refused(why),
            Some(Class::Dropped(note)) => return Judged::Dropped(note),
            Some(Class::Allowed(kind) | Class::Gated(kind)) => kind,
        };
        match kind {
            Kind::Setenv => return self.setenv(args),
            Kind::Compression => return compression(name, args),
            Kind::DhcpOption => return several(args),
            Kind::Inline => return inline(name, args),
            _ => {}
        }
        let read = match kind {
            Kind::Dns => dns(args),
            _ => Value::read(kind, args),
        };
        let value = match read {
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
            // openvpn takes what it does not know for nothing here.
            ["opt", name, rest @ ..] if class(name).is_none() => {
                self.note_username(&args[1..]);
                let is_of_connect = OF_CONNECT.contains(name) && !rest.is_empty();
                Judged::Dropped(if is_of_connect {
                    CONNECT
                } else {
                    MAY_BE_IGNORED
                })
            }
            ["opt", name, rest @ ..] => match self.line(name, rest) {
                Judged::Kept(directive) => Judged::Changed(directive, "`setenv opt` is not needed"),
                other => other,
            },
            ["PUSH_PEER_INFO"] => keep("push-peer-info", &[], Value::Flag),
            ["REMOTE_RANDOM_HOSTNAME"] => keep("remote-random-hostname", &[], Value::Flag),
            ["SERVER_POLL_TIMEOUT", seconds] => self.line("server-poll-timeout", &[seconds]),
            ["GENERIC_CONFIG", ..] => {
                self.generic = true;
                Judged::Refused(RefusalReason::Value(
                    "marks a profile that was made for no user",
                ))
            }
            ["FORWARD_COMPATIBLE", _] => {
                Judged::Dropped("every directive is judged here, known or not")
            }
            ["CLIENT_CERT", "0" | "1"] => Judged::Dropped("says nothing to openvpn itself"),
            [name, ..] if OF_CONNECT.contains(name) => {
                self.note_username(args);
                Judged::Dropped(CONNECT)
            }
            [name, ..] if name.starts_with("UV_") || name.starts_with("IV_") => {
                Judged::Dropped("`ob` tells the server who it is")
            }
            _ => Judged::Refused(RefusalReason::ChangesEnvironment),
        }
    }

    /// Remembers the user of `USERNAME NAME`.
    fn note_username(&mut self, words: &[&str]) {
        if let ["USERNAME", name] = words {
            self.username = sound_name(name);
        }
    }

    /// Writes the verdict down and returns what is to be kept.
    fn note(&mut self, line: usize, name: &str, args: &[&str], judged: Judged) -> Vec<Directive> {
        match judged {
            Judged::Kept(directive) => {
                self.verdict(line, directive.to_string(), Ruling::Allowed);
                vec![directive]
            }
            Judged::Changed(directive, note) => {
                self.verdict(
                    line,
                    directive.to_string(),
                    Ruling::Changed(note.to_owned()),
                );
                vec![directive]
            }
            Judged::Split(directives, note) => {
                for directive in &directives {
                    let ruling = Ruling::Changed(note.to_owned());
                    self.verdict(line, directive.to_string(), ruling);
                }
                directives
            }
            Judged::Implied => {
                self.verdict(line, name.to_owned(), Ruling::Allowed);
                Vec::new()
            }
            Judged::Dropped(note) => {
                let shown = match args {
                    ["opt", inner, ..] if name == "setenv" && OF_CONNECT.contains(inner) => {
                        format!("setenv opt {inner}")
                    }
                    ["opt", inner, ..] if name == "setenv" => {
                        format!("setenv opt {}", showable(inner))
                    }
                    [variable, ..] if name == "setenv" && OF_CONNECT.contains(variable) => {
                        format!("setenv {variable}")
                    }
                    _ => showable(name),
                };
                self.verdict(line, shown, Ruling::Dropped(note.to_owned()));
                Vec::new()
            }
            Judged::Refused(why) => {
                // Under `setenv opt` it is the inner name that tells what was refused.
                match args {
                    ["opt", inner, ..] if name == "setenv" => self.refuse(line, inner, why),
                    _ => self.refuse(line, name, why),
                }
                Vec::new()
            }
        }
    }

    fn refuse(&mut self, line: usize, name: &str, why: RefusalReason) {
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
            return Err(ProfileError::Incomplete(MissingDirective::Client));
        }
        let missing = |(_, name): &&(usize, &'static str)| !self.settings.has_block(name);
        if let Some((line, _)) = self.promised.iter().find(missing) {
            return Err(ProfileError::Key {
                line: *line,
                what: "is promised with `[inline]` and is not there",
            });
        }
        self.settings.check().map_err(ProfileError::Incomplete)?;
        Ok(Profile {
            settings: self.settings,
            verdicts: self.verdicts,
            username: comment(comments, "OVPN_ACCESS_SERVER_USERNAME").or(self.username),
            autologin: comment(comments, "OVPN_ACCESS_SERVER_AUTOLOGIN").as_deref() == Some("1"),
        })
    }
}

/// The value of a comment `# NAME=value`, as far as it can be a name.
fn comment(comments: &[String], name: &str) -> Option<String> {
    let value = comments
        .iter()
        .find_map(|comment| comment.trim().strip_prefix(name)?.strip_prefix('='))?;
    sound_name(value)
}

/// `value` without blanks around it, as far as it can be a name.
fn sound_name(value: &str) -> Option<String> {
    let value = value.trim();
    let sound =
        !value.is_empty() && value.len() <= MAX_NAME_BYTES && !value.chars().any(char::is_control);
    sound.then(|| value.to_owned())
}
