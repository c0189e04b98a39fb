//! One-time codes are accepted once, and wrong ones make the account wait.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Barrier, Mutex};
use std::thread;

use proptest::prelude::*;
use strongroom::otp::{Change, Guard, Totp, Verdict};
use strongroom::state::{MemoryState, State};
use strongroom::{Error, Result, Secret};

/// In the middle of a step.
const NOW: i64 = 1_700_000_010;
const STEP: u64 = 1_700_000_010 / 30;

fn totp() -> Totp {
    Totp::new(&Secret::from("12345678901234567890")).unwrap()
}

fn code(unix_seconds: i64) -> String {
    totp().code(unix_seconds).unwrap().reveal_str().unwrap().to_owned()
}

/// A code of no step near `unix_seconds`.
fn wrong(unix_seconds: i64) -> String {
    let near: Vec<_> = (-40..=40).map(|steps| code(unix_seconds + 30 * steps)).collect();
    (0..).map(|number| format!("{number:06}")).find(|code| !near.contains(code)).unwrap()
}

fn submit(guard: &Guard, state: &impl State, code: &str, unix_seconds: i64) -> Verdict {
    guard.verify(state, "alice", &totp(), code, unix_seconds).unwrap()
}

/// A wrong code at the moment at which it is looked at, and how long the account waits afterwards.
fn fail(guard: &Guard, state: &impl State, now: &mut i64) -> u32 {
    assert_eq!(submit(guard, state, &wrong(*now), *now), Verdict::Wrong);
    match submit(guard, state, &code(*now), *now) {
        Verdict::Throttled { seconds } => {
            *now += i64::from(seconds);
            seconds
        }
        verdict => panic!("{verdict:?}"),
    }
}

#[test]
fn each_code_is_accepted_once() {
    let (guard, state) = (Guard::new(), MemoryState::new());
    assert_eq!(submit(&guard, &state, &code(NOW), NOW), Verdict::Accepted { step: STEP });
    for _ in 0..1000 {
        assert_eq!(submit(&guard, &state, &code(NOW), NOW), Verdict::Used);
    }
    assert_eq!(submit(&guard, &state, &code(NOW - 30), NOW), Verdict::Used, "an older one is used up as well");
    assert_eq!(submit(&guard, &state, &code(NOW + 30), NOW + 30), Verdict::Accepted { step: STEP + 1 }, "none counted");
    // The window goes one step back, behind which a used code is as wrong as any.
    assert_eq!(submit(&guard, &state, &code(NOW), NOW + 30), Verdict::Used);
    assert_eq!(submit(&guard, &state, &code(NOW), NOW + 60), Verdict::Wrong);
    // Accounts have nothing to do with each other.
    let bob = guard.verify(&state, "bob", &totp(), &code(NOW), NOW);
    assert_eq!(bob, Ok(Verdict::Accepted { step: STEP }));
}

#[test]
fn a_used_code_stays_used_when_the_clock_is_set_back_and_the_window_is_widened() {
    let (guard, state) = (Guard::new(), MemoryState::new());
    let early = code(NOW - 3600);
    assert_eq!(submit(&guard, &state, &early, NOW - 3600), Verdict::Accepted { step: STEP - 120 });
    assert_eq!(submit(&guard, &state, &code(NOW), NOW), Verdict::Accepted { step: STEP });
    assert_eq!(submit(&guard, &state, &early, NOW - 3600), Verdict::Used);
    let wide = totp().with_window(10, 10).unwrap();
    for steps in -10..=0 {
        let verdict = guard.verify(&state, "alice", &wide, &code(NOW + 30 * steps), NOW);
        assert_eq!(verdict, Ok(Verdict::Used), "{steps}");
    }
    let ahead = guard.verify(&state, "alice", &wide, &code(NOW + 300), NOW);
    assert_eq!(ahead, Ok(Verdict::Accepted { step: STEP + 10 }));
    assert_eq!(guard.verify(&state, "alice", &totp(), &code(NOW + 300), NOW + 300), Ok(Verdict::Used));
    assert_eq!(guard.verify(&state, "alice", &totp(), &code(NOW + 330), NOW + 330).unwrap(), accepted(11));
}

