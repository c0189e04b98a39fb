//! The process-wide cap on key derivations that run at once.
//!
//! One derivation takes 64 MiB and all cores by default. Without a cap a storm of logins takes that times the number of
//! threads; with it, the storm takes its turns.
//!
//! Everything is in one atomic word that names the process it counts for. A lock would do the same until a process
//! forks while another of its threads holds it: the child then has the locked lock, and not the thread to unlock it.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::{process, thread, time::Duration};

/// 0 stands for the default.
static MOST: AtomicUsize = AtomicUsize::new(0);
static TURNS: Turns = Turns(AtomicU64::new(0));

/// How many key derivations this process runs at the same time; more wait for their turn. 0 restores the default, the
/// number of cores that this process may use.
pub fn set_max_concurrent(n: usize) {
    MOST.store(n, Ordering::Relaxed);
}

/// Waits for a turn, which lasts until the value is dropped.
pub(crate) fn take() -> Turn<'static> {
    TURNS.take(match MOST.load(Ordering::Relaxed) {
        0 => thread::available_parallelism().map_or(1, usize::from),
        n => n,
    })
}

/// A turn: while it lives, it counts against the cap.
#[must_use = "a turn that is dropped at once limits nothing"]
pub(crate) struct Turn<'a>(&'a Turns);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.change(|count| Some(Count { running: count.running.saturating_sub(1), ..count }));
    }
}

struct Turns(AtomicU64);

impl Turns {
    fn take(&self, most: usize) -> Turn<'_> {
        let start = |count: Count| {
            (usize::from(count.running) < most).then(|| Count { running: count.running.saturating_add(1), ..count })
        };
        if self.change(start).is_some() {
            return Turn(self);
        }
        self.change(|count| Some(Count { waiting: count.waiting.saturating_add(1), ..count }));
        loop {
            // The more are waiting, the longer each sleeps: together they look about a thousand times a second, so a
            // turn is taken up within a millisecond or so, and a thousand waiting threads cost no more than one.
            let waiting = Count::of(self.0.load(Ordering::Relaxed)).waiting.clamp(1, 1000);
            thread::sleep(Duration::from_millis(waiting.into()));
            let started = self
                .change(|count| start(count).map(|count| Count { waiting: count.waiting.saturating_sub(1), ..count }));
            if started.is_some() {
                return Turn(self);
            }
        }
    }

    /// Replaces the count by what `next` makes of it, in one step. `None` leaves it, and comes back.
    fn change(&self, next: impl Fn(Count) -> Option<Count>) -> Option<u64> {
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| next(Count::of(word)).map(Count::word)).ok()
    }
}

/// What the word says about this process.
#[derive(Clone, Copy)]
struct Count {
    running: u16,
    waiting: u16,
}

impl Count {
    /// A word of another process was inherited through a fork. What it counts runs there, so nothing runs here yet.
    fn of(word: u64) -> Self {
        if word >> 32 != u64::from(process::id()) {
            return Self { running: 0, waiting: 0 };
        }
        Self { running: (word >> 16) as u16, waiting: word as u16 }
    }

    fn word(self) -> u64 {
        u64::from(process::id()) << 32 | u64::from(self.running) << 16 | u64::from(self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_cap_run_at_once_and_all_get_their_turn() {
        const MOST: usize = 3;
        let (turns, running, highest) = (Turns(AtomicU64::new(0)), AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let turn = turns.take(MOST);
                        highest.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::yield_now();
                        running.fetch_sub(1, Ordering::SeqCst);
                        drop(turn);
                    }
                });
            }
        });
        assert_eq!(highest.into_inner(), MOST);
        let left = Count::of(turns.0.into_inner());
        assert_eq!((left.running, left.waiting), (0, 0));
    }

    #[test]
    fn a_thread_waits_until_a_turn_ends() {
        let turns = Turns(AtomicU64::new(0));
        let first = turns.take(2);
        let second = turns.take(2);
        thread::scope(|scope| {
            let third = scope.spawn(|| drop(turns.take(2)));
            while Count::of(turns.0.load(Ordering::SeqCst)).waiting == 0 {
                thread::yield_now();
            }
            assert!(!third.is_finished());
            drop(first);
            third.join().unwrap();
        });
        drop(second);
    }

    /// What a forked child finds: the word of its parent, with every turn taken by threads that it does not have.
    #[test]
    fn a_count_inherited_from_another_process_is_not_obeyed() {
        let inherited = u64::from(process::id() ^ 1) << 32 | 7 << 16 | 9;
        let turns = Turns(AtomicU64::new(inherited));
        let turn = turns.take(1);
        let count = Count::of(turns.0.load(Ordering::SeqCst));
        assert_eq!((count.running, count.waiting), (1, 0));
        drop(turn);
        assert_eq!(Count::of(turns.0.load(Ordering::SeqCst)).running, 0);
    }

    /// A turn that is dropped in a child, where nothing runs yet, does not wrap around to a full house.
    #[test]
    fn an_inherited_turn_ends_quietly() {
        let turns = Turns(AtomicU64::new(u64::from(process::id() ^ 1) << 32 | 1 << 16));
        drop(Turn(&turns));
        assert_eq!(Count::of(turns.0.load(Ordering::SeqCst)).running, 0);
    }

    #[test]
    fn a_word_keeps_both_counts() {
        let count = Count::of(Count { running: 0x0102, waiting: 0x0304 }.word());
        assert_eq!((count.running, count.waiting), (0x0102, 0x0304));
    }
}
