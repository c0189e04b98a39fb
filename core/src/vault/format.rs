//! The bytes of a vault: the frame that is read before any cryptography, and the records of a compartment.
//!
//! Nothing here derives a key or opens a seal. See FORMAT.md for the layout; the names here are the names there.

use core::ops::Range;

use crate::sealed::{NONCE, TAG};
use crate::{Error, Result};

pub(super) const MAGIC: [u8; 15] = *b"\x89STRONGROOM\r\n\x1a\n";
pub(super) const VERSION: u8 = 1;

/// The nonce before and the tag behind every sealed plaintext.
pub(super) const SEAL: usize = NONCE + TAG;
/// Every sealed plaintext is padded to a multiple of this.
pub(super) const PAD: usize = 64;
/// The largest whole number: JavaScript has no larger exact one.
pub(super) const MAX_INTEGER: u64 = (1 << 53) - 1;

pub(super) const MAX_VAULT: usize = 64 << 20;
pub(super) const MAX_SLOTS: usize = 64;
pub(super) const MAX_PASSPHRASE_SLOTS: usize = 8;
pub(super) const MAX_COMPARTMENTS: usize = 1024;
pub(super) const MAX_RECORDS: usize = 65_535;
pub(super) const MAX_KEYRING: usize = 512 << 10;
pub(super) const MAX_PAYLOAD: usize = 256 << 10;
pub(super) const MAX_META: usize = 4 << 10;
pub(super) const MAX_SECRET: usize = 64 << 10;
pub(super) const MAX_HINT: usize = 1023;
pub(super) const MAX_FIELDS: usize = 64;

pub(super) type VaultId = [u8; 16];
pub(super) type SlotId = [u8; 8];
pub(super) type RecordId = [u8; 16];
pub(super) type Mac = [u8; 32];

pub(super) const SCOPE_ROOT: u8 = 1;
pub(super) const SCOPE_COMPARTMENTS: u8 = 2;
pub(super) const FACTOR_PASSPHRASE: u8 = 1;
pub(super) const FACTOR_KEY: u8 = 2;
pub(super) const FACTOR_BOTH: u8 = 3;

/// The clear part of a slot, as it stands in the file.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct SlotHead {
    pub(super) id: SlotId,
    pub(super) scope: u8,
    pub(super) factors: u8,
    pub(super) kdf: (u8, u32, u32, u8),
    pub(super) salt: [u8; 32],
    pub(super) hint: Vec<u8>,
}

impl SlotHead {
    /// SLOT_HEAD: what the commitment and the seal of the slot bind.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let (kdf, a, b, c) = self.kdf;
        let mut bytes = Vec::with_capacity(54 + self.hint.len());
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(&[self.scope, self.factors, kdf]);
        bytes.extend_from_slice(&a.to_be_bytes());
        bytes.extend_from_slice(&b.to_be_bytes());
        bytes.push(c);
        bytes.extend_from_slice(&self.salt);
        bytes.extend_from_slice(&(self.hint.len() as u16).to_be_bytes());
        bytes.extend_from_slice(&self.hint);
        bytes
    }
}

/// A slot, and where in the file its sealed payload is.
#[derive(Clone)]
pub(super) struct SlotFrame {
    pub(super) head: SlotHead,
    pub(super) commit: [u8; 32],
    pub(super) sealed: Range<usize>,
}

/// A compartment's place in the file. Whether its bytes are any good shows only with its key.
#[derive(Clone)]
pub(super) struct CompartmentFrame {
    pub(super) id: u16,
    pub(super) epoch: u64,
    pub(super) revision: u64,
    /// From the revision to the end of the MAC.
    pub(super) whole: Range<usize>,
    pub(super) records: Range<usize>,
    pub(super) mac: Mac,
}

/// Where everything in a vault's bytes is.
#[derive(Clone)]
pub(super) struct Frame {
    pub(super) vault_id: VaultId,
    pub(super) root_revision: u64,
    pub(super) keyring: Range<usize>,
    pub(super) slots: Vec<SlotFrame>,
    /// Everything that the root MAC covers, from the first byte.
    pub(super) root: Range<usize>,
    pub(super) root_mac: Mac,
    pub(super) compartments: Vec<CompartmentFrame>,
}

