//! The sign-in that a VPN server asks for while it keeps the tunnel waiting (WEB_AUTH), without a browser.
//!
//! The address is the server's: only the configured VPN is visited with it, only a sign-on address of the user's
//! own org is asked for an assertion, and that goes back to the VPN alone.

use crate::flow::app::sign_on_url;
use crate::flow::validate::check_vpn;
use crate::flow::vpn_profile::access_server_client::{Arrival, VpnDoors, judge, posted, vpn_form};
use crate::flow::{Conversation, Failure, OktaSession};
use crate::http::Request;
use crate::openvpn::access_server::{AccessServerError, web_auth_address};
use crate::secret::Secret;
use crate::wire::VpnTarget;

/// Signs the waiting tunnel in at `url`.
///
/// # Errors
/// When the address leads elsewhere, or one of the two servers refuses.
pub async fn finish_vpn_sign_in(
    session: &OktaSession,
    target: &VpnTarget,
    url: &Secret,
    conversation: &impl Conversation,
) -> Result<(), Failure> {
    let hosts = check_vpn(target)?;
    let start = web_auth_address(url, &hosts)?;
    let mut doors = VpnDoors::new(session, target, &hosts)?;
    let to_okta = match doors.arrive(Request::get(start)).await? {
        Arrival::Away(url) if !session.org().owns(&url) => {
            let host = url.host_str().unwrap_or_default().to_owned();
            return Err(AccessServerError::ForeignHost(host).into());
        }
        // A session opens more than apps, and can be ended by an address.
        Arrival::Away(url) if !sign_on_url::is_sign_on(&url) => {
            return Err(AccessServerError::ForeignPage(url.path().to_owned()).into());
        }
        Arrival::Away(url) => url,
        Arrival::Page(page) => {
            judge(&page)?;
            return Err(AccessServerError::NotSignedIn.into());
        }
    };
    let (form, acs) = vpn_form(session, target, Some(&to_okta), &hosts, conversation).await?;
    let fields = [
        ("SAMLResponse", form.saml_response.expose()),
        ("RelayState", form.relay_state.expose()),
    ];
    match doors.arrive(posted(acs, &fields)).await? {
        Arrival::Page(page) => Ok(judge(&page)?),
        Arrival::Away(url) => {
            let host = url.host_str().unwrap_or_default().to_owned();
            Err(AccessServerError::ForeignHost(host).into())
        }
    }
}
