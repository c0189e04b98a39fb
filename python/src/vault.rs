//! `Vault`: a vault in a file, shared by the threads of one process.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::thread;

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};
use strongroom::vault::{Access, Find, OnDamage, Scope, Unlock, VaultFile};

use crate::arguments::{Given, Whole, text_of, texts, unlock, utf8, wrong_type};
use crate::edit::{Edit, Turns};
use crate::entry::Entry;
use crate::error::{Fault, Result, invalid};
use crate::fork::Generation;
use crate::kdf::Kdf;
use crate::key::Key;
use crate::reports::{Compartment, Damage, OpenedBy, Rekeyed, Revoked, Slot};

/// What a vault and its edits share. The turn is taken before the file, never the other way round.
pub(crate) struct Shared {
    file: Mutex<VaultFile>,
    pub(crate) turns: Turns,
    pub(crate) opened_in: Generation,
    path: PathBuf,
    link: String,
}

const POISONED: strongroom::Error =
    strongroom::Error::Locked("an earlier call on this vault failed in a way that it should not; open the vault again");

impl Shared {
    /// The vault itself. May wait for another thread's save, so the interpreter lock must be free.
    pub(crate) fn file(&self) -> strongroom::Result<MutexGuard<'_, VaultFile>> {
        self.file.lock().map_err(|_| POISONED)
    }
}

/// Gives the turn back however the change ends.
struct Turn<'a>(&'a Turns, u64);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.give_back(self.1);
    }
}

/// An open vault in a file: a read-only mapping of the entries that this key can see, and calls that change it.
#[pyclass(frozen, mapping, module = "strongroom")]
pub(crate) struct Vault {
    shared: Arc<Shared>,
    /// The turn of the edit that this object stands for.
    edit: Option<u64>,
}

impl Vault {
    fn of(file: VaultFile, path: PathBuf, link: String, opened_in: Generation) -> Self {
        let shared = Shared { file: Mutex::new(file), turns: Turns::default(), opened_in, path, link };
        Self { shared: Arc::new(shared), edit: None }
    }

    pub(crate) const fn in_edit(shared: Arc<Shared>, turn: u64) -> Self {
        Self { shared, edit: Some(turn) }
    }

    /// Reads from memory. What `job` does is short, so the interpreter lock is kept unless the vault is in use.
    fn read<T: Send>(
        &self,
        py: Python<'_>,
        job: impl FnOnce(&strongroom::vault::Vault) -> strongroom::Result<T> + Send,
    ) -> Result<T> {
        self.shared.opened_in.check()?;
        match self.shared.file.try_lock() {
            Ok(file) => Ok(job(file.vault())?),
            Err(TryLockError::Poisoned(_)) => Err(POISONED.into()),
            Err(TryLockError::WouldBlock) => Ok(py.detach(|| job(self.shared.file()?.vault()))?),
        }
    }

    /// Reads much, with the interpreter lock free.
    fn read_much<T: Send>(
        &self,
        py: Python<'_>,
        job: impl FnOnce(&strongroom::vault::Vault) -> strongroom::Result<T> + Send,
    ) -> Result<T> {
        self.shared.opened_in.check()?;
        Ok(py.detach(|| job(self.shared.file()?.vault()))?)
    }

    /// Changes and saves, then looks at what was saved; inside an edit only changes. `as_stored` takes over first what
    /// others have saved.
    fn change_then<T: Send, U: Send>(
        &self,
        py: Python<'_>,
        as_stored: bool,
        job: impl FnOnce(&mut strongroom::vault::Vault) -> strongroom::Result<T> + Send,
        after: impl FnOnce(&strongroom::vault::Vault) -> U + Send,
    ) -> Result<(T, Option<U>)> {
        self.shared.opened_in.check()?;
        if let Some(turn) = self.edit {
            if !self.shared.turns.is_of(turn) {
                return invalid("this edit has ended; make the change through the vault, or a new edit()");
            }
            return Ok((py.detach(|| job(self.shared.file()?.vault_mut()))?, None));
        }
        let turn = self.shared.turns.take(py, thread::current().id())?;
        let _turn = Turn(&self.shared.turns, turn);
        let changed = py.detach(|| {
            let mut file = self.shared.file()?;
            let answer = if as_stored { file.edit_as_stored(job)? } else { file.edit(job)? };
            Ok::<_, strongroom::Error>((answer, Some(after(file.vault()))))
        });
        Ok(changed?)
    }

