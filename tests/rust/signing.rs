//! Signing requests: the vectors that all languages share, and what no vector can say.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

use serde_json::Value;
use strongroom::signing::{Recipe, Request, SignedRequest, Signer};
use strongroom::vault::{Entry, Unlock, Vault};
use strongroom::{Error, Kdf, Key, Result};

const VECTORS: &str = include_str!("../vectors/signing.json");
const TIMESTAMP_MS: i64 = 1_700_000_000_000;

fn vault() -> Vault {
    Vault::create(&Unlock::key(Key::generate().unwrap()), Kdf::default()).unwrap()
}

fn entry(fields: &[(&str, &str)], info: &[(&str, &str)]) -> Entry {
    let entry = fields.iter().fold(Entry::new(), |entry, (name, value)| entry.with(name, *value));
    info.iter().fold(entry, |entry, (name, value)| entry.with_info(name, value))
}

fn pairs(value: &Value) -> Vec<(&str, &str)> {
    let pairs =
        value.as_object().map(|pairs| pairs.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())));
    pairs.into_iter().flatten().collect()
}

fn sign(case: &Value) -> Result<SignedRequest> {
    let mut vault = vault();
    vault.put("exchange/main", entry(&pairs(&case["fields"]), &pairs(&case["info"])))?;
    let entry = vault.entry("exchange/main")?;
    let signer = match case["recipe"].as_str() {
        Some(json) => entry.signer_with(Recipe::from_json(json)?)?,
        None => entry.signer(case["exchange"].as_str().unwrap())?,
    };
    let at = case["timestamp_ms"].as_i64().unwrap();
    let mut request = match case["method"].as_str() {
        Some(method) => Request::new(method, case["url"].as_str().unwrap(), at),
        None => Request::login(at),
    };
    request = request.with_body(case["body"].as_str().unwrap_or_default().as_bytes());
    if let Some(nonce) = case["nonce"].as_str() {
        request = request.with_nonce(nonce);
    }
    for (name, value) in pairs(&case["headers"]) {
        request = request.with_header(name, value);
    }
    for (name, value) in pairs(&case["values"]) {
        request = request.with_value(name, value);
    }
    signer.sign(&request)
}

#[test]
fn shared_vectors() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    for case in cases {
        let (name, expect) = (case["name"].as_str().unwrap(), &case["expect"]);
        let signed = sign(case);
        if let Some(code) = expect["error"].as_str() {
            let why = signed.err().unwrap_or_else(|| panic!("{name}: nothing was refused"));
            assert_eq!(why.code(), code, "{name}: {why}");
            assert!(why.to_string().contains(expect["says"].as_str().unwrap()), "{name}: {why}");
            continue;
        }
        let signed = signed.unwrap_or_else(|why| panic!("{name}: {why}"));
        if let Some(url) = expect["url"].as_str() {
            assert_eq!(signed.url, url, "{name}");
        }
        if let Some(body) = expect["body"].as_str() {
            assert_eq!(signed.body, body, "{name}");
        }
        for (header, value) in pairs(&expect["headers"]) {
            let found = signed.headers.iter().find(|(name, _)| name == header).map(|(_, value)| value.as_str());
            assert_eq!(found, Some(value), "{name}: {header}");
        }
    }
    println!("{} signed requests", cases.len());
}

fn kraken(vault: &mut Vault) -> Signer {
    kraken_of(vault, "key")
}

fn kraken_of(vault: &mut Vault, account: &str) -> Signer {
    vault.put("kraken/main", entry(&[("secret", "c2VjcmV0")], &[("api_key", account)])).unwrap();
    vault.entry("kraken/main").unwrap().signer("kraken").unwrap()
}

#[test]
fn a_locked_vault_signs_nothing_and_a_dropped_signer_leaves_nothing() {
    let mut vault = vault();
    let signer = kraken(&mut vault);
    let request = Request::new("POST", "/0/private/Balance", TIMESTAMP_MS);
    assert!(signer.sign(&request).is_ok());
    vault.lock();
    assert_eq!(signer.sign(&request).unwrap_err().code(), "locked");
    assert_eq!(signer.sign(&request.clone().with_nonce("1")).unwrap_err().code(), "locked");
}

