//! `ob write --all`: one run over every role of every app.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::batch::Batch;
use super::outcome::Outcome;
use super::plan::Plan;
use crate::aws::{NameTemplate, Names};
use crate::client::{
    AgentHooks, RoleCache, RoleSelection, ask_agent_with, parse_credentials, resolve,
    unexpected_reply,
};
use crate::config::Flags;
use crate::model::SamlRole;
use crate::report::Report;
use crate::terminal::{Bar, defer_signals, finish_first};
use crate::wire::{IssuedCredentials, Part, Reply, Request, RoleEntry, Target};

/// Writes every role, or those that were named.
///
/// # Errors
/// When no role has credentials, or the file cannot be written.
pub(super) fn run_once(plan: &Plan<'_>, min_ttl: Option<Duration>) -> Result<Outcome, Report> {
    if !plan.args.all {
        return plan.run_named(min_ttl);
    }
    // A role is named so that no profile's role and chain apply.
    let selection = RoleSelection::from(Flags {
        role: Some("*".into()),
        ..plan.common_flags()
    });
    let target = resolve(plan.context, selection, &plan.sign_in)?;
    let mut collector = Collector {
        plan,
        target: &target.wire,
        entries: Vec::new(),
        names: None,
        refused: Vec::new(),
        invalid: None,
        batch: Arc::new(Mutex::new(plan.empty_batch())),
        bar: None,
    };
    let mut on_part = |part| collector.take(part);
    let hooks = AgentHooks {
        on_part: Some(&mut on_part),
        ..AgentHooks::default()
    };
    let request = || Request::EveryRole(target.wire.clone());
    let org = &target.settings.org;
    let reply = ask_agent_with(plan.context, request, org, &plan.sign_in, hooks);
    collector.finish(reply)
}

/// Collects the results as they come. On Ctrl-C it writes what there is before the process ends.
struct Collector<'a> {
    plan: &'a Plan<'a>,
    target: &'a Target,
    entries: Vec<RoleEntry>,
    /// The section of each role, once all roles are known.
    names: Option<Result<BTreeMap<String, String>, Report>>,
    refused: Vec<(String, Report)>,
    /// Why a result could not be parsed.
    invalid: Option<Report>,
    batch: Arc<Mutex<Batch>>,
    bar: Option<Bar>,
}

impl Collector<'_> {
    fn take(&mut self, part: Part) {
        match part {
            Part::Roles(mut entries) => {
                self.entries.append(&mut entries);
                return;
            }
            Part::Refused { role, report } => self.refused.push((role, report)),
            Part::Issued(issued) => self.add(issued),
        }
        self.bar().step();
    }

    fn add(&mut self, issued: IssuedCredentials) {
        if self.names.is_none() {
            self.save_on_interrupt();
            self.names = Some(self.section_names());
        }
        let names = self.names.as_ref().and_then(|names| names.as_ref().ok());
        let section = names.and_then(|names| names.get(&issued.role)).cloned();
        match (section, parse_credentials(issued)) {
            (Some(section), Ok(credentials)) => {
                lock(&self.batch).sections.push((section, credentials));
            }
            (_, Err(report)) => self.invalid = Some(report),
            (None, Ok(_)) => {}
        }
    }

    fn bar(&mut self) -> &Bar {
        let (plan, count) = (self.plan, self.entries.len());
        self.bar
            .get_or_insert_with(|| Bar::new(plan.context.output, "roles", count))
    }

    fn save_on_interrupt(&mut self) {
        let (batch, bar) = (Arc::clone(&self.batch), self.bar().clone());
        let total = self.entries.len();
        let output = self.plan.context.output;
        // If the handler cannot be set, a signal loses this run and nothing else.
        let _ = finish_first(move || {
            bar.clear();
            let mut batch = lock(&batch);
            let count = batch.sections.len();
            match batch.save() {
                Ok(true) => output.message(&format!(
                    "ob: interrupted; wrote the {count} of {total} roles that were there"
                )),
                Ok(false) => {}
                Err(report) => output.report(&report),
            }
        });
    }

    /// Names the sections by the settings alone: they must not change because an app is renamed in
    /// Okta.
    fn section_names(&self) -> Result<BTreeMap<String, String>, Report> {
        let words = Names::new(&self.target.names.accounts, &self.target.names.labels);
        let (mut roles, mut aliases) = (Vec::new(), BTreeMap::new());
        for entry in &self.entries {
            let pair = format!("{},{}", entry.role, entry.provider);
            let Ok(pair) = SamlRole::parse(&pair) else {
                continue;
            };
            let alias = words.account(&pair).map(str::to_owned);
            aliases.extend(alias.map(|alias| (pair.role.account().to_owned(), alias)));
            roles.push(pair.role);
        }
        let default = NameTemplate::default_template();
        let template = self.plan.template.as_ref().unwrap_or(&default);
        let names = template.names(&roles, &aliases)?;
        Ok(roles.iter().map(ToString::to_string).zip(names).collect())
    }

    /// Writes what has been collected, whatever `reply` is.
    fn finish(mut self, reply: Result<Reply, Report>) -> Result<Outcome, Report> {
        if let Some(bar) = self.bar {
            bar.clear();
        }
        if reply.is_ok()
            && let Some(cache) = RoleCache::of(self.plan.context, self.target)
        {
            cache.store(&self.entries);
        }
        if let Some(Err(report)) = self.names {
            return Err(report);
        }
        let saved = defer_signals(|| {
            let mut batch = lock(&self.batch);
            if batch.sections.is_empty() {
                return Ok(false);
            }
            batch.save()
        });
        let Reply::AllRoles = reply? else {
            return Err(unexpected_reply());
        };
        saved?;
        if let Some(report) = self.invalid {
            return Err(report);
        }
        let batch = lock(&self.batch);
        if batch.sections.is_empty() && !self.refused.is_empty() {
            return Err(self.refused.swap_remove(0).1);
        }
        Ok(batch.outcome(self.refused))
    }
}

fn lock(batch: &Mutex<Batch>) -> MutexGuard<'_, Batch> {
    batch.lock().unwrap_or_else(PoisonError::into_inner)
}
