//! The sign-in that a VPN server asks for while the tunnel waits (WEB_AUTH), without a browser.
//!
//! The server names the address. It is visited at the configured VPN only, an assertion is
//! requested at a sign-on address of the user's own org only, and it is sent to the VPN only.

use super::access_server_client::{
    AccessServerClient, Followed, check_page, foreign_host, post_form,
};
use super::assertion::vpn_form;
use crate::flow::app::sign_on_url::is_sign_on_url;
use crate::flow::conversation::Conversation;
use crate::flow::failure::Failure;
use crate::flow::session::OktaSession;
use crate::http::Request;
use crate::openvpn::access_server::{AccessServerError, web_auth_address};
use crate::secret::Secret;
use crate::validate::check_vpn;
use crate::wire::VpnTarget;

/// Signs the waiting tunnel in at `url`.
///
/// # Errors
/// If the address leads elsewhere, or one of the two servers refuses.
pub async fn finish_vpn_sign_in(
    session: &OktaSession,
    target: &VpnTarget,
    url: &Secret,
    conversation: &impl Conversation,
) -> Result<(), Failure> {
    let hosts = check_vpn(target)?;
    let start = web_auth_address(url, &hosts)?;
    let mut client = AccessServerClient::new(session, target, &hosts)?;
    let sign_on_url = match client.follow_within(Request::get(start)).await? {
        Followed::Foreign(url) if !session.org().owns(&url) => {
            return Err(foreign_host(&url).into());
        }
        // Other pages of the org can do more than open an app, such as end the session.
        Followed::Foreign(url) if !is_sign_on_url(&url) => {
            return Err(AccessServerError::ForeignPage(url.path().to_owned()).into());
        }
        Followed::Foreign(url) => url,
        Followed::Page(page) => {
            check_page(&page)?;
            return Err(AccessServerError::NotSignedIn.into());
        }
    };
    let address = Some(&sign_on_url);
    let (form, acs) = vpn_form(session, target, address, &hosts, conversation).await?;
    let fields = [
        ("SAMLResponse", form.saml_response.expose()),
        ("RelayState", form.relay_state.expose()),
    ];
    match client.follow_within(post_form(acs, &fields)).await? {
        Followed::Page(page) => Ok(check_page(&page)?),
        Followed::Foreign(url) => Err(foreign_host(&url).into()),
    }
}
