//! What Python callers pass, as what the core takes. Everything is copied out before the interpreter lock is let go.

use core::ops::Deref;

use pyo3::exceptions::PyTypeError;
use pyo3::marker::Ungil;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyInt, PyMapping, PyString};
use strongroom::vault::{Entry, Unlock, Value};
use zeroize::Zeroizing;

use crate::error::{Fault, Result, invalid};
use crate::key::Key;
use crate::secret::Secret;

/// Text as UTF-8; lone surrogates, which have none, are the caller's mistake and not an encoding error.
pub(crate) fn utf8<'a>(text: &'a Bound<'_, PyString>) -> Result<&'a str> {
    text.to_str().or_else(|_| invalid("expected text without lone surrogates, which have no UTF-8 form"))
}

fn type_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "?".to_owned(), |name| name.to_string())
}

pub(crate) fn wrong_type<T>(expected: &str, value: &Bound<'_, PyAny>) -> Result<T> {
    Err(PyTypeError::new_err(format!("expected {expected}, got {}", type_name(value))).into())
}

/// The bytes of `str`, `bytes`, `bytearray` or `Secret`, in memory that is wiped; `None` for anything else.
pub(crate) fn bytes_of(value: &Bound<'_, PyAny>) -> Result<Option<Zeroizing<Vec<u8>>>> {
    Ok(Some(Zeroizing::new(if let Ok(text) = value.cast::<PyString>() {
        utf8(text)?.as_bytes().to_vec()
    } else if let Ok(bytes) = value.cast::<PyBytes>() {
        bytes.as_bytes().to_vec()
    } else if let Ok(bytes) = value.cast::<PyByteArray>() {
        bytes.to_vec()
    } else if let Ok(secret) = value.cast::<Secret>() {
        secret.get().plaintext()?.reveal().to_vec()
    } else {
        return Ok(None);
    })))
}

/// Bytes to work on that may be many: lent by Python where nothing can change them, else a copy that is wiped.
pub(crate) enum Lent<'a> {
    Python(&'a [u8]),
    Copied(Zeroizing<Vec<u8>>),
}

impl Default for Lent<'_> {
    fn default() -> Self {
        Self::Python(&[])
    }
}

impl Deref for Lent<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Python(bytes) => bytes,
            Self::Copied(bytes) => bytes,
        }
    }
}

/// What [`bytes_of`] takes.
pub(crate) fn lent<'a>(what: &str, value: &'a Bound<'_, PyAny>) -> Result<Lent<'a>> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Lent::Python(bytes.as_bytes()));
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Lent::Python(utf8(text)?.as_bytes()));
    }
    match bytes_of(value)? {
        Some(bytes) => Ok(Lent::Copied(bytes)),
        None => wrong_type(&format!("{what} as str, bytes or Secret"), value),
    }
}

/// From how many bytes on work is done without the interpreter lock. To let it go and take it again costs more than the
/// work on less.
const MANY: usize = 64 * 1024;

/// Does work on so many bytes.
pub(crate) fn apart<T: Ungil>(py: Python<'_>, bytes: usize, work: impl Ungil + FnOnce() -> T) -> T {
    if bytes < MANY { work() } else { py.detach(work) }
}

/// A passphrase, or another text that may come as a `Secret`.
pub(crate) fn text_of(value: &Bound<'_, PyAny>) -> Result<Zeroizing<String>> {
    Ok(Zeroizing::new(if let Ok(text) = value.cast::<PyString>() {
        utf8(text)?.to_owned()
    } else if let Ok(secret) = value.cast::<Secret>() {
        secret.get().plaintext()?.reveal_str()?.to_owned()
    } else {
        return wrong_type("a passphrase as str or Secret", value);
    }))
}

/// A passphrase, a key, or both.
pub(crate) fn unlock(passphrase: Option<&Bound<'_, PyAny>>, key: Option<&Key>) -> Result<Unlock> {
    match (passphrase, key) {
        (Some(passphrase), Some(key)) => Ok(Unlock::passphrase_and_key(&text_of(passphrase)?, key.core().clone())),
        (Some(passphrase), None) => Ok(Unlock::passphrase(&text_of(passphrase)?)),
        (None, Some(key)) => Ok(Unlock::key(key.core().clone())),
        (None, None) => invalid("expected a passphrase, a key, or both"),
    }
}

/// A point in time: Unix seconds, or a `datetime` that knows its zone.
pub(crate) fn unix_seconds(value: &Bound<'_, PyAny>) -> Result<u64> {
    let expected = "expected a time from 1970 on: Unix seconds, or a datetime with a time zone";
    let number = if value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>() {
        value.clone()
    } else if value.hasattr("timestamp")? && value.hasattr("tzinfo")? {
        if value.getattr("tzinfo")?.is_none() {
            return invalid(expected);
        }
        value.call_method0("timestamp")?.call_method0("__floor__")?
    } else {
        return wrong_type("a time as int or datetime", value);
    };
    number.extract().or_else(|_| invalid(expected))
}

