//! Every vector of FORMAT.md's Appendix B, in tests/vectors/vault: each vault, text and change gives what is expected.
//!
//! The vectors are made by tests/model, which has nothing of this crate.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

#[allow(dead_code, unreachable_pub)]
mod forge;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};
use strongroom::vault::{Access, Entry, OnDamage, Scope, SealedEntry, Unlock, Vault};
use strongroom::{Error, Kdf, Key};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors")
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn hex(text: &Value) -> Vec<u8> {
    HEXLOWER.decode(text.as_str().unwrap().as_bytes()).unwrap()
}

fn code<T>(result: Result<T, Error>) -> String {
    result.map_or_else(|error| error.code(), |_| "ok").to_owned()
}

/// The vault's bytes; the largest are made here and not stored.
fn bytes_of(vector: &Value, field: &str) -> Vec<u8> {
    let made = &vector["made"];
    if let Some(times) = made["times"].as_u64() {
        return hex(&made["repeat"]).repeat(times as usize);
    }
    let data = BASE64.decode(vector[field].as_str().unwrap().as_bytes()).unwrap();
    match made["records"].as_u64() {
        None => data,
        Some(count) => with_records(&data, made, count as u32),
    }
}

/// Puts `count` records, named r00001 and on, into the only compartment that is to have them.
fn with_records(data: &[u8], made: &Value, count: u32) -> Vec<u8> {
    let places = places(data);
    let place = places.iter().find(|place| u64::from(place.id) == made["compartment"].as_u64().unwrap()).unwrap();
    let (meta, digits) = (hex(&made["meta"]), made["digits_at"].as_u64().unwrap() as usize);
    let record = |number: u32| {
        let mut meta = meta.clone();
        meta[digits..digits + 5].copy_from_slice(format!("{number:05}").as_bytes());
        let mut id = [0; 16];
        id[12..].copy_from_slice(&number.to_be_bytes());
        forge::Record::Sealed { id, meta, secret: hex(&made["secret"]) }
    };
    let compartment = forge::Compartment {
        id: place.id,
        epoch: place.epoch,
        revision: place.revision,
        key: hex(&made["comp_key"]).try_into().unwrap(),
        records: (1..=count).map(record).collect(),
        mac: None,
    };
    let mut bytes = data[..place.whole.start].to_vec();
    compartment.build(data[16..32].try_into().unwrap(), &mut bytes);
    bytes.extend(&data[place.whole.end..]);
    bytes
}

/// A compartment's place in the bytes; see FORMAT.md, section 2.1.
struct Place {
    id: u16,
    epoch: u64,
    revision: u64,
    whole: std::ops::Range<usize>,
}

fn places(bytes: &[u8]) -> Vec<Place> {
    let number = |at: usize, len: usize| bytes[at..at + len].iter().fold(0, |n, &byte| n << 8 | u64::from(byte));
    let mut at = 44 + 4 + number(44, 4) as usize;
    for _ in 0..number(40, 2) {
        at += 54 + number(at + 52, 2) as usize + 32;
        at += 4 + number(at, 4) as usize;
    }
    let (directory, count) = (at, number(42, 2) as usize);
    at += 10 * count + 32;
    let line = |i: usize| {
        let start = at;
        at += 12 + number(at + 8, 4) as usize + 32;
        let (id, epoch) = (number(directory + 10 * i, 2) as u16, number(directory + 10 * i + 2, 8));
        Place { id, epoch, revision: number(start, 8), whole: start..at }
    };
    (0..count).map(line).collect()
}

