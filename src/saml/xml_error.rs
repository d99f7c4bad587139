//! Errors of the strict XML reader.

use quick_xml::errors::{Error as XmlFault, IllFormedError, SyntaxError};
use quick_xml::events::attributes::AttrError;
use thiserror::Error;

/// Why a document is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum XmlError {
    #[error("the document starts with a byte order mark")]
    ByteOrderMark,
    #[error("a character that XML does not allow")]
    Character,
    #[error("a comment inside a value")]
    CommentInValue,
    #[error("the document is cut short")]
    CutShort,
    #[error("a document type declaration")]
    Doctype,
    #[error("an attribute is given twice")]
    DuplicateAttribute,
    #[error("not UTF-8")]
    Encoding,
    #[error("no element in it")]
    NoRoot,
    #[error("a namespace prefix that is not declared, or declared against the rules")]
    Prefix,
    #[error("a processing instruction")]
    ProcessingInstruction,
    #[error("a reference that is no reference")]
    Reference,
    #[error("a second document behind the first")]
    SecondRoot,
    #[error("not well-formed")]
    Syntax,
    #[error("a value in several pieces (CDATA beside text)")]
    SplitValue,
    #[error("text outside the document's element")]
    TextOutsideRoot,
    #[error("elements nested more than 64 deep")]
    TooDeep,
    #[error("more than 64 attributes on one element")]
    TooManyAttributes,
    #[error("more than 4096 elements")]
    TooManyElements,
    #[error("an end tag that closes another element")]
    Unbalanced,
    #[error("an entity that is not one of XML's five")]
    UnknownEntity,
    #[error("not XML 1.0")]
    Version,
}

impl XmlError {
    /// Converts an error of quick-xml; `at_end`: it was found at the end of the document.
    pub(super) fn from_fault(fault: &XmlFault, at_end: bool) -> Self {
        match fault {
            XmlFault::Syntax(SyntaxError::InvalidBangMarkup) if !at_end => Self::Syntax,
            XmlFault::Syntax(_) | XmlFault::IllFormed(IllFormedError::MissingEndTag(_)) => {
                Self::CutShort
            }
            XmlFault::IllFormed(IllFormedError::UnclosedReference) if at_end => Self::CutShort,
            XmlFault::IllFormed(IllFormedError::UnclosedReference) => Self::Reference,
            XmlFault::IllFormed(
                IllFormedError::MismatchedEndTag { .. } | IllFormedError::UnmatchedEndTag(_),
            ) => Self::Unbalanced,
            XmlFault::IllFormed(IllFormedError::MissingDoctypeName) => Self::Doctype,
            XmlFault::InvalidAttr(AttrError::Duplicated(..)) => Self::DuplicateAttribute,
            XmlFault::Encoding(_) => Self::Encoding,
            _ => Self::Syntax,
        }
    }

    /// Returns the last part of the report's name (`saml.xml.doctype`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::ByteOrderMark => "byte_order_mark",
            Self::Character => "character",
            Self::CommentInValue => "comment_in_value",
            Self::CutShort => "cut_short",
            Self::Doctype => "doctype",
            Self::DuplicateAttribute => "duplicate_attribute",
            Self::Encoding => "encoding",
            Self::NoRoot => "no_root",
            Self::Prefix => "prefix",
            Self::ProcessingInstruction => "processing_instruction",
            Self::Reference => "reference",
            Self::SecondRoot => "second_root",
            Self::SplitValue => "split_value",
            Self::Syntax => "syntax",
            Self::TextOutsideRoot => "text_outside_root",
            Self::TooDeep => "too_deep",
            Self::TooManyAttributes => "too_many_attributes",
            Self::TooManyElements => "too_many_elements",
            Self::Unbalanced => "unbalanced",
            Self::UnknownEntity => "unknown_entity",
            Self::Version => "version",
        }
    }
}
