//! What opens a vault: a passphrase, a key, or both, and the conditions of the one who opens.

use core::fmt;

use zeroize::{Zeroize, Zeroizing};

use super::format::{FACTOR_BOTH, FACTOR_KEY, FACTOR_PASSPHRASE, MAX_HINT, SlotHead, SlotId, VaultId, limit};
use super::keys::{Key32, SlotKeys};
use super::passkey::salt_of;
use super::pin::Pin;
use crate::kdf::{Bounds, Kdf};
use crate::passphrase::normalise;
use crate::random::random;
use crate::{Error, Key, Result};

/// A way into a vault: a passphrase, a key, or both. Wiped on drop; `Debug` shows only which of them it is.
#[derive(Clone)]
pub struct Unlock {
    passphrase: Option<Zeroizing<String>>,
    key: Option<KeyFactor>,
    pin: Option<String>,
    pub(super) bounds: Bounds,
}

/// Where the 32 bytes of a key come from.
#[derive(Clone)]
pub(super) enum KeyFactor {
    /// A key's text, which names its slot.
    Text(Key),
    /// A passkey, whose credential id is the slot's hint, and its PRF output. `input` is what gave it, for a new slot.
    Passkey { credential_id: Vec<u8>, output: Key32, input: Option<Vec<u8>> },
}

impl Unlock {
    fn new(passphrase: Option<&str>, key: Option<KeyFactor>) -> Self {
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
        Self::new(None, Some(KeyFactor::Text(key)))
    }

    /// A passphrase and a key, for a slot that asks for both.
    #[must_use]
    pub fn passphrase_and_key(text: &str, key: Key) -> Self {
        Self::new(Some(text), Some(KeyFactor::Text(key)))
    }

    /// A passkey: its WebAuthn credential id, and the 32 bytes `first` of its PRF extension for the input of its slot, which
    /// [`passkeys`](super::passkeys) tells. For opening only: a new slot takes [`Unlock::new_passkey`].
    #[must_use]
    pub fn passkey(credential_id: &[u8], prf_output: &[u8; 32]) -> Self {
        Self::with_passkey(credential_id, prf_output, None)
    }

    /// A passkey for a new slot, or for one that gets a new passphrase: its authenticator answered with `prf_output` to
    /// `prf_input`, which [`Vault::generate_prf_input`](super::Vault::generate_prf_input) gave for this one slot.
    ///
    /// Nothing here can tell whether the answer is one to that input. Open the vault with the passkey once before anyone
    /// relies on it.
    #[must_use]
    pub fn new_passkey(credential_id: &[u8], prf_output: &[u8; 32], prf_input: &[u8]) -> Self {
        Self::with_passkey(credential_id, prf_output, Some(prf_input.to_vec()))
    }

    fn with_passkey(credential_id: &[u8], prf_output: &[u8; 32], input: Option<Vec<u8>>) -> Self {
        let output = Box::new(Zeroizing::new(*prf_output));
        Self::new(None, Some(KeyFactor::Passkey { credential_id: credential_id.to_vec(), output, input }))
    }

    /// Adds a passphrase, for a slot of a passkey that asks for both.
    #[must_use]
    pub fn with_passphrase(mut self, text: &str) -> Self {
        self.passphrase = Some(Zeroizing::new(text.to_owned()));
        self
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

    pub(super) const fn key_factor(&self) -> Option<&KeyFactor> {
        self.key.as_ref()
    }

    /// The key's text, for a slot that a re-key makes again. A passkey has answered for the vault id of before.
    pub(super) fn key_text(&self) -> Result<Option<&Key>> {
        match &self.key {
            Some(KeyFactor::Text(key)) => Ok(Some(key)),
            Some(KeyFactor::Passkey { .. }) => Err(Error::invalid(
                "a re-key cannot keep the slot of a passkey; leave it out, and enrol the passkey again afterwards",
            )),
            None => Ok(None),
        }
    }

    /// Id and hint of a slot that is made from this.
    pub(super) fn new_slot(&self) -> Result<(SlotId, Vec<u8>)> {
        match &self.key {
            Some(KeyFactor::Passkey { credential_id, .. }) => {
                if credential_id.is_empty() {
                    return Err(Error::invalid("expected the credential id of a passkey, 1 to 1,023 bytes"));
                }
                limit("credential id in bytes", credential_id.len(), MAX_HINT)?;
                Ok((random()?, credential_id.clone()))
            }
            Some(KeyFactor::Text(key)) => Ok((key.slot_id(), Vec::new())),
            None => Ok((random()?, Vec::new())),
        }
    }

    /// The salt of a slot that is made or changed: a new one, which for a passkey is in the input that it has answered to.
    pub(super) fn new_salt(&self, vault_id: &VaultId) -> Result<[u8; 32]> {
        let Some(KeyFactor::Passkey { input, .. }) = &self.key else { return random() };
        input.as_deref().and_then(|input| salt_of(input, vault_id)).ok_or_else(|| {
            Error::invalid(
                "expected the input that this vault gave for the passkey since its last re-key; ask for a new one, and \
                 the passkey for its answer",
            )
        })
    }

    pub(super) const fn is_passkey(&self) -> bool {
        matches!(self.key, Some(KeyFactor::Passkey { .. }))
    }

    pub(super) const fn has_passphrase(&self) -> bool {
        self.passphrase.is_some()
    }

    /// The same with another key, where there is one.
    pub(super) fn with_key(&self, key: Option<Key>) -> Self {
        Self { key: key.map(KeyFactor::Text).or_else(|| self.key.clone()), ..self.clone() }
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
            secret.extend_from_slice(match key {
                KeyFactor::Text(key) => key.bytes(),
                KeyFactor::Passkey { output, .. } => output.as_slice(),
            });
        }
        SlotKeys::derive(&secret, vault_id, head)
    }
}

impl KeyFactor {
    /// Whether this key names the slot.
    pub(super) fn names(&self, head: &SlotHead) -> bool {
        head.factors != FACTOR_PASSPHRASE
            && match self {
                Self::Text(key) => head.id == key.slot_id(),
                Self::Passkey { credential_id, .. } => !head.hint.is_empty() && head.hint == *credential_id,
            }
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
