//! Credentials for trading bots, in one encrypted file that Rust, Python and browsers open.
#![forbid(unsafe_code)]

mod argon2id;
#[cfg(not(target_family = "wasm"))]
mod disk;
pub mod env_file;
mod error;
mod kdf;
mod key;
#[cfg(not(target_family = "wasm"))]
mod key_file;
mod passphrase;
mod random;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod residue;
mod secret;
#[cfg(not(target_family = "wasm"))]
mod turns;
pub mod vault;

pub use error::{Error, Result};
pub use kdf::Kdf;
pub use key::Key;
pub use secret::Secret;
#[cfg(not(target_family = "wasm"))]
pub use turns::set_max_concurrent;
