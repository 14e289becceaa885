//! What a store is: it finds stored responses by key, keeps them within a budget, and holds the
//! fence that a clear or purge puts up against what is under way.
//!
//! It knows no rules: what may be stored and which of several is selected is said by its callers.

mod claim;
mod copies;
mod copy;
mod fence;
mod held;
mod index;
mod labels;
mod meant;
mod memory;
mod partitions;
mod purging;
mod put_back;
mod queues;
#[cfg(feature = "structured-fields")]
mod related;
mod releasing;
mod room;
#[cfg(test)]
mod samples;
#[cfg(feature = "structured-fields")]
mod searches;
mod seeing;
mod spread;
mod state;
mod variants;
mod walking;

use std::sync::Arc;

pub(crate) use claim::{Exchanging, Reservation};
pub(crate) use copy::Copy;
pub(crate) use meant::{Among, Came, Means, Meant, Verb};
pub(crate) use memory::Memory;
pub(crate) use seeing::Seen;

use crate::cache_status::NotStored;
use crate::stored::StoredResponse;

/// How much may be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// In octets, of what is stored and of what is being recorded.
    pub(crate) capacity: usize,
    /// In number of stored responses.
    pub(crate) responses: usize,
}

/// A stored response that was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) response: Arc<StoredResponse>,
    /// It was made wrong by an unsafe request, and may be reused only after validation.
    pub(crate) is_invalid: bool,
    /// How often it was used before, those that stood in its place included, and not counting what copies have
    /// answered.
    hits: u32,
}

impl Found {
    /// Whether a copy is worth its room: at every eighth hit that none has answered, so that one that is driven
    /// out by others again and again is not made again at every hit.
    pub(crate) fn is_hot(&self) -> bool {
        const HITS: u32 = 8;
        self.hits % HITS == HITS - 1 && !self.response.copying.is_withdrawn()
    }
}

/// Why a response was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It was asked for before a clear or purge that means it.
    Fenced,
    /// The mode of the cache forbids to store it, or did when it was asked for.
    Off,
    /// It is too large for the whole store, or the store is to hold nothing.
    TooLarge,
    /// It would not fit beside what is being recorded.
    NoRoom,
    /// What is held was asked for later, or is whole where this is a part.
    Outdated,
}

impl From<Refused> for NotStored {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Fenced => Self::Purged,
            Refused::Off => Self::Disabled,
            Refused::TooLarge => Self::TooLarge,
            Refused::NoRoom => Self::NoRoom,
            Refused::Outdated => Self::Outdated,
        }
    }
}

/// What a purge has taken out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Removed {
    pub(crate) responses: usize,
    pub(crate) bytes: usize,
    pub(crate) in_flight: usize,
}

impl std::ops::Add for Removed {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            responses: self.responses + other.responses,
            bytes: self.bytes + other.bytes,
            // The same ones, counted twice.
            in_flight: self.in_flight.max(other.in_flight),
        }
    }
}
