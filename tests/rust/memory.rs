//! After a vault is locked, its secrets are nowhere in this process's memory: not on the heap, not on a stack.
//!
//! Reads /proc/self/mem, so that it needs Linux. Each path runs in a child process of its own, which first proves that
//! it would find the secret while it is there.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::process::Command;

use strongroom::vault::{Entry, Find, Hash, Unlock, Vault};
use strongroom::{Kdf, Key};
use zeroize::{Zeroize, Zeroizing};

const CANARY_LEN: usize = 40;
/// The canary is never written out in this program: it is made where it is needed, and looked for in this disguise.
const DISGUISE: u8 = 0x80;

/// `i` makes another canary for each path, so that one test's leftovers are not another's.
fn disguised(i: u8) -> [u8; CANARY_LEN] {
    std::array::from_fn(|at| (b'!' + ((at as u8).wrapping_mul(37).wrapping_add(i.wrapping_mul(11)) % 90)) ^ DISGUISE)
}

fn canary(i: u8) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(CANARY_LEN));
    disguised(i).iter().for_each(|&byte| text.push(char::from(byte ^ DISGUISE)));
    text
}

/// How often 16 bytes out of the middle of the canary stand in this process's writable memory.
fn count(i: u8) -> usize {
    let wanted = disguised(i);
    let wanted = &wanted[12..28];
    let mut maps = String::new();
    File::open("/proc/self/maps").unwrap().read_to_string(&mut maps).unwrap();
    let mut memory = File::open("/proc/self/mem").unwrap();
    let mut buffer = Vec::new();
    let mut found = 0;
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, mode) = (words.next().unwrap(), words.next().unwrap());
        if !mode.starts_with("rw") || line.contains("[vvar]") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let [start, end] = [start, end].map(|hex| u64::from_str_radix(hex, 16).unwrap());
        buffer.resize((end - start) as usize, 0);
        memory.seek(SeekFrom::Start(start)).unwrap();
        if memory.read_exact(&mut buffer).is_err() {
            continue; // the mapping went away meanwhile
        }
        let hits = |window: &[u8]| window.iter().zip(wanted).all(|(a, b)| *a == *b ^ DISGUISE);
        found += buffer.windows(wanted.len()).filter(|window| hits(window)).count();
        // The buffer itself is memory of this process.
        buffer.zeroize();
    }
    found
}

fn vault_with(i: u8) -> (Vault, Key) {
    let key = Key::generate().unwrap();
    let mut vault = Vault::create(&Unlock::key(key.clone()), Kdf::default()).unwrap();
    vault.put("a/b", Entry::new().with("secret", canary(i).as_str())).unwrap();
    (vault, key)
}

/// Runs one path in a child process; the name is the test's own.
fn in_child(name: &str, path: fn(u8), i: u8) {
    if std::env::var_os("STRONGROOM_MEMORY_CHILD").is_some() {
        let held = canary(i);
        assert!(count(i) > 0, "the search finds what is there");
        drop(held);
        assert_eq!(count(i), 0, "the search itself leaves nothing");
        path(i);
        assert_eq!(count(i), 0, "after {name}");
        println!("{name}: not found");
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env("STRONGROOM_MEMORY_CHILD", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains(&format!("{name}: not found")), "{text}");
}

fn put_and_save(i: u8) {
    let (mut vault, _) = vault_with(i);
    vault.seal().unwrap();
    vault.update("a/b", Entry::new().with_note("n"), None).unwrap();
    vault.rename("a/b", "c/d").unwrap();
    vault.stage("c/d", Entry::new().with("other", "x")).unwrap();
    vault.promote("c/d").unwrap();
    vault.seal().unwrap();
    vault.lock();
}

fn open_list_and_hmac(i: u8) {
    let (mut vault, key) = vault_with(i);
    let bytes = vault.seal().unwrap();
    vault.lock();
    let mut vault = Vault::open(bytes, &Unlock::key(key)).unwrap();
    assert_eq!(vault.names().unwrap(), ["a/b"]);
    assert_eq!(vault.find(&Find::default()).unwrap(), ["a/b"]);
    let entry = vault.entry("a/b").unwrap();
    assert_eq!(entry.field_names().unwrap(), ["secret"]);
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        entry.hmac("secret", hash, b"message").unwrap();
    }
    vault.lock();
}

fn reveal(i: u8) {
    let (mut vault, _) = vault_with(i);
    let value = vault.entry("a/b").unwrap().reveal("secret").unwrap();
    assert!(count(i) > 0, "it is held here");
    drop(value);
    vault.lock();
}

fn rekey(i: u8) {
    let (mut vault, key) = vault_with(i);
    vault.rekey(&[Unlock::key(key)], strongroom::vault::OnDamage::Refuse).unwrap();
    vault.seal().unwrap();
    vault.lock();
}

fn passphrase(i: u8) {
    let mut vault = Vault::create(&Unlock::passphrase(&canary(i)), Kdf::argon2id(19_456, 2, 1).unwrap()).unwrap();
    let bytes = vault.seal().unwrap();
    vault.lock();
    Vault::open(bytes, &Unlock::passphrase(&canary(i))).unwrap().lock();
}

#[test]
fn put_and_save_leave_nothing() {
    in_child("put_and_save_leave_nothing", put_and_save, 1);
}

#[test]
fn open_list_and_hmac_leave_nothing() {
    in_child("open_list_and_hmac_leave_nothing", open_list_and_hmac, 2);
}

#[test]
fn reveal_leaves_nothing() {
    in_child("reveal_leaves_nothing", reveal, 3);
}

#[test]
fn rekey_leaves_nothing() {
    in_child("rekey_leaves_nothing", rekey, 4);
}

#[test]
fn a_passphrase_leaves_nothing() {
    in_child("a_passphrase_leaves_nothing", passphrase, 5);
}
