//! What each of a key's failures means for a person.

use crate::report::{Exit, Report};
use crate::wire::KeyFault;

impl From<KeyFault> for Report {
    fn from(fault: KeyFault) -> Self {
        const ANOTHER: &str = "`--factor totp` takes another factor";
        let (name, hint) = match &fault {
            KeyFault::NoKey => ("security_key.none", "plug it in, then `ob login`"),
            KeyFault::NoAccess => (
                "security_key.no_access",
                "sign in at this machine itself, not over SSH, or have its administrator let you open the key (udev rules for FIDO), then plug it in anew",
            ),
            KeyFault::OnlyU2f => (
                "security_key.only_u2f",
                "use a FIDO2 key, or `sign_in = \"browser\"` in [org]",
            ),
            KeyFault::NotEnrolled => (
                "security_key.not_enrolled",
                "plug in the key you set up at this org, or set this one up in your Okta settings",
            ),
            KeyFault::NoPin => (
                "security_key.no_pin",
                "set a PIN on the key (`ykman fido access change-pin`, or a browser's settings), then `ob login`",
            ),
            KeyFault::WrongPin { .. } => (
                "security_key.wrong_pin",
                "`ob login` tries again; after too many wrong ones the key must be reset",
            ),
            KeyFault::PinPaused => (
                "security_key.pin_paused",
                "unplug the key, plug it in again, then `ob login`",
            ),
            KeyFault::PinBlocked => (
                "security_key.pin_blocked",
                "the key must be reset and set up anew; `--factor totp` takes another factor",
            ),
            KeyFault::NotRecognised => (
                "security_key.not_recognised",
                "`ob login` tries again; the key may want its PIN after several wrong fingers",
            ),
            KeyFault::TimedOut => ("security_key.timed_out", "`ob login` asks for it again"),
            KeyFault::Refused(_) => ("security_key.refused", ANOTHER),
            KeyFault::Gone => ("security_key.gone", ANOTHER),
        };
        Self::new(Exit::SignIn, name, "cannot verify with the security key")
            .cause(fault)
            .hint(hint)
    }
}
