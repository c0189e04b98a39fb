//! One-time codes: the shared vectors, and what is ours alone.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

#[allow(unreachable_pub)]
mod otp_cases;

use data_encoding::HEXLOWER;
use serde_json::Value;
use strongroom::otp::{Algorithm, Fresh, Hotp, Totp, decode_base32, encode_base32};
use strongroom::vault::{Access, Entry, OnDamage, SealedTotp, Unlock, Vault};
use strongroom::{Kdf, Key, Secret};

use otp_cases::{expect, hotp, secret, text, totp, vectors};

#[test]
fn codes_are_those_of_the_rfcs() {
    for case in vectors("hotp") {
        let counter = case["counter"].as_u64().unwrap();
        assert_eq!(hotp(&case).code(counter).reveal_str().unwrap(), case["code"], "{}", case["name"]);
        assert_eq!(hotp(&case).verify(case["code"].as_str().unwrap(), counter, 0), Ok(Some(counter + 1)));
    }
    for case in vectors("totp") {
        let (totp, at) = (totp(&case), case["unix_seconds"].as_i64().unwrap());
        match case["code"].as_str() {
            None => expect(&case, totp.code(at), |_| panic!("it is no time")),
            Some(code) => {
                assert_eq!(totp.code(at).unwrap().reveal_str().unwrap(), code, "{}", case["name"]);
                assert_eq!(totp.verify(code, at, None), totp.step(at).map(Some));
            }
        }
    }
}

#[test]
fn settings_have_bounds() {
    let of = |bytes: usize| Totp::new(&Secret::new(vec![7; bytes]));
    for case in vectors("settings") {
        let number = |name: &str| case[name].as_i64();
        let got = if let Some(digits) = number("digits") {
            let digits = digits.try_into().unwrap();
            let hotp = Hotp::generate().unwrap().with_digits(digits);
            let totp = of(20).unwrap().with_digits(digits);
            assert_eq!(hotp.is_ok(), totp.is_ok());
            totp
        } else if let Some(period) = number("period") {
            of(20).unwrap().with_period(period.try_into().unwrap())
        } else if let Some(drift) = number("drift") {
            of(20).unwrap().with_drift(drift.try_into().unwrap())
        } else if let Some([back, ahead]) = case["window"].as_array().map(Vec::as_slice) {
            of(20).unwrap().with_window(back.as_u64().unwrap() as u32, ahead.as_u64().unwrap() as u32)
        } else {
            let secret = secret(&case);
            assert_eq!(Hotp::new(&secret).is_ok(), Totp::new(&secret).is_ok());
            Totp::new(&secret)
        };
        expect(&case, got.map(|_| "ok"), |_| "ok");
    }
}

#[test]
fn base32_is_read_leniently_and_written_strictly() {
    for case in vectors("base32") {
        let got = decode_base32(&text(&case["text"]));
        if let (Ok(secret), Some(written)) = (&got, case["written"].as_str()) {
            assert_eq!(encode_base32(secret).reveal_str().unwrap(), written, "{}", case["name"]);
        }
        expect(&case, got.map(|secret| HEXLOWER.encode(secret.reveal())), |hex| hex.as_str().unwrap().to_owned());
    }
}

#[test]
fn a_code_is_verified_as_its_step() {
    for case in vectors("verify") {
        let got = totp(&case).verify(
            &text(&case["code"]),
            case["unix_seconds"].as_i64().unwrap(),
            case["after_step"].as_u64(),
        );
        expect(&case, got, Value::as_u64);
    }
}

#[test]
fn a_drift_is_learnt_and_kept() {
    for case in vectors("resync") {
        let (totp, at, after) = (totp(&case), case["unix_seconds"].as_i64().unwrap(), case["after_step"].as_u64());
        let (first, second) = (text(&case["first"]), text(&case["second"]));
        let got = totp.resync(&first, &second, at, case["steps"].as_u64().unwrap() as u32, after);
        if let Ok(Some(found)) = got {
            // With the drift, the second code would have been accepted, and the window follows that clock.
            let shifted = totp.with_drift(found.drift).unwrap();
            assert_eq!(shifted.verify(&second, at, after), Ok(Some(found.step)), "{}", case["name"]);
            let next = shifted.code(at + i64::from(30 * (found.drift + 1))).unwrap();
            assert_eq!(shifted.verify(next.reveal_str().unwrap(), at + 30, Some(found.step)), Ok(Some(found.step + 1)));
        }
        expect(&case, got.map(|found| found.map(|found| (found.drift.into(), found.step))), |expect| {
            expect.as_object().map(|found| (found["drift"].as_i64().unwrap(), found["step"].as_u64().unwrap()))
        });
    }
}

