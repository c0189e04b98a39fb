//! Who may do what, played by those who may not: storage, a holder, a revoked holder, an ex-owner. FORMAT.md, sections 9
//! and 11. What cannot be prevented is shown too, so that nobody takes it for prevented.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

use strongroom::vault::{Access, Entry, OnDamage, Unlock, Vault};
use strongroom::{Error, Kdf, Key};

fn code<T>(result: Result<T, Error>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "ok")
}

fn open(bytes: &[u8], key: &Key) -> Result<Vault, Error> {
    Vault::open(bytes, &Unlock::key(key.clone()))
}

fn open_pinned(bytes: &[u8], key: &Key, pin: &str) -> Result<Vault, Error> {
    Vault::open(bytes, &Unlock::key(key.clone()).with_pin(pin))
}

fn secret(vault: &Vault, name: &str) -> String {
    vault.entry(name).unwrap().reveal("secret").unwrap().secret().reveal_str().unwrap().to_owned()
}

fn put(vault: &mut Vault, name: &str, secret: &str) {
    vault.put(name, Entry::new().with("secret", secret)).unwrap();
}

/// An owner, and the bots `victim` and `mallory` that share the compartment binance; kraken is the owner's alone.
struct Town {
    owner: Key,
    victim: Key,
    mallory: Key,
    bytes: Vec<u8>,
}

fn town() -> Town {
    let [owner, victim, mallory] = [(); 3].map(|()| Key::generate().unwrap());
    let mut vault = Vault::create(&Unlock::key(owner.clone()), Kdf::default()).unwrap();
    put(&mut vault, "binance/main", "binance-1");
    put(&mut vault, "kraken/main", "kraken-1");
    for (label, key) in [("victim", &victim), ("mallory", &mallory)] {
        vault.grant(label, Access::Compartments(&["binance"]), &Unlock::key(key.clone()), Kdf::default()).unwrap();
    }
    Town { owner, victim, mallory, bytes: vault.seal().unwrap() }
}

impl Town {
    fn as_owner(&self, change: impl FnOnce(&mut Vault)) -> (Vault, Vec<u8>) {
        let mut vault = open(&self.bytes, &self.owner).unwrap();
        change(&mut vault);
        let bytes = vault.seal().unwrap();
        (vault, bytes)
    }

    fn without_mallory(&self) -> (Vault, Vec<u8>) {
        self.as_owner(|vault| assert_eq!(vault.revoke("mallory", OnDamage::Refuse).unwrap().rotate, ["binance/main"]))
    }
}

/// Where the parts of a vault's bytes are; see FORMAT.md, section 2.1.
struct Parts {
    slots: Vec<std::ops::Range<usize>>,
    directory: std::ops::Range<usize>,
    compartments: Vec<std::ops::Range<usize>>,
}

fn parts(bytes: &[u8]) -> Parts {
    let number = |at: usize, len: usize| bytes[at..at + len].iter().fold(0, |n, &byte| n << 8 | usize::from(byte));
    let (slot_count, compartment_count) = (number(40, 2), number(42, 2));
    let mut at = 44;
    at += 4 + number(at, 4);
    let mut slots = Vec::new();
    for _ in 0..slot_count {
        let start = at;
        at += 54 + number(at + 52, 2) + 32;
        at += 4 + number(at, 4);
        slots.push(start..at);
    }
    let directory = at..at + 10 * compartment_count;
    at = directory.end + 32;
    let mut compartments = Vec::new();
    for _ in 0..compartment_count {
        let start = at;
        at += 12 + number(at + 8, 4) + 32;
        compartments.push(start..at);
    }
    assert_eq!(at, bytes.len());
    Parts { slots, directory, compartments }
}

fn slot_of(bytes: &[u8], key: &Key) -> Vec<u8> {
    let slots = parts(bytes).slots;
    bytes[slots.into_iter().find(|slot| bytes[slot.start..][..8] == key.slot_id()).unwrap()].to_vec()
}

/// `bytes` with one part replaced.
fn with(bytes: &[u8], at: std::ops::Range<usize>, part: &[u8]) -> Vec<u8> {
    [&bytes[..at.start], part, &bytes[at.end..]].concat()
}

