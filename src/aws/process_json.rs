//! The output of a `credential_process` (AWS SDKs and Tools Reference, "Process credential
//! provider").

use serde_json::json;

use crate::model::Credentials;

/// Returns version 1 of the format in one line. SDKs with account-based endpoints use `AccountId`
/// in the endpoint, others ignore it.
pub fn process_json(credentials: &Credentials) -> String {
    let answer = json!({
        "Version": 1,
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key.expose(),
        "SessionToken": credentials.session_token.expose(),
        "Expiration": credentials.expires_at.to_string(),
        "AccountId": credentials.role.account(),
    });
    format!("{answer}\n")
}
