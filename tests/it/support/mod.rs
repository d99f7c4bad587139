//! The harness: a home beside a sandbox, a terminal, an unprivileged user, programs with a
//! deadline.
//!
//! Nothing here depends on the answers of a particular verb.

mod configured;
mod env;
mod moto;
mod process;
mod pty;
mod relay;
mod run;

pub(crate) use env::TestEnv;
pub(crate) use moto::{Moto, consumers};
pub(crate) use process::{memory_kib, open_descriptors};
pub(crate) use pty::{Pty, qr_code_on_terminal};
pub(crate) use relay::relay;
pub(crate) use run::{
    DEADLINE, Finished, SOON, counted, eventually, finish, finish_within, holds_within, joined,
    run, start, text, without_progress,
};
