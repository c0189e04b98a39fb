//! A vault in a file: what it does when the file, the folder or the disk is not as expected.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

#[cfg(unix)]
#[allow(dead_code, unreachable_pub)]
mod child;

use std::fs;
use std::path::{Path, PathBuf};

use strongroom::vault::{Entry, Unlock, VaultFile};
use strongroom::{Error, Kdf, Key};

fn code<T>(result: Result<T, Error>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "ok")
}

fn entry(secret: &str) -> Entry {
    Entry::new().with("secret", secret)
}

/// A folder with a key and a vault of one entry.
struct Place {
    folder: tempfile::TempDir,
    vault: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vault = folder.path().join("bots.vault");
        Key::generate().unwrap().write(folder.path().join("owner.key")).unwrap();
        let mut file = VaultFile::create(&vault, &unlock(folder.path()), Kdf::default()).unwrap();
        file.edit(|vault| vault.put("binance/main", entry("one"))).unwrap();
        Self { folder, vault }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn open(&self) -> VaultFile {
        VaultFile::open(&self.vault, &unlock(self.path())).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let found = self.path().read_dir().unwrap();
        let mut names: Vec<_> = found.map(|found| found.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn unlock(folder: &Path) -> Unlock {
    Unlock::key(Key::read(folder.join("owner.key")).unwrap())
}

fn secret(file: &VaultFile, name: &str) -> String {
    let value = file.vault().entry(name).unwrap().reveal("secret").unwrap();
    value.secret().reveal_str().unwrap().to_owned()
}

#[test]
fn create_open_edit() {
    let place = Place::new();
    assert!(place.vault.is_absolute());
    assert_eq!(place.names(), ["bots.vault", "bots.vault.lock", "owner.key"]);
    let mut file = place.open();
    assert_eq!(file.path(), place.vault);
    assert_eq!(secret(&file, "binance/main"), "one");
    assert_eq!(file.edit(|vault| vault.put("binance/main", entry("two"))).unwrap(), 2);
    assert!(!file.vault().is_changed());
    assert_eq!(fs::read(&place.vault).unwrap(), file.vault().base_bytes().unwrap());
    assert_eq!(secret(&place.open(), "binance/main"), "two");

    let again = VaultFile::create(&place.vault, &unlock(place.path()), Kdf::default()).unwrap_err();
    assert_eq!(again, Error::Exists(place.vault.display().to_string()));
    assert_eq!(secret(&place.open(), "binance/main"), "two");
    let other = Unlock::key(Key::generate().unwrap());
    assert_eq!(code(VaultFile::open(&place.vault, &other)), "decrypt");
    let absent = VaultFile::open(place.path().join("absent"), &other).unwrap_err();
    assert_eq!(absent, Error::NotFound(place.path().join("absent").display().to_string()));
    assert_eq!(code(VaultFile::open("", &other)), "invalid_input");
    assert_eq!(code(VaultFile::create(place.path(), &other, Kdf::default())), "exists");
    assert_eq!(code(VaultFile::create(place.path().join("no/folder/x"), &other, Kdf::default())), "io");
}

#[test]
fn an_edit_is_all_or_nothing() {
    let place = Place::new();
    let mut file = place.open();
    let before = fs::read(&place.vault).unwrap();
    let failed = file.edit(|vault| {
        vault.put("binance/main", entry("two"))?;
        vault.put("kraken/main", entry("two"))?;
        vault.remove("kraken/other")
    });
    assert_eq!(code(failed), "not_found");
    assert!(!file.vault().is_changed());
    assert_eq!(secret(&file, "binance/main"), "one");
    assert!(fs::read(&place.vault).unwrap() == before);

    file.vault_mut().put("binance/main", entry("three")).unwrap();
    assert!(file.vault().is_changed());
    file.discard().unwrap();
    file.save().unwrap();
    assert!(fs::read(&place.vault).unwrap() == before);

    file.vault_mut().lock();
    for result in [file.save(), file.discard(), file.reload().map(drop), file.edit(|_| Ok(()))] {
        assert_eq!(code(result), "locked");
    }
    let failed = place.open().edit(|vault| {
        vault.lock();
        Err::<(), _>(Error::Random)
    });
    assert_eq!(failed, Err(Error::Random), "there is nothing to drop, and its own error is what is told");
}

#[test]
fn changed_while_open() {
    let place = Place::new();
    let (mut left, mut right) = (place.open(), place.open());
    left.edit(|vault| vault.put("binance/oauth", entry("left"))).unwrap();
    // Another entry: both changes are there.
    right.edit(|vault| vault.put("kraken/main", entry("right"))).unwrap();
    assert_eq!(right.vault().names().unwrap(), ["binance/main", "binance/oauth", "kraken/main"]);

    // The same entry: the second is told, and nothing is written.
    left.reload().unwrap();
    left.edit(|vault| vault.put("binance/main", entry("left"))).unwrap();
    let before = fs::read(&place.vault).unwrap();
    right.vault_mut().put("binance/main", entry("right")).unwrap();
    right.vault_mut().put("kraken/main", entry("right, later")).unwrap();
    let error = right.save().unwrap_err();
    assert_eq!(error.code(), "conflict");
    assert!(error.to_string().contains("binance/main"), "{error}");
    assert!(fs::read(&place.vault).unwrap() == before);
    assert!(right.vault().is_changed(), "the changes are kept");
    assert_eq!(code(right.reload()), "conflict");
    right.discard().unwrap();
    assert!(right.reload().unwrap());
    assert!(!right.reload().unwrap());
    assert_eq!(secret(&right, "binance/main"), "left");
    right.edit(|vault| vault.put("binance/main", entry("right"))).unwrap();
    assert_eq!(secret(&place.open(), "binance/main"), "right");
    assert_eq!(place.names(), ["bots.vault", "bots.vault.lock", "owner.key"]);
}

#[test]
fn replaced_by_something_else() {
    let place = Place::new();
    let mut file = place.open();
    file.vault_mut().put("binance/main", entry("two")).unwrap();
    let good = fs::read(&place.vault).unwrap();
    let other = Place::new();
    let too_new = [&good[..15], &[2], &good[16..]].concat();
    for (bytes, expected) in [
        (fs::read(&other.vault).unwrap(), "conflict"),
        (Vec::new(), "format"),
        (good[..good.len() - 1].to_vec(), "format"),
        (too_new, "unsupported_version"),
    ] {
        fs::write(&place.vault, &bytes).unwrap();
        assert_eq!(code(file.save()), expected);
        assert!(fs::read(&place.vault).unwrap() == bytes, "{expected}");
    }
    fs::remove_file(&place.vault).unwrap();
    fs::create_dir(&place.vault).unwrap();
    assert_eq!(code(file.save()), "io");
    fs::remove_dir(&place.vault).unwrap();
    fs::write(&place.vault, &good).unwrap();
    file.save().unwrap();
    assert_eq!(secret(&place.open(), "binance/main"), "two");
    assert_eq!(place.names(), ["bots.vault", "bots.vault.lock", "owner.key"]);
}

#[test]
fn vanished_while_open() {
    let place = Place::new();
    let mut file = place.open();
    file.vault_mut().put("binance/main", entry("two")).unwrap();
    let elsewhere = place.path().join("elsewhere");
    fs::rename(&place.vault, &elsewhere).unwrap();
    let error = file.save().unwrap_err();
    assert_eq!(error.code(), "not_found");
    assert!(error.to_string().contains("put it back and try again"), "{error}");
    assert!(!place.vault.exists(), "a save does not bring back what was removed");
    assert_eq!(code(place.open_again()), "not_found");
    assert!(file.vault().is_changed());
    assert_eq!(secret(&file, "binance/main"), "two");
    fs::rename(&elsewhere, &place.vault).unwrap();
    file.save().unwrap();

    // With its folder.
    file.vault_mut().put("binance/main", entry("three")).unwrap();
    let away = tempfile::tempdir().unwrap().path().join("away");
    fs::create_dir(away.parent().unwrap()).unwrap();
    fs::rename(place.path(), &away).unwrap();
    let error = file.save().unwrap_err();
    assert_eq!(error.code(), "io");
    assert!(error.to_string().contains("folder"), "{error}");
    fs::rename(&away, place.path()).unwrap();
    fs::remove_dir(away.parent().unwrap()).unwrap();
    file.save().unwrap();
    assert_eq!(secret(&place.open(), "binance/main"), "three");
}

impl Place {
    fn open_again(&self) -> Result<VaultFile, Error> {
        VaultFile::open(&self.vault, &unlock(self.path()))
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
    use std::process::Command;

    use super::*;
    use crate::child::{is_root, job, run, temporaries};

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Open the vault in the child's folder, with the change that the child is to fail to save.
    fn with_a_change(folder: &Path) -> VaultFile {
        let mut file = VaultFile::open(folder.join("bots.vault"), &unlock(folder)).unwrap();
        file.vault_mut().put("binance/main", entry(&"two ".repeat(10_000))).unwrap();
        file
    }

    /// A save that fails: the error says this, the vault is as it was, nothing is left, the change is still there.
    fn fails(file: &mut VaultFile, expected: &[&str]) {
        let before = fs::read(file.path()).unwrap();
        let error = file.save().unwrap_err();
        assert_eq!(error.code(), "io");
        for part in expected {
            assert!(error.to_string().contains(part), "{error} should say {part}");
        }
        assert!(
            error.to_string().contains(&file.path().canonicalize().unwrap().parent().unwrap().display().to_string())
        );
        assert!(fs::read(file.path()).unwrap() == before);
        assert!(temporaries(file.path().parent().unwrap()).is_empty());
        assert!(file.vault().is_changed());
    }

    #[test]
    fn through_a_link() {
        let place = Place::new();
        fs::create_dir(place.path().join("links")).unwrap();
        let link = place.path().join("links/link.vault");
        symlink("../bots.vault", &link).unwrap();
        let mut file = VaultFile::open(&link, &unlock(place.path())).unwrap();
        assert_eq!(file.path(), link);
        file.edit(|vault| vault.put("binance/main", entry("two"))).unwrap();
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("../bots.vault"));
        assert_eq!(secret(&place.open(), "binance/main"), "two");
        assert_eq!(fs::read_dir(link.parent().unwrap()).unwrap().count(), 1, "the lock is beside the file itself");

        // A new vault is never made through a link, though it points to nothing: its disk may just not be mounted.
        let dangling = place.path().join("dangling.vault");
        symlink("nowhere", &dangling).unwrap();
        let error = VaultFile::create(&dangling, &unlock(place.path()), Kdf::default()).unwrap_err();
        assert_eq!(error.code(), "exists");
        assert!(error.to_string().contains("a link to a file that is gone"), "{error}");
        assert_eq!(code(VaultFile::open(&dangling, &unlock(place.path()))), "not_found");
        let error = VaultFile::create(&link, &unlock(place.path()), Kdf::default()).unwrap_err();
        assert_eq!(error, Error::Exists(link.display().to_string()), "nothing is gone here");
        assert!(!place.path().join("nowhere").exists());
    }

    #[test]
    fn owner_group_and_mode_are_kept_or_nothing_is_written() {
        const TEST: &str = "unix::owner_group_and_mode_are_kept_or_nothing_is_written";
        if let Some((_, folder)) = job() {
            return fails(&mut with_a_change(&folder), &["the group 12345 cannot be kept"]);
        }
        let place = Place::new();
        let lock = place.path().join("bots.vault.lock");
        let given = if is_root() {
            vec![(Some(0), Some(12_345)), (Some(54_321), Some(0)), (Some(54_321), Some(12_345))]
        } else {
            // The last of this user's groups: new files do not get it by themselves.
            let groups = String::from_utf8(Command::new("id").arg("-G").output().unwrap().stdout).unwrap();
            vec![(None, groups.split_whitespace().last().map(|group| group.parse().unwrap()))]
        };
        let access =
            |path: &Path| fs::metadata(path).map(|found| (found.uid(), found.gid(), found.mode() & 0o7777)).unwrap();
        for (user, group) in given {
            chown(&place.vault, user, group).unwrap();
            set_mode(&place.vault, 0o660);
            fs::remove_file(&lock).unwrap();
            let before = access(&place.vault);
            place.open().edit(|vault| vault.put("binance/main", entry("two"))).unwrap();
            assert_eq!(access(&place.vault), before);
            assert_eq!(access(&lock), before, "who may write the vault may take its lock");
        }
        if cfg!(target_os = "linux") && is_root() {
            // Root without the right to give files away. Users without it are tested beside the code.
            chown(&place.vault, Some(0), None).unwrap();
            run(&["setpriv", "--bounding-set=-chown"], TEST, "save", place.path());
            assert_eq!(access(&place.vault), (0, 12_345, 0o660));
        }
    }

    #[test]
    fn a_read_only_folder() {
        const TEST: &str = "unix::a_read_only_folder";
        if let Some((_, folder)) = job() {
            let mut file = with_a_change(&folder);
            set_mode(&folder, 0o500);
            fails(&mut file, &["cannot create", ".tmp"]); // the lock is there and can be taken
            set_mode(&folder, 0o700);
            fs::remove_file(folder.join("bots.vault.lock")).unwrap();
            set_mode(&folder, 0o500);
            fails(&mut file, &["cannot lock", "must be writable"]);
            set_mode(&folder, 0o700);
            file.save().unwrap();
            return;
        }
        let place = Place::new();
        // Root passes over modes, unless it gives up that right.
        let without: &[&str] = &["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
        run(if is_root() { without } else { &[] }, TEST, "save", place.path());
        assert!(secret(&place.open(), "binance/main").starts_with("two"));
    }

    #[test]
    fn a_full_disk() {
        const TEST: &str = "unix::a_full_disk";
        match job() {
            Some((job, folder)) if job == "limit" => {
                fails(&mut with_a_change(&folder), &["cannot write", "too large"]);
                return;
            }
            Some((_, folder)) => {
                // A disk of its own, of 128 KiB, is mounted in a folder that only this process sees so.
                let disk = folder.join("disk");
                for name in ["bots.vault", "owner.key"] {
                    fs::copy(folder.join(name), disk.join(name)).unwrap();
                }
                let mut file = with_a_change(&disk);
                let filler = disk.join("filler");
                let room = fs::write(&filler, vec![0; 1 << 20]).unwrap_err();
                assert_eq!(room.kind(), std::io::ErrorKind::StorageFull);
                fs::File::options().write(true).open(&filler).unwrap().set_len(100 << 10).unwrap();
                fails(&mut file, &["cannot write", "No space left"]);
                fs::remove_file(&filler).unwrap();
                file.save().unwrap();
                return;
            }
            None => {}
        }
        let place = Place::new();
        // Files of at most 16 KiB: a write stops half-way, as it does on a full disk.
        let limit = "trap '' XFSZ; ulimit -f 32; exec \"$0\" \"$@\"";
        run(&["sh", "-c", limit], TEST, "limit", place.path());
        assert_eq!(secret(&place.open(), "binance/main"), "one");
        // And a real one, where this user may mount it.
        if cfg!(target_os = "linux") && may_mount() {
            fs::create_dir(place.path().join("disk")).unwrap();
            let mount = format!(
                "mount -t tmpfs -o size=128k none '{}' && exec \"$0\" \"$@\"",
                place.path().join("disk").display()
            );
            run(&["unshare", "--mount", "sh", "-c", &mount], TEST, "disk", place.path());
        }
    }

    /// A disk that fails, as strace plays it: the call does nothing and returns the error.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_failing_disk() {
        const TEST: &str = "unix::a_failing_disk";
        if let Some((job, folder)) = job() {
            if job == "fsync of a key" {
                let key = Key::generate().unwrap();
                assert_eq!(code(key.write(folder.join("bot.key"))), "io");
                assert!(!folder.join("bot.key").exists());
                key.write(folder.join("bot.key")).unwrap();
            }
            let mut file = with_a_change(&folder);
            match job.as_str() {
                "flock" => fails(&mut file, &["cannot lock"]),
                "fsync of the file" => fails(&mut file, &["cannot write", ".tmp"]),
                "rename" => fails(&mut file, &["cannot replace"]),
                "fsync of a key" => {}
                _ => {
                    // Too late to undo: the new vault is in place, and only its name may still get lost.
                    let error = file.save().unwrap_err();
                    assert_eq!(error.code(), "io");
                    assert!(error.to_string().contains("may not survive a power loss"), "{error}");
                    assert!(!file.vault().is_changed());
                    assert!(fs::read(file.path()).unwrap() == file.vault().base_bytes().unwrap());
                    // The next one tries the folder again, and only once that has gone well is there nothing to do.
                    assert_eq!(code(file.save()), "io");
                    file.save().unwrap();
                }
            }
            return file.save().unwrap();
        }
        for (job, fault) in [
            ("flock", "flock:error=ENOLCK:when=1"),
            ("fsync of the file", "fsync:error=EIO:when=1"),
            ("fsync of a key", "fsync:error=EIO:when=1"),
            ("rename", "rename,renameat,renameat2:error=EIO:when=1"),
            ("fsync of the folder", "fsync:error=EIO:when=2..3"),
        ] {
            let place = Place::new();
            let trace = place.path().join("trace");
            let fault = format!("inject={fault}");
            run(&["strace", "-f", "-e", &fault, "-o", trace.to_str().unwrap()], TEST, job, place.path());
            let injected = fs::read_to_string(trace).unwrap().matches("(INJECTED)").count();
            assert_eq!(injected, if job == "fsync of the folder" { 2 } else { 1 }, "{job}");
            assert!(secret(&place.open(), "binance/main").starts_with("two"), "{job}");
        }
    }

    /// Whether this process has the capability CAP_SYS_ADMIN, number 21.
    fn may_mount() -> bool {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap();
        u64::from_str_radix(effective.trim(), 16).unwrap() >> 21 & 1 == 1
    }
}
