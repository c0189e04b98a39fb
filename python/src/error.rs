//! The one way from the core's errors to Python's exceptions, which are defined in `strongroom/errors.py`.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

/// What a call from Python can fail with.
pub(crate) enum Fault {
    Core(strongroom::Error),
    Python(PyErr),
}

pub(crate) type Result<T> = core::result::Result<T, Fault>;

pub(crate) fn invalid<T>(expected: impl Into<String>) -> Result<T> {
    Err(strongroom::Error::InvalidInput(expected.into()).into())
}

impl From<strongroom::Error> for Fault {
    fn from(error: strongroom::Error) -> Self {
        Self::Core(error)
    }
}

impl From<PyErr> for Fault {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl From<Fault> for PyErr {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Core(error) => Python::attach(|py| exception(py, &error).unwrap_or_else(|failed| failed)),
            Fault::Python(error) => error,
        }
    }
}

fn exception(py: Python<'_>, error: &strongroom::Error) -> PyResult<PyErr> {
    static BY_CODE: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let by_code = BY_CODE.get_or_try_init(py, || {
        py.import("strongroom.errors")?
            .getattr("BY_CODE")?
            .cast_into::<PyDict>()
            .map(Bound::unbind)
            .map_err(PyErr::from)
    })?;
    let class = by_code.bind(py).as_any().get_item(error.code())?;
    Ok(PyErr::from_value(class.call1((error.to_string(),))?))
}
