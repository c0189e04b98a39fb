//! What an owner and a holder can do with a vault in memory.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

use strongroom::vault::{Access, Entry, Factors, Find, Hash, OnDamage, Scope, State, Unlock, Vault};
use strongroom::{Error, Kdf, Key};

fn code<T>(result: Result<T, Error>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(error) => error.code(),
    }
}

fn owner() -> (Vault, Key) {
    let key = Key::generate().unwrap();
    let mut vault = Vault::create(&Unlock::key(key.clone()), Kdf::default()).unwrap();
    vault.set_unix_seconds(1_700_000_000);
    (vault, key)
}

fn with_holder() -> (Vault, Key, Key) {
    let (mut vault, key) = owner();
    vault.put("binance/main", Entry::new().with("secret", "s1").with_info("api_key", "k1")).unwrap();
    vault.put("kraken/main", Entry::new().with("secret", "s2")).unwrap();
    let bot = Key::generate().unwrap();
    vault.grant("bot", Access::Compartments(&["binance"]), &Unlock::key(bot.clone()), Kdf::default()).unwrap();
    (vault, key, bot)
}

fn reveal(vault: &Vault, name: &str, field: &str) -> String {
    vault.entry(name).unwrap().reveal(field).unwrap().secret().reveal_str().unwrap().to_owned()
}

#[test]
fn put_seal_open_read() {
    let (mut vault, key) = owner();
    let entry = Entry::new()
        .with("secret", "hush")
        .with("blob", &[0xff, 0x00])
        .with_info("api_key", "public")
        .with_kind("exchange")
        .with_tags(["spot", "live"])
        .with_note("the main one")
        .with_expires_at(1_800_000_000);
    assert_eq!(vault.put("binance/main", entry).unwrap(), 1);
    assert_eq!(reveal(&vault, "binance/main", "secret"), "hush", "before it is saved");
    let bytes = vault.seal().unwrap();
    assert!(!vault.is_changed());

    let vault = Vault::open(bytes, &Unlock::key(key)).unwrap();
    assert_eq!(vault.names().unwrap(), ["binance/main"]);
    let entry = vault.entry("binance/main").unwrap();
    assert_eq!(entry.field_names().unwrap(), ["blob", "secret"]);
    assert_eq!(entry.reveal("blob").unwrap().secret().reveal(), [0xff, 0x00]);
    assert!(!entry.reveal("blob").unwrap().is_text());
    assert_eq!(entry.info()["api_key"], "public");
    assert_eq!((entry.kind(), entry.note(), entry.version()), ("exchange", Some("the main one"), 1));
    assert_eq!(entry.tags(), ["live", "spot"]);
    assert_eq!((entry.created(), entry.updated()), (1_700_000_000, 1_700_000_000));
    assert_eq!((entry.expires_at(), entry.rotate_after()), (Some(1_800_000_000), None));
    assert_eq!(code(entry.reveal("api_key")), "invalid_input");
    assert_eq!(code(entry.reveal("nope")), "not_found");
    assert_eq!(vault.entry("binance/other").unwrap_err(), Error::NotFound("entry binance/other".to_owned()));
    assert_eq!(code(vault.entry("kraken/main")), "not_found");
    assert_eq!(code(vault.entry("binance")), "invalid_input");
    assert!(!format!("{entry:?} {vault:?}").contains("hush"));
}

#[test]
fn versions_count_and_merge() {
    let (mut vault, _) = owner();
    vault.put("a/b", Entry::new().with("x", "1").with("y", "2").with_info("i", "3").with_tags(["t"])).unwrap();
    assert_eq!(vault.update("a/b", Entry::new().with("x", "9").with_note("n"), None).unwrap(), 2);
    assert_eq!((reveal(&vault, "a/b", "x"), reveal(&vault, "a/b", "y")), ("9".into(), "2".into()));
    assert_eq!(vault.entry("a/b").unwrap().tags(), ["t"]);
    assert_eq!(code(vault.update("a/b", Entry::new(), Some(1))), "conflict");
    assert_eq!(vault.update("a/b", Entry::new().with_note("").with_tags([]), Some(2)).unwrap(), 3);
    assert_eq!((vault.entry("a/b").unwrap().note(), vault.entry("a/b").unwrap().tags().len()), (None, 0));
    assert_eq!(code(vault.update("a/c", Entry::new(), None)), "not_found");
    assert_eq!(
        code(vault.update("a/b", Entry::new().with("i", "z"), None)),
        "invalid_input",
        "a field as well as info"
    );
    assert_eq!(vault.remove_field("a/b", "y").unwrap(), 4);
    assert_eq!(code(vault.remove_field("a/b", "y")), "not_found");
    assert_eq!(vault.entry("a/b").unwrap().field_names().unwrap(), ["x"]);
    assert_eq!(vault.put("a/b", Entry::new()).unwrap(), 5, "a put replaces everything");
    assert!(vault.entry("a/b").unwrap().info().is_empty());
    vault.remove("a/b").unwrap();
    assert_eq!(code(vault.remove("a/b")), "not_found");
    assert!(vault.names().unwrap().is_empty());
}

