//! Looking at what is stored, without a trace: nothing counts as used.

use std::sync::Arc;

#[cfg(feature = "structured-fields")]
use super::Found;
use super::held::Held;
use super::memory::Memory;
use crate::key::Wanted;
use crate::stored::StoredResponse;

/// A stored response that was looked at, and what the store knows of it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) response: Arc<StoredResponse>,
    /// It was made wrong, and may be reused only after validation.
    pub(crate) is_invalid: bool,
    /// How often it was used, those that stood in its place included.
    pub(crate) hits: u64,
}

impl From<&Held> for Seen {
    fn from(held: &Held) -> Self {
        Self {
            response: held.response.clone(),
            is_invalid: held.invalid_since().is_some(),
            hits: u64::from(held.hits),
        }
    }
}

impl Seen {
    /// What nobody has used yet.
    pub(super) fn unused(response: Arc<StoredResponse>) -> Self {
        Self {
            response,
            is_invalid: false,
            hits: 0,
        }
    }
}

impl Memory {
    /// What was found, to be looked at.
    #[cfg(feature = "structured-fields")]
    pub(crate) fn see_found(&self, found: Found) -> Seen {
        Seen {
            hits: u64::from(found.hits) + self.copies.hits_of(&found.response),
            response: found.response,
            is_invalid: found.is_invalid,
        }
    }

    /// The numbers of all that is stored now. Each stands for one response and for what takes its place.
    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.lock().index.numbers().to_vec()
    }

    /// Of these numbers what is still there.
    pub(crate) fn see(&self, numbers: &[u64]) -> Vec<Seen> {
        let state = self.lock();
        let held = numbers
            .iter()
            .filter_map(|number| state.index.peek(*number));
        let seen = held.map(Seen::from).collect();
        drop(state);
        self.with_copies(seen)
    }

    /// Counts what copies have answered: where the lock of the store is not held.
    fn with_copies(&self, mut seen: Vec<Seen>) -> Vec<Seen> {
        for Seen { response, hits, .. } in &mut seen {
            *hits += self.copies.hits_of(response);
        }
        seen
    }

    /// Whether anything is stored for the same URI in another partition, or in none.
    pub(crate) fn are_any_of_others(&self, wanted: &Wanted<'_>) -> bool {
        let state = self.lock();
        let keys = state.index.keys_of(wanted.uri_hash);
        keys.into_iter()
            .filter(|hash| *hash != wanted.hash)
            .any(|hash| {
                let first = state.index.variants(hash).first();
                first.is_some_and(|held| *held.response.key.uri == *wanted.uri())
            })
    }

    /// All variants of a key.
    pub(crate) fn see_variants(&self, wanted: &Wanted<'_>) -> Vec<Seen> {
        let state = self.lock();
        let held = state.index.variants(wanted.hash).map(|(_, held)| held);
        let held = held.filter(|held| wanted.is(&held.response.key));
        let seen = held.map(Seen::from).collect();
        drop(state);
        self.with_copies(seen)
    }
}
