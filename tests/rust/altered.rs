//! No altered file is ever accepted: it is refused, or reported as damage of exactly the compartment that it is in, and what
//! can still be read is what was written. 100,000 altered files in `make test`, a million in `make soak`.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use data_encoding::BASE64;
use serde_json::Value;
use strongroom::Key;
use strongroom::vault::{Unlock, Vault};

/// SplitMix64: the same alterations at every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// Every entry with all that can be read of it.
type Contents = BTreeMap<String, String>;

struct Good {
    name: String,
    key: Key,
    bytes: Vec<u8>,
    contents: Contents,
    compartments: Vec<(String, Range<usize>)>,
}

fn contents(vault: &Vault) -> Contents {
    let mut contents = Contents::new();
    for name in vault.names().unwrap() {
        for entry in vault.versions(&name).unwrap() {
            let mut text = format!("{:?} {:?} {:?} {:?}", entry.state(), entry.kind(), entry.note(), entry.info());
            for field in entry.field_names().unwrap() {
                text += &format!(" {field}={:?}", entry.reveal(&field).unwrap().secret().reveal());
            }
            contents.insert(format!("{name} {}", entry.version()), text);
        }
    }
    contents
}

/// The good vaults of the kit that a key opens for an owner, and where their compartments are.
fn good_vaults() -> Vec<Good> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/vault");
    let mut good = Vec::new();
    for file in folder.read_dir().unwrap() {
        let vector: Value = serde_json::from_slice(&std::fs::read(file.unwrap().path()).unwrap()).unwrap();
        let opener = vector["opener"].as_object();
        let is_by_key = opener.is_some_and(|opener| opener.len() == 1 && opener.contains_key("key"));
        let is_plain = vector["sees"]["scope"] == "owner"
            && ["change", "made", "damage", "use"].iter().all(|key| vector[key].is_null());
        if vector["expect"] != "ok" || !is_by_key || !is_plain {
            continue;
        }
        let bytes = BASE64.decode(vector["vault"].as_str().unwrap().as_bytes()).unwrap();
        if bytes.len() > 20_000 {
            continue;
        }
        let key = Key::parse(vector["opener"]["key"].as_str().unwrap()).unwrap();
        let vault = Vault::open(bytes.clone(), &Unlock::key(key.clone())).unwrap();
        let (name, contents) = (vector["name"].as_str().unwrap().to_owned(), contents(&vault));
        let compartments = compartments(&bytes, &vault);
        good.push(Good { name, key, bytes, contents, compartments });
    }
    good
}

/// The names of the compartments, by flipping a bit in each one's place; see FORMAT.md, section 2.1, for the places.
fn compartments(bytes: &[u8], vault: &Vault) -> Vec<(String, Range<usize>)> {
    let number = |at: usize, len: usize| bytes[at..at + len].iter().fold(0, |n, &byte| n << 8 | usize::from(byte));
    let mut at = 44 + 4 + number(44, 4);
    for _ in 0..number(40, 2) {
        at += 54 + number(at + 52, 2) + 32;
        at += 4 + number(at, 4);
    }
    let count = number(42, 2);
    at += 10 * count + 32;
    let mut places = Vec::new();
    for _ in 0..count {
        let start = at;
        at += 12 + number(at + 8, 4) + 32;
        places.push(start..at);
    }
    assert_eq!((at, places.len()), (bytes.len(), vault.compartments().unwrap().len()));
    places.into_iter().map(|place| (String::new(), place)).collect()
}

fn name_compartments(good: &mut Good) {
    for (name, place) in &mut good.compartments {
        let mut flipped = good.bytes.clone();
        flipped[place.end - 1] ^= 1;
        let vault = Vault::open(flipped, &Unlock::key(good.key.clone())).unwrap();
        let [damage] = vault.damage().unwrap().try_into().unwrap();
        *name = damage.compartment;
    }
}

enum Change {
    Flip(usize),
    Other,
}

fn alter(bytes: &mut Vec<u8>, random: &mut Random) -> Change {
    let at = random.below(bytes.len());
    match random.below(10) {
        0..=5 => {
            bytes[at] ^= 1 << random.below(8);
            Change::Flip(at)
        }
        6 => {
            bytes.truncate(at);
            Change::Other
        }
        7 => {
            bytes.insert(at, random.next() as u8);
            Change::Other
        }
        8 => {
            bytes.remove(at);
            Change::Other
        }
        _ => {
            let end = bytes.len().min(at + 1 + random.below(63));
            let before = bytes[at..end].to_vec();
            bytes[at..end].fill_with(|| random.next() as u8);
            if bytes[at..end] == before {
                bytes[at] ^= 1;
            }
            Change::Other
        }
    }
}

#[test]
fn no_altered_vault_is_accepted() {
    let rounds = if std::env::var_os("STRONGROOM_SOAK").is_some() { 1_000_000 } else { 100_000 };
    let mut good = good_vaults();
    good.iter_mut().for_each(name_compartments);
    assert!(good.len() > 10);
    let mut random = Random(1);
    let (mut refused, mut damaged) = (0, 0);
    for round in 0..rounds {
        let vault = &good[round % good.len()];
        let mut bytes = vault.bytes.clone();
        let change = alter(&mut bytes, &mut random);
        if bytes == vault.bytes {
            continue; // a byte that was put in or taken out may leave the same bytes
        }
        let Ok(opened) = Vault::open(bytes, &Unlock::key(vault.key.clone())) else {
            refused += 1;
            continue;
        };
        let context = format!("round {round}, {}", vault.name);
        let damage = opened.damage().unwrap();
        assert!(!damage.is_empty(), "{context}: accepted");
        if let Change::Flip(at) = change {
            let hit = vault.compartments.iter().find(|(_, place)| place.contains(&at)).map(|(name, _)| name);
            let found: Vec<_> = damage.iter().map(|damage| &damage.compartment).collect();
            assert_eq!(found, hit.into_iter().collect::<Vec<_>>(), "{context}: byte {at}");
        }
        for (name, text) in contents(&opened) {
            assert_eq!(vault.contents.get(&name), Some(&text), "{context}: other contents");
        }
        damaged += 1;
    }
    println!("{rounds} altered files of {} vaults: {refused} refused, {damaged} reported as damage", good.len());
    assert!(refused > 0 && damaged > 0);
}
