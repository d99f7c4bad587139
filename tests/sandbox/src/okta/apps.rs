//! "Assigned app links" of the Users API, and what an embed link leads to: for an AWS app the page
//! whose form carries the SAML response (AWS Account Federation, HTTP-POST binding).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

pub(crate) use super::app_id::AppId;
use super::authn::Phase;
use super::sessions::{self, Session};
use super::{Visit, authn, error, idx, oauth, pages};
use crate::access_server;
use crate::http::{self, Answer};
use crate::options::Interstitial;
use crate::saml::{AWS_ACS, AWS_AUDIENCE, Claims};
use crate::state::SandboxState;
use crate::users::{self, User};

/// `GET /api/v1/users/me/appLinks`
pub(super) fn links(visit: &Visit<'_>) -> Answer {
    let by_session = sessions::current(visit).map(|(_, session)| session.login);
    let Some(login) = by_session.or_else(|| oauth::bearer(visit)) else {
        return match visit.request.header("authorization") {
            Some(_) => error(401, "E0000011", "Invalid token provided"),
            None => error(403, "E0000005", "Invalid session"),
        };
    };
    let links: Vec<_> = AppId::ALL
        .into_iter()
        .filter(|app| !app.is_aws() || is_assigned(visit.state, &login, *app))
        .enumerate()
        .map(|(order, app)| {
            let (name, id, _, label) = app.parts();
            let label = if login.starts_with("mallory@") {
                users::hostile(label)
            } else {
                label.to_owned()
            };
            json!({
                "id": format!("00u{}", id.replace("0oa", "")),
                "label": label,
                "linkUrl": visit.url(&app.home_path()),
                "logoUrl": visit.url(&format!("/fs/bcg/4/{name}.png")),
                "appName": name,
                "appInstanceId": id,
                "appAssignmentId": id.replace("0oa", "0ua"),
                "credentialsSetup": false,
                "hidden": false,
                "sortOrder": order
            })
        })
        .collect();
    Answer::json(200, &json!(links))
}

/// `GET /api/v1/users/me/home/tabs?expand=items&expand=items.resource`: the dashboard's own list,
/// one tab.
pub(super) fn tabs(visit: &Visit<'_>) -> Answer {
    let links = links(visit);
    if links.status != 200 {
        return links;
    }
    let links: Vec<Value> = serde_json::from_slice(&links.body).unwrap_or_default();
    let items: Vec<Value> = links
        .into_iter()
        .map(|link| {
            json!({ "resourceId": link["id"], "type": "app",
            "_embedded": { "resource": link } })
        })
        .collect();
    Answer::json(
        200,
        &json!([{ "id": "ftb1work0000000000h7", "label": "Work",
            "_embedded": { "items": items } }]),
    )
}

/// An embed link: the app for who is signed in, the sign-in page for others. A token in the query
/// signs in on the way, unless a session cookie was sent, which wins.
pub(super) fn launch(visit: &Visit<'_>) -> Answer {
    let Some(app) = AppId::at(&visit.request.path) else {
        return pages::error(404, "404", "Page Not Found");
    };
    if let Some((_, session)) = sessions::current(visit) {
        // A used token does no harm to who is signed in already.
        if let Some(token) = visit.request.parameter("interclient_token") {
            oauth::redeem(visit, app, &token);
        }
        return open(visit, app, &session);
    }
    if let Some(token) = visit.request.parameter("interclient_token") {
        return by_interclient(visit, app, &token);
    }
    let token = ["sessionToken", "onetimetoken"]
        .iter()
        .find_map(|name| visit.request.parameter(name));
    let redirects = visit.state.options.app_redirects && visit.request.path == app.home_path();
    if redirects && token.is_none() {
        return Answer::redirect(&visit.url(&onwards(visit, app)));
    }
    let Some((id, session)) = token.and_then(|token| sessions::redeem(visit, &token)) else {
        return pages::sign_in(visit);
    };
    let answer = if visit.state.options.app_redirects {
        Answer::redirect(&visit.url(&onwards(visit, app)))
    } else {
        open(visit, app, &session)
    };
    answer.with("Set-Cookie", &sessions::cookie(&id))
}

