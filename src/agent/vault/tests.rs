//! The vault's arithmetic, with both hands of a clock moved: together (time passes, the machine sleeps), or the
//! wall alone (somebody sets it).

use std::collections::BTreeMap;

use super::*;
use crate::model::SessionPolicy;
use crate::secret::Secret;
use crate::wire::{Account, SignInWay};

pub(in crate::agent) const ORG: &str = "https://acme.okta.com";
pub(in crate::agent) const OTHER: &str = "https://preview.okta.com";
const ALICE: &str = "alice@acme.com";
const HOUR: i64 = 3600;
const START: Timestamp = Timestamp(1_795_309_375);

/// A vault at [`START`], whose server agrees with this machine's clock.
pub(in crate::agent) fn vault() -> (Vault, Clock) {
    let clock = Clock::stopped_at(START);
    let vault = Vault::new(clock.clone());
    vault.correct(START);
    (vault, clock)
}

/// A session of an hour.
pub(in crate::agent) fn signed_in_session(vault: &Vault, org: &str) -> Rc<LiveSession> {
    vault
        .keep_session(OktaSession::for_tests(org, ALICE), 3600, 3600)
        .0
}

fn signed_in(vault: &Vault, org: &str, idle: i64, max: i64) -> SessionKey {
    let okta = OktaSession::for_tests(org, ALICE);
    let [idle, max] = [idle, max].map(|seconds| u32::try_from(seconds).unwrap());
    vault.keep_session(okta, idle, max).0.key()
}

pub(in crate::agent) fn target(org: &str, duration: u32) -> Target {
    Target {
        account: Account {
            org: org.to_owned(),
            username: Some(ALICE.to_owned()),
            way: SignInWay::Auto,
            factor: None,
            security_keys: false,
            client_id: None,
            machine: None,
            vpn: false,
            idle: 3600,
            max: 43_200,
        },
        app: None,
        role: None,
        provider: None,
        through: None,
        chain: Vec::new(),
        policy: SessionPolicy::Whole,
        duration,
        region: None,
        region_gives_way: false,
        sts_endpoint: None,
        accounts: BTreeMap::new(),
        labels: crate::model::Labels::default(),
    }
}

/// Credentials that last `life` seconds from now on, by the servers' time.
fn held(vault: &Vault, key: &SessionKey, life: i64) -> Rc<CachedCredentials> {
    let credentials = Credentials {
        access_key_id: "ASIAEXAMPLE".to_owned(),
        secret_access_key: Secret::new("secret"),
        session_token: Secret::new("token"),
        expires_at: vault.now().plus(life),
        role: RoleArn::parse("arn:aws:iam::123456789012:role/Engineer").unwrap(),
        provider: None,
    };
    vault.keep(target(&key.org, 3600), key.clone(), credentials)
}

fn live(vault: &Vault, org: &str) -> bool {
    vault.session(org, Some(ALICE)).is_some()
}

fn has(vault: &Vault, org: &str) -> bool {
    vault.held(&target(org, 3600)).is_some()
}

#[test]
fn a_wall_clock_put_eight_hours_on_ends_what_it_says_has_ended() {
    let (vault, clock) = vault();
    let key = signed_in(&vault, ORG, HOUR, 12 * HOUR);
    held(&vault, &key, HOUR);
    clock.set_wall(START.plus(8 * HOUR));
    assert!(!has(&vault, ORG) && !live(&vault, ORG));
    clock.set_wall(START);
    assert!(!has(&vault, ORG) && !live(&vault, ORG), "gone is gone");
}

#[test]
fn a_wall_clock_put_an_hour_back_prolongs_nothing() {
    let (vault, clock) = vault();
    let key = signed_in(&vault, ORG, 2 * HOUR, 12 * HOUR);
    let role = held(&vault, &key, HOUR);
    clock.advance(HOUR / 2);
    clock.set_wall(START.plus(-HOUR / 2));
    assert_eq!(vault.seconds_left(&role), HOUR / 2);
    assert_eq!(vault.next_end(), Some(3 * HOUR / 2));
    clock.advance(HOUR / 2 - 1);
    assert!(has(&vault, ORG));
    clock.advance(1);
    assert!(!has(&vault, ORG), "its own hour is over");
    clock.advance(2 * HOUR);
    assert!(!live(&vault, ORG), "idle is over, whatever the wall says");
}

#[test]
fn eight_hours_of_sleep_count() {
    let (vault, clock) = vault();
    let key = signed_in(&vault, ORG, HOUR, 12 * HOUR);
    held(&vault, &key, 12 * HOUR);
    clock.advance(8 * HOUR);
    assert_eq!(vault.now(), START.plus(8 * HOUR));
    assert!(!live(&vault, ORG));
    assert!(!has(&vault, ORG), "a session takes its credentials with it");
    assert_eq!(vault.next_end(), None);
}

#[test]
fn a_renewal_that_fails_does_not_turn_the_clock_back() {
    let (vault, clock) = vault();
    let key = signed_in(&vault, ORG, 12 * HOUR, 12 * HOUR);
    held(&vault, &key, HOUR);
    clock.advance(HOUR - 60);
    let before = vault.now();
    // A server that answers with an error still tells the time, and tells it as it arrives.
    vault.correct(before);
    clock.advance(30);
    assert_eq!(vault.now(), before.plus(30));
    assert!(has(&vault, ORG));
    clock.advance(30);
    assert!(!has(&vault, ORG));
}

