//! The role menu that needs no server: the cached roles, the last used first.

use crate::client::context::Context;
use crate::client::prompts::choose_role;
use crate::client::role_cache::RoleCache;
use crate::clock::Clock;
use crate::report::{ErrorCode, Report};
use crate::terminal::{Questions, TerminalError};
use crate::wire::{Answer, ChosenRole, Request, RoleEntry, Target, UsedRole};

/// The menu of a request that names no role.
#[derive(Debug)]
pub(super) struct CachedRoleMenu<'a> {
    context: &'a Context,
    cache: RoleCache<'a>,
    target: Target,
    /// Whether a cached role was chosen.
    is_chosen: bool,
}

impl<'a> CachedRoleMenu<'a> {
    pub(super) fn of(context: &'a Context, request: &Request) -> Option<Self> {
        let Request::Credentials(request) = request else {
            return None;
        };
        let target = &request.target;
        let names = [&target.role, &target.provider, &target.through];
        if names.iter().any(|name| name.is_some()) {
            return None;
        }
        Some(Self {
            context,
            cache: RoleCache::of(context, target)?,
            target: target.clone(),
            is_chosen: false,
        })
    }

    /// Asks the user to choose one of the cached roles, if there are several. `used` is what the
    /// agent has issued.
    pub(super) fn ask(
        &mut self,
        used: &[UsedRole],
        questions: &mut Questions,
    ) -> Result<Answer, TerminalError> {
        let Some(mut known) = self.cache.load().filter(|known| known.roles.len() > 1) else {
            return Ok(Answer::UnknownRole);
        };
        self.cache.record_uses(&mut known, used);
        let entries = self.cache.entries(&known, &self.target);
        self.context.output.message(&format!(
            "ob: your roles as of {}; `ob roles --refresh` reads them again",
            self.context.format_time(known.as_of)
        ));
        let index = choose_role(&entries, questions)?;
        let Some(entry) = entries.get(index) else {
            return Ok(Answer::UnknownRole);
        };
        known.record_use(&entry.role, Clock::system().now_millis());
        self.cache.save(&known);
        self.is_chosen = true;
        Ok(Answer::KnownRole(ChosenRole {
            role: entry.role.clone(),
            provider: entry.provider.clone(),
        }))
    }

    /// Caches the roles that the agent has offered, and that the one at `index` was chosen.
    pub(super) fn store(&self, choices: &[RoleEntry], index: usize) {
        let mut choices = choices.to_vec();
        if let Some(chosen) = choices.get_mut(index) {
            chosen.used = Some(Clock::system().now_millis());
        }
        self.cache.store(&choices);
    }

    /// Clears the cache if a role that was chosen from it is not granted any more.
    pub(super) fn handle_failure(&self, report: &Report) {
        if self.is_chosen && report.code == ErrorCode::SamlNoSuchRole {
            self.cache.clear();
        }
    }
}
