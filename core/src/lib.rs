//! Credentials for trading bots, in one encrypted file that Rust, Python and browsers open.
#![forbid(unsafe_code)]

mod error;
mod key;
mod random;
mod secret;

pub use error::{Error, Result};
pub use key::Key;
pub use secret::Secret;
