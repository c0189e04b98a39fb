//! A process that dies while it saves leaves the old vault or the new one, whole.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails
#![cfg(unix)]

#[allow(dead_code, unreachable_pub)]
mod child;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use child::{job, rounds, temporaries};
use strongroom::vault::{Entry, Unlock, Vault, VaultFile};
use strongroom::{Kdf, Key, Result};

/// Where the process that saves can be told to die, in order.
const POINTS: [&str; 8] = [
    "after_create",
    "half_written",
    "before_fsync",
    "after_fsync",
    "before_rename",
    "after_rename",
    "before_folder_fsync",
    "after_folder_fsync",
];
const SIGKILL: i32 = 9;
const NAMES: [&str; 3] = ["binance/main", "binance/oauth", "kraken/main"];

fn unlock(folder: &Path) -> Unlock {
    Unlock::key(Key::read(folder.join("owner.key")).unwrap())
}

fn open(folder: &Path) -> VaultFile {
    VaultFile::open(folder.join("bots.vault"), &unlock(folder)).unwrap()
}

/// A folder with a key and a vault at generation 0.
fn start() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    Key::generate().unwrap().write(folder.path().join("owner.key")).unwrap();
    let mut file = VaultFile::create(folder.path().join("bots.vault"), &unlock(folder.path()), Kdf::default()).unwrap();
    file.edit(|vault| put(vault, 0)).unwrap();
    folder
}

/// Large enough that writing takes a while.
fn secret(name: &str, generation: u64) -> String {
    format!("{name} {generation} ").repeat(2_500)
}

/// Changes every entry, in two compartments: all that, or nothing, is to be found later.
fn put(vault: &mut Vault, generation: u64) -> Result<()> {
    for name in NAMES {
        vault.put(
            name,
            Entry::new().with("secret", secret(name, generation).as_str()).with_note(&generation.to_string()),
        )?;
    }
    Ok(())
}

/// Which generation is in a vault, after making sure that nothing of another one is.
fn generation(vault: &Vault) -> u64 {
    assert!(vault.damage().unwrap().is_empty());
    assert_eq!(vault.names().unwrap(), NAMES);
    let found = vault.entry(NAMES[0]).unwrap().note().unwrap().parse().unwrap();
    for name in NAMES {
        let entry = vault.entry(name).unwrap();
        assert!(entry.reveal("secret").unwrap().secret().reveal() == secret(name, found).as_bytes(), "{name} is mixed");
        assert_eq!(entry.version(), found + 1, "{name}");
    }
    found
}

/// The next save succeeds, and removes what the killed one has left.
fn save_again(folder: &Path) -> u64 {
    let mut file = open(folder);
    let next = generation(file.vault()) + 1;
    file.edit(|vault| put(vault, next)).unwrap();
    assert!(temporaries(folder).is_empty());
    assert_eq!(generation(open(folder).vault()), next);
    next
}

#[test]
fn killed_at_any_time() {
    const TEST: &str = "killed_at_any_time";
    if let Some((_, folder)) = job() {
        let mut file = open(&folder);
        let mut next = generation(file.vault());
        loop {
            next += 1;
            file.edit(|vault| put(vault, next)).unwrap();
            // In one write, which a kill cannot part: `eprintln` makes several.
            std::io::stderr().write_all(format!("saved {next}\n").as_bytes()).unwrap();
        }
    }
    let folder = start();
    let folder = folder.path();
    let kills = rounds(60, 2_000);
    let (mut in_the_middle, mut unacknowledged) = (0, 0);
    for _ in 0..kills {
        let before = generation(open(folder).vault());
        let mut child =
            child::command(&[], TEST, "save", folder).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(|line| line.unwrap());
        let random = getrandom::u64().unwrap();
        let mut last = before;
        for _ in 0..=random % 3 {
            last = saved(&lines.next().expect("the child ended by itself"));
        }
        // Not to wait for anything: only so that it dies at any point of a save.
        std::thread::sleep(Duration::from_micros((random >> 8) % 10_000));
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(SIGKILL));
        last = lines.map(|line| saved(&line)).last().unwrap_or(last);

        in_the_middle += usize::from(!temporaries(folder).is_empty());
        let found = generation(open(folder).vault());
        // What was reported as saved is there. The one after it may be too.
        assert!(found == last || found == last + 1, "saved {last}, found {found}");
        unacknowledged += usize::from(found == last + 1);
        save_again(folder);
    }
    println!(
        "{kills} kills: {in_the_middle} while a file was being written, {unacknowledged} between rename and return"
    );
}

fn saved(line: &str) -> u64 {
    line.strip_prefix("saved ").unwrap_or_else(|| panic!("{line}")).parse().unwrap()
}

#[test]
fn killed_at_each_point() {
    const TEST: &str = "killed_at_each_point";
    if let Some((_, folder)) = job() {
        let mut file = open(&folder);
        let next = generation(file.vault()) + 1;
        file.edit(|vault| put(vault, next)).unwrap();
        return;
    }
    let folder = start();
    let folder = folder.path();
    let size = fs::metadata(folder.join("bots.vault")).unwrap().len();
    for (at, point) in POINTS.iter().enumerate() {
        let before = generation(open(folder).vault());
        let died = child::command(&[], TEST, "save", folder).env("STRONGROOM_KILL_AT", point).output().unwrap();
        assert_eq!(died.status.signal(), Some(SIGKILL), "{point}");
        let is_renamed = at >= 5;
        let left = temporaries(folder);
        let sizes: Vec<_> = left.iter().map(|path| fs::metadata(path).unwrap().len()).collect();
        match *point {
            _ if is_renamed => assert!(sizes.is_empty(), "{point}"),
            "after_create" => assert_eq!(sizes, [0]),
            "half_written" => assert_eq!(sizes, [size / 2]),
            _ => assert_eq!(sizes, [size], "{point}"),
        }
        assert_eq!(generation(open(folder).vault()), before + u64::from(is_renamed), "{point}");
        assert_eq!(save_again(folder), before + 1 + u64::from(is_renamed), "{point}");
    }
    child::run(&[], TEST, "save", folder);
}

