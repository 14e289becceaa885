//! What is kept: policies that are simulated, the caches of others, and ours.

mod lru;
mod optimal;
mod ours;
mod peers;
mod s3_fifo;
mod sieve;
mod slru;

pub(crate) use self::lru::Lru;
pub(crate) use optimal::optimal;
pub(crate) use ours::{Ours, beside_the_body};
pub(crate) use peers::{Moka, QuickCache};
pub(crate) use s3_fifo::S3Fifo;
pub(crate) use sieve::Sieve;
pub(crate) use slru::Slru;

/// What is kept of what is asked for.
pub(crate) trait Policy {
    /// Asks for an object, and keeps it if it was not there. Whether it was.
    fn ask(&mut self, object: u32, octets: u32) -> bool;
}
