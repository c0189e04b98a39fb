//! What stands around one-time codes: accounts as authenticators keep them, their exports and QR codes, and the codes for
//! users without an authenticator.

use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use strongroom::otp::qr::{self, Background};
use strongroom::otp::{Codes, Delivered, RecoveryCode};

use crate::arguments::{Text, Whole, bytes_of, texts, wrong_type};
use crate::error::{Result, invalid};
use crate::otp::{Hotp, Totp, time, typed, uri_of};
use crate::secret::Secret;

/// An account as an authenticator keeps it.
#[pyclass(frozen, module = "strongroom.otp")]
pub(crate) struct Account(strongroom::otp::Account);

#[pymethods]
impl Account {
    #[new]
    #[pyo3(
        signature = (codes, name, issuer=None, *, counter=Whole(0)),
        text_signature = "(codes, name, issuer=None, *, counter=0)"
    )]
    fn new(codes: &Bound<'_, PyAny>, name: Text, issuer: Option<Text>, counter: Whole<u64>) -> Result<Self> {
        let codes = if let Ok(totp) = codes.cast::<Totp>() {
            Codes::Totp(totp.get().core().clone())
        } else if let Ok(hotp) = codes.cast::<Hotp>() {
            Codes::Hotp { hotp: hotp.get().core().clone(), counter: counter.0 }
        } else {
            return wrong_type("Totp or Hotp", codes);
        };
        let mut account = strongroom::otp::Account::new(codes, &name.0)?;
        if let Some(issuer) = issuer {
            account = account.with_issuer(&issuer.0)?;
        }
        Ok(Self(account))
    }

    /// Read an `otpauth://` URI.
    #[staticmethod]
    #[pyo3(signature = (uri, /))]
    fn from_uri(uri: &Bound<'_, PyAny>) -> Result<Self> {
        Ok(Self(strongroom::otp::Account::from_uri(&uri_of(uri)?)?))
    }

    /// Write the `otpauth://` URI, secret and all.
    fn to_uri(&self) -> Result<Secret> {
        Ok(Secret::of(self.0.to_uri()?.into()))
    }

    /// Who the account is with.
    #[getter]
    fn issuer(&self) -> Option<&str> {
        self.0.issuer()
    }

    /// The user's name there; may be empty.
    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    /// Its codes, if they are made from the time.
    #[getter]
    fn totp(&self) -> Option<Totp> {
        match self.0.codes() {
            Codes::Totp(totp) => Some(Totp::of(totp.clone())),
            Codes::Hotp { .. } => None,
        }
    }

    /// Its codes, if they are made from a counter.
    #[getter]
    fn hotp(&self) -> Option<Hotp> {
        match self.0.codes() {
            Codes::Hotp { hotp, .. } => Some(Hotp::of(hotp.clone())),
            Codes::Totp(_) => None,
        }
    }

    /// The counter of the next code, if they are made from one.
    #[getter]
    fn counter(&self) -> Option<u64> {
        match self.0.codes() {
            Codes::Hotp { counter, .. } => Some(*counter),
            Codes::Totp(_) => None,
        }
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    fn __repr__(&self) -> String {
        let kind = if matches!(self.0.codes(), Codes::Totp(_)) { "totp" } else { "hotp" };
        format!("Account({kind}, {:?}, {:?})", self.0.name(), self.0.issuer().unwrap_or_default())
    }
}

/// Read Google Authenticator's export: (accounts, numbers of the QR codes that are missing).
#[pyfunction]
#[pyo3(signature = (uris, /))]
pub(crate) fn read_migration<'py>(
    py: Python<'py>,
    uris: &Bound<'py, PyAny>,
) -> Result<(Bound<'py, PyTuple>, Bound<'py, PyTuple>)> {
    if uris.is_instance_of::<PyString>() || uris.is_instance_of::<Secret>() {
        return invalid("expected the URIs of an export as a list, got one");
    }
    let mut read = Vec::new();
    for uri in uris.try_iter()? {
        read.push(uri_of(&uri?)?);
    }
    let uris: Vec<_> = read.iter().map(|uri| uri.as_str()).collect();
    let migration = strongroom::otp::read_migration(&uris)?;
    let accounts = migration.accounts.into_iter().map(|account| Bound::new(py, Account(account)));
    Ok((PyTuple::new(py, accounts.collect::<PyResult<Vec<_>>>()?)?, PyTuple::new(py, migration.missing)?))
}

