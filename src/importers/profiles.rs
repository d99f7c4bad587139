//! From sections and keys to profiles: which section is one, what it inherits, what its values are called here.

use url::Url;

use super::Tool;
use super::entry::{Entry, Findings, Place, Profile, Section, Setting};
use super::error::ImportError;
use super::meaning::{self, Meaning};

/// Adds the profile `name` of `tool` to `findings`.
pub(super) fn add(tool: Tool, name: &str, entries: &[Entry], findings: &mut Findings) {
    let mut profile = Profile {
        name: name.to_owned(),
        settings: Vec::new(),
        chain: Vec::new(),
        is_wider: false,
    };
    let means_address = |entry: &Entry| {
        !entry.value.is_empty() && meaning::of(tool, &entry.key) == Meaning::Address
    };
    let has_address = entries.iter().any(means_address);
    for entry in entries.iter().filter(|entry| !entry.value.is_empty()) {
        let key = match (tool, entry.section.as_deref().unwrap_or(name)) {
            (Tool::OktaAwsCliVariables | Tool::OktaJava | Tool::AwsSts, _) | (_, "") => {
                entry.key.clone()
            }
            (_, section) => format!("{section}.{}", entry.key),
        };
        let twin = match tool {
            Tool::OktaAwsCliVariables => yaml_key(&entry.key),
            _ => entry.key.clone(),
        };
        let settings = &mut profile.settings;
        let mut take = |place, value: &str| {
            settings.push(Setting {
                place,
                value: value.to_owned(),
                key: key.clone(),
                line: entry.line,
            });
        };
        let value = entry.value.as_str();
        let refused = match meaning::of(tool, &twin) {
            _ if has_password(value) => {
                Some("an address with a password in it, which no setting holds")
            }
            Meaning::Org(to) => {
                take(Place::Org(to), value);
                if to == "key_id" {
                    take(Place::Org("sign_in"), "machine");
                }
                None
            }
            Meaning::Profile(to) => {
                take(Place::Profile(to), value);
                None
            }
            Meaning::Address => {
                take(Place::Org("url"), value);
                match app(value) {
                    App::Link(app) => {
                        take(Place::Profile("app"), &app);
                        None
                    }
                    _ => has_other_page(value).then_some(
                        "only the org is taken of it: the page is no app's embed link, `…/home/…` or `…/sso/saml`",
                    ),
                }
            }
            Meaning::App => match app(value) {
                App::Link(link) => {
                    if !has_address {
                        take(Place::Org("url"), &link);
                    }
                    take(Place::Profile("app"), &link);
                    None
                }
                App::Id(id) => {
                    take(Place::Profile("app"), id);
                    None
                }
                App::Path(path) => {
                    take(Place::AppPath, &path);
                    None
                }
                App::Other => Some(
                    "no app's address: Okta shows it as the app's embed link, `…/home/…` or `…/sso/saml`",
                ),
            },
            Meaning::Role if value.contains("://") => Some("an address, and no role"),
            Meaning::Role if value.eq_ignore_ascii_case("all") => {
                Some("said each time: `ob write --all`")
            }
            Meaning::Role if value.contains(',') => {
                Some("several roles: each is a profile of its own")
            }
            Meaning::Role
                if value.starts_with('/') || value.contains(['(', '|', '^', '$', '[']) =>
            {
                Some("an expression: `role` takes an ARN, account/role, a name or a glob")
            }
            Meaning::Role => {
                take(Place::Profile("role"), value);
                None
            }
            Meaning::Provider => {
                take(Place::Profile("provider"), value);
                None
            }
            Meaning::Factor => match meaning::factor(value) {
                Some(Ok(word)) => {
                    take(Place::Org("factor"), word);
                    None
                }
                Some(Err(why)) => Some(why),
                None => None,
            },
            Meaning::Policies => {
                take(Place::Policies, value);
                None
            }
            Meaning::Classic => {
                if !is_no(value) {
                    take(Place::Org("sign_in"), "terminal");
                }
                None
            }
            Meaning::Limit(why) => {
                profile.is_wider = true;
                Some(why)
            }
            Meaning::Silent => None,
            Meaning::UnlessDefault(usual, _) if value.eq_ignore_ascii_case(usual) => None,
            Meaning::Unless(_) | Meaning::UnlessDefault(..) if is_no(value) => None,
            Meaning::Never(why) | Meaning::Unless(why) | Meaning::UnlessDefault(_, why) => {
                Some(why)
            }
        };
        if let Some(why) = refused {
            findings.leave_out(key, entry.line, why);
        }
    }
    findings.profiles.push(profile);
}

fn has_password(value: &str) -> bool {
    Url::parse(value).is_ok_and(|url| url.password().is_some())
}

fn is_no(value: &str) -> bool {
    ["false", "no", "off", "0", "none", "null", "n"]
        .iter()
        .any(|no| value.eq_ignore_ascii_case(no))
}

/// What a tool's word for an app is.
enum App<'a> {
    /// Its address, without what a browser adds behind it.
    Link(String),
    Id(&'a str),
    /// At the org.
    Path(String),
    /// No app's.
    Other,
}

