//! Time-based one-time passwords (RFC 6238).

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::generator::{Algorithm, Form, Generator};
use super::{Account, Codes, seconds};
use crate::{Error, Result, Secret};

const DEFAULT_PERIOD: u32 = 30;
const MAX_PERIOD: u32 = 86_400;
/// The widest window, in steps to each side: five minutes of 30-second steps.
const MAX_WINDOW: u32 = 10;
/// The furthest that a resynchronisation looks, in steps to each side: an hour of 30-second steps, which is what a clock
/// with the wrong summer time is off by.
const MAX_DRIFT: u32 = 120;

/// Makes and verifies time-based codes (RFC 6238).
///
/// By default a code is six digits of HMAC-SHA-1 and there is a new one every 30 seconds, as every authenticator has it.
/// Time enters as an argument, in whole Unix seconds. The secret is wiped on drop, and `Debug` shows nothing of it.
///
/// # Verifying, on a server
/// One-time means once: [`Totp::verify`] returns the step of the code, which the caller stores with the account and gives
/// as `after_step` next time (RFC 6238, section 5.2). Limit the attempts too: each tries as many codes of a million as the
/// window has steps. [`Guard`](super::Guard) does both.
///
/// ```
/// use strongroom::otp::Totp;
///
/// # fn main() -> strongroom::Result<()> {
/// let totp = Totp::generate()?;
/// # let unix_seconds = 1_700_000_000;
/// let code = totp.code(unix_seconds)?;
/// let step = totp.verify(code.reveal_str()?, unix_seconds, None)?.expect("it is the code of this step");
/// assert_eq!(totp.verify(code.reveal_str()?, unix_seconds, Some(step))?, None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Totp {
    generator: Generator,
    period: u32,
    back: u32,
    ahead: u32,
    drift: i32,
}

/// What [`Totp::resync`] learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resync {
    /// By how many steps the other clock is ahead of this one, or behind if negative. For [`Totp::with_drift`].
    pub drift: i32,
    /// The step of the second code. Store it as the last one that was accepted.
    pub step: u64,
}

/// What [`Totp::fresh`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fresh {
    /// A code that was not handed out before and lives as long as asked for.
    Code {
        /// The code.
        code: Secret,
        /// Its step. Remember it as the last one that was handed out.
        step: u64,
        /// For how many seconds from now it is the code of its step.
        seconds_remaining: u32,
    },
    /// There is none yet: ask again in so many seconds.
    Wait {
        /// Until the next code begins.
        seconds: u32,
    },
}

impl Totp {
    /// Codes under this secret: 1 to 256 bytes, as [`decode_base32`](super::decode_base32) gives them.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for an empty secret, [`Error::Limit`] for one of more than 256 bytes.
    pub fn new(secret: &Secret) -> Result<Self> {
        Ok(Self::of(Generator::new(secret)?))
    }

    /// Codes under a new random secret of 160 bits, as RFC 4226 recommends (section 4, R6).
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn generate() -> Result<Self> {
        Ok(Self::of(Generator::generate()?))
    }

    /// Reads an `otpauth://totp` URI, and lets go of the issuer and the account that it names: see
    /// [`Account::from_uri`].
    ///
    /// # Errors
    /// As [`Account::from_uri`], and [`Error::InvalidInput`] for a URI of counter-based codes.
    pub fn from_uri(uri: &str) -> Result<Self> {
        match Account::from_uri(uri)?.into_codes() {
            Codes::Totp(totp) => Ok(totp),
            Codes::Hotp { .. } => Err(Error::invalid("expected a URI of time-based codes, otpauth://totp/..")),
        }
    }

    const fn of(generator: Generator) -> Self {
        Self { generator, period: DEFAULT_PERIOD, back: 1, ahead: 0, drift: 0 }
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

    /// Codes as Steam has them: five characters of `23456789BCDFGHJKMNPQRTVWXY`.
    #[must_use]
    pub fn with_steam(mut self) -> Self {
        self.generator = self.generator.with_steam();
        self
    }

    /// A new code every `seconds`, from 1 to 86,400.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for any other number.
    pub fn with_period(mut self, seconds: u32) -> Result<Self> {
        if !(1..=MAX_PERIOD).contains(&seconds) {
            return Err(Error::invalid("expected a period of 1 to 86,400 seconds"));
        }
        self.period = seconds;
        Ok(self)
    }

    /// How many steps before and after the present one [`Totp::verify`] accepts, up to 10 each. The default is one before,
    /// for a code that was typed as it ran out (RFC 6238, section 5.2), and none after.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for more than 10.
    pub fn with_window(mut self, back: u32, ahead: u32) -> Result<Self> {
        if back > MAX_WINDOW || ahead > MAX_WINDOW {
            return Err(Error::invalid("expected a window of at most 10 steps back and 10 ahead"));
        }
        (self.back, self.ahead) = (back, ahead);
        Ok(self)
    }

    /// By how many steps the user's clock is ahead of this one, as [`Totp::resync`] has learnt it: the window of
    /// [`Totp::verify`] moves with it (RFC 6238, section 6). At most 120 each way.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for more than 120.
    pub fn with_drift(mut self, steps: i32) -> Result<Self> {
        if steps.unsigned_abs() > MAX_DRIFT {
            return Err(Error::invalid("expected a drift of at most 120 steps"));
        }
        self.drift = steps;
        Ok(self)
    }

    /// The hash function.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.generator.algorithm()
    }

    /// The number of characters of a code: 6 to 8, and 5 for Steam.
    #[must_use]
    pub const fn digits(&self) -> u8 {
        self.generator.digits()
    }

