//! Methods that have turned out to be unary.

use std::sync::OnceLock;

use crate::sync::atomic::{AtomicU64, Ordering};

/// So many are remembered. One more takes the place of one of them.
const PLACES: usize = 1024;

/// Methods that have turned out to be unary, by the hash of the URI. Nothing on the wire says it of others, which may
/// be streams. It is read without a lock, and takes no room until there is any.
#[derive(Debug, Default)]
pub(crate) struct Methods(OnceLock<Box<[AtomicU64]>>);

impl Methods {
    /// It has answered with one message.
    pub(crate) fn add(&self, hash: u64) {
        let places = self.0.get_or_init(|| {
            let places = std::iter::repeat_with(AtomicU64::default);
            places.take(PLACES).collect()
        });
        places[place(hash)].store(hash, Ordering::Relaxed);
    }

    /// It has answered with more.
    pub(crate) fn remove(&self, hash: u64) {
        if let Some(places) = self.0.get() {
            // Whatever has taken its place meanwhile stays.
            let place = &places[place(hash)];
            let _ = place.compare_exchange(hash, 0, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    pub(crate) fn has(&self, hash: u64) -> bool {
        let places = self.0.get();
        places.is_some_and(|places| places[place(hash)].load(Ordering::Relaxed) == hash)
    }
}

fn place(hash: u64) -> usize {
    hash as usize % PLACES
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_remembered_until_it_streams_or_another_takes_its_place() {
        let (methods, one) = (Methods::default(), 0xfedc_ba98_7654_3210);
        let other = one ^ 1 << 40;
        methods.remove(one);
        assert!(!methods.has(one));
        methods.add(one);
        assert!(methods.has(one) && !methods.has(other));
        methods.remove(other);
        assert!(methods.has(one));
        methods.add(other);
        assert!(!methods.has(one) && methods.has(other));
        methods.remove(other);
        assert!(!methods.has(other));
    }

    #[test]
    fn as_many_are_remembered_as_there_are_places() {
        let methods = Methods::default();
        let hashes = || (1..=PLACES as u64).map(|n| n << 32 | n);
        hashes().for_each(|hash| methods.add(hash));
        assert!(hashes().all(|hash| methods.has(hash)));
    }
}
