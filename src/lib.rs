//! HTTP client cache as Tower middleware.

mod answer;
pub mod background;
mod body;
mod cache;
mod cache_status;
mod clock;
mod exchange;
mod future;
mod handle;
mod header;
mod invalidation;
mod key;
mod layer;
mod mode;
mod policy;
mod selector;
mod service;
mod settings;
mod stats;
mod store;
mod stored;

pub use self::body::CacheBody;
pub use self::cache_status::{CacheStatus, Forward, NotStored, Outcome};
pub use self::clock::Clock;
pub use self::future::ResponseFuture;
pub use self::handle::{CacheHandle, Pause, Purged};
pub use self::layer::CacheLayer;
pub use self::selector::Selector;
pub use self::service::CacheService;
pub use self::stats::Stats;
