//! The tags and texts of a page, by html5gum's tokenizer.
//!
//! No tree is built: tree builders take seconds for one tag with a hundred thousand attributes, and
//! repair what must be refused. The tokenizer recognises scripts, styles, comments and text areas
//! as browsers do, so a form within one is no form.

use html5gum::emitters::callback::{Callback, CallbackEmitter, CallbackEvent};
use html5gum::{Error as Flaw, Span, StringReader, Tokenizer};
use thiserror::Error;

const MAX_ATTRIBUTES: usize = 256;

pub(super) enum Piece {
    Start(Tag),
    End(String),
    Text {
        text: String,
        /// Whether the text is within a `script`.
        in_script: bool,
    },
}

/// A start tag with lower-case names and resolved references.
#[derive(Default)]
pub(super) struct Tag {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    /// Whether an attribute is given twice: browsers take the first, other parsers the last.
    pub(super) has_duplicate: bool,
}

impl Tag {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether `class` or `id` contains `name`.
    pub(super) fn is_called(&self, name: &str) -> bool {
        let values = ["class", "id"].map(|attribute| self.attribute(attribute));
        let mut names = values
            .into_iter()
            .flatten()
            .flat_map(str::split_ascii_whitespace);
        names.any(|known| known == name)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum HtmlError {
    #[error("the page is cut short")]
    CutShort,
    #[error("a tag has more than 256 attributes")]
    TooManyAttributes,
}

/// Returns the pieces of a page. Nothing after the first error is to be used.
pub(super) fn pieces(html: &str) -> impl Iterator<Item = Result<Piece, HtmlError>> {
    let mut emitter: CallbackEmitter<Collector, Result<Piece, HtmlError>> =
        CallbackEmitter::new(Collector::default());
    emitter.naively_switch_states(true);
    let tokenizer: Tokenizer<StringReader<'_>, _> = Tokenizer::new_with_emitter(html, emitter);
    tokenizer.filter_map(Result::ok)
}

#[derive(Default)]
struct Collector {
    tag: Tag,
    in_script: bool,
    skips_value: bool,
}

impl Callback<Result<Piece, HtmlError>, ()> for Collector {
    fn handle_event(
        &mut self,
        event: CallbackEvent<'_>,
        _: Span<()>,
    ) -> Option<Result<Piece, HtmlError>> {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                self.tag = Tag {
                    name: text(name),
                    ..Tag::default()
                };
                None
            }
            CallbackEvent::AttributeName { name } => self.attribute(text(name)),
            CallbackEvent::AttributeValue { value } => {
                if !self.skips_value
                    && let Some((_, slot)) = self.tag.attributes.last_mut()
                {
                    slot.push_str(&text(value));
                }
                None
            }
            CallbackEvent::CloseStartTag { .. } => {
                let tag = std::mem::take(&mut self.tag);
                self.in_script = tag.name == "script";
                Some(Ok(Piece::Start(tag)))
            }
            CallbackEvent::EndTag { name } => {
                self.in_script = false;
                Some(Ok(Piece::End(text(name))))
            }
            CallbackEvent::String { value } => Some(Ok(Piece::Text {
                text: text(value),
                in_script: self.in_script,
            })),
            CallbackEvent::Error(
                Flaw::EofInTag
                | Flaw::EofBeforeTagName
                | Flaw::EofInComment
                | Flaw::EofInDoctype
                | Flaw::EofInScriptHtmlCommentLikeText
                | Flaw::EofInCdata,
            ) => Some(Err(HtmlError::CutShort)),
            CallbackEvent::Comment { .. }
            | CallbackEvent::Doctype { .. }
            | CallbackEvent::Error(_) => None,
        }
    }
}

impl Collector {
    fn attribute(&mut self, name: String) -> Option<Result<Piece, HtmlError>> {
        self.skips_value = self.tag.attribute(&name).is_some();
        if self.skips_value {
            self.tag.has_duplicate = true;
            return None;
        }
        if self.tag.attributes.len() == MAX_ATTRIBUTES {
            self.skips_value = true;
            return Some(Err(HtmlError::TooManyAttributes));
        }
        self.tag.attributes.push((name, String::new()));
        None
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
