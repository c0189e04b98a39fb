//! `Secret`: plaintext that is not shown by accident.

use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use strongroom::vault::Value;
use subtle::ConstantTimeEq;

use crate::arguments::{bytes_of, wrong_type};
use crate::entry::Snapshot;
use crate::error::Result;

enum Held {
    /// Given by the caller: in memory that is wiped when the object goes.
    Here(Value),
    /// A field of an entry: sealed until it is used, and gone when its vault is locked.
    Sealed { entry: Arc<Snapshot>, field: String },
}

/// Text or bytes that are not shown by accident; `.reveal()` hands them out.
#[pyclass(frozen, module = "strongroom")]
pub(crate) struct Secret(Held);

impl Secret {
    pub(crate) const fn of(value: Value) -> Self {
        Self(Held::Here(value))
    }

    pub(crate) const fn sealed(entry: Arc<Snapshot>, field: String) -> Self {
        Self(Held::Sealed { entry, field })
    }

    pub(crate) fn value(&self) -> strongroom::Result<Value> {
        match &self.0 {
            Held::Here(value) => Ok(value.clone()),
            Held::Sealed { entry, field } => entry.sealed()?.reveal(field),
        }
    }

    pub(crate) fn plaintext(&self) -> strongroom::Result<strongroom::Secret> {
        Ok(self.value()?.secret().clone())
    }
}

#[pymethods]
impl Secret {
    #[new]
    #[pyo3(signature = (value, /))]
    fn new(value: &Bound<'_, PyAny>) -> Result<Self> {
        if let Ok(secret) = value.cast::<Self>() {
            return Ok(Self::of(secret.get().value()?));
        }
        if let Ok(text) = value.cast() {
            return Ok(Self::of(crate::arguments::utf8(text)?.into()));
        }
        match bytes_of(value)? {
            Some(bytes) => Ok(Self::of(bytes.as_slice().into())),
            None => wrong_type("str, bytes or Secret", value),
        }
    }

    /// Return the plaintext.
    fn reveal<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyString>> {
        Ok(PyString::new(py, self.plaintext()?.reveal_str()?)) // made at once: nothing un-wiped lies between
    }

    /// Return the plaintext as bytes; text as UTF-8.
    fn reveal_bytes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.plaintext()?.reveal()))
    }

    fn __bool__(&self) -> Result<bool> {
        Ok(!self.plaintext()?.is_empty())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> Result<bool> {
        is_equal(self.plaintext()?.reveal(), other)
    }

    fn __repr__(&self) -> &'static str {
        "Secret(***)"
    }

    fn __str__(&self) -> PyResult<String> {
        Err(not_text("Secret"))
    }

    #[pyo3(signature = (spec, /))]
    fn __format__(&self, spec: &str) -> PyResult<String> {
        let _ = spec;
        Err(not_text("Secret"))
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (memo, /))]
    fn __deepcopy__(slf: Py<Self>, memo: &Bound<'_, PyAny>) -> Py<Self> {
        let _ = memo;
        slf
    }

    fn __reduce__(&self) -> PyResult<Py<PyAny>> {
        Err(not_pickled("Secret"))
    }
}

/// A `***` in a request or a log line would be sent or kept, and nobody would know why it is refused.
pub(crate) fn not_text(class: &str) -> PyErr {
    PyTypeError::new_err(format!("a {class} is not shown as text; call .reveal() where its plaintext is wanted"))
}

pub(crate) fn not_pickled(class: &str) -> PyErr {
    PyTypeError::new_err(format!("a {class} cannot be pickled, which would write it out in plaintext"))
}

/// `==` in constant time against whatever [`bytes_of`] takes. Text without a UTF-8 form equals nothing.
pub(crate) fn is_equal(ours: &[u8], theirs: &Bound<'_, PyAny>) -> Result<bool> {
    match bytes_of(theirs) {
        Ok(theirs) => Ok(theirs.is_some_and(|theirs| ours.ct_eq(&theirs).into())),
        Err(_) if theirs.is_instance_of::<PyString>() => Ok(false),
        Err(error) => Err(error),
    }
}