/// "Native to Web SSO": the sign-on address, and no other link of the app, takes a token in the
/// place of a session, and makes one that is worth what the token's sign-in was.
fn by_interclient(visit: &Visit<'_>, app: AppId, token: &str) -> Answer {
    let login = match visit.request.path == app.sso_path() {
        true => oauth::redeem(visit, app, token),
        false => None,
    };
    let Some(login) = login else {
        return pages::sign_in(visit);
    };
    let (id, session) = sessions::begin(visit, &login);
    open(visit, app, &session).with("Set-Cookie", &sessions::cookie(&id))
}

/// `GET /login/step-up/redirect?stateToken=…`: back to the app after its second factor.
pub(super) fn after_step_up(visit: &Visit<'_>) -> Answer {
    let token = visit.request.parameter("stateToken").unwrap_or_default();
    if visit.state.options.step_up_by_address && is_open(visit, &token) {
        return pages::script_only();
    }
    let transaction = visit.state.org().transactions.remove(&token);
    let target = transaction
        .filter(|transaction| transaction.phase == Phase::SteppedUp)
        .and_then(|transaction| transaction.step_up);
    let (Some(target), Some((id, mut session))) = (target, sessions::current(visit)) else {
        return pages::sign_in(visit);
    };
    session.stepped_up = true;
    visit.state.org().sessions.insert(id, session);
    Answer::redirect(&visit.url(&target))
}

/// Whether the step-up of `token` waits for its factor.
fn is_open(visit: &Visit<'_>, token: &str) -> bool {
    let org = visit.state.org();
    let classic = org.transactions.get(token);
    classic.is_some_and(|transaction| transaction.phase != Phase::SteppedUp)
        || org.interactions.contains_key(token)
}

/// `GET /app/UserHome`, the dashboard.
pub(super) fn home(visit: &Visit<'_>) -> Answer {
    match sessions::current(visit) {
        Some(_) => Answer::html(200, "<!doctype html><title>acme - Dashboard</title>"),
        None => pages::sign_in(visit),
    }
}

/// A signed response for a person and an app, base64 as the form carries it.
pub(crate) fn assertion(state: &SandboxState, user: &User, app: AppId) -> String {
    let now = state.clock.now();
    let options = &state.options;
    let granted = state.iam().granted(&user.login, app);
    let (acs, audience) = match app {
        AppId::OpenVpn => (access_server::acs(state), access_server::AUDIENCE),
        _ => (AWS_ACS.to_owned(), AWS_AUDIENCE),
    };
    let xml = state.identity_provider.respond(
        &Claims {
            acs,
            audience: audience.to_owned(),
            login: user.login.clone(),
            roles: granted
                .into_iter()
                .map(|grant| format!("{},{}", grant.provider, grant.role))
                .collect(),
            session_duration: options.console_session_seconds,
            odd_values: options.odd_values.clone(),
            session_not_on_or_after: options
                .session_not_on_or_after_seconds
                .map(|seconds| now + seconds),
            now,
            lifetime: options.assertion_seconds,
        },
        &state.canaries,
    );
    let encoded = STANDARD.encode(xml);
    state.canaries.note("SAMLResponse", &encoded);
    encoded
}

fn is_assigned(state: &SandboxState, login: &str, app: AppId) -> bool {
    !state.iam().granted(login, app).is_empty()
}

fn open(visit: &Visit<'_>, app: AppId, session: &Session) -> Answer {
    let Some(user) = visit.state.user(&session.login) else {
        return pages::sign_in(visit);
    };
    if app == AppId::OpenVpn {
        if visit.state.options.vpn_step_up && !session.stepped_up {
            let stage = idx::Stage::Select;
            return pages::more(&idx::open_at(
                visit,
                &onwards(visit, app),
                Some(user),
                stage,
            ));
        }
        // The app's "Default RelayState", as Access Server's manual has it set.
        let relay_state = visit.request.parameter("RelayState");
        let relay_state = relay_state.unwrap_or_else(|| "profile".to_owned());
        let response = assertion(visit.state, user, app);
        return pages::saml_form(
            visit,
            &access_server::acs(visit.state),
            &response,
            &relay_state,
        );
    }
    if !app.is_aws() {
        let (_, _, _, label) = app.parts();
        return Answer::html(200, &format!("<!doctype html><title>{label}</title>"));
    }
    if !is_assigned(visit.state, &session.login, app) {
        return pages::error(403, "403", "You are not allowed to access this app.");
    }
    if let Some((heading, text)) = visit.state.options.refused_app {
        return pages::refused(heading, text);
    }
    if let Some(page) = interstitial(visit, app, session, user) {
        return page;
    }
    if visit.state.options.step_up && !session.stepped_up {
        let target = onwards(visit, app);
        let is_idx = visit.state.options.pipeline == crate::Pipeline::Idx;
        let token = match is_idx {
            true => idx::open_at(visit, &target, Some(user), idx::Stage::Select),
            false => authn::open(visit, Some(user), Phase::MfaRequired, Some(target)).0,
        };
        if visit.state.options.step_up_by_address {
            return Answer::redirect(
                &visit.url(&format!("/login/step-up/redirect?stateToken={token}")),
            );
        }
        return match is_idx {
            true => pages::more(&token),
            false => pages::extra_verification(&token),
        };
    }
    let relay_state = visit.request.parameter("RelayState").unwrap_or_default();
    let response = assertion(visit.state, user, app);
    pages::saml_form(visit, AWS_ACS, &response, &relay_state)
}

