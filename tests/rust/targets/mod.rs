//! What fuzzing does with its input. The corpus it found is run through the same functions by `cargo test`.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use strongroom::env_file;
use strongroom::otp::{Account, decode_base32, encode_base32, read_migration, write_migration};
use strongroom::password::{self, Ceilings, Hasher};
use strongroom::signing::{Recipe, Request};
use strongroom::vault::{Entry, OnDamage, Unlock, Vault};
use strongroom::{Error, Fernet, Kdf, Key};

use super::forge::{Compartment, Forge, Record};

/// Any bytes as a vault.
pub fn parse(data: &[u8]) {
    for key in [Forge::owner_key(), Forge::holder_key()] {
        if let Ok(vault) = Vault::open(data, &Unlock::key(key).with_weak_kdf_allowed()) {
            exercise(vault);
        }
    }
}

/// Any bytes inside the parts of a vault that are sealed and authenticated, as someone with the keys could write them.
pub fn open(data: &[u8]) {
    let Some((&part, rest)) = data.split_first() else { return };
    let mut forge = Forge::default();
    let replace = |record: Record, forge: &mut Forge| forge.compartments[0].records.push(record);
    let id = [0xff; 16];
    match part % 8 {
        0 => forge.keyring = Some(rest.to_vec()),
        1 => forge.owner_payload = Some(rest.to_vec()),
        2 => forge.holder_payload = Some(rest.to_vec()),
        3 => {
            let secret = super::forge::secret("s");
            replace(Record::Sealed { id, meta: rest.to_vec(), secret }, &mut forge);
        }
        4 => {
            let meta = super::forge::meta("fuzz", 1, "current");
            replace(Record::Sealed { id, meta, secret: rest.to_vec() }, &mut forge);
        }
        5 => replace(Record::Raw(rest.to_vec()), &mut forge),
        6 => forge.directory = Some(rest.to_vec()),
        _ => {
            let number = rest.iter().take(8).fold(0, |number, &byte| number << 8 | u64::from(byte));
            let more = Compartment { id: 8, epoch: number, revision: number, key: [1; 32], records: vec![], mac: None };
            forge.compartments.push(more);
            forge.root_revision = number;
        }
    }
    // Sealed parts over their limit are for `parse`: here they would only cost time.
    if rest.len() > 70_000 {
        return;
    }
    parse(&forge.build());
}

/// What opens must be usable to the end: read, changed, saved and opened again, with nothing else changed by that.
fn exercise(mut vault: Vault) {
    vault.set_unix_seconds(1_700_000_000);
    let names = vault.names().expect("an open vault has names");
    for name in &names {
        if let Ok(entry) = vault.entry(name) {
            for field in entry.field_names().unwrap_or_default() {
                entry.reveal(&field).expect("a listed field can be read");
            }
        }
    }
    vault.pin().expect("an open vault has a pin");
    let damage = vault.damage().expect("an open vault lists its damage");
    let Some(compartment) = vault.compartments().expect("an open vault has compartments").into_iter().next() else {
        return;
    };
    let name = format!("{}/added", compartment.name);
    match vault.put(&name, Entry::new().with("x", "y")) {
        Ok(_) => {}
        Err(Error::Damaged(_) | Error::InvalidInput(_) | Error::Limit { .. } | Error::Format(_)) => return,
        Err(error) => panic!("put: {error}"),
    }
    match vault.seal() {
        Ok(_) => {}
        Err(Error::Limit { .. }) => return,
        Err(error) => panic!("seal: {error}"),
    }
    assert_eq!(vault.damage().expect("still open"), damage, "damage neither spreads nor heals by a save");
    let mut expected = names;
    expected.push(name);
    expected.sort();
    expected.dedup();
    assert_eq!(vault.names().expect("still open"), expected);
    if vault.revoke("holder", OnDamage::Drop).is_ok() {
        match vault.seal() {
            Ok(_) | Err(Error::Limit { .. }) => {}
            Err(error) => panic!("revoke: {error}"),
        }
    }
}

/// Any bytes as the text of a key, and of a pin.
pub fn key_text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(key) = Key::parse(text) {
        assert_eq!(key.to_text().as_str(), text.trim_matches([' ', '\t', '\r', '\n']));
    }
    let unlock = Unlock::key(Forge::owner_key()).with_pin(text);
    let opened = Vault::open(Forge::default().build(), &unlock).map(drop).map_err(|error| error.code());
    assert!(matches!(opened, Ok(()) | Err("invalid_input" | "rollback")), "{opened:?}");
}

/// Any bytes as a `.env` file, and its variables as a plan.
pub fn env_file(data: &[u8]) {
    let lookup = |name: &str| name.len().is_multiple_of(2).then(|| "from the environment".to_owned());
    match env_file::parse(data, &lookup) {
        Ok(parsed) => drop(env_file::plan(parsed.variables)),
        Err(error) => assert!(matches!(error.code(), "invalid_input" | "limit"), "{error}"),
    }
}

