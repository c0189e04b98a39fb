//! bcrypt (Provos and Mazières, 1999), and the two ways that libraries found around its limit of 72 bytes.

use core::fmt;
use std::sync::LazyLock;

use data_encoding::{BASE64, BitOrder, Encoding, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::stored::{Ceilings, Hash, With, alphabet, at_most, bytes, number, parameter, without_nul};
use crate::{Error, Result};

static ALPHABET: LazyLock<Encoding> = LazyLock::new(|| {
    alphabet("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", BitOrder::MostSignificantFirst)
});

/// What bcrypt takes of a password.
const MAX_BYTES: usize = 72;

pub(super) struct Bcrypt {
    shape: Shape,
    /// `2a`, `2b` or `2y`: three names of the one algorithm, once it was right everywhere.
    revision: String,
    cost: u32,
    salt: [u8; 16],
    digest: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Plain,
    Django,
    /// bcrypt of the SHA-256 in hexadecimal.
    DjangoSha256,
    /// bcrypt of the SHA-256 in base64.
    PasslibSha256V1,
    /// bcrypt of the HMAC-SHA-256 under the salt, in base64.
    PasslibSha256V2,
}

impl Bcrypt {
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        let (shape, revision, cost, salt, digest) = match *parts {
            ["", revision, cost, rest] => plain(Shape::Plain, revision, cost, rest)?,
            ["bcrypt", "", revision, cost, rest] => plain(Shape::Django, revision, cost, rest)?,
            ["bcrypt_sha256", "", revision, cost, rest] => plain(Shape::DjangoSha256, revision, cost, rest)?,
            ["", "bcrypt-sha256", parameters, salt, digest] => {
                match parameters.split(',').collect::<Vec<_>>().as_slice() {
                    ["v=2", "t=2b", rounds] => (Shape::PasslibSha256V2, "2b", parameter(rounds, "r")?, salt, digest),
                    [revision @ ("2a" | "2b"), rounds] => {
                        (Shape::PasslibSha256V1, *revision, number(rounds)?, salt, digest)
                    }
                    _ => return None,
                }
            }
            _ => return None,
        };
        let (salt, digest) = (bytes(salt, &ALPHABET)?.try_into().ok()?, bytes(digest, &ALPHABET)?);
        let possible = (4..=31).contains(&cost) && matches!(revision, "2a" | "2b" | "2y") && digest.len() == 23;
        possible.then(|| Self { shape, revision: revision.to_owned(), cost, salt, digest })
    }

    fn salt_text(&self) -> String {
        ALPHABET.encode(&self.salt)
    }

    /// What bcrypt is given in the password's place.
    fn shortened(&self, password: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let sha256 = || Zeroizing::new(<[u8; 32]>::from(Sha256::digest(password)));
        Ok(Zeroizing::new(match self.shape {
            Shape::Plain | Shape::Django => password.get(..MAX_BYTES).unwrap_or(password).to_vec(),
            Shape::DjangoSha256 => HEXLOWER.encode(&*sha256()).into_bytes(),
            Shape::PasslibSha256V1 => BASE64.encode(&*sha256()).into_bytes(),
            Shape::PasslibSha256V2 => {
                let mut mac = Hmac::<Sha256>::new_from_slice(self.salt_text().as_bytes())
                    .map_err(|_| Error::invalid("this salt cannot be used"))?;
                mac.update(password);
                BASE64.encode(&*Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()))).into_bytes()
            }
        }))
    }
}

/// The part of 53 characters: a salt of 22 and a digest of 31.
fn plain<'a>(
    shape: Shape,
    revision: &'a str,
    cost: &str,
    rest: &'a str,
) -> Option<(Shape, &'a str, u32, &'a str, &'a str)> {
    // Two digits always, so 04 has its zero.
    let cost = match cost.as_bytes() {
        [b'0', digit @ b'0'..=b'9'] => u32::from(digit - b'0'),
        [_, _] => number(cost)?,
        _ => return None,
    };
    let (salt, digest) = rest.split_at_checked(22)?;
    Some((shape, revision, cost, salt, digest))
}

impl Hash for Bcrypt {
    fn name(&self) -> &'static str {
        match self.shape {
            Shape::Plain => "bcrypt",
            Shape::Django => "django_bcrypt",
            Shape::DjangoSha256 => "django_bcrypt_sha256",
            Shape::PasslibSha256V1 | Shape::PasslibSha256V2 => "bcrypt_sha256",
        }
    }

    fn cost(&self) -> String {
        format!("rounds={}", self.cost)
    }

    fn check(&self, ceilings: &Ceilings) -> Result<()> {
        at_most("bcrypt cost", self.cost.into(), ceilings.bcrypt_cost)
    }

    fn takes(&self, password: &[u8], truncate_bcrypt: bool) -> Result<()> {
        if !matches!(self.shape, Shape::Plain | Shape::Django) {
            return Ok(());
        }
        without_nul(password)?;
        if password.len() > MAX_BYTES && !truncate_bcrypt {
            return Err(Error::invalid("bcrypt takes 72 bytes of a password, and this one is longer"));
        }
        Ok(())
    }

    fn derive(&self, password: &[u8], _with: &With<'_>) -> Result<Zeroizing<Vec<u8>>> {
        let shortened = self.shortened(password)?;
        // Room for its end from the start: a buffer that grew would leave a copy of the password behind.
        let mut taken = Zeroizing::new(Vec::with_capacity(MAX_BYTES));
        taken.extend_from_slice(&shortened);
        if taken.len() < MAX_BYTES {
            taken.push(0); // it takes a C string, its end included
        }
        let digest = Zeroizing::new(bcrypt::bcrypt(self.cost, self.salt, &taken));
        Ok(Zeroizing::new(digest.iter().take(23).copied().collect()))
    }

    fn digest(&self) -> &[u8] {
        &self.digest
    }

    fn set_digest(&mut self, digest: &[u8]) {
        self.digest = digest.to_vec();
    }
}

impl fmt::Display for Bcrypt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (revision, cost, salt, digest) =
            (&self.revision, self.cost, self.salt_text(), ALPHABET.encode(&self.digest));
        match self.shape {
            Shape::Plain => write!(f, "${revision}${cost:02}${salt}{digest}"),
            Shape::Django => write!(f, "bcrypt$${revision}${cost:02}${salt}{digest}"),
            Shape::DjangoSha256 => write!(f, "bcrypt_sha256$${revision}${cost:02}${salt}{digest}"),
            Shape::PasslibSha256V1 => write!(f, "$bcrypt-sha256${revision},{cost}${salt}${digest}"),
            Shape::PasslibSha256V2 => write!(f, "$bcrypt-sha256$v=2,t={revision},r={cost}${salt}${digest}"),
        }
    }
}
