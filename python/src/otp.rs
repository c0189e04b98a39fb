//! One-time codes: `Totp`, `Hotp`, and `SealedTotp`, the codes of an entry.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use pyo3::prelude::*;
use pyo3::types::PyString;
use strongroom::otp::{Account, Algorithm, Codes, Fresh, decode_base32, encode_base32};
use strongroom::vault::SealedTotp as Sealed;
use zeroize::Zeroizing;

use crate::arguments::{Text, Whole, bytes_of, text_of, unix_seconds, utf8, wrong_type};
use crate::entry::Snapshot;
use crate::error::{Fault, Result, invalid};
use crate::secret::Secret;

/// `at` as the core takes it; without it, what the clock says.
pub(crate) fn time(at: Option<&Bound<'_, PyAny>>) -> Result<i64> {
    let seconds = match at {
        Some(at) => unix_seconds(at)?,
        None => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
    };
    Ok(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// What somebody typed. What has no UTF-8 form is no code, and so empty.
pub(crate) fn typed(code: &Bound<'_, PyAny>) -> Result<Zeroizing<String>> {
    if let Ok(text) = code.cast::<PyString>() {
        return Ok(Zeroizing::new(text.to_str().unwrap_or_default().to_owned()));
    }
    let Ok(secret) = code.cast::<Secret>() else { return wrong_type("a code as str or Secret", code) };
    Ok(Zeroizing::new(secret.get().plaintext()?.reveal_str().unwrap_or_default().to_owned()))
}

/// Base32 as text, or the bytes themselves.
fn key(secret: &Bound<'_, PyAny>) -> Result<strongroom::Secret> {
    if let Ok(given) = secret.cast::<Secret>() {
        let value = given.get().value()?;
        return Ok(match value.is_text() {
            true => decode_base32(value.secret().reveal_str()?)?,
            false => value.secret().clone(),
        });
    }
    if let Ok(text) = secret.cast::<PyString>() {
        return Ok(decode_base32(utf8(text)?)?);
    }
    match bytes_of(secret)? {
        Some(bytes) => Ok(bytes.as_slice().into()),
        None => wrong_type("a secret as base32 in str, or as bytes or Secret", secret),
    }
}

/// The name of a hash function, in any case.
struct Hash(Algorithm);

impl<'py> FromPyObject<'_, 'py> for Hash {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let Text(name) = value.extract()?;
        Ok(Self(match name.to_ascii_lowercase().as_str() {
            "sha1" => Algorithm::Sha1,
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            _ => return invalid("expected the algorithm sha1, sha256 or sha512").map_err(Fault::into),
        }))
    }
}

const fn algorithm_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Sha256 => "sha256",
        Algorithm::Sha512 => "sha512",
        _ => "sha1",
    }
}

fn account(codes: impl Into<Codes>, account: &Text, issuer: Option<Text>) -> Result<Secret> {
    let mut made = Account::new(codes, &account.0)?;
    if let Some(issuer) = issuer {
        made = made.with_issuer(&issuer.0)?;
    }
    Ok(Secret::of(made.to_uri()?.into()))
}

/// A code and for how long it is one, or nothing and how long to wait.
fn fresh(fresh: Fresh) -> Result<(Option<String>, u32)> {
    Ok(match fresh {
        Fresh::Code { code, seconds_remaining, .. } => (Some(code.reveal_str()?.to_owned()), seconds_remaining),
        Fresh::Wait { seconds } => (None, seconds),
    })
}

/// Time-based one-time codes (RFC 6238) of one secret.
#[pyclass(frozen, module = "strongroom")]
pub(crate) struct Totp(strongroom::otp::Totp);

impl Totp {
    pub(crate) const fn of(totp: strongroom::otp::Totp) -> Self {
        Self(totp)
    }

    pub(crate) const fn core(&self) -> &strongroom::otp::Totp {
        &self.0
    }

    fn with(
        totp: strongroom::otp::Totp,
        hash: Hash,
        digits: Option<Whole<u8>>,
        period: Whole<u32>,
        steam: bool,
    ) -> Result<Self> {
        let mut totp = totp.with_algorithm(hash.0).with_period(period.0)?;
        if steam {
            totp = totp.with_steam();
        }
        if let Some(digits) = digits {
            if steam && digits.0 != totp.digits() {
                return invalid("Steam's codes have 5 characters");
            }
            if !steam {
                totp = totp.with_digits(digits.0)?;
            }
        }
        Ok(Self(totp))
    }
}

