//! Request signing.

mod ed25519;
mod eip712;
mod key;
mod key_der;
#[cfg(not(target_family = "wasm"))]
mod key_encrypted;
mod key_text;
mod p256;
mod rsa;
mod secp256k1;
mod uint256;
#[cfg(test)]
mod wycheproof_vectors;
