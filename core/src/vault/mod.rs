//! The vault: one sealed file, or blob, of credentials.
//!
//! FORMAT.md, at the top of the repository, is the byte for byte description of what this module reads and writes.

mod access;
mod cbor;
mod compartment;
mod edit;
mod entry;
#[cfg(not(target_family = "wasm"))] // a browser has no files
mod file;
mod format;
mod held;
mod keys;
mod name;
mod passkey;
mod pin;
mod root;
#[cfg(not(target_family = "wasm"))]
mod sealed_file;
mod splice;
mod totp;
mod unlock;

use core::fmt;
use std::collections::BTreeMap;
use std::sync::Arc;

use self::compartment::Compartment;
use self::format::{FACTOR_PASSPHRASE, Frame, SCOPE_ROOT, SlotFrame, SlotId};
use self::keys::{CompartmentKeys, Key32};
use self::pin::{Pin, Seen};
use self::root::{Payload, Root, open_root_key};
use crate::kdf::{Bounds, Kdf, check_total};
use crate::{Error, Result};

pub use self::access::{Access, CompartmentInfo, Damage, Factors, OnDamage, Rekeyed, Revoked, SlotInfo};
pub use self::entry::{Entry, Hash, SealedEntry, State, Value};
#[cfg(not(target_family = "wasm"))]
pub use self::file::VaultFile;
pub(crate) use self::held::Held;
pub use self::passkey::{PasskeySlot, passkeys};
pub use self::totp::SealedTotp;
pub use self::unlock::Unlock;

const LOCKED: Error = Error::Locked("the vault is locked; open it again");

/// Who has opened a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// Through a slot that holds the root key: may do everything.
    Owner,
    /// Through a slot that holds the keys of some compartments: sees and writes these.
    Holder,
}

/// Through which slot a vault was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedBy {
    /// The slot's id.
    pub slot_id: [u8; 8],
    /// The slot's label, which only owners can read.
    pub label: Option<String>,
    /// What the slot gives access to.
    pub scope: Scope,
}

/// What to look for with [`Vault::find`]: entries that fulfil every condition given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Find<'a> {
    /// Has this tag.
    pub tag: Option<&'a str>,
    /// Is of this kind.
    pub kind: Option<&'a str>,
    /// Is in this compartment.
    pub compartment: Option<&'a str>,
    /// Has expired, or is due for rotation.
    pub due: bool,
}

/// An open vault in memory, with the changes that are not saved yet.
///
/// Keys are in memory and wiped by [`Vault::lock`] or on drop; secrets stay sealed until they are used. For a vault in
/// a file see [`VaultFile`], which saves after every change.
///
/// ```
/// use strongroom::vault::{Entry, Hash, Unlock, Vault};
/// use strongroom::{Kdf, Key};
///
/// # fn main() -> strongroom::Result<()> {
/// let key = Key::generate()?;
/// let mut vault = Vault::create(&Unlock::key(key.clone()), Kdf::default())?;
/// vault.put("binance/main", Entry::new().with("secret", "...").with_info("api_key", "..."))?;
/// let bytes = vault.seal()?;
///
/// let vault = Vault::open(bytes, &Unlock::key(key))?;
/// let signature = vault.entry("binance/main")?.hmac("secret", Hash::Sha256, b"timestamp=1700000000000")?;
/// assert_eq!(signature.len(), 32);
/// # Ok(())
/// # }
/// ```
pub struct Vault {
    opened: Option<Box<Opened>>,
    now: Option<u64>,
}

/// What the owner or holder proved, enough to read the vault again without deriving anything.
enum Who {
    Owner { slot_id: SlotId, root_key: Key32 },
    Holder { slot_id: SlotId, slot_key: Key32 },
}