const fn accepted(steps: u64) -> Verdict {
    Verdict::Accepted { step: STEP + steps }
}

#[test]
fn an_account_may_get_another_period() {
    let (guard, state) = (Guard::new(), MemoryState::new());
    assert_eq!(submit(&guard, &state, &code(NOW), NOW), Verdict::Accepted { step: STEP });
    // With steps kept as steps, these would be refused until the year 2077.
    let slow = totp().with_period(60).unwrap();
    let of = |now| slow.code(now).unwrap().reveal_str().unwrap().to_owned();
    assert_eq!(guard.verify(&state, "alice", &slow, &of(NOW), NOW), Ok(Verdict::Used), "it begins before the used one");
    let next = NOW + 60;
    let verdict = guard.verify(&state, "alice", &slow, &of(next), next);
    assert_eq!(verdict, Ok(Verdict::Accepted { step: slow.step(next).unwrap() }));
    assert_eq!(guard.verify(&state, "alice", &totp(), &code(next), next), Ok(Verdict::Used));
    assert_eq!(guard.verify(&state, "alice", &totp(), &code(next + 60), next + 60), Ok(accepted(4)));
}

#[test]
fn after_ten_wrong_codes_the_right_one_is_refused_until_the_delay_has_passed() {
    let (guard, state, mut now) = (Guard::new(), MemoryState::new(), NOW);
    for _ in 0..4 {
        assert_eq!(submit(&guard, &state, &wrong(now), now), Verdict::Wrong);
    }
    let waits: Vec<_> = (5..=10).map(|_| fail(&guard, &state, &mut now)).collect();
    assert_eq!(waits, [30, 60, 120, 240, 480, 960]);
    let start = now - 960;
    for passed in [0, 1, 959] {
        let seconds = 960 - passed as u32;
        for code in [code(start + passed), wrong(start + passed)] {
            assert_eq!(submit(&guard, &state, &code, start + passed), Verdict::Throttled { seconds });
        }
    }
    let bob = guard.verify(&state, "bob", &totp(), &code(start), start).unwrap();
    assert!(matches!(bob, Verdict::Accepted { .. }), "nobody else waits");
    assert!(matches!(submit(&guard, &state, &code(now), now), Verdict::Accepted { .. }));
    // And from the beginning.
    now += 300;
    for _ in 0..4 {
        assert_eq!(submit(&guard, &state, &wrong(now), now), Verdict::Wrong);
    }
    assert!(matches!(submit(&guard, &state, &code(now), now), Verdict::Accepted { .. }));
}

