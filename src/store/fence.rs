//! The fence: what was asked for before a clear or purge is not stored after it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::meant::{Meant, Verb};
use crate::key::CacheKey;

/// So many purges are remembered one by one.
const MAX_PENDING: usize = 1024;

/// Counts the purges, and knows the exchanges that began before each.
///
/// An exchange takes the generation when it begins. A purge begins a new generation and is held
/// against every exchange of an older one, for as long as one runs.
///
/// What can be told by a hash or an origin is told under the lock. Anything else is tried on what is about to be
/// stored before the lock is taken; under it only the generation is looked at, and where a purge has come
/// in between, it is tried as well, and all begins anew.
#[derive(Debug, Default)]
pub(super) struct Fence {
    generation: u64,
    /// The generations that exchanges run of, the oldest first, and how many of each.
    running: VecDeque<(u64, usize)>,
    /// Exchanges that began in an older generation store nothing at all.
    horizon: u64,
    /// Exchanges that began in an older generation store nothing that has this hash: for a URI, in a cache
    /// group, or for other queries than its own of a path. What shares a hash shares a fence: the one too
    /// many is a response not stored.
    hashes: HashMap<u64, u64>,
    /// Exchanges that began in an older generation store nothing for this origin.
    origins: HashMap<Box<[u8]>, u64>,
    /// What else is held against exchanges that began in an older generation, the oldest first. It is tried on what they
    /// have brought, without the lock.
    pending: Vec<Pending>,
    /// Who goes through what is stored at this moment. What they have not come by yet may be made into something new
    /// by an exchange of whatever generation.
    walks: Vec<Pending>,
    /// What was held against exchanges, and may have something of a user's in it: not to be dropped under the lock.
    forgotten: Forgotten,
}

/// Something that is meant, and what is done to it.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    generation: u64,
    pub(super) meant: Arc<Meant>,
    pub(super) verb: Verb,
}

/// What is to be dropped when the lock is free.
pub(super) type Forgotten = Vec<Pending>;

/// What is about to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    /// By the exchange alone.
    Anew,
    /// Before, and written down: it does not come from the origin now.
    Before,
    /// Of what is stored.
    OfStored,
}

/// Since when an exchange runs, and what of what was purged since is not held against it.
#[derive(Debug)]
pub(super) struct Term {
    /// It is older than every purge that began a later one.
    pub(super) generation: u64,
    /// The purges that its own answer has brought about, which is newer than all that they mean.
    spared: Vec<u64>,
    /// It stores nothing: what it was begun with no longer holds, or somebody else's purge would have to be
    /// forgotten for its own.
    pub(super) is_void: bool,
    /// It stores nothing, since that was forbidden when it began.
    pub(super) is_barred: bool,
}

impl Fence {
    /// An exchange begins.
    pub(super) fn begin(&mut self) -> Term {
        match self.running.back_mut() {
            Some((generation, running)) if *generation == self.generation => *running += 1,
            _ => self.running.push_back((self.generation, 1)),
        }
        Term {
            generation: self.generation,
            spared: Vec::new(),
            is_void: false,
            is_barred: false,
        }
    }

    /// An exchange ends. What was remembered for its sake alone is forgotten, and the caller's to drop.
    #[must_use = "it is to be dropped when the lock is free"]
    pub(super) fn end(&mut self, Term { generation, .. }: &Term) -> Forgotten {
        let Ok(place) = self.running.binary_search_by_key(generation, |(of, _)| *of) else {
            return Forgotten::new();
        };
        let (_, running) = &mut self.running[place];
        *running -= 1;
        if *running > 0 {
            return std::mem::take(&mut self.forgotten);
        }
        // To take the oldest moves none of the others.
        if place == 0 {
            self.running.pop_front();
        } else {
            self.running.remove(place);
        }
        match self.running.front() {
            None => self.forget(),
            Some((oldest, _)) if oldest > generation => {
                self.hashes.retain(|_, purged| *purged > *oldest);
                self.origins.retain(|_, purged| *purged > *oldest);
                let is_older = |pending: &Pending| pending.generation <= *oldest;
                let older = self.pending.partition_point(is_older);
                self.forgotten.extend(self.pending.drain(..older));
            }
            Some(_) => {}
        }
        std::mem::take(&mut self.forgotten)
    }

