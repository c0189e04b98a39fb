//! Entries: what is put into a vault, and what is read out of it.

use core::fmt;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::cbor::{self, Map};
use super::format::{MAX_FIELDS, MAX_INTEGER, MAX_META, MAX_SECRET, RecordId, limit};
use super::keys::{CompartmentKeys, Part};
use super::name;
use crate::{Error, Result, Secret};

const DEFAULT_KIND: &str = "credentials";
pub(super) const GONE: &str = "the vault was locked or dropped, or this compartment has a new key; keep the vault while \
    its entries are used, or open it and read the entry again";

/// A field's plaintext: text or bytes, wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Value {
    secret: Secret,
    is_text: bool,
}

impl Value {
    /// Whether this is text (UTF-8). If not, it is bytes.
    #[must_use]
    pub const fn is_text(&self) -> bool {
        self.is_text
    }

    /// The plaintext's bytes.
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }

    fn to_cbor(&self) -> Result<cbor::Value<'_>> {
        Ok(match self.is_text {
            true => cbor::Value::Text(Cow::Borrowed(self.secret.reveal_str()?)),
            false => cbor::Value::Bytes(Cow::Borrowed(self.secret.reveal())),
        })
    }

    fn from_cbor(value: &cbor::Value<'_>) -> Result<Self> {
        match value {
            cbor::Value::Text(text) => Ok(text.as_ref().into()),
            cbor::Value::Bytes(bytes) => Ok(bytes.as_ref().into()),
            _ => Err(Error::Format("a field that is neither text nor bytes")),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self { secret: text.into(), is_text: true }
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self { secret: bytes.into(), is_text: false }
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(bytes: &[u8; N]) -> Self {
        bytes.as_slice().into()
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<Secret> for Value {
    /// Text if the bytes are UTF-8.
    fn from(secret: Secret) -> Self {
        Self { is_text: secret.reveal_str().is_ok(), secret }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(***)")
    }
}

/// What [`Vault::put`](super::Vault::put), [`update`](super::Vault::update) and [`stage`](super::Vault::stage) take:
/// secret fields, and what is sealed beside them without being secret.
///
/// ```
/// use strongroom::vault::Entry;
/// let entry = Entry::new().with("secret", "...").with_info("api_key", "...").with_tags(["spot"]);
/// ```
#[derive(Clone, Default)]
pub struct Entry {
    fields: BTreeMap<String, Value>,
    info: BTreeMap<String, String>,
    kind: Option<String>,
    tags: Option<Vec<String>>,
    note: Option<String>,
    expires_at: Option<u64>,
    rotate_after: Option<u64>,
}

impl Entry {
    /// An entry without any field.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a secret field: text (`&str`) or bytes (`&[u8]`).
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(field.to_owned(), value.into());
        self
    }

    /// Adds a text that is sealed but not secret, such as an API key's id, a user name or a base URL.
    #[must_use]
    pub fn with_info(mut self, name: &str, text: &str) -> Self {
        self.info.insert(name.to_owned(), text.to_owned());
        self
    }

    /// Says what kind of entry this is, in a word of your own.
    #[must_use]
    pub fn with_kind(mut self, kind: &str) -> Self {
        self.kind = Some(kind.to_owned());
        self
    }

    /// Sets the tags; none removes them.
    #[must_use]
    pub fn with_tags<'a>(mut self, tags: impl IntoIterator<Item = &'a str>) -> Self {
        let mut tags: Vec<_> = tags.into_iter().map(str::to_owned).collect();
        tags.sort();
        tags.dedup();
        self.tags = Some(tags);
        self
    }

    /// Sets the note; an empty one removes it.
    #[must_use]
    pub fn with_note(mut self, note: &str) -> Self {
        self.note = Some(note.to_owned());
        self
    }

    /// When the credential stops working, in Unix seconds; 0 removes it.
    #[must_use]
    pub const fn with_expires_at(mut self, unix_seconds: u64) -> Self {
        self.expires_at = Some(unix_seconds);
        self
    }

    /// When the credential is due for rotation, in Unix seconds; 0 removes it.
    #[must_use]
    pub const fn with_rotate_after(mut self, unix_seconds: u64) -> Self {
        self.rotate_after = Some(unix_seconds);
        self
    }

    /// Merges this over `meta`; returns the secret fields.
    pub(super) fn apply(self, meta: &mut Meta) -> BTreeMap<String, Value> {
        meta.info.extend(self.info);
        if let Some(kind) = self.kind {
            meta.kind = kind;
        }
        if let Some(tags) = self.tags {
            meta.tags = tags;
        }
        if let Some(note) = self.note {
            meta.note = Some(note).filter(|note| !note.is_empty());
        }
        if let Some(at) = self.expires_at {
            meta.expires_at = Some(at).filter(|&at| at > 0);
        }
        if let Some(at) = self.rotate_after {
            meta.rotate_after = Some(at).filter(|&at| at > 0);
        }
        self.fields
    }

    /// Whether neither a secret field is changed nor a name is added that a secret field may have.
    pub(super) fn is_about_metadata_alone(&self) -> bool {
        self.fields.is_empty() && self.info.is_empty()
    }

    /// Checks the names, before anything else is done.
    pub(super) fn check(&self) -> Result<()> {
        for field in self.fields.keys() {
            name::check_field(field)?;
            if self.info.contains_key(field) {
                return Err(Error::invalid(format!("{field} is given both as a field and as info; give it once")));
            }
        }
        self.info.keys().try_for_each(|field| name::check_field(field))
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("fields", &self.fields.keys()).finish_non_exhaustive()
    }
}

/// Which version of an entry: the one in use, the one staged to follow it, or one that was in use before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// In use. A bare name means this version.
    Current,
    /// Staged, not yet in use.
    Pending,
    /// No longer in use, not yet removed.
    Previous,
}

