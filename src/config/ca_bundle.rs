//! The extra certificates of `ca_bundle`, as bytes: the agent that trusts them cannot open files.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::error::FileError;
use crate::report::Report;

/// A whole system's bundle has about 250 KiB; the protocol carries less than 1 MiB.
const LARGEST: u64 = 768 << 10;

/// Reads the PEM file at `path`.
///
/// Who may write it is not judged: on most systems a bundle is made by tools, and the settings that name it
/// were judged.
///
/// # Errors
/// When it cannot be read, is larger than 768 KiB, or has no PEM certificate in it.
pub fn read_ca_bundle(path: &Path) -> Result<Vec<u8>, Report> {
    let failed = |error: FileError| error.at("ca_bundle", path);
    let file = File::open(path).map_err(|error| failed(error.into()))?;
    let found = file.metadata().map_err(|error| failed(error.into()))?;
    if !found.is_file() {
        return Err(failed(FileError::NotAFile));
    }
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
