//! Who may open what: slots, grants, revocation, passphrases and re-keying. All of it is for owners.

use core::fmt;
use std::collections::BTreeSet;

use super::entry::time;
use super::format::{
    FACTOR_BOTH, FACTOR_KEY, FACTOR_PASSPHRASE, MAX_PASSPHRASE_SLOTS, MAX_SLOTS, SCOPE_COMPARTMENTS, SCOPE_ROOT,
    SlotHead, limit,
};
use super::root::{Payload, Root, Slot};
use super::{Opened, Scope, Unlock, Vault, name};
use crate::kdf::{Bounds, Kdf, check_total};
use crate::random::random;
use crate::{Error, Key, Result};

/// What a new slot gives access to.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Access<'a> {
    /// Everything: the slot holds the root key.
    Owner,
    /// These compartments, to read and write.
    Compartments(&'a [&'a str]),
}

/// What a slot asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Factors {
    /// A passphrase.
    Passphrase,
    /// A key.
    Key,
    /// A passphrase and a key.
    Both,
}

/// A slot, as an owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotInfo {
    /// The slot's id.
    pub id: [u8; 8],
    /// The label it was made with.
    pub label: String,
    /// Whether it is an owner's or a holder's.
    pub scope: Scope,
    /// What it asks for.
    pub factors: Factors,
    /// The WebAuthn credential id, if its key is a passkey.
    pub passkey: Option<Vec<u8>>,
    /// The cost of its passphrase.
    pub kdf: Option<Kdf>,
    /// When it was made, in Unix seconds.
    pub created: u64,
    /// The names of a holder's compartments. `None` for an owner, and for a slot whose payload is damaged.
    pub compartments: Option<Vec<String>>,
}

/// A compartment that this key can open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompartmentInfo {
    /// Its name.
    pub name: String,
    /// How many entries it has.
    pub entries: usize,
    /// The code of what is wrong with it as a whole.
    pub damaged: Option<&'static str>,
}

/// A part of the vault that fails its checks: a record, or a whole compartment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The compartment it is in.
    pub compartment: String,
    /// The record, or `None` for the compartment as a whole.
    pub record: Option<[u8; 16]>,
    /// The entry's name, where it can be read.
    pub name: Option<String>,
    /// The error code of the check that failed.
    pub code: &'static str,
}

/// What to do with damaged parts where a compartment is sealed anew, which they cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnDamage {
    /// Change nothing and say [`Error::Damaged`].
    Refuse,
    /// Leave them out, and list them.
    Drop,
}

/// What a revocation comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// The entries that the revoked holder has been able to read: rotate these at the exchange.
    pub rotate: Vec<String>,
    /// What was damaged and is left out of the vault.
    pub dropped: Vec<Damage>,
}

/// What a re-keying comes to.
pub struct Rekeyed {
    /// The label and new key of every slot that was made again and asks for a key.
    pub keys: Vec<(String, Key)>,
    /// The labels of the slots that are gone.
    pub removed: Vec<String>,
    /// Every entry: whoever held the old root key has been able to read them all.
    pub rotate: Vec<String>,
    /// What was damaged and is left out of the vault.
    pub dropped: Vec<Damage>,
}

impl fmt::Debug for Rekeyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rekeyed").field("removed", &self.removed).finish_non_exhaustive()
    }
}

