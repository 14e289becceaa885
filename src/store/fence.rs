//! The fence: what was asked for before a clear or purge is not stored after it.

use std::collections::{BTreeMap, HashMap};

/// So many purges are remembered one by one.
const MAX_PENDING: usize = 1024;

/// Counts the purges, and knows the exchanges that began before each.
///
/// An exchange takes the generation when it begins. A purge begins a new generation and is held
/// against every exchange of an older one, for as long as one runs.
#[derive(Debug, Default)]
pub(super) struct Fence {
    generation: u64,
    /// How many exchanges run, by the generation they began in.
    running: BTreeMap<u64, usize>,
    /// Exchanges that began in an older generation store nothing at all.
    horizon: u64,
    /// Exchanges that began in an older generation store nothing for the URI of this hash. Two URIs
    /// that share a hash share a fence: the one too many is a response not stored.
    uris: HashMap<u64, u64>,
}

impl Fence {
    /// An exchange begins: the generation it is of.
    pub(super) fn begin(&mut self) -> u64 {
        *self.running.entry(self.generation).or_insert(0) += 1;
        self.generation
    }

    /// An exchange of this generation ends. What was remembered for its sake alone is forgotten.
    pub(super) fn end(&mut self, generation: u64) {
        let Some(running) = self.running.get_mut(&generation) else {
            return;
        };
        *running -= 1;
        if *running > 0 {
            return;
        }
        self.running.remove(&generation);
        match self.running.keys().next() {
            None => self.uris.clear(),
            Some(oldest) if *oldest > generation => {
                let oldest = *oldest;
                self.uris.retain(|_, purged| *purged > oldest);
            }
            Some(_) => {}
        }
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
        self.uris.clear();
    }

    /// A URI is purged. Where too many are remembered already, older exchanges store nothing at all.
    pub(super) fn purge_uri(&mut self, uri_hash: u64) {
        if self.running.is_empty() {
            return;
        }
        let generation = self.advance();
        if self.uris.len() >= MAX_PENDING && !self.uris.contains_key(&uri_hash) {
            self.horizon = generation;
            self.uris.clear();
        } else {
            self.uris.insert(uri_hash, generation);
        }
    }

    /// Whether an exchange of this generation may still store a response for this URI.
    pub(super) fn admits(&self, generation: u64, uri_hash: u64) -> bool {
        generation >= self.horizon
            && self
                .uris
                .get(&uri_hash)
                .is_none_or(|purged| generation >= *purged)
    }

    /// How many exchanges run.
    pub(super) fn running(&self) -> usize {
        self.running.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_that_began_before_a_purge_is_not_admitted() {
        let mut fence = Fence::default();
        let before = fence.begin();
        fence.purge_uri(7);
        let between = fence.begin();
        assert!(!fence.admits(before, 7));
        assert!(fence.admits(before, 8));
        assert!(fence.admits(between, 7));
        fence.purge_all();
        let after = fence.begin();
        assert!(!fence.admits(before, 8));
        assert!(!fence.admits(between, 7));
        assert!(fence.admits(after, 7));
    }

    #[test]
    fn a_purge_is_remembered_only_while_an_older_exchange_runs() {
        let mut fence = Fence::default();
        let first = fence.begin();
        fence.purge_uri(1);
        let second = fence.begin();
        fence.purge_uri(2);
        assert_eq!(fence.uris.len(), 2);
        fence.end(first);
        assert_eq!(
            fence.uris.len(),
            1,
            "the first purge is older than all that run"
        );
        assert!(!fence.admits(second, 2));
        fence.end(second);
        assert!(fence.uris.is_empty());
        fence.purge_uri(3);
        assert!(
            fence.uris.is_empty(),
            "nothing runs that it could be held against"
        );
    }

    #[test]
    fn beyond_so_many_purges_older_exchanges_store_nothing() {
        let mut fence = Fence::default();
        let before = fence.begin();
        let most = MAX_PENDING as u64;
        for uri in 0..most {
            fence.purge_uri(uri);
        }
        assert!(fence.admits(before, most + 1));
        fence.purge_uri(most);
        assert!(!fence.admits(before, most + 1));
        let after = fence.begin();
        assert!(fence.admits(after, 0));
    }
}