/// The opener, or `None` for one that Rust cannot even express: text that is not UTF-8.
fn unlock(opener: &Value) -> Option<Result<Unlock, Error>> {
    if opener.get("passphrase_utf16").is_some() {
        return None;
    }
    let passphrase = opener["passphrase"].as_str();
    let unlock = match (opener["key"].as_str(), opener["credential_id"].is_string(), passphrase) {
        (Some(key), _, passphrase) => match Key::parse(key) {
            Err(error) => return Some(Err(error)),
            Ok(key) => passphrase.map_or(Unlock::key(key.clone()), |text| Unlock::passphrase_and_key(text, key)),
        },
        (None, true, passphrase) => {
            let (id, output) = (hex(&opener["credential_id"]), hex(&opener["prf_output"]));
            let unlock = Unlock::passkey(&id, &output.try_into().unwrap());
            passphrase.map_or(unlock.clone(), |text| unlock.with_passphrase(text))
        }
        (None, false, passphrase) => Unlock::passphrase(passphrase.unwrap()),
    };
    let unlock = if opener["allow_weak_kdf"] == true { unlock.with_weak_kdf_allowed() } else { unlock };
    Some(Ok(opener["pin"].as_str().map_or(unlock.clone(), |pin| unlock.with_pin(pin))))
}

fn open(bytes: Vec<u8>, opener: &Value) -> Option<Result<Vault, Error>> {
    Some(unlock(opener)?.and_then(|unlock| Vault::open(bytes, &unlock)))
}

fn damage(vault: &Vault) -> Vec<Value> {
    let found = vault.damage().unwrap();
    let whole = found.iter().filter(|at| at.record.is_none() || at.name.is_none());
    whole
        .map(|at| {
            let record = at.record.map(|id| HEXLOWER.encode(&id));
            json!({"name": at.compartment, "record": record, "code": at.code})
        })
        .collect()
}

/// What the vector says is damaged, without the ids of compartments, which this crate does not show.
fn expected_damage(list: &Value) -> Vec<Value> {
    let items = list.as_array().cloned().unwrap_or_default();
    let mut items: Vec<_> =
        items.iter().map(|at| json!({"name": at["name"], "record": at["record"], "code": at["code"]})).collect();
    items.sort_by_key(Value::to_string);
    items
}

fn sorted(mut items: Vec<Value>) -> Vec<Value> {
    items.sort_by_key(Value::to_string);
    items
}

fn secret(entry: &SealedEntry) -> Value {
    let field = |name: String| {
        let value = entry.reveal(&name).unwrap();
        let plain = match value.is_text() {
            true => json!(value.secret().reveal_str().unwrap()),
            false => json!({"hex": HEXLOWER.encode(value.secret().reveal())}),
        };
        (name, plain)
    };
    entry.field_names().unwrap().into_iter().map(field).collect::<serde_json::Map<_, _>>().into()
}

fn check_entry(entry: &SealedEntry, expected: &Value, context: &str) {
    let (meta, rest) = (&expected["meta"], entry.name().split_once('/').unwrap().1);
    assert_eq!(json!(rest), meta["name"], "{context}");
    assert_eq!(json!(entry.version()), expected["version"], "{context}");
    assert_eq!(json!(entry.state().as_str()), expected["state"], "{context}");
    assert_eq!(json!(entry.kind()), meta["kind"], "{context}");
    assert_eq!(json!([entry.created(), entry.updated()]), json!([meta["created"], meta["updated"]]), "{context}");
    assert_eq!(json!([entry.expires_at(), entry.rotate_after()]), json!([meta["expires_at"], meta["rotate_after"]]));
    assert_eq!(json!(entry.tags()), meta.get("tags").cloned().unwrap_or(json!([])), "{context}");
    assert_eq!(json!(entry.note()), meta["note"], "{context}");
    assert_eq!(json!(entry.info()), meta.get("info").cloned().unwrap_or(json!({})), "{context}");
    assert_eq!(secret(entry), expected["secret"], "{context}");
}

