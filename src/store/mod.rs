//! What a store is: it finds stored responses by key, keeps them within a budget, and holds the
//! fence that a clear or purge puts up against what is under way.
//!
//! It knows no rules: what may be stored and which of several is selected is said by its callers.

mod claim;
mod fence;
mod index;
mod memory;

pub(crate) use claim::{Exchanging, Reservation};
pub(crate) use memory::{Found, Limits, Memory, Refused, Removed};
