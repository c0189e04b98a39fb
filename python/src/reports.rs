//! What a vault tells about itself, and what its changes come to: values without a connection to it.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMappingProxy, PyTuple};
use strongroom::vault::{CompartmentInfo, Factors, Scope, SlotInfo};

use crate::kdf::Kdf;
use crate::key::{Key, hex};

fn scope_name(scope: Scope) -> &'static str {
    match scope {
        Scope::Owner => "owner",
        _ => "holder",
    }
}

/// How a vault was opened.
#[pyclass(frozen, get_all, module = "strongroom")]
pub(crate) struct OpenedBy {
    link: String,
    slot_id: String,
    slot_label: Option<String>,
    scope: &'static str,
}

impl OpenedBy {
    pub(crate) fn of(link: &str, opened_by: strongroom::vault::OpenedBy) -> Self {
        Self {
            link: link.to_owned(),
            slot_id: hex(&opened_by.slot_id),
            slot_label: opened_by.label,
            scope: scope_name(opened_by.scope),
        }
    }
}

#[pymethods]
impl OpenedBy {
    fn __repr__(&self) -> String {
        format!("OpenedBy(link='{}', scope='{}')", self.link, self.scope)
    }
}

/// A part of a vault with a key of its own.
#[pyclass(frozen, get_all, module = "strongroom")]
pub(crate) struct Compartment {
    name: String,
    entries: usize,
    damaged: Option<&'static str>,
}

impl Compartment {
    pub(crate) fn of(info: CompartmentInfo) -> Self {
        Self { name: info.name, entries: info.entries, damaged: info.damaged }
    }
}

#[pymethods]
impl Compartment {
    fn __repr__(&self) -> String {
        match self.damaged {
            None => format!("Compartment('{}', {} entries)", self.name, self.entries),
            Some(code) => format!("Compartment('{}', damaged: {code})", self.name),
        }
    }
}

/// A way in: a passphrase, a key, or both.
#[pyclass(frozen, module = "strongroom")]
pub(crate) struct Slot(SlotInfo);

impl Slot {
    pub(crate) const fn of(info: SlotInfo) -> Self {
        Self(info)
    }
}

#[pymethods]
impl Slot {
    /// 16 hex digits, as in `Key.slot_id`.
    #[getter]
    fn id(&self) -> String {
        hex(&self.0.id)
    }

    /// Its label.
    #[getter]
    fn label(&self) -> &str {
        &self.0.label
    }

    /// What it gives access to.
    #[getter]
    fn scope(&self) -> &'static str {
        scope_name(self.0.scope)
    }

    /// What it asks for.
    #[getter]
    fn factors(&self) -> &'static str {
        match self.0.factors {
            Factors::Passphrase => "passphrase",
            Factors::Key => "key",
            _ => "passphrase+key",
        }
    }

    /// The WebAuthn credential id, if its key is a passkey.
    #[getter]
    fn passkey<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.0.passkey.as_ref().map(|id| PyBytes::new(py, id))
    }

    /// The cost of its passphrase.
    #[getter]
    fn kdf(&self) -> Option<Kdf> {
        self.0.kdf.map(Kdf::of)
    }

    /// When it was made, in Unix seconds.
    #[getter]
    fn created(&self) -> u64 {
        self.0.created
    }

    /// The compartments that a holder has access to.
    #[getter]
    fn compartments<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        self.0.compartments.as_ref().map(|names| PyTuple::new(py, names)).transpose()
    }

    fn __repr__(&self) -> String {
        format!("Slot('{}', {}, {})", self.0.label, self.scope(), self.factors())
    }
}

/// A part of a vault that fails its checks and cannot be used.
#[pyclass(frozen, get_all, module = "strongroom")]
pub(crate) struct Damage {
    compartment: String,
    record: Option<String>,
    name: Option<String>,
    code: &'static str,
}

