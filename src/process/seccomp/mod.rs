//! The seccomp filters of a confined process.
//!
//! There are two. The first allows calls by number and fails every other one with `ENOSYS`, which
//! makes a C library fall back as on an older kernel. That covers calls newer than the list, the
//! x32 numbers and `io_uring`. The second refuses some uses of allowed calls, and calls that are
//! barred on purpose, with `EPERM`.

mod calls;

use std::collections::BTreeMap;

use calls::{ALLOWED, ALLOWED_HERE, REFUSED, REFUSED_HERE};
use nix::libc::{self, c_long};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// musl's resolver binds its UDP socket, and its `raise` is `tkill`.
const IS_MUSL: bool = cfg!(target_env = "musl");

/// `F_SETOWN`, `F_SETSIG` and `F_SETOWN_EX` can make the kernel signal another process.
const FCNTL_SIGNALS: [u64; 3] = [8, 10, 15];
/// `RLIMIT_CORE`, whose type differs between C libraries.
const CORE_LIMIT: u64 = 4;
/// `ioctl` requests of sockets and pipes, of `isatty`, and of a resolver with an interface name.
const IOCTLS: [u64; 8] = [
    0x5421, // FIONBIO
    0x541b, // FIONREAD
    0x5451, // FIOCLEX
    0x5450, // FIONCLEX
    0x5401, // TCGETS
    0x5413, // TIOCGWINSZ
    0x8933, // SIOCGIFINDEX
    0x8910, // SIOCGIFNAME
];
/// `prctl` options: names of threads and of memory, and queries.
const PRCTLS: [u64; 7] = [
    3,           // PR_GET_DUMPABLE
    15,          // PR_SET_NAME
    16,          // PR_GET_NAME
    21,          // PR_GET_SECCOMP
    23,          // PR_CAPBSET_READ
    38,          // PR_SET_NO_NEW_PRIVS
    0x5356_4d41, // PR_SET_VMA
];

/// Installs both filters for this thread and its later threads. Returns whether the kernel accepted
/// them.
pub(super) fn install() -> bool {
    let Ok(architecture) = TargetArch::try_from(std::env::consts::ARCH) else {
        return false;
    };
    let install = |rules, other, these| {
        SeccompFilter::new(rules, other, these, architecture)
            .and_then(BpfProgram::try_from)
            .is_ok_and(|program| seccompiler::apply_filter(&program).is_ok())
    };
    let refuse = |errno: i32| SeccompAction::Errno(errno.unsigned_abs());
    let Some(refused) = refused_uses() else {
        return false;
    };
    // Of two refusals, the kernel reports that of the last installed filter.
    install(allowed(), refuse(libc::ENOSYS), SeccompAction::Allow)
        && install(refused, SeccompAction::Allow, refuse(libc::EPERM))
}

fn allowed() -> Rules {
    let musl: &[c_long] = &[libc::SYS_bind, libc::SYS_tkill];
    let musl = if IS_MUSL { musl } else { &[] };
    [ALLOWED, ALLOWED_HERE, musl]
        .concat()
        .into_iter()
        .map(|call| (call, Vec::new()))
        .collect()
}

