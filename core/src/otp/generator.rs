//! What time-based and counter-based codes have in common: a secret, and how a counter becomes a code.

use core::ops::RangeInclusive;

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, CtOption};
use zeroize::Zeroizing;

use crate::{Error, Result, Secret};

/// The least that RFC 4226, section 4, R6 asks of a secret, in bytes.
const LEAST_BYTES: usize = 16;
/// What RFC 4226, section 4, R6 recommends, in bytes.
const GENERATED_BYTES: usize = 20;
/// HMAC gains nothing of a key longer than a block of its hash, which is 128 bytes for SHA-512.
const MAX_BYTES: usize = 256;

const STEAM_ALPHABET: &[u8; 26] = b"23456789BCDFGHJKMNPQRTVWXY";
const STEAM_LEN: u8 = 5;

/// The hash function under the HMAC (RFC 6238, section 1.2). Many authenticators ignore any but SHA-1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC-SHA-1, the default of every authenticator. What is known against SHA-1 does not touch HMAC.
    #[default]
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

impl Algorithm {
    /// As it is written in a URI: `SHA1`, `SHA256` or `SHA512`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }
}

/// How a number is written as a code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Digits(u8),
    /// Five characters of an alphabet of Steam's own, the lowest first.
    Steam,
}

/// A secret, and how a counter becomes a code under it (RFC 4226, section 5.3).
///
/// The HMAC is totp-rs's, which holds the secret and wipes it. The truncation is ours: totp-rs can give a code only as its
/// `Token`, which can be printed, even by `Debug`, but neither compared with a user's code nor written into a buffer that
/// is wiped; and its own check stops at the first code that fits.
#[derive(Clone)]
pub(super) struct Generator {
    /// With a step of one second, so that its time is our counter.
    hmac: totp_rs::Totp,
    algorithm: Algorithm,
    form: Form,
}

impl Generator {
    pub(super) fn new(secret: &Secret) -> Result<Self> {
        check_len(secret.len())?;
        Ok(Self::build(secret.reveal().into(), Algorithm::Sha1, Form::Digits(6)))
    }

    pub(super) fn generate() -> Result<Self> {
        let mut secret = Box::new(Zeroizing::new([0; GENERATED_BYTES]));
        getrandom::fill(secret.as_mut_slice()).map_err(|_| Error::Random)?;
        Ok(Self::build(secret.as_slice().into(), Algorithm::Sha1, Form::Digits(6)))
    }

    fn build(secret: totp_rs::Secret, algorithm: Algorithm, form: Form) -> Self {
        let hash = match algorithm {
            Algorithm::Sha1 => totp_rs::Algorithm::SHA1,
            Algorithm::Sha256 => totp_rs::Algorithm::SHA256,
            Algorithm::Sha512 => totp_rs::Algorithm::SHA512,
        };
        // "Noncompliant" is what skips its check that a secret has 128 bits: services give out shorter ones.
        let hmac =
            totp_rs::Builder::new().with_secret(secret).with_algorithm(hash).with_step_duration(1).build_noncompliant();
        Self { hmac, algorithm, form }
    }

    pub(super) fn with_algorithm(self, algorithm: Algorithm) -> Self {
        Self::build(self.hmac.secret().clone(), algorithm, self.form)
    }

    pub(super) fn with_digits(mut self, digits: u8) -> Result<Self> {
        self.form = Form::Digits(check_digits(digits)?);
        Ok(self)
    }

    pub(super) fn with_steam(mut self) -> Self {
        self.form = Form::Steam;
        self
    }

