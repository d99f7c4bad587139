//! Each row of the table of what the kernel bars the agent from, tried in a process that is
//! confined as the agent is: fully, without Landlock, without seccomp, and not at all.

#![expect(
    unsafe_code,
    reason = "system calls that nothing wraps; each is made in a process of its own"
)]

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs;
use std::io::Read as _;
use std::net::{TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::libc::{self, c_long};
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, listen, socket};
use nix::unistd::Pid;
use ob::model::{BARRED, Confinement};
use ob::process::confine;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

use crate::support::counted;

/// Variables of the child of this test binary: its directory and its confinement.
const DIRECTORY_VARIABLE: &str = "TEST_BARRED_PLACE";
const CONFINEMENT_VARIABLE: &str = "TEST_BARRED_HOW";
const UNCONFINED: &str = "free";
/// Row of the attempts that must succeed in every confinement.
const NEEDED: &str = "needed";

/// Targets of the attempts, made before the confinement.
struct Targets {
    other: Child,
    by_path: UnixListener,
    abstract_name: UnixListener,
    server: TcpListener,
}

impl Targets {
    fn new(directory: &Path) -> Self {
        let name = abstract_address(directory);
        Self {
            // It ends with this process, which may not be able to kill it.
            other: Command::new("cat")
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .unwrap(),
            by_path: UnixListener::bind(directory.join("socket")).unwrap(),
            abstract_name: UnixListener::bind_addr(&name).unwrap(),
            server: TcpListener::bind("127.0.0.1:0").unwrap(),
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.other.id().cast_signed())
    }
}

fn abstract_address(directory: &Path) -> SocketAddr {
    let name = directory.file_name().unwrap().to_str().unwrap();
    SocketAddr::from_abstract_name(format!("ob-barred-{}-{name}", std::process::id())).unwrap()
}

/// Makes a system call; a negative result is a failure.
fn syscall_succeeds(number: c_long, arguments: [u64; 5]) -> bool {
    let [a, b, c, d, e] = arguments;
    // SAFETY: each caller passes valid arguments; the effects stay in a process that ends soon.
    unsafe { libc::syscall(number, a, b, c, d, e) >= 0 }
}

fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap()
}

fn address(text: &CString) -> u64 {
    text.as_ptr() as u64
}

/// Files of the attempts, made before the confinement.
const FILES: [&str; 14] = [
    "append",
    "truncate",
    "cut",
    "rename",
    "link",
    "delete",
    "mode",
    "owner",
    "times",
    "attribute",
    "flags",
    "overwrite",
    "read",
    "symlink",
];