impl State {
    /// The word for it: `current`, `pending` or `previous`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Pending => "pending",
            Self::Previous => "previous",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        [Self::Current, Self::Pending, Self::Previous]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(Error::Format("the state of an entry"))
    }
}

/// The sealed metadata of one record.
#[derive(Clone)]
pub(super) struct Meta {
    /// The name inside the compartment. The compartment's own name never comes from here.
    pub(super) rest: String,
    pub(super) kind: String,
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) version: u64,
    pub(super) state: State,
    pub(super) expires_at: Option<u64>,
    pub(super) rotate_after: Option<u64>,
    pub(super) tags: Vec<String>,
    pub(super) note: Option<String>,
    pub(super) info: BTreeMap<String, String>,
    /// What this release does not know, kept and written again.
    unknown: Map<'static>,
}

impl Meta {
    pub(super) fn new(rest: &str, now: u64, version: u64) -> Self {
        Self {
            rest: rest.to_owned(),
            kind: DEFAULT_KIND.to_owned(),
            created: now,
            updated: now,
            version,
            state: State::Current,
            expires_at: None,
            rotate_after: None,
            tags: Vec::new(),
            note: None,
            info: BTreeMap::new(),
            unknown: Map::new(),
        }
    }

    /// Keeps of the version that this one replaces what a writer has no say in.
    pub(super) fn succeed(&mut self, before: Self) {
        (self.created, self.unknown) = (before.created, before.unknown);
    }