#[test]
fn storage_can_withhold_but_a_pin_tells() {
    let town = town();
    let (now, newer) = town.as_owner(|vault| put(vault, "binance/main", "binance-2"));
    let pin = now.pin().unwrap();
    assert_eq!(
        secret(&open(&town.bytes, &town.owner).unwrap(), "binance/main"),
        "binance-1",
        "without a pin: not told"
    );
    assert_eq!(code(open_pinned(&town.bytes, &town.owner, &pin)), "rollback");
    assert_eq!(code(open_pinned(&town.bytes, &town.victim, &now.pin_for("victim").unwrap())), "rollback");
    assert_eq!(code(open_pinned(&newer, &town.owner, &pin)), "ok");
}

#[test]
fn storage_can_roll_one_compartment_back_but_a_pin_tells() {
    let town = town();
    let (now, newer) = town.as_owner(|vault| {
        put(vault, "binance/main", "binance-2");
        put(vault, "kraken/main", "kraken-2");
    });
    let (old, new) = (parts(&town.bytes), parts(&newer));
    let mixed = with(&newer, new.compartments[0].clone(), &town.bytes[old.compartments[0].clone()]);
    let fooled = open(&mixed, &town.owner).unwrap();
    assert_eq!(
        (secret(&fooled, "binance/main"), secret(&fooled, "kraken/main")),
        ("binance-1".into(), "kraken-2".into())
    );
    assert_eq!(code(open_pinned(&mixed, &town.owner, &now.pin().unwrap())), "rollback");
}

#[test]
fn storage_cannot_swap_mix_or_alter() {
    let town = town();
    let whole = |bytes: &[u8]| {
        let vault = open(bytes, &town.owner).unwrap();
        vault.damage().unwrap().iter().map(|at| (at.compartment.clone(), at.code)).collect::<Vec<_>>()
    };
    let decrypt = |name: &str| (name.to_owned(), "decrypt");
    let at = parts(&town.bytes);
    let part = |i: usize| &town.bytes[at.compartments[i].clone()];
    let swapped = [&town.bytes[..at.compartments[0].start], part(1), part(0)].concat();
    assert_eq!(whole(&swapped), [decrypt("binance"), decrypt("kraken")]);
    let (_, after) = town.without_mallory();
    let put_back = with(&after, parts(&after).compartments[0].clone(), part(0));
    assert_eq!(whole(&put_back), [decrypt("binance")], "from before the new key");
    for at in (0..town.bytes.len()).step_by(7) {
        let mut flipped = town.bytes.clone();
        flipped[at] ^= 0x10;
        let told = open(&flipped, &town.owner).map(|vault| vault.damage().unwrap().len());
        assert!(!matches!(told, Ok(0)), "byte {at}");
    }
}

#[test]
fn storage_cannot_make_a_holders_write_vanish() {
    let town = town();
    let mut victim = open(&town.bytes, &town.victim).unwrap();
    put(&mut victim, "binance/new", "1");
    let at = parts(&town.bytes);
    let mut other_epoch = town.bytes.clone();
    other_epoch[at.directory.start + 9] += 1;
    assert_eq!(code(victim.splice(&other_epoch)), "conflict");
    let mut other_id = town.bytes.clone();
    other_id[at.directory.start + 11] += 7;
    assert_eq!(code(victim.splice(&other_id)), "ok", "a line that is not its own is none of its business");
    let line = at.directory.start..at.directory.start + 10;
    let mut gone = with(&with(&town.bytes, at.compartments[0].clone(), &[]), line, &[]);
    gone[43] -= 1;
    assert_eq!(code(victim.splice(&gone)), "conflict");
}

#[test]
fn storage_cannot_give_a_holder_more() {
    let town = town();
    let at = parts(&town.bytes);
    let (owner, mallory) = (slot_of(&town.bytes, &town.owner), slot_of(&town.bytes, &town.mallory));
    // The scope is bound by the slot's commitment.
    let mut scope = town.bytes.clone();
    let mallorys = at.slots.iter().find(|slot| town.bytes[slot.start..][..8] == town.mallory.slot_id()).unwrap();
    scope[mallorys.start + 8] = 1;
    assert_eq!(code(open(&scope, &town.mallory)), "decrypt");
    // An owner's payload under a holder's head.
    let grafted = [&mallory[..86], &owner[86..]].concat();
    assert_eq!(code(open(&with(&town.bytes, mallorys.clone(), &grafted), &town.mallory)), "decrypt");
}

