//! A vault in a file: who may write it when, and how it is replaced so that a crash leaves the old or the new one.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::format::{MAX_VAULT, limit};
use super::{Unlock, Vault};
use crate::disk::{Folder, absolute, new_file, open_regular};
use crate::random::random;
use crate::{Error, Kdf, Result};

/// How long to wait for others who are saving, and how long between two tries. A save takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(2);

/// A vault in a file, and the one way to change it there that no crash and no other writer can spoil.
///
/// A save replaces the file as a whole: a killed process, a full disk or a power loss leaves the old or the new vault.
/// Processes take turns by a lock on the empty file `NAME.lock` beside it, so their folder must be writable for them.
/// Changes to different entries never collide; to the same one, the second is [`Error::Conflict`], and nothing of it
/// is written. The file keeps its owner (as far as the system allows), group and mode; a new one has mode 0600. A
/// symbolic link stays, and the file that it points to is replaced.
///
/// ```
/// use strongroom::vault::{Entry, Unlock, VaultFile};
/// use strongroom::{Kdf, Key};
///
/// # fn main() -> strongroom::Result<()> {
/// # let folder = tempfile::tempdir().map_err(|_| strongroom::Error::Random)?;
/// # let path = folder.path().join("bots.vault");
/// let key = Key::generate()?;
/// VaultFile::create(&path, &Unlock::key(key.clone()), Kdf::default())?;
///
/// let mut file = VaultFile::open(&path, &Unlock::key(key))?;
/// file.edit(|vault| vault.put("binance/main", Entry::new().with("secret", "...")))?;
/// assert!(file.vault().contains("binance/main")?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct VaultFile {
    store: Store,
    vault: Vault,
    /// The last save is in place, but its folder could not be flushed.
    is_unflushed: bool,
}

impl VaultFile {
    /// Makes a new vault, as [`Vault::create`] does, in a new file that only this user can access.
    ///
    /// # Errors
    /// [`Error::Exists`] if anything of this name is there, even a link to nothing; [`Error::Io`]; and as
    /// [`Vault::create`].
    pub fn create(path: impl AsRef<Path>, unlock: &Unlock, kdf: Kdf) -> Result<Self> {
        let store = Store::at(path.as_ref())?;
        if fs::symlink_metadata(&store.path).is_ok() {
            return Err(store.exists()); // before the work of deriving a key
        }
        let vault = Vault::create(unlock, kdf)?;
        let bytes = vault.base_bytes()?.to_vec();
        store.replace(|stored| if stored.is_none() { Ok(bytes) } else { Err(store.exists()) })?.durable?;
        Ok(Self { store, vault, is_unflushed: false })
    }

    /// Opens the vault in this file.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Limit`] for a file over 64 MiB, which is not read; [`Error::Io`], also for what
    /// is not a regular file; and as [`Vault::open`].
    pub fn open(path: impl AsRef<Path>, unlock: &Unlock) -> Result<Self> {
        let store = Store::at(path.as_ref())?;
        let vault = Vault::open(store.read()?, unlock)?;
        Ok(Self { store, vault, is_unflushed: false })
    }

