//! One-time codes out of a vault: the seed stays sealed until a code is made, and is never handed out.

use core::fmt;

use super::cbor;
use super::entry::SealedEntry;
use crate::otp::{Fresh, Totp, decode_base32};
use crate::{Error, Result, Secret};

/// Makes the time-based codes of a field that holds an `otpauth://totp` URI, or a secret in base32.
///
/// The field is opened for each code and what was opened is wiped. Once the vault is locked or dropped, or the compartment
/// has a new key, every use is [`Error::Locked`]: read the entry again.
///
/// ```
/// use strongroom::otp::Fresh;
/// use strongroom::vault::{Entry, Unlock, Vault};
/// use strongroom::{Kdf, Key};
///
/// # fn main() -> strongroom::Result<()> {
/// # let unix_seconds = 1_700_000_000;
/// let mut vault = Vault::create(&Unlock::key(Key::generate()?), Kdf::default())?;
/// vault.put("zerodha/login", Entry::new().with("totp", "otpauth://totp/Zerodha:AB1234?secret=JBSWY3DPEHPK3PXP"))?;
///
/// let totp = vault.entry("zerodha/login")?.totp("totp")?;
/// let code = totp.code(unix_seconds)?;
/// // For a login: a code that lives for five seconds more, and that no login before was given.
/// match totp.fresh(unix_seconds, 5)? {
///     Fresh::Code { code, .. } => println!("log in with {} characters", code.len()),
///     Fresh::Wait { seconds } => println!("again in {seconds} s"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SealedTotp {
    entry: SealedEntry,
    field: String,
}

impl SealedEntry {
    /// The time-based codes of a secret field, which is called `totp` as a rule.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the field holds neither an `otpauth://totp` URI nor a secret in base32;
    /// [`Error::NotFound`] if there is no such field, and as [`SealedEntry::field_names`].
    pub fn totp(&self, field: &str) -> Result<SealedTotp> {
        let totp = SealedTotp { entry: self.clone(), field: field.to_owned() };
        totp.open()?;
        Ok(totp)
    }
}

impl SealedTotp {
    /// The code of this point in time, whether or not it was handed out before.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a time before 1970 or after the year 9999, [`Error::Locked`].
    pub fn code(&self, unix_seconds: i64) -> Result<Secret> {
        self.open()?.code(unix_seconds)
    }

    /// The step that this point in time is in: how many periods have passed since 1970.
    ///
    /// # Errors
    /// As [`SealedTotp::code`].
    pub fn step(&self, unix_seconds: i64) -> Result<u64> {
        self.open()?.step(unix_seconds)
    }

    /// For how many seconds more the code of this point in time is that: from the whole period down to 1.
    ///
    /// # Errors
    /// As [`SealedTotp::code`].
    pub fn seconds_remaining(&self, unix_seconds: i64) -> Result<u32> {
        self.open()?.seconds_remaining(unix_seconds)
    }

    /// The seconds from one code to the next.
    ///
    /// # Errors
    /// [`Error::Locked`].
    pub fn period(&self) -> Result<u32> {
        Ok(self.open()?.period())
    }

    /// A code that lives for `min_seconds` more and was not handed out here before, or how long to wait for it: see
    /// [`Totp::fresh`].
    ///
    /// The open vault remembers, for each seed, the last step that was handed out, through whichever entry, version and
    /// handle: two logins at the same time get two codes. It forgets when it is locked, and when the compartment has a new
    /// key. Another process, or another opening of the vault, knows nothing of it.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] where no code lives for as long as `min_seconds`, and as [`SealedTotp::code`].
    pub fn fresh(&self, unix_seconds: i64, min_seconds: u32) -> Result<Fresh> {
        let totp = self.open()?;
        self.entry.keys()?.handing_out(totp.fingerprint()?, |last| {
            let fresh = totp.fresh(unix_seconds, min_seconds, *last)?;
            if let Fresh::Code { step, .. } = &fresh {
                *last = Some(*step);
            }
            Ok(fresh)
        })
    }

    fn open(&self) -> Result<Totp> {
        self.entry.use_field(&self.field, |value| {
            let text = match value {
                cbor::Value::Text(text) => text,
                cbor::Value::Bytes(bytes) => core::str::from_utf8(bytes).unwrap_or_default(),
                _ => return Err(Error::Format("a field of an entry")),
            };
            read(text).map_err(|why| {
                let (field, name) = (&self.field, self.entry.name());
                Error::invalid(format!("field {field} of {name} holds no time-based codes: {why}"))
            })
        })
    }
}

fn read(text: &str) -> Result<Totp> {
    // Base32 has no colon.
    match text.contains(':') {
        true => Totp::from_uri(text),
        false => Totp::new(&decode_base32(text)?),
    }
}

impl fmt::Debug for SealedTotp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedTotp").field("entry", &self.entry.name()).field("field", &self.field).finish()
    }
}
