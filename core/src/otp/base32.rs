//! Secrets as people carry them: base32 (RFC 4648, section 6), lenient to read and strict to write.

use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use super::generator::check_len;
use crate::{Error, Result, Secret};

/// The longest text that is read: the longest secret, with a space after each character and more.
const MAX_TEXT: usize = 1024;

/// Reads a secret from base32, as websites show it: in any case, with spaces and hyphens anywhere, and with its padding or
/// without. Bits behind the last whole byte are dropped, as every authenticator does it.
///
/// # Errors
/// [`Error::InvalidInput`] for another character, a length that base32 cannot have, and nothing at all;
/// [`Error::Limit`] for a secret of more than 256 bytes.
pub fn decode_base32(text: &str) -> Result<Secret> {
    if text.len() > MAX_TEXT {
        return Err(Error::Limit {
            what: "characters of a base32 secret",
            asked: text.len() as u64,
            allowed: MAX_TEXT as u64,
        });
    }
    // Room for all of it from the start: a buffer that grew would leave a copy of the secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_TEXT));
    let (mut bits, mut held, mut is_padded) = (0_u16, 0, false);
    for byte in text.bytes() {
        let value = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b'-' => continue,
            b'=' => {
                is_padded = true;
                continue;
            }
            b'A'..=b'Z' if !is_padded => byte - b'A',
            b'a'..=b'z' if !is_padded => byte - b'a',
            b'2'..=b'7' if !is_padded => byte - b'2' + 26,
            _ => return Err(Error::invalid("expected a secret in base32: the letters A-Z and the digits 2-7")),
        };
        bits = bits << 5 | u16::from(value);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8); // what is above was in the byte before
        }
    }
    // A last character of which no bit counts: one too many, or some are missing.
    if held >= 5 {
        return Err(Error::invalid("the base32 secret has a length that base32 cannot have; copy all of it"));
    }
    check_len(bytes.len())?;
    Ok(bytes.as_slice().into())
}

/// Writes a secret in base32: upper case, no padding.
#[must_use]
pub fn encode_base32(secret: &Secret) -> Secret {
    let mut text = Zeroizing::new(String::with_capacity(BASE32_NOPAD.encode_len(secret.len())));
    BASE32_NOPAD.encode_append(secret.reveal(), &mut text);
    text.as_str().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648, section 10.
    #[test]
    fn the_rfc_is_read_and_written() {
        for (bytes, text) in [
            ("f", "MY======"),
            ("fo", "MZXQ===="),
            ("foo", "MZXW6==="),
            ("foob", "MZXW6YQ="),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI======"),
        ] {
            assert_eq!(decode_base32(text).unwrap(), Secret::from(bytes));
            assert_eq!(decode_base32(text.trim_end_matches('=')).unwrap(), Secret::from(bytes));
            assert_eq!(encode_base32(&bytes.into()).reveal_str().unwrap(), text.trim_end_matches('='));
        }
    }

    #[test]
    fn every_length_comes_back() {
        for len in 1..=256 {
            let secret = Secret::new((0..len).map(|at| (at * 89 + len) as u8).collect());
            assert_eq!(decode_base32(encode_base32(&secret).reveal_str().unwrap()).unwrap(), secret);
        }
    }
}