#[test]
fn an_account_is_locked_after_the_last_attempt_until_it_is_reset() {
    let (guard, state, mut now) = (Guard::new(), MemoryState::new(), NOW);
    assert_eq!(submit(&guard, &state, &code(now), now), Verdict::Accepted { step: STEP });
    for _ in 0..4 {
        assert_eq!(submit(&guard, &state, &wrong(now), now), Verdict::Wrong);
    }
    let waits: Vec<_> = (5..=99).map(|_| fail(&guard, &state, &mut now)).collect();
    assert_eq!(waits[..9], [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
    assert!(waits[9..].iter().all(|&seconds| seconds == 3600));
    assert_eq!(submit(&guard, &state, &wrong(now), now), Verdict::Wrong);
    for later in [now, now + 3600, now + 100 * 366 * 86_400, NOW] {
        assert_eq!(submit(&guard, &state, &code(later), later), Verdict::Locked, "{later}");
    }
    guard.reset(&state, "alice", now).unwrap();
    assert_eq!(submit(&guard, &state, &code(NOW), NOW), Verdict::Used, "also in a clock that was set back");
    assert!(matches!(submit(&guard, &state, &code(now), now), Verdict::Accepted { .. }));
    guard.reset(&state, "alice", now).unwrap();
    assert_eq!(submit(&guard, &state, &code(now), now), Verdict::Used, "a reset makes no code new");
    guard.reset(&state, "nobody", now).unwrap();
    assert_eq!(state.load("otp/nobody", now), Ok(None), "and leaves nothing of an account that had nothing");
}

#[test]
fn settings_are_followed_and_have_bounds() {
    let guard = Guard::new().with_free_attempts(1).unwrap().with_delay(86_400, 86_400).unwrap();
    let (guard, state, mut now) = (guard.with_max_attempts(10).unwrap(), MemoryState::new(), NOW);
    for _ in 1..10 {
        assert_eq!(fail(&guard, &state, &mut now), 86_400);
    }
    assert_eq!(submit(&guard, &state, &wrong(now), now), Verdict::Wrong);
    assert_eq!(submit(&guard, &state, &code(now), now), Verdict::Locked);
    // A guard that allows more looks at it again.
    assert!(matches!(submit(&Guard::new(), &state, &code(now), now), Verdict::Throttled { seconds: 3600 }));

    for settings in [
        Guard::new().with_free_attempts(0),
        Guard::new().with_free_attempts(21),
        Guard::new().with_delay(0, 1),
        Guard::new().with_delay(2, 1),
        Guard::new().with_delay(1, 86_401),
        Guard::new().with_delay(86_401, 86_401),
        Guard::new().with_max_attempts(9),
        Guard::new().with_max_attempts(101),
    ] {
        assert_eq!(settings.unwrap_err().code(), "invalid_input");
    }
}

#[test]
fn a_clock_that_is_set_back_makes_nobody_wait_longer_than_the_longest_wait() {
    let (guard, state, year) = (Guard::new(), MemoryState::new(), 366 * 86_400);
    for _ in 0..5 {
        assert_eq!(submit(&guard, &state, &wrong(NOW + year), NOW + year), Verdict::Wrong);
    }
    assert_eq!(submit(&guard, &state, &code(NOW), NOW), Verdict::Throttled { seconds: 3600 });
    assert_eq!(submit(&guard, &state, &code(NOW + 600), NOW + 600), Verdict::Throttled { seconds: 3000 });
    assert_eq!(submit(&guard, &state, &code(NOW + 3600), NOW + 3600), accepted(120));
}

#[test]
fn what_is_no_time_and_no_account_is_refused_before_the_store_is_asked() {
    struct Never;
    impl State for Never {
        fn load(&self, _: &str, _: i64) -> Result<Option<Vec<u8>>> {
            panic!("it was asked")
        }
        fn compare_and_set(&self, _: &str, _: Option<&[u8]>, _: &[u8], _: i64, _: i64) -> Result<bool> {
            panic!("it was asked")
        }
    }
    let guard = Guard::new();
    for account in ["", "a\nb", "a\u{85}", &"a".repeat(513)] {
        assert_eq!(guard.verify(&Never, account, &totp(), "000000", NOW).unwrap_err().code(), "invalid_input");
        assert_eq!(guard.reset(&Never, account, NOW).unwrap_err().code(), "invalid_input");
    }
    for now in [-1, i64::MIN, i64::MAX, 253_402_300_800] {
        assert_eq!(guard.verify(&Never, "alice", &totp(), "000000", now).unwrap_err().code(), "invalid_input");
        assert_eq!(guard.reset(&Never, "alice", now).unwrap_err().code(), "invalid_input");
    }
    let (state, account, last) = (MemoryState::new(), "ä".repeat(256), 253_402_300_799);
    let verdict = guard.verify(&state, &account, &totp(), &code(last), last);
    assert_eq!(verdict, Ok(Verdict::Accepted { step: 253_402_300_799 / 30 }));
    assert_eq!(guard.verify(&state, &account, &totp(), &code(0), 0), Ok(Verdict::Used));
}

#[test]
fn whatever_is_typed_is_at_most_wrong() {
    let right = code(NOW);
    for typed in ["", " ", "12345", "１２３４５６", "-00001", "0x1234", &format!("{right} "), &"0".repeat(1 << 20)]
    {
        assert_eq!(submit(&Guard::new(), &MemoryState::new(), typed, NOW), Verdict::Wrong);
    }
}

/// Another request is always quicker, and has a wrong code, for as long as there are `others`.
struct Raced<'a> {
    state: &'a MemoryState,
    guard: &'a Guard,
    others: Cell<u32>,
}

impl State for Raced<'_> {
    fn load(&self, key: &str, unix_seconds: i64) -> Result<Option<Vec<u8>>> {
        self.state.load(key, unix_seconds)
    }

    fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        value: &[u8],
        expires_at: i64,
        unix_seconds: i64,
    ) -> Result<bool> {
        if let Some(left) = self.others.get().checked_sub(1) {
            self.others.set(left);
            assert_eq!(submit(self.guard, self.state, &wrong(unix_seconds), unix_seconds), Verdict::Wrong);
        }
        self.state.compare_and_set(key, expected, value, expires_at, unix_seconds)
    }
}

