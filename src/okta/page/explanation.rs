//! The explanation on a page that refuses: its heading and the text below it.

use super::app_page::MAX_PAGE_BYTES;
use crate::okta::html::{Piece, pieces};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Title,
    Heading,
    Paragraph,
    /// Text of a script, a style or a control.
    Ignored,
}

/// Returns the headings and paragraphs of a page, each cut at 300 characters. Without paragraphs
/// any other text, without text the title. `None` if the page has none of these. Untrusted text.
pub fn explanation(body: &[u8]) -> Option<String> {
    let html = String::from_utf8_lossy(&body[..body.len().min(MAX_PAGE_BYTES)]);
    let (mut title, mut heading, mut text) = (String::new(), String::new(), String::new());
    let (mut other, mut is_page) = (String::new(), false);
    let mut open: Vec<(String, Part)> = Vec::new();
    for piece in pieces(&html) {
        match piece {
            Ok(Piece::Start(tag)) => {
                is_page = true;
                if let Some(part) = part_of(&tag.name) {
                    // `p` and `li` may be left open; the next one closes them.
                    open.retain(|(_, open)| *open != part);
                    open.push((tag.name, part));
                }
            }
            Ok(Piece::End(name)) => open.retain(|(open, _)| *open != name),
            Ok(Piece::Text {
                text: words,
                in_script: false,
            }) => {
                let to = match open.last() {
                    Some((_, Part::Title)) => &mut title,
                    Some((_, Part::Heading)) => &mut heading,
                    Some((_, Part::Paragraph)) => &mut text,
                    Some((_, Part::Ignored)) => continue,
                    None => &mut other,
                };
                append_words(to, &words);
            }
            Ok(Piece::Text { .. }) => {}
            Err(_) => break,
        }
    }
    if text.is_empty() && is_page {
        text = other;
    }
    let explanation = match (heading.is_empty(), text.is_empty()) {
        (false, false) if heading.ends_with(['.', '!', '?', ':']) => format!("{heading} {text}"),
        (false, false) => format!("{heading}: {text}"),
        (false, true) => heading,
        (true, false) => text,
        (true, true) => title,
    };
    Some(explanation).filter(|explanation| !explanation.is_empty())
}

fn part_of(tag: &str) -> Option<Part> {
    Some(match tag {
        "title" => Part::Title,
        "h1" | "h2" | "h3" => Part::Heading,
        "p" | "li" => Part::Paragraph,
        "style" | "noscript" | "template" | "textarea" | "button" | "select" | "nav" | "footer" => {
            Part::Ignored
        }
        _ => return None,
    })
}

/// Limit of a text that is kept, in characters.
const MAX_TEXT_CHARS: usize = 300;

/// Appends the words of `text` with single spaces, up to the limit.
pub(super) fn append_words(to: &mut String, text: &str) {
    for word in text.split_whitespace() {
        if to.chars().count() + word.chars().count() >= MAX_TEXT_CHARS {
            return;
        }
        if !to.is_empty() {
            to.push(' ');
        }
        to.push_str(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explanation_is_heading_and_text_else_title() {
        for (page, expected) in [
            (
                "<title>acme</title><h1>App Access Locked</h1>\
                 <p>Contact your <b>administrator</b> now.</p>",
                Some("App Access Locked: Contact your administrator now."),
            ),
            (
                "<div class=error-content><h1>You are not allowed to access this app.</h1>\
                 <p>To request access<p>ask",
                Some("You are not allowed to access this app. To request access ask"),
            ),
            (
                "<title>403 - Forbidden</title><script>var p = 1</script>",
                Some("403 - Forbidden"),
            ),
            ("<p>Only text</p>", Some("Only text")),
            (
                "<style>a {}</style><h2>App Access Locked</h2>\
                 <div class=x>Contact <b>your</b> admin</div><footer>Okta</footer>",
                Some("App Access Locked: Contact your admin"),
            ),
            (
                "<title>acme</title><div>Access is blocked.</div><button>Back</button>",
                Some("Access is blocked."),
            ),
            ("<h2>&lt;b&gt;</h2>", Some("<b>")),
            ("<script><h1>x</h1></script>", None),
            ("", None),
        ] {
            assert_eq!(explanation(page.as_bytes()).as_deref(), expected, "{page}");
        }
        let long = format!("<h1>{}</h1>", "word ".repeat(500));
        assert!(explanation(long.as_bytes()).unwrap().chars().count() <= 300);
        assert!(explanation(&[b'<', 0xff, b'p', b'>']).is_none());
    }
}
