//! What the cache has done so far, in numbers.

mod counters;
mod eviction;

use std::array;
use std::fmt;

pub(crate) use self::counters::Counters;
pub use self::eviction::Eviction;
use crate::cache_status::{Forward, NotStored};

/// What a cache has done since it was made, and what it holds: see [`CacheHandle::stats`](crate::CacheHandle::stats).
///
/// Every request that gets an answer or an error is one of those that are [hits](Self::hits),
/// [forwarded](Self::forwarded), [collapsed](Self::collapsed) or [unsatisfiable](Self::unsatisfiable), and not two of
/// them.
///
/// The counts are of requests and responses, and never fall; [`since`](Self::since) has those between two
/// readings. All of them are of one moment, unless requests come faster than they can be read: then each is right,
/// and a request may be in one and not yet in the next.
///
/// ```
/// use tower_client_cache::CacheLayer;
///
/// let handle = CacheLayer::new().handle();
/// let before = handle.stats();
/// // … requests …
/// let minute = handle.stats().since(&before);
/// assert_eq!((minute.hits(), minute.forwarded()), (0, 0));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    pub(crate) hits: u64,
    pub(crate) stale_hits: u64,
    pub(crate) stale_if_error: u64,
    pub(crate) unsatisfiable: u64,
    pub(crate) forwards: [u64; Forward::ALL.len()],
    pub(crate) refusals: [u64; NotStored::ALL.len()],
    pub(crate) collapsed: u64,
    pub(crate) validations: Outcomes,
    pub(crate) stores: u64,
    pub(crate) evictions: [u64; Eviction::ALL.len()],
    pub(crate) bytes_served: u64,
    pub(crate) holding: Holding,
}

/// What has come of validations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outcomes {
    pub(crate) validated: u64,
    pub(crate) replaced: u64,
    pub(crate) failed: u64,
}

/// What is held at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Holding {
    pub(crate) responses: usize,
    pub(crate) bytes: usize,
    pub(crate) recording: usize,
    pub(crate) copies: usize,
    pub(crate) releasing: usize,
    pub(crate) in_flight: usize,
}

/// What has become of requests.
impl Stats {
    /// Requests answered from the store, without asking the origin.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.hits
    }

    /// Hits on what was stale, which the request or the response allowed (RFC 9111 §4.2.4).
    #[must_use]
    pub fn stale_hits(&self) -> u64 {
        self.stale_hits
    }

    /// Requests answered with a stored response that was stale, because the origin failed or could not be reached
    /// (RFC 5861 §4). They count as forwarded.
    #[must_use]
    pub fn stale_if_error(&self) -> u64 {
        self.stale_if_error
    }

    /// Requests that could not be answered from the store and were not to be forwarded: 504; or of gRPC, and their
    /// deadline has passed.
    #[must_use]
    pub fn unsatisfiable(&self) -> u64 {
        self.unsatisfiable
    }

    /// Requests forwarded for this reason, when they are: one that waits for the inner service to be ready was not
    /// yet.
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

    /// Octets of bodies that were answered with from the store: for hits, for collapsed requests, after validation
    /// and after failures.
    #[must_use]
    pub fn bytes_served(&self) -> u64 {
        self.bytes_served
    }
}

/// What has become of responses.
impl Stats {
    /// Conditional requests about a stored response that have come to an end, in the background as well.
    #[must_use]
    pub fn validations(&self) -> u64 {
        let Outcomes {
            validated,
            replaced,
            failed,
        } = self.validations;
        validated + replaced + failed
    }

    /// Validations that found the stored response still good: 304.
    #[must_use]
    pub fn validated(&self) -> u64 {
        self.validations.validated
    }

    /// Validations that brought something else in its place.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.validations.replaced
    }

    /// Validations that brought nothing: the inner service failed, or the origin answered with a server error, or
    /// with a 304 about nothing that is stored.
    #[must_use]
    pub fn failed_validations(&self) -> u64 {
        self.validations.failed
    }

    /// Responses stored, and not counting those that were freshened.
    #[must_use]
    pub fn stores(&self) -> u64 {
        self.stores
    }

    /// Responses that were not stored for this reason, whether that was known when the head came or only later.
    #[must_use]
    pub fn refusals(&self, reason: NotStored) -> u64 {
        self.refusals[reason as usize]
    }

    /// Responses that were not stored for any reason.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refusals.iter().sum()
    }

    /// Stored responses that had to give way.
    #[must_use]
    pub fn evictions(&self) -> u64 {
        self.evictions.iter().sum()
    }

    /// Stored responses that had to give way for this cause.
    #[must_use]
    pub fn evictions_by(&self, cause: Eviction) -> u64 {
        self.evictions[cause as usize]
    }
}

/// What is held.
impl Stats {
    /// Responses stored, stale ones among them.
    #[must_use]
    pub fn responses(&self) -> usize {
        self.holding.responses
    }

