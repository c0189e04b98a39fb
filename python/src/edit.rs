//! Whose turn it is to change a vault, and `Edit`: a turn that takes several changes.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use pyo3::prelude::*;

use crate::error::{Result, invalid};
use crate::vault::{Shared, Vault};

/// How long to wait for a turn before looking for Ctrl-C.
const PATIENCE: Duration = Duration::from_millis(100);

/// One change of a vault at a time, over the threads of this process.
#[derive(Default)]
pub(crate) struct Turns {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    taken: Option<(u64, ThreadId)>,
    count: u64,
}

impl Turns {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner) // plain data, in order at every moment
    }

    /// Waits for the turn and takes it for `thread`. The number is for [`Turns::is_of`] and [`Turns::give_back`].
    pub(crate) fn take(&self, py: Python<'_>, thread: ThreadId) -> Result<u64> {
        loop {
            let turn = py.detach(|| {
                let (mut state, _) = self
                    .freed
                    .wait_timeout_while(self.state(), PATIENCE, |state| {
                        state.taken.is_some_and(|(_, by)| by != thread::current().id())
                    })
                    .unwrap_or_else(PoisonError::into_inner);
                match state.taken {
                    Some((_, by)) if by == thread::current().id() => Err(()),
                    Some(_) => Ok(None),
                    None => {
                        state.count += 1;
                        let turn = state.count;
                        state.taken = Some((turn, thread));
                        Ok(Some(turn))
                    }
                }
            });
            match turn {
                Ok(Some(turn)) => return Ok(turn),
                Ok(None) => py.check_signals()?,
                Err(()) => {
                    return invalid(
                        "an edit() of this vault is open in this thread; make the change through the object that it \
                         gave, as in `with vault.edit() as v: v.put(..)`",
                    );
                }
            }
        }
    }

    pub(crate) fn is_of(&self, turn: u64) -> bool {
        self.state().taken.is_some_and(|(taken, _)| taken == turn)
    }

    pub(crate) fn give_back(&self, turn: u64) {
        let mut state = self.state();
        if state.taken.is_some_and(|(taken, _)| taken == turn) {
            state.taken = None;
            self.freed.notify_all();
        }
    }
}

/// Several changes that become one save; use it with `with`.
#[pyclass(frozen, module = "strongroom")]
pub(crate) struct Edit {
    vault: Arc<Shared>,
    /// An asynchronous edit is entered in a worker thread, but it is its maker's.
    maker: ThreadId,
    progress: Mutex<Progress>,
}

#[derive(Clone, Copy)]
enum Progress {
    New,
    Started(u64),
    Ended,
}

impl Edit {
    pub(crate) fn of(vault: Arc<Shared>) -> Self {
        Self { vault, maker: thread::current().id(), progress: Mutex::new(Progress::New) }
    }

    fn replace(&self, next: Progress) -> Progress {
        core::mem::replace(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner), next)
    }
}

#[pymethods]
impl Edit {
    /// Wait for other threads' changes to end, and return the vault to change.
    fn __enter__(&self, py: Python<'_>) -> Result<Vault> {
        self.vault.opened_in.check()?;
        let Progress::New = self.replace(Progress::Ended) else {
            return invalid("this edit was used before; call edit() again");
        };
        let turn = self.vault.turns.take(py, self.maker)?;
        // A vault that was locked is told now, and not after the work.
        if let Err(error) = py.detach(|| self.vault.file()?.vault().base_bytes().map(drop)) {
            self.vault.turns.give_back(turn);
            return Err(error.into());
        }
        self.replace(Progress::Started(turn));
        Ok(Vault::in_edit(Arc::clone(&self.vault), turn))
    }

    /// Save, or discard everything if there was an exception.
    #[pyo3(signature = (kind, error, traceback, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: &Bound<'_, PyAny>,
        error: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) -> Result<()> {
        let _ = (error, traceback);
        let is_fault = !kind.is_none();
        if self.vault.opened_in.is_past() {
            return if is_fault { Ok(()) } else { Ok(self.vault.opened_in.check()?) };
        }
        let Progress::Started(turn) = self.replace(Progress::Ended) else {
            return invalid("this edit has not been entered; use it as in `with vault.edit() as v`");
        };
        let ended = py.detach(|| {
            let mut file = self.vault.file()?;
            if is_fault {
                // The exception on its way counts, not that a vault which was locked has nothing to discard.
                let _ = file.discard();
                return Ok(());
            }
            file.save().inspect_err(|_| drop(file.discard()))
        });
        self.vault.turns.give_back(turn);
        Ok(ended?)
    }
}
