//! How a stored response stands in its store, for those who reach it by another way than the store's lock.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// So many hits that no copy has answered, and a copy is made.
const HITS: u32 = 8;

/// Whether copies of a stored response may answer, and which stripes have one.
///
/// Each word is written a few times in the life of a response, and read at every hit.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// It has left the store, may be wrong, or is no longer the only one that its requests could select.
    is_withdrawn: AtomicBool,
    /// A copy has answered since it was last asked.
    is_used: AtomicBool,
    hits: AtomicU32,
    /// A bit for each stripe.
    stripes: AtomicU64,
}

impl Standing {
    /// From now on no copy answers.
    pub(crate) fn withdraw(&self) {
        self.is_withdrawn.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_withdrawn(&self) -> bool {
        self.is_withdrawn.load(Ordering::SeqCst)
    }

    /// A hit that no copy has answered; whether it is time to make one.
    pub(crate) fn is_hot_with_this_hit(&self) -> bool {
        let hits = self.hits.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        hits % HITS == 0 && !self.is_withdrawn()
    }

    /// A copy has answered.
    pub(crate) fn used(&self) {
        // A word that is written by everybody who reads it goes from core to core.
        if !self.is_used.load(Ordering::Relaxed) {
            self.is_used.store(true, Ordering::Relaxed);
        }
    }

    /// Whether a copy has answered since this was last asked.
    pub(crate) fn take_used(&self) -> bool {
        self.is_used.load(Ordering::Relaxed) && self.is_used.swap(false, Ordering::Relaxed)
    }

    /// A stripe is about to have a copy. False, and it is to have none, where it is withdrawn: whoever has
    /// withdrawn it may have looked for stripes already.
    pub(crate) fn copy_in(&self, stripe: usize) -> bool {
        self.stripes.fetch_or(1 << stripe, Ordering::SeqCst);
        !self.is_withdrawn()
    }

    /// The stripes that have had a copy since this was last asked.
    pub(crate) fn take_stripes(&self) -> impl Iterator<Item = usize> + use<> {
        let stripes = match self.stripes.load(Ordering::SeqCst) {
            0 => 0,
            _ => self.stripes.swap(0, Ordering::SeqCst),
        };
        (0..64).filter(move |stripe| stripes & (1 << stripe) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_eighth_hit_makes_a_copy() {
        let standing = Standing::default();
        let made: Vec<_> = (1..=17)
            .filter(|_| standing.is_hot_with_this_hit())
            .collect();
        assert_eq!(made, [8, 16]);
        standing.withdraw();
        assert!((0..20).all(|_| !standing.is_hot_with_this_hit()));
    }

    #[test]
    fn a_use_counts_once() {
        let standing = Standing::default();
        assert!(!standing.take_used());
        standing.used();
        standing.used();
        assert!(standing.take_used() && !standing.take_used());
    }

    #[test]
    fn stripes_are_told_once() {
        let standing = Standing::default();
        assert!(standing.copy_in(0) && standing.copy_in(63));
        assert!(standing.take_stripes().eq([0, 63]));
        assert_eq!(standing.take_stripes().next(), None);
        standing.withdraw();
        assert!(!standing.copy_in(1));
    }
}
