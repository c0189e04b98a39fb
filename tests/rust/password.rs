//! Password hashes: the shared vectors, and what is ours alone.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

use std::time::Duration;

use serde_json::Value;
use strongroom::password::{
    Ceilings, Hasher, calibrate, hash, hash_like, identify, needs_rehash, verify, verify_and_update,
};
use strongroom::{Error, Kdf};

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        repeated => repeated["repeat"].as_str().unwrap().repeat(repeated["times"].as_u64().unwrap() as usize),
    }
}

fn cases() -> Vec<Value> {
    let vectors = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/password.json"));
    let mut vectors: Value = serde_json::from_str(&vectors.unwrap()).unwrap();
    vectors["cases"].as_array_mut().unwrap().drain(..).collect()
}

#[test]
fn every_vector_gives_its_answer() {
    let (mut right, mut wrong, mut refused) = (0, 0, 0);
    for case in cases() {
        let (password, stored) = (text(&case["password"]), text(&case["stored"]));
        let (expect, name) = (case["expect"].as_str().unwrap(), &case["name"]);
        match verify(&password, &stored) {
            Ok(ok) => {
                assert_eq!(if ok { "right" } else { "wrong" }, expect, "{name}");
                *if ok { &mut right } else { &mut wrong } += 1;
            }
            Err(error) => {
                assert_eq!(error.code(), expect, "{name}: {error}");
                // What a stored hash ends with is its salt and digest.
                let tail: String = stored.chars().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect();
                assert!(tail.len() < 6 || !error.to_string().contains(&tail), "{name}: {error}");
                refused += 1;
            }
        }
    }
    println!("{right} right, {wrong} wrong, {refused} refused");
    assert!(right >= 40 && wrong >= 40 && refused >= 100);
}

#[test]
fn what_is_read_is_identified_and_written_back_as_it_was() {
    for case in cases().iter().filter(|case| case["expect"] == "right") {
        let (password, stored) = (text(&case["password"]), text(&case["stored"]));
        let identified = identify(&stored).unwrap();
        assert_eq!(
            (identified.format, identified.cost.as_str()),
            (case["format"].as_str().unwrap(), case["cost"].as_str().unwrap())
        );
        assert_eq!(hash_like(&password, &stored).unwrap(), stored);
        assert_eq!(needs_rehash(&stored), Ok(true));
    }
}

#[test]
fn an_error_names_the_format_and_nothing_that_may_be_a_secret() {
    let message = |stored: &str| verify("", stored).unwrap_err().to_string();
    assert!(message("$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/").ends_with("$1$"));
    assert!(message("$argon2id$v=19$m=64,t=2,p=1$c2FsdA").ends_with("$argon2id$"));
    assert!(message("{CRYPT}abcdef").ends_with("{CRYPT}"));
    for plaintext in ["hunter2", "hun$ter2", "pbkdf2_sha256", "$hunter2", "{hunter2", "$hunter_2$", "h{unter}2"] {
        assert!(!message(plaintext).contains("unter"), "{plaintext}");
    }
}

#[test]
fn hashes_are_fresh_and_renewed_when_their_cost_is_another() {
    let (one, other) = (hash("correct horse").unwrap(), hash("correct horse").unwrap());
    assert_ne!(one, other);
    assert!(one.starts_with("$argon2id$v=19$m=65536,t=3,p=4$"));
    assert_eq!(verify_and_update("correct horse", &one), Ok((true, None)));
    assert_eq!(verify_and_update("correct horsf", &one), Ok((false, None)));

    let sha512 = Hasher::new(Kdf::pbkdf2_sha512(220_000).unwrap());
    let (ok, new) = sha512.verify_and_update("correct horse", &one).unwrap();
    let new = new.unwrap();
    assert!(ok && new.starts_with("$pbkdf2-sha512$i=220000,l=64$"));
    assert_eq!(sha512.needs_rehash(&new), Ok(false));
    assert_eq!(Hasher::new(Kdf::pbkdf2_sha512(220_001).unwrap()).needs_rehash(&new), Ok(true));
    assert_eq!(needs_rehash(&new), Ok(true));
    let sha256 = Hasher::new(Kdf::pbkdf2(600_000).unwrap());
    assert!(sha256.hash("correct horse").unwrap().starts_with("$pbkdf2-sha256$i=600000,l=32$"));
    // The same costs, with a shorter salt than ours.
    let short = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(needs_rehash(short), Ok(true));
}

#[test]
fn a_password_has_its_limits() {
    assert_eq!(hash("").unwrap_err().code(), "invalid_input");
    assert_eq!(
        hash("x".repeat(4097)).unwrap_err(),
        Error::Limit { what: "bytes of a password", asked: 4097, allowed: 4096 }
    );
    let long = hash("x".repeat(4096)).unwrap();
    assert_eq!(verify("x".repeat(4096), &long), Ok(true));
    assert_eq!(verify("x".repeat(4097), &long), Ok(false));
    let bcrypt = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
    assert_eq!(hash_like("x".repeat(73), bcrypt).unwrap_err().code(), "invalid_input");
    assert_eq!(hash_like("x\0y", bcrypt).unwrap_err().code(), "invalid_input");
    let cut = Hasher::default().with_bcrypt_truncation();
    let full = cut.hash_like("x".repeat(72), bcrypt).unwrap();
    assert_eq!(cut.hash_like("x".repeat(80), bcrypt).unwrap(), full);
    assert_eq!(cut.verify("x".repeat(73), &full), Ok(true));
    assert_eq!(verify("x".repeat(73), &full), Ok(false));
}

