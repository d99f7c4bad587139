//! An address as a QR code for a phone.

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

use crate::client::context::Context;
use crate::terminal::has_person;

/// What is left empty around a square, in its dots (ISO/IEC 18004).
const QUIET_ZONE: usize = 4;
/// The columns that every terminal has; a square whose lines break is none.
const NARROW: usize = 80;

/// `address` as a square for a phone; nothing where nobody would see it, or it would not fit.
pub fn qr_code(address: &str, context: &Context) -> Option<String> {
    if !has_person() || !context.voice.draws() {
        return None;
    }
    let code = QrCode::new(address).ok()?;
    if code.width() + 2 * QUIET_ZONE > NARROW {
        return None;
    }
    let square = code.render::<Dense1x2>().quiet_zone(true).build();
    Some(format!("{square}\n"))
}
