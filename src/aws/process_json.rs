//! What a `credential_process` prints (AWS SDKs and Tools Reference, "Process credential provider").

use serde_json::json;

use crate::model::Credentials;

/// Version 1, one line. The account is told as well: SDKs that know the key route by it, the others skip it.
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
