//! Changes files of the machine for one test, by mounts in the test's mount namespace.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::TestEnv;

pub(crate) fn mount(words: &[&str]) {
    let status = Command::new("mount").args(words).status().unwrap();
    assert!(status.success(), "{words:?}");
}

/// Replaces a file.
pub(crate) fn replace_file(env: &TestEnv, name: &str, content: &str, mode: u32) {
    let own = env.path("tmp").join(name.replace('/', "-"));
    fs::write(&own, content).unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(mode)).unwrap();
    mount(&["--bind", own.to_str().unwrap(), name]);
}

/// Adds files to a directory; `add` creates them in an empty one.
pub(crate) fn add_files(env: &TestEnv, directory: &str, add: impl FnOnce(&Path)) {
    let own = env.path("tmp").join(directory.replace('/', "-"));
    fs::create_dir_all(&own).unwrap();
    mount(&["-t", "tmpfs", "tmpfs", own.to_str().unwrap()]);
    let (upper, work) = (own.join("upper"), own.join("work"));
    fs::create_dir(&upper).unwrap();
    fs::create_dir(&work).unwrap();
    add(&upper);
    let how = format!(
        "lowerdir={directory},upperdir={},workdir={}",
        upper.display(),
        work.display()
    );
    mount(&["-t", "overlay", "overlay", "-o", &how, directory]);
    // The overlay keeps it in use; a mount in the test's directory would prevent its removal.
    let status = Command::new("umount").arg("-l").arg(&own).status().unwrap();
    assert!(status.success());
}

/// Hides this name by an overlay.
pub(crate) fn hide(name: &Path) {
    let mut mknod = Command::new("mknod");
    let status = mknod.arg(name).args(["c", "0", "0"]).status().unwrap();
    assert!(status.success());
}