/// Write accounts as Google Authenticator exports them: one URI for each QR code.
#[pyfunction]
#[pyo3(signature = (accounts, /))]
pub(crate) fn write_migration(accounts: &Bound<'_, PyAny>) -> Result<Vec<Secret>> {
    let mut given = Vec::new();
    for account in accounts.try_iter()? {
        let account = account?;
        let Ok(account) = account.cast::<Account>() else { return wrong_type("accounts as Account", &account) };
        given.push(account.get().0.clone());
    }
    Ok(strongroom::otp::write_migration(&given)?.into_iter().map(|uri| Secret::of(uri.into())).collect())
}

/// Draw a QR code of a text as an SVG picture.
#[pyfunction]
#[pyo3(signature = (text, /))]
pub(crate) fn qr_svg(text: &Bound<'_, PyAny>) -> Result<Secret> {
    Ok(Secret::of(qr::svg(&uri_of(text)?)?.into()))
}

/// Draw a QR code of a text as lines for a terminal.
#[pyfunction]
#[pyo3(
    signature = (text, /, *, background=Text("dark".to_owned())),
    text_signature = "(text, /, *, background='dark')"
)]
pub(crate) fn qr_terminal(text: &Bound<'_, PyAny>, background: Text) -> Result<Secret> {
    let background = match background.0.as_str() {
        "dark" => Background::Dark,
        "light" => Background::Light,
        _ => return invalid("expected the background dark or light"),
    };
    Ok(Secret::of(qr::terminal(&uri_of(text)?, background)?.into()))
}

/// Make recovery codes: pairs of a code to show once, and its hash to store.
#[pyfunction]
#[pyo3(signature = (count=Whole(10)), text_signature = "(count=10)")]
pub(crate) fn generate_recovery_codes(count: Whole<usize>) -> Result<Vec<(Secret, String)>> {
    let codes = RecoveryCode::generate(count.0)?;
    Ok(codes.into_iter().map(|code| (Secret::of(code.code.into()), code.stored)).collect())
}

/// Return the place of the stored hash that this code is of, or `None`.
#[pyfunction]
#[pyo3(signature = (code, stored, /))]
pub(crate) fn verify_recovery_code(code: &Bound<'_, PyAny>, stored: &Bound<'_, PyAny>) -> Result<Option<usize>> {
    Ok(RecoveryCode::verify(&typed(code)?, &texts("the stored hashes", stored)?)?)
}

/// Issues and verifies codes that are sent to a user by SMS or e-mail.
#[pyclass(frozen, module = "strongroom.otp")]
pub(crate) struct DeliveredCodes(strongroom::otp::DeliveredCodes);

#[pymethods]
impl DeliveredCodes {
    #[new]
    #[pyo3(
        signature = (key, /, *, digits=Whole(6), lifetime_seconds=Whole(600), attempts=Whole(5)),
        text_signature = "(key, /, *, digits=6, lifetime_seconds=600, attempts=5)"
    )]
    fn new(
        key: &Bound<'_, PyAny>,
        digits: Whole<u8>,
        lifetime_seconds: Whole<u32>,
        attempts: Whole<u32>,
    ) -> Result<Self> {
        let Some(key) = bytes_of(key)? else { return wrong_type("a key as bytes, str or Secret", key) };
        let codes = strongroom::otp::DeliveredCodes::new(&key.as_slice().into())?;
        Ok(Self(codes.with_digits(digits.0)?.with_lifetime(lifetime_seconds.0)?.with_attempts(attempts.0)?))
    }

    /// Make a code for an account: (the code to send, the record to store).
    #[pyo3(signature = (account, /, *, at=None))]
    fn issue(&self, account: Text, at: Option<&Bound<'_, PyAny>>) -> Result<(Secret, String)> {
        let (code, record) = self.0.issue(&account.0, time(at)?)?;
        Ok((Secret::of(code.into()), record))
    }

    /// Verify a code against the record of the account: (outcome, the record to store in its place or `None`).
    #[pyo3(signature = (record, account, code, /, *, at=None))]
    fn verify(
        &self,
        record: Text,
        account: Text,
        code: &Bound<'_, PyAny>,
        at: Option<&Bound<'_, PyAny>>,
    ) -> Result<(&'static str, Option<String>)> {
        Ok(match self.0.verify(&record.0, &account.0, &typed(code)?, time(at)?)? {
            Delivered::Accepted => ("accepted", None),
            Delivered::Wrong { record, .. } => ("wrong", Some(record)),
            Delivered::Expired => ("expired", None),
            Delivered::Exhausted => ("exhausted", None),
        })
    }

    fn __repr__(&self) -> &'static str {
        "DeliveredCodes(***)"
    }
}
