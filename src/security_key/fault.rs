//! Errors of a security key, as the user sees them.

use crate::report::{ErrorCode, Report};
use crate::wire::KeyFault;

impl From<KeyFault> for Report {
    fn from(fault: KeyFault) -> Self {
        const ANOTHER: &str = "`--factor totp` takes another factor";
        let (code, hint) = match &fault {
            KeyFault::NoKey => (ErrorCode::SecurityKeyNone, "plug it in, then `ob login`"),
            KeyFault::NoAccess => (
                ErrorCode::SecurityKeyNoAccess,
                "sign in at this machine itself, not over SSH, or have its administrator let you \
                 open the key (udev rules for FIDO), then plug it in anew",
            ),
            KeyFault::OnlyU2f => (
                ErrorCode::SecurityKeyOnlyU2f,
                "use a FIDO2 key, or `sign_in = \"browser\"` in [org]",
            ),
            KeyFault::NotEnrolled => (
                ErrorCode::SecurityKeyNotEnrolled,
                "plug in the key you set up at this org, or set this one up in your Okta settings",
            ),
            KeyFault::NoPin => (
                ErrorCode::SecurityKeyNoPin,
                "set a PIN on the key (`ykman fido access change-pin`, or a browser's settings), \
                 then `ob login`",
            ),
            KeyFault::WrongPin { .. } => (
                ErrorCode::SecurityKeyWrongPin,
                "`ob login` asks for it again; too many wrong PINs block the key, and a reset \
                 erases all that is on it",
            ),
            KeyFault::PinPaused => (
                ErrorCode::SecurityKeyPinPaused,
                "unplug the key, plug it in again, then `ob login`",
            ),
            KeyFault::PinBlocked => (
                ErrorCode::SecurityKeyPinBlocked,
                "the key must be reset and set up anew; `--factor totp` takes another factor",
            ),
            KeyFault::NotRecognised => (
                ErrorCode::SecurityKeyNotRecognised,
                "`ob login` tries again; the key may want its PIN after several unrecognised \
                 fingerprints",
            ),
            KeyFault::TimedOut => (
                ErrorCode::SecurityKeyTimedOut,
                "`ob login` asks for it again",
            ),
            KeyFault::Refused(_) => (ErrorCode::SecurityKeyRefused, ANOTHER),
            KeyFault::Gone => (ErrorCode::SecurityKeyGone, ANOTHER),
        };
        Self::new(code, "cannot verify with the security key")
            .cause(fault)
            .hint(hint)
    }
}