    pub(super) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) const fn form(&self) -> Form {
        self.form
    }

    /// The number of characters of a code.
    pub(super) const fn digits(&self) -> u8 {
        match self.form {
            Form::Digits(digits) => digits,
            Form::Steam => STEAM_LEN,
        }
    }

    pub(super) fn secret(&self) -> Secret {
        self.hmac.secret().as_bytes().into()
    }

    pub(super) fn is_short(&self) -> bool {
        self.hmac.secret().as_bytes().len() < LEAST_BYTES
    }

    fn value(&self, counter: u64) -> u32 {
        let mac = self.hmac.sign(counter);
        let mac = mac.as_ref();
        let offset = usize::from(mac.last().copied().unwrap_or_default() & 0xf);
        // An HMAC has 20 bytes or more, so that four are there behind any offset.
        let word = mac.get(offset..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
        (u32::from_be_bytes(word) & 0x7fff_ffff) % self.form.count()
    }

    pub(super) fn code(&self, counter: u64) -> Secret {
        let mut value = self.value(counter);
        let mut text = Zeroizing::new(vec![0; self.digits().into()]);
        match self.form {
            Form::Digits(_) => text.iter_mut().rev().for_each(|character| {
                *character = b'0' + (value % 10) as u8;
                value /= 10;
            }),
            Form::Steam => text.iter_mut().for_each(|character| {
                *character = STEAM_ALPHABET.get((value % 26) as usize).copied().unwrap_or_default();
                value /= 26;
            }),
        }
        text.as_slice().into()
    }

    /// What a user's code says. `None` if it is not exactly of the form of a code.
    fn read(&self, code: &str) -> Option<u32> {
        if code.len() != usize::from(self.digits()) {
            return None;
        }
        match self.form {
            Form::Digits(_) => code
                .bytes()
                .try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0'))),
            Form::Steam => code.bytes().rev().try_fold(0, |value, byte| {
                let at = STEAM_ALPHABET.iter().position(|&character| character == byte)?;
                Some(value * 26 + u32::try_from(at).ok()?)
            }),
        }
    }

    /// Where among `counters` the codes, one behind the other, are those of `codes`: the first place and the last one, as
    /// their first counters. It makes and compares every code, whichever fits.
    pub(super) fn find<const N: usize>(&self, codes: [&str; N], counters: RangeInclusive<u64>) -> Option<(u64, u64)> {
        let mut wanted = [0; N];
        for (value, code) in wanted.iter_mut().zip(codes) {
            *value = self.read(code)?;
        }
        let (mut first, mut last, mut found) = (0, 0, Choice::from(0));
        for counter in counters {
            let mut here = Choice::from(1);
            for (counter, value) in (counter..).zip(&wanted) {
                here &= self.value(counter).ct_eq(value);
            }
            first.conditional_assign(&counter, here & !found);
            last.conditional_assign(&counter, here);
            found |= here;
        }
        CtOption::new((first, last), found).into()
    }
}

impl PartialEq for Generator {
    fn eq(&self, other: &Self) -> bool {
        // totp-rs compares its secrets in constant time.
        self.algorithm == other.algorithm && self.form == other.form && self.hmac.secret() == other.hmac.secret()
    }
}

impl Eq for Generator {}

impl Form {
    /// How many codes there are.
    const fn count(self) -> u32 {
        match self {
            Self::Digits(digits) => 10_u32.pow(digits as u32),
            Self::Steam => 26_u32.pow(STEAM_LEN as u32),
        }
    }
}

/// # Errors
/// [`Error::InvalidInput`] for no bytes at all, [`Error::Limit`] for too many.
pub(super) fn check_len(bytes: usize) -> Result<()> {
    match bytes {
        0 => Err(Error::invalid("the secret is empty; expected 1 to 256 bytes")),
        1..=MAX_BYTES => Ok(()),
        _ => Err(Error::Limit {
            what: "bytes of a secret for one-time codes",
            asked: bytes as u64,
            allowed: MAX_BYTES as u64,
        }),
    }
}

/// # Errors
/// [`Error::InvalidInput`] for any other number than 6, 7 and 8.
pub(super) fn check_digits(digits: u8) -> Result<u8> {
    match digits {
        6..=8 => Ok(digits),
        _ => Err(Error::invalid("expected codes of 6, 7 or 8 digits")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::random;

    #[test]
    fn codes_are_those_of_totp_rs() {
        for _ in 0..10_000 {
            let (secret, counter) = (random::<64>().unwrap(), u64::from_be_bytes(random().unwrap()));
            let [len, algorithm, digits] = random().unwrap();
            let algorithm = [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512][usize::from(algorithm) % 3];
            let digits = 6 + digits % 3;
            let generator = Generator::new(&secret[..=usize::from(len) % 64].into()).unwrap();
            let generator = generator.with_algorithm(algorithm).with_digits(digits).unwrap();
            let reference = totp_rs::Builder::new()
                .with_secret(&secret[..=usize::from(len) % 64])
                .with_algorithm(algorithm.as_str().parse().unwrap())
                .with_digits(digits)
                .with_step_duration(1)
                .build_noncompliant();
            let code = generator.code(counter);
            assert_eq!(code.reveal_str().unwrap(), reference.generate(counter).to_string());
            assert_eq!(generator.find([code.reveal_str().unwrap()], counter..=counter), Some((counter, counter)));
        }
    }
}
