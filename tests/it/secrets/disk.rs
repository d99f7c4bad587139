//! A disk of its own, read byte for byte: what was in a file that is gone again is still there.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use super::needles::Needles;
use super::{TYPED, needles};
use crate::support::{SOON, TestEnv, run};

/// What is written in these directories of a env goes to the disk at once.
const ON_DISK: [&str; 3] = ["home", "run", "tmp"];
/// Bytes.
const SIZE: u64 = 16 << 20;

struct Disk {
    image: PathBuf,
    mounted: Vec<PathBuf>,
}

fn does(program: &str, words: &[&str]) {
    let output = Command::new(program).args(words).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{program} {words:?}, as root: {said}"
    );
}

impl Disk {
    fn below(env: &TestEnv) -> Self {
        let image = env.path("image");
        File::create(&image).unwrap().set_len(SIZE).unwrap();
        let (file, disk) = (image.display().to_string(), env.path("disk"));
        fs::create_dir(&disk).unwrap();
        let place = disk.display().to_string();
        does("mkfs.ext4", &["-q", &file]);
        does("mount", &["-o", "loop,sync", &file, &place]);
        let mut mounted = vec![disk.clone()];
        for name in ON_DISK {
            let (from, to) = (disk.join(name), env.path(name));
            fs::create_dir(&from).unwrap();
            let mode = fs::metadata(&to).unwrap().permissions();
            fs::set_permissions(&from, mode).unwrap();
            let words = [from.display().to_string(), to.display().to_string()];
            does("mount", &["--bind", &words[0], &words[1]]);
            mounted.push(to);
        }
        Self { image, mounted }
    }

    /// Takes it out and reads all of it.
    fn read(mut self, needles: &Needles) -> Vec<String> {
        self.remove_section();
        needles.count(&fs::read(&self.image).unwrap())
    }

    fn remove_section(&mut self) {
        while let Some(place) = self.mounted.pop() {
            let _ = Command::new("umount").arg(place).status();
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.remove_section();
    }
}

#[test]
fn what_was_in_a_file_that_is_gone_is_found_on_the_disk() {
    let env = TestEnv::of("carol").configured();
    let disk = Disk::below(&env);
    let mut command = env.command("sh");
    command
        .args(["-c", "exec 3>$TMPDIR/x; rm $TMPDIR/x; echo \"$LEAK\" >&3"])
        .env("LEAK", TYPED);
    assert_eq!(run(command, "").code(), Some(0));
    assert!(!env.path("tmp/x").exists());
    let typed = Needles::new([("typed".to_owned(), TYPED.to_owned())]);
    assert_ne!(disk.read(&typed), Vec::<String>::new());
}

#[test]
fn no_secret_was_ever_on_the_disk() {
    let env = TestEnv::of("carol").configured();
    let disk = Disk::below(&env);
    assert_eq!(
        env.answered(&["exec", "-vvv", "--", "true"]).code(),
        Some(0)
    );
    assert!(env.socket().exists(), "the agent is on the disk");
    assert_eq!(run(env.ob(["logout"]), "").code(), Some(0));
    assert_eq!(run(env.ob(["agent", "stop"]), "").code(), Some(0));
    assert!(env.agents_gone_within(SOON));
    assert_eq!(disk.read(&needles(&env)), Vec::<String>::new());
}
