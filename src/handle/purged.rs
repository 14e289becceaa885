//! What a clear, a purge or an expiry has done.

use std::fmt;

use crate::store::Removed;

/// What a clear, a purge or an [expiry](crate::CacheHandle::expire) has done.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use tower_client_cache::CacheLayer;
///
/// let handle = CacheLayer::new().handle();
/// # let request = Request::get("https://example.com/news").body(())?;
/// # let response = Response::builder().header("cache-control", "max-age=60");
/// # handle.insert(&request, response.body(Bytes::from("news"))?).expect("it may be stored");
/// let purged = handle.clear();
/// assert_eq!((purged.responses(), purged.in_flight()), (1, 0));
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged(Removed);

impl Purged {
    /// How many stored responses it has removed, or made stale that no expiry had made so before.
    #[must_use]
    pub fn responses(&self) -> usize {
        self.0.responses
    }

    /// How many octets they took.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.bytes
    }

    /// How many exchanges with the origin were under way that may store something. What they bring of what was meant is
    /// not stored, or stored stale; what they are about is not known yet, so that all of them are counted.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.0.in_flight
    }
}

impl fmt::Debug for Purged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Purged")
            .field("responses", &self.responses())
            .field("bytes", &self.bytes())
            .field("in_flight", &self.in_flight())
            .finish()
    }
}

impl From<Removed> for Purged {
    fn from(removed: Removed) -> Self {
        Self(removed)
    }
}
