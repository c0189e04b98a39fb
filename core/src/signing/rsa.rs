//! RSA signatures with SHA-256: PKCS#1 v1.5 and PSS (RFC 8017, sections 8.2 and 8.1).

use getrandom::SysRng;
use rsa::pkcs1v15;
use rsa::pss;
use rsa::signature::{RandomizedSigner, SignatureEncoding};
use rsa::{PrivateKey, pkcs1};
use sha2::Sha256;

use crate::{Error, Result, stack};

pub(super) const MIN_BITS: usize = 2048;
/// Each doubling makes a signature seven times as slow, and no exchange takes more than 4096.
pub(super) const MAX_BITS: usize = 8192;

/// A private key for either padding, wiped on drop.
pub(super) enum Key {
    Pkcs1v15(pkcs1v15::SigningKey<Sha256>),
    Pss(pss::SigningKey<Sha256>),
}

impl Key {
    /// `None` if the numbers do not belong together. The size of the modulus must have been checked.
    pub(super) fn new(key: pkcs1::RsaPrivateKeyRef<'_>, pss: bool) -> Option<Self> {
        let key = PrivateKey::try_from(key).ok()?;
        Some(if pss { Self::Pss(key.into()) } else { Self::Pkcs1v15(key.into()) })
    }

    /// As many bytes as the modulus has. The salt of PSS has 32 bytes, as many as the hash.
    ///
    /// The `rsa` crate's arithmetic is not constant time all through, so that whoever can time many signatures over a network
    /// might learn of the key (RUSTSEC-2023-0071). Blinding by a random factor, which these calls with a generator do,
    /// leaves them nothing to compare; and the crate verifies each signature before it hands it out.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        stack::wiped(|| match self {
            Self::Pkcs1v15(key) => key.try_sign_with_rng(&mut SysRng, message).map(|signature| signature.to_vec()),
            Self::Pss(key) => key.try_sign_with_rng(&mut SysRng, message).map(|signature| signature.to_vec()),
        })
        .map_err(|_| Error::Random)
    }
}
