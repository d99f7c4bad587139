//! OpenVPN Access Server's web pages for users with SAML: the cookie that exists before any
//! sign-in, the assertion consumer, the endpoints that return a profile, and the address at which a
//! waiting tunnel is signed in. Follows Access Server's manual (SAML with Okta, token URLs, session
//! tokens) and OpenVPN 3's `doc/webauth.md`; what neither specifies (bodies of successful
//! responses, the WEB_AUTH address) is the sandbox's own choice.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::canary::{self, ALPHANUMERIC};
use crate::http::{Answer, Request};
use crate::okta::AppId;
use crate::openvpn_auth::AuthSocket;
use crate::saml;
use crate::state::SandboxState;

/// The "SP identity" of the Access Server.
pub(crate) const AUDIENCE: &str = "https://vpn.acme.com/saml/metadata";

/// How this Access Server differs from the default one.
#[derive(Debug, Clone)]
pub struct VpnOptions {
    /// Profiles have `VPN-Session-User` and `VPN-Session-Token`, which save the sign-in at connect
    /// time.
    pub session_headers: bool,
    /// The response to the assertion already has the profile's address.
    pub deep_link_in_acs: bool,
    /// `/import_profile` exists.
    pub import_profile: bool,
    /// `/downloads.json` exists.
    pub downloads: bool,
    /// `/api/token-url` exists, as in Access Server 3; its response is the sandbox's own choice.
    pub api: bool,
    /// Its web pages have a certificate of an authority of its own, as Access Server is installed.
    pub own_authority: bool,
    /// Lines added to the profile.
    pub profile_lines: Vec<String>,
    /// Lines added to the settings of the openvpn server.
    pub server_lines: Vec<String>,
    /// Options that the openvpn server pushes besides its own.
    pub push: Vec<String>,
    /// The openvpn server pushes no `DOMAIN` of its own.
    pub pushes_no_domain: bool,
    /// Another address for the sign-in of a waiting tunnel.
    pub web_auth_url: Option<String>,
    /// Length to which the message with that address is padded, in bytes.
    pub web_auth_length: usize,
    /// Every tunnel is refused with this text.
    pub refuses: Option<String>,
    /// Whether the openvpn server admits clients without asking: an answer that comes a moment late
    /// delays a client by one to five seconds at random, which spoils measurements.
    pub admits_all_clients: bool,
    /// A question besides the password or the token.
    pub asks: Option<VpnQuestion>,
}

/// A question of the openvpn server, with its text. The answer is
/// [`OpenVpn::CODE`](crate::OpenVpn::CODE).
#[derive(Debug, Clone)]
pub enum VpnQuestion {
    /// The profile says that it is asked with the password.
    Static(String),
    /// A right password is answered with it (`CRV1`).
    Dynamic(String),
    /// It is asked while the client waits (`CR_TEXT`).
    Text(String),
}

impl Default for VpnOptions {
    fn default() -> VpnOptions {
        VpnOptions {
            session_headers: true,
            deep_link_in_acs: false,
            import_profile: true,
            downloads: true,
            api: false,
            own_authority: false,
            profile_lines: Vec::new(),
            server_lines: Vec::new(),
            push: Vec::new(),
            pushes_no_domain: false,
            web_auth_url: None,
            web_auth_length: 0,
            refuses: None,
            admits_all_clients: false,
            asks: None,
        }
    }
}

/// The server's state.
#[derive(Debug, Default)]
pub(crate) struct AccessServer {
    /// Cookie `openvpn_sess_…` and the user who signed in with it; none at first.
    sessions: HashMap<String, Option<String>>,
    assertions: HashSet<String>,
    tokens: HashMap<String, String>,
    session_tokens: HashMap<String, String>,
    /// The profile for all users, without the user's own part.
    pub(crate) profile: String,
    /// The tunnels that wait for their sign-in, by the id in their address.
    pub(crate) waiting: HashMap<String, (u64, u64)>,
    /// The running openvpn server's socket.
    pub(crate) auth_socket: Option<AuthSocket>,
}

impl AccessServer {
    /// Whether `token` is the one in the headers of `login`'s profile.
    pub(crate) fn is_session_token(&self, login: &str, token: &str) -> bool {
        self.session_tokens.get(token).is_some_and(|of| of == login)
    }
}

/// The address of the assertion consumer.
pub(crate) fn acs(state: &SandboxState) -> String {
    format!("{}/saml/acs", state.vpn_url)
}

