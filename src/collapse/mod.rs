//! Many waiting requests, one to the origin (RFC 9111 §4, choice C-49).
//!
//! The first request for something leads a group; others for the same wait in it. A group ends when the
//! leader's answer is stored, or when it is known that it will be of no use to the others. They all are
//! released then, and begin anew. Where the leader is given up before the head of its answer was there, exactly
//! one of those that wait takes its place.

mod company;
mod leader;
#[cfg(all(test, not(shuttle)))]
mod tests;
mod unfit;
mod waiter;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, PoisonError};
use std::task::Waker;
use std::time::SystemTime;

pub(crate) use self::company::{Company, may_share};
pub(crate) use self::leader::Leader;
use self::unfit::Unfit;
pub(crate) use self::waiter::{Turn, Waiter};
use crate::stored::Selection;
use crate::sync::{Mutex, MutexGuard};
use crate::waking::wake;

/// So many groups are there at once. What is beyond them is forwarded for itself.
const MAX_GROUPS: usize = 4096;

/// So many wait in one group.
const MAX_WAITERS: usize = 16_384;

/// Among so many one is looked for that is polled.
const LOOKED_AT: usize = 16;

/// What a request is about: one answer may do for all that are about the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// Of the key, and of whether it is a HEAD. Of two that share it one waits in vain, and is forwarded.
    pub(crate) hash: u64,
    pub(crate) uri_hash: u64,
    pub(crate) origin: &'a [u8],
}

/// The place of a request among those that are about the same.
#[derive(Debug)]
pub(crate) enum Place {
    /// It is the first.
    Leads(Leader),
    /// Another is on its way to the origin.
    Waits(Waiter),
    /// It has no place: there are too many.
    Alone,
}

/// The requests that are on their way to the origin, and those that wait for their answers.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    state: Mutex<State>,
    unfit: Unfit,
}

#[derive(Debug, Default)]
struct State {
    groups: HashMap<u64, Group, BuildHasherDefault<AsItIs>>,
    /// The number of the last group or seat.
    last: u64,
}

/// A leader, and who waits for it. Without any it takes no room but its own.
#[derive(Debug, Default)]
struct Group {
    id: u64,
    uri_hash: u64,
    /// Known when somebody waits.
    origin: Option<Box<[u8]>>,
    /// The seat of the one that is to lead and does not know it yet.
    called: Option<u64>,
    /// When the head of the leader's answer was there, if it is.
    head_at: Option<SystemTime>,
    /// The seat of the one that sees to the time, once there is a head; `None` where nobody could be told.
    keeper: Option<u64>,
    /// Which requests the answer is for, where that is not all.
    selected_by: Option<Selection>,
    /// By seat, in the order they came.
    waiting: BTreeMap<u64, Option<Waker>>,
}

/// One of the groups there have been for a hash.
#[derive(Debug, Clone, Copy)]
struct Which {
    hash: u64,
    id: u64,
}

impl Groups {
    /// Finds a place for a request.
    pub(crate) fn join(self: &Arc<Self>, subject: Subject<'_>) -> Place {
        let hash = subject.hash;
        let mut state = self.lock();
        let State { groups, last } = &mut *state;
        let is_full = groups.len() >= MAX_GROUPS;
        *last += 1;
        match groups.entry(hash) {
            Entry::Vacant(_) if is_full => Place::Alone,
            Entry::Vacant(vacant) => {
                let id = *last;
                vacant.insert(Group {
                    id,
                    uri_hash: subject.uri_hash,
                    ..Group::default()
                });
                drop(state);
                Place::Leads(Leader::new(self.clone(), Which { hash, id }))
            }
            Entry::Occupied(group) if group.get().waiting.len() >= MAX_WAITERS => Place::Alone,
            Entry::Occupied(mut group) => {
                let (group, seat) = (group.get_mut(), *last);
                let origin = &mut group.origin;
                origin.get_or_insert_with(|| subject.origin.into());
                group.waiting.insert(seat, None);
                let id = group.id;
                drop(state);
                Place::Waits(Waiter::new(self.clone(), Which { hash, id }, seat))
            }
        }
    }