#[pymethods]
impl Totp {
    #[new]
    #[pyo3(
        signature = (secret, /, *, algorithm=Hash(Algorithm::Sha1), digits=None, period=Whole(30), steam=false),
        text_signature = "(secret, /, *, algorithm='sha1', digits=None, period=30, steam=False)"
    )]
    fn new(
        secret: &Bound<'_, PyAny>,
        algorithm: Hash,
        digits: Option<Whole<u8>>,
        period: Whole<u32>,
        steam: bool,
    ) -> Result<Self> {
        Self::with(strongroom::otp::Totp::new(&key(secret)?)?, algorithm, digits, period, steam)
    }

    /// Codes under a new random secret of 160 bits.
    #[staticmethod]
    #[pyo3(
        signature = (*, algorithm=Hash(Algorithm::Sha1), digits=None, period=Whole(30), steam=false),
        text_signature = "(*, algorithm='sha1', digits=None, period=30, steam=False)"
    )]
    fn generate(algorithm: Hash, digits: Option<Whole<u8>>, period: Whole<u32>, steam: bool) -> Result<Self> {
        Self::with(strongroom::otp::Totp::generate()?, algorithm, digits, period, steam)
    }

    /// Read an `otpauth://totp` URI.
    #[staticmethod]
    #[pyo3(signature = (uri, /))]
    fn from_uri(uri: &Bound<'_, PyAny>) -> Result<Self> {
        Ok(Self(strongroom::otp::Totp::from_uri(&uri_of(uri)?)?))
    }

    /// Write the `otpauth://` URI, secret and all, for a QR code.
    #[pyo3(signature = (account, issuer=None))]
    fn uri(&self, account: Text, issuer: Option<Text>) -> Result<Secret> {
        self::account(self.0.clone(), &account, issuer)
    }

    /// The same codes with another window of `verify`: steps before and after the present one.
    #[pyo3(signature = (back=Whole(1), ahead=Whole(0)), text_signature = "(self, back=1, ahead=0)")]
    fn with_window(&self, back: Whole<u32>, ahead: Whole<u32>) -> Result<Self> {
        Ok(Self(self.0.clone().with_window(back.0, ahead.0)?))
    }

    /// The same codes for a user whose clock is so many steps ahead, as `resync` has learnt it.
    fn with_drift(&self, steps: Whole<i64>) -> Result<Self> {
        // What is too much for this is too much for the core.
        Ok(Self(self.0.clone().with_drift(i32::try_from(steps.0).unwrap_or(i32::MAX))?))
    }

    /// Return the code of now.
    fn now(&self) -> Result<String> {
        self.code(time(None)?)
    }

    /// Return the code of a point in time.
    #[pyo3(signature = (at, /))]
    fn at(&self, at: &Bound<'_, PyAny>) -> Result<String> {
        self.code(time(Some(at))?)
    }

    /// Return the step that a point in time is in.
    #[pyo3(signature = (*, at=None))]
    fn step(&self, at: Option<&Bound<'_, PyAny>>) -> Result<u64> {
        Ok(self.0.step(time(at)?)?)
    }

    /// Return for how many seconds more the code is the same.
    #[pyo3(signature = (*, at=None))]
    fn seconds_remaining(&self, at: Option<&Bound<'_, PyAny>>) -> Result<u32> {
        Ok(self.0.seconds_remaining(time(at)?)?)
    }

    /// Return the step that the code belongs to, or `None`.
    #[pyo3(signature = (code, /, *, at=None, after_step=None))]
    fn verify(
        &self,
        code: &Bound<'_, PyAny>,
        at: Option<&Bound<'_, PyAny>>,
        after_step: Option<Whole<u64>>,
    ) -> Result<Option<u64>> {
        Ok(self.0.verify(&typed(code)?, time(at)?, after_step.map(|step| step.0))?)
    }

    /// Learn from two codes that follow each other by how many steps the user's clock is off: (drift, step), or `None`.
    #[pyo3(
        signature = (first, second, /, *, at=None, steps=Whole(10), after_step=None),
        text_signature = "(self, first, second, /, *, at=None, steps=10, after_step=None)"
    )]
    fn resync(
        &self,
        first: &Bound<'_, PyAny>,
        second: &Bound<'_, PyAny>,
        at: Option<&Bound<'_, PyAny>>,
        steps: Whole<u32>,
        after_step: Option<Whole<u64>>,
    ) -> Result<Option<(i32, u64)>> {
        let after_step = after_step.map(|step| step.0);
        let learnt = self.0.resync(&typed(first)?, &typed(second)?, time(at)?, steps.0, after_step)?;
        Ok(learnt.map(|learnt| (learnt.drift, learnt.step)))
    }

    /// The secret in base32.
    #[getter]
    fn secret(&self) -> Secret {
        Secret::of(encode_base32(&self.0.reveal_secret()).into())
    }

    /// `sha1`, `sha256` or `sha512`.
    #[getter]
    fn algorithm(&self) -> &'static str {
        algorithm_name(self.0.algorithm())
    }

    /// The number of characters of a code.
    #[getter]
    fn digits(&self) -> u8 {
        self.0.digits()
    }

    /// The seconds from one code to the next.
    #[getter]
    fn period(&self) -> u32 {
        self.0.period()
    }

    /// Whether the codes are Steam's.
    #[getter]
    fn is_steam(&self) -> bool {
        self.0.is_steam()
    }

    /// Whether the secret has less than 128 bits.
    #[getter]
    fn is_short(&self) -> bool {
        self.0.is_short()
    }

    fn __repr__(&self) -> String {
        format!("Totp({}, {} digits, {} seconds)", self.algorithm(), self.0.digits(), self.0.period())
    }
}

