//! Copies of what is hot, one for each of a number of stripes.
//!
//! What several threads count references on goes from core to core with every hit. A thread that has a copy
//! of its own, of the head and of the handle on the body, shares nothing that is written: a hit takes the
//! lock of its stripe, and counts references there; nobody else does either, unless there are more threads than
//! stripes, or something is cleared, forgotten or given away. What it
//! reads and others write, it reads often and they write rarely: the settings' version, the switch, and
//! the copying of the stored response.

use std::cell::Cell;
use std::num::NonZero;
use std::sync::{Arc, OnceLock, PoisonError};
use std::thread;

use lru::LruCache;

use super::copy::Copy;
use super::spread::Spread;
use crate::key::Wanted;
use crate::stored::StoredResponse;
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard};

/// As many as there are bits to tell which have a copy.
const MOST: usize = 64;

/// All copies of one store.
#[derive(Debug)]
pub(crate) struct Copies {
    stripes: Box<[Stripe]>,
    /// The octets of all.
    bytes: AtomicUsize,
    /// Grows with every clear: what was about to be put in before is not.
    generation: AtomicU64,
}

/// On lines of its own: what neighbours write is not read again for it.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe {
    hits: AtomicU64,
    /// Octets of the bodies that these were answered with.
    octets: AtomicU64,
    held: Mutex<Held>,
}

/// By the hash of the key, the one used last at the end.
#[derive(Debug)]
struct Held {
    copies: LruCache<u64, Arc<Copy>, Spread>,
    bytes: usize,
}

impl Default for Held {
    fn default() -> Self {
        Self {
            copies: LruCache::unbounded_with_hasher(Spread::default()),
            bytes: 0,
        }
    }
}

impl Held {
    /// Puts a copy in, and gives back what it takes the place of.
    fn push(&mut self, hash: u64, copy: Arc<Copy>) -> Option<Arc<Copy>> {
        self.bytes += copy.size;
        let gone = self.copies.push(hash, copy).map(|(_, gone)| gone);
        self.forget(gone)
    }

    fn pop(&mut self, hash: u64) -> Option<Arc<Copy>> {
        let gone = self.copies.pop(&hash);
        self.forget(gone)
    }

    fn pop_oldest(&mut self) -> Option<Arc<Copy>> {
        let gone = self.copies.pop_lru().map(|(_, gone)| gone);
        self.forget(gone)
    }

    fn forget(&mut self, gone: Option<Arc<Copy>>) -> Option<Arc<Copy>> {
        self.bytes -= gone.as_ref().map_or(0, |gone| gone.size);
        gone
    }
}

/// Copies that were taken out, all at once.
#[derive(Debug)]
pub(super) struct Cleared(Vec<Held>);

impl Cleared {
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|held| held.copies.len()).sum()
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|held| held.bytes).sum()
    }

    /// Drops one. Says how many octets it took.
    pub(super) fn drop_one(&mut self) -> Option<usize> {
        let gone = self.0.iter_mut().find_map(Held::pop_oldest)?;
        Some(gone.size)
    }
}

