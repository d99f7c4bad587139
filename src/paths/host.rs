//! The host name in paths: machines may share homes, but not sockets.

use nix::unistd::gethostname;

/// Returns the host name as one path segment.
pub(super) fn host() -> String {
    let name = gethostname().unwrap_or_default();
    let name = name.to_string_lossy();
    let inert = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let segment: String = name
        .chars()
        .map(|c| if inert(c) { c } else { '_' })
        .collect();
    if segment.is_empty() {
        "localhost".to_owned()
    } else {
        segment
    }
}