    fn change<T: Send>(
        &self,
        py: Python<'_>,
        job: impl FnOnce(&mut strongroom::vault::Vault) -> strongroom::Result<T> + Send,
    ) -> Result<T> {
        Ok(self.change_then(py, false, job, |_| ())?.0)
    }

    fn entries(&self, py: Python<'_>, entries: Vec<strongroom::vault::SealedEntry>) -> Result<Py<PyList>> {
        let entries: PyResult<Vec<_>> =
            entries.into_iter().map(|entry| Bound::new(py, Entry::of(entry, self.shared.opened_in))).collect();
        Ok(PyList::new(py, entries?)?.unbind())
    }

    fn view<'py>(slf: &Bound<'py, Self>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("_collections_abc")?.getattr(name)?.call1((slf,))
    }
}

const fn on_damage(drop_damaged: bool) -> OnDamage {
    match drop_damaged {
        true => OnDamage::Drop,
        false => OnDamage::Refuse,
    }
}

#[pymethods]
#[allow(clippy::too_many_arguments, reason = "they are keyword arguments in Python")]
impl Vault {
    /// The absolute path of the file.
    #[getter]
    fn path(&self) -> &std::ffi::OsStr {
        self.shared.path.as_os_str()
    }

    /// Which link of the unlock chain opened it, through which slot, as owner or holder.
    #[getter]
    fn opened_by(&self, py: Python<'_>) -> Result<OpenedBy> {
        Ok(OpenedBy::of(&self.shared.link, self.read(py, |vault| vault.opened_by())?))
    }

    /// Whether it was locked, or belongs to the process that this one was forked from.
    #[getter]
    fn locked(&self, py: Python<'_>) -> Result<bool> {
        Ok(self.shared.opened_in.is_past() || self.read(py, |vault| Ok(vault.is_locked()))?)
    }

    fn __getitem__(&self, py: Python<'_>, name: &Bound<'_, PyString>) -> Result<Entry> {
        let name = utf8(name)?;
        Ok(Entry::of(self.read(py, |vault| vault.entry(name))?, self.shared.opened_in))
    }

    fn __contains__(&self, py: Python<'_>, name: &Bound<'_, PyAny>) -> Result<bool> {
        match name.cast::<PyString>().map(|name| name.to_str()) {
            Ok(Ok(name)) => self.read(py, |vault| vault.contains(name)),
            _ => Ok(false),
        }
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        Ok(PyList::new(py, self.read_much(py, |vault| vault.names())?)?.try_iter()?.into_any())
    }

    fn __len__(&self, py: Python<'_>) -> Result<usize> {
        Ok(self.read_much(py, |vault| vault.names())?.len())
    }

    /// Return an entry, or `default` if this key sees none of that name.
    #[pyo3(signature = (key, default=None, /))]
    fn get(&self, py: Python<'_>, key: &Bound<'_, PyString>, default: Option<Py<PyAny>>) -> Result<Option<Py<PyAny>>> {
        match self.__getitem__(py, key) {
            Ok(entry) => Ok(Some(Py::new(py, entry)?.into_any())),
            Err(Fault::Core(strongroom::Error::NotFound(_) | strongroom::Error::NoAccess(_))) => Ok(default),
            Err(error) => Err(error),
        }
    }

