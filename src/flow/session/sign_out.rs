//! The requests that end a session or revoke a token.

use std::time::Duration;

use crate::http::{CookieClient, HttpError, Request};
use crate::report::{ErrorCode, Report};

pub(super) const SIGN_OUT_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends a request that ends something at the server. The outer error is a failure to reach it, the
/// inner one its refusal. "Unauthorized" and "not found" count as ended.
pub(super) async fn sign_out(
    client: &CookieClient,
    request: Request,
) -> Result<Result<(), Report>, HttpError> {
    let response = client.send(request.with_timeout(SIGN_OUT_TIMEOUT)).await?;
    Ok(match response.status {
        200..300 | 401 | 403 | 404 => Ok(()),
        status => Err(unexpected_status(status)),
    })
}

fn unexpected_status(status: u16) -> Report {
    Report::new(
        ErrorCode::OktaSignOut,
        "cannot end the session at the server",
    )
    .cause(format!("it answered with status {status}"))
    .hint("sign out in the browser; here everything is wiped")
}
