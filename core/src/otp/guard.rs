//! `Guard`: a code works once, and who types wrong ones has to wait.

use core::fmt;

use super::seconds;
use super::totp::Totp;
use crate::state::State;
use crate::{Error, Result};

/// For how long used codes are remembered: a year, since with the longest period, a day, the widest window and the largest
/// drift a code is still looked at after 131 days.
const REMEMBERED_SECONDS: u64 = 366 * 86_400;
/// The most bytes of an account's name.
const MAX_ACCOUNT: usize = 512;
/// How often another request may come first before this one gives up. Each time, one of them has got through.
const MAX_ROUNDS: usize = 1000;

/// Verifies the codes of a login: each is accepted once, whichever thread or process it comes to, and wrong ones make the
/// account wait (RFC 6238, section 5.2; RFC 4226, section 7.3; NIST SP 800-63B-4, section 3.2.2).
///
/// Five codes in a row may be wrong with no wait between them. After the fifth, and after each further one, all codes of the
/// account are refused for a while: 30 seconds first, then twice as long each time, up to an hour. After the hundredth the
/// account is locked until [`Guard::reset`]. A code that is accepted takes all of this back; time alone does not.
/// Who does not know the secret hits a code of the default window with one attempt in 500,000, and so gets past the lock
/// with one account in 5,000.
///
/// The waiting is of the account and not of an address, since guesses come from many. So someone else can make a user wait:
/// ask for the code only after the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    free_attempts: u32,
    delay_seconds: u32,
    max_delay_seconds: u32,
    max_attempts: u32,
}

/// What became of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The code is right, and is used up from now on.
    Accepted {
        /// The step that it belongs to.
        step: u64,
    },
    /// The code would be right, but it or a later one has been accepted before. The user has to wait for the next one. It
    /// does not count as wrong.
    Used,
    /// The code is wrong.
    Wrong,
    /// There were too many wrong codes. This one was not looked at.
    Throttled {
        /// In so many seconds one will be: 1 to 86,400.
        seconds: u32,
    },
    /// There were so many wrong codes that none is looked at any more, until [`Guard::reset`].
    Locked,
}

impl Guard {
    /// A guard with the numbers above.
    #[must_use]
    pub const fn new() -> Self {
        Self { free_attempts: 5, delay_seconds: 30, max_delay_seconds: 3600, max_attempts: 100 }
    }

    /// After how many wrong codes in a row the first wait comes: 1 to 20.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for another number.
    pub fn with_free_attempts(self, free_attempts: u32) -> Result<Self> {
        if !(1..=20).contains(&free_attempts) {
            return Err(Error::invalid("expected 1 to 20 free attempts"));
        }
        Ok(Self { free_attempts, ..self })
    }

    /// How long the first wait is, and the longest: 1 second to a day.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for other numbers, and for a first wait that is longer than the longest.
    pub fn with_delay(self, seconds: u32, max_seconds: u32) -> Result<Self> {
        if !(1..=86_400).contains(&seconds) || !(seconds..=86_400).contains(&max_seconds) {
            return Err(Error::invalid("expected a first wait of 1 to 86,400 seconds, and a longest of no less"));
        }
        Ok(Self { delay_seconds: seconds, max_delay_seconds: max_seconds, ..self })
    }

    /// After how many wrong codes in a row the account is locked: 10 to 100.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for another number: SP 800-63B-4 allows no more than 100.
    pub fn with_max_attempts(self, max_attempts: u32) -> Result<Self> {
        if !(10..=100).contains(&max_attempts) {
            return Err(Error::invalid("expected a lock after 10 to 100 wrong codes"));
        }
        Ok(Self { max_attempts, ..self })
    }

    /// Verifies a code that someone typed for an account, and remembers the answer before it gives it.
    ///
    /// `account` is what tells accounts apart, and is always the same for one: its id in the user table, not a name as it was
    /// typed, which may be spelled in many ways. It has 1 to 512 bytes and no control characters. Only ask for accounts that
    /// exist: something is kept of each.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for another account, and for a time before 1970 or after the year 9999;
    /// [`Error::Damaged`] if what is stored is not of a guard; [`Error::Conflict`] if the account is asked for so often at
    /// once that this request did not get its turn; and those of the store. No code was accepted then.
    pub fn verify(
        &self,
        state: &(impl State + ?Sized),
        account: &str,
        totp: &Totp,
        code: &str,
        unix_seconds: i64,
    ) -> Result<Verdict> {
        change(state, account, unix_seconds, |record| self.judge(record, totp, code, unix_seconds))
    }

