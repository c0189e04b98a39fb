//! Recovery codes, and codes that are sent to a user.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

use std::collections::HashSet;

use strongroom::otp::{Delivered, DeliveredCodes, RecoveryCode};

#[test]
fn a_recovery_code_works_once_and_in_any_spelling() {
    let codes = RecoveryCode::generate(10).unwrap();
    let mut stored: Vec<_> = codes.iter().map(|code| code.stored.clone()).collect();
    assert_eq!(stored.iter().collect::<HashSet<_>>().len(), 10);
    for (at, code) in codes.iter().enumerate() {
        let shown = code.code.reveal_str().unwrap();
        assert_eq!(shown.len(), 29);
        assert!(shown.split('-').all(|group| group.len() == 4));
        assert!(!shown.contains(['I', 'L', 'O', 'U']));
        let typed =
            shown.to_lowercase().replace('-', " ").replace('0', "o").replace('1', if at % 2 == 0 { "l" } else { "I" });
        for spelling in [shown, &typed, &shown.replace('-', ""), &format!("  {shown} ")] {
            assert_eq!(RecoveryCode::verify(spelling, &stored), Ok(Some(at)), "{spelling}");
        }
        for wrong in [
            "",
            "-",
            &shown[..28],
            &format!("{shown}0"),
            &shown.replace('-', "_"),
            &format!("U{}", &shown[1..]),
            &format!("ä{}", &shown[1..]),
            &"0".repeat(1 << 20),
        ] {
            assert_eq!(RecoveryCode::verify(wrong, &stored), Ok(None));
        }
    }
    stored.remove(3);
    assert_eq!(RecoveryCode::verify(codes[3].code.reveal_str().unwrap(), &stored), Ok(None));
    assert_eq!(RecoveryCode::verify(codes[4].code.reveal_str().unwrap(), &stored), Ok(Some(3)));
    assert_eq!(RecoveryCode::verify(codes[4].code.reveal_str().unwrap(), &[""; 0]), Ok(None));
}

/// Computed with Python's hmac, so that what is stored today is read by every release.
#[test]
fn what_is_stored_of_a_recovery_code_stays_readable() {
    let stored = ["$strongroom-recovery$v=1$VV6q9MQoUoPs81LX0XkLwBkSHgBsnDYG9EyQP3nDdMk"];
    assert_eq!(RecoveryCode::verify("0123-4567-89AB-CDEF-GHJK-MNPQ", &stored), Ok(Some(0)));
    assert_eq!(RecoveryCode::verify("0123-4567-89AB-CDEF-GHJK-MNPR", &stored), Ok(None));
}

#[test]
fn recovery_codes_have_bounds() {
    assert_eq!(RecoveryCode::generate(0).unwrap_err().code(), "invalid_input");
    assert_eq!(RecoveryCode::generate(101).unwrap_err().code(), "invalid_input");
    let codes = RecoveryCode::generate(100).unwrap();
    let mut stored: Vec<_> = codes.iter().map(|code| code.stored.clone()).collect();
    assert_eq!(RecoveryCode::verify(codes[99].code.reveal_str().unwrap(), &stored), Ok(Some(99)));
    for broken in ["", "$strongroom-recovery$v=2$", &stored[0][..67], &format!("{}A", stored[0])] {
        assert_eq!(RecoveryCode::verify("", &[broken]).unwrap_err().code(), "invalid_input", "{broken}");
    }
    stored.push(stored[0].clone());
    assert_eq!(RecoveryCode::verify("", &stored).unwrap_err().code(), "limit");
}

const NOW: i64 = 1_700_000_000;

#[test]
fn a_delivered_code_is_good_for_its_account_and_its_time() {
    let codes = DeliveredCodes::new(&"sixteen bytes...".into()).unwrap();
    let (code, record) = codes.issue("alice", NOW).unwrap();
    let code = code.reveal_str().unwrap();
    assert!(code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()));
    assert!(!record.contains(code));
    assert_eq!(codes.verify(&record, "alice", code, NOW), Ok(Delivered::Accepted));
    assert_eq!(codes.verify(&record, "alice", code, NOW + 599), Ok(Delivered::Accepted));
    assert_eq!(codes.verify(&record, "alice", code, NOW + 600), Ok(Delivered::Expired));
    assert!(matches!(codes.verify(&record, "bob", code, NOW), Ok(Delivered::Wrong { .. })));
    let other = DeliveredCodes::new(&"sixteen bytes..!".into()).unwrap();
    assert!(matches!(other.verify(&record, "alice", code, NOW), Ok(Delivered::Wrong { .. })));
    // A longer life is not had by writing one into the record.
    let later = record.replace(&(NOW + 600).to_string(), &(NOW + 6000).to_string());
    assert!(matches!(codes.verify(&later, "alice", code, NOW), Ok(Delivered::Wrong { .. })));
    // The same code again has another record.
    let records: HashSet<_> = (0..50).map(|_| codes.issue("alice", NOW).unwrap().1).collect();
    assert_eq!(records.len(), 50);
}

