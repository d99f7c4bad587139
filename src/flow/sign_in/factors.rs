//! Chooses a factor: the one that the settings name, the only one, or the user's choice.

use crate::flow::conversation::{Conversation, Unanswered};
use crate::okta::FactorKind;
use crate::report::{ErrorCode, Report};
use crate::wire::{Answer, Ask, FactorChoice};

/// Why a security key cannot be chosen in a build without the feature `fido2`.
pub(in crate::flow) const NEEDS_BUILD: &str =
    "a security key: needs a build with `--features fido2`";

/// Returns why a factor is listed but cannot be selected, `None` if it can.
pub(in crate::flow) fn unusable_reason(
    kind: &FactorKind,
    has_security_keys: bool,
) -> Option<&'static str> {
    match kind {
        FactorKind::WebAuthn if !has_security_keys => Some(NEEDS_BUILD),
        other => other.unusable_reason(),
    }
}

/// Returns the prompt for a code: what it comes from, and the device or the place it was sent to.
pub(in crate::flow) fn passcode_prompt(kind: &FactorKind, detail: Option<&str>) -> String {
    let title = kind.title();
    match (kind, detail) {
        (FactorKind::Sms | FactorKind::Call | FactorKind::Email, Some(place)) => {
            format!("Code sent by {title} to {place}")
        }
        (_, Some(device)) => format!("{} ({device})", capitalized(title)),
        (_, None) => capitalized(title),
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// A factor that Okta offers, in either pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::flow) struct OfferedFactor {
    /// The name for users; foreign text.
    pub(in crate::flow) label: String,
    /// Its names in settings and flags, lower case. The first is its kind.
    pub(in crate::flow) names: Vec<String>,
    /// Okta's id of the factor or of its enrolment; stable while the device is enrolled.
    pub(in crate::flow) id: String,
    /// Why it is listed and cannot be chosen.
    pub(in crate::flow) unusable: Option<String>,
}

/// The factor that verified a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedFactor {
    /// Its kind as the settings name it, such as `push`.
    pub kind: String,
    /// Okta's id of the offered factor; empty if Okta used it without a choice.
    pub id: String,
}

impl OfferedFactor {
    pub(in crate::flow) fn used(&self) -> UsedFactor {
        UsedFactor {
            kind: self.names.first().cloned().unwrap_or_default(),
            id: self.id.clone(),
        }
    }
}

/// The user's factors: the setting, the last one, and what the client supports.
#[derive(Clone, Debug, Default)]
pub(in crate::flow) struct FactorPreference {
    /// Named in the settings or with a flag; chosen without a question if it is unambiguous.
    pub(in crate::flow) preferred: Option<String>,
    /// The factor of this user's last sign-in: listed first, and chosen if several match
    /// `preferred`.
    pub(in crate::flow) last: Option<UsedFactor>,
    /// Whether the client can talk to a security key.
    pub(in crate::flow) security_keys: bool,
    /// Whether a browser sign-in is set up.
    pub(in crate::flow) has_browser: bool,
}

impl FactorPreference {
    /// Returns the report of a security key that the client cannot talk to.
    pub(in crate::flow) fn security_key_not_built(&self) -> Report {
        let report = Report::new(
            ErrorCode::SecurityKeyNotBuilt,
            "this ob cannot talk to a security key",
        )
        .cause("it was built without the feature `fido2`")
        .hint("build it so: `cargo install --path . --features fido2` (Debian: needs libudev-dev)");
        match self.has_browser {
            true => {
                report.hint("or set `sign_in = \"browser\"` in [org]: the browser talks to the key")
            }
            false => report.hint("or take another factor: `--factor totp`"),
        }
    }
}