#[test]
fn a_counter_is_verified_and_found_again() {
    for case in vectors("hotp_verify") {
        let (counter, look_ahead) = (case["counter"].as_u64().unwrap(), case["look_ahead"].as_u64().unwrap() as u32);
        expect(&case, hotp(&case).verify(case["code"].as_str().unwrap(), counter, look_ahead), Value::as_u64);
    }
    for case in vectors("hotp_resync") {
        let (counter, look_ahead) = (case["counter"].as_u64().unwrap(), case["look_ahead"].as_u64().unwrap() as u32);
        let [first, second] = ["first", "second"].map(|code| case[code].as_str().unwrap());
        expect(&case, hotp(&case).resync(first, second, counter, look_ahead), Value::as_u64);
    }
}

#[test]
fn a_fresh_code_lives_long_enough_and_is_handed_out_once() {
    for case in vectors("fresh") {
        let (at, min) = (case["unix_seconds"].as_i64().unwrap(), case["min_seconds"].as_u64().unwrap() as u32);
        let got = totp(&case).fresh(at, min, case["after_step"].as_u64());
        expect(&case, got, |expect| match expect["wait"].as_u64() {
            Some(seconds) => Fresh::Wait { seconds: seconds as u32 },
            None => Fresh::Code {
                code: expect["code"].as_str().unwrap().into(),
                step: expect["step"].as_u64().unwrap(),
                seconds_remaining: expect["seconds_remaining"].as_u64().unwrap() as u32,
            },
        });
    }
}

#[test]
fn a_bot_that_waits_as_told_gets_each_code_once() {
    let totp = Totp::generate().unwrap();
    let (mut now, mut last, mut steps) = (1_700_000_017, None, Vec::new());
    while steps.len() < 20 {
        match totp.fresh(now, 10, last).unwrap() {
            Fresh::Wait { seconds } => now += i64::from(seconds),
            Fresh::Code { code, step, seconds_remaining } => {
                assert_eq!(code, totp.code(now).unwrap());
                assert_eq!(code, totp.code(now + i64::from(seconds_remaining) - 1).unwrap());
                assert!(seconds_remaining >= 10);
                last = Some(step);
                steps.push(step);
            }
        }
    }
    assert!(steps.windows(2).all(|pair| pair[1] == pair[0] + 1), "{steps:?}");
}

#[test]
fn a_new_secret_has_160_bits_and_a_short_one_is_told() {
    let (one, other) = (Totp::generate().unwrap(), Totp::generate().unwrap());
    assert_eq!(one.reveal_secret().len(), 20);
    assert_ne!(one.reveal_secret(), other.reveal_secret());
    assert!(one != other && one == one.clone() && !one.is_short());
    assert_eq!(Hotp::generate().unwrap().reveal_secret().len(), 20);
    for (bytes, is_short) in [(1, true), (10, true), (15, true), (16, false), (20, false)] {
        let secret = Secret::new(vec![7; bytes]);
        assert_eq!(Totp::new(&secret).unwrap().is_short(), is_short);
        assert_eq!(Hotp::new(&secret).unwrap().is_short(), is_short);
    }
}

#[test]
fn settings_are_told() {
    let totp = Totp::generate().unwrap().with_algorithm(Algorithm::Sha512).with_digits(8).unwrap();
    let totp = totp.with_period(60).unwrap();
    assert_eq!((totp.algorithm(), totp.digits(), totp.period(), totp.is_steam()), (Algorithm::Sha512, 8, 60, false));
    assert_eq!((totp.step(119), totp.seconds_remaining(119), totp.seconds_remaining(120)), (Ok(1), Ok(1), Ok(60)));
    assert_eq!(totp.seconds_remaining(-1).unwrap_err().code(), "invalid_input");
    let steam = totp.with_steam();
    assert_eq!((steam.digits(), steam.is_steam()), (5, true));
    assert!(!steam.with_digits(7).unwrap().is_steam());
    let hotp = Hotp::generate().unwrap().with_algorithm(Algorithm::Sha256);
    assert_eq!((hotp.algorithm(), hotp.digits()), (Algorithm::Sha256, 6));
    assert_eq!(
        [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512].map(Algorithm::as_str),
        ["SHA1", "SHA256", "SHA512"]
    );
}

