//! QR codes (ISO/IEC 18004) of a URI, as a picture for a page and as text for a terminal.

use core::fmt::Write;

use qrcodegen_no_heap::{QrCode, QrCodeEcc, Version};
use zeroize::Zeroizing;

use crate::{Error, Result, Secret};

/// What the largest QR code holds, in bytes.
const MAX_TEXT: usize = 2953;
/// The light margin that readers need (ISO/IEC 18004, section 5.3.8), in modules.
const MARGIN: i32 = 4;

/// What a terminal shows text on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// Light text on a dark background.
    Dark,
    /// Dark text on a light background.
    Light,
}

/// A QR code as an SVG picture: black on white, one unit a module, with the margin that readers need. It holds the secret
/// of the text: show it once, and keep no copy.
///
/// # Errors
/// [`Error::Limit`] for more than 2,953 bytes.
pub fn svg(text: &str) -> Result<Secret> {
    with_code(text, |code| {
        let side = code.size() + 2 * MARGIN;
        let dark_runs =
            || (0..code.size()).flat_map(|y| runs(code, y).map(move |(x, len)| (x + MARGIN, y + MARGIN, len)));
        // Room for all of it from the start: a buffer that grew would leave a copy of the secret behind.
        let mut svg = Zeroizing::new(String::with_capacity(512 + dark_runs().count() * "M123 123h123v1h-123z".len()));
        // Writing to a string does not fail.
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\""
        );
        for (x, y, len) in dark_runs() {
            let _ = write!(svg, "M{x} {y}h{len}v1h-{len}z");
        }
        svg.push_str("\"/></svg>\n");
        svg.as_str().into()
    })
}

/// A QR code as lines of text for a terminal, two modules a character, one above the other, with the margin that readers
/// need. Most readers want dark on light, so that it depends on the background which half is drawn.
///
/// # Errors
/// [`Error::Limit`] for more than 2,953 bytes.
pub fn terminal(text: &str, background: Background) -> Result<Secret> {
    with_code(text, |code| {
        let span = || -MARGIN..code.size() + MARGIN;
        let side = span().count();
        let mut lines = Zeroizing::new(String::with_capacity((side * '█'.len_utf8() + 1) * side.div_ceil(2)));
        let is_drawn = |x, y| code.get_module(x, y) == (background == Background::Light);
        for y in span().step_by(2) {
            for x in span() {
                lines.push(match (is_drawn(x, y), is_drawn(x, y + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            lines.push('\n');
        }
        lines.as_str().into()
    })
}

/// The encoder works in these two buffers, which are wiped.
fn with_code<T>(text: &str, draw: impl FnOnce(&QrCode<'_>) -> T) -> Result<T> {
    let too_long = || Error::Limit { what: "bytes of a QR code", asked: text.len() as u64, allowed: MAX_TEXT as u64 };
    if text.len() > MAX_TEXT {
        return Err(too_long());
    }
    let [mut one, mut other] = [(); 2].map(|()| Zeroizing::new(vec![0; Version::MAX.buffer_len()]));
    // The smallest code that holds it, and in that the highest level of error correction that fits.
    let level = QrCodeEcc::Low;
    let code = QrCode::encode_text(text, &mut one, &mut other, level, Version::MIN, Version::MAX, None, true)
        .map_err(|_| too_long())?;
    Ok(draw(&code))
}

/// The dark modules of a row, as where each run starts and how long it is.
fn runs(code: &QrCode<'_>, y: i32) -> impl Iterator<Item = (i32, i32)> {
    let is_dark = move |x| code.get_module(x, y);
    (0..code.size())
        .filter(move |&x| is_dark(x) && !is_dark(x - 1))
        .map(move |x| (x, (x..code.size()).take_while(|&x| is_dark(x)).count() as i32))
}
