//! What a handle keeps of an entry in the clear: it goes when the handle does, and at the latest when the vault is locked.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError, Weak};

use super::entry::{GONE, SealedEntry};
use super::keys::CompartmentKeys;
use crate::{Error, Result};

/// A value that belongs to a compartment's keys, so that it is dropped together with them.
pub(crate) struct Held<T> {
    keys: Weak<CompartmentKeys>,
    at: u64,
    value: Weak<dyn Any + Send + Sync>,
    of: PhantomData<fn() -> T>,
}

impl SealedEntry {
    /// Keeps `value` until the handle is dropped, the vault is locked, or the compartment has a new key.
    pub(crate) fn hold<T: Send + Sync + 'static>(&self, value: T) -> Result<Held<T>> {
        let keys = self.keys()?;
        let value: Arc<dyn Any + Send + Sync> = Arc::new(value);
        let mut held = keys.held.lock().unwrap_or_else(PoisonError::into_inner);
        let at = held.last_key_value().map_or(0, |(last, _)| last + 1);
        let weak = Arc::downgrade(&value);
        held.insert(at, value);
        Ok(Held { keys: Arc::downgrade(&keys), at, value: weak, of: PhantomData })
    }
}

impl<T: Send + Sync + 'static> Held<T> {
    /// The value, for the time of one use.
    ///
    /// # Errors
    /// [`Error::Locked`].
    pub(crate) fn get(&self) -> Result<Arc<T>> {
        let value = self.value.upgrade().and_then(|value| value.downcast().ok());
        value.ok_or(Error::Locked(GONE))
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        if let Some(keys) = self.keys.upgrade() {
            keys.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.at);
        }
    }
}