impl Vault {
    /// The compartments that this key can open, by name.
    ///
    /// # Errors
    /// [`Error::Locked`].
    pub fn compartments(&self) -> Result<Vec<CompartmentInfo>> {
        let opened = self.opened()?;
        let damaged = opened.damaged.values().map(|(name, code)| CompartmentInfo {
            name: name.clone(),
            entries: 0,
            damaged: Some(*code),
        });
        let in_order = opened.compartments.values().map(|compartment| CompartmentInfo {
            name: compartment.name.clone(),
            entries: compartment.names().count(),
            damaged: None,
        });
        let mut all: Vec<_> = in_order.chain(damaged).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// Everything this key can see that fails its checks: whole compartments, records, and entries with contradicting
    /// versions. A secret part that does not open shows only when it is used.
    ///
    /// # Errors
    /// [`Error::Locked`].
    pub fn damage(&self) -> Result<Vec<Damage>> {
        let opened = self.opened()?;
        Ok(opened.damage_in(|_| true, false))
    }

    /// All slots, in the order of the file.
    ///
    /// # Errors
    /// [`Error::NoAccess`] for a holder, [`Error::Locked`].
    pub fn slots(&self) -> Result<Vec<SlotInfo>> {
        let root = self.opened()?.owner()?;
        root.slots.iter().map(slot_info).collect()
    }

    /// Makes a slot. A key in `unlock` names the new slot's id, so it must be a new one; a passkey comes as
    /// [`Unlock::new_passkey`]; `kdf` counts where `unlock` has a passphrase.
    ///
    /// # Errors
    /// [`Error::Exists`] for a label, a key, a passkey or a passphrase that is in use; [`Error::NotFound`] for a compartment;
    /// [`Error::Limit`] for too many slots or too much cost over all; [`Error::NoAccess`] for a holder.
    pub fn grant(&mut self, label: &str, access: Access<'_>, unlock: &Unlock, kdf: Kdf) -> Result<()> {
        let now = self.now();
        let opened = self.opened_mut()?;
        let root = opened.root.as_mut().ok_or_else(super::owners_only)?;
        let payload = match access {
            Access::Owner => None,
            Access::Compartments([]) => return Err(Error::invalid("expected at least one compartment to grant")),
            Access::Compartments(names) => {
                let mut ids = BTreeSet::new();
                for name in names {
                    name::check_compartment(name)?;
                    let found = root.named(name).ok_or_else(|| Error::NotFound(format!("compartment {name}")))?;
                    ids.insert(found.id);
                }
                let listed = root.compartments.iter().filter(|at| ids.contains(&at.id));
                Some(Payload::new(listed.map(|at| (at.id, at.epoch, at.key.clone(), at.name.clone()))))
            }
        };
        let slot = new_slot(root, label, payload, unlock, kdf, now)?;
        root.slots.push(slot);
        root.slots.sort_by_key(|slot| slot.head.id);
        root.is_changed = true;
        Ok(())
    }

    /// Removes a holder's slot, and gives every compartment it could open a new key. All other holders keep their
    /// access without being present.
    ///
    /// The revoked holder keeps what it has read: rotate the entries that are returned.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::InvalidInput`] for an owner's slot, which only [`Vault::rekey`] removes;
    /// [`Error::Damaged`] where something damaged would be lost; [`Error::NoAccess`] for a holder.
    pub fn revoke(&mut self, label: &str, on_damage: OnDamage) -> Result<Revoked> {
        let opened = self.opened_mut()?;
        let slot = holder_slot(opened.owner()?, label)?;
        let ids = match &slot.payload {
            Some(payload) => payload.ids(),
            // What it could open cannot be read: all count.
            None => opened.owner()?.compartments.iter().map(|at| at.id).collect(),
        };
        let revoked = opened.replace_keys(&ids, on_damage)?;
        if let Some(root) = &mut opened.root {
            root.slots.retain(|slot| slot.label != label);
        }
        Ok(revoked)
    }

    /// Takes compartments away from a holder, and gives them new keys. A holder that is left with none is removed.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a compartment that the holder does not have, and as [`Vault::revoke`].
    pub fn revoke_from(&mut self, label: &str, compartments: &[&str], on_damage: OnDamage) -> Result<Revoked> {
        let opened = self.opened_mut()?;
        let slot = holder_slot(opened.owner()?, label)?;
        let Some(payload) = &slot.payload else { return Err(Error::Damaged(format!("slot {label}"))) };
        let mut ids = BTreeSet::new();
        for name in compartments {
            let found = payload.items.iter().find(|item| item.name == *name);
            ids.insert(found.ok_or_else(|| Error::NotFound(format!("compartment {name} of slot {label}")))?.id);
        }
        let revoked = opened.replace_keys(&ids, on_damage)?;
        if let Some(root) = &mut opened.root {
            drop_from(root, |slot| slot.label == label, &ids);
        }
        Ok(revoked)
    }

    /// Removes a compartment with everything in it. A holder that is left with none is removed.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NoAccess`] for a holder, [`Error::Locked`].
    pub fn remove_compartment(&mut self, name: &str) -> Result<()> {
        let opened = self.opened_mut()?;
        let root = opened.root.as_mut().ok_or_else(super::owners_only)?;
        name::check_compartment(name)?;
        let id = root.named(name).ok_or_else(|| Error::NotFound(format!("compartment {name}")))?.id;
        root.compartments.retain(|at| at.id != id);
        drop_from(root, |_| true, &BTreeSet::from([id]));
        root.is_changed = true;
        opened.damaged.remove(&id);
        opened.compartments.remove(&id);
        Ok(())
    }

    /// Gives a slot a new passphrase and cost; the key of a slot that asks for both stays and must be in `new`. A passkey
    /// stays as well, and has to answer to a new input: [`Unlock::new_passkey`].
    ///
    /// This protects only against people without an earlier copy of the file, which the old passphrase still opens.
    /// After a leak use [`Vault::rekey`].
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::InvalidInput`] for a slot without a passphrase, or another factor than it has;
    /// [`Error::Exists`] if another slot has this passphrase; [`Error::NoAccess`] for a holder.
    pub fn change_passphrase(&mut self, label: &str, new: &Unlock, kdf: Kdf) -> Result<()> {
        let root = self.opened_mut()?.root.as_mut().ok_or_else(super::owners_only)?;
        let slot = root.slot(label)?;
        if slot.head.factors == FACTOR_KEY {
            return Err(Error::invalid("this slot opens with a key and has no passphrase; grant a new slot instead"));
        }
        if slot.head.factors != new.factors() {
            return Err(Error::invalid("expected a new passphrase, and the slot's key exactly if it asks for both"));
        }
        if new.key_factor().is_some_and(|key| !key.names(&slot.head)) {
            return Err(Error::invalid("this key or passkey belongs to another slot"));
        }
        kdf.checked(Bounds::DEFAULT)?;
        let head = SlotHead { kdf: kdf.to_stored()?, salt: new_salt(root, new)?, ..slot.head.clone() };
        check_costs(root, &head)?;
        check_unused(root, &head, new)?;
        let keys = new.slot_keys(&root.vault_id, &head, Some(kdf), true)?;
        let slot = root.slot_mut(label)?;
        if !slot.is_owner() && slot.payload.is_none() {
            return Err(Error::Damaged(format!("slot {label}")));
        }
        (slot.head, slot.commit, slot.key, slot.sealed) = (head, **keys.commit, keys.key, None);
        root.is_changed = true;
        Ok(())
    }

    /// Gives a slot's passphrase another cost. `current` must open the slot.
    ///
    /// # Errors
    /// [`Error::Decrypt`] if `current` does not open the slot; [`Error::InvalidInput`] for a passkey, whose answer to the
    /// slot of now is not the one to the slot of then; and as [`Vault::change_passphrase`].
    pub fn strengthen(&mut self, label: &str, current: &Unlock, kdf: Kdf) -> Result<()> {
        let root = self.opened()?.owner()?;
        let slot = root.slot(label)?;
        if slot.head.factors == FACTOR_KEY {
            return Err(Error::invalid("this slot opens with a key, which has no cost to strengthen"));
        }
        if current.is_passkey() {
            return Err(Error::invalid("a passkey has to answer anew: change the passphrase instead, to the same one"));
        }
        let keys = current.slot_keys(&root.vault_id, &slot.head, stored_kdf(&slot.head)?, false)?;
        match keys.is_committed_to(&slot.commit) {
            true => self.change_passphrase(label, current, kdf),
            false => Err(Error::Decrypt),
        }
    }

    /// Gives the vault a new id, root key and compartment keys, and discards every slot but those that `keep` opens:
    /// for when an owner's secret may be known to another, and the one way to remove an owner's slot.
    ///
    /// The slots that are kept get a new id and salt, and a new key where they ask for one. All other holders have to
    /// be granted again, and passkeys enrolled again. Old pins do not carry over.
    ///
    /// # Errors
    /// [`Error::Decrypt`] if one of `keep` opens no slot; [`Error::InvalidInput`] for a passkey, and if no owner's slot is kept;
    /// [`Error::Damaged`] where something damaged would be lost; [`Error::NoAccess`] for a holder.
    pub fn rekey(&mut self, keep: &[Unlock], on_damage: OnDamage) -> Result<Rekeyed> {
        let opened = self.opened_mut()?;
        let root = opened.owner()?;
        let mut kept: Vec<(&Slot, &Unlock)> = Vec::new();
        for unlock in keep {
            let slot = slot_of(root, unlock)?;
            if kept.iter().any(|(other, _)| other.label == slot.label) {
                return Err(Error::invalid(format!("slot {} is named twice", slot.label.escape_debug())));
            }
            kept.push((slot, unlock));
        }
        if !kept.iter().any(|(slot, _)| slot.is_owner()) {
            return Err(Error::invalid("expected the passphrase or key of at least one owner's slot to keep"));
        }
        let mut fresh = root.renewed()?;
        let (mut keys, mut slot_id) = (Vec::new(), None);
        for (slot, unlock) in kept {
            let new_key = match slot.head.factors {
                FACTOR_PASSPHRASE => None,
                _ => Some(Key::generate()?),
            };
            let id = new_key.as_ref().map_or_else(random, |key| Ok(key.slot_id()))?;
            let unlock = unlock.with_key(new_key.clone());
            // A cost under today's floor is not carried over.
            let kdf = stored_kdf(&slot.head)?.map(|kdf| if kdf.is_weak() { Kdf::default() } else { kdf });
            let stored = kdf.map_or(Ok((0, 0, 0, 0)), Kdf::to_stored)?;
            let head = SlotHead { id, salt: random()?, kdf: stored, hint: Vec::new(), ..slot.head.clone() };
            check_costs(&fresh, &head)?;
            let derived = unlock.slot_keys(&fresh.vault_id, &head, kdf, true)?;
            if slot.is_owner() && slot_id.is_none() {
                slot_id = Some(id);
            }
            keys.extend(new_key.map(|key| (slot.label.clone(), key)));
            let slot = Slot { head, commit: **derived.commit, key: derived.key, sealed: None, ..slot.clone() };
            if !slot.is_owner() && slot.payload.is_none() {
                return Err(Error::Damaged(format!("slot {}", slot.label.escape_debug())));
            }
            fresh.slots.push(slot);
        }
        fresh.slots.sort_by_key(|slot| slot.head.id);
        let is_kept = |slot: &&Slot| fresh.slots.iter().any(|other| other.label == slot.label);
        let removed = root.slots.iter().filter(|slot| !is_kept(slot)).map(|slot| slot.label.clone()).collect();
        let all = root.compartments.iter().map(|at| at.id).collect();
        // From here on nothing fails but the check for damage, which comes before any change.
        let Revoked { rotate, dropped } = opened.replace_keys(&all, on_damage)?;
        if let Some(root) = &mut opened.root {
            fresh.compartments.clone_from(&root.compartments);
            fresh.is_changed = true;
            *root = fresh;
        }
        opened.rekeyed_slot = slot_id;
        Ok(Rekeyed { keys, removed, rotate, dropped })
    }

    /// A pin for the holder of a slot, of the compartments it can open as they were last saved: give it to the holder
    /// after a revocation, so that nobody can feed it what the revoked one could still have written.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NoAccess`] for a holder, [`Error::Damaged`] for a slot whose payload does not open.
    pub fn pin_for(&self, label: &str) -> Result<String> {
        let opened = self.opened()?;
        let slot = opened.owner()?.slot(label)?;
        match &slot.payload {
            None if slot.is_owner() => opened.pin().to_text(),
            None => Err(Error::Damaged(format!("slot {}", label.escape_debug()))),
            Some(payload) => {
                let ids = payload.ids();
                opened.pin_of(|id| ids.contains(&id), false).to_text()
            }
        }
    }
}

