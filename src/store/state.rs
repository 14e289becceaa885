//! What the lock of the store guards.

use std::sync::{Arc, Weak};

use super::claim::Exchanging;
use super::copies::Copies;
use super::fence::Fence;
use super::index::Index;
use super::{Limits, Refused};
use crate::events::{Event, EventUri, Observers};
use crate::key::CacheKey;
use crate::relations::Relations;
#[cfg(feature = "structured-fields")]
use crate::search::Search;
use crate::stats::Eviction;
use crate::stored::StoredResponse;
use crate::switch::Switch;

/// Of very many that are taken out, so many are before others are let in.
pub(super) const AT_ONCE: usize = 64;

/// What is stored and how it may change. Whatever is taken out is given to the caller, who drops it when
/// the lock is free.
#[derive(Debug)]
pub(super) struct State {
    pub(super) index: Index,
    pub(super) fence: Fence,
    pub(super) limits: Limits,
    /// Octets of bodies that are being recorded.
    pub(super) recording: usize,
    pub(super) evictions: [u64; Eviction::ALL.len()],
    copies: Arc<Copies>,
    observers: Arc<Observers>,
    /// What has given way and is still to be told of.
    evicted: Vec<Event>,
    /// Somebody evicts, and goes on until there is room.
    pub(super) is_making_room: bool,
}

impl State {
    pub(super) fn new(limits: Limits, copies: Arc<Copies>, observers: Arc<Observers>) -> Self {
        Self {
            index: Index::default(),
            fence: Fence::default(),
            limits,
            recording: 0,
            evictions: [0; Eviction::ALL.len()],
            copies,
            observers,
            evicted: Vec::new(),
            is_making_room: false,
        }
    }

    /// Stores a response, in the place of `outdated` and of any that it replaces.
    pub(super) fn publish(
        &mut self,
        exchange: &Exchanging,
        response: &Arc<StoredResponse>,
        outdated: Option<&Weak<StoredResponse>>,
        switch: &Switch,
        gone: &mut Vec<Arc<StoredResponse>>,
    ) -> Result<(), Refused> {
        let is_outdated = |held: &Arc<StoredResponse>| {
            outdated.is_some_and(|old| std::ptr::eq(old.as_ptr(), Arc::as_ptr(held)))
        };
        let key = &response.key;
        self.admit(exchange, key, switch)?;
        self.admit_related(exchange, &response.relations)?;
        let size = response.size();
        if size > self.limits.capacity {
            return Err(Refused::TooLarge);
        }
        if size > self.limits.capacity - self.recording.min(self.limits.capacity) {
            return Err(Refused::NoRoom);
        }
        let variants = self.index.variants(key.hash);
        let is_beaten = |held: &StoredResponse| {
            held.key == *key && (is_newer(held, response) || is_whole_beside(held, response))
        };
        if variants
            .clone()
            .any(|(_, held)| !is_outdated(&held.response) && is_beaten(&held.response))
        {
            return Err(Refused::Outdated);
        }
        let replaced = variants
            .filter(|(_, held)| is_outdated(&held.response) || replaces(response, &held.response));
        let replaced: Vec<u64> = replaced.map(|(number, _)| number).collect();
        let mut standing = None;
        for number in replaced {
            let (held, earned) = self.index.remove(number);
            standing = standing.max(Some(earned));
            gone.push(held);
        }
        let elsewhere = outdated.and_then(Weak::upgrade);
        if let Some(old) = elsewhere.filter(|old| old.key != *key) {
            // It stood for this URI by its own rule, and does so no longer.
            gone.extend(self.outdate(&old));
        }
        let others = gone.len();
        self.index.insert(response.clone(), standing, gone);
        for evicted in &gone[others..] {
            self.count_evicted(evicted, Eviction::Variants);
        }
        Ok(())
    }

    /// Whether something may be made of a stored response by what this exchange has brought: it is still there,
    /// no mark was set after the exchange began, which would not be for it to lift, and it is not newer. Gives back what
    /// is there.
    pub(super) fn is_good_for(
        &self,
        exchange: &Exchanging,
        old: &Arc<StoredResponse>,
        new: &StoredResponse,
    ) -> Result<Weak<StoredResponse>, Refused> {
        let number = self.index.number_of(old);
        let held = number.and_then(|number| self.index.peek(number));
        let held = held.ok_or(Refused::Outdated)?;
        let since = held.invalid_since();
        let is_good = since.is_none_or(|since| exchange.term().generation >= since);
        // What was stored meanwhile is not set back to what was said before.
        let is_late = held.id > exchange.newest() && is_dated_later(old, new);
        let replaced = || Arc::downgrade(&held.response);
        (is_good && !is_late)
            .then(replaced)
            .ok_or(Refused::Outdated)
    }

    /// The switch, the fence, and whether anything is to be stored at all.
    pub(super) fn admit(
        &self,
        exchange: &Exchanging,
        key: &CacheKey,
        switch: &Switch,
    ) -> Result<(), Refused> {
        if exchange.is_barred() || !switch.may_store() {
            return Err(Refused::Off);
        }
        if !self.fence.admits(exchange.term(), key) {
            return Err(Refused::Fenced);
        }
        if self.limits.responses == 0 || self.limits.capacity == 0 {
            return Err(Refused::TooLarge);
        }
        Ok(())
    }

