//! The extra certificates of `ca_bundle`, as bytes: the agent that trusts them cannot open files.

use std::io::Read as _;
use std::path::Path;

use super::error::FileError;
use super::file::{judge, open_regular};
use crate::report::Report;

/// A whole system's bundle has about 250 KiB; the protocol carries less than 1 MiB.
const LARGEST: u64 = 768 << 10;

/// Reads the PEM file at `path`.
///
/// Who may write it decides whom we send a password to, so it is judged as the settings are. Root's tools pass.
///
/// # Errors
/// When others may write it, when it cannot be read, is larger than 768 KiB, or has no PEM certificate in it.
pub fn read_ca_bundle(path: &Path) -> Result<Vec<u8>, Report> {
    let failed = |error: FileError| error.at("ca_bundle", path);
    let (file, found) = open_regular(path).map_err(failed)?;
    judge(&found).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(error.into()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(failed(FileError::BundleTooLarge));
    }
    let begin = b"-----BEGIN CERTIFICATE-----";
    if !bytes.windows(begin.len()).any(|window| window == begin) {
        return Err(failed(FileError::NoCertificate));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_bundle_is_a_file_with_a_certificate_of_sane_size() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        let name = |path: &Path| read_ca_bundle(path).unwrap_err().name;
        assert_eq!(name(&path), "config.unreadable");
        assert_eq!(name(directory.path()), "config.not-a-file");
        fs::write(&path, "\x30\x03 der").unwrap();
        assert_eq!(name(&path), "config.no-certificate");
        let pem = "# acme\n-----BEGIN CERTIFICATE-----\n";
        fs::write(&path, pem).unwrap();
        assert_eq!(read_ca_bundle(&path).unwrap(), pem.as_bytes());
        fs::set_permissions(&path, Permissions::from_mode(0o646)).unwrap();
        assert_eq!(name(&path), "config.writable");
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        fs::write(&path, vec![b'x'; 800 << 10]).unwrap();
        assert_eq!(name(&path), "config.bundle-too-large");
        let pipe = directory.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(name(&pipe), "config.not-a-file");
    }
}
