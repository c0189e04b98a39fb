//! Passkeys as ways in: enrolled, opened, kept through every change of the vault, and refused where they are wrong.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use strongroom::vault::{Access, Entry, Factors, OnDamage, PasskeySlot, Scope, Unlock, Vault, passkeys};
use strongroom::{Error, Kdf, Key};

const BINANCE: Access<'_> = Access::Compartments(&["binance"]);

fn code<T>(result: Result<T, Error>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "ok")
}

fn cheap() -> Kdf {
    Kdf::argon2id(19_456, 2, 1).unwrap()
}

/// One credential of an authenticator, which answers as WebAuthn (level 3, section 10.1.4) and CTAP's `hmac-secret` say.
struct Passkey {
    id: Vec<u8>,
    secret: [u8; 32],
}

impl Passkey {
    fn new(id: &[u8]) -> Self {
        Self { id: id.to_vec(), secret: Sha256::digest([b"a secret of ", id].concat()).into() }
    }

    fn answer(&self, prf_input: &[u8]) -> [u8; 32] {
        let salt = Sha256::digest([b"WebAuthn PRF\0", prf_input].concat());
        Hmac::<Sha256>::new_from_slice(&self.secret).unwrap().chain_update(salt).finalize().into_bytes().into()
    }

    /// For a new slot of this vault.
    fn enrol(&self, vault: &Vault) -> Unlock {
        self.enrol_with(&vault.generate_prf_input().unwrap())
    }

    fn enrol_with(&self, prf_input: &[u8]) -> Unlock {
        Unlock::new_passkey(&self.id, &self.answer(prf_input), prf_input)
    }

    /// For the slot that a closed vault names.
    fn unlock(&self, bytes: &[u8]) -> Unlock {
        Unlock::passkey(&self.id, &self.answer(&self.slot(bytes).expect("a slot of this passkey").prf_input))
    }

    fn slot(&self, bytes: &[u8]) -> Option<PasskeySlot> {
        passkeys(bytes).unwrap().into_iter().find(|slot| slot.credential_id == self.id)
    }

    fn open(&self, bytes: &[u8]) -> Result<Vault, Error> {
        Vault::open(bytes, &self.unlock(bytes))
    }
}

/// A vault with the compartments `binance` and `kraken`, and its owner's key.
fn owner() -> (Vault, Key) {
    let key = Key::generate().unwrap();
    let mut vault = Vault::create(&Unlock::key(key.clone()), cheap()).unwrap();
    vault.put("binance/main", Entry::new().with("secret", "s1")).unwrap();
    vault.put("kraken/main", Entry::new().with("secret", "s2")).unwrap();
    vault.seal().unwrap();
    (vault, key)
}

fn sees(vault: &Vault) -> Vec<String> {
    let names = vault.names().unwrap();
    names.iter().for_each(|name| drop(vault.entry(name).unwrap().reveal("secret").unwrap()));
    names
}

