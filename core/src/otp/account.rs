//! What an authenticator keeps for one account: how its codes are made, and whose they are.

use core::fmt;

use super::hotp::{Hotp, check_counter};
use super::totp::Totp;
use super::uri;
use crate::{Error, Result, Secret};

/// The longest issuer, and the longest name, in bytes.
const MAX_TEXT: usize = 256;

/// How the codes of an account are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Codes {
    /// From the time.
    Totp(Totp),
    /// From a counter.
    Hotp {
        /// Makes the codes.
        hotp: Hotp,
        /// The counter of the next code.
        counter: u64,
    },
}

impl From<Totp> for Codes {
    fn from(totp: Totp) -> Self {
        Self::Totp(totp)
    }
}

/// An account as an authenticator keeps it, and as a QR code brings it there. `Debug` shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    issuer: Option<String>,
    name: String,
    codes: Codes,
}

impl Account {
    /// An account of this name: the user's name at the issuer, such as an e-mail address. Spaces around it are dropped.
    ///
    /// # Errors
    /// [`Error::Limit`] for a name of more than 256 bytes; [`Error::InvalidInput`] for one with control characters, and for
    /// a counter over 2^53-1.
    pub fn new(codes: impl Into<Codes>, name: &str) -> Result<Self> {
        let codes = codes.into();
        if let Codes::Hotp { counter, .. } = codes {
            check_counter(counter)?;
        }
        Ok(Self { issuer: None, name: checked("bytes of an account's name", name)?, codes })
    }

    /// Who the account is with. Empty is none.
    ///
    /// # Errors
    /// As [`Account::new`] for a name.
    pub fn with_issuer(mut self, issuer: &str) -> Result<Self> {
        self.issuer = Some(checked("bytes of an issuer", issuer)?).filter(|issuer| !issuer.is_empty());
        Ok(self)
    }

    /// Reads a URI in the Key URI Format, `otpauth://TYPE/LABEL?PARAMETERS`, as authenticators write it.
    ///
    /// It is lenient: the type may be `totp`, `hotp`, or `steam` (also said by `encoder=steam`); the label may be missing,
    /// its issuer differ from the parameter, which then counts; base32 is read as by
    /// [`decode_base32`](super::decode_base32); unknown and empty parameters are passed over.
    ///
    /// # Errors
    /// [`Error::Limit`] for more than 4,096 bytes, before anything else, and for parts that are too long;
    /// [`Error::InvalidInput`] for anything else that is wrong: another scheme or type, broken percent-encoding, a secret
    /// that is missing or not base32, a parameter given twice (but the issuer), digits other than 6 to 8, a period out of
    /// 1 to 86,400, another algorithm, a counter over 2^53-1. No error repeats a part of the URI.
    pub fn from_uri(uri: &str) -> Result<Self> {
        uri::read(uri)
    }

    /// Writes the URI, secret and all, in the one form that every authenticator reads: issuer and name in the label, the
    /// issuer again as a parameter, and of the other parameters those that are not the default. [`Account::from_uri`] gives
    /// the same account back.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for an issuer with a colon, and for a name with a colon and no issuer, since the format
    /// cannot say these.
    pub fn to_uri(&self) -> Result<Secret> {
        uri::write(self)
    }

    /// Who the account is with.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The user's name at the issuer; may be empty.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How its codes are made.
    #[must_use]
    pub const fn codes(&self) -> &Codes {
        &self.codes
    }

    /// How its codes are made, out of the account.
    #[must_use]
    pub fn into_codes(self) -> Codes {
        self.codes
    }
}

/// A text that people are shown: neither the end of a line nor anything that a terminal obeys.
fn checked(what: &'static str, text: &str) -> Result<String> {
    let text = text.trim_matches(' ');
    if text.len() > MAX_TEXT {
        return Err(Error::Limit { what, asked: text.len() as u64, allowed: MAX_TEXT as u64 });
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid("expected an issuer and a name without control characters"));
    }
    Ok(text.to_owned())
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { issuer, name, codes } = self;
        f.debug_struct("Account").field("issuer", issuer).field("name", name).field("codes", codes).finish()
    }
}