#[test]
fn rotation() {
    let (mut vault, key) = owner();
    vault.put("x/key", Entry::new().with("secret", "old").with_info("api_key", "A").with_info("user", "u")).unwrap();
    assert_eq!(code(vault.promote("x/key")), "not_found");
    vault.stage("x/key", Entry::new().with("secret", "typo")).unwrap();
    vault.stage("x/key", Entry::new().with("secret", "new").with_info("api_key", "B")).unwrap();
    assert_eq!(reveal(&vault, "x/key", "secret"), "old");
    vault.promote("x/key").unwrap();
    let bytes = vault.seal().unwrap();
    let mut vault = Vault::open(bytes, &Unlock::key(key)).unwrap();
    assert_eq!(reveal(&vault, "x/key", "secret"), "new");
    assert_eq!(vault.entry("x/key").unwrap().info()["user"], "u");
    let states: Vec<_> = vault.versions("x/key").unwrap().iter().map(|v| (v.version(), v.state())).collect();
    assert_eq!(states, [(3, State::Current), (1, State::Previous)]);
    vault.retire("x/key").unwrap();
    assert_eq!(vault.versions("x/key").unwrap().len(), 1);
    assert_eq!(code(vault.retire("x/key")), "not_found");
}

#[test]
fn a_version_that_was_seen_is_given_again_or_not_at_all() {
    let (mut vault, key) = owner();
    vault.put("x/key", Entry::new().with("secret", "old").with_info("api_key", "A")).unwrap();
    vault.stage("x/key", Entry::new().with("secret", "new")).unwrap();
    let seen: Vec<_> = vault.versions("x/key").unwrap().iter().map(|at| (at.version(), at.record_id())).collect();
    let [(2, pending), (1, current)] = seen[..] else { panic!("{seen:?}") };
    let again = |vault: &Vault, number, record_id| {
        let entry = vault.version("x/key", number, record_id)?;
        assert_eq!((entry.version(), entry.record_id()), (number, *record_id));
        entry.reveal("secret").map(|value| value.secret().reveal_str().unwrap().to_owned())
    };
    assert_eq!(again(&vault, 1, &current).unwrap(), "old");
    assert_eq!(again(&vault, 2, &pending).unwrap(), "new");
    assert_eq!(code(vault.version("x/key", 1, &pending)), "conflict");
    assert_eq!(code(vault.version("x/key", 3, &current)), "conflict");
    assert_eq!(code(vault.version("x/other", 1, &current)), "not_found");
    assert_eq!(code(vault.version("x", 1, &current)), "invalid_input");

    // A change of state is none of the version; a save and a new key of the compartment are none either.
    vault.promote("x/key").unwrap();
    let bot = Unlock::key(Key::generate().unwrap());
    vault.grant("bot", Access::Compartments(&["x"]), &bot, Kdf::default()).unwrap();
    vault.seal().unwrap();
    vault.revoke("bot", OnDamage::Refuse).unwrap();
    let bytes = vault.seal().unwrap();
    let mut vault = Vault::open(bytes, &Unlock::key(key)).unwrap();
    assert_eq!(again(&vault, 1, &current).unwrap(), "old");
    assert_eq!(again(&vault, 2, &pending).unwrap(), "new");

    vault.update("x/key", Entry::new().with_note("n"), None).unwrap();
    assert_eq!(code(vault.version("x/key", 2, &pending)), "conflict");
    assert_eq!(again(&vault, 3, &pending).unwrap(), "new");
    vault.retire("x/key").unwrap();
    assert_eq!(code(vault.version("x/key", 1, &current)), "conflict");

    // Put again it counts from 1 again: not the secret of this is meant.
    vault.remove("x/key").unwrap();
    assert_eq!(code(vault.version("x/key", 3, &pending)), "not_found");
    assert_eq!(vault.put("x/key", Entry::new().with("secret", "of another account")).unwrap(), 1);
    assert_eq!(code(vault.version("x/key", 1, &current)), "conflict");
    vault.lock();
    assert_eq!(code(vault.version("x/key", 1, &current)), "locked");
}

