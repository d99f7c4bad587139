//! The default credential provider chains of the AWS SDKs, which decide whose credentials a program
//! takes.
//!
//! Sources: botocore 1.44 `credentials.create_credential_resolver` and its profile providers; the
//! JavaScript SDK v3 `credential-provider-node` and `-ini`; Go v2 `config.resolveCredentialChain`;
//! Java v2 `DefaultCredentialsProvider` and `ProfileCredentialsUtils`. The position of Go's login
//! provider among the others of a profile is taken from botocore's order.

use std::fmt;

use crate::ini::{Ini, read};
use crate::model::Environment;

/// An SDK, and the programs that use its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sdk {
    /// The aws CLI and boto3.
    Python,
    /// The JavaScript SDK.
    Node,
    /// The Go SDK and terraform.
    Go,
    Java,
}

impl Sdk {
    pub const ALL: [Self; 4] = [Self::Python, Self::Node, Self::Go, Self::Java];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Python => "aws CLI, boto3",
            Self::Node => "JavaScript SDK",
            Self::Go => "Go SDK, terraform",
            Self::Java => "Java SDK",
        }
    }
}

/// The source of a program's credentials. A `String` is a profile's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialSource {
    /// `AWS_ACCESS_KEY_ID` and the variables that belong to it.
    Environment,
    WebIdentity,
    /// Keys in the credentials file, or in the config file.
    Keys(String),
    /// Another role, assumed with the profile's credentials.
    AssumedRole(String),
    SingleSignOn(String),
    /// The session of `aws login` (`login_session`), whose keys are in a cache directory.
    Login(String),
    Process(String),
    Container,
    /// `-Daws.accessKeyId=…` in the options of every Java program.
    JavaProperties,
    /// The EC2 instance metadata service (IMDS), after every other provider.
    InstanceMetadata,
    /// `AWS_PROFILE` names a profile that is in neither file: the program stops.
    MissingProfile(String),
    /// The program cannot read one of the files. Holds the file and the line.
    Unreadable(&'static str, usize),
}

impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("the keys in the environment (AWS_ACCESS_KEY_ID)"),
            Self::WebIdentity => f.write_str("the web identity of AWS_WEB_IDENTITY_TOKEN_FILE"),
            Self::Keys(profile) => write!(f, "the keys written under [{profile}]"),
            Self::AssumedRole(profile) => write!(f, "the role that [{profile}] assumes (role_arn)"),
            Self::SingleSignOn(profile) => write!(f, "the single sign-on of [{profile}]"),
            Self::Login(profile) => write!(f, "the `aws login` session of [{profile}]"),
            Self::JavaProperties => {
                f.write_str("the keys in JAVA_TOOL_OPTIONS or JDK_JAVA_OPTIONS (-Daws.accessKeyId)")
            }
            Self::Process(profile) => write!(f, "the credential_process of [{profile}]"),
            Self::Container => {
                f.write_str("the container's endpoint (AWS_CONTAINER_CREDENTIALS_…)")
            }
            Self::InstanceMetadata => f.write_str("nothing but the EC2 instance's own role"),
            Self::MissingProfile(profile) => write!(
                f,
                "none: AWS_PROFILE names {profile}, which is in neither file"
            ),
            Self::Unreadable(file, line) => {
                write!(f, "none: it cannot parse line {line} of the {file} file")
            }
        }
    }
}