/// Returns the index of the factor to use.
///
/// # Errors
/// If no factor can be used, the named one is not offered, or no client can choose.
pub(in crate::flow) async fn choose(
    offered: &[OfferedFactor],
    preference: &FactorPreference,
    conversation: &impl Conversation,
) -> Result<usize, Report> {
    let listed = || offered.iter().map(describe).collect::<Vec<_>>().join(", ");
    let mut usable: Vec<usize> = (0..offered.len())
        .filter(|index| offered[*index].unusable.is_none())
        .collect();
    if let Some(preferred) = &preference.preferred {
        usable = named(offered, preferred, preference, &listed())?;
    }
    if usable.is_empty() {
        let key = offered
            .iter()
            .any(|one| one.unusable.as_deref() == Some(NEEDS_BUILD));
        if key {
            return Err(preference
                .security_key_not_built()
                .cause(format!("Okta offers: {}", listed())));
        }
        return Err(Report::new(
            ErrorCode::SignInNoUsableFactor,
            "no factor can be used here",
        )
        .cause(format!("Okta offers: {}", listed()))
        .hint(
            "set up Okta Verify or a code generator in the browser, \
                 under Settings › Extra verification",
        )
        .hint("or sign in there: `sign_in = \"browser\"` and `client_id =` in [org]"));
    }
    if let [only] = usable[..] {
        return Ok(only);
    }
    let mut order = in_order(offered, preference.last.as_ref());
    if preference.preferred.is_some() {
        // Two phones, both named: the question is which of them.
        order.retain(|index| usable.contains(index));
    }
    let choices = order
        .iter()
        .map(|index| FactorChoice {
            label: offered[*index].label.clone(),
            unusable: offered[*index].unusable.clone(),
        })
        .collect();
    let ask = Ask::Factor { choices };
    let question = ask.kind();
    match conversation.ask(ask).await {
        Ok(Answer::Factor(place)) => order
            .get(place)
            .copied()
            .filter(|index| usable.contains(index))
            .ok_or_else(|| Unanswered::Mismatched(question).into()),
        Ok(_) => Err(Unanswered::Mismatched(question).into()),
        Err(unanswered) => {
            let report = Report::from(unanswered);
            Err(match &preference.preferred {
                None => report,
                Some(preferred) => report
                    .cause(format!("{preferred} is set up on several devices"))
                    .hint(
                        "run `ob login` in a terminal: \
                     the one that is chosen there is taken from then on",
                    ),
            }
            .cause(format!("Okta offers: {}", listed())))
        }
    }
}

/// The last used first, what cannot be taken last, Okta's order otherwise.
fn in_order(offered: &[OfferedFactor], last: Option<&UsedFactor>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..offered.len()).collect();
    order.sort_by_key(|index| {
        let factor = &offered[*index];
        let used = factor.used();
        let same_kind = last.is_some_and(|last| last.kind == used.kind);
        (factor.unusable.is_some(), last != Some(&used), !same_kind)
    });
    order
}

/// The usable factors that `wanted` names: one, if the user can be spared the question.
fn named(
    offered: &[OfferedFactor],
    wanted: &str,
    preference: &FactorPreference,
    listed: &str,
) -> Result<Vec<usize>, Report> {
    let wanted_name = wanted.to_lowercase();
    let mut matching =
        (0..offered.len()).filter(|index| offered[*index].names.contains(&wanted_name));
    let usable: Vec<usize> = matching
        .clone()
        .filter(|index| offered[*index].unusable.is_none())
        .collect();
    let is_last = |index: &&usize| preference.last.as_ref() == Some(&offered[**index].used());
    if let Some(last) = usable.iter().find(is_last) {
        return Ok(vec![*last]);
    }
    if let [first, rest @ ..] = &usable[..] {
        // Okta tells them apart by nothing: each of them is the same choice.
        let same = |index: &usize| offered[*index].used() == offered[*first].used();
        return Ok(match rest.iter().all(same) {
            true => vec![*first],
            false => usable,
        });
    }
    if let Some(index) = matching.next() {
        let why = offered[index].unusable.clone().unwrap_or_default();
        if why == NEEDS_BUILD {
            return Err(preference
                .security_key_not_built()
                .cause(format!("Okta offers: {listed}")));
        }
        return Err(Report::new(
            ErrorCode::SignInFactorUnusable,
            format!("cannot verify with {wanted}"),
        )
        .cause(why)
        .cause(format!("Okta offers: {listed}"))
        .hint("name another one with `--factor`, or sign in with `sign_in = \"browser\"`"));
    }
    Err(Report::new(
        ErrorCode::SignInNoSuchFactor,
        format!("there is no factor {wanted:?}"),
    )
    .cause(format!("Okta offers: {listed}"))
    .hint("name one of these with `--factor`, or leave it out to be asked"))
}

