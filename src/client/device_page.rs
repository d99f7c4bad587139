//! The page on which the user approves a device code (RFC 8628): its address, the code, a QR code
//! and the browser. Only pages of the org are shown or opened.

use std::path::PathBuf;

use url::Url;

use crate::client::browser::default_browser;
use crate::client::context::Context;
use crate::client::qr_code::show_qr_code;
use crate::model::Org;
use crate::process;
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;
use crate::terminal::has_tty;
use crate::wire::Answer;

/// Shows `page` and opens it in a browser, if there is one.
///
/// # Errors
/// When the page is not the org's own.
pub(super) fn open_device_page(
    page: &str,
    code: &str,
    minutes: u64,
    org: &Org,
    context: &Context,
) -> Result<Answer, Report> {
    let url = Url::parse(page).ok().filter(|url| org.owns(url));
    let url = url.ok_or_else(|| {
        Report::new(
            ErrorCode::OktaOauthForeignPage,
            "the page to open is not the org's own",
        )
        .hint("set `org.url` to the address your browser shows when you sign in")
    })?;
    let configured = context.settings()?.browser_command();
    if configured.is_none() && !has_tty() {
        return Ok(Answer::Unavailable);
    }
    let text = format!(
        "ob: open this page and confirm the code {} there, within {minutes} minutes:\n  {url}\n",
        escape(code)
    );
    context.output.message(&text);
    show_qr_code(url.as_str(), context);
    let browser = match configured {
        Some([program, arguments @ ..]) => Some((PathBuf::from(program), arguments)),
        _ => default_browser(context).map(|program| (program, &[][..])),
    };
    let environment = context.browser_environment()?;
    if let Some((program, arguments)) = browser
        && let Err(error) = process::open_page(&program, arguments, url.as_str(), environment)
    {
        context.output.message(&format!(
            "ob: cannot start {}: {error}; open the page yourself\n",
            escape(&program.display().to_string())
        ));
    }
    Ok(Answer::PageShown)
}