#[test]
fn peppers_go_in_and_rotate() {
    let kdfs = [Kdf::argon2id(19_456, 2, 1).unwrap(), Kdf::pbkdf2(600_000).unwrap()];
    for kdf in kdfs {
        let old = Hasher::new(kdf).with_pepper("2025", "the pepper of last year").unwrap();
        let stored = old.hash("correct horse").unwrap();
        assert!(stored.contains(",keyid=2025$"));
        assert_eq!(old.verify("correct horse", &stored), Ok(true));
        assert_eq!(Hasher::new(kdf).verify("correct horse", &stored).unwrap_err().code(), "not_found");
        let forged = Hasher::new(kdf).with_pepper("2025", "another pepper, same id").unwrap();
        assert_eq!(forged.verify("correct horse", &stored), Ok(false));

        let both = Hasher::new(kdf).with_pepper("2026", "the pepper of this year").unwrap();
        let both = both.with_pepper("2025", "the pepper of last year").unwrap();
        let (ok, new) = both.verify_and_update("correct horse", &stored).unwrap();
        assert!(ok && new.unwrap().contains(",keyid=2026$"));
        let plain = Hasher::new(kdf).hash("correct horse").unwrap();
        assert_eq!(both.verify("correct horse", &plain), Ok(true));
        assert_eq!(both.needs_rehash(&plain), Ok(true));
        assert!(!format!("{both:?}").contains("year"), "{both:?}");
    }
    for (id, secret) in [
        ("", "the pepper of this year"),
        ("a,b", "the pepper of this year"),
        ("a$b", "the pepper of this year"),
        ("2026", "15 bytes, so no."),
    ] {
        let secret = &secret[..secret.len().min(if id == "2026" { 15 } else { 99 })];
        assert_eq!(Hasher::default().with_pepper(id, secret).unwrap_err().code(), "invalid_input", "{id}");
    }
    let one = Hasher::default().with_pepper("2026", "the pepper of this year").unwrap();
    assert_eq!(one.with_pepper("2026", "the pepper of last year").unwrap_err().code(), "exists");
}

#[test]
fn ceilings_are_the_callers() {
    let mut ceilings = Ceilings::default();
    (ceilings.memory_kib, ceilings.passes, ceilings.lanes) = (64, 2, 1);
    (ceilings.iterations, ceilings.bcrypt_cost) = (1000, 4);
    let strict = Hasher::default().with_ceilings(ceilings);
    let mut refused = 0;
    for case in cases().iter().filter(|case| case["expect"] == "right") {
        let stored = text(&case["stored"]);
        match strict.verify(text(&case["password"]), &stored) {
            Ok(ok) => assert!(ok, "{stored}"),
            Err(error) => {
                assert_eq!(error.code(), "limit", "{stored}");
                refused += 1;
            }
        }
    }
    assert!(refused >= 5, "only {refused} were over");
}

#[test]
fn kept_memory_gives_the_same_hashes() {
    let hasher = Hasher::new(Kdf::argon2id(19_456, 2, 1).unwrap()).with_kept_memory(2);
    let stored: Vec<_> = (0..4).map(|n| hasher.hash(n.to_string()).unwrap()).collect();
    std::thread::scope(|scope| {
        for (n, stored) in stored.iter().enumerate() {
            let hasher = &hasher;
            scope.spawn(move || assert_eq!(hasher.verify(n.to_string(), stored), Ok(true)));
        }
    });
    assert!(stored.iter().enumerate().all(|(n, stored)| verify(n.to_string(), stored) == Ok(true)));
    // Another cost in between, which the kept memory does not fit.
    let other = hash("other").unwrap();
    assert_eq!(hasher.verify("other", &other), Ok(true));
    assert_eq!(hasher.verify("0", &stored[0]), Ok(true));
}

#[test]
fn a_dummy_is_never_right() {
    assert_eq!(strongroom::password::verify_dummy(""), Ok(false));
    let peppered = Hasher::new(Kdf::pbkdf2(600_000).unwrap()).with_pepper("k", "the pepper of this year").unwrap();
    assert_eq!(peppered.verify_dummy("correct horse"), Ok(false));
}

#[test]
fn calibration_is_never_under_the_floor_nor_over_the_target() {
    let floor = Kdf::argon2id(19_456, 2, 1).unwrap();
    // A clock on which every derivation takes a second.
    let mut seconds = 0;
    let mut slow = || {
        seconds += 1;
        Duration::from_secs(seconds)
    };
    let (kdf, took) = calibrate(Duration::from_millis(1), &mut slow).unwrap();
    assert_eq!((kdf, took), (floor, Duration::from_secs(1)));
    let start = std::time::Instant::now();
    let target = Duration::from_millis(60);
    let (kdf, took) = calibrate(target, || start.elapsed()).unwrap();
    assert!(kdf == floor || took <= target, "{kdf} took {took:?}");
}

#[test]
fn a_vault_takes_no_kdf_that_its_format_has_no_number_for() {
    use strongroom::vault::{Unlock, Vault};
    let kdf = Kdf::pbkdf2_sha512(220_000).unwrap();
    let refused = Vault::create(&Unlock::passphrase("correct horse battery staple"), kdf).map(drop);
    assert_eq!(refused.unwrap_err().code(), "invalid_input");
    assert_eq!(Kdf::pbkdf2_sha512(219_999).unwrap_err().code(), "weak_kdf");
    assert_eq!(Kdf::pbkdf2_sha512(10_000_001).unwrap_err().code(), "limit");
    assert_eq!(kdf.to_string(), "pbkdf2-sha512 i=220000");
}