/// Any bytes as an otpauth URI, and as base32. What is read is the same once it was written and read again.
pub fn otpauth(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Account::from_uri(text) {
        Ok(account) => match account.to_uri() {
            Ok(uri) => {
                let uri = uri.reveal_str().expect("a URI is text");
                assert_eq!(Account::from_uri(uri).as_ref(), Ok(&account));
            }
            Err(error) => assert_eq!(error.code(), "invalid_input", "{error}"),
        },
        Err(error) => assert!(matches!(error.code(), "invalid_input" | "limit"), "{error}"),
    }
    match decode_base32(text) {
        Ok(secret) => {
            let written = encode_base32(&secret);
            assert_eq!(decode_base32(written.reveal_str().expect("base32 is text")), Ok(secret));
        }
        Err(error) => assert!(matches!(error.code(), "invalid_input" | "limit"), "{error}"),
    }
}

/// Any bytes as the URIs of an export, one a line, and as the message inside one. What is read is the same once it was
/// written and read again.
pub fn migration(data: &[u8]) {
    let inside = format!("otpauth-migration://offline?data={}", data_encoding::BASE64.encode(data));
    let lines = std::str::from_utf8(data).map(|text| text.lines().collect()).unwrap_or_default();
    for uris in [lines, vec![inside.as_str()]] {
        match read_migration(&uris) {
            Ok(read) => {
                assert!(read.missing.iter().all(|part| (1..=read.parts).contains(part)));
                match write_migration(&read.accounts) {
                    Ok(written) => {
                        let written: Vec<_> =
                            written.iter().map(|uri| uri.reveal_str().expect("a URI is text")).collect();
                        assert_eq!(read_migration(&written).expect("we wrote it").accounts, read.accounts);
                    }
                    Err(error) => assert_eq!(error.code(), "invalid_input", "{error}"),
                }
            }
            Err(error) => assert!(matches!(error.code(), "invalid_input" | "limit"), "{error}"),
        }
    }
}

/// Any bytes as a Fernet token, as all of an authentic one but its MAC, and as a key. What is decrypted is the same once it
/// was encrypted again.
pub fn fernet(data: &[u8]) {
    let key = [7; 32];
    let fernet = Fernet::new(&data_encoding::BASE64URL.encode(&key)).expect("a key");
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key[..16]).expect("any size").chain_update(data).finalize();
    let authentic = data_encoding::BASE64URL.encode(&[data, &mac.into_bytes()].concat());
    for token in [data, authentic.as_bytes()] {
        match (fernet.decrypt(token), fernet.timestamp(token)) {
            (Ok(plaintext), Ok(timestamp)) => {
                let rotated = fernet.rotate(token).expect("it was decrypted before");
                assert_eq!(fernet.decrypt_within(&rotated, 0, timestamp), Ok(plaintext));
            }
            // Only its padding is wrong.
            (Err(Error::Decrypt), Ok(_)) => assert_eq!(fernet.rotate(token), Err(Error::Decrypt)),
            (decrypted, timestamp) => {
                assert_eq!((decrypted, timestamp), (Err(Error::Decrypt), Err(Error::Decrypt)));
            }
        }
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Fernet::new(text) {
        Ok(other) => {
            let token = other.encrypt(data, 0).expect("it is short");
            let both = other.with_older(&fernet); // the other way round its signing half may be the same, and its padding fit
            assert_eq!(both.decrypt(token).as_ref().map(strongroom::Secret::reveal), Ok(data));
        }
        Err(error) => assert_eq!(error.code(), "invalid_input"),
    }
}

/// Any bytes as a stored password hash; the first say how much of the rest is the password.
pub fn stored_hash(data: &[u8]) {
    let Some((&length, rest)) = data.split_first() else { return };
    let (password, stored) = rest.split_at(rest.len().min(length.into()));
    let Ok(stored) = std::str::from_utf8(stored) else { return };
    let identified = match (password::identify(stored), password::needs_rehash(stored)) {
        (Ok(identified), Ok(_)) => identified,
        (Err(one), Err(other)) => {
            assert_eq!((one.code(), &one), ("invalid_input", &other));
            return assert_eq!(password::verify(password, stored), Err(other));
        }
        (one, other) => panic!("{one:?}, but {other:?}"),
    };
    // So low that each input takes a millisecond or so.
    let mut ceilings = Ceilings::default();
    (ceilings.memory_kib, ceilings.passes, ceilings.lanes) = (64, 2, 2);
    (ceilings.iterations, ceilings.bcrypt_cost) = (1000, 4);
    let hasher = Hasher::default().with_ceilings(ceilings).with_pepper("k", "the pepper of the fuzzer");
    let hasher = hasher.expect("an id and enough bytes");
    let right = match hasher.verify(password, stored) {
        Ok(right) => right,
        Err(Error::Limit { .. } | Error::NotFound(_)) => return,
        Err(error) => panic!("verify: {error}"),
    };
    match hasher.hash_like(password, stored) {
        Ok(made) => {
            assert_eq!(password::identify(&made), Ok(identified));
            assert_eq!(without_digest(&made), without_digest(stored));
            assert_eq!(made == stored, right);
            assert_eq!(hasher.verify(password, &made), Ok(true));
        }
        // What bcrypt cannot take has no hash, and so is never right.
        Err(Error::InvalidInput(_)) => {
            assert!(identified.format.ends_with("bcrypt") && (password.len() > 72 || password.contains(&0)) && !right);
        }
        Err(error) => panic!("hash_like: {error}"),
    }
}

