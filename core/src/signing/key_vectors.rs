//! The private keys of tests/vectors/signing_keys.json: what every form of a key signs, and how what is none is refused.

use ::rsa::BoxedUint;
use ::rsa::signature::Verifier;
use data_encoding::{BASE64, HEXLOWER};
use serde_json::Value;
use sha2::Sha256;

use super::key::{Algorithm, SecretForm, SigningKey};
use crate::Result;

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/signing_keys.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn load(case: &Value) -> Result<(usize, SigningKey)> {
    let text = match (case["text"].as_str(), case["base64"].as_str()) {
        (Some(text), None) => text.as_bytes().to_vec(),
        (None, Some(base64)) => BASE64.decode(base64.as_bytes()).unwrap(),
        _ => panic!("{case} has no text, or two"),
    };
    let scheme = |scheme: &Value| {
        let form = match scheme[1].as_str() {
            Some("base64") => SecretForm::Base64,
            Some("hex") => SecretForm::Hex,
            _ => SecretForm::Text,
        };
        (Algorithm::parse(scheme[0].as_str().unwrap()).unwrap(), form)
    };
    let schemes: Vec<_> = case["schemes"].as_array().unwrap().iter().map(scheme).collect();
    SigningKey::load(&text, case["passphrase"].as_str().map(str::as_bytes), &schemes)
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

fn verifies_as_pss(modulus: &str, message: &[u8], signature: &[u8]) -> bool {
    let modulus = HEXLOWER.decode(modulus.as_bytes()).unwrap();
    let modulus = BoxedUint::from_be_slice(&modulus, modulus.len() as u32 * 8).unwrap();
    let key = ::rsa::PublicKey::new(modulus, BoxedUint::from(65537_u32)).unwrap();
    let signature = ::rsa::pss::Signature::try_from(signature).unwrap();
    ::rsa::pss::VerifyingKey::<Sha256>::new(key).verify(message, &signature).is_ok()
}
