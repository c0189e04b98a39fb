//! `Entry`: a snapshot of one version of an entry.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyMappingProxy, PyString, PyTuple};
use strongroom::vault::{Hash, SealedEntry};

use crate::arguments::{bytes_of, utf8, wrong_type};
use crate::error::{Result, invalid};
use crate::fork::Generation;
use crate::otp::SealedTotp;
use crate::secret::Secret;
use crate::signing::Signer;

/// What an entry and its secrets share. It holds no key: the vault does, and takes it away by locking.
pub(crate) struct Snapshot {
    entry: SealedEntry,
    opened_in: Generation,
}

impl Snapshot {
    /// The entry, for the use of its secrets.
    pub(crate) fn sealed(&self) -> strongroom::Result<&SealedEntry> {
        self.opened_in.check()?;
        Ok(&self.entry)
    }
}

/// A snapshot of one version of an entry. Its secret fields stay sealed until they are used.
#[pyclass(frozen, mapping, module = "strongroom")]
pub(crate) struct Entry(Arc<Snapshot>);

impl Entry {
    pub(crate) fn of(entry: SealedEntry, opened_in: Generation) -> Self {
        Self(Arc::new(Snapshot { entry, opened_in }))
    }

    fn entry(&self) -> &SealedEntry {
        &self.0.entry
    }

    /// The names of info and of secret fields, which are never the same, sorted.
    fn names(&self) -> Result<Vec<String>> {
        let mut names = self.0.sealed()?.field_names()?;
        names.extend(self.entry().info().keys().cloned());
        names.sort();
        Ok(names)
    }

    pub(crate) fn variables(&self) -> Result<Vec<(String, String)>> {
        Ok(strongroom::env_file::variables_of(self.entry().info(), &self.0.sealed()?.field_names()?))
    }
}

#[pymethods]
impl Entry {
    fn __getitem__(&self, py: Python<'_>, field: &Bound<'_, PyString>) -> Result<Py<PyAny>> {
        let field = utf8(field)?;
        if let Some(text) = self.entry().info().get(field) {
            return Ok(PyString::new(py, text).into_any().unbind());
        }
        self.0.sealed()?.reveal(field)?; // only to see that it is there and in order
        Ok(Bound::new(py, Secret::sealed(Arc::clone(&self.0), field.to_owned()))?.into_any().unbind())
    }

    fn __contains__(&self, field: &Bound<'_, PyAny>) -> Result<bool> {
        let Ok(field) = field.cast::<PyString>() else { return Ok(false) };
        let Ok(field) = field.to_str() else { return Ok(false) };
        Ok(self.names()?.iter().any(|name| name == field))
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        Ok(PyList::new(py, self.names()?)?.try_iter()?.into_any())
    }

    fn __len__(&self) -> Result<usize> {
        Ok(self.names()?.len())
    }

    /// Return the names of info and secret fields, sorted.
    fn keys(&self) -> Result<Vec<String>> {
        self.names()
    }

    fn __repr__(&self) -> String {
        let entry = self.entry();
        format!("Entry('{}', version {}, {})", entry.name(), entry.version(), entry.state().as_str())
    }

    /// The full name.
    #[getter]
    fn name(&self) -> &str {
        self.entry().name()
    }

    /// What is sealed but not secret.
    #[getter]
    fn info<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyMappingProxy>> {
        let dict = PyDict::new(py);
        for (name, text) in self.entry().info() {
            dict.set_item(name, text)?;
        }
        Ok(PyMappingProxy::new(py, dict.as_mapping()))
    }

    /// The secret fields, sorted by name.
    #[getter]
    fn fields<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyMappingProxy>> {
        let dict = PyDict::new(py);
        for name in self.0.sealed()?.field_names()? {
            dict.set_item(&name, Bound::new(py, Secret::sealed(Arc::clone(&self.0), name.clone()))?)?;
        }
        Ok(PyMappingProxy::new(py, dict.as_mapping()))
    }

    /// From 1; one more at each put, update and stage of this name.
    #[getter]
    fn version(&self) -> u64 {
        self.entry().version()
    }

    /// `current`, `pending` or `previous`.
    #[getter]
    fn state(&self) -> &'static str {
        self.entry().state().as_str()
    }

    /// The writer's own word for what kind of entry this is.
    #[getter]
    fn kind(&self) -> &str {
        self.entry().kind()
    }

    /// The tags, sorted.
    #[getter]
    fn tags<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyTuple>> {
        Ok(PyTuple::new(py, self.entry().tags())?)
    }

    /// The note.
    #[getter]
    fn note(&self) -> Option<&str> {
        self.entry().note()
    }

    /// When it was first put, in Unix seconds.
    #[getter]
    fn created(&self) -> u64 {
        self.entry().created()
    }

    /// When it was last changed, in Unix seconds.
    #[getter]
    fn updated(&self) -> u64 {
        self.entry().updated()
    }

    /// When the credential stops working, in Unix seconds.
    #[getter]
    fn expires_at(&self) -> Option<u64> {
        self.entry().expires_at()
    }

    /// When the credential is due for rotation, in Unix seconds.
    #[getter]
    fn rotate_after(&self) -> Option<u64> {
        self.entry().rotate_after()
    }

    /// The one-time codes of the field `totp`.
    #[getter]
    fn totp(&self) -> Result<SealedTotp> {
        SealedTotp::of(&self.0, "totp")
    }

    /// Return the one-time codes of another field.
    #[pyo3(signature = (field, /))]
    fn totp_of(&self, field: &Bound<'_, PyString>) -> Result<SealedTotp> {
        SealedTotp::of(&self.0, utf8(field)?)
    }

    /// Return the HMAC (RFC 2104) of `message` under a secret field, which stays inside Rust.
    #[pyo3(signature = (field, message, algorithm="sha256"))]
    fn hmac<'py>(
        &self,
        py: Python<'py>,
        field: &Bound<'_, PyString>,
        message: &Bound<'_, PyAny>,
        algorithm: &str,
    ) -> Result<Bound<'py, PyBytes>> {
        let hash = match algorithm {
            "sha256" => Hash::Sha256,
            "sha384" => Hash::Sha384,
            "sha512" => Hash::Sha512,
            _ => return invalid("expected the algorithm sha256, sha384 or sha512"),
        };
        let Some(message) = bytes_of(message)? else { return wrong_type("the message as str or bytes", message) };
        Ok(PyBytes::new(py, &self.0.sealed()?.hmac(utf8(field)?, hash, &message)?))
    }

    /// Return what signs requests to an exchange with this entry's key.
    #[pyo3(signature = (exchange, /, *, state=None))]
    fn signer(&self, exchange: &Bound<'_, PyAny>, state: Option<&Bound<'_, PyAny>>) -> Result<Signer> {
        Signer::of(&self.0, exchange, state)
    }
}
