//! Damage stays where it is: what someone with a compartment's key, or with the file, can break and what they cannot.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

#[allow(dead_code, unreachable_pub)]
mod forge;

use forge::{Compartment, Forge, Record, array, cbor_map, meta, secret, tstr, uint};
use strongroom::vault::{Access, Entry, OnDamage, Unlock, Vault};
use strongroom::{Error, Kdf, Key};

fn owner(forge: &Forge) -> Result<Vault, Error> {
    Vault::open(forge.build(), &Unlock::key(Forge::owner_key()))
}

fn holder(forge: &Forge) -> Result<Vault, Error> {
    Vault::open(forge.build(), &Unlock::key(Forge::holder_key()))
}

fn code<T>(result: Result<T, Error>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "ok")
}

fn with_records(records: Vec<Record>) -> Forge {
    let mut forge = Forge::default();
    forge.compartments[0].records = records;
    forge
}

fn record(id: u8, meta: Vec<u8>, secret: Vec<u8>) -> Record {
    Record::Sealed { id: [id; 16], meta, secret }
}

fn codes(vault: &Vault) -> Vec<(Option<u8>, &'static str)> {
    vault.damage().unwrap().iter().map(|damage| (damage.record.map(|id| id[0]), damage.code)).collect()
}

#[test]
fn the_forge_makes_good_vaults() {
    for open in [owner, holder] {
        let vault = open(&Forge::default()).unwrap();
        assert_eq!(vault.names().unwrap(), ["c7/main"]);
        assert_eq!(vault.entry("c7/main").unwrap().reveal("secret").unwrap().secret().reveal(), b"hush");
        assert!(vault.damage().unwrap().is_empty());
    }
}

