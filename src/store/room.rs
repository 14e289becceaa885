//! What has to go, and what becomes of it.

use std::sync::{Arc, PoisonError};

use super::Limits;
use super::index::Index;
use super::memory::Memory;
use super::releasing;
use super::state::State;
use crate::events::Event;
use crate::stored::StoredResponse;
use crate::sync::MutexGuard;

impl Memory {
    /// Changes the limits. [`fit`](Self::fit) is to follow.
    pub(crate) fn limit(&self, limits: Limits) {
        self.lock().limits = limits;
    }

    /// Makes room, if need be, until all is within the limits.
    pub(crate) fn fit(&self) {
        self.releaser.release(Index::default(), self.copies.clear());
        self.make_much_room(self.lock(), Vec::new());
    }

    /// Evicts what has to go for want of room, and drops it when the lock is free. Where it is very much, others
    /// are let in between, and they leave the rest to whoever is at it.
    pub(super) fn make_room<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        mut gone: Vec<Arc<StoredResponse>>,
    ) {
        if !state.make_room(&mut gone) && !state.is_making_room {
            self.make_much_room(state, gone);
        } else {
            let is_tight = state.has_no_room_for_copies();
            let evicted = state.take_evicted();
            drop(state);
            self.tell(evicted);
            self.dismiss(gone);
            if is_tight {
                self.releaser.release(Index::default(), self.copies.clear());
            }
        }
    }

    fn tell(&self, evicted: Vec<Event>) {
        for event in evicted {
            self.observers.tell(|| event);
        }
    }

    fn make_much_room<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        mut gone: Vec<Arc<StoredResponse>>,
    ) {
        let mut pile = Vec::new();
        while !state.make_room(&mut gone) {
            state.is_making_room = true;
            let evicted = state.take_evicted();
            drop(state);
            self.tell(evicted);
            self.set_aside(&mut gone, &mut pile);
            self.let_others_in();
            state = self.lock();
        }
        state.is_making_room = false;
        let evicted = state.take_evicted();
        drop(state);
        self.tell(evicted);
        self.set_aside(&mut gone, &mut pile);
        self.releaser.drop_all(pile);
    }

    /// What is out of the store is forgotten, with its copies, when the lock is free. It is not for a caller to
    /// drop very many.
    pub(super) fn dismiss(&self, gone: Vec<Arc<StoredResponse>>) {
        for response in &gone {
            self.copies.forget(response);
        }
        self.releaser.drop_all(gone);
    }

    /// Of what is taken out little by little, forgets the copies, and gives away what has become much.
    pub(super) fn set_aside(
        &self,
        gone: &mut Vec<Arc<StoredResponse>>,
        pile: &mut Vec<Arc<StoredResponse>>,
    ) {
        for response in &*gone {
            self.copies.forget(response);
        }
        pile.append(gone);
        if pile.len() >= releasing::MANY {
            self.releaser.drop_all(std::mem::take(pile));
        }
    }

    /// Octets that are taken out, and not yet dropped.
    pub(crate) fn releasing(&self) -> usize {
        self.releaser.octets()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        let index = std::mem::take(&mut state.index);
        self.releaser.release(index, self.copies.clear());
    }
}