impl Opened {
    /// Marks compartments to get a new key at the next save. Changes nothing if damage would be lost and may not be.
    fn replace_keys(&mut self, ids: &BTreeSet<u16>, on_damage: OnDamage) -> Result<Revoked> {
        let dropped = self.damage_in(|id| ids.contains(&id), true);
        if let (Some(damage), OnDamage::Refuse) = (dropped.first(), on_damage) {
            let what =
                damage.name.clone().unwrap_or_else(|| format!("compartment {}, in part or whole,", damage.compartment));
            return Err(Error::Damaged(format!("a new key would lose what {what} holds, which")));
        }
        let mut rotate: Vec<_> = self
            .compartments
            .iter()
            .filter(|(id, _)| ids.contains(id))
            .flat_map(|(_, compartment)| compartment.every_name())
            .collect();
        rotate.sort();
        let root = self.root.as_mut().ok_or_else(super::owners_only)?;
        root.compartments.iter_mut().filter(|at| ids.contains(&at.id)).for_each(|at| at.rekey = Some(on_damage));
        root.is_changed = true;
        Ok(Revoked { rotate, dropped })
    }

    fn damage_in(&self, wanted: impl Fn(u16) -> bool, to_be_sealed_anew: bool) -> Vec<Damage> {
        let whole = self.damaged.iter().filter(|(id, _)| wanted(**id)).map(|(_, (name, code))| Damage {
            compartment: name.clone(),
            record: None,
            name: None,
            code,
        });
        let parts = self.compartments.iter().filter(|(id, _)| wanted(**id)).flat_map(|(_, compartment)| {
            compartment.damage(&self.base, to_be_sealed_anew).into_iter().map(|(record, name, code)| Damage {
                compartment: compartment.name.clone(),
                record: Some(record),
                name,
                code,
            })
        });
        whole.chain(parts).collect()
    }
}