#[test]
fn who_loses_a_race_judges_again_by_what_is_stored_now() {
    let (guard, state) = (Guard::new(), MemoryState::new());
    let raced = Raced { state: &state, guard: &guard, others: Cell::new(4) };
    assert_eq!(submit(&guard, &raced, &code(NOW), NOW), Verdict::Accepted { step: STEP });
    let raced = Raced { others: Cell::new(5), ..raced };
    assert_eq!(submit(&guard, &raced, &code(NOW + 30), NOW + 30), Verdict::Throttled { seconds: 30 });
    guard.reset(&state, "alice", NOW + 30).unwrap();
    assert_eq!(submit(&guard, &state, &code(NOW + 30), NOW + 30), accepted(1), "it was not used up");
    // A reset loses no race either.
    assert_eq!(submit(&guard, &state, &wrong(NOW), NOW), Verdict::Wrong);
    let raced = Raced { others: Cell::new(3), ..raced };
    guard.reset(&raced, "alice", NOW).unwrap();
    for _ in 0..4 {
        assert_eq!(submit(&guard, &state, &wrong(NOW + 30), NOW + 30), Verdict::Wrong);
    }
    assert_eq!(submit(&guard, &state, &code(NOW + 60), NOW + 60), accepted(2));
}

#[test]
fn a_request_gives_up_in_the_end_and_an_error_of_the_store_is_its_own() {
    struct Busy(Option<Error>);
    impl State for Busy {
        fn load(&self, _: &str, _: i64) -> Result<Option<Vec<u8>>> {
            Ok(None)
        }
        fn compare_and_set(&self, _: &str, _: Option<&[u8]>, _: &[u8], _: i64, _: i64) -> Result<bool> {
            self.0.clone().map_or(Ok(false), Err)
        }
    }
    let error = Guard::new().verify(&Busy(None), "alice", &totp(), &code(NOW), NOW).unwrap_err();
    assert_eq!(error.code(), "conflict");
    let io = Error::Io("cannot write".to_owned());
    assert_eq!(Guard::new().verify(&Busy(Some(io.clone())), "alice", &totp(), &code(NOW), NOW), Err(io));
}

/// A store that holds what it was given, for ever.
struct Planted(Mutex<HashMap<String, Vec<u8>>>);

impl State for Planted {
    fn load(&self, key: &str, _: i64) -> Result<Option<Vec<u8>>> {
        Ok(self.0.lock().unwrap().get(key).cloned())
    }
    fn compare_and_set(&self, _: &str, _: Option<&[u8]>, _: &[u8], _: i64, _: i64) -> Result<bool> {
        panic!("it was written over")
    }
}

#[test]
fn a_damaged_record_accepts_nothing_and_is_not_written_over() {
    let records: [&[u8]; 18] = [
        b"",
        b" ",
        b"1",
        b"1 0 0",
        b"1 0 0 0 0",
        b"1 0 0 0 ",
        b" 1 0 0 0",
        b"1  0 0",
        b"2 0 0 0",
        b"1 - 0 0",
        b"1 00 0 0",
        b"1 +1 0 0",
        b"1 0 -1 0",
        b"1 0 4294967296 0",
        b"1 18446744073709551616 0 0",
        b"1 0 0 0\n",
        b"1 0 0 0\0",
        b"\xff 0 0 0",
    ];
    for record in records {
        let state = Planted(Mutex::new(HashMap::from([("otp/alice".to_owned(), record.to_vec())])));
        let answers = [
            Guard::new().verify(&state, "alice", &totp(), &code(NOW), NOW).map(|_| ()),
            Guard::new().verify(&state, "alice", &totp(), &wrong(NOW), NOW).map(|_| ()),
            Guard::new().reset(&state, "alice", NOW),
        ];
        for answer in answers {
            assert_eq!(answer.unwrap_err().code(), "damaged", "{}", record.escape_ascii());
        }
    }
}

