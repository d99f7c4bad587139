//! Prints what an import takes and leaves out.

use std::path::Path;

use serde_json::{Value, json};

use super::args::Args;
use super::draft::{Draft, Origin};
use crate::client::Context;
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;
use crate::terminal::data;

/// Prints the result for people: profiles or settings to stdout, the rest to stderr.
pub(super) fn print(
    args: &Args,
    draft: &Draft,
    text: &str,
    written: Option<&Path>,
    context: &Context,
) -> Result<(), Report> {
    if args.check {
        for profile in draft.profiles() {
            context.output.list(format!("{}\n", escape(profile)))?;
        }
    } else if args.print {
        data(text)?;
    }
    print_draft(draft, context);
    if args.print && !draft.has_address() {
        context.output.report(&without_address());
    }
    if let Some(path) = written {
        let path = path.display();
        let next = "next: `ob config check`, then `ob login`";
        context.output.message(&format!("wrote {path}\n{next}"));
    }
    Ok(())
}

/// Prints each imported and left out key to stderr.
pub(super) fn print_draft(draft: &Draft, context: &Context) {
    for taken in &draft.taken {
        let (from, key) = (place(&taken.from), escape(&taken.from.key));
        let (to, value) = (escape(&taken.to), escape(&taken.value));
        context
            .output
            .message(&format!("{from}: {key} -> {to} = {value}"));
    }
    for renamed in &draft.renamed {
        let (from, key) = (place(&renamed.from), escape(&renamed.from.key));
        let (to, why) = (escape(&renamed.to), renamed.why);
        context
            .output
            .message(&format!("{from}: {key} is called {to} here: {why}"));
    }
    for (from, why) in &draft.notes {
        let (from, why) = (place(from), escape(why));
        context
            .output
            .message(&format!("{from}: imported nevertheless: {why}"));
    }
    for left_out in &draft.left_out {
        let (from, why) = (place(&left_out.from), escape(&left_out.why));
        let mut key = escape(&left_out.from.key);
        if !key.is_empty() {
            key.push(' ');
        }
        context
            .output
            .message(&format!("{from}: {key}left out: {why}"));
    }
}

fn place(origin: &Origin) -> String {
    let file = escape(&origin.file);
    match origin.line {
        0 => file,
        line => format!("{file}:{line}"),
    }
}

/// Prints the result as JSON; `text` is the settings file.
pub(super) fn print_json(
    draft: &Draft,
    text: &str,
    written: Option<&Path>,
    context: &Context,
) -> Result<(), Report> {
    let taken = draft.taken.iter().map(|taken| {
        let Origin { file, line, key } = &taken.from;
        json!({ "file": file, "line": line, "key": key, "to": taken.to, "value": taken.value })
    });
    let renamed = draft.renamed.iter().map(|renamed| {
        let Origin { file, key, .. } = &renamed.from;
        json!({ "file": file, "from": key, "to": renamed.to, "why": renamed.why })
    });
    let notes = draft
        .notes
        .iter()
        .map(|(Origin { file, line, .. }, why)| json!({ "file": file, "line": line, "why": why }));
    let left_out = draft.left_out.iter().map(|left_out| {
        let Origin { file, line, key } = &left_out.from;
        let (why, wrong) = (&left_out.why, left_out.is_invalid);
        json!({ "file": file, "line": line, "key": key, "why": why, "wrong": wrong })
    });
    let answer = json!({
        "profiles": draft.profiles().collect::<Vec<_>>(),
        "taken": taken.collect::<Vec<Value>>(),
        "renamed": renamed.collect::<Vec<_>>(),
        "notes": notes.collect::<Vec<_>>(),
        "left_out": left_out.collect::<Vec<_>>(),
        "settings": text,
        "wrote": written,
    });
    Ok(context.output.data_json(format_args!("{answer:#}"))?)
}

pub(super) fn without_profile() -> Report {
    Report::new(ErrorCode::ImportNoProfile, "no profile could be taken")
        .cause("each is left out, because one of its values is invalid")
        .hint(
            "`ob config import --check` names the values; correct them there, \
             or `ob config init` asks",
        )
}

pub(super) fn without_address() -> Report {
    Report::new(ErrorCode::ImportOrg, "cannot tell the Okta org")
        .cause("none of the files has its address")
        .hint("say it: `ob config import --url acme.okta.com`")
}
