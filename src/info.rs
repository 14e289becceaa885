//! What is known of a stored response, for whoever looks at the cache.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode, header};

use crate::cache_status::LifetimeSource;
use crate::partition::Partition;
use crate::store::Seen;
use crate::stored::StoredResponse;

/// A stored response as it was when it was looked at: see [`CacheHandle::entries`](crate::CacheHandle::entries)
/// and [`CacheHandle::peek`](crate::CacheHandle::peek).
///
/// It stays as it is whatever becomes of the cache, and shares its octets with what is stored: as long as it is
/// kept, so are they.
///
/// Nothing secret can be got from it but what the response itself says: the credentials of the request and the
/// values of the fields that `Vary` names are kept as keyed hashes only, and a URI has no userinfo. [`Debug`] prints
/// neither queries nor fields.
///
/// ```
/// use std::time::Duration;
///
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use tower_client_cache::{CacheLayer, LifetimeSource};
///
/// let handle = CacheLayer::new().handle();
/// let request = Request::get("https://example.com/news").body(())?;
/// let response = Response::builder().header("cache-control", "max-age=60");
/// handle.insert(&request, response.body(Bytes::from("news"))?).expect("it may be stored");
///
/// let stored = handle.peek(&request).expect("it is stored");
/// assert_eq!(stored.lifetime(), Duration::from_secs(60));
/// assert_eq!(stored.lifetime_source(), LifetimeSource::MaxAge);
/// assert!(!stored.is_stale() && stored.fresh_for().is_some());
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Clone)]
pub struct StoredInfo {
    response: Arc<StoredResponse>,
    hits: u64,
    is_invalid: bool,
    now: SystemTime,
}

impl StoredInfo {
    pub(crate) fn new(seen: Seen, now: SystemTime) -> Self {
        Self {
            response: seen.response,
            hits: seen.hits,
            is_invalid: seen.is_invalid,
            now,
        }
    }