impl Totp {
    fn code(&self, unix_seconds: i64) -> Result<String> {
        Ok(self.0.code(unix_seconds)?.reveal_str()?.to_owned())
    }
}

/// An `otpauth` URI as str or `Secret`.
pub(crate) fn uri_of(uri: &Bound<'_, PyAny>) -> Result<Zeroizing<String>> {
    match uri.is_instance_of::<PyString>() || uri.is_instance_of::<Secret>() {
        true => text_of(uri),
        false => wrong_type("a URI as str or Secret", uri),
    }
}

/// Counter-based one-time codes (RFC 4226) of one secret.
#[pyclass(frozen, module = "strongroom")]
pub(crate) struct Hotp(strongroom::otp::Hotp);

impl Hotp {
    pub(crate) const fn of(hotp: strongroom::otp::Hotp) -> Self {
        Self(hotp)
    }

    pub(crate) const fn core(&self) -> &strongroom::otp::Hotp {
        &self.0
    }
}

#[pymethods]
impl Hotp {
    #[new]
    #[pyo3(
        signature = (secret, /, *, algorithm=Hash(Algorithm::Sha1), digits=Whole(6)),
        text_signature = "(secret, /, *, algorithm='sha1', digits=6)"
    )]
    fn new(secret: &Bound<'_, PyAny>, algorithm: Hash, digits: Whole<u8>) -> Result<Self> {
        let hotp = strongroom::otp::Hotp::new(&key(secret)?)?;
        Ok(Self(hotp.with_algorithm(algorithm.0).with_digits(digits.0)?))
    }

    /// Codes under a new random secret of 160 bits.
    #[staticmethod]
    #[pyo3(
        signature = (*, algorithm=Hash(Algorithm::Sha1), digits=Whole(6)),
        text_signature = "(*, algorithm='sha1', digits=6)"
    )]
    fn generate(algorithm: Hash, digits: Whole<u8>) -> Result<Self> {
        let hotp = strongroom::otp::Hotp::generate()?;
        Ok(Self(hotp.with_algorithm(algorithm.0).with_digits(digits.0)?))
    }

    /// Write the `otpauth://` URI, secret and all, for a QR code.
    #[pyo3(signature = (account, issuer=None, counter=Whole(0)), text_signature = "(self, account, issuer=None, counter=0)")]
    fn uri(&self, account: Text, issuer: Option<Text>, counter: Whole<u64>) -> Result<Secret> {
        self::account(Codes::Hotp { hotp: self.0.clone(), counter: counter.0 }, &account, issuer)
    }

    /// Return the code of a counter.
    #[pyo3(signature = (counter, /))]
    fn at(&self, counter: Whole<u64>) -> Result<String> {
        Ok(self.0.code(counter.0).reveal_str()?.to_owned())
    }

    /// Return the counter to store if the code is of `counter` or of the next `look_ahead`, else `None`.
    #[pyo3(
        signature = (code, counter, /, *, look_ahead=Whole(0)),
        text_signature = "(self, code, counter, /, *, look_ahead=0)"
    )]
    fn verify(&self, code: &Bound<'_, PyAny>, counter: Whole<u64>, look_ahead: Whole<u32>) -> Result<Option<u64>> {
        Ok(self.0.verify(&typed(code)?, counter.0, look_ahead.0)?)
    }

    /// Return the counter to store if two codes that follow each other are among the next ones, else `None`.
    #[pyo3(
        signature = (first, second, counter, /, *, look_ahead=Whole(100)),
        text_signature = "(self, first, second, counter, /, *, look_ahead=100)"
    )]
    fn resync(
        &self,
        first: &Bound<'_, PyAny>,
        second: &Bound<'_, PyAny>,
        counter: Whole<u64>,
        look_ahead: Whole<u32>,
    ) -> Result<Option<u64>> {
        Ok(self.0.resync(&typed(first)?, &typed(second)?, counter.0, look_ahead.0)?)
    }

    /// The secret in base32.
    #[getter]
    fn secret(&self) -> Secret {
        Secret::of(encode_base32(&self.0.reveal_secret()).into())
    }

    /// `sha1`, `sha256` or `sha512`.
    #[getter]
    fn algorithm(&self) -> &'static str {
        algorithm_name(self.0.algorithm())
    }

    /// The number of digits of a code.
    #[getter]
    fn digits(&self) -> u8 {
        self.0.digits()
    }

    /// Whether the secret has less than 128 bits.
    #[getter]
    fn is_short(&self) -> bool {
        self.0.is_short()
    }

    fn __repr__(&self) -> String {
        format!("Hotp({}, {} digits)", self.algorithm(), self.0.digits())
    }
}

