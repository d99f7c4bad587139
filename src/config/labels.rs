//! `[labels]`: the user's words for roles and identity providers, in the order of the file.

use super::error::{Problem, Wrong};
use super::value::ValueError;
use super::{Id, Settings, Value, spelled};
use crate::model::{Label, Labels};

/// All of them together, in bytes: they go to the agent with each request.
const LARGEST: usize = 24 * 1024;
const TABLES: [&str; 2] = ["labels.roles.*", "labels.providers.*"];

impl Settings {
    /// The words for roles and identity providers: the user's file before the system's, each in its order.
    pub fn labels(&self) -> Labels {
        let of = |table: &str| {
            let own = self.label_order.iter().filter(|(path, _)| *path == table);
            own.filter_map(|id| {
                Some(Label {
                    pattern: id.1.clone()?,
                    text: self.values.get(id)?.0.to_string(),
                })
            })
            .collect()
        };
        Labels {
            roles: of(TABLES[0]),
            providers: of(TABLES[1]),
        }
    }

    /// Notes the order of one file's labels; a later file's come first, and a key of both keeps that place.
    pub(super) fn order_labels<'a>(&mut self, ids: impl Iterator<Item = &'a Id>) {
        let mut order: Vec<Id> = ids
            .filter(|(path, _)| TABLES.contains(path))
            .cloned()
            .collect();
        let older = std::mem::take(&mut self.label_order);
        order.extend(
            older
                .into_iter()
                .filter(|id| !order.contains(id))
                .collect::<Vec<_>>(),
        );
        self.label_order = order;
    }
}

/// Labels that are too many to be sent along.
pub(super) fn contradictions(settings: &Settings, found: &mut Vec<Problem>) {
    let mut total = 0;
    for id in &settings.label_order {
        let Some((Value::Text(says), source)) = settings.values.get(id) else {
            continue;
        };
        total += says.len() + id.1.as_ref().map_or(0, String::len);
        if total > LARGEST {
            let what = Wrong::Value(ValueError::Labels);
            found.push(Problem::new(source.clone(), spelled(id), what));
            return;
        }
    }
}
