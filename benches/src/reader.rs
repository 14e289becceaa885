//! Somebody who reads while something else is done.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;

/// Somebody who reads all the time, and notes how long it took at most.
#[derive(Debug, Default)]
pub struct Reader {
    is_done: AtomicBool,
    made: AtomicU64,
    /// In nanoseconds.
    longest: AtomicU64,
}

impl Reader {
    /// It may end.
    pub fn is_done(&self) {
        self.is_done.store(true, Ordering::Relaxed);
    }

    /// Reads these, one after the other and over again, until it is done.
    pub fn read(&self, mut client: Box<dyn Client>, uris: &[&'static str]) {
        for uri in uris.iter().cycle() {
            if self.is_done.load(Ordering::Relaxed) {
                return;
            }
            let start = Instant::now();
            client.exchange_beside_others(uri);
            let took = start.elapsed().as_nanos() as u64;
            self.longest.fetch_max(took, Ordering::Relaxed);
            self.made.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until it has read so many more.
    pub fn wait_for(&self, count: u64) {
        let enough = self.made.load(Ordering::Relaxed) + count;
        while self.made.load(Ordering::Relaxed) < enough {
            thread::yield_now();
        }
    }

    /// The longest exchange since this was asked last, the one of this moment included.
    #[must_use]
    pub fn take_longest(&self) -> Duration {
        self.wait_for(2);
        Duration::from_nanos(self.longest.swap(0, Ordering::Relaxed))
    }
}
