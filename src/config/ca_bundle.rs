//! The extra certificates of `ca_bundle`, read by the client for the agent, which can open no file.

use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::file_error::FileError;
use super::trusted_file::open_trusted;
use crate::model::Environment;
use crate::report::Report;

/// Most bytes of `ca_bundle`. A system's bundle has about 250 KiB; a frame of the agent's protocol
/// has less than 1 MiB.
const MAX_BUNDLE_BYTES: u64 = 768 << 10;

/// Most bytes of `vpn.ca_bundle`, which holds a few certificates. They are sent with each request
/// to the agent and to the tunnel's supervisor, whose requests have less than 64 KiB.
const MAX_VPN_BUNDLE_BYTES: u64 = 32 << 10;

/// Reads the PEM file at `path`.
///
/// The file decides which server gets a password, so it is checked like the settings, with the
/// directories on its path.
///
/// # Errors
/// When others may write it, it cannot be read, is larger than 768 KiB, or has no PEM certificate.
pub fn read_ca_bundle(path: &Path, environment: &Environment) -> Result<Vec<u8>, Report> {
    read("ca_bundle", path, environment, MAX_BUNDLE_BYTES)
}

/// Reads the PEM file of `vpn.ca_bundle`, with the same checks.
///
/// # Errors
/// As [`read_ca_bundle`]; when it is larger than 32 KiB, or not text.
pub fn read_vpn_ca_bundle(path: &Path, environment: &Environment) -> Result<String, Report> {
    let bytes = read("vpn.ca_bundle", path, environment, MAX_VPN_BUNDLE_BYTES)?;
    String::from_utf8(bytes).map_err(|_| FileError::NoCertificate.at("vpn.ca_bundle", path))
}

fn read(
    setting: &str,
    path: &Path,
    environment: &Environment,
    max_bytes: u64,
) -> Result<Vec<u8>, Report> {
    let failed = |error: FileError| error.at(setting, path);
    let (file, _) = open_trusted(path, environment).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(max_bytes + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(error.into()))?;
    if bytes.len() as u64 > max_bytes {
        return Err(failed(FileError::BundleTooLarge(max_bytes)));
    }
    let begin = b"-----BEGIN CERTIFICATE-----";
    if !bytes.windows(begin.len()).any(|window| window == begin) {
        return Err(failed(FileError::NoCertificate));
    }
    Ok(bytes)
}

/// Returns a text that differs after each change of the file at `path`. The file is not read: every
/// command asks for its version.
///
/// A file that does not exist has a version too; [`read_ca_bundle`] reports it when it is needed.
pub fn ca_bundle_version(path: &Path) -> String {
    if path.starts_with("~") {
        return "no home".to_owned();
    }
    match std::fs::metadata(path) {
        Ok(file) => format!(
            "{}:{}:{}:{}.{}:{}.{}",
            file.dev(),
            file.ino(),
            file.len(),
            file.mtime(),
            file.mtime_nsec(),
            file.ctime(),
            file.ctime_nsec()
        ),
        Err(error) => error.kind().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn version_differs_after_each_change() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        let mut versions = vec![ca_bundle_version(&path)];
        for text in ["a", "bb"] {
            fs::write(&path, text).unwrap();
            versions.push(ca_bundle_version(&path));
            assert_eq!(versions.last(), Some(&ca_bundle_version(&path)));
        }
        // The same size, put in its place as editors do.
        let other = directory.path().join("new.pem");
        fs::write(&other, "cc").unwrap();
        fs::rename(&other, &path).unwrap();
        versions.push(ca_bundle_version(&path));
        versions.sort();
        versions.dedup();
        assert_eq!(versions.len(), 4, "{versions:?}");
    }

    #[test]
    fn bundle_needs_a_certificate_and_a_sane_size() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        let environment = [("HOME", directory.path())].into_iter().collect();
        let read = |path: &Path| read_ca_bundle(path, &environment);
        let name = |path: &Path| read(path).unwrap_err().name().to_owned();
        assert_eq!(name(&path), "config.unreadable");
        assert_eq!(name(directory.path()), "config.not-a-file");
        fs::write(&path, "\x30\x03 der").unwrap();
        assert_eq!(name(&path), "config.no-certificate");
        let pem = "# acme\n-----BEGIN CERTIFICATE-----\n";
        fs::write(&path, pem).unwrap();
        assert_eq!(read(&path).unwrap(), pem.as_bytes());
        fs::set_permissions(&path, Permissions::from_mode(0o646)).unwrap();
        assert_eq!(name(&path), "config.writable");
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o777)).unwrap();
        assert_eq!(name(&path), "config.writable");
        fs::set_permissions(directory.path(), Permissions::from_mode(0o700)).unwrap();
        fs::write(&path, vec![b'x'; 800 << 10]).unwrap();
        assert_eq!(name(&path), "config.bundle-too-large");
        assert_eq!(
            read_vpn_ca_bundle(&path, &environment).unwrap_err().name(),
            "config.bundle-too-large"
        );
        fs::write(&path, format!("{pem}{}", "x".repeat(33 << 10))).unwrap();
        assert!(read(&path).is_ok());
        let report = read_vpn_ca_bundle(&path, &environment).unwrap_err();
        assert!(
            report
                .causes
                .iter()
                .any(|cause| cause.contains("larger than 32 KiB")),
            "{report:?}"
        );
        fs::write(&path, [pem.as_bytes(), b"\xff"].concat()).unwrap();
        assert_eq!(
            read_vpn_ca_bundle(&path, &environment).unwrap_err().name(),
            "config.no-certificate"
        );
        let pipe = directory.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(name(&pipe), "config.not-a-file");
    }
}
