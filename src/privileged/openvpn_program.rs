//! The installed openvpn and its version.

use std::io;
use std::time::Duration;

use crate::link::{DESCRIPTOR_LIMIT_HINT, OUT_OF_DESCRIPTORS, is_out_of_descriptors};
use crate::process::{self, TrustedProgram};
use crate::report::{ErrorCode, Report};

/// `openvpn --version` prints a constant.
const VERSION: Duration = Duration::from_secs(5);

/// openvpn with its version, major and minor.
#[derive(Debug)]
pub struct OpenVpn {
    pub program: TrustedProgram,
    pub version: (u32, u32),
}

impl OpenVpn {
    /// Finds the installed openvpn and reads its version.
    ///
    /// # Errors
    /// When no openvpn of root's is installed, or it is too old, or it does not print its version
    /// in time.
    pub fn find() -> Result<Self, Report> {
        let program = TrustedProgram::find("openvpn")?;
        let words = [program.path().into(), "--version".into()];
        let said = process::run(&words, b"", VERSION).map_err(|error| {
            let report = match error.kind() {
                io::ErrorKind::TimedOut => Report::new(
                    ErrorCode::VpnOpenvpnSilent,
                    "openvpn does not tell its version",
                ),
                _ => Report::new(ErrorCode::VpnOpenvpn, "cannot start openvpn"),
            };
            if is_out_of_descriptors(&error) {
                return report.cause(OUT_OF_DESCRIPTORS).hint(DESCRIPTOR_LIMIT_HINT);
            }
            report.cause(error).hint(format!(
                "`{} --version` must work",
                program.path().display()
            ))
        })?;
        let said = String::from_utf8_lossy(&said.stdout);
        let version = version(&said)
            .filter(|version| *version >= (2, 6))
            .ok_or_else(|| {
                Report::new(ErrorCode::VpnOpenvpn, "this openvpn cannot be used")
                    .cause(
                        said.lines()
                            .next()
                            .unwrap_or("it does not tell its version"),
                    )
                    .hint("`ob vpn` needs OpenVPN 2.6 or later")
            })?;
        Ok(Self { program, version })
    }
}

/// Parses `(2, 6)` from `OpenVPN 2.6.14 x86_64-…`.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.strip_prefix("OpenVPN ")?.split('.');
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next()?;
    let digits = minor
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(minor.len());
    Some((major, minor[..digits].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_what_openvpn_says() {
        assert_eq!(
            version("OpenVPN 2.6.14 x86_64-pc-linux-gnu [SSL]\n"),
            Some((2, 6))
        );
        assert_eq!(version("OpenVPN 2.7_rc1 x86_64"), Some((2, 7)));
        assert_eq!(version("something"), None);
    }
}
