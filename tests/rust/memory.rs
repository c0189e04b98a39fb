//! After a vault is locked, its secrets are nowhere in this process's memory: not on the heap, not on a stack. Nor is a
//! password once it was hashed or verified, nor the pepper once its hasher is dropped. What scrypt leaves is no password, but
//! a hash of it (SECURITY.md, "What we do not promise").
//!
//! Reads /proc/self/mem, so that it needs Linux. Each path runs in a child process of its own, which first proves that
//! it would find the secret while it is there.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

use std::collections::BTreeMap;
use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Seek, SeekFrom};
use std::process::Command;

use data_encoding::HEXLOWER;
use serde_json::Value;
use strongroom::otp::{Account, Totp, encode_base32, qr, read_migration, write_migration};
use strongroom::password::Hasher;
use strongroom::signing::Request;
use strongroom::vault::{Entry, Find, Hash, Unlock, Vault};
use strongroom::{Fernet, Kdf, Key, Secret, seal, unseal};
use zeroize::{Zeroize, Zeroizing, zeroize_stack};

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

/// How often 16 bytes out of the middle of the canary stand in this process's writable memory, as they are or in one of
/// the ways that a hash has them: under the pads of HMAC (RFC 2104), and in words of 4 or 8 bytes with the last byte first.
fn count(i: u8) -> usize {
    let wanted = disguised(i);
    // Whole words, and not the first 16 bytes: what frees memory writes there.
    let wanted: [u8; 16] = wanted[16..32].try_into().unwrap();
    let (mut views, mut first) = (Vec::new(), [false; 256]);
    for pad in [0, 0x36, 0x5c] {
        for word in [1, 4, 8] {
            let at = |at: usize| wanted[at / word * word + (word - 1 - at % word)] ^ pad;
            first[usize::from(at(0) ^ DISGUISE)] = true;
            views.push(std::array::from_fn::<_, 16, _>(at));
        }
    }
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
        let hits = |window: &[u8]| {
            first[usize::from(window[0])]
                && views.iter().any(|view| window.iter().zip(view).all(|(a, b)| *a == *b ^ DISGUISE))
        };
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

/// Runs a path further down the stack than the search goes, which would else write over what the path left there.
#[inline(never)]
fn deep(path: impl FnOnce()) {
    let above = black_box([0_u8; 1 << 16]);
    path();
    black_box(&above);
}

/// Runs one path in a child process; the name is the test's own.
fn in_child(name: &str, path: fn(u8), i: u8) {
    if std::env::var_os("STRONGROOM_MEMORY_CHILD").is_some() {
        let held = canary(i);
        assert!(count(i) > 0, "the search finds what is there");
        drop(held);
        assert_eq!(count(i), 0, "the search itself leaves nothing");
        deep(|| {
            black_box(disguised(i).map(|byte| byte ^ DISGUISE));
        });
        assert!(count(i) > 0, "the search finds what is left on the stack");
        zeroize_stack::<{ 1 << 17 }>();
        assert_eq!(count(i), 0, "and not what is wiped there");
        deep(|| path(i));
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

fn passphrase_under_pbkdf2(i: u8) {
    let mut vault = Vault::create(&Unlock::passphrase(&canary(i)), Kdf::pbkdf2(600_000).unwrap()).unwrap();
    let bytes = vault.seal().unwrap();
    vault.lock();
    Vault::open(bytes, &Unlock::passphrase(&canary(i))).unwrap().lock();
}

/// The right vectors by the name of their format, one of each.
fn stored_hashes() -> BTreeMap<String, String> {
    let vectors = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/password.json"));
    let vectors: Value = serde_json::from_str(&vectors.unwrap()).unwrap();
    let right = vectors["cases"].as_array().unwrap().iter().filter(|case| case["expect"] == "right");
    right
        .map(|case| (case["format"].as_str().unwrap().to_owned(), case["stored"].as_str().unwrap().to_owned()))
        .collect()
}

fn every_format(i: u8) {
    let hasher = Hasher::new(Kdf::argon2id(19_456, 2, 1).unwrap());
    let formats = stored_hashes();
    let mut left = Vec::new();
    for (format, stored) in &formats {
        deep(|| {
            let password = canary(i);
            let stored = hasher.hash_like(&*password, stored).unwrap();
            assert_eq!(hasher.verify(&*password, &stored), Ok(true));
        });
        left.extend((count(i) > 0).then_some(format));
    }
    assert_eq!(left, [""; 0], "after these");
    assert!(formats.len() >= 25, "{formats:?}");
}

fn renewal(i: u8) {
    let old = Hasher::default().hash_like(&*canary(i), &stored_hashes()["bcrypt"]).unwrap();
    for kdf in [Kdf::argon2id(19_456, 2, 1), Kdf::pbkdf2(600_000), Kdf::pbkdf2_sha512(220_000)] {
        let hasher = Hasher::new(kdf.unwrap()).with_kept_memory(1);
        deep(|| {
            let password = canary(i);
            let (ok, new) = hasher.verify_and_update(&*password, &old).unwrap();
            assert!(ok);
            assert_eq!(hasher.verify_and_update(&*password, &new.unwrap()), Ok((true, None)));
            hasher.verify_dummy(&*password).unwrap();
        });
        assert_eq!(count(i), 0, "after {hasher:?}");
    }
}

/// The password and the pepper, each for itself.
fn peppers(i: u8) {
    let (password, pepper) = (i, i + 1);
    let salt_and_digest = "$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for costs in ["$argon2id$v=19$m=8,t=1,p=1,keyid=k", "$pbkdf2-sha256$i=1,l=32,keyid=k"] {
        deep(|| {
            let hasher = Hasher::default().with_pepper("k", canary(pepper).as_str()).unwrap();
            let stored = hasher.hash_like(&*canary(password), &format!("{costs}{salt_and_digest}")).unwrap();
            assert_eq!(hasher.verify(&*canary(password), &stored), Ok(true));
            assert!(count(pepper) > 0, "it is held here");
        });
        assert_eq!((count(password), count(pepper)), (0, 0), "after {costs}");
    }
}

fn one_time_codes(i: u8) {
    let uri = {
        let totp = Totp::new(&Secret::from(canary(i).as_str())).unwrap();
        let code = totp.code(59).unwrap();
        totp.verify(code.reveal_str().unwrap(), 59, None).unwrap().unwrap();
        Account::new(totp, "alice").unwrap().to_uri().unwrap()
    };
    let account = Account::from_uri(uri.reveal_str().unwrap()).unwrap();
    read_migration(&[write_migration(&[account]).unwrap()[0].reveal_str().unwrap()]).unwrap();
    qr::svg(uri.reveal_str().unwrap()).unwrap();

    let mut vault = Vault::create(&Unlock::key(Key::generate().unwrap()), Kdf::default()).unwrap();
    let bare = encode_base32(&Secret::from(canary(i).as_str()));
    vault.put("a/b", Entry::new().with("totp", uri.reveal_str().unwrap()).with("bare", bare)).unwrap();
    for field in ["totp", "bare"] {
        let totp = vault.entry("a/b").unwrap().totp(field).unwrap();
        totp.code(59).unwrap();
        totp.fresh(59, 0).unwrap();
    }
    vault.lock();
}

/// The canary is the secret of an HMAC, and 32 bytes of it are a private key.
fn signatures(i: u8) {
    let mut vault = Vault::create(&Unlock::key(Key::generate().unwrap()), Kdf::default()).unwrap();
    let secret = canary(i);
    vault.put("a/hmac", Entry::new().with("secret", secret.as_str()).with_info("api_key", "key")).unwrap();
    let hex = |range| Secret::from(HEXLOWER.encode(&secret.as_bytes()[range]).as_str());
    for (name, field) in [("a/ed25519", "secret"), ("a/secp256k1", "private_key")] {
        vault.put(name, Entry::new().with(field, hex(4..36)).with_info("api_key", "key")).unwrap();
    }
    drop(secret);
    let request = Request::new("POST", "/x", 1_700_000_000_000).with_body(br#"{"type":"a"}"#.as_slice());
    for (name, exchange) in [("a/hmac", "binance"), ("a/ed25519", "backpack"), ("a/secp256k1", "hyperliquid")] {
        let signer = vault.entry(name).unwrap().signer(exchange).unwrap();
        let request = match exchange {
            "backpack" => request.clone().with_value("instruction", "x"),
            _ => request.clone(),
        };
        for _ in 0..1000 {
            signer.sign(&request).unwrap();
        }
        drop(signer);
        let kept = vault.entry(name).unwrap().signer(exchange).unwrap();
        kept.sign(&request).unwrap();
        std::mem::forget(kept); // what a caller never drops goes with the vault
    }
    vault.lock();
}

fn sealed(i: u8) {
    let key = Key::generate().unwrap();
    for long in ["", &"-".repeat(100_000)] {
        let sealed = {
            let mut text = Zeroizing::new(String::with_capacity(long.len() + CANARY_LEN));
            text.push_str(long);
            text.push_str(&canary(i));
            seal(&key, text.as_bytes(), canary(i + 1).as_bytes()).unwrap()
        };
        assert_eq!(count(i), 0, "after seal");
        let plaintext = unseal(&key, &sealed, canary(i + 1).as_bytes()).unwrap();
        assert!(count(i) > 0, "it is held here");
        drop(plaintext);
        assert_eq!(count(i), 0, "after unseal");
        unseal(&key, &sealed, b"").unwrap_err();
    }
    assert_eq!(count(i + 1), 0, "the associated data");
}

/// The plaintext and the key, each for itself.
fn fernet(i: u8) {
    let (plaintext, key) = (i, i + 1);
    let fernet = {
        let mut text = Zeroizing::new([0; 44]);
        data_encoding::BASE64URL.encode_mut(&canary(key).as_bytes()[..32], text.as_mut_slice());
        Fernet::new(std::str::from_utf8(text.as_slice()).unwrap()).unwrap()
    };
    for long in ["", &"-".repeat(100_000)] {
        let token = {
            let mut text = Zeroizing::new(String::with_capacity(long.len() + CANARY_LEN));
            text.push_str(long);
            text.push_str(&canary(plaintext));
            fernet.encrypt(text.as_bytes(), 0).unwrap()
        };
        assert_eq!(count(plaintext), 0, "after encrypt");
        let decrypted = fernet.decrypt_within(fernet.rotate(&token).unwrap(), 0, 0).unwrap();
        assert!(count(plaintext) > 0, "it is held here");
        drop(decrypted);
        assert_eq!(count(plaintext), 0, "after decrypt");
    }
    drop(fernet);
    assert_eq!(count(key), 0, "the key");
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

#[test]
fn a_passphrase_under_pbkdf2_leaves_nothing() {
    in_child("a_passphrase_under_pbkdf2_leaves_nothing", passphrase_under_pbkdf2, 6);
}

#[test]
fn a_password_leaves_nothing_in_any_format() {
    in_child("a_password_leaves_nothing_in_any_format", every_format, 7);
}

#[test]
fn a_renewed_hash_leaves_nothing() {
    in_child("a_renewed_hash_leaves_nothing", renewal, 8);
}

#[test]
fn a_pepper_leaves_nothing() {
    in_child("a_pepper_leaves_nothing", peppers, 9);
}

#[test]
fn one_time_codes_leave_nothing() {
    in_child("one_time_codes_leave_nothing", one_time_codes, 11);
}

#[test]
fn signatures_leave_nothing() {
    in_child("signatures_leave_nothing", signatures, 14);
}

#[test]
fn sealed_bytes_leave_nothing() {
    in_child("sealed_bytes_leave_nothing", sealed, 12);
}

#[test]
fn fernet_tokens_leave_nothing() {
    in_child("fernet_tokens_leave_nothing", fernet, 14);
}
