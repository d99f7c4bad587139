//! An address as a QR code for a phone.

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

use crate::client::context::Context;
use crate::terminal::has_tty;

/// Modules left empty on each side of a code (ISO/IEC 18004).
const QUIET_ZONE: usize = 4;
/// The columns of the narrowest terminal: a code whose lines wrap cannot be scanned.
const MAX_COLUMNS: usize = 80;

/// Shows `address`, if standard error is a terminal that can show it and it fits.
pub fn show_qr_code(address: &str, context: &Context) {
    if let Some(drawing) = draw(address).filter(|_| has_tty() && context.output.shows_unicode()) {
        context.output.drawing(&drawing);
    }
}

fn draw(address: &str) -> Option<String> {
    let code = QrCode::new(address).ok()?;
    if code.width() + 2 * QUIET_ZONE > MAX_COLUMNS {
        return None;
    }
    // Light modules are drawn and dark ones are left empty, which suits a dark terminal where
    // colours cannot be set.
    let text = code
        .render::<Dense1x2>()
        .quiet_zone(true)
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .build();
    Some(text)
}