/// What of a stored hash does not depend on the password, and how long it is with its digest.
fn without_digest(stored: &str) -> (Vec<u8>, usize) {
    let rest = if let Some((name, encoded)) = stored.split_once('}').filter(|(name, _)| name.starts_with("{SSHA")) {
        let digest = match name {
            "{SSHA" => 20,
            "{SSHA256" => 32,
            _ => 64,
        };
        let salted = data_encoding::BASE64.decode(encoded.as_bytes()).expect("it was read before");
        [name.as_bytes(), &salted[digest..]].concat()
    } else {
        let (rest, last) = stored.rsplit_once('$').expect("every other format has a $");
        // bcrypt alone has no $ between salt and digest.
        let salt = if ["$2", "bcrypt$", "bcrypt_sha256$"].iter().any(|name| stored.starts_with(name)) { 22 } else { 0 };
        [rest, &last[..salt]].concat().into_bytes()
    };
    (rest, stored.len())
}

/// An entry with these fields, in a vault that stays open for as long as it is held.
fn entry(fields: &[(&str, &[u8])]) -> Option<(Vault, strongroom::vault::SealedEntry)> {
    let mut vault = Vault::create(&Unlock::key(Forge::owner_key()), Kdf::default()).expect("a vault with a key");
    let entry = fields.iter().fold(Entry::new(), |entry, (name, value)| entry.with(name, *value));
    vault.put("a/b", entry).ok()?; // too large, at most
    let entry = vault.entry("a/b").expect("it was just put there");
    Some((vault, entry))
}

/// Any bytes as a signing key of each kind; the first byte says of which, and how long the passphrase in front is.
pub fn signing_key(data: &[u8]) {
    const ALGORITHMS: [&str; 8] =
        ["hmac-sha256", "ed25519", "es256", "rsa-sha256", "rsa-pss-sha256", "secp256k1", "eip712", "hmac-sha512"];
    let Some((&first, rest)) = data.split_first() else { return };
    let (password, text) = rest.split_at(rest.len().min(usize::from(first >> 5)));
    let algorithm = ALGORITHMS[usize::from(first & 7)];
    let form = ["text", "base64", "hex", "text"][usize::from(first >> 3 & 3)];
    let recipe = format!(
        r#"{{"exchange":"fuzz","host":"https://example.com","message":"<body>","headers":{{"X-Sign":"<signature>"}},
            "schemes":[{{"algorithm":"{algorithm}","secret":"{form}","encoding":"hex"}}]}}"#
    );
    let fields = [("secret", text), ("key_password", password)];
    let fields = if password.is_empty() { &fields[..1] } else { &fields[..] };
    let Some((_vault, entry)) = entry(fields) else { return };
    let signer = match entry.signer_with(Recipe::from_json(&recipe).expect("a recipe of ours")) {
        Ok(signer) => signer,
        Err(Error::InvalidInput(_) | Error::Limit { .. }) => return,
        Err(error) => panic!("a key: {error}"),
    };
    let request = Request::new("POST", "/x", 1_700_000_000_000).with_body(b"{}".as_slice());
    match (signer.sign(&request), algorithm) {
        (Ok(_), _) | (Err(Error::InvalidInput(_)), "eip712") => {}
        (Err(error), _) => panic!("sign: {error}"),
    }
}

/// Any text as a recipe; what reads signs, or says what is wrong.
pub fn recipe(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let Ok(recipe) = Recipe::from_json(text) else { return };
    let fields: [(&str, &[u8]); 4] = [
        ("secret", b"0000000000000000000000000000000000000000000000000000000000000001"),
        ("api_key", b"key"),
        ("password", b"pass"),
        ("token", b"token"),
    ];
    let Some((_vault, entry)) = entry(&fields) else { return };
    let is_login = recipe.is_login();
    let Ok(signer) = entry.signer_with(recipe) else { return };
    let at = 1_700_000_000_000;
    let requests = match is_login {
        true => vec![Request::login(at)],
        false => vec![
            Request::new("GET", "https://example.com/a?b=1&a=%20", at),
            Request::new("POST", "/a", at).with_body(br#"{"a":{"b":[1,null,"x"]},"c":true}"#.as_slice()),
            Request::new("POST", "/a", at).with_body(b"a=1&b=2".as_slice()),
        ],
    };
    for request in requests {
        let request = request.with_value("name", "value");
        if let Ok(signed) = signer.sign(&request) {
            for (name, value) in &signed.headers {
                assert!(!name.is_empty() && value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "a header");
            }
            assert!(signed.url.bytes().all(|byte| byte.is_ascii_graphic()), "a URL");
        }
    }
}
