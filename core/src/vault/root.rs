//! What only owners may change: the keyring, the slots with what they open, and the directory.

use std::collections::BTreeSet;

use super::cbor::{self, Map, Value};
use super::format::{
    Frame, MAX_KEYRING, MAX_PAYLOAD, SCOPE_ROOT, SlotFrame, SlotHead, SlotId, VaultId, counter, header, limit,
};
use super::keys::{self, Key32, RootKeys, boxed};
use super::name;
use crate::{Error, Result};

/// One compartment as a holder's slot names it.
#[derive(Clone)]
pub(super) struct PayloadItem {
    pub(super) id: u16,
    pub(super) epoch: u64,
    pub(super) key: Key32,
    pub(super) name: String,
    unknown: Map<'static>,
}

/// What a holder's slot holds.
#[derive(Clone)]
pub(super) struct Payload {
    pub(super) items: Vec<PayloadItem>,
    unknown: Map<'static>,
}

impl Payload {
    pub(super) fn new(compartments: impl Iterator<Item = (u16, u64, Key32, String)>) -> Self {
        let items =
            compartments.map(|(id, epoch, key, name)| PayloadItem { id, epoch, key, name, unknown: Map::new() });
        Self { items: items.collect(), unknown: Map::new() }
    }

    pub(super) fn ids(&self) -> BTreeSet<u16> {
        self.items.iter().map(|item| item.id).collect()
    }

    fn decode(plaintext: &[u8]) -> Result<Self> {
        let mut map = cbor::decode(plaintext)?;
        let mut items: Vec<PayloadItem> = Vec::new();
        for item in map.take_array("compartments")? {
            let Value::Map(mut item) = item else { return Err(Error::Format("a compartment in a slot")) };
            let (id, name) = take_compartment(&mut item)?;
            let (epoch, key) = (counter(item.take_uint("epoch")?)?, boxed(item.take_bytes("key")?));
            if items.last().is_some_and(|last| last.id >= id) || items.iter().any(|other| other.name == name) {
                return Err(Error::Format("compartments in a slot that are out of order or doubled"));
            }
            items.push(PayloadItem { id, epoch, key, name, unknown: item.into_owned() });
        }
        match items.is_empty() {
            true => Err(Error::Format("a holder's slot without a compartment")),
            false => Ok(Self { items, unknown: map.into_owned() }),
        }
    }

    fn encode(&self) -> Result<zeroize::Zeroizing<Vec<u8>>> {
        let items = self.items.iter().map(|item| {
            let mut map = known(&item.unknown).uint("id", item.id.into()).uint("epoch", item.epoch);
            map = map.bytes("key", item.key.as_slice()).text("name", &item.name);
            Value::Map(map)
        });
        let mut map = known(&self.unknown);
        map.set("compartments", Value::Array(items.collect()));
        let plaintext = cbor::encode(&map)?;
        limit("slot payload size in bytes", plaintext.len(), MAX_PAYLOAD)?;
        Ok(plaintext)
    }

    pub(super) fn open(bytes: &[u8], vault_id: &VaultId, slot: &SlotFrame, key: &Key32) -> Result<Self> {
        Self::decode(&open_slot(bytes, vault_id, slot, key)?)
    }

    pub(super) fn seal(&self, vault_id: &VaultId, head: &SlotHead, key: &Key32) -> Result<Vec<u8>> {
        keys::seal(key, &keys::slot_aad(vault_id, head), self.encode()?)
    }
}

fn open_slot(bytes: &[u8], vault_id: &VaultId, slot: &SlotFrame, key: &Key32) -> Result<zeroize::Zeroizing<Vec<u8>>> {
    let sealed = bytes.get(slot.sealed.clone()).ok_or(Error::Format("a slot is cut short"))?;
    keys::open(key, &keys::slot_aad(vault_id, &slot.head), sealed)
}

/// The root key out of an owner's slot, and what else is in there that this release does not know.
pub(super) fn open_root_key(
    bytes: &[u8],
    vault_id: &VaultId,
    slot: &SlotFrame,
    key: &Key32,
) -> Result<(Key32, Map<'static>)> {
    let plaintext = open_slot(bytes, vault_id, slot, key)?;
    let mut map = cbor::decode(&plaintext)?;
    Ok((boxed(map.take_bytes("root_key")?), map.into_owned()))
}

/// A slot as an owner knows it.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) head: SlotHead,
    pub(super) commit: [u8; 32],
    pub(super) key: Key32,
    pub(super) label: String,
    pub(super) created: u64,
    pub(super) unknown: Map<'static>,
    /// The payload as it stands in the file, or `None` where it has to be sealed anew.
    pub(super) sealed: Option<Vec<u8>>,
    /// A holder's compartments; `None` for an owner, and for a holder whose payload does not open.
    pub(super) payload: Option<Payload>,
    /// What an owner's payload holds beside the root key.
    pub(super) unknown_payload: Map<'static>,
}

impl Slot {
    pub(super) const fn is_owner(&self) -> bool {
        self.head.scope == SCOPE_ROOT
    }
}

