//! Several processes that write one vault: every write is there in the end, or its writer was told that it is not.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails
#![cfg(unix)]

#[allow(dead_code, unreachable_pub)]
mod child;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use child::{job, rounds, temporaries};
use strongroom::vault::{Access, Entry, OnDamage, Unlock, Vault, VaultFile};
use strongroom::{Error, Kdf, Key, Result};

fn unlock(folder: &Path, who: &str) -> Unlock {
    Unlock::key(Key::read(folder.join(format!("{who}.key"))).unwrap())
}

fn open(folder: &Path, who: &str) -> VaultFile {
    VaultFile::open(folder.join("bots.vault"), &unlock(folder, who)).unwrap()
}

fn grant(vault: &mut Vault, folder: &Path, who: &str, compartments: &[&str]) -> Result<()> {
    let key = Key::generate()?;
    let _ = fs::remove_file(folder.join(format!("{who}.key")));
    key.write(folder.join(format!("{who}.key")))?;
    vault.grant(who, Access::Compartments(compartments), &Unlock::key(key), Kdf::default())
}

/// A folder with a vault of the compartments `a` and `b`, and the key files of an owner, of `alice` and of `bob`, who
/// hold these compartments.
fn start(of_alice: &[&str], of_bob: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    Key::generate().unwrap().write(path.join("owner.key")).unwrap();
    let mut file = VaultFile::create(path.join("bots.vault"), &unlock(path, "owner"), Kdf::default()).unwrap();
    file.edit(|vault| {
        vault.put("a/counter", number(0))?;
        vault.put("b/counter", number(0))?;
        grant(vault, path, "alice", of_alice)?;
        grant(vault, path, "bob", of_bob)
    })
    .unwrap();
    folder
}

fn number(number: usize) -> Entry {
    Entry::new().with("secret", number.to_string().as_str())
}

fn read(vault: &Vault, name: &str) -> usize {
    vault.entry(name).unwrap().reveal("secret").unwrap().secret().reveal_str().unwrap().parse().unwrap()
}

/// A child that waits for the start, and may ask and be answered while it works.
struct Writer {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Writer {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut writer = Self { child, to, from };
        writer.wait_for("ready");
        writer
    }

    fn wait_for(&mut self, word: &str) {
        let mut line = String::new();
        // Among what the test harness itself prints.
        while !line.trim_end().ends_with(word) {
            line.clear();
            assert_ne!(self.from.read_line(&mut line).unwrap(), 0, "the writer ended before it said {word}");
        }
    }

    fn tell(&mut self, word: &str) {
        writeln!(self.to, "{word}").unwrap();
    }

    fn finish(mut self) {
        self.wait_for("done");
        assert!(self.child.wait().unwrap().success());
    }
}

/// The other end, in the child: says a word and waits for an answer.
fn say(word: &str) {
    println!("{word}");
}

