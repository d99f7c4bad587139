//! The command line of the agent's program. Only `ob` starts it.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::wire::build_id;

/// How the agent is to run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Arguments {
    /// Fork first. The client that started the agent becomes the user's command, which must not
    /// be the agent's parent.
    pub(super) detach: bool,
    /// Serve one conversation on standard input, then end. Otherwise standard input is the
    /// listening socket.
    pub(super) private: bool,
    /// The directory of the socket, watched for its loss.
    pub(super) directory: Option<PathBuf>,
}

/// Why the agent does not run.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It was started by a program of another build.
    OtherBuild,
    /// It was started by hand.
    NotByOb,
}

impl Arguments {
    /// Parses `words`, without the program's name: `--for BUILD [--detach] [--private]
    /// [--directory DIR]`.
    pub(super) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Self, Unusable> {
        let mut words = words.into_iter();
        if words.next().is_none_or(|word| word != "--for") {
            return Err(Unusable::NotByOb);
        }
        if words.next().is_none_or(|build| build != *build_id()) {
            return Err(Unusable::OtherBuild);
        }
        let mut arguments = Self::default();
        while let Some(word) = words.next() {
            match word.to_str() {
                Some("--detach") => arguments.detach = true,
                Some("--private") => arguments.private = true,
                Some("--directory") => {
                    arguments.directory = Some(words.next().ok_or(Unusable::NotByOb)?.into());
                }
                _ => return Err(Unusable::NotByOb),
            }
        }
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments, Unusable> {
        Arguments::parse(words.iter().map(OsString::from))
    }

    #[test]
    fn only_the_same_build_is_served() {
        let build = build_id();
        let arguments = parse(&["--for", &build, "--detach", "--directory", "/run/ob"]).unwrap();
        assert!(arguments.detach && !arguments.private);
        assert_eq!(arguments.directory, Some("/run/ob".into()));
        assert_eq!(parse(&["--for", "0.0.9/3"]), Err(Unusable::OtherBuild));
        assert_eq!(parse(&["--for"]), Err(Unusable::OtherBuild));
        for words in [
            &[][..],
            &["--detach"],
            &["--for", &build, "--directory"],
            &["--for", &build, "run"],
        ] {
            assert_eq!(parse(words), Err(Unusable::NotByOb), "{words:?}");
        }
    }
}
