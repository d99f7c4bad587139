//! Requests for credentials, and the credentials.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;
use crate::wire::{ChosenRole, Confirmation, RoleMenu, SecretText, Target, seconds};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialsRequest {
    pub target: Target,
    /// How long the credentials must still last; absent: ten minutes or a third of their life.
    #[serde(default, with = "seconds::option")]
    pub min_ttl: Option<Duration>,
    /// Whether a sign-in may be started for this request.
    pub may_sign_in: bool,
    /// Whether the client remembers the user's roles and can ask for one of them at once.
    pub has_cached_roles: bool,
    pub menu: RoleMenu,
    /// Set if the user must confirm the use of the profile.
    pub confirm: Option<Confirmation>,
}

impl CredentialsRequest {
    /// Requests credentials from a live session: the user is asked neither to sign in nor which
    /// role is meant.
    pub fn without_sign_in(target: Target, confirm: Option<Confirmation>) -> Self {
        Self {
            target,
            min_ttl: None,
            may_sign_in: false,
            has_cached_roles: false,
            menu: RoleMenu::Never,
            confirm,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuedCredentials {
    pub access_key_id: String,
    pub secret_access_key: SecretText,
    pub session_token: SecretText,
    pub expires_at: Timestamp,
    pub role: String,
    /// The identity provider that opened the role, if there are several.
    pub provider: Option<String>,
    /// The answer of a menu, given now or before in the same terminal; absent if the target
    /// matches one role.
    pub chosen: Option<ChosenRole>,
}
