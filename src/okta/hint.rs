//! Hints that several of Okta's errors share.

pub(super) const SERVER_ERROR: &str = "run the same command again in a minute; \
    https://status.okta.com tells whether Okta is down";
pub(super) const RATE_LIMITED: &str = "wait a minute, then run `ob login` again";
pub(super) const ORG_URL: &str = "set `org.url` to the address your browser shows when you sign in";
pub(super) const ORG_URL_THEN_LOGIN: &str =
    "set `org.url` to the address your browser shows when you sign in, then `ob login`";
pub(super) const CHECK_ORG: &str = "check the org's address with `ob config check`";
pub(super) const LOGIN_AGAIN: &str = "`ob login` starts again";
