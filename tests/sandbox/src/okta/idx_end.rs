//! The last step of an Identity Engine sign-in: the page with the one-time token sets the session's
//! cookies.

use super::idx::Interaction;
use super::sessions::{self, Session};
use super::{Visit, pages};
use crate::canary;
use crate::http::Answer;
use crate::state::SandboxState;

/// Answers `GET /login/token/redirect?stateToken=02.id.…`: sets the cookies and redirects to the
/// target.
pub(super) fn redirect(visit: &Visit<'_>) -> Answer {
    let token = visit.request.parameter("stateToken").unwrap_or_default();
    let found = visit.state.org().finished.remove(&token);
    let Some(interaction) = found else {
        return pages::error(400, "400", "The session has expired.");
    };
    let login = interaction.login.unwrap_or_default();
    let (id, mut session) = match sessions::current(visit).filter(|_| interaction.step_up) {
        Some(current) => current,
        None => (
            visit.canary("sid", "102"),
            Session {
                login,
                expires_at: visit.now + visit.state.options.session_seconds,
                second_factor: true,
                stepped_up: false,
                password_form: None,
                password_again: false,
            },
        ),
    };
    session.stepped_up |= interaction.step_up;
    session.password_again |= interaction.step_up;
    visit.state.org().sessions.insert(id.clone(), session);
    Answer::redirect(&visit.url(&interaction.target))
        .with("Set-Cookie", &sessions::cookie(&id))
        .with(
            "Set-Cookie",
            &format!("idx={id}; Path=/; Secure; HttpOnly; SameSite=None"),
        )
}

/// Issues the one-time token of a finished interaction.
pub(super) fn finish(state: &SandboxState, interaction: &Interaction) -> String {
    let token = format!("02.id.{}", canary::random(canary::ALPHANUMERIC, 30));
    state.canaries.note("stateToken", &token);
    state
        .org()
        .finished
        .insert(token.clone(), interaction.clone());
    token
}