/// The address at which the tunnel that waits as `client` is signed in.
pub(crate) fn web_auth_url(state: &SandboxState, client: (u64, u64)) -> String {
    let options = &state.options.vpn;
    let base = options.web_auth_url.as_ref().unwrap_or(&state.vpn_url);
    let mut sid = state.canaries.issue("vpn-web-auth", "");
    let start = format!("{base}/saml/start?sid=");
    let length = "WEB_AUTH::".len() + start.len() + sid.len();
    sid += &"x".repeat(options.web_auth_length.saturating_sub(length));
    state.vpn().waiting.insert(sid.clone(), client);
    start + &sid
}

/// Answers a request to the web pages.
pub(crate) fn answer(state: &SandboxState, request: &Request) -> Answer {
    let known = cookie(state, request);
    let answer = match (request.method.as_str(), request.path.as_str()) {
        ("GET" | "HEAD", "/openvpn-api/profile") => {
            Answer::empty(200).with("Ovpn-WebAuth", "okta,external")
        }
        ("POST", "/saml/acs") => consume(state, request),
        ("GET", "/saml/start") => start(state, request),
        ("POST", "/import_profile") if state.options.vpn.import_profile => import(state, request),
        ("POST", "/downloads.json") if state.options.vpn.downloads => downloads(state, request),
        ("POST", "/api/token-url") if state.options.vpn.api => token_url(state, request),
        ("GET", "/profile/userlocked.ovpn") => match signed_in(state, request) {
            Some(login) => profile(state, &login),
            None => Answer::redirect("/?src=session"),
        },
        ("GET", "/rest/GetProfileViaToken") => {
            let token = request.parameter("token").unwrap_or_default();
            let login = state.vpn().tokens.remove(&token);
            login.map_or_else(
                || {
                    error(
                        401,
                        "Authorization Required",
                        "AUTH ERROR: token not found in DB (9007)",
                    )
                },
                |login| profile(state, &login),
            )
        }
        ("GET", "/") => Answer::redirect("/__session_start__/"),
        ("GET", "/__session_start__/" | "/profile") => {
            Answer::html(200, "<!doctype html><html><title>Login</title></html>")
        }
        _ => Answer::html(404, "<!doctype html><html><title>Not found</title></html>"),
    };
    let answer = answer.with("Server", "OpenVPN-AS");
    if known.is_some() || answer.headers.iter().any(|(name, _)| name == "Set-Cookie") {
        return answer;
    }
    // As in a real server, a session cookie exists before any sign-in.
    let cookie = new_session(state, None);
    answer.with("Set-Cookie", &cookie)
}

fn new_session(state: &SandboxState, login: Option<String>) -> String {
    let hex = || canary::random(b"0123456789abcdef", 32);
    let pair = format!("openvpn_sess_{}={}", hex(), hex());
    if let Some((_, value)) = pair.split_once('=') {
        state.canaries.note("vpn-cookie", value);
    }
    let cookie = format!("{pair}; Path=/; Secure; HttpOnly");
    state.vpn().sessions.insert(pair, login);
    cookie
}

/// Returns the user of the session cookie of a request; a signed-in session is preferred.
fn cookie(state: &SandboxState, request: &Request) -> Option<Option<String>> {
    let header = request.header("cookie")?;
    let vpn = state.vpn();
    let known = header
        .split(';')
        .filter_map(|pair| vpn.sessions.get(pair.trim()));
    known.max_by_key(|login| login.is_some()).cloned()
}

fn signed_in(state: &SandboxState, request: &Request) -> Option<String> {
    cookie(state, request).flatten()
}

/// The assertion consumer: checks signature, audience, recipient, time and single use, then
/// redirects as RelayState says.
fn consume(state: &SandboxState, request: &Request) -> Answer {
    let refused = |why: &str| error(403, "Access denied", &format!("SAML: {why}"));
    let encoded = request.form("SAMLResponse").unwrap_or_default();
    let xml = STANDARD
        .decode(&encoded)
        .ok()
        .and_then(|xml| String::from_utf8(xml).ok());
    let Some(xml) = xml else {
        return refused("the response is not base64");
    };
    let document = match saml::read(&xml) {
        Ok(document) => document,
        Err(refusal) => return refused(&refusal.to_string()),
    };
    if let Err(refusal) = document.authentic(&xml, &state.identity_provider, AUDIENCE) {
        return refused(&refusal.to_string());
    }
    if document.recipient != acs(state) {
        return refused("the response is for another recipient");
    }
    if document.not_on_or_after <= state.clock.now() {
        return refused("the response is too old");
    }
    if !state.vpn().assertions.insert(xml) {
        return refused("the response was used before");
    }
    let relay_state = request.form("RelayState").unwrap_or_default();
    if let Some(sid) = relay_state.strip_prefix("webauth-") {
        return admit(state, sid);
    }
    let login = document.subject;
    let answer = match relay_state.as_str() {
        "profile" if state.options.vpn.deep_link_in_acs => {
            let link = deep_link(state, &login);
            let page = format!("<!doctype html><html><a href=\"{link}\">Open</a></html>");
            Answer::html(200, &page)
        }
        "profile" => Answer::redirect("/profile"),
        "cws" => Answer::redirect("/"),
        _ => return refused("the RelayState is neither cws nor profile"),
    };
    answer.with("Set-Cookie", &new_session(state, Some(login)))
}

