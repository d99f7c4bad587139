//! How the agent reaches an org: the proxy and the CA bundle of the settings.

use crate::client::context::Context;
use crate::config::{OrgTarget, Proxy, ca_bundle_version, read_ca_bundle};
use crate::model::Environment;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::wire::{CaBundle, ProxyRoute, Route, SecretText, SessionStatus};

/// Returns the proxy and the CA bundle for `org` and the servers it leads to.
pub fn route(org: &OrgTarget) -> Route {
    Route {
        proxy: org.proxy.as_ref().map(proxy_route),
        ca_bundle: org.ca_bundle.as_ref().map(|path| CaBundle {
            path: path.display().to_string(),
            version: ca_bundle_version(path),
        }),
    }
}

/// Returns the route to an org that has no settings: the environment's proxy.
///
/// # Errors
/// When the environment's proxy cannot be used.
pub fn environment_route(context: &Context) -> Result<Route, Report> {
    let proxy = Proxy::of_environment(&context.environment)?;
    Ok(Route {
        proxy: proxy.as_ref().map(proxy_route),
        ca_bundle: None,
    })
}

/// Returns how the network settings that a session was last used with differ from those of this
/// command: then and now.
pub fn changed_network(context: &Context, session: &SessionStatus) -> Option<(String, String)> {
    let orgs = context
        .settings()
        .and_then(|settings| settings.orgs(&context.environment));
    let orgs = orgs.unwrap_or_default();
    let org = orgs.iter().find(|org| org.org.origin() == session.org);
    let now = match org {
        Some(org) => route(org),
        None => environment_route(context).ok()?,
    };
    let (then, now) = (&session.network, now.summary());
    (*then != now).then(|| (then.differences(&now), now.differences(then)))
}

/// Returns the variables that name CA certificates for other programs. `ob` ignores them.
pub fn foreign_ca_variables(context: &Context) -> impl Iterator<Item = (&'static str, &str)> {
    const NAMES: [&str; 5] = [
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "AWS_CA_BUNDLE",
    ];
    let environment = &context.environment;
    NAMES
        .into_iter()
        .filter_map(move |name| Some((name, environment.text(name)?)))
}

/// Adds a hint to the report of an untrusted certificate if a variable names CA certificates that
/// `ob` ignores.
pub(super) fn hint_ca_variables(context: &Context, org: &OrgTarget, report: Report) -> Report {
    if report.code != ErrorCode::HttpTlsAuthority || org.ca_bundle.is_some() {
        return report;
    }
    match foreign_ca_variables(context).next() {
        Some((name @ "SSL_CERT_DIR", _)) => report.hint(format!(
            "{name} is set and ob does not follow it: `ca_bundle =` in [org] takes a file of \
             certificates"
        )),
        Some((name, path)) => report.hint(format!(
            "{name} is set and ob does not follow it: write `ca_bundle = \"{path}\"` into [org] of \
             the settings"
        )),
        None => report,
    }
}

/// Returns a route over which nothing can be sent.
pub fn unusable_route() -> Route {
    let proxy = ProxyRoute {
        url: SecretText(Secret::new("")),
        address: String::new(),
        no_proxy: None,
    };
    Route {
        proxy: Some(proxy),
        ca_bundle: None,
    }
}

fn proxy_route(proxy: &Proxy) -> ProxyRoute {
    ProxyRoute {
        url: SecretText(proxy.url().duplicate()),
        address: proxy.address().to_owned(),
        no_proxy: Some(proxy.no_proxy().to_owned()).filter(|list| !list.is_empty()),
    }
}

/// Reads the CA bundle of `org`, PEM. The agent cannot read files.
///
/// # Errors
/// When the file cannot be used.
pub fn ca_certificates(org: &OrgTarget, environment: &Environment) -> Result<String, Report> {
    let path = org.ca_bundle.as_ref().ok_or_else(|| {
        Report::new(
            ErrorCode::AgentRequest,
            "the agent asks for a CA bundle that is not set",
        )
        .hint("client and agent may differ: `ob agent stop`, then run the same command again")
    })?;
    let bytes = read_ca_bundle(path, environment)?;
    String::from_utf8(bytes).map_err(|_| {
        Report::new(ErrorCode::HttpCaBundle, "cannot use the CA bundle")
            .cause(format!("{} is not text", path.display()))
            .hint("`ca_bundle` takes a file of PEM certificates")
    })
}
