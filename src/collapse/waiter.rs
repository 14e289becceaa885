//! A request that waits for the answer to another.

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::SystemTime;

use super::{Groups, Leader, State, Which};
use crate::stored::Selection;
use crate::waking::wake;

/// A seat in a group. Dropping it leaves the group; where it was called to lead, the next one is.
#[derive(Debug)]
pub(crate) struct Waiter {
    groups: Arc<Groups>,
    which: Which,
    seat: u64,
    knows_head: bool,
    keeps_time: bool,
}

/// What a request that waits is to do.
#[derive(Debug)]
pub(crate) enum Turn {
    /// Go on, and begin anew: the group has ended.
    Released,
    /// Ask the origin for all.
    Leads(Leader),
    /// Leave, unless it has the fields that the answer is for, of which the head is there.
    Head(Option<Selection>),
    /// See to it that the group ends when the limit for the rest of the answer has passed since this time.
    KeepsTime(SystemTime),
}

impl Waiter {
    pub(super) fn new(groups: Arc<Groups>, which: Which, seat: u64) -> Self {
        Self {
            groups,
            which,
            seat,
            knows_head: false,
            keeps_time: false,
        }
    }

    /// What is next; until then it is woken by this. After `Released` and `Leads` there is nothing.
    pub(crate) fn poll(&mut self, by: &Waker) -> Poll<Turn> {
        let groups = self.groups.clone();
        // Made and dropped outside of the lock.
        let mut waker: Option<Waker> = None;
        loop {
            let mut state = groups.lock();
            if let Some(turn) = self.turn(&mut state) {
                return Poll::Ready(turn);
            }
            let group = state.group(self.which);
            let seat = group.and_then(|group| group.waiting.get_mut(&self.seat));
            let held = seat.expect("a seat is kept until it is called or the group ends");
            if held.as_ref().is_some_and(|held| held.will_wake(by)) {
                return Poll::Pending;
            }
            if let Some(waker) = waker.take() {
                let old = held.replace(waker);
                drop(state);
                drop(old);
                return Poll::Pending;
            }
            drop(state);
            waker = Some(by.clone());
        }
    }

    fn turn(&mut self, state: &mut State) -> Option<Turn> {
        let Some(group) = state.group(self.which) else {
            return Some(Turn::Released);
        };
        if group.called == Some(self.seat) {
            group.called = None;
            let leader = Leader::new(self.groups.clone(), self.which);
            return Some(Turn::Leads(leader));
        }
        let head_at = group.head_at?;
        if !self.knows_head {
            self.knows_head = true;
            return Some(Turn::Head(group.selected_by.clone()));
        }
        if self.keeps_time || *group.keeper.get_or_insert(self.seat) != self.seat {
            return None;
        }
        self.keeps_time = true;
        Some(Turn::KeepsTime(head_at))
    }

    /// The limit has passed: nobody waits any longer. What comes so slowly is not waited for again soon.
    pub(crate) fn gives_up(self, now: SystemTime) {
        let ended = self.groups.lock().remove(self.which);
        if let Some(group) = ended {
            if group.head_at.is_some() {
                self.groups.add_unfit(self.which.hash, now);
            }
            group.wake();
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut state = self.groups.lock();
        let (mut left, mut next) = (None, None);
        if let Some(group) = state.group(self.which) {
            left = group.waiting.remove(&self.seat);
            if group.called == Some(self.seat) {
                next = state.call_next(self.which);
            } else if group.keeper == Some(self.seat) {
                next = group.call_keeper();
            }
        }
        drop(state);
        drop(left);
        if let Some(waker) = next {
            wake(waker);
        }
    }
}