/// The inside of a vault that is not locked.
struct Opened {
    /// The bytes as they were opened or last saved.
    base: Vec<u8>,
    frame: Frame,
    who: Who,
    /// The owner's slot after a re-keying that is not saved yet.
    rekeyed_slot: Option<SlotId>,
    /// The root part with its changes; for owners.
    root: Option<Root>,
    /// What this key has access to, and what is in order.
    compartments: BTreeMap<u16, Compartment>,
    /// What this key has access to, and what is damaged as a whole: name and code.
    damaged: BTreeMap<u16, (String, &'static str)>,
}

impl Vault {
    /// Makes a new vault with one slot, labelled `owner`, and no compartment. `kdf` counts where `unlock` has a
    /// passphrase.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a passphrase that is empty or too long, and for a passkey, which needs a vault to be asked
    /// for; [`Error::Random`].
    pub fn create(unlock: &Unlock, kdf: Kdf) -> Result<Self> {
        Self::create_at(unlock, kdf, clock())
    }

    /// [`Vault::create`] for a browser, whose module has no clock: the slot is made at `unix_seconds`.
    ///
    /// # Errors
    /// As [`Vault::create`], and [`Error::InvalidInput`] for a time over 2^53-1.
    pub fn create_at(unlock: &Unlock, kdf: Kdf, unix_seconds: u64) -> Result<Self> {
        if unlock.is_passkey() {
            return Err(Error::invalid("a new vault starts with a passphrase or a key; enrol passkeys in it then"));
        }
        let mut root = Root::create(crate::random::random()?)?;
        let slot = access::new_slot(&root, "owner", None, unlock, kdf, unix_seconds)?;
        let who = Who::Owner { slot_id: slot.head.id, root_key: root.key.clone() };
        root.slots.push(slot);
        let base = root.seal(1)?;
        let frame = Frame::parse(&base)?;
        Ok(Self { opened: Some(Box::new(Opened::load(base, frame, who, None)?)), now: None })
    }

    /// Opens a vault from its bytes.
    ///
    /// Nothing is derived before the frame and every slot's cost have been checked. What is damaged inside one
    /// compartment does not keep the vault from opening: see [`Vault::damage`].
    ///
    /// # Errors
    /// [`Error::Decrypt`] for a wrong passphrase or key, or altered data; [`Error::Format`],
    /// [`Error::UnsupportedVersion`], [`Error::Limit`], [`Error::WeakKdf`] for bytes that this release does not open;
    /// [`Error::InvalidInput`] where a passphrase or a key is missing beside the other; [`Error::Rollback`] with a pin.
    pub fn open(bytes: impl Into<Vec<u8>>, unlock: &Unlock) -> Result<Self> {
        let bytes = bytes.into();
        let pin = unlock.pin()?;
        let frame = Frame::parse(&bytes)?;
        let kdfs = check_kdfs(&frame, unlock.bounds)?;
        let (slot, key) = find_slot(&frame, &kdfs, unlock)?;
        let who = match slot.head.scope {
            SCOPE_ROOT => {
                let (root_key, _) = open_root_key(&bytes, &frame.vault_id, slot, &key)?;
                Who::Owner { slot_id: slot.head.id, root_key }
            }
            _ => Who::Holder { slot_id: slot.head.id, slot_key: key },
        };
        let opened = Opened::load(bytes, frame, who, None)?;
        if let Some(pin) = pin {
            pin.check(&opened.pin())?;
        }
        Ok(Self { opened: Some(Box::new(opened)), now: None })
    }

    /// Sets the time that changes are stamped with and due dates are compared with, in Unix seconds. Without it the
    /// system's clock is read at each call; a browser's module has none and must set it.
    pub const fn set_unix_seconds(&mut self, unix_seconds: u64) {
        self.now = Some(unix_seconds);
    }

    fn now(&self) -> u64 {
        self.now.unwrap_or_else(clock)
    }

    fn opened(&self) -> Result<&Opened> {
        self.opened.as_deref().ok_or(LOCKED)
    }

    fn opened_mut(&mut self) -> Result<&mut Opened> {
        self.opened.as_deref_mut().ok_or(LOCKED)
    }

