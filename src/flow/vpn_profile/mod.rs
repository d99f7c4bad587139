//! From a session to a VPN profile: assertion, the server's endpoints in turn, one `GET`, the
//! allow-list.
//!
//! Which endpoints a server has depends on its version, which it does not tell. They are tried in
//! order, and an error names the answer of each.

mod access_server_client;
mod assertion;
pub(super) mod web_auth;

use url::Url;

use self::access_server_client::{
    AccessServerClient, Followed, check_page, foreign_host, post_form,
};
use self::assertion::vpn_form;
use crate::flow::conversation::Conversation;
use crate::flow::failure::Failure;
use crate::flow::session::OktaSession;
use crate::http::{Request, Response};
use crate::openvpn::access_server::{
    self, AccessServerError, DOWNLOADS_PATH, Fault, IMPORT_PATH, OneTimeAddress, TOKEN_URL_PATH,
    VpnHosts, VpnSession,
};
use crate::openvpn::profile::{Profile, ProfileError};
use crate::report::{ErrorCode, Report};
use crate::validate::{check_vpn, vpn_policy};
use crate::wire::{Notice, VpnPolicy, VpnTarget};

/// A profile that a VPN server handed out.
#[derive(Debug)]
pub struct VpnProfile {
    /// Checked by the allow-list, and with the user's policy applied.
    pub profile: Result<Profile, ProfileError>,
    /// Saves the second sign-in, if the server gives it.
    pub session: Option<VpnSession>,
    /// The path of the endpoint that gave it.
    pub endpoint: &'static str,
    /// The `Server` header.
    pub server: Option<String>,
}

/// Fetches one profile for the session's user.
///
/// # Errors
/// [`Failure::SessionEnded`] if Okta wants a new sign-in; else what was refused and by whom. A
/// profile that the allow-list refuses is a value.
pub async fn vpn_profile(
    session: &OktaSession,
    target: &VpnTarget,
    policy: &VpnPolicy,
    conversation: &impl Conversation,
) -> Result<VpnProfile, Failure> {
    let hosts = check_vpn(target)?;
    let policy = vpn_policy(policy)?;
    let (form, acs) = vpn_form(session, target, None, &hosts, conversation).await?;
    let mut client = AccessServerClient::new(session, target, &hosts)?;
    let what = format!("get a profile from {}", hosts.host);
    conversation.notify(Notice::Doing(what.clone()));
    let relay_state = match form.relay_state.expose() {
        "" => access_server::RELAY_STATE,
        own => own,
    };
    let fields = [
        ("SAMLResponse", form.saml_response.expose()),
        ("RelayState", relay_state),
    ];
    let fetched = fetch(&mut client, post_form(acs, &fields), session.username()).await;
    let (page, endpoint) = fetched.map_err(|failure| failure.context(format!("cannot {what}")))?;
    let text = access_server::profile_text(page.status, &page.body)?;
    let session = VpnSession::parse(
        page.header(access_server::SESSION_USER),
        page.header(access_server::SESSION_TOKEN),
    );
    Ok(VpnProfile {
        profile: Profile::parse(text).map(|profile| profile.apply_policy(&policy)),
        session,
        endpoint,
        server: client.server_name,
    })
}

/// Signs in with `form`, finds the profile's address, and gets it once.
async fn fetch(
    client: &mut AccessServerClient<'_>,
    form: Request,
    username: &str,
) -> Result<(Response, &'static str), Failure> {
    let mut page = client.send(form).await?;
    let mut found = one_time_url(&page, client.hosts)?;
    if found.is_none() && page.is_redirect() {
        if let Some(url) = client.foreign_location(&page) {
            return Err(foreign_host(&url).into());
        }
        // The redirect leads to a page for users. With two hosts, the session of the other host may
        // be made on the way.
        if client.hosts.saml_host.is_some() {
            let next = page.location_url().ok_or(AccessServerError::Address)?;
            page = match client.follow_within(Request::get(next)).await? {
                Followed::Page(page) => page,
                Followed::Foreign(url) => return Err(foreign_host(&url).into()),
            };
            found = one_time_url(&page, client.hosts)?;
        }
    }
    let (url, endpoint) = match found {
        Some(url) => (url, "/saml/acs"),
        None => {
            check_page(&page)?;
            other_endpoints(client, username).await?
        }
    };
    Ok((client.send(Request::get(url)).await?, endpoint))
}