    /// Return the names, as a view.
    fn keys<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Self::view(slf, "KeysView")
    }

    /// Return the entries, as a view.
    fn values<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Self::view(slf, "ValuesView")
    }

    /// Return names and entries, as a view.
    fn items<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Self::view(slf, "ItemsView")
    }

    fn __repr__(&self) -> String {
        format!("Vault('{}')", self.shared.path.display())
    }

    /// Create an entry, or replace the whole of it, and return its version.
    #[pyo3(signature = (
        name, fields=None, /, *, info=None, kind=None, tags=None, note=None, expires_at=None, rotate_after=None
    ))]
    fn put(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyString>,
        fields: Option<&Bound<'_, PyAny>>,
        info: Option<&Bound<'_, PyAny>>,
        kind: Option<&Bound<'_, PyString>>,
        tags: Option<&Bound<'_, PyAny>>,
        note: Option<&Bound<'_, PyString>>,
        expires_at: Option<&Bound<'_, PyAny>>,
        rotate_after: Option<&Bound<'_, PyAny>>,
    ) -> Result<u64> {
        let entry = Given { fields, info, kind, tags, note, expires_at, rotate_after }.entry()?;
        let name = utf8(name)?;
        self.change(py, |vault| vault.put(name, entry))
    }

    /// Change only what is given, and return the new version.
    #[pyo3(signature = (
        name, fields=None, /, *, info=None, kind=None, tags=None, note=None, expires_at=None, rotate_after=None,
        if_version=None
    ))]
    fn update(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyString>,
        fields: Option<&Bound<'_, PyAny>>,
        info: Option<&Bound<'_, PyAny>>,
        kind: Option<&Bound<'_, PyString>>,
        tags: Option<&Bound<'_, PyAny>>,
        note: Option<&Bound<'_, PyString>>,
        expires_at: Option<&Bound<'_, PyAny>>,
        rotate_after: Option<&Bound<'_, PyAny>>,
        if_version: Option<Whole<u64>>,
    ) -> Result<u64> {
        let change = Given { fields, info, kind, tags, note, expires_at, rotate_after }.entry()?;
        let name = utf8(name)?;
        self.change(py, |vault| vault.update(name, change, if_version.map(|version| version.0)))
    }

    /// Remove an entry with all its versions.
    #[pyo3(signature = (name, /))]
    fn remove(&self, py: Python<'_>, name: &Bound<'_, PyString>) -> Result<()> {
        let name = utf8(name)?;
        self.change(py, |vault| vault.remove(name))
    }

    /// Remove a secret field, or a piece of info, from an entry, and return the entry's new version.
    #[pyo3(signature = (name, field, /))]
    fn remove_field(&self, py: Python<'_>, name: &Bound<'_, PyString>, field: &Bound<'_, PyString>) -> Result<u64> {
        let (name, field) = (utf8(name)?, utf8(field)?);
        self.change(py, |vault| vault.remove_field(name, field))
    }

    /// Rename an entry, also into another compartment.
    #[pyo3(signature = (old, new, /))]
    fn rename(&self, py: Python<'_>, old: &Bound<'_, PyString>, new: &Bound<'_, PyString>) -> Result<()> {
        let (old, new) = (utf8(old)?, utf8(new)?);
        self.change(py, |vault| vault.rename(old, new))
    }

    /// Copy an entry, also into another compartment.
    #[pyo3(signature = (old, new, /))]
    fn copy(&self, py: Python<'_>, old: &Bound<'_, PyString>, new: &Bound<'_, PyString>) -> Result<()> {
        let (old, new) = (utf8(old)?, utf8(new)?);
        self.change(py, |vault| vault.copy(old, new))
    }

    /// Return the sorted names of the entries that fulfil every condition.
    #[pyo3(signature = (*, tag=None, kind=None, compartment=None, due=false))]
    fn find(
        &self,
        py: Python<'_>,
        tag: Option<&Bound<'_, PyString>>,
        kind: Option<&Bound<'_, PyString>>,
        compartment: Option<&Bound<'_, PyString>>,
        due: bool,
    ) -> Result<Vec<String>> {
        let find = Find {
            tag: tag.map(utf8).transpose()?,
            kind: kind.map(utf8).transpose()?,
            compartment: compartment.map(utf8).transpose()?,
            due,
        };
        self.read_much(py, |vault| vault.find(&find))
    }

    /// Return every version of an entry, the newest first.
    #[pyo3(signature = (name, /))]
    fn versions(&self, py: Python<'_>, name: &Bound<'_, PyString>) -> Result<Py<PyList>> {
        let name = utf8(name)?;
        self.entries(py, self.read(py, |vault| vault.versions(name))?)
    }

    /// Put a new version beside the current one, which stays in use until `promote`. Return its version.
    #[pyo3(signature = (
        name, fields=None, /, *, info=None, kind=None, tags=None, note=None, expires_at=None, rotate_after=None
    ))]
    fn stage(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyString>,
        fields: Option<&Bound<'_, PyAny>>,
        info: Option<&Bound<'_, PyAny>>,
        kind: Option<&Bound<'_, PyString>>,
        tags: Option<&Bound<'_, PyAny>>,
        note: Option<&Bound<'_, PyString>>,
        expires_at: Option<&Bound<'_, PyAny>>,
        rotate_after: Option<&Bound<'_, PyAny>>,
    ) -> Result<u64> {
        let entry = Given { fields, info, kind, tags, note, expires_at, rotate_after }.entry()?;
        let name = utf8(name)?;
        self.change(py, |vault| vault.stage(name, entry))
    }

    /// Make the staged version the current one, and the current one a previous one. Return the version.
    #[pyo3(signature = (name, /))]
    fn promote(&self, py: Python<'_>, name: &Bound<'_, PyString>) -> Result<u64> {
        let name = utf8(name)?;
        self.change(py, |vault| vault.promote(name))
    }

    /// Remove the previous versions.
    #[pyo3(signature = (name, /))]
    fn retire(&self, py: Python<'_>, name: &Bound<'_, PyString>) -> Result<()> {
        let name = utf8(name)?;
        self.change(py, |vault| vault.retire(name))
    }

    /// The compartments that this key has access to, damaged ones too.
    #[getter]
    fn compartments(&self, py: Python<'_>) -> Result<Vec<Compartment>> {
        Ok(self.read(py, |vault| vault.compartments())?.into_iter().map(Compartment::of).collect())
    }

    /// Every way into the vault; for owners.
    #[getter]
    fn slots(&self, py: Python<'_>) -> Result<Vec<Slot>> {
        Ok(self.read(py, |vault| vault.slots())?.into_iter().map(Slot::of).collect())
    }

    /// What fails its checks, so that the rest of the vault has to do without it.
    #[getter]
    fn damage(&self, py: Python<'_>) -> Result<Vec<Damage>> {
        Ok(self.read(py, |vault| vault.damage())?.into_iter().map(Damage::of).collect())
    }

    /// Remove a compartment with all its entries; for owners.
    #[pyo3(signature = (name, /))]
    fn remove_compartment(&self, py: Python<'_>, name: &Bound<'_, PyString>) -> Result<()> {
        let name = utf8(name)?;
        self.change(py, |vault| vault.remove_compartment(name))
    }

    /// Make a new way in, and return its key; for owners.
    #[pyo3(signature = (label, compartments=None, *, passphrase=None, key=None, owner=false, kdf=None))]
    fn grant(
        &self,
        py: Python<'_>,
        label: &Bound<'_, PyString>,
        compartments: Option<&Bound<'_, PyAny>>,
        passphrase: Option<&Bound<'_, PyAny>>,
        key: Option<&Bound<'_, Key>>,
        owner: bool,
        kdf: Option<&Bound<'_, Kdf>>,
    ) -> Result<Option<Key>> {
        let label = utf8(label)?;
        let names = compartments.map_or_else(|| Ok(Vec::new()), |names| texts("compartments", names))?;
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let access = match (owner, names.as_slice()) {
            (true, []) => Access::Owner,
            (true, _) => return invalid("an owner has access to everything; name no compartments with owner=True"),
            (false, names) => Access::Compartments(names),
        };
        let key = match (passphrase, key) {
            (None, None) => Some(Key::of(strongroom::Key::generate()?)),
            (_, key) => key.map(|key| Key::of(key.get().core().clone())),
        };
        let (unlock, kdf) = (unlock(passphrase, key.as_ref())?, Kdf::or_default(kdf));
        self.change(py, |vault| vault.grant(label, access, &unlock, kdf))?;
        Ok(key)
    }

    /// Remove a holder's slot, or take compartments away from it, and give these new keys; for owners.
    #[pyo3(signature = (label, compartments=None, /, *, drop_damaged=false))]
    fn revoke(
        &self,
        py: Python<'_>,
        label: &Bound<'_, PyString>,
        compartments: Option<&Bound<'_, PyAny>>,
        drop_damaged: bool,
    ) -> Result<Revoked> {
        let label = utf8(label)?;
        let names = compartments.map(|names| texts("compartments", names)).transpose()?;
        let (revoked, pins) = self.change_then(
            py,
            true,
            |vault| match names {
                None => vault.revoke(label, on_damage(drop_damaged)),
                Some(names) => {
                    let names: Vec<_> = names.iter().map(String::as_str).collect();
                    vault.revoke_from(label, &names, on_damage(drop_damaged))
                }
            },
            |vault| {
                let slots = vault.slots().unwrap_or_default();
                let holders = slots.into_iter().filter(|slot| slot.scope == Scope::Holder).map(|slot| slot.label);
                // A slot whose payload is damaged opens nothing that a pin could speak of.
                holders.filter_map(|label| vault.pin_for(&label).ok().map(|pin| (label, pin))).collect::<Vec<_>>()
            },
        )?;
        Ok(Revoked::of(py, revoked, pins.unwrap_or_default())?)
    }

    /// Change the passphrase of a slot; for owners.
    #[pyo3(signature = (label, passphrase, /, *, key=None, kdf=None))]
    fn change_passphrase(
        &self,
        py: Python<'_>,
        label: &Bound<'_, PyString>,
        passphrase: &Bound<'_, PyAny>,
        key: Option<&Bound<'_, Key>>,
        kdf: Option<&Bound<'_, Kdf>>,
    ) -> Result<()> {
        let (label, kdf) = (utf8(label)?, Kdf::or_default(kdf));
        let unlock = unlock(Some(passphrase), key.map(Bound::get))?;
        self.change(py, |vault| vault.change_passphrase(label, &unlock, kdf))
    }

    /// Give a slot's passphrase, which stays the same, a new cost; for owners.
    #[pyo3(signature = (label, passphrase, /, *, key=None, kdf=None))]
    fn strengthen(
        &self,
        py: Python<'_>,
        label: &Bound<'_, PyString>,
        passphrase: &Bound<'_, PyAny>,
        key: Option<&Bound<'_, Key>>,
        kdf: Option<&Bound<'_, Kdf>>,
    ) -> Result<()> {
        let (label, kdf) = (utf8(label)?, Kdf::or_default(kdf));
        let unlock = unlock(Some(passphrase), key.map(Bound::get))?;
        self.change(py, |vault| vault.strengthen(label, &unlock, kdf))
    }

    /// Give everything new keys, and discard every slot but those that `keep` opens; for owners.
    #[pyo3(signature = (*keep, drop_damaged=false))]
    fn rekey(&self, py: Python<'_>, keep: &Bound<'_, PyTuple>, drop_damaged: bool) -> Result<Rekeyed> {
        let keep = keep.iter().map(|way| kept(&way)).collect::<Result<Vec<_>>>()?;
        let (rekeyed, _) = self.change_then(py, true, |vault| vault.rekey(&keep, on_damage(drop_damaged)), |_| ())?;
        Ok(Rekeyed::of(py, rekeyed)?)
    }

    /// Take over what others saved meanwhile, without deriving a key. Return whether anything is different.
    fn reload(&self, py: Python<'_>) -> Result<bool> {
        self.shared.opened_in.check()?;
        Ok(py.detach(|| self.shared.file()?.reload())?)
    }

    /// Return what this reader has seen of the vault, as text to keep apart from it.
    fn pin(&self, py: Python<'_>) -> Result<String> {
        self.read(py, |vault| vault.pin())
    }

    /// Return a pin for a holder, to hand over with its key; for owners.
    #[pyo3(signature = (label, /))]
    fn pin_for(&self, py: Python<'_>, label: &Bound<'_, PyString>) -> Result<String> {
        let label = utf8(label)?;
        self.read(py, |vault| vault.pin_for(label))
    }

    /// Group several changes into one save; an exception discards them all.
    fn edit(&self) -> Result<Edit> {
        match self.edit {
            None => Ok(Edit::of(Arc::clone(&self.shared))),
            Some(_) => invalid("this is an edit already; make the change through it"),
        }
    }

    /// Wipe the keys. Everything after that, on this vault and what was read from it, is `locked`.
    fn lock(&self, py: Python<'_>) {
        // In a forked child it is locked, and another thread may have held it at the fork. Poisoned or not: wipe.
        if !self.shared.opened_in.is_past() {
            py.detach(|| {
                let mut file = self.shared.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                file.vault_mut().lock();
            });
        }
    }

    const fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (kind, error, traceback, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: &Bound<'_, PyAny>,
        error: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) {
        let _ = (kind, error, traceback);
        self.lock(py);
    }
}

