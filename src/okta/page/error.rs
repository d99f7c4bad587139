//! Errors of an app's page.

use thiserror::Error;

use crate::okta::html::HtmlError;
use crate::report::{Exit, Report};

/// Why a page has no usable SAML form.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PageError {
    #[error("the form's action is empty")]
    ActionEmpty,
    #[error("the form's action is no address")]
    ActionInvalid,
    #[error("the form's action is plain http")]
    ActionPlainHttp,
    #[error("the form's action is not a whole address")]
    ActionRelative,
    #[error("the form's action has the scheme {0}")]
    ActionScheme(String),
    #[error("the form's action carries a name or password")]
    ActionUserInfo,
    #[error("the page sets a base address")]
    BaseTag,
    #[error("the page is not UTF-8")]
    Charset,
    #[error("the page is compressed, which was not asked for")]
    Compressed,
    #[error("the page is cut short")]
    CutShort,
    #[error("an attribute of the form is given twice")]
    DuplicateAttribute,
    #[error("the form goes to {0}")]
    ForeignAction(String),
    #[error("the form for the password goes to {0}")]
    ForeignPassword(String),
    #[error("a control of the form sends it elsewhere")]
    FormAction,
    #[error("a control claims to belong to another form")]
    FormAttribute,
    #[error("the form stands where a browser does not use it")]
    InertForm,
    #[error("the page reloads itself")]
    MetaRefresh,
    #[error("the form is not sent with POST")]
    Method,
    #[error("a form within a form")]
    NestedForm,
    #[error("the SAML response is not base64: {0}")]
    NotBase64(Base64Flaw),
    #[error("the relay state is longer than 4 KiB")]
    RelayStateTooLong,
    #[error("the SAML response is empty")]
    ResponseEmpty,
    #[error("a SAML response outside of any form")]
    ResponseOutsideForm,
    #[error("the SAML response is larger than 512 KiB")]
    ResponseTooLarge,
    #[error("a second form with a SAML response on the page")]
    SecondForm,
    #[error("the page is larger than 1 MiB")]
    TooLarge,
    #[error("a tag has more than 256 attributes")]
    TooManyAttributes,
    #[error("two relay states in one form")]
    TwoRelayStates,
    #[error("two SAML responses in one form")]
    TwoResponses,

    #[error("Okta shows its sign-in page")]
    SignInNeeded,
    #[error("this app asks for another factor")]
    StepUpNeeded,
    #[error("this app asks for the password once more")]
    PasswordNeeded,
    #[error("Okta says: App Access Locked")]
    AccessLocked,
    #[error("Okta asks for your consent")]
    ConsentNeeded,
    #[error("the org hands the sign-in to {0}")]
    IdpRedirect(String),
    #[error("Okta says: {0}")]
    Okta(String),
    #[error("the page is a script of Okta Identity Engine")]
    ScriptOnly,
    #[error("the page holds no SAML response")]
    NoForm,
}

/// Why a value is not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Base64Flaw {
    #[error("a character that does not belong there")]
    Alphabet,
    #[error("its end is wrong")]
    Padding,
    #[error("it is percent-encoded")]
    Percent,
    #[error("it is the alphabet for URLs")]
    UrlSafe,
    #[error("white space in it")]
    WhiteSpace,
}

impl From<HtmlError> for PageError {
    fn from(error: HtmlError) -> Self {
        match error {
            HtmlError::CutShort => Self::CutShort,
            HtmlError::TooManyAttributes => Self::TooManyAttributes,
        }
    }
}

