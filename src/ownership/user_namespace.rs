//! The overflow uid of user namespaces.
//!
//! A user namespace shows every uid that it does not map as one number
//! (`/proc/sys/kernel/overflowuid`, 65534 by default; user_namespaces(7)), so two equal numbers may
//! be two users. In a namespace that maps every uid, 65534 is an ordinary user, `nobody`.

use nix::unistd::Uid;

/// Whether `uid` identifies one user.
#[cfg(target_os = "linux")]
pub fn is_known_uid(uid: Uid) -> bool {
    linux::is_known(uid.as_raw())
}

/// Other systems have no user namespaces.
#[cfg(not(target_os = "linux"))]
pub fn is_known_uid(_: Uid) -> bool {
    true
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{read_link, read_to_string};
    use std::io::{self, ErrorKind};
    use std::path::{Path, PathBuf};
    use std::sync::OnceLock;

    /// Maximum of the kernel's overflow uid.
    const MAX_OVERFLOW_UID: u32 = 65_535;
    const DEFAULT_OVERFLOW_UID: u32 = 65_534;
    /// The initial user namespace has this inode on every kernel (`PROC_USER_INIT_INO`).
    const INITIAL_NAMESPACE: &str = "user:[4026531837]";
    /// All uids: the last number means "no uid".
    const ALL_UIDS: u64 = 4_294_967_295;

    pub(super) fn is_known(uid: u32) -> bool {
        uid > MAX_OVERFLOW_UID || maps_every_uid() || uid != overflow_uid()
    }

    /// Computed once: this program does not change its namespace.
    fn maps_every_uid() -> bool {
        static ANSWER: OnceLock<bool> = OnceLock::new();
        *ANSWER.get_or_init(|| {
            let is_initial = is_initial(&read_link("/proc/self/ns/user"));
            is_initial || is_full(&read_to_string("/proc/self/uid_map"), has_processes)
        })
    }

    fn has_processes() -> bool {
        Path::new("/proc/self/stat").exists()
    }

    fn overflow_uid() -> u32 {
        static ANSWER: OnceLock<u32> = OnceLock::new();
        *ANSWER.get_or_init(|| {
            let text = read_to_string("/proc/sys/kernel/overflowuid").unwrap_or_default();
            text.trim().parse().unwrap_or(DEFAULT_OVERFLOW_UID)
        })
    }

    fn is_initial(namespace: &io::Result<PathBuf>) -> bool {
        matches!(namespace, Ok(name) if name.as_os_str() == INITIAL_NAMESPACE)
    }

    /// Whether a map contains every uid. A kernel without user namespaces shows processes and no
    /// map.
    fn is_full(map: &io::Result<String>, has_processes: impl Fn() -> bool) -> bool {
        match map {
            Ok(map) => {
                let counts = map.lines().map(|line| {
                    let count = line.split_whitespace().nth(2)?;
                    count.parse::<u64>().ok()
                });
                counts.sum::<Option<u64>>() == Some(ALL_UIDS)
            }
            Err(error) => error.kind() == ErrorKind::NotFound && has_processes(),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn only_a_map_of_every_uid_is_full() {
            let full = |map: &str| is_full(&Ok(map.to_owned()), || true);
            assert!(full("         0          0 4294967295\n"));
            assert!(full("0 0 1000\n1000 1000 1\n1001 1001 4294966294\n"));
            for partial in [
                "",
                "0 1000 1\n",
                "0 0 65536\n",
                "0 100000 65536\n1000 1000 1\n",
                "0 0 4294967294\n",
                "0 0\n",
                "nonsense\n",
            ] {
                assert!(!full(partial), "{partial:?}");
            }
        }

        #[test]
        fn a_map_that_cannot_be_read_is_not_full() {
            let of =
                |kind: ErrorKind, has_processes: bool| is_full(&Err(kind.into()), || has_processes);
            // A kernel without user namespaces.
            assert!(of(ErrorKind::NotFound, true));
            // No /proc at all.
            assert!(!of(ErrorKind::NotFound, false));
            assert!(!of(ErrorKind::PermissionDenied, true));
        }

        #[test]
        fn the_initial_namespace_is_known_by_its_inode() {
            assert!(is_initial(&Ok(INITIAL_NAMESPACE.into())));
            assert!(!is_initial(&Ok("user:[4026532281]".into())));
            assert!(!is_initial(&Err(ErrorKind::NotFound.into())));
        }
    }
}
