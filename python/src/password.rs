//! Password hashes: the functions and `PasswordHasher`.

use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyString};
use strongroom::password::{Ceilings, Hasher};
use zeroize::Zeroizing;

use crate::arguments::{Whole, bytes_of, utf8, wrong_type};
use crate::error::{Result, invalid};
use crate::kdf::Kdf;

type Password = Zeroizing<Vec<u8>>;

fn password_of(value: &Bound<'_, PyAny>) -> Result<Password> {
    match bytes_of(value)? {
        Some(bytes) => Ok(bytes),
        None => wrong_type("a password as str, bytes or Secret", value),
    }
}

/// A row of a user table may come as `bytes`.
fn stored_of(value: &Bound<'_, PyAny>) -> Result<String> {
    let Some(bytes) = bytes_of(value)? else { return wrong_type("a stored hash as str or bytes", value) };
    match core::str::from_utf8(&bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => invalid("expected a stored password hash: printable ASCII characters without spaces"),
    }
}

/// Hash a password: Argon2id with 64 MiB, 3 passes and 4 lanes, as a PHC string.
#[pyfunction]
#[pyo3(signature = (password, /))]
pub(crate) fn hash_password(py: Python<'_>, password: &Bound<'_, PyAny>) -> Result<String> {
    let password = password_of(password)?;
    Ok(py.detach(|| strongroom::password::hash(password))?)
}

/// Whether the stored hash, of any known format, was made from this password.
#[pyfunction]
#[pyo3(signature = (password, stored, /))]
pub(crate) fn verify_password(py: Python<'_>, password: &Bound<'_, PyAny>, stored: &Bound<'_, PyAny>) -> Result<bool> {
    let (password, stored) = (password_of(password)?, stored_of(stored)?);
    Ok(py.detach(|| strongroom::password::verify(password, &stored))?)
}

/// Verify, and if the password is right and the hash is out of date, also return a new hash to store.
#[pyfunction]
#[pyo3(signature = (password, stored, /))]
pub(crate) fn verify_and_update(
    py: Python<'_>,
    password: &Bound<'_, PyAny>,
    stored: &Bound<'_, PyAny>,
) -> Result<(bool, Option<String>)> {
    let (password, stored) = (password_of(password)?, stored_of(stored)?);
    Ok(py.detach(|| strongroom::password::verify_and_update(password, &stored))?)
}

/// Whether a stored hash is not what `hash_password` would write.
#[pyfunction]
#[pyo3(signature = (stored, /))]
pub(crate) fn needs_rehash(stored: &Bound<'_, PyAny>) -> Result<bool> {
    Ok(strongroom::password::needs_rehash(&stored_of(stored)?)?)
}

/// Take as long as `verify_password`, and return `False`: for a user that does not exist.
#[pyfunction]
#[pyo3(signature = (password, /))]
pub(crate) fn verify_dummy(py: Python<'_>, password: &Bound<'_, PyAny>) -> Result<bool> {
    let password = password_of(password)?;
    Ok(py.detach(|| strongroom::password::verify_dummy(password))?)
}

/// The format and the cost of a stored hash.
#[pyfunction]
#[pyo3(signature = (stored, /))]
pub(crate) fn identify_hash(stored: &Bound<'_, PyAny>) -> Result<(&'static str, String)> {
    let identified = strongroom::password::identify(&stored_of(stored)?)?;
    Ok((identified.format, identified.cost))
}

/// The highest cost of Argon2id that takes at most this long here, and how long it took.
#[pyfunction]
#[pyo3(signature = (target_ms=Whole(250)), text_signature = "(target_ms=250)")]
pub(crate) fn calibrate(py: Python<'_>, target_ms: Whole<u32>) -> Result<(Kdf, f64)> {
    let start = Instant::now();
    let target = Duration::from_millis(target_ms.0.into());
    let (kdf, took) = py.detach(|| strongroom::password::calibrate(target, || start.elapsed()))?;
    Ok((Kdf::of(kdf), took.as_secs_f64() * 1000.0))
}

/// Hashes and verifies passwords with settings of its own.
#[pyclass(frozen, module = "strongroom")]
pub(crate) struct PasswordHasher(Hasher);

