//! Who is told what happens in a cache.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::queue::Queue;
use super::{Answered, Event};
#[cfg(any(feature = "metrics", feature = "tracing"))]
use crate::telemetry;
use crate::waking::wake;

/// Who is told what happens in a cache.
#[derive(Default)]
pub(crate) struct Observers {
    /// How many there are: all that a request reads where there is none.
    count: AtomicUsize,
    queues: RwLock<Vec<Arc<Queue>>>,
}

impl Observers {
    /// Whether anybody wants to know.
    #[inline]
    pub(crate) fn are_there(&self) -> bool {
        #[cfg(any(feature = "metrics", feature = "tracing"))]
        if telemetry::is_on() {
            return true;
        }
        self.have_queues()
    }

    #[inline]
    fn have_queues(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// Tells them, where there are any. Nothing waits for it.
    #[inline]
    pub(crate) fn tell(&self, event: impl FnOnce() -> Event) {
        if self.are_there() {
            self.tell_all(&event());
        }
    }

    /// Tells them of an answer.
    #[inline]
    pub(crate) fn answered<'a>(&self, answered: impl FnOnce() -> Answered<'a>) {
        if self.are_there() {
            self.tell_answer(&answered());
        }
    }

    #[cold]
    fn tell_answer(&self, answered: &Answered<'_>) {
        #[cfg(any(feature = "metrics", feature = "tracing"))]
        telemetry::answered(answered);
        if self.have_queues() {
            self.queue(&Event::from(answered));
        }
    }

    #[cold]
    fn tell_all(&self, event: &Event) {
        #[cfg(any(feature = "metrics", feature = "tracing"))]
        telemetry::told(event);
        if self.have_queues() {
            self.queue(event);
        }
    }

    fn queue(&self, event: &Event) {
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        // A waker is woken where no lock is held.
        let wakers: Vec<_> = queues
            .iter()
            .filter_map(|queue| queue.push(event.clone()))
            .collect();
        drop(queues);
        wakers.into_iter().for_each(wake);
    }

    pub(super) fn add(&self, queue: Arc<Queue>) {
        let mut queues = self.queues.write().unwrap_or_else(PoisonError::into_inner);
        queues.push(queue);
        self.count.store(queues.len(), Ordering::Relaxed);
    }

    pub(super) fn remove(&self, queue: &Arc<Queue>) {
        let mut queues = self.queues.write().unwrap_or_else(PoisonError::into_inner);
        queues.retain(|held| !Arc::ptr_eq(held, queue));
        self.count.store(queues.len(), Ordering::Relaxed);
    }
}

impl Drop for Observers {
    fn drop(&mut self) {
        let queues = self
            .queues
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        for queue in queues.drain(..) {
            queue.close().into_iter().for_each(wake);
        }
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.count.load(Ordering::Relaxed);
        f.debug_tuple("Observers").field(&count).finish()
    }
}
