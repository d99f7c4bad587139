//! The one-shot console page, attacked by another user of the machine who knows its address.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ob::loopback::{OneShotRedirect, Peer, RedirectOutcome};
use ob::secret::Secret;

use super::STRANGER;
use crate::support::{Finished, run};

const DESTINATION: &str = "https://signin.example/federation?SigninToken=canary";
const ROUNDS: usize = 1000;

/// Reads page addresses, one per line, and attacks each until the next one comes: fetches it from
/// 127.0.0.1, 127.0.0.2 and `::ffff:127.0.0.1`, closes at once, half closes, and keeps 40 silent
/// connections open. Prints a line for each address when the attack has begun, and at the end how
/// often it was redirected.
const ATTACKER: &str = r#"
use Socket qw(:DEFAULT inet_pton AF_INET6 pack_sockaddr_in6 SOL_SOCKET SO_RCVTIMEO);
$SIG{PIPE} = 'IGNORE'; $| = 1; my ($thefts, $tries, @silent) = (0, 0);
sub dial { my ($kind, $port) = @_; my $s;
  if ($kind eq 'mapped') {
    socket($s, AF_INET6, SOCK_STREAM, 0) or return;
    connect($s, pack_sockaddr_in6($port, inet_pton(AF_INET6, '::ffff:127.0.0.1'))) or return;
  } else {
    socket($s, AF_INET, SOCK_STREAM, 0) or return;
    bind($s, pack_sockaddr_in(0, inet_aton($kind))) or return;
    connect($s, pack_sockaddr_in($port, inet_aton('127.0.0.1'))) or return;
  }
  setsockopt($s, SOL_SOCKET, SO_RCVTIMEO, pack('l!l!', 1, 0)); return $s; }
sub attack { my ($port, $path, $round) = @_; my $request = "GET $path HTTP/1.1\r\nHost: \
    127.0.0.1:$port\r\n\r\n";
  my $kind = ('127.0.0.1', '127.0.0.2', 'mapped')[$round % 3];
  my $s = dial($kind, $port) or return; $tries++;
  syswrite($s, $request);
  if ($round % 5 == 3) { close $s; return; }
  shutdown($s, 1) if $round % 5 == 4;
  my ($all, $b) = ('', ''); $all .= $b while sysread($s, $b, 4096);
  $thefts++ if $all =~ /canary|Location/; }
while (my $line = <STDIN>) {
  my ($port, $path) = $line =~ m{:(\d+)(/\w+)} or next;
  @silent = (); for (1 .. 40) { my $s = dial('127.0.0.1', $port) or last; push @silent, $s; }
  attack($port, $path, $_) for 1 .. 2; print "ready\n";
  my $round = 3; my $in = ''; vec($in, 0, 1) = 1;
  while (1) { my $ready = $in; last if select($ready, undef, undef, 0); attack($port, $path, $round++); }
}
print "$thefts $tries\n";
"#;

