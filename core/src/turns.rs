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
    TURNS.take(|| match MOST.load(Ordering::Relaxed) {
        0 => thread::available_parallelism().map_or(1, usize::from),
        n => n,
    })
}

/// A turn: while it lives, it counts against the cap.
pub(crate) struct Turn<'a>(&'a Turns);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.change(|count| Some(Count { running: count.running.saturating_sub(1), ..count }));
    }
}

struct Turns(AtomicU64);

impl Turns {
    fn take(&self, most: impl Fn() -> usize) -> Turn<'_> {
        let most = most();
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
