//! `Kdf`: the cost of a passphrase.

use std::hash::{DefaultHasher, Hash, Hasher};

use pyo3::prelude::*;

use crate::arguments::Whole;
use crate::error::Result;

/// How a passphrase becomes a key, and at what cost.
#[pyclass(frozen, module = "strongroom")]
pub(crate) struct Kdf(strongroom::Kdf);

impl Kdf {
    pub(crate) const fn of(kdf: strongroom::Kdf) -> Self {
        Self(kdf)
    }

    pub(crate) fn or_default(kdf: Option<&Bound<'_, Self>>) -> strongroom::Kdf {
        kdf.map_or_else(strongroom::Kdf::default, |kdf| kdf.get().0)
    }
}

#[pymethods]
impl Kdf {
    /// Argon2id (RFC 9106) with `memory_kib` KiB of memory, gone over `passes` times, in parallel `lanes`.
    #[staticmethod]
    #[pyo3(
        signature = (memory_kib=Whole(65_536), passes=Whole(3), lanes=Whole(4)),
        text_signature = "(memory_kib=65536, passes=3, lanes=4)"
    )]
    fn argon2id(memory_kib: Whole<u32>, passes: Whole<u32>, lanes: Whole<u8>) -> Result<Self> {
        Ok(Self(strongroom::Kdf::argon2id(memory_kib.0, passes.0, lanes.0)?))
    }

    /// PBKDF2-HMAC-SHA-256 (RFC 8018, section 5.2).
    #[staticmethod]
    #[pyo3(signature = (iterations=Whole(600_000)), text_signature = "(iterations=600000)")]
    fn pbkdf2(iterations: Whole<u32>) -> Result<Self> {
        Ok(Self(strongroom::Kdf::pbkdf2(iterations.0)?))
    }

    /// PBKDF2-HMAC-SHA-512 (RFC 8018, section 5.2), for password hashes: a vault takes SHA-256 only.
    #[staticmethod]
    #[pyo3(signature = (iterations=Whole(220_000)), text_signature = "(iterations=220000)")]
    fn pbkdf2_sha512(iterations: Whole<u32>) -> Result<Self> {
        Ok(Self(strongroom::Kdf::pbkdf2_sha512(iterations.0)?))
    }

    /// Argon2id's memory in KiB.
    #[getter]
    fn memory_kib(&self) -> Option<u32> {
        self.0.memory_kib()
    }

    /// How often Argon2id goes over its memory.
    #[getter]
    fn passes(&self) -> Option<u32> {
        self.0.passes()
    }

    /// How many lanes Argon2id computes in parallel.
    #[getter]
    fn lanes(&self) -> Option<u8> {
        self.0.lanes()
    }

    /// PBKDF2's iterations.
    #[getter]
    fn iterations(&self) -> Option<u32> {
        self.0.iterations()
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.to_string().hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(&self) -> String {
        match (self.0.memory_kib(), self.0.passes(), self.0.lanes(), self.0.iterations()) {
            (Some(memory_kib), Some(passes), Some(lanes), _) => {
                format!("Kdf.argon2id(memory_kib={memory_kib}, passes={passes}, lanes={lanes})")
            }
            (.., iterations) => {
                // What it displays as names the hash.
                let name = if self.0.to_string().starts_with("pbkdf2-sha512") { "pbkdf2_sha512" } else { "pbkdf2" };
                format!("Kdf.{name}(iterations={})", iterations.unwrap_or_default())
            }
        }
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}
