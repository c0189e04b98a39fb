//! Accounts of authenticators: their URIs, exports and QR codes.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

#[allow(dead_code, unreachable_pub)]
mod otp_cases;

use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::Value;
use strongroom::Secret;
use strongroom::otp::{Account, Algorithm, Codes, Hotp, Totp, decode_base32, qr, read_migration, write_migration};

use otp_cases::{hotp, text, totp, vectors};

fn account_of(case: &Value) -> Account {
    let codes = match case["type"].as_str().unwrap() {
        "totp" => Codes::Totp(totp(case)),
        _ => Codes::Hotp { hotp: hotp(case), counter: case["counter"].as_u64().unwrap() },
    };
    let account = Account::new(codes, &text(&case["account"])).unwrap();
    account.with_issuer(case["issuer"].as_str().unwrap_or_default()).unwrap()
}

#[test]
fn uris_are_read_leniently_and_written_strictly() {
    let (mut read, mut refused) = (0, 0);
    for case in vectors("uri") {
        let uri = text(&case["uri"]);
        match Account::from_uri(&uri) {
            Ok(account) => {
                assert_eq!((&case["expect"], &account), (&"ok".into(), &account_of(&case)), "{}", case["name"]);
                let written = account.to_uri().unwrap();
                assert_eq!(written.reveal_str().unwrap(), text(&case["written"]), "{}", case["name"]);
                assert_eq!(Account::from_uri(written.reveal_str().unwrap()).unwrap(), account);
                assert_eq!(Totp::from_uri(&uri).is_ok(), matches!(account.codes(), Codes::Totp(_)));
                read += 1;
            }
            Err(error) => {
                assert_eq!(case["expect"], error.code(), "{}: {error}", case["name"]);
                assert!(!error.to_string().contains("JBSW"), "{}: {error}", case["name"]);
                refused += 1;
            }
        }
    }
    println!("{read} read, {refused} refused");
    assert!(read >= 45 && refused >= 60);
    for case in vectors("not_written") {
        let account = Account::new(Totp::generate().unwrap(), case["account"].as_str().unwrap()).unwrap();
        let account = account.with_issuer(case["issuer"].as_str().unwrap_or_default()).unwrap();
        assert_eq!(account.to_uri().unwrap_err().code(), "invalid_input", "{}", case["name"]);
    }
}

#[test]
fn an_account_is_checked_when_it_is_made() {
    let totp = || Totp::generate().unwrap();
    let account = Account::new(totp(), "  alice ").unwrap().with_issuer(" Example ").unwrap();
    assert_eq!((account.name(), account.issuer()), ("alice", Some("Example")));
    assert_eq!(account.with_issuer(" ").unwrap().issuer(), None);
    let (longest, longer) = ("ä".repeat(128), format!("{}b", "ä".repeat(128)));
    let account = Account::new(totp(), &longest).unwrap().with_issuer(&longest).unwrap();
    assert_eq!(Account::from_uri(account.to_uri().unwrap().reveal_str().unwrap()).unwrap(), account);
    assert_eq!(Account::new(totp(), &longer).unwrap_err().code(), "limit");
    assert_eq!(account.with_issuer(&longer).unwrap_err().code(), "limit");
    for text in ["a\nb", "a\u{1b}[2J", "\u{9b}", "a\0"] {
        assert_eq!(Account::new(totp(), text).unwrap_err().code(), "invalid_input");
        assert_eq!(Account::new(totp(), "").unwrap().with_issuer(text).unwrap_err().code(), "invalid_input");
    }
    let too_far = Codes::Hotp { hotp: Hotp::generate().unwrap(), counter: 1 << 53 };
    assert_eq!(Account::new(too_far, "alice").unwrap_err().code(), "invalid_input");
}

#[test]
fn debug_shows_no_secret() {
    let totp = Totp::new(&decode_base32("JBSWY3DPEHPK3PXP").unwrap()).unwrap();
    let account = Account::new(totp, "alice").unwrap().with_issuer("Example").unwrap();
    assert_eq!(
        format!("{account:?}"),
        r#"Account { issuer: Some("Example"), name: "alice", codes: Totp(Totp { algorithm: Sha1, digits: 6, period: 30, .. }) }"#
    );
}