/// A compartment as the keyring names it.
#[derive(Clone)]
pub(super) struct Listed {
    pub(super) id: u16,
    pub(super) epoch: u64,
    pub(super) key: Key32,
    pub(super) name: String,
    pub(super) created: u64,
    pub(super) unknown: Map<'static>,
    /// To be given a new key at the next save, and whether what is damaged in it may be dropped.
    pub(super) rekey: Option<super::OnDamage>,
}

/// The root part, opened.
#[derive(Clone)]
pub(super) struct Root {
    pub(super) vault_id: VaultId,
    pub(super) key: Key32,
    /// By ascending id.
    pub(super) slots: Vec<Slot>,
    /// By ascending id.
    pub(super) compartments: Vec<Listed>,
    unknown: Map<'static>,
    pub(super) is_changed: bool,
}

impl Root {
    /// A root part for a new vault, without a slot yet.
    pub(super) fn create(vault_id: VaultId) -> Result<Self> {
        Ok(Self {
            vault_id,
            key: keys::generate_key()?,
            slots: Vec::new(),
            compartments: Vec::new(),
            unknown: Map::new(),
            is_changed: true,
        })
    }

    /// What follows this one under a new vault id and root key, without a slot and without a compartment yet.
    pub(super) fn renewed(&self) -> Result<Self> {
        let fresh = Self::create(crate::random::random()?)?;
        Ok(Self { unknown: self.unknown.clone(), ..fresh })
    }

    /// Checks the root MAC and opens the keyring. Structure that is wrong behind a good MAC is `format`.
    pub(super) fn open(bytes: &[u8], frame: &Frame, key: Key32) -> Result<Self> {
        let keys = RootKeys::derive(&key, &frame.vault_id)?;
        let cut = Error::Format("it is cut short");
        keys.verify(bytes.get(frame.root.clone()).ok_or(cut.clone())?, &frame.root_mac)?;
        let sealed = bytes.get(frame.keyring.clone()).ok_or(cut)?;
        let plaintext = keys::open(&keys.keyring, &keys::keyring_aad(&frame.vault_id), sealed)?;
        let mut map = cbor::decode(&plaintext)?;

        let bad = || Error::Format("the keyring's list of slots");
        let items = map.take_array("slots")?;
        if items.len() != frame.slots.len() {
            return Err(bad());
        }
        let mut slots: Vec<Slot> = Vec::with_capacity(items.len());
        for (item, slot) in items.into_iter().zip(&frame.slots) {
            let Value::Map(mut item) = item else { return Err(bad()) };
            let id: SlotId = item.take_bytes("id")?;
            let label = item.take_text("label")?.into_owned();
            if id != slot.head.id || !name::is_label(&label) || slots.iter().any(|other| other.label == label) {
                return Err(bad());
            }
            let slot_key = boxed(item.take_bytes("key")?);
            let created = item.take_uint("created")?;
            let (payload, unknown_payload) = match slot.head.scope {
                SCOPE_ROOT => {
                    (None, open_root_key(bytes, &frame.vault_id, slot, &slot_key).map_or(Map::new(), |(_, map)| map))
                }
                _ => (Payload::open(bytes, &frame.vault_id, slot, &slot_key).ok(), Map::new()),
            };
            slots.push(Slot {
                head: slot.head.clone(),
                commit: slot.commit,
                key: slot_key,
                label,
                created,
                unknown: item.into_owned(),
                sealed: bytes.get(slot.sealed.clone()).map(<[u8]>::to_vec),
                payload,
                unknown_payload,
            });
        }

        let bad = || Error::Format("the keyring's list of compartments");
        let items = map.take_array("compartments")?;
        if items.len() != frame.compartments.len() {
            return Err(bad());
        }
        let mut compartments: Vec<Listed> = Vec::with_capacity(items.len());
        let mut names = BTreeSet::new();
        for (item, at) in items.into_iter().zip(&frame.compartments) {
            let Value::Map(mut item) = item else { return Err(bad()) };
            let (id, name) = take_compartment(&mut item)?;
            if id != at.id || !names.insert(name.clone()) || at.epoch > frame.root_revision {
                return Err(bad());
            }
            let (key, created) = (boxed(item.take_bytes("key")?), item.take_uint("created")?);
            let unknown = item.into_owned();
            compartments.push(Listed { id, epoch: at.epoch, key, name, created, unknown, rekey: None });
        }
        let unknown = map.into_owned();
        let vault_id = frame.vault_id;
        Ok(Self { vault_id, key, slots, compartments, unknown, is_changed: false })
    }

