//! Codes that are sent to a user, by SMS or e-mail, which NIST SP 800-63B (2017) calls out-of-band secrets.

use core::fmt;

use data_encoding::BASE64_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::generator::check_digits;
use super::seconds;
use crate::random::random;
use crate::{Error, Result, Secret};

const NAME: &str = "strongroom-delivered";
const LEAST_KEY: usize = 16;
const MAX_ACCOUNT: usize = 1024;
const MAX_RECORD: usize = 256;
const MAX_LIFETIME: u32 = 86_400;
const MAX_ATTEMPTS: u32 = 100;

type Salt = [u8; 16];

/// Issues and verifies codes that are sent to a user.
///
/// Nothing of a code is kept but a record, one line of text that the caller stores: a keyed hash (HMAC-SHA-256) with its
/// expiry and the attempts left. The key is a secret of the server, kept apart from the records: a code has so few digits
/// that who has both, or a hash without key, finds it by trying. `Debug` does not show the key.
///
/// An e-mail shows that someone reads that mailbox, which SP 800-63B, section 5.1.3.1, does not count as a second factor.
///
/// By default a code has six digits, is good for ten minutes (SP 800-63B, section 5.1.3.2) and allows five attempts.
///
/// ```
/// use strongroom::otp::{Delivered, DeliveredCodes};
///
/// # fn main() -> strongroom::Result<()> {
/// # let (key, unix_seconds) = (strongroom::Secret::new(vec![7; 32]), 1_700_000_000);
/// let codes = DeliveredCodes::new(&key)?;
/// let (code, record) = codes.issue("alice", unix_seconds)?; // send the code, store the record
///
/// # let typed = code.reveal_str()?;
/// match codes.verify(&record, "alice", typed, unix_seconds + 60)? {
///     Delivered::Accepted => println!("remove the record, and log in"),
///     Delivered::Wrong { attempts_left, record } => println!("store {record}; {attempts_left} attempts left"),
///     Delivered::Expired | Delivered::Exhausted => println!("remove the record, and send another code"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct DeliveredCodes {
    key: Secret,
    digits: u8,
    lifetime_seconds: u32,
    attempts: u32,
}

/// What [`DeliveredCodes::verify`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// The right code. Remove the record, in the same transaction as what the code is for: it works once.
    Accepted,
    /// A wrong code. Store the new record in the old one's place **before** answering, and only if that is still what is
    /// stored, so that attempts made at the same time count each.
    Wrong {
        /// How many attempts there are after this one.
        attempts_left: u32,
        /// The record from now on.
        record: String,
    },
    /// The code's time is over.
    Expired,
    /// No attempt was left.
    Exhausted,
}

/// A record as it is stored. The hash does not cover the attempts: who can write records can as well write an older one.
struct Record {
    expires_at: u64,
    attempts_left: u32,
    digits: u8,
    salt: Salt,
    hash: [u8; 32],
}

impl DeliveredCodes {
    /// With a key of 16 bytes or more.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a shorter key.
    pub fn new(key: &Secret) -> Result<Self> {
        if key.len() < LEAST_KEY {
            return Err(Error::invalid("expected a key of 16 bytes or more for delivered codes"));
        }
        Ok(Self { key: key.clone(), digits: 6, lifetime_seconds: 600, attempts: 5 })
    }

    /// Codes of 6, 7 or 8 digits.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for any other number.
    pub fn with_digits(mut self, digits: u8) -> Result<Self> {
        self.digits = check_digits(digits)?;
        Ok(self)
    }

    /// For how many seconds a code is good, 1 to 86,400.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for any other number.
    pub fn with_lifetime(mut self, seconds: u32) -> Result<Self> {
        if !(1..=MAX_LIFETIME).contains(&seconds) {
            return Err(Error::invalid("expected a lifetime of 1 to 86,400 seconds"));
        }
        self.lifetime_seconds = seconds;
        Ok(self)
    }

    /// How many attempts a code allows, 1 to 100.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for any other number.
    pub fn with_attempts(mut self, attempts: u32) -> Result<Self> {
        if !(1..=MAX_ATTEMPTS).contains(&attempts) {
            return Err(Error::invalid("expected 1 to 100 attempts"));
        }
        self.attempts = attempts;
        Ok(self)
    }