impl Damage {
    pub(crate) fn of(damage: strongroom::vault::Damage) -> Self {
        Self {
            compartment: damage.compartment,
            record: damage.record.map(|id| hex(&id)),
            name: damage.name,
            code: damage.code,
        }
    }
}

#[pymethods]
impl Damage {
    fn __repr__(&self) -> String {
        let what = self.name.as_deref().or(self.record.as_deref()).unwrap_or("all of it");
        format!("Damage('{}', {what}, {})", self.compartment, self.code)
    }
}

fn dropped(py: Python<'_>, dropped: Vec<strongroom::vault::Damage>) -> PyResult<Py<PyTuple>> {
    Ok(PyTuple::new(
        py,
        dropped.into_iter().map(Damage::of).map(|damage| Bound::new(py, damage)).collect::<PyResult<Vec<_>>>()?,
    )?
    .unbind())
}

/// The names of the entries to rotate at the exchange, as a sequence.
#[pyclass(frozen, sequence, module = "strongroom")]
pub(crate) struct Revoked {
    rotate: Py<PyTuple>,
    /// A fresh pin for each holder that remains, by label.
    #[pyo3(get)]
    pins: Py<PyMappingProxy>,
    /// What was damaged and is lost now.
    #[pyo3(get)]
    dropped: Py<PyTuple>,
}

impl Revoked {
    pub(crate) fn of(
        py: Python<'_>,
        revoked: strongroom::vault::Revoked,
        pins: Vec<(String, String)>,
    ) -> PyResult<Self> {
        let dict = PyDict::new(py);
        pins.iter().try_for_each(|(label, pin)| dict.set_item(label, pin))?;
        Ok(Self {
            rotate: PyTuple::new(py, revoked.rotate)?.unbind(),
            pins: PyMappingProxy::new(py, dict.as_mapping()).unbind(),
            dropped: dropped(py, revoked.dropped)?,
        })
    }
}

#[pymethods]
impl Revoked {
    fn __len__(&self, py: Python<'_>) -> usize {
        self.rotate.bind(py).len()
    }

    fn __getitem__<'py>(&self, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.rotate.bind(index.py()).as_any().get_item(index)
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.rotate.bind(py).as_any().try_iter()?.into_any())
    }

    fn __contains__(&self, name: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.rotate.bind(name.py()).as_any().contains(name)
    }

    /// Return how often a name is in it.
    #[pyo3(signature = (value, /))]
    fn count<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.rotate.bind(value.py()).call_method1("count", (value,))
    }

    /// Return where a name is in it.
    #[pyo3(signature = (value, start=0, stop=isize::MAX, /), text_signature = "($self, value, start=0, stop=9223372036854775807, /)")]
    fn index<'py>(&self, value: &Bound<'py, PyAny>, start: isize, stop: isize) -> PyResult<Bound<'py, PyAny>> {
        self.rotate.bind(value.py()).call_method1("index", (value, start, stop))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Revoked({})", self.rotate.bind(py).repr()?))
    }
}

/// What `Vault.rekey` did.
#[pyclass(frozen, get_all, module = "strongroom")]
pub(crate) struct Rekeyed {
    keys: Py<PyMappingProxy>,
    removed: Py<PyTuple>,
    rotate: Py<PyTuple>,
    dropped: Py<PyTuple>,
}

impl Rekeyed {
    pub(crate) fn of(py: Python<'_>, rekeyed: strongroom::vault::Rekeyed) -> PyResult<Self> {
        let keys = PyDict::new(py);
        for (label, key) in rekeyed.keys {
            keys.set_item(label, Bound::new(py, Key::of(key))?)?;
        }
        Ok(Self {
            keys: PyMappingProxy::new(py, keys.as_mapping()).unbind(),
            removed: PyTuple::new(py, rekeyed.removed)?.unbind(),
            rotate: PyTuple::new(py, rekeyed.rotate)?.unbind(),
            dropped: dropped(py, rekeyed.dropped)?,
        })
    }
}