    /// Whether requests of this hash should wait for none other: the answer would be of no use to them.
    pub(crate) fn is_unfit(&self, hash: u64, now: SystemTime) -> bool {
        self.unfit.has(hash, now)
    }

    /// An answer was of no use to others.
    pub(crate) fn add_unfit(&self, hash: u64, now: SystemTime) {
        self.unfit.add(hash, now);
    }

    /// An answer is of use.
    pub(crate) fn remove_unfit(&self, hash: u64) {
        self.unfit.remove(hash);
    }

    /// Ends all groups: what they wait for is purged, or the cache is switched off.
    pub(crate) fn release_all(&self) {
        self.unfit.clear();
        self.release_each();
    }

    /// Ends all groups: what any of them waits for may be meant.
    pub(crate) fn release_each(&self) {
        self.release(|_| true);
    }

    /// Ends the groups of a URI.
    pub(crate) fn release_uri(&self, hash: u64) {
        self.release(|group| group.uri_hash == hash);
    }

    /// Ends the groups of an origin.
    pub(crate) fn release_origin(&self, origin: &[u8]) {
        self.release(|group| group.origin.as_deref().is_none_or(|of| of == origin));
    }

    fn release(&self, is_meant: impl Fn(&Group) -> bool) {
        let mut ended = Vec::new();
        let mut state = self.lock();
        state.groups.retain(|_, group| {
            let is_meant = is_meant(group);
            if is_meant {
                ended.push(std::mem::take(group));
            }
            !is_meant
        });
        drop(state);
        ended.into_iter().for_each(Group::wake);
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().groups.is_empty()
    }

    /// Ends a group, where it has not ended.
    fn end(&self, which: Which) {
        let ended = self.lock().remove(which);
        if let Some(group) = ended {
            group.wake();
        }
    }

    /// The leader is gone before there was a head: another leads.
    fn pass_on(&self, which: Which) {
        let mut state = self.lock();
        let next = state.call_next(which);
        drop(state);
        if let Some(waker) = next {
            wake(waker);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change under the lock is whole before anything in it could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn group(&mut self, Which { hash, id }: Which) -> Option<&mut Group> {
        self.groups.get_mut(&hash).filter(|group| group.id == id)
    }

    fn remove(&mut self, Which { hash, id }: Which) -> Option<Group> {
        match self.groups.entry(hash) {
            Entry::Occupied(group) if group.get().id == id => Some(group.remove()),
            _ => None,
        }
    }

    /// Calls one of those that wait to lead; preferably one that somebody polls. Where none waits, the group
    /// ends.
    fn call_next(&mut self, which: Which) -> Option<Waker> {
        let group = self.group(which)?;
        let mut seats = group.waiting.iter().take(LOOKED_AT);
        let polled = seats.find(|(_, waker)| waker.is_some());
        let next = polled.or_else(|| group.waiting.first_key_value());
        let Some(seat) = next.map(|(seat, _)| *seat) else {
            self.remove(which);
            return None;
        };
        group.called = Some(seat);
        group.waiting.remove(&seat).flatten()
    }
}

impl Group {
    /// Has somebody see to the time who is polled: it is to be woken. Where nobody is, it is the next one that is.
    fn call_keeper(&mut self) -> Option<Waker> {
        let mut seats = self.waiting.iter_mut();
        let polled = seats.find_map(|(seat, waker)| Some((*seat, waker.take()?)));
        self.keeper = polled.as_ref().map(|(seat, _)| *seat);
        polled.map(|(_, waker)| waker)
    }

    /// Wakes all that wait: the group is no more.
    fn wake(self) {
        self.waiting.into_values().flatten().for_each(wake);
    }
}

/// Takes what is a hash already as it is.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.0 = self.0.rotate_left(8) ^ u64::from(*octet);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
