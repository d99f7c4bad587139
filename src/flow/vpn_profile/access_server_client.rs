//! The VPN's web pages with an Okta session in hand: jars of their own, one for each of its hosts, and the
//! assertion that opens them.

use url::Url;

use crate::flow::app::refusal::refused_page;
use crate::flow::app::vpn_app;
use crate::flow::{Conversation, Failure, OktaSession};
use crate::http::{Client, CookieClient, DateObserver, HttpError, Request, Response};
use crate::model::Org;
use crate::okta::page::{AppPage, PageError, SamlForm};
use crate::openvpn::access_server::{AccessServerError, Fault, VpnHosts, acs};
use crate::report::Report;
use crate::saml::{self, SamlError};
use crate::secret::Secret;
use crate::web::{Method, next_hop};
use crate::wire::{Notice, VpnTarget};

/// The most redirects after one form; the rules of each are `web::next_hop`'s.
const MOST_HOPS: usize = 8;

/// The VPN's hosts as one user's browser sees them. The Okta cookies are not in it, nor its own elsewhere.
pub(in crate::flow) struct VpnDoors<'a> {
    pub(in crate::flow) hosts: &'a VpnHosts,
    browsers: Vec<CookieClient>,
    /// What the web server calls itself.
    pub(in crate::flow) server: Option<String>,
}

/// The end of a chain of redirects.
pub(in crate::flow) enum Arrival {
    Page(Response),
    /// The chain leaves the VPN's hosts for this address.
    Away(Url),
}

impl<'a> VpnDoors<'a> {
    pub(in crate::flow) fn new(
        session: &OktaSession,
        target: &VpnTarget,
        hosts: &'a VpnHosts,
    ) -> Result<Self, Report> {
        let client = client(session, target)?;
        let names = std::iter::once(&hosts.host).chain(&hosts.saml_host);
        let browsers = names.map(|name| {
            let origin = Org::parse(&format!("https://{name}:{}", hosts.port))?;
            Ok(CookieClient::new(
                client.clone(),
                origin,
                DateObserver::default(),
            ))
        });
        Ok(Self {
            hosts,
            browsers: browsers.collect::<Result<_, Report>>()?,
            server: None,
        })
    }

    /// The address of `path` at the VPN's own host.
    pub(in crate::flow) fn at(&self, path: &str) -> Result<Url, AccessServerError> {
        Url::parse(&format!(
            "https://{}:{}{path}",
            self.hosts.host, self.hosts.port
        ))
        .map_err(|_| AccessServerError::Address)
    }

    /// One request, once: a form or a one-time address is never sent a second time by itself.
    ///
    /// # Errors
    /// When there is no answer; the hint of an unknown authority names `vpn.ca_bundle`.
    pub(in crate::flow) async fn send(&mut self, exchange: Request) -> Result<Response, Report> {
        let host = exchange.url.host_str().unwrap_or_default().to_owned();
        let browser = self
            .browsers
            .iter()
            .find(|browser| browser.org().owns(&exchange.url));
        let Some(browser) = browser else {
            let origin = self.hosts.host.clone();
            return Err(HttpError::ForeignHost { host, origin }.into());
        };
        let page = browser.send(exchange).await.map_err(no_answer)?;
        if let Some(name) = page.header("server") {
            self.server = Some(name.to_owned());
        }
        Ok(page)
    }

    /// Sends, and follows redirects within the VPN's hosts.
    pub(in crate::flow) async fn arrive(&mut self, exchange: Request) -> Result<Arrival, Failure> {
        let mut page = self.send(exchange).await?;
        for hops in 0..=MOST_HOPS {
            if !is_redirect(&page) {
                break;
            }
            if let Some(away) = self.leads_away(&page) {
                return Ok(Arrival::Away(away));
            }
            let origins: Vec<&Url> = self.browsers.iter().map(|one| one.org().url()).collect();
            let hop = next_hop(
                page.status,
                page.location(),
                &page.url,
                Method::Get,
                &origins,
                hops,
            )?;
            page = self.send(Request::get(hop.url)).await?;
        }
        Ok(Arrival::Page(page))
    }

