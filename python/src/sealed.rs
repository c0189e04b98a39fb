//! `seal` and `unseal`: any bytes under a key.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::arguments::{Lent, apart, lent};
use crate::error::Result;
use crate::key::Key;

fn data_of<'a>(value: &'a Bound<'_, PyAny>, associated: Option<&'a Bound<'_, PyAny>>) -> Result<(Lent<'a>, Lent<'a>)> {
    let associated = associated.map_or_else(|| Ok(Lent::default()), |value| lent("associated data", value))?;
    Ok((lent("data", value)?, associated))
}

/// Seal any bytes under a key: nonce, ciphertext and tag of XAES-256-GCM.
#[pyfunction]
#[pyo3(
    signature = (key, data, /, *, associated_data=None),
    text_signature = "(key, data, /, *, associated_data=b'')"
)]
pub(crate) fn seal<'py>(
    py: Python<'py>,
    key: &Key,
    data: &Bound<'_, PyAny>,
    associated_data: Option<&Bound<'_, PyAny>>,
) -> Result<Bound<'py, PyBytes>> {
    let (data, associated) = data_of(data, associated_data)?;
    let sealed = apart(py, data.len() + associated.len(), || strongroom::seal(key.core(), &data, &associated))?;
    Ok(PyBytes::new(py, &sealed))
}

/// Open what `seal` sealed.
#[pyfunction]
#[pyo3(
    signature = (key, sealed, /, *, associated_data=None),
    text_signature = "(key, sealed, /, *, associated_data=b'')"
)]
pub(crate) fn unseal<'py>(
    py: Python<'py>,
    key: &Key,
    sealed: &Bound<'_, PyAny>,
    associated_data: Option<&Bound<'_, PyAny>>,
) -> Result<Bound<'py, PyBytes>> {
    let (sealed, associated) = data_of(sealed, associated_data)?;
    let data = apart(py, sealed.len() + associated.len(), || strongroom::unseal(key.core(), &sealed, &associated))?;
    Ok(PyBytes::new(py, data.reveal()))
}
