//! A real openvpn server in a network namespace, connected to ours by virtual devices; the Access
//! Server's profiles lead to it. It asks its management socket about every client, so that the web
//! pages decide about admission. Needs `openvpn`, `ip`, `unshare` and `nsenter`, and root of its
//! namespace (`unshare -Urnm` gives that to any user).

use std::fs::{self, File};
use std::io::{self, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use tempfile::TempDir;

use crate::access_server::VpnQuestion;
use crate::openvpn_auth::{self, AuthSocket};
use crate::state::SandboxState;

/// From spawn to a server that answers.
const READY: Duration = Duration::from_secs(60);
const PROGRAMS: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A running openvpn server. It ends, and its namespace with it, when this is dropped.
#[derive(Debug)]
pub struct OpenVpn {
    state: Arc<SandboxState>,
    directory: TempDir,
    /// Holds the namespace.
    holder: Child,
    server: Option<Child>,
}

impl OpenVpn {
    /// The server's address inside the tunnel.
    pub const ADDRESS: &'static str = "10.88.0.1";
    /// An address behind the server, in the network whose route it pushes.
    pub const BEHIND: &'static str = "10.77.0.1";
    /// What a person answers to the server's question.
    pub const CODE: &'static str = "8675309427";

    pub(crate) fn start(state: &Arc<SandboxState>) -> io::Result<OpenVpn> {
        let directory = tempfile::Builder::new().prefix("ob-vpn-").tempdir()?;
        let holder = program("unshare")
            .args(["--net", "--kill-child", "--", "sleep", "infinity"])
            .spawn()?;
        let mut vpn = OpenVpn {
            state: Arc::clone(state),
            directory,
            holder,
            server: None,
        };
        vpn.join_networks()?;
        let keys = Keys::new()?;
        vpn.write_settings(&keys)?;
        vpn.serve()?;
        let wrap = fs::read_to_string(vpn.path("client.key"))?;
        let mut profile = profile("10.99.0.1 1194 udp", &keys, Some(&wrap));
        if let Some(VpnQuestion::Static(text)) = &state.options.vpn.asks {
            profile += &format!("static-challenge \"{text}\" 1\n");
        }
        if state.options.vpn.asks.is_some() {
            state.canaries.note("vpn-code", OpenVpn::CODE);
        }
        state.vpn().profile = profile;
        keys.note(state);
        Ok(vpn)
    }

    /// Kills the server without notifying its clients.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// Replaces the server by a new one without its state, tokens included.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        self.serve()
    }

    /// The profile that leads to this server.
    pub fn profile(&self) -> String {
        self.state.vpn().profile.clone()
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// A command in the server's namespace: a host behind the VPN.
    pub fn inside(&self, name: &str) -> Command {
        let mut command = program("nsenter");
        command.args([
            "--net",
            "--target",
            &self.holder.id().to_string(),
            "--",
            name,
        ]);
        command
    }

    fn join_networks(&self) -> io::Result<()> {
        let there = format!("/proc/{}/ns/net", self.holder.id());
        let ours = fs::read_link("/proc/self/ns/net")?;
        wait("the server's namespace", || {
            fs::read_link(&there).is_ok_and(|theirs| theirs != ours)
        })?;
        let peer = self.holder.id().to_string();
        let ip = |words: &str| succeed(program("ip").args(words.split(' ')));
        ip("link set lo up")?;
        ip(&format!(
            "link add ob-vpn-c type veth peer name ob-vpn-s netns {peer}"
        ))?;
        ip("addr add 10.99.0.2/24 dev ob-vpn-c")?;
        ip("link set ob-vpn-c up")?;
        for words in [
            "link set lo up",
            "addr add 10.99.0.1/24 dev ob-vpn-s",
            "link set ob-vpn-s up",
            "addr add 10.77.0.1/32 dev lo",
        ] {
            succeed(self.inside("ip").args(words.split(' ')))?;
        }
        Ok(())
    }

    fn write_settings(&self, keys: &Keys) -> io::Result<()> {
        let directory = self.directory.path();
        fs::write(self.path("ca.crt"), &keys.authority)?;
        fs::write(self.path("server.crt"), &keys.server.0)?;
        fs::write(self.path("server.key"), &keys.server.1)?;
        let wrap = directory.join("server.wrap");
        succeed(
            program("openvpn")
                .args(["--genkey", "tls-crypt-v2-server"])
                .arg(&wrap),
        )?;
        succeed(
            program("openvpn")
                .arg("--tls-crypt-v2")
                .arg(&wrap)
                .args(["--genkey", "tls-crypt-v2-client"])
                .arg(self.path("client.key")),
        )?;
        let judged = match self.state.options.vpn.admits_all_clients {
            true => "",
            false => "management-client-auth\nusername-as-common-name\nauth-gen-token 3600\n",
        };
        let domain = match self.state.options.vpn.pushes_no_domain {
            true => "",
            false => "push \"dhcp-option DOMAIN corp.test\"\n",
        };
        let mut settings = format!(
            "cd {}\ndev tun-srv\ndev-type tun\nproto udp4\nlocal 10.99.0.1\nport 1194\n\
             topology subnet\nserver 10.88.0.0 255.255.255.0\nca ca.crt\ncert server.crt\n\
             key server.key\ndh none\ntls-crypt-v2 server.wrap\nkeepalive 1 4\n\
             management m unix\nmanagement-hold\nduplicate-cn\n{judged}push \"route 10.77.0.0 \
             255.255.255.0\"\n\
             push \"dhcp-option DNS 10.88.0.1\"\n{domain}\
             explicit-exit-notify 1\ndisable-dco\nverb 3\n",
            directory.display()
        );
        for line in &self.state.options.vpn.server_lines {
            settings += &format!("{line}\n");
        }
        for pushed in &self.state.options.vpn.push {
            settings += &format!("push \"{pushed}\"\n");
        }
        fs::write(self.path("conf"), settings)
    }

    fn serve(&mut self) -> io::Result<()> {
        let _ = fs::remove_file(self.path("m"));
        let log = File::create(self.path("log"))?;
        let server = self
            .inside("openvpn")
            .arg("--config")
            .arg(self.path("conf"))
            .stdin(Stdio::null())
            .stdout(log)
            .spawn()?;
        self.server = Some(server);
        let socket = self.path("m");
        let mut called = None;
        wait("the openvpn server's management", || {
            called = UnixStream::connect(&socket).ok();
            called.is_some()
        })
        .map_err(|error| io::Error::other(format!("{error}\n{}", self.log())))?;
        let mut stream = called.ok_or(io::ErrorKind::NotConnected)?;
        // Held until clients can be admitted: earlier clients would wait in vain.
        stream.write_all(b"hold release\n")?;
        let log = self.path("log");
        wait("the openvpn server", || {
            fs::read_to_string(&log)
                .is_ok_and(|log| log.contains("Initialization Sequence Completed"))
        })
        .map_err(|error| io::Error::other(format!("{error}\n{}", self.log())))?;
        let lines = BufReader::new(stream.try_clone()?);
        let auth_socket = AuthSocket::new(stream);
        self.state.vpn().auth_socket = Some(auth_socket.clone());
        let state = Arc::clone(&self.state);
        std::thread::spawn(move || openvpn_auth::judge(&state, &auth_socket, lines));
        Ok(())
    }
}

impl Drop for OpenVpn {
    fn drop(&mut self) {
        self.kill();
        // The kernel takes its time over a namespace, and the next server wants the name.
        let _ = succeed(program("ip").args(["link", "del", "ob-vpn-c"]));
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// A temporary certificate authority, with a server's and a client's key.
struct Keys {
    authority: String,
    server: (String, String),
    client: (String, String),
}

impl Keys {
    fn new() -> io::Result<Keys> {
        let mut params = CertificateParams::new(Vec::new()).map_err(io::Error::other)?;
        params
            .distinguished_name
            .push(DnType::CommonName, "ob sandbox VPN CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(io::Error::other)?;
        let leaf = |name: &str, usage| -> io::Result<(String, String)> {
            let key = KeyPair::generate().map_err(io::Error::other)?;
            let mut params = CertificateParams::new(Vec::new()).map_err(io::Error::other)?;
            params.distinguished_name.push(DnType::CommonName, name);
            params.is_ca = IsCa::ExplicitNoCa;
            params.key_usages = vec![
                KeyUsagePurpose::DigitalSignature,
                KeyUsagePurpose::KeyAgreement,
            ];
            params.extended_key_usages = vec![usage];
            let certificate = params.signed_by(&key, &*issuer).map_err(io::Error::other)?;
            Ok((certificate.pem(), key.serialize_pem()))
        };
        Ok(Keys {
            server: leaf("vpn.acme.com", ExtendedKeyUsagePurpose::ServerAuth)?,
            client: leaf("user", ExtendedKeyUsagePurpose::ClientAuth)?,
            authority: issuer.pem(),
        })
    }

    /// The client's key is a secret like any other.
    fn note(&self, state: &SandboxState) {
        for line in self
            .client
            .1
            .lines()
            .filter(|line| !line.starts_with("---"))
        {
            state.canaries.note("vpn-client-key", line);
        }
    }
}

/// A profile for a server that does not exist, for tests that only read profiles.
pub(crate) fn paper_profile(state: &SandboxState) -> io::Result<()> {
    let keys = Keys::new()?;
    keys.note(state);
    state.vpn().profile = profile("127.0.0.1 9 udp", &keys, None);
    Ok(())
}

fn profile(remote: &str, keys: &Keys, wrap: Option<&str>) -> String {
    let mut text = format!(
        "setenv FORWARD_COMPATIBLE 1\nclient\nserver-poll-timeout 4\nnobind\nremote {remote}\n\
         dev tun\ndev-type tun\nremote-cert-tls server\ntls-version-min 1.2\nreneg-sec 604800\n\
         auth-user-pass\nverb 3\npush-peer-info\n"
    );
    let wrap = wrap.map(|wrap| ("tls-crypt-v2", wrap));
    let blocks = [
        ("ca", keys.authority.as_str()),
        ("cert", &keys.client.0),
        ("key", &keys.client.1),
    ];
    for (tag, body) in blocks.into_iter().chain(wrap) {
        text += &format!(
            "<{tag}>\n{}\n</{tag}>\n",
            body.trim_end().replace("\r\n", "\n")
        );
    }
    text
}

fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.env("PATH", PROGRAMS).stdin(Stdio::null());
    command
}

fn succeed(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let name = Path::new(command.get_program()).display().to_string();
    let arguments: Vec<_> = command
        .get_args()
        .map(|word| word.to_string_lossy())
        .collect();
    Err(io::Error::other(format!(
        "{name} {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    )))
}

fn wait(what: &str, mut ready: impl FnMut() -> bool) -> io::Result<()> {
    let until = Instant::now() + READY;
    while !ready() {
        if Instant::now() > until {
            return Err(io::Error::other(format!(
                "{what} is not ready after {READY:?}"
            )));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
