//! Changes to entries. They are kept beside what was opened until the vault is sealed or spliced.

use super::compartment::{Compartment, Version};
use super::entry::{Entry, Meta, State, Value, encode_fields, fields_of, time};
use super::format::{MAX_COMPARTMENTS, MAX_INTEGER, RecordId, limit};
use super::keys::{CompartmentKeys, Part, generate_key};
use super::root::Listed;
use super::{Opened, Vault, name, owners_only};
use crate::random::random;
use crate::{Error, Result};
use std::collections::BTreeMap;

impl Vault {
    /// Creates the entry, or replaces the whole of its current version. Returns the new version number.
    ///
    /// An owner's `put` makes the compartment if it is not there yet.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for names, [`Error::Limit`] for what is too large, [`Error::NoAccess`] outside of the
    /// compartments of this key, [`Error::Damaged`], [`Error::Locked`].
    pub fn put(&mut self, name: &str, entry: Entry) -> Result<u64> {
        let now = self.now();
        entry.check()?;
        self.writing(name, now, |opened, compartment, rest| {
            let base = &opened.base;
            let compartment = in_order(&mut opened.compartments, compartment)?;
            let number = next(compartment, rest)?;
            let mut meta = Meta::new(rest, now, number);
            let current = compartment.in_state(rest, State::Current).ok();
            if let Some(current) = current {
                meta.succeed(compartment.meta(base, &current.record)?);
            }
            let fields = entry.apply(&mut meta);
            write(compartment, current.map(|current| current.record), &meta, &fields)?;
            Ok(number)
        })
    }

    /// Changes what `change` sets and keeps the rest. Returns the new version number.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such entry; [`Error::Conflict`] if its version is not `if_version`; and as
    /// [`Vault::put`].
    pub fn update(&mut self, name: &str, change: Entry, if_version: Option<u64>) -> Result<u64> {
        let now = self.now();
        change.check()?;
        let (opened, compartment, rest) = self.existing(name)?;
        let compartment = in_order(&mut opened.compartments, compartment)?;
        let current = compartment.in_state(rest, State::Current)?;
        if let Some(wanted) = if_version.filter(|&wanted| wanted != current.number) {
            return Err(Error::Conflict(format!("{name} is at version {}, not {wanted}", current.number)));
        }
        let number = next(compartment, rest)?;
        if change.is_about_metadata_alone() {
            // The secret part stays sealed as it is, whatever is in it.
            let mut meta = compartment.meta(&opened.base, &current.record)?;
            (meta.version, meta.updated) = (number, now);
            change.apply(&mut meta);
            let sealed = compartment.sealed_secret(&opened.base, current)?;
            compartment.write(current.record, Some(rest), &meta, &sealed)?;
            return Ok(number);
        }
        let (meta, fields) = merged(compartment, &opened.base, current, change, number, now)?;
        write(compartment, Some(current.record), &meta, &fields)?;
        Ok(number)
    }

    /// Removes the entry with all its versions.
    ///
    /// # Errors
    /// [`Error::NotFound`], and as [`Vault::put`].
    pub fn remove(&mut self, name: &str) -> Result<()> {
        let (opened, compartment, rest) = self.existing(name)?;
        let compartment = in_order(&mut opened.compartments, compartment)?;
        // Contradicting versions too: this is how to get rid of them.
        if compartment.raw_versions(rest).is_empty() {
            return Err(Error::NotFound(format!("entry {name}")));
        }
        compartment.remove(rest, |_| true);
        Ok(())
    }

    /// Removes one field, secret or info, of the current version. Returns the new version number.
    ///
    /// # Errors
    /// [`Error::NotFound`], and as [`Vault::put`].
    pub fn remove_field(&mut self, name: &str, field: &str) -> Result<u64> {
        let now = self.now();
        let (opened, compartment, rest) = self.existing(name)?;
        let compartment = in_order(&mut opened.compartments, compartment)?;
        let current = compartment.in_state(rest, State::Current)?;
        let number = next(compartment, rest)?;
        let (mut meta, mut fields) = merged(compartment, &opened.base, current, Entry::new(), number, now)?;
        if meta.info.remove(field).is_none() && fields.remove(field).is_none() {
            name::check_field(field)?;
            return Err(Error::NotFound(format!("field {field} of {name}")));
        }
        write(compartment, Some(current.record), &meta, &fields)?;
        Ok(number)
    }