    /// Through which slot this vault was opened.
    ///
    /// # Errors
    /// [`Error::Locked`].
    pub fn opened_by(&self) -> Result<OpenedBy> {
        let opened = self.opened()?;
        Ok(match &opened.who {
            Who::Owner { slot_id, .. } => {
                let slot_id = opened.rekeyed_slot.as_ref().unwrap_or(slot_id);
                let slot = opened.root.iter().flat_map(|root| &root.slots).find(|slot| slot.head.id == *slot_id);
                OpenedBy { slot_id: *slot_id, label: slot.map(|slot| slot.label.clone()), scope: Scope::Owner }
            }
            Who::Holder { slot_id, .. } => OpenedBy { slot_id: *slot_id, label: None, scope: Scope::Holder },
        })
    }

    /// The names of all entries that this key can see and that have a current version, sorted.
    ///
    /// # Errors
    /// [`Error::Locked`].
    pub fn names(&self) -> Result<Vec<String>> {
        let mut names: Vec<_> = self
            .opened()?
            .compartments
            .values()
            .flat_map(|compartment| compartment.names().map(|rest| format!("{}/{rest}", compartment.name)))
            .collect();
        names.sort();
        Ok(names)
    }

    /// Whether this key can see an entry of this name that has a current version.
    ///
    /// # Errors
    /// [`Error::Locked`].
    pub fn contains(&self, name: &str) -> Result<bool> {
        let opened = self.opened()?;
        Ok(name::split(name).is_ok_and(|(compartment, rest)| {
            opened.by_name(compartment).is_ok_and(|compartment| compartment.in_state(rest, State::Current).is_ok())
        }))
    }

    /// The current version of an entry, as it is now; its secret fields stay sealed.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NoAccess`] for another's compartment, [`Error::Damaged`], [`Error::Format`] for
    /// an entry with contradicting versions, [`Error::InvalidInput`] for what cannot be a name, [`Error::Locked`].
    pub fn entry(&self, name: &str) -> Result<SealedEntry> {
        let opened = self.opened()?;
        let (compartment, rest) = name::split(name)?;
        let compartment = opened.by_name(compartment)?;
        compartment.entry(&opened.base, compartment.in_state(rest, State::Current)?)
    }

    /// Every version of an entry, the newest first.
    ///
    /// # Errors
    /// As [`Vault::entry`]; a name without any version is [`Error::NotFound`].
    pub fn versions(&self, name: &str) -> Result<Vec<SealedEntry>> {
        let opened = self.opened()?;
        let (compartment, rest) = name::split(name)?;
        let compartment = opened.by_name(compartment)?;
        let mut versions = compartment.versions(rest)?.to_vec();
        if versions.is_empty() {
            return Err(Error::NotFound(format!("entry {name}")));
        }
        versions.sort_by_key(|version| core::cmp::Reverse(version.number));
        versions.into_iter().map(|version| compartment.entry(&opened.base, version)).collect()
    }

    /// One version of an entry again, for one who has kept its metadata alone and now asks for a secret of it: its number,
    /// and its [`SealedEntry::record_id`], since an entry that was removed and put again counts from 1 again.
    ///
    /// # Errors
    /// [`Error::Conflict`] if that version is not there any more, and as [`Vault::versions`].
    pub fn version(&self, name: &str, number: u64, record_id: &[u8; 16]) -> Result<SealedEntry> {
        let opened = self.opened()?;
        let (compartment, rest) = name::split(name)?;
        let compartment = opened.by_name(compartment)?;
        let versions = compartment.versions(rest)?;
        let Some(version) = versions.iter().find(|at| at.number == number && at.record == *record_id) else {
            return Err(match versions {
                [] => Error::NotFound(format!("entry {name}")),
                _ => Error::Conflict(format!("entry {name} was changed since it was read")),
            });
        };
        compartment.entry(&opened.base, *version)
    }

