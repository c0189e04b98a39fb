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

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(passphrase: &str) -> String {
        normalise(passphrase, true).unwrap().to_string()
    }

    #[track_caller]
    fn refused(passphrase: &str, creating: bool) {
        assert_eq!(normalise(passphrase, creating).unwrap_err().code(), "invalid_input");
    }

    #[test]
    fn the_length_is_checked() {
        for creating in [true, false] {
            refused("", creating);
            assert_eq!(normalise(&"x".repeat(1024), creating).unwrap().len(), 1024);
            refused(&"x".repeat(1025), creating);
            refused(&"x".repeat(1 << 20), creating);
        }
    }

    #[test]
    fn nothing_is_trimmed() {
        assert_eq!(normal(" a b\t\r\n"), " a b\t\r\n");
    }

    #[cfg(feature = "nfc")]
    #[test]
    fn all_forms_of_a_text_are_one_passphrase() {
        for (one, other, nfc) in [
            ("caf\u{e9}", "cafe\u{301}", "caf\u{e9}"),
            ("\u{212b}", "A\u{30a}", "\u{c5}"),
            ("\u{d55c}", "\u{1112}\u{1161}\u{11ab}", "\u{d55c}"),
            ("a\u{323}\u{307}", "a\u{307}\u{323}", "\u{1ea1}\u{307}"),
        ] {
            assert_eq!(normal(one), nfc);
            assert_eq!(normal(other), nfc);
        }
        // NFC, not NFKC: a ligature and its letters are two passphrases.
        assert_ne!(normal("\u{fb01}"), normal("fi"));
    }

    #[cfg(feature = "nfc")]
    #[test]
    fn the_length_is_that_after_normalising() {
        let hangul = "\u{1112}\u{1161}\u{11ab}".repeat(341);
        assert_eq!((hangul.len(), normal(&hangul).len()), (3069, 1023));
        let kelvin = "\u{212a}".repeat(1024);
        assert_eq!((kelvin.len(), normal(&kelvin).len()), (3072, 1024));
        // Excluded from composition, so it grows, to three times its length at most.
        let note = "\u{1d160}".repeat(85);
        assert_eq!((note.len(), normal(&note).len()), (340, 1020));
        refused(&"\u{1d160}".repeat(86), false);
    }

    /// A text that grew while it was normalised would leave a copy behind.
    #[cfg(feature = "nfc")]
    #[test]
    fn the_text_never_moves() {
        for text in ["plain", "e\u{301}", "\u{1d160}\u{1d160}\u{1d160}", "\u{390}\u{390}"] {
            let normal = to_nfc(text, false).unwrap();
            assert_eq!(normal.capacity(), 3 * text.len());
        }
    }

    #[cfg(feature = "nfc")]
    #[test]
    fn only_assigned_characters_make_a_new_passphrase() {
        for unassigned in ["\u{378}", "a\u{e0000}b", "\u{fffe}", "\u{10ffff}"] {
            refused(unassigned, true);
            assert_eq!(*normalise(unassigned, false).unwrap(), unassigned);
        }
        for assigned in ["\u{1f511}", "\0", "\u{e000}\u{f8ff}", "\u{f0000}\u{ffffd}", "\u{100000}\u{10fffd}"] {
            assert_eq!(normal(assigned), assigned);
        }
    }
}