    /// The URI that it is stored for, as it stands in the cache key: absolute, in its normal form, without userinfo
    /// and fragment.
    #[must_use]
    pub fn uri(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.response.key.uri)
    }

    /// The method that it answered: GET or HEAD; or QUERY or POST, where content is part of its key. What answered a GET
    /// answers a HEAD as well.
    #[must_use]
    pub fn method(&self) -> Method {
        match self.response.key.content {
            Some(content) => content.method(),
            None if self.response.head.is_of_head => Method::HEAD,
            None => Method::GET,
        }
    }

    /// Its status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.response.head.status
    }

    /// Its fields as they are stored; an `Age` among them says nothing, [`age`](Self::age) does.
    #[must_use]
    pub fn fields(&self) -> HeaderMap {
        let mut fields = self.response.head.fields.unpack();
        fields.remove(header::AGE);
        for (name, value) in &mut fields {
            if name == header::SET_COOKIE {
                value.set_sensitive(true);
            }
        }
        fields
    }

    /// Its body, where that is held whole; `None` where only [part](Self::is_part) of it is.
    #[must_use]
    pub fn body(&self) -> Option<&Bytes> {
        let is_whole = !self.is_part();
        is_whole.then_some(&self.response.body.data)
    }

    /// Octets of its body that are held.
    #[must_use]
    pub fn body_len(&self) -> usize {
        let parts = self.response.parts.as_deref();
        parts.map_or(self.response.body.data.len(), crate::parts::Parts::len)
    }

    /// Whether it is held only in part (RFC 9111 §3.3).
    #[must_use]
    pub fn is_part(&self) -> bool {
        self.response.parts.is_some()
    }

    /// The request fields that select it among the variants of its URI, from its `Vary` (RFC 9111 §4.1), in the order
    /// of their names.
    pub fn vary(&self) -> impl Iterator<Item = &HeaderName> {
        let fields = self.response.selected_by.fields.iter();
        fields.map(|(name, _)| name)
    }

    /// Just before the origin was asked for it, or for what has freshened it.
    #[must_use]
    pub fn request_time(&self) -> SystemTime {
        self.response.terms.request_time
    }

    /// When the head of the origin's answer was there, the last time it was freshened or stored.
    #[must_use]
    pub fn response_time(&self) -> SystemTime {
        self.response.terms.response_time
    }

    /// Its age when it was looked at (RFC 9111 §4.2.3).
    #[must_use]
    pub fn age(&self) -> Duration {
        self.response.terms.current_age(self.now)
    }

    /// Its freshness lifetime (RFC 9111 §4.2.1).
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.response.terms.lifetime
    }

    /// Who says how long it is fresh.
    #[must_use]
    pub fn lifetime_source(&self) -> LifetimeSource {
        self.response.terms.lifetime_from
    }

    /// How much longer it is fresh; `None` where it is stale.
    #[must_use]
    pub fn fresh_for(&self) -> Option<Duration> {
        let age = self.age();
        let is_fresh = self.response.terms.is_fresh(age);
        is_fresh.then(|| self.lifetime().saturating_sub(age))
    }

    /// Whether it is stale: as old as its lifetime is long, or older (RFC 9111 §4.2).
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.fresh_for().is_none()
    }

    /// Whether it is not reused before the origin has validated it, fresh or not: an unsafe request may have made it
    /// wrong (RFC 9111 §4.4), or the origin has shown that it is outdated, or it says `no-cache`.
    #[must_use]
    pub fn needs_validation(&self) -> bool {
        self.is_invalid || self.response.terms.is_no_cache
    }

    /// Whether there is anything to validate it with: `ETag` or `Last-Modified` (RFC 9110 §8.8).
    #[must_use]
    pub fn has_validator(&self) -> bool {
        self.response.terms.has_validator
    }

    /// Octets that it takes, everything counted; not [copies](crate::Stats::copies) of it.
    #[must_use]
    pub fn size(&self) -> usize {
        self.response.size()
    }

    /// How often it has answered a request, what it has taken the place of by being freshened included.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.hits
    }

    /// Its [tags](crate::Tags).
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.response.relations.tags()
    }

    /// Whose it is, where it was asked for with credentials or is otherwise kept apart; `None` where it is for
    /// everybody who asks without.
    #[must_use]
    pub fn partition(&self) -> Option<PartitionId> {
        self.response.key.partition.map(PartitionId)
    }

    pub(crate) fn is_invalid(&self) -> bool {
        self.is_invalid
    }

    pub(crate) fn response(&self) -> &Arc<StoredResponse> {
        &self.response
    }
}

impl fmt::Debug for StoredInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredInfo")
            .field("key", &self.response.key)
            .field("method", &self.method())
            .field("status", &self.status())
            .field("age", &self.age())
            .field("lifetime", &self.lifetime())
            .field("needs_validation", &self.needs_validation())
            .field("size", &self.size())
            .field("hits", &self.hits)
            .finish_non_exhaustive()
    }
}

/// Tells the responses of one user, or of one [partition](crate::CacheLayer::partition), from those of another. It
/// means nothing outside of the cache it is of, and nobody can be found out by it.
///
/// [`Display`](fmt::Display) writes eight hexadecimal digits.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use tower_client_cache::CacheLayer;
///
/// let handle = CacheLayer::new().handle();
/// for user in ["Bearer one", "Bearer two"] {
///     let request = Request::get("https://example.com/").header("authorization", user).body(())?;
///     let response = Response::builder().header("cache-control", "max-age=60");
///     handle.insert(&request, response.body(Bytes::new())?).expect("it may be stored");
/// }
/// let [one, two] = handle.entries().map(|stored| stored.partition()).collect::<Vec<_>>()[..] else {
///     panic!("there are two");
/// };
/// assert!(one.is_some() && one != two);
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PartitionId(Partition);

impl From<Partition> for PartitionId {
    fn from(partition: Partition) -> Self {
        Self(partition)
    }
}

impl fmt::Display for PartitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0.as_hash() >> 32)
    }
}

impl fmt::Debug for PartitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PartitionId({self})")
    }
}