/// Returns the source that `sdk` takes, given the texts of the config and the credentials file.
pub fn credential_source(
    sdk: Sdk,
    environment: &Environment,
    config: &str,
    credentials: &str,
) -> CredentialSource {
    let set = |name: &str| environment.raw(name).is_some();
    let named = named_profile(sdk, environment);
    let profile = named.unwrap_or("default").to_owned();
    let (config, credentials) = (read(config), read(credentials));
    // botocore reads both files first. The other SDKs skip such lines.
    let files = [("config", &config), ("credentials", &credentials)];
    let mut faults = files
        .into_iter()
        .filter_map(|(name, file)| Some((name, file.faults.first()?)));
    if sdk == Sdk::Python
        && let Some((file, fault)) = faults.next()
    {
        return CredentialSource::Unreadable(file, fault.line);
    }
    let found = Profile::find(&profile, &config, &credentials);
    let either = |name, old| set(name) || (sdk == Sdk::Go && set(old));
    let keys = either("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY")
        && either("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY");
    let web = set("AWS_WEB_IDENTITY_TOKEN_FILE") && set("AWS_ROLE_ARN");
    if sdk == Sdk::Java && has_java_keys(environment) {
        return CredentialSource::JavaProperties;
    }
    // botocore and Go look for the profile before anything else.
    if named.is_some() && !found.exists && matches!(sdk, Sdk::Python | Sdk::Go) {
        return CredentialSource::MissingProfile(profile);
    }
    if keys && !(sdk == Sdk::Node && set("AWS_PROFILE")) {
        return CredentialSource::Environment;
    }
    if web && matches!(sdk, Sdk::Go | Sdk::Java) {
        return CredentialSource::WebIdentity;
    }
    if sdk == Sdk::Python && found.role {
        return CredentialSource::AssumedRole(profile);
    }
    if web && sdk == Sdk::Python {
        return CredentialSource::WebIdentity;
    }
    if let Some(of_profile) = found.credential_source(sdk, &profile) {
        return of_profile;
    }
    if named.is_some() && !found.exists {
        return CredentialSource::MissingProfile(profile);
    }
    if web {
        return CredentialSource::WebIdentity;
    }
    if set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") || set("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
        return CredentialSource::Container;
    }
    CredentialSource::InstanceMetadata
}

/// Whether the options for every Java program contain keys. Java's SDK prefers properties to
/// variables.
fn has_java_keys(environment: &Environment) -> bool {
    let options = ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"];
    options.into_iter().any(|name| {
        let text = environment.text(name).unwrap_or_default();
        text.contains("-Daws.accessKeyId=") && text.contains("-Daws.secretAccessKey=")
    })
}

/// Returns the profile that the environment names. botocore prefers the older variable.
pub fn named_profile(sdk: Sdk, environment: &Environment) -> Option<&str> {
    let old = || environment.text("AWS_DEFAULT_PROFILE");
    match sdk {
        Sdk::Python => old().or_else(|| environment.text("AWS_PROFILE")),
        Sdk::Go => environment.text("AWS_PROFILE").or_else(old),
        Sdk::Node | Sdk::Java => environment.text("AWS_PROFILE"),
    }
}

/// The settings of one profile in both files.
#[derive(Debug, Default)]
struct Profile {
    exists: bool,
    keys_in_credentials: bool,
    keys_in_config: bool,
    role: bool,
    sso: bool,
    login: bool,
    process: bool,
}

impl Profile {
    fn find(name: &str, config: &Ini, credentials: &Ini) -> Self {
        let mut found = Self::default();
        let sections = [
            (credentials.section(name), false),
            (config.profile(name), true),
        ];
        for (section, in_config) in sections {
            let Some(section) = section else {
                continue;
            };
            found.exists = true;
            for entry in &section.entries {
                match entry.key.to_lowercase().as_str() {
                    "aws_access_key_id" if in_config => found.keys_in_config = true,
                    "aws_access_key_id" => found.keys_in_credentials = true,
                    "role_arn" => found.role = true,
                    "sso_session" | "sso_start_url" => found.sso = true,
                    "login_session" => found.login = true,
                    "credential_process" => found.process = true,
                    _ => {}
                }
            }
        }
        found
    }

    fn credential_source(&self, sdk: Sdk, name: &str) -> Option<CredentialSource> {
        type Source = fn(String) -> CredentialSource;
        let has_keys = self.keys_in_credentials || self.keys_in_config;
        let keys = (has_keys, CredentialSource::Keys as Source);
        let in_credentials = (self.keys_in_credentials, CredentialSource::Keys as Source);
        let role = (self.role, CredentialSource::AssumedRole as Source);
        let sso = (self.sso, CredentialSource::SingleSignOn as Source);
        let login = (self.login, CredentialSource::Login as Source);
        let process = (self.process, CredentialSource::Process as Source);
        let order = match sdk {
            Sdk::Python => vec![role, sso, in_credentials, login, process, keys],
            Sdk::Node => vec![role, keys, process, sso, login],
            Sdk::Go => vec![role, keys, sso, login, process],
            Sdk::Java => vec![sso, role, login, process, keys],
        };
        let first = order.into_iter().find(|(is_set, _)| *is_set);
        first.map(|(_, source)| source(name.to_owned()))
    }
}

#[cfg(test)]
mod tests;
