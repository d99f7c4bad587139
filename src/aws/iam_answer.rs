//! Answers of IAM's query protocol: XML, of which only the text of named elements is read.

use quick_xml::Reader;
use quick_xml::events::Event;
use thiserror::Error;

/// Upper limit of nested elements.
const MAX_DEPTH: usize = 32;

/// Returns the texts of all elements whose path ends with `path`, in document order.
///
/// # Errors
/// [`IamAnswerError`] if the document is not UTF-8, not well-formed, has a DTD or unknown entities,
/// or nests more than 32 elements.
pub fn element_texts(document: &[u8], path: &[&str]) -> Result<Vec<String>, IamAnswerError> {
    let document = std::str::from_utf8(document).map_err(|_| IamAnswerError)?;
    let mut reader = Reader::from_str(document);
    reader.config_mut().enable_all_checks(true);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut found = Vec::new();
    let mut has_root = false;
    loop {
        match reader.read_event().map_err(|_| IamAnswerError)? {
            Event::Start(start) => {
                open.push(start.local_name().as_ref().to_owned());
                text.clear();
                has_root = true;
                if open.len() > MAX_DEPTH {
                    return Err(IamAnswerError);
                }
            }
            Event::End(_) => {
                let is_match = open.len() >= path.len()
                    && open[open.len() - path.len()..]
                        .iter()
                        .zip(path)
                        .all(|(a, b)| a == b);
                if is_match {
                    found.push(std::mem::take(&mut text).trim().to_owned());
                }
                open.pop();
                text.clear();
            }
            Event::Text(part) => text += &part.xml10_content(),
            Event::CData(part) => text += &part.xml10_content(),
            Event::GeneralRef(reference) => {
                text.push(character(&reference).ok_or(IamAnswerError)?);
            }
            Event::DocType(_) => return Err(IamAnswerError),
            Event::Eof if has_root && open.is_empty() => return Ok(found),
            Event::Eof => return Err(IamAnswerError),
            _ => {}
        }
    }
}

/// Returns the character of a predefined entity or a numeric reference.
fn character(reference: &str) -> Option<char> {
    Some(match reference {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        number => {
            let number = number.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    })
}

/// The document is not UTF-8 or not well-formed XML, has a DTD or an unknown entity, or nests more
/// than 32 elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the answer is not well-formed XML")]
pub struct IamAnswerError;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: &[u8] = b"<?xml version='1.0'?>\
        <ListRolePoliciesResponse xmlns='https://iam.amazonaws.com/doc/2010-05-08/'>\
        <ListRolePoliciesResult><PolicyNames>\
        <member>a&amp;b</member><member>c&#x21;</member></PolicyNames>\
        <IsTruncated>false</IsTruncated></ListRolePoliciesResult></ListRolePoliciesResponse>";

    #[test]
    fn elements_are_found_by_the_end_of_their_path() {
        assert_eq!(
            element_texts(NAMES, &["PolicyNames", "member"]).unwrap(),
            ["a&b", "c!"]
        );
        assert_eq!(element_texts(NAMES, &["IsTruncated"]).unwrap(), ["false"]);
        assert!(element_texts(NAMES, &["Marker"]).unwrap().is_empty());
        assert_eq!(element_texts(b"<a><b/></a>", &["a", "b"]).unwrap(), [""]);
    }

    #[test]
    fn malformed_documents_are_refused() {
        let deep = "<a>".repeat(99) + &"</a>".repeat(99);
        for document in [
            "",
            "x",
            "<a>",
            "<a></b>",
            "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
            "<a>&x;</a>",
            "{}",
            &deep,
        ] {
            assert_eq!(
                element_texts(document.as_bytes(), &["a"]),
                Err(IamAnswerError),
                "{document}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            text in "[<>&;/a-c!\\[\\]\"' ?x#-]{0,80}",
        ) {
            let _ = element_texts(&bytes, &["a"]);
            let _ = element_texts(text.as_bytes(), &["a"]);
        }
    }
}
