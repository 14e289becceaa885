//! Memory that is given back by somebody who is not a caller.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::thread;

use super::copies::Cleared;
use super::index::Index;
use crate::stored::StoredResponse;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard};

/// Fewer responses than this are dropped by whoever has taken them out.
pub(super) const MANY: usize = 1000;

/// So many are dropped before others are let on.
const AT_ONCE: usize = 1024;

/// So are fewer octets, where all is taken out.
const MUCH: usize = 1024 * 1024;

/// Drops what is taken out of the store: what is little at once, and what is much on a thread that lives for
/// as long as there is something to drop. There is one of them at most.
#[derive(Default)]
pub(super) struct Releaser(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// What is not yet dropped.
    octets: AtomicUsize,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    loads: VecDeque<Load>,
    is_running: bool,
}

/// Drops one thing after the other, and says how many octets each has taken.
type Pieces = Box<dyn Iterator<Item = usize> + Send>;

impl Releaser {
    /// Octets that are taken out, and not yet dropped.
    pub(super) fn octets(&self) -> usize {
        self.0.octets.load(Ordering::Relaxed)
    }

    /// Drops all that was stored, and copies.
    pub(super) fn release(&self, mut index: Index, mut copies: Cleared) {
        let octets = index.bytes() + copies.bytes();
        if index.len() + copies.len() >= MANY || octets >= MUCH {
            let pieces = std::iter::from_fn(move || index.drop_one().or_else(|| copies.drop_one()));
            self.enqueue(octets, Box::new(pieces));
        }
    }

    /// Drops responses that were taken out.
    pub(super) fn drop_all(&self, gone: Vec<Arc<StoredResponse>>) {
        if gone.len() >= MANY {
            let octets = gone.iter().map(|response| response.size()).sum();
            let pieces = gone.into_iter().map(|response| response.size());
            self.enqueue(octets, Box::new(pieces));
        }
    }

    fn enqueue(&self, octets: usize, pieces: Pieces) {
        self.0.octets.fetch_add(octets, Ordering::Relaxed);
        let load = Load { octets, pieces };
        let mut waiting = self.0.waiting();
        waiting.loads.push_back(load);
        let is_running = std::mem::replace(&mut waiting.is_running, true);
        drop(waiting);
        if !is_running {
            let shared = self.0.clone();
            let thread = thread::Builder::new().name("cache-releasing".into());
            if thread.spawn(move || shared.drop_loads()).is_err() {
                self.0.drop_loads();
            }
        }
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in between two changes can panic.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops one load after the other until there is none.
    fn drop_loads(&self) {
        while let Some(Load { octets, pieces }) = self.next() {
            let mut left = octets;
            // Nothing here panics that is known of. If something does, the next to come are dropped as if
            // nothing had been.
            let _ = catch_unwind(AssertUnwindSafe(|| {
                for (n, octets) in pieces.enumerate() {
                    if n % AT_ONCE == 0 {
                        // Whoever else wants the core goes first.
                        thread::yield_now();
                    }
                    let octets = octets.min(left);
                    left -= octets;
                    self.octets.fetch_sub(octets, Ordering::Relaxed);
                }
            }));
            self.octets.fetch_sub(left, Ordering::Relaxed);
        }
    }

    /// What is to be dropped next. Where there is nothing, whoever asked has come to the end.
    fn next(&self) -> Option<Load> {
        let mut waiting = self.waiting();
        let load = waiting.loads.pop_front();
        waiting.is_running = load.is_some();
        load
    }
}

/// What was taken out at once.
struct Load {
    octets: usize,
    pieces: Pieces,
}

impl fmt::Debug for Releaser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Releaser").field(&self.octets()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread::ThreadId;

    use super::super::copies::Copies;
    use super::super::samples::Samples;
    use super::*;

    /// Waits for the thread to come to its end.
    fn finish(releaser: &Releaser) {
        while releaser.0.waiting().is_running {
            thread::yield_now();
        }
    }

    /// Pieces of one octet each, and who has dropped them.
    fn pieces(count: usize, told: &mpsc::Sender<ThreadId>) -> Pieces {
        let told = told.clone();
        Box::new((0..count).map(move |_| {
            told.send(thread::current().id()).expect("somebody listens");
            1
        }))
    }

    #[test]
    fn one_thread_drops_all_that_comes_while_it_runs() {
        let releaser = Releaser::default();
        let (told, dropped) = mpsc::channel();
        let (go, gate) = mpsc::channel::<()>();
        let held = std::iter::from_fn(move || gate.recv().ok().map(|()| 1));
        releaser.enqueue(1, Box::new(held.chain(pieces(1, &told))));
        for _ in 0..100 {
            releaser.enqueue(10, pieces(10, &told));
        }
        assert_eq!(releaser.octets(), 1001);
        assert!(dropped.try_recv().is_err(), "the first is not yet done");
        drop(go);
        finish(&releaser);
        assert_eq!(releaser.octets(), 0);
        drop(told);
        let threads: Vec<ThreadId> = dropped.iter().collect();
        assert_eq!(threads.len(), 1001);
        assert!(threads.iter().all(|thread| *thread == threads[0]));
        assert_ne!(threads[0], thread::current().id());
    }

    #[test]
    fn what_panics_is_counted_no_longer_and_the_next_is_dropped() {
        let releaser = Releaser::default();
        let (told, dropped) = mpsc::channel();
        for _ in 0..2 {
            let panics = (0..10).map(|n| {
                assert!(n < 5, "this is meant to panic");
                1
            });
            releaser.enqueue(10, Box::new(panics));
            releaser.enqueue(3, pieces(3, &told));
            finish(&releaser);
            assert_eq!(releaser.octets(), 0);
        }
        drop(told);
        assert_eq!(dropped.iter().count(), 6);
    }

    #[test]
    fn little_is_dropped_at_once() {
        let samples = Samples::default();
        let response = Arc::new(samples.of(1));
        let releaser = Releaser::default();
        releaser.drop_all(vec![response.clone(); MANY - 1]);
        assert_eq!(Arc::strong_count(&response), 1);
        let mut index = Index::default();
        for n in 2..100 {
            index.insert(Arc::new(samples.of(n)), None, &mut Vec::new());
        }
        index.insert(response.clone(), None, &mut Vec::new());
        releaser.release(index, Copies::new().clear());
        assert_eq!(Arc::strong_count(&response), 1);
        releaser.drop_all(vec![response.clone(); MANY]);
        finish(&releaser);
        assert_eq!((Arc::strong_count(&response), releaser.octets()), (1, 0));
    }
}