#[test]
fn nonces_rise_for_an_account_through_all_signers_and_vaults_of_a_process() {
    let (mut vault, mut opened_again) = (vault(), vault());
    let (one, other) = (kraken_of(&mut vault, "nonces"), kraken_of(&mut opened_again, "nonces"));
    let third = vault.entry("kraken/main").unwrap().signer("kraken").unwrap();
    let nonce = |signer: &Signer, at| {
        let signed = signer.sign(&Request::new("POST", "/0/private/Balance", at)).unwrap();
        signed.body.strip_prefix("nonce=").unwrap().parse::<i64>().unwrap()
    };
    assert_eq!(nonce(&one, TIMESTAMP_MS), TIMESTAMP_MS);
    assert_eq!(nonce(&other, TIMESTAMP_MS), TIMESTAMP_MS + 1);
    assert_eq!(nonce(&one, TIMESTAMP_MS - 5000), TIMESTAMP_MS + 2);
    // A request that is refused uses up none.
    assert!(one.sign(&Request::new("post", "/0/private/Balance", TIMESTAMP_MS)).is_err());
    assert_eq!(nonce(&other, TIMESTAMP_MS), TIMESTAMP_MS + 3);
    drop((vault, one));
    assert_eq!(third.sign(&Request::new("POST", "/x", TIMESTAMP_MS)).unwrap_err().code(), "locked");
    assert_eq!(nonce(&other, TIMESTAMP_MS - 5000), TIMESTAMP_MS + 4);
    assert_eq!(nonce(&kraken_of(&mut opened_again, "nobody's yet"), TIMESTAMP_MS), TIMESTAMP_MS);
}

#[test]
fn the_key_decides_on_the_algorithm() {
    let mut vault = vault();
    assert_eq!(kraken(&mut vault).algorithm(), Some("hmac-sha512"));
    // The first private key of RFC 8410, section 10.3.
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----";
    for (secret, algorithm) in [("hush", "hmac-sha256"), (pem, "ed25519")] {
        vault.put("binance/main", entry(&[("secret", secret)], &[("api_key", "key")])).unwrap();
        let signer = vault.entry("binance/main").unwrap().signer("binance").unwrap();
        assert_eq!(signer.algorithm(), Some(algorithm));
    }
    vault.put("alpaca/main", entry(&[("secret", "hush")], &[("api_key", "key")])).unwrap();
    assert_eq!(vault.entry("alpaca/main").unwrap().signer("alpaca").unwrap().algorithm(), None);
}

/// A browser loads the code for private keys only for an entry that has one.
#[test]
fn a_private_key_is_told_before_it_is_read() {
    let mut vault = vault();
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----";
    for (exchange, fields, known) in [
        ("binance", &[("secret", "hush")][..], false),
        ("binance", &[("secret", pem)], true),
        ("binance", &[("secret", "-----BEGIN PRIVATE KEY-----")], true),
        ("binance", &[("password", pem)], false),
        ("kraken", &[("secret", pem)], false),
        ("coinbase", &[("secret", "hush")], true),
        ("alpaca", &[("secret", pem)], false),
    ] {
        vault.put("exchange/main", entry(fields, &[("api_key", "key")])).unwrap();
        let (entry, recipe) = (vault.entry("exchange/main").unwrap(), Recipe::of(exchange).unwrap());
        assert_eq!(entry.signs_with_private_key(&recipe).unwrap(), known, "{exchange}");
    }
}

#[test]
fn the_clock_of_a_server_is_learnt() {
    let mut vault = vault();
    let signer = kraken(&mut vault);
    signer.learn_clock(TIMESTAMP_MS + 5100, TIMESTAMP_MS, TIMESTAMP_MS + 200).unwrap();
    assert_eq!((signer.clock_offset_ms(), signer.server_time_ms(TIMESTAMP_MS)), (5000, TIMESTAMP_MS + 5000));
    for (server, sent, received) in [
        (TIMESTAMP_MS + 90_000_000, TIMESTAMP_MS, TIMESTAMP_MS),
        (TIMESTAMP_MS / 1000, TIMESTAMP_MS, TIMESTAMP_MS),
        (TIMESTAMP_MS, TIMESTAMP_MS, TIMESTAMP_MS - 1),
    ] {
        assert!(matches!(signer.learn_clock(server, sent, received), Err(Error::InvalidInput(_))));
    }
    assert_eq!(signer.clock_offset_ms(), 5000);
}

#[test]
fn every_row_of_the_table_reads_and_is_sorted() {
    let names: Vec<_> = Recipe::exchanges().collect();
    assert!(names.is_sorted_by(|one, next| one < next));
    for name in &names {
        let recipe = Recipe::of(name).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert!(recipe.source().starts_with("https://"), "{name}");
        assert_eq!(recipe.is_login(), name.ends_with("/websocket"), "{name}");
    }
    println!("{} exchanges and logins", names.len());
}

#[test]
fn debug_shows_no_secret() {
    let mut vault = vault();
    let signer = kraken(&mut vault);
    assert_eq!(format!("{signer:?}"), r#"Signer { exchange: "kraken", .. }"#);
    let signed = signer.sign(&Request::new("POST", "/0/private/Balance?x=1", TIMESTAMP_MS)).unwrap();
    let shown = r#"SignedRequest { method: "POST", url: "https://api.kraken.com/0/private/Balance", .. }"#;
    assert_eq!(format!("{signed:?}"), shown);
}