fn describe(factor: &OfferedFactor) -> String {
    match &factor.unusable {
        Some(why) => format!("{} [{why}]", factor.label),
        None => factor.label.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::Duration;

    use super::*;
    use crate::report::Exit;
    use crate::wire::Notice;

    /// Answers the menu with the choice of that label; without one, there is no answer.
    #[derive(Default)]
    struct User {
        picks: Option<&'static str>,
        menu: RefCell<Vec<String>>,
    }

    impl Conversation for User {
        async fn ask(&self, ask: Ask) -> Result<Answer, Unanswered> {
            let name = ask.kind();
            let Ask::Factor { choices } = ask else {
                panic!("asked for {name}");
            };
            let labels: Vec<String> = choices.into_iter().map(|choice| choice.label).collect();
            self.menu.replace(labels.clone());
            let picked = self.picks.ok_or(Unanswered::Unattended(name))?;
            let place = labels.iter().position(|label| label == picked);
            Ok(Answer::Factor(place.unwrap()))
        }

        fn notify(&self, _: Notice) {}

        async fn pause(&self, _: Duration) -> Result<(), Unanswered> {
            Ok(())
        }
    }

    fn factor(kind: &str, id: &str) -> OfferedFactor {
        OfferedFactor {
            label: format!("{kind} ({id})"),
            names: vec![kind.to_owned(), id.to_owned(), "okta".to_owned()],
            id: id.to_owned(),
            unusable: None,
        }
    }

    fn offered() -> Vec<OfferedFactor> {
        vec![
            factor("push", "old phone"),
            factor("totp", "old phone"),
            factor("push", "new phone"),
        ]
    }

    fn preference(preferred: Option<&str>, last: Option<&OfferedFactor>) -> FactorPreference {
        FactorPreference {
            preferred: preferred.map(str::to_owned),
            last: last.map(OfferedFactor::used),
            ..FactorPreference::default()
        }
    }

    fn taken(
        offered: &[OfferedFactor],
        preference: &FactorPreference,
        picks: Option<&'static str>,
    ) -> (Result<usize, Report>, Vec<String>) {
        let user = User {
            picks,
            ..User::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let outcome = runtime
            .unwrap()
            .block_on(choose(offered, preference, &user));
        (outcome, user.menu.into_inner())
    }

    #[test]
    fn of_two_phones_the_one_used_last_is_taken() {
        let offered = offered();
        for last in [0, 2] {
            let preference = preference(Some("push"), Some(&offered[last]));
            let (outcome, menu) = taken(&offered, &preference, None);
            assert_eq!((outcome.unwrap(), menu.len()), (last, 0));
        }
    }

    #[test]
    fn of_two_phones_none_is_taken_unasked() {
        let offered = offered();
        let gone = factor("push", "lost phone");
        // A code of the same phone says nothing of its push.
        for last in [None, Some(&gone), Some(&offered[1])] {
            let preference = preference(Some("push"), last);
            let (outcome, menu) = taken(&offered, &preference, Some("push (new phone)"));
            assert_eq!(outcome.unwrap(), 2);
            assert_eq!(menu, ["push (old phone)", "push (new phone)"]);
            let (outcome, _) = taken(&offered, &preference, None);
            let report = outcome.unwrap_err();
            assert_eq!(report.exit, Exit::SignIn);
            assert!(report.hints.iter().any(|hint| hint.contains("`ob login`")));
        }
    }

    #[test]
    fn one_that_is_named_is_taken_unasked() {
        let offered = offered();
        for (name, expected) in [("totp", 1), ("TOTP", 1), ("new phone", 2)] {
            let (outcome, menu) = taken(&offered, &preference(Some(name), None), None);
            assert_eq!((outcome.unwrap(), menu.len()), (expected, 0), "{name}");
        }
        // A provider's name fits all of its factors.
        let (outcome, menu) = taken(
            &offered,
            &preference(Some("okta"), None),
            Some("push (new phone)"),
        );
        assert_eq!((outcome.unwrap(), menu.len()), (2, 3));
        // Enrolments that Okta does not tell apart are no choice.
        let twins = [factor("push", "same"), factor("push", "same")];
        assert_eq!(
            taken(&twins, &preference(Some("push"), None), None)
                .0
                .unwrap(),
            0
        );
    }

    #[test]
    fn the_menu_begins_with_what_was_used_last() {
        let offered = offered();
        let (_, menu) = taken(
            &offered,
            &preference(None, Some(&offered[2])),
            Some("push (new phone)"),
        );
        assert_eq!(
            menu,
            ["push (new phone)", "push (old phone)", "totp (old phone)"]
        );
    }
}
