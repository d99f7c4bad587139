//! The VPN's app in Okta: finding it and opening its page.

use url::Url;

use crate::flow::app::oauth_page::{app_id, open_at_sign_on_url};
use crate::flow::app::open::open_page;
use crate::flow::app::sign_on_url;
use crate::flow::conversation::Conversation;
use crate::flow::failure::Failure;
use crate::flow::session::oauth::OauthSession;
use crate::flow::session::{OktaSession, SessionKind};
use crate::http::Response;
use crate::model::AppLink;
use crate::okta::Tiles;
use crate::openvpn::access_server;
use crate::report::{ErrorCode, Report};
use crate::wire::Notice;

/// Opens the page of the VPN's app: at `address` if the VPN server named one, else from its tile.
/// `named` is the app's link in the settings.
///
/// # Errors
/// [`Failure::SessionEnded`] if a new sign-in may do; else why the app cannot be opened.
pub(in crate::flow) async fn open_vpn_app(
    session: &OktaSession,
    named: Option<&str>,
    address: Option<&Url>,
    what: &str,
    conversation: &impl Conversation,
) -> Result<Response, Failure> {
    if let SessionKind::Oauth(oauth) = session.kind() {
        return open_with_token(session, oauth, named, address, what, conversation).await;
    }
    let link = match address {
        Some(address) => address.clone(),
        None => with_relay_state(app_link(session, named, conversation).await?),
    };
    open_page(session, &link, what, conversation).await
}

/// A token is made for the app's id and accepted at its sign-on address. A link has one of the two.
async fn open_with_token(
    session: &OktaSession,
    oauth: &OauthSession,
    named: Option<&str>,
    address: Option<&Url>,
    what: &str,
    conversation: &impl Conversation,
) -> Result<Response, Failure> {
    let link = app_link(session, named, conversation).await?;
    let id = match app_id(&link) {
        Some(id) => id.to_owned(),
        None => {
            let tile = find_tile(session, Some(&link), conversation).await?;
            let tile = Url::parse(&tile.url).ok();
            let id = tile.as_ref().and_then(app_id).map(str::to_owned);
            id.ok_or_else(|| no_app("its tile's link does not name the app (0oa…)".into()))?
        }
    };
    let address = match address {
        Some(address) => address.clone(),
        None => match sign_on_url::find(session, &link).await? {
            Some(address) => with_relay_state(address),
            None => return Err(no_sign_on_url(what).into()),
        },
    };
    open_at_sign_on_url(session, oauth, &id, &address, what, conversation).await
}

fn no_sign_on_url(what: &str) -> Report {
    Report::new(
        ErrorCode::SettingsVpnApp,
        format!("cannot {what}: its sign-on address is not known"),
    )
    .cause(
        "a browser sign-in opens an app at that address, \
         and its tile's link does not lead there without a session",
    )
    .hint(
        "ask your Okta admin for the app's sign-on URL, \
         `https://acme.okta.com/app/openvpn/exk…/sso/saml`, and write it into `app` of [vpn]",
    )
}

/// Adds the `RelayState` that asks for a profile.
fn with_relay_state(mut link: Url) -> Url {
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

/// Returns the link of the app that the settings name, or of the VPN's tile.
async fn app_link(
    session: &OktaSession,
    named: Option<&str>,
    conversation: &impl Conversation,
) -> Result<Url, Failure> {
    let link = match named {
        Some(named) => named.to_owned(),
        None => find_tile(session, None, conversation).await?.url,
    };
    let url = Url::parse(&link).ok().filter(|url| session.org().owns(url));
    Ok(url.ok_or_else(|| no_app(format!("it is no address of {}", session.org())))?)
}

/// Returns the only VPN among the user's tiles. `like`, another link of the app, names its kind.
async fn find_tile(
    session: &OktaSession,
    like: Option<&Url>,
    conversation: &impl Conversation,
) -> Result<AppLink, Failure> {
    let what = format!("list your apps at {}", session.org().host());
    conversation.notify(Notice::Doing(what.clone()));
    let page = session.tiles(&what, conversation).await?;
    if page.status == 403 && session.has_tokens() {
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
