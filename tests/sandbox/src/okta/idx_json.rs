//! Parts of Identity Engine's JSON: messages, form fields.

use serde_json::{Value, json};

use crate::http::Answer;

pub(super) const ION: &str = "application/ion+json; okta-version=1.0.0";

/// A final response: messages without a remediation.
pub(super) fn fatal(status: u16, key: &str, message: &str) -> Answer {
    let body = json!({ "version": "1.0.0", "messages": messages("ERROR", key, message) });
    Answer::empty(status).body(ION, body.to_string())
}

pub(super) fn messages(class: &str, key: &str, message: &str) -> Value {
    json!({ "type": "array", "value": [
        { "message": message, "i18n": { "key": key, "params": [] }, "class": class }
    ]})
}

pub(super) fn push(value: &mut Value, pointer: &str, item: Value) {
    if let Some(Value::Array(list)) = value.pointer_mut(pointer) {
        list.push(item);
    }
}

pub(super) fn handle_field(handle: &str) -> Value {
    json!({
        "name": "stateHandle",
        "required": true,
        "value": handle,
        "visible": false,
        "mutable": false,
    })
}
