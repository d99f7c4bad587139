//! Okta's messages about refused tokens, which tell the reasons apart better than the error codes.
//!
//! In the words of Okta's list of OAuth 2.0 error codes (developer documentation).

use crate::report::ErrorCode;

/// Parts of Okta's messages, the code of the report and its hint.
pub(super) type Row = (&'static [&'static str], ErrorCode, &'static str);

pub(super) const ASSURANCE: &str = "assurance requirements are not met";
pub(super) const NO_TRUST: &[&str] = &[
    "must have the 'interclient_access' scope",
    "configured trust relationship",
    "No trust relationship exists",
];
pub(super) const NO_WEB_SSO: &str = "must be configured to allow the client";
pub(super) const EXPIRED: &[&str] = &[
    "either expired or the session associated with it was terminated",
    "'subject_token' is invalid",
    "'actor_token' is invalid",
];

const TRUST: &str = "ask your Okta admin to put your `client_id` on the app's trust list (Native \
    to Web SSO): docs/admin.md says how";
const PUBLIC_KEY: &str = "ask your Okta admin to add the public key of `private_key_file` to the \
    app, for signing, and for its id";
const CLOCK: &str = "check this machine's clock with `date -u`";
const PRIVATE_KEY_JWT: &str =
    "ask your Okta admin to set the app's client authentication to Public key / Private key";
const LOGIN: &str = "`ob login` signs in again";
const PROXY: &str = "a proxy may be changing requests: try without it";

/// The first row that matches counts.
pub(super) const MESSAGES: &[Row] = &[
    (
        &[ASSURANCE],
        ErrorCode::OktaOauthAssurance,
        "the app's sign-on policy asks for more than the OIDC app's (a registered or managed \
         device, another factor, or a sign-in every time): ask your Okta admin to align the two \
         policies, or set `sign_in = \"identity_engine\"` in [org]",
    ),
    (
        &[NO_WEB_SSO],
        ErrorCode::OktaOauthWebSsoClient,
        "ask your Okta admin to set \"Allowed Web SSO Client\" of the AWS app to your `client_id`",
    ),
    (EXPIRED, ErrorCode::OktaOauthOver, LOGIN),
    (
        &["refresh token is invalid or expired"],
        ErrorCode::OktaOauthRefresh,
        LOGIN,
    ),
    (NO_TRUST, ErrorCode::OktaOauthNoTrust, TRUST),
    (
        &["must have the 'okta.apps.sso' scope"],
        ErrorCode::OktaOauthScope,
        "ask your Okta admin to grant the OIDC app the scope okta.apps.sso",
    ),
    (
        &["Only SAML and OIDC apps support"],
        ErrorCode::OktaOauthNotSaml,
        "`app` of [vpn] must be the VPN's SAML app: check it with `ob config check`",
    ),
    (
        &[
            "different from the audience of the id_token",
            "must be issued to the client making the request",
        ],
        ErrorCode::OktaOauthAnotherClient,
        "`ob login --again` signs in with the `client_id` of the settings",
    ),
    (
        &["requires a user session"],
        ErrorCode::OktaOauthNeedsSession,
        "this app opens in a browser's session only: set `sign_in = \"identity_engine\"` in \
         [org], which has one",
    ),
    (
        &["invalid target ID"],
        ErrorCode::OktaOauthNoSuchApp,
        "the app's id (0oa…) in `app` of [vpn] is no app of this org: copy the address of its \
         tile again",
    ),
    (
        &["User is not assigned"],
        ErrorCode::OktaOauthNotAssigned,
        "ask your Okta admin to assign the OIDC app of `client_id` to you",
    ),
    (
        &["audience claim for client_assertion"],
        ErrorCode::OktaOauthAssertionAudience,
        "set `url` of [org] to the address under which Okta knows the authorization server (a \
         custom domain is another), and check `authorization_server`",
    ),
    (
        &[
            "client_assertion token is expired",
            "expiration too far into the future",
            "must be issued before the current time",
        ],
        ErrorCode::OktaOauthAssertionTime,
        CLOCK,
    ),
    (
        &[
            "must contain the 'exp' claim",
            "parsing of the client_assertion failed",
        ],
        ErrorCode::OktaOauthAssertionUnread,
        PROXY,
    ),
    (
        &["client_assertion token has already been used"],
        ErrorCode::OktaOauthAssertionUsed,
        "run the same command again, which makes a new assertion; if it stays so, a proxy is \
         sending requests twice",
    ),
    (
        &["client_assertion signature is invalid"],
        ErrorCode::OktaOauthAssertionSignature,
        "the private key does not belong to the public key of `key_id`: check both",
    ),
    (
        &["JWT kid is invalid"],
        ErrorCode::OktaOauthAssertionKeyId,
        "set `key_id` of [org] to the id that Okta shows beside the app's public key",
    ),
    (
        &["signature algorithm is invalid"],
        ErrorCode::OktaOauthAssertionAlgorithm,
        "ask your Okta admin to let the app's key sign RS256 (RSA) or ES256 (EC on P-256)",
    ),
    (
        &[
            "signed using a signing key",
            "invalid 'use' parameter",
            "JWKSet",
        ],
        ErrorCode::OktaOauthAssertionKeys,
        PUBLIC_KEY,
    ),
    (
        &["not a valid client_id"],
        ErrorCode::OktaOauthClientId,
        "set `client_id` of [org] to the app's client id (0oa…)",
    ),
    (
        &[
            "does not have a client secret",
            "private_key_jwt",
            "Client authentication failed",
            "No client credentials found",
        ],
        ErrorCode::OktaOauthClientAuthentication,
        PRIVATE_KEY_JWT,
    ),
    (
        &["'application_type' of 'service'"],
        ErrorCode::OktaOauthNotService,
        "ask your Okta admin for an app of the kind API Services",
    ),
];