    /// Where a redirect leads, if that is none of the VPN's hosts.
    pub(in crate::flow) fn leads_away(&self, page: &Response) -> Option<Url> {
        let location = std::str::from_utf8(page.location()?).ok()?;
        let next = page.url.join(location).ok()?;
        let own = |one: &CookieClient| one.org().owns(&next);
        (!self.browsers.iter().any(own)).then_some(next)
    }
}

/// The client for the VPN's hosts: the session's, or one by the same route that trusts nothing but the
/// VPN's own authority.
fn client(session: &OktaSession, target: &VpnTarget) -> Result<Client, Report> {
    match (&target.ca_bundle, session.network()) {
        (Some(certificates), Some(network)) => Ok(network.trusting(certificates)?),
        _ => Ok(session.browser().client().clone()),
    }
}

fn no_answer(error: HttpError) -> Report {
    let is_authority = matches!(error, HttpError::UnknownAuthority { .. });
    let mut report = Report::from(error);
    if is_authority {
        report.hints.clear();
        return report
            .hint("if the VPN server has an authority of its own, as Access Server is installed, set `vpn.ca_bundle` to the file of its certificate")
            .hint("if it has not, the connection may be intercepted: ask the VPN's administrator");
    }
    report
}

pub(in crate::flow) fn is_redirect(page: &Response) -> bool {
    matches!(page.status, 301..=303 | 307 | 308)
}

/// The form that the VPN's app posts to the VPN, checked: its address, its time, whom it was made for. With `at`
/// from that address of the org, which the VPN named.
pub(in crate::flow) async fn vpn_form(
    session: &OktaSession,
    target: &VpnTarget,
    at: Option<&Url>,
    hosts: &VpnHosts,
    conversation: &impl Conversation,
) -> Result<(SamlForm, Url), Failure> {
    let what = "open the VPN's app in Okta";
    conversation.notify(Notice::Doing(what.into()));
    let cannot = || format!("cannot {what}");
    let app = target.app.as_deref();
    let page = vpn_app::page(session, app, at, what, conversation).await?;
    match page.status {
        200 => {}
        401 => return Err(Failure::SessionEnded),
        _ => {
            return Err(refused_page(&page, "`app` of [vpn]")
                .during(cannot())
                .into());
        }
    }
    let form = match AppPage::parse(&page.body).and_then(AppPage::into_saml_form) {
        Ok(form) => form,
        Err(PageError::SignInNeeded) => return Err(Failure::SessionEnded),
        Err(error) => return Err(Report::from(error).during(cannot()).into()),
    };
    let acs = acs(form.action.as_str(), hosts)?;
    let response = saml::parse(&form.saml_response).and_then(|response| {
        if let (saml::Response::Plain(assertion), Some(now)) = (&response, session.server_time()) {
            assertion.check_expiry(now)?;
        }
        let is_acs = |named: &str| Url::parse(named).is_ok_and(|named| named == acs);
        response.check_recipient(is_acs, |name| hosts.is_sp_identity(name, &acs))
    });
    response.map_err(|error| not_for_the_vpn(error, hosts).during(cannot()))?;
    Ok((form, acs))
}

/// An assertion that is for another service than the VPN, with what to set right.
fn not_for_the_vpn(error: SamlError, hosts: &VpnHosts) -> Report {
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
        report.hints = vec![
            "set `vpn.app` to the embed link of the VPN's app, or leave it out to have it found"
                .into(),
            format!(
                "the app's single sign-on URL must be the VPN's SP ACS (`https://{host}/saml/acs`), its audience the SP identity (`https://{host}/saml/metadata`)"
            ),
        ];
    }
    report
}

/// A form as a browser posts it.
pub(in crate::flow) fn posted(url: Url, fields: &[(&str, &str)]) -> Request {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    Request::post_form_html(url, Secret::new(form.finish()))
}

/// What a page that is neither an answer nor a redirect says about a refused assertion.
pub(in crate::flow) fn judge(page: &Response) -> Result<(), AccessServerError> {
    match page.status {
        200..400 => Ok(()),
        status if page.body.trim_ascii_start().starts_with(b"<?xml") => {
            let fault = Fault::parse(&page.body);
            Err(if fault == Fault::Unreadable {
                AccessServerError::Status(status)
            } else {
                AccessServerError::Fault(fault)
            })
        }
        status => Err(AccessServerError::Status(status)),
    }
}
