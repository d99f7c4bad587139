//! From a session to a VPN profile: assertion, the server's doors in their order, one GET, the allow-list.
//!
//! Which doors a server has depends on its version, and none says which it is; so they are tried in order
//! and an error names what each of them answered.

pub(super) mod access_server_client;
pub(super) mod web_auth;

use url::Url;

use crate::flow::validate::{check_vpn, vpn_policy};
use crate::flow::vpn_profile::access_server_client::{
    Arrival, VpnDoors, is_redirect, judge, posted, vpn_form,
};
use crate::flow::{Conversation, Failure, OktaSession};
use crate::http::{Request, Response};
use crate::openvpn::access_server::{
    self, AccessServerError, Fault, OneTimeAddress, VpnHosts, VpnSession,
};
use crate::openvpn::profile::{Profile, ProfileError};
use crate::report::{ErrorCode, Report};
use crate::wire::{Notice, VpnPolicy, VpnTarget};

/// What a VPN server handed out.
#[derive(Debug)]
pub struct VpnProfile {
    /// Judged by the allow-list, and under the user's policy.
    pub profile: Result<Profile, ProfileError>,
    /// What saves the second sign-in, where the server gives it.
    pub session: Option<VpnSession>,
    /// Which door gave it.
    pub door: &'static str,
    /// What the web server calls itself.
    pub server: Option<String>,
}

/// Where a profile is to be had.
enum Way {
    Once(OneTimeAddress),
    /// With the cookies of the sign-in.
    Download(Url),
}

/// Fetches one profile for the session's user.
///
/// # Errors
/// [`Failure::SessionEnded`] when Okta wants a new sign-in; else what was refused and by whom. A profile that
/// the allow-list refuses is a value.
pub async fn vpn_profile(
    session: &OktaSession,
    target: &VpnTarget,
    policy: &VpnPolicy,
    conversation: &impl Conversation,
) -> Result<VpnProfile, Failure> {
    let hosts = check_vpn(target)?;
    let policy = vpn_policy(policy)?;
    let (form, acs) = vpn_form(session, target, None, &hosts, conversation).await?;
    let mut doors = VpnDoors::new(session, target, &hosts)?;
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
    let fetched = fetch(&mut doors, posted(acs, &fields), session.username()).await;
    let (page, door) = fetched.map_err(|failure| failure.context(format!("cannot {what}")))?;
    let text = access_server::profile_text(page.status, &page.body)?;
    let session = VpnSession::parse(
        page.header(access_server::SESSION_USER),
        page.header(access_server::SESSION_TOKEN),
    );
    Ok(VpnProfile {
        profile: Profile::parse(text).map(|profile| profile.apply_policy(&policy)),
        session,
        door,
        server: doors.server,
    })
}

/// Signs in with `form`, finds the profile's address and gets it.
async fn fetch(
    doors: &mut VpnDoors<'_>,
    form: Request,
    username: &str,
) -> Result<(Response, &'static str), Failure> {
    let mut page = doors.send(form).await?;
    let mut found = deep_link(&page, doors.hosts)?;
    if found.is_none() && is_redirect(&page) {
        if let Some(away) = doors.leads_away(&page) {
            let host = away.host_str().unwrap_or_default().to_owned();
            return Err(AccessServerError::ForeignHost(host).into());
        }
        // The page it leads to is for people; but the other host's session may be made on the way there.
        if doors.hosts.saml_host.is_some() {
            let next = page
                .location()
                .and_then(|next| std::str::from_utf8(next).ok());
            let next = next.and_then(|next| page.url.join(next).ok());
            let next = next.ok_or(AccessServerError::Address)?;
            match doors.arrive(Request::get(next)).await? {
                Arrival::Page(end) => page = end,
                Arrival::Away(url) => {
                    let host = url.host_str().unwrap_or_default().to_owned();
                    return Err(AccessServerError::ForeignHost(host).into());
                }
            }
            found = deep_link(&page, doors.hosts)?;
        }
    }
    let (way, door) = match found {
        Some(address) => (Way::Once(address), "/saml/acs"),
        None => {
            judge(&page)?;
            other_doors(doors, username).await?
        }
    };
    let url = match &way {
        Way::Once(address) => {
            Url::parse(address.address().expose()).map_err(|_| AccessServerError::DeepLink)?
        }
        Way::Download(url) => url.clone(),
    };
    Ok((doors.send(Request::get(url)).await?, door))
}

async fn other_doors(
    doors: &mut VpnDoors<'_>,
    username: &str,
) -> Result<(Way, &'static str), Failure> {
    let mut answered: Vec<String> = Vec::new();
    let import = doors.at(access_server::IMPORT_PATH)?;
    let import = posted(import, access_server::IMPORT_FORM).with_headers(access_server::HEADERS);
    let page = doors.send(import).await?;
    if let Some(address) = deep_link(&page, doors.hosts)? {
        return Ok((Way::Once(address), access_server::IMPORT_PATH));
    }
    match judge(&page) {
        Err(AccessServerError::Fault(Fault::SessionExpired)) => {
            return Err(AccessServerError::NotSignedIn.into());
        }
        Err(fault @ AccessServerError::Fault(_)) => return Err(fault.into()),
        _ => answered.push(format!(
            "{} answered with status {} and no profile's address",
            access_server::IMPORT_PATH,
            page.status
        )),
    }
    let list = doors.at(access_server::DOWNLOADS_PATH)?;
    let page = doors
        .send(posted(list, &[]).with_headers(access_server::HEADERS))
        .await?;
    if page.status == 200 {
        let body = String::from_utf8_lossy(&page.body);
        match access_server::userlocked_download(&body, doors.hosts) {
            Ok(url) => return Ok((Way::Download(url), access_server::DOWNLOADS_PATH)),
            Err(error @ (AccessServerError::NotSignedIn | AccessServerError::NoProfile)) => {
                return Err(error.into());
            }
            Err(error) => answered.push(format!("{}: {error}", access_server::DOWNLOADS_PATH)),
        }
    } else {
        let (path, status) = (access_server::DOWNLOADS_PATH, page.status);
        answered.push(format!("{path} answered with status {status}"));
    }
    let api = doors.at(access_server::TOKEN_URL_PATH)?;
    let api = Request::post_json(api, access_server::token_url_request(username));
    let page = doors.send(api.with_headers(access_server::HEADERS)).await?;
    let path = access_server::TOKEN_URL_PATH;
    if page.status == 200 {
        match access_server::token_url(&page.body, doors.hosts)? {
            Some(address) => return Ok((Way::Once(address), path)),
            None => answered.push(format!("{path} names no profile's address")),
        }
    } else {
        answered.push(format!("{path} answered with status {}", page.status));
    }
    let name = doors.server.as_deref().unwrap_or("a server without a name");
    let report = Report::new(
        ErrorCode::OpenvpnNoDoor,
        format!("{name} has no door to a profile that `ob` knows"),
    );
    let report = answered.into_iter().fold(report, Report::cause);
    Err(report
        .hint("check `host` of [vpn] with `ob config check`: it is the host of the VPN's web pages")
        .into())
}

fn deep_link(
    page: &Response,
    hosts: &VpnHosts,
) -> Result<Option<OneTimeAddress>, AccessServerError> {
    let location = page.location().map(String::from_utf8_lossy);
    if let Some(location) = location
        && let Some(address) = OneTimeAddress::find(&location, hosts)?
    {
        return Ok(Some(address));
    }
    OneTimeAddress::find(&String::from_utf8_lossy(&page.body), hosts)
}