/// A slot for `unlock`, with what it opens: `payload`, or everything.
pub(super) fn new_slot(
    root: &Root,
    label: &str,
    payload: Option<Payload>,
    unlock: &Unlock,
    kdf: Kdf,
    now: u64,
) -> Result<Slot> {
    name::check_label(label)?;
    let created = time(now)?;
    if root.slots.iter().any(|slot| slot.label == label) {
        return Err(Error::Exists(format!("slot {}", label.escape_debug())));
    }
    if unlock.has_passphrase() {
        kdf.checked(Bounds::DEFAULT)?;
    }
    limit("number of slots", root.slots.len() + 1, MAX_SLOTS)?;
    let (id, hint) = unlock.new_slot()?;
    if root.slots.iter().any(|slot| slot.head.id == id) {
        return Err(Error::Exists("a slot for this key".to_owned()));
    }
    if !hint.is_empty() && root.slots.iter().any(|slot| slot.head.hint == hint) {
        return Err(Error::Exists("a slot for this passkey".to_owned()));
    }
    let salt = new_salt(root, unlock)?;
    let head = SlotHead {
        id,
        scope: if payload.is_some() { SCOPE_COMPARTMENTS } else { SCOPE_ROOT },
        factors: unlock.factors(),
        kdf: if unlock.has_passphrase() { kdf.to_stored()? } else { (0, 0, 0, 0) },
        salt,
        hint,
    };
    check_costs(root, &head)?;
    check_unused(root, &head, unlock)?;
    let keys = unlock.slot_keys(&root.vault_id, &head, Some(kdf), true)?;
    Ok(Slot {
        head,
        commit: **keys.commit,
        key: keys.key,
        label: label.to_owned(),
        created,
        unknown: super::cbor::Map::new(),
        sealed: None,
        payload,
        unknown_payload: super::cbor::Map::new(),
    })
}

