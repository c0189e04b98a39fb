//! A private key of any kind, for its own algorithm.

use super::{ed25519, eip712, p256, rsa, secp256k1};
use crate::Result;

/// Wiped on drop.
pub(super) enum PrivateKey {
    Ed25519(ed25519::Key),
    Es256(p256::Key),
    Rsa(rsa::Key),
    Secp256k1(secp256k1::Key),
    Eip712(secp256k1::Key),
}

impl PrivateKey {
    /// See [`SigningKey::sign`](super::key::SigningKey::sign).
    // The npm package has what this comes to in a part of its own, and finds it by its name: see wasm/bindgen.
    #[inline(never)]
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::Ed25519(key) => Ok(key.sign(message)),
            Self::Es256(key) => Ok(key.sign(message)),
            Self::Rsa(key) => key.sign(message),
            Self::Secp256k1(key) => key.sign(message),
            Self::Eip712(key) => key.sign_digest(&eip712::digest(message)?),
        }
    }
}