    /// The names of the entries that fulfil every condition of `find`, sorted.
    ///
    /// # Errors
    /// [`Error::Locked`], and [`Error::NoAccess`] or [`Error::Damaged`] for the compartment asked for.
    pub fn find(&self, find: &Find<'_>) -> Result<Vec<String>> {
        let opened = self.opened()?;
        let now = self.now();
        let compartments = match find.compartment {
            Some(name) => vec![opened.by_name(name)?],
            None => opened.compartments.values().collect(),
        };
        let mut names = Vec::new();
        for compartment in compartments {
            for rest in compartment.names() {
                let Ok(version) = compartment.in_state(rest, State::Current) else { continue };
                let meta = compartment.meta(&opened.base, &version.record)?;
                if find.tag.is_none_or(|tag| meta.tags.iter().any(|other| other == tag))
                    && find.kind.is_none_or(|kind| meta.kind == kind)
                    && (!find.due || meta.is_due(now))
                {
                    names.push(format!("{}/{rest}", compartment.name));
                }
            }
        }
        names.sort();
        Ok(names)
    }

    /// What this reader has seen of the vault, as text to keep apart from it. Opening with it refuses anything older
    /// ([`Unlock::with_pin`]). Unsaved changes are not in it.
    ///
    /// # Errors
    /// [`Error::Locked`].
    pub fn pin(&self) -> Result<String> {
        self.opened()?.pin().to_text()
    }

    /// The bytes as they were opened or last saved.
    ///
    /// # Errors
    /// [`Error::Locked`].
    pub fn base_bytes(&self) -> Result<&[u8]> {
        Ok(&self.opened()?.base)
    }

    /// Whether there are changes that are not saved.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.opened.as_ref().is_some_and(|opened| opened.is_changed())
    }

    /// Seals the vault with its changes, for a vault that is kept in memory or in a store without other writers. For
    /// one that others write too see [`Vault::splice`].
    ///
    /// # Errors
    /// [`Error::Limit`] where the result would be too large, [`Error::Damaged`], [`Error::Random`], [`Error::Locked`].
    pub fn seal(&mut self) -> Result<Vec<u8>> {
        if self.is_changed() {
            let bytes = self.opened()?.splice(&self.opened()?.base)?;
            self.saved(bytes)?;
        }
        Ok(self.opened()?.base.clone())
    }

    /// What to store, given what is stored now: this vault's changes applied to it, everything else as it is there.
    /// Call [`Vault::saved`] with the result once it is stored. The vault itself stays as it is.
    ///
    /// # Errors
    /// [`Error::Conflict`] if someone else saved a change to the same entry, or to the slots while they are changed
    /// here; [`Error::Rollback`] if what is stored is older than what was opened; and as [`Vault::seal`].
    pub fn splice(&self, stored_now: &[u8]) -> Result<Vec<u8>> {
        self.opened()?.splice(stored_now)
    }

    /// Takes over what [`Vault::splice`] made, which is stored now. Changes made after that splice are not in it and
    /// are dropped here: make none in between.
    ///
    /// # Errors
    /// [`Error::Locked`].
    pub fn saved(&mut self, bytes: Vec<u8>) -> Result<()> {
        let opened = self.opened_mut()?;
        let who = match (&opened.who, &opened.root) {
            (Who::Owner { slot_id, .. }, Some(root)) => {
                let slot_id = opened.rekeyed_slot.unwrap_or(*slot_id);
                Who::Owner { slot_id, root_key: root.key.clone() }
            }
            (who, _) => who.copy(),
        };
        let frame = Frame::parse(&bytes)?;
        *opened = Opened::load(bytes, frame, who, Some(opened))?;
        Ok(())
    }

    /// Drops the changes that are not saved.
    ///
    /// # Errors
    /// [`Error::Locked`].
    pub fn discard(&mut self) -> Result<()> {
        let opened = self.opened_mut()?;
        if opened.is_changed() {
            let base = core::mem::take(&mut opened.base);
            *opened = Opened::load(base, opened.frame.clone(), opened.who.copy(), Some(opened))?;
        }
        Ok(())
    }

