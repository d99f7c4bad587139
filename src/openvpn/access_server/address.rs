//! Addresses from a VPN server, checked against the configured host.
//!
//! Each is server text that would make `ob` send a bearer secret or open a page, so each has one
//! grammar and everything else is refused. Nothing is fetched here.

use url::{Host, Url};

use super::error::{AccessServerError, DEEP_LINK, TOKEN_PATH};
use crate::secret::Secret;

/// The path of Access Server's SP identity, which is an address.
const SP_IDENTITY_PATH: &str = "/saml/metadata";
/// A token has 32 characters in Access Server 3.0.
const MAX_TOKEN_CHARS: usize = 128;

/// The hosts to which a VPN's addresses may lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VpnHosts {
    /// The host of the settings, lower case.
    pub host: String,
    /// The SAML host, if it is another one (`auth.saml.0.sp_hostname`).
    pub saml_host: Option<String>,
    /// The port of the web pages.
    pub port: u16,
}

impl VpnHosts {
    pub fn new(host: &str) -> Self {
        Self {
            host: host.to_ascii_lowercase(),
            saml_host: None,
            port: 443,
        }
    }

    /// Checks that `url` is https, without user or password, at one of these hosts and the port.
    pub(super) fn check(&self, url: &Url) -> Result<(), AccessServerError> {
        check_plain_https(url)?;
        let host = url.host_str().unwrap_or_default();
        if host != self.host && self.saml_host.as_deref() != Some(host) {
            return Err(AccessServerError::ForeignHost(host.to_owned()));
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if port != self.port {
            return Err(AccessServerError::ForeignHost(format!("{host}:{port}")));
        }
        Ok(())
    }

    /// Whether `name` is the VPN's SP identity, which is the audience of an assertion for it.
    ///
    /// Access Server makes it of the host of its `acs` (`https://HOST/saml/metadata`). The name of
    /// a VPN that is reached by an IP address is not known here: then any identity of that form is
    /// accepted.
    pub fn is_sp_identity(&self, name: &str, acs: &Url) -> bool {
        let Ok(url) = Url::parse(name) else {
            return false;
        };
        let host = url.host_str().unwrap_or_default();
        let known = [
            Some(self.host.as_str()),
            self.saml_host.as_deref(),
            acs.host_str(),
        ];
        let is_unnamed = |host| !matches!(host, Host::Domain(name) if name != "localhost");
        url.scheme() == "https"
            && (known.contains(&Some(host))
                || (acs.host().is_some_and(is_unnamed) && url.path() == SP_IDENTITY_PATH))
    }
}

fn check_plain_https(url: &Url) -> Result<(), AccessServerError> {
    if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() {
        return Err(AccessServerError::Address);
    }
    Ok(())
}

/// Returns the address to send the assertion to: the form's `action`, checked.
///
/// # Errors
/// [`AccessServerError`] if it does not lead to the configured VPN.
pub fn acs(action: &str, hosts: &VpnHosts) -> Result<Url, AccessServerError> {
    let url = Url::parse(action).map_err(|_| AccessServerError::Address)?;
    hosts.check(&url)?;
    if url.fragment().is_some() {
        return Err(AccessServerError::Address);
    }
    Ok(url)
}

/// Returns the address of a web sign-in that the server asks for at connect time (WEB_AUTH).
///
/// # Errors
/// [`AccessServerError`] if it does not lead to the configured VPN. Then only the user may open
/// it.
pub fn web_auth_address(url: &Secret, hosts: &VpnHosts) -> Result<Url, AccessServerError> {
    let address = browsable(url)?;
    hosts.check(&address)?;
    Ok(address)
}

/// Returns the same address for a browser, at any host: one that can only open as a web page.
///
/// # Errors
/// [`AccessServerError::Address`] if it is not a plain https address.
pub fn browsable(url: &Secret) -> Result<Url, AccessServerError> {
    let text = url.expose();
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(AccessServerError::Address);
    }
    let url = Url::parse(text).map_err(|_| AccessServerError::Address)?;
    check_plain_https(&url)?;
    Ok(url)
}