fn refused_uses() -> Option<Rules> {
    let own = u64::from(std::process::id());
    let not_musl: &[c_long] = &[libc::SYS_bind, libc::SYS_tkill];
    let not_musl = if IS_MUSL { &[] } else { not_musl };
    let mut rules: Rules = [REFUSED, REFUSED_HERE, not_musl]
        .concat()
        .into_iter()
        .map(|call| (call, Vec::new()))
        .collect();
    rules.insert(libc::SYS_openat, writing(2)?);
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_open, writing(1)?);
    rules.insert(libc::SYS_clone, new_processes()?);
    rules.insert(libc::SYS_socket, other_sockets()?);
    rules.insert(libc::SYS_ioctl, vec![none_of(1, &IOCTLS)?]);
    rules.insert(libc::SYS_prctl, vec![none_of(0, &PRCTLS)?]);
    rules.insert(libc::SYS_kill, vec![none_of(0, &[own])?]);
    rules.insert(libc::SYS_tgkill, vec![none_of(0, &[own])?]);
    rules.insert(libc::SYS_prlimit64, limits(own)?);
    let directory = masked(2, flag(libc::AT_REMOVEDIR), flag(libc::AT_REMOVEDIR));
    rules.insert(libc::SYS_unlinkat, vec![one(directory)?]);
    let signals = FCNTL_SIGNALS.iter().map(|command| one(equal(1, *command)));
    rules.insert(libc::SYS_fcntl, signals.collect::<Option<_>>()?);
    Some(rules)
}

/// `open` for writing or creating, with the flags at `at`. Access mode 3 is specific to Linux.
fn writing(at: u8) -> Option<Vec<SeccompRule>> {
    let modes = [libc::O_WRONLY, libc::O_RDWR, libc::O_ACCMODE].map(flag);
    let makes = [libc::O_CREAT, libc::O_TRUNC].map(flag);
    let modes = modes.map(|value| one(masked(at, flag(libc::O_ACCMODE), value)));
    let makes = makes.map(|value| one(masked(at, value, value)));
    modes.into_iter().chain(makes).collect()
}

/// `clone` of a process, or of a thread with a namespace of its own.
fn new_processes() -> Option<Vec<SeccompRule>> {
    let namespaces = [
        libc::CLONE_NEWNS,
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWNET,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWCGROUP,
    ];
    let process = one(masked(0, flag(libc::CLONE_THREAD), 0));
    let namespaces = namespaces
        .into_iter()
        .map(|value| one(masked(0, flag(value), flag(value))));
    std::iter::once(process).chain(namespaces).collect()
}

/// `socket` of anything but TCP and UDP: Unix sockets reach programs that act for the user (D-Bus,
/// Docker, ssh-agent), netlink and packet sockets the machine's network.
fn other_sockets() -> Option<Vec<SeccompRule>> {
    const TYPE: u64 = 0xf;
    let kept = [libc::SOCK_STREAM, libc::SOCK_DGRAM].map(flag);
    let families = [libc::AF_INET, libc::AF_INET6].map(flag);
    let types = (0..=TYPE).filter(|kind| !kept.contains(kind));
    let types = types.map(|kind| one(masked(1, TYPE, kind)));
    std::iter::once(none_of(0, &families))
        .chain(types)
        .collect()
}

/// `prlimit64` of another process, or of this one's core limit.
fn limits(own: u64) -> Option<Vec<SeccompRule>> {
    let core = vec![
        equal(1, CORE_LIMIT)?,
        condition(2, SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, 0)?,
    ];
    Some(vec![none_of(0, &[0, own])?, SeccompRule::new(core).ok()?])
}

fn flag(value: i32) -> u64 {
    u64::from(value.cast_unsigned())
}

fn condition(
    at: u8,
    length: SeccompCmpArgLen,
    how: SeccompCmpOp,
    value: u64,
) -> Option<SeccompCondition> {
    SeccompCondition::new(at, length, how, value).ok()
}

fn equal(at: u8, value: u64) -> Option<SeccompCondition> {
    condition(at, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

fn masked(at: u8, mask: u64, value: u64) -> Option<SeccompCondition> {
    condition(
        at,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::MaskedEq(mask),
        value,
    )
}

fn one(condition: Option<SeccompCondition>) -> Option<SeccompRule> {
    SeccompRule::new(vec![condition?]).ok()
}

/// Matches an argument that is none of `values`.
fn none_of(at: u8, values: &[u64]) -> Option<SeccompRule> {
    let differ = values
        .iter()
        .map(|value| condition(at, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, *value));
    SeccompRule::new(differ.collect::<Option<_>>()?).ok()
}