#[test]
fn a_holder_learns_and_changes_nothing_else() {
    let town = town();
    let mut mallory = open(&town.bytes, &town.mallory).unwrap();
    assert_eq!(mallory.compartments().unwrap().iter().map(|at| at.name.as_str()).collect::<Vec<_>>(), ["binance"]);
    assert!(!town.bytes.windows(6).any(|window| window == b"kraken"), "not even a name");
    let key = || Unlock::key(Key::generate().unwrap());
    for refused in [
        code(mallory.entry("kraken/main")),
        code(mallory.put("kraken/main", Entry::new())),
        code(mallory.rename("binance/main", "kraken/mine")),
        code(mallory.copy("binance/main", "new/mine")),
        code(mallory.slots()),
        code(mallory.grant("friend", Access::Compartments(&["binance"]), &key(), Kdf::default())),
        code(mallory.revoke("victim", OnDamage::Refuse)),
        code(mallory.revoke_from("victim", &["binance"], OnDamage::Refuse)),
        code(mallory.remove_compartment("binance")),
        code(mallory.change_passphrase("owner", &Unlock::passphrase("x"), Kdf::default())),
        code(mallory.rekey(&[Unlock::key(town.mallory.clone())], OnDamage::Refuse)),
        code(mallory.pin_for("victim")),
    ] {
        assert_eq!(refused, "no_access");
    }
    // What it does change is its compartment alone: the root part and kraken keep their bytes.
    put(&mut mallory, "binance/main", "forged");
    let bytes = mallory.seal().unwrap();
    let (before, after) = (parts(&town.bytes), parts(&bytes));
    assert_eq!(town.bytes[..before.compartments[0].start], bytes[..after.compartments[0].start]);
    assert_eq!(town.bytes[before.compartments[1].clone()], bytes[after.compartments[1].clone()]);
    // An entry is as trustworthy as the least trusted holder of its compartment, towards the owner too.
    assert_eq!(secret(&open(&bytes, &town.owner).unwrap(), "binance/main"), "forged");
}

#[test]
fn a_holder_cannot_draw_the_owners_next_write_to_itself() {
    let town = town();
    let mut mallory = open(&town.bytes, &town.mallory).unwrap();
    put(&mut mallory, "binance/kraken/main", "bait");
    let bytes = mallory.seal().unwrap();
    let mut owner = open(&bytes, &town.owner).unwrap();
    assert_eq!(secret(&owner, "kraken/main"), "kraken-1");
    put(&mut owner, "kraken/main", "kraken-2");
    let bytes = owner.seal().unwrap();
    let mallory = open(&bytes, &town.mallory).unwrap();
    assert_eq!(mallory.names().unwrap(), ["binance/kraken/main", "binance/main"]);
    assert_eq!(secret(&mallory, "binance/kraken/main"), "bait");
}

#[test]
fn a_revoked_holder_is_out_and_keeps_only_what_it_had() {
    let town = town();
    let (owner, after) = town.without_mallory();
    assert_eq!(code(open(&after, &town.mallory)), "decrypt");
    assert_eq!(secret(&open(&after, &town.victim).unwrap(), "binance/main"), "binance-1", "nobody had to be present");
    assert!(owner.slots().unwrap().iter().all(|slot| slot.label != "mallory"));
    // Its old slot in the new file: the payload opens, and names an epoch that is no more.
    let slot = slot_of(&town.bytes, &town.mallory);
    let mut slots: Vec<_> = parts(&after).slots.iter().map(|at| after[at.clone()].to_vec()).chain([slot]).collect();
    slots.sort();
    let at = parts(&after);
    let region = at.slots[0].start..at.slots.last().unwrap().end;
    let mut put_back = with(&after, region, &slots.concat());
    put_back[41] += 1;
    let back = open(&put_back, &town.mallory).unwrap();
    assert_eq!(back.damage().unwrap()[0].code, "decrypt");
    assert!(back.names().unwrap().is_empty());
    assert_eq!(code(open(&put_back, &town.owner)), "decrypt", "an owner is told");
    // An old copy stays open to it for ever: that is why the entries are to be rotated.
    assert_eq!(secret(&open(&town.bytes, &town.mallory).unwrap(), "binance/main"), "binance-1");
}

