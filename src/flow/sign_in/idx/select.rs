//! The choice of a factor.

use super::transaction::IdxTransaction;
use crate::flow::conversation::Conversation;
use crate::flow::sign_in::factors::{OfferedFactor, choose, unusable_reason};
use crate::okta::idx::{AuthenticatorOption, Selection};
use crate::okta::{FactorKind, Post};
use crate::report::Report;
use crate::wire::Notice;

impl<C: Conversation> IdxTransaction<'_, C> {
    /// Selects a factor. A sign-in begins with the password, unless the settings name another way.
    pub(super) async fn select_factor(&mut self, selection: Selection) -> Result<Post, Report> {
        let has_keys = self.preference.security_keys;
        let factors = selection.options.iter();
        let factors: Vec<OfferedFactor> = factors.map(|option| offered(option, has_keys)).collect();
        let mut options = selection.options.iter();
        let password = options.position(|option| option.kind == FactorKind::Password);
        let preferred = self.preference.preferred.as_ref();
        let is_preferred = |factor: &OfferedFactor| {
            preferred.is_some_and(|preferred| factor.names.contains(preferred))
        };
        let index = match password {
            Some(index) if !self.gave_password && !factors.iter().any(is_preferred) => index,
            _ => {
                let index = choose(&factors, &self.preference, self.conversation).await?;
                self.preference.preferred = None;
                index
            }
        };
        let kind = &selection.options[index].kind;
        self.requests_code = matches!(kind, FactorKind::Sms | FactorKind::Call | FactorKind::Email);
        if *kind != FactorKind::Password {
            self.factor = Some(factors[index].used());
        }
        let label = &factors[index].label;
        self.conversation
            .notify(Notice::Doing(format!("verify with {label}")));
        Ok(selection.choose(index)?)
    }
}

fn offered(option: &AuthenticatorOption, has_security_keys: bool) -> OfferedFactor {
    let name = option.kind.name();
    let unusable = unusable_reason(&option.kind, has_security_keys).map(str::to_owned);
    let title = option.kind.title();
    let label = match (&option.detail, &unusable) {
        (_, Some(_)) => option.label.clone(),
        (Some(detail), None) => format!("{title} ({detail})"),
        (None, None) => format!("{title} ({})", option.label),
    };
    OfferedFactor {
        label,
        names: vec![name.to_lowercase(), option.label.to_lowercase()],
        id: option.enrolment(),
        unusable,
    }
}
