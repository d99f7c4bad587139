//! The table of twins: what each tool's key means here.

use super::Peer;

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
    /// Read elsewhere, or of no consequence.
    Silent,
    /// Left out whenever it is set, and why.
    Never(&'static str),
    /// Left out unless it is empty or no, and why.
    Unless(&'static str),
}

use Meaning::{
    Address, App, Classic, Factor, Never, Org, Policies, Profile, Provider, Role, Silent, Unless,
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
    ("profile", Silent),
    ("open-browser", Silent),
    ("debug", Silent),
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
    ("gimme_creds_server", Silent),
    ("open_browser", Silent),
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
    ("policy_file", Unless(UNLIMITED)),
    ("policy_arn_list", Policies),
    ("name", Silent),
    ("app_id", Silent),
    ("provider", Silent),
    ("aws_urn", Silent),
    ("timeout", Silent),
    ("http_attempts_count", Silent),
    ("http_retry_delay", Silent),
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
    ("aws_output", Silent),
    ("use_device_token", Silent),
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
    ("OKTA_ENV_MODE", Silent),
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
    ("key", Silent),
    ("silent", Silent),
    ("no-okta-cache", Silent),
    ("no-aws-cache", Silent),
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

/// What `key` of `peer` means; a key nobody knows is left out when it says something.
pub(super) fn of(peer: Peer, key: &str) -> Meaning {
    let table = match peer {
        Peer::OktaAwsCli | Peer::OktaAwsCliVariables => OKTA_AWS_CLI,
        Peer::GimmeAwsCreds => GIMME,
        Peer::Saml2Aws => SAML2AWS,
        Peer::Tokendito => TOKENDITO,
        Peer::Oktaws => OKTAWS,
        Peer::AwsOkta => AWS_OKTA,
        Peer::OktaJava => JAVA,
        Peer::AwsOktaProcessor => AWS_OKTA_PROCESSOR,
        Peer::AwsSts => AWS_STS,
    };
    let known = table
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(key));
    known.map_or(Unless(TWIN), |(_, meaning)| *meaning)
}

/// `ob`'s word for a factor by another tool's; the outer `None`: ob would ask anyway, nothing is lost.
pub(super) fn factor(text: &str) -> Option<Result<&'static str, &'static str>> {
    let text = text.to_ascii_lowercase();
    let word = text.strip_prefix("okta.").or(text.strip_prefix("okta_"));
    let word = word.unwrap_or(&text);
    let word = word.strip_prefix("google.").unwrap_or(word);
    // aws-okta-processor names the provider behind the factor.
    let providers = [":okta", ":google", ":yubico", ":rsa", ":symantec"];
    let short = providers.iter().find_map(|end| word.strip_suffix(end));
    let word = short.unwrap_or(word);
    Some(Ok(match word {
        "" | "auto" => return None,
        "push" | "okta" => "push",
        "totp" | "token:software:totp" => "totp",
        "token:hotp" | "hotp" => "hotp",
        "token:hardware" | "yubikey" => "yubikey",
        "token" => "token",
        "sms" => "sms",
        "call" => "call",
        "email" => "email",
        "question" => "question",
        "webauthn" => "webauthn",
        _ => {
            return Some(Err(
                "ob asks which factor; `org.factor` takes the words of the README",
            ));
        }
    }))
}
