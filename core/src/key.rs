//! Keys as text: one line that people, secret scanners and secret stores can carry.

use core::fmt;

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::random::random;
use crate::{Error, Result};

const PREFIX: &str = "STRONGROOM-KEY-1-";
const ID: usize = 8;
const KEY: usize = 32;
const CHECKSUM: usize = 5;
const TEXT_LEN: usize = PREFIX.len() + 72;

/// A key that opens one slot of a vault: the slot's id and 32 random bytes.
///
/// As text it is `STRONGROOM-KEY-1-` and 72 characters of base32 (FORMAT.md, "Keys as text"). Keep it in a file that
/// only its user can read, or in a secret store. `Debug` shows the slot id, which is no secret, and nothing else.
#[derive(Clone)]
pub struct Key {
    slot_id: [u8; ID],
    bytes: Box<Zeroizing<[u8; KEY]>>,
}

impl Key {
    /// Makes a new random key, for a slot that does not exist yet.
    ///
    /// # Errors
    /// [`Error::Random`] if the operating system gives no random bytes.
    pub fn generate() -> Result<Self> {
        let mut key = Self { slot_id: random()?, bytes: Box::new(Zeroizing::new([0; KEY])) };
        getrandom::fill(key.bytes.as_mut_slice()).map_err(|_| Error::Random)?;
        Ok(key)
    }

    /// Reads a key from its text. Space, tab, CR and LF at the ends are ignored.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for anything else that is not exactly what [`Key::to_text`] writes; a wrong checksum
    /// is told as a typo.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        let Some(body) = text.strip_prefix(PREFIX) else {
            return Err(Error::invalid(format!("expected a key, one line that starts with {PREFIX}")));
        };
        if text.len() != TEXT_LEN {
            return Err(Error::invalid(format!("expected a key of {TEXT_LEN} characters, got {}", text.len())));
        }
        // Decoded into fixed buffers, so that no copy of the key is left behind un-wiped.
        let mut raw = Zeroizing::new([0; ID + KEY + CHECKSUM]);
        BASE32_NOPAD.decode_mut(body.as_bytes(), raw.as_mut_slice()).map_err(|_| {
            Error::invalid("expected only the characters A-Z and 2-7 after STRONGROOM-KEY-1-; copy the key again")
        })?;
        let (slot_id, rest) = raw.split_first_chunk::<ID>().ok_or(Error::Format("key"))?;
        let (bytes, checksum) = rest.split_first_chunk::<KEY>().ok_or(Error::Format("key"))?;
        let key = Self { slot_id: *slot_id, bytes: Box::new(Zeroizing::new(*bytes)) };
        if !bool::from(key.checksum().as_slice().ct_eq(checksum)) {
            return Err(Error::invalid("the key has a typo: its checksum does not fit; copy it again"));
        }
        Ok(key)
    }

    /// The key as one line of text, without a line end.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut raw = Zeroizing::new([0; ID + KEY + CHECKSUM]);
        for (to, from) in raw.iter_mut().zip(self.slot_id.iter().chain(self.bytes.iter()).chain(&self.checksum())) {
            *to = *from;
        }
        let mut text = Zeroizing::new(String::with_capacity(TEXT_LEN));
        text.push_str(PREFIX);
        BASE32_NOPAD.encode_append(raw.as_slice(), &mut text);
        text
    }

    /// The id of the slot that this key opens. It is no secret.
    #[must_use]
    pub const fn slot_id(&self) -> [u8; 8] {
        self.slot_id
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY] {
        &self.bytes
    }

    fn checksum(&self) -> [u8; CHECKSUM] {
        let digest = Sha256::new()
            .chain_update(b"strongroom/v1/key\0")
            .chain_update(self.slot_id)
            .chain_update(self.bytes.as_slice())
            .finalize();
        let mut checksum = [0; CHECKSUM];
        for (to, from) in checksum.iter_mut().zip(digest) {
            *to = from;
        }
        checksum
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.slot_id == other.slot_id && bool::from(self.bytes.as_slice().ct_eq(other.bytes.as_slice()))
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key(slot {}, ***)", data_encoding::HEXLOWER.encode(&self.slot_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let key = Key::generate().unwrap();
        let text = key.to_text();
        assert_eq!(text.len(), TEXT_LEN);
        assert_eq!(Key::parse(&text).unwrap(), key);
        assert_eq!(Key::parse(&format!(" \t{}\r\n", *text)).unwrap(), key);
        assert!(!format!("{key:?}").contains(&text[34..]));
    }

    #[test]
    fn every_typo_is_told() {
        let text = Key::generate().unwrap().to_text();
        for at in 0..text.len() {
            let mut typo = text.as_bytes().to_vec();
            typo[at] = if typo[at] == b'A' { b'B' } else { b'A' };
            let error = Key::parse(std::str::from_utf8(&typo).unwrap()).unwrap_err();
            assert_eq!(error.code(), "invalid_input", "position {at}");
        }
    }

    #[test]
    fn other_forms_are_refused() {
        let text = Key::generate().unwrap().to_text();
        for wrong in [
            String::new(),
            text.to_lowercase(),
            text[..88].to_string(),
            format!("{}A", *text),
            text.replace("-1-", "-2-"),
            format!("{}ä", &text[..87]),
            format!("{}=", &text[..88]),
        ] {
            assert_eq!(Key::parse(&wrong).unwrap_err().code(), "invalid_input");
        }
    }
}
