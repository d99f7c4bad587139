use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use nix::unistd::geteuid;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn add(text: &str) -> Result<String, Report> {
    Ok(format!("{text}x"))
}

#[test]
fn the_files_are_where_the_aws_tools_look() {
    let of = |kind: Kind, variables: &[(&str, &str)]| {
        let environment = variables.iter().map(|(n, v)| (*n, *v)).collect();
        kind.path(&environment)
            .map(|path| path.display().to_string())
            .map_err(|e| e.name().to_owned())
    };
    let home = ("HOME", "/home/alice");
    assert_eq!(
        of(Kind::Config, &[home]).unwrap(),
        "/home/alice/.aws/config"
    );
    assert_eq!(
        of(Kind::Credentials, &[home]).unwrap(),
        "/home/alice/.aws/credentials"
    );
    assert_eq!(
        of(
            Kind::Credentials,
            &[home, ("AWS_SHARED_CREDENTIALS_FILE", "~/c")]
        )
        .unwrap(),
        "/home/alice/c"
    );
    assert_eq!(
        of(Kind::Config, &[("AWS_CONFIG_FILE", "/x")]).unwrap(),
        "/x"
    );
    assert_eq!(
        of(Kind::Config, &[home, ("AWS_CONFIG_FILE", "x")]).unwrap_err(),
        "aws.file.place"
    );
    assert_eq!(of(Kind::Config, &[]).unwrap_err(), "aws.file.place");
}

#[test]
fn credentials_are_private_and_config_keeps_its_mode() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".aws/credentials");
    assert!(edit(&path, Kind::Credentials, add).unwrap());
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    chmod(&path, 0o644);
    assert!(edit(&path, Kind::Config, add).unwrap());
    assert_eq!(mode(&path), 0o644);
    assert!(edit(&path, Kind::Credentials, add).unwrap());
    assert_eq!((mode(&path), read(&path).unwrap().as_str()), (0o600, "xxx"));
    assert!(!edit(&path, Kind::Credentials, |text| Ok(text.to_owned())).unwrap());
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn what_is_not_plainly_the_users_own_is_left_byte_for_byte() {
    let home = tempfile::tempdir().unwrap();
    let real = home.path().join("real");
    fs::write(&real, "old").unwrap();
    let link = home.path().join("link");
    symlink(&real, &link).unwrap();
    let refused = |path: &Path| {
        edit(path, Kind::Credentials, add)
            .unwrap_err()
            .name()
            .to_owned()
    };
    assert_eq!(refused(&link), "aws.file.link");
    chmod(&real, 0o400);
    assert_eq!(refused(&real), "aws.file.read_only");
    chmod(&real, 0o600);
    fs::write(&real, b"\xff\xfe").unwrap();
    assert_eq!(refused(&real), "aws.file.not_text");
    assert_eq!(refused(home.path()), "aws.file.not_text");
    let pipe = home.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert_eq!(refused(&pipe), "aws.file.not_text");
    assert_eq!(fs::read(&real).unwrap(), b"\xff\xfe");
    if geteuid().is_root() {
        std::os::unix::fs::chown(&real, Some(12_345), None).unwrap();
        fs::write(&real, "old").unwrap();
        assert_eq!(refused(&real), "aws.file.not_ours");
    }
    assert!(
        home.path()
            .join("link")
            .symlink_metadata()
            .unwrap()
            .is_symlink()
    );
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 3);
}

#[test]
fn an_edit_that_fails_changes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    fs::write(&path, "old").unwrap();
    let no = |_: &str| Err(Report::new(ErrorCode::AwsFileWrite, "no"));
    assert_eq!(
        edit(&path, Kind::Credentials, no).unwrap_err().code,
        ErrorCode::AwsFileWrite
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
}

/// Makes two edits at once; the second does what `second` does.
fn both(home: &Path, second: impl Fn(&str) -> Result<String, Report>) -> Result<bool, Report> {
    let (config, credentials) = (home.join("config"), home.join("credentials"));
    edit_together(&[
        Edit {
            path: &config,
            kind: Kind::Config,
            make: &add,
        },
        Edit {
            path: &credentials,
            kind: Kind::Credentials,
            make: &second,
        },
    ])
}