#[test]
fn enrolled_passkeys_open_the_vault() {
    let (mut vault, key) = owner();
    let [laptop, phone, bot, safe] = [b"laptop", b"_phone", b"__bot_", b"_safe_"].map(|id| Passkey::new(id));
    vault.grant("laptop", Access::Owner, &laptop.enrol(&vault), cheap()).unwrap();
    vault.grant("phone", BINANCE, &phone.enrol(&vault), cheap()).unwrap();
    vault.grant("bot", BINANCE, &bot.enrol(&vault).with_passphrase("b"), cheap()).unwrap();
    vault.grant("safe", Access::Owner, &safe.enrol(&vault).with_passphrase("s"), cheap()).unwrap();
    vault.grant("bare key", BINANCE, &Unlock::key(Key::generate().unwrap()), cheap()).unwrap();
    let bytes = vault.seal().unwrap();

    let listed = passkeys(&bytes).unwrap();
    let of = |passkey: &Passkey| listed.iter().find(|slot| slot.credential_id == passkey.id).unwrap();
    assert_eq!(listed.len(), 4);
    assert_eq!([&laptop, &phone, &bot, &safe].map(|one| of(one).needs_passphrase), [false, false, true, true]);
    let inputs: std::collections::BTreeSet<_> = listed.iter().map(|slot| &slot.prf_input).collect();
    assert_eq!(inputs.len(), 4);
    let in_file_order: Vec<_> = vault.slots().unwrap().into_iter().filter_map(|slot| slot.passkey).collect();
    assert_eq!(listed.iter().map(|slot| slot.credential_id.clone()).collect::<Vec<_>>(), in_file_order);

    for (passkey, passphrase, label, scope) in [
        (&laptop, None, Some("laptop"), Scope::Owner),
        (&phone, None, None, Scope::Holder),
        (&bot, Some("b"), None, Scope::Holder),
        (&safe, Some("s"), Some("safe"), Scope::Owner),
    ] {
        let unlock = passkey.unlock(&bytes);
        let unlock = passphrase.map_or(unlock.clone(), |text| unlock.with_passphrase(text));
        let opened = Vault::open(bytes.clone(), &unlock).unwrap();
        let by = opened.opened_by().unwrap();
        assert_eq!((by.label.as_deref(), by.scope), (label, scope));
        let all = ["binance/main", "kraken/main"];
        assert_eq!(sees(&opened), if scope == Scope::Owner { &all[..] } else { &all[..1] });
    }
    assert_eq!(code(Vault::open(bytes, &Unlock::key(key))), "ok");
    let factors = |label| vault.slots().unwrap().into_iter().find(|slot| slot.label == label).unwrap().factors;
    assert_eq!((factors("phone"), factors("bot")), (Factors::Key, Factors::Both));
}

