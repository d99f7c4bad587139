//! The network settings of the sign-ins here.

use std::rc::Rc;

use ob::flow;
use ob::wire::{CaBundle, Route};

/// Returns the options of every sign-in: the sandbox is trusted through a CA bundle that the user
/// provides.
pub(crate) fn start() -> flow::SignInOptions {
    let bundle = CaBundle {
        path: "/ca.pem".into(),
        version: "1".into(),
    };
    let route = Route {
        proxy: None,
        ca_bundle: Some(bundle),
    };
    flow::SignInOptions {
        route: Rc::new(route),
        ..flow::SignInOptions::default()
    }
}
