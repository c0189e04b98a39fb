//! Writes the bytes of a vault without a check: every part may be replaced by anything, and is then sealed and
//! authenticated as if it were right. What an attacker with keys can do, and what fuzzing needs to get past the MACs.
//!
//! Written from FORMAT.md, with nothing of the crate but its name. Two slots: an owner's and a holder's, both with keys.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use xaes_256_gcm::Xaes256Gcm;
use xaes_256_gcm::aead::Aead;

const MAGIC: &[u8] = b"\x89STRONGROOM\r\n\x1a\n";

/// One record, with its parts as plaintext, or as bytes that are taken as they are.
#[derive(Clone)]
pub enum Record {
    Sealed { id: [u8; 16], meta: Vec<u8>, secret: Vec<u8> },
    Raw(Vec<u8>),
}

/// One compartment. `mac` replaces the right MAC.
#[derive(Clone)]
pub struct Compartment {
    pub id: u16,
    pub epoch: u64,
    pub revision: u64,
    pub key: [u8; 32],
    pub records: Vec<Record>,
    pub mac: Option<[u8; 32]>,
}

/// A whole vault. What is `None` is written as it should be.
#[derive(Clone)]
pub struct Forge {
    pub vault_id: [u8; 16],
    pub root_revision: u64,
    pub root_key: [u8; 32],
    pub compartments: Vec<Compartment>,
    pub directory: Option<Vec<u8>>,
    pub keyring: Option<Vec<u8>>,
    pub owner_payload: Option<Vec<u8>>,
    pub holder_payload: Option<Vec<u8>>,
}

pub const OWNER_ID: [u8; 8] = *b"owner-id";
pub const HOLDER_ID: [u8; 8] = *b"zholder!";
const OWNER_KEY: [u8; 32] = [0x11; 32];
const HOLDER_KEY: [u8; 32] = [0x22; 32];
const SALT: [u8; 32] = [0x33; 32];

impl Default for Forge {
    fn default() -> Self {
        let record = Record::Sealed { id: [9; 16], meta: meta("main", 1, "current"), secret: secret("hush") };
        let compartment =
            Compartment { id: 7, epoch: 2, revision: 3, key: [0x44; 32], records: vec![record], mac: None };
        Self {
            vault_id: [0x55; 16],
            root_revision: 2,
            root_key: [0x66; 32],
            compartments: vec![compartment],
            directory: None,
            keyring: None,
            owner_payload: None,
            holder_payload: None,
        }
    }
}

impl Forge {
    pub fn owner_key() -> strongroom::Key {
        key_text(OWNER_ID, OWNER_KEY)
    }

    pub fn holder_key() -> strongroom::Key {
        key_text(HOLDER_ID, HOLDER_KEY)
    }

    pub fn build(&self) -> Vec<u8> {
        let (owner_head, holder_head) = (head(OWNER_ID, 1), head(HOLDER_ID, 2));
        let (owner_key, owner_commit) = slot_keys(OWNER_KEY, &self.vault_id, &owner_head);
        let (holder_key, holder_commit) = slot_keys(HOLDER_KEY, &self.vault_id, &holder_head);

        let mut bytes = MAGIC.to_vec();
        bytes.push(1);
        bytes.extend(self.vault_id);
        bytes.extend(self.root_revision.to_be_bytes());
        bytes.extend(2u16.to_be_bytes());
        bytes.extend((self.compartments.len() as u16).to_be_bytes());

        let (root_mac_key, keyring_key) = expand(&self.root_key, "root-keys", &[&self.vault_id]);
        let keyring = self.keyring.clone().unwrap_or_else(|| self.keyring_of(&owner_key, &holder_key));
        push(&mut bytes, &seal(&keyring_key, &aad("keyring", &[&self.vault_id]), &keyring));

        let owner_payload =
            self.owner_payload.clone().unwrap_or_else(|| cbor_map(&[("root_key", bstr(&self.root_key))]));
        let holder_payload = self.holder_payload.clone().unwrap_or_else(|| self.payload());
        for (head, commit, key, payload) in [
            (&owner_head, owner_commit, owner_key, owner_payload),
            (&holder_head, holder_commit, holder_key, holder_payload),
        ] {
            bytes.extend(head);
            bytes.extend(commit);
            push(&mut bytes, &seal(&key, &aad("slot", &[&self.vault_id, head]), &payload));
        }
        let directory =
            self.compartments.iter().flat_map(|at| [&at.id.to_be_bytes()[..], &at.epoch.to_be_bytes()].concat());
        bytes.extend(self.directory.clone().unwrap_or_else(|| directory.collect()));
        bytes.extend(mac(&root_mac_key, &[&bytes]));
        for at in &self.compartments {
            at.build(&self.vault_id, &mut bytes);
        }
        bytes
    }