    /// Where the file is, from the root of the file system.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.store.path
    }

    /// The vault as it was opened or last saved, with the changes made since.
    #[must_use]
    pub const fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The vault, to change it and then [`VaultFile::save`] it.
    pub const fn vault_mut(&mut self) -> &mut Vault {
        &mut self.vault
    }

    /// Makes changes and saves them, all in one. On any error nothing is written, and these changes, with all others
    /// that were not saved, are dropped; but see [`VaultFile::save`] for a disk that fails at the very end.
    ///
    /// After a [`Error::Conflict`], [`VaultFile::reload`] and decide again.
    ///
    /// # Errors
    /// Those of `change`, and as [`VaultFile::save`].
    pub fn edit<T>(&mut self, change: impl FnOnce(&mut Vault) -> Result<T>) -> Result<T> {
        let done = change(&mut self.vault).and_then(|result| self.save().map(|()| result));
        if done.is_err() && !self.vault.is_locked() {
            self.vault.discard()?;
        }
        done
    }

    /// The same on the vault as it is stored now: what others have saved is read first. For changes of who may open what,
    /// whose answer lists what is there, such as the entries to rotate after a revocation. For entries use
    /// [`VaultFile::edit`], which tells where someone else has changed what this change was made for.
    ///
    /// # Errors
    /// As [`VaultFile::reload`] and [`VaultFile::edit`].
    pub fn edit_as_stored<T>(&mut self, change: impl FnOnce(&mut Vault) -> Result<T>) -> Result<T> {
        self.reload()?;
        self.edit(change)
    }

    /// Saves the changes. When this returns, they are safe from a power loss.
    ///
    /// # Errors
    /// [`Error::Conflict`] if someone else saved a change to the same entry, or to the slots while they are changed
    /// here; [`Error::NotFound`] if the file was moved away since; [`Error::Io`]; and as [`Vault::splice`]. Nothing is
    /// written then, and the changes are still there to be saved again.
    ///
    /// The one exception: if the file was replaced and only then its folder cannot be flushed to disk, that is an
    /// [`Error::Io`] too. The changes are saved, but might not survive a power loss; saving again tries to flush it.
    pub fn save(&mut self) -> Result<()> {
        self.vault.base_bytes()?; // a locked vault has nothing to save, and is told so
        if self.vault.is_changed() {
            let Self { store, vault, .. } = self;
            let stored = store.replace(|stored| vault.splice(stored.ok_or_else(|| store.vanished())?))?;
            vault.saved(stored.bytes)?;
            self.is_unflushed = stored.durable.is_err();
            return stored.durable;
        }
        if self.is_unflushed {
            self.store.flush(&self.store.folder(&self.store.target()?)?)?;
            self.is_unflushed = false;
        }
        Ok(())
    }

    /// Drops the changes that are not saved.
    ///
    /// # Errors
    /// [`Error::Locked`].
    pub fn discard(&mut self) -> Result<()> {
        self.vault.discard()
    }

    /// Reads the file again, without deriving a key. Returns whether anything is different.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Io`] and [`Error::Limit`] as [`VaultFile::open`], and as [`Vault::reload`].
    pub fn reload(&mut self) -> Result<bool> {
        self.vault.reload(self.store.read()?)
    }
}

/// The bytes on disk, whatever is in them.
#[derive(Debug)]
pub(super) struct Store {
    path: PathBuf,
    patience: Duration,
}

/// What [`Store::replace`] has put in place.
#[derive(Debug)]
pub(super) struct Stored {
    bytes: Vec<u8>,
    /// Whether that is certain to survive a power loss.
    pub(super) durable: Result<()>,
}

impl Store {
    pub(super) fn at(path: &Path) -> Result<Self> {
        Ok(Self { path: absolute(path)?, patience: PATIENCE })
    }

    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn exists(&self) -> Error {
        let is_dangling = self.path.is_symlink() && !self.path.exists();
        Error::Exists(format!("{}{}", self.name(), if is_dangling { ", a link to a file that is gone," } else { "" }))
    }

    pub(super) fn vanished(&self) -> Error {
        let name = self.name();
        Error::NotFound(format!(
            "{name} was there and is gone, so nothing was saved: put it back and try again; {name}"
        ))
    }

    pub(super) fn read(&self) -> Result<Vec<u8>> {
        match read(&self.path)? {
            Some((bytes, _)) => Ok(bytes),
            None => Err(Error::NotFound(self.name())),
        }
    }

    /// Replaces the file by what `next` makes of its bytes, `None` where there is no file. Nobody else who goes
    /// through here writes in between. On an error the file is as it was.
    pub(super) fn replace(&self, next: impl FnOnce(Option<&[u8]>) -> Result<Vec<u8>>) -> Result<Stored> {
        let target = self.target()?;
        let folder = self.folder(&target)?;
        let _lock = Lock::take(&target, self.patience)?;
        let old = read(&target)?;
        let bytes = next(old.as_ref().map(|(bytes, _)| bytes.as_slice()))?;
        limit("vault size in bytes", bytes.len(), MAX_VAULT)?;
        remove_stale(&target);
        let mut new = Temporary::create(&target)?;
        new.write(&bytes, old.as_ref().map(|(_, metadata)| metadata))
            .map_err(|error| Error::io(format_args!("write {}", new.path.display()), &error))?;
        new.rename_to(&target).map_err(|error| Error::io(format_args!("replace {}", target.display()), &error))?;
        kill_point("before_folder_fsync");
        let durable = self.flush(&folder);
        kill_point("after_folder_fsync");
        Ok(Stored { bytes, durable })
    }

