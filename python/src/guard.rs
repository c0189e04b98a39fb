//! `Guard`, its `Verdict`, and the states that it remembers in: `MemoryState`, or any Python object that is one.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyString};
use strongroom::otp::{Guard as CoreGuard, Verdict as CoreVerdict};
use strongroom::state::{MemoryState as CoreState, State, raise_by_comparing};

use crate::arguments::{Whole, utf8, wrong_type};
use crate::error::Result;
use crate::fork::Generation;
use crate::otp::{Totp, time, typed};

/// Verifies the one-time codes of a login: each is accepted once, and wrong ones make the account wait.
#[pyclass(frozen, module = "strongroom")]
pub(crate) struct Guard {
    guard: CoreGuard,
    state: Py<PyAny>,
}

impl Guard {
    fn ask<T: Send>(
        &self,
        py: Python<'_>,
        job: impl FnOnce(&CoreGuard, &dyn State) -> strongroom::Result<T> + Send,
    ) -> Result<T> {
        ask(py, &self.state, |state| job(&self.guard, state))
    }
}

#[pymethods]
impl Guard {
    #[new]
    #[pyo3(
        signature = (
            state, /, *, free_attempts=Whole(5), delay_seconds=Whole(30), max_delay_seconds=Whole(3600),
            max_attempts=Whole(100)
        ),
        text_signature = "(state, /, *, free_attempts=5, delay_seconds=30, max_delay_seconds=3600, max_attempts=100)"
    )]
    fn new(
        state: &Bound<'_, PyAny>,
        free_attempts: Whole<u32>,
        delay_seconds: Whole<u32>,
        max_delay_seconds: Whole<u32>,
        max_attempts: Whole<u32>,
    ) -> Result<Self> {
        check(state)?;
        let guard = CoreGuard::new()
            .with_free_attempts(free_attempts.0)?
            .with_delay(delay_seconds.0, max_delay_seconds.0)?
            .with_max_attempts(max_attempts.0)?;
        Ok(Self { guard, state: state.clone().unbind() })
    }

    /// Verify a code that someone typed for an account.
    #[pyo3(signature = (account, totp, code, /, *, at=None))]
    fn verify(
        &self,
        py: Python<'_>,
        account: &Bound<'_, PyString>,
        totp: &Bound<'_, Totp>,
        code: &Bound<'_, PyAny>,
        at: Option<&Bound<'_, PyAny>>,
    ) -> Result<Verdict> {
        let (account, code, at) = (utf8(account)?.to_owned(), typed(code)?, time(at)?);
        let totp = totp.get().core();
        Ok(Verdict::of(self.ask(py, |guard, state| guard.verify(state, &account, totp, &code, at))?))
    }

    /// Forget the wrong codes of an account. Its used codes stay used.
    #[pyo3(signature = (account, /, *, at=None))]
    fn reset(&self, py: Python<'_>, account: &Bound<'_, PyString>, at: Option<&Bound<'_, PyAny>>) -> Result<()> {
        let (account, at) = (utf8(account)?.to_owned(), time(at)?);
        self.ask(py, |guard, state| guard.reset(state, &account, at))
    }
}

/// Draw a number of a key from a state: one more than the last one, or `at_least` if that is more.
#[pyfunction]
#[pyo3(signature = (state, key, at_least, unix_seconds, /))]
pub(crate) fn raise_to(
    py: Python<'_>,
    state: &Bound<'_, PyAny>,
    key: &Bound<'_, PyString>,
    at_least: Whole<u64>,
    unix_seconds: i64,
) -> Result<u64> {
    check(state)?;
    let key = utf8(key)?.to_owned();
    ask(py, state.as_unbound(), |state| state.raise(&key, at_least.0, unix_seconds))
}

/// # Errors
/// `TypeError` for what is no state.
pub(crate) fn check(state: &Bound<'_, PyAny>) -> Result<()> {
    match state.hasattr("load")? && state.hasattr("compare_and_set")? {
        true => Ok(()),
        false => wrong_type("a state, which has load() and compare_and_set()", state),
    }
}

/// Does a job with a state, away from the interpreter.
pub(crate) fn ask<T: Send>(
    py: Python<'_>,
    state: &Py<PyAny>,
    job: impl FnOnce(&dyn State) -> strongroom::Result<T> + Send,
) -> Result<T> {
    if let Ok(memory) = state.bind(py).cast::<MemoryState>() {
        let state = memory.get().core()?;
        return Ok(py.detach(|| job(state))?);
    }
    let state = Foreign { state, raised: Mutex::new(None) };
    let answer = py.detach(|| job(&state));
    match state.raised.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(raised) => Err(raised.into()),
        None => Ok(answer?),
    }
}

/// A state in Python. The interpreter is attached to for its calls alone, and what they raise is kept for the caller.
struct Foreign<'a> {
    state: &'a Py<PyAny>,
    raised: Mutex<Option<PyErr>>,
}

impl Foreign<'_> {
    fn call<T>(&self, job: impl FnOnce(&Bound<'_, PyAny>) -> Result<T>) -> strongroom::Result<T> {
        Python::attach(|py| job(self.state.bind(py))).map_err(|fault| {
            *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault.into());
            strongroom::Error::Io("the state raised an exception".to_owned()) // which is raised in its place
        })
    }
}