    /// What it is found by beside its key may be fenced off as well.
    pub(super) fn admit_related(
        &self,
        exchange: &Exchanging,
        relations: &Relations,
    ) -> Result<(), Refused> {
        if relations.is_none() {
            return Ok(());
        }
        #[cfg(feature = "structured-fields")]
        let path = relations.search().map(Search::path_of_all);
        #[cfg(not(feature = "structured-fields"))]
        let path = None;
        let mut hashes = relations.labels().iter().copied().chain(path);
        if hashes.all(|hash| self.fence.admits_hash(exchange.term(), hash)) {
            Ok(())
        } else {
            Err(Refused::Fenced)
        }
    }

    /// A stored response is not reused before it is validated, by an answer to what is asked from now on;
    /// one that cannot be is taken out.
    pub(super) fn outdate(
        &mut self,
        response: &Arc<StoredResponse>,
    ) -> Option<Arc<StoredResponse>> {
        let number = self.index.number_of(response)?;
        let (generation, mut gone) = (self.fence.advance(), Vec::new());
        self.invalidate(number, generation, &mut gone);
        gone.pop()
    }

    /// A variant may be wrong, as may be what was asked for before this generation. One that cannot be
    /// validated is taken out.
    pub(super) fn invalidate(
        &mut self,
        number: u64,
        generation: u64,
        gone: &mut Vec<Arc<StoredResponse>>,
    ) {
        let held = self.index.peek(number);
        if held.is_some_and(|held| held.response.terms.has_validator) {
            self.index.mark(number, generation);
        } else if held.is_some() {
            gone.push(self.index.remove(number).0);
        }
    }

    /// Whether copies of a response may answer for it, and there is room for both.
    pub(super) fn may_be_copied(&self, response: &Arc<StoredResponse>) -> bool {
        let number = self.index.number_of(response);
        let held = number.and_then(|number| self.index.peek(number));
        let beside = self.recording + self.copies.bytes();
        held.is_some_and(|held| held.size + beside <= self.limits.capacity)
            && !response.copying.is_withdrawn()
    }

    /// The octets that stored responses may take, beside what is being recorded and copies.
    fn room(&self) -> usize {
        // The copies of what is evicted go with it, but not under the lock.
        let copies = if self.index.len() > 1 {
            self.copies.bytes()
        } else {
            0
        };
        self.limits.capacity.saturating_sub(self.recording + copies)
    }

    /// Whether only one is held, and beside it there is no room for its copies.
    pub(super) fn has_no_room_for_copies(&self) -> bool {
        let taken = self.recording + self.index.bytes();
        self.index.len() <= 1 && self.copies.bytes() > self.limits.capacity.saturating_sub(taken)
    }

    fn count_evicted(&mut self, response: &StoredResponse, cause: Eviction) {
        self.evictions[cause as usize] += 1;
        if self.observers.are_there() {
            self.evicted.push(Event::Evicted {
                uri: EventUri::of_key(&response.key),
                cause,
                size: response.size(),
            });
        }
    }

    /// What has given way since this was last asked, where anybody wants to know.
    pub(super) fn take_evicted(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.evicted)
    }

    /// Why a response has to give way, where one has to.
    fn cause_to_evict(&self) -> Option<Eviction> {
        if self.index.bytes() > self.room() {
            Some(Eviction::Capacity)
        } else {
            (self.index.len() > self.limits.responses).then_some(Eviction::Responses)
        }
    }

    /// Evicts until what is held and what is being recorded fit together, or so many are to be dropped that
    /// others are let in first. Says whether they fit.
    pub(super) fn make_room(&mut self, gone: &mut Vec<Arc<StoredResponse>>) -> bool {
        while let Some(cause) = self.cause_to_evict() {
            if gone.len() >= AT_ONCE {
                return false;
            }
            let Some(evicted) = self.index.evict(&self.limits) else {
                break;
            };
            self.count_evicted(&evicted, cause);
            gone.push(evicted);
        }
        self.index.settle();
        true
    }
}

/// Whether the one answers every request that the other does.
fn replaces(new: &StoredResponse, held: &StoredResponse) -> bool {
    new.key == held.key
        && new.selected_by == held.selected_by
        && (new.head.is_of_head == held.head.is_of_head
            || (held.head.is_of_head && new.parts.is_none()))
}

/// Whether the one is held whole, and the other is part of what answers the same requests.
fn is_whole_beside(held: &StoredResponse, new: &StoredResponse) -> bool {
    new.parts.is_some()
        && held.parts.is_none()
        && !held.head.is_of_head
        && held.selected_by == new.selected_by
}

/// Whether a held response is newer than one that arrives: by `Date`, or of two with the same by when they
/// were asked for, where the newcomer was asked for before the other was there (PRJ-4-13). What was asked
/// for afterwards is newer whatever its origin's clock says.
fn is_newer(held: &StoredResponse, new: &StoredResponse) -> bool {
    held.selected_by == new.selected_by
        && held.head.is_of_head == new.head.is_of_head
        && is_dated_later(held, new)
        && held.terms.response_time >= new.terms.request_time
}

pub(super) fn is_dated_later(held: &StoredResponse, new: &StoredResponse) -> bool {
    (held.terms.date, held.terms.request_time) > (new.terms.date, new.terms.request_time)
}
