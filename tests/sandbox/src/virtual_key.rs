//! Keys that are plugged in: a socket at which a debug build of `ob` finds, in the place of USB,
//! keys made of software. What is said on it is what `ob` says to the process that talks to a real
//! key: frames of a length (four bytes, big endian) and JSON.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::security_key::{PRESENT, SecurityKey, Signed, VERIFIED};

/// Wrong PINs a key takes in its life.
const TRIES: u32 = 8;

/// How the person at the keys behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// After so long.
    After(Duration),
    /// Never.
    Never,
}

/// Keys in the sockets of a machine.
#[derive(Debug, Clone)]
pub struct Plugged(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    keys: Vec<SecurityKey>,
    touch: Touch,
    left: u32,
    /// What every request is answered with instead.
    fault: Option<Value>,
    /// Requests to sign, as they came.
    asked: Vec<Value>,
}

impl Plugged {
    /// Plugs `keys` in, to be found at the socket `path`.
    ///
    /// # Errors
    /// When there can be no such socket.
    pub fn at(path: &Path, keys: Vec<SecurityKey>) -> io::Result<Plugged> {
        let plugged = Plugged(Arc::new(Mutex::new(State {
            keys,
            touch: Touch::After(Duration::ZERO),
            left: TRIES,
            fault: None,
            asked: Vec::new(),
        })));
        let listener = UnixListener::bind(path)?;
        let served = plugged.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let served = served.clone();
                // A client that goes away in the middle is none of the key's business.
                thread::spawn(move || served.serve(stream));
            }
        });
        Ok(plugged)
    }

    /// Takes all keys out and puts these in.
    pub fn replug(&self, keys: Vec<SecurityKey>) {
        self.state().keys = keys;
    }

    /// How the person behaves from now on.
    pub fn touch(&self, touch: Touch) {
        self.state().touch = touch;
    }

    /// Every request fails from now on, in the words of the process that talks to a key.
    pub fn fail(&self, fault: Value) {
        self.state().fault = Some(fault);
    }

    /// How often a key was asked to sign.
    pub fn asked(&self) -> usize {
        self.state().asked.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, mut stream: UnixStream) -> io::Result<()> {
        let request = hear(&mut stream)?["Sign"].take();
        let answer = match self.sign(&request, &mut stream)? {
            Ok(signed) => json!({ "Signed": {
                "credential_id": URL_SAFE_NO_PAD.encode(signed.credential_id),
                "authenticator_data": URL_SAFE_NO_PAD.encode(signed.authenticator_data),
                "signature": URL_SAFE_NO_PAD.encode(signed.signature),
            }}),
            Err(fault) => json!({ "Failed": fault }),
        };
        say(&mut stream, &answer)
    }

    fn sign(&self, request: &Value, stream: &mut UnixStream) -> io::Result<Result<Signed, Value>> {
        let (keys, touch) = {
            let mut state = self.state();
            state.asked.push(request.clone());
            if let Some(fault) = &state.fault {
                return Ok(Err(fault.clone()));
            }
            (state.keys.clone(), state.touch)
        };
        if keys.is_empty() {
            return Ok(Err("NoKey".into()));
        }
        let ids = request["credential_ids"].as_array().into_iter().flatten();
        let ids: Vec<Vec<u8>> = ids
            .filter_map(|id| URL_SAFE_NO_PAD.decode(id.as_str()?).ok())
            .collect();
        let sites = [request["rp_id"].as_str(), request["app_id"].as_str()];
        let mut sites = sites.into_iter().flatten();
        let found = sites.find_map(|site| {
            let key = keys.iter().find(|key| key.has(site, &ids))?;
            Some((site, key))
        });
        let Some((site, key)) = found else {
            return Ok(Err("NotEnrolled".into()));
        };
        let mut flags = PRESENT;
        if request["pin"] != "Discouraged" {
            let left = self.state().left;
            if left == 0 {
                return Ok(Err("PinBlocked".into()));
            }
            say(stream, &json!({ "Pin": { "left": left } }))?;
            if hear(stream)?["Pin"] != key.pin() {
                self.state().left = left - 1;
                return Ok(Err(json!({ "WrongPin": { "left": left - 1 } })));
            }
            self.state().left = TRIES;
            flags |= VERIFIED;
        }
        say(stream, &json!("Touch"))?;
        match touch {
            Touch::After(time) => thread::sleep(time),
            // Until the client has had enough.
            Touch::Never => {
                let _ = stream.read(&mut [0])?;
            }
        }
        let client_data = request["client_data"].as_str().unwrap_or_default();
        let signed = key.sign(site, &ids, client_data.as_bytes(), flags);
        Ok(signed.ok_or_else(|| "TimedOut".into()))
    }
}

fn hear(stream: &mut UnixStream) -> io::Result<Value> {
    let mut header = [0; 4];
    stream.read_exact(&mut header)?;
    let length = usize::try_from(u32::from_be_bytes(header)).unwrap_or(usize::MAX);
    if length > 1 << 20 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    serde_json::from_slice(&body).map_err(io::Error::other)
}

fn say(stream: &mut UnixStream, message: &Value) -> io::Result<()> {
    let body = message.to_string();
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    stream.write_all(&length.to_be_bytes())?;
    stream.write_all(body.as_bytes())
}