#[test]
fn exports_are_read_and_written_back() {
    let (mut read, mut refused) = (0, 0);
    for case in vectors("migration") {
        let uris: Vec<_> = match &case["uris"] {
            Value::Array(uris) => uris.iter().map(text).collect(),
            repeated => vec![text(&repeated["uri"]); repeated["times"].as_u64().unwrap() as usize],
        };
        let uris: Vec<_> = uris.iter().map(String::as_str).collect();
        match read_migration(&uris) {
            Ok(migration) => {
                let accounts: Vec<_> = match &case["accounts"] {
                    Value::Array(accounts) => accounts.iter().map(account_of).collect(),
                    repeated => vec![account_of(&repeated["account"]); repeated["times"].as_u64().unwrap() as usize],
                };
                assert_eq!(case["expect"], "ok", "{}", case["name"]);
                assert_eq!(migration.accounts, accounts, "{}", case["name"]);
                assert_eq!(case["parts"], migration.parts, "{}", case["name"]);
                assert_eq!(case["missing"], Value::from(migration.missing), "{}", case["name"]);
                if !accounts.is_empty() && case["name"] != "digits_as_numbers" {
                    let written = write_migration(&accounts).unwrap();
                    let written: Vec<_> = written.iter().map(|uri| uri.reveal_str().unwrap()).collect();
                    assert_eq!(read_migration(&written).unwrap().accounts, accounts, "{}", case["name"]);
                }
                read += 1;
            }
            Err(error) => {
                assert_eq!(case["expect"], error.code(), "{}: {error}", case["name"]);
                assert!(!error.to_string().contains("alice"), "{}: {error}", case["name"]);
                refused += 1;
            }
        }
    }
    println!("{read} read, {refused} refused");
    assert!(read >= 20 && refused >= 45);
}

#[test]
fn an_export_is_split_for_qr_codes() {
    let long = "n".repeat(256);
    for (count, name, parts) in
        [(1, "alice", 1), (10, "alice", 1), (11, "alice", 2), (1000, "alice", 100), (5, &long, 3)]
    {
        let accounts: Vec<_> = (0..count)
            .map(|at| {
                let totp = Totp::generate().unwrap();
                let account = if name == long { long.clone() } else { format!("{name}{at}") };
                Account::new(totp, &account).unwrap().with_issuer(if name == long { &long } else { "Example" }).unwrap()
            })
            .collect();
        let mut uris: Vec<String> =
            write_migration(&accounts).unwrap().iter().map(|uri| uri.reveal_str().unwrap().to_owned()).collect();
        assert_eq!(uris.len(), parts);
        assert!(uris.iter().all(|uri| qr::svg(uri).is_ok()));
        assert_eq!(uris.iter().collect::<HashSet<_>>().len(), parts);
        uris.reverse();
        let uris: Vec<_> = uris.iter().map(String::as_str).collect();
        let read = read_migration(&uris).unwrap();
        assert_eq!((read.accounts, read.parts as usize, read.missing), (accounts, parts, vec![]));
        let last: Vec<_> = (1..parts as u32).collect();
        assert_eq!(read_migration(&uris[..1]).unwrap().missing, last);
    }
}

#[test]
fn what_an_export_cannot_say_is_told_by_its_place() {
    let totp = || Totp::generate().unwrap();
    let good = Account::new(totp(), "alice").unwrap();
    for codes in [totp().with_period(60).unwrap(), totp().with_digits(7).unwrap(), totp().with_steam()] {
        let error = write_migration(&[good.clone(), Account::new(codes, "bob").unwrap()]).unwrap_err();
        assert_eq!(error.code(), "invalid_input");
        assert!(error.to_string().starts_with("account 2: "), "{error}");
    }
    assert_eq!(write_migration(&[]).unwrap_err().code(), "invalid_input");
    assert_eq!(write_migration(&vec![good; 1001]).unwrap_err().code(), "limit");
}

/// Modules of an SVG as rows of dark and light.
fn modules(svg: &str) -> Vec<Vec<bool>> {
    let side: usize = svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let mut rows = vec![vec![false; side]; side];
    for run in svg.rsplit("d=\"").next().unwrap().split('M').skip(1) {
        let (at, rest) = run.split_once('h').unwrap();
        let (x, y) = at.split_once(' ').unwrap();
        let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
        let len: usize = rest.split_once('v').unwrap().0.parse().unwrap();
        rows[y][x..x + len].fill(true);
    }
    rows
}