#[test]
fn attempts_at_a_delivered_code_run_out() {
    let codes = DeliveredCodes::new(&"sixteen bytes...".into()).unwrap().with_attempts(3).unwrap();
    let (code, mut record) = codes.issue("alice", NOW).unwrap();
    let code = code.reveal_str().unwrap();
    let wrong = format!("{}{}", &code[..5], if code.ends_with('0') { '1' } else { '0' });
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    for (typed, left) in [(wrong.as_str(), 2), (spaced.as_str(), 1), ("１２", 0)] {
        match codes.verify(&record, "alice", typed, NOW).unwrap() {
            Delivered::Wrong { attempts_left, record: next } => {
                assert_eq!(attempts_left, left);
                record = next;
            }
            other => panic!("{other:?}"),
        }
        if left > 0 {
            assert_eq!(codes.verify(&record, "alice", code, NOW), Ok(Delivered::Accepted));
        }
    }
    assert_eq!(codes.verify(&record, "alice", code, NOW), Ok(Delivered::Exhausted));
    assert_eq!(codes.verify(&record, "alice", code, NOW + 600), Ok(Delivered::Expired));
}

/// Computed with Python's hmac, so that what is stored today is read by every release.
#[test]
fn what_is_stored_of_a_delivered_code_stays_readable() {
    let codes = DeliveredCodes::new(&"sixteen bytes...".into()).unwrap();
    let record = "$strongroom-delivered$v=1$n=6,exp=1700000600,left=5$AAECAwQFBgcICQoLDA0ODw$dwnphYtIKqxYWMiCPU7OPgeq//Eouuy/nr4hiZvQIa4";
    assert_eq!(codes.verify(record, "alice", "012345", NOW), Ok(Delivered::Accepted));
    let next = record.replace("left=5", "left=4");
    assert_eq!(codes.verify(record, "alice", "012346", NOW), Ok(Delivered::Wrong { attempts_left: 4, record: next }));
}

#[test]
fn delivered_codes_have_bounds() {
    let codes = || DeliveredCodes::new(&"sixteen bytes...".into()).unwrap();
    assert_eq!(DeliveredCodes::new(&"fifteen bytes..".into()).unwrap_err().code(), "invalid_input");
    for digits in [0, 5, 9, 255] {
        assert_eq!(codes().with_digits(digits).unwrap_err().code(), "invalid_input");
    }
    for seconds in [0, 86_401] {
        assert_eq!(codes().with_lifetime(seconds).unwrap_err().code(), "invalid_input");
    }
    for attempts in [0, 101] {
        assert_eq!(codes().with_attempts(attempts).unwrap_err().code(), "invalid_input");
    }
    let day = codes().with_lifetime(86_400).unwrap().with_attempts(100).unwrap().with_digits(8).unwrap();
    let (code, record) = day.issue("alice", NOW).unwrap();
    assert_eq!(code.len(), 8);
    assert!(record.contains("$n=8,exp=1700086400,left=100$"));
    // Codes that are on their way stay good when the settings change.
    assert_eq!(codes().verify(&record, "alice", code.reveal_str().unwrap(), NOW + 86_399), Ok(Delivered::Accepted));

    assert_eq!(day.issue("", NOW).unwrap_err().code(), "invalid_input");
    assert!(day.issue(&"a".repeat(1024), NOW).is_ok());
    assert_eq!(day.issue(&"a".repeat(1025), NOW).unwrap_err().code(), "limit");
    for time in [-1, i64::MIN, 253_402_300_800, i64::MAX] {
        assert_eq!(day.issue("alice", time).unwrap_err().code(), "invalid_input");
        assert_eq!(day.verify(&record, "alice", "", time).unwrap_err().code(), "invalid_input");
    }
    for (from, to) in [
        ("left=100", "left=101"),
        ("left=100", "left=+5"),
        ("left=100", "left=05"),
        ("v=1", "v=2"),
        ("$n=8", "$n=256"),
        ("exp=1", "exp=01"),
        ("$n", "n"),
        (",left", "left"),
    ] {
        let broken = record.replacen(from, to, 1);
        assert_eq!(day.verify(&broken, "alice", "", NOW).unwrap_err().code(), "invalid_input", "{broken}");
    }
    for broken in ["", &record[1..], &record[..record.len() - 1], &format!("{record}A"), &"$".repeat(1 << 20)] {
        assert_eq!(day.verify(broken, "alice", "", NOW).unwrap_err().code(), "invalid_input");
    }
}

#[test]
fn debug_shows_neither_code_nor_key() {
    let codes = DeliveredCodes::new(&"sixteen bytes...".into()).unwrap();
    assert_eq!(format!("{codes:?}"), "DeliveredCodes { digits: 6, lifetime_seconds: 600, attempts: 5, .. }");
    let code = RecoveryCode::generate(1).unwrap().remove(0);
    assert_eq!(format!("{code:?}"), format!("RecoveryCode {{ code: Secret(***), stored: {:?} }}", code.stored));
}
