//! A page that Okta answers with instead of an app: 403 and its like.

use crate::http::Response;
use crate::okta::OktaError;
use crate::okta::page::{AppPage, PageError, explanation};
use crate::report::{ErrorCode, Report};

/// Returns why Okta does not open an app or a list of apps: the API's error, else what the page says.
/// `setting` is where the user names the app.
pub(in crate::flow) fn refused_page(page: &Response, setting: &str) -> Report {
    if let Some(error) = OktaError::parse(page.status, page.content_type(), &page.body) {
        return error.into();
    }
    let said = page
        .content_type()
        .starts_with("text/html")
        .then(|| explanation(&page.body))
        .flatten();
    let read = AppPage::parse(&page.body).and_then(AppPage::into_saml_form);
    if let Err(
        error @ (PageError::AccessLocked | PageError::ConsentNeeded | PageError::IdpRedirect(_)),
    ) = read
    {
        let report = Report::from(error);
        return match said {
            Some(said) => report.cause(format!("Okta says: {said}")),
            None => report,
        };
    }
    let report = Report::new(ErrorCode::OktaStatus, "Okta did not answer as expected");
    match said {
        Some(said) => report
            .cause(format!("Okta says: {said}"))
            .cause(format!("it answered with status {}", page.status))
            .hint("ask your Okta admin whether the app is assigned to you"),
        None => report.cause(format!("it answered with status {}", page.status)),
    }
    .hint(format!(
        "check {setting} with `ob config check`, or open the app in a browser to see what Okta says"
    ))
}
