//! `Hasher`: how new passwords are hashed, which pepper goes in, and how much a stored hash may cost.

use core::fmt;

use subtle::ConstantTimeEq;

use super::MAX_BYTES;
use super::argon2::Argon2;
use super::pbkdf2::{Pbkdf2, Shape};
use super::stored::{Ceilings, Hash, With, is_key_id, parse};

use crate::argon2::{Costs, Kept};
use crate::kdf::{Algorithm, Prf};
use crate::random::random;
use crate::stack::wiped;
use crate::{Error, Kdf, Result, Secret};

const SALT_BYTES: usize = 16;

/// Hashes and verifies passwords with settings other than those of the functions of this module.
///
/// Threads may share one, and do so to advantage where it keeps memory, see [`Hasher::with_kept_memory`].
pub struct Hasher {
    kdf: Kdf,
    /// The first goes into new hashes.
    peppers: Vec<(String, Secret)>,
    ceilings: Ceilings,
    truncate_bcrypt: bool,
    kept: Kept,
}

impl Hasher {
    /// New hashes are made with this KDF.
    #[must_use]
    pub fn new(kdf: Kdf) -> Self {
        Self { kdf, peppers: Vec::new(), ceilings: Ceilings::default(), truncate_bcrypt: false, kept: Kept::none() }
    }

    /// Keeps the wiped memory of this many Argon2 calls for the next ones, which saves a good part of their time and of
    /// what threads wait for each other: the operating system hands memory out page by page. 0, the default, gives it back
    /// at once.
    #[must_use]
    pub fn with_kept_memory(self, calls: usize) -> Self {
        Self { kept: Kept::at_most(calls), ..self }
    }

    /// Adds a pepper: a secret kept outside of the user table, without which no password can be guessed from it. The first
    /// goes into new hashes, and its id into the stored string; the others still verify. To rotate, put the new one first,
    /// and drop the old one when no hash has its id any more.
    ///
    /// Argon2 takes it as its secret input (RFC 9106, section 3.1); for PBKDF2 the password is HMAC-SHA-256 of the password
    /// under it. Hashes that other libraries made have none.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for an id other than 1 to 32 of `A-Z a-z 0-9 . -`, and for a secret of less than 16 or more
    /// than 1,024 bytes; [`Error::Exists`] for an id that was given before.
    pub fn with_pepper(mut self, key_id: &str, secret: impl Into<Secret>) -> Result<Self> {
        let secret = secret.into();
        if !is_key_id(key_id) {
            return Err(Error::invalid("the key id of a pepper has 1 to 32 of the characters A-Z a-z 0-9 . -"));
        }
        if !(16..=1024).contains(&secret.len()) {
            return Err(Error::invalid("a pepper has 16 to 1024 random bytes"));
        }
        if self.peppers.iter().any(|(id, _)| id == key_id) {
            return Err(Error::Exists(format!("a pepper with the key id {key_id}")));
        }
        self.peppers.push((key_id.to_owned(), secret));
        Ok(self)
    }

    /// How much a stored hash may cost to verify.
    #[must_use]
    pub fn with_ceilings(self, ceilings: Ceilings) -> Self {
        Self { ceilings, ..self }
    }

    /// Takes the first 72 bytes of a longer password for bcrypt, as the libraries did that made its hashes. Without this,
    /// a longer password is wrong.
    #[must_use]
    pub fn with_bcrypt_truncation(self) -> Self {
        Self { truncate_bcrypt: true, ..self }
    }

    /// What new hashes are made with.
    #[must_use]
    pub const fn kdf(&self) -> Kdf {
        self.kdf
    }

    /// A hash to store, with a fresh salt of 16 bytes, as a PHC string.
    ///
    /// # Errors
    /// As [`super::hash`].
    pub fn hash(&self, password: impl AsRef<[u8]>) -> Result<String> {
        let password = password.as_ref();
        if password.is_empty() {
            return Err(Error::invalid("expected a password, got an empty one"));
        }
        check_length(password)?;
        let mut made = self.fresh(random()?);
        self.derive_into(&mut *made, password)?;
        Ok(made.to_string())
    }

    /// As [`super::verify`], with this one's peppers and ceilings.
    ///
    /// # Errors
    /// As [`super::verify`], and [`Error::NotFound`] for a hash with a pepper that this has not.
    pub fn verify(&self, password: impl AsRef<[u8]>, stored: &str) -> Result<bool> {
        let mut hash = parse(stored)?;
        hash.check(&self.ceilings)?;
        self.matches(&mut *hash, password.as_ref())
    }

