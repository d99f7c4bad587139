//! XML, strictly.
//!
//! A wrapper over quick-xml, which expands no entity but lets pass what no XML document may hold: two
//! roots, text behind the root, an end with open elements, NUL, any `encoding=`. It also splits a value
//! at a comment, and a reader that takes the first part only reads another name than the one that was
//! signed (CVE-2017-11427). Here text comes in one piece or the document is refused. Namespaces are
//! resolved by a small scope stack, because a prefix may be rebound half way.

use std::collections::VecDeque;
use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesDecl, BytesStart, Event};

use super::xml_error::XmlError;
use super::xml_text::{attribute_value, is_xml_char, resolve};

/// No SAML response comes near: Okta's own are 10 deep.
const DEEPEST: usize = 64;
const MOST_ELEMENTS: usize = 4096;
const MOST_ATTRIBUTES: usize = 64;
const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// One step through a document.
pub(super) enum Node {
    Open(Element),
    /// All text between two tags, CDATA and references resolved, never split.
    Text(String),
    Close,
}

/// A start tag, its names resolved.
pub(super) struct Element {
    pub(super) namespace: Option<Rc<str>>,
    /// The name without its prefix.
    pub(super) name: String,
    attributes: Vec<Attribute>,
}

impl Element {
    pub(super) fn is(&self, namespace: &str, name: &str) -> bool {
        self.namespace.as_deref() == Some(namespace) && self.name == name
    }

    /// The value of an attribute without a namespace (all of SAML's are).
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

/// What an open element has held so far.
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
    bindings: Vec<Binding>,
    elements: usize,
    root_closed: bool,
    text: String,
    ready: VecDeque<Node>,
    started: bool,
}

struct Binding {
    depth: usize,
    prefix: String,
    /// `None`: `xmlns=""`, the default namespace taken back.
    namespace: Option<Rc<str>>,
}

