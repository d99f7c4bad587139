//! The table of twins: what each tool's key means here.

use super::Tool;

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A key of the org, as it is.
    Org(&'static str),
    /// A key of the profile, as it is.
    Profile(&'static str),
    /// The org's address, or a tile's, which is the app's as well.
    Address,
    /// The app's address or id.
    App,
    Role,
    Provider,
    Factor,
    /// Managed session policies, with commas.
    Policies,
    /// Whether the Classic interface is insisted on.
    Classic,
    /// Limits what the profile may do, in a way that ob does not have: left out, and why.
    Limit(&'static str),
    /// Read elsewhere, or the same here by itself.
    Silent,
    /// Left out whenever it is set, and why.
    Never(&'static str),
    /// Left out unless it is empty or no, and why.
    Unless(&'static str),
    /// The same, and unless it is what the tool writes by itself.
    UnlessDefault(&'static str, &'static str),
}

use Meaning::{
    Address, App, Classic, Factor, Limit, Never, Org, Policies, Profile, Provider, Role, Silent,
    Unless, UnlessDefault,
};

const SECRET: &str = "a secret, and no setting holds one: `ob login` asks for it";
const COMMAND: &str =
    "what it prints is a secret, and no setting holds one: `ob login` asks for it";
const DEVICE: &str = "a device token is a secret: ob keeps its own, in memory";
const VERIFY: &str = "certificates are always checked: `org.ca_bundle` trusts your own";
const WRITES: &str = "ob writes credentials only when told: `ob write`";
const OUTPUT: &str = "how to print is said each time: `ob env`, `ob credential`";
const BROWSER: &str = "`browser_command` takes a program and arguments, as an array";
const NAMED: &str = "the profile has its section's name";
const ALL: &str = "said each time: `ob write --all`";
const MANY: &str = "the app is found from your tiles; `aws.app` takes its link";
const UNLIMITED: &str =
    "it does not limit the profile here, only managed policies do: `policy_arns`, or `read_only`";
const DEBUG: &str = "said each time: `ob -v`";
const OPENS: &str = "ob opens the page by itself; `browser_command` names another browser";
const SESSION_NAME: &str = "the session's name comes from Okta's assertion";
const NO_FILE: &str = "a session is never in a file: the agent keeps it in memory";
const CHAINED: &str = "a chained role lasts one hour at most";
const ALIASES: &str = "accounts have the names of `[accounts]`, else those that Okta's tiles have";
const OWN_LIMITS: &str = "ob has its own limits of time and tries";
const ELSEWHERE: &str = "it is for another identity provider than Okta";
const NO_BROWSER: &str = "ob drives no browser: it opens yours, or asks in the terminal";
const ITS_OWN: &str = "it says how the tool itself runs";
const TWIN: &str = "has no twin";

const OKTA_AWS_CLI: &[(&str, Meaning)] = &[
    ("org-domain", Address),
    ("oidc-client-id", Org("client_id")),
    ("username", Org("username")),
    ("key-id", Org("key_id")),
    ("private-key-file", Org("private_key_file")),
    ("authz-id", Org("authorization_server")),
    ("custom-scope", Org("scope")),
    ("aws-acct-fed-app-id", App),
    ("aws-iam-idp", Provider),
    ("aws-iam-role", Role),
    ("aws-region", Profile("region")),
    ("aws-session-duration", Profile("duration")),
    ("session-duration", Profile("duration")),
    ("password", Never(SECRET)),
    ("private-key", Never(SECRET)),
    ("write-aws-credentials", Unless(WRITES)),
    ("aws-credentials", Unless(WRITES)),
    ("format", Unless(OUTPUT)),
    ("open-browser-command", Unless(BROWSER)),
    ("all-profiles", Unless(ALL)),
    // The same app, called after Okta Identity Engine.
    ("oie-client-id", Org("client_id")),
    ("aws-sts-role-session-name", Unless(SESSION_NAME)),
    ("cache-access-token", Unless(NO_FILE)),
    ("debug", Unless(DEBUG)),
    ("debug-api-calls", Unless(DEBUG)),
    ("exec", Unless("said each time: `ob exec -- COMMAND`")),
    ("expiry-aws-variables", Silent),
    (
        "legacy-aws-variables",
        Unless("said each time: `ob write --legacy`"),
    ),
    ("open-browser", Unless(OPENS)),
    ("profile", Unless(NAMED)),
    ("qr-code", Silent),
    ("short-user-agent", Unless("ob always names itself to Okta")),
];

const GIMME: &[(&str, Meaning)] = &[
    ("okta_org_url", Address),
    ("okta_username", Org("username")),
    ("client_id", Org("client_id")),
    ("okta_auth_server", Org("authorization_server")),
    ("app_url", App),
    ("aws_appname", Unless(MANY)),
    ("aws_rolename", Role),
    ("aws_default_duration", Profile("duration")),
    ("preferred_mfa_type", Factor),
    ("force_classic", Classic),
    ("okta_password", Never(SECRET)),
    ("okta_api_key", Never(SECRET)),
    ("device_token", Never(DEVICE)),
    ("write_aws_creds", Unless(WRITES)),
    ("output_format", Unless(OUTPUT)),
    ("cred_profile", Unless(NAMED)),
    ("inherits", Silent),
    (
        "gimme_creds_server",
        UnlessDefault("appurl", "ob asks no server but Okta's"),
    ),
    ("open_browser", Unless(OPENS)),
    ("open-browser", Unless(OPENS)),
    ("force-classic", Classic),
    ("conf_profile", Unless(NAMED)),
    ("enable_keychain", Unless(SECRET)),
    (
        "preferred_mfa_provider",
        Unless("`org.factor` names a factor, not its provider"),
    ),
    (
        "duo_universal_factor",
        Unless("Duo is used in the browser: `sign_in = \"browser\"`"),
    ),
    ("resolve_aws_alias", Unless(ALIASES)),
    (
        "include_path",
        Unless("said each time: `ob write --name-template`"),
    ),
    ("remember_device", Unless(DEVICE)),
];

const SAML2AWS: &[(&str, Meaning)] = &[
    ("url", Address),
    ("username", Org("username")),
    ("mfa", Factor),
    ("role_arn", Role),
    ("region", Profile("region")),
    ("aws_session_duration", Profile("duration")),
    ("skip_verify", Unless(VERIFY)),
    ("password", Never(SECRET)),
    ("okta_password", Never(SECRET)),
    ("aws_profile", Unless(NAMED)),
    ("credentials_file", Unless(WRITES)),
    // cmd/saml2aws/commands/login.go: the file's text goes to STS as `Policy`, the list, split at commas, as `PolicyArns`.
    ("policy_file", Limit(UNLIMITED)),
    ("policy_arn_list", Policies),
    ("name", Silent),
    ("provider", Silent),
    (
        "aws_urn",
        UnlessDefault(
            "urn:amazon:webservices",
            "the role's ARN says the partition",
        ),
    ),
    ("timeout", Unless(OWN_LIMITS)),
    ("http_attempts_count", UnlessDefault("1", OWN_LIMITS)),
    ("http_retry_delay", UnlessDefault("1", OWN_LIMITS)),
    ("saml_cache", Unless(NO_FILE)),
    ("saml_cache_file", Unless(NO_FILE)),
    ("disable_remember_device", Silent),
    ("disable_sessions", Silent),
    ("prompter", Unless("ob asks in the terminal")),
    ("target_url", Unless(MANY)),
    ("browser_type", Unless(NO_BROWSER)),
    ("browser_executable_path", Unless(NO_BROWSER)),
    ("browser_autofill", Unless(NO_BROWSER)),
    ("browser_driver_dir", Unless(NO_BROWSER)),
    ("download_browser_driver", Unless(NO_BROWSER)),
    ("headless", Unless(NO_BROWSER)),
    ("app_id", Unless(ELSEWHERE)),
    ("mfa_ip_address", Unless(ELSEWHERE)),
    ("resource_id", Unless(ELSEWHERE)),
    ("subdomain", Unless(ELSEWHERE)),
    ("kc_auth_error_message", Unless(ELSEWHERE)),
    ("kc_auth_error_element", Unless(ELSEWHERE)),
    ("kc_broker", Unless(ELSEWHERE)),
];

const TOKENDITO: &[(&str, Meaning)] = &[
    ("okta_org", Address),
    ("okta_tile", App),
    ("okta_username", Org("username")),
    ("okta_mfa", Factor),
    ("okta_client_id", Org("client_id")),
    ("aws_role_arn", Role),
    ("aws_region", Profile("region")),
    ("okta_password", Never(SECRET)),
    ("okta_mfa_response", Never(SECRET)),
    ("okta_device_token", Never(DEVICE)),
    ("aws_profile", Unless(NAMED)),
    ("aws_output", UnlessDefault("json", OUTPUT)),
    ("aws_config_file", Unless(WRITES)),
    ("aws_shared_credentials_file", Unless(WRITES)),
    ("use_device_token", Unless(DEVICE)),
    ("user_use_device_token", Unless(DEVICE)),
    ("user_config_dir", Unless(ITS_OWN)),
    ("user_config_file", Unless(ITS_OWN)),
    ("user_config_profile", Unless(NAMED)),
    ("user_encoding", Unless(ITS_OWN)),
    ("user_loglevel", UnlessDefault("info", DEBUG)),
    ("user_log_output_file", Unless(ITS_OWN)),
    ("user_quiet", Unless(ITS_OWN)),
    // Before version 2.
    ("okta_aws_tile", App),
    ("okta_aws_app_url", App),
    ("mfa", Factor),
    ("mfa_method", Factor),
    ("mfa_response", Never(SECRET)),
    ("role_arn", Role),
];

const JAVA: &[(&str, Meaning)] = &[
    ("OKTA_ORG", Address),
    ("OKTA_AWS_APP_URL", App),
    ("OKTA_USERNAME", Org("username")),
    ("OKTA_MFA_CHOICE", Factor),
    ("OKTA_AWS_ROLE_TO_ASSUME", Role),
    ("OKTA_AWS_REGION", Profile("region")),
    ("OKTA_STS_DURATION", Profile("duration")),
    ("OKTA_PASSWORD", Never(SECRET)),
    ("OKTA_PASSWORD_CMD", Never(COMMAND)),
    ("OKTA_COOKIES_PATH", Unless("a session is never in a file")),
    ("OKTA_PROFILE", Silent),
    (
        "OKTA_BROWSER_AUTH",
        Unless("`org.sign_in = \"browser\"` signs in at your browser"),
    ),
    ("OKTA_PROFILE_PREFIX", Unless(NAMED)),
    ("OKTA_CREDENTIALS_SUFFIX", Unless(NAMED)),
    ("OKTA_ENV_MODE", Unless(OUTPUT)),
];

const AWS_OKTA: &[(&str, Meaning)] = &[
    ("aws_saml_url", App),
    ("role_arn", Role),
    ("region", Profile("region")),
    ("okta_username", Org("username")),
    ("mfa_factor_type", Factor),
    ("okta_password", Never(SECRET)),
    ("aws_secret_access_key", Never(SECRET)),
    ("aws_access_key_id", Never(SECRET)),
    ("aws_session_token", Never(SECRET)),
    ("session_ttl", Profile("duration")),
    ("source_profile", Silent),
    ("output", Silent),
    ("okta_aws_role_arn", Role),
    ("credential_process", Silent),
    (
        "mfa_provider",
        Unless("`org.factor` names a factor, not its provider"),
    ),
    ("assume_role_ttl", Unless(CHAINED)),
    (
        "okta_account_name",
        Unless("the org of that account is in a keyring: `ob config import --url` names it"),
    ),
    ("okta_session_cookie_key", Unless(NO_FILE)),
];

const OKTAWS: &[(&str, Meaning)] = &[
    ("username", Org("username")),
    ("role", Role),
    ("duration_seconds", Profile("duration")),
    ("duration", Profile("duration")),
    ("application", Unless(MANY)),
];

const AWS_OKTA_PROCESSOR: &[(&str, Meaning)] = &[
    ("user", Org("username")),
    ("organization", Address),
    ("application", App),
    ("role", Role),
    ("region", Profile("region")),
    ("duration", Profile("duration")),
    ("factor", Factor),
    ("pass", Never(SECRET)),
    (
        "account-alias",
        Unless("a glob does that: `role = \"prod-*/Dev\"`"),
    ),
    ("sign-in-url", Unless("the role's ARN says the partition")),
    ("target-shell", Unless(OUTPUT)),
    ("environment", Unless(OUTPUT)),
    ("secondary-role", Silent),
    ("key", Unless(ITS_OWN)),
    ("silent", Unless(ITS_OWN)),
    ("no-okta-cache", Unless(NO_FILE)),
    ("no-aws-cache", Unless(NO_FILE)),
];

const AWS_STS: &[(&str, Meaning)] = &[
    ("idpEntryUrl", Address),
    ("region", Profile("region")),
    (
        "defaultAccount",
        Never("a role is named with its account: `role = \"ACCOUNT/ROLE\"`, or `chain`"),
    ),
    ("outputFormat", Unless(OUTPUT)),
    ("awsConfigPath", Unless(WRITES)),
    ("provider", Silent),
];

/// What `key` of `tool` means; a key nobody knows is left out when it says something.
pub(super) fn of(tool: Tool, key: &str) -> Meaning {
    let table = match tool {
        Tool::OktaAwsCli | Tool::OktaAwsCliVariables => OKTA_AWS_CLI,
        Tool::GimmeAwsCreds => GIMME,
        Tool::Saml2Aws => SAML2AWS,
        Tool::Tokendito => TOKENDITO,
        Tool::Oktaws => OKTAWS,
        Tool::AwsOkta => AWS_OKTA,
        Tool::OktaJava => JAVA,
        Tool::AwsOktaProcessor => AWS_OKTA_PROCESSOR,
        Tool::AwsSts => AWS_STS,
    };
    let known = table
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(key));
    known.map_or(Unless(TWIN), |(_, meaning)| *meaning)
}

/// Who makes a factor, as the tools put it before or behind the factor's own word.
const PROVIDERS: [&str; 6] = ["okta", "google", "yubico", "rsa", "symantec", "fido"];

/// `ob`'s word for a factor by another tool's; the outer `None`: ob would ask anyway, nothing is lost.
pub(super) fn factor(text: &str) -> Option<Result<&'static str, &'static str>> {
    let text = text.to_ascii_lowercase();
    let word = PROVIDERS.iter().find_map(|provider| {
        let rest = text.strip_prefix(provider)?;
        rest.strip_prefix(['.', '_', ' ', '-'])
    });
    // tokendito puts the id of the factor behind it, aws-okta-processor the provider.
    let word = word.unwrap_or(&text).split('_').next().unwrap_or_default();
    let short = PROVIDERS.iter().find_map(|provider| {
        let rest = word.strip_suffix(provider)?;
        rest.strip_suffix(':')
    });
    let word = short.unwrap_or(word);
    Some(Ok(match word {
        "" | "auto" => return None,
        "push" => "push",
        // saml2aws calls Okta Verify's code after Okta.
        "totp" | "token:software:totp" | "okta" | "google" => "totp",
        "token:hotp" | "hotp" => "hotp",
        "token:hardware" | "yubikey" | "yubico" => "yubikey",
        "token" | "symantec" => "token",
        "sms" => "sms",
        "call" => "call",
        "email" => "email",
        "question" => "question",
        "webauthn" | "fido" | "fido2" => "webauthn",
        _ => {
            return Some(Err(
                "ob asks which factor; `org.factor` takes the words of the README",
            ));
        }
    }))
}
