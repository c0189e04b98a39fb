//! What has to be remembered between two requests, and that several threads or processes must agree on: which one-time codes
//! were used and how many were wrong, and which number a request to an exchange was last given.
//!
//! [`State`] is what a store has to do, and [`MemoryState`] does it within one process. The Python package has one in an
//! SQLite file, for several processes. An implementation over a database needs one statement that compares and writes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::{Error, Result};

/// The largest number that [`State::raise`] gives: SQL databases have none above it.
const MAX_NUMBER: u64 = i64::MAX as u64;
/// How often another draw may come first before this one gives up. Each time, one of them has got its number.
const MAX_ROUNDS: usize = 1000;

/// A store of small values under short keys, each with a time at which it is forgotten.
///
/// Times are in Unix seconds, and come from the caller: a store has no clock of its own. A value whose time has come is
/// absent, whether or not the store has dropped it.
pub trait State {
    /// The value under `key`, and `None` if there is none that was stored to last longer than `unix_seconds`.
    ///
    /// # Errors
    /// [`Error::Io`] if the store cannot be read.
    fn load(&self, key: &str, unix_seconds: i64) -> Result<Option<Vec<u8>>>;

    /// If what is there is `expected`, `None` being nothing, stores `value` until `expires_at` and answers `true`. Else it
    /// changes nothing and answers `false`.
    ///
    /// This is one step: of several callers that expect the same, whichever threads or processes they are in, at most one
    /// is told `true`. From then on everyone loads the new value, after a crash too if the store is one that outlives its
    /// process.
    ///
    /// # Errors
    /// [`Error::Io`] if the store cannot be written.
    fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        value: &[u8],
        expires_at: i64,
        unix_seconds: i64,
    ) -> Result<bool>;

    /// Draws a number: one more than the last one that was drawn under `key`, or `at_least` if that is more. So numbers follow
    /// a clock for as long as it goes forward, and none comes twice if it is set back.
    ///
    /// This is one step, and what was drawn is never forgotten: the numbers of a key rise strictly over all threads and
    /// processes, after a crash too if the store is one that outlives its process. There is no way back from an `at_least` that
    /// was too high. A key is drawn from, or else loaded and set, and not both.
    ///
    /// This default does it with the other two functions and stores the number as 8 bytes, the highest first, that never
    /// expire. A store that can do it in one step, such as a database, should.
    ///
    /// # Errors
    /// [`Error::Limit`] if the number would be over 2^63 - 1; [`Error::Damaged`] if what is stored is no number;
    /// [`Error::Conflict`] if others draw so often at once that this call did not get its turn; and those of the store.
    /// No number was drawn then.
    fn raise(&self, key: &str, at_least: u64, unix_seconds: i64) -> Result<u64> {
        raise_by_comparing(self, key, at_least, unix_seconds)
    }
}

/// What [`State::raise`] does for a store that has nothing of its own for it.
///
/// # Errors
/// As [`State::raise`].
pub fn raise_by_comparing(state: &(impl State + ?Sized), key: &str, at_least: u64, unix_seconds: i64) -> Result<u64> {
    let unix_seconds = unix_seconds.min(i64::MAX - 1); // at the last second of all, what never expires would be absent
    for _ in 0..MAX_ROUNDS {
        let stored = state.load(key, unix_seconds)?;
        let number = raised(stored.as_deref(), at_least)?;
        if state.compare_and_set(key, stored.as_deref(), &number.to_be_bytes(), i64::MAX, unix_seconds)? {
            return Ok(number);
        }
    }
    Err(Error::Conflict("too many numbers are drawn under this key at once".to_owned()))
}

/// The number that follows the one that is stored, for a store that answers later, such as a database that JavaScript awaits.
/// Load what is there, and store this number as 8 bytes, the highest first, if what is there is still the same; else do all of
/// it again. That is what [`State::raise`] does.
///
/// # Errors
/// [`Error::Limit`] and [`Error::Damaged`] as [`State::raise`].
pub fn raised(stored: Option<&[u8]>, at_least: u64) -> Result<u64> {
    let last = stored.map(|bytes| {
        let number = bytes.try_into().map(u64::from_be_bytes).ok().filter(|number| *number <= MAX_NUMBER);
        number.ok_or_else(|| Error::Damaged("the stored number of this key".to_owned()))
    });
    let next = last.transpose()?.map_or(0, |last| last + 1); // the last is under 2^63
    match next.max(at_least) {
        number @ ..=MAX_NUMBER => Ok(number),
        asked => Err(Error::Limit { what: "number to draw", asked, allowed: MAX_NUMBER }),
    }
}

/// A store in the memory of this process, which threads share. After a restart it is empty: a code that was used just before
/// works once more, wrong ones are forgotten, and numbers are drawn from the clock again.
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
        values.set(key, value, expires_at, unix_seconds);
        Ok(true)
    }

    fn raise(&self, key: &str, at_least: u64, unix_seconds: i64) -> Result<u64> {
        let unix_seconds = unix_seconds.min(i64::MAX - 1); // as above
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = raised(values.at(key, unix_seconds), at_least)?;
        values.set(key, &number.to_be_bytes(), i64::MAX, unix_seconds);
        Ok(number)
    }
}