#[test]
fn a_broken_record_is_alone_in_it() {
    let good = || record(1, meta("good", 1, "current"), secret("s"));
    let info = |name: &str| cbor_map(&[(name, tstr("v"))]);
    let base = || vec![("kind", tstr("k")), ("created", uint(1)), ("updated", uint(1)), ("version", uint(1))];
    let with = |more: &[(&'static str, Vec<u8>)]| {
        let mut pairs = base();
        pairs.extend([("name", tstr("x")), ("state", tstr("current"))]);
        pairs.retain(|(key, _)| more.iter().all(|(other, _)| other != key));
        pairs.extend(more.iter().cloned());
        cbor_map(&pairs)
    };
    for (why, broken, expected) in [
        ("no map", uint(1), "format"),
        ("nothing", Vec::new(), "format"),
        ("no name", cbor_map(&base()), "format"),
        ("a slash too many", with(&[("name", tstr("a//b"))]), "format"),
        ("out of its compartment", with(&[("name", tstr("../other"))]), "format"),
        ("version 0", with(&[("version", uint(0))]), "format"),
        ("unknown state", with(&[("state", tstr("gone"))]), "format"),
        ("a text for a time", with(&[("expires_at", tstr("soon"))]), "format"),
        ("tags out of order", with(&[("tags", array(&[tstr("b"), tstr("a")]))]), "format"),
        ("a tag twice", with(&[("tags", array(&[tstr("a"), tstr("a")]))]), "format"),
        ("a number as note", with(&[("note", uint(1))]), "format"),
        ("bad info name", with(&[("info", info("a/b"))]), "format"),
        (
            "65 info fields",
            {
                let names: Vec<_> = (0..65).map(|i| format!("f{i}")).collect();
                let pairs: Vec<_> = names.iter().map(|name| (name.as_str(), tstr("v"))).collect();
                with(&[("info", cbor_map(&pairs))])
            },
            "limit",
        ),
        ("padding not zero", [with(&[]), vec![0, 1]].concat(), "format"),
    ] {
        let forge = with_records(vec![good(), record(2, broken, secret("s"))]);
        for open in [owner, holder] {
            let vault = open(&forge).unwrap();
            assert_eq!(vault.names().unwrap(), ["c7/good"], "{why}");
            assert_eq!(codes(&vault), [(Some(2), expected)], "{why}");
        }
        // It is kept as bytes through an edit, and does not keep its maker in.
        let mut vault = owner(&forge).unwrap();
        vault.put("c7/new", Entry::new()).unwrap();
        let bytes = vault.seal().unwrap();
        let mut vault = Vault::open(bytes, &Unlock::key(Forge::owner_key())).unwrap();
        assert_eq!(codes(&vault), [(Some(2), expected)], "{why}");
        assert_eq!(code(vault.revoke("holder", OnDamage::Refuse)), "damaged", "{why}");
        assert_eq!(vault.revoke("holder", OnDamage::Drop).unwrap().dropped.len(), 1, "{why}");
        let bytes = vault.seal().unwrap();
        let vault = Vault::open(bytes, &Unlock::key(Forge::owner_key())).unwrap();
        assert_eq!((vault.names().unwrap().len(), codes(&vault).len()), (2, 0), "{why}");
    }
}

#[test]
fn a_broken_secret_shows_where_it_is_used() {
    let both = cbor_map(&[("i", tstr("x"))]);
    let mut with_info = vec![("kind", tstr("k")), ("created", uint(1)), ("updated", uint(1)), ("version", uint(1))];
    with_info.extend([("name", tstr("x")), ("state", tstr("current")), ("info", cbor_map(&[("i", tstr("v"))]))]);
    for (why, meta, secret) in [
        ("no map", meta("x", 1, "current"), uint(1)),
        ("a number as field", meta("x", 1, "current"), cbor_map(&[("secret", uint(1))])),
        ("a bad field name", meta("x", 1, "current"), cbor_map(&[("a/b", tstr("x"))])),
        ("a name both field and info", cbor_map(&with_info), both),
    ] {
        let vault = owner(&with_records(vec![record(2, meta, secret)])).unwrap();
        assert!(vault.damage().unwrap().is_empty(), "{why}");
        assert_eq!(code(vault.entry("c7/x").unwrap().reveal("secret")), "format", "{why}");
        let mut vault = vault;
        assert_eq!(code(vault.update("c7/x", Entry::new().with("secret", "new"), None)), "format", "{why}");
        vault.update("c7/x", Entry::new().with_note("editing a note touches no secret"), None).unwrap();
        vault.put("c7/x", Entry::new().with("secret", "new")).unwrap();
    }
}

#[test]
fn contradicting_versions_touch_one_name() {
    for (why, versions) in [
        ("two current", [(1, "current"), (2, "current")]),
        ("two pending", [(1, "pending"), (2, "pending")]),
        ("the same version twice", [(1, "current"), (1, "previous")]),
    ] {
        let records =
            versions.iter().zip(1..).map(|(&(number, state), id)| record(id, meta("x", number, state), secret("s")));
        let good = record(9, meta("y", 1, "current"), secret("s"));
        let mut vault = owner(&with_records(records.chain([good]).collect())).unwrap();
        assert_eq!(code(vault.entry("c7/x")), "format", "{why}");
        assert_eq!(code(vault.entry("c7/y")), "ok", "{why}");
        assert_eq!(codes(&vault).len(), 2, "{why}");
        assert_eq!(code(vault.put("c7/x", Entry::new())), "format", "{why}");
        vault.remove("c7/x").unwrap();
        vault.put("c7/x", Entry::new()).unwrap();
        let bytes = vault.seal().unwrap();
        let vault = Vault::open(bytes, &Unlock::key(Forge::owner_key())).unwrap();
        assert!(vault.damage().unwrap().is_empty(), "{why}");
    }
    let vault = owner(&with_records(vec![record(1, meta("x", 1, "pending"), secret("s"))])).unwrap();
    assert_eq!(code(vault.entry("c7/x")), "not_found", "a bare name means the current version");
}

#[test]
fn a_broken_compartment_is_alone_in_it() {
    let other = Compartment { id: 8, epoch: 1, revision: 1, key: [0x88; 32], records: Vec::new(), mac: None };
    let base = || {
        let mut forge = Forge::default();
        forge
            .compartments
            .push(Compartment { records: vec![record(1, meta("fine", 1, "current"), secret("s"))], ..other.clone() });
        forge
    };
    let sealed = |id| record(id, meta("x", 1, "current"), secret("s"));
    type Harm = Box<dyn Fn(&mut Compartment)>;
    let cases: Vec<(&str, Harm, &str)> = vec![
        ("MAC", Box::new(|at| at.mac = Some([0; 32])), "decrypt"),
        ("revision 0", Box::new(|at| at.revision = 0), "format"),
        ("revision 2^53", Box::new(|at| at.revision = 1 << 53), "format"),
        ("half a record", Box::new(|at| at.records.push(Record::Raw(vec![0xff; 17]))), "format"),
        ("ids out of order", Box::new(move |at| at.records = vec![sealed(2), sealed(1)]), "format"),
        ("an id twice", Box::new(move |at| at.records = vec![sealed(2), sealed(2)]), "format"),
        (
            "a length that is no seal's",
            Box::new(|at| {
                at.records.push(Record::Raw([vec![0xff; 16], vec![0, 105], vec![0; 200]].concat()));
            }),
            "format",
        ),
        (
            "metadata over its limit",
            Box::new(|at| {
                let len = 4096u16 + 64 + 40;
                at.records.push(Record::Raw([vec![0xff; 16], len.to_be_bytes().to_vec(), vec![0; 9000]].concat()));
            }),
            "limit",
        ),
        (
            "a secret over its limit",
            Box::new(|at| {
                let len = 65_536u32 + 64 + 40;
                let head = [vec![0xff; 16], vec![0, 104], vec![0; 104], len.to_be_bytes().to_vec()].concat();
                at.records.push(Record::Raw([head, vec![0; len as usize]].concat()));
            }),
            "limit",
        ),
    ];
    for (why, harm, expected) in cases {
        let mut forge = base();
        harm(&mut forge.compartments[0]);
        let mut vault = owner(&forge).unwrap();
        assert_eq!(vault.names().unwrap(), ["c8/fine"], "{why}");
        assert_eq!(codes(&vault), [(None, expected)], "{why}");
        assert_eq!(code(vault.entry("c7/main")), "damaged", "{why}");
        assert_eq!(code(vault.put("c7/main", Entry::new())), "damaged", "{why}");
        // Work elsewhere goes on, and who broke it can be thrown out.
        vault.put("c8/more", Entry::new()).unwrap();
        let bytes = vault.seal().unwrap();
        let mut vault = Vault::open(bytes, &Unlock::key(Forge::owner_key())).unwrap();
        assert_eq!(code(vault.revoke("holder", OnDamage::Refuse)), "damaged", "{why}");
        vault.revoke("holder", OnDamage::Drop).unwrap();
        let bytes = vault.seal().unwrap();
        assert_eq!(code(Vault::open(bytes.clone(), &Unlock::key(Forge::holder_key()))), "decrypt", "{why}");
        let vault = Vault::open(bytes, &Unlock::key(Forge::owner_key())).unwrap();
        assert_eq!(vault.names().unwrap(), ["c8/fine", "c8/more"], "{why}");
        assert!(vault.damage().unwrap().is_empty(), "{why}");
    }
}

#[test]
fn as_many_records_as_a_compartment_holds_and_one_more() {
    let many = |count: u32| {
        let record = |i: u32| {
            let mut id = [0; 16];
            id[12..].copy_from_slice(&i.to_be_bytes());
            Record::Sealed { id, meta: meta(&format!("n{i}"), 1, "current"), secret: secret("s") }
        };
        owner(&with_records((0..count).map(record).collect())).unwrap()
    };
    let mut full = many(65_535);
    assert_eq!(full.names().unwrap().len(), 65_535);
    assert_eq!(code(full.put("c7/more", Entry::new())), "limit");
    full.update("c7/n5", Entry::new().with("secret", "t"), None).unwrap();
    full.remove("c7/n6").unwrap();
    full.put("c7/more", Entry::new()).unwrap();
    assert_eq!(code(full.put("c7/another", Entry::new())), "limit");
    let bytes = full.seal().unwrap();
    assert_eq!(Vault::open(bytes, &Unlock::key(Forge::owner_key())).unwrap().names().unwrap().len(), 65_535);
    assert_eq!(codes(&many(65_536)), [(None, "limit")]);
}

#[test]
fn an_exhausted_revision_gets_a_new_epoch_from_the_owner() {
    let mut forge = Forge::default();
    forge.compartments[0].revision = (1 << 53) - 1;
    let mut bot = holder(&forge).unwrap();
    bot.put("c7/x", Entry::new()).unwrap();
    assert_eq!(code(bot.seal()), "limit");
    // The last revision itself is a save like any other: the directory still has the epoch 2.
    let epoch = |bytes: &[u8]| bytes.windows(10).any(|line| line == [0, 7, 0, 0, 0, 0, 0, 0, 0, 2]);
    forge.compartments[0].revision -= 1;
    let mut vault = owner(&forge).unwrap();
    vault.put("c7/x", Entry::new()).unwrap();
    let bytes = vault.seal().unwrap();
    assert!(epoch(&bytes));
    assert_eq!(bytes[39], 2, "and the root part is left alone");
    let mut granting = owner(&forge).unwrap();
    granting.put("c7/x", Entry::new()).unwrap();
    let new = Unlock::key(Key::generate().unwrap());
    granting.grant("new", Access::Compartments(&["c7"]), &new, Kdf::default()).unwrap();
    assert!(epoch(&granting.seal().unwrap()), "nor does a change of the slots in the same save give it a new key");
    vault.put("c7/x", Entry::new()).unwrap();
    assert!(!epoch(&vault.seal().unwrap()));
    forge.compartments[0].revision += 1;
    let mut vault = owner(&forge).unwrap();
    vault.put("c7/x", Entry::new()).unwrap();
    let bytes = vault.seal().unwrap();
    let mut bot = Vault::open(bytes.clone(), &Unlock::key(Forge::holder_key())).unwrap();
    assert_eq!(bot.names().unwrap(), ["c7/main", "c7/x"], "the holder keeps its access");
    bot.put("c7/y", Entry::new()).unwrap();
    assert_eq!(code(bot.seal()), "ok");
    // A new key would lose what is damaged, and nobody has said that it may.
    forge.compartments[0].records.push(record(0xff, uint(1), secret("s")));
    let mut vault = owner(&forge).unwrap();
    vault.put("c7/x", Entry::new()).unwrap();
    assert_eq!(code(vault.seal()), "damaged");
}

#[test]
fn what_was_damaged_meanwhile_is_not_lost_by_a_revocation() {
    let mut later = Forge::default();
    later.compartments[0].revision += 1;
    later.compartments[0].records.push(record(0xff, meta("y", 1, "current"), uint(1)));
    for (on_damage, expected) in [(OnDamage::Refuse, "damaged"), (OnDamage::Drop, "ok")] {
        let mut vault = owner(&Forge::default()).unwrap();
        vault.revoke("holder", on_damage).unwrap();
        assert_eq!(code(vault.splice(&later.build())), expected);
    }
}

#[test]
fn what_a_full_compartment_cannot_take_stays_where_it_is() {
    let full = (0..65_534_u32).map(|i| {
        let mut id = [0; 16];
        id[12..].copy_from_slice(&i.to_be_bytes());
        Record::Sealed { id, meta: meta(&format!("n{i}"), 1, "current"), secret: secret("s") }
    });
    let mut vault = owner(&with_records(full.collect())).unwrap();
    vault.put("other/x", Entry::new().with("secret", "s")).unwrap();
    vault.stage("other/x", Entry::new()).unwrap();
    assert_eq!(code(vault.rename("other/x", "c7/x")), "limit");
    assert_eq!(vault.versions("other/x").unwrap().len(), 2);
    assert_eq!(code(vault.entry("c7/x")), "not_found");
    vault.promote("other/x").unwrap();
    vault.retire("other/x").unwrap();
    vault.rename("other/x", "c7/x").unwrap();
}

#[test]
fn a_damaged_compartment_that_is_whole_again_is_not_thrown_away() {
    let good = Forge::default().build();
    let mut broken = good.clone();
    *broken.last_mut().unwrap() ^= 1;
    let changes: [fn(&mut Vault); 3] = [
        |vault| vault.remove_compartment("c7").unwrap(),
        |vault| drop(vault.revoke("holder", OnDamage::Drop).unwrap()),
        |vault| {
            vault.remove_compartment("c7").unwrap();
            vault.put("c7/main", Entry::new()).unwrap();
        },
    ];
    for change in changes {
        let mut vault = Vault::open(broken.clone(), &Unlock::key(Forge::owner_key())).unwrap();
        assert_eq!(codes(&vault), [(None, "decrypt")]);
        change(&mut vault);
        assert_eq!(code(vault.splice(&good)), "conflict");
        assert_eq!(code(vault.splice(&broken)), "ok");
    }
    // A change of something else leaves it as it is stored now.
    let mut vault = Vault::open(broken, &Unlock::key(Forge::owner_key())).unwrap();
    vault.put("other/x", Entry::new()).unwrap();
    let vault = Vault::open(vault.splice(&good).unwrap(), &Unlock::key(Forge::owner_key())).unwrap();
    assert_eq!(vault.names().unwrap(), ["c7/main", "other/x"]);
}

#[test]
fn a_holder_whose_slot_is_damaged_gets_no_pin() {
    let vault = owner(&Forge { holder_payload: Some(uint(1)), ..Forge::default() }).unwrap();
    let slots = vault.slots().unwrap();
    assert_eq!(slots.iter().map(|slot| slot.compartments.as_deref()).collect::<Vec<_>>(), [None, None]);
    assert_eq!(code(vault.pin_for("holder")), "damaged");
    assert_eq!(code(vault.pin_for("owner")), "ok");
}

#[test]
fn contradicting_versions_are_kept_by_a_revocation() {
    let versions =
        || vec![record(1, meta("x", 1, "current"), secret("s")), record(2, meta("x", 2, "current"), secret("s"))];
    for on_damage in [OnDamage::Refuse, OnDamage::Drop] {
        let mut vault = owner(&with_records(versions())).unwrap();
        let revoked = vault.revoke("holder", on_damage).unwrap();
        assert_eq!((revoked.dropped.len(), revoked.rotate), (0, vec!["c7/x".to_owned()]));
        let vault = Vault::open(vault.seal().unwrap(), &Unlock::key(Forge::owner_key())).unwrap();
        assert_eq!(codes(&vault), [(Some(1), "format"), (Some(2), "format")]);
    }
}