    fn keyring_of(&self, owner_key: &[u8; 32], holder_key: &[u8; 32]) -> Vec<u8> {
        let slot = |id: &[u8], key: &[u8], label: &str| {
            cbor_map(&[("id", bstr(id)), ("key", bstr(key)), ("label", tstr(label)), ("created", uint(1))])
        };
        let compartment = |at: &Compartment| {
            let name = tstr(&format!("c{}", at.id));
            cbor_map(&[("id", uint(at.id.into())), ("key", bstr(&at.key)), ("name", name), ("created", uint(1))])
        };
        cbor_map(&[
            ("slots", array(&[slot(&OWNER_ID, owner_key, "owner"), slot(&HOLDER_ID, holder_key, "holder")])),
            ("compartments", array(&self.compartments.iter().map(compartment).collect::<Vec<_>>())),
        ])
    }

    pub fn payload(&self) -> Vec<u8> {
        let compartment = |at: &Compartment| {
            let name = tstr(&format!("c{}", at.id));
            cbor_map(&[("id", uint(at.id.into())), ("epoch", uint(at.epoch)), ("key", bstr(&at.key)), ("name", name)])
        };
        cbor_map(&[("compartments", array(&self.compartments.iter().map(compartment).collect::<Vec<_>>()))])
    }
}

impl Compartment {
    pub fn build(&self, vault_id: &[u8; 16], bytes: &mut Vec<u8>) {
        let context = [&vault_id[..], &self.id.to_be_bytes(), &self.epoch.to_be_bytes()];
        let (enc, mac_key) = expand(&self.key, "compartment-keys", &context);
        let mut records = Vec::new();
        for record in &self.records {
            match record {
                Record::Raw(raw) => records.extend(raw),
                Record::Sealed { id, meta, secret } => {
                    let part = |label, plaintext: &[u8]| {
                        seal(&enc, &aad(label, &[context[0], context[1], context[2], id]), plaintext)
                    };
                    let (meta, secret) = (part("meta", meta), part("secret", secret));
                    records.extend(id);
                    records.extend((meta.len() as u16).to_be_bytes());
                    records.extend(meta);
                    push(&mut records, &secret);
                }
            }
        }
        let revision = self.revision.to_be_bytes();
        let len = (records.len() as u32).to_be_bytes();
        let right = mac(&mac_key, &[MAGIC, &[1], context[0], context[1], context[2], &revision, &len, &records]);
        bytes.extend(revision);
        bytes.extend(len);
        bytes.extend(records);
        bytes.extend(self.mac.unwrap_or(right));
    }
}

pub fn meta(name: &str, version: u64, state: &str) -> Vec<u8> {
    cbor_map(&[
        ("name", tstr(name)),
        ("kind", tstr("k")),
        ("created", uint(1)),
        ("updated", uint(1)),
        ("version", uint(version)),
        ("state", tstr(state)),
    ])
}

pub fn secret(text: &str) -> Vec<u8> {
    cbor_map(&[("secret", tstr(text))])
}

pub fn uint(number: u64) -> Vec<u8> {
    cbor_head(0, number)
}

