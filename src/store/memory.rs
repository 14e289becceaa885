//! The store in memory: least recently used, bounded in octets.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::claim::{Exchanging, Reservation};
use super::state::State;
use super::{Found, Limits, Refused, Removed};
use crate::cache_status::Forward;
use crate::key::{CacheKey, UriKey, Wanted};
use crate::mode::Switch;
use crate::stored::StoredResponse;

/// Stored responses, within a budget. One lock, held for what has to be done under it: nothing of a
/// user's runs there, and what is taken out is dropped after it.
#[derive(Debug)]
pub(crate) struct Memory(Mutex<State>);

impl Memory {
    pub(crate) fn new(limits: Limits) -> Self {
        Self(Mutex::new(State::new(limits)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Every change under the lock is whole before anything in it could panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stored response of a key that `select` selects among its variants.
    pub(crate) fn look_up(
        &self,
        wanted: &Wanted<'_>,
        select: impl FnOnce(&mut dyn Iterator<Item = &StoredResponse>) -> Result<usize, Forward>,
    ) -> Result<Found, Forward> {
        let mut state = self.lock();
        let slot = state.index.slot(wanted.hash);
        if !slot
            .first()
            .is_some_and(|held| wanted.is(&held.response.key))
        {
            return Err(Forward::UriMiss);
        }
        let place = select(&mut slot.iter().map(|held| &*held.response))?;
        let found = Found {
            response: slot[place].response.clone(),
            is_invalid: slot[place].invalid_since.is_some(),
        };
        state.index.touch(wanted.hash, place);
        Ok(found)
    }

    /// Whether a response to what this exchange has asked for would be taken, as things stand.
    pub(crate) fn would_take(
        &self,
        exchange: &Exchanging,
        key: &CacheKey,
        switch: &Switch,
    ) -> Result<(), Refused> {
        self.lock().admit(exchange, key, switch)
    }

    /// Stores a response, in the place of `outdated` and of any that the same requests select.
    pub(crate) fn publish(
        &self,
        exchange: &Exchanging,
        response: Arc<StoredResponse>,
        outdated: Option<&Weak<StoredResponse>>,
        mut reservation: Reservation,
        switch: &Switch,
    ) -> Result<(), Refused> {
        let mut gone = Vec::new();
        let mut state = self.lock();
        state.recording -= reservation.take();
        let result = state.publish(exchange, &response, outdated, switch, &mut gone);
        drop(state);
        drop(gone);
        result
    }

    /// Puts a freshened response in the place of the one it was made of, if that is still there.
    pub(crate) fn freshen(
        &self,
        exchange: &Exchanging,
        old: &Arc<StoredResponse>,
        new: Arc<StoredResponse>,
        switch: &Switch,
    ) -> Result<(), Refused> {
        let mut gone = Vec::new();
        let mut state = self.lock();
        // A mark that was set after this exchange began is not for it to lift.
        let is_there = state.index.place_of(old).is_some_and(|place| {
            let held = &state.index.slot(old.key.hash)[place];
            held.invalid_since
                .is_none_or(|since| exchange.generation() >= since)
        });
        let result = if is_there {
            state.publish(
                exchange,
                &new,
                Some(&Arc::downgrade(old)),
                switch,
                &mut gone,
            )
        } else {
            Err(Refused::Outdated)
        };
        drop(state);
        drop(gone);
        result
    }

    /// What the requests that select this response select now: itself, or what has taken its place.
    /// `None` where that is gone, or has been made wrong.
    pub(crate) fn current(&self, response: &Arc<StoredResponse>) -> Option<Arc<StoredResponse>> {
        let state = self.lock();
        let mut held = state.index.slot(response.key.hash).iter();
        held.find(|held| {
            held.response.key == response.key
                && held.response.selected_by == response.selected_by
                && held.response.head.is_of_head == response.head.is_of_head
        })
        .filter(|held| held.invalid_since.is_none())
        .map(|held| held.response.clone())
    }

    /// The origin has shown that a stored response is outdated: it is not reused before it is validated.
    pub(crate) fn outdate(&self, response: &Arc<StoredResponse>) {
        let mut state = self.lock();
        let gone = state.outdate(response);
        drop(state);
        drop(gone);
    }

    /// What is stored under a key.
    pub(crate) fn variants(&self, key: &CacheKey) -> Vec<Arc<StoredResponse>> {
        let state = self.lock();
        let held = state.index.slot(key.hash).iter();
        held.filter(|held| *held.response.key == *key)
            .map(|held| held.response.clone())
            .collect()
    }

    /// The other variants of the key of a stored response.
    pub(crate) fn variants_beside(
        &self,
        response: &Arc<StoredResponse>,
    ) -> Vec<Arc<StoredResponse>> {
        let mut variants = self.variants(&response.key);
        variants.retain(|variant| !Arc::ptr_eq(variant, response));
        variants
    }

    /// Takes one stored response out.
    pub(crate) fn remove(&self, response: &Arc<StoredResponse>) {
        let mut state = self.lock();
        let gone = state
            .index
            .place_of(response)
            .map(|place| state.index.remove(response.key.hash, place));
        drop(state);
        drop(gone);
    }

    /// RFC 9111 §4.4: what is stored for a URI may be wrong, and what was asked for so far too; but not
    /// the answer of the exchange that has made it wrong.
    pub(crate) fn invalidate(&self, uri: &UriKey, by: Option<&mut Exchanging>) {
        let (keys, generation, _) = self.fence_off(uri, by);
        self.for_each_of(uri, &keys, |state, hash, gone| {
            for place in (0..state.index.slot(hash).len()).rev() {
                if state.index.slot(hash)[place].response.terms.has_validator {
                    state.index.mark(hash, place, generation);
                } else {
                    gone.push(state.index.remove(hash, place));
                }
            }
        });
    }

    /// Takes out everything that is stored for a URI, and fences what was asked for so far.
    pub(crate) fn purge(&self, uri: &UriKey) -> Removed {
        let (keys, _, in_flight) = self.fence_off(uri, None);
        let mut removed = Removed {
            in_flight,
            ..Removed::default()
        };
        self.for_each_of(uri, &keys, |state, hash, gone| {
            let before = state.index.bytes();
            while !state.index.slot(hash).is_empty() {
                gone.push(state.index.remove(hash, 0));
                removed.responses += 1;
            }
            removed.bytes += before - state.index.bytes();
        });
        removed
    }

    /// Puts up the fence for a URI: its keys, the generation from which on it may be stored again, and how
    /// many exchanges run.
    fn fence_off(&self, uri: &UriKey, by: Option<&mut Exchanging>) -> (Vec<u64>, u64, usize) {
        let mut state = self.lock();
        let is_admitted = by
            .as_ref()
            .is_some_and(|exchange| state.fence.admits(exchange.generation(), uri.hash));
        state.fence.purge_uri(uri.hash);
        if let Some(exchange) = by {
            exchange.begin_again(&mut state.fence, is_admitted);
        }
        let keys = state.index.keys_of(uri.hash);
        (keys, state.fence.generation(), state.fence.running())
    }

    /// Does something to each key of a URI. Some URIs have a key for each of very many users: others are
    /// let in between.
    fn for_each_of(
        &self,
        uri: &UriKey,
        keys: &[u64],
        mut act: impl FnMut(&mut State, u64, &mut Vec<Arc<StoredResponse>>),
    ) {
        const AT_ONCE: usize = 64;
        for keys in keys.chunks(AT_ONCE) {
            let mut gone = Vec::new();
            let mut state = self.lock();
            for hash in keys {
                if !state.index.slot_of(*hash, uri).is_empty() {
                    act(&mut state, *hash, &mut gone);
                }
            }
            drop(state);
            drop(gone);
        }
    }

    /// Takes out everything, and fences what was asked for so far. However much there is, it takes
    /// effect at once; the memory is given back after that.
    pub(crate) fn clear(&self) -> Removed {
        let mut state = self.lock();
        state.fence.purge_all();
        let gone = std::mem::take(&mut state.index);
        let in_flight = state.fence.running();
        drop(state);
        let removed = Removed {
            responses: gone.len(),
            bytes: gone.bytes(),
            in_flight,
        };
        drop(gone);
        removed
    }

    /// Waits for whoever is storing something just now: what comes after sees the switch as it is.
    pub(crate) fn settle(&self) {
        drop(self.lock());
    }

    /// Changes the limits, and makes room if need be.
    pub(crate) fn limit(&self, change: impl FnOnce(&mut Limits)) {
        let mut gone = Vec::new();
        let mut state = self.lock();
        change(&mut state.limits);
        state.make_room(&mut gone);
        drop(state);
        drop(gone);
    }

    pub(crate) fn limits(&self) -> Limits {
        self.lock().limits
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().index.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.lock().index.bytes()
    }

    /// Octets of bodies being recorded, and responses evicted for want of room.
    pub(crate) fn recording_and_evictions(&self) -> (usize, u64) {
        let state = self.lock();
        (state.recording, state.evictions)
    }
}