/// An address that returns the profile once, to any client.
#[derive(Debug, PartialEq, Eq)]
pub struct OneTimeAddress(Secret);

impl OneTimeAddress {
    /// Finds the deep link
    /// `openvpn://import-profile/https://HOST/rest/GetProfileViaToken?token=…` in an answer's
    /// body or `Location`.
    ///
    /// # Errors
    /// [`AccessServerError`] if it does not lead to that endpoint of the configured VPN.
    pub fn find(text: &str, hosts: &VpnHosts) -> Result<Option<Self>, AccessServerError> {
        let Some((_, rest)) = text.split_once(DEEP_LINK) else {
            return Ok(None);
        };
        let ends = |c: char| c.is_whitespace() || c.is_control() || "\"'<>`\\)".contains(c);
        let address = rest.split(ends).next().unwrap_or_default();
        Self::parse(address, hosts).map(Some)
    }

    /// Parses the https address inside the deep link.
    ///
    /// # Errors
    /// [`AccessServerError`] if it does not lead to that endpoint of the configured VPN.
    pub fn parse(address: &str, hosts: &VpnHosts) -> Result<Self, AccessServerError> {
        let url = Url::parse(address).map_err(|_| AccessServerError::DeepLink)?;
        hosts.check(&url)?;
        let token = url
            .query()
            .and_then(|query| query.strip_prefix("token="))
            .ok_or(AccessServerError::DeepLink)?;
        let is_valid = url.path() == TOKEN_PATH
            && url.fragment().is_none()
            && (1..=MAX_TOKEN_CHARS).contains(&token.len())
            && token.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_valid {
            return Err(AccessServerError::DeepLink);
        }
        Ok(Self(Secret::new(url.as_str())))
    }

