//! The counts as they grow.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Outcomes, Stats};
use crate::cache_status::{Forward, NotStored};
use crate::events::Validation;

/// The counts as they grow. Those of hits are with the stripes: see `store/copies.rs`.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    unsatisfiable: AtomicU64,
    forwards: [AtomicU64; Forward::ALL.len()],
    refusals: [AtomicU64; NotStored::ALL.len()],
    collapsed: AtomicU64,
    stale_hits: AtomicU64,
    stale_if_error: AtomicU64,
    validated: AtomicU64,
    replaced: AtomicU64,
    failed: AtomicU64,
    stores: AtomicU64,
    octets: AtomicU64,
}

impl Counters {
    pub(crate) fn unsatisfiable(&self) {
        add(&self.unsatisfiable);
    }

    pub(crate) fn forward(&self, reason: Forward) {
        add(&self.forwards[reason as usize]);
    }

    pub(crate) fn refuse(&self, reason: NotStored) {
        add(&self.refusals[reason as usize]);
    }

    pub(crate) fn collapse(&self) {
        add(&self.collapsed);
    }

    /// One of the hits was stale.
    pub(crate) fn stale_hit(&self) {
        add(&self.stale_hits);
    }

    /// A stale response in the place of an answer that failed.
    pub(crate) fn stale_if_error(&self) {
        add(&self.stale_if_error);
    }

    pub(crate) fn validation(&self, outcome: Validation) {
        add(match outcome {
            Validation::Validated => &self.validated,
            Validation::Replaced => &self.replaced,
            Validation::Failed => &self.failed,
        });
    }

    pub(crate) fn store(&self) {
        add(&self.stores);
    }

    /// Octets of a stored body in an answer that is no hit.
    pub(crate) fn serve(&self, octets: u64) {
        self.octets.fetch_add(octets, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            unsatisfiable: read(&self.unsatisfiable),
            forwards: array::from_fn(|reason| read(&self.forwards[reason])),
            refusals: array::from_fn(|reason| read(&self.refusals[reason])),
            collapsed: read(&self.collapsed),
            stale_hits: read(&self.stale_hits),
            stale_if_error: read(&self.stale_if_error),
            validations: Outcomes {
                validated: read(&self.validated),
                replaced: read(&self.replaced),
                failed: read(&self.failed),
            },
            stores: read(&self.stores),
            bytes_served: read(&self.octets),
            ..Stats::default()
        }
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
