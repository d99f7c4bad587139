//! The HTTP client of one route. It is built anew when a request's network settings differ from
//! those of the request before.

use std::rc::Rc;
use std::sync::Arc;

use crate::flow::conversation::{Conversation, Unanswered};
use crate::http::{Client, HttpError, Network};
use crate::report::Report;
use crate::secret::Secret;
use crate::wire::{Answer, Ask, AskKind, CaBundle, Route};

/// A client whose connections all use one route.
#[derive(Clone, Debug)]
pub struct RoutedClient {
    client: Client,
    route: Rc<Route>,
    /// The bundle of the route, so that it is not asked for again when only the proxy changes.
    certificates: Option<(CaBundle, Arc<str>)>,
}

impl RoutedClient {
    /// Builds the client for `route`. If that names a CA bundle that `known` does not hold, sends
    /// `ask` to the client process, which reads the file.
    ///
    /// # Errors
    /// If the client process does not send the bundle, or the bundle or the proxy cannot be used.
    pub async fn open(
        route: &Rc<Route>,
        known: Option<&Self>,
        ask: Ask,
        conversation: &impl Conversation,
    ) -> Result<Self, Report> {
        let certificates = match &route.ca_bundle {
            None => None,
            Some(bundle) => match known.and_then(|known| known.certificates_of(bundle)) {
                Some(pem) => Some((bundle.clone(), pem)),
                None => {
                    let Answer::CaCertificates(pem) = conversation.ask(ask).await? else {
                        return Err(Unanswered::Mismatched(AskKind::CaBundle).into());
                    };
                    Some((bundle.clone(), pem.into()))
                }
            },
        };
        Ok(Self::build(route, certificates)?)
    }

    /// Builds a client for `route` with the CA bundle that this client has. Returns `None` if the
    /// route names another bundle, or cannot be used.
    pub fn reopen(&self, route: &Rc<Route>) -> Option<Self> {
        let certificates = match &route.ca_bundle {
            None => None,
            Some(bundle) => Some((bundle.clone(), self.certificates_of(bundle)?)),
        };
        Self::build(route, certificates).ok()
    }

    fn build(
        route: &Rc<Route>,
        certificates: Option<(CaBundle, Arc<str>)>,
    ) -> Result<Self, HttpError> {
        let pem = certificates.as_ref().map(|(_, pem)| Arc::clone(pem));
        Ok(Self {
            client: Client::new(network(route, pem))?,
            route: Rc::clone(route),
            certificates,
        })
    }

    /// Returns a client over the same route that trusts only `certificates` (PEM).
    ///
    /// # Errors
    /// If the certificates cannot be used.
    pub(super) fn trusting(&self, certificates: &str) -> Result<Client, HttpError> {
        Client::new(network(&self.route, Some(certificates.into())))
    }

    fn certificates_of(&self, bundle: &CaBundle) -> Option<Arc<str>> {
        let (known, pem) = self.certificates.as_ref()?;
        (known == bundle).then(|| Arc::clone(pem))
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    pub fn route(&self) -> &Rc<Route> {
        &self.route
    }
}

fn network(route: &Route, ca_bundle: Option<Arc<str>>) -> Network {
    let proxy = route.proxy.as_ref();
    Network {
        ca_bundle,
        proxy: proxy.map(|proxy| {
            let url = Secret::new(proxy.url.0.expose());
            (url, proxy.no_proxy.clone())
        }),
    }
}