impl State for Foreign<'_> {
    fn load(&self, key: &str, unix_seconds: i64) -> strongroom::Result<Option<Vec<u8>>> {
        self.call(|state| {
            let answer = state.call_method1("load", (key, unix_seconds))?;
            if answer.is_none() {
                return Ok(None);
            }
            match answer.cast::<PyBytes>() {
                Ok(value) => Ok(Some(value.as_bytes().to_vec())),
                Err(_) => wrong_type("bytes or None from load() of the state", &answer),
            }
        })
    }

    fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        value: &[u8],
        expires_at: i64,
        unix_seconds: i64,
    ) -> strongroom::Result<bool> {
        self.call(|state| {
            let bytes = |value| PyBytes::new(state.py(), value);
            let arguments = (key, expected.map(bytes), bytes(value), expires_at, unix_seconds);
            let answer = state.call_method1("compare_and_set", arguments)?;
            match answer.cast::<PyBool>() {
                Ok(answer) => Ok(answer.is_true()),
                Err(_) => wrong_type("bool from compare_and_set() of the state", &answer),
            }
        })
    }

    fn raise(&self, key: &str, at_least: u64, unix_seconds: i64) -> strongroom::Result<u64> {
        if !self.call(|state| Ok(state.hasattr("raise_to")?))? {
            return raise_by_comparing(self, key, at_least, unix_seconds);
        }
        self.call(|state| {
            let answer = state.call_method1("raise_to", (key, at_least, unix_seconds))?;
            match answer.extract::<Whole<u64>>() {
                Ok(Whole(number)) if number >= at_least => Ok(number),
                _ => wrong_type("int that is no less from raise_to() of the state", &answer),
            }
        })
    }
}

/// What became of a code. True if it was accepted.
#[pyclass(frozen, get_all, module = "strongroom")]
pub(crate) struct Verdict {
    outcome: &'static str,
    step: Option<u64>,
    retry_after: Option<u32>,
}

impl Verdict {
    const fn of(verdict: CoreVerdict) -> Self {
        let (outcome, step, retry_after) = match verdict {
            CoreVerdict::Accepted { step } => ("accepted", Some(step), None),
            CoreVerdict::Used => ("used", None, None),
            CoreVerdict::Throttled { seconds } => ("throttled", None, Some(seconds)),
            CoreVerdict::Locked => ("locked", None, None),
            _ => ("wrong", None, None), // what this does not know is not accepted
        };
        Self { outcome, step, retry_after }
    }
}

#[pymethods]
impl Verdict {
    fn __bool__(&self) -> bool {
        self.outcome == "accepted"
    }

    fn __repr__(&self) -> String {
        match (self.step, self.retry_after) {
            (Some(step), _) => format!("Verdict(outcome='{}', step={step})", self.outcome),
            (_, Some(seconds)) => format!("Verdict(outcome='{}', retry_after={seconds})", self.outcome),
            _ => format!("Verdict(outcome='{}')", self.outcome),
        }
    }
}

/// A state in the memory of this process, which threads share.
#[pyclass(frozen, module = "strongroom")]
pub(crate) struct MemoryState {
    state: CoreState,
    made_in: Generation,
}

impl MemoryState {
    /// A child would go on from a copy of it, and a code would work in both.
    fn core(&self) -> Result<&CoreState> {
        match self.made_in.is_past() {
            false => Ok(&self.state),
            true => Err(strongroom::Error::Locked(
                "the state was made before this process was forked from its parent; for several processes use SqliteState",
            )
            .into()),
        }
    }
}

#[pymethods]
impl MemoryState {
    #[new]
    fn new() -> Self {
        Self { state: CoreState::new(), made_in: Generation::now() }
    }

    /// The value under a key that lasts longer than this time.
    #[pyo3(signature = (key, unix_seconds, /))]
    fn load<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'_, PyString>,
        unix_seconds: i64,
    ) -> Result<Option<Bound<'py, PyBytes>>> {
        let value = self.core()?.load(utf8(key)?, unix_seconds)?;
        Ok(value.map(|value| PyBytes::new(py, &value)))
    }

    /// Store a value if what is there is what is expected, and return whether it was.
    #[pyo3(signature = (key, expected, value, expires_at, unix_seconds, /))]
    fn compare_and_set(
        &self,
        key: &Bound<'_, PyString>,
        expected: Option<&[u8]>,
        value: &[u8],
        expires_at: i64,
        unix_seconds: i64,
    ) -> Result<bool> {
        Ok(self.core()?.compare_and_set(utf8(key)?, expected, value, expires_at, unix_seconds)?)
    }

    /// Draw a number of a key: one more than the last one, or `at_least` if that is more.
    #[pyo3(signature = (key, at_least, unix_seconds, /))]
    fn raise_to(&self, key: &Bound<'_, PyString>, at_least: Whole<u64>, unix_seconds: i64) -> Result<u64> {
        Ok(self.core()?.raise(utf8(key)?, at_least.0, unix_seconds)?)
    }
}
