//! What the tests of the program share: a home of its own beside a sandbox, a terminal, and an unprivileged user.
//! Nothing here knows what any verb should answer.

mod env;
mod moto;
mod pty;
mod run;

pub(crate) use env::TestEnv;
pub(crate) use moto::{Moto, consumers};
pub(crate) use pty::Pty;
pub(crate) use run::{DEADLINE, eventually, run, text};
