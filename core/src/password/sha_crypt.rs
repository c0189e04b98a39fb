//! SHA-crypt (Drepper, "Unix crypt using SHA-256 and SHA-512"): `$5$` and `$6$` of `crypt(3)`.

use core::fmt;
use std::sync::LazyLock;

use data_encoding::{BitOrder, Encoding};
use sha_crypt::{Params, sha256_crypt, sha512_crypt};
use zeroize::Zeroizing;

use super::stored::{Ceilings, Hash, With, alphabet, at_most, bytes, number, without_nul};
use crate::{Error, Result};

/// The rounds that a string without `rounds=` has.
const DEFAULT_ROUNDS: u32 = 5000;

/// `crypt(3)` writes its characters from the low bits up.
static ALPHABET: LazyLock<Encoding> = LazyLock::new(|| {
    alphabet("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", BitOrder::LeastSignificantFirst)
});

pub(super) struct ShaCrypt {
    is_512: bool,
    rounds: u32,
    rounds_shown: bool,
    salt: String,
    /// In the order in which it is written.
    digest: Vec<u8>,
}

impl ShaCrypt {
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        let (name, rounds, salt, digest) = match *parts {
            ["", name, salt, digest] => (name, None, salt, digest),
            ["", name, rounds, salt, digest] => (name, Some(number(rounds.strip_prefix("rounds=")?)?), salt, digest),
            _ => return None,
        };
        let is_512 = name == "6";
        let digest = bytes(digest, &ALPHABET)?;
        let rounds_shown = rounds.is_some();
        let rounds = rounds.unwrap_or(DEFAULT_ROUNDS);
        let possible =
            (1000..=999_999_999).contains(&rounds) && salt.len() <= 16 && digest.len() == if is_512 { 64 } else { 32 };
        possible.then(|| Self { is_512, rounds, rounds_shown, salt: salt.to_owned(), digest })
    }
}

/// The order in which the bytes of a digest are written: one from each third of it, and the thirds change places from group
/// to group; what is left over comes last.
fn order(is_512: bool) -> impl Iterator<Item = usize> {
    let (third, turn, left_over): (_, _, &[usize]) = if is_512 { (21, 1, &[63]) } else { (10, 2, &[30, 31]) };
    (0..third)
        .flat_map(move |at| [2, 1, 0].map(|part| at + third * ((part + turn * at) % 3)))
        .chain(left_over.iter().copied())
}

impl Hash for ShaCrypt {
    fn name(&self) -> &'static str {
        if self.is_512 { "sha512_crypt" } else { "sha256_crypt" }
    }

    fn cost(&self) -> String {
        format!("rounds={}", self.rounds)
    }

    fn check(&self, ceilings: &Ceilings) -> Result<()> {
        at_most("sha-crypt rounds", self.rounds.into(), ceilings.iterations)
    }

    fn takes(&self, password: &[u8], _truncate_bcrypt: bool) -> Result<()> {
        without_nul(password)
    }

    fn derive(&self, password: &[u8], _with: &With<'_>) -> Result<Zeroizing<Vec<u8>>> {
        let params = Params::new(self.rounds).map_err(|_| Error::invalid("sha-crypt cannot take these rounds"))?;
        let digest = Zeroizing::new(if self.is_512 {
            sha512_crypt(password, self.salt.as_bytes(), params).to_vec()
        } else {
            sha256_crypt(password, self.salt.as_bytes(), params).to_vec()
        });
        Ok(Zeroizing::new(order(self.is_512).filter_map(|at| digest.get(at).copied()).collect()))
    }

    fn digest(&self) -> &[u8] {
        &self.digest
    }

    fn set_digest(&mut self, digest: &[u8]) {
        self.digest = digest.to_vec();
    }
}

impl fmt::Display for ShaCrypt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_512 { "$6$" } else { "$5$" })?;
        if self.rounds_shown {
            write!(f, "rounds={}$", self.rounds)?;
        }
        write!(f, "{}${}", self.salt, ALPHABET.encode(&self.digest))
    }
}
