//! Reads an app's page: the SAML form, or why Okta shows something else.

use crate::flow::failure::Failure;
use crate::http::Response;
use crate::okta::OktaError;
use crate::okta::page::{AppPage, PageError, SamlForm, explanation};
use crate::report::{ErrorCode, Report};

/// Returns the SAML form of an app's page. `what` completes "cannot …"; `setting` is where the
/// user names the app.
///
/// # Errors
/// [`Failure::SessionEnded`] if the page asks for a sign-in; else what Okta says.
pub(in crate::flow) fn parse_saml_form(
    page: &Response,
    what: &str,
    setting: &str,
) -> Result<SamlForm, Failure> {
    let failed = |report: Report| Err(report.context(format!("cannot {what}")).into());
    match page.status {
        200 => {}
        401 => return Err(Failure::SessionEnded),
        _ => return failed(refused_page(page, setting)),
    }
    match AppPage::parse(&page.body).and_then(AppPage::into_saml_form) {
        Ok(form) => Ok(form),
        Err(PageError::SignInNeeded) => Err(Failure::SessionEnded),
        Err(error) => failed(error.into()),
    }
}

/// Returns why Okta does not open an app or a list of apps: the API's error, else what the page
/// says.
pub(super) fn refused_page(page: &Response, setting: &str) -> Report {
    if let Some(error) = OktaError::parse(page.status, page.content_type(), &page.body) {
        return error.into();
    }
    let is_html = page.content_type().starts_with("text/html");
    let explanation = is_html.then(|| explanation(&page.body)).flatten();
    let explanation = explanation.map(|text| format!("Okta says: {text}"));
    let parsed = AppPage::parse(&page.body).and_then(AppPage::into_saml_form);
    if let Err(
        error @ (PageError::AccessLocked | PageError::ConsentNeeded | PageError::IdpRedirect(_)),
    ) = parsed
    {
        return explanation.into_iter().fold(error.into(), Report::cause);
    }
    let status = format!("it answered with status {}", page.status);
    let summary = "Okta did not answer as expected";
    let report = Report::new(ErrorCode::OktaStatus, summary);
    match explanation {
        Some(explanation) => report
            .cause(explanation)
            .cause(status)
            .hint("ask your Okta admin whether the app is assigned to you"),
        None => report.cause(status),
    }
    .hint(format!(
        "check {setting} with `ob config check`, or open the app in a browser to see what Okta says"
    ))
}
