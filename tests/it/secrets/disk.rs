//! A separate disk, read byte for byte: contents of deleted files are still on it.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use super::needles::Needles;
use super::{TYPED, needles};
use crate::support::{SOON, TestEnv, run};

/// Directories of the environment that are moved to the disk, which is written synchronously.
const MOVED_DIRECTORIES: [&str; 3] = ["home", "run", "tmp"];
/// Size in bytes.
const SIZE: u64 = 16 << 20;

struct Disk {
    image: PathBuf,
    mounted: Vec<PathBuf>,
}

fn run_program(program: &str, words: &[&str]) {
    let output = Command::new(program).args(words).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{program} {words:?}, as root: {stderr}"
    );
}

impl Disk {
    fn new(env: &TestEnv) -> Self {
        let image = env.path("image");
        File::create(&image).unwrap().set_len(SIZE).unwrap();
        let (file, disk) = (image.display().to_string(), env.path("disk"));
        fs::create_dir(&disk).unwrap();
        let place = disk.display().to_string();
        run_program("mkfs.ext4", &["-q", &file]);
        run_program("mount", &["-o", "loop,sync", &file, &place]);
        let mut mounted = vec![disk.clone()];
        for name in MOVED_DIRECTORIES {
            let (from, to) = (disk.join(name), env.path(name));
            fs::create_dir(&from).unwrap();
            let mode = fs::metadata(&to).unwrap().permissions();
            fs::set_permissions(&from, mode).unwrap();
            let words = [from.display().to_string(), to.display().to_string()];
            run_program("mount", &["--bind", &words[0], &words[1]]);
            mounted.push(to);
        }
        Self { image, mounted }
    }

    /// Unmounts the disk and returns the secrets on its image.
    fn read(mut self, needles: &Needles) -> Vec<String> {
        self.unmount();
        needles.count(&fs::read(&self.image).unwrap())
    }

    fn unmount(&mut self) {
        while let Some(place) = self.mounted.pop() {
            let _ = Command::new("umount").arg(place).status();
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.unmount();
    }
}

#[test]
fn contents_of_a_deleted_file_are_found_on_the_disk() {
    let env = TestEnv::of("carol").configured();
    let disk = Disk::new(&env);
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
fn no_secret_is_ever_written_to_the_disk() {
    let env = TestEnv::of("carol").configured();
    let disk = Disk::new(&env);
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