    /// A new generation, which nothing under way is of.
    pub(super) fn advance(&mut self) -> u64 {
        self.generation += 1;
        self.generation
    }

    /// The generation that an exchange would be of that began now.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Everything is purged.
    pub(super) fn purge_all(&mut self) {
        self.horizon = self.advance();
        self.forget();
    }

    /// What has one of these hashes is purged; not so what is to be stored by the exchange whose answer has
    /// brought it about. Where too many are remembered already, older exchanges store nothing at all.
    pub(super) fn purge(&mut self, hashes: &[u64], by: Option<&mut Term>) {
        if self.running.is_empty() {
            return;
        }
        let is_known = |hash| self.hashes.contains_key(hash);
        let has_room = self.remembered() + hashes.len() <= MAX_PENDING;
        let is_remembered = has_room || hashes.iter().all(is_known);
        let admits = |term: &Term| hashes.iter().all(|hash| self.admits_hash(term, *hash));
        let spared = is_remembered && by.as_deref().is_some_and(admits);
        let generation = self.begin_purge(is_remembered, spared, by);
        if is_remembered {
            for hash in hashes {
                self.hashes.insert(*hash, generation);
            }
        }
    }

    /// An origin is purged, on the same terms.
    pub(super) fn purge_origin(&mut self, origin: &[u8], by: Option<&mut Term>) {
        if self.running.is_empty() {
            return;
        }
        let is_known = self.origins.contains_key(origin);
        let is_remembered = is_known || self.remembered() < MAX_PENDING;
        let admits = |term: &Term| self.admits_origin(term, origin);
        let spared = is_remembered && by.as_deref().is_some_and(admits);
        let generation = self.begin_purge(is_remembered, spared, by);
        if is_remembered {
            self.origins.insert(origin.into(), generation);
        }
    }

    /// What somebody means is purged or made stale, on the same terms.
    pub(super) fn hold(&mut self, meant: &Arc<Meant>, verb: Verb, by: Option<&mut Term>) {
        if self.running.is_empty() {
            return;
        }
        // Nothing that is held against the exchange already is forgotten for it.
        let is_remembered = self.remembered() + meant.weight <= MAX_PENDING;
        let generation = self.begin_purge(is_remembered, is_remembered, by);
        if is_remembered {
            let meant = meant.clone();
            self.pending.push(Pending {
                generation,
                meant,
                verb,
            });
        }
    }

    /// Somebody begins to go through what is stored, and says so again when that is done.
    pub(super) fn begin_walk(&mut self, meant: &Arc<Meant>, verb: Verb) -> u64 {
        let (generation, meant) = (self.advance(), meant.clone());
        self.walks.push(Pending {
            generation,
            meant,
            verb,
        });
        generation
    }

    /// Who began in this generation has gone through it all. What is meant is the caller's too, so that nothing of it is
    /// dropped here.
    pub(super) fn end_walk(&mut self, began: u64) {
        self.walks.retain(|walk| walk.generation != began);
    }

    /// What is still to be tried on what an exchange has brought, the oldest first, after what began until `tried`;
    /// `None` where there is nothing.
    #[inline]
    pub(super) fn untried(&self, exchange: &Term, tried: u64, made: Made) -> Option<Vec<Pending>> {
        if self.pending.is_empty() && self.walks.is_empty() {
            return None;
        }
        self.find_untried(exchange, tried, made)
    }