/// One of what `rekey` keeps: a passphrase, a key, or a pair of both.
fn kept(way: &Bound<'_, PyAny>) -> Result<Unlock> {
    if let Ok(key) = way.cast::<Key>() {
        return unlock(None, Some(key.get()));
    }
    let Ok(pair) = way.cast::<PyTuple>() else { return Ok(Unlock::passphrase(&text_of(way)?)) };
    let (passphrase, key): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract()?;
    match key.cast::<Key>() {
        Ok(key) => unlock(Some(&passphrase), Some(key.get())),
        Err(_) => wrong_type("a pair of a passphrase and a Key", &key),
    }
}

/// Open a vault file.
#[pyfunction]
#[pyo3(signature = (
    path, *, link, passphrase=None, key=None, pin=None, allow_weak_kdf=false, max_memory_kib=None
))]
#[allow(clippy::too_many_arguments, reason = "they are keyword arguments in Python")]
pub(crate) fn open_vault(
    py: Python<'_>,
    path: PathBuf,
    link: String,
    passphrase: Option<&Bound<'_, PyAny>>,
    key: Option<&Bound<'_, Key>>,
    pin: Option<&Bound<'_, PyString>>,
    allow_weak_kdf: bool,
    max_memory_kib: Option<Whole<u32>>,
) -> Result<Vault> {
    let mut unlock = unlock(passphrase, key.map(Bound::get))?;
    if let Some(pin) = pin {
        unlock = unlock.with_pin(utf8(pin)?);
    }
    if allow_weak_kdf {
        unlock = unlock.with_weak_kdf_allowed();
    }
    if let Some(Whole(memory_kib)) = max_memory_kib {
        unlock = unlock.with_max_memory_kib(memory_kib);
    }
    let opened_in = Generation::now();
    let file = py.detach(|| VaultFile::open(&path, &unlock))?;
    Ok(Vault::of(file, path, link, opened_in))
}

/// Make a vault file.
#[pyfunction]
#[pyo3(signature = (path, *, link, passphrase=None, key=None, kdf=None))]
pub(crate) fn create_vault(
    py: Python<'_>,
    path: PathBuf,
    link: String,
    passphrase: Option<&Bound<'_, PyAny>>,
    key: Option<&Bound<'_, Key>>,
    kdf: Option<&Bound<'_, Kdf>>,
) -> Result<Vault> {
    let (unlock, kdf) = (unlock(passphrase, key.map(Bound::get))?, Kdf::or_default(kdf));
    let opened_in = Generation::now();
    let file = py.detach(|| VaultFile::create(&path, &unlock, kdf))?;
    Ok(Vault::of(file, path, link, opened_in))
}