#[test]
fn a_revoked_holder_can_feed_a_holder_without_a_fresh_pin() {
    let town = town();
    let (owner, after) = town.without_mallory();
    let old_pin = open(&town.bytes, &town.victim).unwrap().pin().unwrap();
    let fresh_pin = owner.pin_for("victim").unwrap();
    // Forged contents under the old key, in the old file ...
    let mut mallory = open(&town.bytes, &town.mallory).unwrap();
    put(&mut mallory, "binance/main", "forged");
    let forged = mallory.seal().unwrap();
    // ... and in the new one, with the victim's old slot, the old directory and the forged compartment.
    let (new, old) = (parts(&after), parts(&forged));
    let victims = new.slots.iter().find(|slot| after[slot.start..][..8] == town.victim.slot_id()).unwrap().clone();
    let mut mixed = with(&after, new.compartments[0].clone(), &forged[old.compartments[0].clone()]);
    mixed = with(&mixed, new.directory.clone(), &forged[old.directory.clone()]);
    mixed = with(&mixed, victims, &slot_of(&forged, &town.victim));
    for bytes in [&forged, &mixed] {
        assert_eq!(secret(&open(bytes, &town.victim).unwrap(), "binance/main"), "forged", "the honest limit");
        assert_eq!(code(open_pinned(bytes, &town.victim, &old_pin)), "ok", "a pin from before is no help");
        assert_eq!(code(open_pinned(bytes, &town.victim, &fresh_pin)), "rollback");
    }
    assert_eq!(code(open(&mixed, &town.owner)), "decrypt");
    assert_eq!(code(open_pinned(&forged, &town.owner, &owner.pin().unwrap())), "rollback");
}

#[test]
fn an_ex_owner_is_out_after_a_rekey() {
    let town = town();
    let ex = Key::generate().unwrap();
    let (_, before) = town.as_owner(|vault| {
        vault.grant("ex", Access::Owner, &Unlock::key(ex.clone()), Kdf::default()).unwrap();
    });
    // Revoking is refused: it would not help against someone who holds every key.
    let mut owner = open(&before, &town.owner).unwrap();
    assert_eq!(code(owner.revoke("ex", OnDamage::Refuse)), "invalid_input");
    let rekeyed = owner.rekey(&[Unlock::key(town.owner.clone())], OnDamage::Refuse).unwrap();
    assert_eq!(rekeyed.removed.len(), 3);
    assert_eq!(rekeyed.rotate, ["binance/main", "kraken/main"]);
    let after = owner.seal().unwrap();
    let new_key = &rekeyed.keys[0].1;
    let salt = |bytes: &[u8], key: &Key| slot_of(bytes, key)[20..52].to_vec();
    assert_ne!(salt(&before, &town.owner), salt(&after, new_key));
    let pin = owner.pin().unwrap();
    for key in [&ex, &town.owner, &town.victim, &town.mallory] {
        assert_eq!(code(open(&after, key)), "decrypt", "old keys, the owner's too");
    }
    assert_eq!(secret(&open(&after, new_key).unwrap(), "kraken/main"), "kraken-1");
    // Its old slot in the new file: the commitment binds the vault id.
    let mut put_back = with(&after, parts(&after).slots[0].clone(), &slot_of(&before, &ex));
    assert_eq!(code(open(&put_back, &ex)), "decrypt");
    put_back[16..32].copy_from_slice(&before[16..32]);
    assert_eq!(code(open(&put_back, &ex)), "decrypt", "with the old id, the root MAC does not fit");
    // The old file in place of the new one: the owner's new key does not open it, and a pin tells.
    assert_eq!(code(open(&before, new_key)), "decrypt");
    assert_eq!(code(open_pinned(&before, &town.owner, &pin)), "rollback");
    // A compartment of the old vault in the new one.
    let (old, new) = (parts(&before), parts(&after));
    let mixed = with(&after, new.compartments[1].clone(), &before[old.compartments[1].clone()]);
    assert_eq!(code(open(&mixed, new_key).unwrap().entry("kraken/main")), "damaged");
}

#[test]
fn an_old_passphrase_opens_old_copies_only() {
    let weak = Kdf::argon2id(19_456, 2, 1).unwrap();
    let mut vault = Vault::create(&Unlock::passphrase("old passphrase"), weak).unwrap();
    put(&mut vault, "a/b", "1");
    let before = vault.seal().unwrap();
    vault.change_passphrase("owner", &Unlock::passphrase("new passphrase"), weak).unwrap();
    let after = vault.seal().unwrap();
    let salt = |bytes: &[u8]| bytes[parts(bytes).slots[0].start + 20..][..32].to_vec();
    assert_ne!(salt(&before), salt(&after), "a salt serves one passphrase");
    let try_with = |bytes: &[u8], text: &str| code(Vault::open(bytes, &Unlock::passphrase(text)));
    assert_eq!(try_with(&after, "old passphrase"), "decrypt");
    assert_eq!(try_with(&after, "new passphrase"), "ok");
    assert_eq!(try_with(&before, "old passphrase"), "ok", "why a leak calls for a re-key");
    // The old slot in the new file opens under the old passphrase, but not as part of this file.
    let put_back = with(&after, parts(&after).slots[0].clone(), &before[parts(&before).slots[0].clone()]);
    assert_eq!(try_with(&put_back, "old passphrase"), "decrypt");
    assert_eq!(try_with(&put_back, "new passphrase"), "decrypt");
}

