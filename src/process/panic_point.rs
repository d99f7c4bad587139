//! Places at which a test can make this program panic, with a secret in the panic's payload: that is the
//! worst a mistake of ours could do. A release build has none of it, not even the name of the variable.

/// Names the point that is to panic; a debug build alone knows it.
#[cfg(debug_assertions)]
pub(super) const VARIABLE: &str = "OB_PANIC_AT";

/// Panics with `at_hand` as its payload if this is the point that a test has named.
#[cfg(debug_assertions)]
#[track_caller]
pub fn panic_point(name: &str, at_hand: &str) {
    let wanted = std::env::var_os(VARIABLE).is_some_and(|wanted| wanted == name);
    assert!(!wanted, "at {name} with {at_hand}");
}

/// Nothing: no test runs in a release build.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub const fn panic_point(_name: &str, _at_hand: &str) {}
