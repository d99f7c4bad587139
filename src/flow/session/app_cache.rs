//! What a session has learned about the user's apps.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::flow::conversation::Conversation;
use crate::model::{AppLink, RoleArn, SamlRole};
use crate::saml::IgnoredValue;
use crate::wire::Notice;

/// Values left out of an assertion that are named one by one; the others are counted.
const MAX_NAMED_VALUES: usize = 10;

/// The roles of apps that were opened in this session.
#[derive(Debug, Default)]
pub(in crate::flow) struct AppCache {
    /// The app of each role, so that a renewal opens one page only.
    app_of_role: RefCell<Vec<(SamlRole, AppLink)>>,
    /// The roles that an app granted when it was last opened, by its address.
    granted: RefCell<BTreeMap<String, Vec<SamlRole>>>,
    /// The unusable values that were reported already.
    reported_values: RefCell<BTreeSet<String>>,
}

impl AppCache {
    /// Reports the unusable values of an app's assertion, each once in this session.
    pub(in crate::flow) fn report_unusable(
        &self,
        app: &str,
        values: &[IgnoredValue],
        conversation: &impl Conversation,
    ) {
        let mut reported = self.reported_values.borrow_mut();
        let lines = values.iter().map(|value| format!("{app}: {value}"));
        let new: Vec<String> = lines.filter(|line| reported.insert(line.clone())).collect();
        for line in new.iter().take(MAX_NAMED_VALUES) {
            conversation.notify(Notice::Message(line.clone()));
        }
        if let Some(more @ 1..) = new.len().checked_sub(MAX_NAMED_VALUES) {
            conversation.notify(Notice::Message(format!(
                "{app}: {more} more values are left out"
            )));
        }
    }

    /// Returns the app of a role if only one is known, through `provider` if that is given.
    pub(in crate::flow) fn app_of(
        &self,
        role: &RoleArn,
        provider: Option<&str>,
    ) -> Option<AppLink> {
        let known = self.app_of_role.borrow();
        let mut matching = known.iter().filter(|(pair, _)| {
            pair.role == *role && provider.is_none_or(|wanted| pair.provider.as_str() == wanted)
        });
        match (matching.next(), matching.next()) {
            (Some((_, app)), None) => Some(app.clone()),
            _ => None,
        }
    }

    /// Whether a role was found with more than one provider.
    pub(in crate::flow) fn has_several_providers(&self, role: &RoleArn) -> bool {
        let known = self.app_of_role.borrow();
        known.iter().filter(|(pair, _)| pair.role == *role).count() > 1
    }

    pub(in crate::flow) fn remember_app<'a>(
        &self,
        roles: impl IntoIterator<Item = &'a SamlRole>,
        app: &AppLink,
    ) {
        let mut known = self.app_of_role.borrow_mut();
        for role in roles {
            known.retain(|(known, _)| known != role);
            known.push((role.clone(), app.clone()));
        }
    }

    /// Replaces the remembered roles of `app`. `roles` is `None` if its assertion could not be
    /// read; then they are removed.
    pub(in crate::flow) fn remember_granted(&self, app: &AppLink, roles: Option<&[SamlRole]>) {
        let mut granted = self.granted.borrow_mut();
        match roles {
            Some(roles) => granted.insert(app.url.clone(), roles.to_vec()),
            None => granted.remove(&app.url),
        };
    }

    /// Returns the roles that `apps` granted when they were last opened; `None` if one was not.
    pub(in crate::flow) fn granted_by(&self, apps: &[AppLink]) -> Option<Vec<SamlRole>> {
        let granted = self.granted.borrow();
        let each = apps.iter().map(|app| granted.get(&app.url).cloned());
        let each: Option<Vec<Vec<SamlRole>>> = each.collect();
        each.map(|roles| roles.concat())
    }
}
