//! Which directories are used and which are refused.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

fn environment(variables: &[(&str, &Path)]) -> Environment {
    variables
        .iter()
        .map(|(name, path)| (*name, *path))
        .collect()
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn settings_are_found_by_absolute_paths_only() {
    let of = |variables: &[(&str, &str)]| {
        user_config(&variables.iter().map(|(n, v)| (*n, *v)).collect())
    };
    assert_eq!(
        of(&[("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")]),
        Some("/x/ob/config.toml".into())
    );
    assert_eq!(
        of(&[("XDG_CONFIG_HOME", "x"), ("HOME", "/h")]),
        Some("/h/.config/ob/config.toml".into())
    );
    assert_eq!(of(&[("XDG_CONFIG_HOME", ""), ("HOME", ".")]), None);
    assert_eq!(of(&[]), None);
}

#[test]
fn the_runtime_directory_is_made_private_and_found_again() {
    let base = tempfile::tempdir().unwrap();
    chmod(base.path(), 0o700);
    let environment = environment(&[("XDG_RUNTIME_DIR", base.path())]);
    assert!(existing_runtime_dir(&environment).unwrap().is_none());
    let made = runtime_dir(&environment).unwrap();
    assert_eq!(made.path(), base.path().join("ob"));
    let mode = fs::metadata(made.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o700);
    assert!(existing_runtime_dir(&environment).unwrap().is_some());
}

#[test]
fn a_planted_directory_is_refused_and_left_as_it_is() {
    let base = tempfile::tempdir().unwrap();
    chmod(base.path(), 0o700);
    let environment = environment(&[("XDG_RUNTIME_DIR", base.path())]);
    let planted = base.path().join("ob");

    fs::create_dir(&planted).unwrap();
    for mode in [0o755, 0o710, 0o701, 0o777] {
        chmod(&planted, mode);
        assert_eq!(
            runtime_dir(&environment).unwrap_err().name(),
            "paths.not-private"
        );
        assert_eq!(
            fs::metadata(&planted).unwrap().permissions().mode() & 0o7777,
            mode
        );
    }
    if geteuid().is_root() {
        chmod(&planted, 0o700);
        std::os::unix::fs::chown(&planted, Some(12_345), None).unwrap();
        assert_eq!(
            runtime_dir(&environment).unwrap_err().name(),
            "paths.not-private"
        );
    }
    fs::remove_dir(&planted).unwrap();

    let elsewhere = tempfile::tempdir().unwrap();
    symlink(elsewhere.path(), &planted).unwrap();
    assert_eq!(
        runtime_dir(&environment).unwrap_err().name(),
        "paths.not-a-directory"
    );
    fs::remove_file(&planted).unwrap();

    fs::write(&planted, "").unwrap();
    assert_eq!(
        existing_runtime_dir(&environment).unwrap_err().name(),
        "paths.not-a-directory"
    );
}

#[test]
fn a_shared_or_linked_base_falls_back_to_the_home() {
    let (base, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let link = home.path().join("link");
    chmod(base.path(), 0o700);
    symlink(base.path(), &link).unwrap();
    let linked = runtime_dir(&environment(&[
        ("XDG_RUNTIME_DIR", &link),
        ("HOME", home.path()),
    ]));
    let expected = home.path().join(".local/state/ob/run").join(host());
    assert_eq!(linked.unwrap().path(), expected);
    let slash = link.join("");
    let linked = runtime_dir(&environment(&[
        ("XDG_RUNTIME_DIR", &slash),
        ("HOME", home.path()),
    ]));
    assert_eq!(linked.unwrap().path(), expected);

    chmod(base.path(), 0o755);
    let shared = runtime_dir(&environment(&[("XDG_RUNTIME_DIR", base.path())]));
    assert_eq!(shared.unwrap_err().name(), "paths.no-place");
    chmod(&home.path().join(".local/state"), 0o775);
    let open = runtime_dir(&environment(&[("HOME", home.path())]));
    assert_eq!(open.unwrap_err().name(), "paths.shared");
}

#[test]
fn nothing_is_made_in_a_home_of_another_user() {
    if !geteuid().is_root() {
        return;
    }
    let foreign = |path: &Path| std::os::unix::fs::lchown(path, Some(12_345), None).unwrap();
    // What belongs to the other user: the home, `.local`, `state`, or a link in place of one of
    // them.
    for (place, linked) in [
        ("", false),
        (".local", false),
        (".local/state", false),
        (".local", true),
        (".local/state", true),
        (".cache", false),
        (".cache", true),
    ] {
        let (home, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let at: PathBuf = home.path().join(place).components().collect();
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        if linked {
            symlink(elsewhere.path(), &at).unwrap();
        } else {
            fs::create_dir_all(&at).unwrap();
        }
        foreign(&at);
        let environment = environment(&[("HOME", home.path())]);
        assert!(cache_dir(&environment).is_none() || !place.starts_with(".c"));
        if !place.starts_with(".c") {
            for found in [
                runtime_dir(&environment).map(Some),
                existing_runtime_dir(&environment),
            ] {
                let refused = found.unwrap_err();
                assert_eq!(refused.name(), "paths.foreign-home", "{place}");
                assert!(refused.causes[0].contains("uid 12345"), "{refused:?}");
            }
            let inside = if linked { elsewhere.path() } else { &at };
            assert_eq!(fs::read_dir(inside).unwrap().count(), 0, "{place}");
        }
        let cache = environment_of_cache(&at.join("cache"), home.path());
        assert!(cache_dir(&cache).is_none(), "{place}");
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }
}

fn environment_of_cache(cache: &Path, home: &Path) -> Environment {
    environment(&[("XDG_CACHE_HOME", cache), ("HOME", home)])
}

#[test]
fn links_of_the_users_own_are_followed() {
    let (home, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    symlink(elsewhere.path(), home.path().join(".local")).unwrap();
    let made = runtime_dir(&environment(&[("HOME", home.path())])).unwrap();
    assert!(made.path().starts_with(home.path().join(".local/state")));
    assert!(elsewhere.path().join("state/ob/run").is_dir());
}

#[test]
fn the_directories_of_other_callers_are_found() {
    let (base, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    chmod(base.path(), 0o700);
    let both = environment(&[("XDG_RUNTIME_DIR", base.path()), ("HOME", home.path())]);
    let bare = environment(&[("HOME", home.path())]);
    let paths = |dirs: Vec<RuntimeDir>| -> Vec<PathBuf> {
        let paths = dirs.iter().map(|dir| dir.path().to_owned());
        // This machine may have a login session.
        paths
            .filter(|path| !path.starts_with("/run/user"))
            .collect()
    };
    assert_eq!(
        paths(existing_runtime_dirs(&both)),
        [""; 0].map(PathBuf::from)
    );
    let in_home = runtime_dir(&bare).unwrap().path().to_owned();
    let found = paths(other_runtime_dirs(&both));
    assert_eq!(found, std::slice::from_ref(&in_home));
    assert_eq!(paths(other_runtime_dirs(&bare)), [""; 0].map(PathBuf::from));
    let in_base = runtime_dir(&both).unwrap().path().to_owned();
    let found = paths(existing_runtime_dirs(&both));
    assert!(found == [&*in_base, &*in_home], "{found:?}");
    // A directory that others can enter is skipped.
    chmod(&in_home, 0o755);
    assert_eq!(paths(other_runtime_dirs(&both)), [""; 0].map(PathBuf::from));
}
