//! Validates each statement of a profile, and builds the values of those that are kept.
//!
//! All statements are validated even after one was refused, so that the user sees every problem at
//! once. Words are parsed by `grammar.rs`, keys by `block.rs`; `directives.rs` decides which
//! directives are allowed.

use std::collections::HashSet;

use super::block::Block;
use super::directives::{Class, IN_CONNECTION, Kind, classify, displayable_name};
use super::document::Profile;
use super::error::{MissingDirective, ProfileError};
use super::lexer::{Lexed, Line, Statement, lex, lex_nested};
use super::rewrite::{Outcome, announce_block, disable_compression, keep, split_dhcp_option};
use super::settings::Settings;
use super::value::{Directive, Value};
use super::verdict::{RefusalReason, Ruling, Verdict};

/// Upper limit of a user's name in a comment or variable.
const MAX_NAME_BYTES: usize = 128;

impl Profile {
    /// Parses the text of a profile as it was downloaded.
    ///
    /// # Errors
    /// [`ProfileError`] if the text is not a profile, is ambiguous, lacks what a safe connection
    /// needs, or holds a directive that is refused. [`ProfileError::verdicts`] then has all of
    /// them.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProfileError> {
        let Lexed {
            statements,
            comments,
        } = lex(bytes)?;
        let mut validator = Validator::default();
        for statement in &statements {
            validator.ignorable.extend(ignorable_names(statement));
        }
        for statement in &statements {
            validator.statement(statement)?;
        }
        validator.finish(&comments)
    }
}

