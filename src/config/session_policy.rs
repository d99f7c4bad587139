//! What is left of a role's rights: by flags, else by the profile.
//!
//! AWS allows what *any* session policy allows, so two limits together are weaker than each: they are refused.

use super::target::Flags;
use super::{Settings, Value};
use crate::model::{PolicyArn, SessionPolicy};
use crate::report::{Exit, Report};

impl Settings {
    /// # Errors
    /// When a policy cannot be one, or a flag would lift what the profile limits.
    pub(super) fn session_policy(
        &self,
        flags: &Flags,
        profile: Option<&str>,
    ) -> Result<SessionPolicy, Report> {
        let own = |path| profile.and_then(|name| self.at(path, Some(name)));
        let read_only = matches!(own("profiles.*.read_only"), Some((Value::YesOrNo(true), _)));
        let policies = match own("profiles.*.policy_arns") {
            Some((Value::Policies(policies), _)) => Some(policies.clone()),
            _ => None,
        };
        let typed = flags.policy_arns.iter().map(|arn| PolicyArn::parse(arn));
        let typed: Vec<PolicyArn> = typed.collect::<Result<_, _>>()?;
        match (flags.read_only, typed.is_empty(), read_only, policies) {
            (true, false, ..) => Err(clash("both limits are named")),
            (true, true, _, Some(_)) => Err(clash("the profile has `policy_arns`")),
            (false, false, true, _) => Err(clash("the profile is `read_only`")),
            (true, ..) | (false, true, true, _) => Ok(SessionPolicy::ReadOnly),
            (false, false, false, _) => Ok(SessionPolicy::only(typed)?),
            (false, true, false, Some(policies)) => Ok(SessionPolicy::only(policies)?),
            (false, true, false, None) => Ok(SessionPolicy::Whole),
        }
    }
}

fn clash(cause: &str) -> Report {
    Report::new(
        Exit::Usage,
        "config.session_policy",
        "cannot limit the credentials twice",
    )
    .cause(format!(
        "{cause}; AWS allows what any of a session's policies allows, so both together would allow more"
    ))
    .hint("name one of them, or the role itself: `-r ROLE --read-only`, `-r ROLE --policy-arn ARN`")
}