/// `GET /saml/start?sid=…`: redirects to the identity provider.
fn start(state: &SandboxState, request: &Request) -> Answer {
    let sid = request.parameter("sid").unwrap_or_default();
    if !state.vpn().waiting.contains_key(&sid) {
        return error(404, "Not found", "no tunnel waits for this sign-in");
    }
    let to = format!(
        "{}{}?SAMLRequest=sandbox&RelayState=webauth-{sid}",
        state.org_url,
        AppId::OpenVpn.sso_path()
    );
    Answer::redirect(&to)
}

/// Admits the waiting tunnel.
fn admit(state: &SandboxState, sid: &str) -> Answer {
    let mut vpn = state.vpn();
    let client = vpn.waiting.remove(sid);
    match (client, &vpn.auth_socket) {
        (Some(client), Some(auth_socket)) => {
            auth_socket.admit(client);
            Answer::html(200, "<!doctype html><html><title>Connected</title></html>")
        }
        _ => error(404, "Not found", "no tunnel waits for this sign-in"),
    }
}

fn import(state: &SandboxState, request: &Request) -> Answer {
    let expected = [
        ("X-OpenVPN", "1"),
        ("X-CWS-Proto-Ver", "2"),
        ("X-Requested-With", "XMLHttpRequest"),
    ];
    if expected
        .iter()
        .any(|(name, value)| request.header(name) != Some(value))
    {
        return error(
            400,
            "Bad Request",
            "the request is not from the client's own page",
        );
    }
    let Some(login) = signed_in(state, request) else {
        return error(
            401,
            "Authorization Required",
            "SESSION: Your session has expired, please reauthenticate (9007)",
        );
    };
    if request.form("profile_type").as_deref() != Some("userlocked") {
        return error(400, "Bad Request", "profile_type");
    }
    Answer::empty(200).body("text/plain", deep_link(state, &login))
}

fn deep_link(state: &SandboxState, login: &str) -> String {
    let token = canary::random(ALPHANUMERIC, 32);
    state.canaries.note("vpn-profile-token", &token);
    state.vpn().tokens.insert(token.clone(), login.to_owned());
    format!(
        "openvpn://import-profile/{}/rest/GetProfileViaToken?token={token}",
        state.vpn_url
    )
}

fn downloads(state: &SandboxState, request: &Request) -> Answer {
    let body = match signed_in(state, request) {
        Some(_) => {
            json!({ "settings": { "userlocked": "/profile/userlocked.ovpn", "autologin": null } })
        }
        None => json!({ "type": "login-failure" }),
    };
    Answer::empty(200).body("application/json", format!(")]}}'\n{body}"))
}

fn token_url(state: &SandboxState, request: &Request) -> Answer {
    let asked: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
    match signed_in(state, request) {
        Some(login) if asked["profile_type"] == "userlogin" && asked["username"] == login => {
            let link = deep_link(state, &login);
            let url = link.trim_start_matches("openvpn://import-profile/");
            Answer::json(200, &json!({ "token_url": url }))
        }
        _ => Answer::json(403, &json!({ "error": "not signed in" })),
    }
}

fn profile(state: &SandboxState, login: &str) -> Answer {
    let mut vpn = state.vpn();
    let lines = state.options.vpn.profile_lines.join("\n");
    let text = format!(
        "# Automatically generated OpenVPN client config file\n\
         # OVPN_ACCESS_SERVER_USERNAME={login}\n# OVPN_ACCESS_SERVER_PROFILE={login}@vpn.acme.com\n\
         {}{lines}\n",
        vpn.profile
    );
    let answer = Answer::empty(200).body("text/plain", text);
    if !state.options.vpn.session_headers {
        return answer;
    }
    let token = state.canaries.issue("vpn-session-token", "");
    vpn.session_tokens.insert(token.clone(), login.to_owned());
    answer
        .with("VPN-Session-User", &STANDARD.encode(login))
        .with("VPN-Session-Token", &STANDARD.encode(token))
}

fn error(status: u16, kind: &str, message: &str) -> Answer {
    Answer::empty(status).body(
        "text/xml",
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Type>{kind}</Type>\
             <Synopsis>REST method failed</Synopsis><Message>{message}</Message></Error>\n"
        ),
    )
}
