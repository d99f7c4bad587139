//! The org's HTML: the sign-in widget's page, the page that asks for more, the self-posting SAML
//! form and the error page, in the shapes clients meet in the wild (entities in hexadecimal, script
//! values with `\x2D`).

use std::fmt::Write as _;

use super::Visit;
use super::authn::{self, Phase};
use super::idx;
use crate::Pipeline;
use crate::http::Answer;

/// The sign-in page, with a transaction of its own.
pub(super) fn sign_in(visit: &Visit<'_>) -> Answer {
    if visit.state.options.pipeline == Pipeline::Idx {
        let path = &visit.request.path;
        let target = if path.starts_with("/app/") || path.starts_with("/home/") {
            path
        } else {
            "/app/UserHome"
        };
        return widget("acme - Sign In", &idx::open(visit, target));
    }
    let (token, _) = authn::open(visit, None, Phase::Unauthenticated, None);
    widget("acme - Sign In", &token)
}

/// The page of an app that wants a second factor first.
pub(super) fn extra_verification(token: &str) -> Answer {
    widget("acme - Extra Verification", token)
}

/// A page made by a script; what it is about stands in its address.
pub(super) fn script_only() -> Answer {
    Answer::html(
        200,
        "<!DOCTYPE html><html><head><title>acme - Sign In</title><script \
         src=\"/assets/a.js\"></script></head>\
         <body><div id=\"okta-sign-in\"></div></body></html>",
    )
}

/// The page of an app that the user may not open.
pub(super) fn refused(heading: &str, text: &str) -> Answer {
    Answer::html(
        403,
        &format!(
            "<!DOCTYPE html><html><head><title>acme - Error</title></head><body>\
             <div class=\"wrap\"><h1>{heading}</h1><p>{text}</p></div></body></html>"
        ),
    )
}

/// Identity Engine's page of an app that wants more; it looks like any sign-in page.
pub(super) fn more(token: &str) -> Answer {
    widget("acme - Sign In", token)
}

/// Classic's page that asks for the password once more, or the same made by a script.
pub(super) fn password_again(token: &str, by_script: bool) -> Answer {
    let form = format!(
        "<div id=\"creds.edit\" class=\"ajax-form-editor mfa-challenge-form\">\
         <form id=\"creds.edit.form\" class=\"v-form\" action=\"/user/verify_password\" \
         method=\"post\">\
         <input type=\"hidden\" class=\"hide\" name=\"_xsrfToken\" id=\"_xsrfToken\" \
         value=\"{token}\"/>\
         <label id=\"creds.password.label\" for=\"creds.password\">Password\
         <input id=\"creds.password\" name=\"password\" type=\"password\" value=\"\" \
         autocomplete=\"off\"/></label>\
         <input value=\"Verify\" name=\"m-save\" type=\"button\" \
         id=\"creds.button.submit\"/></form></div>"
    );
    Answer::html(
        200,
        &format!(
            "<!DOCTYPE html><html lang=\"en\"><head><title>acme - Verify \
             Password</title></head><body>\
             <div id=\"password-verification-challenge\" class=\"sign-in-content rounded-6\">\
             <h1>Please verify your password</h1>{}</div></body></html>",
            if by_script { "" } else { &form }
        ),
    )
}

/// The page of an app that waits for a consent.
pub(super) fn consent() -> Answer {
    Answer::html(
        200,
        "<!DOCTYPE html><html><head><title>acme - Consent</title></head><body>\
         <div class=\"consent\"><h1>Terms of use</h1>\
         <form action=\"/app/consent\" method=\"post\"><input type=\"submit\" \
         value=\"Allow\"/></form>\
         </div></body></html>",
    )
}

/// "App Access Locked".
pub(super) fn access_locked() -> Answer {
    Answer::html(
        200,
        "<!DOCTYPE html><html><head><title>acme - App Access Locked</title></head><body>\
         <h1>App Access Locked</h1></body></html>",
    )
}

/// The page that hands the browser to another identity provider.
pub(super) fn identity_provider() -> Answer {
    Answer::html(
        200,
        "<!DOCTYPE html><html><head><title>acme - Signing in...</title></head><body>\
         <form method=\"POST\" action=\"https://login.example.net/adfs/ls\">\
         <input type=\"hidden\" name=\"SAMLRequest\" value=\"PHNhbWxwPg==\"/></form></body></html>",
    )
}

/// The page that posts the SAML response to the service provider.
pub(super) fn saml_form(
    visit: &Visit<'_>,
    action: &str,
    response: &str,
    relay_state: &str,
) -> Answer {
    let search = match visit.state.options.search_form {
        true => {
            "<form action=\"/search\"><input name=\"q\"/><button \
             formaction=\"/all\">Search</button></form>\n"
        }
        false => "",
    };
    let (action, response, relay_state) = (
        attribute(action),
        attribute(response),
        attribute(relay_state),
    );
    Answer::html(
        200,
        &format!(
            "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" \
             \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n\
             <html xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n\
             <meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\" />\n\
             <title>acme - Signing in...</title>\n</head>\n<body id=\"app\">\n\
             <div class=\"wrap\"><h1>Signing in to AWS</h1></div>\n{search}\
             <form id=\"appForm\" action=\"{action}\" method=\"POST\">\n\
             <input name=\"SAMLResponse\" type=\"hidden\" value=\"{response}\"/>\n\
             <input name=\"RelayState\" type=\"hidden\" value=\"{relay_state}\"/>\n\
             </form>\n<script type=\"text/javascript\">\
             document.getElementById('appForm').submit();</script>\n</body>\n</html>\n"
        ),
    )
    .with("Cache-Control", "no-cache, no-store")
}

/// Okta's error page.
pub(super) fn error(status: u16, code: &str, heading: &str) -> Answer {
    Answer::html(
        status,
        &format!(
            "<!DOCTYPE html><html><head><title>acme - Error</title></head><body>\
             <div class=\"error-content\"><h1>{heading}</h1><p class=\"error-code\">{code}</p>\
             </div></body></html>"
        ),
    )
}

fn widget(title: &str, token: &str) -> Answer {
    let token = token.replace('-', "\\x2D");
    Answer::html(
        200,
        &format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"UTF-8\"/>\
             <title>{title}</title></head>\n<body class=\"auth okta-container\">\
             <div id=\"okta-sign-in\" class=\"auth-container main-container\"></div>\n\
             <div id=\"okta-login-container\"></div>\n<script type=\"text/javascript\">\n\
             var stateToken = '{token}';\nvar oktaData = {{\"redirectUri\":\"\",\
             \"signIn\":{{\"stateToken\":\"{token}\",\
             \"processCreds\":function(creds){{return true;}}}}}};\n</script>\n\
             </body></html>\n"
        ),
    )
}

/// An attribute value as the org's pages encode it: all but letters, digits and `,.-_` as
/// hexadecimal character references.
fn attribute(value: &str) -> String {
    let mut encoded = String::new();
    for letter in value.chars() {
        if letter.is_ascii_alphanumeric() || ",.-_".contains(letter) {
            encoded.push(letter);
        } else {
            let _ = write!(encoded, "&#x{:x};", u32::from(letter));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_coded_in_hexadecimal() {
        assert_eq!(
            attribute("https://x/a+b="),
            "https&#x3a;&#x2f;&#x2f;x&#x2f;a&#x2b;b&#x3d;"
        );
    }
}