/// A whole number. One that Rust's type has no room for is a wrong number, not an overflow.
pub(crate) struct Whole<T>(pub(crate) T);

impl<'a, 'py, T> FromPyObject<'a, 'py> for Whole<T>
where
    T: for<'b> FromPyObject<'b, 'py>,
{
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let value = value.to_owned();
        if !value.is_instance_of::<PyInt>() || value.is_instance_of::<PyBool>() {
            return wrong_type("int", &value).map_err(Fault::into);
        }
        let fits = value.extract().map(Self);
        fits.or_else(|_| invalid("expected a number from 0, and not as large as this one").map_err(Fault::into))
    }
}

/// Text. What has no UTF-8 form is a wrong text, not an encoding error.
pub(crate) struct Text(pub(crate) String);

impl<'py> FromPyObject<'_, 'py> for Text {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let value = value.to_owned();
        let Ok(text) = value.cast::<PyString>() else { return wrong_type("str", &value).map_err(Fault::into) };
        Ok(Self(utf8(text).map_err(PyErr::from)?.to_owned()))
    }
}

/// Names, tags or labels. A single `str` would be taken apart into its letters, so it is refused.
pub(crate) fn texts(what: &str, values: &Bound<'_, PyAny>) -> Result<Vec<String>> {
    if values.is_instance_of::<PyString>() {
        return invalid(format!("expected {what} as a list of str, got one str"));
    }
    let mut texts = Vec::new();
    for value in values.try_iter()? {
        let value = value?;
        let Ok(text) = value.cast::<PyString>() else {
            return invalid(format!("expected {what} as a list of str, got {} in it", type_name(&value)));
        };
        texts.push(utf8(text)?.to_owned());
    }
    Ok(texts)
}

fn pairs<'py>(what: &str, mapping: &Bound<'py, PyAny>) -> Result<Vec<(String, Bound<'py, PyAny>)>> {
    let Ok(mapping) = mapping.cast::<PyMapping>() else {
        return wrong_type(&format!("{what} as a mapping of names to values"), mapping);
    };
    let mut pairs = Vec::new();
    for pair in mapping.items()? {
        let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract()?;
        let Ok(name) = name.cast::<PyString>() else {
            return invalid(format!("expected the names of {what} as str, got {}", type_name(&name)));
        };
        pairs.push((utf8(name)?.to_owned(), value));
    }
    Ok(pairs)
}

/// The arguments that `put`, `update` and `stage` have in common.
pub(crate) struct Given<'a, 'py> {
    pub(crate) fields: Option<&'a Bound<'py, PyAny>>,
    pub(crate) info: Option<&'a Bound<'py, PyAny>>,
    pub(crate) kind: Option<&'a Bound<'py, PyString>>,
    pub(crate) tags: Option<&'a Bound<'py, PyAny>>,
    pub(crate) note: Option<&'a Bound<'py, PyString>>,
    pub(crate) expires_at: Option<&'a Bound<'py, PyAny>>,
    pub(crate) rotate_after: Option<&'a Bound<'py, PyAny>>,
}

impl Given<'_, '_> {
    pub(crate) fn entry(self) -> Result<Entry> {
        let mut entry = Entry::new();
        for (name, value) in self.fields.map_or_else(|| Ok(Vec::new()), |fields| pairs("fields", fields))? {
            entry = entry.with(&name, field(&name, &value)?);
        }
        for (name, value) in self.info.map_or_else(|| Ok(Vec::new()), |info| pairs("info", info))? {
            let Ok(text) = value.cast::<PyString>() else {
                return invalid(format!("expected info {name} as str, got {}", type_name(&value)));
            };
            entry = entry.with_info(&name, utf8(text)?);
        }
        if let Some(kind) = self.kind {
            entry = entry.with_kind(utf8(kind)?);
        }
        if let Some(tags) = self.tags {
            entry = entry.with_tags(texts("tags", tags)?.iter().map(String::as_str));
        }
        if let Some(note) = self.note {
            entry = entry.with_note(utf8(note)?);
        }
        if let Some(at) = self.expires_at {
            entry = entry.with_expires_at(unix_seconds(at)?);
        }
        if let Some(at) = self.rotate_after {
            entry = entry.with_rotate_after(unix_seconds(at)?);
        }
        Ok(entry)
    }
}

fn field(name: &str, value: &Bound<'_, PyAny>) -> Result<Value> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(utf8(text)?.into());
    }
    if let Ok(secret) = value.cast::<Secret>() {
        return Ok(secret.get().value()?);
    }
    match bytes_of(value)? {
        Some(bytes) => Ok(bytes.as_slice().into()),
        None => invalid(format!("expected field {name} as str, bytes or Secret, got {}", type_name(value))),
    }
}
