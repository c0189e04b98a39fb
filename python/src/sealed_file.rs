//! A vault's file as sealed bytes, for `strongroom dashboard`, which has no key.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use strongroom::vault::VaultFile;

use crate::error::{Result, invalid};

/// Return the sealed bytes of a vault's file, and their SHA-256.
#[pyfunction]
#[pyo3(signature = (path, /))]
pub(crate) fn read_sealed(py: Python<'_>, path: PathBuf) -> Result<(Bound<'_, PyBytes>, Bound<'_, PyBytes>)> {
    let (bytes, digest) = py.detach(|| VaultFile::read_sealed(&path))?;
    Ok((PyBytes::new(py, &bytes), PyBytes::new(py, &digest)))
}

/// Replace a vault's file by new sealed bytes if `expected` is the SHA-256 of what it holds. Return that of the new ones.
#[pyfunction]
#[pyo3(signature = (path, expected, new, /))]
pub(crate) fn replace_sealed<'py>(
    py: Python<'py>,
    path: PathBuf,
    expected: &Bound<'py, PyBytes>,
    new: &Bound<'py, PyBytes>,
) -> Result<Bound<'py, PyBytes>> {
    let Ok(expected) = <[u8; 32]>::try_from(expected.as_bytes()) else {
        return invalid("expected a SHA-256 of 32 bytes");
    };
    let new = new.as_bytes().to_vec();
    let digest = py.detach(|| VaultFile::replace_sealed(&path, &expected, new))?;
    Ok(PyBytes::new(py, &digest))
}
