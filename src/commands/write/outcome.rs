//! What one run of `ob write` has written, as text and as JSON.

use std::path::Path;

use serde_json::json;

use crate::aws::RoleLink;
use crate::client::{Context, as_warning, unreadable};
use crate::model::{RoleArn, Timestamp};
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;

const MAX_SECTIONS_SHOWN: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) written: Vec<Written>,
    pub(super) links: Vec<RoleLink>,
    /// The roles that STS refused, each with the reason.
    pub(super) refused: Vec<(String, Report)>,
}

#[derive(Debug)]
pub(super) struct Written {
    pub(super) section: String,
    pub(super) role: RoleArn,
    pub(super) expires_at: Timestamp,
}

impl Outcome {
    pub(super) fn first_expiry(&self) -> Option<Timestamp> {
        self.written.iter().map(|written| written.expires_at).min()
    }

    /// Returns the error for the roles that were refused, if there are some.
    pub(super) fn refusal(&self) -> Option<Report> {
        let (role, first) = self.refused.first()?;
        let (written, refused) = (self.written.len(), self.refused.len());
        let summary = format!("wrote {written} of {} roles", written + refused);
        let cause = first.causes.first().unwrap_or(&first.summary);
        let mut report =
            Report::new(ErrorCode::WriteRefused, summary).cause(format!("{role}: {cause}"));
        if refused > 1 {
            report = report.cause(format!("and {} more; `--json` lists them", refused - 1));
        }
        Some(
            report
                .hint("`ob roles` shows the roles; `ob write -r ROLE` says all about one of them"),
        )
    }

    /// Prints what was written to `path`, and when it is renewed.
    pub(super) fn print(
        &self,
        context: &Context,
        path: &Path,
        renews_at: Option<Timestamp>,
    ) -> Result<(), Report> {
        if context.globals.json {
            let mut answer = self.as_json(path, renews_at);
            if let Some(report) = unreadable(path)? {
                answer["warning"] = as_warning(&report);
            }
            context.output.data_json(answer)?;
            return Ok(());
        }
        let sections = self.written.iter().map(|written| written.section.as_str());
        let mut text = format!("ob: wrote {} to {}", section_list(sections), path.display());
        if let Some(expiry) = self.first_expiry() {
            text += &format!(", good until {}", context.format_time(expiry));
        }
        if let Some(renews_at) = renews_at {
            text += &format!("; renewing at {}", context.format_time(renews_at));
        }
        context.output.message(&text);
        for link in &self.links {
            context.output.message(&format!(
                "ob: linked [profile {}] to {}, from [{}]",
                link.name, link.role, link.source
            ));
        }
        Ok(())
    }

    fn as_json(&self, path: &Path, renews_at: Option<Timestamp>) -> serde_json::Value {
        let written = self.written.iter().map(|written| {
            json!({
                "section": written.section,
                "role": written.role.to_string(),
                "expires_at": written.expires_at.to_string(),
            })
        });
        let linked = self.links.iter().map(|link| {
            json!({
                "profile": link.name,
                "role": link.role.to_string(),
                "source_profile": link.source,
            })
        });
        let refused = self.refused.iter().map(|(role, report)| {
            json!({
                "role": role,
                "error": report.name(),
                "summary": report.summary,
                "causes": report.causes,
            })
        });
        json!({
            "file": path,
            "written": written.collect::<Vec<_>>(),
            "linked": linked.collect::<Vec<_>>(),
            "refused": refused.collect::<Vec<_>>(),
            "renews_at": renews_at.map(|time| time.to_string()),
        })
    }
}

/// Formats names of sections: `[a], [b], 3 more`.
pub(super) fn section_list<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = names.len();
    let shown = names.take(MAX_SECTIONS_SHOWN);
    let mut list: Vec<String> = shown.map(|name| format!("[{}]", escape(name))).collect();
    if count > MAX_SECTIONS_SHOWN {
        list.push(format!("{} more", count - MAX_SECTIONS_SHOWN));
    }
    list.join(", ")
}
