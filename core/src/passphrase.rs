//! A passphrase as people type it, and the one sequence of bytes that it stands for.

use zeroize::Zeroizing;

use crate::{Error, Result};

/// The longest passphrase, in bytes of UTF-8 after normalisation.
const MAX_BYTES: usize = 1024;

/// The passphrase in Unicode NFC (UAX #15), so that one text typed on two keyboards gives one key.
///
/// Without the feature `nfc` the caller has normalised it, and has refused unassigned code points.
///
/// # Errors
/// [`Error::InvalidInput`] for an empty passphrase, one of more than 1,024 bytes, and, when `creating`, one with a code
/// point that Unicode has not assigned: a later Unicode could normalise it differently, and lock its owner out.
pub(crate) fn normalise(passphrase: &str, creating: bool) -> Result<Zeroizing<String>> {
    // NFC makes a text shorter by a factor of 3 at most (three Hangul letters to a syllable, the Kelvin sign to `K`), so
    // what is longer than this cannot fit after it, and is not worked on.
    if passphrase.len() > 4 * MAX_BYTES {
        return Err(wrong_length());
    }
    let normal = to_nfc(passphrase, creating)?;
    if normal.is_empty() || normal.len() > MAX_BYTES {
        return Err(wrong_length());
    }
    Ok(normal)
}

#[cfg(feature = "nfc")]
fn to_nfc(text: &str, creating: bool) -> Result<Zeroizing<String>> {
    use unicode_normalization::{UnicodeNormalization, is_nfc_quick};

    if creating && !text.chars().all(is_assigned) {
        return Err(Error::invalid(
            "a passphrase has only characters that Unicode has assigned; leave out the newest ones",
        ));
    }
    // Room for all that NFC can make of it (UAX #15: 3 times in UTF-8), so that no growth leaves a copy behind un-wiped.
    let mut normal = Zeroizing::new(String::with_capacity(3 * text.len()));
    if is_nfc_quick(text.chars()) == unicode_normalization::IsNormalized::Yes {
        normal.push_str(text);
    } else {
        normal.extend(text.nfc());
    }
    Ok(normal)
}

/// Whether Unicode says what this code point is, and so can never change how it is normalised. The table leaves the
/// private use areas out; they are kept as they are in every version.
#[cfg(feature = "nfc")]
fn is_assigned(c: char) -> bool {
    let private_use = matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}');
    private_use || unicode_normalization::char::is_public_assigned(c)
}

#[cfg(not(feature = "nfc"))]
fn to_nfc(text: &str, _creating: bool) -> Result<Zeroizing<String>> {
    Ok(Zeroizing::new(text.to_owned()))
}

fn wrong_length() -> Error {
    Error::invalid("a passphrase has 1 to 1024 bytes of UTF-8")
}
