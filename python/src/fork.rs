//! Forked children must not use what their parent opened: two processes would go on from one state, and a lock that
//! another thread held at the fork is never released in the child. So a counter decides, without any lock.

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::prelude::*;

static GENERATION: AtomicU64 = AtomicU64::new(0);

/// The process that something was opened in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation(u64);

impl Generation {
    pub(crate) fn now() -> Self {
        Self(GENERATION.load(Ordering::Relaxed))
    }

    pub(crate) fn is_past(self) -> bool {
        self != Self::now()
    }

    /// To be asked before anything that may be locked is touched.
    pub(crate) fn check(self) -> strongroom::Result<()> {
        match self.is_past() {
            false => Ok(()),
            true => Err(strongroom::Error::Locked(
                "the vault was opened before this process was forked from its parent; open after fork",
            )),
        }
    }
}

/// Lock every vault that the parent process opened, by a counter alone.
#[pyfunction]
pub(crate) fn after_fork_in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}
