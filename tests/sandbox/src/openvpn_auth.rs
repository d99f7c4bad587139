//! Admission of clients: the openvpn server asks its management socket about every client
//! (`management-client-auth` in OpenVPN's `doc/management-notes.txt`), and this module decides.

use std::collections::HashSet;
use std::io::{self, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::access_server::{self, VpnQuestion};
use crate::canary::{self, ALPHANUMERIC};
use crate::openvpn_server::OpenVpn;
use crate::state::SandboxState;
use crate::users::User;

/// The server's management socket, on which clients are admitted.
#[derive(Debug, Clone)]
pub(crate) struct AuthSocket(Arc<Mutex<UnixStream>>);

impl AuthSocket {
    pub(crate) fn new(stream: UnixStream) -> AuthSocket {
        AuthSocket(Arc::new(Mutex::new(stream)))
    }

    /// Admits a client.
    pub(crate) fn admit(&self, (client, key): (u64, u64)) {
        self.say(&format!("client-auth-nt {client} {key}"));
    }

    fn say(&self, line: &str) {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // If the server is gone, no client is admitted.
        let _ = stream.write_all(format!("{line}\n").as_bytes());
    }
}

/// What a client sends about itself.
#[derive(Default)]
struct Client {
    ids: (u64, u64),
    username: String,
    password: String,
    /// Whether it can sign in by web.
    sso: bool,
    /// Its answer to a text, base64.
    answer: Option<String>,
}

/// Decides about each client while the server runs.
pub(crate) fn judge(
    sandbox_state: &SandboxState,
    auth_socket: &AuthSocket,
    lines: impl io::BufRead,
) {
    let mut client: Option<Client> = None;
    let mut questions = HashSet::new();
    for line in lines.lines().map_while(Result::ok) {
        let Some(rest) = line.strip_prefix(">CLIENT:") else {
            continue;
        };
        let (what, fields) = rest.split_once(',').unwrap_or((rest, ""));
        match what {
            "CONNECT" | "REAUTH" | "CR_RESPONSE" => {
                let mut fields = fields.split(',');
                let mut number = || fields.next().and_then(|number| number.parse().ok());
                client = number().zip(number()).map(|ids| Client {
                    ids,
                    answer: fields.next().map(str::to_owned),
                    ..Client::default()
                });
                if what != "CR_RESPONSE"
                    && let Some(client) = &mut client
                {
                    client.answer = None;
                }
            }
            "ENV" if fields == "END" => {
                if let Some(client) = client.take() {
                    auth_socket.say(&verdict(sandbox_state, &client, &mut questions));
                }
            }
            "ENV" => {
                if let Some((name, value)) = fields.split_once('=')
                    && let Some(client) = &mut client
                {
                    match name {
                        "username" => value.clone_into(&mut client.username),
                        "password" => value.clone_into(&mut client.password),
                        "IV_SSO" => client.sso = value.split(',').any(|way| way == "webauth"),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

fn verdict(
    sandbox_state: &SandboxState,
    client: &Client,
    questions: &mut HashSet<String>,
) -> String {
    let (id, key) = client.ids;
    let admitted = format!("client-auth-nt {id} {key}");
    let denied = |words: &str| format!("client-deny {id} {key} \"no\" \"{words}\"");
    if let Some(answer) = &client.answer {
        return match *answer == STANDARD.encode(OpenVpn::CODE) {
            true => admitted,
            false => denied("that was not the code"),
        };
    }
    let Some(user) = sandbox_state.user(&client.username) else {
        return denied("no such user");
    };
    if let Some(words) = &sandbox_state.options.vpn.refuses {
        return denied(words);
    }
    let password = client.password.as_str();
    match &sandbox_state.options.vpn.asks {
        None if knows(sandbox_state, user, password) => return admitted,
        None => {}
        Some(VpnQuestion::Static(_)) => {
            let given = password.strip_prefix("SCRV1:").and_then(|rest| {
                let (password, answer) = rest.split_once(':')?;
                Some((decoded(password)?, decoded(answer)?))
            });
            return match given {
                Some((password, answer))
                    if answer == OpenVpn::CODE && knows(sandbox_state, user, &password) =>
                {
                    admitted
                }
                Some((_, answer)) if answer != OpenVpn::CODE => denied("that was not the code"),
                _ => denied("that was not the password"),
            };
        }
        Some(VpnQuestion::Dynamic(text)) => {
            if let Some(rest) = password.strip_prefix("CRV1::") {
                let (state, answer) = rest.split_once("::").unwrap_or_default();
                return match questions.remove(state) && answer == OpenVpn::CODE {
                    true => admitted,
                    false => denied("that was not the code"),
                };
            }
            if knows(sandbox_state, user, password) {
                let state = canary::random(ALPHANUMERIC, 24);
                sandbox_state.canaries.note("vpn-challenge", &state);
                questions.insert(state.clone());
                let name = STANDARD.encode(&user.login);
                return denied(&format!("CRV1:R,E:{state}:{name}:{text}"));
            }
            return denied("that was not the password");
        }
        Some(VpnQuestion::Text(text)) => {
            if knows(sandbox_state, user, password) {
                return format!("client-pending-auth {id} {key} \"CR_TEXT:R,E:{text}\" 60");
            }
            return denied("that was not the password");
        }
    }
    if password.is_empty() && client.sso {
        let url = access_server::web_auth_url(sandbox_state, client.ids);
        return format!("client-pending-auth {id} {key} \"WEB_AUTH::{url}\" 60");
    }
    denied(
        "This profile requires web based SAML authentication, please upgrade to a web-based login \
         capable client (IV_SSO=webauth)",
    )
}

/// Whether that is the user's password, or a token that was given in its place.
fn knows(sandbox_state: &SandboxState, user: &User, password: &str) -> bool {
    password == user.password || sandbox_state.vpn().is_session_token(&user.login, password)
}

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text).ok()?).ok()
}
