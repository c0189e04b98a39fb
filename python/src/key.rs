//! `Key`: guarded as `Secret` is, and kept in files.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::arguments::{bytes_of, wrong_type};
use crate::error::{Result, invalid};
use crate::secret::{is_equal, not_pickled, not_text};

/// A key that opens one slot of a vault.
#[pyclass(frozen, module = "strongroom")]
pub(crate) struct Key(strongroom::Key);

impl Key {
    pub(crate) const fn of(key: strongroom::Key) -> Self {
        Self(key)
    }

    pub(crate) const fn core(&self) -> &strongroom::Key {
        &self.0
    }
}

/// Ids as people see them.
pub(crate) fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[pymethods]
impl Key {
    /// Read a key from its text.
    #[staticmethod]
    #[pyo3(signature = (text, /))]
    fn parse(text: &Bound<'_, PyAny>) -> Result<Self> {
        let Some(bytes) = bytes_of(text)? else { return wrong_type("a key as str, bytes or Secret", text) };
        match core::str::from_utf8(&bytes) {
            Ok(text) => Ok(Self(strongroom::Key::parse(text)?)),
            Err(_) => invalid("expected a key, one line of ASCII text"),
        }
    }

    /// Read a key file, which nobody but its user may have access to.
    #[staticmethod]
    #[pyo3(signature = (path, /))]
    fn read(py: Python<'_>, path: PathBuf) -> Result<Self> {
        Ok(Self(py.detach(|| strongroom::Key::read(path))?))
    }

    /// Write a new key file of mode 0600.
    #[pyo3(signature = (path, /))]
    fn write(&self, py: Python<'_>, path: PathBuf) -> Result<()> {
        Ok(py.detach(|| self.0.write(path))?)
    }

    /// Return the line of text, for a secret store.
    fn reveal<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        PyString::new(py, &self.0.to_text())
    }

    /// The id of the slot that this key opens, 16 hex digits.
    #[getter]
    fn slot_id(&self) -> String {
        hex(&self.0.slot_id())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> Result<bool> {
        match other.cast::<Self>() {
            Ok(key) => Ok(self.0 == key.get().0),
            Err(_) => is_equal(self.0.to_text().as_bytes(), other),
        }
    }

    fn __repr__(&self) -> String {
        format!("Key(slot {}, ***)", self.slot_id())
    }

    fn __str__(&self) -> PyResult<String> {
        Err(not_text("Key"))
    }

    #[pyo3(signature = (spec, /))]
    fn __format__(&self, spec: &str) -> PyResult<String> {
        let _ = spec;
        Err(not_text("Key"))
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
        Err(not_pickled("Key"))
    }
}

/// Make a new random key, for a slot that does not exist yet.
#[pyfunction]
pub(crate) fn generate_key() -> Result<Key> {
    Ok(Key(strongroom::Key::generate()?))
}
