//! AWS's sign-in pages, which SAML responses for AWS are sent to.

/// The sign-in hosts of the partitions.
const HOSTS: [&str; 3] = [
    "signin.aws.amazon.com",
    "signin.amazonaws-us-gov.com",
    "signin.amazonaws.cn",
];

/// Whether `host` is an AWS sign-in page of any partition, or of one region
/// (`eu-west-1.signin…`).
pub fn is_aws_sign_in_host(host: &str) -> bool {
    let is_of = |known| host.strip_suffix(known);
    HOSTS
        .into_iter()
        .filter_map(is_of)
        .any(|region| region.is_empty() || region.ends_with('.'))
}