#[test]
fn what_is_stored_stays_readable() {
    let state = MemoryState::new();
    submit(&Guard::new(), &state, &code(NOW), NOW);
    // Used until the end of the step.
    assert_eq!(state.load("otp/alice", NOW), Ok(Some(b"1 1700000040 0 0".to_vec())));
    for _ in 0..5 {
        submit(&Guard::new(), &state, &wrong(NOW), NOW);
    }
    assert_eq!(state.load("otp/alice", NOW), Ok(Some(b"1 1700000040 5 1700000040".to_vec())));
}

#[test]
fn of_many_threads_with_one_code_exactly_one_is_let_in() {
    let (guard, state, rounds) = (Guard::new(), MemoryState::new(), 2000);
    let start = Barrier::new(16);
    let accepted: Vec<Vec<bool>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    let round = |round: i64| {
                        let (now, code) = (NOW + 30 * round, code(NOW + 30 * round));
                        start.wait();
                        match submit(&guard, &state, &code, now) {
                            Verdict::Accepted { .. } => true,
                            Verdict::Used => false,
                            verdict => panic!("{verdict:?}"),
                        }
                    };
                    (0..rounds).map(round).collect()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for round in 0..rounds as usize {
        assert_eq!(accepted.iter().filter(|of_thread| of_thread[round]).count(), 1, "round {round}");
    }
}

