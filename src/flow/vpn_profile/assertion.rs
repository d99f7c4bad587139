//! The assertion that the VPN's app in Okta makes for the VPN.

use url::Url;

use crate::flow::app::saml_form::parse_saml_form;
use crate::flow::app::vpn_app::open_vpn_app;
use crate::flow::conversation::Conversation;
use crate::flow::failure::Failure;
use crate::flow::session::OktaSession;
use crate::okta::page::SamlForm;
use crate::openvpn::access_server::{VpnHosts, acs};
use crate::report::Report;
use crate::saml::{self, Response, SamlError};
use crate::wire::{Notice, VpnTarget};

/// Returns the form that the VPN's app posts to the VPN, and the address it goes to. Checks
/// address, time and recipient. The app is opened at `address` if the VPN named one.
///
/// # Errors
/// [`Failure::SessionEnded`] if a new sign-in may do; else why there is no usable assertion.
pub(super) async fn vpn_form(
    session: &OktaSession,
    target: &VpnTarget,
    address: Option<&Url>,
    hosts: &VpnHosts,
    conversation: &impl Conversation,
) -> Result<(SamlForm, Url), Failure> {
    let what = "open the VPN's app in Okta";
    conversation.notify(Notice::Doing(what.into()));
    let app = target.app.as_deref();
    let page = open_vpn_app(session, app, address, what, conversation).await?;
    let form = parse_saml_form(&page, what, "`app` of [vpn]")?;
    let acs = acs(form.action.as_str(), hosts)?;
    let checked = saml::parse(&form.saml_response).and_then(|response| {
        if let (Response::Plain(assertion), Some(now)) = (&response, session.server_time()) {
            assertion.check_expiry(now)?;
        }
        let is_acs = |named: &str| Url::parse(named).is_ok_and(|named| named == acs);
        response.check_recipient(is_acs, |name| hosts.is_sp_identity(name, &acs))
    });
    checked.map_err(|error| refused(error, hosts).context(format!("cannot {what}")))?;
    Ok((form, acs))
}

/// Returns the report of an unusable assertion. If it is for another service, the hints say what to
/// set.
fn refused(error: SamlError, hosts: &VpnHosts) -> Report {
    let is_for_another = matches!(
        error,
        SamlError::Audience(_)
            | SamlError::NoAudience
            | SamlError::NoRecipient
            | SamlError::Recipient(_)
    );
    let mut report = Report::from(error);
    if is_for_another {
        let host = hosts.saml_host.as_deref().unwrap_or(&hosts.host);
        report.hints.clear();
        return report
            .hint(
                "set `vpn.app` to the embed link of the VPN's app, \
                 or leave it out to have it found",
            )
            .hint(format!(
                "the app's single sign-on URL must be the VPN's SP ACS \
                 (`https://{host}/saml/acs`), its audience the SP identity \
                 (`https://{host}/saml/metadata`)"
            ));
    }
    report
}
