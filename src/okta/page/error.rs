//! Errors of an app's page.

use thiserror::Error;

use crate::okta::html::HtmlError;
use crate::report::{ErrorCode, Report};

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
    #[error("the SAML response is not base64: a character that does not belong there")]
    Base64Alphabet,
    #[error("the SAML response is not base64: its end is wrong")]
    Base64Padding,
    #[error("the SAML response is not base64: it is percent-encoded")]
    Base64Percent,
    #[error("the SAML response is not base64: it is the alphabet for URLs")]
    Base64UrlSafe,
    #[error("the SAML response is not base64: white space in it")]
    Base64WhiteSpace,
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

impl From<HtmlError> for PageError {
    fn from(error: HtmlError) -> Self {
        match error {
            HtmlError::CutShort => Self::CutShort,
            HtmlError::TooManyAttributes => Self::TooManyAttributes,
        }
    }
}

impl PageError {
    /// Returns the code of the report, one of `okta.page.…`.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::ActionEmpty => ErrorCode::OktaPageActionEmpty,
            Self::ActionInvalid => ErrorCode::OktaPageActionInvalid,
            Self::ActionPlainHttp => ErrorCode::OktaPageActionPlainHttp,
            Self::ActionRelative => ErrorCode::OktaPageActionRelative,
            Self::ActionScheme(_) => ErrorCode::OktaPageActionScheme,
            Self::ActionUserInfo => ErrorCode::OktaPageActionUserInfo,
            Self::Base64Alphabet => ErrorCode::OktaPageBase64Alphabet,
            Self::Base64Padding => ErrorCode::OktaPageBase64Padding,
            Self::Base64Percent => ErrorCode::OktaPageBase64Percent,
            Self::Base64UrlSafe => ErrorCode::OktaPageBase64UrlSafe,
            Self::Base64WhiteSpace => ErrorCode::OktaPageBase64WhiteSpace,
            Self::BaseTag => ErrorCode::OktaPageBaseTag,
            Self::Charset => ErrorCode::OktaPageCharset,
            Self::Compressed => ErrorCode::OktaPageCompressed,
            Self::CutShort => ErrorCode::OktaPageCutShort,
            Self::DuplicateAttribute => ErrorCode::OktaPageDuplicateAttribute,
            Self::ForeignAction(_) => ErrorCode::OktaPageForeignAction,
            Self::ForeignPassword(_) => ErrorCode::OktaPageForeignPassword,
            Self::FormAction => ErrorCode::OktaPageFormAction,
            Self::FormAttribute => ErrorCode::OktaPageFormAttribute,
            Self::InertForm => ErrorCode::OktaPageInertForm,
            Self::MetaRefresh => ErrorCode::OktaPageMetaRefresh,
            Self::Method => ErrorCode::OktaPageMethod,
            Self::NestedForm => ErrorCode::OktaPageNestedForm,
            Self::RelayStateTooLong => ErrorCode::OktaPageRelayStateTooLong,
            Self::ResponseEmpty => ErrorCode::OktaPageResponseEmpty,
            Self::ResponseOutsideForm => ErrorCode::OktaPageResponseOutsideForm,
            Self::ResponseTooLarge => ErrorCode::OktaPageResponseTooLarge,
            Self::SecondForm => ErrorCode::OktaPageSecondForm,
            Self::TooLarge => ErrorCode::OktaPageTooLarge,
            Self::TooManyAttributes => ErrorCode::OktaPageTooManyAttributes,
            Self::TwoRelayStates => ErrorCode::OktaPageTwoRelayStates,
            Self::TwoResponses => ErrorCode::OktaPageTwoResponses,
            Self::SignInNeeded => ErrorCode::OktaPageSignIn,
            Self::StepUpNeeded => ErrorCode::OktaPageStepUp,
            Self::PasswordNeeded => ErrorCode::OktaPagePasswordAgain,
            Self::AccessLocked => ErrorCode::OktaPageAccessLocked,
            Self::ConsentNeeded => ErrorCode::OktaPageConsent,
            Self::IdpRedirect(_) => ErrorCode::OktaPageIdpRedirect,
            Self::Okta(_) => ErrorCode::OktaPageError,
            Self::ScriptOnly => ErrorCode::OktaPageScriptOnly,
            Self::NoForm => ErrorCode::OktaPageNoForm,
        }
    }
}

impl From<PageError> for Report {
    fn from(error: PageError) -> Self {
        let (summary, hint) = match &error {
            PageError::SignInNeeded => ("the Okta session is over", "`ob login` signs in again"),
            PageError::StepUpNeeded | PageError::PasswordNeeded => (
                "this app requires another verification",
                "`ob login` signs in again; if that is not enough, open the app once in a browser",
            ),
            PageError::AccessLocked => (
                "Okta has locked your access to this app",
                "ask your Okta admin why the app is locked",
            ),
            PageError::ConsentNeeded => (
                "the app waits for your consent",
                "open the app once in a browser and agree there",
            ),
            PageError::IdpRedirect(_) => (
                "this org signs you in elsewhere",
                "set `sign_in = \"browser\"` under `[org]`, then `ob login`",
            ),
            PageError::ScriptOnly => (
                "this org's page needs another way to sign in",
                "set `sign_in = \"browser\"` under `[org]`, then `ob login`",
            ),
            PageError::Okta(_) => (
                "Okta does not open this app for you",
                "ask your Okta admin whether the app is assigned to you",
            ),
            PageError::ForeignAction(_) => (
                "this is the form of another app",
                "set `aws.app` (or `vpn.app`) to the embed link of the right tile",
            ),
            PageError::NoForm => (
                "this is not the page of an Okta app",
                "check `aws.app` with `ob config check`, and whether a proxy or your network's \
                 sign-in page answers instead",
            ),
            _ => (
                "the app's page is not as Okta sends it",
                "open the app in a browser; if it works there, a proxy may be changing the page: \
                 ask your network's administrator",
            ),
        };
        Self::new(error.code(), summary).cause(&error).hint(hint)
    }
}
