//! The org as a SAML identity provider: writes responses as Okta does (SAML 2.0 core, HTTP-POST
//! binding; AWS's attributes) and signs them twice, assertion and response (XML-DSig, enveloped,
//! ECDSA-SHA256). The text is written in exclusive canonical form from the start, so that
//! canonicalisation changes nothing and needs no code; `xmlsec1` is the independent judge of that.

mod read;
mod sign;
mod verified;

pub(crate) use read::read;
pub(crate) use sign::IdentityProvider;
pub(crate) use verified::Verified;

use crate::canary::Canaries;
use crate::clock;

/// Where the AWS console takes assertions.
pub(crate) const AWS_ACS: &str = "https://signin.aws.amazon.com/saml";
/// The audience of assertions for the `aws` partition.
pub(crate) const AWS_AUDIENCE: &str = "urn:amazon:webservices";
/// What AWS's attribute names begin with.
pub(crate) const ATTRIBUTES: &str = "https://aws.amazon.com/SAML/Attributes/";

const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// Up to so many values say that they are strings. With 500 roles the room is needed: STS takes
/// assertions of up to 100000 characters.
const TYPED_VALUES: usize = 100;
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";

/// What an assertion says.
#[derive(Debug, Clone)]
pub(crate) struct Claims {
    /// Where the response is to be posted: `Destination` and `Recipient`.
    pub(crate) acs: String,
    pub(crate) audience: String,
    /// `NameID` and `RoleSessionName`.
    pub(crate) login: String,
    /// Values of the `Role` attribute.
    pub(crate) roles: Vec<String>,
    /// Console session length in seconds (`SessionDuration`), if said.
    pub(crate) session_duration: Option<u64>,
    /// Further values of attributes, by the attribute's name.
    pub(crate) odd_values: Vec<(&'static str, &'static str)>,
    /// `AuthnStatement/@SessionNotOnOrAfter`, if said: caps the life of the credentials.
    pub(crate) session_not_on_or_after: Option<u64>,
    /// Issue time, seconds since the epoch.
    pub(crate) now: u64,
    /// How long it may be redeemed, in seconds (AWS demands redemption within five minutes).
    pub(crate) lifetime: u64,
}

impl IdentityProvider {
    /// A signed response, as XML.
    pub(crate) fn respond(&self, claims: &Claims, canaries: &Canaries) -> String {
        let assertion_id = canaries.issue("saml-id", "id");
        let response_id = canaries.issue("saml-id", "id");
        let assertion = self.assertion(claims, &assertion_id);
        let assertion = self.sign(&assertion, &assertion_id);
        let issued = clock::milliseconds(claims.now);
        let issuer = self.issuer_element(&format!(" xmlns:saml2=\"{ASSERTION}\""));
        let acs = &claims.acs;
        let response = format!(
            "<saml2p:Response xmlns:saml2p=\"{PROTOCOL}\" Destination=\"{acs}\" \
             ID=\"{response_id}\" IssueInstant=\"{issued}\" Version=\"2.0\">{issuer}\
             <saml2p:Status><saml2p:StatusCode \
             Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></saml2p:StatusCode>\
             </saml2p:Status>{assertion}</saml2p:Response>"
        );
        let response = self.sign(&response, &response_id);
        let xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{response}");
        canaries.note("saml-xml", &xml);
        xml
    }

    fn assertion(&self, claims: &Claims, id: &str) -> String {
        let issued = clock::milliseconds(claims.now);
        let not_before = clock::milliseconds(claims.now.saturating_sub(300));
        let not_after = clock::milliseconds(claims.now + claims.lifetime);
        let session_end = claims
            .session_not_on_or_after
            .map(|end| format!(" SessionNotOnOrAfter=\"{}\"", clock::milliseconds(end)))
            .unwrap_or_default();
        let issuer = self.issuer_element("");
        let login = text(&claims.login);
        let (acs, audience) = (&claims.acs, &claims.audience);
        let statement = attribute_statement(claims);
        format!(
            "<saml2:Assertion xmlns:saml2=\"{ASSERTION}\" ID=\"{id}\" IssueInstant=\"{issued}\" \
             Version=\"2.0\">{issuer}<saml2:Subject>\
             <saml2:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified\">\
             {login}</saml2:NameID><saml2:SubjectConfirmation \
             Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><saml2:SubjectConfirmationData \
             NotOnOrAfter=\"{not_after}\" Recipient=\"{acs}\"></saml2:SubjectConfirmationData>\
             </saml2:SubjectConfirmation></saml2:Subject><saml2:Conditions \
             NotBefore=\"{not_before}\" NotOnOrAfter=\"{not_after}\"><saml2:AudienceRestriction>\
             <saml2:Audience>{audience}</saml2:Audience></saml2:AudienceRestriction>\
             </saml2:Conditions><saml2:AuthnStatement AuthnInstant=\"{issued}\" \
             SessionIndex=\"{id}\"{session_end}><saml2:AuthnContext><saml2:AuthnContextClassRef>\
             urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport\
             </saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>{statement}\
             </saml2:Assertion>"
        )
    }

    /// The declaration is needed where no element around declares the prefix, and must not be
    /// repeated where one does.
    fn issuer_element(&self, declaration: &str) -> String {
        let issuer = text(&self.issuer);
        format!(
            "<saml2:Issuer{declaration} \
             Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\">{issuer}</saml2:Issuer>"
        )
    }
}

fn attribute_statement(claims: &Claims) -> String {
    let name = std::slice::from_ref(&claims.login);
    if claims.roles.is_empty() {
        return format!(
            "<saml2:AttributeStatement>{}</saml2:AttributeStatement>",
            attribute("RoleSessionName", name)
        );
    }
    let with_odd = |name: &str, mut values: Vec<String>| {
        let odd = claims.odd_values.iter().filter(|(of, _)| *of == name);
        values.extend(odd.map(|(_, value)| (*value).to_owned()));
        attribute(name, &values)
    };
    let mut statement =
        with_odd("Role", claims.roles.clone()) + &with_odd("RoleSessionName", name.to_vec());
    if let Some(seconds) = claims.session_duration {
        statement += &with_odd("SessionDuration", vec![seconds.to_string()]);
    }
    format!("<saml2:AttributeStatement>{statement}</saml2:AttributeStatement>")
}

fn attribute(name: &str, values: &[String]) -> String {
    let declaration = if values.len() > TYPED_VALUES {
        ""
    } else {
        " xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"xs:string\""
    };
    let values: String = values
        .iter()
        .map(|value| {
            let value = text(value);
            format!("<saml2:AttributeValue{declaration}>{value}</saml2:AttributeValue>")
        })
        .collect();
    format!(
        "<saml2:Attribute Name=\"{ATTRIBUTES}{name}\" \
         NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\">{values}</saml2:Attribute>"
    )
}

/// Text content as canonical XML writes it (Canonical XML 1.0, 2.3).
fn text(value: &str) -> String {
    value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\r', "&#xD;")
}

#[cfg(test)]
mod tests;