impl Values {
    fn at(&self, key: &str, unix_seconds: i64) -> Option<&[u8]> {
        let value = self.by_key.get(key).filter(|value| value.expires_at > unix_seconds)?;
        Some(&value.bytes)
    }

    fn set(&mut self, key: &str, value: &[u8], expires_at: i64, unix_seconds: i64) {
        // Each time they are twice as many, so that on average nobody waits for it.
        if self.by_key.len() > 2 * self.kept + 64 {
            self.by_key.retain(|_, value| value.expires_at > unix_seconds);
            self.kept = self.by_key.len();
        }
        self.by_key.insert(key.to_owned(), Value { bytes: value.to_vec(), expires_at });
    }
}

impl core::fmt::Debug for MemoryState {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MemoryState").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::thread;

    use super::*;

    /// A store without a `raise` of its own.
    #[derive(Default)]
    struct Plain(MemoryState);

    impl State for Plain {
        fn load(&self, key: &str, unix_seconds: i64) -> Result<Option<Vec<u8>>> {
            self.0.load(key, unix_seconds)
        }

        fn compare_and_set(
            &self,
            key: &str,
            expected: Option<&[u8]>,
            value: &[u8],
            expires_at: i64,
            unix_seconds: i64,
        ) -> Result<bool> {
            self.0.compare_and_set(key, expected, value, expires_at, unix_seconds)
        }
    }

    fn both() -> [Box<dyn State + Sync>; 2] {
        [Box::new(MemoryState::new()), Box::<Plain>::default()]
    }

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

    #[test]
    fn a_number_follows_the_clock_or_else_the_last_one_and_never_expires() {
        for state in both() {
            let drawn = [0, 0, 100, 100, 50, 0, 104, 103].map(|at_least| state.raise("a", at_least, 10).unwrap());
            assert_eq!(drawn, [0, 1, 100, 101, 102, 103, 104, 105]);
            assert_eq!(state.raise("b", 7, 10), Ok(7));
            assert_eq!(state.raise("a", 0, i64::MAX), Ok(106));
            assert_eq!(state.raise("a", 0, i64::MAX), Ok(107));
            assert_eq!(state.raise("a", 0, i64::MIN), Ok(108));
            assert_eq!(state.load("a", 0), Ok(Some(vec![0, 0, 0, 0, 0, 0, 0, 108])));
        }
    }

    #[test]
    fn the_largest_number_is_the_last() {
        let over = |asked| Err(Error::Limit { what: "number to draw", asked, allowed: (1 << 63) - 1 });
        for state in both() {
            assert_eq!(state.raise("a", 1 << 63, 0), over(1 << 63));
            assert_eq!(state.raise("a", u64::MAX, 0), over(u64::MAX));
            assert_eq!(state.load("a", 0), Ok(None));
            assert_eq!(state.raise("a", (1 << 63) - 2, 0), Ok((1 << 63) - 2));
            assert_eq!(state.raise("a", 0, 0), Ok((1 << 63) - 1));
            assert_eq!(state.raise("a", 0, 0), over(1 << 63));
            assert_eq!(state.raise("a", 0, 0), over(1 << 63));
        }
    }

    #[test]
    fn what_is_no_number_is_damaged_and_stays() {
        for bytes in [&[0_u8; 7][..], &[0; 9], &[], &[0xff; 8], &[0x80, 0, 0, 0, 0, 0, 0, 0]] {
            for state in both() {
                assert_eq!(state.compare_and_set("a", None, bytes, i64::MAX, 0), Ok(true));
                let damaged = Error::Damaged("the stored number of this key".to_owned());
                assert_eq!(state.raise("a", 1, 0), Err(damaged));
                assert_eq!(state.load("a", 0), Ok(Some(bytes.to_vec())));
            }
        }
    }

    #[test]
    fn of_many_threads_each_draws_rising_numbers_that_nobody_else_draws() {
        for state in both() {
            let draw = |thread: u64| {
                // The clocks of some threads go backwards.
                let clock = |round: u64| if thread.is_multiple_of(2) { 5000 + round } else { 9000 - round };
                (0..1000).map(|round| state.raise("a", clock(round), 0).unwrap()).collect::<Vec<_>>()
            };
            let drawn: Vec<Vec<u64>> = thread::scope(|scope| {
                let threads: Vec<_> = (0..8).map(|thread| scope.spawn(move || draw(thread))).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(drawn.iter().all(|numbers| numbers.is_sorted_by(|one, next| one < next)));
            assert_eq!(drawn.iter().flatten().collect::<BTreeSet<_>>().len(), 8000);
        }
    }

    #[test]
    fn a_draw_that_loses_every_race_ends_in_a_conflict() {
        struct Losing;
        impl State for Losing {
            fn load(&self, _: &str, _: i64) -> Result<Option<Vec<u8>>> {
                Ok(None)
            }

            fn compare_and_set(&self, _: &str, _: Option<&[u8]>, _: &[u8], _: i64, _: i64) -> Result<bool> {
                Ok(false)
            }
        }
        assert_eq!(Losing.raise("a", 1, 0).unwrap_err().code(), "conflict");
    }
}
