//! The store in memory, bounded in octets: what is used least goes first.

use std::sync::{Arc, PoisonError, TryLockError, Weak};
use std::thread;

use super::claim::{Exchanging, Reservation};
use super::copies::Copies;
use super::fence::Made;
use super::releasing::Releaser;
use super::state::State;
use super::{Found, Limits, Refused};
use crate::cache_status::{Forward, NotStored};
use crate::events::Observers;
use crate::key::{CacheKey, Wanted};
use crate::relations::Relations;
use crate::stats::{Eviction, Holding};
use crate::stored::{Selection, StoredResponse};
use crate::switch::Switch;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard};

/// The part of the capacity that copies may take: one in so many. What they take is not there for responses,
/// and few are hot.
const COPIES: usize = 32;

/// Stored responses, within a budget. One lock, held for what has to be done under it: nothing of a
/// user's runs there, and what is taken out is dropped after it.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(super) state: Mutex<State>,
    pub(crate) copies: Arc<Copies>,
    /// How many wait for the lock.
    waiting: AtomicUsize,
    pub(super) releaser: Releaser,
    pub(super) observers: Arc<Observers>,
}

impl Memory {
    pub(crate) fn new(limits: Limits, observers: Arc<Observers>) -> Self {
        let copies = Arc::new(Copies::new());
        Self {
            state: Mutex::new(State::new(limits, copies.clone(), observers.clone())),
            waiting: AtomicUsize::new(0),
            copies,
            releaser: Releaser::default(),
            observers,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Every change under the lock is whole before anything in it could panic.
        match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                self.waiting.fetch_add(1, Ordering::Relaxed);
                let state = self.state.lock();
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                state.unwrap_or_else(PoisonError::into_inner)
            }
        }
    }

    /// Gives way to who waits for the lock. Whoever takes it again and again would otherwise be faster each
    /// time than those who have to be woken for it.
    pub(super) fn let_others_in(&self) {
        const PATIENCE: usize = 1000;
        for _ in 0..PATIENCE {
            if self.waiting.load(Ordering::Relaxed) == 0 {
                return;
            }
            thread::yield_now();
        }
    }

    /// Gives the thread a copy of a response that is still held, and whose requests could select no other.
    pub(crate) fn give_copy(&self, response: &Arc<StoredResponse>) {
        let limit = self.limits().capacity / COPIES;
        self.copies.give(response, limit, |response| {
            let state = self.lock();
            let may_have = state.may_be_copied(response);
            if may_have {
                self.make_room(state, Vec::new());
            }
            may_have
        });
    }

    /// The number of the response that was stored last.
    pub(crate) fn newest(&self) -> u64 {
        self.lock().index.last_id()
    }

    /// The stored response of a key that `select` selects among its variants; and the number of what was stored
    /// last until then.
    pub(crate) fn look_up(
        &self,
        wanted: &Wanted<'_>,
        select: impl FnOnce(&mut dyn Iterator<Item = &StoredResponse>) -> Result<usize, Forward>,
    ) -> (Result<Found, Forward>, u64) {
        let mut state = self.lock();
        let newest = state.index.last_id();
        let mut variants = state.index.variants(wanted.hash);
        let is_held = variants.first();
        let is_held = is_held.is_some_and(|held| wanted.is(&held.response.key));
        if !is_held {
            return (Err(Forward::UriMiss), newest);
        }
        let place = match select(&mut variants.clone().map(|(_, held)| &*held.response)) {
            Ok(place) => place,
            Err(reason) => return (Err(reason), newest),
        };
        let selected = variants.nth(place);
        let (number, held) = selected.expect("one of those that there are is selected");
        let found = Found::from(held);
        state.index.touch(number);
        (Ok(found), newest)
    }

    /// Whether a response to what this exchange has asked for, in these relations to others, would be taken, as things
    /// stand.
    pub(crate) fn would_take(
        &self,
        exchange: &Exchanging,
        key: &CacheKey,
        relations: &Relations,
        switch: &Switch,
    ) -> Result<(), Refused> {
        let state = self.lock();
        state.admit(exchange, key, switch)?;
        state.admit_related(exchange, relations)
    }

    /// Stores a response, in the place of `outdated` and of any that the same requests select.
    pub(crate) fn publish(
        &self,
        exchange: &Exchanging,
        mut response: Arc<StoredResponse>,
        outdated: Option<&Weak<StoredResponse>>,
        mut reservation: Reservation,
        switch: &Switch,
    ) -> Result<(), Refused> {
        let mut gone = Vec::new();
        let mut state = self.lock_for(exchange, Made::Anew, &mut response)?;
        state.recording -= reservation.take();
        let result = state.publish(exchange, &response, outdated, switch, &mut gone);
        self.make_room(state, gone);
        result
    }

    /// Puts a freshened response in the place of the one it was made of, if that is still there.
    pub(crate) fn freshen(
        &self,
        exchange: &Exchanging,
        old: &Arc<StoredResponse>,
        mut new: Arc<StoredResponse>,
        mut reservation: Reservation,
        switch: &Switch,
    ) -> Result<(), Refused> {
        let mut gone = Vec::new();
        let mut state = self.lock_for(exchange, Made::OfStored, &mut new)?;
        state.recording -= reservation.take();
        let result = state
            .is_good_for(exchange, old, &new)
            .and_then(|replaced| state.publish(exchange, &new, Some(&replaced), switch, &mut gone));
        self.make_room(state, gone);
        result
    }

    /// Stores beside a response one that was made of it for other requests, if it is still there.
    pub(crate) fn adopt(
        &self,
        exchange: &Exchanging,
        old: &Arc<StoredResponse>,
        mut new: Arc<StoredResponse>,
        switch: &Switch,
    ) -> Result<(), NotStored> {
        let mut gone = Vec::new();
        let mut state = self.lock_for(exchange, Made::OfStored, &mut new)?;
        let result = state
            .is_good_for(exchange, old, &new)
            .and_then(|_| state.publish(exchange, &new, None, switch, &mut gone));
        self.make_room(state, gone);
        Ok(result?)
    }

    /// What the requests that select this response select now: itself, or what has taken its place.
    /// `None` where that is gone, or has been made wrong.
    pub(crate) fn current(&self, response: &Arc<StoredResponse>) -> Option<Arc<StoredResponse>> {
        let state = self.lock();
        let mut held = state
            .index
            .variants(response.key.hash)
            .map(|(_, held)| held);
        held.find(|held| {
            held.response.key == response.key
                && held.response.selected_by == response.selected_by
                && held.response.head.is_of_head == response.head.is_of_head
        })
        .filter(|held| held.invalid_since().is_none())
        .map(|held| held.response.clone())
    }

    /// Whether this very response is still held, and nothing has made it wrong.
    pub(crate) fn holds_as_good(&self, response: &Arc<StoredResponse>) -> bool {
        let state = self.lock();
        let mut held = state
            .index
            .variants(response.key.hash)
            .map(|(_, held)| held);
        held.any(|held| Arc::ptr_eq(&held.response, response) && held.invalid_since().is_none())
    }

    /// What is stored for GETs with this key and these fields, made wrong or not.
    pub(crate) fn held_for(
        &self,
        key: &CacheKey,
        selected_by: &Selection,
    ) -> Option<Arc<StoredResponse>> {
        let state = self.lock();
        let mut held = state.index.variants(key.hash).map(|(_, held)| held);
        held.find(|held| {
            *held.response.key == *key
                && held.response.selected_by == *selected_by
                && !held.response.head.is_of_head
        })
        .map(|held| held.response.clone())
    }

    /// The origin has shown that a stored response is outdated: it is not reused before it is validated.
    pub(crate) fn outdate(&self, response: &Arc<StoredResponse>) {
        let mut state = self.lock();
        let gone = state.outdate(response);
        drop(state);
        self.dismiss(gone.into_iter().collect());
    }

    /// What is stored under a key.
    pub(crate) fn variants(&self, key: &CacheKey) -> Vec<Arc<StoredResponse>> {
        let state = self.lock();
        let held = state.index.variants(key.hash).map(|(_, held)| held);
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
            .number_of(response)
            .map(|number| state.index.remove(number).0);
        drop(state);
        self.dismiss(gone.into_iter().collect());
    }

    /// Waits for whoever is storing something just now: what comes after sees the switch as it is.
    pub(crate) fn settle(&self) {
        drop(self.lock());
    }

    pub(crate) fn limits(&self) -> Limits {
        self.lock().limits
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().index.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.lock().index.bytes() + self.copies.bytes()
    }

    /// What is held, and how many have given way, by cause.
    pub(crate) fn holding(&self) -> (Holding, [u64; Eviction::ALL.len()]) {
        let state = self.lock();
        let copies = self.copies.bytes();
        let holding = Holding {
            responses: state.index.len(),
            bytes: state.index.bytes() + copies,
            recording: state.recording,
            copies,
            releasing: self.releasing(),
            in_flight: state.fence.running(),
        };
        (holding, state.evictions)
    }
}