    /// A new code to send, and the record to store. `account` is whatever names the account for good, such as its id; the
    /// code works for it alone. It may name a purpose as well.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for an empty account and for a time before 1970 or after the year 9999, [`Error::Limit`] for
    /// an account of more than 1,024 bytes, [`Error::Random`].
    pub fn issue(&self, account: &str, unix_seconds: i64) -> Result<(Secret, String)> {
        let account = check_account(account)?;
        let expires_at = seconds(unix_seconds)? + u64::from(self.lifetime_seconds);
        // The remainder favours low numbers by less than one part in 10^11.
        let mut value = u64::from_be_bytes(random()?);
        let mut code = Zeroizing::new(vec![0; self.digits.into()]);
        code.iter_mut().for_each(|digit| {
            *digit = b'0' + (value % 10) as u8;
            value /= 10;
        });
        let salt = random()?;
        let hash = self.mac(&salt, expires_at, account, &code)?.finalize().into_bytes().into();
        let record = Record { expires_at, attempts_left: self.attempts, digits: self.digits, salt, hash };
        Ok((code.as_slice().into(), record.to_string()))
    }

    /// Whether this is the code of the record, for this account, at this time. What is no code counts as an attempt too. It
    /// compares in constant time.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a record that [`DeliveredCodes::issue`] did not make, and as there.
    pub fn verify(&self, record: &str, account: &str, code: &str, unix_seconds: i64) -> Result<Delivered> {
        let mut record = Record::parse(record)
            .ok_or_else(|| Error::invalid(format!("expected the record of a delivered code, ${NAME}$..")))?;
        let account = check_account(account)?;
        if seconds(unix_seconds)? >= record.expires_at {
            return Ok(Delivered::Expired);
        }
        let Some(attempts_left) = record.attempts_left.checked_sub(1) else { return Ok(Delivered::Exhausted) };
        if code.len() == usize::from(record.digits) {
            let mac = self.mac(&record.salt, record.expires_at, account, code.as_bytes())?;
            if mac.verify_slice(&record.hash).is_ok() {
                return Ok(Delivered::Accepted);
            }
        }
        record.attempts_left = attempts_left;
        Ok(Delivered::Wrong { attempts_left, record: record.to_string() })
    }

    fn mac(&self, salt: &Salt, expires_at: u64, account: &str, code: &[u8]) -> Result<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.reveal())
            .map_err(|_| Error::invalid("this key cannot be used for delivered codes"))?;
        mac.update(b"strongroom/v1/delivered-code\0");
        mac.update(salt);
        mac.update(&expires_at.to_be_bytes());
        mac.update(&(account.len() as u64).to_be_bytes());
        mac.update(account.as_bytes());
        mac.update(code);
        Ok(mac)
    }
}

impl Record {
    fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_RECORD {
            return None;
        }
        let parts: Vec<_> = text.split('$').collect();
        let ["", NAME, "v=1", numbers, salt, hash] = parts.as_slice() else { return None };
        let numbers: Vec<_> = numbers.split(',').collect();
        let [digits, expires_at, attempts_left] = numbers.as_slice() else { return None };
        let bytes = |text: &str| BASE64_NOPAD.decode(text.as_bytes()).ok();
        let record = Self {
            digits: digits.strip_prefix("n=")?.parse().ok()?,
            expires_at: expires_at.strip_prefix("exp=")?.parse().ok()?,
            attempts_left: attempts_left.strip_prefix("left=")?.parse().ok()?,
            salt: bytes(salt)?.try_into().ok()?,
            hash: bytes(hash)?.try_into().ok()?,
        };
        // One spelling alone: no sign, no leading zero.
        (record.to_string() == text && record.attempts_left <= MAX_ATTEMPTS).then_some(record)
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expires_at, attempts_left, digits, salt, hash } = self;
        let (salt, hash) = (BASE64_NOPAD.encode(salt), BASE64_NOPAD.encode(hash));
        write!(f, "${NAME}$v=1$n={digits},exp={expires_at},left={attempts_left}${salt}${hash}")
    }
}

fn check_account(account: &str) -> Result<&str> {
    match account.len() {
        0 => Err(Error::invalid("expected what names the account that the code is for; it is empty")),
        1..=MAX_ACCOUNT => Ok(account),
        len => Err(Error::Limit {
            what: "bytes of an account of delivered codes",
            asked: len as u64,
            allowed: MAX_ACCOUNT as u64,
        }),
    }
}

impl fmt::Debug for DeliveredCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliveredCodes")
            .field("digits", &self.digits)
            .field("lifetime_seconds", &self.lifetime_seconds)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