/// Reads an embed link (`https://acme.okta.com/home/amazon_aws/0oa1/272`), a sign-on address
/// (`…/app/amazon_aws/exk1/sso/saml`), the path of either, or an id.
fn app(value: &str) -> App<'_> {
    let path = value.trim_start_matches('/');
    if !path.is_empty() && path.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return App::Id(path);
    }
    if path.starts_with("home/") || path.starts_with("app/") {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let path = path.trim_end_matches('/');
        let parts: Vec<&str> = path.split('/').collect();
        return match parts[..] {
            ["home", _, id, ..] => App::Id(id),
            _ if is_app(&parts) => App::Path(format!("/{path}")),
            _ => App::Other,
        };
    }
    let Some(mut url) = address(value) else {
        return App::Other;
    };
    // The sign-in page's address names the page that it leads on to.
    let next = url.query_pairs().find(|(name, _)| name == "fromURI");
    let next = next.and_then(|(_, next)| url.join(&next).ok());
    if let Some(next) = next.filter(|next| next.origin() == url.origin()) {
        url = next;
    }
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    let is_app = url
        .path_segments()
        .is_some_and(|parts| is_app(&parts.collect::<Vec<_>>()));
    match is_app {
        true => App::Link(url.into()),
        false => App::Other,
    }
}

/// The address `value`, which may be without its scheme.
fn address(value: &str) -> Option<Url> {
    let parsed = match value.contains("://") {
        true => Url::parse(value),
        false => Url::parse(&format!("https://{value}")),
    };
    parsed.ok().filter(Url::has_host)
}

/// Whether an org's address is that of some page of it, and not of the org or its dashboard.
fn has_other_page(value: &str) -> bool {
    let Some(url) = address(value) else {
        return false;
    };
    let path = url.path().trim_end_matches('/');
    let is_dashboard = ["/app/UserHome", "/enduser"]
        .iter()
        .any(|dashboard| path.starts_with(dashboard));
    !path.is_empty() && !is_dashboard
}

fn is_app(path: &[&str]) -> bool {
    match path {
        ["home", _, id, ..] => !id.is_empty(),
        ["app", .., "sso", "saml"] => path.len() > 3,
        _ => false,
    }
}

const PREFIX: &str = "OKTA_AWSCLI_";
/// From before the prefix.
const OLDER: [&str; 3] = [
    "OKTA_ORG_DOMAIN",
    "OKTA_OIDC_CLIENT_ID",
    "OKTA_AWS_ACCOUNT_FEDERATION_APP_ID",
];

pub(super) fn is_variable(name: &str) -> bool {
    name.starts_with(PREFIX) || OLDER.contains(&name)
}

/// The key of okta.yaml that is the variable's twin.
fn yaml_key(variable: &str) -> String {
    let name = variable
        .strip_prefix(PREFIX)
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

pub(super) fn variables(
    mut entries: Vec<Entry>,
    mut findings: Findings,
) -> Result<Findings, ImportError> {
    entries.retain(|entry| is_variable(&entry.key));
    if entries.is_empty() {
        return Err(ImportError::Nothing("okta-aws-cli's variables"));
    }
    let name = text_of(&entries, "OKTA_AWSCLI_PROFILE").unwrap_or("default");
    add(Tool::OktaAwsCliVariables, name, &entries, &mut findings);
    Ok(findings)
}

pub(super) fn java(entries: &[Entry], mut findings: Findings) -> Result<Findings, ImportError> {
    if !entries.iter().any(|entry| entry.key.starts_with("OKTA_")) {
        return Err(ImportError::Nothing("Okta's Java tool"));
    }
    let name = text_of(entries, "OKTA_PROFILE").unwrap_or("default");
    add(Tool::OktaJava, name, entries, &mut findings);
    Ok(findings)
}

pub(super) fn text_of<'a>(entries: &'a [Entry], key: &str) -> Option<&'a str> {
    let entry = entries.iter().find(|entry| entry.is(key))?;
    Some(entry.value.as_str()).filter(|value| !value.is_empty())
}

/// The profile that a section of the AWS file is, in its own spelling.
pub(super) fn profile_name(section: &Section) -> &str {
    let rest = section.name.strip_prefix("profile");
    let rest = rest.filter(|rest| rest.starts_with([' ', '\t']));
    rest.unwrap_or(&section.name).trim()
}

/// saml2aws and tokendito: a section is a profile.
pub(super) fn sections(
    tool: Tool,
    sections: &[Section],
    mut findings: Findings,
) -> Result<Findings, ImportError> {
    for section in sections {
        let provider = text_of(&section.entries, "provider").unwrap_or("Okta");
        if tool == Tool::Saml2Aws
            && !["okta", "browser"].contains(&provider.to_lowercase().as_str())
        {
            findings.leave_out(
                &section.name,
                section.line,
                "its identity provider is not Okta",
            );
            continue;
        }
        let name = if section.name.is_empty() {
            "default"
        } else {
            &section.name
        };
        add(tool, name, &section.entries, &mut findings);
    }
    if findings == Findings::default() {
        return Err(ImportError::Nothing(tool.word()));
    }
    Ok(findings)
}