    /// Whether the codes are Steam's.
    #[must_use]
    pub const fn is_steam(&self) -> bool {
        matches!(self.generator.form(), Form::Steam)
    }

    /// The seconds from one code to the next.
    #[must_use]
    pub const fn period(&self) -> u32 {
        self.period
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

    /// The code of this point in time.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a time before 1970 or after the year 9999.
    pub fn code(&self, unix_seconds: i64) -> Result<Secret> {
        Ok(self.generator.code(self.step(unix_seconds)?))
    }

    /// The step that this point in time is in: how many periods have passed since 1970.
    ///
    /// # Errors
    /// As [`Totp::code`].
    pub fn step(&self, unix_seconds: i64) -> Result<u64> {
        Ok(seconds(unix_seconds)? / u64::from(self.period))
    }

    /// For how many seconds more the code of this point in time is that: from the whole period down to 1.
    ///
    /// # Errors
    /// As [`Totp::code`].
    pub fn seconds_remaining(&self, unix_seconds: i64) -> Result<u32> {
        let into = seconds(unix_seconds)? % u64::from(self.period);
        Ok(self.period - u32::try_from(into).unwrap_or_default())
    }

    /// Whether this is the code of a step in the window, and of which one: store that with the account, and give it as
    /// `after_step` from then on. That step, and all before it, are refused.
    ///
    /// A code is exactly its characters: one with spaces, with digits of another script or of another length is no match,
    /// as with other libraries. Where users type the space that their authenticator shows, take it out first.
    ///
    /// All codes of the window are made and compared in constant time, whichever fits. Should the same code belong to two
    /// steps of the window, the later one is returned, so that it is used up for both.
    ///
    /// # Errors
    /// As [`Totp::code`].
    pub fn verify(&self, code: &str, unix_seconds: i64, after_step: Option<u64>) -> Result<Option<u64>> {
        let now = self.step(unix_seconds)?.saturating_add_signed(self.drift.into());
        let first = now.saturating_sub(self.back.into()).max(next(after_step));
        let found = self.generator.find([code], first..=now + u64::from(self.ahead));
        Ok(found.map(|(_, last)| last))
    }

    /// Learns by how much the user's clock is off, from two codes that follow each other (RFC 6238, section 6). The second is
    /// looked for up to `steps` before and after the present one: 120 at most. `None` if they are not there. For a user whose
    /// codes are all refused; who does not know the secret hits two codes once in four billion attempts, even with the
    /// widest search.
    ///
    /// It counts from this clock, not from a drift that was learnt before.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for more than 120 steps, and as [`Totp::code`].
    pub fn resync(
        &self,
        first: &str,
        second: &str,
        unix_seconds: i64,
        steps: u32,
        after_step: Option<u64>,
    ) -> Result<Option<Resync>> {
        if steps > MAX_DRIFT {
            return Err(Error::invalid("expected a search of at most 120 steps each way"));
        }
        let now = self.step(unix_seconds)?;
        // As the first step of the two.
        let from = now.saturating_sub(u64::from(steps) + 1).max(next(after_step));
        let found = match (now + u64::from(steps)).checked_sub(1) {
            Some(to) => self.generator.find([first, second], from..=to),
            None => None,
        };
        Ok(found.map(|(_, last)| {
            let step = last + 1;
            let drift = (step as i64 - now as i64) as i32; // at most 120 apart
            Resync { drift, step }
        }))
    }

    /// For a bot that logs in: a code that lives for `min_seconds` more and was not handed out before, or how long to wait
    /// for it. `after_step` is the last step that was handed out.
    ///
    /// A last step far ahead of this time was handed out while the clock was wrong, and is not waited for.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] where no code lives for as long as `min_seconds`, and as [`Totp::code`].
    pub fn fresh(&self, unix_seconds: i64, min_seconds: u32, after_step: Option<u64>) -> Result<Fresh> {
        if min_seconds >= self.period {
            return Err(Error::invalid(format!(
                "expected fewer seconds than the {} that a code of this account lives",
                self.period
            )));
        }
        let (step, seconds_remaining) = (self.step(unix_seconds)?, self.seconds_remaining(unix_seconds)?);
        let last = after_step.filter(|&last| last <= step + u64::from(MAX_WINDOW));
        match last.map_or(0, |last| (last + 1).saturating_sub(step)) {
            0 if seconds_remaining >= min_seconds => {
                Ok(Fresh::Code { code: self.generator.code(step), step, seconds_remaining })
            }
            steps => {
                // At most the window and one step of a day each.
                let steps = u32::try_from(steps.saturating_sub(1)).unwrap_or_default();
                Ok(Fresh::Wait { seconds: seconds_remaining + steps * self.period })
            }
        }
    }

    /// Tells seeds and periods apart, and nothing about them.
    pub(crate) fn fingerprint(&self) -> Result<[u8; 32]> {
        // The seed is the key: of a message, HMAC leaves copies behind.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.generator.secret().reveal())
            .map_err(|_| Error::invalid("this secret cannot be used"))?;
        mac.update(b"strongroom/v1/handed-out\0");
        mac.update(&self.period.to_be_bytes());
        Ok(mac.finalize().into_bytes().into())
    }
}

/// The first step that may still be accepted.
fn next(after_step: Option<u64>) -> u64 {
    after_step.map_or(0, |last| last.saturating_add(1))
}

impl fmt::Debug for Totp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Totp")
            .field("algorithm", &self.algorithm())
            .field("digits", &self.digits())
            .field("period", &self.period)
            .finish_non_exhaustive()
    }
}
