//! What is stored, one after the other.

use std::fmt;
use std::sync::Arc;
use std::vec;

use crate::cache::Cache;
use crate::info::StoredInfo;

/// So many are looked at before others are let at the store again.
const AT_ONCE: usize = 64;

/// What is stored, one after the other: made by [`CacheHandle::entries`](crate::CacheHandle::entries).
///
/// It holds no lock between one and the next, whatever its user does meanwhile.
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
/// let largest = handle.entries().max_by_key(|stored| stored.size());
/// assert_eq!(largest.unwrap().uri(), "https://example.com/news");
/// # Ok::<_, http::Error>(())
/// ```
pub struct Entries {
    cache: Arc<Cache>,
    left: Vec<u64>,
    seen: vec::IntoIter<StoredInfo>,
}

impl Entries {
    pub(crate) fn of(cache: Arc<Cache>) -> Self {
        Self {
            left: cache.store.numbers(),
            cache,
            seen: Vec::new().into_iter(),
        }
    }

    fn see_more(&mut self) {
        let start = self.left.len().saturating_sub(AT_ONCE);
        let now = self.cache.settings().0.clock.now();
        let seen = self.cache.store.see(&self.left[start..]);
        self.left.truncate(start);
        let seen: Vec<_> = seen
            .into_iter()
            .map(|seen| StoredInfo::new(seen, now))
            .collect();
        self.seen = seen.into_iter();
    }
}

impl Iterator for Entries {
    type Item = StoredInfo;

    fn next(&mut self) -> Option<StoredInfo> {
        loop {
            if let Some(seen) = self.seen.next() {
                return Some(seen);
            }
            if self.left.is_empty() {
                return None;
            }
            self.see_more();
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let seen = self.seen.len();
        (seen, Some(seen + self.left.len()))
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, most) = self.size_hint();
        f.debug_struct("Entries").field("most", &most).finish()
    }
}