impl Frame {
    /// Reads the frame in the order of the file: for each part its limits, its shape, then that its bytes are there.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        limit("vault size in bytes", bytes.len(), MAX_VAULT)?;
        let mut reader = Reader { bytes, at: 0 };
        if reader.take(MAGIC.len()).ok() != Some(&MAGIC) {
            return Err(Error::Format("it does not start as a strongroom vault does"));
        }
        let version = reader.u8()?;
        if version != VERSION {
            return Err(Error::UnsupportedVersion { found: version });
        }
        let vault_id = reader.array()?;
        let root_revision = counter(reader.u64()?)?;
        let slot_count = usize::from(reader.u16()?);
        limit("number of slots", slot_count, MAX_SLOTS)?;
        if slot_count == 0 {
            return Err(Error::Format("no slot"));
        }
        let compartment_count = usize::from(reader.u16()?);
        limit("number of compartments", compartment_count, MAX_COMPARTMENTS)?;

        let keyring = reader.sealed("keyring size in bytes", MAX_KEYRING)?;
        let mut slots: Vec<SlotFrame> = Vec::new();
        let mut passphrases = 0;
        for _ in 0..slot_count {
            let slot = reader.slot()?;
            if slots.last().is_some_and(|last| last.head.id >= slot.head.id) {
                return Err(Error::Format("slot ids that are out of order or doubled"));
            }
            if slot.head.factors != FACTOR_KEY {
                passphrases += 1;
                limit("number of slots with a passphrase", passphrases, MAX_PASSPHRASE_SLOTS)?;
            }
            let hint = &slot.head.hint;
            if !hint.is_empty() && slots.iter().any(|other| other.head.hint == *hint) {
                return Err(Error::Format("the same hint on two slots"));
            }
            slots.push(slot);
        }
        if slots.iter().all(|slot| slot.head.scope != SCOPE_ROOT) {
            return Err(Error::Format("no slot of an owner"));
        }
        let mut directory: Vec<(u16, u64)> = Vec::new();
        for _ in 0..compartment_count {
            let (id, epoch) = (reader.u16()?, counter(reader.u64()?)?);
            if directory.last().is_some_and(|&(last, _)| last >= id) {
                return Err(Error::Format("compartment ids that are out of order or doubled"));
            }
            directory.push((id, epoch));
        }
        let root = 0..reader.at;
        let root_mac = reader.array()?;
        let mut compartments = Vec::with_capacity(directory.len());
        for (id, epoch) in directory {
            let start = reader.at;
            let revision = reader.u64()?;
            let len = reader.u32()?;
            let records = reader.span(len)?;
            let mac = reader.array()?;
            compartments.push(CompartmentFrame { id, epoch, revision, whole: start..reader.at, records, mac });
        }
        if reader.at != bytes.len() {
            return Err(Error::Format("bytes behind the end"));
        }
        Ok(Self { vault_id, root_revision, keyring, slots, root, root_mac, compartments })
    }

    pub(super) fn compartment(&self, id: u16) -> Option<&CompartmentFrame> {
        let at = self.compartments.binary_search_by_key(&id, |frame| frame.id).ok()?;
        self.compartments.get(at)
    }

    pub(super) fn slot(&self, id: SlotId) -> Option<&SlotFrame> {
        let at = self.slots.binary_search_by_key(&id, |slot| slot.head.id).ok()?;
        self.slots.get(at)
    }
}

/// HEADER, up to and with the two counts.
pub(super) fn header(vault_id: &VaultId, root_revision: u64, slots: usize, compartments: usize) -> Vec<u8> {
    let mut bytes = Vec::from(MAGIC);
    bytes.push(VERSION);
    bytes.extend_from_slice(vault_id);
    bytes.extend_from_slice(&root_revision.to_be_bytes());
    bytes.extend_from_slice(&(slots as u16).to_be_bytes());
    bytes.extend_from_slice(&(compartments as u16).to_be_bytes());
    bytes
}

/// One record of a compartment.
#[derive(Clone, Copy)]
pub(super) struct Record<'b> {
    pub(super) id: RecordId,
    pub(super) meta: &'b [u8],
    pub(super) secret: &'b [u8],
}

impl<'b> Record<'b> {
    /// Reads the one record that `bytes` are.
    pub(super) fn parse(bytes: &'b [u8]) -> Result<Self> {
        let (record, rest) = Self::split(bytes)?;
        if rest != bytes.len() {
            return Err(Error::Format("bytes behind a record"));
        }
        Ok(record)
    }

