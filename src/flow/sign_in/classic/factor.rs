//! A Classic factor: its name for users, and its place in the choice of factors.

use crate::flow::sign_in::factors::{OfferedFactor, unusable_reason};
use crate::okta::authn::Factor;

/// Returns the kind and the device, as prompts name a factor.
pub(super) fn factor_name(factor: &Factor) -> String {
    match &factor.label {
        Some(label) => format!("{} ({label})", factor.kind.title()),
        None => factor.kind.title().to_owned(),
    }
}

/// Returns the factor for the choice. The settings name it by kind, Okta's id, or provider.
pub(super) fn offered(factor: &Factor, has_security_keys: bool) -> OfferedFactor {
    let provider = factor.provider.to_lowercase();
    let kind = factor.kind.name();
    OfferedFactor {
        label: factor_name(factor),
        names: vec![
            kind.to_owned(),
            factor.id.to_lowercase(),
            format!("{provider}.{kind}"),
            provider,
        ],
        id: factor.id.clone(),
        unusable: unusable_reason(&factor.kind, has_security_keys).map(str::to_owned),
    }
}
