//! A stored hash as it is read: which format, at what cost, and what to compare with.

use core::fmt;

use data_encoding::{BASE64_NOPAD, BitOrder, Encoding, Specification};
use zeroize::Zeroizing;

use super::argon2::Argon2;
use super::bcrypt::Bcrypt;
use super::ldap::Salted;
use super::pbkdf2::Pbkdf2;
use super::scrypt::Scrypt;
use super::sha_crypt::ShaCrypt;
use crate::argon2::Kept;
use crate::{Error, Result};

/// The longest stored hash, in bytes. The longest that a library writes by default has 170.
const MAX_STORED: usize = 2048;

/// The most that a stored hash may cost to verify; over it is [`Error::Limit`], before any work. Whoever can write into
/// the user table could otherwise stop the login of all with one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ceilings {
    /// Memory of Argon2 and scrypt, in KiB. 1,048,576 (1 GiB) by default.
    pub memory_kib: u32,
    /// Passes of Argon2 over its memory. 16 by default.
    pub passes: u32,
    /// Lanes of Argon2, and scrypt's `p`. 16 by default.
    pub lanes: u32,
    /// Iterations of PBKDF2, and rounds of SHA-crypt. 10,000,000 by default.
    pub iterations: u32,
    /// The cost of bcrypt, the logarithm of its rounds. 16 by default.
    pub bcrypt_cost: u32,
}

impl Default for Ceilings {
    fn default() -> Self {
        Self { memory_kib: 1_048_576, passes: 16, lanes: 16, iterations: 10_000_000, bcrypt_cost: 16 }
    }
}

/// One algorithm with its costs, salt and digest. It displays as the string that it was read from.
pub(super) trait Hash: fmt::Display {
    /// The name of the format: that of passlib's handler where it has one.
    fn name(&self) -> &'static str;

    /// The costs as people write them: `m=65536 t=3 p=4`.
    fn cost(&self) -> String;

    /// # Errors
    /// [`Error::Limit`] for the first cost that is over.
    fn check(&self, ceilings: &Ceilings) -> Result<()>;

    /// Whether the format can be made from this password. One that is over bcrypt's 72 bytes can if it may be truncated.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if it cannot.
    fn takes(&self, _password: &[u8], _truncate_bcrypt: bool) -> Result<()> {
        Ok(())
    }

    /// Of a password that the format takes.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for costs that the algorithm cannot take; [`Error::Io`] if the operating system has not the memory or the threads.
    fn derive(&self, password: &[u8], with: &With<'_>) -> Result<Zeroizing<Vec<u8>>>;

    fn digest(&self) -> &[u8];

    fn set_digest(&mut self, digest: &[u8]);

    /// The id of the pepper that went in too.
    fn key_id(&self) -> Option<&str> {
        None
    }
}

/// What a derivation takes besides what was stored.
pub(super) struct With<'a> {
    /// The pepper, or nothing.
    pub(super) pepper: &'a [u8],
    pub(super) kept: &'a Kept,
}

/// Which format a stored hash has, and at what cost it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identified {
    /// `argon2id`, `bcrypt`, `django_pbkdf2_sha256`, ...: passlib's name where it has one.
    pub format: &'static str,
    /// As people write it: `m=65536 t=3 p=4`, `rounds=12`.
    pub cost: String,
}

/// Says what a stored hash is, without a password and without work.
///
/// # Errors
/// [`Error::InvalidInput`] for a stored hash of no known format, or not exactly of its form.
pub fn identify(stored: &str) -> Result<Identified> {
    let hash = parse(stored)?;
    Ok(Identified { format: hash.name(), cost: hash.cost() })
}

