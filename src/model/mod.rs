//! The words of the field as types: Okta's, SAML's, AWS's. Plain values, parsed once, no effects.

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

pub use arn::{ArnError, Partition, ProviderArn, RoleArn, SamlRole};
pub use aws_sign_in::is_aws_sign_in_host;
pub use confinement::{BARRED, Barred, Confinement, NOT_BARRED, confinement_table};
pub use dns::{DnsScope, DnsValueError, Domain, TunDevice};
pub use environment::{Environment, is_variable_name};
pub use labels::{Label, Labels};
pub use org::{Org, OrgError, SHARED as OKTA_DOMAINS, is_loopback};
pub use session_policy::{PolicyArn, PolicyError, SessionPolicy};
pub use suggest::{best_matches, by_similarity, closest, similarity, suggest};
pub use time::{Millis, Timestamp, whole_seconds};

use crate::secret::Secret;

/// An app tile's embed link: where a signed-in browser fetches that app's SAML response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppLink {
    /// The tile's label, as the admin wrote it; foreign text.
    pub label: String,
    pub url: String,
    /// Okta's name of the app's kind: `amazon_aws`, `openvpn`…
    pub app_name: String,
}

/// The temporary credentials STS hands out for a role.
#[derive(Debug, PartialEq, Eq)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret_access_key: Secret,
    pub session_token: Secret,
    pub expires_at: Timestamp,
    /// The role these are for (the last one of a chain).
    pub role: RoleArn,
    /// The identity provider that opened it (the first one of a chain), where its user has it
    /// through several.
    pub provider: Option<ProviderArn>,
}

/// The cases of a table: their number is written beside it and checked by the compiler, and
/// `docs/security.md` adds it up.
#[cfg(test)]
pub(crate) const fn counted<const N: usize, T>(cases: [T; N]) -> [T; N] {
    cases
}
