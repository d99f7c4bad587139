//! What a session has found out about its apps.

use super::OktaSession;
use crate::flow::Conversation;
use crate::model::{AppLink, RoleArn, SamlRole};
use crate::saml::IgnoredValue;
use crate::wire::Notice;

/// How many values that were left out are named; of the rest the number is.
const MAX_NAMED: usize = 10;

impl OktaSession {
    /// Names the values of `app`'s assertion that were left out, each once in this session.
    pub(in crate::flow) fn name_left_out(
        &self,
        app: &str,
        left_out: &[IgnoredValue],
        conversation: &impl Conversation,
    ) {
        let mut known = self.state.left_out.borrow_mut();
        let new = left_out.iter().map(|value| format!("{app}: {value}"));
        let new: Vec<String> = new.filter(|line| known.insert(line.clone())).collect();
        for line in new.iter().take(MAX_NAMED) {
            conversation.notify(Notice::Message(line.clone()));
        }
        if let Some(more @ 1..) = new.len().checked_sub(MAX_NAMED) {
            conversation.notify(Notice::Message(format!(
                "{app}: {more} more values are left out"
            )));
        }
    }

    /// The app that hands over the role, by the provider that is named or by the only one that has it.
    pub(in crate::flow) fn app_of(
        &self,
        role: &RoleArn,
        provider: Option<&str>,
    ) -> Option<AppLink> {
        let known = self.state.role_apps.borrow();
        let mut fitting = known.iter().filter(|(pair, _)| {
            pair.role == *role && provider.is_none_or(|wanted| pair.provider.as_str() == wanted)
        });
        match (fitting.next(), fitting.next()) {
            (Some((_, app)), None) => Some(app.clone()),
            _ => None,
        }
    }

    /// Whether the role was found with more than one provider.
    pub(in crate::flow) fn has_several(&self, role: &RoleArn) -> bool {
        let known = self.state.role_apps.borrow();
        known.iter().filter(|(pair, _)| pair.role == *role).count() > 1
    }

    pub(in crate::flow) fn remember_app(&self, role: &SamlRole, app: &AppLink) {
        let mut known = self.state.role_apps.borrow_mut();
        known.retain(|(known, _)| known != role);
        known.push((role.clone(), app.clone()));
    }

    /// Notes what an app granted; `None` where its assertion cannot be read.
    pub(in crate::flow) fn remember_granted(&self, app: &AppLink, roles: Option<&[SamlRole]>) {
        let mut granted = self.state.granted.borrow_mut();
        match roles {
            Some(roles) => granted.insert(app.url.clone(), roles.to_vec()),
            None => granted.remove(&app.url),
        };
    }

    /// The roles that `apps` granted when they were last opened in this session; `None` where one was not.
    pub(in crate::flow) fn granted_by(&self, apps: &[AppLink]) -> Option<Vec<SamlRole>> {
        let granted = self.state.granted.borrow();
        let of_each = apps.iter().map(|app| granted.get(&app.url).cloned());
        let of_each: Option<Vec<Vec<SamlRole>>> = of_each.collect();
        of_each.map(|roles| roles.concat())
    }
}
