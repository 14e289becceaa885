//! Exchanges to be measured: a client, a cache, and an origin in the same process that answers at once.

mod exchange;
mod exchanges;
mod mode;
mod origin;

pub use exchanges::Exchanges;
pub use mode::Mode;