/// Makes every attempt; returns its row in the table, its name, and whether it succeeded.
fn attempts(directory: &Path, targets: &Targets) -> Vec<(&'static str, &'static str, bool)> {
    let at = |name: &str| directory.join(name);
    let c = |name: &str| c_path(&directory.join(name));
    let opened = |name: &str, options: &mut fs::OpenOptions| options.open(at(name)).is_ok();
    let new = fs::OpenOptions::new;
    let mut done = Vec::new();
    let rows: Vec<&'static str> = BARRED.iter().map(|row| row.what).collect();
    let mut record = |row: usize, name, succeeded| done.push((rows[row], name, succeeded));

    record(0, "append", opened("append", new().append(true)));
    record(
        0,
        "overwrite",
        opened("overwrite", new().read(true).write(true)),
    );
    record(0, "create", fs::write(at("new"), "x").is_ok());
    record(0, "mkdir", fs::create_dir(at("directory")).is_ok());
    record(0, "symlink", symlink("x", at("pointer")).is_ok());
    record(0, "link", fs::hard_link(at("link"), at("linked")).is_ok());
    record(0, "rename", fs::rename(at("rename"), at("renamed")).is_ok());
    record(
        0,
        "fifo",
        nix::unistd::mkfifo(&at("fifo"), nix::sys::stat::Mode::S_IRWXU).is_ok(),
    );
    record(
        1,
        "truncate",
        nix::unistd::truncate(&at("truncate"), 0).is_ok(),
    );
    record(
        1,
        "open to cut",
        opened("cut", new().write(true).truncate(true)),
    );
    record(
        3,
        "mode",
        fs::set_permissions(at("mode"), fs::Permissions::from_mode(0o777)).is_ok(),
    );
    let fd = |name: &str| fs::File::open(at(name)).unwrap();
    let by_fd = fd("mode").set_permissions(fs::Permissions::from_mode(0o700));
    record(3, "mode by descriptor", by_fd.is_ok());
    const FCHMODAT2: c_long = 452;
    let mode_path = c("mode");
    let mode = [libc::AT_FDCWD as u64, address(&mode_path), 0o755, 0, 0];
    record(3, "fchmodat2", syscall_succeeds(FCHMODAT2, mode));
    record(3, "owner", chown(at("owner"), Some(1), Some(1)).is_ok());
    let times = fs::FileTimes::new().set_modified(std::time::SystemTime::UNIX_EPOCH);
    record(3, "times", fd("times").set_times(times).is_ok());
    let (file, name) = (c("attribute"), CString::new("user.ob").unwrap());
    let attribute = [address(&file), address(&name), address(&name), 4, 0];
    record(
        3,
        "attribute",
        syscall_succeeds(libc::SYS_setxattr, attribute),
    );
    record(
        4,
        "program",
        Command::new("/bin/true")
            .stdin(Stdio::null())
            .status()
            .is_ok(),
    );
    record(5, "fork", forked());
    record(6, "bind", TcpListener::bind("127.0.0.1:0").is_ok());
    let bound_by_listen = || {
        let stream = socket(
            AddressFamily::Inet,
            SockType::Stream,
            SockFlag::empty(),
            None,
        )
        .ok()?;
        listen(&stream, Backlog::new(1).unwrap()).ok()
    };
    record(7, "listen", bound_by_listen().is_some());
    record(8, "UDP", UdpSocket::bind("127.0.0.1:0").is_ok());
    let made = |family, kind| socket(family, kind, SockFlag::empty(), None).is_ok();
    record(8, "netlink", made(AddressFamily::Netlink, SockType::Raw));
    record(8, "packet", made(AddressFamily::Packet, SockType::Raw));
    let raw_ip = [
        libc::AF_INET as u64,
        libc::SOCK_RAW as u64,
        libc::IPPROTO_ICMP as u64,
        0,
        0,
    ];
    record(8, "raw", syscall_succeeds(libc::SYS_socket, raw_ip));
    record(
        9,
        "by a path",
        UnixStream::connect(targets.by_path.local_addr().unwrap().as_pathname().unwrap()).is_ok(),
    );
    record(9, "a pair", UnixStream::pair().is_ok());
    let name = targets.abstract_name.local_addr().unwrap();
    record(10, "abstract", UnixStream::connect_addr(&name).is_ok());
    record(11, "signal", kill(targets.pid(), Signal::SIGCONT).is_ok());
    let seize = [0x4206, u64::from(targets.other.id()), 0, 0, 0];
    record(12, "trace", syscall_succeeds(libc::SYS_ptrace, seize));
    record(13, "ioctl", terminal_number());
    let mut parameters = [0_u64; 15];
    let ring = [1, parameters.as_mut_ptr() as u64, 0, 0, 0];
    record(
        14,
        "io_uring",
        syscall_succeeds(libc::SYS_io_uring_setup, ring),
    );
    let namespace = [libc::CLONE_NEWUTS as u64, 0, 0, 0, 0];
    record(
        14,
        "namespace",
        syscall_succeeds(libc::SYS_unshare, namespace),
    );
    record(15, "dumpable", nix::sys::prctl::set_dumpable(true).is_ok());
    // Last, because without seccomp the other attempts would miss the file.
    record(2, "delete", fs::remove_file(at("delete")).is_ok());

    let mut record_needed = |name, succeeded| done.push((NEEDED, name, succeeded));
    record_needed("read", fs::read(at("read")).is_ok());
    record_needed(
        "connect",
        TcpStream::connect(targets.server.local_addr().unwrap()).is_ok(),
    );
    record_needed("names", ("localhost", 1).to_socket_addrs().is_ok());
    record_needed("a thread", std::thread::spawn(|| ()).join().is_ok());
    record_needed("its own signal", kill(Pid::this(), Signal::SIGCONT).is_ok());
    let mut random = [0; 8];
    let urandom = fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut random));
    record_needed("random numbers", urandom.is_ok());
    done
}

fn forked() -> bool {
    // SAFETY: the child calls nothing but _exit.
    match unsafe { nix::unistd::fork() } {
        // SAFETY: _exit runs no handlers.
        Ok(nix::unistd::ForkResult::Child) => unsafe { libc::_exit(0) },
        Ok(nix::unistd::ForkResult::Parent { child }) => {
            nix::sys::wait::waitpid(child, None).is_ok()
        }
        Err(_) => false,
    }
}

