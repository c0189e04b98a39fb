//! Applying changes to what is stored now: one pure function for files, browsers and database stores.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::compartment::Compartment;
use super::format::{CompartmentFrame, Frame, MAX_INTEGER, MAX_VAULT, Record, SlotId, limit};
use super::keys::{CompartmentKeys, Key32, Part, generate_key};
use super::root::{Payload, Root};
use super::{OnDamage, Opened, Who};
use crate::{Error, Result};

fn conflict<T>(what: impl Into<String>) -> Result<T> {
    Err(Error::Conflict(what.into()))
}

impl Opened {
    /// What to store in place of `stored`. All or nothing: an error leaves everything as it is.
    pub(super) fn splice(&self, stored: &[u8]) -> Result<Vec<u8>> {
        let parsed;
        let frame = match stored == self.base {
            true => &self.frame,
            false => {
                parsed = Frame::parse(stored)?;
                &parsed
            }
        };
        if frame.vault_id != self.frame.vault_id {
            return conflict("the vault was re-keyed or replaced: open it again");
        }
        let mut root = self.root_to_store(stored, frame)?;
        let contents = self.contents(stored, frame, root.as_ref().map(Cow::as_ref))?;
        if let Some(root) = &mut root {
            let exhausted = contents.iter().any(|(id, content)| content.revision > MAX_INTEGER && !rekeys(root, *id));
            if exhausted || root.is_changed {
                return with_root(stored, frame, root.to_mut(), &contents);
            }
        }
        // The root part stays as it is stored.
        let mut bytes = stored.get(..frame.root.end + 32).ok_or(Error::Format("it is cut short"))?.to_vec();
        for at in &frame.compartments {
            match contents.get(&at.id) {
                Some(content) => content.append(&mut bytes)?,
                None => bytes.extend_from_slice(whole(stored, at)?),
            }
        }
        limit("vault size in bytes", bytes.len(), MAX_VAULT)?;
        Ok(bytes)
    }

