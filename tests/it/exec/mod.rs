//! `ob exec` compared with running the command directly. Most tests run twice: on a terminal and
//! through pipes.

mod consumers;
mod ends;
mod environment;
mod signals;
mod streams;

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus};

use crate::support::{Pty, run};

/// How the command's standard streams are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Terminal,
    Pipes,
}

/// What is observed of a command that has ended.
#[derive(Debug)]
struct Ended {
    status: ExitStatus,
    /// Standard output; on a terminal standard error as well.
    output: String,
    /// Standard error; on a terminal the same as `output`.
    errors: String,
}

impl Ended {
    fn code(&self) -> Option<i32> {
        self.status.code()
    }

    fn signal(&self) -> Option<i32> {
        self.status.signal()
    }
}

/// From [`Pty::wait`], which has both outputs in one.
impl From<(ExitStatus, String)> for Ended {
    fn from((status, output): (ExitStatus, String)) -> Self {
        Self {
            status,
            errors: output.clone(),
            output,
        }
    }
}

impl Way {
    fn run(self, command: &mut Command) -> Ended {
        match self {
            Self::Terminal => Pty::spawn(command).wait().into(),
            Self::Pipes => {
                let ended = run(command, "");
                Ended {
                    status: ended.status,
                    output: ended.stdout.to_owned(),
                    errors: ended.stderr.to_owned(),
                }
            }
        }
    }
}

/// Makes two tests of each function that takes a [`Way`].
macro_rules! both_ways {
    ($($name:ident,)*) => {
        mod on_a_terminal {
            $(#[test] fn $name() { super::$name(crate::exec::Way::Terminal); })*
        }
        mod through_pipes {
            $(#[test] fn $name() { super::$name(crate::exec::Way::Pipes); })*
        }
    };
}
use both_ways;
