//! Token exchange: tokens for an app of the org, each good once.

use serde_json::json;

use super::{Issued, refuse, trusts};
use crate::http::Answer;
use crate::okta::apps::{self, AppId};
use crate::okta::{Visit, pages};

const WEB_SSO: &str = "urn:okta:oauth:token-type:web_sso_token";
const INTERCLIENT: &str = "urn:okta:params:oauth:token-type:interclient_token";

pub(super) fn exchange(visit: &Visit<'_>) -> Result<Answer, Answer> {
    let form = |name| visit.request.form(name).unwrap_or_default();
    let invalid = |text: &str| refuse(400, "invalid_grant", text);
    let mut org = visit.state.org();
    let live = |issued: Option<&Issued>| issued.filter(|i| i.expires_at > visit.now).cloned();
    let subject = live(org.tokens.id.get(&form("subject_token"))).ok_or_else(|| {
        invalid(
            "The 'subject_token' either expired or the session associated with it was terminated.",
        )
    })?;
    let actor = live(org.tokens.access.get(&form("actor_token")))
        .ok_or_else(|| invalid("The 'actor_token' is invalid."))?;
    let audience = form("audience");
    let app = audience
        .strip_prefix("urn:okta:apps:")
        .and_then(AppId::by_id);
    let asked = form("requested_token_type");
    let has = |scope| actor.grant.scope.split(' ').any(|one| one == scope);
    let login = subject.grant.login.clone();
    let token = match asked.as_str() {
        WEB_SSO => {
            if !has("okta.apps.sso") {
                return Err(invalid(
                    "The 'actor_token' must have the 'okta.apps.sso' scope to request a \
                     'web_sso_token'.",
                ));
            }
            let options = &visit.state.options;
            let app =
                app.filter(|app| app.is_aws() && (options.labs_web_sso || *app != AppId::AwsLabs));
            let app = app.ok_or_else(|| {
                invalid(
                    "The target audience app must be configured to allow the client to \
                    request a 'web_sso_token'.",
                )
            })?;
            let too_old = options
                .sign_in_good_for
                .is_some_and(|seconds| visit.now > subject.grant.signed_in + seconds);
            let nth = options.web_sso_assurance > 0
                && org.tokens.exchanges + 1 >= options.web_sso_assurance;
            if too_old || nth {
                org.tokens.exchanges = 0;
                return Err(invalid(
                    "The application's assurance requirements are not met by the 'subject_token'.",
                ));
            }
            org.tokens.exchanges += 1;
            let token = visit.state.canaries.issue("web-sso-token", "eyJ");
            org.tokens.web_sso.insert(token.clone(), (login, app));
            token
        }
        INTERCLIENT => {
            if !has("interclient_access") {
                return Err(invalid(
                    "The 'actor_token' must have the 'interclient_access' scope to request a \
                     'interclient_token'.",
                ));
            }
            let app = app.ok_or_else(|| {
                refuse(
                    401,
                    "invalid_token",
                    "The 'interclient_token' has an invalid target ID.",
                )
            })?;
            if app == AppId::Bookmark {
                return Err(refuse(
                    403,
                    "access_denied",
                    "Only SAML and OIDC apps support the use of the 'interclient_token'.",
                ));
            }
            if !trusts(visit.state, app) {
                return Err(refuse(
                    403,
                    "access_denied",
                    "No trust relationship exists between the client app and the target app.",
                ));
            }
            let token = visit.state.canaries.issue("interclient-token", "eyJ");
            org.tokens.interclient.insert(token.clone(), (login, app));
            token
        }
        _ => {
            return Err(refuse(
                400,
                "invalid_request",
                "The requested_token_type is not supported.",
            ));
        }
    };
    Ok(Answer::json(
        200,
        &json!({ "token_type": "N_A", "expires_in": 300, "access_token": token,
                 "issued_token_type": asked }),
    ))
}

/// `POST /login/token/sso`
pub(in crate::okta) fn sso(visit: &Visit<'_>) -> Answer {
    let token = visit.request.form("token").unwrap_or_default();
    let found = visit.state.org().tokens.web_sso.remove(&token);
    match found {
        Some((login, app)) => apps::page_of(visit, app, &login),
        None => pages::error(400, "400", "The token was used already or is invalid."),
    }
}

/// Whom an `interclient_token` signs in to `app`, if it is one for it; it is used up.
pub(in crate::okta) fn redeem(visit: &Visit<'_>, app: AppId, token: &str) -> Option<String> {
    let (login, target) = visit.state.org().tokens.interclient.remove(token)?;
    (target == app).then_some(login)
}
