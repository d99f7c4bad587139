//! A strict XML reader.
//!
//! It wraps quick-xml, which expands no entity but accepts what no XML document may contain: two
//! roots, text after the root, an end with open elements, NUL, any `encoding=`. quick-xml also
//! splits a value at a comment; a reader that takes only the first part reads another name than the
//! signed one (CVE-2017-11427). Here the text of a value is in one piece, or the document is
//! refused.

use std::collections::VecDeque;
use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesDecl, BytesStart, Event};

use super::xml_error::XmlError;
use super::xml_namespaces::Namespaces;
use super::xml_text::{attribute_value, is_xml_char, resolve};

/// Okta's responses are 10 deep.
const MAX_DEPTH: usize = 64;
const MAX_ELEMENTS: usize = 4096;
const MAX_ATTRIBUTES: usize = 64;

/// One step through a document.
pub(super) enum Node {
    Open(Element),
    /// All text between two tags, with CDATA and references resolved.
    Text(String),
    Close,
}

/// A start tag with resolved names.
pub(super) struct Element {
    namespace: Option<Rc<str>>,
    /// The name without its prefix.
    pub(super) name: String,
    attributes: Vec<Attribute>,
}

impl Element {
    pub(super) fn is(&self, namespace: &str, name: &str) -> bool {
        self.namespace.as_deref() == Some(namespace) && self.name == name
    }

    /// Returns an attribute without a namespace. All of SAML's are.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.namespace.is_none() && attribute.name == name)
            .map(|attribute| attribute.value.as_str())
    }
}

struct Attribute {
    namespace: Option<Rc<str>>,
    name: String,
    value: String,
}

/// What an open element contains so far.
#[derive(Default)]
struct Content {
    text: bool,
    cdata: bool,
    comment: bool,
    elements: bool,
}

pub(super) struct StrictReader<'a> {
    xml: Reader<&'a [u8]>,
    length: u64,
    open: Vec<Content>,
    namespaces: Namespaces,
    elements: usize,
    is_root_closed: bool,
    text: String,
    ready: VecDeque<Node>,
    is_started: bool,
}

impl<'a> StrictReader<'a> {
    pub(super) fn new(document: &'a [u8]) -> Result<Self, XmlError> {
        if document.starts_with(&[0xff, 0xfe]) || document.starts_with(&[0xfe, 0xff]) {
            return Err(XmlError::Encoding);
        }
        if document.starts_with(&[0xef, 0xbb, 0xbf]) {
            return Err(XmlError::ByteOrderMark);
        }
        let text = std::str::from_utf8(document).map_err(|_| XmlError::Encoding)?;
        if !text.chars().all(is_xml_char) {
            return Err(XmlError::Character);
        }
        let mut xml = Reader::from_str(text);
        xml.config_mut().enable_all_checks(true);
        xml.config_mut().expand_empty_elements = true;
        xml.config_mut().trim_markup_names_in_closing_tags = true;
        Ok(Self {
            xml,
            length: document.len() as u64,
            open: Vec::new(),
            namespaces: Namespaces::default(),
            elements: 0,
            is_root_closed: false,
            text: String::new(),
            ready: VecDeque::new(),
            is_started: false,
        })
    }

