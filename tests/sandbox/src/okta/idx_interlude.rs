//! Steps between the last factor and the end of an Identity Engine sign-in: forms with a single
//! button. Shapes: the responses that Okta's sign-in widget is tested with.

use serde_json::{Value, json};

use super::Visit;
use super::idx::{Interaction, Refusal, Stage, not_in_this_state};
use super::idx_shape::Shape;
use crate::options::Interlude;

/// The interlude at `index`, or the end.
pub(super) fn stage(visit: &Visit<'_>, index: usize) -> Stage {
    match index < visit.state.options.idx_interludes.len() {
        true => Stage::Interlude(index),
        false => Stage::Done,
    }
}

/// Judges the form of the interlude at `index`.
pub(super) fn answer(
    visit: &Visit<'_>,
    path: &str,
    body: &Value,
    interaction: &mut Interaction,
    index: usize,
) -> Result<(), Refusal> {
    if !visit.state.options.idx_interludes[index].is_answered_by(path, body) {
        return Err(not_in_this_state());
    }
    interaction.stage = stage(visit, index + 1);
    Ok(())
}

/// Writes the interlude at `index` into an answer.
pub(super) fn fill(shape: &Shape<'_>, body: &mut Value, index: usize) {
    let interlude = shape.visit.state.options.idx_interludes[index];
    let (name, path) = interlude.name_and_path();
    let mut form = shape.remediation(name, path, interlude.fields());
    if let Some(refresh) = interlude.refresh() {
        form["refresh"] = refresh.into();
    }
    if let Some(messages) = interlude.messages() {
        body["messages"] = messages;
    }
    shape.remediations(body, vec![form]);
}

impl Interlude {
    /// The remediation's name and the last part of its path.
    fn name_and_path(self) -> (&'static str, &'static str) {
        match self {
            Interlude::KeepMeSignedIn => ("keep-me-signed-in", "keep-me-signed-in"),
            Interlude::DeviceGracePeriod => ("device-assurance-grace-period", "skip"),
            Interlude::SafeMode => ("poll", "poll"),
            Interlude::Terms => ("terms-of-service", "terms"),
        }
    }

    fn fields(self) -> Vec<Value> {
        match self {
            Interlude::KeepMeSignedIn => vec![json!({
                "name": "keepMeSignedIn", "type": "boolean", "label": "Stay signed in",
                "required": true, "value": false, "mutable": true
            })],
            Interlude::Terms => vec![json!({
                "name": "accepted", "type": "boolean", "required": true, "value": true
            })],
            Interlude::DeviceGracePeriod | Interlude::SafeMode => vec![],
        }
    }

    /// Milliseconds to wait before the form is posted.
    fn refresh(self) -> Option<u64> {
        (self == Interlude::SafeMode).then_some(2000)
    }

    fn messages(self) -> Option<Value> {
        let message = |class: &str, key: &str, text: &str| {
            json!({ "message": text,
            "i18n": { "key": key, "params": [] }, "class": class })
        };
        let all = match self {
            Interlude::DeviceGracePeriod => json!([
                message(
                    "WARNING",
                    "idx.device_assurance.grace_period.warning.title.due_by_date",
                    "Your device doesn't meet the security requirements. Fix the issue by \
                     09/05/2026."
                ),
                message(
                    "ERROR",
                    "idx.error.code.access_denied.device_assurance.remediation.linux.\
                     upgrade_os_version",
                    "Update to Ubuntu 24"
                ),
            ]),
            Interlude::SafeMode => json!([message(
                "INFO",
                "idx.safe.mode.polling",
                "Unable to complete your request at this time. Trying again.",
            )]),
            Interlude::KeepMeSignedIn | Interlude::Terms => return None,
        };
        Some(json!({ "type": "array", "value": all }))
    }

    /// Whether `body`, posted to `path`, is this step's form.
    fn is_answered_by(self, path: &str, body: &Value) -> bool {
        let (_, own) = self.name_and_path();
        path == own
            && match self {
                Interlude::KeepMeSignedIn => body["keepMeSignedIn"] == false,
                Interlude::Terms => body["accepted"] == true,
                Interlude::DeviceGracePeriod | Interlude::SafeMode => true,
            }
    }
}