    #[cold]
    fn find_untried(&self, exchange: &Term, tried: u64, made: Made) -> Option<Vec<Pending>> {
        let since = exchange.generation.max(tried);
        let later = self
            .pending
            .partition_point(|pending| pending.generation <= since);
        let held = self.pending[later..].iter();
        let held = held.filter(|pending| !exchange.spared.contains(&pending.generation));
        let is_beside = |walk: &&Pending| {
            made == Made::OfStored
                && walk.generation > tried
                && walk.generation <= exchange.generation
        };
        let walks = self.walks.iter().filter(is_beside);
        let untried: Vec<Pending> = walks.chain(held).cloned().collect();
        (!untried.is_empty()).then_some(untried)
    }

    /// The generation that a purge begins. What was held against the exchange before is so still, and would
    /// not be remembered.
    fn begin_purge(&mut self, is_remembered: bool, spared: bool, by: Option<&mut Term>) -> u64 {
        if is_remembered {
            self.advance();
        } else {
            self.purge_all();
        }
        match by {
            Some(term) if spared => term.spared.push(self.generation),
            Some(term) => term.is_void = true,
            None => {}
        }
        self.generation
    }

    fn remembered(&self) -> usize {
        let pending = self.pending.iter().map(|pending| pending.meant.weight);
        self.hashes.len() + self.origins.len() + pending.sum::<usize>()
    }

    fn forget(&mut self) {
        self.forgotten.append(&mut self.pending);
        self.hashes.clear();
        self.origins.clear();
    }

    /// Whether an exchange may still store a response for this key.
    pub(super) fn admits(&self, exchange: &Term, key: &CacheKey) -> bool {
        !exchange.is_void
            && exchange.generation >= self.horizon
            && self.admits_hash(exchange, key.uri_hash)
            && (self.origins.is_empty() || self.admits_origin(exchange, key.origin()))
    }

    /// Whether it may, as far as this hash goes.
    pub(super) fn admits_hash(&self, exchange: &Term, hash: u64) -> bool {
        exchange.outlives(self.hashes.get(&hash))
    }

    /// Whether it may, as far as this origin goes.
    fn admits_origin(&self, exchange: &Term, origin: &[u8]) -> bool {
        exchange.outlives(self.origins.get(origin))
    }

    /// How many exchanges run.
    pub(super) fn running(&self) -> usize {
        self.running.iter().map(|(_, running)| running).sum()
    }
}

