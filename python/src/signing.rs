//! Signing requests to exchanges: `Signer`, what it signs by, and what comes out.

use core::mem;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyInt, PyMapping, PyString, PyTuple};
use strongroom::signing::{Recipe as CoreRecipe, Request, SignedRequest as CoreSigned, Signer as CoreSigner};

use crate::arguments::{Whole, utf8, wrong_type};
use crate::entry::Snapshot;
use crate::error::Result;
use crate::guard;

/// The longest body that is signed with an HMAC while other threads wait: some 50 microseconds of work. For less than
/// that, letting them run costs more than it gives.
const SHORT_BODY: usize = 16 * 1024;

/// Return the names of all exchanges that requests can be signed for, sorted.
#[pyfunction]
pub(crate) fn exchanges(py: Python<'_>) -> Result<Bound<'_, PyTuple>> {
    Ok(PyTuple::new(py, CoreRecipe::exchanges().collect::<Vec<_>>())?)
}

/// What an exchange wants signed, with what, and where the signature goes.
#[pyclass(frozen, module = "strongroom")]
pub(crate) struct Recipe(CoreRecipe);

#[pymethods]
impl Recipe {
    /// Return the recipe of an exchange of the table.
    #[staticmethod]
    #[pyo3(signature = (exchange, /))]
    fn of(exchange: &Bound<'_, PyString>) -> Result<Self> {
        Ok(Self(CoreRecipe::of(utf8(exchange)?)?))
    }

    /// Read a recipe of your own.
    #[staticmethod]
    #[pyo3(signature = (text, /))]
    fn from_json(text: &Bound<'_, PyAny>) -> Result<Self> {
        match text.cast::<PyString>() {
            Ok(text) => Ok(Self(CoreRecipe::from_json(utf8(text)?)?)),
            Err(_) => wrong_type("the recipe as str, such as json.dumps makes it", text),
        }
    }

    /// The exchange's name.
    #[getter]
    fn exchange(&self) -> &str {
        self.0.exchange()
    }

    /// Where a request with a bare path goes.
    #[getter]
    fn host(&self) -> &str {
        self.0.host()
    }

    /// The address of the exchange's own description of this.
    #[getter]
    fn source(&self) -> &str {
        self.0.source()
    }

    /// What an entry must have for it, in secret fields or in its info, sorted.
    #[getter]
    fn fields<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyTuple>> {
        Ok(PyTuple::new(py, self.0.fields())?)
    }

    /// Whether it makes the message of a WebSocket login, and no HTTP request.
    #[getter]
    fn is_login(&self) -> bool {
        self.0.is_login()
    }

    fn __repr__(&self, py: Python<'_>) -> Result<String> {
        Ok(format!("Recipe({})", PyString::new(py, self.exchange()).repr()?))
    }
}

/// Signs requests with the key of an entry, which stays inside Rust.
#[pyclass(frozen, module = "strongroom")]
pub(crate) struct Signer {
    entry: Arc<Snapshot>,
    /// There until this is dropped.
    signer: Option<CoreSigner>,
    /// Where the nonces are counted, if not in the open vault.
    state: Option<Py<PyAny>>,
}

impl Signer {
    pub(crate) fn of(
        entry: &Arc<Snapshot>,
        exchange: &Bound<'_, PyAny>,
        state: Option<&Bound<'_, PyAny>>,
    ) -> Result<Self> {
        let signer = if let Ok(name) = exchange.cast::<PyString>() {
            let name = utf8(name)?;
            if name.trim_start().starts_with('{') {
                let expected = "expected the name of an exchange; a recipe of your own is read by Recipe.from_json";
                return Err(strongroom::Error::InvalidInput(expected.into()).into());
            }
            entry.sealed()?.signer(name)?
        } else if let Ok(recipe) = exchange.cast::<Recipe>() {
            entry.sealed()?.signer_with(recipe.get().0.clone())?
        } else {
            return wrong_type("an exchange's name as str, or a Recipe", exchange);
        };
        state.map(guard::check).transpose()?;
        Ok(Self { entry: Arc::clone(entry), signer: Some(signer), state: state.map(|state| state.clone().unbind()) })
    }

    fn core(&self) -> strongroom::Result<&CoreSigner> {
        self.signer.as_ref().ok_or(strongroom::Error::Locked("the signer is gone"))
    }

    /// What this machine's clock says, as the server would have it.
    fn now_ms(&self) -> Result<i64> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(self.core()?.server_time_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
    }

    fn time_ms(&self, given: Option<Whole<i64>>) -> Result<i64> {
        given.map_or_else(|| self.now_ms(), |Whole(given)| Ok(given))
    }

    /// `body` is how long the request's is.
    fn run(&self, py: Python<'_>, request: &Request<'_>, body: usize) -> Result<SignedRequest> {
        self.entry.sealed()?; // not in a forked child
        let signer = self.core()?;
        if let Some(state) = &self.state {
            return guard::ask(py, state, |state| signer.sign_with(state, request)).map(SignedRequest);
        }
        let is_quick = body <= SHORT_BODY && signer.algorithm().is_none_or(|algorithm| algorithm.starts_with("hmac-"));
        let signed = if is_quick { signer.sign(request) } else { py.detach(|| signer.sign(request)) };
        Ok(SignedRequest(signed?))
    }
}

#[pymethods]
impl Signer {
    /// Return the request with everything that the exchange wants to see.
    #[pyo3(
        signature = (method, url, *, body=None, headers=None, timestamp_ms=None, nonce=None, values=None),
        text_signature = "(self, method, url, *, body=b'', headers=None, timestamp_ms=None, nonce=None, values=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "which Python passes by name")]
    fn sign(
        &self,
        py: Python<'_>,
        method: &Bound<'_, PyString>,
        url: &Bound<'_, PyString>,
        body: Option<&Bound<'_, PyAny>>,
        headers: Option<&Bound<'_, PyAny>>,
        timestamp_ms: Option<Whole<i64>>,
        nonce: Option<&Bound<'_, PyAny>>,
        values: Option<&Bound<'_, PyAny>>,
    ) -> Result<SignedRequest> {
        let body = body.map(self::body).transpose()?.unwrap_or_default();
        let headers = pairs("headers", headers, |value| text("headers as str", value))?;
        let values = self::values(values)?;
        let nonce = nonce.map(|nonce| text_or_number("the nonce", nonce)).transpose()?;
        let mut request = Request::new(utf8(method)?, utf8(url)?, self.time_ms(timestamp_ms)?).with_body(body.as_ref());
        for (name, value) in &headers {
            request = request.with_header(name, value);
        }
        for (name, value) in &values {
            request = request.with_value(name, value);
        }
        if let Some(nonce) = &nonce {
            request = request.with_nonce(nonce);
        }
        self.run(py, &request, body.len())
    }

    /// Return the message of a WebSocket login.
    #[pyo3(signature = (*, timestamp_ms=None, nonce=None, values=None))]
    fn login(
        &self,
        py: Python<'_>,
        timestamp_ms: Option<Whole<i64>>,
        nonce: Option<&Bound<'_, PyAny>>,
        values: Option<&Bound<'_, PyAny>>,
    ) -> Result<SignedRequest> {
        let values = self::values(values)?;
        let nonce = nonce.map(|nonce| text_or_number("the nonce", nonce)).transpose()?;
        let mut request = Request::login(self.time_ms(timestamp_ms)?);
        for (name, value) in &values {
            request = request.with_value(name, value);
        }
        if let Some(nonce) = &nonce {
            request = request.with_nonce(nonce);
        }
        self.run(py, &request, 0)
    }

    /// Learn how far the server's clock is ahead of this machine's.
    fn learn_clock(&self, server_ms: Whole<i64>, sent_ms: Whole<i64>, received_ms: Whole<i64>) -> Result<()> {
        Ok(self.core()?.learn_clock(server_ms.0, sent_ms.0, received_ms.0)?)
    }

    /// The server's clock minus this machine's, in milliseconds.
    #[getter]
    fn clock_offset_ms(&self) -> Result<i64> {
        Ok(self.core()?.clock_offset_ms())
    }

    #[setter]
    fn set_clock_offset_ms(&self, offset_ms: Whole<i64>) -> Result<()> {
        Ok(self.core()?.set_clock_offset_ms(offset_ms.0)?)
    }

    /// What it signs by.
    #[getter]
    fn recipe(&self) -> Result<Recipe> {
        Ok(Recipe(self.core()?.recipe().clone()))
    }

    /// Which of the recipe's algorithms the key is for.
    #[getter]
    fn algorithm(&self) -> Result<Option<&'static str>> {
        Ok(self.core()?.algorithm())
    }

    fn __repr__(&self, py: Python<'_>) -> Result<String> {
        Ok(format!("Signer({})", PyString::new(py, self.core()?.recipe().exchange()).repr()?))
    }
}