    /// Reads the vault again from what is stored now, without deriving a key. Returns whether anything is different.
    ///
    /// # Errors
    /// [`Error::Rollback`] if that is older than what was opened; [`Error::Conflict`] if there are unsaved changes, or
    /// the vault was re-keyed or the slot changed, so that it has to be opened again; and as [`Vault::open`].
    pub fn reload(&mut self, stored_now: Vec<u8>) -> Result<bool> {
        let opened = self.opened_mut()?;
        if opened.is_changed() {
            return Err(Error::Conflict("there are unsaved changes".to_owned()));
        }
        if stored_now == opened.base {
            return Ok(false);
        }
        let frame = Frame::parse(&stored_now)?;
        if frame.vault_id != opened.frame.vault_id {
            return Err(Error::Conflict("the vault was re-keyed or replaced: open it again".to_owned()));
        }
        if let Who::Holder { slot_id, slot_key } = &opened.who {
            splice::holder_payload(&stored_now, &frame, *slot_id, slot_key)?;
        }
        let now = Opened::load(stored_now, frame, opened.who.copy(), Some(opened))?;
        opened.pin().check(&now.pin())?;
        *opened = now;
        Ok(true)
    }

    /// Wipes the keys. Every later use of the vault, and of the entries read from it, is [`Error::Locked`].
    pub fn lock(&mut self) {
        self.opened = None;
    }

    /// Whether [`Vault::lock`] was called.
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        self.opened.is_none()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_locked() { "Vault(locked)" } else { "Vault(open)" })
    }
}

impl Who {
    fn copy(&self) -> Self {
        match self {
            Self::Owner { slot_id, root_key } => Self::Owner { slot_id: *slot_id, root_key: root_key.clone() },
            Self::Holder { slot_id, slot_key } => Self::Holder { slot_id: *slot_id, slot_key: slot_key.clone() },
        }
    }
}

impl Opened {
    /// Reads everything that `who` may see. Keys that did not change are shared with `before`, so that entries read
    /// from it stay usable.
    fn load(base: Vec<u8>, frame: Frame, who: Who, before: Option<&Self>) -> Result<Self> {
        let mut root = None;
        let items: Vec<(u16, u64, Key32, String)> = match &who {
            Who::Owner { root_key, .. } => {
                let root = root.insert(Root::open(&base, &frame, root_key.clone())?);
                root.compartments.iter().map(|at| (at.id, at.epoch, at.key.clone(), at.name.clone())).collect()
            }
            Who::Holder { slot_id, slot_key } => {
                let slot = frame.slot(*slot_id).ok_or(Error::Decrypt)?;
                let payload = Payload::open(&base, &frame.vault_id, slot, slot_key)?;
                payload.items.into_iter().map(|at| (at.id, at.epoch, at.key, at.name)).collect()
            }
        };
        let mut compartments = BTreeMap::new();
        let mut damaged = BTreeMap::new();
        for (id, epoch, key, name) in items {
            let kept = before.and_then(|before| before.compartments.get(&id)).map(|at| &at.keys);
            let keys = match kept.filter(|keys| keys.is(&frame.vault_id, id, epoch, &key)) {
                Some(keys) => Arc::clone(keys),
                None => Arc::new(CompartmentKeys::derive(key, frame.vault_id, id, epoch)?),
            };
            let found = frame.compartment(id).filter(|at| at.epoch == epoch).ok_or(Error::Decrypt);
            match found.and_then(|at| Compartment::open(&base, at, &name, keys)) {
                Ok(compartment) => drop(compartments.insert(id, compartment)),
                Err(error) => drop(damaged.insert(id, (name, error.code()))),
            }
        }
        Ok(Self { base, frame, who, rekeyed_slot: None, root, compartments, damaged })
    }

    fn is_changed(&self) -> bool {
        self.root.as_ref().is_some_and(|root| root.is_changed)
            || self.compartments.values().any(Compartment::is_changed)
    }