impl Term {
    /// Whether a purge is not held against it.
    fn outlives(&self, purge: Option<&u64>) -> bool {
        purge.is_none_or(|purge| self.generation >= *purge || self.spared.contains(purge))
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::super::Seen;
    use super::super::meant::{Among, Came, Means};
    use super::*;
    use crate::stored::StoredResponse;

    /// A key of the URI of this hash.
    fn uri(hash: u64) -> CacheKey {
        key(hash, "http://h/a")
    }

    fn key(hash: u64, uri: &str) -> CacheKey {
        CacheKey {
            hash,
            uri_hash: hash,
            uri: uri.as_bytes().into(),
            partition: None,
            content: None,
        }
    }

    #[test]
    fn an_exchange_that_began_before_a_purge_is_not_admitted() {
        let mut fence = Fence::default();
        let before = fence.begin();
        fence.purge(&[7], None);
        let between = fence.begin();
        assert!(!fence.admits(&before, &uri(7)));
        assert!(fence.admits(&before, &uri(8)));
        assert!(fence.admits(&between, &uri(7)));
        fence.purge_all();
        let after = fence.begin();
        assert!(!fence.admits(&before, &uri(8)));
        assert!(!fence.admits(&between, &uri(7)));
        assert!(fence.admits(&after, &uri(7)));
    }

    #[test]
    fn a_purge_of_an_origin_is_held_against_all_that_is_of_it() {
        let mut fence = Fence::default();
        let before = fence.begin();
        fence.purge_origin(b"http://h", None);
        let after = fence.begin();
        assert!(!fence.admits(&before, &key(1, "http://h/a")));
        assert!(!fence.admits(&before, &key(2, "http://h/?b")));
        assert!(fence.admits(&before, &key(3, "http://h:81/a")));
        assert!(fence.admits(&before, &key(4, "https://h/a")));
        assert!(fence.admits(&after, &key(1, "http://h/a")));
        let _ = fence.end(&before);
        assert!(fence.origins.is_empty(), "nothing older runs");
    }

    #[test]
    fn the_purges_that_an_answer_brings_about_are_not_held_against_it() {
        let mut fence = Fence::default();
        let other = fence.begin();
        let mut by = fence.begin();
        fence.purge(&[1, 2], Some(&mut by));
        fence.purge_origin(b"http://h", Some(&mut by));
        fence.purge(&[1], Some(&mut by));
        let key = key(1, "http://h/a");
        assert!(fence.admits(&by, &key) && fence.admits_hash(&by, 2));
        assert!(!fence.admits(&other, &key) && !fence.admits_hash(&other, 2));
    }

    #[test]
    fn the_purges_of_others_are_held_against_it_whatever_it_brings_about() {
        let key = key(1, "http://h/a");
        type Purge = fn(&mut Fence, Option<&mut Term>);
        let purges: [Purge; 2] = [
            |fence, by| fence.purge(&[1, 2], by),
            |fence, by| fence.purge_origin(b"http://h", by),
        ];
        for own in purges {
            for others in purges {
                let mut fence = Fence::default();
                let mut by = fence.begin();
                others(&mut fence, None);
                own(&mut fence, Some(&mut by));
                assert!(!fence.admits(&by, &key), "before");
                let mut by = fence.begin();
                own(&mut fence, Some(&mut by));
                assert!(fence.admits(&by, &key));
                others(&mut fence, None);
                assert!(!fence.admits(&by, &key), "afterwards");
            }
        }
    }

    #[test]
    fn a_purge_is_remembered_only_while_an_older_exchange_runs() {
        let mut fence = Fence::default();
        let first = fence.begin();
        fence.purge(&[1], None);
        let second = fence.begin();
        fence.purge(&[2], None);
        fence.purge_origin(b"http://h", None);
        assert_eq!(fence.hashes.len(), 2);
        let _ = fence.end(&first);
        assert_eq!(
            fence.hashes.len(),
            1,
            "the first purge is older than all that run"
        );
        assert!(!fence.admits(&second, &uri(2)));
        let _ = fence.end(&second);
        assert!(fence.hashes.is_empty() && fence.origins.is_empty());
        fence.purge(&[3], None);
        fence.purge_origin(b"http://h", None);
        assert!(
            fence.hashes.is_empty() && fence.origins.is_empty(),
            "nothing runs that it could be held against"
        );
    }

    #[test]
    fn beyond_so_many_purges_older_exchanges_store_nothing() {
        type Purge = fn(&mut Fence, u64);
        let one_too_many: [Purge; 2] = [
            |fence, uri| fence.purge(&[uri], None),
            |fence, _| fence.purge_origin(b"http://h", None),
        ];
        for purge in one_too_many {
            let mut fence = Fence::default();
            let before = fence.begin();
            let most = MAX_PENDING as u64;
            for uri in 0..most {
                fence.purge(&[uri], None);
            }
            let elsewhere = key(most + 1, "http://elsewhere/");
            assert!(fence.admits(&before, &elsewhere));
            fence.purge(&[0], None);
            assert!(fence.admits(&before, &elsewhere), "remembered already");
            purge(&mut fence, most);
            assert!(!fence.admits(&before, &elsewhere));
            let after = fence.begin();
            assert!(fence.admits(&after, &uri(0)));
        }
    }

    /// Means nothing, and names so many things.
    fn meant(weight: usize) -> Arc<Meant> {
        #[derive(Debug)]
        struct Nothing;

        impl Means for Nothing {
            fn at_once(&self, _: &StoredResponse, _: Came) -> Option<bool> {
                Some(false)
            }

            fn means(&self, _: &Seen, _: Came) -> bool {
                false
            }
        }

        Arc::new(Meant {
            test: Arc::new(Nothing),
            among: Among::All,
            at: SystemTime::UNIX_EPOCH,
            weight,
        })
    }

    /// How many are still to be tried.
    fn untried(fence: &Fence, term: &Term, tried: u64, made: Made) -> usize {
        let untried = fence.untried(term, tried, made);
        untried.map_or(0, |untried| untried.len())
    }

    #[test]
    fn what_is_meant_is_tried_once_by_each_that_began_before() {
        let mut fence = Fence::default();
        fence.hold(&meant(1), Verb::Purge, None);
        let first = fence.begin();
        assert_eq!(untried(&fence, &first, 0, Made::Anew), 0);
        fence.hold(&meant(1), Verb::Purge, None);
        let second = fence.begin();
        fence.hold(&meant(1), Verb::Expire, None);
        let now = fence.generation();
        let third = fence.begin();
        for (term, expected) in [(&first, 2), (&second, 1), (&third, 0)] {
            assert_eq!(untried(&fence, term, 0, Made::Anew), expected);
            assert_eq!(untried(&fence, term, 0, Made::OfStored), expected);
            assert_eq!(untried(&fence, term, now, Made::Anew), 0);
            assert!(fence.admits(term, &uri(1)), "it is not for the lock to say");
        }
        assert_eq!(fence.end(&first).len(), 1, "the caller drops it");
        assert_eq!(fence.end(&third).len(), 0);
        assert_eq!(fence.end(&second).len(), 1);
        assert_eq!(fence.remembered(), 0);
    }

    #[test]
    fn a_walk_is_held_against_what_is_made_of_what_is_stored_by_whomever() {
        let mut fence = Fence::default();
        let before = fence.begin();
        let meant = meant(1);
        fence.hold(&meant, Verb::Purge, None);
        let walk = fence.begin_walk(&meant, Verb::Purge);
        let after = fence.begin();
        assert_eq!(untried(&fence, &before, 0, Made::Anew), 1);
        assert_eq!(untried(&fence, &after, 0, Made::Anew), 0);
        assert_eq!(untried(&fence, &after, 0, Made::OfStored), 1);
        assert_eq!(untried(&fence, &after, walk, Made::OfStored), 0);
        fence.end_walk(walk);
        assert_eq!(untried(&fence, &after, 0, Made::OfStored), 0);
        assert_eq!(untried(&fence, &before, 0, Made::OfStored), 1);
    }

    #[test]
    fn what_an_answer_means_is_not_held_against_it_and_what_others_mean_is() {
        let mut fence = Fence::default();
        let (mut by, other) = (fence.begin(), fence.begin());
        fence.hold(&meant(1), Verb::Purge, Some(&mut by));
        assert_eq!(untried(&fence, &by, 0, Made::Anew), 0);
        assert_eq!(untried(&fence, &other, 0, Made::Anew), 1);
        fence.hold(&meant(1), Verb::Purge, None);
        assert_eq!(untried(&fence, &by, 0, Made::Anew), 1);
        fence.hold(&meant(MAX_PENDING), Verb::Purge, Some(&mut by));
        assert!(!fence.admits(&by, &uri(1)) && !fence.admits(&other, &uri(1)));
        assert_eq!(fence.end(&by).len(), 2, "what was forgotten meanwhile");
    }

    #[test]
    fn all_that_is_named_counts_to_what_is_remembered() {
        let mut fence = Fence::default();
        let before = fence.begin();
        fence.purge(&[1, 2], None);
        fence.purge_origin(b"http://h", None);
        fence.hold(&meant(MAX_PENDING - 3), Verb::Expire, None);
        assert!(fence.admits(&before, &key(3, "http://elsewhere/")));
        assert_eq!(fence.remembered(), MAX_PENDING);
        fence.hold(&meant(1), Verb::Expire, None);
        assert!(!fence.admits(&before, &key(3, "http://elsewhere/")));
        assert_eq!(fence.remembered(), 0);
    }
}