#[test]
fn a_promotion_that_does_not_fit_changes_nothing() {
    let (mut vault, _) = owner();
    // `current` and `pending` have 7 letters, `previous` has 8: with this note only the last is a byte too long.
    let note = (3_900..4_096).rev().map(|len| "n".repeat(len));
    let fitting = note.into_iter().find(|note| vault.put("a/b", Entry::new().with_note(note)).is_ok()).unwrap();
    vault.stage("a/b", Entry::new().with("secret", "new").with_note(&fitting)).unwrap();
    assert_eq!(code(vault.promote("a/b")), "limit");
    let states: Vec<_> = vault.versions("a/b").unwrap().iter().map(|v| (v.version(), v.state())).collect();
    assert_eq!(states, [(2, State::Pending), (1, State::Current)]);
}

#[test]
fn rename_copy_and_find() {
    let (mut vault, key) = owner();
    vault.put("a/one", Entry::new().with("s", "1").with_tags(["t"]).with_rotate_after(5)).unwrap();
    vault.stage("a/one", Entry::new().with("s", "2")).unwrap();
    vault.put("a/two", Entry::new().with("s", "3").with_kind("k")).unwrap();
    assert_eq!(code(vault.rename("a/one", "a/two")), "exists");
    vault.rename("a/one", "a/uno").unwrap();
    vault.rename("a/uno", "b/uno").unwrap();
    vault.copy("b/uno", "c/uno").unwrap();
    assert_eq!(code(vault.copy("b/uno", "a/two")), "exists");
    let bytes = vault.seal().unwrap();
    let mut vault = Vault::open(bytes, &Unlock::key(key)).unwrap();
    assert_eq!(vault.names().unwrap(), ["a/two", "b/uno", "c/uno"]);
    assert_eq!((vault.versions("b/uno").unwrap().len(), vault.versions("c/uno").unwrap().len()), (2, 1));
    assert_eq!(reveal(&vault, "c/uno", "s"), "1");
    let find = |find: Find<'_>| vault.find(&find).unwrap();
    assert_eq!(find(Find { tag: Some("t"), ..Find::default() }), ["b/uno", "c/uno"]);
    assert_eq!(find(Find { kind: Some("k"), ..Find::default() }), ["a/two"]);
    assert_eq!(find(Find { due: true, compartment: Some("c"), ..Find::default() }), ["c/uno"]);
    vault.set_unix_seconds(4);
    assert!(vault.find(&Find { due: true, ..Find::default() }).unwrap().is_empty());
}

#[test]
fn a_holder_sees_and_writes_its_compartment_only() {
    let (mut vault, key, bot) = with_holder();
    let bytes = vault.seal().unwrap();
    let mut holder = Vault::open(bytes, &Unlock::key(bot)).unwrap();
    assert_eq!(holder.opened_by().unwrap().scope, Scope::Holder);
    assert_eq!(holder.names().unwrap(), ["binance/main"]);
    assert_eq!(code(holder.entry("kraken/main")), "no_access");
    assert_eq!(code(holder.put("kraken/main", Entry::new())), "no_access");
    assert_eq!(code(holder.slots()), "no_access");
    assert_eq!(code(holder.revoke("bot", OnDamage::Refuse)), "no_access");
    holder.put("binance/oauth", Entry::new().with("token", "t")).unwrap();
    let bytes = holder.seal().unwrap();
    let owner = Vault::open(bytes, &Unlock::key(key)).unwrap();
    assert_eq!(reveal(&owner, "binance/oauth", "token"), "t");
}

#[test]
fn revoking_shuts_out_one_and_keeps_the_others() {
    let (mut vault, key, bot) = with_holder();
    let other = Key::generate().unwrap();
    let compartments = Access::Compartments(&["binance", "kraken"]);
    vault.grant("other", compartments, &Unlock::key(other.clone()), Kdf::default()).unwrap();
    let before = vault.seal().unwrap();
    let revoked = vault.revoke("bot", OnDamage::Refuse).unwrap();
    assert_eq!(revoked.rotate, ["binance/main"]);
    let bytes = vault.seal().unwrap();
    assert_eq!(code(Vault::open(bytes.clone(), &Unlock::key(bot.clone()))), "decrypt");
    let holder = Vault::open(bytes.clone(), &Unlock::key(other)).unwrap();
    assert_eq!(
        (reveal(&holder, "binance/main", "secret"), reveal(&holder, "kraken/main", "secret")),
        ("s1".into(), "s2".into())
    );
    assert_eq!(reveal(&Vault::open(bytes, &Unlock::key(key)).unwrap(), "binance/main", "secret"), "s1");
    let still = Vault::open(before.clone(), &Unlock::key(bot.clone())).unwrap();
    assert_eq!(reveal(&still, "binance/main", "secret"), "s1", "an old copy stays open to it for ever");
    let pinned = Unlock::key(bot).with_pin(&vault.pin().unwrap());
    assert_eq!(code(Vault::open(before, &pinned)), "rollback");
}

