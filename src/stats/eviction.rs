//! Why a stored response had to give way.

use std::fmt;

/// Why a stored response had to give way.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use tower_client_cache::{CacheLayer, Eviction};
///
/// let handle = CacheLayer::new().max_responses(1).handle();
/// for uri in ["https://example.com/a", "https://example.com/b"] {
///     let response = Response::builder().header("cache-control", "max-age=60");
///     let response = response.body(Bytes::from("news"))?;
///     handle.insert(&Request::get(uri).body(())?, response).expect("it may be stored");
/// }
/// assert_eq!(handle.stats().evictions_by(Eviction::Responses), 1);
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Eviction {
    /// There was no room for its octets: see [`CacheLayer::capacity`](crate::CacheLayer::capacity).
    Capacity,
    /// There were too many responses: see [`CacheLayer::max_responses`](crate::CacheLayer::max_responses).
    Responses,
    /// There were too many variants of one URI for one user.
    Variants,
}

impl Eviction {
    pub(crate) const ALL: [Self; 3] = [Self::Capacity, Self::Responses, Self::Variants];

    /// A word for logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Capacity => "capacity",
            Self::Responses => "responses",
            Self::Variants => "variants",
        }
    }
}

impl fmt::Display for Eviction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
