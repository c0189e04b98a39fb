//! Passkeys as a way in: what an authenticator is asked with, before the vault is open and before the slot is there.

use super::Vault;
use super::format::{FACTOR_BOTH, Frame, VaultId};
use crate::Result;
use crate::random::random;

/// Before the vault's id and the slot's salt (FORMAT.md, section 3.2).
const LABEL: &[u8] = b"strongroom/v1/prf\0";

/// The slot of a passkey, as it stands in the clear part of a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeySlot {
    /// The WebAuthn credential id.
    pub credential_id: Vec<u8>,
    /// What `eval.first` of the PRF extension (WebAuthn level 3, section 10.1.4) has to be for this slot.
    pub prf_input: Vec<u8>,
    /// Whether the slot asks for a passphrase too.
    pub needs_passphrase: bool,
}

/// The slots of passkeys in a vault that is still closed, in the order of the file. Nobody vouches for them: who can write
/// the file can put any there, those of another vault too. So the answer of an authenticator is a secret, whatever it was
/// asked: give it to [`Unlock::passkey`](super::Unlock::passkey), and nowhere else.
///
/// # Errors
/// [`Error::Format`](crate::Error), [`Error::UnsupportedVersion`](crate::Error), [`Error::Limit`](crate::Error) for bytes
/// that this release does not open.
pub fn passkeys(bytes: &[u8]) -> Result<Vec<PasskeySlot>> {
    let frame = Frame::parse(bytes)?;
    let with_hint = frame.slots.iter().map(|slot| &slot.head).filter(|head| !head.hint.is_empty());
    Ok(with_hint
        .map(|head| PasskeySlot {
            credential_id: head.hint.clone(),
            prf_input: prf_input(&frame.vault_id, &head.salt),
            needs_passphrase: head.factors == FACTOR_BOTH,
        })
        .collect())
}

impl Vault {
    /// What to give the PRF extension of a passkey as `eval.first`, for a slot that is made with the answer
    /// ([`Unlock::new_passkey`](super::Unlock::new_passkey)). Different each time: one is for one slot. It is good until the
    /// vault is re-keyed, also in a vault that was opened again meanwhile.
    ///
    /// # Errors
    /// [`Error::NoAccess`](crate::Error) for a holder, [`Error::Random`](crate::Error), [`Error::Locked`](crate::Error).
    pub fn generate_prf_input(&self) -> Result<Vec<u8>> {
        let root = self.opened()?.owner()?;
        Ok(prf_input(&root.vault_id, &random()?))
    }
}

fn prf_input(vault_id: &VaultId, salt: &[u8; 32]) -> Vec<u8> {
    [LABEL, vault_id, salt].concat()
}

/// The salt of an input that this vault gave.
pub(super) fn salt_of(prf_input: &[u8], vault_id: &VaultId) -> Option<[u8; 32]> {
    prf_input.strip_prefix(LABEL)?.strip_prefix(vault_id)?.try_into().ok()
}
