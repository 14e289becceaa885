//! Whether copies of a stored response may answer, for those who do not take the store's lock to ask.

use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Whether copies of a stored response may answer, and which stripes have one.
///
/// Each word is written a few times in the life of a response, and read at every hit.
#[derive(Debug, Default)]
pub(crate) struct Copying {
    /// It has left the store, may be wrong, or is no longer the only one that its requests could select.
    is_withdrawn: AtomicBool,
    /// A copy has answered since it was last asked.
    is_used: AtomicBool,
    /// A bit for each stripe.
    stripes: AtomicU64,
    /// How often copies have answered that are no more, of what it has taken the place of as well.
    answered: AtomicU64,
}

impl Copying {
    /// From now on no copy answers.
    pub(crate) fn withdraw(&self) {
        self.is_withdrawn.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_withdrawn(&self) -> bool {
        self.is_withdrawn.load(Ordering::SeqCst)
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

    /// Copies that are no more have answered so often.
    pub(crate) fn add_answered(&self, hits: u64) {
        self.answered.fetch_add(hits, Ordering::Relaxed);
    }

    /// How often copies have answered that are no more.
    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// The stripes that may have a copy.
    pub(crate) fn stripes(&self) -> impl Iterator<Item = usize> + use<> {
        bits(self.stripes.load(Ordering::SeqCst))
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
        bits(stripes)
    }
}

/// The places of the bits that are set.
fn bits(mut left: u64) -> impl Iterator<Item = usize> + use<> {
    std::iter::from_fn(move || {
        let place = left.trailing_zeros();
        left &= left.checked_sub(1)?;
        Some(place as usize)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_counts_once() {
        let copying = Copying::default();
        assert!(!copying.take_used());
        copying.used();
        copying.used();
        assert!(copying.take_used() && !copying.take_used());
    }

    #[test]
    fn stripes_are_told_once() {
        let copying = Copying::default();
        assert!(copying.copy_in(0) && copying.copy_in(63));
        assert!(copying.take_stripes().eq([0, 63]));
        assert_eq!(copying.take_stripes().next(), None);
        copying.withdraw();
        assert!(!copying.copy_in(1));
    }
}