pub fn bstr(bytes: &[u8]) -> Vec<u8> {
    [cbor_head(2, bytes.len() as u64), bytes.to_vec()].concat()
}

pub fn tstr(text: &str) -> Vec<u8> {
    [cbor_head(3, text.len() as u64), text.as_bytes().to_vec()].concat()
}

pub fn array(items: &[Vec<u8>]) -> Vec<u8> {
    [cbor_head(4, items.len() as u64), items.concat()].concat()
}

pub fn cbor_map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut pairs: Vec<_> = pairs.iter().map(|(key, value)| (tstr(key), value.clone())).collect();
    pairs.sort();
    let mut bytes = cbor_head(5, pairs.len() as u64);
    bytes.extend(pairs.into_iter().flat_map(|(key, value)| [key, value].concat()));
    bytes
}

fn cbor_head(major: u8, number: u64) -> Vec<u8> {
    let major = major << 5;
    match number {
        0..=23 => vec![major | number as u8],
        24..=0xff => vec![major | 24, number as u8],
        0x100..=0xffff => [vec![major | 25], (number as u16).to_be_bytes().to_vec()].concat(),
        0x1_0000..=0xffff_ffff => [vec![major | 26], (number as u32).to_be_bytes().to_vec()].concat(),
        _ => [vec![major | 27], number.to_be_bytes().to_vec()].concat(),
    }
}

fn key_text(id: [u8; 8], key: [u8; 32]) -> strongroom::Key {
    let digest = Sha256::new().chain_update(b"strongroom/v1/key\0").chain_update(id).chain_update(key).finalize();
    let raw = [&id[..], &key, &digest[..5]].concat();
    strongroom::Key::parse(&format!("STRONGROOM-KEY-1-{}", data_encoding::BASE32_NOPAD.encode(&raw))).unwrap()
}

fn head(id: [u8; 8], scope: u8) -> Vec<u8> {
    [&id[..], &[scope, 2, 0], &[0; 9], &SALT, &[0; 2]].concat()
}

fn labelled(label: &str, context: &[&[u8]]) -> Vec<u8> {
    [b"strongroom/v1/", label.as_bytes(), b"\0", &context.concat()].concat()
}

fn aad(label: &str, context: &[&[u8]]) -> Vec<u8> {
    labelled(label, context)
}

fn expand(key: &[u8; 32], label: &str, context: &[&[u8]]) -> ([u8; 32], [u8; 32]) {
    split(&Hkdf::<Sha256>::from_prk(key).unwrap(), &labelled(label, context))
}

fn slot_keys(key: [u8; 32], vault_id: &[u8; 16], head: &[u8]) -> ([u8; 32], [u8; 32]) {
    split(&Hkdf::<Sha256>::new(Some(&SALT), &key), &labelled("slot", &[vault_id, head]))
}

fn split(hkdf: &Hkdf<Sha256>, info: &[u8]) -> ([u8; 32], [u8; 32]) {
    let mut out = [0; 64];
    hkdf.expand(info, &mut out).unwrap();
    (out[..32].try_into().unwrap(), out[32..].try_into().unwrap())
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(parts.concat()).finalize().into_bytes().into()
}

/// Pads with zeros to a multiple of 64 where `plaintext` is not that long already, and seals. The nonce is fixed: these
/// bytes are for tests only.
fn seal(key: &[u8; 32], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let mut padded = plaintext.to_vec();
    padded.resize(padded.len().max(1).next_multiple_of(64), 0);
    let nonce = [0x77; 24];
    let payload = xaes_256_gcm::aead::Payload { msg: &padded, aad };
    [nonce.to_vec(), Xaes256Gcm::new(key.into()).encrypt(&nonce.into(), payload).unwrap()].concat()
}

fn push(bytes: &mut Vec<u8>, sealed: &[u8]) {
    bytes.extend((sealed.len() as u32).to_be_bytes());
    bytes.extend(sealed);
}
