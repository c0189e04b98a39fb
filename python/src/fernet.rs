//! `Fernet`, under the interface of `strongroom.compat.fernet`.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::arguments::{Lent, Whole, apart, bytes_of, lent, wrong_type};
use crate::error::{Result, invalid};

/// A token as str or bytes. What has no UTF-8 form is none, and so empty.
fn token_of<'a>(token: &'a Bound<'_, PyAny>) -> Result<Lent<'a>> {
    match token.cast::<PyString>() {
        Ok(text) => Ok(Lent::Python(text.to_str().unwrap_or_default().as_bytes())),
        Err(_) => lent("a token", token),
    }
}

/// Makes and reads Fernet tokens, under one key or several.
#[pyclass(frozen, module = "strongroom")]
pub(crate) struct Fernet(strongroom::Fernet);

#[pymethods]
impl Fernet {
    #[new]
    #[pyo3(signature = (key, /))]
    fn new(key: &Bound<'_, PyAny>) -> Result<Self> {
        let Some(bytes) = bytes_of(key)? else { return wrong_type("a key as str, bytes or Secret", key) };
        match core::str::from_utf8(&bytes) {
            Ok(text) => Ok(Self(strongroom::Fernet::new(text)?)),
            Err(_) => invalid("expected a Fernet key, 44 characters of ASCII text"),
        }
    }

    /// Make a new random key.
    #[staticmethod]
    fn generate_key(py: Python<'_>) -> Result<Bound<'_, PyBytes>> {
        Ok(PyBytes::new(py, strongroom::Fernet::generate_key()?.reveal()))
    }

    /// With the keys of another one, to read what was made under them.
    #[pyo3(signature = (older, /))]
    fn with_older(&self, older: &Self) -> Self {
        Self(self.0.clone().with_older(&older.0))
    }

    /// Encrypt, as of a time.
    #[pyo3(signature = (data, unix_seconds, /))]
    fn encrypt<'py>(
        &self,
        py: Python<'py>,
        data: &Bound<'_, PyAny>,
        unix_seconds: Whole<u64>,
    ) -> Result<Bound<'py, PyBytes>> {
        let data = lent("data", data)?;
        let token = apart(py, data.len(), || self.0.encrypt(&data, unix_seconds.0))?;
        Ok(PyBytes::new(py, token.as_bytes()))
    }

    /// Decrypt, however old the token is.
    #[pyo3(signature = (token, /))]
    fn decrypt<'py>(&self, py: Python<'py>, token: &Bound<'_, PyAny>) -> Result<Bound<'py, PyBytes>> {
        let token = token_of(token)?;
        let data = apart(py, token.len(), || self.0.decrypt(&*token))?;
        Ok(PyBytes::new(py, data.reveal()))
    }

    /// Decrypt, unless the token is too old or from the future.
    #[pyo3(signature = (token, ttl_seconds, unix_seconds, /))]
    fn decrypt_within<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'_, PyAny>,
        ttl_seconds: Whole<u64>,
        unix_seconds: Whole<u64>,
    ) -> Result<Bound<'py, PyBytes>> {
        let token = token_of(token)?;
        let data = apart(py, token.len(), || self.0.decrypt_within(&*token, ttl_seconds.0, unix_seconds.0))?;
        Ok(PyBytes::new(py, data.reveal()))
    }

    /// When an authentic token was made.
    #[pyo3(signature = (token, /))]
    fn timestamp(&self, py: Python<'_>, token: &Bound<'_, PyAny>) -> Result<u64> {
        let token = token_of(token)?;
        Ok(apart(py, token.len(), || self.0.timestamp(&*token))?)
    }

    /// Encrypt under the first key what was encrypted under any.
    #[pyo3(signature = (token, /))]
    fn rotate<'py>(&self, py: Python<'py>, token: &Bound<'_, PyAny>) -> Result<Bound<'py, PyBytes>> {
        let token = token_of(token)?;
        let rotated = apart(py, token.len(), || self.0.rotate(&*token))?;
        Ok(PyBytes::new(py, rotated.as_bytes()))
    }
}