impl Stripe {
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Copies {
    pub(super) fn new() -> Self {
        Self {
            stripes: (0..stripes()).map(|_| Stripe::default()).collect(),
            bytes: AtomicUsize::new(0),
            generation: AtomicU64::new(0),
        }
    }

    #[inline]
    fn own(&self) -> usize {
        // There are a power of two.
        thread_number() & (self.stripes.len() - 1)
    }

    /// A hit, whoever has answered it, with a body of so many octets.
    #[inline]
    pub(crate) fn count_hit(&self, octets: u64) {
        let stripe = &self.stripes[self.own()];
        stripe.hits.fetch_add(1, Ordering::Relaxed);
        stripe.octets.fetch_add(octets, Ordering::Relaxed);
    }

    /// The hits so far, and the octets of their bodies.
    pub(crate) fn hits(&self) -> (u64, u64) {
        let stripes = self.stripes.iter();
        stripes.fold((0, 0), |(hits, octets), stripe| {
            (
                hits + stripe.hits.load(Ordering::Relaxed),
                octets + stripe.octets.load(Ordering::Relaxed),
            )
        })
    }

    /// How often copies of a response have answered.
    pub(crate) fn hits_of(&self, response: &Arc<StoredResponse>) -> u64 {
        let of_stripe = |stripe: usize| {
            let held = self.stripes[stripe].lock();
            let copy = held.copies.peek(&response.key.hash);
            let copy = copy.filter(|copy| Arc::ptr_eq(&copy.response, response));
            copy.map_or(0, |copy| copy.hits.load(Ordering::Relaxed))
        };
        let live: u64 = response.copying.stripes().map(of_stripe).sum();
        live + response.copying.answered()
    }

    /// The octets of all copies.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The copy that this thread has for a key.
    pub(crate) fn find(&self, wanted: &Wanted<'_>) -> Option<Arc<Copy>> {
        let mut held = self.stripes[self.own()].lock();
        let copy = held.copies.get(&wanted.hash)?;
        if !wanted.is(&copy.response.key) {
            return None;
        }
        if copy.response.copying.is_withdrawn() {
            let gone = held.pop(wanted.hash);
            drop(held);
            self.drop_copy(gone);
            return None;
        }
        copy.response.copying.used();
        Some(copy.clone())
    }

    /// Gives this thread a copy of a response, for which `admit` makes room, where all copies together take no
    /// more than `limit`.
    pub(super) fn give(
        &self,
        response: &Arc<StoredResponse>,
        limit: usize,
        admit: impl FnOnce(&Arc<StoredResponse>) -> bool,
    ) {
        // To make one in vain at every eighth hit would be dear, and it takes more than what it is made of.
        if response.head.fields.size() > limit {
            return;
        }
        let generation = self.generation.load(Ordering::SeqCst);
        let copy = Copy::of(response.clone());
        let (own, size, hash) = (self.own(), copy.size, response.key.hash);
        if size > limit {
            return;
        }
        // Others may count at the same time; what is too much by that goes with the next.
        self.bytes.fetch_add(size, Ordering::Relaxed);
        while self.bytes() > limit {
            let Some(oldest) = self.pop_of_fuller(own, hash) else {
                self.bytes.fetch_sub(size, Ordering::Relaxed);
                return;
            };
            self.drop_copy(Some(oldest));
        }
        let is_admitted = admit(response);
        let mut held = self.stripes[own].lock();
        let is_current = self.generation.load(Ordering::SeqCst) == generation;
        let gone = if is_admitted && is_current && response.copying.copy_in(own) {
            held.push(hash, Arc::new(copy))
        } else {
            self.bytes.fetch_sub(size, Ordering::Relaxed);
            None
        };
        drop(held);
        self.drop_copy(gone);
    }

    /// Takes out the oldest copy of a stripe that has no less than this one. Where the search begins is as good as
    /// random: among many that have about as much it is short, and what nobody uses any more gives way as well.
    fn pop_of_fuller(&self, own: usize, hash: u64) -> Option<Arc<Copy>> {
        let least = self.stripes[own].lock().bytes.max(1);
        let (before, after) = self.stripes.split_at(hash as usize % self.stripes.len());
        let mut stripes = after.iter().chain(before);
        stripes.find_map(|stripe| {
            let mut held = stripe.lock();
            (held.bytes >= least).then(|| held.pop_oldest())?
        })
    }

    /// Takes out the copies of a response that has left the store.
    pub(super) fn forget(&self, response: &Arc<StoredResponse>) {
        for stripe in response.copying.take_stripes() {
            let mut held = self.stripes[stripe].lock();
            let hash = response.key.hash;
            let is_its = |copy: &Arc<Copy>| Arc::ptr_eq(&copy.response, response);
            let gone = held.copies.peek(&hash).is_some_and(is_its);
            let gone = gone.then(|| held.pop(hash)).flatten();
            drop(held);
            self.drop_copy(gone);
        }
    }

    /// Takes out all. They count no longer, and are the caller's to drop.
    pub(super) fn clear(&self) -> Cleared {
        self.generation.fetch_add(1, Ordering::SeqCst);
        let held = self
            .stripes
            .iter()
            .map(|stripe| std::mem::take(&mut *stripe.lock()));
        let cleared = Cleared(held.collect());
        self.bytes.fetch_sub(cleared.bytes(), Ordering::Relaxed);
        cleared
    }

    fn drop_copy(&self, copy: Option<Arc<Copy>>) {
        if let Some(copy) = copy {
            self.bytes.fetch_sub(copy.size, Ordering::Relaxed);
        }
    }
}

/// A stripe for each core, and no more threads share one than have to.
fn stripes() -> usize {
    static STRIPES: OnceLock<usize> = OnceLock::new();
    *STRIPES.get_or_init(|| {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        cores.next_power_of_two().min(MOST)
    })
}

/// Threads are numbered as they come.
#[inline]
fn thread_number() -> usize {
    const NONE: usize = usize::MAX;
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: Cell<usize> = const { Cell::new(NONE) };
    }
    NUMBER.with(|number| {
        if number.get() == NONE {
            number.set(NEXT.fetch_add(1, Ordering::Relaxed) % NONE);
        }
        number.get()
    })
}

#[cfg(test)]
mod tests {
    use http::Uri;

    use super::super::samples::Samples;
    use super::*;
    use crate::key::Text;
    use crate::target::Target;

    /// What other threads have copies of, and ask for no longer, keeps none from who comes later.
    #[test]
    fn copies_that_nobody_asks_for_give_way_to_those_of_other_threads() {
        const LIMIT: usize = 64 * 1024;
        let (samples, copies) = (Samples::default(), Copies::new());
        let give = |n| {
            let response = Arc::new(samples.of(n));
            copies.give(&response, LIMIT, |_| true);
            let uri: Uri = format!("http://o.test/{n}").parse().unwrap();
            let text = Text::of(samples.seed(), Target::of_uri(&uri).unwrap());
            let wanted = Wanted::new(samples.seed(), &text, None);
            copies.find(&wanted).is_some()
        };
        assert!((0..1000).all(give));
        // Of as many threads as there are stripes there is one for each.
        for n in 1..=2 * MOST {
            let is_given = thread::scope(|scope| scope.spawn(|| give(1000 * n)).join().unwrap());
            assert!(is_given, "{n}");
        }
        assert!(copies.bytes() <= LIMIT);
        let held: usize = copies
            .stripes
            .iter()
            .map(|stripe| stripe.lock().bytes)
            .sum();
        assert_eq!(copies.bytes(), held);
    }
}