/// The salt of a slot that is made or changed, which no slot has.
fn new_salt(root: &Root, unlock: &Unlock) -> Result<[u8; 32]> {
    let salt = unlock.new_salt(&root.vault_id)?;
    match root.slots.iter().any(|slot| slot.head.salt == salt) {
        true => Err(Error::invalid("this input of a passkey was for another slot; ask the vault for a new one")),
        false => Ok(salt),
    }
}

/// The counts and costs over all slots, with `head` as one of them.
fn check_costs(root: &Root, head: &SlotHead) -> Result<()> {
    let heads = || root.slots.iter().map(|slot| &slot.head).filter(|other| other.id != head.id).chain([head]);
    let passphrases = heads().filter(|head| head.factors != FACTOR_KEY).count();
    limit("number of slots with a passphrase", passphrases, MAX_PASSPHRASE_SLOTS)?;
    let kdfs: Vec<_> = heads().map(stored_kdf).collect::<Result<_>>()?;
    check_total(kdfs.into_iter().flatten())
}

/// A passphrase opens one slot only: with two, removing one would look like locking somebody out who still gets in.
fn check_unused(root: &Root, head: &SlotHead, unlock: &Unlock) -> Result<()> {
    if head.factors != FACTOR_PASSPHRASE {
        return Ok(());
    }
    for slot in root.slots.iter().filter(|slot| slot.head.factors == FACTOR_PASSPHRASE && slot.head.id != head.id) {
        let keys = unlock.slot_keys(&root.vault_id, &slot.head, stored_kdf(&slot.head)?, true)?;
        if keys.is_committed_to(&slot.commit) {
            return Err(Error::Exists("another slot with this passphrase".to_owned()));
        }
    }
    Ok(())
}