#[test]
fn slots_with_passphrases() {
    let (mut vault, key) = owner();
    let weak = Kdf::argon2id(19_456, 2, 1).unwrap();
    vault.put("a/b", Entry::new().with("s", "1")).unwrap();
    vault.grant("desk", Access::Owner, &Unlock::passphrase("correct horse"), weak).unwrap();
    assert_eq!(code(vault.grant("desk", Access::Owner, &Unlock::passphrase("x"), weak)), "exists");
    assert_eq!(code(vault.grant("d2", Access::Owner, &Unlock::passphrase("correct horse"), weak)), "exists");
    assert_eq!(code(vault.grant("d3", Access::Owner, &Unlock::key(key.clone()), weak)), "exists");
    let second = Key::generate().unwrap();
    let both = Unlock::passphrase_and_key("tr\u{e9}sor", second.clone());
    vault.grant("both", Access::Compartments(&["a"]), &both, weak).unwrap();
    let bytes = vault.seal().unwrap();
    let open = |unlock: Unlock| Vault::open(bytes.clone(), &unlock);
    assert_eq!(code(open(Unlock::passphrase("correct horse"))), "ok");
    assert_eq!(code(open(Unlock::passphrase("correct horse "))), "decrypt");
    assert_eq!(code(open(Unlock::passphrase(""))), "invalid_input");
    assert_eq!(code(open(Unlock::key(second.clone()))), "invalid_input", "the passphrase is missing");
    assert_eq!(code(open(Unlock::passphrase_and_key("tre\u{301}sor", second.clone()))), "ok", "the same text in NFD");
    assert_eq!(code(open(Unlock::passphrase_and_key("tresor", second))), "decrypt");
    assert_eq!(code(open(Unlock::passphrase_and_key("x", key.clone()))), "invalid_input");

    vault.change_passphrase("desk", &Unlock::passphrase("battery staple"), weak).unwrap();
    assert_eq!(code(vault.strengthen("desk", &Unlock::passphrase("wrong"), Kdf::default())), "decrypt");
    vault.strengthen("desk", &Unlock::passphrase("battery staple"), Kdf::default()).unwrap();
    assert_eq!(code(vault.change_passphrase("owner", &Unlock::passphrase("x"), weak)), "invalid_input");
    let bytes = vault.seal().unwrap();
    let open = |unlock: Unlock| Vault::open(bytes.clone(), &unlock);
    assert_eq!(code(open(Unlock::passphrase("correct horse"))), "decrypt");
    let desk = open(Unlock::passphrase("battery staple")).unwrap();
    assert_eq!(desk.opened_by().unwrap().label.as_deref(), Some("desk"));
    let slot = desk.slots().unwrap().into_iter().find(|slot| slot.label == "desk").unwrap();
    assert_eq!(slot.kdf, Some(Kdf::default()));
}

#[test]
fn rekeying_leaves_only_who_is_presented() {
    let (mut vault, key, bot) = with_holder();
    let weak = Kdf::argon2id(19_456, 2, 1).unwrap();
    vault.grant("desk", Access::Owner, &Unlock::passphrase("correct horse"), weak).unwrap();
    let before = vault.seal().unwrap();
    let pin = vault.pin().unwrap();
    assert_eq!(code(vault.rekey(&[Unlock::passphrase("wrong")], OnDamage::Refuse)), "decrypt");
    assert_eq!(code(vault.rekey(&[Unlock::key(bot.clone())], OnDamage::Refuse)), "invalid_input", "no owner is left");
    let too_much = Unlock::passphrase_and_key("correct horse", key.clone());
    assert_eq!(code(vault.rekey(&[too_much], OnDamage::Refuse)), "decrypt", "this slot asks for its key alone");
    let rekeyed =
        vault.rekey(&[Unlock::key(bot.clone()), Unlock::passphrase("correct horse")], OnDamage::Refuse).unwrap();
    assert_eq!(rekeyed.removed, ["owner"]);
    assert_eq!(rekeyed.rotate, ["binance/main", "kraken/main"]);
    let [(label, new_bot)] = rekeyed.keys.as_slice() else { panic!("one key") };
    assert_eq!(label, "bot");
    let bytes = vault.seal().unwrap();
    assert_ne!(before[16..32], bytes[16..32], "another vault id");
    assert_eq!(vault.opened_by().unwrap().label.as_deref(), Some("desk"));
    assert_eq!(code(Vault::open(bytes.clone(), &Unlock::key(key))), "decrypt");
    assert_eq!(code(Vault::open(bytes.clone(), &Unlock::key(bot))), "decrypt");
    let holder = Vault::open(bytes.clone(), &Unlock::key(new_bot.clone())).unwrap();
    assert_eq!(reveal(&holder, "binance/main", "secret"), "s1");
    let desk = Unlock::passphrase("correct horse");
    assert_eq!(reveal(&Vault::open(bytes.clone(), &desk).unwrap(), "kraken/main", "secret"), "s2");
    assert_eq!(code(Vault::open(bytes, &desk.with_pin(&pin))), "rollback");
}

