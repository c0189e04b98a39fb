//! Bytes sealed under a key: the shared vectors, and what is ours alone.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

use data_encoding::HEXLOWER;
use proptest::prelude::*;
use serde_json::Value;
use strongroom::{Key, seal, unseal};

fn hex(value: &Value) -> Vec<u8> {
    HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

#[test]
fn every_vector_gives_its_answer() {
    let vectors = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/sealed.json"));
    let vectors: Value = serde_json::from_str(&vectors.unwrap()).unwrap();
    let (mut opened, mut refused) = (0, 0);
    for case in vectors["cases"].as_array().unwrap() {
        let key = Key::parse(case["key"].as_str().unwrap()).unwrap();
        let name = &case["name"];
        match unseal(&key, &hex(&case["sealed"]), &hex(&case["associated_data"])) {
            Ok(plaintext) => {
                assert_eq!(case["expect"], "plaintext", "{name}");
                assert_eq!(plaintext.reveal(), hex(&case["plaintext"]), "{name}");
                opened += 1;
            }
            Err(error) => {
                assert_eq!(case["expect"], error.code(), "{name}");
                refused += 1;
            }
        }
    }
    println!("{opened} opened, {refused} refused");
    assert!(opened >= 10 && refused >= 15);
}

/// Another program that knows XAES-256-GCM opens what is sealed here: it is under the key's own bytes.
#[test]
fn it_is_xaes_256_gcm_and_nothing_else() {
    use xaes_256_gcm::Xaes256Gcm;
    use xaes_256_gcm::aead::{Aead, KeyInit, Payload};

    let key = Key::generate().unwrap();
    let text = key.to_text();
    let raw = data_encoding::BASE32_NOPAD.decode(&text.as_bytes()[17..]).unwrap();
    let cipher = Xaes256Gcm::new_from_slice(&raw[8..40]).unwrap();
    let sealed = seal(&key, b"hello", b"user 17").unwrap();
    let (nonce, msg) = sealed.split_first_chunk::<24>().unwrap();
    assert_eq!(cipher.decrypt(&(*nonce).into(), Payload { msg, aad: b"user 17" }).unwrap(), b"hello");
}

#[test]
fn no_nonce_comes_again() {
    let key = Key::generate().unwrap();
    let nonces: std::collections::BTreeSet<_> =
        (0..1000).map(|_| seal(&key, b"", b"").unwrap()[..24].to_vec()).collect();
    assert_eq!(nonces.len(), 1000);
}

#[test]
fn every_bit_counts() {
    let key = Key::generate().unwrap();
    let sealed = seal(&key, b"hello", b"a").unwrap();
    for bit in 0..8 * sealed.len() {
        let mut altered = sealed.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(unseal(&key, &altered, b"a").unwrap_err().code(), "decrypt", "bit {bit}");
    }
    for len in 0..sealed.len() {
        assert_eq!(unseal(&key, &sealed[..len], b"a").unwrap_err().code(), "decrypt", "{len} bytes");
    }
}

proptest! {
    #[test]
    fn what_is_sealed_is_opened(plaintext: Vec<u8>, associated_data: Vec<u8>) {
        let key = Key::generate().unwrap();
        let sealed = seal(&key, &plaintext, &associated_data).unwrap();
        prop_assert_eq!(sealed.len(), plaintext.len() + 40);
        let opened = unseal(&key, &sealed, &associated_data).unwrap();
        prop_assert_eq!(opened.reveal(), plaintext);
    }
}
