//! The key schedule and the seals: HKDF-SHA-256, HMAC-SHA-256 and XAES-256-GCM, each under a label of its own.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use xaes_256_gcm::Xaes256Gcm;
use zeroize::{Zeroize, Zeroizing};

use super::format::{Mac, RecordId, SlotHead, VERSION, VaultId};
use crate::sealed::{cipher, open_with, seal_with};
use crate::{Error, Result};

/// 32 bytes of key, boxed so that moves leave no copy behind, and wiped on drop.
pub(super) type Key32 = Box<Zeroizing<[u8; 32]>>;

/// Wipes the array that is passed in as far as the caller lets go of it; only the box keeps the bytes.
pub(super) fn boxed(mut bytes: [u8; 32]) -> Key32 {
    let key = Box::new(Zeroizing::new(bytes));
    bytes.zeroize();
    key
}

/// A new random key.
pub(super) fn generate_key() -> Result<Key32> {
    let mut key = Box::new(Zeroizing::new([0; 32]));
    getrandom::fill(key.as_mut_slice()).map_err(|_| Error::Random)?;
    Ok(key)
}

fn labelled(label: &str, context: &[&[u8]]) -> Vec<u8> {
    [&[b"strongroom/v1/", label.as_bytes(), b"\0"], context].concat().concat()
}

/// HKDF-Expand (RFC 5869, section 2.3) to two keys.
fn expand(hkdf: &Hkdf<Sha256>, label: &str, context: &[&[u8]]) -> Result<(Key32, Key32)> {
    let mut out = Zeroizing::new([0; 64]);
    hkdf.expand(&labelled(label, context), out.as_mut_slice()).map_err(|_| Error::Format("key schedule"))?;
    let mut keys = (Box::new(Zeroizing::new([0; 32])), Box::new(Zeroizing::new([0; 32])));
    let (first, second) = out.split_at(32);
    keys.0.copy_from_slice(first);
    keys.1.copy_from_slice(second);
    Ok(keys)
}

fn expand_key(key: &Key32, label: &str, context: &[&[u8]]) -> Result<(Key32, Key32)> {
    let hkdf = Hkdf::from_prk(key.as_slice()).map_err(|_| Error::Format("key schedule"))?;
    expand(&hkdf, label, context)
}

/// What a passphrase, a key or both become: the slot's key, and the commitment that is compared before any seal is
/// opened, since XAES-256-GCM commits to no key.
pub(super) struct SlotKeys {
    pub(super) key: Key32,
    pub(super) commit: Key32,
}

impl SlotKeys {
    /// `secret` is the 32 bytes out of the KDF, the key's 32 bytes, or one behind the other.
    pub(super) fn derive(secret: &[u8], vault_id: &VaultId, head: &SlotHead) -> Result<Self> {
        let (mut prk, hkdf) = Hkdf::<Sha256>::extract(Some(&head.salt), secret);
        prk.as_mut_slice().zeroize();
        let (key, commit) = expand(&hkdf, "slot", &[vault_id, &head.to_bytes()])?;
        Ok(Self { key, commit })
    }

    pub(super) fn is_committed_to(&self, commit: &[u8; 32]) -> bool {
        self.commit.as_slice().ct_eq(commit).into()
    }
}

pub(super) fn slot_aad(vault_id: &VaultId, head: &SlotHead) -> Vec<u8> {
    labelled("slot", &[vault_id, &head.to_bytes()])
}

/// The keys of what only owners may change.
pub(super) struct RootKeys {
    mac: Key32,
    pub(super) keyring: Key32,
}

impl RootKeys {
    pub(super) fn derive(root_key: &Key32, vault_id: &VaultId) -> Result<Self> {
        let (mac, keyring) = expand_key(root_key, "root-keys", &[vault_id])?;
        Ok(Self { mac, keyring })
    }

    pub(super) fn mac(&self, root: &[u8]) -> Result<Mac> {
        Ok(hmac(&self.mac, &[root])?.finalize().into_bytes().into())
    }

    pub(super) fn verify(&self, root: &[u8], mac: &Mac) -> Result<()> {
        hmac(&self.mac, &[root])?.verify_slice(mac).map_err(|_| Error::Decrypt)
    }
}

pub(super) fn keyring_aad(vault_id: &VaultId) -> Vec<u8> {
    labelled("keyring", &[vault_id])
}

/// Which of a record's two sealed parts.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Meta,
    Secret,
}

/// A compartment's key at one epoch, ready to use.
pub(super) struct CompartmentKeys {
    pub(super) id: u16,
    pub(super) epoch: u64,
    pub(super) key: Key32,
    vault_id: VaultId,
    cipher: Box<Xaes256Gcm>,
    mac: Key32,
    /// The last number that was handed out under a fingerprint: a seed's step of one-time codes, an account's nonce.
    handed_out: Mutex<BTreeMap<[u8; 32], u64>>,
    /// What lives for as long as these keys do, at most: see [`Held`](super::held::Held).
    pub(super) held: Mutex<BTreeMap<u64, Arc<dyn Any + Send + Sync>>>,
}

impl CompartmentKeys {
    pub(super) fn derive(key: Key32, vault_id: VaultId, id: u16, epoch: u64) -> Result<Self> {
        let context = [&vault_id[..], &id.to_be_bytes(), &epoch.to_be_bytes()];
        let (enc, mac) = expand_key(&key, "compartment-keys", &context)?;
        Ok(Self {
            id,
            epoch,
            key,
            vault_id,
            cipher: Box::new(cipher(&enc)),
            mac,
            handed_out: Mutex::default(),
            held: Mutex::default(),
        })
    }

