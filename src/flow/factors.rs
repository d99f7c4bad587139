//! Which of the factors on offer is taken: the one that was named, the only one, or the one a person chooses.

use crate::flow::{Conversation, Unanswered};
use crate::report::{Exit, Report};
use crate::wire::{Answer, Ask, FactorChoice};

/// Why a security key cannot be taken where this `ob` was built without what talks to one.
pub(super) const NEEDS_BUILD: &str = "a security key: needs a build with `--features fido2`";

/// A factor as any pipeline offers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offered {
    /// For a person; foreign text.
    pub(super) label: String,
    /// What it may be called in settings and flags, lower case; the first is how it is remembered.
    pub(super) names: Vec<String>,
    /// Why it is listed and cannot be taken.
    pub(super) unusable: Option<String>,
}

/// What is known of the person's taste.
#[derive(Clone, Debug, Default)]
pub(super) struct Taste {
    /// Named in the settings or with a flag: taken without asking.
    pub(super) preferred: Option<String>,
    /// What the last sign-in was verified with: offered first.
    pub(super) last: Option<String>,
    /// The client's side can talk to a security key.
    pub(super) security_keys: bool,
    /// A browser sign-in is set up.
    pub(super) has_browser: bool,
}

impl Taste {
    /// A security key was meant, and the client cannot talk to one.
    pub(super) fn needs_build(&self) -> Report {
        let report = Report::new(
            Exit::SignIn,
            "security_key.not_built",
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

/// The index of the factor to take.
///
/// # Errors
/// When none can be used, the one that was named is not among them, or nobody is here to choose.
pub(super) async fn choose(
    offered: &[Offered],
    taste: &Taste,
    conversation: &impl Conversation,
) -> Result<usize, Report> {
    let listed = || offered.iter().map(describe).collect::<Vec<_>>().join(", ");
    let usable: Vec<usize> = (0..offered.len())
        .filter(|index| offered[*index].unusable.is_none())
        .collect();
    if let Some(preferred) = &taste.preferred {
        return named(offered, preferred, taste, &listed());
    }
    if usable.is_empty() {
        let key = offered
            .iter()
            .any(|one| one.unusable.as_deref() == Some(NEEDS_BUILD));
        if key {
            return Err(taste
                .needs_build()
                .cause(format!("Okta offers: {}", listed())));
        }
        return Err(Report::new(Exit::Refused, "sign_in.no_usable_factor", "no factor can be used here")
            .cause(format!("Okta offers: {}", listed()))
            .hint("set up Okta Verify or a code generator in the browser, under Settings › Extra verification")
            .hint("or sign in there: `sign_in = \"browser\"` and `client_id =` in [org]"));
    }
    if let [only] = usable[..] {
        return Ok(only);
    }
    let order = in_order(offered, taste.last.as_deref());
    let choices = order
        .iter()
        .map(|index| FactorChoice {
            label: offered[*index].label.clone(),
            unusable: offered[*index].unusable.clone(),
        })
        .collect();
    let ask = Ask::Factor { choices };
    let question = ask.name();
    match conversation.ask(ask).await {
        Ok(Answer::Factor(place)) => order
            .get(place)
            .copied()
            .filter(|index| usable.contains(index))
            .ok_or_else(|| Unanswered::Nonsense(question).into()),
        Ok(_) => Err(Unanswered::Nonsense(question).into()),
        Err(unanswered) => {
            Err(Report::from(unanswered).cause(format!("Okta offers: {}", listed())))
        }
    }
}

/// The last used first, what cannot be taken last, Okta's order otherwise.
fn in_order(offered: &[Offered], last: Option<&str>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..offered.len()).collect();
    order.sort_by_key(|index| {
        let factor = &offered[*index];
        let is_last = last.is_some() && factor.names.first().map(String::as_str) == last;
        (factor.unusable.is_some(), !is_last)
    });
    order
}

fn named(offered: &[Offered], wanted: &str, taste: &Taste, listed: &str) -> Result<usize, Report> {
    let wanted_name = wanted.to_lowercase();
    let mut matching =
        (0..offered.len()).filter(|index| offered[*index].names.contains(&wanted_name));
    let usable = matching
        .clone()
        .find(|index| offered[*index].unusable.is_none());
    if let Some(index) = usable {
        return Ok(index);
    }
    if let Some(index) = matching.next() {
        let why = offered[index].unusable.clone().unwrap_or_default();
        if why == NEEDS_BUILD {
            return Err(taste.needs_build().cause(format!("Okta offers: {listed}")));
        }
        return Err(Report::new(
            Exit::Refused,
            "sign_in.factor_unusable",
            format!("cannot verify with {wanted}"),
        )
        .cause(why)
        .cause(format!("Okta offers: {listed}"))
        .hint("name another one with `--factor`, or sign in with `sign_in = \"browser\"`"));
    }
    Err(Report::new(
        Exit::Usage,
        "sign_in.no_such_factor",
        format!("there is no factor {wanted:?}"),
    )
    .cause(format!("Okta offers: {listed}"))
    .hint("name one of these with `--factor`, or leave it out to be asked"))
}

fn describe(factor: &Offered) -> String {
    match &factor.unusable {
        Some(why) => format!("{} [{why}]", factor.label),
        None => factor.label.clone(),
    }
}