    /// Returns the next node, `None` after a complete document.
    pub(super) fn next(&mut self) -> Result<Option<Node>, XmlError> {
        while self.ready.is_empty() {
            let event = self.xml.read_event().map_err(|fault| {
                let at_end = self.xml.buffer_position() >= self.length;
                XmlError::from_fault(&fault, at_end)
            })?;
            let is_first = !std::mem::replace(&mut self.is_started, true);
            match event {
                Event::Decl(declaration) if is_first => check_declaration(&declaration)?,
                Event::Decl(_) | Event::PI(_) => return Err(XmlError::ProcessingInstruction),
                Event::DocType(_) => return Err(XmlError::Doctype),
                Event::Comment(_) => self.comment(),
                Event::Text(text) => self.text(&text.xml10_content())?,
                Event::CData(text) => self.cdata(&text.xml10_content())?,
                Event::GeneralRef(reference) => {
                    let c = resolve(&reference)?;
                    self.append_text(c.encode_utf8(&mut [0; 4]), false)?;
                }
                Event::Start(tag) | Event::Empty(tag) => self.start(&tag)?,
                Event::End(_) => self.close()?,
                Event::Eof => return self.check_end().map(|()| None),
            }
        }
        Ok(self.ready.pop_front())
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), XmlError> {
        if self.is_root_closed {
            return Err(XmlError::SecondRoot);
        }
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(XmlError::TooManyElements);
        }
        if self.open.len() == MAX_DEPTH {
            return Err(XmlError::TooDeep);
        }
        self.flush_text();
        if let Some(parent) = self.open.last_mut() {
            parent.elements = true;
        }
        self.open.push(Content::default());
        let element = self.resolve_names(tag)?;
        self.ready.push_back(Node::Open(element));
        Ok(())
    }

    fn close(&mut self) -> Result<(), XmlError> {
        self.flush_text();
        let content = self.open.pop().ok_or(XmlError::Unbalanced)?;
        if content.comment && (content.text || !content.elements) {
            return Err(XmlError::CommentInValue);
        }
        let depth = self.open.len();
        self.namespaces.leave(depth);
        self.is_root_closed = depth == 0;
        self.ready.push_back(Node::Close);
        Ok(())
    }

    fn check_end(&self) -> Result<(), XmlError> {
        if !self.open.is_empty() {
            return Err(XmlError::CutShort);
        }
        if !self.is_root_closed {
            return Err(XmlError::NoRoot);
        }
        Ok(())
    }

    /// Notes a comment. Only the end of the element shows whether it is in a value.
    fn comment(&mut self) {
        if let Some(parent) = self.open.last_mut() {
            parent.comment = true;
        }
    }

    fn text(&mut self, text: &str) -> Result<(), XmlError> {
        if text.contains("]]>") {
            return Err(XmlError::Syntax);
        }
        let is_blank = text.trim_matches([' ', '\t', '\r', '\n']).is_empty();
        self.append_text(text, is_blank)
    }

    /// Adds a CDATA section, which counts as text even if blank.
    ///
    /// A value is one section or none. Of two sections, or one beside text, a reader that takes the
    /// first piece reads another value.
    fn cdata(&mut self, text: &str) -> Result<(), XmlError> {
        if let Some(parent) = self.open.last_mut() {
            if parent.cdata || parent.text {
                return Err(XmlError::SplitValue);
            }
            parent.cdata = true;
        }
        self.append(text, false)
    }

    fn append_text(&mut self, text: &str, is_blank: bool) -> Result<(), XmlError> {
        if !is_blank && self.open.last().is_some_and(|parent| parent.cdata) {
            return Err(XmlError::SplitValue);
        }
        self.append(text, is_blank)
    }

    fn append(&mut self, text: &str, is_blank: bool) -> Result<(), XmlError> {
        match self.open.last_mut() {
            Some(parent) => {
                parent.text |= !is_blank;
                self.text.push_str(text);
                Ok(())
            }
            None if is_blank => Ok(()),
            None => Err(XmlError::TextOutsideRoot),
        }
    }

    fn flush_text(&mut self) {
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text);
            self.ready.push_back(Node::Text(text));
        }
    }

    fn resolve_names(&mut self, tag: &BytesStart<'_>) -> Result<Element, XmlError> {
        let depth = self.open.len();
        let mut unresolved = Vec::new();
        for (count, attribute) in tag.attributes().enumerate() {
            if count == MAX_ATTRIBUTES {
                return Err(XmlError::TooManyAttributes);
            }
            let attribute = attribute.map_err(|fault| match fault {
                AttrError::Duplicated(..) => XmlError::DuplicateAttribute,
                _ => XmlError::Syntax,
            })?;
            let (prefix, name) = split_name(attribute.key.as_ref())?;
            let value = attribute_value(&attribute.value)?;
            match (prefix, name) {
                ("", "xmlns") => self.namespaces.bind(depth, "", &value)?,
                ("xmlns", prefix) => self.namespaces.bind(depth, prefix, &value)?,
                _ => unresolved.push((prefix.to_owned(), name.to_owned(), value)),
            }
        }
        let mut attributes: Vec<Attribute> = Vec::with_capacity(unresolved.len());
        for (prefix, name, value) in unresolved {
            // The default namespace does not apply to attributes.
            let namespace = match prefix.as_str() {
                "" => None,
                prefix => self.namespaces.resolve(prefix)?,
            };
            let is_known = |known: &Attribute| known.name == name && known.namespace == namespace;
            if attributes.iter().any(is_known) {
                return Err(XmlError::DuplicateAttribute);
            }
            attributes.push(Attribute {
                namespace,
                name,
                value,
            });
        }
        let tag_name = tag.name();
        let (prefix, name) = split_name(tag_name.as_ref())?;
        Ok(Element {
            namespace: self.namespaces.resolve(prefix)?,
            name: name.to_owned(),
            attributes,
        })
    }
}

fn check_declaration(declaration: &BytesDecl<'_>) -> Result<(), XmlError> {
    let version = declaration.version().map_err(|_| XmlError::Syntax)?;
    if version.as_ref() != "1.0" {
        return Err(XmlError::Version);
    }
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(encoding)) if encoding.eq_ignore_ascii_case("utf-8") => Ok(()),
        Some(Ok(_)) => Err(XmlError::Encoding),
        Some(Err(_)) => Err(XmlError::Syntax),
    }
}

/// Splits `prefix:name`. The prefix is empty if there is none.
fn split_name(name: &str) -> Result<(&str, &str), XmlError> {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii())
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c) || !c.is_ascii())
    };
    if is_name(local) && (is_name(prefix) || !name.contains(':')) {
        Ok((prefix, local))
    } else {
        Err(XmlError::Syntax)
    }
}
