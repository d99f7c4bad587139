//! Points at which a test makes this program panic with a secret in the panic's payload. A release
//! build has neither the code nor the variable's name.

/// Names the point that panics. Only debug builds read it.
#[cfg(debug_assertions)]
pub(super) const VARIABLE: &str = "OB_PANIC_AT";

/// Panics with `payload` if the test chose this point.
#[cfg(debug_assertions)]
#[track_caller]
pub fn panic_point(name: &str, payload: &str) {
    let wanted = std::env::var_os(VARIABLE).is_some_and(|wanted| wanted == name);
    assert!(!wanted, "at {name} with {payload}");
}

/// Does nothing in a release build.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub const fn panic_point(_name: &str, _at_hand: &str) {}
