//! The handle: clear, disable, inspect while it runs.

mod keeping;
mod purged;
mod seeing;
mod setting;
mod switching;

use std::fmt;
use std::sync::Arc;

use crate::cache::Cache;
use crate::events::Removal;
use crate::selector::Selector;

pub use self::purged::Purged;
pub use self::switching::ModeGuard;
/// Clears, switches and inspects a cache while requests run.
///
/// Every method works from any thread and returns without waiting for the network or for a request.
/// Clones are handles of the same cache.
///
/// A handle keeps the store alive, and with it what is stored: the memory is given back by
/// [`clear`](Self::clear), or when the last service, layer and handle of the cache is dropped. What has
/// expired stays until its room is needed, since it may still be validated.
///
/// # What clearing cannot reach
///
/// It empties this cache. Other caches on the way to the origin, a proxy or a CDN, have copies of their
/// own and go on answering with them; a request that says `Cache-Control: no-cache` asks them all to go
/// on to the origin. Cookies and connections are the client's, not the cache's.
///
/// # The fence
///
/// Once [`clear`](Self::clear) or [`purge`](Self::purge) has returned, no request that starts later is
/// answered with anything that the origin was asked for before. That holds as well for what was on its
/// way: a request that waits for its head, a body half read, a 304 about to come. The callers who wait for
/// these still get them, and a body that was handed out is never cut; it is just not stored. Who
/// [waits](crate::CacheLayer::collapse) for the answer to another request that is meant waits no longer, and asks for
/// itself.
///
/// ```
/// use tower_client_cache::CacheLayer;
///
/// let handle = CacheLayer::new().handle();
/// handle.clear();
/// {
///     let _off = handle.pause();
///     assert!(!handle.is_enabled()); // for everybody, until the guard is dropped
/// }
/// assert!(handle.is_enabled() && handle.is_empty());
/// ```
#[derive(Clone)]
pub struct CacheHandle {
    cache: Arc<Cache>,
}

impl CacheHandle {
    pub(crate) fn new(cache: Arc<Cache>) -> Self {
        Self { cache }
    }

    /// Removes everything, and fences off what is on its way.
    ///
    /// It takes effect at once, however much is stored. The memory of fewer than 1,000 responses, and less than 1
    /// MiB, is given back before it returns. What is more is left to a thread, which lives for as long as that takes:
    /// [`Stats::releasing`](crate::Stats::releasing) says how much is not yet given back. What somebody still reads,
    /// or has asked the origin about and waits for, is kept for them.
    pub fn clear(&self) -> Purged {
        self.cache.removed(Removal::Clear, self.cache.clear())
    }

    /// Removes what the selector means, and fences off what is on its way and would be meant.
    ///
    /// What is removed costs time, and so does what has to be looked at: [`Selector`] says how much that is.
    ///
    /// ```
    /// use http::Uri;
    /// use tower_client_cache::CacheLayer;
    ///
    /// let handle = CacheLayer::new().handle();
    /// let purged = handle.purge(&Uri::from_static("https://example.com/news"));
    /// assert_eq!(purged.responses(), 0);
    /// ```
    pub fn purge(&self, selector: impl Into<Selector>) -> Purged {
        let removed = self.cache.purge(&selector.into(), None);
        self.cache.removed(Removal::Purge, removed)
    }

    /// Makes what the selector means stale at this moment, and what is on its way and would be meant: it is stored,
    /// stale.
    ///
    /// What is stale is not used before the origin has validated it, for which one 304 is enough; and where the
    /// origin fails, it may be used as by `stale-if-error`, of the response, of the request or of the
    /// [settings](crate::CacheLayer::stale_if_disconnected), whose time is counted from now. A request that accepts
    /// what is stale gets it, as by `max-stale` or [`CacheMode::ForceCache`](crate::CacheMode::ForceCache); nobody
    /// gets it unasked, as by `stale-while-revalidate`, and `immutable` keeps it no longer. What was stale already
    /// stays so, for as long as it has been.
    ///
    /// ```
    /// use http::Uri;
    /// use tower_client_cache::{CacheLayer, Selector};
    ///
    /// let handle = CacheLayer::new().handle();
    /// let expired = handle.expire(Selector::prefix(&Uri::from_static("https://example.com/news")));
    /// assert_eq!(expired.responses(), 0);
    /// ```
    pub fn expire(&self, selector: impl Into<Selector>) -> Purged {
        let expired = self.cache.expire(&selector.into());
        self.cache.removed(Removal::Expire, expired)
    }

    /// Removes what is stale and may not even be used where the origin fails or while it is being validated: its
    /// lifetime has ended, and so have `stale-if-error` and `stale-while-revalidate` where it has them, and
    /// [`stale_if_disconnected`](crate::CacheLayer::stale_if_disconnected) where that is set. That it could
    /// still be validated keeps nothing, nor does what a request might say it takes.
    ///
    /// It is of no use but to have the room; what has expired gives way by itself where room is needed. What is on
    /// its way is stored as usual, so that none of it is [counted](Purged::in_flight). All that is stored is looked at.
    ///
    /// ```
    /// use tower_client_cache::CacheLayer;
    ///
    /// let handle = CacheLayer::new().handle();
    /// assert_eq!(handle.remove_expired().bytes(), 0);
    /// ```
    pub fn remove_expired(&self) -> Purged {
        let removed = self.cache.remove_expired();
        self.cache.removed(Removal::RemoveExpired, removed)
    }
}

impl fmt::Debug for CacheHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheHandle")
            .field("mode", &self.mode())
            .field("len", &self.len())
            .field("bytes", &self.bytes())
            .finish()
    }
}
