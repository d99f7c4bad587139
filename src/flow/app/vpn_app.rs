//! The VPN's app in Okta: which it is, and its page, however the session opens it.

use url::Url;

use crate::flow::app::sign_on_url;
use crate::flow::app::step_up;
use crate::flow::session::oauth::{ByToken, app_id};
use crate::flow::{Conversation, Failure, OktaSession};
use crate::http::Response;
use crate::model::AppLink;
use crate::okta::Tiles;
use crate::openvpn::access_server;
use crate::report::{ErrorCode, Report};
use crate::wire::Notice;

/// The page of the VPN's app: from the tile's link, or `at` an address of the org that the VPN named.
///
/// # Errors
/// [`Failure::SessionEnded`] when a new sign-in may do; else why the app cannot be opened.
pub(in crate::flow) async fn page(
    session: &OktaSession,
    named: Option<&str>,
    at: Option<&Url>,
    what: &str,
    conversation: &impl Conversation,
) -> Result<Response, Failure> {
    if let Some(by_token) = session.by_token() {
        return page_by_token(session, by_token, named, at, what, conversation).await;
    }
    let link = match at {
        Some(at) => at.clone(),
        None => wishing(app_link(session, named, conversation).await?),
    };
    step_up::open(session, &link, what, conversation).await
}

/// A token is made for the app's id and taken at its sign-on address; a link has one of the two.
async fn page_by_token(
    session: &OktaSession,
    by_token: &ByToken,
    named: Option<&str>,
    at: Option<&Url>,
    what: &str,
    conversation: &impl Conversation,
) -> Result<Response, Failure> {
    let link = app_link(session, named, conversation).await?;
    let id = match app_id(&link) {
        Some(id) => id.to_owned(),
        None => {
            let tile = found(session, Some(&link), conversation).await?;
            let tile = Url::parse(&tile.url).ok();
            let id = tile.as_ref().and_then(app_id).map(str::to_owned);
            id.ok_or_else(|| no_app("its tile's link does not name the app (0oa…)".into()))?
        }
    };
    let address = match at {
        Some(at) => at.clone(),
        None => match sign_on_url::address(session, &link).await? {
            Some(address) => wishing(address),
            None => {
                return Err(Report::new(
                    ErrorCode::SettingsVpnApp,
                    format!("cannot {what}: its sign-on address is not known"),
                )
                .cause("a browser sign-in opens an app at that address, and its tile's link does not lead there without a session")
                .hint("ask your Okta admin for the app's sign-on URL, `https://acme.okta.com/app/openvpn/exk…/sso/saml`, and write it into `app` of [vpn]")
                .into());
            }
        },
    };
    by_token
        .sign_on(session, &id, &address, what, conversation)
        .await
}

/// With the wish for a profile (`RelayState`).
fn wishing(mut link: Url) -> Url {
    link.query_pairs_mut()
        .append_pair("RelayState", access_server::RELAY_STATE);
    link
}

fn no_app(why: String) -> Report {
    Report::new(
        ErrorCode::SettingsVpnApp,
        "cannot use the VPN app of the settings",
    )
    .cause(why)
    .hint("copy the address of the VPN's tile into `app` of [vpn]")
}

/// The app's link.
async fn app_link(
    session: &OktaSession,
    named: Option<&str>,
    conversation: &impl Conversation,
) -> Result<Url, Failure> {
    let link = match named {
        Some(named) => named.to_owned(),
        None => found(session, None, conversation).await?.url,
    };
    let url = Url::parse(&link).ok().filter(|url| session.org().owns(url));
    Ok(url.ok_or_else(|| no_app(format!("it is no address of {}", session.org())))?)
}

/// The one VPN among the user's tiles: of the kind that `like`, another link of the app, names.
async fn found(
    session: &OktaSession,
    like: Option<&Url>,
    conversation: &impl Conversation,
) -> Result<AppLink, Failure> {
    let what = format!("list your apps at {}", session.org().host());
    conversation.notify(Notice::Doing(what.clone()));
    let page = session.tiles(&what, conversation).await?;
    if page.status == 403 && session.by_token().is_some() {
        return Err(
            Report::new(ErrorCode::OktaOauthScope, format!("cannot {what}"))
                .cause("the OIDC app may not read your tiles")
                .hint("ask your Okta admin to grant it the scope okta.users.read.self")
                .hint("or write the address of the VPN's tile into `app` of [vpn]")
                .into(),
        );
    }
    if page.status != 200 {
        return Err(Failure::SessionEnded);
    }
    let tiles = Tiles::parse(session.org(), page.content_type(), &page.body)?;
    let kind = like.and_then(|link| link.path_segments()?.nth(1));
    let is_vpn = |link: &AppLink| match kind {
        Some(kind) => link.app_name == kind,
        None => link.app_name.to_ascii_lowercase().contains("openvpn"),
    };
    let mut vpns = tiles.links.into_iter().filter(is_vpn);
    match (vpns.next(), vpns.next()) {
        (Some(one), None) => Ok(one),
        (first, _) => Err(
            Report::new(ErrorCode::SettingsVpnApp, "which app is the VPN's?")
                .cause(match first {
                    None => "none of your tiles is recognised as an OpenVPN's",
                    Some(_) => "several of your tiles are an OpenVPN's",
                })
                .hint("copy the address of the VPN's tile into `app` of [vpn]")
                .into(),
        ),
    }
}
