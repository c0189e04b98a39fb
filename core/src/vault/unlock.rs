//! What opens a vault: a passphrase, a key, or both, and the conditions of the one who opens.

use core::fmt;

use zeroize::{Zeroize, Zeroizing};

use super::format::{FACTOR_BOTH, FACTOR_KEY, FACTOR_PASSPHRASE, SlotHead, VaultId};
use super::keys::SlotKeys;
use super::pin::Pin;
use crate::kdf::{Bounds, Kdf};
use crate::passphrase::normalise;
use crate::{Error, Key, Result};

/// A way into a vault: a passphrase, a key, or both. Wiped on drop; `Debug` shows only which of them it is.
#[derive(Clone)]
pub struct Unlock {
    passphrase: Option<Zeroizing<String>>,
    key: Option<Key>,
    pin: Option<String>,
    pub(super) bounds: Bounds,
}

impl Unlock {
    fn new(passphrase: Option<&str>, key: Option<Key>) -> Self {
        let passphrase = passphrase.map(|text| Zeroizing::new(text.to_owned()));
        Self { passphrase, key, pin: None, bounds: Bounds::default() }
    }

    /// A passphrase: 1 to 1,024 bytes of UTF-8 once in Unicode form NFC. It is taken as it is, not trimmed.
    #[must_use]
    pub fn passphrase(text: &str) -> Self {
        Self::new(Some(text), None)
    }

    /// A key, for a slot that asks for nothing else.
    #[must_use]
    pub fn key(key: Key) -> Self {
        Self::new(None, Some(key))
    }

    /// A passphrase and a key, for a slot that asks for both.
    #[must_use]
    pub fn passphrase_and_key(text: &str, key: Key) -> Self {
        Self::new(Some(text), Some(key))
    }

    /// Refuses, with [`Error::Rollback`], a vault older than the one that gave this pin
    /// ([`Vault::pin`](super::Vault::pin)).
    #[must_use]
    pub fn with_pin(mut self, pin: &str) -> Self {
        self.pin = Some(pin.to_owned());
        self
    }

    /// Opens slots whose key derivation is cheaper than this release would write. Only for old or foreign files.
    #[must_use]
    pub fn with_weak_kdf_allowed(mut self) -> Self {
        self.bounds.allow_weak = true;
        self
    }

    /// Raises (or lowers) the Argon2id memory that a slot may ask for, from 262,144 KiB.
    #[must_use]
    pub fn with_max_memory_kib(mut self, memory_kib: u32) -> Self {
        self.bounds.max_memory_kib = memory_kib;
        self
    }

    pub(super) fn pin(&self) -> Result<Option<Pin>> {
        self.pin.as_deref().map(Pin::parse).transpose()
    }

    pub(super) const fn the_key(&self) -> Option<&Key> {
        self.key.as_ref()
    }

    pub(super) const fn has_passphrase(&self) -> bool {
        self.passphrase.is_some()
    }

    /// The same with another key, where there is one.
    pub(super) fn with_key(&self, key: Option<Key>) -> Self {
        Self { key: key.or_else(|| self.key.clone()), ..self.clone() }
    }

    /// Which factors a slot made from this asks for.
    pub(super) const fn factors(&self) -> u8 {
        match (&self.passphrase, &self.key) {
            (Some(_), Some(_)) => FACTOR_BOTH,
            (Some(_), None) => FACTOR_PASSPHRASE,
            (None, _) => FACTOR_KEY,
        }
    }

    /// The keys that this gives for a slot. `kdf` is that slot's, checked before.
    pub(super) fn slot_keys(
        &self,
        vault_id: &VaultId,
        head: &SlotHead,
        kdf: Option<Kdf>,
        creating: bool,
    ) -> Result<SlotKeys> {
        let mut secret = Zeroizing::new(Vec::with_capacity(64));
        if head.factors != FACTOR_KEY {
            let (Some(passphrase), Some(kdf)) = (&self.passphrase, kdf) else {
                return Err(Error::invalid("this slot needs its passphrase as well as its key; give both"));
            };
            let mut derived = Zeroizing::new([0; 32]);
            kdf.derive(normalise(passphrase, creating)?.as_bytes(), &head.salt, &mut derived)?;
            secret.extend_from_slice(derived.as_slice());
            derived.zeroize();
        }
        if head.factors != FACTOR_PASSPHRASE {
            let Some(key) = &self.key else {
                return Err(Error::invalid("this slot needs its key as well as its passphrase; give both"));
            };
            secret.extend_from_slice(key.bytes());
        }
        SlotKeys::derive(&secret, vault_id, head)
    }
}

impl fmt::Debug for Unlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.factors() {
            FACTOR_BOTH => "Unlock(passphrase and key, ***)",
            FACTOR_PASSPHRASE => "Unlock(passphrase, ***)",
            _ => "Unlock(key, ***)",
        })
    }
}
