//! The extra certificates of `ca_bundle`, as bytes: the agent that trusts them cannot open files.

use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::error::FileError;
use super::file::open_trusted;
use crate::model::Environment;
use crate::report::Report;

/// A whole system's bundle has about 250 KiB; the protocol carries less than 1 MiB.
const LARGEST: u64 = 768 << 10;

/// The VPN's own authority is one certificate or a few. They travel with each request to the agent, and with those
/// of the tunnel's supervisor; such a request has less than 64 KiB.
const MAX_VPN_BUNDLE_BYTES: u64 = 32 << 10;

/// Reads the PEM file at `path`.
///
/// Its writers decide which server is sent a password, so it is judged as the settings are, with the
/// directories on its path.
///
/// # Errors
/// When others may write it, when it cannot be read, is larger than 768 KiB, or has no PEM certificate in it.
pub fn read_ca_bundle(path: &Path, environment: &Environment) -> Result<Vec<u8>, Report> {
    read("ca_bundle", path, environment, LARGEST)
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
    largest: u64,
) -> Result<Vec<u8>, Report> {
    let failed = |error: FileError| error.at(setting, path);
    let (file, _) = open_trusted(path, environment).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(largest + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(error.into()))?;
    if bytes.len() as u64 > largest {
        return Err(failed(FileError::BundleTooLarge(largest)));
    }
    let begin = b"-----BEGIN CERTIFICATE-----";
    if !bytes.windows(begin.len()).any(|window| window == begin) {
        return Err(failed(FileError::NoCertificate));
    }
    Ok(bytes)
}

/// What differs after each change of the file at `path`, without reading it: a warm command asks
/// for it each time.
///
/// A file that is not there has a version too; [`read_ca_bundle`] says what is wrong with it when
/// it is needed.
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
    fn versions_differ_after_each_change_of_the_file() {
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
    fn a_bundle_is_a_file_with_a_certificate_of_sane_size() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        let environment = [("HOME", directory.path())].into_iter().collect();
        let read = |path: &Path| read_ca_bundle(path, &environment);
        let name = |path: &Path| read(path).unwrap_err().name;
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
            read_vpn_ca_bundle(&path, &environment).unwrap_err().name,
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
            read_vpn_ca_bundle(&path, &environment).unwrap_err().name,
            "config.no-certificate"
        );
        let pipe = directory.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(name(&pipe), "config.not-a-file");
    }
}