fn check_sees(vault: &Vault, sees: &Value, context: &str) {
    let scope = if sees["scope"] == "owner" { Scope::Owner } else { Scope::Holder };
    assert_eq!(vault.opened_by().unwrap().scope, scope, "{context}");
    let names: Vec<_> = vault.compartments().unwrap().into_iter().map(|at| at.name).collect();
    let mut expected: Vec<_> =
        sees["compartments"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    expected.sort_unstable();
    assert_eq!(names, expected, "{context}");
    let entries = sees["entries"].as_object().unwrap();
    let is_current = |versions: &Value| versions.as_array().unwrap().iter().any(|at| at["state"] == "current");
    let current: Vec<_> = entries.iter().filter(|(_, versions)| is_current(versions)).map(|(name, _)| name).collect();
    assert_eq!(json!(vault.names().unwrap()), json!(current), "{context}");
    for (name, versions) in entries {
        let mut found = vault.versions(name).unwrap();
        found.reverse();
        assert_eq!(found.len(), versions.as_array().unwrap().len(), "{context}");
        found.iter().zip(versions.as_array().unwrap()).for_each(|(entry, expected)| {
            check_entry(entry, expected, context);
        });
    }
}

fn run_open(name: &str, vector: &Value) {
    let expect = vector["expect"].as_str().unwrap_or("ok");
    let Some(opened) = open(bytes_of(vector, "vault"), &vector["opener"]) else {
        return println!("{name}: a passphrase that no Rust string can hold");
    };
    let is_use = vector["use"].is_object();
    if !is_use && expect != "ok" && !expect.starts_with("damaged: ") {
        assert_eq!(code(opened), expect, "{name}");
        return;
    }
    let vault = opened.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(sorted(damage(&vault)), expected_damage(&vector["damage"]), "{name}");
    if vector["sees"].is_object() {
        check_sees(&vault, &vector["sees"], name);
    }
    if is_use {
        let used = vault.entry(vector["use"]["name"].as_str().unwrap()).and_then(|entry| entry.field_names());
        assert_eq!(code(used), expect, "{name}");
        if let Some(good) = vector["use"]["good"].as_str() {
            vault.entry(good).unwrap().field_names().unwrap();
        }
    }
    for at in vector["damage"].as_array().into_iter().flatten().filter(|at| at["record"].is_null()) {
        assert_eq!(code(vault.entry(&format!("{}/main", at["name"].as_str().unwrap()))), "damaged", "{name}");
    }
    if vector["has"].is_object() {
        let id = hex(&vector["has"]["slot"]);
        assert!(vault.slots().unwrap().iter().any(|at| at.id == *id && vector["has"]["label"] == at.label), "{name}");
    }
    for other in vector["also"].as_array().into_iter().flatten() {
        let mut other = other.clone();
        other["vault"] = vector["vault"].clone();
        run_open(name, &other);
    }
}

fn entry_of(op: &Value) -> Entry {
    let mut entry = Entry::new();
    for (name, value) in op["secret"].as_object().into_iter().flatten() {
        entry = match value {
            Value::String(text) => entry.with(name, text),
            bytes => entry.with(name, hex(&bytes["hex"]).as_slice()),
        };
    }
    for (name, value) in op["meta"].as_object().into_iter().flatten() {
        entry = match name.as_str() {
            "note" => entry.with_note(value.as_str().unwrap()),
            "info" => value
                .as_object()
                .unwrap()
                .iter()
                .fold(entry, |entry, (name, text)| entry.with_info(name, text.as_str().unwrap())),
            other => panic!("no way to write {other} here"),
        };
    }
    entry
}

fn label_of(vault: &Vault, slot: &Value) -> Result<String, Error> {
    let id = hex(slot);
    Ok(vault.slots()?.into_iter().find(|at| at.id == *id).unwrap().label)
}

fn kdf_of(op: &Value) -> Result<Kdf, Error> {
    let cost = |i: usize| op["costs"][i].as_u64().unwrap() as u32;
    match op["kdf"].as_u64() {
        Some(1) => Kdf::argon2id(cost(0), cost(1), cost(2) as u8),
        Some(2) => Kdf::pbkdf2(cost(0)),
        _ => Ok(Kdf::default()),
    }
}

/// One change; the entries that it lost.
fn play(vault: &mut Vault, op: &Value) -> Result<Vec<Value>, Error> {
    let text = |name: &str| op[name].as_str().unwrap();
    let on_damage = if op["drop_damage"] == true { OnDamage::Drop } else { OnDamage::Refuse };
    match text("op") {
        "put" => vault.put(text("name"), entry_of(op)).map(drop)?,
        "update" => vault.update(text("name"), entry_of(op), None).map(drop)?,
        "remove_compartment" => vault.remove_compartment(text("name"))?,
        "grant" => {
            let key = match &op["key"] {
                // A key of which the id is known: the holder's own.
                Value::String(raw) => {
                    let opened: Vec<_> = vault.slots()?.into_iter().filter(|slot| slot.label != "owner").collect();
                    Some(key_with(opened[0].id, &hex(&Value::String(raw.clone()))))
                }
                Value::Bool(true) => Some(Key::generate()?),
                _ => None,
            };
            let unlock = match (op["passphrase"].as_str(), key) {
                _ if op["prf_output"].is_string() => new_passkey(vault, op)?,
                (Some(passphrase), None) => Unlock::passphrase(passphrase),
                (Some(passphrase), Some(key)) => Unlock::passphrase_and_key(passphrase, key),
                (None, key) => Unlock::key(key.unwrap()),
            };
            let names: Option<Vec<_>> =
                op["compartments"].as_array().map(|names| names.iter().map(|name| name.as_str().unwrap()).collect());
            let access = names.as_deref().map_or(Access::Owner, Access::Compartments);
            vault.grant(text("label"), access, &unlock, kdf_of(op)?)?;
        }
        "revoke" => {
            let label = label_of(vault, &op["slot"])?;
            let revoked = vault.revoke(&label, on_damage)?;
            return Ok(revoked
                .dropped
                .iter()
                .map(|at| {
                    let record = at.record.map(|id| HEXLOWER.encode(&id));
                    json!({"name": at.compartment, "record": record, "code": at.code})
                })
                .collect());
        }
        "change_passphrase" => {
            let label = label_of(vault, &op["slot"])?;
            let new = match op["prf_output"].is_string() {
                true => new_passkey(vault, op)?,
                false => Unlock::passphrase(text("passphrase")),
            };
            vault.change_passphrase(&label, &new, kdf_of(op)?)?;
        }
        "rekey" => {
            let keep: Result<Vec<_>, _> =
                op["presented"].as_array().unwrap().iter().map(|opener| unlock(opener).unwrap()).collect();
            vault.rekey(&keep?, on_damage).map(drop)?;
        }
        other => panic!("no such change: {other}"),
    }
    Ok(Vec::new())
}

fn new_passkey(vault: &Vault, op: &Value) -> Result<Unlock, Error> {
    let (id, output) = (hex(&op["credential_id"]), hex(&op["prf_output"]));
    let unlock = Unlock::new_passkey(&id, &output.try_into().unwrap(), &vault.generate_prf_input()?);
    Ok(op["passphrase"].as_str().map_or(unlock.clone(), |text| unlock.with_passphrase(text)))
}

fn key_with(slot_id: [u8; 8], key: &[u8]) -> Key {
    use sha2::Digest;
    let sum =
        sha2::Sha256::new().chain_update(b"strongroom/v1/key\0").chain_update(slot_id).chain_update(key).finalize();
    let raw = [&slot_id[..], key, &sum[..5]].concat();
    Key::parse(&format!("STRONGROOM-KEY-1-{}", data_encoding::BASE32_NOPAD.encode(&raw))).unwrap()
}

fn save(vector: &Value) -> Result<(Vec<u8>, Vec<Value>), Error> {
    let bytes = bytes_of(vector, "vault");
    let stored = if vector["stored"].is_string() { bytes_of(vector, "stored") } else { bytes.clone() };
    let mut vault = open(bytes, &vector["opener"]).unwrap()?;
    let mut dropped = Vec::new();
    for op in vector["change"].as_array().unwrap() {
        dropped.extend(play(&mut vault, op)?);
    }
    Ok((vault.splice(&stored)?, dropped))
}

fn check_after(name: &str, vector: &Value, bytes: &[u8], then: &Value) {
    let opened = open(bytes.to_vec(), &then["opener"]).unwrap();
    if let Some(expect) = then["expect"].as_str() {
        assert_eq!(code(opened), expect, "{name}");
        return;
    }
    let vault = opened.unwrap();
    assert_eq!(sorted(damage(&vault)), expected_damage(&then["damage"]), "{name}");
    if then["secrets"].is_object() {
        let names = vault.names().unwrap();
        let found: BTreeMap<_, _> =
            names.iter().map(|name| (name.clone(), secret(&vault.entry(name).unwrap()))).collect();
        assert_eq!(json!(found), then["secrets"], "{name}");
    }
    // In all vectors the compartment binance has the id 1, and kraken 2.
    let id_of = |name: &Value| if name == "binance" { 1 } else { 2 };
    let place = |bytes: &[u8], id: u16| places(bytes).into_iter().find(|place| place.id == id).unwrap();
    if then["part"].is_object() {
        let place = place(bytes, id_of(&then["part"]["name"]));
        assert_eq!(
            json!([place.epoch, place.revision]),
            json!([then["part"]["epoch"], then["part"]["revision"]]),
            "{name}"
        );
    }
    if then["same_part"].is_string() {
        let (stored, id) = (bytes_of(vector, "stored"), id_of(&then["same_part"]));
        assert_eq!(bytes[place(bytes, id).whole], stored[place(&stored, id).whole], "{name}");
    }
    if then["same_record"].is_object() {
        let id = hex(&then["same_record"]["record"]);
        let before = bytes_of(vector, "vault");
        let record = |bytes: &[u8]| {
            let at = bytes.windows(16).position(|window| window == id).unwrap();
            let len = |at: usize, size: usize| bytes[at..at + size].iter().fold(0, |n, &b| n << 8 | usize::from(b));
            let secret_at = at + 18 + len(at + 16, 2);
            bytes[at..secret_at + 4 + len(secret_at, 4)].to_vec()
        };
        assert_eq!(record(bytes), record(&before), "{name}");
    }
}

fn run_change(name: &str, vector: &Value) {
    let saved = save(vector);
    if vector["expect"] != "ok" {
        assert_eq!(code(saved), vector["expect"], "{name}");
    } else {
        let (bytes, dropped) = saved.unwrap_or_else(|error| panic!("{name}: {error}"));
        vector["then"].as_array().into_iter().flatten().for_each(|then| check_after(name, vector, &bytes, then));
        if vector["dropped"].is_array() {
            assert_eq!(sorted(dropped), expected_damage(&vector["dropped"]), "{name}");
        }
        if vector["twice"] == true {
            // The same numbers, and another key: the one's compartment is damage in the other.
            let (again, _) = save(vector).unwrap();
            let (one, other) = (&places(&bytes)[0], &places(&again)[0]);
            assert_eq!((one.epoch, one.revision), (other.epoch, other.revision));
            let mixed = [&again[..other.whole.start], &bytes[one.whole.clone()], &again[other.whole.end..]].concat();
            assert_eq!(damage(&open(mixed, &vector["opener"]).unwrap().unwrap()).len(), 1, "{name}");
        }
    }
    for other in vector["also_changed"].as_array().into_iter().flatten() {
        let mut one = vector.clone();
        one["also_changed"] = Value::Null;
        one["then"] = Value::Null;
        one["dropped"] = Value::Null;
        other.as_object().unwrap().iter().for_each(|(key, value)| one[key] = value.clone());
        run_change(name, &one);
    }
}

fn run_text(name: &str, vector: &Value) {
    for text in vector["texts"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()) {
        if vector["text"] == "key" {
            let key = Key::parse(text);
            if let (Ok(key), Some(holds)) = (&key, vector["holds"].as_object()) {
                assert_eq!(HEXLOWER.encode(&key.slot_id()), holds["slot_id"], "{name}");
                assert_eq!(*key, key_with(key.slot_id(), &hex(&holds["key"])), "{name}");
                assert_eq!(key.to_text().as_str(), text.trim(), "{name}");
            }
            assert_eq!(code(key), vector["expect"], "{name}");
        } else {
            // A pin is only read to open with; this one is of another vault, unless it cannot be read at all.
            let opened =
                Vault::open(forge::Forge::default().build(), &Unlock::key(forge::Forge::owner_key()).with_pin(text));
            let expect = if vector["expect"] == "ok" { json!("rollback") } else { vector["expect"].clone() };
            assert_eq!(code(opened), expect, "{name}");
        }
    }
}

#[test]
fn every_vector_gives_what_is_expected() {
    let mut counts = BTreeMap::<&str, usize>::new();
    for file in folder().join("vault").read_dir().unwrap() {
        let vector = read(&file.unwrap().path());
        let name = vector["name"].as_str().unwrap();
        let kind = match &vector {
            vector if vector["change"].is_array() => {
                run_change(name, vector);
                "changes"
            }
            vector if vector["text"].is_string() => {
                run_text(name, vector);
                "texts"
            }
            // These three need files, groups and modes: tests/rust/file.rs has them.
            vector if vector["file"].is_object() => "files",
            vector => {
                run_open(name, vector);
                "vaults"
            }
        };
        *counts.entry(kind).or_default() += 1;
    }
    println!("{counts:?}");
    assert!(counts["vaults"] > 250 && counts["changes"] > 45 && counts["texts"] > 10 && counts["files"] == 3);
}

#[test]
fn frozen_vaults_open_for_ever() {
    let mut count = 0;
    for file in folder().join("frozen").read_dir().unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "vault") {
            let content = read(&path.with_extension("json"));
            for way in content["opens"].as_array().unwrap() {
                let vault = open(std::fs::read(&path).unwrap(), &way["opener"]).unwrap().unwrap();
                assert!(damage(&vault).is_empty());
                check_sees(&vault, &way["sees"], &path.display().to_string());
            }
            count += 1;
        }
    }
    assert!(count >= 3);
}