impl PageError {
    /// Returns the report's name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ActionEmpty => "okta.page.action_empty",
            Self::ActionInvalid => "okta.page.action_invalid",
            Self::ActionPlainHttp => "okta.page.action_plain_http",
            Self::ActionRelative => "okta.page.action_relative",
            Self::ActionScheme(_) => "okta.page.action_scheme",
            Self::ActionUserInfo => "okta.page.action_user_info",
            Self::BaseTag => "okta.page.base_tag",
            Self::Charset => "okta.page.charset",
            Self::Compressed => "okta.page.compressed",
            Self::CutShort => "okta.page.cut_short",
            Self::DuplicateAttribute => "okta.page.duplicate_attribute",
            Self::ForeignAction(_) => "okta.page.foreign_action",
            Self::ForeignPassword(_) => "okta.page.foreign_password",
            Self::FormAction => "okta.page.form_action",
            Self::FormAttribute => "okta.page.form_attribute",
            Self::InertForm => "okta.page.inert_form",
            Self::MetaRefresh => "okta.page.meta_refresh",
            Self::Method => "okta.page.method",
            Self::NestedForm => "okta.page.nested_form",
            Self::NotBase64(flaw) => flaw.name(),
            Self::RelayStateTooLong => "okta.page.relay_state_too_long",
            Self::ResponseEmpty => "okta.page.response_empty",
            Self::ResponseOutsideForm => "okta.page.response_outside_form",
            Self::ResponseTooLarge => "okta.page.response_too_large",
            Self::SecondForm => "okta.page.second_form",
            Self::TooLarge => "okta.page.too_large",
            Self::TooManyAttributes => "okta.page.too_many_attributes",
            Self::TwoRelayStates => "okta.page.two_relay_states",
            Self::TwoResponses => "okta.page.two_responses",
            Self::SignInNeeded => "okta.page.sign_in",
            Self::StepUpNeeded => "okta.page.step_up",
            Self::PasswordNeeded => "okta.page.password_again",
            Self::AccessLocked => "okta.page.access_locked",
            Self::ConsentNeeded => "okta.page.consent",
            Self::IdpRedirect(_) => "okta.page.idp_redirect",
            Self::Okta(_) => "okta.page.error",
            Self::ScriptOnly => "okta.page.script_only",
            Self::NoForm => "okta.page.no_form",
        }
    }
}

impl Base64Flaw {
    const fn name(self) -> &'static str {
        match self {
            Self::Alphabet => "okta.page.base64_alphabet",
            Self::Padding => "okta.page.base64_padding",
            Self::Percent => "okta.page.base64_percent",
            Self::UrlSafe => "okta.page.base64_url_safe",
            Self::WhiteSpace => "okta.page.base64_white_space",
        }
    }
}

impl From<PageError> for Report {
    fn from(error: PageError) -> Self {
        let (exit, summary, hint) = match &error {
            PageError::SignInNeeded => (
                Exit::SignIn,
                "the Okta session is over",
                "`ob login` signs in again",
            ),
            PageError::StepUpNeeded | PageError::PasswordNeeded => (
                Exit::SignIn,
                "this app asks for more than the session has",
                "`ob login` signs in again; if that is not enough, open the app once in a browser",
            ),
            PageError::AccessLocked => (
                Exit::Refused,
                "Okta keeps this app closed to you",
                "ask your Okta admin why the app is locked",
            ),
            PageError::ConsentNeeded => (
                Exit::SignIn,
                "the app waits for your consent",
                "open the app once in a browser and agree there",
            ),
            PageError::IdpRedirect(_) => (
                Exit::SignIn,
                "this org signs you in elsewhere",
                "set `sign_in = \"browser\"` under `[org]`, then `ob login`",
            ),
            PageError::ScriptOnly => (
                Exit::SignIn,
                "this org's page needs another way to sign in",
                "set `sign_in = \"browser\"` under `[org]`, then `ob login`",
            ),
            PageError::Okta(_) => (
                Exit::Refused,
                "Okta does not open this app for you",
                "ask your Okta admin whether the app is assigned to you",
            ),
            PageError::ForeignAction(_) => (
                Exit::Usage,
                "this is the form of another app",
                "set `aws.app` (or `vpn.app`) to the embed link of the right tile",
            ),
            PageError::NoForm => (
                Exit::Failed,
                "this is not the page of an Okta app",
                "check `aws.app` with `ob config check`, and whether a proxy or your network's \
                 sign-in page answers instead",
            ),
            _ => (
                Exit::Failed,
                "the app's page cannot be trusted to be what it seems",
                "open the app in a browser; if it works there, what stands between this machine \
                 and Okta changes the page",
            ),
        };
        Self::new(exit, error.name(), summary)
            .cause(&error)
            .hint(hint)
    }
}