    fn folder(&self, target: &Path) -> Result<Folder> {
        Folder::of(target).map_err(|error| Error::io(format_args!("open the folder of {}", self.name()), &error))
    }

    /// Makes the last rename survive a power loss.
    fn flush(&self, folder: &Folder) -> Result<()> {
        folder.sync().map_err(|error| {
            Error::Io(format!(
                "the change is in {}, but may not survive a power loss: its folder cannot be flushed to disk: {error}; \
                 save again",
                self.name()
            ))
        })
    }

    /// The file itself: where it is reached through a link, the link stays and what it points to is replaced. So
    /// everybody locks the same file, too, whichever way they come.
    fn target(&self) -> Result<PathBuf> {
        let cannot_find = |error| Error::io(format_args!("find {}", self.name()), &error);
        match fs::canonicalize(&self.path) {
            Ok(target) => Ok(target),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot_find(error)),
            Err(_) if self.path.is_symlink() => Err(Error::NotFound(format!("the file that {} links to", self.name()))),
            Err(error) => match (self.path.parent(), self.path.file_name()) {
                (Some(folder), Some(name)) => {
                    let folder = fs::canonicalize(folder)
                        .map_err(|error| Error::io(format_args!("find the folder {}", folder.display()), &error))?;
                    Ok(folder.join(name))
                }
                _ => Err(cannot_find(error)),
            },
        }
    }
}

/// The bytes of a regular file of at most [`MAX_VAULT`] bytes, with its owner, group and mode; `None` if it is absent.
fn read(path: &Path) -> Result<Option<(Vec<u8>, Metadata)>> {
    let refused = |error| Error::io(format_args!("read {}", path.display()), &error);
    let (file, metadata) = match open_regular(path) {
        Ok(opened) => opened,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused(error)),
    };
    let len = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    limit("vault size in bytes", len, MAX_VAULT)?;
    let bytes = read_all(file, len).map_err(refused)?;
    limit("vault size in bytes", bytes.len(), MAX_VAULT)?;
    Ok(Some((bytes, metadata)))
}

/// The bytes of a file of `len` bytes. It may have grown in between, if somebody writes into it instead of replacing
/// it: then as many as show that it is too large.
fn read_all(file: impl Read, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(len);
    file.take(MAX_VAULT as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// `NAME` with something before and after it, in the same folder.
fn beside(target: &Path, before: &str, after: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(before);
    name.push(target.file_name().unwrap_or_default());
    name.push(after);
    target.with_file_name(name)
}

/// The exclusive right to replace a vault, until it is dropped.
///
/// It is a lock on an empty file beside the vault, which stays there. The vault itself can't be locked, since every
/// save puts another file in its place.
struct Lock(File);

impl Lock {
    fn take(target: &Path, patience: Duration) -> Result<Self> {
        let path = beside(target, "", ".lock");
        let cannot_lock = |error: io::Error| match error.kind() {
            ErrorKind::PermissionDenied => Error::Io(format!(
                "cannot lock {}: {error}; it and its folder must be writable for everybody who saves the vault",
                path.display()
            )),
            _ => Error::io(format_args!("lock {}", path.display()), &error),
        };
        let file = match new_file().open(&path) {
            Ok(file) => {
                share_lock(&file, target);
                file
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => open_lock(&path).map_err(cannot_lock)?,
            Err(error) => return Err(cannot_lock(error)),
        };
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::Error(error)) => return Err(cannot_lock(error)),
                Err(TryLockError::WouldBlock) if start.elapsed() < patience => std::thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::Io(format!(
                        "cannot lock {}: another process has held it for {} seconds; see who does with `fuser`, or \
                         `lsof`, on that file, and try again",
                        path.display(),
                        patience.as_secs()
                    )));
                }
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // By name, as closing is not enough: a child that was forked meanwhile holds the same open file.
        let _ = self.0.unlock();
    }
}

fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    }
    let file = options.open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("expected a regular file")),
    }
}

/// Lets those take a new lock who may write the vault, and nobody else: whoever can read a lock can hold it for ever.
///
/// Not done to a lock that is there already: in a folder that others write too it might be a link to something else.
#[cfg(unix)]
fn share_lock(lock: &File, target: &Path) {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let Ok(vault) = fs::metadata(target) else { return };
    let writers = |bits: u32| if vault.mode() & bits & 0o222 == 0 { 0 } else { bits };
    let mode = 0o600 | writers(0o060) | writers(0o006);
    // If this can't be done, the ones left out are told that they cannot lock it.
    let _ = fchown(lock, Some(vault.uid()), Some(vault.gid())).or_else(|_| fchown(lock, None, Some(vault.gid())));
    let _ = lock.set_permissions(fs::Permissions::from_mode(mode));
}

