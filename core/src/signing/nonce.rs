//! What makes two requests differ: a number that grows, or a random text.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use data_encoding::HEXLOWER;

use super::recipe::Nonce;
use crate::random::random;
use crate::state::raised;
use crate::{Error, Result};

/// The longest nonce that a caller may give, in bytes.
const MAX_NONCE: usize = 64;

/// A nonce for a request; `draw` answers the next number of the account that is at least as large as it is told.
pub(super) fn make(kind: Nonce, timestamp_ms: i64, draw: impl FnOnce(u64) -> Result<u64>) -> Result<String> {
    match kind {
        Nonce::Counter { per_second } => {
            let at = u128::from(timestamp_ms.unsigned_abs()) * u128::from(per_second) / 1000;
            let at_least =
                u64::try_from(at).map_err(|_| Error::invalid("expected a time that fits the nonce's unit"))?;
            Ok(draw(at_least)?.to_string())
        }
        Nonce::Uuid => uuid(),
        Nonce::Hex => Ok(HEXLOWER.encode(&random::<16>()?)),
    }
}

/// The last number of each account in this process, however often and by whom its vault is opened.
static LAST: Mutex<BTreeMap<[u8; 32], u64>> = Mutex::new(BTreeMap::new());

/// The next number of an account in this process: by the rule that states have.
pub(super) fn draw(account: [u8; 32], at_least: u64) -> Result<u64> {
    let mut all = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let last = all.get(&account).map(|last| last.to_be_bytes());
    let next = raised(last.as_ref().map(|bytes| bytes.as_slice()), at_least)?;
    all.insert(account, next);
    Ok(next)
}

/// What the last number of an account is kept under.
pub(super) fn state_key(exchange: &str, account: &[u8; 32]) -> String {
    let (account, _) = account.split_at(16);
    format!("nonce/{exchange}/{}", HEXLOWER.encode(account))
}

/// A nonce of the caller's own.
pub(super) fn check(kind: Nonce, given: &str) -> Result<String> {
    let is_right = match kind {
        Nonce::Counter { .. } => given.parse::<u64>().is_ok() && !given.starts_with('+'),
        Nonce::Uuid | Nonce::Hex => {
            (1..=MAX_NONCE).contains(&given.len())
                && given.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        }
    };
    match (is_right, kind) {
        (true, _) => Ok(given.to_owned()),
        (false, Nonce::Counter { .. }) => Err(Error::invalid("expected the nonce as a whole number")),
        (false, _) => Err(Error::invalid("expected the nonce as at most 64 letters, digits and dashes")),
    }
}

/// RFC 9562, section 5.4.
fn uuid() -> Result<String> {
    let mut bytes: [u8; 16] = random()?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = HEXLOWER.encode(&bytes);
    let groups = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| hex.get(range).unwrap_or_default());
    Ok(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_grows_though_the_clock_does_not() {
        let at =
            |account, ms| make(Nonce::Counter { per_second: 1000 }, ms, |least| draw([account; 32], least)).unwrap();
        assert_eq!([at(1, 1000), at(1, 1000), at(1, 500), at(1, 2000)], ["1000", "1001", "1002", "2000"]);
        assert_eq!(at(2, 1000), "1000");
    }

    #[test]
    fn units_are_those_of_the_recipe() {
        for (per_second, nonce) in
            [(1, "1700000000"), (1_000_000, "1700000000000000"), (1_000_000_000, "1700000000000000000")]
        {
            assert_eq!(make(Nonce::Counter { per_second }, 1_700_000_000_000, Ok).unwrap(), nonce);
        }
    }

    #[test]
    fn a_random_uuid_has_its_version() {
        let uuid = uuid().unwrap();
        assert_eq!((uuid.len(), uuid.as_bytes()[14]), (36, b'4'));
        assert!(b"89ab".contains(&uuid.as_bytes()[19]));
        assert_eq!(check(Nonce::Uuid, &uuid).unwrap(), uuid);
    }
    #[test]
    fn a_nonce_of_the_callers_own_is_of_the_kind() {
        let (counter, long) = (Nonce::Counter { per_second: 1 }, "a".repeat(65));
        for (kind, given) in
            [(counter, "0"), (counter, "18446744073709551615"), (Nonce::Uuid, "a-Z0"), (Nonce::Hex, &long[1..])]
        {
            assert_eq!(check(kind, given).unwrap(), given);
        }
        for (kind, given) in [
            (counter, ""),
            (counter, "+1"),
            (counter, "-1"),
            (counter, " 1"),
            (counter, "1.0"),
            (counter, "a"),
            (counter, "18446744073709551616"),
        ] {
            let refused = check(kind, given).unwrap_err().to_string();
            assert_eq!(refused, "expected the nonce as a whole number", "{given}");
        }
        for given in ["", "a b", "a_b", "a\n", "\u{e4}", &long] {
            for kind in [Nonce::Uuid, Nonce::Hex] {
                let refused = check(kind, given).unwrap_err().to_string();
                assert_eq!(refused, "expected the nonce as at most 64 letters, digits and dashes", "{given}");
            }
        }
    }

    /// States outlive a version of this library: with another key, an account would start anew, under numbers it has used.
    #[test]
    fn the_key_in_a_state_stays_the_same() {
        let account = core::array::from_fn(|at| at as u8);
        assert_eq!(state_key("kraken", &account), "nonce/kraken/000102030405060708090a0b0c0d0e0f");
    }
}
