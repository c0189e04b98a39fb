//! Bytes sealed under a key: a fresh nonce, the ciphertext and the tag of C2SP XAES-256-GCM. The vault's parts are sealed so,
//! and with [`seal`] anything else.

use xaes_256_gcm::aead::inout::InOutBuf;
use xaes_256_gcm::aead::{AeadInOut, KeyInit};
use xaes_256_gcm::{Nonce, P_MAX, Tag, Xaes256Gcm};
use zeroize::Zeroizing;

use crate::random::random;
use crate::stack::wiped_to;
use crate::{Error, Key, Result, Secret};

pub(crate) const NONCE: usize = 24;
pub(crate) const TAG: usize = 16;
/// More than the cipher has on the stack: its keys in several forms, and the blocks that it works on side by side.
const STACK: usize = 16 * 1024;

/// Seals any bytes under a key: 24 bytes of nonce, fresh at each call, the ciphertext, and 16 bytes of tag.
///
/// It is C2SP XAES-256-GCM under the key's 32 bytes and nothing else, so that any implementation of that opens it (FORMAT.md,
/// section 12). The associated data is not in the result: whoever opens it has to know it, so that what was sealed for one
/// use or user is no good for another.
///
/// Take a key for this alone. It commits to no key: who knows two keys can make one text that opens under both.
///
/// ```
/// use strongroom::{Key, seal, unseal};
///
/// # fn main() -> strongroom::Result<()> {
/// let key = Key::generate()?;
/// let sealed = seal(&key, b"an OAuth token", b"user 17")?;
/// assert_eq!(unseal(&key, &sealed, b"user 17")?.reveal(), b"an OAuth token");
/// assert_eq!(unseal(&key, &sealed, b"user 18").unwrap_err().code(), "decrypt");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::Limit`] for more than 64 GiB, [`Error::Random`].
pub fn seal(key: &Key, plaintext: &[u8], associated_data: &[u8]) -> Result<Vec<u8>> {
    wiped_to::<STACK, _>(|| seal_with(&cipher(key.bytes()), associated_data, plaintext))
}

/// Opens what [`seal`] sealed, with the same associated data.
///
/// # Errors
/// [`Error::Decrypt`] for another key or other associated data, and for bytes that were altered or cut off.
pub fn unseal(key: &Key, sealed: &[u8], associated_data: &[u8]) -> Result<Secret> {
    let mut plaintext = wiped_to::<STACK, _>(|| open_with(&cipher(key.bytes()), associated_data, sealed))?;
    Ok(Secret::new(core::mem::take(&mut *plaintext)))
}

pub(crate) fn cipher(key: &[u8; 32]) -> Xaes256Gcm {
    Xaes256Gcm::new(key.into())
}

/// Seals under a fresh random nonce.
pub(crate) fn seal_with(cipher: &Xaes256Gcm, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>> {
    let limit = || Error::Limit { what: "sealed size in bytes", asked: plaintext.len() as u64, allowed: P_MAX };
    if plaintext.len() as u64 > P_MAX {
        return Err(limit()); // before there is memory of that size
    }
    let nonce: [u8; NONCE] = random()?;
    let mut sealed = vec![0; NONCE + plaintext.len() + TAG];
    let (start, rest) = sealed.split_at_mut(NONCE);
    let (ciphertext, tag) = rest.split_at_mut(plaintext.len());
    start.copy_from_slice(&nonce);
    // From the one buffer to the other: no copy of the plaintext is made.
    let buffer = InOutBuf::new(plaintext, ciphertext).map_err(|_| limit())?;
    let made = cipher.encrypt_inout_detached(&Nonce::from(nonce), aad, buffer).map_err(|_| limit())?;
    tag.copy_from_slice(&made);
    Ok(sealed)
}

/// Opens and checks. Nothing is decrypted before the tag is found right.
pub(crate) fn open_with(cipher: &Xaes256Gcm, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or(Error::Decrypt)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG>().ok_or(Error::Decrypt)?;
    let mut plaintext = Zeroizing::new(ciphertext.to_vec());
    cipher
        .decrypt_inout_detached(&Nonce::from(*nonce), aad, plaintext.as_mut_slice().into(), &Tag::from(*tag))
        .map_err(|_| Error::Decrypt)?;
    Ok(plaintext)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn no_key_is_left_behind() {
        use crate::residue::Trace;

        let key = Key::generate().unwrap();
        let trace = Trace::of(*key.bytes());
        assert!(trace.copies() > 0, "the search finds nothing, not even what is there");
        for len in [0, 64, 100_000] {
            let sealed = seal(&key, &vec![1; len], b"").unwrap();
            assert_eq!(unseal(&key, &sealed, b"").unwrap().len(), len);
        }
        drop(key);
        assert_eq!(trace.copies(), 0);
    }
}
