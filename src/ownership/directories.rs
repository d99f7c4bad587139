//! Checks the directories and symbolic links on the way to a file, as sshd does for
//! `authorized_keys`.
//!
//! A user with write access to one of the directories can replace the file. Directories above the
//! home are not checked: with write access there, the whole home could be replaced.

use std::fs::{Metadata, read_link, symlink_metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use thiserror::Error;

use super::{is_own_or_root, is_writable_by_others};

/// As many as the kernel follows (path_resolution(7)).
const MAX_LINKS: usize = 40;
const STICKY: u32 = 0o1000;

/// Reasons not to trust a directory or a link on the way.
#[derive(Debug, Error)]
pub enum DirectoryFault {
    #[error("{} on its path belongs to uid {}, neither you nor root", .path.display(), .uid)]
    Owner { path: PathBuf, uid: u32 },
    #[error("others may write to the directory {} on its path (mode \
        {:04o})", .path.display(), .mode)]
    Writable { path: PathBuf, mode: u32 },
    #[error("{} on its path leads through too many symbolic links", .0.display())]
    TooManyLinks(PathBuf),
    #[error("{} on its path cannot be looked at: {}", .path.display(), .error.kind())]
    Unreadable { path: PathBuf, error: io::Error },
}

impl DirectoryFault {
    /// Returns the directory or link at fault.
    pub fn path(&self) -> &Path {
        match self {
            Self::Owner { path, .. }
            | Self::Writable { path, .. }
            | Self::TooManyLinks(path)
            | Self::Unreadable { path, .. } => path,
        }
    }
}

/// Checks that only the user and root can change what `path` leads to.
///
/// Every directory and link must belong to the user or root. A directory that others may write to
/// (a group with no other member does not count) passes only with the sticky bit and an entry of
/// the user's or root's on the path, as in `/tmp`. The file at the end is not checked; if the path
/// ends early, its existing part is checked.
///
/// # Errors
/// The first directory or link that another user could change.
pub fn check_directories(path: &Path, home: Option<&Path>) -> Result<(), DirectoryFault> {
    walk(path, home, true)
}

/// Checks that every directory and link on the way to `path` belongs to the user or root, with any
/// mode: for files that are about to be created.
///
/// # Errors
/// The first directory or link of another user.
pub fn check_owners(path: &Path, home: Option<&Path>) -> Result<(), DirectoryFault> {
    walk(path, home, false)
}

