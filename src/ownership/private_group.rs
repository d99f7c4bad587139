//! Groups whose only member is the user.
//!
//! Debian, Ubuntu and others give each user a group of the same name, and Ubuntu's umask is 002, so
//! that this group may write the user's files. Debian's OpenSSH accepts that for the same reason.

use std::fs::read_to_string;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::OnceLock;

use nix::unistd::{Uid, geteuid};

/// Account sources whose content this module reads, or that add no members to a user's group.
const VISIBLE_SOURCES: [&str; 2] = ["files", "systemd"];

/// Whether others than its owner may write to the file or directory at `path`, which has `mode` and
/// the group `gid`.
pub fn is_writable_by_others(path: &Path, mode: u32, gid: u32) -> bool {
    mode & 0o002 != 0 || mode & 0o020 != 0 && !(is_private_group(gid) && has_no_access_list(path))
}

/// Whether the group bits are the group's own: with an access list they are a mask for all its
/// entries (acl(5)).
#[cfg(target_os = "linux")]
fn has_no_access_list(path: &Path) -> bool {
    use rustix::io::Errno;

    let mut none: [u8; 0] = [];
    let found = rustix::fs::getxattr(path, "system.posix_acl_access", &mut none);
    matches!(found, Err(Errno::NODATA | Errno::OPNOTSUPP))
}

#[cfg(not(target_os = "linux"))]
fn has_no_access_list(_: &Path) -> bool {
    false
}

/// Whether `gid` is the user's own group without other members. A group that cannot be read
/// completely is not.
fn is_private_group(gid: u32) -> bool {
    static PRIVATE: OnceLock<Option<u32>> = OnceLock::new();
    let private = PRIVATE.get_or_init(|| {
        let accounts = Accounts {
            users: &read_to_string("/etc/passwd").ok()?,
            groups: &read_to_string("/etc/group").ok()?,
            sources: &match read_to_string("/etc/nsswitch.conf") {
                Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
                found => found.ok()?,
            },
        };
        accounts.private_group(geteuid())
    });
    *private == Some(gid)
}

/// The texts of `/etc/passwd`, `/etc/group` and `/etc/nsswitch.conf`.
struct Accounts<'a> {
    users: &'a str,
    groups: &'a str,
    sources: &'a str,
}

impl Accounts<'_> {
    /// Returns the private group of `uid`. Root has none: other system accounts are in its group.
    fn private_group(&self, uid: Uid) -> Option<u32> {
        if uid.is_root() || !self.are_whole() {
            return None;
        }
        let users: Vec<(&str, u32, u32)> = lines(self.users)
            .map(|fields| {
                let number = |at: usize| fields.get(at)?.parse().ok();
                Some((*fields.first()?, number(2)?, number(3)?))
            })
            .collect::<Option<_>>()?;
        let (name, _, gid) = *users.iter().find(|(_, other, _)| *other == uid.as_raw())?;
        let is_of_another =
            |(_, other, group): &(&str, u32, u32)| *group == gid && *other != uid.as_raw();
        let mut entries = lines(self.groups)
            .filter(|fields| fields.get(2).and_then(|gid| gid.parse().ok()) == Some(gid));
        let entry = entries.next()?;
        let members = entry.get(3).copied().unwrap_or_default().split(',');
        let is_private = gid != 0
            && entry.first() == Some(&name)
            && entries.next().is_none()
            && members
                .into_iter()
                .all(|member| member.is_empty() || member == name)
            && !users.iter().any(is_of_another);
        is_private.then_some(gid)
    }

    /// Whether no directory service and no NIS (`+` lines) can add users or members.
    fn are_whole(&self) -> bool {
        let databases = ["passwd", "group", "initgroups"];
        let is_visible = |line: &str| {
            let line = line.split('#').next().unwrap_or_default();
            let Some((database, sources)) = line.split_once(':') else {
                return true;
            };
            !databases.contains(&database.trim()) || are_visible(sources)
        };
        let has_nis = |text: &str| text.lines().any(|line| line.starts_with(['+', '-']));
        self.sources.lines().all(is_visible) && !has_nis(self.users) && !has_nis(self.groups)
    }
}

/// Whether each source is known, whatever action follows it (`[SUCCESS=merge]`).
fn are_visible(sources: &str) -> bool {
    let mut is_action = false;
    sources.split_whitespace().all(|word| {
        let is_source = !is_action && !word.starts_with('[');
        is_action = !is_source && !word.ends_with(']');
        !is_source || VISIBLE_SOURCES.contains(&word)
    })
}

fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split(':').collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n\
                         bob:x:1001:100::/home/bob:/bin/sh\n";
    const GROUPS: &str = "root:x:0:\nusers:x:100:\nalice:x:1000:\n";
    const SOURCES: &str =
        "passwd: files systemd\ngroup:\tfiles [SUCCESS=merge] systemd # x\nhosts: files dns\n";

    fn of(users: &str, groups: &str, sources: &str, uid: u32) -> Option<u32> {
        let accounts = Accounts {
            users,
            groups,
            sources,
        };
        accounts.private_group(Uid::from_raw(uid))
    }

    #[test]
    fn the_group_of_a_user_alone_is_private() {
        assert_eq!(of(USERS, GROUPS, SOURCES, 1000), Some(1000));
        assert_eq!(of(USERS, GROUPS, "", 1000), Some(1000));
        let named = GROUPS.replace("1000:", "1000:alice");
        assert_eq!(of(USERS, &named, SOURCES, 1000), Some(1000));
    }

    #[test]
    fn a_group_that_others_are_in_or_may_be_in_is_not() {
        for uid in [0, 1001, 1002, 65_534] {
            assert_eq!(of(USERS, GROUPS, SOURCES, uid), None, "{uid}");
        }
        for groups in [
            "alice:x:1000:bob\n",
            "alice:x:1000:alice,bob\n",
            "alice:x:1000:\nteam:x:1000:bob\n",
            "staff:x:1000:\n",
            "alice:x:1000:\n+:::\n",
            "",
        ] {
            assert_eq!(of(USERS, groups, SOURCES, 1000), None, "{groups:?}");
        }
        for more in ["carol:x:1002:1000::/:/bin/sh\n", "+::::::\n", "nonsense\n"] {
            let users = format!("{USERS}{more}");
            assert_eq!(of(&users, GROUPS, SOURCES, 1000), None, "{more:?}");
        }
        for sources in [
            "passwd: files sss\n",
            "group: files [SUCCESS=merge] ldap\n",
            "group: files [!UNAVAIL=return SUCCESS=merge] winbind\n",
            "passwd: compat\n",
            " initgroups : sss\n",
        ] {
            assert_eq!(of(USERS, GROUPS, sources, 1000), None, "{sources:?}");
        }
    }

    #[test]
    fn everybody_is_never_a_private_group() {
        let of = |mode| is_writable_by_others(Path::new("/"), mode, 4_000_000_000);
        for mode in [0o777, 0o702, 0o666, 0o602, 0o770] {
            assert!(of(mode), "{mode:o}");
        }
        assert!(!of(0o755));
    }
}