fn thief() -> Child {
    Command::new("setpriv")
        .arg(format!("--reuid={STRANGER}"))
        .arg(format!("--regid={STRANGER}"))
        .args(["--clear-groups", "perl", "-e", ATTACKER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Returns what the user's own browser gets at `address`.
fn fetch(address: &str) -> String {
    let (host, path) = address["http://".len()..].split_once('/').unwrap();
    let port: u16 = host.rsplit(':').next().unwrap().parse().unwrap();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn looping_attacker_gets_nothing_and_blocks_no_browser() {
    let mut thief = thief();
    let mut addresses = thief.stdin.take().unwrap();
    let mut said = BufReader::new(thief.stdout.take().unwrap()).lines();
    let begun = Instant::now();
    let (mut losses, mut slowest) = (0, Duration::ZERO);
    for _ in 0..ROUNDS {
        let page = OneShotRedirect::open().unwrap();
        let address = page.address();
        let served = thread::spawn(move || page.redirect(&Secret::new(DESTINATION), || false));
        writeln!(addresses, "{address}").unwrap();
        assert_eq!(said.next().unwrap().unwrap(), "ready");
        let asked = Instant::now();
        let is_served = fetch(&address).contains(&format!("Location: {DESTINATION}\r\n"));
        slowest = slowest.max(asked.elapsed());
        let visit = served.join().unwrap().unwrap();
        losses += usize::from(!is_served || visit != RedirectOutcome::Redirected(Peer::SameUser));
    }
    drop(addresses);
    let last = said.next().unwrap().unwrap();
    assert!(thief.wait().unwrap().success());
    let (thefts, tries) = last.split_once(' ').unwrap();
    println!(
        "{ROUNDS} rounds in {:?}, {tries} tries, slowest visit {slowest:?}",
        begun.elapsed()
    );
    assert_eq!((losses, thefts), (0, "0"));
    assert!(
        tries.parse::<usize>().unwrap() >= 2 * ROUNDS,
        "{tries} tries"
    );
}

/// The page waits for its browser however many others visit, and reports them afterwards.
#[test]
fn visits_of_another_user_are_refused_and_use_nothing_up() {
    let page = OneShotRedirect::open().unwrap();
    let address = page.address();
    let stop = AtomicBool::new(false);
    let visit = thread::scope(|scope| {
        let served = scope
            .spawn(|| page.redirect(&Secret::new(DESTINATION), || stop.load(Ordering::SeqCst)));
        let mut thief = thief();
        let mut said = BufReader::new(thief.stdout.take().unwrap()).lines();
        let mut addresses = thief.stdin.take().unwrap();
        for _ in 0..50 {
            writeln!(addresses, "{address}").unwrap();
            assert_eq!(said.next().unwrap().unwrap(), "ready");
        }
        drop(addresses);
        let last = said.next().unwrap().unwrap();
        assert!(last.starts_with("0 "), "{last}");
        thief.wait().unwrap();
        assert!(!served.is_finished(), "the page is closed");
        assert!(fetch(&address).contains(DESTINATION));
        served.join().unwrap().unwrap()
    });
    assert_eq!(visit, RedirectOutcome::Redirected(Peer::SameUser));
}

/// Runs this test binary inside of `within`, for the test `name` alone.
fn again(within: &[&str], name: &str) -> Finished {
    let mut command = Command::new(within[0]);
    command
        .args(&within[1..])
        .arg(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--include-ignored", "--nocapture"]);
    run(&mut command, "")
}

/// Run by [`the_page_in_other_namespaces`], in another namespace.
#[test]
#[ignore = "run by another test"]
fn page_is_served() {
    match OneShotRedirect::open() {
        Ok(page) => {
            let address = page.address();
            let served = thread::spawn(move || page.redirect(&Secret::new(DESTINATION), || false));
            let answer = fetch(&address);
            println!("served: {}", answer.contains(DESTINATION));
            println!("ended: {:?}", served.join().unwrap());
        }
        Err(error) => println!("no page: {:?} {error}", error.kind()),
    }
}

const NO_IPV6: &str =
    "ip link set lo up; echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; exec \"$@\"";
const NO_PROC: &str = "ip link set lo up; mount -t tmpfs none /proc; exec \"$@\"";

/// Where the page is opened and visited, and the outcome.
pub(super) const PLACES: [(&[&str], &str); 6] = [
    (&["env"], "served: true"),
    (
        &["unshare", "--net", "sh", "-c", NO_IPV6, "sh"],
        "served: true",
    ),
    (
        &["unshare", "--net", "--mount", "sh", "-c", NO_PROC, "sh"],
        "served: true",
    ),
    (&["unshare", "--user", "--map-root-user"], "served: true"),
    (&["unshare", "--pid", "--fork"], "served: true"),
    // No uid is mapped, so the own uid is unknown.
    (&["unshare", "--user"], "no page: Unsupported"),
];

#[test]
fn the_page_in_other_namespaces() {
    for (within, expected) in PLACES {
        let output = again(within, "trust::console_page::page_is_served");
        let said = &output.stdout;
        assert!(said.contains(expected), "{within:?}: {said} {output:?}");
    }
}