#[test]
fn after_a_rekeying_it_is_opened_by_the_first_owner_presented() {
    let weak = Kdf::argon2id(19_456, 2, 1).unwrap();
    for first in ["owner", "desk"] {
        let (mut vault, key, bot) = with_holder();
        let desk = Unlock::passphrase("correct horse");
        vault.grant("desk", Access::Owner, &desk, weak).unwrap();
        let mut keep = vec![Unlock::key(bot), Unlock::key(key), desk];
        if first == "desk" {
            keep.swap(1, 2);
        }
        vault.rekey(&keep, OnDamage::Refuse).unwrap();
        vault.seal().unwrap();
        assert_eq!(vault.opened_by().unwrap().label.as_deref(), Some(first));
    }
}

#[test]
fn a_new_passphrase_goes_with_the_key_that_the_slot_has() {
    let (mut vault, _) = owner();
    let weak = Kdf::argon2id(19_456, 2, 1).unwrap();
    let [key, other] = [(); 2].map(|()| Key::generate().unwrap());
    let with_key = |text: &str, key: &Key| Unlock::passphrase_and_key(text, key.clone());
    vault.grant("both", Access::Owner, &with_key("correct horse", &key), weak).unwrap();
    let new = "battery staple";
    assert_eq!(code(vault.change_passphrase("both", &with_key(new, &other), weak)), "invalid_input");
    assert_eq!(code(vault.change_passphrase("both", &Unlock::passphrase(new), weak)), "invalid_input");
    vault.change_passphrase("both", &with_key(new, &key), weak).unwrap();
    let bytes = vault.seal().unwrap();
    assert_eq!(code(Vault::open(bytes.clone(), &with_key("correct horse", &key))), "decrypt");
    assert_eq!(code(Vault::open(bytes, &with_key(new, &key))), "ok");
}

#[test]
fn splicing_keeps_what_others_wrote() {
    let (mut vault, key, bot) = with_holder();
    vault.put("binance/other", Entry::new().with("s", "0")).unwrap();
    let stored = vault.seal().unwrap();
    let open = |key: &Key| Vault::open(stored.clone(), &Unlock::key(key.clone())).unwrap();

    // Different entries of one compartment, and a compartment that the other has not changed.
    let (mut one, mut two) = (open(&key), open(&bot));
    two.update("binance/main", Entry::new().with("secret", "bot"), None).unwrap();
    let stored_two = two.splice(&stored).unwrap();
    one.update("binance/other", Entry::new().with("s", "owner"), None).unwrap();
    one.put("kraken/new", Entry::new()).unwrap();
    let pin = Vault::open(stored_two.clone(), &Unlock::key(key.clone())).unwrap().pin().unwrap();
    let spliced = one.splice(&stored_two).unwrap();
    let both = Vault::open(spliced, &Unlock::key(key.clone()).with_pin(&pin)).unwrap();
    assert_eq!(
        (reveal(&both, "binance/main", "secret"), reveal(&both, "binance/other", "s")),
        ("bot".into(), "owner".into())
    );
    assert!(both.contains("kraken/new").unwrap());
    // What is unchanged here is taken as it is stored, also where it is newer.
    let mut elsewhere = open(&key);
    elsewhere.put("kraken/more", Entry::new()).unwrap();
    let taken = Vault::open(elsewhere.splice(&stored_two).unwrap(), &Unlock::key(key.clone()).with_pin(&pin)).unwrap();
    assert_eq!(reveal(&taken, "binance/main", "secret"), "bot");

    // The same entry.
    let mut same = open(&key);
    same.update("binance/main", Entry::new().with("secret", "mine"), None).unwrap();
    let error = same.splice(&stored_two).unwrap_err();
    assert_eq!(error.code(), "conflict");
    assert!(error.to_string().contains("binance/main"), "{error}");

    // The same new name: two records, and only one may be current.
    let (mut one, mut two) = (open(&key), open(&bot));
    one.put("binance/new", Entry::new()).unwrap();
    two.put("binance/new", Entry::new()).unwrap();
    assert_eq!(code(two.splice(&one.splice(&stored).unwrap())), "conflict");

    // Slots: two owners, and a holder's write under a revocation.
    let (mut one, mut two) = (open(&key), open(&key));
    one.grant("x", Access::Compartments(&["kraken"]), &Unlock::key(Key::generate().unwrap()), Kdf::default()).unwrap();
    let granted = one.splice(&stored).unwrap();
    two.grant("y", Access::Compartments(&["kraken"]), &Unlock::key(Key::generate().unwrap()), Kdf::default()).unwrap();
    assert_eq!(code(two.splice(&granted)), "conflict");
    let mut editing = open(&key);
    editing.update("binance/main", Entry::new().with("secret", "mine"), None).unwrap();
    let both = Vault::open(editing.splice(&granted).unwrap(), &Unlock::key(key.clone())).unwrap();
    assert_eq!(reveal(&both, "binance/main", "secret"), "mine", "an edit goes on top of a grant by another owner");
    assert!(both.slots().unwrap().iter().any(|slot| slot.label == "x"));
    let mut revoking = open(&key);
    revoking.revoke("bot", OnDamage::Refuse).unwrap();
    let after = Vault::open(revoking.splice(&stored_two).unwrap(), &Unlock::key(key.clone())).unwrap();
    assert_eq!(reveal(&after, "binance/main", "secret"), "bot", "what the holder wrote before is kept");
    let mut late = open(&bot);
    late.put("binance/late", Entry::new()).unwrap();
    assert_eq!(code(late.splice(&revoking.splice(&stored).unwrap())), "conflict");

    // Older than what was opened, and a fork.
    let mut newer = Vault::open(stored_two.clone(), &Unlock::key(key.clone())).unwrap();
    newer.put("binance/x", Entry::new()).unwrap();
    assert_eq!(code(newer.splice(&stored)), "rollback");
    let mut other = open(&bot);
    other.put("binance/fork", Entry::new()).unwrap();
    assert_eq!(code(newer.splice(&other.splice(&stored).unwrap())), "rollback");
    let mut kraken = Vault::open(stored_two.clone(), &Unlock::key(key)).unwrap();
    kraken.put("kraken/x", Entry::new()).unwrap();
    assert_eq!(code(kraken.splice(&stored)), "rollback", "also where this vault has no change");
}

