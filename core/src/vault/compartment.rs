//! One compartment in memory: the records as they stand in the file, and the changes that are not saved yet.
//!
//! Records stay sealed. Opening a compartment opens every record's metadata to learn its name, and no secret.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::entry::{Meta, SealedEntry, State, fields_of};
use super::format::{CompartmentFrame, MAX_RECORDS, Record, RecordId, counter, limit};
use super::keys::{CompartmentKeys, Part};
use crate::{Error, Result};

type Plaintext = zeroize::Zeroizing<Vec<u8>>;

/// One version of a name.
#[derive(Clone, Copy)]
pub(super) struct Version {
    pub(super) record: RecordId,
    pub(super) number: u64,
    pub(super) state: State,
}

pub(super) struct Compartment {
    pub(super) name: String,
    pub(super) keys: Arc<CompartmentKeys>,
    pub(super) revision: u64,
    /// Where the records are in the bytes that were opened.
    records: BTreeMap<RecordId, Range<u32>>,
    /// Records whose metadata does not open or breaks a rule, and the code of why.
    pub(super) broken: BTreeMap<RecordId, &'static str>,
    /// Every name with all its versions, changes included.
    names: BTreeMap<Box<str>, Vec<Version>>,
    /// What is not saved yet: the new bytes of a record, or `None` for one that was removed.
    pub(super) changes: BTreeMap<RecordId, Option<Vec<u8>>>,
    /// Not in the file yet.
    pub(super) is_new: bool,
}

impl Compartment {
    /// A compartment that no file holds yet.
    pub(super) fn create(name: &str, keys: CompartmentKeys) -> Self {
        Self { is_new: true, ..Self::blank(name, Arc::new(keys)) }
    }

