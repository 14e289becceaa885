//! What the cache has done so far, in numbers.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cache_status::Forward;

/// What a cache has done since it was made: see [`CacheHandle::stats`](crate::CacheHandle::stats).
///
/// The counts are of requests and responses, and never fall. They are read one after the other while
/// requests run, so that a request may be in one and not yet in the next.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    pub(crate) hits: u64,
    pub(crate) unsatisfiable: u64,
    pub(crate) forwards: [u64; FORWARDS],
    pub(crate) collapsed: u64,
    pub(crate) validations: u64,
    pub(crate) validated: u64,
    pub(crate) stores: u64,
    pub(crate) evictions: u64,
    pub(crate) recording: usize,
    pub(crate) copies: usize,
    pub(crate) releasing: usize,
}

const FORWARDS: usize = 8;

const REASONS: [Forward; FORWARDS] = [
    Forward::Bypass,
    Forward::Method,
    Forward::UriMiss,
    Forward::VaryMiss,
    Forward::Miss,
    Forward::Request,
    Forward::Stale,
    Forward::Partial,
];

impl Stats {
    /// Requests answered from the store, without asking the origin.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.hits
    }

    /// Requests that said `only-if-cached` and were answered with 504.
    #[must_use]
    pub fn unsatisfiable(&self) -> u64 {
        self.unsatisfiable
    }

    /// Requests forwarded for this reason.
    #[must_use]
    pub fn forwards(&self, reason: Forward) -> u64 {
        self.forwards[reason as usize]
    }

    /// Requests forwarded for any reason.
    #[must_use]
    pub fn forwarded(&self) -> u64 {
        self.forwards.iter().sum()
    }

    /// Requests answered with the origin's answer to another one, which they have waited for. They count neither
    /// as hits nor as forwarded.
    #[must_use]
    pub fn collapsed(&self) -> u64 {
        self.collapsed
    }

    /// Answers to conditional requests about a stored response, in the background as well.
    #[must_use]
    pub fn validations(&self) -> u64 {
        self.validations
    }

    /// Validations that found the stored response still good: 304.
    #[must_use]
    pub fn validated(&self) -> u64 {
        self.validated
    }

    /// Responses stored, and not counting those that were freshened.
    #[must_use]
    pub fn stores(&self) -> u64 {
        self.stores
    }

    /// Stored responses that had to go for lack of room.
    #[must_use]
    pub fn evictions(&self) -> u64 {
        self.evictions
    }

    /// Octets set aside at this moment for bodies that are being recorded. They are part of the
    /// capacity and not of [`bytes`](crate::CacheHandle::bytes).
    #[must_use]
    pub fn recording(&self) -> usize {
        self.recording
    }

    /// Octets of what was removed and is not yet given back to the system's allocator. They are part
    /// neither of the capacity nor of [`bytes`](crate::CacheHandle::bytes), and come down to zero by themselves:
    /// what is much is given back by a thread that is there for as long as it takes.
    #[must_use]
    pub fn releasing(&self) -> usize {
        self.releasing
    }
}

impl Stats {
    /// Octets of copies of hot responses, which are part of [`bytes`](crate::CacheHandle::bytes): where a response
    /// is reused again and again each thread has a head of its own to hand out. They take one part in 32 of the
    /// capacity at most.
    #[must_use]
    pub fn copies(&self) -> usize {
        self.copies
    }
}

impl fmt::Debug for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Forwards<'a>(&'a Stats);

        impl fmt::Debug for Forwards<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let counted = REASONS.map(|reason| (reason.as_str(), self.0.forwards(reason)));
                f.debug_map().entries(counted).finish()
            }
        }

        f.debug_struct("Stats")
            .field("hits", &self.hits)
            .field("unsatisfiable", &self.unsatisfiable)
            .field("forwards", &Forwards(self))
            .field("collapsed", &self.collapsed)
            .field("validations", &self.validations)
            .field("validated", &self.validated)
            .field("stores", &self.stores)
            .field("evictions", &self.evictions)
            .field("recording", &self.recording)
            .field("copies", &self.copies)
            .field("releasing", &self.releasing)
            .finish()
    }
}

/// The counts as they grow.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    unsatisfiable: AtomicU64,
    forwards: [AtomicU64; FORWARDS],
    collapsed: AtomicU64,
    validations: AtomicU64,
    validated: AtomicU64,
    stores: AtomicU64,
}

impl Counters {
    pub(crate) fn unsatisfiable(&self) {
        add(&self.unsatisfiable);
    }

    pub(crate) fn forward(&self, reason: Forward) {
        add(&self.forwards[reason as usize]);
    }

    pub(crate) fn collapse(&self) {
        add(&self.collapsed);
    }

    pub(crate) fn validation(&self, is_validated: bool) {
        add(&self.validations);
        if is_validated {
            add(&self.validated);
        }
    }

    pub(crate) fn store(&self) {
        add(&self.stores);
    }

    pub(crate) fn read(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            unsatisfiable: read(&self.unsatisfiable),
            forwards: std::array::from_fn(|reason| read(&self.forwards[reason])),
            collapsed: read(&self.collapsed),
            validations: read(&self.validations),
            validated: read(&self.validated),
            stores: read(&self.stores),
            ..Stats::default()
        }
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwards_are_printed_by_their_reasons() {
        let counters = Counters::default();
        for reason in REASONS {
            counters.forward(reason);
        }
        counters.forward(Forward::Stale);
        let printed = format!("{:?}", counters.read());
        assert!(
            printed.contains("\"miss\": 1, \"request\": 1, \"stale\": 2"),
            "{printed}"
        );
    }
}