#[test]
fn a_holder_is_not_taken_back_to_an_older_epoch() {
    let (mut vault, key) = owner();
    vault.put("a/x", Entry::new()).unwrap();
    vault.put("b/x", Entry::new()).unwrap();
    let [both, gone] = [(); 2].map(|()| Key::generate().unwrap());
    vault.grant("both", Access::Compartments(&["a", "b"]), &Unlock::key(both.clone()), Kdf::default()).unwrap();
    vault.grant("gone", Access::Compartments(&["a"]), &Unlock::key(gone), Kdf::default()).unwrap();
    let before = vault.seal().unwrap();
    vault.revoke("gone", OnDamage::Refuse).unwrap();
    let after = vault.seal().unwrap();
    let mut holder = Vault::open(after.clone(), &Unlock::key(both)).unwrap();
    holder.put("b/y", Entry::new()).unwrap();
    // Its change is in b, which has the same key in both files; but a, which it has not touched, went back.
    assert_eq!(code(holder.splice(&before)), "rollback");
    assert!(Vault::open(holder.splice(&after).unwrap(), &Unlock::key(key)).unwrap().contains("b/y").unwrap());
}

#[test]
fn reload_discard_and_lock() {
    let (mut vault, key, bot) = with_holder();
    let stored = vault.seal().unwrap();
    let mut holder = Vault::open(stored.clone(), &Unlock::key(bot)).unwrap();
    holder.put("binance/x", Entry::new().with("s", "1")).unwrap();
    let entry = holder.entry("binance/x").unwrap();
    let next = holder.seal().unwrap();
    assert!(entry.reveal("s").is_ok(), "an entry stays usable over a save");
    assert!(vault.reload(next.clone()).unwrap());
    assert!(!vault.reload(next.clone()).unwrap());
    assert_eq!(code(vault.reload(stored)), "rollback");
    vault.put("z/z", Entry::new()).unwrap();
    assert_eq!(code(vault.reload(next)), "conflict");
    vault.discard().unwrap();
    assert!(!vault.contains("z/z").unwrap() && vault.contains("binance/x").unwrap());
    holder.lock();
    assert!(holder.is_locked());
    assert_eq!(code(entry.reveal("s")), "locked");
    assert_eq!(code(holder.names()), "locked");
    assert_eq!(code(holder.put("binance/y", Entry::new())), "locked");
    drop(key);
}