#[test]
fn a_taken_away_compartment_is_gone_and_the_others_stay() {
    let town = town();
    let both = Key::generate().unwrap();
    let (mut owner, before) = town.as_owner(|vault| {
        let access = Access::Compartments(&["binance", "kraken"]);
        vault.grant("both", access, &Unlock::key(both.clone()), Kdf::default()).unwrap();
    });
    assert_eq!(open(&before, &both).unwrap().names().unwrap(), ["binance/main", "kraken/main"]);
    assert_eq!(code(owner.revoke_from("both", &["okx"], OnDamage::Refuse)), "not_found");
    assert_eq!(owner.revoke_from("both", &["kraken"], OnDamage::Refuse).unwrap().rotate, ["kraken/main"]);
    let after = owner.seal().unwrap();
    let holder = open(&after, &both).unwrap();
    assert_eq!(holder.names().unwrap(), ["binance/main"]);
    assert_eq!(code(holder.entry("kraken/main")), "no_access");
    owner.revoke_from("both", &["binance"], OnDamage::Refuse).unwrap();
    assert_eq!(code(open(&owner.seal().unwrap(), &both)), "decrypt", "a holder of nothing is removed");
}

#[test]
fn a_restored_backup_and_another_revocation_make_another_key() {
    let town = town();
    let (first, one) = town.without_mallory();
    let (_, two) = town.without_mallory();
    // Both files are at the same revisions. Were the new key the same, this compartment would fit into either.
    let mixed = with(&two, parts(&two).compartments[0].clone(), &one[parts(&one).compartments[0].clone()]);
    assert_eq!(code(open(&mixed, &town.victim).unwrap().entry("binance/main")), "damaged");
    assert_eq!(code(open_pinned(&two, &town.victim, &first.pin_for("victim").unwrap())), "rollback", "a fork");
    let mut victim = open(&one, &town.victim).unwrap();
    assert_eq!(code(victim.reload(two.clone())), "rollback");
    put(&mut victim, "binance/new", "1");
    assert_eq!(code(victim.splice(&two)), "conflict");
    // The owner too is told of another key, where the other history went on and so is the newer one.
    let mut other = open(&two, &town.owner).unwrap();
    put(&mut other, "okx/main", "okx-1");
    let mut owner = open(&one, &town.owner).unwrap();
    put(&mut owner, "binance/new", "1");
    assert_eq!(code(owner.splice(&other.seal().unwrap())), "conflict");
}

#[test]
fn an_id_that_is_used_again_does_not_open_to_who_had_it_before() {
    let town = town();
    let (mut owner, _) = town.as_owner(|vault| vault.remove_compartment("binance").unwrap());
    put(&mut owner, "okx/main", "okx-1");
    let after = owner.seal().unwrap();
    assert_eq!(after[parts(&after).directory.start..][..2], town.bytes[parts(&town.bytes).directory.start..][..2]);
    assert_eq!(code(open(&after, &town.mallory)), "decrypt");
    // The slot that went with the compartment, put back.
    let at = parts(&after);
    let mut slots = [after[at.slots[0].clone()].to_vec(), slot_of(&town.bytes, &town.mallory)];
    slots.sort();
    let mut put_back = with(&after, at.slots[0].clone(), &slots.concat());
    put_back[41] = 2;
    assert_eq!(open(&put_back, &town.mallory).unwrap().damage().unwrap()[0].code, "decrypt");
}

#[test]
fn an_id_that_is_used_again_has_another_epoch() {
    let mut vault = Vault::create(&Unlock::key(Key::generate().unwrap()), Kdf::default()).unwrap();
    put(&mut vault, "binance/main", "1");
    let line = |bytes: &[u8]| bytes[parts(bytes).directory].to_vec();
    let revision = |bytes: &[u8]| bytes[32..40].to_vec();
    let before = vault.seal().unwrap();
    vault.remove_compartment("binance").unwrap();
    put(&mut vault, "okx/main", "2");
    let after = vault.seal().unwrap();
    for bytes in [&before, &after] {
        assert_eq!(line(bytes), [&[0, 0], revision(bytes).as_slice()].concat(), "the epoch is that of the save");
    }
    assert_ne!(line(&before), line(&after));
}