/// # Errors
/// [`Error::InvalidInput`] for a stored hash of no known format, or not exactly of its form. It names the format, and
/// nothing of what follows.
pub(super) fn parse(stored: &str) -> Result<Box<dyn Hash>> {
    if stored.len() > MAX_STORED || !stored.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::invalid(format!(
            "expected a stored password hash: at most {MAX_STORED} printable ASCII characters without spaces"
        )));
    }
    let parts: Vec<_> = stored.split('$').collect();
    let read: Option<Box<dyn Hash>> = match parts.as_slice() {
        ["", "argon2id" | "argon2i" | "argon2d", ..] => boxed(Argon2::parse(&parts, false)),
        ["argon2", "argon2id" | "argon2i" | "argon2d", ..] => boxed(Argon2::parse(&parts, true)),
        ["", "pbkdf2" | "pbkdf2-sha256" | "pbkdf2-sha512", rest @ ..] if rest.len() == 3 => {
            boxed(Pbkdf2::parse(&parts))
        }
        ["", "2a" | "2b" | "2y" | "bcrypt-sha256", ..] | ["bcrypt" | "bcrypt_sha256", ..] => {
            boxed(Bcrypt::parse(&parts))
        }
        ["", "scrypt", ..] | ["scrypt", ..] => boxed(Scrypt::parse(&parts)),
        ["pbkdf2_sha256" | "pbkdf2_sha1", ..] => boxed(Pbkdf2::parse(&parts)),
        ["", "5" | "6", ..] => boxed(ShaCrypt::parse(&parts)),
        [first, ..] if first.starts_with("scrypt:") => boxed(Scrypt::parse(&parts)),
        [first, ..] if first.starts_with("pbkdf2:") => boxed(Pbkdf2::parse(&parts)),
        [first, ..] if first.starts_with("{SSHA") => boxed(Salted::parse(stored)),
        [first, ..] if first.starts_with("{PBKDF2") => boxed(Pbkdf2::parse(&parts)),
        _ => return Err(unknown(stored)),
    };
    read.ok_or_else(|| {
        Error::invalid(format!("the stored password hash is damaged: it begins like {}", prefix(stored)))
    })
}

fn boxed(hash: Option<impl Hash + 'static>) -> Option<Box<dyn Hash>> {
    hash.map(|hash| Box::new(hash) as _)
}

fn unknown(stored: &str) -> Error {
    Error::invalid(match prefix(stored) {
        "" => {
            "unknown format of a password hash: it has no prefix such as `$argon2id$`; is it a hash at all?".to_owned()
        }
        prefix => format!("unknown format of a password hash: {prefix}"),
    })
}

/// The part that names the format, of a string that may be anything: `$name$` and `{NAME}` as others write them, and of the
/// formats without an opening mark those that we know. A password that was stored as it is must not come out here.
fn prefix(stored: &str) -> &str {
    let named = |text: &str| {
        (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    const BARE: [&str; 8] =
        ["argon2$", "bcrypt$", "bcrypt_sha256$", "pbkdf2:", "pbkdf2_sha1$", "pbkdf2_sha256$", "scrypt$", "scrypt:"];
    let marked = [('$', '$'), ('{', '}')].into_iter().find_map(|(open, close)| {
        let (name, _) = stored.strip_prefix(open)?.split_once(close)?;
        named(name).then(|| stored.get(..name.len() + 2))?
    });
    marked.or_else(|| BARE.into_iter().find(|bare| stored.starts_with(bare))).unwrap_or_default()
}

/// A whole number as every library writes it: decimal digits, no sign, no leading zero.
pub(super) fn number(text: &str) -> Option<u32> {
    let canonical = text == "0" || !text.starts_with('0');
    (canonical && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// The number of `name=number`.
pub(super) fn parameter(text: &str, name: &str) -> Option<u32> {
    number(text.strip_prefix(name)?.strip_prefix('=')?)
}

/// An encoding of six bits a character without padding. The alphabets are constants, so the fallback is never taken; the
/// vectors of every format would tell.
pub(super) fn alphabet(symbols: &str, bit_order: BitOrder) -> Encoding {
    let mut specification = Specification::new();
    specification.symbols.push_str(symbols);
    specification.bit_order = bit_order;
    specification.encoding().unwrap_or(BASE64_NOPAD)
}

/// Bytes, in exactly one spelling: padding in the middle is what the decoder would take too.
pub(super) fn bytes(text: &str, encoding: &Encoding) -> Option<Vec<u8>> {
    let bytes = encoding.decode(text.as_bytes()).ok()?;
    (encoding.encode(&bytes) == text).then_some(bytes)
}

/// The id of a pepper, in the characters of a PHC parameter.
pub(super) fn is_key_id(id: &str) -> bool {
    (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
}

/// For formats whose libraries take a C string, which ends there: what followed the NUL was never hashed.
///
/// # Errors
/// [`Error::InvalidInput`] for a password with a NUL.
pub(super) fn without_nul(password: &[u8]) -> Result<()> {
    if password.contains(&0) {
        return Err(Error::invalid("this format takes no password with a NUL"));
    }
    Ok(())
}

/// # Errors
/// [`Error::Limit`] if `asked` is more than `allowed`.
pub(super) fn at_most(what: &'static str, asked: u64, allowed: u32) -> Result<()> {
    if asked > u64::from(allowed) {
        return Err(Error::Limit { what, asked, allowed: allowed.into() });
    }
    Ok(())
}