    /// The root part to go on from: ours if we changed it, else what is stored. Checks that neither is lost.
    fn root_to_store<'a>(&'a self, stored: &[u8], frame: &Frame) -> Result<Option<Cow<'a, Root>>> {
        let ours = (self.base.get(self.frame.root.clone()), &self.frame.root_mac);
        let is_same = ours == (stored.get(frame.root.clone()), &frame.root_mac);
        match (&self.who, &self.root) {
            (Who::Owner { root_key, .. }, Some(root)) => {
                if is_same {
                    return Ok(Some(Cow::Borrowed(root)));
                }
                let theirs = Root::open(stored, frame, root_key.clone())?;
                if frame.root_revision <= self.frame.root_revision {
                    return Err(rollback("the vault that is stored now"));
                }
                if root.is_changed {
                    return conflict("someone else changed the slots or compartments");
                }
                for (id, compartment) in self.compartments.iter().filter(|(_, compartment)| compartment.is_changed()) {
                    let keys = &compartment.keys;
                    match theirs.compartments.iter().find(|at| at.id == *id) {
                        None => return conflict(format!("compartment {} was removed", compartment.name)),
                        Some(at) if !keys.is(&frame.vault_id, *id, at.epoch, &at.key) => {
                            return conflict(format!("compartment {} was given a new key", compartment.name));
                        }
                        Some(_) => {}
                    }
                }
                Ok(Some(Cow::Owned(theirs)))
            }
            (Who::Holder { slot_id, slot_key }, _) => {
                let payload = holder_payload(stored, frame, *slot_id, slot_key)?;
                for compartment in self.compartments.values().filter(|compartment| compartment.is_changed()) {
                    let is_same =
                        |at: &super::root::PayloadItem| compartment.keys.is(&frame.vault_id, at.id, at.epoch, &at.key);
                    if !payload.items.iter().any(is_same) {
                        return conflict(format!("compartment {} was given a new key", compartment.name));
                    }
                }
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// The compartments to be written anew, each from what is stored now with our changes applied.
    fn contents<'a>(
        &'a self,
        stored: &'a [u8],
        frame: &Frame,
        root: Option<&Root>,
    ) -> Result<BTreeMap<u16, Content<'a>>> {
        let mut contents = BTreeMap::new();
        for (&id, compartment) in &self.compartments {
            let rekey = root.is_some_and(|root| rekeys(root, id));
            if compartment.is_new {
                contents.insert(id, Content::of(compartment, &self.base, 1));
                continue;
            }
            let found = frame.compartment(id).filter(|at| at.epoch == compartment.keys.epoch);
            let Some(at) = found else {
                // Gone or re-keyed: that is somebody's right, unless we have changes for it. (Where we changed the root
                // part, what is stored has the same directory as what was opened.)
                if compartment.is_changed() {
                    return conflict(format!("compartment {} was removed or given a new key", compartment.name));
                }
                if frame.compartment(id).is_some_and(|at| at.epoch < compartment.keys.epoch) {
                    return Err(rollback(&format!("compartment {}", compartment.name)));
                }
                continue;
            };
            let opened = self.frame.compartment(id).ok_or(Error::Format("the directory"))?;
            let is_same = whole(stored, at)? == whole(&self.base, opened)?;
            if !compartment.is_changed() && !rekey {
                if !is_same {
                    check_not_older(stored, at, compartment)?;
                }
                continue;
            }
            let content = match is_same {
                true => Content::of(compartment, &self.base, at.revision + 1),
                false => self.reapply(stored, at, compartment)?,
            };
            contents.insert(id, content);
        }
        // What goes as a whole goes only as it was seen: others may have written to it, or made it whole again.
        for opened in self.frame.compartments.iter().filter(|at| self.throws_away(at, root)) {
            let found = frame.compartment(opened.id).map(|at| whole(stored, at)).transpose()?;
            if found != Some(whole(&self.base, opened)?) {
                return conflict("someone else changed a compartment that was to be removed");
            }
        }
        Ok(contents)
    }

    /// Whether we leave out a compartment: one that was removed here, or that is damaged as a whole.
    fn throws_away(&self, at: &CompartmentFrame, root: Option<&Root>) -> bool {
        let is_ours = self.compartments.get(&at.id).is_some_and(|ours| !ours.is_new);
        let is_kept = |root: &Root| {
            let mut listed = root.compartments.iter();
            listed.any(|other| other.id == at.id && other.epoch == at.epoch && other.rekey.is_none())
        };
        !is_ours && root.is_some_and(|root| root.is_changed && !is_kept(root))
    }

    /// Our changes of one compartment, on top of what someone else stored there.
    fn reapply<'a>(&self, stored: &'a [u8], at: &CompartmentFrame, ours: &'a Compartment) -> Result<Content<'a>> {
        let damaged = |_| Error::Damaged(format!("compartment {}, as it is stored now,", ours.name));
        let mut theirs = Compartment::open(stored, at, &ours.name, Arc::clone(&ours.keys)).map_err(damaged)?;
        if at.revision <= ours.revision {
            return Err(rollback(&format!("compartment {}, as it is stored now,", ours.name)));
        }
        for (id, change) in &ours.changes {
            let (opened, now) = (ours.opened(&self.base, id), theirs.opened(stored, id));
            if opened != now {
                let record = opened.or(now).or(change.as_deref()).unwrap_or_default();
                let name = ours.name_of(record).unwrap_or_else(|_| format!("an entry of {}", ours.name));
                return conflict(format!("someone else changed {name}"));
            }
        }
        for (id, change) in &ours.changes {
            theirs.adopt(stored, id, change.clone())?;
        }
        if let Some(rest) = theirs.contradiction_of(ours.changes.keys()) {
            return conflict(format!("someone else changed {}/{rest}", ours.name));
        }
        limit("number of records in a compartment", theirs.count(), super::format::MAX_RECORDS)?;
        Ok(Content { held: Held::Theirs(Box::new(theirs)), base: stored, revision: at.revision + 1 })
    }
}

/// What a holder's slot holds now.
pub(super) fn holder_payload(stored: &[u8], frame: &Frame, slot_id: SlotId, slot_key: &Key32) -> Result<Payload> {
    let slot = frame.slot(slot_id);
    let payload = slot.and_then(|slot| Payload::open(stored, &frame.vault_id, slot, slot_key).ok());
    payload.map_or_else(|| conflict("the slot that opened this vault was changed or revoked: open it again"), Ok)
}

/// Stores a changed root part, with new keys for the compartments that are to have one.
fn with_root(stored: &[u8], frame: &Frame, root: &mut Root, contents: &BTreeMap<u16, Content<'_>>) -> Result<Vec<u8>> {
    let revision = frame.root_revision + 1;
    check_revision(revision)?;
    let mut written: BTreeMap<u16, Vec<u8>> = BTreeMap::new();
    let mut new_keys = BTreeMap::new();
    for listed in &mut root.compartments {
        let content = contents.get(&listed.id);
        let on_damage = match (listed.rekey, content) {
            (Some(on_damage), _) => Some(on_damage),
            // A holder ran the revision to its end: a new epoch starts it again.
            (None, Some(content)) if content.revision > MAX_INTEGER => Some(OnDamage::Refuse),
            _ => None,
        };
        let mut bytes = Vec::new();
        match (on_damage, content) {
            (Some(on_damage), _) => {
                let key = generate_key()?;
                let keys = CompartmentKeys::derive(key.clone(), root.vault_id, listed.id, revision)?;
                let records = match content {
                    Some(content) => content.sealed_anew(&keys, on_damage)?,
                    // Damaged as a whole, and the owner has said to drop it.
                    None if on_damage == OnDamage::Drop => Vec::new(),
                    None => return Err(Error::Damaged(format!("compartment {}", listed.name))),
                };
                append(&keys, 1, &records, &mut bytes)?;
                (listed.epoch, listed.key, listed.rekey) = (revision, key.clone(), None);
                new_keys.insert(listed.id, key);
            }
            (None, Some(content)) => content.append(&mut bytes)?,
            (None, None) => {
                let at = frame.compartment(listed.id).ok_or(Error::Format("the directory"))?;
                bytes.extend_from_slice(whole(stored, at)?);
            }
        }
        written.insert(listed.id, bytes);
    }
    for slot in &mut root.slots {
        let Some(payload) = &mut slot.payload else { continue };
        for item in &mut payload.items {
            if let Some(key) = new_keys.get(&item.id) {
                (item.epoch, item.key) = (revision, key.clone());
                slot.sealed = None;
            }
        }
    }
    let mut bytes = root.seal(revision)?;
    written.into_values().for_each(|compartment| bytes.extend_from_slice(&compartment));
    limit("vault size in bytes", bytes.len(), MAX_VAULT)?;
    Ok(bytes)
}

