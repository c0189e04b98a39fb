//! The test values that FORMAT.md prints, read out of FORMAT.md.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

use strongroom::Key;
use strongroom::vault::{Unlock, Vault};

const FORMAT: &str = include_str!("../../FORMAT.md");

fn word(prefix: &str) -> &'static str {
    FORMAT.split_whitespace().find(|word| word.starts_with(prefix)).unwrap()
}

/// The code block that starts with the magic bytes.
fn file() -> Vec<u8> {
    let start = FORMAT.find("\n89535452").unwrap();
    let block = FORMAT[start..].split("```").next().unwrap();
    data_encoding::HEXLOWER.decode(block.split_whitespace().collect::<String>().as_bytes()).unwrap()
}

#[test]
fn the_vault_of_appendix_a_opens() {
    let key = Key::parse(FORMAT.lines().find_map(|line| line.strip_prefix("key text")).unwrap()).unwrap();
    assert_eq!(key.slot_id(), [0, 1, 2, 3, 4, 5, 6, 7]);
    let bytes = file();
    assert_eq!(bytes.len(), 442);
    let vault = Vault::open(bytes.clone(), &Unlock::key(key.clone())).unwrap();
    assert_eq!(vault.opened_by().unwrap().label.as_deref(), Some("owner"));
    assert_eq!(vault.slots().unwrap()[0].created, 1_700_000_000);
    assert!(vault.names().unwrap().is_empty());
    let pin = word("strongroom-pin-1:o");
    assert_eq!(vault.pin().unwrap(), pin);
    assert!(Vault::open(bytes, &Unlock::key(key).with_pin(pin)).is_ok());
}

#[test]
fn no_bit_flip_cut_or_addition_is_accepted() {
    let key = Key::parse(FORMAT.lines().find_map(|line| line.strip_prefix("key text")).unwrap()).unwrap();
    let refused = |bytes: Vec<u8>| Vault::open(bytes, &Unlock::key(key.clone())).is_err();
    let good = file();
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut flipped = good.clone();
            flipped[at] ^= 1 << bit;
            assert!(refused(flipped), "bit {bit} of byte {at}");
        }
        assert!(refused(good[..at].to_vec()), "cut to {at}");
        for byte in [0, 1, 0xff] {
            let mut longer = good.clone();
            longer.insert(at, byte);
            assert!(refused(longer), "{byte} inserted at {at}");
        }
    }
    assert!(refused([good, vec![0]].concat()));
}
