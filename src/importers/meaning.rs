//! The meaning of each tool's keys in `ob`'s settings.

use super::tool::Tool;

/// The meaning of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A key of the org, unchanged.
    Org(&'static str),
    /// A key of the profile, unchanged.
    Profile(&'static str),
    /// The org's address, or a tile's, which is the app's as well.
    Address,
    /// The app's address or id.
    App,
    Role,
    Provider,
    Factor,
    /// Managed session policies, with commas between.
    Policies,
    /// Whether the API of Classic orgs must be used.
    Classic,
    /// A limit of the profile's rights that `ob` does not have: left out, and why.
    Limit(&'static str),
    /// Read elsewhere, or what `ob` does anyway.
    Ignore,
    /// Left out whenever it is set, and why.
    Reject(&'static str),
    /// Left out unless it is empty or a "no", and why.
    SkipIfSet(&'static str),
    /// As [`Self::SkipIfSet`], unless it is the tool's default.
    SkipUnless(&'static str, &'static str),
}

use Meaning::{
    Address, App, Classic, Factor, Ignore, Limit, Org, Policies, Profile, Provider, Reject, Role,
    SkipIfSet, SkipUnless,
};

/// The meanings of a tool's keys, which have spaces between.
type Table = &'static [(Meaning, &'static str)];

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
const UNLIMITED: &str = "inline session policies are not supported, so the profile is not \
    limited; managed policies limit it: `policy_arns` or `read_only`";
const DEBUG: &str = "said each time: `ob -v`";
const OPENS: &str = "ob opens the page by itself; `browser_command` names another browser";
const SESSION_NAME: &str = "the session's name comes from Okta's assertion";
const NO_FILE: &str = "a session is never in a file: the agent keeps it in memory";
const CHAINED: &str = "a chained role lasts one hour at most";
const ALIASES: &str = "accounts have the names of `[accounts]`, else those that Okta's tiles have";
const OWN_LIMITS: &str = "ob has its own timeouts and retries";
const ELSEWHERE: &str = "it is for another identity provider than Okta";
const NO_BROWSER: &str = "ob does not automate a browser: it opens yours, or asks in the terminal";
const ITS_OWN: &str = "it says how the tool itself runs";
const UNKNOWN: &str = "has no counterpart in ob";

const OKTA_AWS_CLI: Table = &[
    (Address, "org-domain"),
    (Org("client_id"), "oidc-client-id oie-client-id"),
    (Org("username"), "username"),
    (Org("key_id"), "key-id"),
    (Org("private_key_file"), "private-key-file"),
    (Org("authorization_server"), "authz-id"),
    (Org("scope"), "custom-scope"),
    (App, "aws-acct-fed-app-id"),
    (Provider, "aws-iam-idp"),
    (Role, "aws-iam-role"),
    (Profile("region"), "aws-region"),
    (Profile("duration"), "aws-session-duration session-duration"),
    (Reject(SECRET), "password private-key"),
    (SkipIfSet(WRITES), "write-aws-credentials aws-credentials"),
    (SkipIfSet(OUTPUT), "format"),
    (SkipIfSet(BROWSER), "open-browser-command"),
    (SkipIfSet(ALL), "all-profiles"),
    (SkipIfSet(SESSION_NAME), "aws-sts-role-session-name"),
    (SkipIfSet(NO_FILE), "cache-access-token"),
    (SkipIfSet(DEBUG), "debug debug-api-calls"),
    (SkipIfSet("said each time: `ob exec -- COMMAND`"), "exec"),
    (Ignore, "expiry-aws-variables qr-code"),
    (
        SkipIfSet("said each time: `ob write --legacy`"),
        "legacy-aws-variables",
    ),
    (SkipIfSet(OPENS), "open-browser"),
    (SkipIfSet(NAMED), "profile"),
    (
        SkipIfSet("ob always names itself to Okta"),
        "short-user-agent",
    ),
];

const GIMME: Table = &[
    (Address, "okta_org_url"),
    (Org("username"), "okta_username"),
    (Org("client_id"), "client_id"),
    (Org("authorization_server"), "okta_auth_server"),
    (App, "app_url"),
    (SkipIfSet(MANY), "aws_appname"),
    (Role, "aws_rolename"),
    (Profile("duration"), "aws_default_duration"),
    (Factor, "preferred_mfa_type"),
    (Classic, "force_classic force-classic"),
    (Reject(SECRET), "okta_password okta_api_key"),
    (Reject(DEVICE), "device_token"),
    (SkipIfSet(WRITES), "write_aws_creds"),
    (SkipIfSet(OUTPUT), "output_format"),
    (SkipIfSet(NAMED), "cred_profile conf_profile"),
    (Ignore, "inherits"),
    (
        SkipUnless("appurl", "ob asks no server but Okta's"),
        "gimme_creds_server",
    ),
    (SkipIfSet(OPENS), "open_browser open-browser"),
    (SkipIfSet(SECRET), "enable_keychain"),
    (
        SkipIfSet("`org.factor` names a factor, not its provider"),
        "preferred_mfa_provider",
    ),
    (
        SkipIfSet("Duo is used in the browser: `sign_in = \"browser\"`"),
        "duo_universal_factor",
    ),
    (SkipIfSet(ALIASES), "resolve_aws_alias"),
    (
        SkipIfSet("said each time: `ob write --name-template`"),
        "include_path",
    ),
    (SkipIfSet(DEVICE), "remember_device"),
];

const SAML2AWS: Table = &[
    (Address, "url"),
    (Org("username"), "username"),
    (Factor, "mfa"),
    (Role, "role_arn"),
    (Profile("region"), "region"),
    (Profile("duration"), "aws_session_duration"),
    (SkipIfSet(VERIFY), "skip_verify"),
    (Reject(SECRET), "password okta_password"),
    (SkipIfSet(NAMED), "aws_profile"),
    (SkipIfSet(WRITES), "credentials_file"),
    // cmd/saml2aws/commands/login.go: the file's text goes to STS as `Policy`, the list as
    // `PolicyArns`.
    (Limit(UNLIMITED), "policy_file"),
    (Policies, "policy_arn_list"),
    (
        Ignore,
        "name provider disable_remember_device disable_sessions",
    ),
    (
        SkipUnless(
            "urn:amazon:webservices",
            "the role's ARN says the partition",
        ),
        "aws_urn",
    ),
    (SkipIfSet(OWN_LIMITS), "timeout"),
    (
        SkipUnless("1", OWN_LIMITS),
        "http_attempts_count http_retry_delay",
    ),
    (SkipIfSet(NO_FILE), "saml_cache saml_cache_file"),
    (SkipIfSet("ob asks in the terminal"), "prompter"),
    (SkipIfSet(MANY), "target_url"),
    (
        SkipIfSet(NO_BROWSER),
        "browser_type browser_executable_path browser_autofill browser_driver_dir \
         download_browser_driver headless",
    ),
    (
        SkipIfSet(ELSEWHERE),
        "app_id mfa_ip_address resource_id subdomain kc_auth_error_message kc_auth_error_element \
         kc_broker",
    ),
];

const TOKENDITO: Table = &[
    (Address, "okta_org"),
    (App, "okta_tile okta_aws_tile okta_aws_app_url"),
    (Org("username"), "okta_username"),
    (Factor, "okta_mfa mfa mfa_method"),
    (Org("client_id"), "okta_client_id"),
    (Role, "aws_role_arn role_arn"),
    (Profile("region"), "aws_region"),
    (
        Reject(SECRET),
        "okta_password okta_mfa_response mfa_response",
    ),
    (Reject(DEVICE), "okta_device_token"),
    (SkipIfSet(NAMED), "aws_profile user_config_profile"),
    (SkipUnless("json", OUTPUT), "aws_output"),
    (
        SkipIfSet(WRITES),
        "aws_config_file aws_shared_credentials_file",
    ),
    (SkipIfSet(DEVICE), "use_device_token user_use_device_token"),
    (
        SkipIfSet(ITS_OWN),
        "user_config_dir user_config_file user_encoding user_log_output_file user_quiet",
    ),
    (SkipUnless("info", DEBUG), "user_loglevel"),
];

const JAVA: Table = &[
    (Address, "OKTA_ORG"),
    (App, "OKTA_AWS_APP_URL"),
    (Org("username"), "OKTA_USERNAME"),
    (Factor, "OKTA_MFA_CHOICE"),
    (Role, "OKTA_AWS_ROLE_TO_ASSUME"),
    (Profile("region"), "OKTA_AWS_REGION"),
    (Profile("duration"), "OKTA_STS_DURATION"),
    (Reject(SECRET), "OKTA_PASSWORD"),
    (Reject(COMMAND), "OKTA_PASSWORD_CMD"),
    (
        SkipIfSet("a session is never in a file"),
        "OKTA_COOKIES_PATH",
    ),
    (Ignore, "OKTA_PROFILE"),
    (
        SkipIfSet("`org.sign_in = \"browser\"` signs in at your browser"),
        "OKTA_BROWSER_AUTH",
    ),
    (
        SkipIfSet(NAMED),
        "OKTA_PROFILE_PREFIX OKTA_CREDENTIALS_SUFFIX",
    ),
    (SkipIfSet(OUTPUT), "OKTA_ENV_MODE"),
];

const AWS_OKTA: Table = &[
    (App, "aws_saml_url"),
    (Role, "role_arn okta_aws_role_arn"),
    (Profile("region"), "region"),
    (Org("username"), "okta_username"),
    (Factor, "mfa_factor_type"),
    (
        Reject(SECRET),
        "okta_password aws_secret_access_key aws_access_key_id aws_session_token",
    ),
    (Profile("duration"), "session_ttl"),
    (Ignore, "source_profile output credential_process"),
    (
        SkipIfSet("`org.factor` names a factor, not its provider"),
        "mfa_provider",
    ),
    (SkipIfSet(CHAINED), "assume_role_ttl"),
    (
        SkipIfSet("the org of that account is in a keyring: `ob config import --url` names it"),
        "okta_account_name",
    ),
    (SkipIfSet(NO_FILE), "okta_session_cookie_key"),
];

const OKTAWS: Table = &[
    (Org("username"), "username"),
    (Role, "role"),
    (Profile("duration"), "duration_seconds duration"),
    (SkipIfSet(MANY), "application"),
];

const AWS_OKTA_PROCESSOR: Table = &[
    (Org("username"), "user"),
    (Address, "organization"),
    (App, "application"),
    (Role, "role"),
    (Profile("region"), "region"),
    (Profile("duration"), "duration"),
    (Factor, "factor"),
    (Reject(SECRET), "pass"),
    (
        SkipIfSet("a glob does that: `role = \"prod-*/Dev\"`"),
        "account-alias",
    ),
    (
        SkipIfSet("the role's ARN says the partition"),
        "sign-in-url",
    ),
    (SkipIfSet(OUTPUT), "target-shell environment"),
    (Ignore, "secondary-role"),
    (SkipIfSet(ITS_OWN), "key silent"),
    (SkipIfSet(NO_FILE), "no-okta-cache no-aws-cache"),
];

const AWS_STS: Table = &[
    (Address, "idpEntryUrl"),
    (Profile("region"), "region"),
    (
        Reject("a role is named with its account: `role = \"ACCOUNT/ROLE\"`, or `chain`"),
        "defaultAccount",
    ),
    (SkipIfSet(OUTPUT), "outputFormat"),
    (SkipIfSet(WRITES), "awsConfigPath"),
    (Ignore, "provider"),
];

/// Returns the meaning of `key` of `tool`. An unknown key is left out when it is set.
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
    let has_key = |keys: &str| keys.split(' ').any(|known| known.eq_ignore_ascii_case(key));
    let known = table.iter().find(|(_, keys)| has_key(keys));
    known.map_or(SkipIfSet(UNKNOWN), |(meaning, _)| *meaning)
}

/// Returns the key of okta.yaml that means the same as a variable of okta-aws-cli.
pub(super) fn yaml_key(variable: &str) -> String {
    let name = variable
        .strip_prefix("OKTA_AWSCLI_")
        .or(variable.strip_prefix("OKTA_"));
    match name.unwrap_or(variable) {
        "AWS_ACCOUNT_FEDERATION_APP_ID" => "aws-acct-fed-app-id".to_owned(),
        "IAM_IDP" => "aws-iam-idp".to_owned(),
        "IAM_ROLE" => "aws-iam-role".to_owned(),
        "STS_ROLE_SESSION_NAME" => "aws-sts-role-session-name".to_owned(),
        "DEBUG_SHORT_USER_AGENT" => "short-user-agent".to_owned(),
        name => name.to_lowercase().replace('_', "-"),
    }
}

/// Providers of factors, which the tools put before or after the factor's name.
const FACTOR_PROVIDERS: [&str; 6] = ["okta", "google", "yubico", "rsa", "symantec", "fido"];

/// Translates another tool's factor into a value of `org.factor`. Returns `None` if the tool asks
/// the user each time, as `ob` does without the setting. The error says why it is not imported.
pub(super) fn factor(text: &str) -> Result<Option<&'static str>, &'static str> {
    let text = text.to_ascii_lowercase();
    let word = FACTOR_PROVIDERS.iter().find_map(|provider| {
        let rest = text.strip_prefix(provider)?;
        rest.strip_prefix(['.', '_', ' ', '-'])
    });
    // tokendito appends `_` and the factor's id, aws-okta-processor `_` and its provider.
    let word = word.unwrap_or(&text).split('_').next().unwrap_or_default();
    let short = FACTOR_PROVIDERS.iter().find_map(|provider| {
        let rest = word.strip_suffix(provider)?;
        rest.strip_suffix(':')
    });
    let word = short.unwrap_or(word);
    Ok(Some(match word {
        "" | "auto" => return Ok(None),
        "push" => "push",
        // saml2aws names a code generator after its provider (okta, google).
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
            return Err(
                "ob does not know this factor and asks which to use; docs/signing-in.md lists the \
                     values of `org.factor`",
            );
        }
    }))
}