    /// Reads the first record of `bytes`, and how long it is.
    pub(super) fn split(bytes: &'b [u8]) -> Result<(Self, usize)> {
        let mut reader = Reader { bytes, at: 0 };
        let id = reader.array()?;
        let len = u32::from(reader.u16()?);
        let meta = reader.sealed_of(len, "metadata size in bytes", MAX_META)?;
        let secret = reader.sealed("secret size in bytes", MAX_SECRET)?;
        let part = |range: Range<usize>| bytes.get(range).ok_or(TRUNCATED);
        Ok((Self { id, meta: part(meta)?, secret: part(secret)? }, reader.at))
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(22 + self.meta.len() + self.secret.len());
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(&(self.meta.len() as u16).to_be_bytes());
        bytes.extend_from_slice(self.meta);
        bytes.extend_from_slice(&(self.secret.len() as u32).to_be_bytes());
        bytes.extend_from_slice(self.secret);
        bytes
    }
}

/// The error of a count or size over its ceiling.
pub(super) fn limit(what: &'static str, asked: usize, allowed: usize) -> Result<()> {
    if asked > allowed {
        return Err(Error::Limit { what, asked: asked as u64, allowed: allowed as u64 });
    }
    Ok(())
}

/// A revision or epoch: 1 to 2^53-1.
pub(super) fn counter(number: u64) -> Result<u64> {
    match number {
        1..=MAX_INTEGER => Ok(number),
        _ => Err(Error::Format("a revision or epoch that is 0 or over 2^53-1")),
    }
}

const TRUNCATED: Error = Error::Format("it is cut short");

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    fn span(&mut self, len: u32) -> Result<Range<usize>> {
        let start = self.at;
        let end = usize::try_from(len).ok().and_then(|len| start.checked_add(len)).ok_or(TRUNCATED)?;
        if end > self.bytes.len() {
            return Err(TRUNCATED);
        }
        self.at = end;
        Ok(start..end)
    }

    fn take(&mut self, len: usize) -> Result<&'b [u8]> {
        let span = self.span(u32::try_from(len).map_err(|_| TRUNCATED)?)?;
        self.bytes.get(span).ok_or(TRUNCATED)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| TRUNCATED)
    }

    fn u8(&mut self) -> Result<u8> {
        self.array().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn sealed(&mut self, what: &'static str, allowed: usize) -> Result<Range<usize>> {
        let len = self.u32()?;
        self.sealed_of(len, what, allowed)
    }

    fn sealed_of(&mut self, len: u32, what: &'static str, allowed: usize) -> Result<Range<usize>> {
        let size = len as usize;
        limit(what, size, allowed + SEAL)?;
        if size < SEAL + PAD || !(size - SEAL).is_multiple_of(PAD) {
            return Err(Error::Format("the length of a sealed part"));
        }
        self.span(len)
    }

    fn slot(&mut self) -> Result<SlotFrame> {
        let id = self.array()?;
        let (scope, factors) = (self.u8()?, self.u8()?);
        if !matches!(scope, SCOPE_ROOT | SCOPE_COMPARTMENTS) {
            return Err(Error::Format("the scope of a slot"));
        }
        if !matches!(factors, FACTOR_PASSPHRASE | FACTOR_KEY | FACTOR_BOTH) {
            return Err(Error::Format("the factors of a slot"));
        }
        let kdf = (self.u8()?, self.u32()?, self.u32()?, self.u8()?);
        if kdf.0 > 2 {
            return Err(Error::Format("the key derivation of a slot"));
        }
        let salt = self.array()?;
        let hint_len = self.u16()?;
        limit("hint size in bytes", usize::from(hint_len), MAX_HINT)?;
        if hint_len > 0 && factors == FACTOR_PASSPHRASE {
            return Err(Error::Format("a hint on a slot without a key"));
        }
        let hint = self.take(usize::from(hint_len))?.to_vec();
        let commit = self.array()?;
        let sealed = self.sealed("slot payload size in bytes", MAX_PAYLOAD)?;
        Ok(SlotFrame { head: SlotHead { id, scope, factors, kdf, salt, hint }, commit, sealed })
    }
}
