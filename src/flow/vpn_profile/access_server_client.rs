//! The VPN's web server, with the cookies of each of its hosts.

use url::Url;
use url::form_urlencoded::Serializer;

use crate::flow::failure::Failure;
use crate::flow::session::OktaSession;
use crate::http::{Client, CookieClient, DateObserver, HttpError, Request, Response};
use crate::model::Org;
use crate::openvpn::access_server::{AccessServerError, Fault, VpnHosts};
use crate::report::Report;
use crate::secret::Secret;
use crate::web::{Method, next_hop};
use crate::wire::VpnTarget;

/// Redirects after one request. The rules of each are those of `web::next_hop`.
const MAX_HOPS: usize = 8;

/// One client for each of the VPN's hosts. None of them has the Okta cookies.
pub(super) struct AccessServerClient<'a> {
    pub(super) hosts: &'a VpnHosts,
    clients: Vec<CookieClient>,
    /// The last `Server` header.
    pub(super) server_name: Option<String>,
}

/// The end of a chain of redirects.
pub(super) enum Followed {
    Page(Response),
    /// The chain leaves the VPN's hosts for this address.
    Foreign(Url),
}

impl<'a> AccessServerClient<'a> {
    pub(super) fn new(
        session: &OktaSession,
        target: &VpnTarget,
        hosts: &'a VpnHosts,
    ) -> Result<Self, Report> {
        let http = http_client(session, target)?;
        let names = std::iter::once(&hosts.host).chain(&hosts.saml_host);
        let clients = names.map(|name| {
            let origin = Org::parse(&format!("https://{name}:{}", hosts.port))?;
            let observer = DateObserver::default();
            Ok(CookieClient::new(http.clone(), origin, observer))
        });
        Ok(Self {
            hosts,
            clients: clients.collect::<Result<_, Report>>()?,
            server_name: None,
        })
    }

    /// Returns the address of `path` at the VPN's own host.
    pub(super) fn url(&self, path: &str) -> Result<Url, AccessServerError> {
        let VpnHosts { host, port, .. } = self.hosts;
        Url::parse(&format!("https://{host}:{port}{path}")).map_err(|_| AccessServerError::Address)
    }

    /// Sends one request once: forms and one-time addresses must not be sent again.
    ///
    /// # Errors
    /// If there is no response. The hint for an unknown authority names `vpn.ca_bundle`.
    pub(super) async fn send(&mut self, request: Request) -> Result<Response, Report> {
        let mut clients = self.clients.iter();
        let Some(client) = clients.find(|client| client.org().owns(&request.url)) else {
            let host = request.url.host_str().unwrap_or_default().to_owned();
            let origin = self.hosts.host.clone();
            return Err(HttpError::ForeignHost { host, origin }.into());
        };
        let response = client.send(request).await.map_err(no_response)?;
        if let Some(name) = response.header("server") {
            self.server_name = Some(name.to_owned());
        }
        Ok(response)
    }

    /// Sends a request and follows redirects within the VPN's hosts.
    pub(super) async fn follow_within(&mut self, request: Request) -> Result<Followed, Failure> {
        let mut page = self.send(request).await?;
        for hops in 0..=MAX_HOPS {
            if !page.is_redirect() {
                break;
            }
            if let Some(url) = self.foreign_location(&page) {
                return Ok(Followed::Foreign(url));
            }
            let origins = self.clients.iter().map(|client| client.org().url());
            let origins: Vec<&Url> = origins.collect();
            let (status, location) = (page.status, page.location());
            let next = next_hop(status, location, &page.url, Method::Get, &origins, hops)?;
            page = self.send(Request::get(next)).await?;
        }
        Ok(Followed::Page(page))
    }

    /// Returns the redirect's address if it is at none of the VPN's hosts.
    pub(super) fn foreign_location(&self, page: &Response) -> Option<Url> {
        let next = page.location_url()?;
        let mut clients = self.clients.iter();
        let is_own = clients.any(|client| client.org().owns(&next));
        (!is_own).then_some(next)
    }
}

/// Returns the session's client, or one by the same route that trusts the VPN's own authority only.
fn http_client(session: &OktaSession, target: &VpnTarget) -> Result<Client, Report> {
    match (&target.ca_bundle, session.network()) {
        (Some(certificates), Some(network)) => Ok(network.trusting(certificates)?),
        _ => Ok(session.http().clone()),
    }
}

fn no_response(error: HttpError) -> Report {
    let is_authority = matches!(error, HttpError::UnknownAuthority { .. });
    let mut report = Report::from(error);
    if is_authority {
        report.hints.clear();
        return report
            .hint(
                "if the VPN server has an authority of its own, as Access Server is installed, \
                 set `vpn.ca_bundle` to the file of its certificate",
            )
            .hint(
                "if it has not, the connection may be intercepted: \
                 ask the VPN's administrator",
            );
    }
    report
}

/// Returns a form as a browser posts it.
pub(super) fn post_form(url: Url, fields: &[(&str, &str)]) -> Request {
    let mut form = Serializer::new(String::new());
    form.extend_pairs(fields);
    Request::post_form_html(url, Secret::new(form.finish()))
}

pub(super) fn foreign_host(url: &Url) -> AccessServerError {
    AccessServerError::ForeignHost(url.host_str().unwrap_or_default().to_owned())
}

/// Returns the error of a page that is neither an answer nor a redirect.
pub(super) fn check_page(page: &Response) -> Result<(), AccessServerError> {
    let unexpected_status = Err(AccessServerError::Status(page.status));
    match page.status {
        200..400 => Ok(()),
        _ if page.body.trim_ascii_start().starts_with(b"<?xml") => match Fault::parse(&page.body) {
            Fault::Unreadable => unexpected_status,
            fault => Err(AccessServerError::Fault(fault)),
        },
        _ => unexpected_status,
    }
}