/// The time-based codes of an entry. The seed stays sealed until a code is made, and is never handed out.
#[pyclass(frozen, module = "strongroom")]
pub(crate) struct SealedTotp {
    entry: Arc<Snapshot>,
    totp: Sealed,
}

impl SealedTotp {
    pub(crate) fn of(entry: &Arc<Snapshot>, field: &str) -> Result<Self> {
        Ok(Self { entry: Arc::clone(entry), totp: entry.sealed()?.totp(field)? })
    }

    /// Not in a forked child.
    fn totp(&self) -> Result<&Sealed> {
        self.entry.sealed()?;
        Ok(&self.totp)
    }

    fn code(&self, unix_seconds: i64) -> Result<String> {
        Ok(self.totp()?.code(unix_seconds)?.reveal_str()?.to_owned())
    }
}

#[pymethods]
impl SealedTotp {
    /// Return the code of now, whether or not it was handed out before.
    fn now(&self) -> Result<String> {
        self.code(time(None)?)
    }

    /// Return the code of a point in time.
    #[pyo3(signature = (at, /))]
    fn at(&self, at: &Bound<'_, PyAny>) -> Result<String> {
        self.code(time(Some(at))?)
    }

    /// Return the step that a point in time is in.
    #[pyo3(signature = (*, at=None))]
    fn step(&self, at: Option<&Bound<'_, PyAny>>) -> Result<u64> {
        Ok(self.totp()?.step(time(at)?)?)
    }

    /// Return for how many seconds more the code is the same.
    #[pyo3(signature = (*, at=None))]
    fn seconds_remaining(&self, at: Option<&Bound<'_, PyAny>>) -> Result<u32> {
        Ok(self.totp()?.seconds_remaining(time(at)?)?)
    }

    /// The seconds from one code to the next.
    #[getter]
    fn period(&self) -> Result<u32> {
        Ok(self.totp()?.period()?)
    }

    /// Return a code that was not handed out before and its seconds, or `None` and the seconds to wait.
    #[pyo3(signature = (min_seconds=Whole(5), *, at=None), text_signature = "(self, min_seconds=5, *, at=None)")]
    fn fresh(&self, min_seconds: Whole<u32>, at: Option<&Bound<'_, PyAny>>) -> Result<(Option<String>, u32)> {
        fresh(self.totp()?.fresh(time(at)?, min_seconds.0)?)
    }

    /// Wait for such a code, and return it.
    #[pyo3(signature = (min_seconds=Whole(5)), text_signature = "(self, min_seconds=5)")]
    fn wait_fresh(&self, py: Python<'_>, min_seconds: Whole<u32>) -> Result<String> {
        loop {
            match fresh(self.totp()?.fresh(time(None)?, min_seconds.0)?)? {
                (Some(code), _) => return Ok(code),
                // Python's own sleep, which Ctrl-C ends, and which lets other threads work.
                (None, seconds) => drop(py.import("time")?.call_method1("sleep", (until_second(seconds),))?),
            }
        }
    }

    fn __repr__(&self) -> String {
        "SealedTotp(***)".to_owned()
    }
}

/// From now until the beginning of the second that is `seconds` after the present one.
fn until_second(seconds: u32) -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (f64::from(seconds) - f64::from(since.subsec_nanos()) / 1e9).max(0.001)
}