/// Makes an ioctl on a device opened for reading: the number of a new terminal.
fn terminal_number() -> bool {
    let Ok(device) = fs::File::open("/dev/ptmx") else {
        return false;
    };
    let mut number = 0_i32;
    let request = [
        device.as_raw_fd() as u64,
        0x8004_5430,
        (&raw mut number) as u64,
        0,
        0,
    ];
    syscall_succeeds(libc::SYS_ioctl, request)
}

/// Makes a system call fail from now on, as on a kernel without it or in a container.
fn refuse(call: c_long, errno: i32) {
    let filter = SeccompFilter::new(
        BTreeMap::from([(call, Vec::new())]),
        SeccompAction::Allow,
        SeccompAction::Errno(errno.unsigned_abs()),
        std::env::consts::ARCH.try_into().unwrap(),
    );
    apply_filter(&BpfProgram::try_from(filter.unwrap()).unwrap()).unwrap();
}

/// Not a test of its own: the body that the next test runs in a child process.
#[test]
fn probe() {
    let (Ok(directory), Ok(confinement_name)) = (
        std::env::var(DIRECTORY_VARIABLE),
        std::env::var(CONFINEMENT_VARIABLE),
    ) else {
        return;
    };
    let directory = Path::new(&directory);
    let targets = ["first", "second"].map(|name| {
        let directory = directory.join(name);
        fs::create_dir(&directory).unwrap();
        for name in FILES {
            fs::write(directory.join(name), "x").unwrap();
        }
        (directory.clone(), Targets::new(&directory))
    });
    match confinement_name.as_str() {
        "no Landlock" => refuse(libc::SYS_landlock_create_ruleset, libc::ENOSYS),
        "no seccomp" => refuse(libc::SYS_seccomp, libc::EINVAL),
        _ => {}
    }
    let confinement = match confinement_name.as_str() {
        UNCONFINED => Confinement::NONE,
        _ => confine(None),
    };
    let print = |(directory, targets): &(PathBuf, Targets)| {
        for (row, name, succeeded) in attempts(directory, targets) {
            let level = serde_json::to_string(&confinement).unwrap();
            println!("|{level}|{row}|{name}|{succeeded}");
        }
    };
    print(&targets[0]);
    // A thread started later is confined as well.
    std::thread::scope(|scope| scope.spawn(|| print(&targets[1])).join().unwrap());
}

fn attempts_in_child(confinement_name: &str) -> (Confinement, Vec<[String; 3]>) {
    let directory = tempfile::tempdir().unwrap();
    let mut probe = Command::new(std::env::current_exe().unwrap());
    probe
        .args([
            "--exact",
            "agent::barred::probe",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(DIRECTORY_VARIABLE, directory.path())
        .env(CONFINEMENT_VARIABLE, confinement_name)
        .process_group(0);
    let output = probe.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut confinement = None;
    let rows = text.lines().filter_map(|line| {
        let mut fields = line.strip_prefix('|')?.split('|').map(str::to_owned);
        confinement = Some(serde_json::from_str(&fields.next()?).unwrap());
        Some([fields.next()?, fields.next()?, fields.next()?])
    });
    let rows: Vec<_> = rows.collect();
    let errors = String::from_utf8_lossy(&output.stderr);
    (
        confinement.unwrap_or_else(|| panic!("{text}{errors}")),
        rows,
    )
}

#[test]
fn each_row_is_barred_exactly_as_the_table_says() {
    for (confinement_name, landlock, seccomp) in counted::<4, _>([
        (UNCONFINED, false, false),
        ("confined", true, true),
        ("no Landlock", false, true),
        ("no seccomp", true, false),
    ]) {
        let (confinement, rows) = attempts_in_child(confinement_name);
        assert_eq!(
            (confinement.landlock >= 6, confinement.seccomp),
            (landlock, seccomp),
            "{confinement_name}: {confinement:?}"
        );
        let mut wrong = Vec::new();
        for [row, name, succeeded] in &rows {
            let barred = BARRED.iter().find(|one| one.what == row);
            let expected = barred.is_none_or(|row| !confinement.bars(row));
            if succeeded != &expected.to_string() {
                wrong.push(format!("{row}: {name}: {succeeded}"));
            }
        }
        assert!(wrong.is_empty(), "{confinement_name}: {wrong:#?}");
        for row in &BARRED {
            let tries = rows.iter().filter(|[what, ..]| what == row.what).count();
            assert!(tries >= 2, "{confinement_name}: {} is not tried", row.what);
        }
    }
}