fn rekeys(root: &Root, id: u16) -> bool {
    root.compartments.iter().any(|at| at.id == id && at.rekey.is_some())
}

fn rollback(what: &str) -> Error {
    Error::Rollback(format!(
        "{what} is older than, or forked from, what was opened; restore the newer file, or open it again on purpose"
    ))
}

fn whole<'b>(bytes: &'b [u8], at: &CompartmentFrame) -> Result<&'b [u8]> {
    bytes.get(at.whole.clone()).ok_or(Error::Format("a compartment is cut short"))
}

/// A compartment that we did not change is taken as it is stored, if it is genuine and older than what we saw that is
/// a rollback. One that is not genuine is damage, which stays where it is.
fn check_not_older(stored: &[u8], at: &CompartmentFrame, ours: &Compartment) -> Result<()> {
    let records = stored.get(at.records.clone()).ok_or(Error::Format("a compartment is cut short"))?;
    match ours.keys.verify(at.revision, records, &at.mac) {
        Ok(()) if at.revision <= ours.revision => Err(rollback(&format!("compartment {}", ours.name))),
        _ => Ok(()),
    }
}

/// A compartment to be written, and the bytes that its unchanged records are in.
struct Content<'a> {
    held: Held<'a>,
    base: &'a [u8],
    revision: u64,
}

enum Held<'a> {
    Ours(&'a Compartment),
    Theirs(Box<Compartment>),
}

impl<'a> Content<'a> {
    const fn of(compartment: &'a Compartment, base: &'a [u8], revision: u64) -> Self {
        Self { held: Held::Ours(compartment), base, revision }
    }

    fn compartment(&self) -> &Compartment {
        match &self.held {
            Held::Ours(compartment) => compartment,
            Held::Theirs(compartment) => compartment,
        }
    }

    fn append(&self, bytes: &mut Vec<u8>) -> Result<()> {
        check_revision(self.revision)?;
        let compartment = self.compartment();
        let records = compartment.all(self.base).collect::<Vec<_>>().concat();
        append(&compartment.keys, self.revision, &records, bytes)
    }

    /// Every record opened and sealed again under other keys.
    fn sealed_anew(&self, keys: &CompartmentKeys, on_damage: OnDamage) -> Result<Vec<u8>> {
        let compartment = self.compartment();
        let mut records = Vec::new();
        for bytes in compartment.all(self.base) {
            let record = Record::parse(bytes)?;
            match compartment.open_record(record) {
                Ok((meta, secret)) => {
                    let meta = keys.seal(Part::Meta, &record.id, meta)?;
                    let secret = keys.seal(Part::Secret, &record.id, secret)?;
                    records.extend_from_slice(&Record { id: record.id, meta: &meta, secret: &secret }.to_bytes());
                }
                Err(_) if on_damage == OnDamage::Drop => {}
                Err(_) => return Err(Error::Damaged(format!("an entry of compartment {}", compartment.name))),
            }
        }
        Ok(records)
    }
}

fn check_revision(revision: u64) -> Result<()> {
    match revision {
        ..=MAX_INTEGER => Ok(()),
        _ => Err(Error::Limit { what: "number of revisions", asked: revision, allowed: MAX_INTEGER }),
    }
}

fn append(keys: &CompartmentKeys, revision: u64, records: &[u8], bytes: &mut Vec<u8>) -> Result<()> {
    limit("vault size in bytes", records.len(), MAX_VAULT)?;
    bytes.extend_from_slice(&revision.to_be_bytes());
    bytes.extend_from_slice(&(records.len() as u32).to_be_bytes());
    bytes.extend_from_slice(records);
    bytes.extend_from_slice(&keys.mac(revision, records)?);
    Ok(())
}
