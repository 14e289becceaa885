//! What is claimed of the store for a time, and given back when it is dropped.

use std::sync::Arc;

use super::fence::Term;
use super::memory::Memory;

/// An exchange with the origin that is under way. What is purged meanwhile is held against it.
#[derive(Debug)]
pub(crate) struct Exchanging {
    store: Arc<Memory>,
    term: Term,
    /// The number of the response that was stored last when it began.
    newest: u64,
}

impl Exchanging {
    /// An exchange with the origin begins.
    pub(crate) fn begin(store: &Arc<Memory>) -> Self {
        let mut state = store.lock();
        let (term, newest) = (state.fence.begin(), state.index.last_id());
        drop(state);
        Self {
            store: store.clone(),
            term,
            newest,
        }
    }

    /// It will store nothing.
    pub(crate) fn void(self) -> Self {
        let mut exchanging = self;
        exchanging.term.is_void = true;
        exchanging
    }

    /// It will store nothing, since that is forbidden now.
    pub(crate) fn barred(self) -> Self {
        let mut exchanging = self;
        exchanging.term.is_barred = true;
        exchanging
    }

    pub(super) fn is_barred(&self) -> bool {
        self.term.is_barred
    }

    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    pub(super) fn term(&self) -> &Term {
        &self.term
    }

    pub(super) fn term_mut(&mut self) -> &mut Term {
        &mut self.term
    }
}

impl Drop for Exchanging {
    fn drop(&mut self) {
        let forgotten = self.store.lock().fence.end(&self.term);
        drop(forgotten);
    }
}

/// Octets of the budget that a body being recorded takes.
#[derive(Debug)]
pub(crate) struct Reservation {
    store: Arc<Memory>,
    bytes: usize,
}

impl Reservation {
    /// Nothing yet.
    pub(crate) fn new(store: &Arc<Memory>) -> Self {
        Self {
            store: store.clone(),
            bytes: 0,
        }
    }

    /// Leaves what was taken to whoever holds the lock: it is stored now.
    pub(super) fn take(&mut self) -> usize {
        std::mem::take(&mut self.bytes)
    }

    /// Takes more, at the cost of what is stored. False, and nothing is taken, where other recordings
    /// leave no room.
    pub(crate) fn grow(&mut self, more: usize) -> bool {
        let mut state = self.store.lock();
        let fits = state
            .recording
            .checked_add(more)
            .is_some_and(|recording| recording <= state.limits.capacity);
        if fits {
            state.recording += more;
            self.bytes += more;
            self.store.make_room(state, Vec::new());
        }
        fits
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.store.lock().recording -= self.bytes;
        }
    }
}