#[test]
fn two_files_are_edited_together_or_not_at_all() {
    let home = tempfile::tempdir().unwrap();
    let (config, credentials) = (home.path().join("config"), home.path().join("credentials"));
    let no = |_: &str| Err(Report::new(ErrorCode::AwsFileWrite, "no"));
    assert_eq!(
        both(home.path(), no).unwrap_err().code,
        ErrorCode::AwsFileWrite
    );
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    assert!(both(home.path(), add).unwrap());
    assert!(both(home.path(), |text| Ok(text.to_owned())).unwrap());
    let texts = || (read(&config).unwrap(), read(&credentials).unwrap());
    assert_eq!(texts(), ("xx".into(), "x".into()));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);
}

#[test]
fn one_file_is_not_edited_as_two_by_whatever_path() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("real")).unwrap();
    symlink("real", home.path().join("same")).unwrap();
    let [one, two] = ["real/x", "same/x"].map(|path| home.path().join(path));
    let edit = |path| Edit {
        path,
        kind: Kind::Config,
        make: &add,
    };
    let refused = edit_together(&[edit(&one), edit(&two)]).unwrap_err();
    assert_eq!(refused.name(), "aws.file.both");
    // Both files are in one directory, which is locked once.
    let beside = home.path().join("same/y");
    assert!(edit_together(&[edit(&one), edit(&beside)]).unwrap());
}

#[test]
fn concurrent_write_is_not_lost() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    fs::write(&path, "a").unwrap();
    let first = std::cell::Cell::new(true);
    let meddled = |text: &str| {
        if first.replace(false) {
            fs::write(&path, "longer").unwrap();
        }
        add(text)
    };
    assert!(edit(&path, Kind::Credentials, meddled).unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "longerx");
}

#[test]
fn many_writers_at_once_lose_nothing() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    assert!(edit(&path, Kind::Credentials, add).unwrap());
                }
            });
        }
    });
    assert_eq!(fs::read_to_string(&path).unwrap().len(), 40);
}

#[test]
fn next_edit_removes_an_abandoned_draft_only() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    let file = |name: &str| {
        fs::write(home.path().join(name), "keys").unwrap();
        home.path().join(name)
    };
    let others = [
        ".ob.abcde",
        ".ob.abcdefg",
        ".ob.abc-ef",
        "ob.abcdef",
        ".ob.äb12",
    ];
    let mut kept: Vec<_> = others.map(file).into();
    let link = home.path().join(".ob.linked");
    symlink(&kept[0], &link).unwrap();
    kept.push(link);
    kept.push(home.path().join(".ob.folder"));
    fs::create_dir(&kept[kept.len() - 1]).unwrap();
    if geteuid().is_root() {
        kept.push(file(".ob.theirs"));
        std::os::unix::fs::chown(&kept[kept.len() - 1], Some(12_345), None).unwrap();
    }
    let draft = file(".ob.M0Bco7");
    let only = std::slice::from_ref(&draft);
    assert_eq!(leftovers(&path), only);
    assert_eq!(remove_leftovers(&path).unwrap(), only);
    file(".ob.M0Bco7");
    // Also an edit that changes nothing.
    assert!(!edit(&path, Kind::Credentials, |text| Ok(text.to_owned())).unwrap());
    assert!(!draft.exists() && kept.iter().all(|path| path.symlink_metadata().is_ok()));
    assert_eq!(
        remove_leftovers(&home.path().join("none/x")).unwrap(),
        [""; 0].map(PathBuf::from)
    );
}

#[test]
fn the_draft_of_a_writer_at_work_is_nobodys_leftover() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    let draft = home.path().join(".ob.M0Bco7");
    fs::write(&draft, "keys").unwrap();
    let held = lock::hold(fs::File::open(home.path()).unwrap()).unwrap();
    assert!(leftovers(&path).is_empty());
    drop(held);
    assert_eq!(leftovers(&path), [draft]);
}
