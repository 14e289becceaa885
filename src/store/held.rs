//! A stored response as the store holds it.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::Found;
use super::spread::SpreadHasher;
use crate::stored::StoredResponse;

/// A stored response, and what the store knows of it that changes.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) response: Arc<StoredResponse>,
    /// Later ones have greater numbers.
    pub(super) id: u64,
    pub(super) size: usize,
    /// The generation after that of the mark; 0 where there is none.
    marked: u64,
    /// How often it was used, those that stood in its place before included.
    pub(super) hits: u32,
    /// When it was used last, in uses of whatever is stored. It wraps round.
    pub(super) used: u32,
    /// Its place among all that is held.
    pub(super) place: u32,
    /// Its key has, or has had, other variants, and a list of them.
    pub(super) is_listed: bool,
}

impl Held {
    pub(super) fn new(response: Arc<StoredResponse>, id: u64, hits: u32) -> Self {
        Self {
            size: response.size(),
            response,
            id,
            marked: 0,
            hits,
            used: 0,
            place: 0,
            is_listed: false,
        }
    }

    /// It was made wrong, or shown to be: nothing may be answered with it before it is validated, by an
    /// exchange of this generation or a later one.
    pub(super) fn invalid_since(&self) -> Option<u64> {
        self.marked.checked_sub(1)
    }

    /// Marks it as made wrong. A later mark stays.
    pub(super) fn mark(&mut self, generation: u64) {
        self.marked = self.marked.max(generation + 1);
    }
}

impl From<&Held> for Found {
    fn from(held: &Held) -> Self {
        Self {
            response: held.response.clone(),
            is_invalid: held.invalid_since().is_some(),
            hits: held.hits,
        }
    }
}

/// The hash of a response's key and of what selects it among the variants.
pub(super) fn trace_of(response: &StoredResponse) -> u64 {
    if response.selected_by.fields.is_empty() {
        return response.key.hash;
    }
    let mut hasher = SpreadHasher::default();
    hasher.write_u64(response.key.hash);
    for (_, digest) in response.selected_by.fields.iter() {
        digest.hash(&mut hasher);
    }
    hasher.finish()
}