    fn by_name(&self, name: &str) -> Result<&Compartment> {
        let found = self.compartments.values().find(|compartment| compartment.name == name);
        found.ok_or_else(|| self.missing(name))
    }

    /// Why a compartment is not there to be used.
    fn missing(&self, name: &str) -> Error {
        if name::check_compartment(name).is_err() {
            return Error::invalid("expected a compartment like binance: at most 64 of A-Z a-z 0-9 . _ -");
        }
        if self.damaged.values().any(|(damaged, _)| damaged == name) {
            return Error::Damaged(format!("compartment {name}"));
        }
        match self.root {
            Some(_) => Error::NotFound(format!("compartment {name}")),
            None => Error::NoAccess(format!("compartment {name}")),
        }
    }

    fn owner(&self) -> Result<&Root> {
        self.root.as_ref().ok_or_else(owners_only)
    }

    fn pin(&self) -> Pin {
        self.pin_of(|_| true, self.root.is_some())
    }

    fn pin_of(&self, wanted: impl Fn(u16) -> bool, with_root: bool) -> Pin {
        let seen =
            |at: &format::CompartmentFrame| Seen { id: at.id, epoch: at.epoch, revision: at.revision, mac: at.mac };
        let ours = |at: &&format::CompartmentFrame| self.compartments.contains_key(&at.id) && wanted(at.id);
        Pin {
            vault_id: self.frame.vault_id,
            compartments: self.frame.compartments.iter().filter(ours).map(seen).collect(),
            root: with_root.then_some((self.frame.root_revision, self.frame.root_mac)),
        }
    }
}

fn owners_only() -> Error {
    Error::NoAccess("the slots and compartments of the vault, which only its owner may see and change".to_owned())
}

/// Every slot's cost, checked before any is derived.
fn check_kdfs(frame: &Frame, bounds: Bounds) -> Result<Vec<Option<Kdf>>> {
    let mut kdfs = Vec::with_capacity(frame.slots.len());
    for slot in &frame.slots {
        let (kdf, a, b, c) = slot.head.kdf;
        if (kdf == 0) != (slot.head.factors == format::FACTOR_KEY) {
            return Err(Error::Format("a slot whose key derivation does not fit its factors"));
        }
        kdfs.push(Kdf::from_stored(kdf, a, b, c, bounds)?);
    }
    check_total(kdfs.iter().copied().flatten())?;
    Ok(kdfs)
}

/// The slot that `unlock` opens, and its key. The commitment decides, before anything is decrypted.
fn find_slot<'f>(frame: &'f Frame, kdfs: &[Option<Kdf>], unlock: &Unlock) -> Result<(&'f SlotFrame, Key32)> {
    let candidates: Vec<_> = match unlock.key_factor() {
        Some(key) => {
            let found = frame.slots.iter().zip(kdfs).find(|(slot, _)| key.names(&slot.head));
            let (slot, kdf) = found.ok_or(Error::Decrypt)?;
            if slot.head.factors == format::FACTOR_KEY && unlock.has_passphrase() {
                return Err(Error::invalid("this slot opens with its key alone; give no passphrase"));
            }
            vec![(slot, kdf)]
        }
        None => frame.slots.iter().zip(kdfs).filter(|(slot, _)| slot.head.factors == FACTOR_PASSPHRASE).collect(),
    };
    for (slot, kdf) in candidates {
        let keys = unlock.slot_keys(&frame.vault_id, &slot.head, *kdf, false)?;
        if keys.is_committed_to(&slot.commit) {
            return Ok((slot, keys.key));
        }
    }
    Err(Error::Decrypt)
}

/// The system's clock, in Unix seconds. There is none in a browser's module: see [`Vault::set_unix_seconds`].
fn clock() -> u64 {
    #[cfg(not(target_family = "wasm"))]
    {
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
    #[cfg(target_family = "wasm")]
    0
}
