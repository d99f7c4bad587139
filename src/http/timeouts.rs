//! How long a connection and a request may take.

use std::time::Duration;

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// From the first byte sent to the last byte read.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