impl Drop for Signer {
    /// In a forked child, another thread of the parent may have held the lock that dropping takes.
    fn drop(&mut self) {
        if self.entry.sealed().is_err() {
            mem::forget(self.signer.take());
        }
    }
}

/// A request, ready to be sent as it is.
#[pyclass(frozen, module = "strongroom")]
pub(crate) struct SignedRequest(CoreSigned);

#[pymethods]
impl SignedRequest {
    /// The method.
    #[getter]
    fn method(&self) -> &str {
        &self.0.method
    }

    /// The whole URL.
    #[getter]
    fn url(&self) -> &str {
        &self.0.url
    }

    /// The headers.
    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyDict>> {
        let headers = PyDict::new(py);
        for (name, value) in &self.0.headers {
            headers.set_item(name, value)?;
        }
        Ok(headers)
    }

    /// The body, or the message of a WebSocket login.
    #[getter]
    fn body(&self) -> &str {
        &self.0.body
    }

    /// Without query, headers and body, since some exchanges want a secret there.
    fn __repr__(&self, py: Python<'_>) -> Result<String> {
        let url = self.0.url.split('?').next().unwrap_or_default();
        let [method, url] = [&self.0.method, url].map(|text| PyString::new(py, text).repr());
        Ok(format!("SignedRequest({}, {})", method?, url?))
    }
}

