//! The addresses a VPN server sends, checked against the host that was configured.
//!
//! Each of them is server text that would make `ob` send a bearer secret somewhere or open something,
//! so each has one grammar, and everything else is refused by name. Nothing is fetched here.

use url::{Host, Url};

use super::AccessServerError;
use crate::secret::Secret;

pub(super) const DEEP_LINK: &str = "openvpn://import-profile/";
pub(super) const TOKEN_PATH: &str = "/rest/GetProfileViaToken";
/// The path of Access Server's SP identity, which is an address.
const SP_IDENTITY_PATH: &str = "/saml/metadata";
/// A token is 32 characters today.
const MAX_TOKEN_CHARS: usize = 128;
/// The servers a VPN's addresses may lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VpnHosts {
    /// The host of the settings, lower case.
    pub host: String,
    /// The SAML host, where it is another (`auth.saml.0.sp_hostname`).
    pub saml_host: Option<String>,
    /// The port of its web pages.
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

    /// Whether `url` is https at one of these hosts, on the configured port, for nobody in particular.
    pub(super) fn own(&self, url: &Url) -> Result<(), AccessServerError> {
        let host = url.host_str().unwrap_or_default();
        if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() {
            return Err(AccessServerError::Address);
        }
        let known = host == self.host || self.saml_host.as_deref() == Some(host);
        if !known {
            return Err(AccessServerError::ForeignHost(host.to_owned()));
        }
        if url.port_or_known_default() == Some(self.port) {
            Ok(())
        } else {
            Err(AccessServerError::ForeignHost(format!(
                "{host}:{}",
                url.port_or_known_default().unwrap_or_default()
            )))
        }
    }
}

impl VpnHosts {
    /// Whether `name` is the VPN's SP identity, the audience of an assertion for it. Access Server makes it of the host
    /// of its `acs` (`https://HOST/saml/metadata`). A VPN that is reached by a number has a name that is not known
    /// here: then any identity of that form is taken.
    pub fn is_sp_identity(&self, name: &str, acs: &Url) -> bool {
        let Ok(url) = Url::parse(name) else {
            return false;
        };
        let host = url.host_str().unwrap_or_default();
        let own = [
            Some(self.host.as_str()),
            self.saml_host.as_deref(),
            acs.host_str(),
        ];
        let is_number =
            |host: Host<&str>| !matches!(host, Host::Domain(name) if name != "localhost");
        let has_no_name = acs.host().is_some_and(is_number);
        url.scheme() == "https"
            && (own.contains(&Some(host)) || (has_no_name && url.path() == SP_IDENTITY_PATH))
    }
}

/// Where the assertion may be sent: the form's own address, checked.
///
/// # Errors
/// When it does not lead to the configured VPN.
pub fn acs(action: &str, hosts: &VpnHosts) -> Result<Url, AccessServerError> {
    let url = Url::parse(action).map_err(|_| AccessServerError::Address)?;
    hosts.own(&url)?;
    if url.fragment().is_some() {
        return Err(AccessServerError::Address);
    }
    Ok(url)
}

/// The address a server asks to sign in at while it keeps the tunnel waiting (WEB_AUTH).
///
/// # Errors
/// When it does not lead to the configured VPN: then it is a person's to open, never ours.
pub fn web_auth_address(url: &Secret, hosts: &VpnHosts) -> Result<Url, AccessServerError> {
    let address = browsable(url)?;
    hosts.own(&address)?;
    Ok(address)
}

/// The same address for a browser, whatever its host: one that opens as a web page and as nothing else.
///
/// # Errors
/// When it is no plain https address.
pub fn browsable(url: &Secret) -> Result<Url, AccessServerError> {
    let text = url.expose();
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(AccessServerError::Address);
    }
    let url = Url::parse(text).map_err(|_| AccessServerError::Address)?;
    if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() {
        return Err(AccessServerError::Address);
    }
    Ok(url)
}

/// An address that gives the profile once, to whoever asks.
#[derive(Debug, PartialEq, Eq)]
pub struct OneTimeAddress(Secret);

impl OneTimeAddress {
    /// Finds the deep link `openvpn://import-profile/https://HOST/rest/GetProfileViaToken?token=…` in
    /// an answer's body or `Location`; `None` where there is none.
    ///
    /// # Errors
    /// When there is one that leads elsewhere than to this door of the configured VPN.
    pub fn find(text: &str, hosts: &VpnHosts) -> Result<Option<Self>, AccessServerError> {
        let Some(start) = text.find(DEEP_LINK) else {
            return Ok(None);
        };
        let rest = &text[start + DEEP_LINK.len()..];
        let end = rest
            .find(|c: char| {
                c.is_whitespace()
                    || c.is_control()
                    || matches!(c, '"' | '\'' | '<' | '>' | '`' | '\\' | ')')
            })
            .unwrap_or(rest.len());
        Self::parse(&rest[..end], hosts).map(Some)
    }

    /// Reads the https address inside the deep link.
    ///
    /// # Errors
    /// When anything in it is not as it must be.
    pub fn parse(address: &str, hosts: &VpnHosts) -> Result<Self, AccessServerError> {
        let url = Url::parse(address).map_err(|_| AccessServerError::DeepLink)?;
        hosts.own(&url)?;
        let token = url
            .query()
            .and_then(|query| query.strip_prefix("token="))
            .ok_or(AccessServerError::DeepLink)?;
        let sound = url.path() == TOKEN_PATH
            && url.fragment().is_none()
            && (1..=MAX_TOKEN_CHARS).contains(&token.len())
            && token.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !sound {
            return Err(AccessServerError::DeepLink);
        }
        Ok(Self(Secret::new(url.as_str())))
    }

    /// The address itself. Whoever asks for it first has the profile.
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
    fn a_deep_link_is_found_in_a_body_and_in_a_page() {
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
    fn a_deep_link_that_leads_elsewhere_is_refused() {
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
    fn an_assertion_goes_to_the_configured_hosts_alone() {
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
    fn an_audience_is_the_sp_identity_of_one_of_the_hosts() {
        let identity = |hosts: &VpnHosts, acs: &str, name: &str| {
            hosts.is_sp_identity(name, &Url::parse(acs).unwrap())
        };
        let mut hosts = hosts();
        let acs = "https://vpn.acme.com/saml/acs";
        assert!(identity(&hosts, acs, "https://vpn.acme.com/saml/metadata"));
        // The port of the web pages is none of the identity's.
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
        // Reached by a number, a server has a name that only it knows.
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
    fn an_address_for_a_browser_is_https_and_one_word() {
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
