//! Events that were not yet taken.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll, Waker};

use super::Event;

/// So often a queue is looked at that somebody else is at, before what was to go there is lost.
const TRIES: usize = 64;

/// So many events at most; of more the oldest are lost.
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    capacity: usize,
    lost: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    waker: Option<Waker>,
    is_closed: bool,
}

impl Queue {
    pub(super) fn of(capacity: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            capacity,
            lost: AtomicU64::new(0),
        }
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Puts one in, and gives back who is to be woken for it.
    pub(super) fn push(&self, event: Event) -> Option<Waker> {
        let Some(mut waiting) = self.try_lock().filter(|_| self.capacity > 0) else {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        // What is lost is dropped when the lock is free.
        let is_full = waiting.events.len() >= self.capacity;
        let _oldest = is_full.then(|| waiting.events.pop_front());
        waiting.events.push_back(event);
        let waker = waiting.waker.take();
        drop(waiting);
        self.lost.fetch_add(u64::from(is_full), Ordering::Relaxed);
        waker
    }

    pub(super) fn pop(&self) -> Option<Event> {
        self.lock().events.pop_front()
    }

    pub(super) fn poll_pop(&self, cx: &Context<'_>) -> Poll<Option<Event>> {
        let waker = cx.waker().clone();
        let mut waiting = self.lock();
        let event = waiting.events.pop_front();
        if event.is_some() || waiting.is_closed {
            return Poll::Ready(event);
        }
        let before = waiting.waker.replace(waker);
        drop(waiting);
        drop(before);
        Poll::Pending
    }

    /// Nothing more will come. Gives back who is to be told.
    pub(super) fn close(&self) -> Option<Waker> {
        let mut waiting = self.lock();
        waiting.is_closed = true;
        waiting.waker.take()
    }

    /// Does not wait for long: it is a request that asks.
    fn try_lock(&self) -> Option<MutexGuard<'_, Waiting>> {
        for _ in 0..TRIES {
            match self.waiting.try_lock() {
                Ok(waiting) => return Some(waiting),
                Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => std::hint::spin_loop(),
            }
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
