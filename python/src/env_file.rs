//! `.env` files, for `load_env` and the command.

use std::collections::HashMap;

use pyo3::prelude::*;
use strongroom::env_file;
use strongroom::vault::Value;

use crate::arguments::{bytes_of, wrong_type};
use crate::entry::Entry;
use crate::error::Result;
use crate::secret::Secret;

/// A variable of a `.env` file, and where in a vault it goes.
#[pyclass(frozen, get_all, module = "strongroom._strongroom")]
pub(crate) struct EnvVariable {
    variable: String,
    entry: String,
    field: String,
    secret: bool,
    value: Py<Secret>,
    mapping: (String, String),
}

/// Where the variables of a `.env` file go.
#[pyclass(frozen, module = "strongroom._strongroom")]
pub(crate) struct EnvPlan {
    mapped: Vec<Py<EnvVariable>>,
    left_out: Vec<(usize, &'static str)>,
    skipped_lines: Vec<usize>,
}

#[pymethods]
impl EnvPlan {
    /// The variables that go into the vault, in the order of the file.
    #[getter]
    fn mapped(&self, py: Python<'_>) -> Vec<Py<EnvVariable>> {
        self.mapped.iter().map(|variable| variable.clone_ref(py)).collect()
    }

    /// The variables that cannot: their line, from 1, and what to do about it.
    #[getter]
    fn left_out(&self) -> Vec<(usize, &'static str)> {
        self.left_out.clone()
    }

    /// The lines, from 1, of statements that could not be read.
    #[getter]
    fn skipped_lines(&self) -> Vec<usize> {
        self.skipped_lines.clone()
    }
}

/// Read a `.env` file and give each variable its place. `environ` is what `${NAME}` refers to.
#[pyfunction]
#[pyo3(signature = (data, environ, /))]
pub(crate) fn plan_env(py: Python<'_>, data: &Bound<'_, PyAny>, environ: &Bound<'_, PyAny>) -> Result<EnvPlan> {
    let Some(data) = bytes_of(data)? else { return wrong_type("the bytes of a .env file", data) };
    let environ: HashMap<String, String> =
        environ.call_method0("items")?.try_iter()?.map(|pair| pair?.extract()).filter_map(PyResult::ok).collect();
    let parsed = env_file::parse(&data, &|name| environ.get(name).cloned())?;
    let plan = env_file::plan(parsed.variables);
    let mapped = plan.mapped.into_iter().map(|mapped| {
        let mapping = mapped.mapping();
        let value = Py::new(py, Secret::of(Value::from(mapped.value)))?;
        let env_file::Mapped { variable, entry, field, secret, .. } = mapped;
        Py::new(py, EnvVariable { variable, entry, field, secret, value, mapping })
    });
    Ok(EnvPlan {
        mapped: mapped.collect::<PyResult<_>>()?,
        left_out: plan.left_out.into_iter().map(|left| (left.line, left.why)).collect(),
        skipped_lines: parsed.skipped_lines,
    })
}

/// Return the variables that an entry holds, as (variable, field).
#[pyfunction]
#[pyo3(signature = (entry, /))]
pub(crate) fn variables_of(entry: &Bound<'_, Entry>) -> Result<Vec<(String, String)>> {
    entry.get().variables()
}
