//! Limits of a role's rights: the flags', else the profile's.
//!
//! AWS allows what *any* session policy allows, so two limits together are weaker than each. They
//! are refused.

use super::flags::Flags;
use super::settings::Settings;
use super::value::Value;
use crate::model::{PolicyArn, SessionPolicy};
use crate::report::{ErrorCode, Report};

impl Settings {
    /// Returns the limits that a profile sets; `None` if they cannot be used.
    pub fn policy_of(&self, profile: &str) -> Option<SessionPolicy> {
        self.session_policy(&Flags::default(), Some(profile)).ok()
    }

    /// Returns the session policy of a command.
    ///
    /// # Errors
    /// When a policy is no policy's ARN, or a flag would widen what the profile limits.
    pub(super) fn session_policy(
        &self,
        flags: &Flags,
        profile: Option<&str>,
    ) -> Result<SessionPolicy, Report> {
        let read_only = profile.is_some() && self.is_true("profiles.*.read_only", profile);
        let policies = match profile.and_then(|_| self.value("profiles.*.policy_arns", profile)) {
            Some(Value::Policies(policies)) => Some(policies.clone()),
            _ => None,
        };
        let typed = flags.policy_arns.iter().map(|arn| PolicyArn::parse(arn));
        let typed: Vec<PolicyArn> = typed.collect::<Result<_, _>>()?;
        match (flags.read_only, typed.is_empty(), read_only, policies) {
            (true, false, ..) => Err(two_limits("both limits are named")),
            (true, true, _, Some(_)) => Err(two_limits("the profile has `policy_arns`")),
            (false, false, true, _) => Err(two_limits("the profile is `read_only`")),
            (true, ..) | (false, true, true, _) => Ok(SessionPolicy::ReadOnly),
            (false, false, false, _) => Ok(SessionPolicy::only(typed)?),
            (false, true, false, Some(policies)) => Ok(SessionPolicy::only(policies)?),
            (false, true, false, None) => Ok(SessionPolicy::Whole),
        }
    }
}

fn two_limits(cause: &str) -> Report {
    Report::new(
        ErrorCode::ConfigSessionPolicy,
        "cannot combine `read_only` and `policy_arns`",
    )
    .cause(format!(
        "{cause}; AWS allows what any of a session's policies allows, \
         so both together would allow more"
    ))
    .hint("name one of them, or the role itself: `-r ROLE --read-only`, `-r ROLE --policy-arn ARN`")
}