    /// Forgets the wrong codes of an account, for one that is locked or waits. Its used codes stay used.
    ///
    /// # Errors
    /// As [`Guard::verify`].
    pub fn reset(&self, state: &(impl State + ?Sized), account: &str, unix_seconds: i64) -> Result<()> {
        change(state, account, unix_seconds, forget)
    }

    /// Under which key an account is stored, for a store that answers later, such as a database that JavaScript awaits. Load
    /// what is there, ask [`Guard::verify_stored`], and store its change if what is there is still the same; else do all of it
    /// again. That is what [`Guard::verify`] does with a [`State`].
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for an account that [`Guard::verify`] does not take.
    pub fn key(account: &str) -> Result<String> {
        if !(1..=MAX_ACCOUNT).contains(&account.len()) || account.chars().any(char::is_control) {
            return Err(Error::invalid("expected an account of 1 to 512 bytes without control characters"));
        }
        Ok(format!("otp/{account}"))
    }

    /// What a code comes to, given what is stored of the account, and what to store instead before anyone is told.
    ///
    /// # Errors
    /// As [`Guard::verify`].
    pub fn verify_stored(
        &self,
        stored: Option<&[u8]>,
        totp: &Totp,
        code: &str,
        unix_seconds: i64,
    ) -> Result<(Verdict, Option<Change>)> {
        step(stored, unix_seconds, |record| self.judge(record, totp, code, unix_seconds))
    }

    /// What to store instead to forget the wrong codes of an account, as [`Guard::reset`] does.
    ///
    /// # Errors
    /// As [`Guard::verify`].
    pub fn reset_stored(stored: Option<&[u8]>, unix_seconds: i64) -> Result<Option<Change>> {
        Ok(step(stored, unix_seconds, forget)?.1)
    }

    fn judge(&self, record: &mut Record, totp: &Totp, code: &str, unix_seconds: i64) -> Result<Verdict> {
        if record.failed >= self.max_attempts {
            return Ok(Verdict::Locked);
        }
        let now = seconds(unix_seconds)?;
        // If the clock was set back, nobody waits from now on for longer than the longest wait.
        record.until = record.until.min(now + u64::from(self.max_delay_seconds));
        if let Ok(seconds @ 1..) = u32::try_from(record.until.saturating_sub(now)) {
            return Ok(Verdict::Throttled { seconds });
        }
        if let Some(step) = totp.verify(code, unix_seconds, record.last_step(totp))? {
            *record = Record { used_before: (step + 1) * u64::from(totp.period()), failed: 0, until: 0 };
            return Ok(Verdict::Accepted { step });
        }
        if totp.verify(code, unix_seconds, None)?.is_some() {
            return Ok(Verdict::Used);
        }
        record.failed += 1;
        if let Some(doublings) = record.failed.checked_sub(self.free_attempts) {
            let delay = u64::from(self.delay_seconds) << doublings.min(17); // 2^17 seconds are more than a day
            record.until = now + delay.min(self.max_delay_seconds.into());
        }
        Ok(Verdict::Wrong)
    }
}

impl Default for Guard {
    fn default() -> Self {
        Self::new()
    }
}

/// What to store of an account in place of what was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The new value.
    pub value: Vec<u8>,
    /// Until when to keep it, in Unix seconds.
    pub expires_at: i64,
}

/// Changes the record of an account, as often as it takes for nobody else to have changed it meanwhile.
fn change<T>(
    state: &(impl State + ?Sized),
    account: &str,
    unix_seconds: i64,
    job: impl Fn(&mut Record) -> Result<T>,
) -> Result<T> {
    let key = Guard::key(account)?;
    seconds(unix_seconds)?;
    for _ in 0..MAX_ROUNDS {
        let stored = state.load(&key, unix_seconds)?;
        let (answer, change) = step(stored.as_deref(), unix_seconds, &job)?;
        let Some(Change { value, expires_at }) = change else { return Ok(answer) };
        if state.compare_and_set(&key, stored.as_deref(), &value, expires_at, unix_seconds)? {
            return Ok(answer);
        }
    }
    Err(Error::Conflict("too many requests for this account at once".to_owned()))
}

fn step<T>(
    stored: Option<&[u8]>,
    unix_seconds: i64,
    job: impl FnOnce(&mut Record) -> Result<T>,
) -> Result<(T, Option<Change>)> {
    let now = seconds(unix_seconds)?;
    let before = stored.map_or_else(|| Ok(Record::default()), Record::parse)?;
    let mut after = before.clone();
    let answer = job(&mut after)?;
    let change = || Change { value: after.to_string().into_bytes(), expires_at: after.expires_at(now) };
    let change = (after != before).then(change);
    Ok((answer, change))
}