    /// Opens the compartment at `frame`. An error here is damage of this compartment alone.
    pub(super) fn open(bytes: &[u8], frame: &CompartmentFrame, name: &str, keys: Arc<CompartmentKeys>) -> Result<Self> {
        let stored = bytes.get(frame.records.clone()).ok_or(Error::Format("a compartment is cut short"))?;
        keys.verify(frame.revision, stored, &frame.mac)?;
        counter(frame.revision)?;
        let mut this = Self { revision: frame.revision, ..Self::blank(name, keys) };
        let mut at = 0;
        let mut last: Option<RecordId> = None;
        let mut spans = Vec::new();
        let mut named: Vec<(Box<str>, Version)> = Vec::new();
        while let Some(rest) = stored.get(at..).filter(|rest| !rest.is_empty()) {
            limit("number of records in a compartment", spans.len() + 1, MAX_RECORDS)?;
            let (record, len) = Record::split(rest)?;
            if last.is_some_and(|last| last >= record.id) {
                return Err(Error::Format("record ids that are out of order or doubled"));
            }
            last = Some(record.id);
            // The vault is at most 64 MiB, so that 32 bits hold every place in it.
            let start = frame.records.start + at;
            spans.push((record.id, start as u32..(start + len) as u32));
            match this.open_meta(record) {
                Ok(meta) => {
                    let version = Version { record: record.id, number: meta.version, state: meta.state };
                    named.push((meta.rest.into_boxed_str(), version));
                }
                Err(error) => {
                    this.broken.insert(record.id, error.code());
                }
            }
            at += len;
        }
        this.records = spans.into_iter().collect();
        named.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, version) in named {
            match this.names.get_mut(&name) {
                Some(versions) => versions.push(version),
                None => drop(this.names.insert(name, vec![version])),
            }
        }
        Ok(this)
    }

    fn blank(name: &str, keys: Arc<CompartmentKeys>) -> Self {
        Self {
            name: name.to_owned(),
            keys,
            revision: 0,
            records: BTreeMap::new(),
            broken: BTreeMap::new(),
            names: BTreeMap::new(),
            changes: BTreeMap::new(),
            is_new: false,
        }
    }

    pub(super) fn is_changed(&self) -> bool {
        self.is_new || !self.changes.is_empty()
    }

    /// The bytes of a record as they were opened.
    pub(super) fn opened<'b>(&self, base: &'b [u8], id: &RecordId) -> Option<&'b [u8]> {
        let span = self.records.get(id)?;
        base.get(span.start as usize..span.end as usize)
    }

    /// The bytes of a record with the changes applied.
    fn record<'b>(&'b self, base: &'b [u8], id: &RecordId) -> Option<&'b [u8]> {
        match self.changes.get(id) {
            Some(change) => change.as_deref(),
            None => self.opened(base, id),
        }
    }

    /// Every record with the changes applied, by ascending id.
    pub(super) fn all<'b>(&'b self, base: &'b [u8]) -> impl Iterator<Item = &'b [u8]> {
        let ids: BTreeSet<_> = self.records.keys().chain(self.changes.keys()).collect();
        ids.into_iter().filter_map(|id| self.record(base, id))
    }

    /// The names that have a current version, sorted. A name whose versions contradict each other is among them, so
    /// that it can be seen and removed.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names
            .iter()
            .filter(|(_, versions)| versions.iter().any(|version| version.state == State::Current))
            .map(|(name, _)| name.as_ref())
    }

    /// The first name among these records whose versions contradict each other.
    pub(super) fn contradiction_of<'i>(&self, ids: impl Iterator<Item = &'i RecordId>) -> Option<&str> {
        let touched: BTreeSet<_> = ids.collect();
        let is_touched = |versions: &[Version]| versions.iter().any(|version| touched.contains(&version.record));
        let mut names = self.names.iter();
        names.find(|(_, versions)| is_touched(versions) && !consistent(versions)).map(|(name, _)| name.as_ref())
    }

    /// Every version of a name; none is an empty slice.
    pub(super) fn versions(&self, rest: &str) -> Result<&[Version]> {
        let versions = self.names.get(rest).map_or(&[][..], Vec::as_slice);
        match consistent(versions) {
            true => Ok(versions),
            false => Err(Error::Format("an entry with contradicting versions; remove it and put it again")),
        }
    }

    /// Every version of a name, contradicting or not.
    pub(super) fn raw_versions(&self, rest: &str) -> Vec<Version> {
        self.names.get(rest).cloned().unwrap_or_default()
    }

    pub(super) fn in_state(&self, rest: &str, state: State) -> Result<Version> {
        let found = self.versions(rest)?.iter().find(|version| version.state == state);
        found.copied().ok_or_else(|| {
            Error::NotFound(match state {
                State::Current => format!("entry {}/{rest}", self.name),
                _ => format!("{} version of {}/{rest}", state.as_str(), self.name),
            })
        })
    }

    fn open_meta(&self, record: Record<'_>) -> Result<Meta> {
        Meta::decode(&self.keys.open(Part::Meta, &record.id, record.meta)?, &self.name)
    }

    pub(super) fn meta(&self, base: &[u8], id: &RecordId) -> Result<Meta> {
        self.open_meta(self.parsed(base, id)?)
    }

    fn parsed<'b>(&'b self, base: &'b [u8], id: &RecordId) -> Result<Record<'b>> {
        Record::parse(self.record(base, id).ok_or_else(|| Error::NotFound("record".to_owned()))?)
    }

    /// A handle to one version, its secret part still sealed.
    pub(super) fn entry(&self, base: &[u8], version: Version) -> Result<SealedEntry> {
        let record = self.parsed(base, &version.record)?;
        let meta = self.open_meta(record)?;
        let name = format!("{}/{}", self.name, meta.rest);
        Ok(SealedEntry { name, meta, id: record.id, sealed: record.secret.into(), keys: Arc::downgrade(&self.keys) })
    }

    /// The sealed secret part of a version, to go with new metadata.
    pub(super) fn sealed_secret(&self, base: &[u8], version: Version) -> Result<Vec<u8>> {
        Ok(self.parsed(base, &version.record)?.secret.to_vec())
    }

    /// Writes a record: metadata sealed here, secret sealed by the caller. `was` is the name it had, if it had one.
    pub(super) fn write(&mut self, id: RecordId, was: Option<&str>, meta: &Meta, sealed_secret: &[u8]) -> Result<()> {
        if was.is_none() {
            self.check_room(1)?;
        }
        let sealed = self.keys.seal(Part::Meta, &id, meta.encode()?)?;
        self.changes.insert(id, Some(Record { id, meta: &sealed, secret: sealed_secret }.to_bytes()));
        if let Some(was) = was {
            self.forget(&id, was);
        }
        let version = Version { record: id, number: meta.version, state: meta.state };
        self.names.entry(meta.rest.clone().into_boxed_str()).or_default().push(version);
        Ok(())
    }

    /// Removes the records of those versions of `rest` that are meant, at once: a holder can make 65,535 of one name.
    pub(super) fn remove(&mut self, rest: &str, is_meant: impl Fn(&Version) -> bool) {
        let versions = self.names.remove(rest).unwrap_or_default();
        let (gone, kept): (Vec<_>, Vec<_>) = versions.into_iter().partition(is_meant);
        if !kept.is_empty() {
            self.names.insert(rest.into(), kept);
        }
        for id in gone.into_iter().map(|version| version.record) {
            match self.records.contains_key(&id) {
                true => drop(self.changes.insert(id, None)),
                false => drop(self.changes.remove(&id)),
            }
        }
    }

    fn forget(&mut self, id: &RecordId, rest: &str) {
        if let Some(versions) = self.names.get_mut(rest) {
            versions.retain(|version| version.record != *id);
            if versions.is_empty() {
                self.names.remove(rest);
            }
        }
    }

    /// Whether as many records more may be written.
    pub(super) fn check_room(&self, more: usize) -> Result<()> {
        // Counting in full is for the neighbourhood of the limit only.
        match self.records.len() + self.changes.len() + more > MAX_RECORDS {
            true => limit("number of records in a compartment", self.count() + more, MAX_RECORDS),
            false => Ok(()),
        }
    }

    pub(super) fn count(&self) -> usize {
        let added =
            self.changes.iter().filter(|(id, change)| change.is_some() && !self.records.contains_key(*id)).count();
        let removed =
            self.changes.iter().filter(|(id, change)| change.is_none() && self.records.contains_key(*id)).count();
        self.records.len() + added - removed
    }

    /// Takes over a change that was made to an older state of this compartment.
    pub(super) fn adopt(&mut self, base: &[u8], id: &RecordId, change: Option<Vec<u8>>) -> Result<()> {
        if let Some(Ok(meta)) = self.opened(base, id).map(|record| self.open_meta(Record::parse(record)?)) {
            self.forget(id, &meta.rest);
        }
        if let Some(record) = &change {
            let meta = self.open_meta(Record::parse(record)?)?;
            let version = Version { record: *id, number: meta.version, state: meta.state };
            self.names.entry(meta.rest.into_boxed_str()).or_default().push(version);
        }
        self.changes.insert(*id, change);
        Ok(())
    }

    /// A record's two parts, opened, if both are in order.
    pub(super) fn open_record(&self, record: Record<'_>) -> Result<(Plaintext, Plaintext)> {
        let meta = self.keys.open(Part::Meta, &record.id, record.meta)?;
        let secret = self.keys.open(Part::Secret, &record.id, record.secret)?;
        fields_of(&secret, &Meta::decode(&meta, &self.name)?.info)?;
        Ok((meta, secret))
    }

    /// What is wrong in here, record by record: the id, the name where it can be read, and the code. Or, if the
    /// compartment is to be sealed anew, what cannot be: secret parts too, but not versions that only contradict.
    pub(super) fn damage(&self, base: &[u8], to_be_sealed_anew: bool) -> Vec<(RecordId, Option<String>, &'static str)> {
        let mut found: Vec<_> = self.broken.iter().map(|(id, code)| (*id, None, *code)).collect();
        for (rest, versions) in &self.names {
            let is_consistent = consistent(versions);
            for version in versions {
                let code = match to_be_sealed_anew {
                    true => {
                        self.parsed(base, &version.record).and_then(|r| self.open_record(r)).err().map(|e| e.code())
                    }
                    false => (!is_consistent).then_some("format"),
                };
                if let Some(code) = code {
                    found.push((version.record, Some(format!("{}/{rest}", self.name)), code));
                }
            }
        }
        found
    }

    /// Every name, whatever the state of its versions.
    pub(super) fn every_name(&self) -> impl Iterator<Item = String> {
        self.names.keys().map(|rest| format!("{}/{rest}", self.name))
    }

    /// The full name in a record's bytes, for an error that says which entry was meant.
    pub(super) fn name_of(&self, record: &[u8]) -> Result<String> {
        Ok(format!("{}/{}", self.name, self.open_meta(Record::parse(record)?)?.rest))
    }
}

/// In a compartment a name has each version once, at most one of them current and at most one pending.
fn consistent(versions: &[Version]) -> bool {
    let alone = |state| versions.iter().filter(|version| version.state == state).count() <= 1;
    let mut numbers: Vec<_> = versions.iter().map(|version| version.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len() == versions.len() && alone(State::Current) && alone(State::Pending)
}
