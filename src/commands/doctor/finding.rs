//! The findings of `ob doctor`.

use crate::report::Report;

/// The verdict of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Good,
    /// Worth knowing.
    Note,
    Wrong,
}

/// The result of one check.
#[derive(Debug)]
pub(super) struct Finding {
    /// A stable name for scripts.
    pub(super) name: &'static str,
    pub(super) state: State,
    pub(super) what: String,
    pub(super) hint: Option<String>,
}

impl Finding {
    pub(super) fn good(name: &'static str, what: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Good,
            what: what.into(),
            hint: None,
        }
    }

    pub(super) fn note(
        name: &'static str,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            name,
            state: State::Note,
            what: what.into(),
            hint: Some(hint.into()),
        }
    }

    pub(super) fn wrong(
        name: &'static str,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            name,
            state: State::Wrong,
            what: what.into(),
            hint: Some(hint.into()),
        }
    }

    /// The error at which another verb would stop.
    pub(super) fn of(name: &'static str, report: &Report) -> Self {
        Self::needed(name, true, report)
    }

    /// As [`Self::of`], but a note if the verb is not `wanted` here.
    pub(super) fn needed(name: &'static str, wanted: bool, report: &Report) -> Self {
        let causes = report.causes.join(": ");
        Self {
            name,
            state: if wanted { State::Wrong } else { State::Note },
            what: if causes.is_empty() {
                report.summary.clone()
            } else {
                format!("{}: {causes}", report.summary)
            },
            hint: report.hints.first().cloned(),
        }
    }
}
