//! The shared vectors of one-time codes, and what their cases say.

use data_encoding::HEXLOWER;
use serde_json::Value;
use strongroom::otp::{Algorithm, Hotp, Totp};
use strongroom::{Error, Result, Secret};

pub fn vectors(section: &str) -> Vec<Value> {
    let vectors = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/otp.json"));
    let mut vectors: Value = serde_json::from_str(&vectors.unwrap()).unwrap();
    vectors[section].as_array_mut().unwrap().drain(..).collect()
}

/// A text, one that is repeated, or several joined.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(texts) => texts.iter().map(text).collect(),
        repeated => repeated["repeat"].as_str().unwrap().repeat(repeated["times"].as_u64().unwrap() as usize),
    }
}

pub fn secret(case: &Value) -> Secret {
    Secret::new(HEXLOWER.decode(text(&case["secret"]).as_bytes()).unwrap())
}

pub fn algorithm(case: &Value) -> Algorithm {
    match case["algorithm"].as_str() {
        None | Some("SHA1") => Algorithm::Sha1,
        Some("SHA256") => Algorithm::Sha256,
        other => {
            assert_eq!(other, Some("SHA512"));
            Algorithm::Sha512
        }
    }
}

pub fn totp(case: &Value) -> Totp {
    let mut totp = Totp::new(&secret(case)).unwrap().with_algorithm(algorithm(case));
    let number = |name: &str| case[name].as_i64();
    totp = totp.with_period(number("period").unwrap_or(30).try_into().unwrap()).unwrap();
    totp = totp.with_drift(number("drift").unwrap_or(0).try_into().unwrap()).unwrap();
    if let Some([back, ahead]) = case["window"].as_array().map(Vec::as_slice) {
        let [back, ahead] = [back, ahead].map(|steps| steps.as_u64().unwrap() as u32);
        totp = totp.with_window(back, ahead).unwrap();
    }
    match case["steam"].as_bool() {
        Some(true) => totp.with_steam(),
        _ => totp.with_digits(number("digits").unwrap_or(6).try_into().unwrap()).unwrap(),
    }
}

pub fn hotp(case: &Value) -> Hotp {
    let hotp = Hotp::new(&secret(case)).unwrap().with_algorithm(algorithm(case));
    hotp.with_digits(case["digits"].as_u64().unwrap_or(6).try_into().unwrap()).unwrap()
}

/// What is expected: a value, nothing, or an error with this code.
pub fn expect<T: std::fmt::Debug + PartialEq>(case: &Value, got: Result<T>, wanted: impl FnOnce(&Value) -> T) {
    let (name, expect) = (&case["name"], &case["expect"]);
    match got {
        Err(error) => assert_eq!(expect, error.code(), "{name}: {error}"),
        Ok(_) if expect.is_string() && Error::CODES.contains(&expect.as_str().unwrap()) => {
            panic!("{name}: expected {expect}, got {got:?}")
        }
        Ok(value) => assert_eq!(value, wanted(expect), "{name}"),
    }
}
