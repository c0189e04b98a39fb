//! Credentials for trading bots, in one encrypted file that Rust, Python and browsers open.
//!
//! A **vault** has slots, which are ways in, and compartments, each with a key of its own. An **owner** opens all of it; a
//! **holder**, such as a bot, opens its compartments and learns nothing of the others. An **entry** is a named record with
//! secret fields, and with info that is sealed too but not secret. See [`vault`] for all of it.
//!
//! A vault in a file, which is saved after every change:
//!
//! ```
//! use strongroom::vault::{Access, Entry, Unlock, VaultFile};
//! use strongroom::{Kdf, Key};
//!
//! # fn main() -> strongroom::Result<()> {
//! # let folder = tempfile::tempdir().map_err(|_| strongroom::Error::Random)?;
//! # let path = folder.path().join("bots.vault");
//! let mut file = VaultFile::create(&path, &Unlock::key(Key::generate()?), Kdf::default())?;
//! file.edit(|vault| vault.put("binance/main", Entry::new().with("secret", "...").with_info("api_key", "...")))?;
//!
//! let bot = Key::generate()?;
//! file.edit(|vault| vault.grant("bot", Access::Compartments(&["binance"]), &Unlock::key(bot.clone()), Kdf::default()))?;
//! # Ok(())
//! # }
//! ```
//!
//! Signing with a secret that is never handed out:
//!
//! ```
//! use strongroom::vault::{Hash, Unlock, Vault};
//!
//! # fn sign(bytes: Vec<u8>, key: strongroom::Key) -> strongroom::Result<()> {
//! let vault = Vault::open(bytes, &Unlock::key(key))?;
//! let signature = vault.entry("binance/main")?.hmac("secret", Hash::Sha256, b"timestamp=1700000000000")?;
//! # Ok(())
//! # }
//! ```
//!
//! One-time codes, made for a login and verified so that each works once; see [`otp`]:
//!
//! ```
//! use strongroom::otp::{Guard, Totp, Verdict};
//! use strongroom::state::MemoryState;
//!
//! # fn main() -> strongroom::Result<()> {
//! # let unix_seconds = 1_700_000_000;
//! let totp = Totp::from_uri("otpauth://totp/Broker:AB1234?secret=JBSWY3DPEHPK3PXP")?;
//! let code = totp.code(unix_seconds)?;
//!
//! let (guard, state) = (Guard::new(), MemoryState::new());
//! let verdict = guard.verify(&state, "AB1234", &totp, code.reveal_str()?, unix_seconds)?;
//! assert!(matches!(verdict, Verdict::Accepted { .. }));
//! assert_eq!(guard.verify(&state, "AB1234", &totp, code.reveal_str()?, unix_seconds)?, Verdict::Used);
//! # Ok(())
//! # }
//! ```
//!
//! Errors have stable codes: [`Error::code`].
#![forbid(unsafe_code)]

mod argon2;
#[cfg(not(target_family = "wasm"))]
mod disk;
pub mod env_file;
mod error;
mod fernet;
mod kdf;
mod key;
#[cfg(not(target_family = "wasm"))]
mod key_file;
pub mod otp;
mod passphrase;
pub mod password;
mod pbkdf2;
mod random;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod residue;
mod sealed;
mod secret;
pub mod signing;
mod stack;
pub mod state;
#[cfg(not(target_family = "wasm"))]
mod turns;
pub mod vault;

pub use error::{Error, Result};
pub use fernet::Fernet;
pub use kdf::Kdf;
pub use key::Key;
pub use sealed::{seal, unseal};
pub use secret::Secret;
#[cfg(not(target_family = "wasm"))]
pub use turns::set_max_concurrent;

/// The examples of the README, run with the others.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
