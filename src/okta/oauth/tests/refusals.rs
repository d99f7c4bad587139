use serde_json::{Value, json};

use super::{Report, refused};
use crate::okta::oauth::{OptionalScopes, Tokens, error_messages};
use crate::secret::Secret;

/// Okta's messages: its list of OAuth 2.0 error codes, release 2026.03.1, and those that other
/// clients report.
const DOCUMENTED: &[(u16, &str, &str, &str)] = &[
    (
        400,
        "invalid_grant",
        "The application's assurance requirements are not met by the 'subject_token'.",
        "okta.oauth.assurance",
    ),
    (
        400,
        "invalid_grant",
        "The client's assurance requirements are not met.",
        "okta.oauth.assurance",
    ),
    (
        400,
        "invalid_grant",
        "The target audience app must be configured to allow the client to request a \
         'web_sso_token'.",
        "okta.oauth.web_sso_client",
    ),
    (
        400,
        "invalid_grant",
        "The 'subject_token' either expired or the session associated with it was terminated.",
        "okta.oauth.over",
    ),
    (
        400,
        "invalid_grant",
        "The 'subject_token' is invalid.",
        "okta.oauth.over",
    ),
    (
        400,
        "invalid_grant",
        "The 'actor_token' is invalid.",
        "okta.oauth.over",
    ),
    (
        400,
        "invalid_grant",
        "The 'subject_token' must be issued to the client making the request.",
        "okta.oauth.another_client",
    ),
    (
        400,
        "invalid_grant",
        "The 'actor_token' must be issued to the client making the request.",
        "okta.oauth.another_client",
    ),
    (
        400,
        "invalid_grant",
        "The 'actor_token' must have the 'okta.apps.sso' scope to request a 'web_sso_token'.",
        "okta.oauth.scope",
    ),
    (
        400,
        "invalid_grant",
        "The refresh token is invalid or expired.",
        "okta.oauth.refresh",
    ),
    (
        400,
        "invalid_grant",
        "The 'actor_token' must have the 'interclient_access' scope to request a \
         'interclient_token'.",
        "okta.oauth.no_trust",
    ),
    (
        400,
        "invalid_scope",
        "The 'interclient_access' scope can only be granted to clients with a configured trust \
         relationship.",
        "okta.oauth.no_trust",
    ),
    (
        403,
        "access_denied",
        "No trust relationship exists between the client app and the target app.",
        "okta.oauth.no_trust",
    ),
    (
        403,
        "access_denied",
        "Only SAML and OIDC apps support the use of the 'interclient_token'.",
        "okta.oauth.not_saml",
    ),
    (
        403,
        "access_denied",
        "The requesting client app retrieved from session is different from the audience of the \
         id_token.",
        "okta.oauth.another_client",
    ),
    (
        400,
        "invalid_grant",
        "Sign-in failed: the target application requires a user session, which is not supported \
         in interclient_token sso flows.",
        "okta.oauth.needs_session",
    ),
    (
        401,
        "invalid_token",
        "The 'interclient_token' has an invalid target ID.",
        "okta.oauth.no_such_app",
    ),
    (
        400,
        "access_denied",
        "User is not assigned to the client application.",
        "okta.oauth.not_assigned",
    ),
    (
        403,
        "access_denied",
        "The resource owner or authorization server denied the request.",
        "okta.oauth.denied",
    ),
    (
        401,
        "invalid_client",
        "The issuer claim for client_assertion is not a valid client_id.",
        "okta.oauth.client_id",
    ),
    (
        401,
        "invalid_client",
        "The subject claim for client_assertion is not a valid client_id.",
        "okta.oauth.client_id",
    ),
    (
        401,
        "invalid_client",
        "The issuer and subject claim for client_assertion is invalid because the client does not \
         have a client secret.",
        "okta.oauth.client_authentication",
    ),
    (
        401,
        "invalid_client",
        "The audience claim for client_assertion must be the endpoint invoked for the request.",
        "okta.oauth.assertion_audience",
    ),
    (
        401,
        "invalid_client",
        "The client_assertion must contain the 'exp' claim as seconds since epoch.",
        "okta.oauth.assertion_unread",
    ),
    (
        401,
        "invalid_client",
        "The client_assertion token is expired.",
        "okta.oauth.assertion_time",
    ),
    (
        401,
        "invalid_client",
        "The client_assertion token has an expiration too far into the future.",
        "okta.oauth.assertion_time",
    ),
    (
        401,
        "invalid_client",
        "The client_assertion token must be issued before the current time.",
        "okta.oauth.assertion_time",
    ),
    (
        401,
        "invalid_client",
        "The client_assertion token has already been used.",
        "okta.oauth.assertion_used",
    ),
    (
        401,
        "invalid_client",
        "The client_assertion signature is invalid.",
        "okta.oauth.assertion_signature",
    ),
    (
        401,
        "invalid_client",
        "The parsing of the client_assertion failed.",
        "okta.oauth.assertion_unread",
    ),
    (
        401,
        "invalid_client",
        "The client_assertion JWT kid is invalid.",
        "okta.oauth.assertion_key_id",
    ),
    (
        401,
        "invalid_client",
        "The client JWKSet is invalid.",
        "okta.oauth.assertion_keys",
    ),
    (
        401,
        "invalid_client",
        "The client_assertion JWT signature algorithm is invalid.",
        "okta.oauth.assertion_algorithm",
    ),
    (
        401,
        "invalid_client",
        "The client does not have a JWKSet configured, but the client_assertion requires one.",
        "okta.oauth.assertion_keys",
    ),
    (
        401,
        "invalid_client",
        "The public key being used for client assertion has an invalid 'use' parameter. Valid \
         values for the 'use' parameter are sig.",
        "okta.oauth.assertion_keys",
    ),
    (
        401,
        "invalid_client",
        "The client_assertion JWT needs to be signed using a signing key.",
        "okta.oauth.assertion_keys",
    ),
    (
        401,
        "invalid_client",
        "Error retrieving the client JWKSet from jwks_uri.",
        "okta.oauth.assertion_keys",
    ),
    (
        401,
        "invalid_client",
        "Client authentication failed. Either the client or the client credentials are invalid.",
        "okta.oauth.client_authentication",
    ),
    (
        401,
        "invalid_client",
        "No client credentials found.",
        "okta.oauth.client_authentication",
    ),
    (
        401,
        "invalid_client",
        "Client Credentials requests to the Org Authorization Server must use the private_key_jwt \
         token_endpoint_auth_method.",
        "okta.oauth.client_authentication",
    ),
    (
        401,
        "invalid_client",
        "Only clients with 'application_type' of 'service' may use the client_credentials \
         'grant_type' with the Org Authorization Server.",
        "okta.oauth.not_service",
    ),
    (
        400,
        "use_dpop_nonce",
        "Authorization server requires nonce in DPoP proof.",
        "okta.oauth.dpop",
    ),
    (
        400,
        "invalid_dpop_proof",
        "The DPoP proof JWT header is missing.",
        "okta.oauth.dpop",
    ),
    (
        400,
        "unauthorized_client",
        "The client is not authorized to use the provided grant type. Configured grant types: \
         [authorization_code].",
        "okta.oauth.grant",
    ),
    (
        400,
        "invalid_scope",
        "One or more scopes are not configured for the authorization server resource.",
        "okta.oauth.scope",
    ),
];