impl<'a> StrictReader<'a> {
    /// # Errors
    /// When the bytes are not UTF-8 text of characters that XML allows.
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
            bindings: Vec::new(),
            elements: 0,
            root_closed: false,
            text: String::new(),
            ready: VecDeque::new(),
            started: false,
        })
    }

    /// The next node; `None` after the end of a whole document.
    pub(super) fn next(&mut self) -> Result<Option<Node>, XmlError> {
        while self.ready.is_empty() {
            let event = self.xml.read_event().map_err(|fault| {
                let at_end = self.xml.buffer_position() >= self.length;
                XmlError::from_fault(&fault, at_end)
            })?;
            let first = !std::mem::replace(&mut self.started, true);
            match event {
                Event::Decl(declaration) if first => check_declaration(&declaration)?,
                Event::Decl(_) | Event::PI(_) => return Err(XmlError::ProcessingInstruction),
                Event::DocType(_) => return Err(XmlError::Doctype),
                Event::Comment(_) => self.comment(),
                Event::Text(text) => self.push_text(&text.xml10_content())?,
                Event::CData(text) => self.push_cdata(&text.xml10_content())?,
                Event::GeneralRef(reference) => {
                    let c = resolve(&reference)?;
                    self.push_reference(c)?;
                }
                Event::Start(tag) | Event::Empty(tag) => self.open(&tag)?,
                Event::End(_) => self.close()?,
                Event::Eof => return self.end().map(|()| None),
            }
        }
        Ok(self.ready.pop_front())
    }

    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), XmlError> {
        if self.root_closed {
            return Err(XmlError::SecondRoot);
        }
        self.elements += 1;
        if self.elements > MOST_ELEMENTS {
            return Err(XmlError::TooManyElements);
        }
        if self.open.len() == DEEPEST {
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
        self.bindings.retain(|binding| binding.depth <= depth);
        self.root_closed = depth == 0;
        self.ready.push_back(Node::Close);
        Ok(())
    }

    fn end(&self) -> Result<(), XmlError> {
        if !self.open.is_empty() {
            return Err(XmlError::CutShort);
        }
        if !self.root_closed {
            return Err(XmlError::NoRoot);
        }
        Ok(())
    }

    /// Whether the comment stands in a value is known when its element closes.
    fn comment(&mut self) {
        if let Some(parent) = self.open.last_mut() {
            parent.comment = true;
        }
    }

    fn push_text(&mut self, text: &str) -> Result<(), XmlError> {
        if text.contains("]]>") {
            return Err(XmlError::Syntax);
        }
        let blank = text.trim_matches([' ', '\t', '\r', '\n']).is_empty();
        self.append_text(text, blank)
    }

    /// CDATA is text by intention, blank or not. A value is one section or none: two sections, or one
    /// beside text, is what a reader that takes the first piece reads differently.
    fn push_cdata(&mut self, text: &str) -> Result<(), XmlError> {
        if let Some(parent) = self.open.last_mut() {
            if parent.cdata || parent.text {
                return Err(XmlError::SplitValue);
            }
            parent.cdata = true;
        }
        self.append(text, false)
    }

    fn push_reference(&mut self, c: char) -> Result<(), XmlError> {
        self.append_text(c.encode_utf8(&mut [0; 4]), false)
    }

    fn append_text(&mut self, text: &str, blank: bool) -> Result<(), XmlError> {
        if !blank && self.open.last().is_some_and(|parent| parent.cdata) {
            return Err(XmlError::SplitValue);
        }
        self.append(text, blank)
    }

    fn append(&mut self, text: &str, blank: bool) -> Result<(), XmlError> {
        let Some(parent) = self.open.last_mut() else {
            return if blank {
                Ok(())
            } else {
                Err(XmlError::TextOutsideRoot)
            };
        };
        parent.text |= !blank;
        self.text.push_str(text);
        Ok(())
    }

    fn flush_text(&mut self) {
        if !self.text.is_empty() {
            self.ready
                .push_back(Node::Text(std::mem::take(&mut self.text)));
        }
    }

    fn resolve_names(&mut self, tag: &BytesStart<'_>) -> Result<Element, XmlError> {
        let depth = self.open.len();
        let mut plain = Vec::new();
        for (count, attribute) in tag.attributes().enumerate() {
            if count == MOST_ATTRIBUTES {
                return Err(XmlError::TooManyAttributes);
            }
            let attribute = attribute.map_err(|fault| match fault {
                AttrError::Duplicated(..) => XmlError::DuplicateAttribute,
                _ => XmlError::Syntax,
            })?;
            let (prefix, name) = split_name(attribute.key.as_ref())?;
            let value = attribute_value(&attribute.value)?;
            match (prefix, name) {
                ("", "xmlns") => self.bind(depth, "", &value)?,
                ("xmlns", prefix) => self.bind(depth, prefix, &value)?,
                _ => plain.push((prefix.to_owned(), name.to_owned(), value)),
            }
        }
        let mut attributes: Vec<Attribute> = Vec::with_capacity(plain.len());
        for (prefix, name, value) in plain {
            // An attribute without a prefix has no namespace; the default one is for elements.
            let namespace = match prefix.as_str() {
                "" => None,
                prefix => self.namespace(prefix)?,
            };
            if attributes
                .iter()
                .any(|known| known.name == name && known.namespace == namespace)
            {
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
            namespace: self.namespace(prefix)?,
            name: name.to_owned(),
            attributes,
        })
    }

    fn bind(&mut self, depth: usize, prefix: &str, namespace: &str) -> Result<(), XmlError> {
        let reserved = matches!(prefix, "xml" | "xmlns");
        if reserved || (!prefix.is_empty() && namespace.is_empty()) {
            return Err(XmlError::Prefix);
        }
        self.bindings.push(Binding {
            depth,
            prefix: prefix.to_owned(),
            namespace: (!namespace.is_empty()).then(|| namespace.into()),
        });
        Ok(())
    }

    fn namespace(&self, prefix: &str) -> Result<Option<Rc<str>>, XmlError> {
        let bound = self
            .bindings
            .iter()
            .rev()
            .find(|binding| binding.prefix == prefix);
        match (bound, prefix) {
            (Some(binding), _) => Ok(binding.namespace.clone()),
            (None, "") => Ok(None),
            (None, "xml") => Ok(Some(XML_NAMESPACE.into())),
            (None, _) => Err(XmlError::Prefix),
        }
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

/// `prefix:name` as (prefix, name); the prefix is empty where there is none.
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