    /// Gives an entry, with all its versions, another name; also in another compartment.
    ///
    /// # Errors
    /// [`Error::Exists`] if the new name is taken, [`Error::NotFound`], and as [`Vault::put`].
    pub fn rename(&mut self, old: &str, new: &str) -> Result<()> {
        let now = self.now();
        let (opened, from, old_rest) = self.existing(old)?;
        let versions = in_order(&mut opened.compartments, from)?.versions(old_rest)?.to_vec();
        if versions.is_empty() {
            return Err(Error::NotFound(format!("entry {old}")));
        }
        if old == new {
            return Ok(());
        }
        self.check_free(new)?;
        self.writing(new, now, |opened, to, new_rest| {
            let mut moved = Vec::with_capacity(versions.len());
            let source = in_order(&mut opened.compartments, from)?;
            for version in versions {
                let mut meta = source.meta(&opened.base, &version.record)?;
                meta.rest = new_rest.to_owned();
                meta.updated = now;
                meta.encode()?; // a longer name may not fit: find out before anything is changed
                let sealed = source.sealed_secret(&opened.base, version)?;
                let plaintext = match from == to {
                    true => None,
                    false => Some(source.keys.open(Part::Secret, &version.record, &sealed)?),
                };
                moved.push((version.record, meta, sealed, plaintext));
            }
            if from != to {
                in_order(&mut opened.compartments, to)?.check_room(moved.len())?;
            }
            for (record, meta, sealed, plaintext) in moved {
                match plaintext {
                    None => in_order(&mut opened.compartments, from)?.write(record, Some(old_rest), &meta, &sealed)?,
                    Some(plaintext) => {
                        let target = in_order(&mut opened.compartments, to)?;
                        let id: RecordId = random()?;
                        let sealed = target.keys.seal(Part::Secret, &id, plaintext)?;
                        target.write(id, None, &meta, &sealed)?;
                    }
                }
            }
            if from != to {
                in_order(&mut opened.compartments, from)?.remove(old_rest, |_| true);
            }
            Ok(())
        })
    }

    /// Copies the current version of an entry to another name; also in another compartment.
    ///
    /// # Errors
    /// [`Error::Exists`] if the new name is taken, [`Error::NotFound`], and as [`Vault::put`].
    pub fn copy(&mut self, old: &str, new: &str) -> Result<()> {
        let now = self.now();
        let (opened, from, rest) = self.existing(old)?;
        let source = in_order(&mut opened.compartments, from)?;
        let current = source.in_state(rest, State::Current)?;
        let (mut meta, fields) = merged(source, &opened.base, current, Entry::new(), 1, now)?;
        self.check_free(new)?;
        self.writing(new, now, |opened, to, new_rest| {
            meta.rest = new_rest.to_owned();
            meta.created = now;
            write(in_order(&mut opened.compartments, to)?, None, &meta, &fields)
        })
    }

    /// Stages the next version of an entry: the current one with `change` applied, not in use until
    /// [`Vault::promote`]. One that is staged already is replaced. Returns the new version number.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no current version, and as [`Vault::put`].
    pub fn stage(&mut self, name: &str, change: Entry) -> Result<u64> {
        let now = self.now();
        change.check()?;
        let (opened, compartment, rest) = self.existing(name)?;
        let compartment = in_order(&mut opened.compartments, compartment)?;
        let current = compartment.in_state(rest, State::Current)?;
        let number = next(compartment, rest)?;
        let (mut meta, fields) = merged(compartment, &opened.base, current, change, number, now)?;
        meta.state = State::Pending;
        // What does not fit is found out before the one that is staged goes.
        meta.encode()?;
        let id: RecordId = random()?;
        let sealed = compartment.keys.seal(Part::Secret, &id, encode_fields(&fields, &meta.info)?)?;
        compartment.remove(rest, |version| version.state == State::Pending);
        compartment.write(id, None, &meta, &sealed)?;
        Ok(number)
    }

    /// Makes the staged version the current one, and the current one a previous one. Returns the version number that
    /// is current now.
    ///
    /// # Errors
    /// [`Error::NotFound`] if nothing is staged, and as [`Vault::put`].
    pub fn promote(&mut self, name: &str) -> Result<u64> {
        let now = self.now();
        let (opened, compartment, rest) = self.existing(name)?;
        let compartment = in_order(&mut opened.compartments, compartment)?;
        let pending = compartment.in_state(rest, State::Pending)?;
        let current = compartment.in_state(rest, State::Current).ok();
        let mut steps = Vec::new();
        for (version, state) in current.map(|at| (at, State::Previous)).into_iter().chain([(pending, State::Current)]) {
            let mut meta = compartment.meta(&opened.base, &version.record)?;
            (meta.state, meta.updated) = (state, now);
            meta.encode()?; // a longer state may not fit: find out before anything is changed
            steps.push((version.record, meta, compartment.sealed_secret(&opened.base, version)?));
        }
        for (record, meta, sealed) in steps {
            compartment.write(record, Some(rest), &meta, &sealed)?;
        }
        Ok(pending.number)
    }

    /// Removes the previous versions of an entry, once nothing uses them any more.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none, and as [`Vault::put`].
    pub fn retire(&mut self, name: &str) -> Result<()> {
        let (opened, compartment, rest) = self.existing(name)?;
        let compartment = in_order(&mut opened.compartments, compartment)?;
        compartment.in_state(rest, State::Previous)?;
        compartment.remove(rest, |version| version.state == State::Previous);
        Ok(())
    }