    pub(super) fn decode(plaintext: &[u8], compartment: &str) -> Result<Self> {
        let mut map = cbor::decode(plaintext)?;
        let rest = map.take_text("name")?.into_owned();
        if !name::is_rest(compartment, &rest) {
            return Err(Error::Format("the name of an entry"));
        }
        let version = map.take_uint("version")?;
        if version == 0 {
            return Err(Error::Format("the version of an entry"));
        }
        let optional = |map: &mut Map<'_>, key| match map.take(key) {
            None => Ok(None),
            Some(cbor::Value::Uint(number)) => Ok(Some(number)),
            Some(_) => Err(Error::Format("a time that is no whole number")),
        };
        Ok(Self {
            rest,
            kind: map.take_text("kind")?.into_owned(),
            created: map.take_uint("created")?,
            updated: map.take_uint("updated")?,
            version,
            state: State::parse(&map.take_text("state")?)?,
            expires_at: optional(&mut map, "expires_at")?,
            rotate_after: optional(&mut map, "rotate_after")?,
            tags: decode_tags(map.take("tags"))?,
            note: match map.take("note") {
                None => None,
                Some(cbor::Value::Text(note)) => Some(note.into_owned()),
                Some(_) => return Err(Error::Format("a note that is no text")),
            },
            info: decode_info(map.take("info"))?,
            unknown: map.into_owned(),
        })
    }

    pub(super) fn encode(&self) -> Result<Zeroizing<Vec<u8>>> {
        let mut map = self.unknown.clone();
        let text = |text: &str| cbor::Value::Text(Cow::Owned(text.to_owned()));
        map.set("name", text(&self.rest));
        map.set("kind", text(&self.kind));
        map.set("created", cbor::Value::Uint(time(self.created)?));
        map.set("updated", cbor::Value::Uint(time(self.updated)?));
        map.set("version", cbor::Value::Uint(self.version));
        map.set("state", text(self.state.as_str()));
        for (key, at) in [("expires_at", self.expires_at), ("rotate_after", self.rotate_after)] {
            if let Some(at) = at {
                map.set(key, cbor::Value::Uint(time(at)?));
            }
        }
        if !self.tags.is_empty() {
            map.set("tags", cbor::Value::Array(self.tags.iter().map(|tag| text(tag)).collect()));
        }
        if let Some(note) = &self.note {
            map.set("note", text(note));
        }
        limit("number of info fields of an entry", self.info.len(), MAX_FIELDS)?;
        if !self.info.is_empty() {
            let mut info = Map::new();
            self.info.iter().for_each(|(name, value)| info.set(name.clone(), text(value)));
            map.set("info", cbor::Value::Map(info));
        }
        let plaintext = cbor::encode(&map)?;
        limit("metadata of one entry in bytes (info, note and tags)", plaintext.len(), MAX_META)?;
        Ok(plaintext)
    }

    /// Whether a point in time is set that `now` has reached.
    pub(super) fn is_due(&self, now: u64) -> bool {
        [self.expires_at, self.rotate_after].into_iter().flatten().any(|at| at <= now)
    }
}

/// A time that a vault can hold.
pub(super) fn time(unix_seconds: u64) -> Result<u64> {
    match unix_seconds {
        0..=MAX_INTEGER => Ok(unix_seconds),
        _ => Err(Error::invalid("expected a time in Unix seconds of at most 2^53-1")),
    }
}

fn decode_tags(value: Option<cbor::Value<'_>>) -> Result<Vec<String>> {
    const BAD: Error = Error::Format("the tags of an entry");
    let Some(value) = value else { return Ok(Vec::new()) };
    let cbor::Value::Array(items) = value else { return Err(BAD) };
    let mut tags: Vec<String> = Vec::new();
    for item in items {
        let cbor::Value::Text(tag) = item else { return Err(BAD) };
        if tags.last().is_some_and(|last| last.as_str() >= tag.as_ref()) {
            return Err(BAD);
        }
        tags.push(tag.into_owned());
    }
    Ok(tags)
}

fn decode_info(value: Option<cbor::Value<'_>>) -> Result<BTreeMap<String, String>> {
    const BAD: Error = Error::Format("the info of an entry");
    let Some(value) = value else { return Ok(BTreeMap::new()) };
    let cbor::Value::Map(map) = value else { return Err(BAD) };
    limit("number of info fields of an entry", map.len(), MAX_FIELDS)?;
    map.into_iter()
        .map(|(key, value)| match value {
            cbor::Value::Text(text) if name::is_field(&key) => Ok((key.into_owned(), text.into_owned())),
            _ => Err(BAD),
        })
        .collect()
}

