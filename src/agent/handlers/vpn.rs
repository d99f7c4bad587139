//! Requests of the VPN commands and of the tunnel's supervisor.

use std::rc::Rc;

use super::sign_in::SignInHints;
use super::state::{Handlers, Outcome, run_detached};
use crate::agent::waiters::{Client, Waiters};
use crate::flow::{self, OktaSession, VpnProfile};
use crate::openvpn::profile::{self, Verdict};
use crate::report::Report;
use crate::validate;
use crate::wire::{
    IssuedProfile, ProfileVerdict, Reply, Ruling, SecretText, VpnProfileRequest, VpnSignIn,
};

impl Handlers {
    pub(super) async fn vpn_profile(
        self: &Rc<Self>,
        request: VpnProfileRequest,
        client: &Rc<Client>,
    ) -> Outcome<Reply> {
        validate::check_vpn(&request.target)?;
        if !request.may_sign_in {
            if self.live(&request.target.account).is_none() {
                return Err(validate::not_signed_in(&request.target.account));
            }
            client.decline();
        }
        let waiters = Waiters::of(client);
        let handlers = Rc::clone(self);
        run_detached(async move {
            let (target, policy) = (&request.target, &request.policy);
            let fetch =
                async |okta: &OktaSession| flow::vpn_profile(okta, target, policy, &*waiters).await;
            let (_, fetched) = handlers
                .with_session(&target.account, SignInHints::default(), &waiters, fetch)
                .await?;
            issued(fetched, request.explain).map(|profile| Reply::VpnProfile(Box::new(profile)))
        })
        .await
    }

    pub(super) async fn vpn_sign_in(
        self: &Rc<Self>,
        request: VpnSignIn,
        client: &Rc<Client>,
    ) -> Outcome<Reply> {
        validate::check_vpn(&request.target)?;
        if self.live(&request.target.account).is_none() {
            return Err(validate::not_signed_in(&request.target.account));
        }
        client.decline();
        let waiters = Waiters::of(client);
        let handlers = Rc::clone(self);
        run_detached(async move {
            let (target, url) = (&request.target, &request.url.0);
            let finish = async |okta: &OktaSession| {
                flow::finish_vpn_sign_in(okta, target, url, &*waiters).await
            };
            handlers
                .with_session(&target.account, SignInHints::default(), &waiters, finish)
                .await?;
            Ok(Reply::VpnSignedIn)
        })
        .await
    }
}

fn issued(fetched: VpnProfile, explain: bool) -> Outcome<IssuedProfile> {
    let VpnProfile {
        profile,
        session,
        endpoint,
        server,
    } = fetched;
    let mut issued = IssuedProfile {
        text: None,
        refused: None,
        verdicts: Vec::new(),
        username: None,
        token: None,
        asks_user_password: false,
        remotes: Vec::new(),
        endpoint: endpoint.to_owned(),
        server,
    };
    match profile {
        Ok(profile) => {
            issued.verdicts = profile.explain().iter().map(verdict).collect();
            issued.username = profile.username().map(str::to_owned);
            issued.asks_user_password = profile.asks_user_password();
            issued.remotes = profile
                .remotes()
                .map(|remote| {
                    let port = remote.port.unwrap_or(1194);
                    let protocol = remote.protocol.unwrap_or("udp");
                    format!("{}:{port}/{protocol}", remote.host)
                })
                .collect();
            if !explain {
                issued.text = Some(SecretText(profile.canonical()));
            }
        }
        Err(error) if explain => {
            issued.verdicts = error.verdicts().iter().map(verdict).collect();
            issued.refused = Some(Report::from(error));
        }
        Err(error) => return Err(error.into()),
    }
    if let Some(session) = session.filter(|_| !explain) {
        issued.username = Some(session.username);
        issued.token = Some(SecretText(session.token));
    }
    Ok(issued)
}

fn verdict(verdict: &Verdict) -> ProfileVerdict {
    let (ruling, why) = match &verdict.ruling {
        profile::Ruling::Allowed => (Ruling::Allowed, None),
        profile::Ruling::Changed(why) => (Ruling::Changed, Some(why)),
        profile::Ruling::Dropped(why) => (Ruling::Dropped, Some(why)),
        profile::Ruling::Refused(why) => (Ruling::Refused, Some(why)),
    };
    ProfileVerdict {
        line: verdict.line,
        directive: verdict.directive.clone(),
        ruling,
        why: why.cloned(),
    }
}
