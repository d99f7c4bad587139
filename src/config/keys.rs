//! The one table of settings: it drives reading, suggestions, variable names and the README's list.

use super::value::Kind;
use crate::model::closest;

/// One setting.
#[derive(Debug)]
pub struct Key {
    /// Its place in the file; `*` stands for a name the user chose.
    pub path: &'static str,
    /// The variable that sets it, if one does.
    pub variable: Option<&'static str>,
    /// A value, as it would be written in the file.
    pub example: &'static str,
    /// What it decides, in one line.
    pub meaning: &'static str,
    pub(super) kind: Kind,
}

const QUARTER: u32 = 15 * 60;
const HALF_DAY: u32 = 12 * 60 * 60;

/// The bounds of STS for a role's session are 15 minutes and 12 hours.
const SESSION: Kind = Kind::Duration(QUARTER, HALF_DAY);
const AGENT: Kind = Kind::Duration(60, HALF_DAY);

/// Every key `ob` reads; what is not here is an error.
#[rustfmt::skip] // a table is read by its columns
pub const KEYS: &[Key] = &[
    key("default_profile", Some("OB_DEFAULT_PROFILE"),
        r#""dev""#,
        "the profile when neither -p nor -r is given",
        Kind::Name,
    ),
    key("org.url", Some("OB_ORG_URL"),
        r#""https://acme.okta.com""#,
        "the Okta org",
        Kind::Org,
    ),
    key("org.username", Some("OB_ORG_USERNAME"),
        r#""alice@acme.com""#,
        "who signs in; asked when left out",
        Kind::Name,
    ),
    key("org.sign_in", Some("OB_ORG_SIGN_IN"),
        r#""auto""#,
        "auto (ask the org), terminal (here, Classic), identity_engine (here), browser or machine",
        Kind::SignIn,
    ),
    key("org.factor", Some("OB_ORG_FACTOR"),
        r#""push""#,
        "the second factor to take without asking: push, totp, sms, call, email, question, token, yubikey, hotp, webauthn, password",
        Kind::Factor,
    ),
    key("org.ca_bundle", None, r#""/etc/ssl/acme.pem""#, "certificates to trust instead of the system's", Kind::CaBundle),
    key("org.proxy", None, r#""http://proxy:3128""#, "the proxy; else HTTPS_PROXY or ALL_PROXY, and NO_PROXY", Kind::Proxy),
    key("org.client_id", Some("OB_ORG_CLIENT_ID"),
        r#""0oa1""#,
        "the OIDC app of a browser's or a machine's sign-in",
        Kind::Word,
    ),
    key("org.key_id", Some("OB_ORG_KEY_ID"),
        r#""kid1""#,
        "machine: the id of its key, as Okta shows it",
        Kind::Word,
    ),
    key("org.private_key_file", Some("OB_ORG_PRIVATE_KEY_FILE"),
        r#""/etc/ob/key.pem""#,
        "machine: the file of its private key, PEM",
        Kind::CaBundle,
    ),
    key("org.private_key_env", Some("OB_ORG_PRIVATE_KEY_ENV"),
        r#""OKTA_PRIVATE_KEY""#,
        "machine: the variable that holds the key instead; the command does not inherit it",
        Kind::Word,
    ),
    key("org.authorization_server", Some("OB_ORG_AUTHORIZATION_SERVER"),
        r#""default""#,
        "machine: the authorization server, default when left out",
        Kind::Word,
    ),
    key("org.scope", Some("OB_ORG_SCOPE"),
        r#""okta-m2m-access""#,
        "machine: the scope of its token, okta-m2m-access when left out",
        Kind::Word,
    ),
    key("orgs.*.url", None, r#""https://acme.okta.com""#, "the same for one of several orgs, chosen by --org", Kind::Org),
    key("orgs.*.username", None, r#""alice@acme.com""#, "as org.username", Kind::Name),
    key("orgs.*.sign_in", None, r#""auto""#, "as org.sign_in", Kind::SignIn),
    key("orgs.*.factor", None, r#""push""#, "as org.factor", Kind::Factor),
    key("orgs.*.ca_bundle", None, r#""/etc/ssl/acme.pem""#, "as org.ca_bundle", Kind::CaBundle),
    key("orgs.*.proxy", None, r#""http://proxy:3128""#, "as org.proxy", Kind::Proxy),
    key("orgs.*.client_id", None, r#""0oa1""#, "as org.client_id", Kind::Word),
    key("orgs.*.key_id", None, r#""kid1""#, "as org.key_id", Kind::Word),
    key("orgs.*.private_key_file", None, r#""/etc/ob/key.pem""#, "as org.private_key_file", Kind::CaBundle),
    key("orgs.*.private_key_env", None, r#""OKTA_PRIVATE_KEY""#, "as org.private_key_env", Kind::Word),
    key("orgs.*.authorization_server", None, r#""default""#, "as org.authorization_server", Kind::Word),
    key("orgs.*.scope", None, r#""okta-m2m-access""#, "as org.scope", Kind::Word),
    key("browser_command", None, r#"["/usr/bin/firefox", "--private-window"]"#, "what opens a page for you, as program and arguments; the address comes last", Kind::Command),
    key("aws.app", Some("OB_AWS_APP"),
        r#""https://acme.okta.com/home/amazon_aws/0oa1/272""#,
        "embed link or id of the AWS app; found from the user's tiles when left out",
        Kind::App,
    ),
    key("aws.region", Some("OB_AWS_REGION"),
        r#""eu-west-1""#,
        "the region of STS and of the command",
        Kind::Region,
    ),
    key("aws.duration", Some("OB_AWS_DURATION"),
        r#""1h""#,
        "how long credentials last, 15m to 12h",
        SESSION,
    ),
    key("aws.sts_endpoint", None, r#""https://sts.acme.com""#, "another STS; plain http for this machine only", Kind::Endpoint),
    key("aws.iam_endpoint", None, r#""https://iam.acme.com""#, "another IAM, for `ob roles --discover`; plain http for this machine only", Kind::Endpoint),
    key("aws.signin_endpoint", None, r#""https://signin.acme.com/federation""#, "another AWS console sign-in; plain http for this machine only", Kind::Endpoint),
    key("aws.catalogue", None, "false", "whether the names of your roles are kept in a file of your cache; true when left out", Kind::YesOrNo),
    key("profiles.*.org", None, r#""acme""#, "which of [orgs]", Kind::Name),
    key("profiles.*.role", None, r#""arn:aws:iam::123456789012:role/Deploy""#, "ARN, account/role, or a glob that matches one", Kind::Role),
    key("profiles.*.provider", None, r#""okta""#, "the identity provider, where a role has several: ARN, name or glob", Kind::Provider),
    key("profiles.*.app", None, r#""0oa1""#, "as aws.app", Kind::App),
    key("profiles.*.chain", None, r#"["arn:aws:iam::210987654321:role/Admin"]"#, "roles to assume from there, one after another; AWS grants an hour at most at the end", Kind::Chain),
    key("profiles.*.read_only", None, "true", "whether to keep nothing but what AWS's ReadOnlyAccess allows", Kind::YesOrNo),
    key("profiles.*.policy_arns", None, r#"["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]"#, "session policies, ten at most: what none of them allows is taken from the role", Kind::Policies),
    key("profiles.*.duration", None, r#""4h""#, "as aws.duration", SESSION),
    key("profiles.*.region", None, r#""us-east-1""#, "as aws.region", Kind::Region),
    key("profiles.*.color", None, r#""red""#, "its colour in the prompt; prod is red, stage yellow, dev green by itself", Kind::OneOf("red, green, yellow, blue, magenta, cyan, white"),
    ),
    key("profiles.*.confirm", None, "true", "whether to ask before its first use in each terminal; AWS tools, which cannot, are refused", Kind::YesOrNo),
    key("accounts.*", None, r#""prod""#, "a name for an account", Kind::AccountName),
    key("labels.roles.*", None, r#""Ops""#, "a label for a role, by its ARN or by an expression that fits some; a whole ARN first, then the first that fits", Kind::Name),
    key("labels.providers.*", None, r#""Dev accounts""#, "the same for an identity provider; it names the accounts behind it", Kind::Name),
    key("agent.idle", Some("OB_AGENT_IDLE"),
        r#""1h""#,
        "how long the session is kept unused, 1m to 12h",
        AGENT,
    ),
    key("agent.max", Some("OB_AGENT_MAX"),
        r#""12h""#,
        "how long it is kept at all, 1m to 12h",
        AGENT,
    ),
    key("vpn.host", Some("OB_VPN_HOST"),
        r#""vpn.acme.com""#,
        "the host of the VPN server's web pages",
        Kind::Host,
    ),
    key("vpn.saml_host", None,
        r#""sso.acme.com""#,
        "where its SAML sign-in has another name",
        Kind::Host,
    ),
    key("vpn.ca_bundle", None,
        r#""/etc/ssl/acme-vpn.pem""#,
        "certificates to trust instead, for the VPN server's web pages alone",
        Kind::CaBundle,
    ),
    key("vpn.app", Some("OB_VPN_APP"),
        r#""https://acme.okta.com/home/openvpn/0oa1/aln1""#,
        "embed link of the VPN's app, or its sign-on address (`…/sso/saml`), which a browser's sign-in needs; found from the user's tiles when left out",
        Kind::Endpoint,
    ),
    key("vpn.routes", None,
        r#"["10.0.0.0/8"]"#,
        "the only networks that go through the tunnel; those the server names when left out",
        Kind::Networks,
    ),
    key("vpn.dns_scope", None,
        r#""domains""#,
        "which names `ob vpn up` has asked at the VPN's name servers: all, or those in the domains it pushes; when left out the server's options decide",
        Kind::OneOf("all, domains"),
    ),
    key("shell.format", Some("OB_SHELL_FORMAT"),
        r#""{account}/{role} {vpn} {left}""#,
        "what the prompt shows, of profile, role, account, class, vpn and left; or none",
        Kind::Format,
    ),
    key("shell.warn", Some("OB_SHELL_WARN"),
        r#""15m""#,
        "from when on the time that is left is a warning; a third of it is an alarm",
        Kind::Duration(60, HALF_DAY),
    ),
    key("shell.side", Some("OB_SHELL_SIDE"),
        r#""left""#,
        "on which side of the prompt; bash has only the left",
        Kind::OneOf("left, right"),
    ),
];

const fn key(
    path: &'static str,
    variable: Option<&'static str>,
    example: &'static str,
    meaning: &'static str,
    kind: Kind,
) -> Key {
    Key {
        path,
        variable,
        example,
        meaning,
        kind,
    }
}

/// Set by `ob` for its children, so that they know where they are: never read as settings.
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

/// The key at `path`, with the names the user chose in place.
pub(super) fn find(path: &[&str]) -> Option<&'static Key> {
    KEYS.iter()
        .find(|key| rest(key.path, path).is_some_and(|mut rest| rest.next().is_none()))
}

/// Whether `path` is a table of settings, or of named ones.
pub(super) fn is_table(path: &[&str]) -> bool {
    KEYS.iter()
        .any(|key| rest(key.path, path).is_some_and(|mut rest| rest.next().is_some()))
}

/// What `pattern` has beyond `path`; `None` if they part before.
///
/// Asked for each line of the settings and each key, before every command: without an allocation.
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

/// The known key or table that `path` was most likely meant to be.
pub(super) fn nearest(path: &[&str]) -> Option<String> {
    let mut candidates: Vec<String> = Vec::new();
    for key in KEYS {
        let pattern: Vec<&str> = key.path.split('.').collect();
        for length in 1..=pattern.len() {
            let named = pattern[..length].iter().enumerate().map(|(at, part)| {
                // The last part is the one that may be misspelled: it names nothing.
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
    closest(&path.join("."), candidates.iter().map(String::as_str))
        // A key in the wrong table: `region` at the top is `aws.region`.
        .or_else(|| {
            KEYS.iter()
                .map(|key| key.path)
                .find(|known| known.rsplit('.').next() == Some(leaf))
        })
        .map(ToOwned::to_owned)
}

/// The variable that `name` was most likely meant to be.
pub(super) fn nearest_variable(name: &str) -> Option<&'static str> {
    closest(name, KEYS.iter().filter_map(|key| key.variable))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factors_are_the_same_in_words() {
        let factor = find(&["org", "factor"]).unwrap();
        assert!(factor.meaning.ends_with(super::super::FACTORS));
    }

    #[test]
    fn a_variable_is_the_path_of_its_key() {
        for key in KEYS {
            if let Some(variable) = key.variable {
                let expected = format!("OB_{}", key.path.replace('.', "_").to_uppercase());
                assert_eq!(variable, expected);
                assert!(!MARKERS.contains(&variable));
            }
        }
    }

    #[test]
    fn suggestions_are_near_or_none() {
        let of = |path: &[&str]| nearest(path);
        assert_eq!(of(&["profile"]).as_deref(), Some("profiles"));
        assert_eq!(
            of(&["profiles", "prod", "rol"]).as_deref(),
            Some("profiles.prod.role")
        );
        assert_eq!(of(&["org", "user_name"]).as_deref(), Some("org.username"));
        assert_eq!(of(&["region"]).as_deref(), Some("aws.region"));
        assert_eq!(of(&["xyzzy"]), None);
        assert_eq!(nearest_variable("OB_ORG_ULR"), Some("OB_ORG_URL"));
    }

    #[test]
    fn every_example_is_accepted() {
        use super::super::file;
        for key in KEYS {
            let path = key
                .path
                .replace("accounts.*", "accounts.123456789012")
                .replace('*', "x");
            let text = format!("{path} = {}", key.example);
            let read = file::parse(&text, &std::path::Path::new("t").into());
            assert_eq!(read.problems.len(), 0, "{text}: {:?}", read.problems);
        }
    }
}
