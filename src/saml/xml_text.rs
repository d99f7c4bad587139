//! Characters and references of XML 1.0.

use super::xml_error::XmlError;

/// Resolves the references in an attribute and normalises white space (XML 1.0, 3.3.3).
pub(super) fn attribute_value(raw: &str) -> Result<String, XmlError> {
    if raw.contains('<') {
        return Err(XmlError::Syntax);
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, from_reference)) = rest.split_once('&') {
        value.extend(before.chars().map(as_space));
        let (reference, after) = from_reference.split_once(';').ok_or(XmlError::Reference)?;
        value.push(resolve(reference)?);
        rest = after;
    }
    value.extend(rest.chars().map(as_space));
    Ok(value)
}

fn as_space(c: char) -> char {
    if matches!(c, '\t' | '\r' | '\n') {
        ' '
    } else {
        c
    }
}

/// Returns the character of a reference: one of XML's five names, or a number.
pub(super) fn resolve(reference: &str) -> Result<char, XmlError> {
    let number = match reference {
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "amp" => return Ok('&'),
        "apos" => return Ok('\''),
        "quot" => return Ok('"'),
        other => other.strip_prefix('#').ok_or(XmlError::UnknownEntity)?,
    };
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    // `from_str_radix` accepts a sign.
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(XmlError::Reference);
    }
    u32::from_str_radix(digits, radix)
        .ok()
        .and_then(char::from_u32)
        .filter(|c| is_xml_char(*c))
        .ok_or(XmlError::Character)
}

/// Whether XML 1.0 allows a character (production 2).
pub(super) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