#[allow(clippy::unnecessary_wraps)] // it is one of the jobs
fn forget(record: &mut Record) -> Result<()> {
    (record.failed, record.until) = (0, 0);
    Ok(())
}

/// What is stored of an account, as text: `1 USED_BEFORE FAILED UNTIL`, the first number being the version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Record {
    /// Codes of steps that begin before this time are used. A time and not a step, so that an account may get another
    /// period: the same step of a longer one is years away.
    used_before: u64,
    /// Wrong codes since the last one that was accepted.
    failed: u32,
    /// No code is looked at before this time.
    until: u64,
}

impl Record {
    fn parse(stored: &[u8]) -> Result<Self> {
        // One spelling alone: no sign, no leading zero.
        let number = |text: &str| text.parse::<u64>().ok().filter(|number| number.to_string() == text);
        let read = || {
            let mut parts = str::from_utf8(stored).ok()?.split(' ');
            let mut part = || parts.next();
            let (Some("1"), Some(used_before), Some(failed), Some(until), None) =
                (part(), part(), part(), part(), part())
            else {
                return None;
            };
            let failed = number(failed)?.try_into().ok()?;
            Some(Self { used_before: number(used_before)?, failed, until: number(until)? })
        };
        read().ok_or_else(|| Error::Damaged("the stored state of this account".to_owned()))
    }

    /// The last step that is used.
    fn last_step(&self, totp: &Totp) -> Option<u64> {
        self.used_before.div_ceil(totp.period().into()).checked_sub(1)
    }

    /// Wrong codes are in a row for as long as it takes: else an account would unlock itself.
    fn expires_at(&self, now: u64) -> i64 {
        let at = if self.failed == 0 { now + REMEMBERED_SECONDS } else { u64::MAX };
        at.try_into().unwrap_or(i64::MAX)
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { used_before, failed, until } = self;
        write!(f, "1 {used_before} {failed} {until}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Secret;

    proptest! {
        #[test]
        fn a_record_is_read_as_it_was_written(used_before: u64, failed: u32, until: u64) {
            let record = Record { used_before, failed, until };
            prop_assert_eq!(Record::parse(record.to_string().as_bytes()), Ok(record));
        }

        #[test]
        fn a_record_has_one_spelling(stored in "[0-9 +-]{0,12}|1 [0-9]{1,3} [0-9]{1,3} [0-9]{1,3}|\\PC{0,12}") {
            if let Ok(record) = Record::parse(stored.as_bytes()) {
                prop_assert_eq!(record.to_string(), stored);
            }
        }

        /// Whatever stands in the record and whatever the settings are: no overflow, and no wait over the longest.
        #[test]
        fn any_record_is_judged(
            used_before: u64,
            failed: u32,
            until: u64,
            now in 0..=253_402_300_799_i64,
            free in 1..=20_u32,
            delay in 1..=86_400_u32,
            max_attempts in 10..=100_u32,
            period in 1..=86_400_u32,
        ) {
            let guard = Guard::new().with_free_attempts(free).unwrap().with_max_attempts(max_attempts).unwrap();
            let guard = guard.with_delay(delay, 86_400).unwrap();
            let totp = Totp::new(&Secret::new(vec![7; 20])).unwrap().with_period(period).unwrap();
            let totp = totp.with_window(10, 10).unwrap().with_drift(120).unwrap();
            for (failed, until) in [(failed, until), (failed % 101, until), (failed % 101, 0)] {
                let mut record = Record { used_before, failed, until };
                let verdict = guard.judge(&mut record, &totp, "no code", now).unwrap();
                match verdict {
                    Verdict::Locked => prop_assert!(failed >= max_attempts),
                    Verdict::Throttled { seconds } => prop_assert!((1..=86_400).contains(&seconds)),
                    verdict => prop_assert_eq!(verdict, Verdict::Wrong),
                }
                prop_assert!(verdict == Verdict::Locked || record.until <= now as u64 + 86_400);
                prop_assert!(record.expires_at(now as u64) > now);
            }
        }
    }

    #[test]
    fn the_used_steps_follow_a_change_of_the_period() {
        let of = |period| Totp::new(&Secret::new(vec![7; 20])).unwrap().with_period(period).unwrap();
        let used = |used_before| Record { used_before, ..Record::default() };
        assert_eq!(used(0).last_step(&of(30)), None);
        assert_eq!(used(300).last_step(&of(30)), Some(9));
        assert_eq!(used(300).last_step(&of(60)), Some(4));
        assert_eq!(used(330).last_step(&of(60)), Some(5), "a step that is used in part is used");
        assert_eq!(used(300).last_step(&of(15)), Some(19));
    }
}