#[test]
fn compartments_are_removed_with_their_holders() {
    let (mut vault, key, bot) = with_holder();
    let stored = vault.seal().unwrap();
    vault.remove_compartment("binance").unwrap();
    assert_eq!(code(vault.entry("binance/main")), "not_found");
    assert_eq!(vault.slots().unwrap().len(), 1);
    let mut holder = Vault::open(stored.clone(), &Unlock::key(bot)).unwrap();
    holder.put("binance/late", Entry::new()).unwrap();
    let late = holder.seal().unwrap();
    assert_eq!(code(vault.splice(&late)), "conflict", "a write meanwhile is not lost silently");
    vault.put("binance/main", Entry::new().with("s", "anew")).unwrap();
    assert_eq!(code(vault.splice(&late)), "conflict", "nor where its id is used again");
    let bytes = vault.seal().unwrap();
    let vault = Vault::open(bytes, &Unlock::key(key)).unwrap();
    assert_eq!(vault.names().unwrap(), ["binance/main", "kraken/main"]);
    assert_eq!(reveal(&vault, "binance/main", "s"), "anew");
}

#[test]
fn hmac_is_rfc_4231_test_case_2() {
    let (mut vault, _) = owner();
    vault.put("a/b", Entry::new().with("secret", "Jefe")).unwrap();
    let entry = vault.entry("a/b").unwrap();
    let hex = |hash| {
        let tag = entry.hmac("secret", hash, b"what do ya want for nothing?").unwrap();
        tag.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    assert_eq!(hex(Hash::Sha256), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert!(hex(Hash::Sha384).starts_with("af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47"));
    assert!(hex(Hash::Sha512).starts_with("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd6"));
}

#[test]
fn too_large_is_refused_before_it_is_written() {
    let (mut vault, _) = owner();
    let big = "x".repeat(65 << 10);
    assert_eq!(code(vault.put("a/b", Entry::new().with("s", big.as_str()))), "limit");
    assert_eq!(code(vault.put("a/b", Entry::new().with_note(&big))), "limit");
    let many = (0..65).fold(Entry::new(), |entry, i| entry.with(&format!("f{i}"), "x"));
    assert_eq!(code(vault.put("a/b", many)), "limit");
    assert_eq!(code(vault.put("a/b", Entry::new().with("a/b", "x"))), "invalid_input");
    assert_eq!(code(vault.put("a/b", Entry::new().with("x", "1").with_info("x", "2"))), "invalid_input");
    assert!(vault.names().unwrap().is_empty());
}

#[test]
fn a_time_that_no_vault_can_hold_is_refused() {
    let (mut vault, key) = owner();
    vault.set_unix_seconds(1_700_000_000_000_000_000);
    let bot = Unlock::key(Key::generate().unwrap());
    assert_eq!(code(vault.grant("bot", Access::Owner, &bot, Kdf::default())), "invalid_input");
    assert_eq!(code(vault.put("a/b", Entry::new())), "invalid_input");
    assert!(!vault.is_changed());
    assert_eq!(code(Vault::open(vault.seal().unwrap(), &Unlock::key(key))), "ok");
}

#[test]
fn a_stage_that_fails_keeps_what_was_staged() {
    let (mut vault, _) = owner();
    vault.put("a/b", Entry::new().with("s", "old")).unwrap();
    vault.stage("a/b", Entry::new().with("s", "new")).unwrap();
    let big = "x".repeat(65 << 10);
    assert_eq!(code(vault.stage("a/b", Entry::new().with("s", big.as_str()))), "limit");
    assert_eq!(code(vault.stage("a/b", Entry::new().with_note(&big))), "limit");
    assert_eq!(vault.promote("a/b").unwrap(), 2);
    assert_eq!(reveal(&vault, "a/b", "s"), "new");
}

#[test]
fn what_fails_makes_no_compartment() {
    let (mut vault, _) = owner();
    let note = "n".repeat(3900);
    vault.put("a/b", Entry::new().with_note(&note)).unwrap();
    vault.seal().unwrap();
    let long = format!("new/{}", "n".repeat(240));
    let big = "x".repeat(65 << 10);
    assert_eq!(code(vault.put("new/x", Entry::new().with("s", big.as_str()))), "limit");
    assert_eq!(code(vault.put("new/x", Entry::new().with_note(&big))), "limit");
    assert_eq!(code(vault.copy("a/b", &long)), "limit");
    assert_eq!(code(vault.rename("a/b", &long)), "limit");
    assert_eq!(vault.compartments().unwrap().len(), 1);
    assert!(!vault.is_changed());
    assert!(vault.contains("a/b").unwrap());
}

#[test]
fn a_rekeying_that_is_dropped_leaves_no_trace() {
    let (mut vault, key) = owner();
    let before = vault.opened_by().unwrap();
    vault.rekey(&[Unlock::key(key.clone())], OnDamage::Refuse).unwrap();
    assert_eq!(vault.opened_by().unwrap().label.as_deref(), Some("owner"));
    assert_ne!(vault.opened_by().unwrap(), before);
    vault.discard().unwrap();
    assert_eq!(vault.opened_by().unwrap(), before);
    vault.rekey(&[Unlock::key(key)], OnDamage::Refuse).unwrap();
    vault.seal().unwrap();
    assert_eq!(vault.opened_by().unwrap().label.as_deref(), Some("owner"));
}

#[test]
fn a_holder_whose_slot_changed_has_to_open_again() {
    let (mut vault, _, bot) = with_holder();
    let mut holder = Vault::open(vault.seal().unwrap(), &Unlock::key(bot)).unwrap();
    vault.revoke("bot", OnDamage::Refuse).unwrap();
    assert_eq!(code(holder.reload(vault.seal().unwrap())), "conflict");
    assert!(holder.contains("binance/main").unwrap());
}

#[test]
fn a_slot_shows_what_opens_it() {
    let (mut vault, ..) = with_holder();
    let weak = Kdf::argon2id(19_456, 2, 1).unwrap();
    let phrase = "correct horse battery staple";
    vault.grant("phrase", Access::Owner, &Unlock::passphrase(phrase), weak).unwrap();
    let both = Unlock::passphrase_and_key(phrase, Key::generate().unwrap());
    vault.grant("both", Access::Owner, &both, weak).unwrap();
    let factors = |label: &str| vault.slots().unwrap().into_iter().find(|slot| slot.label == label).unwrap().factors;
    assert_eq!(factors("bot"), Factors::Key);
    assert_eq!(factors("phrase"), Factors::Passphrase);
    assert_eq!(factors("both"), Factors::Both);
}

#[test]
fn the_pin_for_an_owner_is_that_of_the_whole_vault() {
    let (vault, ..) = with_holder();
    let owner = vault.slots().unwrap().into_iter().find(|slot| slot.scope == Scope::Owner).unwrap();
    assert_eq!(vault.pin_for(&owner.label).unwrap(), vault.pin().unwrap());
    assert_ne!(vault.pin_for("bot").unwrap(), vault.pin().unwrap());
}

#[test]
fn a_time_of_zero_takes_it_away_and_an_update_leaves_when_it_was_made() {
    let (mut vault, _) = owner();
    vault.put("binance/main", Entry::new().with("secret", "s").with_expires_at(5).with_rotate_after(6)).unwrap();
    vault.set_unix_seconds(1_800_000_000);
    vault.update("binance/main", Entry::new().with_expires_at(0).with_rotate_after(0), None).unwrap();
    let entry = vault.entry("binance/main").unwrap();
    assert_eq!((entry.expires_at(), entry.rotate_after()), (None, None));
    assert_eq!((entry.created(), entry.updated()), (1_700_000_000, 1_800_000_000));
}

#[test]
fn a_put_over_an_entry_leaves_when_it_was_first_put() {
    let (mut vault, _) = owner();
    vault.put("binance/main", Entry::new().with("secret", "s")).unwrap();
    vault.set_unix_seconds(1_800_000_000);
    vault.put("binance/main", Entry::new().with("secret", "t")).unwrap();
    let entry = vault.entry("binance/main").unwrap();
    assert_eq!((entry.created(), entry.updated()), (1_700_000_000, 1_800_000_000));
}

#[test]
fn hmac_takes_a_field_of_bytes_as_it_takes_text() {
    let (mut vault, _) = owner();
    vault.put("binance/main", Entry::new().with("text", "secret").with("bytes", b"secret".as_slice())).unwrap();
    let entry = vault.entry("binance/main").unwrap();
    let tag = |field| entry.hmac(field, Hash::Sha256, b"message").unwrap();
    assert_eq!(tag("bytes"), tag("text"));
}

#[test]
fn a_vault_has_1024_compartments_and_no_more() {
    let (mut vault, _) = owner();
    for n in 0..1024 {
        vault.put(&format!("c{n}/main"), Entry::new().with("secret", "s")).unwrap();
    }
    assert_eq!(code(vault.put("one/more", Entry::new().with("secret", "s"))), "limit");
    vault.seal().unwrap();
}

#[test]
fn names_and_fields_are_as_long_as_their_limit_and_no_longer() {
    let (mut vault, _) = owner();
    let put = |vault: &mut Vault, compartment: usize, rest: usize, field: usize| {
        let name = format!("{}/{}", "c".repeat(compartment), "e".repeat(rest));
        vault.put(&name, Entry::new().with(&"f".repeat(field), "s"))
    };
    put(&mut vault, 64, 190, 64).unwrap();
    assert_eq!(code(put(&mut vault, 65, 1, 1)), "invalid_input");
    assert_eq!(code(put(&mut vault, 64, 191, 1)), "invalid_input");
    assert_eq!(code(put(&mut vault, 1, 1, 65)), "invalid_input");
    vault.seal().unwrap();
}