#[test]
fn a_cost_read_from_a_weak_slot_makes_no_new_one() {
    let vector = read(&folder().join("vault/weak_kdf_allowed.json"));
    let mut vault = open(bytes_of(&vector, "vault"), &vector["opener"]).unwrap().unwrap();
    let slots = vault.slots().unwrap();
    let (label, weak) = slots.iter().find_map(|slot| slot.kdf.map(|kdf| (&slot.label, kdf))).unwrap();
    let new = Unlock::passphrase("a new passphrase");
    assert_eq!(code(vault.grant("new", Access::Owner, &new, weak)), "weak_kdf");
    assert_eq!(code(vault.change_passphrase(label, &new, weak)), "weak_kdf");
    assert_eq!(code(Vault::create(&new, weak)), "weak_kdf");
    assert!(!vault.is_changed());
    vault.grant("by key", Access::Owner, &Unlock::key(Key::generate().unwrap()), weak).unwrap();
}

/// A cost under today's floor is not carried over, and a new key of a slot has no use for the hint of the old one.
#[test]
fn a_rekeyed_slot_has_todays_cost_and_no_hint() {
    let vector = read(&folder().join("vault/weak_kdf_allowed.json"));
    let mut vault = open(bytes_of(&vector, "vault"), &vector["opener"]).unwrap().unwrap();
    let keep = unlock(&vector["opener"]).unwrap().unwrap();
    vault.rekey(&[keep], OnDamage::Refuse).unwrap();
    assert_eq!(vault.slots().unwrap()[0].kdf, Some(Kdf::default()));

    let vector = read(&folder().join("vault/hint_1023_bytes.json"));
    let before = bytes_of(&vector, "vault");
    let mut vault = open(before.clone(), &vector["opener"]).unwrap().unwrap();
    let keep = unlock(&vector["opener"]).unwrap().unwrap();
    vault.rekey(&[keep], OnDamage::Refuse).unwrap();
    assert!(vault.seal().unwrap().len() + 1000 < before.len());
}
