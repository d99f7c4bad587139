//! Deadlines in the vault while both clocks advance together (time passes, or the machine sleeps),
//! and while only the wall clock is set.

use std::collections::BTreeMap;

use super::*;
use crate::model::SessionPolicy;
use crate::secret::Secret;
use crate::wire::{Account, SignInWay, Target};

pub(in crate::agent) const ORG: &str = "https://acme.okta.com";
pub(in crate::agent) const OTHER: &str = "https://preview.okta.com";
const ALICE: &str = "alice@acme.com";
const HOUR: i64 = 3600;
const START: Timestamp = Timestamp(1_795_309_375);

/// A vault at [`START`], whose server agrees with this machine's clock.
pub(in crate::agent) fn vault() -> (Vault, Clock) {
    let clock = Clock::stopped_at(START);
    let vault = Vault::new(clock.clone());
    vault.correct_clock(START);
    (vault, clock)
}

/// A session of an hour.
pub(in crate::agent) fn signed_in_session(vault: &Vault, org: &str) -> Rc<LiveSession> {
    let okta = OktaSession::for_tests(org, ALICE);
    vault.keep_session(okta, seconds(HOUR), seconds(HOUR)).0
}

fn signed_in(vault: &Vault, org: &str, idle: i64, max: i64) -> SessionKey {
    let okta = OktaSession::for_tests(org, ALICE);
    vault
        .keep_session(okta, seconds(idle), seconds(max))
        .0
        .key()
}

fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap())
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
            idle: seconds(HOUR),
            max: seconds(12 * HOUR),
        },
        app: None,
        role: None,
        provider: None,
        through: None,
        chain: Vec::new(),
        policy: SessionPolicy::Whole,
        duration,
        region: None,
        replace_foreign_region: false,
        sts_endpoint: None,
        names: crate::wire::DisplayNames::default(),
    }
}

fn credentials(expires_at: Timestamp) -> Credentials {
    Credentials {
        access_key_id: "ASIAEXAMPLE".to_owned(),
        secret_access_key: Secret::new("secret"),
        session_token: Secret::new("token"),
        expires_at,
        role: RoleArn::parse("arn:aws:iam::123456789012:role/Engineer").unwrap(),
        provider: None,
    }
}

/// Keeps credentials that last `life` seconds from now, by the servers' time.
fn keep(vault: &Vault, key: &SessionKey, life: i64) -> Rc<CachedCredentials> {
    let credentials = credentials(vault.now().plus(life));
    let target = target(&key.org, 3600);
    vault.keep_credentials(CredentialKey::of(&target), key.clone(), credentials)
}

fn cached(vault: &Vault, target: &Target) -> bool {
    vault.credentials(&CredentialKey::of(target)).is_some()
}

fn live(vault: &Vault, org: &str) -> bool {
    vault.session(org, Some(ALICE)).is_some()
}

fn has(vault: &Vault, org: &str) -> bool {
    cached(vault, &target(org, 3600))
}

#[test]
fn wall_clock_set_forward_expires_sessions_and_credentials() {
    let (vault, clock) = vault();
    let key = signed_in(&vault, ORG, HOUR, 12 * HOUR);
    keep(&vault, &key, HOUR);
    clock.set_wall(START.plus(8 * HOUR));
    assert!(!has(&vault, ORG) && !live(&vault, ORG));
    clock.set_wall(START);
    assert!(
        !has(&vault, ORG) && !live(&vault, ORG),
        "must not come back"
    );
}

#[test]
fn wall_clock_set_back_prolongs_nothing() {
    let (vault, clock) = vault();
    let key = signed_in(&vault, ORG, 2 * HOUR, 12 * HOUR);
    let role = keep(&vault, &key, HOUR);
    clock.advance(HOUR / 2);
    clock.set_wall(START.plus(-HOUR / 2));
    assert_eq!(vault.time_left(&role), seconds(HOUR / 2));
    assert_eq!(vault.next_session_end(), Some(seconds(3 * HOUR / 2)));
    clock.advance(HOUR / 2 - 1);
    assert!(has(&vault, ORG));
    clock.advance(1);
    assert!(!has(&vault, ORG), "expired");
    clock.advance(2 * HOUR);
    assert!(!live(&vault, ORG), "idle timeout");
}

#[test]
fn time_in_suspend_counts() {
    let (vault, clock) = vault();
    let key = signed_in(&vault, ORG, HOUR, 12 * HOUR);
    keep(&vault, &key, 12 * HOUR);
    clock.advance(8 * HOUR);
    assert_eq!(vault.now(), START.plus(8 * HOUR));
    assert!(!live(&vault, ORG));
    assert!(!has(&vault, ORG), "credentials end with their session");
    assert_eq!(vault.next_session_end(), None);
}

