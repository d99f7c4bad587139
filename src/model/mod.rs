//! Values of Okta, SAML, AWS and the tunnel, parsed once, without effects.

mod arn;
mod aws_sign_in;
mod confinement;
mod dns;
mod environment;
mod labels;
mod org;
mod session_policy;
mod suggest;
mod time;

pub use arn::{ArnError, Partition, ProviderArn, RoleArn, SamlRole, is_account_number};
pub use aws_sign_in::is_aws_sign_in_host;
pub use confinement::{BARRED, Barred, Confinement, NOT_BARRED, confinement_table};
pub use dns::{DnsScope, DnsValueError, Domain, TunDevice};
pub use environment::{Environment, is_variable_name};
pub use labels::{Label, Labels};
pub use org::{OKTA_DOMAINS, Org, OrgError, is_loopback};
pub use session_policy::{PolicyArn, PolicyError, SessionPolicy};
pub use suggest::{best_matches, by_similarity, closest, similarity, suggest};
pub use time::{Millis, Timestamp, whole_seconds};

use crate::secret::Secret;

/// An app tile's embed link, at which a signed-in browser gets the app's SAML response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppLink {
    /// The tile's label, which is foreign text.
    pub label: String,
    pub url: String,
    /// Okta's name of the kind of app: `amazon_aws`, `openvpn`…
    pub app_name: String,
}

/// Temporary credentials that STS issued for a role.
#[derive(Debug, PartialEq, Eq)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret_access_key: Secret,
    pub session_token: Secret,
    pub expires_at: Timestamp,
    /// The role, of a chain the last one.
    pub role: RoleArn,
    /// The identity provider of the (first) role, where the user has the role through several.
    pub provider: Option<ProviderArn>,
}

/// Returns the cases of a table. Their number is checked by the compiler, and `docs/security.md`
/// sums it up.
#[cfg(test)]
pub(crate) const fn counted<const N: usize, T>(cases: [T; N]) -> [T; N] {
    cases
}