    /// The compartment and the rest of a name that must be there already.
    fn existing<'n>(&mut self, name: &'n str) -> Result<(&mut Opened, u16, &'n str)> {
        let opened = self.opened_mut()?;
        let (compartment, rest) = name::split(name)?;
        let id = opened.by_name(compartment)?.keys.id;
        Ok((opened, id, rest))
    }

    /// Does `job` in the compartment of a name. An owner's is made if it is not there, and stays only if `job` succeeds.
    fn writing<'n, T>(
        &mut self,
        name: &'n str,
        now: u64,
        job: impl FnOnce(&mut Opened, u16, &'n str) -> Result<T>,
    ) -> Result<T> {
        let opened = self.opened_mut()?;
        let (compartment, rest) = name::split(name)?;
        let found = opened.by_name(compartment).map(|compartment| compartment.keys.id);
        match found {
            Ok(id) => job(opened, id, rest),
            Err(Error::NotFound(_)) => {
                let was_changed = opened.owner()?.is_changed;
                let id = opened.create_compartment(compartment, now)?;
                let done = job(opened, id, rest);
                if let (Err(_), Some(root)) = (&done, &mut opened.root) {
                    opened.compartments.remove(&id);
                    root.compartments.retain(|at| at.id != id);
                    root.is_changed = was_changed;
                }
                done
            }
            Err(error) => Err(error),
        }
    }

    fn check_free(&self, name: &str) -> Result<()> {
        let (compartment, rest) = name::split(name)?;
        match self.opened()?.by_name(compartment) {
            Ok(compartment) if !compartment.raw_versions(rest).is_empty() => {
                Err(Error::Exists(format!("entry {name}")))
            }
            Ok(_) | Err(Error::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Opened {
    pub(super) fn create_compartment(&mut self, name: &str, now: u64) -> Result<u16> {
        let created = time(now)?;
        let epoch = self.frame.root_revision + 1;
        let root = self.root.as_mut().ok_or_else(owners_only)?;
        limit("number of compartments", root.compartments.len() + 1, MAX_COMPARTMENTS)?;
        // The lowest free id: ids are few, and what tells two compartments apart for good is (id, epoch).
        let is_free = |id: &u16| root.compartments.iter().all(|other| other.id != *id);
        let id = (0..=u16::MAX).find(is_free).ok_or(Error::Format("compartment ids"))?;
        let key = generate_key()?;
        let keys = CompartmentKeys::derive(key.clone(), root.vault_id, id, epoch)?;
        let unknown = super::cbor::Map::new();
        let listed = Listed { id, epoch, key, name: name.to_owned(), created, unknown, rekey: None };
        root.compartments.push(listed);
        root.compartments.sort_by_key(|at| at.id);
        root.is_changed = true;
        self.compartments.insert(id, Compartment::create(name, keys));
        Ok(id)
    }
}

fn in_order(compartments: &mut BTreeMap<u16, Compartment>, id: u16) -> Result<&mut Compartment> {
    compartments.get_mut(&id).ok_or_else(|| Error::NotFound("compartment".to_owned()))
}

/// One more than the highest version of the name.
fn next(compartment: &Compartment, rest: &str) -> Result<u64> {
    let highest = compartment.versions(rest)?.iter().map(|version| version.number).max().unwrap_or(0);
    match highest {
        MAX_INTEGER.. => {
            Err(Error::Limit { what: "version of an entry", asked: highest.saturating_add(1), allowed: MAX_INTEGER })
        }
        _ => Ok(highest + 1),
    }
}

/// The metadata and fields of a version with `change` applied.
fn merged(
    compartment: &Compartment,
    base: &[u8],
    version: Version,
    change: Entry,
    number: u64,
    now: u64,
) -> Result<(Meta, BTreeMap<String, Value>)> {
    let mut meta = compartment.meta(base, &version.record)?;
    let sealed = compartment.sealed_secret(base, version)?;
    let mut fields = fields_of(&compartment.keys.open(Part::Secret, &version.record, &sealed)?, &meta.info)?;
    (meta.version, meta.updated) = (number, now);
    fields.extend(change.apply(&mut meta));
    Ok((meta, fields))
}

/// Seals and writes a version under its record's id, or under a new one.
fn write(
    compartment: &mut Compartment,
    record: Option<RecordId>,
    meta: &Meta,
    fields: &BTreeMap<String, Value>,
) -> Result<()> {
    let id = match record {
        Some(id) => id,
        None => random()?,
    };
    let sealed = compartment.keys.seal(Part::Secret, &id, encode_fields(fields, &meta.info)?)?;
    compartment.write(id, record.map(|_| meta.rest.as_str()), meta, &sealed)
}