#[pymethods]
impl PasswordHasher {
    #[new]
    #[pyo3(signature = (
        kdf=None, *, pepper=None, max_memory_kib=None, max_passes=None, max_lanes=None, max_iterations=None,
        max_bcrypt_cost=None, truncate_bcrypt=false, kept_memory=Whole(0)
    ), text_signature = "(kdf=None, *, pepper=None, max_memory_kib=1048576, max_passes=16, max_lanes=16, \
        max_iterations=10000000, max_bcrypt_cost=16, truncate_bcrypt=False, kept_memory=0)")]
    #[allow(clippy::too_many_arguments)] // they are keywords in Python
    fn new(
        kdf: Option<&Bound<'_, Kdf>>,
        pepper: Option<&Bound<'_, PyAny>>,
        max_memory_kib: Option<Whole<u32>>,
        max_passes: Option<Whole<u32>>,
        max_lanes: Option<Whole<u32>>,
        max_iterations: Option<Whole<u32>>,
        max_bcrypt_cost: Option<Whole<u32>>,
        truncate_bcrypt: bool,
        kept_memory: Whole<usize>,
    ) -> Result<Self> {
        let mut ceilings = Ceilings::default();
        for (ceiling, given) in [
            (&mut ceilings.memory_kib, max_memory_kib),
            (&mut ceilings.passes, max_passes),
            (&mut ceilings.lanes, max_lanes),
            (&mut ceilings.iterations, max_iterations),
            (&mut ceilings.bcrypt_cost, max_bcrypt_cost),
        ] {
            *ceiling = given.map_or(*ceiling, |given| given.0);
        }
        let mut hasher = Hasher::new(Kdf::or_default(kdf)).with_ceilings(ceilings).with_kept_memory(kept_memory.0);
        if truncate_bcrypt {
            hasher = hasher.with_bcrypt_truncation();
        }
        if let Some(pepper) = pepper {
            let Ok(pepper) = pepper.cast::<PyMapping>() else {
                return wrong_type("pepper as a mapping of key ids to secrets", pepper);
            };
            for pair in pepper.items()? {
                let (id, secret): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract()?;
                let Ok(id) = id.cast::<PyString>() else { return wrong_type("the key id of a pepper as str", &id) };
                let Some(secret) = bytes_of(&secret)? else {
                    return wrong_type("a pepper as str, bytes or Secret", &secret);
                };
                hasher = hasher.with_pepper(utf8(id)?, secret.as_slice())?;
            }
        }
        Ok(Self(hasher))
    }

    /// Hash a password, as a PHC string.
    #[pyo3(signature = (password, /))]
    fn hash(&self, py: Python<'_>, password: &Bound<'_, PyAny>) -> Result<String> {
        let password = password_of(password)?;
        Ok(py.detach(|| self.0.hash(password))?)
    }

    /// Whether the stored hash, of any known format, was made from this password.
    #[pyo3(signature = (password, stored, /))]
    fn verify(&self, py: Python<'_>, password: &Bound<'_, PyAny>, stored: &Bound<'_, PyAny>) -> Result<bool> {
        let (password, stored) = (password_of(password)?, stored_of(stored)?);
        Ok(py.detach(|| self.0.verify(password, &stored))?)
    }

    /// Verify, and if the password is right and the hash is out of date, also return a new hash to store.
    #[pyo3(signature = (password, stored, /))]
    fn verify_and_update(
        &self,
        py: Python<'_>,
        password: &Bound<'_, PyAny>,
        stored: &Bound<'_, PyAny>,
    ) -> Result<(bool, Option<String>)> {
        let (password, stored) = (password_of(password)?, stored_of(stored)?);
        Ok(py.detach(|| self.0.verify_and_update(password, &stored))?)
    }

    /// Whether a stored hash is not what `hash` would write.
    #[pyo3(signature = (stored, /))]
    fn needs_rehash(&self, stored: &Bound<'_, PyAny>) -> Result<bool> {
        Ok(self.0.needs_rehash(&stored_of(stored)?)?)
    }

    /// Take as long as `verify`, and return `False`: for a user that does not exist.
    #[pyo3(signature = (password, /))]
    fn verify_dummy(&self, py: Python<'_>, password: &Bound<'_, PyAny>) -> Result<bool> {
        let password = password_of(password)?;
        Ok(py.detach(|| self.0.verify_dummy(password))?)
    }

    /// What the stored hash would be, had it been made from this password: the same format, costs and salt.
    #[pyo3(signature = (password, stored, /))]
    fn hash_like(&self, py: Python<'_>, password: &Bound<'_, PyAny>, stored: &Bound<'_, PyAny>) -> Result<String> {
        let (password, stored) = (password_of(password)?, stored_of(stored)?);
        Ok(py.detach(|| self.0.hash_like(password, &stored))?)
    }

    fn __repr__(&self) -> String {
        format!("PasswordHasher({})", self.0.kdf())
    }
}
