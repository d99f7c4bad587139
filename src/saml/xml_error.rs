//! Errors of the strict XML reader.

use quick_xml::errors::{Error as XmlFault, IllFormedError, SyntaxError};
use quick_xml::events::attributes::AttrError;
use thiserror::Error;

use crate::report::ErrorCode;

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

    /// Returns the code of the report, one of `saml.xml.…`.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::ByteOrderMark => ErrorCode::SamlXmlByteOrderMark,
            Self::Character => ErrorCode::SamlXmlCharacter,
            Self::CommentInValue => ErrorCode::SamlXmlCommentInValue,
            Self::CutShort => ErrorCode::SamlXmlCutShort,
            Self::Doctype => ErrorCode::SamlXmlDoctype,
            Self::DuplicateAttribute => ErrorCode::SamlXmlDuplicateAttribute,
            Self::Encoding => ErrorCode::SamlXmlEncoding,
            Self::NoRoot => ErrorCode::SamlXmlNoRoot,
            Self::Prefix => ErrorCode::SamlXmlPrefix,
            Self::ProcessingInstruction => ErrorCode::SamlXmlProcessingInstruction,
            Self::Reference => ErrorCode::SamlXmlReference,
            Self::SecondRoot => ErrorCode::SamlXmlSecondRoot,
            Self::SplitValue => ErrorCode::SamlXmlSplitValue,
            Self::Syntax => ErrorCode::SamlXmlSyntax,
            Self::TextOutsideRoot => ErrorCode::SamlXmlTextOutsideRoot,
            Self::TooDeep => ErrorCode::SamlXmlTooDeep,
            Self::TooManyAttributes => ErrorCode::SamlXmlTooManyAttributes,
            Self::TooManyElements => ErrorCode::SamlXmlTooManyElements,
            Self::Unbalanced => ErrorCode::SamlXmlUnbalanced,
            Self::UnknownEntity => ErrorCode::SamlXmlUnknownEntity,
            Self::Version => ErrorCode::SamlXmlVersion,
        }
    }
}
