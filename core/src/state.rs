//! What has to be remembered between two requests, and that several threads or processes must agree on: which one-time codes
//! were used, and how many were wrong.
//!
//! [`State`] is what a store has to do, and [`MemoryState`] does it within one process. The Python package has one in an
//! SQLite file, for several processes. An implementation over a database needs one statement that compares and writes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::Result;

/// A store of small values under short keys, each with a time at which it is forgotten.
///
/// Times are in Unix seconds, and come from the caller: a store has no clock of its own. A value whose time has come is
/// absent, whether or not the store has dropped it.
pub trait State {
    /// The value under `key`, and `None` if there is none that was stored to last longer than `unix_seconds`.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) if the store cannot be read.
    fn load(&self, key: &str, unix_seconds: i64) -> Result<Option<Vec<u8>>>;

    /// If what is there is `expected`, `None` being nothing, stores `value` until `expires_at` and answers `true`. Else it
    /// changes nothing and answers `false`.
    ///
    /// This is one step: of several callers that expect the same, whichever threads or processes they are in, at most one
    /// is told `true`. From then on everyone loads the new value, after a crash too if the store is one that outlives its
    /// process.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) if the store cannot be written.
    fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        value: &[u8],
        expires_at: i64,
        unix_seconds: i64,
    ) -> Result<bool>;
}

/// A store in the memory of this process, which threads share. After a restart it is empty: a code that was used just before
/// works once more, and wrong ones are forgotten.
#[derive(Default)]
pub struct MemoryState(Mutex<Values>);

#[derive(Default)]
struct Values {
    by_key: HashMap<String, Value>,
    /// How many there were after the last look at what has expired.
    kept: usize,
}

struct Value {
    bytes: Vec<u8>,
    expires_at: i64,
}

impl MemoryState {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl State for MemoryState {
    fn load(&self, key: &str, unix_seconds: i64) -> Result<Option<Vec<u8>>> {
        let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(values.at(key, unix_seconds).map(<[u8]>::to_vec))
    }

    fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        value: &[u8],
        expires_at: i64,
        unix_seconds: i64,
    ) -> Result<bool> {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if values.at(key, unix_seconds) != expected {
            return Ok(false);
        }
        // Each time they are twice as many, so that on average nobody waits for it.
        if values.by_key.len() > 2 * values.kept + 64 {
            values.by_key.retain(|_, value| value.expires_at > unix_seconds);
            values.kept = values.by_key.len();
        }
        values.by_key.insert(key.to_owned(), Value { bytes: value.to_vec(), expires_at });
        Ok(true)
    }
}

impl Values {
    fn at(&self, key: &str, unix_seconds: i64) -> Option<&[u8]> {
        let value = self.by_key.get(key).filter(|value| value.expires_at > unix_seconds)?;
        Some(&value.bytes)
    }
}

impl core::fmt::Debug for MemoryState {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MemoryState").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_set_only_over_the_one_that_is_expected() {
        let state = MemoryState::new();
        assert_eq!(state.load("a", 10), Ok(None));
        assert_eq!(state.compare_and_set("a", Some(b"x"), b"y", 20, 10), Ok(false));
        assert_eq!(state.compare_and_set("a", None, b"x", 20, 10), Ok(true));
        assert_eq!(state.compare_and_set("a", None, b"y", 20, 10), Ok(false));
        assert_eq!(state.load("a", 19), Ok(Some(b"x".to_vec())));
        assert_eq!(state.compare_and_set("a", Some(b"x"), b"y", 30, 19), Ok(true));
        assert_eq!(state.load("b", 19), Ok(None));
        assert_eq!(state.load("a", 29), Ok(Some(b"y".to_vec())));
    }

    #[test]
    fn what_has_expired_is_absent_and_takes_no_room() {
        let state = MemoryState::new();
        for at in 0..1000 {
            assert_eq!(state.compare_and_set(&at.to_string(), None, b"x", at + 1, at), Ok(true));
        }
        assert!(state.0.lock().unwrap().by_key.len() < 200);
        assert_eq!(state.load("999", 1000), Ok(None));
        assert_eq!(state.compare_and_set("999", Some(b"x"), b"y", 2000, 1000), Ok(false));
        assert_eq!(state.compare_and_set("999", None, b"y", 2000, 1000), Ok(true));
    }
}
