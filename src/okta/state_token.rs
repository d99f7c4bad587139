//! The state token that Okta's pages carry in their scripts, in each spelling met so far.
//!
//! The object around it holds functions, so it is not JSON and is not parsed as such: the member is
//! found by name and its string literal read with JavaScript's escapes (`\x2D`, `\u002d`), because a
//! token sent with its escapes is "expired".

use url::Url;

use crate::secret::Secret;

/// A page's state token: the way into the transaction that the page waits for.
#[derive(Debug, PartialEq, Eq)]
pub struct StateToken(Secret);

/// The longest token met is 5.3 thousand characters.
const LONGEST: usize = 16 * 1024;
const MEMBER: &str = "stateToken";

impl StateToken {
    /// `value` as a token, if it is spelled like one.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let spelled = (1..=LONGEST).contains(&value.len())
            && value
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
        spelled.then(|| Self(Secret::new(value)))
    }

    /// The first token in a script: `stateToken = '…'`, `"stateToken":"…"`, `'stateToken': '…'`, `stateToken=…`.
    pub(super) fn in_script(script: &str) -> Option<Self> {
        let mut rest = script;
        while let Some((before, after)) = rest.split_once(MEMBER) {
            rest = after;
            let inside_a_longer_name =
                before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            if !inside_a_longer_name
                && let Some(token) = assigned(after, before).and_then(|value| Self::parse(&value))
            {
                return Some(token);
            }
        }
        None
    }

    /// The token in an address's query: `…/login/step-up/redirect?stateToken=…`.
    pub fn in_address(url: &Url) -> Option<Self> {
        let mut pairs = url.query_pairs();
        let (_, value) = pairs.find(|(name, _)| name == MEMBER)?;
        Self::parse(&value)
    }

    /// The token, to be POSTed to the org.
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// Whether Okta Identity Engine made it; the Classic API then answers E0000011.
    pub fn is_identity_engine(&self) -> bool {
        let text = self.0.expose();
        text.starts_with("02.id.") || text.starts_with("eyJ") || text.len() > 128
    }
}

/// The string that follows `: ` or ` = `, unescaped.
fn assigned(after_name: &str, before_name: &str) -> Option<String> {
    let after_quote = after_name.strip_prefix(['"', '\'']).unwrap_or(after_name);
    let value = after_quote.trim_start().strip_prefix([':', '='])?;
    let literal_start = value.trim_start();
    if let Some(quote @ ('"' | '\'')) = literal_start.chars().next() {
        return literal(&literal_start[1..], quote);
    }
    // Without quotes only within an address, `…?stateToken=abc&…`: elsewhere it is the name of a variable.
    if !before_name.ends_with(['?', '&']) {
        return None;
    }
    let value = after_name.strip_prefix('=')?;
    let end = value.find(|c: char| !c.is_ascii_alphanumeric() && !"-._~".contains(c));
    Some(value[..end.unwrap_or(value.len())].to_owned())
}

/// A JavaScript string literal up to its closing quote.
fn literal(text: &str, quote: char) -> Option<String> {
    let mut value = String::new();
    let mut chars = text.chars();
    while value.len() <= LONGEST {
        match chars.next()? {
            c if c == quote => return Some(value),
            '\n' | '\r' => return None,
            '\\' => match chars.next()? {
                'x' => value.push(hexadecimal(&mut chars, 2)?),
                'u' => value.push(hexadecimal(&mut chars, 4)?),
                c => value.push(c),
            },
            c => value.push(c),
        }
    }
    None
}

fn hexadecimal(chars: &mut std::str::Chars<'_>, digits: u32) -> Option<char> {
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
    fn every_spelling_yields_the_same_token() {
        for script in [
            r"var stateToken = '00-tok_en.~1';",
            r#"var stateToken="00\x2Dtok_en\x2e~1";"#,
            r#"{"stateToken":"00\u002dtok_en.~1","x":1}"#,
            r"config = {'stateToken' : '00\x2dtok_en.~1'}",
            r#"var oktaData = {redirect: function() { return {stateToken: null}; }, signIn: {stateToken: "00-tok_en.~1"}};"#,
            r"location = 'https://acme.okta.com/signin/verify?a=b&stateToken=00-tok_en.~1&c=d'",
            r#"{"myStateToken":"no","stateToken":"","stateToken":"00-tok_en.~1"}"#,
        ] {
            let token = StateToken::in_script(script);
            let token = token.as_ref().map(|token| token.secret().expose());
            assert_eq!(token, Some("00-tok_en.~1"), "{script}");
        }
    }

    #[test]
    fn what_is_no_token_is_none() {
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
    fn the_engine_shows_in_the_token() {
        let parse = |text: &str| StateToken::parse(text).unwrap();
        assert!(parse("02.id.abc").is_identity_engine());
        assert!(parse(&"a".repeat(5301)).is_identity_engine());
        assert!(!parse("00mEXAMPLE-_classic").is_identity_engine());
    }

    proptest! {
        #[test]
        fn no_script_makes_it_panic(script in "(stateToken|['\":= \\\\xu0-9a-f]|\\PC){0,40}") {
            let _ = StateToken::in_script(&script);
        }
    }
}