#[derive(Default)]
struct Validator {
    settings: Settings,
    verdicts: Vec<Verdict>,
    client: bool,
    tls_client: bool,
    pull: bool,
    generic: bool,
    /// Names that the profile lets a client ignore if it does not know them.
    ignorable: HashSet<String>,
    /// Blocks that a line `NAME [inline]` announces, with its number.
    announced: Vec<(usize, &'static str)>,
    /// The user of `setenv USERNAME`.
    username: Option<String>,
}

const CONNECT_SETTING: &str = "a setting of OpenVPN Connect, not of the tunnel";
const IGNORABLE: &str = "the profile lets a client leave it out";
const NOT_IN_CONNECTION: RefusalReason = RefusalReason::Value("does not belong in a <connection>");
/// Variables of OpenVPN Connect and other apps.
const CONNECT_VARIABLES: &[&str] = &[
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

/// Returns the names after `ignore-unknown-option`.
fn ignorable_names(statement: &Statement) -> impl Iterator<Item = String> {
    let words = &statement.words;
    let starts_with = |prefix: &[&str]| words.iter().zip(prefix).all(|(word, own)| word == own);
    let skipped = if starts_with(&["ignore-unknown-option"]) {
        1
    } else if starts_with(&["setenv", "opt", "ignore-unknown-option"]) {
        3
    } else {
        words.len()
    };
    words.iter().skip(skipped).cloned()
}

impl Validator {
    fn statement(&mut self, statement: &Statement) -> Result<(), ProfileError> {
        let line = statement.line;
        let (name, args) = statement.name_and_args();
        let Some(lines) = &statement.block else {
            if let Some((name, Class::Allowed(Kind::Inline))) = classify(name)
                && args.first() == Some(&"[inline]")
            {
                self.announced.push((line, name));
            }
            self.directive(line, name, &args);
            return Ok(());
        };
        match classify(name) {
            Some((_, Class::Allowed(kind @ (Kind::Fingerprint | Kind::AuthorityHash)))) => {
                self.hashes(name, kind, lines);
            }
            Some((name, Class::Allowed(Kind::Inline))) => {
                if self.settings.has_block(name) {
                    return Err(ProfileError::SecondBlock { line, name });
                }
                let block = Block::parse(name, line, lines)?;
                self.verdict(line, block.title(), Ruling::Allowed);
                self.settings.blocks.push(block);
            }
            Some((_, Class::Allowed(Kind::Connection))) => self.connection(lines)?,
            Some((_, Class::Refused(reason))) => self.refuse(line, name, reason),
            Some(_) if name == "auth-user-pass" => {
                self.refuse(line, name, RefusalReason::CarriesPassword);
            }
            Some(_) => self.refuse(line, name, RefusalReason::Value("is a line, not a block")),
            None if self.ignorable.contains(name) => {
                let ruling = Ruling::Dropped(IGNORABLE.to_owned());
                self.verdict(line, displayable_name(name), ruling);
            }
            None => self.refuse(line, name, RefusalReason::Unclassified),
        }
        Ok(())
    }

    /// Validates a block of hashes, each of which is a SHA-256.
    fn hashes(&mut self, name: &str, kind: Kind, lines: &[Line]) {
        for row in lines {
            let hash = row.text.trim();
            if hash.is_empty() || hash.starts_with(['#', ';']) {
                continue;
            }
            match kind {
                Kind::AuthorityHash => self.directive(row.number, name, &[hash, "SHA256"]),
                _ => self.directive(row.number, name, &[hash]),
            }
        }
    }

    /// Validates a `<connection>` block.
    fn connection(&mut self, lines: &[Line]) -> Result<(), ProfileError> {
        let mut connection = Vec::new();
        for statement in lex_nested(lines)? {
            let (name, args) = statement.name_and_args();
            let outcome = match classify(name) {
                Some((name, Class::Allowed(_))) if !IN_CONNECTION.contains(&name) => {
                    Outcome::Refused(NOT_IN_CONNECTION)
                }
                Some((_, Class::Gated(_))) => Outcome::Refused(NOT_IN_CONNECTION),
                _ => self.line(name, &args),
            };
            for directive in self.record(statement.line, name, &args, outcome) {
                Settings::add(&mut connection, directive);
            }
        }
        self.settings.connections.push(connection);
        Ok(())
    }

    /// Validates a directive of one line outside of a block, and keeps it if it is allowed.
    fn directive(&mut self, line: usize, name: &str, args: &[&str]) {
        let outcome = self.line(name, args);
        for directive in self.record(line, name, args, outcome) {
            Settings::add(&mut self.settings.directives, directive);
        }
    }

    /// Validates a directive of one line.
    fn line(&mut self, name: &str, args: &[&str]) -> Outcome {
        let (name, kind) = match classify(name) {
            None if self.ignorable.contains(name) => return Outcome::Dropped(IGNORABLE),
            None => return Outcome::Refused(RefusalReason::Unclassified),
            Some((_, Class::Refused(reason))) => return Outcome::Refused(reason),
            Some((_, Class::Dropped(note))) => return Outcome::Dropped(note),
            Some((name, Class::Allowed(kind) | Class::Gated(kind))) => (name, kind),
        };
        match kind {
            Kind::Setenv => return self.setenv(args),
            Kind::Compression => return disable_compression(name, args),
            Kind::DhcpOption => return split_dhcp_option(args),
            Kind::Inline => return announce_block(name, args),
            _ => {}
        }
        let value = match Value::parse(kind, args) {
            Ok(value) => value,
            Err(reason) => return Outcome::Refused(reason),
        };
        match name {
            "client" => self.client = true,
            "tls-client" => self.tls_client = true,
            "pull" => self.pull = true,
            _ => return keep(name, args, value),
        }
        Outcome::Implied
    }

    /// Validates `setenv`. A few variables are options; any other would reach the environment of
    /// a program.
    fn setenv(&mut self, args: &[&str]) -> Outcome {
        match args {
            // openvpn skips a name that it does not know here.
            ["opt", name, rest @ ..] if classify(name).is_none() => {
                self.read_username(&args[1..]);
                let is_connect_setting = CONNECT_VARIABLES.contains(name) && !rest.is_empty();
                Outcome::Dropped(if is_connect_setting {
                    CONNECT_SETTING
                } else {
                    IGNORABLE
                })
            }
            ["opt", name, rest @ ..] => match self.line(name, rest) {
                Outcome::Kept(directive) => {
                    Outcome::Changed(directive, "`setenv opt` is not needed")
                }
                other => other,
            },
            ["PUSH_PEER_INFO"] => keep("push-peer-info", &[], Value::Flag),
            ["REMOTE_RANDOM_HOSTNAME"] => keep("remote-random-hostname", &[], Value::Flag),
            ["SERVER_POLL_TIMEOUT", seconds] => self.line("server-poll-timeout", &[seconds]),
            ["GENERIC_CONFIG", ..] => {
                self.generic = true;
                Outcome::Refused(RefusalReason::Value(
                    "marks a profile that was made for no user",
                ))
            }
            ["FORWARD_COMPATIBLE", _] => {
                Outcome::Dropped("every directive is judged here, known or not")
            }
            ["CLIENT_CERT", "0" | "1"] => Outcome::Dropped("says nothing to openvpn itself"),
            [name, ..] if CONNECT_VARIABLES.contains(name) => {
                self.read_username(args);
                Outcome::Dropped(CONNECT_SETTING)
            }
            [name, ..] if name.starts_with("UV_") || name.starts_with("IV_") => {
                Outcome::Dropped("`ob` tells the server who it is")
            }
            _ => Outcome::Refused(RefusalReason::ChangesEnvironment),
        }
    }

    /// Remembers the user of `USERNAME NAME`.
    fn read_username(&mut self, words: &[&str]) {
        if let ["USERNAME", name] = words {
            self.username = parse_username(name);
        }
    }

    /// Records the verdict and returns the directives to keep.
    fn record(
        &mut self,
        line: usize,
        name: &str,
        args: &[&str],
        outcome: Outcome,
    ) -> Vec<Directive> {
        let (kept, ruling) = match outcome {
            Outcome::Kept(directive) => (vec![directive], Ruling::Allowed),
            Outcome::Changed(directive, note) => {
                (vec![directive], Ruling::Changed(note.to_owned()))
            }
            Outcome::Split(directives, note) => (directives, Ruling::Changed(note.to_owned())),
            Outcome::Implied => {
                self.verdict(line, name.to_owned(), Ruling::Allowed);
                return Vec::new();
            }
            Outcome::Dropped(note) => {
                let variable = |name: &str| match CONNECT_VARIABLES.contains(&name) {
                    true => name.to_owned(),
                    false => displayable_name(name),
                };
                let shown = match (name, args) {
                    ("setenv", ["opt", inner, ..]) => format!("setenv opt {}", variable(inner)),
                    ("setenv", [inner, ..]) if CONNECT_VARIABLES.contains(inner) => {
                        format!("setenv {inner}")
                    }
                    _ => displayable_name(name),
                };
                self.verdict(line, shown, Ruling::Dropped(note.to_owned()));
                return Vec::new();
            }
            Outcome::Refused(reason) => {
                // Of `setenv opt NAME` the inner name is the one that is refused.
                let refused = match (name, args) {
                    ("setenv", ["opt", inner, ..]) => inner,
                    _ => name,
                };
                self.refuse(line, refused, reason);
                return Vec::new();
            }
        };
        for directive in &kept {
            self.verdict(line, directive.to_string(), ruling.clone());
        }
        kept
    }

    fn refuse(&mut self, line: usize, name: &str, reason: RefusalReason) {
        let ruling = Ruling::Refused(reason.predicate().to_owned());
        self.verdict(line, displayable_name(name), ruling);
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
        if self.verdicts.iter().any(|one| one.ruling.is_refused()) {
            return Err(ProfileError::Refused(self.verdicts));
        }
        if !(self.client || self.tls_client && self.pull) {
            return Err(ProfileError::Incomplete(MissingDirective::Client));
        }
        let is_missing = |(_, name): &&(usize, &'static str)| !self.settings.has_block(name);
        if let Some((line, _)) = self.announced.iter().find(is_missing) {
            return Err(ProfileError::Key {
                line: *line,
                what: "is promised with `[inline]` and is not there",
            });
        }
        self.settings.check().map_err(ProfileError::Incomplete)?;
        Ok(Profile {
            settings: self.settings,
            verdicts: self.verdicts,
            username: username_comment(comments).or(self.username),
        })
    }
}

/// Returns the user in the comment `# OVPN_ACCESS_SERVER_USERNAME=NAME`.
fn username_comment(comments: &[String]) -> Option<String> {
    let mut values = comments.iter().filter_map(|comment| {
        let name = "OVPN_ACCESS_SERVER_USERNAME";
        comment.trim().strip_prefix(name)?.strip_prefix('=')
    });
    parse_username(values.next()?)
}

/// Returns `value` without surrounding blanks if it can be a username.
fn parse_username(value: &str) -> Option<String> {
    let value = value.trim();
    let is_valid =
        !value.is_empty() && value.len() <= MAX_NAME_BYTES && !value.chars().any(char::is_control);
    is_valid.then(|| value.to_owned())
}
