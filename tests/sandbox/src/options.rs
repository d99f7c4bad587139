//! Options of a sandbox.

use crate::access_server::VpnOptions;
use std::time::Duration;

use crate::tls::Certificate;

/// Which sign-in pipeline the org says it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pipeline {
    /// The classic authentication API.
    #[default]
    V1,
    /// Okta Identity Engine. Its pages speak IDX; the classic API is still answered.
    Idx,
}

/// Pages between a session and the AWS apps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interstitial {
    /// The password is asked for once more: a page of its own in Classic, a sign-in page in
    /// Identity Engine.
    PasswordAgain,
    /// The same page made by a script, which a terminal cannot run (Classic).
    PasswordAgainByScript,
    /// Something has to be agreed to.
    Consent,
    /// "App Access Locked".
    AccessLocked,
    /// Another identity provider has to vouch for the user.
    IdentityProvider,
}

/// A step of Identity Engine between the last factor and the end of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interlude {
    /// "Keep me signed in".
    KeepMeSignedIn,
    /// The device misses a requirement, which may be put off; its messages are a warning and an
    /// error.
    DeviceGracePeriod,
    /// Safe mode: the form is posted again until the org is back.
    SafeMode,
    /// Terms that only the user may accept.
    Terms,
}

/// How a Classic step-up ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StepUpEnd {
    /// With a link back to the app.
    #[default]
    Link,
    /// With a session token and no link.
    SessionToken,
    /// With neither.
    Bare,
}

/// How a sandbox differs from the default one.
#[derive(Debug, Clone)]
pub struct Options {
    /// The org's host name, which must lead to this machine, and port; none: `127.0.0.1` and a free
    /// port.
    pub host: Option<(String, u16)>,
    /// What `/.well-known/okta-organization` says.
    pub pipeline: Pipeline,
    /// How far the servers' clock is ahead of the machine's.
    pub clock_skew_seconds: i64,
    /// What the servers show in the TLS handshake.
    pub certificate: Certificate,
    /// Every answer comes this much later, as over a slow network.
    pub latency: Duration,
    /// Life of a state token since its last use.
    pub state_token_seconds: u64,
    /// Life of a session token.
    pub session_token_seconds: u64,
    /// Life of a session since its creation or refresh.
    pub session_seconds: u64,
    /// How long an assertion may be redeemed.
    pub assertion_seconds: u64,
    /// `SessionDuration` attribute; the console's, not STS's.
    pub console_session_seconds: Option<u64>,
    /// Further values of AWS attributes (`Role`, `SessionDuration`…), behind the proper ones.
    pub odd_values: Vec<(&'static str, &'static str)>,
    /// `SessionNotOnOrAfter`, counted from issue; it caps the life of credentials.
    pub session_not_on_or_after_seconds: Option<u64>,
    /// More roles for alice in the labs account: `Bulk-0001` and on.
    pub extra_roles: usize,
    /// A `/home/…` link with a session token is answered by a redirect to the `/app/…` link.
    pub app_redirects: bool,
    /// AWS apps ask for a second factor again (classic step-up).
    pub step_up: bool,
    /// A step-up's state token stands in the address alone
    /// (`/login/step-up/redirect?stateToken=…`), in either pipeline.
    pub step_up_by_address: bool,
    pub step_up_end: StepUpEnd,
    /// A search box beside the form of an app's page.
    pub search_form: bool,
    /// An app that is not the user's answers 403 with this heading and text.
    pub refused_app: Option<(&'static str, &'static str)>,
    /// Steps after the last factor, in order.
    pub idx_interludes: Vec<Interlude>,
    /// What AWS apps show in place of their form.
    pub interstitial: Option<Interstitial>,
    /// How the VPN's Access Server behaves.
    pub vpn: VpnOptions,
    /// The RSA token asks for a new PIN after a right code.
    pub rsa_new_pin: bool,
    /// Identity Engine asks for the name first, for the password on the next page.
    pub idx_identifier_first: bool,
    /// Identity Engine looks for Okta Verify on the device first.
    pub idx_device_probe: bool,
    /// The end of an Identity Engine sign-in is a remediation instead of `success`.
    pub idx_success_remediation: bool,
    /// Every how-many-th token exchange is refused for its assurance; zero: none.
    pub web_sso_assurance: usize,
    /// AWS apps refuse tokens of a sign-in older than this, however new the tokens are.
    pub sign_in_good_for: Option<u64>,
    /// An id token whose scope has `profile` says who it is of; an org's server can be told to
    /// leave it out.
    pub id_token_has_username: bool,
    /// Whether `/oauth2/v1/userinfo` has `preferred_username`.
    pub user_info_names_the_user: bool,
    /// The native client may have refresh tokens.
    pub refresh_tokens: bool,
    /// A refresh token is good once.
    pub rotates_refresh_tokens: bool,
    /// A scope that is refused is refused when the person has signed in, not when it is asked for.
    pub judges_scopes_late: bool,
    /// The VPN and AWS labs have the native client on their trust list (Native to Web SSO).
    pub interclient_trust: bool,
    /// AWS labs names the native client as its Allowed Web SSO Client, as AWS production does.
    pub labs_web_sso: bool,
    /// The VPN asks for a second factor again, as Identity Engine does.
    pub vpn_step_up: bool,
    /// What a security key's challenge says of the PIN: `required`, `preferred`, `discouraged`.
    pub webauthn_user_verification: &'static str,
    /// The relying party that a security key's challenge names; none: the org's host is meant.
    pub webauthn_rp_id: Option<String>,
    /// The sign-on policy lets a device be remembered.
    pub allow_remember_device: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            host: None,
            pipeline: Pipeline::V1,
            clock_skew_seconds: 0,
            certificate: Certificate::Good,
            latency: Duration::ZERO,
            state_token_seconds: 300,
            session_token_seconds: 300,
            session_seconds: 7200,
            assertion_seconds: 300,
            console_session_seconds: Some(3600),
            odd_values: Vec::new(),
            session_not_on_or_after_seconds: None,
            extra_roles: 0,
            app_redirects: false,
            step_up: false,
            step_up_by_address: false,
            step_up_end: StepUpEnd::default(),
            search_form: false,
            refused_app: None,
            idx_interludes: Vec::new(),
            interstitial: None,
            vpn: VpnOptions::default(),
            rsa_new_pin: false,
            idx_identifier_first: false,
            idx_device_probe: false,
            idx_success_remediation: false,
            web_sso_assurance: 0,
            sign_in_good_for: None,
            id_token_has_username: true,
            user_info_names_the_user: true,
            refresh_tokens: true,
            rotates_refresh_tokens: true,
            judges_scopes_late: false,
            interclient_trust: false,
            labs_web_sso: true,
            vpn_step_up: false,
            webauthn_user_verification: "preferred",
            webauthn_rp_id: None,
            allow_remember_device: true,
        }
    }
}
