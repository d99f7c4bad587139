//! The VPN's requests at the desk.

use std::rc::Rc;

use crate::agent::desk::{Desk, Outcome};
use crate::agent::party::{Member, Party};
use crate::agent::vault::LiveSession;
use crate::flow::{self, Failure, VpnProfile};
use crate::openvpn::profile::{Ruling, Verdict};
use crate::report::Report;
use crate::wire::{
    Account, IssuedProfile, ProfileVerdict, Reply, Sealed, VpnProfileRequest, VpnSignIn,
};

impl Desk {
    pub(super) async fn vpn_profile(
        self: &Rc<Self>,
        request: VpnProfileRequest,
        member: &Rc<Member>,
    ) -> Outcome<Reply> {
        flow::check_vpn(&request.target)?;
        if !request.may_sign_in {
            member.decline();
        }
        let party = Rc::new(Party::default());
        party.join(member);
        let (target, policy) = (&request.target, &request.policy);
        let fetch = async |session: &LiveSession| {
            flow::vpn_profile(&session.okta, target, policy, &*party).await
        };
        let fetched = self
            .in_session(&target.account, request.may_sign_in, &party, fetch)
            .await?;
        issued(fetched, request.explain).map(|profile| Reply::VpnProfile(Box::new(profile)))
    }

    pub(super) async fn vpn_sign_in(
        self: &Rc<Self>,
        request: VpnSignIn,
        member: &Rc<Member>,
    ) -> Outcome<Reply> {
        flow::check_vpn(&request.target)?;
        member.decline();
        let party = Rc::new(Party::default());
        party.join(member);
        let finish = async |session: &LiveSession| {
            flow::finish_vpn_sign_in(&session.okta, &request.target, &request.url.0, &*party).await
        };
        self.in_session(&request.target.account, false, &party, finish)
            .await?;
        Ok(Reply::VpnSignedIn)
    }

    /// Does `work` with the live session; with a new one, once, where there is none or it has ended.
    async fn in_session<T>(
        self: &Rc<Self>,
        account: &Account,
        may_sign_in: bool,
        party: &Rc<Party>,
        work: impl AsyncFn(&LiveSession) -> Result<T, Failure>,
    ) -> Outcome<T> {
        if let Some(live) = self.live(account) {
            match work(&live).await {
                Err(Failure::SessionEnded) => self.forget(&live),
                outcome => return outcome.map_err(Failure::into_report),
            }
        }
        if !may_sign_in {
            return Err(flow::nobody_signed_in(account));
        }
        let session = self.new_session(account, party, None).await?;
        work(&session).await.map_err(Failure::into_report)
    }
}

fn issued(fetched: VpnProfile, explain: bool) -> Outcome<IssuedProfile> {
    let VpnProfile {
        profile,
        session,
        door,
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
        door: door.to_owned(),
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
                issued.text = Some(Sealed(profile.canonical()));
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
        issued.token = Some(Sealed(session.token));
    }
    Ok(issued)
}

fn verdict(verdict: &Verdict) -> ProfileVerdict {
    let (ruling, why) = match &verdict.ruling {
        Ruling::Allowed => ("allowed", None),
        Ruling::Changed(why) => ("changed", Some(why)),
        Ruling::Dropped(why) => ("dropped", Some(why)),
        Ruling::Refused(why) => ("refused", Some(why)),
    };
    ProfileVerdict {
        line: verdict.line,
        directive: verdict.directive.clone(),
        ruling: ruling.to_owned(),
        why: why.cloned(),
    }
}