    /// The root part's bytes, up to and with the root MAC, at `revision`.
    pub(super) fn seal(&self, revision: u64) -> Result<Vec<u8>> {
        let keys = RootKeys::derive(&self.key, &self.vault_id)?;
        let mut bytes = header(&self.vault_id, revision, self.slots.len(), self.compartments.len());
        let keyring = self.keyring()?;
        let sealed = keys::seal(&keys.keyring, &keys::keyring_aad(&self.vault_id), keyring)?;
        push_sealed(&mut bytes, &sealed);
        for slot in &self.slots {
            bytes.extend_from_slice(&slot.head.to_bytes());
            bytes.extend_from_slice(&slot.commit);
            match (&slot.sealed, &slot.payload) {
                (Some(sealed), _) => push_sealed(&mut bytes, sealed),
                (None, Some(payload)) => {
                    push_sealed(&mut bytes, &payload.seal(&self.vault_id, &slot.head, &slot.key)?);
                }
                (None, None) => {
                    let map = known(&slot.unknown_payload).bytes("root_key", self.key.as_slice());
                    let aad = keys::slot_aad(&self.vault_id, &slot.head);
                    push_sealed(&mut bytes, &keys::seal(&slot.key, &aad, cbor::encode(&map)?)?);
                }
            }
        }
        for compartment in &self.compartments {
            bytes.extend_from_slice(&compartment.id.to_be_bytes());
            bytes.extend_from_slice(&compartment.epoch.to_be_bytes());
        }
        let mac = keys.mac(&bytes)?;
        bytes.extend_from_slice(&mac);
        Ok(bytes)
    }

    fn keyring(&self) -> Result<zeroize::Zeroizing<Vec<u8>>> {
        let slots = self.slots.iter().map(|slot| {
            let map = known(&slot.unknown).bytes("id", &slot.head.id).bytes("key", slot.key.as_slice());
            Value::Map(map.text("label", &slot.label).uint("created", slot.created))
        });
        let compartments = self.compartments.iter().map(|compartment| {
            let map = known(&compartment.unknown).uint("id", compartment.id.into());
            let map = map.bytes("key", compartment.key.as_slice()).text("name", &compartment.name);
            Value::Map(map.uint("created", compartment.created))
        });
        let mut map = known(&self.unknown);
        map.set("slots", Value::Array(slots.collect()));
        map.set("compartments", Value::Array(compartments.collect()));
        let plaintext = cbor::encode(&map)?;
        limit("keyring size in bytes", plaintext.len(), MAX_KEYRING)?;
        Ok(plaintext)
    }

    pub(super) fn slot(&self, label: &str) -> Result<&Slot> {
        self.slots.iter().find(|slot| slot.label == label).ok_or_else(|| no_slot(label))
    }

    pub(super) fn slot_mut(&mut self, label: &str) -> Result<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.label == label).ok_or_else(|| no_slot(label))
    }

    pub(super) fn named(&self, name: &str) -> Option<&Listed> {
        self.compartments.iter().find(|compartment| compartment.name == name)
    }
}

fn no_slot(label: &str) -> Error {
    Error::NotFound(format!("slot {}", label.escape_debug()))
}

/// A copy of the unknown keys to add the known ones to.
fn known<'b>(unknown: &Map<'static>) -> Map<'b> {
    unknown.clone()
}

fn take_compartment(item: &mut Map<'_>) -> Result<(u16, String)> {
    const BAD: Error = Error::Format("the id or name of a compartment");
    let id = u16::try_from(item.take_uint("id")?).map_err(|_| BAD)?;
    let name = item.take_text("name")?.into_owned();
    match name::is_label(&name) {
        true => Ok((id, name)),
        false => Err(BAD),
    }
}

fn push_sealed(bytes: &mut Vec<u8>, sealed: &[u8]) {
    bytes.extend_from_slice(&(sealed.len() as u32).to_be_bytes());
    bytes.extend_from_slice(sealed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_release_does_not_know_is_kept() {
        let mut item = Map::new().uint("id", 1).uint("epoch", 2).bytes("key", &[3; 32]).text("name", "c");
        item.set("read_only", Value::Bool(true));
        let mut map = Map::new().text("later", "keep");
        map.set("compartments", Value::Array(vec![Value::Map(item)]));
        let plaintext = cbor::encode(&map).unwrap();
        assert_eq!(Payload::decode(&plaintext).unwrap().encode().unwrap(), plaintext);
    }

    #[test]
    fn the_keyring_and_the_root_slot_keep_what_is_unknown() {
        let mut root = Root::create([1; 16]).unwrap();
        let head =
            SlotHead { id: [2; 8], scope: SCOPE_ROOT, factors: 2, kdf: (0, 0, 0, 0), salt: [3; 32], hint: vec![] };
        let later = || Map::new().text("later", "keep");
        let (label, key) = ("owner".to_owned(), keys::generate_key().unwrap());
        let (unknown, unknown_payload) = (later(), later());
        let (commit, created, sealed, payload) = ([0; 32], 4, None, None);
        root.slots.push(Slot { head, commit, key, label, created, unknown, sealed, payload, unknown_payload });
        root.unknown = later();
        for _ in 0..2 {
            let bytes = root.seal(1).unwrap();
            root = Root::open(&bytes, &Frame::parse(&bytes).unwrap(), root.key).unwrap();
            assert!(root.unknown == later() && root.slots[0].unknown == later());
            assert!(root.slots[0].unknown_payload == later());
            root.slots[0].sealed = None;
        }
        assert!(root.renewed().unwrap().unknown == later());
    }
}
