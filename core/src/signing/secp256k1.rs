//! ECDSA over secp256k1 with Keccak-256 (SEC 2, and Ethereum's yellow paper, appendix F).

use k256::ecdsa::SigningKey;
use sha3::{Digest, Keccak256};

use crate::{Error, Result};

/// A private key, wiped on drop.
pub(super) struct Key(SigningKey);

impl Key {
    /// None if the number is 0 or not below the order of the curve.
    pub(super) fn from_scalar(scalar: &[u8; 32]) -> Option<Self> {
        SigningKey::from_slice(scalar).ok().map(Self)
    }

    /// `public` is a point as in SEC1, section 2.3.3.
    pub(super) fn is_of(&self, public: &[u8]) -> bool {
        // Not by reading the point, which would be a third of the curve's code in WebAssembly.
        let own = self.0.verifying_key();
        [true, false].iter().any(|&compress| own.to_sec1_point(compress).as_bytes() == public)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        self.sign_digest(&Keccak256::digest(message).into())
    }

    /// r and s, 32 bytes each, and v, which is 27 or 28. The nonce is that of RFC 6979, and s is in the lower half of its
    /// range, as Ethereum demands (EIP-2).
    pub(super) fn sign_digest(&self, digest: &[u8; 32]) -> Result<Vec<u8>> {
        let (signature, id) = self.0.sign_prehash_recoverable(digest);
        // An r over the order comes up once in 2^128 messages, and v has no value for it.
        if id.is_x_reduced() {
            return Err(Error::invalid("this message has no signature that Ethereum takes; change it and sign again"));
        }
        let mut bytes = Vec::with_capacity(65);
        bytes.extend_from_slice(&signature.to_bytes());
        bytes.push(27 + u8::from(id.is_y_odd()));
        Ok(bytes)
    }
}