/// The cost in a slot that is part of an open vault, so that it was checked on the way in.
fn stored_kdf(head: &SlotHead) -> Result<Option<Kdf>> {
    let (kdf, a, b, c) = head.kdf;
    Kdf::from_stored(kdf, a, b, c, Bounds { allow_weak: true, max_memory_kib: u32::MAX })
}

fn slot_of<'r>(root: &'r Root, unlock: &Unlock) -> Result<&'r Slot> {
    let key = unlock.key_text()?;
    let is_candidate = |slot: &&Slot| match key {
        Some(key) => slot.head.id == key.slot_id() && slot.head.factors == unlock.factors(),
        None => slot.head.factors == FACTOR_PASSPHRASE,
    };
    for slot in root.slots.iter().filter(is_candidate) {
        let keys = unlock.slot_keys(&root.vault_id, &slot.head, stored_kdf(&slot.head)?, false)?;
        if keys.is_committed_to(&slot.commit) {
            return Ok(slot);
        }
    }
    Err(Error::Decrypt)
}

fn holder_slot<'r>(root: &'r Root, label: &str) -> Result<&'r Slot> {
    let slot = root.slot(label)?;
    match slot.is_owner() {
        true => Err(Error::invalid("an owner holds every key: re-key the vault to remove an owner's slot")),
        false => Ok(slot),
    }
}

/// Takes compartments out of the slots that are meant; a slot that is left with none goes.
fn drop_from(root: &mut Root, is_meant: impl Fn(&Slot) -> bool, ids: &BTreeSet<u16>) {
    for slot in root.slots.iter_mut().filter(|slot| is_meant(slot)) {
        let Some(payload) = &mut slot.payload else { continue };
        let before = payload.items.len();
        payload.items.retain(|item| !ids.contains(&item.id));
        if payload.items.len() != before {
            slot.sealed = None;
        }
    }
    root.slots.retain(|slot| slot.payload.as_ref().is_none_or(|payload| !payload.items.is_empty()));
}

fn slot_info(slot: &Slot) -> Result<SlotInfo> {
    Ok(SlotInfo {
        id: slot.head.id,
        label: slot.label.clone(),
        scope: if slot.is_owner() { Scope::Owner } else { Scope::Holder },
        factors: match slot.head.factors {
            FACTOR_BOTH => Factors::Both,
            FACTOR_KEY => Factors::Key,
            _ => Factors::Passphrase,
        },
        passkey: Some(&slot.head.hint).filter(|hint| !hint.is_empty()).cloned(),
        kdf: stored_kdf(&slot.head)?,
        created: slot.created,
        compartments: slot.payload.as_ref().map(|payload| payload.items.iter().map(|item| item.name.clone()).collect()),
    })
}