fn hear() -> String {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// Two writers at once, both ready before either starts.
fn both(test: &str, folder: &Path) {
    let mut writers = ["alice", "bob"].map(|who| Writer::start(&mut child::command(&[], test, who, folder)));
    writers.iter_mut().for_each(|writer| writer.tell("go"));
    writers.into_iter().for_each(Writer::finish);
    assert!(temporaries(folder).is_empty());
}

#[test]
fn in_different_compartments() {
    const TEST: &str = "in_different_compartments";
    let count = rounds(60, 500);
    if let Some((who, folder)) = job() {
        let compartment = if who == "alice" { "a" } else { "b" };
        let mut file = open(&folder, &who);
        say("ready");
        assert_eq!(hear(), "go");
        for at in 1..=count {
            file.edit(|vault| {
                vault.put(&format!("{compartment}/{at}"), number(at))?;
                vault.put(&format!("{compartment}/counter"), number(at))
            })
            .unwrap();
        }
        return say("done");
    }
    let folder = start(&["a"], &["b"]);
    both(TEST, folder.path());
    let file = open(folder.path(), "owner");
    for compartment in ["a", "b"] {
        assert_eq!(read(file.vault(), &format!("{compartment}/counter")), count);
        let entry = file.vault().entry(&format!("{compartment}/counter")).unwrap();
        assert_eq!(entry.version(), count as u64 + 1);
        (1..=count).for_each(|at| assert_eq!(read(file.vault(), &format!("{compartment}/{at}")), at));
    }
}

#[test]
fn in_one_compartment() {
    const TEST: &str = "in_one_compartment";
    let count = rounds(60, 500);
    if let Some((who, folder)) = job() {
        let mut file = open(&folder, &who);
        say("ready");
        assert_eq!(hear(), "go");
        for at in 1..=count {
            // Not one of these is a conflict, with no reload in between.
            file.edit(|vault| vault.put(&format!("a/{who}-{at}"), number(at))).unwrap();
        }
        return say("done");
    }
    let folder = start(&["a"], &["a"]);
    both(TEST, folder.path());
    let file = open(folder.path(), "owner");
    assert_eq!(file.vault().names().unwrap().len(), 2 * count + 2);
    for who in ["alice", "bob"] {
        (1..=count).for_each(|at| assert_eq!(read(file.vault(), &format!("a/{who}-{at}")), at));
    }
}

#[test]
fn in_one_entry() {
    const TEST: &str = "in_one_entry";
    let count = rounds(60, 500);
    if let Some((who, folder)) = job() {
        let mut file = open(&folder, &who);
        say("ready");
        assert_eq!(hear(), "go");
        let (mut conflicts, mut done) = (0, 0);
        while done < count {
            let next = read(file.vault(), "a/counter") + 1;
            match file.edit(|vault| vault.put("a/counter", number(next))) {
                Ok(_) => done += 1,
                Err(Error::Conflict(what)) => {
                    assert!(what.contains("a/counter"), "{what}");
                    conflicts += 1;
                    file.reload().unwrap();
                }
                Err(error) => panic!("{error}"),
            }
        }
        fs::write(folder.join(format!("{who}.conflicts")), conflicts.to_string()).unwrap();
        return say("done");
    }
    let folder = start(&["a"], &["a"]);
    both(TEST, folder.path());
    // Had one write been lost in silence, the sum would fall short.
    let file = open(folder.path(), "owner");
    assert_eq!(read(file.vault(), "a/counter"), 2 * count);
    assert_eq!(file.vault().entry("a/counter").unwrap().version(), 2 * count as u64 + 1);
    let conflicts =
        ["alice", "bob"].map(|who| fs::read_to_string(folder.path().join(format!("{who}.conflicts"))).unwrap());
    println!("{} writes by two, conflicts {}", 2 * count, conflicts.join(" and "));
}

/// The owner takes compartments away from bob, and re-keys the whole vault, while alice writes.
#[test]
fn while_the_owner_changes_the_keys() {
    const TEST: &str = "while_the_owner_changes_the_keys";
    let count = rounds(60, 500);
    if let Some((who, folder)) = job() {
        let mut file = open(&folder, &who);
        say("ready");
        assert_eq!(hear(), "go");
        for at in 1..=count {
            loop {
                let next = read(file.vault(), "a/counter") + 1;
                let written = file.edit(|vault| {
                    vault.put(&format!("a/alice-{at}"), number(at))?;
                    vault.put("a/counter", number(next))
                });
                match written {
                    Ok(_) => break,
                    Err(Error::Conflict(_)) => file = reopen(&folder, &who),
                    Err(error) => panic!("{error}"),
                }
            }
        }
        return say("done");
    }
    let folder = start(&["a"], &["a", "b"]);
    let folder = folder.path();
    let mut alice = Writer::start(&mut child::command(&[], TEST, "alice", folder));
    alice.tell("go");
    let mut owner = open(folder, "owner");
    let (mut changes, mut conflicts) = (0, 0);
    while alice.child.try_wait().unwrap().is_none() {
        let before = owner.vault().names().unwrap().len();
        match change_keys(&mut owner, folder, changes) {
            Ok(()) => changes += 1,
            Err(Error::Conflict(_)) => {
                conflicts += 1;
                owner.reload().unwrap();
            }
            Err(error) => panic!("{error}"),
        }
        assert!(owner.vault().names().unwrap().len() >= before);
    }
    alice.finish();
    assert!(changes > 2, "{changes} changes of keys");
    let file = open(folder, "owner");
    assert!(file.vault().damage().unwrap().is_empty());
    (1..=count).for_each(|at| assert_eq!(read(file.vault(), &format!("a/alice-{at}")), at));
    assert_eq!(read(file.vault(), "a/counter"), count);
    assert_eq!(file.vault().names().unwrap().len(), count + 2);
    println!("{count} writes during {changes} changes of keys, which met {conflicts} conflicts");
}

/// In turn: bob loses everything, bob is back, the vault is re-keyed for the owner and alice.
fn change_keys(owner: &mut VaultFile, folder: &Path, turn: usize) -> Result<()> {
    match turn % 3 {
        0 => owner.edit(|vault| vault.revoke("bob", OnDamage::Refuse)).map(drop),
        1 => {
            let keep = [unlock(folder, "owner"), unlock(folder, "alice")];
            let rekeyed = owner.edit(|vault| vault.rekey(&keep, OnDamage::Refuse))?;
            for (label, key) in rekeyed.keys {
                // A new key takes the old one's place at once: alice finds one or the other.
                let new = folder.join("new.key");
                key.write(&new)?;
                fs::rename(new, folder.join(format!("{label}.key"))).unwrap();
            }
            Ok(())
        }
        _ => owner.edit(|vault| grant(vault, folder, "bob", &["a", "b"])),
    }
}

/// Opens the vault with the key that is good now. The owner hands a new one out only after the vault was saved.
fn reopen(folder: &Path, who: &str) -> VaultFile {
    loop {
        match VaultFile::open(folder.join("bots.vault"), &unlock(folder, who)) {
            Ok(file) => return file,
            Err(Error::Decrypt) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}
