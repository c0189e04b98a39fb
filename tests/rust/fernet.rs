//! Fernet tokens: the shared vectors, and what is ours alone.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

use data_encoding::{BASE64URL, HEXLOWER};
use proptest::prelude::*;
use serde_json::Value;
use strongroom::{Fernet, Result, Secret};

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        repeated => repeated["repeat"].as_str().unwrap().repeat(repeated["times"].as_u64().unwrap() as usize),
    }
}

fn with_keys(keys: &Value) -> Result<Fernet> {
    let keys = keys.as_array().unwrap().iter().map(|key| Fernet::new(key.as_str().unwrap()));
    keys.reduce(|newer, older| Ok(newer?.with_older(&older?))).unwrap()
}

/// The plaintext and the timestamp.
fn read(case: &Value) -> Result<(Secret, u64)> {
    let (fernet, token) = (with_keys(&case["keys"])?, text(&case["token"]));
    let plaintext = match case["ttl_seconds"].as_u64() {
        Some(ttl) => fernet.decrypt_within(&token, ttl, case["unix_seconds"].as_u64().unwrap())?,
        None => fernet.decrypt(&token)?,
    };
    let rotated = fernet.rotate(&token)?;
    let present = Fernet::new(case["keys"][0].as_str().unwrap())?;
    assert_eq!(present.decrypt(&rotated)?, plaintext);
    assert_eq!(present.timestamp(&rotated)?, fernet.timestamp(&token)?);
    Ok((plaintext, fernet.timestamp(token)?))
}

#[test]
fn every_vector_gives_its_answer() {
    let vectors = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/fernet.json"));
    let vectors: Value = serde_json::from_str(&vectors.unwrap()).unwrap();
    let (mut opened, mut refused) = (0, 0);
    for case in vectors["cases"].as_array().unwrap() {
        let name = &case["name"];
        match read(case) {
            Ok((plaintext, timestamp)) => {
                assert_eq!(case["expect"], "plaintext", "{name}");
                assert_eq!(HEXLOWER.encode(plaintext.reveal()), case["plaintext"].as_str().unwrap(), "{name}");
                assert_eq!(case["timestamp"], timestamp, "{name}");
                opened += 1;
            }
            Err(error) => {
                assert_eq!(case["expect"], error.code(), "{name}: {error}");
                refused += 1;
            }
        }
    }
    println!("{opened} opened, {refused} refused");
    assert!(opened >= 20 && refused >= 60);
}

#[test]
fn every_bit_counts() {
    let fernet = Fernet::new(Fernet::generate_key().unwrap().reveal_str().unwrap()).unwrap();
    let token = BASE64URL.decode(fernet.encrypt(b"hello", 1_700_000_000).unwrap().as_bytes()).unwrap();
    for bit in 0..8 * token.len() {
        let mut altered = token.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(fernet.decrypt(BASE64URL.encode(&altered)).unwrap_err().code(), "decrypt", "bit {bit}");
    }
}

/// The longest plaintext that fits, and one byte more.
#[test]
fn a_token_has_at_most_64_mib() {
    let fernet = Fernet::new(Fernet::generate_key().unwrap().reveal_str().unwrap()).unwrap();
    let mut plaintext = vec![7; 50_331_583];
    let token = fernet.encrypt(&plaintext, 0).unwrap();
    assert_eq!(token.len(), 67_108_856);
    assert!(fernet.decrypt(&token).unwrap().reveal() == plaintext);
    plaintext.push(7);
    let error = fernet.encrypt(&plaintext, 0).unwrap_err();
    assert_eq!(error.to_string(), "size of a Fernet token in bytes: 67108876 is over the limit of 67108864");
}

#[test]
fn no_iv_comes_again() {
    let fernet = Fernet::new(Fernet::generate_key().unwrap().reveal_str().unwrap()).unwrap();
    let tokens: std::collections::BTreeSet<_> = (0..1000).map(|_| fernet.encrypt(b"", 0).unwrap()).collect();
    assert_eq!(tokens.len(), 1000);
    assert_ne!(Fernet::generate_key().unwrap(), Fernet::generate_key().unwrap());
}

#[test]
fn no_error_repeats_what_was_given() {
    let key = Fernet::generate_key().unwrap();
    for wrong in [&key.reveal_str().unwrap()[..40], "hunter2"] {
        assert!(!Fernet::new(wrong).unwrap_err().to_string().contains(wrong));
    }
}

proptest! {
    #[test]
    fn what_is_encrypted_is_decrypted(plaintext: Vec<u8>, unix_seconds: u64) {
        let fernet = Fernet::new(Fernet::generate_key().unwrap().reveal_str().unwrap()).unwrap();
        let token = fernet.encrypt(&plaintext, unix_seconds).unwrap();
        let decrypted = fernet.decrypt_within(&token, 0, unix_seconds).unwrap();
        prop_assert_eq!(decrypted.reveal(), plaintext);
        prop_assert_eq!(fernet.timestamp(&token).unwrap(), unix_seconds);
    }
}