/// What an app shows instead of its form, while that is not dealt with.
fn interstitial(visit: &Visit<'_>, app: AppId, session: &Session, user: &User) -> Option<Answer> {
    let stands = visit.state.options.interstitial?;
    if stands == Interstitial::AccessLocked {
        return Some(pages::access_locked());
    }
    if visit.state.options.pipeline == crate::Pipeline::Idx {
        let stage = match stands {
            Interstitial::Consent => idx::Stage::Consent,
            Interstitial::IdentityProvider => idx::Stage::Elsewhere,
            _ => idx::Stage::Password,
        };
        let target = onwards(visit, app);
        let page = || pages::more(&idx::open_at(visit, &target, Some(user), stage));
        return (!session.password_again).then(page);
    }
    match stands {
        Interstitial::Consent => Some(pages::consent()),
        Interstitial::IdentityProvider => Some(pages::identity_provider()),
        _ if session.password_again => None,
        _ => {
            let back = http::encode(&onwards(visit, app));
            let page = visit.url(&format!("/user/verify_password?fromURI={back}"));
            Some(Answer::redirect(&page))
        }
    }
}

/// `GET /user/verify_password`: the password, once more.
pub(super) fn ask_password(visit: &Visit<'_>) -> Answer {
    let Some((id, mut session)) = sessions::current(visit) else {
        return pages::sign_in(visit);
    };
    let token = visit.canary("xsrfToken", "");
    session.password_form = Some(token.clone());
    visit.state.org().sessions.insert(id, session);
    let by_script = visit.state.options.interstitial == Some(Interstitial::PasswordAgainByScript);
    pages::password_again(&token, by_script)
}

/// `POST /user/verify_password`. Right or wrong, what the page's script is told looks alike.
pub(super) fn check_password(visit: &Visit<'_>) -> Answer {
    let Some((id, mut session)) = sessions::current(visit) else {
        return error(403, "E0000005", "Invalid session");
    };
    let token = session.password_form.take();
    if token.is_none() || visit.request.form("_xsrfToken") != token {
        return error(
            403,
            "E0000006",
            "You do not have permission to perform the requested action",
        );
    }
    let user = visit.state.user(&session.login);
    let given = visit.request.form("password");
    session.password_again = user.is_some_and(|user| {
        let org = visit.state.org();
        let changed = org.passwords.get(&user.login);
        given.as_ref() == Some(changed.unwrap_or(&user.password))
    });
    visit.state.org().sessions.insert(id, session);
    Answer::json(200, &json!({}))
}

/// The app's form for a person whom a token names.
pub(super) fn page_of(visit: &Visit<'_>, app: AppId, login: &str) -> Answer {
    match visit.state.user(login) {
        Some(user) if is_assigned(visit.state, login, app) => {
            pages::saml_form(visit, AWS_ACS, &assertion(visit.state, user, app), "")
        }
        _ => pages::error(403, "403", "You are not allowed to access this app."),
    }
}

/// The same app by its other link, with the caller's RelayState.
fn onwards(visit: &Visit<'_>, app: AppId) -> String {
    let relay_state = visit.request.parameter("RelayState");
    let query = relay_state.map(|state| format!("?RelayState={}", http::encode(&state)));
    app.sso_path() + &query.unwrap_or_default()
}