/// As text in UTF-8: what is immutable in Python is not copied.
fn body<'a>(body: &'a Bound<'_, PyAny>) -> Result<Cow<'a, [u8]>> {
    if let Ok(text) = body.cast::<PyString>() {
        return Ok(utf8(text)?.as_bytes().into());
    }
    if let Ok(bytes) = body.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().into());
    }
    match body.cast::<PyByteArray>() {
        Ok(bytes) => Ok(bytes.to_vec().into()),
        Err(_) => wrong_type("the body as str or bytes, such as json.dumps makes it", body),
    }
}

/// Text, or a number in decimal.
fn text_or_number(what: &str, value: &Bound<'_, PyAny>) -> Result<String> {
    match value.is_instance_of::<PyInt>() {
        true => Ok(value.extract::<Whole<u64>>()?.0.to_string()),
        false => text(&format!("{what} as str or int"), value),
    }
}

fn text(expected: &str, value: &Bound<'_, PyAny>) -> Result<String> {
    match value.cast::<PyString>() {
        Ok(text) => Ok(utf8(text)?.to_owned()),
        Err(_) => wrong_type(expected, value),
    }
}

/// Headers, or values.
fn pairs(
    what: &str,
    mapping: Option<&Bound<'_, PyAny>>,
    read: impl Fn(&Bound<'_, PyAny>) -> Result<String>,
) -> Result<Vec<(String, String)>> {
    let Some(mapping) = mapping else { return Ok(Vec::new()) };
    let Ok(mapping) = mapping.cast::<PyMapping>() else {
        return wrong_type(&format!("{what} as a mapping of names to values"), mapping);
    };
    let mut pairs = Vec::new();
    for pair in mapping.items()? {
        let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract()?;
        pairs.push((text(&format!("the names of {what} as str"), &name)?, read(&value)?));
    }
    Ok(pairs)
}

fn values(given: Option<&Bound<'_, PyAny>>) -> Result<Vec<(String, String)>> {
    pairs("values", given, |value| text_or_number("values", value))
}