    /// [`Hasher::verify`], and if the password is right and `stored` is not what [`Hasher::hash`] would write, a new hash
    /// to store.
    ///
    /// # Errors
    /// As [`Hasher::verify`] and [`Hasher::hash`].
    pub fn verify_and_update(&self, password: impl AsRef<[u8]>, stored: &str) -> Result<(bool, Option<String>)> {
        let password = password.as_ref();
        let ok = self.verify(password, stored)?;
        // An empty password that is right stays as it is: there is no new hash for it, and its login is not to fail.
        let new = ok && !password.is_empty() && self.needs_rehash(stored)?;
        Ok((ok, if new { Some(self.hash(password)?) } else { None }))
    }

    /// Whether `stored` is not what [`Hasher::hash`] would write: another format, other costs, or another pepper.
    ///
    /// # Errors
    /// As [`super::needs_rehash`].
    pub fn needs_rehash(&self, stored: &str) -> Result<bool> {
        let (stored, fresh) = (parse(stored)?, self.fresh([0; SALT_BYTES]));
        // Equal but for salt and digest, whose lengths show: what is written is base64 of them.
        let rest = |hash: &dyn Hash| {
            let text = hash.to_string();
            let costs = text.rsplitn(3, '$').last().unwrap_or_default().to_owned();
            (hash.name(), costs, text.len())
        };
        Ok(rest(&*stored) != rest(&*fresh))
    }

    /// As [`super::verify_dummy`], at the cost of what this one's [`Hasher::hash`] writes.
    ///
    /// # Errors
    /// As [`super::verify_dummy`].
    pub fn verify_dummy(&self, password: impl AsRef<[u8]>) -> Result<bool> {
        self.matches(&mut *self.fresh([0; SALT_BYTES]), password.as_ref())?;
        Ok(false)
    }

    /// As [`super::hash_like`], with this one's peppers and ceilings.
    ///
    /// # Errors
    /// As [`super::hash_like`].
    pub fn hash_like(&self, password: impl AsRef<[u8]>, stored: &str) -> Result<String> {
        let (mut hash, password) = (parse(stored)?, password.as_ref());
        hash.check(&self.ceilings)?;
        check_length(password)?;
        hash.takes(password, self.truncate_bcrypt)?;
        self.derive_into(&mut *hash, password)?;
        Ok(hash.to_string())
    }

    /// What is written, but for the digest.
    fn fresh(&self, salt: [u8; SALT_BYTES]) -> Box<dyn Hash> {
        let key_id = self.peppers.first().map(|(id, _)| id.clone());
        let (salt, digest) = (salt.to_vec(), vec![0; 32]);
        match self.kdf.algorithm() {
            Algorithm::Argon2id { memory_kib, passes, lanes } => Box::new(Argon2 {
                django: false,
                version_shown: true,
                costs: Costs::argon2id(memory_kib, passes, lanes.into()),
                key_id,
                data: Vec::new(),
                salt,
                digest,
            }),
            Algorithm::Pbkdf2 { hash, iterations } => {
                let digest = if hash == Prf::Sha512 { vec![0; 64] } else { digest };
                Box::new(Pbkdf2 { shape: Shape::Phc, prf: hash, iterations, key_id, salt, digest })
            }
        }
    }

    fn matches(&self, hash: &mut dyn Hash, password: &[u8]) -> Result<bool> {
        if password.len() > MAX_BYTES {
            return Ok(false);
        }
        let takes = hash.takes(password, self.truncate_bcrypt).is_ok();
        let expected = hash.digest().to_vec();
        // A password that the format cannot take is wrong, but costs as much: a quick answer would tell that the user exists.
        self.derive_into(hash, if takes { password } else { &[] })?;
        Ok(takes & bool::from(hash.digest().ct_eq(&expected)))
    }

    /// Waits for its turn, see [`crate::turns`].
    fn derive_into(&self, hash: &mut dyn Hash, password: &[u8]) -> Result<()> {
        let pepper = match hash.key_id() {
            None => &[],
            Some(id) => match self.peppers.iter().find(|(known, _)| known == id) {
                Some((_, secret)) => secret.reveal(),
                None => return Err(Error::NotFound(format!("a pepper with the key id {id}"))),
            },
        };
        #[cfg(not(target_family = "wasm"))]
        let _turn = crate::turns::take();
        let with = With { pepper, kept: &self.kept };
        let digest = wiped(|| hash.derive(password, &with))?;
        hash.set_digest(&digest);
        Ok(())
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new(Kdf::default())
    }
}

/// The peppers show as their ids.
impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peppers: Vec<_> = self.peppers.iter().map(|(id, _)| id).collect();
        f.debug_struct("Hasher")
            .field("kdf", &self.kdf)
            .field("peppers", &peppers)
            .field("ceilings", &self.ceilings)
            .field("truncate_bcrypt", &self.truncate_bcrypt)
            .finish_non_exhaustive()
    }
}

fn check_length(password: &[u8]) -> Result<()> {
    if password.len() > MAX_BYTES {
        return Err(Error::Limit {
            what: "bytes of a password",
            asked: password.len() as u64,
            allowed: MAX_BYTES as u64,
        });
    }
    Ok(())
}