    /// Returns the address. The first client that fetches it gets the profile.
    pub const fn address(&self) -> &Secret {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> VpnHosts {
        VpnHosts::new("vpn.acme.com")
    }

    const TOKEN: &str = "abcDEF0123456789abcDEF0123456789";

    #[test]
    fn deep_link_is_found_in_body_and_page() {
        let link = format!(
            "openvpn://import-profile/https://vpn.acme.com/rest/GetProfileViaToken?token={TOKEN}"
        );
        let page = format!("<html><a href=\"{link}\">open</a></html>");
        for text in [
            link.clone(),
            format!("{link}\n"),
            page,
            format!("location='{link}';"),
        ] {
            let found = OneTimeAddress::find(&text, &hosts()).unwrap().unwrap();
            assert_eq!(
                found.address().expose(),
                &link["openvpn://import-profile/".len()..]
            );
            assert!(!format!("{found:?}").contains(TOKEN));
        }
        assert_eq!(
            OneTimeAddress::find("<html>sign in</html>", &hosts()),
            Ok(None)
        );
    }

    #[test]
    fn deep_link_to_another_host_is_refused() {
        for address in [
            format!("https://evil.example/rest/GetProfileViaToken?token={TOKEN}"),
            format!("https://vpn.acme.com.evil.example/rest/GetProfileViaToken?token={TOKEN}"),
            format!("https://vpn.acme.com@evil.example/rest/GetProfileViaToken?token={TOKEN}"),
            format!("https://vpn.acme.com:8443/rest/GetProfileViaToken?token={TOKEN}"),
            format!("http://vpn.acme.com/rest/GetProfileViaToken?token={TOKEN}"),
            format!("file:///etc/passwd?token={TOKEN}"),
            format!("https://vpn.acme.com/rest/../admin?token={TOKEN}"),
            format!("https://vpn.acme.com/rest/GetProfileViaToken/x?token={TOKEN}"),
            format!("https://vpn.acme.com/rest/GetProfileViaToken?token={TOKEN}&x=1"),
            format!("https://vpn.acme.com/rest/GetProfileViaToken?x=1&token={TOKEN}"),
            format!("https://vpn.acme.com/rest/GetProfileViaToken?token={TOKEN}#x"),
            format!(
                "https://vpn.acme.com/rest/GetProfileViaToken?token={}",
                "x".repeat(129)
            ),
            "https://vpn.acme.com/rest/GetProfileViaToken?token=".to_owned(),
            "https://vpn.acme.com/rest/GetProfileViaToken".to_owned(),
            "https://vpn.acme.com/rest/GetProfileViaToken?token=%61".to_owned(),
            String::new(),
        ] {
            let text = format!("openvpn://import-profile/{address}");
            assert!(OneTimeAddress::find(&text, &hosts()).is_err(), "{address}");
        }
    }

    #[test]
    fn assertion_goes_only_to_configured_hosts() {
        let mut hosts = hosts();
        assert!(acs("https://vpn.acme.com/saml/acs", &hosts).is_ok());
        assert!(acs("https://sso.acme.com/saml/acs", &hosts).is_err());
        hosts.saml_host = Some("sso.acme.com".to_owned());
        assert!(acs("https://sso.acme.com/saml/acs", &hosts).is_ok());
        for action in [
            "http://vpn.acme.com/saml/acs",
            "https://a:b@vpn.acme.com/saml/acs",
            "/saml/acs",
            "",
            "https://vpn.acme.com:444/saml/acs",
        ] {
            assert!(acs(action, &hosts).is_err(), "{action}");
        }
    }

    #[test]
    fn audience_is_an_sp_identity_of_these_hosts() {
        let identity = |hosts: &VpnHosts, acs: &str, name: &str| {
            hosts.is_sp_identity(name, &Url::parse(acs).unwrap())
        };
        let mut hosts = hosts();
        let acs = "https://vpn.acme.com/saml/acs";
        assert!(identity(&hosts, acs, "https://vpn.acme.com/saml/metadata"));
        // The identity has no port.
        assert!(identity(
            &hosts,
            "https://vpn.acme.com:943/saml/acs",
            "https://vpn.acme.com/saml/metadata"
        ));
        for other in [
            "https://other.acme.com/saml/metadata",
            "https://vpn.acme.com.evil.example/saml/metadata",
            "http://vpn.acme.com/saml/metadata",
            "urn:amazon:webservices",
            "https://signin.aws.amazon.com/saml",
            "vpn.acme.com",
            "",
        ] {
            assert!(!identity(&hosts, acs, other), "{other}");
        }
        hosts.saml_host = Some("sso.acme.com".into());
        assert!(identity(
            &hosts,
            "https://sso.acme.com/saml/acs",
            "https://sso.acme.com/saml/metadata"
        ));
        // A server that is reached by an IP address has a name that is not known here.
        let numbered = VpnHosts::new("192.0.2.7");
        let acs = "https://192.0.2.7/saml/acs";
        assert!(identity(
            &numbered,
            acs,
            "https://vpn.acme.com/saml/metadata"
        ));
        for other in [
            "https://vpn.acme.com/",
            "urn:amazon:webservices",
            "https://signin.aws.amazon.com/saml",
        ] {
            assert!(!identity(&numbered, acs, other), "{other}");
        }
    }

    #[test]
    fn browsable_address_is_https_and_one_word() {
        assert!(browsable(&Secret::new("https://idp.example/x?y=z")).is_ok());
        for url in [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://x y",
            "-https://x",
            "https://x\n",
            "http://x/",
            "https://a@x/",
        ] {
            assert!(browsable(&Secret::new(url)).is_err(), "{url}");
        }
        assert!(web_auth_address(&Secret::new("https://evil.example/saml"), &hosts()).is_err());
        assert!(
            web_auth_address(&Secret::new("https://vpn.acme.com/saml?sid=1"), &hosts()).is_ok()
        );
    }
}
