//! The menu of roles that needs no server: what was seen before, the last used first.

use crate::client::context::Context;
use crate::client::prompts::choose_role;
use crate::client::role_cache::RoleCache;
use crate::clock::Clock;
use crate::report::{ErrorCode, Report};
use crate::terminal::{Questions, TerminalError};
use crate::wire::{Answer, ChosenRole, Request, RoleEntry, Target, UsedRole};

/// For a request that names no role.
#[derive(Debug)]
pub(super) struct KnownRoleMenu<'a> {
    context: &'a Context,
    cache: RoleCache<'a>,
    target: Target,
    /// A role was taken from what is remembered.
    chosen: bool,
}

impl<'a> KnownRoleMenu<'a> {
    pub(super) fn of(context: &'a Context, request: &Request) -> Option<Self> {
        let Request::Credentials(request) = request else {
            return None;
        };
        let target = &request.target;
        let named = [&target.role, &target.provider, &target.through];
        if named.iter().any(|name| name.is_some()) {
            return None;
        }
        Some(Self {
            context,
            cache: RoleCache::of(context, target)?,
            target: target.clone(),
            chosen: false,
        })
    }

    /// Has the person choose among the remembered roles, if there are several.
    pub(super) fn ask(
        &mut self,
        used: &[UsedRole],
        questions: &mut Questions,
    ) -> Result<Answer, TerminalError> {
        let Some(mut known) = self.cache.load().filter(|known| known.roles.len() > 1) else {
            return Ok(Answer::UnknownRole);
        };
        self.cache.note(&mut known, used);
        let entries = self.cache.entries(&known, &self.target);
        self.context.voice.say(&format!(
            "ob: your roles as of {}; `ob roles --refresh` reads them again",
            self.context.format_time(known.as_of)
        ));
        let place = choose_role(&entries, questions)?;
        let Some(entry) = entries.get(place) else {
            return Ok(Answer::UnknownRole);
        };
        known.record_use(&entry.role, Clock::system().now_millis());
        self.cache.save(&known);
        self.chosen = true;
        Ok(Answer::KnownRole(ChosenRole {
            role: entry.role.clone(),
            provider: entry.provider.clone(),
        }))
    }

    /// Remembers all roles there are, and that the one at `place` was chosen.
    pub(super) fn learn(&self, choices: &[RoleEntry], place: usize) {
        let mut choices = choices.to_vec();
        if let Some(chosen) = choices.get_mut(place) {
            chosen.used = Some(Clock::system().now_millis());
        }
        self.cache.store(&choices);
    }

    /// What is remembered is wrong if the role that was taken from it is not granted.
    pub(super) fn refused(&self, report: &Report) {
        if self.chosen && report.code == ErrorCode::SamlNoSuchRole {
            self.cache.forget();
        }
    }
}