/// FORMAT.md, sections 2.2, 3.2 and 3.3, done by hand: what the file says of the slot, and the key that it commits to.
#[test]
fn the_slot_is_the_one_that_the_format_says() {
    let (mut vault, _) = owner();
    let phone = Passkey::new(b"phone");
    vault.grant("phone", BINANCE, &phone.enrol(&vault), cheap()).unwrap();
    let bytes = vault.seal().unwrap();
    let vault_id = &bytes[16..32];
    let hint = [&[0, 5][..], b"phone"].concat();
    let at = bytes.windows(hint.len()).position(|window| window == hint).unwrap() - 52;
    let (head, rest) = bytes[at..].split_at(54 + 5);
    let salt = &head[20..52];
    assert_eq!(&head[8..20], [2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "scope, factors, and no cost");
    let input = [b"strongroom/v1/prf\0", vault_id, salt].concat();
    assert_eq!(phone.slot(&bytes).unwrap().prf_input, input);
    let mut keys = [0; 64];
    let info = [b"strongroom/v1/slot\0", vault_id, head].concat();
    Hkdf::<Sha256>::new(Some(salt), &phone.answer(&input)).expand(&info, &mut keys).unwrap();
    assert_eq!(&keys[32..], &rest[..32]);
}

#[test]
fn what_does_not_fit_is_refused_when_opening() {
    let (mut vault, _) = owner();
    let (phone, bot) = (Passkey::new(b"phone"), Passkey::new(b"bot"));
    vault.grant("phone", BINANCE, &phone.enrol(&vault), cheap()).unwrap();
    vault.grant("bot", BINANCE, &bot.enrol(&vault).with_passphrase("b"), cheap()).unwrap();
    let bytes = vault.seal().unwrap();
    let input = phone.slot(&bytes).unwrap().prf_input;
    let refused = |unlock: &Unlock| code(Vault::open(bytes.clone(), unlock));
    assert_eq!(refused(&Unlock::passkey(b"phone", &[7; 32])), "decrypt");
    assert_eq!(refused(&Unlock::passkey(b"phone", &Passkey::new(b"other").answer(&input))), "decrypt");
    assert_eq!(refused(&Unlock::passkey(b"other", &phone.answer(&input))), "decrypt", "no slot");
    assert_eq!(refused(&Unlock::passkey(b"bot", &phone.answer(&input)).with_passphrase("b")), "decrypt");
    assert_eq!(
        refused(&Unlock::passkey(b"", &phone.answer(&input))),
        "decrypt",
        "the slots without a hint are not meant"
    );
    assert_eq!(refused(&Unlock::passkey(&[b'x'; 70_000], &phone.answer(&input))), "decrypt");
    assert_eq!(refused(&phone.unlock(&bytes).with_passphrase("p")), "invalid_input", "it takes no passphrase");
    assert_eq!(refused(&bot.unlock(&bytes)), "invalid_input", "it takes one");
    assert_eq!(refused(&bot.unlock(&bytes).with_passphrase("wrong")), "decrypt");
    assert_eq!(refused(&Unlock::passphrase("b")), "decrypt", "it alone is not tried");
    assert_eq!(format!("{:?}", phone.enrol(&vault)), "Unlock(key, ***)");
}

#[test]
fn a_passkey_opens_after_all_that_happens_to_a_vault() {
    let (mut vault, key) = owner();
    let (mine, bot) = (Passkey::new(b"mine"), Passkey::new(b"bot"));
    vault.grant("mine", Access::Owner, &mine.enrol(&vault), cheap()).unwrap();
    let both = Access::Compartments(&["binance", "kraken"]);
    vault.grant("bot", both, &bot.enrol(&vault), cheap()).unwrap();
    for (label, compartments) in [("a", &["binance"][..]), ("b", &["kraken"]), ("c", &["kraken"])] {
        let unlock = Unlock::key(Key::generate().unwrap());
        vault.grant(label, Access::Compartments(compartments), &unlock, cheap()).unwrap();
    }
    let mut bytes = vault.seal().unwrap();
    let (mine_before, bot_before) = (mine.unlock(&bytes), bot.unlock(&bytes));

    // The owner opens with a passkey, and the holder of another saves in between.
    let mut vault = mine.open(&bytes).unwrap();
    let mut holder = bot.open(&bytes).unwrap();
    holder.put("kraken/oauth", Entry::new().with("secret", "s3")).unwrap();
    bytes = holder.splice(&bytes).unwrap();
    holder.saved(bytes.clone()).unwrap();
    vault.revoke("a", OnDamage::Refuse).unwrap();
    bytes = vault.splice(&bytes).unwrap();
    vault.saved(bytes.clone()).unwrap();
    assert!(holder.reload(bytes.clone()).unwrap());
    assert_eq!(sees(&holder), ["binance/main", "kraken/main", "kraken/oauth"]);

    vault.revoke_from("bot", &["binance"], OnDamage::Refuse).unwrap();
    vault.revoke("b", OnDamage::Refuse).unwrap();
    vault.put("binance/main", Entry::new().with("secret", "new")).unwrap();
    bytes = vault.seal().unwrap();
    vault.remove_compartment("binance").unwrap();
    bytes = vault.splice(&bytes).unwrap();
    vault.saved(bytes.clone()).unwrap();

    assert_eq!(passkeys(&bytes).unwrap().len(), 2);
    for (unlock, before) in [(mine.unlock(&bytes), mine_before), (bot.unlock(&bytes), bot_before)] {
        assert_eq!(sees(&Vault::open(bytes.clone(), &unlock).unwrap()), ["kraken/main", "kraken/oauth"]);
        // The input, and so the answer, is the one of the enrolment.
        assert_eq!(code(Vault::open(bytes.clone(), &before)), "ok");
    }

    vault.revoke("bot", OnDamage::Refuse).unwrap();
    bytes = vault.seal().unwrap();
    assert_eq!(bot.slot(&bytes), None);
    assert_eq!(code(Vault::open(bytes.clone(), &Unlock::passkey(&bot.id, &[0; 32]))), "decrypt");
    assert!(holder.reload(bytes.clone()).is_err());
    vault.grant("bot again", Access::Compartments(&["kraken"]), &bot.enrol(&vault), cheap()).unwrap();
    bytes = vault.seal().unwrap();
    assert_eq!(sees(&bot.open(&bytes).unwrap()), ["kraken/main", "kraken/oauth"]);
    assert_eq!(code(Vault::open(bytes, &Unlock::key(key))), "ok");
}

#[test]
fn a_passkey_has_one_slot() {
    let (mut vault, key) = owner();
    let phone = Passkey::new(b"phone");
    vault.grant("phone", BINANCE, &phone.enrol(&vault), cheap()).unwrap();
    let again = |vault: &mut Vault| {
        for access in [BINANCE, Access::Owner] {
            let (alone, both) = (phone.enrol(vault), phone.enrol(vault).with_passphrase("p"));
            assert_eq!(code(vault.grant("again", access, &alone, cheap())), "exists");
            assert_eq!(code(vault.grant("again", access, &both, cheap())), "exists");
        }
    };
    again(&mut vault);
    let bytes = vault.seal().unwrap();
    let mut vault = Vault::open(bytes, &Unlock::key(key)).unwrap();
    again(&mut vault);
    assert!(!vault.is_changed());
    vault.grant("other", BINANCE, &Passkey::new(b"phone2").enrol(&vault), cheap()).unwrap();
    assert_eq!(code(vault.grant("other", BINANCE, &Passkey::new(b"3").enrol(&vault), cheap())), "exists", "the label");
}

#[test]
fn a_credential_id_has_1_to_1023_bytes() {
    let (mut vault, _) = owner();
    let expected =
        [(0, "invalid_input"), (1, "ok"), (1023, "ok"), (1024, "limit"), (65_536, "limit"), (65_541, "limit")];
    for (len, expected) in expected {
        let passkey = Passkey::new(&vec![b'x'; len]);
        assert_eq!(code(vault.grant(&len.to_string(), BINANCE, &passkey.enrol(&vault), cheap())), expected, "{len}");
    }
    let bytes = vault.seal().unwrap();
    assert_eq!(passkeys(&bytes).unwrap().len(), 2);
    for len in [1, 1023] {
        assert_eq!(code(Passkey::new(&vec![b'x'; len]).open(&bytes)), "ok");
    }
}

#[test]
fn an_input_is_of_this_vault_and_for_one_slot() {
    let (mut vault, key) = owner();
    let phone = Passkey::new(b"phone");
    let input = vault.generate_prf_input().unwrap();
    assert_eq!(input.len(), 18 + 16 + 32);
    assert_ne!(input, vault.generate_prf_input().unwrap());
    let other = owner().0.generate_prf_input().unwrap();
    let longer = [&input[..], b"0"].concat();
    let other_label = [b"strongroom/v2/prf\0", &input[18..]].concat();
    let mut wrong: Vec<_> = [&other, &longer, &other_label].map(|input| phone.enrol_with(input)).into();
    wrong.extend((0..input.len()).map(|len| phone.enrol_with(&input[..len])));
    wrong.push(Unlock::passkey(&phone.id, &phone.answer(&input)));
    for unlock in &wrong {
        assert_eq!(code(vault.grant("phone", BINANCE, unlock, cheap())), "invalid_input");
        assert_eq!(code(vault.grant("phone", BINANCE, &unlock.clone().with_passphrase("p"), cheap())), "invalid_input");
        assert_eq!(code(Vault::create(unlock, cheap())), "invalid_input");
    }
    let change = vault.grant("phone", BINANCE, &Unlock::passkey(b"phone", &[0; 32]), cheap()).unwrap_err();
    assert!(change.to_string().contains("ask for a new one"), "{change}");
    assert!(!vault.is_changed());
    let start = Vault::create(&phone.enrol_with(&input), cheap()).unwrap_err();
    assert!(start.to_string().contains("starts with a passphrase or a key"), "{start}");

    // It is as good in the same vault, opened again after a save.
    vault.put("binance/main", Entry::new().with("secret", "new")).unwrap();
    let bytes = vault.seal().unwrap();
    let mut vault = Vault::open(bytes, &Unlock::key(key)).unwrap();
    vault.grant("phone", BINANCE, &phone.enrol_with(&input), cheap()).unwrap();
    let second = Passkey::new(b"second").enrol_with(&input);
    assert_eq!(code(vault.grant("second", BINANCE, &second, cheap())), "invalid_input", "no slot has another's salt");
    let bytes = vault.seal().unwrap();
    assert_eq!(code(vault.grant("second", BINANCE, &second, cheap())), "invalid_input");

    let holder = phone.open(&bytes).unwrap();
    assert_eq!(code(holder.generate_prf_input()), "no_access");
    vault.lock();
    assert_eq!(code(vault.generate_prf_input()), "locked");
}

#[test]
fn an_input_from_before_a_rekey_is_worth_nothing() {
    let (mut vault, key) = owner();
    let (mine, bot) = (Passkey::new(b"mine"), Passkey::new(b"bot"));
    vault.grant("mine", Access::Owner, &mine.enrol(&vault), cheap()).unwrap();
    vault.grant("bot", BINANCE, &bot.enrol(&vault).with_passphrase("b"), cheap()).unwrap();
    let before = vault.seal().unwrap();
    let early = mine.enrol(&vault);

    let keep = Unlock::key(key);
    for passkey in [mine.unlock(&before), mine.enrol(&vault), bot.unlock(&before).with_passphrase("b")] {
        let refused = vault.rekey(&[keep.clone(), passkey], OnDamage::Refuse).unwrap_err();
        assert_eq!(refused.code(), "invalid_input");
        assert!(refused.to_string().contains("enrol the passkey again"), "{refused}");
    }
    assert!(!vault.is_changed());

    let rekeyed = vault.rekey(&[keep], OnDamage::Refuse).unwrap();
    let mut removed = rekeyed.removed.clone();
    removed.sort();
    assert_eq!(removed, ["bot", "mine"]);
    assert_eq!(code(vault.grant("mine", Access::Owner, &early, cheap())), "invalid_input");
    // Enrolled for the new vault id before that is saved.
    vault.grant("mine", Access::Owner, &mine.enrol(&vault), cheap()).unwrap();
    let after = vault.seal().unwrap();
    assert_eq!(passkeys(&after).unwrap().len(), 1);
    assert_eq!(code(mine.open(&after)), "ok");
    assert_eq!(code(Vault::open(after, &mine.unlock(&before))), "decrypt");
    assert_eq!(code(mine.open(&before)), "ok", "an old copy opens as before");
}

#[test]
fn the_passphrase_beside_a_passkey_can_be_changed() {
    let (mut vault, _) = owner();
    let (mine, alone) = (Passkey::new(b"mine"), Passkey::new(b"alone"));
    vault.grant("mine", Access::Owner, &mine.enrol(&vault).with_passphrase("old"), cheap()).unwrap();
    vault.grant("alone", BINANCE, &alone.enrol(&vault), cheap()).unwrap();
    let before = vault.seal().unwrap();
    let (slot, old) = (mine.slot(&before).unwrap(), mine.unlock(&before));

    let key = Key::generate().unwrap();
    let other = Passkey::new(b"other");
    for (label, unlock) in [
        ("mine", mine.unlock(&before).with_passphrase("new")), // its answer is for the salt of now
        ("mine", mine.enrol_with(&slot.prf_input).with_passphrase("new")),
        ("mine", mine.enrol_with(&owner().0.generate_prf_input().unwrap()).with_passphrase("new")),
        ("mine", mine.enrol_with(&alone.slot(&before).unwrap().prf_input).with_passphrase("new")),
        ("mine", other.enrol(&vault).with_passphrase("new")),
        ("mine", mine.enrol(&vault)),
        ("mine", Unlock::passphrase("new")),
        ("mine", Unlock::passphrase_and_key("new", key)),
        ("alone", alone.enrol(&vault).with_passphrase("new")),
        ("alone", alone.enrol(&vault)),
        ("owner", mine.enrol(&vault).with_passphrase("new")),
    ] {
        assert_eq!(code(vault.change_passphrase(label, &unlock, cheap())), "invalid_input", "{label} {unlock:?}");
    }
    for unlock in [mine.unlock(&before), mine.enrol(&vault)] {
        let refused = vault.strengthen("mine", &unlock.with_passphrase("old"), Kdf::default()).unwrap_err();
        assert_eq!(refused.code(), "invalid_input");
        assert!(refused.to_string().contains("change the passphrase instead"), "{refused}");
    }
    assert!(!vault.is_changed());

    let stronger = Kdf::argon2id(19_456, 3, 1).unwrap();
    vault.change_passphrase("mine", &mine.enrol(&vault).with_passphrase("new"), stronger).unwrap();
    let after = vault.seal().unwrap();
    let changed = mine.slot(&after).unwrap();
    assert_ne!(changed.prf_input, slot.prf_input);
    assert!(changed.needs_passphrase);
    let info = |vault: &Vault| vault.slots().unwrap().into_iter().find(|slot| slot.label == "mine").unwrap();
    assert_eq!(info(&vault).kdf, Some(stronger));
    assert_eq!(info(&vault).passkey.as_deref(), Some(&mine.id[..]));
    let opened = Vault::open(after.clone(), &mine.unlock(&after).with_passphrase("new")).unwrap();
    assert_eq!(opened.opened_by().unwrap().label.as_deref(), Some("mine"));
    assert_eq!(code(Vault::open(after.clone(), &mine.unlock(&after).with_passphrase("old"))), "decrypt");
    assert_eq!(code(Vault::open(after.clone(), &old.with_passphrase("new"))), "decrypt", "the old answer");
    assert_eq!(code(alone.open(&after)), "ok");
}

#[test]
fn a_slot_that_is_not_saved_is_only_in_the_open_vault() {
    let (mut vault, key) = owner();
    let (phone, bot) = (Passkey::new(b"phone"), Passkey::new(b"bot"));
    let stored = vault.base_bytes().unwrap().to_vec();
    let listed = |vault: &Vault| vault.slots().unwrap().into_iter().filter_map(|slot| slot.passkey).count();
    vault.grant("phone", BINANCE, &phone.enrol(&vault).with_passphrase("one"), cheap()).unwrap();
    vault.grant("bot", BINANCE, &bot.enrol(&vault), cheap()).unwrap();
    assert_eq!((listed(&vault), passkeys(vault.base_bytes().unwrap()).unwrap().len()), (2, 0));
    vault.change_passphrase("phone", &phone.enrol(&vault).with_passphrase("two"), cheap()).unwrap();
    vault.revoke("bot", OnDamage::Refuse).unwrap();
    let bytes = vault.splice(&stored).unwrap();
    assert_eq!(passkeys(&bytes).unwrap().len(), 1);
    assert_eq!(code(Vault::open(bytes.clone(), &phone.unlock(&bytes).with_passphrase("two"))), "ok");

    vault.discard().unwrap();
    assert_eq!(listed(&vault), 0);
    // Two owners at once: the second is told, and its passkey is good for the next try.
    let mut second = Vault::open(stored, &Unlock::key(key)).unwrap();
    let unlock = bot.enrol(&second);
    second.grant("bot", BINANCE, &unlock, cheap()).unwrap();
    assert_eq!(code(second.splice(&bytes)), "conflict");
    second.discard().unwrap();
    second.reload(bytes.clone()).unwrap();
    second.grant("bot", BINANCE, &unlock, cheap()).unwrap();
    let bytes = second.splice(&bytes).unwrap();
    assert_eq!(passkeys(&bytes).unwrap().len(), 2);
    assert_eq!(code(bot.open(&bytes)), "ok");
}

#[test]
fn passkeys_count_among_the_slots() {
    let (mut vault, _) = owner();
    for number in 0..8 {
        let unlock = Passkey::new(&[number]).enrol(&vault).with_passphrase("the same for all");
        vault.grant(&number.to_string(), BINANCE, &unlock, cheap()).unwrap();
    }
    let ninth = Passkey::new(b"ninth").enrol(&vault).with_passphrase("p");
    assert_eq!(code(vault.grant("ninth", BINANCE, &ninth, cheap())), "limit");
    for number in 8..63 {
        vault.grant(&number.to_string(), BINANCE, &Passkey::new(&[number]).enrol(&vault), cheap()).unwrap();
    }
    assert_eq!(code(vault.grant("65th", BINANCE, &Passkey::new(b"65th").enrol(&vault), cheap())), "limit");
    let bytes = vault.seal().unwrap();
    assert_eq!(passkeys(&bytes).unwrap().len(), 63);
    assert_eq!(code(Passkey::new(&[62]).open(&bytes)), "ok");
}

#[test]
fn bytes_that_are_no_vault_name_no_passkeys() {
    let (mut vault, _) = owner();
    vault.grant("phone", BINANCE, &Passkey::new(b"phone").enrol(&vault), cheap()).unwrap();
    let bytes = vault.seal().unwrap();
    for len in 0..bytes.len() {
        assert_eq!(code(passkeys(&bytes[..len])), "format");
    }
    assert_eq!(code(passkeys(&[&bytes[..15], &[2], &bytes[16..]].concat())), "unsupported_version");
    assert_eq!(code(passkeys(&vec![0; (64 << 20) + 1])), "limit");
}