#[test]
fn debug_shows_no_secret() {
    let secret = decode_base32("JBSWY3DPEHPK3PXP").unwrap();
    let (totp, hotp) = (Totp::new(&secret).unwrap(), Hotp::new(&secret).unwrap());
    assert_eq!(format!("{totp:?}"), "Totp { algorithm: Sha1, digits: 6, period: 30, .. }");
    assert_eq!(format!("{hotp:?}"), "Hotp { algorithm: Sha1, digits: 6, .. }");
    let code = totp.fresh(0, 0, None).unwrap();
    assert_eq!(format!("{code:?}"), "Code { code: Secret(***), step: 0, seconds_remaining: 30 }");
}

fn vault() -> (Vault, Key) {
    let key = Key::generate().unwrap();
    (Vault::create(&Unlock::key(key.clone()), Kdf::default()).unwrap(), key)
}

const SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const SEED_URI: &str = "otpauth://totp/Broker:AB1234?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=8";

#[test]
fn an_entry_makes_codes_of_its_seed() {
    let (mut vault, _) = vault();
    let entry = Entry::new().with("totp", SEED_URI).with("bare", "gezd gnbv gy3t qojq gezd gnbv gy3t qojq");
    vault.put("broker/login", entry.with("bytes", SEED.as_bytes())).unwrap();
    let entry = vault.entry("broker/login").unwrap();
    // RFC 6238, appendix B.
    for (field, code) in [("totp", "94287082"), ("bare", "287082"), ("bytes", "287082")] {
        let totp = entry.totp(field).unwrap();
        assert_eq!(totp.code(59).unwrap().reveal_str().unwrap(), code);
        assert_eq!((totp.step(59), totp.seconds_remaining(59), totp.period()), (Ok(1), Ok(1), Ok(30)));
        assert_eq!(totp.code(-1).unwrap_err().code(), "invalid_input");
        assert_eq!(format!("{totp:?}"), format!(r#"SealedTotp {{ entry: "broker/login", field: "{field}" }}"#));
    }
}

#[test]
fn the_period_is_the_one_of_the_uri() {
    let (mut vault, _) = vault();
    for period in [1, 30, 60, 86_400] {
        let uri = format!("otpauth://totp/a?secret={SEED}&period={period}");
        vault.put("broker/login", Entry::new().with("totp", &uri)).unwrap();
        let totp = vault.entry("broker/login").unwrap().totp("totp").unwrap();
        assert_eq!((totp.period(), totp.seconds_remaining(0)), (Ok(period), Ok(period)));
    }
}

#[test]
fn a_field_that_is_no_seed_is_told_without_it() {
    let (mut vault, _) = vault();
    let mut entry =
        Entry::new().with_info("username", "AB1234").with("raw", &[0xff, 0xfe]).with("long", &"x".repeat(9000));
    for (field, text) in [
        ("password", "hunter2!"),
        ("hotp", "otpauth://hotp/hunter2?secret=JBSWY3DPEHPK3PXP&counter=1"),
        ("cut", "otpauth://totp/hunter2"),
        ("url", "https://hunter2.example"),
        ("empty", ""),
    ] {
        entry = entry.with(field, text);
    }
    vault.put("broker/login", entry).unwrap();
    let entry = vault.entry("broker/login").unwrap();
    for field in ["password", "hotp", "cut", "url", "empty", "raw", "long"] {
        let error = entry.totp(field).unwrap_err();
        assert_eq!(error.code(), "invalid_input", "{field}: {error}");
        assert!(error.to_string().starts_with(&format!("field {field} of broker/login holds no time-based codes: ")));
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    assert_eq!(entry.totp("totp").unwrap_err().code(), "not_found");
    assert_eq!(entry.totp("username").unwrap_err().code(), "invalid_input");
}

fn fresh(totp: &SealedTotp, unix_seconds: i64) -> Option<u64> {
    match totp.fresh(unix_seconds, 5).unwrap() {
        Fresh::Code { code, step, .. } => {
            assert_eq!(code, totp.code(unix_seconds).unwrap());
            Some(step)
        }
        Fresh::Wait { .. } => None,
    }
}

#[test]
fn no_code_is_handed_out_twice_through_any_entry_version_or_handle() {
    let (mut vault, key) = vault();
    vault.put("broker/login", Entry::new().with("totp", SEED_URI)).unwrap();
    let totp = vault.entry("broker/login").unwrap().totp("totp").unwrap();
    assert_eq!(fresh(&totp, 3000), Some(100));
    assert_eq!(totp.fresh(3010, 5).unwrap(), Fresh::Wait { seconds: 20 });
    assert_eq!(totp.code(3010).unwrap().len(), 8, "code() is for whoever looks at it");
    assert_eq!(fresh(&totp.clone(), 3020), None);

    vault.update("broker/login", Entry::new().with_note("n"), None).unwrap();
    vault.seal().unwrap();
    vault.copy("broker/login", "broker/other").unwrap();
    vault.put("broker/bare", Entry::new().with("seed", SEED)).unwrap();
    for (name, field) in [("broker/login", "totp"), ("broker/other", "totp"), ("broker/bare", "seed")] {
        assert_eq!(fresh(&vault.entry(name).unwrap().totp(field).unwrap(), 3020), None, "{name}");
    }
    vault.put("broker/unlike", Entry::new().with("totp", "JBSWY3DPEHPK3PXP")).unwrap();
    assert_eq!(fresh(&vault.entry("broker/unlike").unwrap().totp("totp").unwrap(), 3020), Some(100));
    assert_eq!(fresh(&totp, 3030), Some(101));
    assert_eq!(totp.fresh(3030, 30).unwrap_err().code(), "invalid_input");

    // The next opening knows nothing of it.
    let bytes = vault.seal().unwrap();
    let reopened = Vault::open(bytes, &Unlock::key(key)).unwrap();
    assert_eq!(fresh(&reopened.entry("broker/login").unwrap().totp("totp").unwrap(), 3030), Some(101));
}

#[test]
fn logins_at_the_same_time_get_different_codes() {
    let (mut vault, _) = vault();
    vault.put("broker/login", Entry::new().with("totp", SEED)).unwrap();
    for step in 0..50 {
        let handed_out: usize = std::thread::scope(|scope| {
            let login = || fresh(&vault.entry("broker/login").unwrap().totp("totp").unwrap(), 30 * step);
            let logins: Vec<_> = (0..8).map(|_| scope.spawn(login)).collect();
            logins.into_iter().filter_map(|login| login.join().unwrap()).count()
        });
        assert_eq!(handed_out, 1);
    }
}

#[test]
fn codes_of_a_locked_vault_are_refused() {
    let (mut vault, _) = vault();
    vault.put("broker/login", Entry::new().with("totp", SEED)).unwrap();
    let bot = Key::generate().unwrap();
    vault.grant("bot", Access::Compartments(&["broker"]), &Unlock::key(bot.clone()), Kdf::default()).unwrap();
    let bytes = vault.seal().unwrap();
    let totp = vault.entry("broker/login").unwrap().totp("totp").unwrap();
    // A bot with its own key makes the same codes.
    let held = Vault::open(bytes, &Unlock::key(bot)).unwrap();
    let same = held.entry("broker/login").unwrap().totp("totp").unwrap();
    assert_eq!(same.code(59).unwrap(), totp.code(59).unwrap());
    vault.revoke("bot", OnDamage::Refuse).unwrap();
    vault.seal().unwrap();
    assert_eq!(totp.code(59).unwrap_err().code(), "locked", "the compartment has a new key");
    let totp = vault.entry("broker/login").unwrap().totp("totp").unwrap();
    vault.lock();
    assert_eq!(totp.code(59).unwrap_err().code(), "locked");
    assert_eq!(totp.fresh(59, 0).unwrap_err().code(), "locked");
    assert_eq!(totp.period().unwrap_err().code(), "locked");
}