fn walk(path: &Path, home: Option<&Path>, modes: bool) -> Result<(), DirectoryFault> {
    let whole = std::path::absolute(path).map_err(|error| DirectoryFault::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    let mut ahead = Vec::new();
    push(&mut ahead, &whole);
    let mut place = PathBuf::from("/");
    let mut links = 0;
    while let Some(step) = ahead.pop() {
        let next = match step {
            Step::Root => PathBuf::from("/"),
            Step::Parent => {
                place.pop();
                continue;
            }
            Step::Entry(name) => place.join(name),
        };
        let found = match symlink_metadata(&next) {
            Ok(found) => found,
            Err(error) if is_absent(&error) => return Ok(()),
            Err(error) => return Err(DirectoryFault::Unreadable { path: next, error }),
        };
        let is_file = !found.is_dir() && !found.is_symlink();
        // The file itself is checked by its descriptor when it is opened.
        if let Some(fault) = fault(&found, &next, modes).filter(|_| !is_file)
            && !is_above(home, &next)
        {
            return Err(fault);
        }
        if found.is_symlink() {
            links += 1;
            if links > MAX_LINKS {
                return Err(DirectoryFault::TooManyLinks(next));
            }
            match read_link(&next) {
                Ok(target) => push(&mut ahead, &target),
                Err(error) => return Err(DirectoryFault::Unreadable { path: next, error }),
            }
        } else {
            place = next;
        }
    }
    Ok(())
}

enum Step {
    Root,
    Parent,
    Entry(std::ffi::OsString),
}

/// Pushes the steps of `path` on the stack, the first on top.
fn push(ahead: &mut Vec<Step>, path: &Path) {
    for component in path.components().rev() {
        match component {
            Component::RootDir => ahead.push(Step::Root),
            Component::ParentDir => ahead.push(Step::Parent),
            Component::Normal(name) => ahead.push(Step::Entry(name.to_owned())),
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
}

/// With the sticky bit, only the owner of an entry, the owner of the directory and root can replace
/// an entry, and the owner of each entry is checked.
fn fault(found: &Metadata, path: &Path, modes: bool) -> Option<DirectoryFault> {
    if !is_own_or_root(found.uid()) {
        return Some(DirectoryFault::Owner {
            path: path.to_owned(),
            uid: found.uid(),
        });
    }
    let mode = found.mode() & 0o7777;
    let is_open = is_writable_by_others(path, mode, found.gid()) && mode & STICKY == 0;
    (modes && found.is_dir() && is_open).then(|| DirectoryFault::Writable {
        path: path.to_owned(),
        mode,
    })
}

fn is_above(home: Option<&Path>, path: &Path) -> bool {
    let above = |home: &Path| home != path && home.starts_with(path);
    home.is_some_and(|home| above(home) || home.canonicalize().is_ok_and(|home| above(&home)))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, chown, lchown, symlink};

    use nix::unistd::geteuid;

    use super::*;

    const FOREIGN: u32 = 12_345;

    /// A home with `.config/ob/config.toml`, all of it private.
    fn home() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join(".config/ob");
        fs::create_dir_all(&directory).unwrap();
        for path in [".config/ob", ".config", ""] {
            chmod(&home.path().join(path), 0o700);
        }
        fs::write(directory.join("config.toml"), "").unwrap();
        home
    }

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn check(home: &Path) -> Result<(), DirectoryFault> {
        check_directories(&home.join(".config/ob/config.toml"), Some(home))
    }

    fn faulty(result: Result<(), DirectoryFault>) -> PathBuf {
        result.unwrap_err().path().to_owned()
    }

    #[test]
    fn each_directory_up_to_home_must_be_closed_to_others() {
        for place in ["", ".config", ".config/ob"] {
            for mode in [0o777, 0o770, 0o722, 0o702, 0o720] {
                let home = home();
                assert!(check(home.path()).is_ok());
                let place = home.path().join(place).components().collect::<PathBuf>();
                chmod(&place, mode);
                assert_eq!(faulty(check(home.path())), place, "{mode:o}");
                // Others may add files, but cannot replace ours.
                chmod(&place, mode | STICKY);
                assert!(check(home.path()).is_ok(), "{mode:o}");
                chmod(&place, 0o755);
                assert!(check(home.path()).is_ok());
            }
        }
    }

    #[test]
    fn directories_above_home_are_not_judged_others_are() {
        let outer = tempfile::tempdir().unwrap();
        let home = outer.path().join("open/home");
        fs::create_dir_all(home.join(".config")).unwrap();
        chmod(&home, 0o700);
        let open = outer.path().join("open");
        chmod(&open, 0o777);
        let file = home.join(".config/config.toml");
        fs::write(&file, "").unwrap();
        assert!(check_directories(&file, Some(&home)).is_ok());
        assert_eq!(faulty(check_directories(&file, None)), open);
        let elsewhere = open.join("config.toml");
        fs::write(&elsewhere, "").unwrap();
        assert!(check_directories(&elsewhere, Some(&open.join("x"))).is_ok());
        assert_eq!(faulty(check_directories(&elsewhere, None)), open);
    }

    #[test]
    fn the_target_of_a_link_is_judged_and_the_way_to_it() {
        let (home, elsewhere) = (home(), tempfile::tempdir().unwrap());
        let open = elsewhere.path().join("open");
        fs::create_dir_all(open.join("ob")).unwrap();
        fs::write(open.join("ob/config.toml"), "").unwrap();
        chmod(&open.join("ob"), 0o700);
        chmod(&open, 0o777);
        let file = home.path().join(".config/ob/config.toml");
        fs::remove_file(&file).unwrap();
        symlink(open.join("ob/config.toml"), &file).unwrap();
        assert_eq!(faulty(check(home.path())), open);
        chmod(&open, 0o755);
        assert!(check(home.path()).is_ok());
        // A link to a directory, relative and through `..`.
        fs::remove_file(&file).unwrap();
        fs::remove_dir(home.path().join(".config/ob")).unwrap();
        fs::create_dir(home.path().join("dots")).unwrap();
        symlink("../dots/../dots", home.path().join(".config/ob")).unwrap();
        assert!(check(home.path()).is_ok());
        chmod(&home.path().join("dots"), 0o777);
        assert_eq!(faulty(check(home.path())), home.path().join("dots"));
    }

    #[test]
    fn links_in_a_circle_end() {
        let home = home();
        let directory = home.path().join(".config/ob");
        fs::remove_dir_all(&directory).unwrap();
        symlink("ob", &directory).unwrap();
        assert!(matches!(
            check(home.path()),
            Err(DirectoryFault::TooManyLinks(_))
        ));
    }

    #[test]
    fn a_directory_or_link_of_another_user_is_refused() {
        if !geteuid().is_root() {
            return;
        }
        for place in ["", ".config", ".config/ob"] {
            let home = home();
            let place = home.path().join(place).components().collect::<PathBuf>();
            chown(&place, Some(FOREIGN), None).unwrap();
            assert_eq!(faulty(check(home.path())), place);
            let owners = check_owners(&home.path().join(".config/ob/new"), Some(home.path()));
            assert_eq!(faulty(owners), place);
        }
        let home = home();
        let (link, sticky) = (home.path().join(".config/ob/config.toml"), home.path());
        fs::rename(&link, home.path().join("real")).unwrap();
        symlink(home.path().join("real"), &link).unwrap();
        chmod(sticky, 0o1777);
        assert!(check(home.path()).is_ok());
        lchown(&link, Some(FOREIGN), None).unwrap();
        assert_eq!(faulty(check(home.path())), link);
    }

    #[test]
    fn what_is_not_there_yet_is_judged_as_far_as_it_goes() {
        let home = home();
        let file = home.path().join(".config/new/deep/file");
        assert!(check_directories(&file, Some(home.path())).is_ok());
        chmod(&home.path().join(".config"), 0o777);
        assert!(check_directories(&file, Some(home.path())).is_err());
        assert!(check_owners(&file, Some(home.path())).is_ok());
    }
}
