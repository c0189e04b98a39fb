//! Password hashes: one call that verifies every format people have, and writes the best of them.
//!
//! ```
//! use strongroom::password;
//!
//! # fn main() -> strongroom::Result<()> {
//! let stored = password::hash("correct horse battery staple")?; // $argon2id$v=19$m=65536,t=3,p=4$...
//! assert!(password::verify("correct horse battery staple", &stored)?);
//!
//! // A user table that another program filled: verify, and replace the old hash at the first login that succeeds.
//! let old = "pbkdf2_sha256$1000$saltsaltsalt$F7o7+5VTVzFAO998X6s3AHrDsJVdMiIlgndIMe19NvY=";
//! let (ok, new) = password::verify_and_update("correct horse", old)?;
//! assert!(ok && new.is_some());
//! # Ok(())
//! # }
//! ```
//!
//! | what made it | format |
//! |---|---|
//! | Argon2 (RFC 9106) | `$argon2id$v=19$m=..,t=..,p=..$salt$hash`, `argon2i`, `argon2d`: **written by default**, as argon2id |
//! | PBKDF2 (RFC 8018) | `$pbkdf2-sha256$i=..,l=..$salt$hash`, `pbkdf2-sha512`: **written on request** |
//! | passlib | `$pbkdf2$`, `$pbkdf2-sha256$`, `$pbkdf2-sha512$rounds$salt$hash`, `$bcrypt-sha256$` |
//! | bcrypt | `$2a$`, `$2b$`, `$2y$` |
//! | scrypt (RFC 7914) | `$scrypt$ln=..,r=..,p=..$salt$hash` |
//! | Django | `pbkdf2_sha256$`, `pbkdf2_sha1$`, `argon2$`, `bcrypt$`, `bcrypt_sha256$`, `scrypt$` |
//! | Werkzeug, Flask | `scrypt:N:r:p$salt$hash`, `pbkdf2:sha256:n$salt$hash` (also `sha1`, `sha512`) |
//! | crypt(3) | `$5$`, `$6$` |
//! | LDAP | `{SSHA}`, `{SSHA256}`, `{SSHA512}`, `{PBKDF2}`, `{PBKDF2-SHA256}`, `{PBKDF2-SHA512}` |
//!
//! A stored hash is an input from outside. It is read strictly, and its cost is held against [`Ceilings`] before any work.
//!
//! A password is taken as the bytes it is given as, since every other program did the same: it is not normalised, unlike
//! the passphrase of a vault.

mod argon2;
mod bcrypt;
mod calibrate;
mod hasher;
mod ldap;
mod pbkdf2;
mod scrypt;
mod sha_crypt;
mod stored;

pub use calibrate::calibrate;
pub use hasher::Hasher;
pub use stored::{Ceilings, Identified, identify};

use crate::{Kdf, Result};

/// The longest password, in bytes: as long as the longest that other libraries take.
pub const MAX_BYTES: usize = 4096;

/// A hash to store: Argon2id with a fresh salt of 16 bytes, 64 MiB, 3 passes and 4 lanes (RFC 9106, section 4, the second
/// recommended option), as a PHC string.
///
/// # Errors
/// [`Error::InvalidInput`](crate::Error) for an empty password, [`Error::Limit`](crate::Error) for one of more than 4,096
/// bytes, [`Error::Random`](crate::Error) and [`Error::Io`](crate::Error) if the operating system has no random bytes,
/// memory or threads.
pub fn hash(password: impl AsRef<[u8]>) -> Result<String> {
    Hasher::new(Kdf::default()).hash(password)
}

/// Whether `stored` was made from this password. Takes any format of the table above, and compares in constant time.
///
/// A password that the format cannot have been made from is plainly wrong: one of more than 4,096 bytes, for bcrypt one of
/// more than 72 bytes, and for bcrypt and SHA-crypt one with a NUL.
///
/// # Errors
/// [`Error::InvalidInput`](crate::Error) for a stored hash of no known format, or not exactly of its form;
/// [`Error::Limit`](crate::Error) for a cost over the [`Ceilings`], before any work.
pub fn verify(password: impl AsRef<[u8]>, stored: &str) -> Result<bool> {
    Hasher::new(Kdf::default()).verify(password, stored)
}

/// [`verify`], and if the password is right and `stored` is not what [`hash`] would write today, a new hash to store.
///
/// # Errors
/// As [`verify`] and [`hash`].
pub fn verify_and_update(password: impl AsRef<[u8]>, stored: &str) -> Result<(bool, Option<String>)> {
    Hasher::new(Kdf::default()).verify_and_update(password, stored)
}

/// Whether `stored` is not what [`hash`] would write today: another format, or other costs.
///
/// # Errors
/// [`Error::InvalidInput`](crate::Error) for a stored hash of no known format, or not exactly of its form.
pub fn needs_rehash(stored: &str) -> Result<bool> {
    Hasher::new(Kdf::default()).needs_rehash(stored)
}

/// Takes as long as [`verify`] of what [`hash`] wrote, and is always `false`: for a user name that does not exist, so that
/// the time of an answer does not tell which names do.
///
/// # Errors
/// [`Error::Io`](crate::Error) if the operating system has not the memory or the threads.
pub fn verify_dummy(password: impl AsRef<[u8]>) -> Result<bool> {
    Hasher::new(Kdf::default()).verify_dummy(password)
}

/// What `stored` would be, had it been made from this password: the same format, costs and **the same salt**. For code
/// that takes another library's place and makes its salts itself; everyone else wants [`hash`].
///
/// # Errors
/// As [`verify`], and [`Error::InvalidInput`](crate::Error) or [`Error::Limit`](crate::Error) for a password that the
/// format cannot take.
pub fn hash_like(password: impl AsRef<[u8]>, stored: &str) -> Result<String> {
    Hasher::new(Kdf::default()).hash_like(password, stored)
}
