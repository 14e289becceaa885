//! Resources whose answers nobody else can use: their requests wait for no other.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use crate::sync::atomic::{AtomicU64, Ordering};

/// So many are remembered. One more takes the place of one of them.
const PLACES: usize = 1024;

/// For so many seconds.
const LASTS: u64 = 20;

/// The part of a word that says until when, in seconds; what is left of it is of the hash.
const SECONDS: u64 = (1 << 24) - 1;

/// What was found to be of no use to others, each for a while, by hash. It is read without a lock, and takes no
/// room until there is any.
#[derive(Debug, Default)]
pub(crate) struct Unfit(OnceLock<Box<[AtomicU64]>>);

impl Unfit {
    pub(super) fn add(&self, hash: u64, now: SystemTime) {
        let places = self.0.get_or_init(|| {
            let places = std::iter::repeat_with(AtomicU64::default);
            places.take(PLACES).collect()
        });
        let until = (seconds(now) + LASTS) & SECONDS;
        places[place(hash)].store(hash & !SECONDS | until, Ordering::Relaxed);
    }

    /// Whether it is remembered. A clock that was set back ends it.
    pub(super) fn has(&self, hash: u64, now: SystemTime) -> bool {
        self.0.get().is_some_and(|places| {
            let word = places[place(hash)].load(Ordering::Relaxed);
            let left = || word.wrapping_sub(seconds(now)) & SECONDS;
            (word ^ hash) & !SECONDS == 0 && (1..=LASTS).contains(&left())
        })
    }

    /// It is of use after all.
    pub(super) fn remove(&self, hash: u64) {
        if let Some(places) = self.0.get() {
            let place = &places[place(hash)];
            let word = place.load(Ordering::Relaxed);
            if (word ^ hash) & !SECONDS == 0 {
                // Whatever has taken its place meanwhile stays.
                let _ = place.compare_exchange(word, 0, Ordering::Relaxed, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn clear(&self) {
        for place in self.0.get().into_iter().flatten() {
            place.store(0, Ordering::Relaxed);
        }
    }
}

/// The lowest bits are not in the word.
fn place(hash: u64) -> usize {
    hash as usize % PLACES
}

fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or(Duration::ZERO).as_secs()
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    const HASH: u64 = 0xfedc_ba98_7654_3210;

    #[test]
    fn what_is_remembered_is_forgotten_after_a_while() {
        let unfit = Unfit::default();
        assert!(!unfit.has(HASH, at(0)), "nothing is remembered");
        // The last of these is where the seconds begin anew.
        for now in [0, 1_700_000_000, SECONDS - 5] {
            unfit.add(HASH, at(now));
            assert!(unfit.has(HASH, at(now)), "{now}");
            assert!(unfit.has(HASH, at(now + LASTS - 1)), "{now}");
            assert!(!unfit.has(HASH, at(now + LASTS)), "{now}");
            assert!(!unfit.has(HASH, at(now + 3_600)), "{now}");
            assert!(!unfit.has(HASH ^ 1 << 40, at(now)), "another of its place");
        }
        unfit.add(HASH, at(3_600));
        assert!(!unfit.has(HASH, at(0)), "the clock was set back");
    }

    #[test]
    fn it_is_forgotten_when_it_is_of_use_or_another_takes_its_place() {
        let unfit = Unfit::default();
        let other = HASH ^ 1 << 40;
        unfit.remove(HASH);
        unfit.add(HASH, at(0));
        unfit.remove(other);
        assert!(unfit.has(HASH, at(0)));
        unfit.remove(HASH);
        assert!(!unfit.has(HASH, at(0)));
        unfit.add(HASH, at(0));
        unfit.add(other, at(0));
        assert!(!unfit.has(HASH, at(0)) && unfit.has(other, at(0)));
        unfit.clear();
        assert!(!unfit.has(other, at(0)));
    }
}