#[test]
fn a_qr_code_is_the_same_as_a_picture_and_in_a_terminal() {
    for text in ["", "otpauth://totp/a?secret=JBSWY3DPEHPK3PXP", &"x".repeat(700), &"x".repeat(2953)] {
        let rows = modules(qr::svg(text).unwrap().reveal_str().unwrap());
        for (background, drawn) in [(qr::Background::Light, true), (qr::Background::Dark, false)] {
            let shown = qr::terminal(text, background).unwrap();
            let lines: Vec<Vec<char>> =
                shown.reveal_str().unwrap().lines().map(|line| line.chars().collect()).collect();
            assert_eq!(lines.len(), rows.len().div_ceil(2));
            for (y, row) in rows.iter().enumerate() {
                for (x, &is_dark) in row.iter().enumerate() {
                    let halves = if y % 2 == 0 { "█▀" } else { "█▄" };
                    assert_eq!(halves.contains(lines[y / 2][x]), is_dark == drawn, "{x} {y}");
                }
            }
        }
        // The margin is light, and the corner behind it dark.
        assert!(rows[..4].iter().flatten().chain(rows.iter().flat_map(|row| &row[..4])).all(|&is_dark| !is_dark));
        assert!((4..11).all(|at| rows[4][at] && rows[at][4]) && !rows[5][5]);
    }
    assert_eq!(qr::svg(&"x".repeat(2954)).unwrap_err().code(), "limit");
    assert_eq!(qr::terminal(&"x".repeat(2954), qr::Background::Dark).unwrap_err().code(), "limit");
}

fn text_of_people() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,20}", "[^\\p{Cc}]{0,20}", "[%:+&=?#/ ]{0,8}"]
}

fn codes() -> impl Strategy<Value = Codes> {
    let secret = proptest::collection::vec(any::<u8>(), 1..257).prop_map(Secret::new);
    let algorithm = prop_oneof![Just(Algorithm::Sha1), Just(Algorithm::Sha256), Just(Algorithm::Sha512)];
    (secret, algorithm, 5_u8..9, 1_u32..86_401, proptest::option::of(0_u64..1 << 53)).prop_map(
        |(secret, algorithm, digits, period, counter)| match counter {
            Some(counter) => {
                let hotp = Hotp::new(&secret).unwrap().with_algorithm(algorithm).with_digits(digits.max(6)).unwrap();
                Codes::Hotp { hotp, counter }
            }
            None => {
                let totp = Totp::new(&secret).unwrap().with_algorithm(algorithm).with_period(period).unwrap();
                Codes::Totp(if digits == 5 { totp.with_steam() } else { totp.with_digits(digits).unwrap() })
            }
        },
    )
}

proptest! {
    #[test]
    fn reading_any_text_does_not_panic(text in "\\PC{0,60}", start in "(otpauth://|otpauth-migration://offline\\?data=)?") {
        let uri = format!("{start}{text}");
        let _ = (Account::from_uri(&uri), read_migration(&[&uri]), decode_base32(&text));
    }

    #[test]
    fn an_account_comes_back_from_its_uri(codes in codes(), issuer in text_of_people(), name in text_of_people()) {
        let account = Account::new(codes, &name).unwrap().with_issuer(&issuer).unwrap();
        match account.to_uri() {
            Ok(uri) => prop_assert_eq!(Account::from_uri(uri.reveal_str().unwrap()).unwrap(), account),
            Err(error) => {
                prop_assert_eq!(error.code(), "invalid_input");
                prop_assert!(issuer.contains(':') || issuer.trim().is_empty() && name.contains(':'));
            }
        }
    }

    #[test]
    fn accounts_come_back_from_an_export(
        accounts in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 1..257), "[^:\\p{Cc}]{0,60}", "[^\\p{Cc}]{0,60}"), 1..40),
    ) {
        let accounts: Vec<_> = accounts.into_iter().map(|(secret, name, issuer)| {
            let totp = Totp::new(&Secret::new(secret)).unwrap();
            Account::new(totp, &name).unwrap().with_issuer(&issuer).unwrap()
        }).collect();
        let uris = write_migration(&accounts).unwrap();
        let uris: Vec<_> = uris.iter().map(|uri| uri.reveal_str().unwrap()).collect();
        prop_assert!(uris.iter().all(|uri| uri.len() <= 2953));
        prop_assert_eq!(read_migration(&uris).unwrap().accounts, accounts);
    }
}