#[test]
fn killed_while_it_makes_a_vault() {
    const TEST: &str = "killed_while_it_makes_a_vault";
    if let Some((_, folder)) = job() {
        VaultFile::create(folder.join("bots.vault"), &unlock(&folder), Kdf::default()).unwrap();
        return;
    }
    for (at, point) in POINTS.iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        Key::generate().unwrap().write(folder.join("owner.key")).unwrap();
        let died = child::command(&[], TEST, "create", folder).env("STRONGROOM_KILL_AT", point).output().unwrap();
        assert_eq!(died.status.signal(), Some(SIGKILL), "{point}");
        if at < 5 {
            assert!(!folder.join("bots.vault").exists(), "{point}");
            child::run(&[], TEST, "create", folder);
        }
        open(folder).edit(|vault| put(vault, 0)).unwrap();
        assert!(temporaries(folder).is_empty(), "{point}");
        assert_eq!(generation(open(folder).vault()), 0, "{point}");
    }
}

/// A killed process says nothing about power: what it wrote reaches the disk all the same. What counts then is the
/// order of the calls, so these are watched.
#[cfg(target_os = "linux")]
#[test]
fn the_disk_is_told_in_the_right_order() {
    const TEST: &str = "the_disk_is_told_in_the_right_order";
    if let Some((job, folder)) = job() {
        match job.as_str() {
            "save" => open(&folder).edit(|vault| put(vault, 1)).unwrap(),
            _ => Key::generate().unwrap().write(folder.join("bot.key")).unwrap(),
        }
        return;
    }
    let folder = start();
    let folder = folder.path().canonicalize().unwrap();
    let vault = folder.join("bots.vault");

    let calls = traced(TEST, "save", &folder);
    let of_temporary = |call: &str| call.contains("/.bots.vault.") && call.contains(".tmp");
    let found = steps(&calls, |call, kind| match kind {
        "openat" => of_temporary(call).then_some("create"),
        "write" => of_temporary(call).then_some("write"),
        "fsync" if of_temporary(call) => Some("flush the file"),
        "fsync" => call.contains(&format!("<{}>", folder.display())).then_some("flush the folder"),
        "rename" => (of_temporary(call) && call.contains(&format!("\"{}\"", vault.display()))).then_some("rename"),
        "flock" if call.contains("LOCK_UN") => Some("unlock"),
        "flock" => call.contains(&format!("<{}.lock>", vault.display())).then_some("lock"),
        _ => None,
    });
    let expected = ["lock", "create", "write", "flush the file", "rename", "flush the folder", "unlock"];
    assert_eq!(found, expected, "{calls:#?}");
    // The new file is for this user alone from the start, and can be no file that was there.
    let created = calls.iter().find(|call| call.contains("openat(") && of_temporary(call)).unwrap();
    assert!(created.contains("O_EXCL") && created.contains("0600"), "{created}");

    let calls = traced(TEST, "write a key", &folder);
    let found = steps(&calls, |call, kind| match kind {
        "write" => call.contains("/bot.key>").then_some("write"),
        "fsync" if call.contains("/bot.key>") => Some("flush the file"),
        "fsync" => call.contains(&format!("<{}>", folder.display())).then_some("flush the folder"),
        _ => None,
    });
    assert_eq!(found, ["write", "flush the file", "flush the folder"], "{calls:#?}");
}

/// The system calls of a child that have to do with files, in order.
#[cfg(target_os = "linux")]
fn traced(test: &str, job: &str, folder: &Path) -> Vec<String> {
    let trace = folder.join("trace");
    let calls = "trace=openat,write,pwrite64,writev,fsync,fdatasync,sync_file_range,flock,rename,renameat,renameat2";
    // -y names the file behind every descriptor; -s 0 keeps what is written out of it.
    child::run(&["strace", "-f", "-y", "-s", "0", "-e", calls, "-o", trace.to_str().unwrap()], test, job, folder);
    fs::read_to_string(trace).unwrap().lines().map(str::to_owned).collect()
}

/// What `step` makes of the calls that succeeded, each once where it is repeated.
#[cfg(target_os = "linux")]
fn steps<'a>(calls: &[String], step: impl Fn(&str, &str) -> Option<&'a str>) -> Vec<&'a str> {
    let mut steps = Vec::new();
    for call in calls {
        // `PID name(arguments) = result`, where a failure has a result of -1.
        let Some((name, _)) = call.split_once('(') else { continue };
        let name = name.split_whitespace().last().unwrap_or_default();
        let kind = match name {
            "pwrite64" | "writev" => "write",
            "fdatasync" => "fsync",
            "renameat" | "renameat2" => "rename",
            other => other,
        };
        if !call.contains(") = -1 ") {
            steps.extend(step(call, kind));
        }
    }
    steps.dedup();
    steps
}
