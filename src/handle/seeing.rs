//! Looking at a cache.

use http::Request;

use super::CacheHandle;
use crate::entries::Entries;
use crate::events::Events;
use crate::explain::Explanation;
use crate::info::StoredInfo;
use crate::stats::Stats;

impl CacheHandle {
    /// Whether a response is stored that this request selects, fresh or stale.
    ///
    /// ```
    /// use http::Request;
    /// use tower_client_cache::CacheLayer;
    ///
    /// let handle = CacheLayer::new().handle();
    /// assert!(!handle.contains(&Request::get("https://example.com/news").body(())?));
    /// # Ok::<_, http::Error>(())
    /// ```
    #[must_use]
    pub fn contains<B>(&self, request: &Request<B>) -> bool {
        self.cache.peek(request).is_some()
    }

    /// The stored response that this request selects, fresh or stale, by its URI, its method, its credentials and
    /// what `Vary` names; whatever its directives and its [mode](crate::CacheMode), and whether the cache is
    /// enabled. Nothing counts as used by it, in the order of eviction or in [`stats`](Self::stats).
    ///
    /// ```
    /// use http::Request;
    /// use tower_client_cache::CacheLayer;
    ///
    /// let handle = CacheLayer::new().handle();
    /// let request = Request::get("https://example.com/news").body(())?;
    /// if let Some(stored) = handle.peek(&request) {
    ///     println!("{} octets, fresh for {:?}", stored.body_len(), stored.fresh_for());
    /// }
    /// # Ok::<_, http::Error>(())
    /// ```
    #[must_use]
    pub fn peek<B>(&self, request: &Request<B>) -> Option<StoredInfo> {
        let now = self.cache.settings().0.clock.now();
        let seen = self.cache.peek(request)?;
        Some(StoredInfo::new(seen, now))
    }

    /// What would be done with this request now, and why: nothing is sent, nothing counts as used. The request is taken
    /// to have no content.
    ///
    /// It is decided by the functions that decide when a request comes. Whether the request would wait for the answer to
    /// [another](crate::CacheLayer::collapse) that is on its way is not said.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Request, Response};
    /// use tower_client_cache::{CacheLayer, Forward, Verdict};
    ///
    /// let handle = CacheLayer::new().handle();
    /// let request = Request::get("https://example.com/news").body(())?;
    /// assert_eq!(handle.explain(&request).verdict(), Verdict::Forward(Forward::UriMiss));
    ///
    /// let response = Response::builder().header("cache-control", "max-age=60");
    /// handle.insert(&request, response.body(Bytes::from("news"))?).expect("it may be stored");
    /// let explanation = handle.explain(&request);
    /// assert_eq!(explanation.verdict(), Verdict::Reuse);
    /// println!("{explanation}");
    /// # Ok::<_, http::Error>(())
    /// ```
    #[must_use]
    pub fn explain<B>(&self, request: &Request<B>) -> Explanation {
        self.cache.explain(request)
    }

    /// What is stored, in no order: each response that is there now and still is when its turn comes, once.
    ///
    /// The store is looked at for 64 of them at a time, and others are let in between. It begins with a list of all
    /// their numbers, of eight octets each.
    ///
    /// ```
    /// use tower_client_cache::CacheLayer;
    ///
    /// let handle = CacheLayer::new().handle();
    /// for stored in handle.entries() {
    ///     println!("{} {} {} octets", stored.method(), stored.uri(), stored.size());
    /// }
    /// ```
    #[must_use]
    pub fn entries(&self) -> Entries {
        Entries::of(self.cache.clone())
    }

    /// How many responses are stored, stale ones among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cache.store.len()
    }

    /// Whether nothing is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many octets the stored responses take: keys, fields, bodies, what it takes to find them, and
    /// [copies](Stats::copies) of those that are hot.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.cache.store.bytes()
    }

    /// What happens from now on, one event after the other.
    ///
    /// Up to 1,024 are held until they are taken; beyond that the oldest are lost, and
    /// [counted](Events::lost). A request does not wait for whoever takes them. While anybody is subscribed a hit costs
    /// some hundred instructions more.
    ///
    /// ```
    /// use tower_client_cache::{CacheLayer, Event};
    ///
    /// let handle = CacheLayer::new().handle();
    /// let mut events = handle.subscribe();
    /// // … requests …
    /// while let Some(event) = events.try_next() {
    ///     if let Event::Answered { uri, status, .. } = event {
    ///         println!("{uri}: {status}");
    ///     }
    /// }
    /// ```
    ///
    /// [`Events`] is a [`Stream`](https://docs.rs/futures-core/0.3/futures_core/stream/trait.Stream.html) as well.
    #[must_use]
    pub fn subscribe(&self) -> Events {
        self.subscribe_with(1024)
    }

    /// The same, of which up to so many are held until they are taken.
    #[must_use]
    pub fn subscribe_with(&self, capacity: usize) -> Events {
        Events::of(&self.cache.observers, capacity)
    }

    /// What the cache has done so far, and what it holds.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.cache.stats()
    }
}