/// Tries the endpoints that use the cookies of the sign-in.
async fn other_endpoints(
    client: &mut AccessServerClient<'_>,
    username: &str,
) -> Result<(Url, &'static str), Failure> {
    let headers = || access_server::HEADERS.iter().copied();
    let mut answers: Vec<String> = Vec::new();
    let request = post_form(client.url(IMPORT_PATH)?, access_server::IMPORT_FORM);
    let page = client.send(request.headers(headers())).await?;
    if let Some(url) = one_time_url(&page, client.hosts)? {
        return Ok((url, IMPORT_PATH));
    }
    match check_page(&page) {
        Err(AccessServerError::Fault(Fault::SessionExpired)) => {
            return Err(AccessServerError::NotSignedIn.into());
        }
        Err(fault @ AccessServerError::Fault(_)) => return Err(fault.into()),
        _ => answers.push(format!(
            "{IMPORT_PATH} answered with status {} and no profile's address",
            page.status
        )),
    }
    let request = post_form(client.url(DOWNLOADS_PATH)?, &[]);
    let page = client.send(request.headers(headers())).await?;
    if page.status == 200 {
        let body = String::from_utf8_lossy(&page.body);
        match access_server::userlocked_download(&body, client.hosts) {
            Ok(url) => return Ok((url, DOWNLOADS_PATH)),
            Err(error @ (AccessServerError::NotSignedIn | AccessServerError::NoProfile)) => {
                return Err(error.into());
            }
            Err(error) => answers.push(format!("{DOWNLOADS_PATH}: {error}")),
        }
    } else {
        answers.push(unexpected_status(DOWNLOADS_PATH, &page));
    }
    let body = access_server::token_url_request(username);
    let request = Request::post_json(client.url(TOKEN_URL_PATH)?, body);
    let page = client.send(request.headers(headers())).await?;
    if page.status == 200 {
        match access_server::token_url(&page.body, client.hosts)? {
            Some(address) => return Ok((parse_address(&address)?, TOKEN_URL_PATH)),
            None => answers.push(format!("{TOKEN_URL_PATH} names no profile's address")),
        }
    } else {
        answers.push(unexpected_status(TOKEN_URL_PATH, &page));
    }
    let name = client.server_name.as_deref();
    let name = name.unwrap_or("a server without a name");
    let summary = format!("{name} offers no profile at an endpoint that `ob` knows");
    let report = Report::new(ErrorCode::OpenvpnNoDoor, summary);
    let report = answers.into_iter().fold(report, Report::cause);
    Err(report
        .hint("check `host` of [vpn] with `ob config check`: it is the host of the VPN's web pages")
        .into())
}

fn unexpected_status(path: &str, page: &Response) -> String {
    format!("{path} answered with status {}", page.status)
}

/// Returns the profile's one-time address, from the redirect or the page.
fn one_time_url(page: &Response, hosts: &VpnHosts) -> Result<Option<Url>, AccessServerError> {
    let location = page.location().map(String::from_utf8_lossy);
    let in_location = match location {
        Some(location) => OneTimeAddress::find(&location, hosts)?,
        None => None,
    };
    let found = match in_location {
        Some(address) => Some(address),
        None => OneTimeAddress::find(&String::from_utf8_lossy(&page.body), hosts)?,
    };
    found.as_ref().map(parse_address).transpose()
}

fn parse_address(address: &OneTimeAddress) -> Result<Url, AccessServerError> {
    Url::parse(address.address().expose()).map_err(|_| AccessServerError::DeepLink)
}
