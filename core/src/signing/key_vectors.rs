//! The private keys of tests/vectors/signing_keys.json: what every form of a key signs, and how what is none is refused.

use ::rsa::BoxedUint;
use ::rsa::signature::Verifier;
use data_encoding::{BASE64, HEXLOWER};
use proptest::prelude::any;
use proptest::sample::Index;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;
use sha2::Sha256;

use super::key::{Algorithm, SecretForm, SigningKey};
use crate::Result;

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/signing_keys.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn text_of(case: &Value) -> Vec<u8> {
    match (case["text"].as_str(), case["base64"].as_str()) {
        (Some(text), None) => text.as_bytes().to_vec(),
        (None, Some(base64)) => BASE64.decode(base64.as_bytes()).unwrap(),
        _ => panic!("{case} has no text, or two"),
    }
}

fn schemes_of(case: &Value) -> Vec<(Algorithm, SecretForm)> {
    let scheme = |scheme: &Value| {
        let form = match scheme[1].as_str() {
            Some("base64") => SecretForm::Base64,
            Some("hex") => SecretForm::Hex,
            _ => SecretForm::Text,
        };
        (Algorithm::parse(scheme[0].as_str().unwrap()).unwrap(), form)
    };
    case["schemes"].as_array().unwrap().iter().map(scheme).collect()
}

fn load(case: &Value) -> Result<(usize, SigningKey)> {
    SigningKey::load(&text_of(case), case["passphrase"].as_str().map(str::as_bytes), &schemes_of(case))
}

#[test]
fn keys_sign_the_same_in_every_form_and_others_are_refused() {
    let vectors = vectors();
    let message = vectors["message"].as_str().unwrap().as_bytes();
    let (mut good, mut refused, mut wrong) = (0, 0, Vec::new());
    for case in vectors["cases"].as_array().unwrap() {
        match (load(case), case["code"].as_str()) {
            (Ok((place, key)), None) => {
                good += 1;
                let signature = key.sign(message).unwrap();
                let same = match case["pss"].as_str() {
                    Some(modulus) => verifies_as_pss(modulus, message, &signature),
                    None => HEXLOWER.encode(&signature) == case["signature"].as_str().unwrap(),
                };
                if !same || place as u64 != case["place"].as_u64().unwrap() {
                    wrong.push(format!("{}: signed otherwise, for scheme {place}", case["name"]));
                }
            }
            (Err(error), Some(code)) => {
                refused += 1;
                if error.code() != code || !error.to_string().contains(case["says"].as_str().unwrap()) {
                    wrong.push(format!("{}: {}: {error}", case["name"], error.code()));
                }
            }
            (Ok(_), Some(_)) => wrong.push(format!("{}: loaded", case["name"])),
            (Err(error), None) => wrong.push(format!("{}: {error}", case["name"])),
        }
    }
    println!("{good} keys sign, {refused} are refused");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(good > 300 && refused > 90);
}

/// A key with something wrong in it loads or is refused, and the refusal has nothing of the key in it.
#[test]
fn damage_is_refused_without_a_word_of_the_key() {
    let (vectors, mut runner) = (vectors(), TestRunner::deterministic());
    let soak = std::env::var_os("STRONGROOM_SOAK").is_some_and(|value| value == "1");
    let cases = vectors["cases"].as_array().unwrap();
    // A key that is too costly to decrypt would be so for real, once its cost is altered.
    let quick: Vec<_> = cases.iter().filter(|case| case["passphrase"].is_null()).collect();
    let damage = (0..quick.len(), any::<Index>(), any::<u8>(), 0..4_u8);
    for _ in 0..if soak { 200_000 } else { 4_000 } {
        let (case, at, byte, how) = damage.new_tree(&mut runner).unwrap().current();
        let mut text = text_of(quick[case]);
        if text.is_empty() {
            continue;
        }
        let at = at.index(text.len());
        match how {
            0 => text[at] = byte,
            1 => text.truncate(at),
            2 => text.insert(at, byte),
            _ => drop(text.remove(at)),
        }
        if let Err(error) = SigningKey::load(&text, None, &schemes_of(quick[case])) {
            let said = error.to_string();
            assert!(said.is_ascii() && said.len() < 300, "{said}");
            let lines = text.split(|byte| byte.is_ascii_whitespace()).filter(|line| line.len() > 20);
            for part in lines.filter_map(|line| line.get(..12)).filter(|part| !part.starts_with(b"-----")) {
                assert!(!said.as_bytes().windows(12).any(|window| window == part), "{said}");
            }
        }
    }
}

fn verifies_as_pss(modulus: &str, message: &[u8], signature: &[u8]) -> bool {
    let modulus = HEXLOWER.decode(modulus.as_bytes()).unwrap();
    let modulus = BoxedUint::from_be_slice(&modulus, modulus.len() as u32 * 8).unwrap();
    let key = ::rsa::PublicKey::new(modulus, BoxedUint::from(65537_u32)).unwrap();
    let signature = ::rsa::pss::Signature::try_from(signature).unwrap();
    ::rsa::pss::VerifyingKey::<Sha256>::new(key).verify(message, &signature).is_ok()
}
