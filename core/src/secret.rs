//! A secret in memory: boxed, wiped on drop, never printed, compared in constant time.

use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroizing, zeroize_bytes};

use crate::{Error, Result};

/// Secret bytes that this process owns.
///
/// The bytes live in one heap allocation that never moves or grows, and are overwritten when the value is dropped.
/// `Debug` shows nothing of them, there is no `Display`, and `==` takes the same time wherever the first difference
/// is (only the length shows). [`Secret::reveal`] is the one way to the plaintext, so that it can be searched for.
pub struct Secret(Box<[u8]>);

impl Secret {
    /// Takes the bytes over. A `Vec` with spare capacity is copied once and wiped.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        if bytes.len() == bytes.capacity() {
            return Self(bytes.into_boxed_slice());
        }
        Zeroizing::new(bytes).as_slice().into()
    }

    /// So many zeros, to be written over.
    pub(crate) fn zeros(len: usize) -> Self {
        Self(vec![0; len].into_boxed_slice())
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// The plaintext.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// The plaintext as text.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the bytes are not UTF-8.
    pub fn reveal_str(&self) -> Result<&str> {
        core::str::from_utf8(&self.0)
            .map_err(|_| Error::invalid("this field holds bytes that are not UTF-8 text; reveal it as bytes"))
    }

    /// The number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl From<&[u8]> for Secret {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        zeroize_bytes(&mut self.0); // all at once: as a boxed slice it would be wiped byte by byte
    }
}

impl Clone for Secret {
    fn clone(&self) -> Self {
        self.reveal().into()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.reveal().ct_eq(other.reveal()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::from("hunter2")), "Secret(***)");
    }

    #[test]
    fn equality_is_of_the_bytes() {
        assert_eq!(Secret::from("a"), Secret::new(b"a".to_vec()));
        assert_ne!(Secret::from("a"), Secret::from("b"));
        assert_ne!(Secret::from("a"), Secret::from("aa"));
    }

    #[test]
    fn text_is_checked() {
        assert_eq!(Secret::from("ä").reveal_str().unwrap(), "ä");
        assert_eq!(Secret::from(&[0xff][..]).reveal_str().unwrap_err().code(), "invalid_input");
    }
}
