//! The state token in the scripts of Okta's pages, in each spelling known so far.
//!
//! The object around it contains functions, so it is not JSON. The member is found by name, and its
//! string literal is read with JavaScript's escapes (`\x2D`, `\u002d`): Okta reports a token that
//! is sent with its escapes as expired.

use url::Url;

use crate::secret::Secret;

/// Okta's `stateToken`, which identifies the sign-in transaction that a page belongs to.
#[derive(Debug, PartialEq, Eq)]
pub struct StateToken(Secret);

/// Limit of a token. The longest known one has 5300 bytes.
const MAX_TOKEN_BYTES: usize = 16 * 1024;
const MEMBER: &str = "stateToken";

impl StateToken {
    /// Parses a token, `None` if `value` contains other characters.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let is_valid = (1..=MAX_TOKEN_BYTES).contains(&value.len())
            && value
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
        is_valid.then(|| Self(Secret::new(value)))
    }

    /// Finds the first token in a script: `stateToken = '…'`, `"stateToken":"…"`,
    /// `'stateToken': '…'`, `?stateToken=…`.
    pub(super) fn in_script(script: &str) -> Option<Self> {
        let mut rest = script;
        while let Some((before, after)) = rest.split_once(MEMBER) {
            rest = after;
            let is_part_of_name = before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            if !is_part_of_name
                && let Some(token) = assigned(after, before).and_then(|value| Self::parse(&value))
            {
                return Some(token);
            }
        }
        None
    }

    /// Finds the token in a query: `…/login/step-up/redirect?stateToken=…`.
    pub fn in_address(url: &Url) -> Option<Self> {
        let mut pairs = url.query_pairs();
        let (_, value) = pairs.find(|(name, _)| name == MEMBER)?;
        Self::parse(&value)
    }

    /// Returns the token, to be sent to the org.
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// Whether the token is of Identity Engine. The Classic API answers it with E0000011.
    pub fn is_identity_engine(&self) -> bool {
        let text = self.0.expose();
        text.starts_with("02.id.") || text.starts_with("eyJ") || text.len() > 128
    }
}

/// Returns the unescaped string after `: ` or ` = `.
fn assigned(after_name: &str, before_name: &str) -> Option<String> {
    let after_quote = after_name.strip_prefix(['"', '\'']).unwrap_or(after_name);
    let value = after_quote.trim_start().strip_prefix([':', '='])?;
    let literal_start = value.trim_start();
    if let Some(quote @ ('"' | '\'')) = literal_start.chars().next() {
        return literal(&literal_start[1..], quote);
    }
    // Without quotes only in a query, `…?stateToken=abc&…`; elsewhere it is a variable's name.
    if !before_name.ends_with(['?', '&']) {
        return None;
    }
    let value = after_name.strip_prefix('=')?;
    let end = value.find(|c: char| !c.is_ascii_alphanumeric() && !"-._~".contains(c));
    Some(value[..end.unwrap_or(value.len())].to_owned())
}

/// Returns the JavaScript string literal before its closing quote.
fn literal(text: &str, quote: char) -> Option<String> {
    let mut value = String::new();
    let mut chars = text.chars();
    while value.len() <= MAX_TOKEN_BYTES {
        match chars.next()? {
            c if c == quote => return Some(value),
            '\n' | '\r' => return None,
            '\\' => match chars.next()? {
                'x' => value.push(hex_escape(&mut chars, 2)?),
                'u' => value.push(hex_escape(&mut chars, 4)?),
                c => value.push(c),
            },
            c => value.push(c),
        }
    }
    None
}

fn hex_escape(chars: &mut std::str::Chars<'_>, digits: u32) -> Option<char> {
    let mut code = 0;
    for _ in 0..digits {
        code = code * 16 + chars.next()?.to_digit(16)?;
    }
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_spellings_yield_the_same_token() {
        for script in [
            r"var stateToken = '00-tok_en.~1';",
            r#"var stateToken="00\x2Dtok_en\x2e~1";"#,
            r#"{"stateToken":"00\u002dtok_en.~1","x":1}"#,
            r"config = {'stateToken' : '00\x2dtok_en.~1'}",
            concat!(
                r"var oktaData = {redirect: function() { return {stateToken: null}; }, ",
                r#"signIn: {stateToken: "00-tok_en.~1"}};"#
            ),
            r"location = 'https://acme.okta.com/signin/verify?a=b&stateToken=00-tok_en.~1&c=d'",
            r#"{"myStateToken":"no","stateToken":"","stateToken":"00-tok_en.~1"}"#,
        ] {
            let token = StateToken::in_script(script);
            let token = token.as_ref().map(|token| token.secret().expose());
            assert_eq!(token, Some("00-tok_en.~1"), "{script}");
        }
    }

    #[test]
    fn other_scripts_have_no_token() {
        for script in [
            "",
            "stateToken",
            "stateToken = 'cut",
            "stateToken = 'a b'",
            r"stateToken = '\x2'",
            r"stateToken = '\u00'",
            "xstateToken = 'abc'",
            "stateToken: undefined()",
            "o.stateToken=oktaData.signIn.token",
        ] {
            let token = StateToken::in_script(script);
            assert_eq!(token, None, "{script}");
        }
    }

    #[test]
    fn token_shows_its_engine() {
        let parse = |text: &str| StateToken::parse(text).unwrap();
        assert!(parse("02.id.abc").is_identity_engine());
        assert!(parse(&"a".repeat(5301)).is_identity_engine());
        assert!(!parse("00mEXAMPLE-_classic").is_identity_engine());
    }

    proptest! {
        #[test]
        fn arbitrary_scripts_do_not_panic(
            script in "(stateToken|['\":= \\\\xu0-9a-f]|\\PC){0,40}"
        ) {
            let _ = StateToken::in_script(&script);
        }
    }
}
