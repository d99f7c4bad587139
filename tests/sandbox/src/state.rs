//! Everything the servers of one sandbox share. Rooms of the crate keep their own state behind
//! their own lock here, and no lock is held across another.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Options;
use crate::access_server::AccessServer;
use crate::canary::Canaries;
use crate::clock::Clock;
use crate::fault::Faults;
use crate::iam::Iam;
use crate::log::Log;
use crate::okta::{Org, PushScript};
use crate::saml::{IdentityProvider, Verified};
use crate::users::User;

#[derive(Debug)]
pub(crate) struct SandboxState {
    pub(crate) options: Options,
    pub(crate) clock: Clock,
    pub(crate) canaries: Arc<Canaries>,
    pub(crate) log: Log,
    pub(crate) faults: Faults,
    pub(crate) users: Vec<User>,
    pub(crate) identity_provider: IdentityProvider,
    pub(crate) org_url: String,
    pub(crate) sts_url: String,
    pub(crate) other_url: String,
    pub(crate) vpn_url: String,
    pub(crate) vpn: Mutex<AccessServer>,
    pub(crate) org: Mutex<Org>,
    pub(crate) iam: Mutex<Iam>,
    pub(crate) push: Mutex<PushScript>,
    pub(crate) verified: Verified,
}

impl SandboxState {
    pub(crate) fn org(&self) -> MutexGuard<'_, Org> {
        self.org.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn iam(&self) -> MutexGuard<'_, Iam> {
        self.iam.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn vpn(&self) -> MutexGuard<'_, AccessServer> {
        self.vpn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push_script(&self) -> PushScript {
        self.push
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A person by login, or by the part before the `@`.
    pub(crate) fn user(&self, name: &str) -> Option<&User> {
        self.users
            .iter()
            .find(|user| user.login == name || user.name() == name)
    }
}
