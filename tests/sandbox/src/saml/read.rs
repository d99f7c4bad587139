//! Reads a response back for STS: which element each signature stands in, and what the assertion
//! says. Only documents of the sandbox's own making pass the signature check, so names are
//! compared with their prefixes and nothing is canonicalised.

use std::fmt;
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::sign::{IdentityProvider, Signature};
use super::{ATTRIBUTES, AWS_AUDIENCE};
use crate::clock;

/// Why STS will not take a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotBase64,
    NotXml,
    NoAssertion,
    SignatureInvalid,
    WrongIssuer,
    WrongAudience,
    NoRoleSessionName,
}

impl fmt::Display for Refusal {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Refusal::NotBase64 => "Invalid base64 SAMLResponse",
            Refusal::NotXml => "Invalid SAML response",
            Refusal::NoAssertion => "Response does not contain an assertion",
            Refusal::SignatureInvalid => "Response signature invalid",
            Refusal::WrongIssuer => "Issuer not present in specified provider",
            Refusal::WrongAudience => "Response does not contain the required audience.",
            Refusal::NoRoleSessionName => "RoleSessionName is required in AuthnResponse",
        })
    }
}

/// What a response contains, nothing of it checked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Document {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audience: String,
    pub(crate) recipient: String,
    pub(crate) roles: Vec<String>,
    pub(crate) session_name: String,
    /// Seconds since the epoch, of `SubjectConfirmationData`.
    pub(crate) not_on_or_after: u64,
    /// Seconds since the epoch.
    pub(crate) session_not_on_or_after: Option<u64>,
    elements: Vec<Signed>,
}

/// An element that can be signed, or its signature.
#[derive(Debug, Clone)]
struct Signed {
    name: String,
    id: String,
    span: Range<usize>,
    signature: Option<(Range<usize>, Signature)>,
}

impl Document {
    /// Checks both signatures, the issuer and the audience; time and role are STS's own affair.
    pub(crate) fn check(&self, xml: &str, provider: &IdentityProvider) -> Result<(), Refusal> {
        self.authentic(xml, provider, AWS_AUDIENCE)?;
        if self.session_name.is_empty() {
            return Err(Refusal::NoRoleSessionName);
        }
        Ok(())
    }

    /// Checks both signatures, the issuer and the audience.
    pub(crate) fn authentic(
        &self,
        xml: &str,
        provider: &IdentityProvider,
        audience: &str,
    ) -> Result<(), Refusal> {
        let count = |name| self.elements.iter().filter(|one| one.name == name).count();
        if count("saml2:Assertion") != 1 || count("saml2p:Response") != 1 {
            return Err(Refusal::NoAssertion);
        }
        for element in &self.elements {
            let Some((span, signature)) = &element.signature else {
                return Err(Refusal::SignatureInvalid);
            };
            let within = span.start - element.span.start..span.end - element.span.start;
            let text = &xml[element.span.clone()];
            if signature.reference != format!("#{}", element.id)
                || !provider.covers(text, within, signature)
            {
                return Err(Refusal::SignatureInvalid);
            }
        }
        match self {
            _ if self.issuer != provider.issuer => Err(Refusal::WrongIssuer),
            _ if self.audience != audience => Err(Refusal::WrongAudience),
            _ => Ok(()),
        }
    }
}

/// Reads a response.
pub(crate) fn read(xml: &str) -> Result<Document, Refusal> {
    let mut reader = Reader::from_str(xml);
    let mut walk = Walk::default();
    loop {
        let start = position(&reader);
        let event = reader.read_event().map_err(|_| Refusal::NotXml)?;
        let end = position(&reader);
        match event {
            Event::Start(element) => walk.open(&element, start),
            Event::End(_) => walk.close(xml, end),
            Event::Text(text) => walk.text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => walk.text.push(resolve(&reference)?),
            Event::DocType(_) | Event::Empty(_) | Event::Comment(_) | Event::CData(_) => {
                return Err(Refusal::NotXml);
            }
            Event::Eof => break,
            Event::Decl(_) | Event::PI(_) => {}
        }
    }
    Ok(walk.document)
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

fn resolve(reference: &BytesRef<'_>) -> Result<char, Refusal> {
    if let Ok(Some(letter)) = reference.resolve_char_ref() {
        return Ok(letter);
    }
    match &*reference.xml10_content() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(Refusal::NotXml),
    }
}

/// The state of one walk through a document.
#[derive(Debug, Default)]
struct Walk {
    document: Document,
    /// Open elements: name and where they begin.
    open: Vec<(String, usize)>,
    /// Indices into `document.elements` of the open ones among them.
    signable: Vec<usize>,
    signature: Signature,
    attribute: String,
    text: String,
}

impl Walk {
    fn open(&mut self, element: &BytesStart<'_>, start: usize) {
        let name = element.name().as_ref().to_owned();
        let value = |key: &str| {
            let found = element.attributes().flatten();
            let mut found = found.filter(|attribute| attribute.key.as_ref() == key);
            found.next().map(|attribute| attribute.value.into_owned())
        };
        match name.as_str() {
            "saml2p:Response" | "saml2:Assertion" => {
                self.signable.push(self.document.elements.len());
                self.document.elements.push(Signed {
                    name: name.clone(),
                    id: value("ID").unwrap_or_default(),
                    span: start..start,
                    signature: None,
                });
            }
            "ds:Signature" => self.signature = Signature::default(),
            "ds:Reference" => self.signature.reference = value("URI").unwrap_or_default(),
            "saml2:SubjectConfirmationData" => {
                self.document.recipient = value("Recipient").unwrap_or_default();
                self.document.not_on_or_after = moment(value("NotOnOrAfter")).unwrap_or(0);
            }
            "saml2:AuthnStatement" => {
                self.document.session_not_on_or_after = moment(value("SessionNotOnOrAfter"));
            }
            "saml2:Attribute" => self.attribute = value("Name").unwrap_or_default(),
            _ => {}
        }
        self.text.clear();
        self.open.push((name, start));
    }

    fn close(&mut self, xml: &str, end: usize) {
        let Some((name, start)) = self.open.pop() else {
            return;
        };
        let text = std::mem::take(&mut self.text);
        match name.as_str() {
            "saml2p:Response" | "saml2:Assertion" => {
                if let Some(index) = self.signable.pop() {
                    self.document.elements[index].span.end = end;
                }
            }
            "ds:SignedInfo" => self.signature.signed_info = xml[start..end].to_owned(),
            "ds:DigestValue" => self.signature.digest = text,
            "ds:SignatureValue" => self.signature.value = text,
            "ds:Signature" => {
                let signature = std::mem::take(&mut self.signature);
                if let Some(&index) = self.signable.last() {
                    self.document.elements[index].signature = Some((start..end, signature));
                }
            }
            "saml2:Issuer" => self.document.issuer = text,
            "saml2:NameID" => self.document.subject = text,
            "saml2:Audience" => self.document.audience = text,
            "saml2:AttributeValue" => match self.attribute.strip_prefix(ATTRIBUTES) {
                Some("Role") => self.document.roles.push(text),
                Some("RoleSessionName") if self.document.session_name.is_empty() => {
                    self.document.session_name = text;
                }
                _ => {}
            },
            _ => {}
        }
    }
}

fn moment(text: Option<String>) -> Option<u64> {
    clock::parse(&text?)
}
