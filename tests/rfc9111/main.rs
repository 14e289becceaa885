//! Conversations: what the client asks, what the origin sees or that it sees nothing, what the client
//! gets. One file for each of `src/policy`; the IDs are those of the requirement rows they show.

mod cache_status;
mod fetch_modes;
mod freshness;
mod invalidation;
mod invariants;
mod late;
mod range;
mod reuse;
mod selection;
mod stale;
mod storing;
mod targeted;
mod together;
mod validation;