    /// Octets that they take: see [`CacheHandle::bytes`](crate::CacheHandle::bytes).
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.holding.bytes
    }

    /// Exchanges with the origin that are under way and may store something.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.holding.in_flight
    }

    /// Octets set aside at this moment for bodies that are being recorded. They are part of the
    /// capacity and not of [`bytes`](crate::CacheHandle::bytes).
    #[must_use]
    pub fn recording(&self) -> usize {
        self.holding.recording
    }

    /// Octets of what was removed and is not yet given back to the system's allocator. They are part
    /// neither of the capacity nor of [`bytes`](crate::CacheHandle::bytes), and come down to zero by themselves:
    /// what is much is given back by a thread that is there for as long as it takes.
    #[must_use]
    pub fn releasing(&self) -> usize {
        self.holding.releasing
    }

    /// Octets of copies of hot responses, which are part of [`bytes`](crate::CacheHandle::bytes): where a response
    /// is reused again and again each thread has a head of its own to hand out. They take one part in 32 of the
    /// capacity at most.
    #[must_use]
    pub fn copies(&self) -> usize {
        self.holding.copies
    }
}

impl Stats {
    /// What was counted since an earlier reading of the same cache; what is held is as it is now.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        fn between<const N: usize>(now: &[u64; N], then: &[u64; N]) -> [u64; N] {
            array::from_fn(|place| now[place].saturating_sub(then[place]))
        }

        let (now, then) = (&self.validations, &earlier.validations);
        Self {
            hits: self.hits.saturating_sub(earlier.hits),
            stale_hits: self.stale_hits.saturating_sub(earlier.stale_hits),
            stale_if_error: self.stale_if_error.saturating_sub(earlier.stale_if_error),
            unsatisfiable: self.unsatisfiable.saturating_sub(earlier.unsatisfiable),
            forwards: between(&self.forwards, &earlier.forwards),
            refusals: between(&self.refusals, &earlier.refusals),
            collapsed: self.collapsed.saturating_sub(earlier.collapsed),
            validations: Outcomes {
                validated: now.validated.saturating_sub(then.validated),
                replaced: now.replaced.saturating_sub(then.replaced),
                failed: now.failed.saturating_sub(then.failed),
            },
            stores: self.stores.saturating_sub(earlier.stores),
            evictions: between(&self.evictions, &earlier.evictions),
            bytes_served: self.bytes_served.saturating_sub(earlier.bytes_served),
            holding: self.holding,
        }
    }
}

impl Default for Stats {
    fn default() -> Self {
        Self {
            hits: 0,
            stale_hits: 0,
            stale_if_error: 0,
            unsatisfiable: 0,
            forwards: [0; Forward::ALL.len()],
            refusals: [0; NotStored::ALL.len()],
            collapsed: 0,
            validations: Outcomes::default(),
            stores: 0,
            evictions: [0; Eviction::ALL.len()],
            bytes_served: 0,
            holding: Holding::default(),
        }
    }
}

impl fmt::Debug for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Those that are not zero, by their reasons.
        struct By<'a, R>(&'a [R], &'a [u64]);

        impl<R: fmt::Display> fmt::Debug for By<'_, R> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let counted = self.0.iter().zip(self.1).filter(|(_, count)| **count > 0);
                let counted = counted.map(|(reason, count)| (reason.to_string(), count));
                f.debug_map().entries(counted).finish()
            }
        }

        f.debug_struct("Stats")
            .field("hits", &self.hits)
            .field("stale_hits", &self.stale_hits)
            .field("stale_if_error", &self.stale_if_error)
            .field("unsatisfiable", &self.unsatisfiable)
            .field("forwards", &By(&Forward::ALL, &self.forwards))
            .field("refusals", &By(&NotStored::ALL, &self.refusals))
            .field("collapsed", &self.collapsed)
            .field("validations", &self.validations)
            .field("stores", &self.stores)
            .field("evictions", &By(&Eviction::ALL, &self.evictions))
            .field("bytes_served", &self.bytes_served)
            .field("holding", &self.holding)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_printed_by_its_reason() {
        let counters = Counters::default();
        for reason in [Forward::Stale, Forward::Miss, Forward::Stale] {
            counters.forward(reason);
        }
        counters.refuse(NotStored::NoStore);
        let printed = format!("{:?}", counters.read());
        for expected in [
            r#"forwards: {"miss": 1, "stale": 2}"#,
            r#"refusals: {"no-store": 1}"#,
        ] {
            assert!(printed.contains(expected), "{printed}");
        }
    }

    #[test]
    fn every_reason_has_its_place() {
        let places = Forward::ALL.map(|reason| reason as usize);
        assert!(places.into_iter().eq(0..Forward::ALL.len()));
        let places = NotStored::ALL.map(|reason| reason as usize);
        assert!(places.into_iter().eq(0..NotStored::ALL.len()));
        let places = Eviction::ALL.map(|cause| cause as usize);
        assert!(places.into_iter().eq(0..Eviction::ALL.len()));
    }
}
