//! A vault's file in the hands of a host that has no key: what it hands out, and what it lets take the vault's place.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

#[cfg(unix)]
#[allow(dead_code, unreachable_pub)]
mod child;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Barrier;

use sha2::{Digest, Sha256};
use strongroom::vault::{Access, Entry, Unlock, Vault, VaultFile};
use strongroom::{Error, Kdf, Key};

fn code<T>(result: Result<T, Error>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "ok")
}

/// A folder with a vault of one entry, which an owner and a bot open.
struct Place {
    folder: tempfile::TempDir,
    vault: PathBuf,
    owner: Key,
    bot: Key,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vault = folder.path().join("bots.vault");
        let (owner, bot) = (Key::generate().unwrap(), Key::generate().unwrap());
        let mut file = VaultFile::create(&vault, &Unlock::key(owner.clone()), Kdf::default()).unwrap();
        file.edit(|vault| {
            vault.put("binance/main", Entry::new().with("secret", "one"))?;
            vault.grant("bot", Access::Compartments(&["binance"]), &Unlock::key(bot.clone()), Kdf::default())
        })
        .unwrap();
        Self { folder, vault, owner, bot }
    }

    fn open(&self, key: &Key) -> VaultFile {
        VaultFile::open(&self.vault, &Unlock::key(key.clone())).unwrap()
    }

    /// What a page does that got these bytes: it opens them, changes an entry, and seals them again.
    fn changed(&self, bytes: &[u8], secret: &str) -> Vec<u8> {
        let mut vault = Vault::open(bytes, &Unlock::key(self.owner.clone())).unwrap();
        vault.put("binance/main", Entry::new().with("secret", secret)).unwrap();
        vault.seal().unwrap()
    }

    fn secret(&self) -> String {
        let value = self.open(&self.owner).vault().entry("binance/main").unwrap().reveal("secret").unwrap();
        value.secret().reveal_str().unwrap().to_owned()
    }

    fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        folder.read_dir().unwrap().map(|found| found.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn handed_out_and_taken_back() {
    let place = Place::new();
    let (bytes, state) = VaultFile::read_sealed(&place.vault).unwrap();
    assert!(bytes == fs::read(&place.vault).unwrap());
    assert_eq!(state, <[u8; 32]>::from(Sha256::digest(&bytes)));

    let new = place.changed(&bytes, "two");
    let state_of_new = VaultFile::replace_sealed(&place.vault, &state, new.clone()).unwrap();
    assert_eq!(state_of_new, <[u8; 32]>::from(Sha256::digest(&new)));
    assert_eq!(VaultFile::read_sealed(&place.vault).unwrap(), (new, state_of_new));
    assert_eq!(place.secret(), "two");
    assert_eq!(place.names(), ["bots.vault", "bots.vault.lock"]);
}

#[test]
fn whoever_saved_in_between_is_not_overwritten() {
    let place = Place::new();
    for (who, key) in [("the owner", &place.owner), ("the bot", &place.bot)] {
        let (bytes, state) = VaultFile::read_sealed(&place.vault).unwrap();
        place.open(key).edit(|vault| vault.put("binance/main", Entry::new().with("secret", who))).unwrap();
        let saved = fs::read(&place.vault).unwrap();
        let error = VaultFile::replace_sealed(&place.vault, &state, place.changed(&bytes, "two")).unwrap_err();
        assert_eq!(error.code(), "conflict");
        assert!(error.to_string().contains("bots.vault"), "{error}");
        assert!(fs::read(&place.vault).unwrap() == saved);
        assert_eq!(place.secret(), who);
    }
    // Nor the other way round: the owner's own change is checked against what was put there.
    let mut file = place.open(&place.owner);
    let (bytes, state) = VaultFile::read_sealed(&place.vault).unwrap();
    VaultFile::replace_sealed(&place.vault, &state, place.changed(&bytes, "two")).unwrap();
    assert_eq!(code(file.edit(|vault| vault.put("binance/main", Entry::new().with("secret", "three")))), "conflict");
    assert_eq!(place.secret(), "two");
    assert_eq!(place.names(), ["bots.vault", "bots.vault.lock"]);
}

#[test]
fn the_same_again_is_no_conflict() {
    let place = Place::new();
    let (bytes, state) = VaultFile::read_sealed(&place.vault).unwrap();
    let new = place.changed(&bytes, "two");
    let first = VaultFile::replace_sealed(&place.vault, &state, new.clone()).unwrap();
    assert_eq!(VaultFile::replace_sealed(&place.vault, &state, new.clone()), Ok(first), "the answer was lost");
    // But not once it was replaced by something else.
    place.open(&place.bot).edit(|vault| vault.put("binance/oauth", Entry::new().with("secret", "x"))).unwrap();
    assert_eq!(code(VaultFile::replace_sealed(&place.vault, &state, new)), "conflict");
}

#[test]
fn of_many_at_once_one_wins() {
    let place = Place::new();
    for round in 0..10 {
        let (bytes, state) = VaultFile::read_sealed(&place.vault).unwrap();
        let texts: Vec<_> = (0..4).map(|writer| format!("{round} {writer}")).collect();
        let sealed: Vec<_> = texts.iter().map(|text| place.changed(&bytes, text)).collect();
        let start = Barrier::new(texts.len());
        let results: Vec<_> = std::thread::scope(|scope| {
            let write = |new: &Vec<u8>| {
                start.wait();
                VaultFile::replace_sealed(&place.vault, &state, new.clone())
            };
            let writers: Vec<_> = sealed.iter().map(|new| scope.spawn(move || write(new))).collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let won: Vec<_> = (0..texts.len()).filter(|&writer| results[writer].is_ok()).collect();
        assert_eq!(won.len(), 1, "{results:?}");
        assert_eq!(results.into_iter().filter(|result| code(result.clone()) == "conflict").count(), 3);
        assert_eq!(place.secret(), texts[won[0]]);
    }
}

#[test]
fn what_is_no_vault_never_takes_its_place() {
    let place = Place::new();
    let (bytes, state) = VaultFile::read_sealed(&place.vault).unwrap();
    for (new, expected) in [
        (b"<!doctype html><title>502 Bad Gateway</title>".to_vec(), "format"),
        (Vec::new(), "format"),
        (bytes[..bytes.len() - 1].to_vec(), "format"),
        ([&bytes[..], b"\n"].concat(), "format"),
        ([&bytes[..15], &[2], &bytes[16..]].concat(), "unsupported_version"),
        (vec![0; (64 << 20) + 1], "limit"),
    ] {
        assert_eq!(code(VaultFile::replace_sealed(&place.vault, &state, new)), expected);
        assert!(fs::read(&place.vault).unwrap() == bytes, "{expected}");
    }
    assert_eq!(place.names(), ["bots.vault", "bots.vault.lock"]);
}

#[test]
fn nothing_but_a_vault_is_handed_out() {
    let place = Place::new();
    let (bytes, state) = VaultFile::read_sealed(&place.vault).unwrap();
    let new = place.changed(&bytes, "two");
    fs::write(&place.vault, "export BINANCE_SECRET=one").unwrap();
    assert_eq!(code(VaultFile::read_sealed(&place.vault)), "format");
    assert_eq!(code(VaultFile::replace_sealed(&place.vault, &state, new.clone())), "conflict");

    fs::remove_file(&place.vault).unwrap();
    assert_eq!(code(VaultFile::read_sealed(&place.vault)), "not_found");
    assert_eq!(code(VaultFile::replace_sealed(&place.vault, &state, new.clone())), "not_found");
    assert!(!place.vault.exists(), "what was moved away is not brought back");
    assert_eq!(code(VaultFile::read_sealed(place.folder.path())), "io");
    assert_eq!(code(VaultFile::replace_sealed(place.folder.path(), &state, new.clone())), "io");
    assert_eq!(code(VaultFile::read_sealed("")), "invalid_input");
    assert_eq!(code(VaultFile::replace_sealed("", &state, new)), "invalid_input");
}

#[cfg(unix)]
#[test]
fn its_mode_is_kept() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let place = Place::new();
    for mode in [0o600, 0o640, 0o660] {
        fs::set_permissions(&place.vault, fs::Permissions::from_mode(mode)).unwrap();
        let (bytes, state) = VaultFile::read_sealed(&place.vault).unwrap();
        VaultFile::replace_sealed(&place.vault, &state, place.changed(&bytes, "two")).unwrap();
        assert_eq!(fs::metadata(&place.vault).unwrap().mode() & 0o7777, mode);
    }
}

#[cfg(unix)]
#[test]
fn a_host_that_is_killed_leaves_the_old_or_the_new_one() {
    use crate::child::{command, job, temporaries};
    use std::os::unix::process::ExitStatusExt;
    const TEST: &str = "a_host_that_is_killed_leaves_the_old_or_the_new_one";
    if let Some((_, folder)) = job() {
        let (_, state) = VaultFile::read_sealed(folder.join("bots.vault")).unwrap();
        VaultFile::replace_sealed(folder.join("bots.vault"), &state, fs::read(folder.join("new")).unwrap()).unwrap();
        return;
    }
    for (point, left) in [("half_written", "one"), ("before_rename", "one"), ("after_rename", "two")] {
        let place = Place::new();
        let folder = place.folder.path();
        let new = place.changed(&fs::read(&place.vault).unwrap(), "two");
        fs::write(folder.join("new"), &new).unwrap();
        let died = command(&[], TEST, "replace", folder).env("STRONGROOM_KILL_AT", point).output().unwrap();
        assert_eq!(died.status.signal(), Some(9), "{point}");
        assert_eq!(place.secret(), left, "{point}");
        let (_, state) = VaultFile::read_sealed(&place.vault).unwrap();
        VaultFile::replace_sealed(&place.vault, &state, new).unwrap();
        assert_eq!(place.secret(), "two", "{point}");
        assert!(temporaries(folder).is_empty(), "{point}");
    }
}

/// A disk that fails, as strace plays it: the call does nothing and returns the error.
#[cfg(target_os = "linux")]
#[test]
fn a_failing_disk() {
    use crate::child::{job, run, temporaries};
    const TEST: &str = "a_failing_disk";
    if let Some((job, folder)) = job() {
        let (path, new) = (folder.join("bots.vault"), fs::read(folder.join("new")).unwrap());
        let (before, state) = VaultFile::read_sealed(&path).unwrap();
        assert_eq!(code(VaultFile::replace_sealed(&path, &state, new.clone())), "io");
        assert!(temporaries(&folder).is_empty());
        let is_replaced = job == "fsync of the folder";
        assert!(fs::read(&path).unwrap() == if is_replaced { &new } else { &before }[..]);
        // The same call again is what mends it, wherever it has failed.
        VaultFile::replace_sealed(&path, &state, new).unwrap();
        return;
    }
    for (job, fault) in [
        ("fsync of the file", "fsync:error=EIO:when=1"),
        ("rename", "rename,renameat,renameat2:error=EIO:when=1"),
        ("fsync of the folder", "fsync:error=EIO:when=2"),
    ] {
        let place = Place::new();
        let folder = place.folder.path();
        fs::write(folder.join("new"), place.changed(&fs::read(&place.vault).unwrap(), "two")).unwrap();
        let (trace, fault) = (folder.join("trace"), format!("inject={fault}"));
        run(&["strace", "-f", "-e", &fault, "-o", trace.to_str().unwrap()], TEST, job, folder);
        assert_eq!(fs::read_to_string(&trace).unwrap().matches("(INJECTED)").count(), 1, "{job}");
        assert_eq!(place.secret(), "two", "{job}");
    }
}
