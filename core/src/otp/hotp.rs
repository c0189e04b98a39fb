//! Counter-based one-time passwords (RFC 4226).

use core::fmt;

use super::generator::{Algorithm, Generator};
use crate::{Error, Result, Secret};

/// The furthest that a verification looks ahead.
const MAX_LOOK_AHEAD: u32 = 100;
/// The furthest that a resynchronisation looks ahead.
const MAX_RESYNC: u32 = 1000;
/// The highest counter: the highest whole number that every JSON reader takes as it is.
pub(super) const MAX_COUNTER: u64 = (1 << 53) - 1;

/// Makes and verifies counter-based codes (RFC 4226): six digits of HMAC-SHA-1 by default.
///
/// Both sides keep a counter. The secret is wiped on drop, and `Debug` shows nothing of it.
///
/// ```
/// use strongroom::otp::Hotp;
///
/// # fn main() -> strongroom::Result<()> {
/// let hotp = Hotp::generate()?;
/// let code = hotp.code(7);
/// // The server was at 5, and looks up to 10 codes ahead.
/// assert_eq!(hotp.verify(code.reveal_str()?, 5, 10)?, Some(8)); // store this: it is the counter now
/// assert_eq!(hotp.verify(code.reveal_str()?, 8, 10)?, None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Hotp {
    generator: Generator,
}

impl Hotp {
    /// Codes under this secret: 1 to 256 bytes, as [`decode_base32`](super::decode_base32) gives them.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for an empty secret, [`Error::Limit`] for one of more than 256 bytes.
    pub fn new(secret: &Secret) -> Result<Self> {
        Ok(Self { generator: Generator::new(secret)? })
    }

    /// Codes under a new random secret of 160 bits, as RFC 4226 recommends (section 4, R6).
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn generate() -> Result<Self> {
        Ok(Self { generator: Generator::generate()? })
    }

    /// Another hash function than SHA-1. Many authenticators ignore it, and make other codes then.
    #[must_use]
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.generator = self.generator.with_algorithm(algorithm);
        self
    }

    /// Codes of 6, 7 or 8 decimal digits.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for any other number.
    pub fn with_digits(mut self, digits: u8) -> Result<Self> {
        self.generator = self.generator.with_digits(digits)?;
        Ok(self)
    }

    /// The hash function.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.generator.algorithm()
    }

    /// The number of digits of a code, 6 to 8.
    #[must_use]
    pub const fn digits(&self) -> u8 {
        self.generator.digits()
    }

    /// Whether the secret has less than the 128 bits that RFC 4226 asks for. Some services give out such secrets, so that
    /// they are accepted; warn whoever brings one.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.generator.is_short()
    }

    /// The secret, to show it in base32 beside the QR code or to store it.
    #[must_use]
    pub fn reveal_secret(&self) -> Secret {
        self.generator.secret()
    }

    /// The code of a counter.
    #[must_use]
    pub fn code(&self, counter: u64) -> Secret {
        self.generator.code(counter)
    }

    /// Whether this is the code of `counter`, or of one of the `look_ahead` after it (RFC 4226, section 7.4), 100 at most.
    /// Returns the counter to store, one behind that of the code, so that neither it nor those before it are accepted again.
    ///
    /// A code is exactly its digits: anything else is no match. All are made and compared in constant time, whichever fits.
    /// Should the same code belong to two of them, the first counts: the later one would leave the user's device behind.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a counter over 2^53-1 or a look-ahead over 100.
    pub fn verify(&self, code: &str, counter: u64, look_ahead: u32) -> Result<Option<u64>> {
        if look_ahead > MAX_LOOK_AHEAD {
            return Err(Error::invalid("expected a look-ahead of at most 100 counters"));
        }
        let counter = check_counter(counter)?;
        let found = self.generator.find([code], counter..=counter + u64::from(look_ahead));
        Ok(found.map(|(first, _)| first + 1))
    }

    /// Finds a device that is further ahead, from two codes that follow each other (RFC 4226, section 7.4), among the
    /// `look_ahead` counters from `counter` on, 1,000 at most. Returns the counter to store.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a counter over 2^53-1 or a look-ahead over 1,000.
    pub fn resync(&self, first: &str, second: &str, counter: u64, look_ahead: u32) -> Result<Option<u64>> {
        if look_ahead > MAX_RESYNC {
            return Err(Error::invalid("expected a look-ahead of at most 1,000 counters"));
        }
        let counter = check_counter(counter)?;
        let found = self.generator.find([first, second], counter..=counter + u64::from(look_ahead));
        Ok(found.map(|(first, _)| first + 2))
    }
}

/// # Errors
/// [`Error::InvalidInput`] for a counter over 2^53-1.
pub(super) fn check_counter(counter: u64) -> Result<u64> {
    match counter {
        0..=MAX_COUNTER => Ok(counter),
        _ => Err(Error::invalid("expected a counter of at most 2^53-1")),
    }
}

impl fmt::Debug for Hotp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hotp")
            .field("algorithm", &self.algorithm())
            .field("digits", &self.digits())
            .finish_non_exhaustive()
    }
}
