//! Credentials for trading bots, in one encrypted file that Rust, Python and browsers open.
#![forbid(unsafe_code)]

pub mod env_file;
mod error;
mod kdf;
mod key;
mod passphrase;
mod random;
mod secret;
mod turns;
pub mod vault;

pub use error::{Error, Result};
pub use kdf::Kdf;
pub use key::Key;
pub use secret::Secret;
pub use turns::set_max_concurrent;
