//! The table of settings: it drives parsing, suggestions, names of variables and docs/settings.md.

use std::time::Duration;

use super::duration::HOUR;
use super::kind::Kind;
use crate::model::closest;

/// One setting.
#[derive(Debug)]
pub struct Key {
    /// Its path in the file; `*` stands for a name that the user chose.
    pub path: &'static str,
    /// The variable that sets it, if one does.
    pub variable: Option<&'static str>,
    /// A value, as it is written in the file.
    pub example: &'static str,
    /// What it decides, in one line.
    pub meaning: &'static str,
    pub(super) kind: Kind,
}

/// The bounds of STS: 15 minutes and 12 hours.
const CREDENTIALS: Kind = Kind::Duration(Duration::from_secs(15 * 60), HALF_DAY);
/// The bounds of the agent's session.
const SESSION: Kind = Kind::Duration(Duration::from_secs(60), HALF_DAY);
const HALF_DAY: Duration = Duration::from_secs(12 * HOUR.as_secs());

/// Every key that is read; any other is an error.
#[rustfmt::skip] // a table is read by its columns
pub const KEYS: &[Key] = &[
    key("default_profile", Kind::Text, r#""dev""#,
        "the profile when neither -p nor -r is given").variable("OB_DEFAULT_PROFILE"),
    key("locked", Kind::Keys, r#"["org.url", "vpn.*"]"#,
        "only in /etc/ob/config.toml: keys that your file, a variable and a flag cannot change"),
    key("org.url", Kind::Org, r#""https://acme.okta.com""#, "the Okta org").variable("OB_ORG_URL"),
    key("org.username", Kind::Text, r#""alice@acme.com""#,
        "who signs in; asked when left out").variable("OB_ORG_USERNAME"),
    key("org.sign_in", Kind::SignIn, r#""auto""#,
        "auto (ask the org), terminal (here, Classic), identity_engine (here), browser or \
         machine").variable("OB_ORG_SIGN_IN"),
    key("org.factor", Kind::Factor, r#""push""#,
        "the second factor to take without asking: push, totp, sms, call, email, question, \
         token, yubikey, hotp, webauthn, password").variable("OB_ORG_FACTOR"),
    key("org.ca_bundle", Kind::Path, r#""/etc/ssl/acme.pem""#,
        "certificates to trust instead of the system's"),
    key("org.proxy", Kind::Proxy, r#""http://proxy:3128""#,
        "the proxy; else HTTPS_PROXY or ALL_PROXY, and NO_PROXY"),
    key("org.client_id", Kind::Word, r#""0oa1""#,
        "the OIDC app of a browser's or a machine's sign-in").variable("OB_ORG_CLIENT_ID"),
    key("org.key_id", Kind::Word, r#""kid1""#,
        "machine: the id of its key, as Okta shows it").variable("OB_ORG_KEY_ID"),
    key("org.private_key_file", Kind::Path, r#""/etc/ob/key.pem""#,
        "machine: the file of its private key, PEM").variable("OB_ORG_PRIVATE_KEY_FILE"),
    key("org.private_key_env", Kind::Word, r#""OKTA_PRIVATE_KEY""#,
        "machine: the variable that holds the key instead; the command does not inherit \
         it").variable("OB_ORG_PRIVATE_KEY_ENV"),
    key("org.authorization_server", Kind::Word, r#""default""#,
        "machine: the authorization server, default when left \
         out").variable("OB_ORG_AUTHORIZATION_SERVER"),
    key("org.scope", Kind::Word, r#""okta-m2m-access""#,
        "machine: the scope of its token, okta-m2m-access when left out").variable("OB_ORG_SCOPE"),
    key("orgs.*.url", Kind::Org, r#""https://acme.okta.com""#,
        "the same for one of several orgs, chosen by --org"),
    key("orgs.*.username", Kind::Text, r#""alice@acme.com""#, "as org.username"),
    key("orgs.*.sign_in", Kind::SignIn, r#""auto""#, "as org.sign_in"),
    key("orgs.*.factor", Kind::Factor, r#""push""#, "as org.factor"),
    key("orgs.*.ca_bundle", Kind::Path, r#""/etc/ssl/acme.pem""#, "as org.ca_bundle"),
    key("orgs.*.proxy", Kind::Proxy, r#""http://proxy:3128""#, "as org.proxy"),
    key("orgs.*.client_id", Kind::Word, r#""0oa1""#, "as org.client_id"),
    key("orgs.*.key_id", Kind::Word, r#""kid1""#, "as org.key_id"),
    key("orgs.*.private_key_file", Kind::Path, r#""/etc/ob/key.pem""#, "as org.private_key_file"),
    key("orgs.*.private_key_env", Kind::Word, r#""OKTA_PRIVATE_KEY""#, "as org.private_key_env"),
    key("orgs.*.authorization_server", Kind::Word, r#""default""#, "as org.authorization_server"),
    key("orgs.*.scope", Kind::Word, r#""okta-m2m-access""#, "as org.scope"),
    key("browser_command", Kind::Command, r#"["/usr/bin/firefox", "--private-window"]"#,
        "what opens a page for you, as program and arguments; the address comes last"),
    key("console.browser", Kind::OneOf(CONSOLE_BROWSERS), r#""chrome""#,
        "opens each account's console in a container or browser profile of its own"),
    key("aws.app", Kind::App, r#""https://acme.okta.com/home/amazon_aws/0oa1/272""#,
        "embed link or id of the AWS app; found from the user's tiles when left \
         out").variable("OB_AWS_APP"),
    key("aws.region", Kind::Region, r#""eu-west-1""#,
        "the region of STS and of the command").variable("OB_AWS_REGION"),
    key("aws.duration", CREDENTIALS, r#""1h""#,
        "how long credentials last, 15m to 12h").variable("OB_AWS_DURATION"),
    key("aws.sts_endpoint", Kind::Endpoint, r#""https://sts.acme.com""#,
        "another STS; plain http for this machine only"),
    key("aws.iam_endpoint", Kind::Endpoint, r#""https://iam.acme.com""#,
        "another IAM, for `ob roles --discover`; plain http for this machine only"),
    key("aws.signin_endpoint", Kind::Endpoint, r#""https://signin.acme.com/federation""#,
        "another AWS console sign-in; plain http for this machine only"),
    key("aws.catalogue", Kind::Boolean, "false",
        "whether the names of your roles are kept in a file of your cache; true when left out"),
    key("profiles.*.org", Kind::Text, r#""acme""#, "which of [orgs]"),
    key("profiles.*.role", Kind::Role, r#""arn:aws:iam::123456789012:role/Deploy""#,
        "ARN, account/role, or a glob that matches one"),
    key("profiles.*.provider", Kind::Provider, r#""okta""#,
        "the identity provider, where a role has several: ARN, name or glob"),
    key("profiles.*.app", Kind::App, r#""0oa1""#, "as aws.app"),
    key("profiles.*.chain", Kind::Chain, r#"["arn:aws:iam::210987654321:role/Admin"]"#,
        "roles to assume from there, one after another; AWS grants an hour at most at the end"),
    key("profiles.*.read_only", Kind::Boolean, "true",
        "whether to keep nothing but what AWS's ReadOnlyAccess allows"),
    key("profiles.*.policy_arns", Kind::Policies,
        r#"["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]"#,
        "session policies, ten at most: what none of them allows is taken from the role"),
    key("profiles.*.duration", CREDENTIALS, r#""4h""#, "as aws.duration"),
    key("profiles.*.region", Kind::Region, r#""us-east-1""#, "as aws.region"),
    key("profiles.*.color", Kind::OneOf("red, green, yellow, blue, magenta, cyan, white"),
        r#""red""#,
        "its colour in the prompt; prod is red, stage yellow, dev green by itself"),
    key("profiles.*.confirm", Kind::Boolean, "true",
        "whether to ask before its first use in each terminal; AWS tools, which cannot, are \
         refused"),
    key("accounts.*", Kind::AccountName, r#""prod""#, "a name for an account"),
    key("labels.roles.*", Kind::Text, r#""Ops""#,
        "a label for a role, by its ARN or by an expression that fits some; a whole ARN first, \
         then the first that fits"),
    key("labels.providers.*", Kind::Text, r#""Dev accounts""#,
        "the same for an identity provider; it names the accounts behind it"),
    key("agent.idle", SESSION, r#""1h""#,
        "how long the session is kept unused, 1m to 12h").variable("OB_AGENT_IDLE"),
    key("agent.max", SESSION, r#""12h""#,
        "how long it is kept at all, 1m to 12h").variable("OB_AGENT_MAX"),
    key("vpn.host", Kind::Host, r#""vpn.acme.com""#,
        "the host of the VPN server's web pages").variable("OB_VPN_HOST"),
    key("vpn.saml_host", Kind::Host, r#""sso.acme.com""#,
        "where its SAML sign-in has another name"),
    key("vpn.ca_bundle", Kind::Path, r#""/etc/ssl/acme-vpn.pem""#,
        "certificates to trust instead, for the VPN server's web pages alone"),
    key("vpn.app", Kind::Endpoint, r#""https://acme.okta.com/home/openvpn/0oa1/aln1""#,
        "embed link of the VPN's app, or its sign-on address (`…/sso/saml`), which a browser's \
         sign-in needs; found from the user's tiles when left out").variable("OB_VPN_APP"),
    key("vpn.routes", Kind::Networks, r#"["10.0.0.0/8"]"#,
        "the only networks that go through the tunnel; those the server names when left out"),
    key("vpn.dns_scope", Kind::OneOf("all, domains"), r#""domains""#,
        "which names `ob vpn up` has asked at the VPN's name servers: all, or those in the \
         domains it pushes; when left out the server's options decide"),
    key("shell.format", Kind::Format, r#""{account}/{role} {vpn} {left}""#,
        "what the prompt shows, of profile, role, account, class, vpn and left; or \
         none").variable("OB_SHELL_FORMAT"),
    key("shell.warn", SESSION, r#""15m""#,
        "from when on the time that is left is a warning; a third of it is an \
         alarm").variable("OB_SHELL_WARN"),
    key("shell.side", Kind::OneOf("left, right"), r#""left""#,
        "on which side of the prompt; bash has only the left").variable("OB_SHELL_SIDE"),
];

const fn key(path: &'static str, kind: Kind, example: &'static str, meaning: &'static str) -> Key {
    Key {
        path,
        variable: None,
        example,
        meaning,
        kind,
    }
}

impl Key {
    const fn variable(self, name: &'static str) -> Self {
        Self {
            variable: Some(name),
            ..self
        }
    }
}

/// The browsers that keep the consoles of several accounts apart.
pub const CONSOLE_BROWSERS: &str = "firefox-containers, chrome, chromium, edge, brave";

/// Variables that `ob` sets for its children to know where they run. They are never read as
/// settings.
pub const MARKERS: [&str; 10] = [
    "OB_PROFILE",
    "OB_ROLE",
    "OB_ACCOUNT",
    "OB_ENV",
    "OB_COLOR",
    "OB_EXPIRES",
    "OB_POLICY",
    "OB_STATE",
    "OB_TARGET",
    "OB_ZDOTDIR",
];

/// Returns the key at `path`, in which the user's names stand for each `*`.
pub(super) fn find(path: &[&str]) -> Option<&'static Key> {
    KEYS.iter()
        .find(|key| rest(key.path, path).is_some_and(|mut rest| rest.next().is_none()))
}

/// Whether `path` is a table of settings, or of tables that the user names.
pub(super) fn is_table(path: &[&str]) -> bool {
    KEYS.iter()
        .any(|key| rest(key.path, path).is_some_and(|mut rest| rest.next().is_some()))
}

/// Returns the parts of `pattern` behind `path`, or `None` if it does not begin with `path`.
///
/// Called for each line of the settings and each key, before every command: without an allocation.
fn rest(pattern: &'static str, path: &[&str]) -> Option<impl Iterator<Item = &'static [u8]>> {
    let mut parts = pattern.as_bytes().split(|byte| *byte == b'.');
    for name in path {
        let part = parts.next()?;
        if part != b"*" && part != name.as_bytes() {
            return None;
        }
    }
    Some(parts)
}

/// Returns the key or table that an unknown `path` was probably meant to be.
pub(super) fn suggest_key(path: &[&str]) -> Option<String> {
    let mut candidates: Vec<String> = Vec::new();
    for key in KEYS {
        let pattern: Vec<&str> = key.path.split('.').collect();
        for length in 1..=pattern.len() {
            let named = pattern[..length].iter().enumerate().map(|(at, part)| {
                // The last part may be the misspelled one, so it is not taken for a name.
                match path.get(at) {
                    Some(name) if *part == "*" && at + 1 < path.len() => *name,
                    _ => *part,
                }
            });
            let named = named.collect::<Vec<_>>().join(".");
            if !named.contains('*') {
                candidates.push(named);
            }
        }
    }
    let leaf = path.last().copied().unwrap_or_default();
    // A key in the wrong table: `region` at the top is `aws.region`.
    let misplaced = || {
        let mut paths = KEYS.iter().map(|key| key.path);
        paths.find(|known| known.rsplit('.').next() == Some(leaf))
    };
    closest(&path.join("."), candidates.iter().map(String::as_str))
        .or_else(misplaced)
        .map(ToOwned::to_owned)
}

/// Returns the variable that `name` was probably meant to be.
pub(super) fn suggest_variable(name: &str) -> Option<&'static str> {
    closest(name, KEYS.iter().filter_map(|key| key.variable))
}

#[cfg(test)]
mod tests {
    use super::super::kind::FACTORS;
    use super::*;

    #[test]
    fn meaning_of_factor_lists_all_factors() {
        let factor = find(&["org", "factor"]).unwrap();
        assert!(factor.meaning.ends_with(FACTORS));
    }

    #[test]
    fn variable_is_the_path_of_its_key() {
        for key in KEYS {
            if let Some(variable) = key.variable {
                let expected = format!("OB_{}", key.path.replace('.', "_").to_uppercase());
                assert_eq!(variable, expected);
                assert!(!MARKERS.contains(&variable));
            }
        }
    }

    #[test]
    fn suggestions_are_similar_or_none() {
        let of = |path: &[&str]| suggest_key(path);
        assert_eq!(of(&["profile"]).as_deref(), Some("profiles"));
        assert_eq!(
            of(&["profiles", "prod", "rol"]).as_deref(),
            Some("profiles.prod.role")
        );
        assert_eq!(of(&["org", "user_name"]).as_deref(), Some("org.username"));
        assert_eq!(of(&["region"]).as_deref(), Some("aws.region"));
        assert_eq!(of(&["xyzzy"]), None);
        assert_eq!(suggest_variable("OB_ORG_ULR"), Some("OB_ORG_URL"));
    }
}