#[test]
fn guesses_made_at_once_count_each() {
    for _ in 0..100 {
        let (guard, state, start) = (Guard::new(), MemoryState::new(), Barrier::new(16));
        let wrong = wrong(NOW);
        let verdicts: Vec<_> = thread::scope(|scope| {
            let guess = || {
                start.wait();
                submit(&guard, &state, &wrong, NOW)
            };
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(guess)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let looked_at = verdicts.iter().filter(|&&verdict| verdict == Verdict::Wrong).count();
        let waiting = verdicts.iter().filter(|&&verdict| verdict == Verdict::Throttled { seconds: 30 }).count();
        assert_eq!((looked_at, waiting), (5, 11));
    }
}

/// A store that answers later, such as a database that is awaited: it knows nothing of the guard, and asks it in between.
#[derive(Default)]
struct Rows(HashMap<String, Change>);

impl Rows {
    fn load(&self, key: &str, unix_seconds: i64) -> Option<Vec<u8>> {
        self.0.get(key).filter(|row| row.expires_at > unix_seconds).map(|row| row.value.clone())
    }

    fn store_over(&mut self, key: &str, expected: Option<&[u8]>, change: Change, unix_seconds: i64) -> bool {
        let is_same = self.load(key, unix_seconds).as_deref() == expected;
        if is_same {
            self.0.insert(key.to_owned(), change);
        }
        is_same
    }
}

/// One thing that happens to an account, `later` than the one before.
#[derive(Clone, Debug)]
enum Event {
    /// A code of as many steps from now.
    Code(i64),
    Wrong,
    Reset,
}

fn events() -> impl Strategy<Value = Vec<(Event, i64)>> {
    let event = prop_oneof![
        3 => (-3..=3_i64).prop_map(Event::Code),
        6 => Just(Event::Wrong),
        1 => Just(Event::Reset),
    ];
    let later = prop_oneof![4 => 0..40_i64, 2 => 0..4000_i64, 1 => Just(400 * 86_400), 1 => -100..0_i64];
    proptest::collection::vec((event, later), 1..60)
}

proptest! {
    /// A store that is asked step by step has the same answers and the same values as one that is a `State`.
    #[test]
    fn step_by_step_is_the_same_as_at_once(events in events(), max_attempts in 10..=15_u32, free in 1..=6_u32) {
        let guard = Guard::new().with_max_attempts(max_attempts).unwrap().with_free_attempts(free).unwrap();
        let (state, mut rows, mut now, key) = (MemoryState::new(), Rows::default(), NOW, Guard::key("alice").unwrap());
        for (event, later) in events {
            now += later;
            let stored = rows.load(&key, now);
            let typed = match event {
                Event::Code(steps) => code(now + 30 * steps),
                _ => wrong(now),
            };
            let change = if let Event::Reset = event {
                guard.reset(&state, "alice", now).unwrap();
                Guard::reset_stored(stored.as_deref(), now).unwrap()
            } else {
                let (verdict, change) = guard.verify_stored(stored.as_deref(), &totp(), &typed, now).unwrap();
                prop_assert_eq!(guard.verify(&state, "alice", &totp(), &typed, now).unwrap(), verdict);
                let counts = matches!(verdict, Verdict::Accepted { .. } | Verdict::Wrong);
                prop_assert!(change.is_some() || !counts, "it is remembered before anyone is told");
                change
            };
            if let Some(change) = change {
                prop_assert!(change.expires_at > now);
                prop_assert_ne!(Some(&change.value), stored.as_ref(), "what is stored is another value each time");
                prop_assert!(rows.store_over(&key, stored.as_deref(), change, now));
            }
            prop_assert_eq!(rows.load(&key, now), state.load(&key, now).unwrap());
        }
    }
}

#[test]
fn of_two_that_were_judged_at_once_the_second_is_judged_again() {
    let (guard, mut rows, key) = (Guard::new(), Rows::default(), Guard::key("alice").unwrap());
    let ask = |stored: Option<&[u8]>| guard.verify_stored(stored, &totp(), &code(NOW), NOW).unwrap();
    let (one, other) = (ask(None), ask(None));
    assert_eq!(one, other);
    assert_eq!(one.0, Verdict::Accepted { step: STEP });
    assert!(rows.store_over(&key, None, one.1.unwrap(), NOW));
    assert!(!rows.store_over(&key, None, other.1.unwrap(), NOW), "nobody is told that it was accepted");
    assert_eq!(ask(rows.load(&key, NOW).as_deref()), (Verdict::Used, None), "nothing to store, nothing to lose");
    // Wrong codes that were judged at once count each.
    for failed in 1..=5 {
        let stored = rows.load(&key, NOW);
        let stale = guard.verify_stored(stored.as_deref(), &totp(), &wrong(NOW), NOW).unwrap().1.unwrap();
        assert!(rows.store_over(&key, stored.as_deref(), stale.clone(), NOW));
        assert!(!rows.store_over(&key, stored.as_deref(), stale, NOW));
        let until = if failed == 5 { NOW + 30 } else { 0 };
        let record = format!("1 1700000040 {failed} {until}").into_bytes();
        assert_eq!(rows.load(&key, NOW), Some(record));
    }
    assert_eq!(ask(rows.load(&key, NOW).as_deref()), (Verdict::Throttled { seconds: 30 }, None));
    let change = Guard::reset_stored(rows.load(&key, NOW).as_deref(), NOW).unwrap().unwrap();
    assert_eq!(change.value, b"1 1700000040 0 0");
    assert_eq!(Guard::reset_stored(Some(&change.value), NOW), Ok(None));
    assert_eq!(Guard::reset_stored(None, NOW), Ok(None));
}

#[test]
fn step_by_step_refuses_what_is_refused_at_once() {
    assert_eq!(Guard::key("alice"), Ok("otp/alice".to_owned()));
    assert_eq!(Guard::key(&"a".repeat(512)).unwrap().len(), 4 + 512);
    for account in ["", "a\nb", "\u{85}", &"a".repeat(513)] {
        assert_eq!(Guard::key(account).unwrap_err().code(), "invalid_input");
    }
    let guard = Guard::new();
    for (stored, now, expected) in [
        (None, -1, "invalid_input"),
        (None, 253_402_300_800, "invalid_input"),
        (Some(&b"1 0 0"[..]), NOW, "damaged"),
        (Some(b"null"), NOW, "damaged"),
        (Some(b"1 0 0"), -1, "invalid_input"),
    ] {
        assert_eq!(guard.verify_stored(stored, &totp(), "123456", now).unwrap_err().code(), expected);
        assert_eq!(Guard::reset_stored(stored, now).unwrap_err().code(), expected);
    }
}