/// The secret part as CBOR, padded.
pub(super) fn encode_fields(
    fields: &BTreeMap<String, Value>,
    info: &BTreeMap<String, String>,
) -> Result<Zeroizing<Vec<u8>>> {
    limit("number of fields of an entry", fields.len(), MAX_FIELDS)?;
    let mut map = Map::new();
    for (field, value) in fields {
        if info.contains_key(field) {
            return Err(Error::invalid(format!("{field} would be both a field and info; remove one of them first")));
        }
        map.set(field.as_str(), value.to_cbor()?);
    }
    let plaintext = cbor::encode(&map)?;
    limit("secret of one entry in bytes (all fields together)", plaintext.len(), MAX_SECRET)?;
    Ok(plaintext)
}

/// Reads the secret part and checks it against the info beside it.
fn decode_fields<'b>(plaintext: &'b [u8], info: &BTreeMap<String, String>) -> Result<Map<'b>> {
    let map = cbor::decode(plaintext)?;
    limit("number of fields of an entry", map.len(), MAX_FIELDS)?;
    for (field, value) in map.iter() {
        if !name::is_field(field) || !matches!(value, cbor::Value::Text(_) | cbor::Value::Bytes(_)) {
            return Err(Error::Format("a field of an entry"));
        }
        if info.contains_key(field) {
            return Err(Error::Format("a name that is both a field and info"));
        }
    }
    Ok(map)
}

/// All fields of an opened secret part.
pub(super) fn fields_of(plaintext: &[u8], info: &BTreeMap<String, String>) -> Result<BTreeMap<String, Value>> {
    decode_fields(plaintext, info)?
        .iter()
        .map(|(field, value)| Ok((field.to_owned(), Value::from_cbor(value)?)))
        .collect()
}

/// A hash function for [`SealedEntry::hmac`] (FIPS 180-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hash {
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-384, 48 bytes.
    Sha384,
    /// SHA-512, 64 bytes.
    Sha512,
}

/// One version of an entry as it was when it was read. Its secret fields stay sealed until they are used.
///
/// Once the vault is locked or dropped, or the compartment has a new key, every use of a secret is
/// [`Error::Locked`]: read the entry again.
#[derive(Clone)]
pub struct SealedEntry {
    pub(super) name: String,
    pub(super) meta: Meta,
    pub(super) id: RecordId,
    pub(super) sealed: Box<[u8]>,
    pub(super) keys: Weak<CompartmentKeys>,
}