#[test]
fn a_machine_that_is_off_by_ten_minutes_judges_by_the_servers_time() {
    for skew in [600, -600] {
        let clock = Clock::stopped_at(START.plus(skew));
        let vault = Vault::new(clock.clone());
        assert_eq!(vault.known_skew(), None);
        vault.correct(START);
        assert_eq!(vault.known_skew(), Some(skew));
        let key = signed_in(&vault, ORG, 12 * HOUR, 12 * HOUR);
        let role = held(&vault, &key, HOUR);
        assert_eq!(vault.seconds_left(&role), HOUR);
        clock.advance(HOUR);
        assert!(!has(&vault, ORG));
    }
}

#[test]
fn idle_begins_anew_with_each_use_and_max_does_not() {
    let (vault, clock) = vault();
    signed_in(&vault, ORG, HOUR, 3 * HOUR);
    for _ in 0..3 {
        clock.advance(HOUR - 1);
        assert!(live(&vault, ORG));
    }
    assert_eq!(vault.next_end(), Some(3), "max");
    clock.advance(2);
    assert!(live(&vault, ORG));
    clock.advance(1);
    assert!(!live(&vault, ORG));

    signed_in(&vault, ORG, HOUR, 3 * HOUR);
    clock.advance(HOUR - 1);
    assert_eq!(vault.sessions().len(), 1, "being looked at is no use");
    assert_eq!(vault.next_end(), Some(1));
    clock.advance(1);
    assert!(!live(&vault, ORG), "idle");
}

#[test]
fn credentials_age_twenty_minutes_and_stale_ten_minutes_before_their_end() {
    use Freshness::{Aging, Fresh, Stale};
    // Seconds of life, what is left, what the client needs, the verdict.
    for (life, left, min_ttl, verdict) in [
        (HOUR, 1201, None, Fresh),
        (HOUR, 1200, None, Aging),
        (HOUR, 601, None, Aging),
        (HOUR, 600, None, Stale),
        (HOUR, 0, None, Stale),
        (900, 301, None, Fresh),
        (900, 300, None, Stale),
        (HOUR, 1, Some(0), Aging),
        (HOUR, 0, Some(0), Stale),
        (HOUR, 2700, Some(2700), Stale),
        (HOUR, 2701, Some(2700), Fresh),
        (HOUR, 900, Some(300), Aging),
        (HOUR, 300, Some(300), Stale),
    ] {
        let (vault, clock) = vault();
        let key = signed_in(&vault, ORG, 12 * HOUR, 12 * HOUR);
        let role = held(&vault, &key, life);
        clock.advance(life - left);
        assert_eq!(
            vault.freshness(&role, min_ttl),
            verdict,
            "{left} s of {life} left, {min_ttl:?} needed"
        );
    }
}

#[test]
fn what_was_begun_before_a_sign_out_of_its_org_is_known() {
    let (vault, _clock) = vault();
    for org in [ORG, OTHER] {
        let key = signed_in(&vault, org, HOUR, HOUR);
        held(&vault, &key, HOUR);
    }
    let both = || (vault.generation(ORG), vault.generation(OTHER));
    let (mine, others) = both();
    assert_eq!(vault.take(Some(ORG)).len(), 1);
    assert_eq!(both(), (mine + 1, others));
    assert!(!live(&vault, ORG) && !has(&vault, ORG));
    assert!(live(&vault, OTHER) && has(&vault, OTHER));
    assert_eq!(vault.take(None).len(), 1);
    assert_eq!(both(), (mine + 2, others + 1));
    assert!(!live(&vault, OTHER) && !has(&vault, OTHER));
    assert!(vault.take(None).is_empty());
    assert_eq!(both(), (mine + 3, others + 2), "one that is under way");
}

#[test]
fn a_session_that_has_ended_at_the_server_leaves_its_credentials_until_they_expire() {
    let (vault, clock) = vault();
    let key = signed_in(&vault, ORG, 12 * HOUR, 12 * HOUR);
    held(&vault, &key, HOUR);
    let session = vault.session(ORG, None).unwrap();
    vault.forget_session(&session);
    assert!(!live(&vault, ORG) && has(&vault, ORG));
    clock.advance(HOUR);
    assert!(!has(&vault, ORG));
}

#[test]
fn another_user_gets_nothing_of_the_last_ones() {
    let (vault, _) = vault();
    let key = signed_in(&vault, ORG, HOUR, HOUR);
    let mut nameless = target(ORG, 3600);
    nameless.account.username = None;
    let held = held(&vault, &key, HOUR);
    let credentials = Credentials {
        access_key_id: "ASIAEXAMPLE".to_owned(),
        secret_access_key: Secret::new("secret"),
        session_token: Secret::new("token"),
        expires_at: held.credentials.expires_at,
        role: held.credentials.role.clone(),
        provider: None,
    };
    vault.keep(nameless.clone(), key.clone(), credentials);
    // Her session has ended at the server; she signs in once more.
    let session = vault.session(ORG, Some(ALICE)).unwrap();
    vault.forget_session(&session);
    signed_in_session(&vault, ORG);
    assert!(vault.held(&nameless).is_some() && has(&vault, ORG));
    vault.forget_session(&vault.session(ORG, Some(ALICE)).unwrap());
    let other = OktaSession::for_tests(ORG, "bob@acme.com");
    vault.keep_session(other, 3600, 3600);
    assert!(vault.held(&nameless).is_none(), "it was alice's");
    assert!(has(&vault, ORG), "what names her is hers");
}