#[cfg(not(unix))]
fn share_lock(_: &File, _: &Path) {}

/// Gives a new file the owner, the group and the mode of the one that it replaces. Access control lists do not follow.
#[cfg(unix)]
fn keep_access(new: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let now = new.metadata()?;
    if now.uid() != old.uid() || now.gid() != old.gid() {
        // Only root can give a file to another user; for everybody else the group is what counts.
        fchown(new, Some(old.uid()), Some(old.gid())).or_else(|_| fchown(new, None, Some(old.gid()))).map_err(
            |error| io::Error::new(error.kind(), format!("the group {} cannot be kept: {error}", old.gid())),
        )?;
    }
    // After the group, so that never a moment's access is given to the wrong one.
    new.set_permissions(fs::Permissions::from_mode(old.mode() & 0o777))
}

#[cfg(not(unix))]
fn keep_access(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// The file `.NAME.<16 hex>.tmp` that is written before it takes the vault's place; removed if it never does.
struct Temporary {
    path: PathBuf,
    file: Option<File>,
}

impl Temporary {
    fn create(target: &Path) -> Result<Self> {
        let id = data_encoding::HEXLOWER.encode(&random::<8>()?);
        let path = beside(target, ".", &format!(".{id}.tmp"));
        let file = new_file().open(&path);
        let file = file.map_err(|error| Error::io(format_args!("create {}", path.display()), &error))?;
        kill_point("after_create");
        Ok(Self { path, file: Some(file) })
    }

    fn write(&mut self, bytes: &[u8], replaces: Option<&Metadata>) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        if let Some(old) = replaces {
            keep_access(file, old)?;
        }
        // In two parts only for the sake of the test that dies between them.
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        file.write_all(first)?;
        kill_point("half_written");
        file.write_all(rest)?;
        kill_point("before_fsync");
        // On macOS too this reaches the disk itself: there the standard library uses F_FULLFSYNC.
        file.sync_all()?;
        kill_point("after_fsync");
        Ok(())
    }

    fn rename_to(mut self, target: &Path) -> io::Result<()> {
        self.file = None; // closed: Windows does not rename what is open
        kill_point("before_rename");
        fs::rename(&self.path, target)?;
        kill_point("after_rename");
        self.path.clear();
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            self.file = None;
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Removes what saves that were killed have left. Called under the lock, so no living save has one.
///
/// One that can't be removed holds nothing but a sealed vault, and is no reason not to save.
fn remove_stale(target: &Path) {
    let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else { return };
    let Ok(found) = fs::read_dir(folder) else { return };
    for found in found.flatten() {
        if is_temporary(found.file_name().as_encoded_bytes(), name.as_encoded_bytes()) {
            let _ = fs::remove_file(found.path());
        }
    }
}

/// Whether a file's name is `.NAME.<16 hex>.tmp`, and not, say, that of another vault whose name starts with `NAME`.
fn is_temporary(found: &[u8], name: &[u8]) -> bool {
    let id = found
        .strip_prefix(b".")
        .and_then(|rest| rest.strip_prefix(name))
        .and_then(|rest| rest.strip_prefix(b"."))
        .and_then(|rest| rest.strip_suffix(b".tmp"));
    id.is_some_and(|id| id.len() == 16 && id.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')))
}

/// Where the crash tests kill a process that saves: it gets the SIGKILL that cannot be caught, so nothing is cleaned
/// up. Only with the feature `kill-points`, which no release has; else this is nothing.
#[cfg(all(unix, feature = "kill-points"))]
fn kill_point(name: &str) {
    if std::env::var_os("STRONGROOM_KILL_AT").is_some_and(|at| at == name) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

#[cfg(not(all(unix, feature = "kill-points")))]
const fn kill_point(_: &str) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(&folder.path().join("bots.vault")).unwrap();
        (folder, store)
    }

    fn put(store: &Store, bytes: &[u8]) {
        store.replace(|_| Ok(bytes.to_vec())).unwrap().durable.unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            folder.read_dir().unwrap().map(|found| found.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn replaced_by_what_comes_of_it() {
        let (folder, store) = store();
        assert_eq!(store.read().unwrap_err(), Error::NotFound(store.name()));
        let stored = store.replace(|stored| {
            assert!(stored.is_none());
            Ok(b"one".to_vec())
        });
        assert_eq!(stored.unwrap().bytes, b"one");
        let stored = store.replace(|stored| Ok([stored.unwrap(), b" two"].concat()));
        assert_eq!(stored.unwrap().bytes, b"one two");
        assert_eq!(store.read().unwrap(), b"one two");
        assert_eq!(names(folder.path()), ["bots.vault", "bots.vault.lock"]);
    }

    #[test]
    fn an_error_changes_nothing() {
        let (folder, store) = store();
        put(&store, b"one");
        assert_eq!(store.replace(|_| Err(Error::Random)).unwrap_err(), Error::Random);
        let too_large = store.replace(|_| Ok(vec![0; MAX_VAULT + 1])).unwrap_err();
        assert_eq!(too_large.code(), "limit");
        assert_eq!(store.read().unwrap(), b"one");
        assert_eq!(names(folder.path()), ["bots.vault", "bots.vault.lock"]);
        // The lock was given back each time.
        put(&store, b"two");
        assert_eq!(store.read().unwrap(), b"two");
    }

    #[test]
    fn one_at_a_time() {
        let (_folder, mut store) = store();
        put(&store, b"one");
        store.patience = Duration::ZERO;
        let inner = store.replace(|_| {
            let error = store.replace(|_| panic!("two in here")).unwrap_err();
            assert!(error.to_string().contains("bots.vault.lock: another process has held it"), "{error}");
            Ok(b"two".to_vec())
        });
        inner.unwrap().durable.unwrap();
        put(&store, b"three");
        store.patience = PATIENCE;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    (0..25).for_each(|_| drop(store.replace(|old| Ok([old.unwrap(), b"."].concat())).unwrap()))
                });
            }
        });
        assert_eq!(store.read().unwrap(), [b"three".as_slice(), &[b'.'; 100]].concat());
    }

    #[test]
    fn only_our_own_leftovers_are_removed() {
        let (folder, store) = store();
        let kept = [
            ".bots.vault.0123456789ABCDEF.tmp",
            ".bots.vault.0123456789abcde.tmp",
            ".bots.vault.0123456789abcdef.tm",
            ".bots.vault.0123456789abcdef0.tmp",
            ".bots.vault.x.0123456789abcdef.tmp",
            ".other.vault.0123456789abcdef.tmp",
            "bots.vault.0123456789abcdef.tmp",
        ];
        let stale = [".bots.vault.0123456789abcdef.tmp", ".bots.vault.ffffffffffffffff.tmp"];
        for name in kept.iter().chain(&stale) {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        put(&store, b"one");
        let mut expected = [kept.as_slice(), &["bots.vault", "bots.vault.lock"]].concat();
        expected.sort_unstable();
        assert_eq!(names(folder.path()), expected);
    }

    #[test]
    fn the_size_is_checked_before_anything_is_read() {
        let (_folder, store) = store();
        put(&store, b"one");
        // Sparse: these are sizes that the disk may not have.
        let file = OpenOptions::new().write(true).open(&store.path).unwrap();
        file.set_len(MAX_VAULT as u64).unwrap();
        assert_eq!(store.read().unwrap().len(), MAX_VAULT);
        // Windows would reserve all of it.
        for len in [MAX_VAULT as u64 + 1, if cfg!(windows) { 1 << 28 } else { 1 << 40 }] {
            file.set_len(len).unwrap();
            let expected = Error::Limit { what: "vault size in bytes", asked: len, allowed: MAX_VAULT as u64 };
            assert_eq!(store.read().unwrap_err(), expected);
            assert_eq!(store.replace(|_| panic!("read a file too large")).unwrap_err(), expected);
        }
    }

    #[test]
    fn what_grows_without_end_is_read_as_far_as_shows_it() {
        assert_eq!(read_all(io::repeat(0), 1).unwrap().len(), MAX_VAULT + 1);
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let (folder, store) = store();
        assert_eq!(Store::at(Path::new("")).unwrap_err().code(), "invalid_input");
        assert_eq!(Store::at(Path::new("/")).unwrap_err().code(), "invalid_input");
        let folder = Store::at(&folder.path().join("folder")).unwrap();
        fs::create_dir(&folder.path).unwrap();
        assert_eq!(folder.read().unwrap_err().code(), "io");
        assert_eq!(folder.replace(|_| panic!("a folder was read")).unwrap_err().code(), "io");
        let nowhere = Store::at(&store.path.join("no/such/folder")).unwrap();
        assert_eq!(nowhere.replace(|_| panic!("nothing was read")).unwrap_err().code(), "io");
    }

    #[cfg(unix)]
    #[test]
    fn pipes_are_refused_and_not_waited_for() {
        let (_folder, store) = store();
        let made = std::process::Command::new("mkfifo").arg(&store.path).status().unwrap();
        assert!(made.success());
        assert!(store.read().unwrap_err().to_string().ends_with("expected a regular file"));
        assert_eq!(store.replace(|_| panic!("a pipe was read")).unwrap_err().code(), "io");
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_and_are_never_planted() {
        use std::os::unix::fs::symlink;
        let (folder, store) = store();
        put(&store, b"one");
        let link = Store::at(&folder.path().join("link.vault")).unwrap();
        symlink("bots.vault", &link.path).unwrap();
        put(&link, b"two");
        assert!(link.path.is_symlink());
        assert_eq!(store.read().unwrap(), b"two");
        // Whichever name they use, all take the same lock.
        assert_eq!(names(folder.path()), ["bots.vault", "bots.vault.lock", "link.vault"]);

        fs::remove_file(&store.path).unwrap();
        assert_eq!(link.read().unwrap_err().code(), "not_found");
        assert_eq!(link.replace(|_| Ok(b"three".to_vec())).unwrap_err().code(), "not_found");

        // Two links that point to each other are no file that is gone.
        symlink("b.vault", folder.path().join("a.vault")).unwrap();
        symlink("a.vault", folder.path().join("b.vault")).unwrap();
        let circle = Store::at(&folder.path().join("a.vault")).unwrap();
        assert_eq!(circle.replace(|_| panic!("a circle was read")).unwrap_err().code(), "io");
        ["a.vault", "b.vault"].iter().for_each(|name| fs::remove_file(folder.path().join(name)).unwrap());

        // Someone who writes the same folder must not be able to have another file locked, made or changed.
        fs::remove_file(folder.path().join("bots.vault.lock")).unwrap();
        symlink("elsewhere", folder.path().join("bots.vault.lock")).unwrap();
        assert_eq!(store.replace(|_| Ok(b"four".to_vec())).unwrap_err().code(), "io");
        assert_eq!(names(folder.path()), ["bots.vault.lock", "link.vault"]);
        fs::write(folder.path().join("elsewhere"), b"").unwrap();
        assert_eq!(store.replace(|_| panic!("another file was locked")).unwrap_err().code(), "io");
    }

    #[cfg(unix)]
    #[test]
    fn a_group_is_kept_or_it_is_an_error() {
        use std::os::unix::fs::MetadataExt;
        let (_folder, store) = store();
        let file = new_file().open(&store.path).unwrap();
        // Root's: whether this process may give a file to that group depends on who runs it.
        let old = fs::metadata("/").unwrap();
        match keep_access(&file, &old) {
            Ok(()) => assert_eq!(file.metadata().unwrap().gid(), old.gid()),
            Err(error) => {
                assert!(error.to_string().contains("cannot be kept"), "{error}");
                let now = file.metadata().unwrap();
                assert_ne!(now.gid(), old.gid());
                assert_eq!(now.mode() & 0o7777, 0o600, "access was given before the group was right");
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn access_is_kept_and_never_widened() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let (folder, store) = store();
        let lock = folder.path().join("bots.vault.lock");
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
        put(&store, b"one");
        assert_eq!((mode(&store.path), mode(&lock)), (0o600, 0o600));
        // A lock is for those who may write the vault: who only reads it must not hold up the others.
        for (of_vault, of_lock) in [(0o400, 0o600), (0o640, 0o600), (0o660, 0o660), (0o644, 0o600), (0o666, 0o666)] {
            fs::set_permissions(&store.path, fs::Permissions::from_mode(of_vault)).unwrap();
            fs::remove_file(&lock).unwrap();
            put(&store, b"two");
            assert_eq!((mode(&store.path), mode(&lock)), (of_vault, of_lock), "{of_vault:o}");
        }
    }
}