#[test]
fn documented_refusals_have_a_name_and_a_hint() {
    for (status, error, text, name) in DOCUMENTED {
        let body = json!({ "error": error, "error_description": text }).to_string();
        let refused = Tokens::parse(*status, "application/json", body.as_bytes()).unwrap_err();
        let report = Report::from(refused);
        assert_eq!(report.name(), *name, "{text}");
        assert!(!report.hints.is_empty() && report.causes[0].contains(text));
    }
    for (parts, code, ..) in error_messages::MESSAGES {
        for part in *parts {
            let mut documented = DOCUMENTED.iter();
            let is_covered =
                documented.any(|(_, _, text, of)| text.contains(part) && *of == code.name());
            assert!(is_covered, "{part}");
        }
    }
}

#[test]
fn only_refused_scopes_are_dropped() {
    let both = OptionalScopes {
        refresh: true,
        interclient: true,
    };
    let of = |error: &str, text: &str| both.refused_by(&refused(error, text));
    let trust = of(
        "invalid_scope",
        "The 'interclient_access' scope can only be granted to clients with a configured trust \
         relationship.",
    );
    let together =
        "The following scopes cannot be requested together: [interclient_access, device_sso].";
    for only in [trust, of("invalid_scope", together)] {
        let only = only.unwrap();
        assert!(only.interclient && !only.refresh);
    }
    let denied =
        "Some of the requested scopes were denied by the policy. Denied scopes: [offline_access].";
    let only = of("access_denied", denied).unwrap();
    assert!(only.refresh && !only.interclient);
    let unnamed = "One or more scopes are not configured for the authorization server resource.";
    assert_eq!(of("invalid_scope", unnamed), Some(both));
    assert_eq!(
        of("access_denied", "The resource owner denied the request."),
        None
    );
    let none = OptionalScopes::default();
    assert_eq!(none.refused_by(&refused("invalid_scope", unnamed)), None);
}

#[test]
fn renewal_keeps_tokens_that_are_not_sent_again() {
    let read =
        |body: Value| Tokens::parse(200, "application/json", body.to_string().as_bytes()).unwrap();
    let old = read(json!({ "access_token": "a1", "id_token": "i1", "refresh_token": "r1" }));
    let shown = |tokens: &Tokens| {
        let text = |token: &Option<Secret>| token.as_ref().map(|t| t.expose().to_owned());
        (text(&tokens.id_token), text(&tokens.refresh_token))
    };
    let bare = read(json!({ "access_token": "a2" })).in_place_of(&old);
    assert_eq!(shown(&bare), (Some("i1".into()), Some("r1".into())));
    let whole = read(json!({ "access_token": "a3", "id_token": "i3", "refresh_token": "r3" }));
    assert_eq!(
        shown(&whole.in_place_of(&old)),
        (Some("i3".into()), Some("r3".into()))
    );
}