#[test]
fn failed_renewal_does_not_set_the_clock_back() {
    let (vault, clock) = vault();
    let key = signed_in(&vault, ORG, 12 * HOUR, 12 * HOUR);
    keep(&vault, &key, HOUR);
    clock.advance(HOUR - 60);
    let before = vault.now();
    // An error response carries a `Date` too; it is applied when it arrives.
    vault.correct_clock(before);
    clock.advance(30);
    assert_eq!(vault.now(), before.plus(30));
    assert!(has(&vault, ORG));
    clock.advance(30);
    assert!(!has(&vault, ORG));
}

#[test]
fn skewed_machine_uses_the_servers_time() {
    for skew in [600, -600] {
        let clock = Clock::stopped_at(START.plus(skew));
        let vault = Vault::new(clock.clone());
        assert_eq!(vault.clock_skew(), None);
        vault.correct_clock(START);
        assert_eq!(vault.clock_skew(), Some(skew));
        let key = signed_in(&vault, ORG, 12 * HOUR, 12 * HOUR);
        let role = keep(&vault, &key, HOUR);
        assert_eq!(vault.time_left(&role), seconds(HOUR));
        clock.advance(HOUR);
        assert!(!has(&vault, ORG));
    }
}

#[test]
fn use_restarts_idle_but_not_max() {
    let (vault, clock) = vault();
    signed_in(&vault, ORG, HOUR, 3 * HOUR);
    for _ in 0..3 {
        clock.advance(HOUR - 1);
        assert!(live(&vault, ORG));
    }
    assert_eq!(vault.next_session_end(), Some(seconds(3)), "max");
    clock.advance(2);
    assert!(live(&vault, ORG));
    clock.advance(1);
    assert!(!live(&vault, ORG));

    signed_in(&vault, ORG, HOUR, 3 * HOUR);
    clock.advance(HOUR - 1);
    assert_eq!(vault.session_statuses().len(), 1, "status is no use");
    assert_eq!(vault.next_session_end(), Some(seconds(1)));
    clock.advance(1);
    assert!(!live(&vault, ORG), "idle");
}

#[test]
fn credentials_age_at_twenty_and_stale_at_ten_minutes() {
    use Freshness::{Aging, Fresh, Stale};
    // Lifetime and time left in seconds, `--min-ttl`, expected verdict.
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
        let role = keep(&vault, &key, life);
        clock.advance(life - left);
        assert_eq!(
            vault.freshness(&role, min_ttl.map(Duration::from_secs)),
            verdict,
            "{left} s of {life} left, {min_ttl:?} needed"
        );
    }
}

#[test]
fn sign_out_raises_the_generation_of_its_org() {
    let (vault, _clock) = vault();
    for org in [ORG, OTHER] {
        let key = signed_in(&vault, org, HOUR, HOUR);
        keep(&vault, &key, HOUR);
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
    assert_eq!(
        both(),
        (mine + 3, others + 2),
        "sign-ins under way count too"
    );
}

#[test]
fn credentials_outlive_a_session_that_okta_ended() {
    let (vault, clock) = vault();
    let key = signed_in(&vault, ORG, 12 * HOUR, 12 * HOUR);
    keep(&vault, &key, HOUR);
    let session = vault.session(ORG, None).unwrap();
    vault.forget_session(&session);
    assert!(!live(&vault, ORG) && has(&vault, ORG));
    clock.advance(HOUR);
    assert!(!has(&vault, ORG));
}

#[test]
fn other_user_gets_none_of_the_credentials() {
    let (vault, _) = vault();
    let key = signed_in(&vault, ORG, HOUR, HOUR);
    let mut unnamed_target = target(ORG, 3600);
    unnamed_target.account.username = None;
    let expires_at = keep(&vault, &key, HOUR).credentials.expires_at;
    let unnamed_key = CredentialKey::of(&unnamed_target);
    vault.keep_credentials(unnamed_key, key.clone(), credentials(expires_at));
    // The session has ended at Okta; the same user signs in again.
    let session = vault.session(ORG, Some(ALICE)).unwrap();
    vault.forget_session(&session);
    signed_in_session(&vault, ORG);
    assert!(cached(&vault, &unnamed_target) && has(&vault, ORG));
    vault.forget_session(&vault.session(ORG, Some(ALICE)).unwrap());
    let other = OktaSession::for_tests(ORG, "bob@acme.com");
    vault.keep_session(other, seconds(HOUR), seconds(HOUR));
    assert!(!cached(&vault, &unnamed_target), "alice's credentials");
    assert!(has(&vault, ORG), "requested for alice by name");
}

#[test]
fn display_names_and_factor_are_no_part_of_the_key() {
    let (vault, _) = vault();
    let key = signed_in(&vault, ORG, HOUR, HOUR);
    keep(&vault, &key, HOUR);
    let mut renamed = target(ORG, 3600);
    renamed.names.accounts = BTreeMap::from([("123456789012".to_owned(), "prod".to_owned())]);
    renamed.account.factor = Some("totp".to_owned());
    renamed.account.security_keys = true;
    renamed.account.idle = seconds(60);
    assert!(cached(&vault, &renamed));
}
