//! Who owns a file, a directory or a connection, and who else could change it.
//!
//! One set of rules for every module that trusts a file: settings, CA bundle, private key, the
//! directories of the agent's socket. An unknown owner counts as foreign.

mod creation;
mod directories;
mod private_group;
mod user_namespace;

pub use creation::with_private_umask;
pub use directories::{DirectoryFault, check_directories, check_owners};
pub use private_group::is_writable_by_others;
pub use user_namespace::is_known_uid;

use nix::unistd::{Uid, geteuid};

/// Whether `uid` is this process's user. A uid that the kernel could not show is not.
pub fn is_own(uid: u32) -> bool {
    uid == geteuid().as_raw() && is_known_uid(Uid::from_raw(uid))
}

/// Whether `uid` is this process's user or root, who can change everything anyway.
pub fn is_own_or_root(uid: u32) -> bool {
    (uid == 0 || uid == geteuid().as_raw()) && is_known_uid(Uid::from_raw(uid))
}