impl SealedEntry {
    /// The full name, such as `binance/main`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version, from 1: one more at each put, update and stage of this name.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.meta.version
    }

    /// Random, and the same for as long as this version is there: what tells it from one of the same name and number after
    /// all of them were removed.
    #[must_use]
    pub const fn record_id(&self) -> [u8; 16] {
        self.id
    }

    /// Whether this version is current, pending or previous.
    #[must_use]
    pub const fn state(&self) -> State {
        self.meta.state
    }

    /// The word of the writer's own for what kind of entry this is.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.meta.kind
    }

    /// When it was first put, in Unix seconds.
    #[must_use]
    pub const fn created(&self) -> u64 {
        self.meta.created
    }

    /// When it was last changed, in Unix seconds.
    #[must_use]
    pub const fn updated(&self) -> u64 {
        self.meta.updated
    }

    /// When the credential stops working, in Unix seconds.
    #[must_use]
    pub const fn expires_at(&self) -> Option<u64> {
        self.meta.expires_at
    }

    /// When the credential is due for rotation, in Unix seconds.
    #[must_use]
    pub const fn rotate_after(&self) -> Option<u64> {
        self.meta.rotate_after
    }

    /// The tags, sorted.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.meta.tags
    }

    /// The note.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.meta.note.as_deref()
    }

    /// What is sealed beside the secret fields without being secret.
    #[must_use]
    pub const fn info(&self) -> &BTreeMap<String, String> {
        &self.meta.info
    }

    pub(super) fn keys(&self) -> Result<Arc<CompartmentKeys>> {
        self.keys.upgrade().ok_or(Error::Locked(GONE))
    }

    fn open(&self) -> Result<Zeroizing<Vec<u8>>> {
        self.keys()?.open(Part::Secret, &self.id, &self.sealed)
    }

    /// The names of the secret fields, sorted.
    ///
    /// # Errors
    /// [`Error::Locked`]; [`Error::Decrypt`] or [`Error::Format`] if this entry's secret part is damaged.
    pub fn field_names(&self) -> Result<Vec<String>> {
        let plaintext = self.open()?;
        let mut names: Vec<_> =
            decode_fields(&plaintext, &self.meta.info)?.iter().map(|(field, _)| field.to_owned()).collect();
        names.sort();
        Ok(names)
    }

    pub(super) fn use_field<T>(&self, field: &str, job: impl FnOnce(&cbor::Value<'_>) -> Result<T>) -> Result<T> {
        let plaintext = self.open()?;
        let map = decode_fields(&plaintext, &self.meta.info)?;
        match map.iter().find(|(name, _)| *name == field) {
            Some((_, value)) => job(value),
            None if self.meta.info.contains_key(field) => {
                Err(Error::invalid(format!("{field} of {} is info, which is no secret; read it there", self.name)))
            }
            None => {
                name::check_field(field)?;
                Err(Error::NotFound(format!("field {field} of {}", self.name)))
            }
        }
    }

    /// The plaintext of a secret field. This is the one call that hands a secret out.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such field, and as [`SealedEntry::field_names`].
    pub fn reveal(&self, field: &str) -> Result<Value> {
        self.use_field(field, Value::from_cbor)
    }

    /// HMAC (RFC 2104) of `message` under a secret field's bytes, without handing the field out: 32, 48 or 64 bytes.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such field, and as [`SealedEntry::field_names`].
    pub fn hmac(&self, field: &str, hash: Hash, message: &[u8]) -> Result<Vec<u8>> {
        self.use_field(field, |value| {
            let key = match value {
                cbor::Value::Text(text) => text.as_bytes(),
                cbor::Value::Bytes(bytes) => bytes.as_ref(),
                _ => return Err(Error::Format("a field of an entry")),
            };
            match hash {
                Hash::Sha256 => tag::<Hmac<Sha256>>(key, message),
                Hash::Sha384 => tag::<Hmac<Sha384>>(key, message),
                Hash::Sha512 => tag::<Hmac<Sha512>>(key, message),
            }
        })
    }
}

fn tag<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Result<Vec<u8>> {
    let mut mac = <M as KeyInit>::new_from_slice(key).map_err(|_| Error::invalid("expected a key for HMAC"))?;
    mac.update(message);
    Ok(mac.finalize().into_bytes().to_vec())
}

impl fmt::Debug for SealedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedEntry")
            .field("name", &self.name)
            .field("version", &self.meta.version)
            .field("state", &self.meta.state)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_release_does_not_know_is_kept() {
        let mut map = Map::new().text("kind", "k").text("name", "x").text("state", "current").text("zz-later", "keep");
        for (key, number) in [("created", 1), ("updated", 2), ("version", 3)] {
            map.set(key, cbor::Value::Uint(number));
        }
        let hosts = cbor::Value::Array(vec![cbor::Value::Text("h".into())]);
        let mut policy = Map::new();
        policy.set("hosts", hosts);
        map.set("policy", cbor::Value::Map(policy));
        let plaintext = cbor::encode(&map).unwrap();
        let mut meta = Meta::decode(&plaintext, "c").unwrap();
        assert_eq!(meta.encode().unwrap(), plaintext);
        meta.note = Some("changed".to_owned());
        map.set("note", cbor::Value::Text("changed".into()));
        assert_eq!(meta.encode().unwrap(), cbor::encode(&map).unwrap());
        let mut next = Meta::new("x", 5, 4);
        next.succeed(meta);
        assert!(next.unknown.iter().map(|(key, _)| key).eq(["policy", "zz-later"]));
    }

    #[test]
    fn debug_shows_no_secret() {
        let entry = Entry::new().with("secret", "hush").with_info("api_key", "public");
        assert_eq!(format!("{entry:?}"), r#"Entry { fields: ["secret"], .. }"#);
        assert_eq!(format!("{:?}", Value::from("hush")), "Value(***)");
    }
}