    fn aad(&self, part: Part, record: &RecordId) -> Vec<u8> {
        let label = match part {
            Part::Meta => "meta",
            Part::Secret => "secret",
        };
        labelled(label, &[&self.vault_id, &self.id.to_be_bytes(), &self.epoch.to_be_bytes(), record])
    }

    pub(super) fn seal(&self, part: Part, record: &RecordId, plaintext: Zeroizing<Vec<u8>>) -> Result<Vec<u8>> {
        seal_with(&self.cipher, &self.aad(part, record), &plaintext)
    }

    pub(super) fn open(&self, part: Part, record: &RecordId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        open_with(&self.cipher, &self.aad(part, record), sealed)
    }

    fn comp_mac(&self, revision: u64, records: &[u8]) -> Result<Hmac<Sha256>> {
        let len = u32::try_from(records.len()).map_err(|_| Error::Format("compartment size"))?;
        let parts = [
            &super::format::MAGIC[..],
            &[VERSION],
            &self.vault_id,
            &self.id.to_be_bytes(),
            &self.epoch.to_be_bytes(),
            &revision.to_be_bytes(),
            &len.to_be_bytes(),
            records,
        ];
        hmac(&self.mac, &parts)
    }

    pub(super) fn mac(&self, revision: u64, records: &[u8]) -> Result<Mac> {
        Ok(self.comp_mac(revision, records)?.finalize().into_bytes().into())
    }

    pub(super) fn verify(&self, revision: u64, records: &[u8], mac: &Mac) -> Result<()> {
        self.comp_mac(revision, records)?.verify_slice(mac).map_err(|_| Error::Decrypt)
    }

    /// Lets `job` see and set the last number that was handed out under a fingerprint, one caller at a time.
    pub(super) fn handing_out<T>(
        &self,
        fingerprint: [u8; 32],
        job: impl FnOnce(&mut Option<u64>) -> Result<T>,
    ) -> Result<T> {
        let mut handed_out = self.handed_out.lock().unwrap_or_else(PoisonError::into_inner);
        let mut last = handed_out.get(&fingerprint).copied();
        let result = job(&mut last);
        if let Some(step) = last {
            handed_out.insert(fingerprint, step);
        }
        result
    }

    /// Whether this is the same key at the same place.
    pub(super) fn is(&self, vault_id: &VaultId, id: u16, epoch: u64, key: &Key32) -> bool {
        self.vault_id == *vault_id
            && self.id == id
            && self.epoch == epoch
            && bool::from(self.key.as_slice().ct_eq(key.as_slice()))
    }
}

fn hmac(key: &Key32, parts: &[&[u8]]) -> Result<Hmac<Sha256>> {
    let mut mac = Hmac::new_from_slice(key.as_slice()).map_err(|_| Error::Format("key schedule"))?;
    parts.iter().for_each(|part| mac.update(part));
    Ok(mac)
}

/// Seals under a fresh random nonce: nonce, ciphertext, tag (C2SP XAES-256-GCM).
pub(super) fn seal(key: &Key32, aad: &[u8], plaintext: Zeroizing<Vec<u8>>) -> Result<Vec<u8>> {
    seal_with(&cipher(key), aad, &plaintext)
}

/// Opens and checks. Nothing of the plaintext is kept on failure.
pub(super) fn open(key: &Key32, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    open_with(&cipher(key), aad, sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One ciphertext that opens under three keys: why the commitment is compared first.
    #[test]
    fn the_aead_alone_commits_to_no_key() {
        let sealed = data_encoding::HEXLOWER
            .decode(b"c266d5e2a435ce33b2db81937ddfb08bf5a629eccf1cda726cb299a6bd4348cc1eb59728e307b855d4b9ad7f3bea6adf")
            .unwrap();
        let sealed = [&b"ABCDEFGHIJKLMNOPQRSTUVWX"[..], &sealed].concat();
        for password in ["password1", "hunter2", "letmein"] {
            use sha2::Digest;
            let key = boxed(Sha256::digest(password).into());
            assert!(open(&key, b"strongroom", &sealed).is_ok());
        }
    }

    #[test]
    fn a_seal_binds_key_context_and_bytes() {
        let keys = CompartmentKeys::derive(generate_key().unwrap(), [1; 16], 2, 3).unwrap();
        let sealed = keys.seal(Part::Meta, &[4; 16], Zeroizing::new(vec![5; 64])).unwrap();
        assert_eq!(keys.open(Part::Meta, &[4; 16], &sealed).unwrap().as_slice(), [5; 64]);
        assert!(keys.open(Part::Secret, &[4; 16], &sealed).is_err());
        assert!(keys.open(Part::Meta, &[5; 16], &sealed).is_err());
        for (vault_id, id, epoch) in [([2; 16], 2, 3), ([1; 16], 3, 3), ([1; 16], 2, 4)] {
            let other = CompartmentKeys::derive(keys.key.clone(), vault_id, id, epoch).unwrap();
            assert!(other.open(Part::Meta, &[4; 16], &sealed).is_err());
        }
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(keys.open(Part::Meta, &[4; 16], &altered).is_err());
        }
    }
}
