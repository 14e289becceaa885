//! The handle: clear, disable, inspect while it runs.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};

use crate::cache::Cache;
use crate::cache_status::NotStored;
use crate::entries::Entries;
use crate::events::{Event, Events, Removal};
use crate::explain::Explanation;
use crate::info::StoredInfo;
use crate::mode::Mode;
use crate::rules::{Rule, Rules};
use crate::selector::Selector;
use crate::snapshot::{RestoreError, Restored, Snapshot};
use crate::stats::Stats;
use crate::store::Removed;

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
    /// It takes effect at once, however much is stored. The memory of fewer than 1,000 responses, and less than
    /// 1 MiB, is given back before it returns. What is more is left to a thread, which lives for as long as that
    /// takes: [`Stats::releasing`] says how much is not yet given back. What somebody still reads, or has asked the
    /// origin about and waits for, is kept for them.
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

    /// Makes what the selector means stale at this moment, and what is on its way and would be meant: it is stored, stale.
    ///
    /// What is stale is not used before the origin has validated it, for which one 304 is enough; and where the origin
    /// fails, it may be used as by `stale-if-error`, of the response, of the request or of the
    /// [settings](crate::CacheLayer::stale_if_disconnected), whose time is counted from now. A request that accepts what is
    /// stale gets it, as by `max-stale` or [`CacheMode::ForceCache`](crate::CacheMode::ForceCache); nobody gets it
    /// unasked, as by `stale-while-revalidate`, and `immutable` keeps it no longer. What was stale already stays so, for as
    /// long as it has been.
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
    /// lifetime has ended, and so have `stale-if-error` and `stale-while-revalidate` where it has them. That it could
    /// still be validated keeps nothing.
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

    /// Sets what the cache does for everybody: see [`Mode`]. Guards of [`hold`](Self::hold) and
    /// [`pause`](Self::pause) stay in force beside it.
    ///
    /// It is in force at once, for requests that start later and for all that is stored from then on. What was begun
    /// before goes on in the mode that it was begun in, save that the stricter of the two counts for storing:
    /// what is under way when storing is forbidden is not stored, unless it is allowed again before that
    /// ends; what was begun while it was forbidden is not stored at all. Who
    /// [waits](crate::CacheLayer::collapse) for the answer to another request waits no longer, and begins anew.
    ///
    /// ```
    /// use tower_client_cache::{CacheLayer, Mode};
    ///
    /// let handle = CacheLayer::new().handle();
    /// handle.set_mode(Mode::Offline); // what is stored, or 504
    /// handle.set_mode(Mode::Normal);
    /// ```
    pub fn set_mode(&self, mode: Mode) {
        let in_force = self.cache.switch.set(mode);
        self.settle(mode);
        self.cache.switched(in_force);
    }

    /// The mode in force: what the one that was [set](Self::set_mode) forbids, and every guard that
    /// lives. `ReadOnly` beside `Offline` is told as `Offline`: it differs for what is on its way alone.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.cache.switch.forbidden().as_mode()
    }

    /// Puts a mode in force beside the one that was [set](Self::set_mode), until the guard is dropped.
    /// Guards nest, of one mode and of several: together they forbid all that one of them forbids.
    ///
    /// ```
    /// use tower_client_cache::{CacheLayer, Mode};
    ///
    /// let handle = CacheLayer::new().handle();
    /// let refresh = handle.hold(Mode::Refresh);
    /// handle.set_mode(Mode::Normal);
    /// assert_eq!(handle.mode(), Mode::Refresh); // that ends no guard
    /// drop(refresh);
    /// assert_eq!(handle.mode(), Mode::Normal);
    /// ```
    #[must_use = "the mode is in force no longer as soon as the guard is dropped"]
    pub fn hold(&self, mode: Mode) -> ModeGuard {
        let in_force = self.cache.switch.hold(mode);
        self.settle(mode);
        let guard = ModeGuard {
            cache: self.cache.clone(),
            mode,
        };
        self.cache.switched(in_force);
        guard
    }

    /// Whoever is answered from now on, or has waited so far, sees the mode.
    fn settle(&self, mode: Mode) {
        if mode != Mode::Normal {
            self.cache.settle();
        }
    }

    /// Switches the cache off, for everybody: nothing is answered from the store, nothing is stored. It
    /// [sets](Self::set_mode) [`Mode::Bypass`].
    ///
    /// What is stored stays, and unsafe requests still invalidate it, so that nothing they have made
    /// wrong comes back with [`enable`](Self::enable). What is under way when it returns is not stored
    /// either, unless the cache is enabled again before it ends.
    pub fn disable(&self) {
        self.set_mode(Mode::Bypass);
    }

    /// Switches the cache off and removes everything, without a moment in between in which something
    /// could be stored or served.
    pub fn disable_and_clear(&self) -> Purged {
        self.disable();
        self.clear()
    }

    /// Switches the cache on again: it [sets](Self::set_mode) [`Mode::Normal`]. What a guard of
    /// [`hold`](Self::hold) or [`pause`](Self::pause) forbids stays forbidden while that lives.
    pub fn enable(&self) {
        self.set_mode(Mode::Normal);
    }

    /// Whether the [mode in force](Self::mode) is [`Mode::Normal`], and nothing is forbidden.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.mode() == Mode::Normal
    }

    /// Switches the cache off, as [`disable`](Self::disable) does, until the guard is dropped: it
    /// [holds](Self::hold) [`Mode::Bypass`]. Guards nest: the cache is off while one lives.
    #[must_use = "the cache is on again as soon as the guard is dropped"]
    pub fn pause(&self) -> ModeGuard {
        self.hold(Mode::Bypass)
    }

    /// Stores a response as if the origin had just answered this request with it, by the same rules: it is looked at
    /// for `Cache-Control`, `Vary` and all the rest, and takes the place of what the request has selected so far.
    /// To warm a cache, or to put in what has come by another way.
    ///
    /// Its body is copied. A `Content-Length` has to agree with it.
    ///
    /// # Errors
    ///
    /// Why it was not stored.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Request, Response};
    /// use tower_client_cache::{CacheLayer, NotStored};
    ///
    /// let handle = CacheLayer::new().handle();
    /// let request = Request::get("https://example.com/news").body(())?;
    /// let response = Response::builder().header("cache-control", "max-age=60");
    /// handle.insert(&request, response.body(Bytes::from("news"))?).expect("it may be stored");
    /// assert!(handle.contains(&request));
    ///
    /// let response = Response::builder().header("cache-control", "no-store");
    /// let refused = handle.insert(&request, response.body(Bytes::new())?);
    /// assert_eq!(refused, Err(NotStored::NoStore));
    /// # Ok::<_, http::Error>(())
    /// ```
    pub fn insert<B>(
        &self,
        request: &Request<B>,
        response: Response<Bytes>,
    ) -> Result<(), NotStored> {
        let result = self.cache.insert(request, response);
        if let Err(refused) = result {
            self.cache.counters.refuse(refused);
            self.cache.observers.tell(|| Event::Refused {
                uri: request.uri().clone().into(),
                reason: refused,
            });
        }
        result
    }

    /// Writes what is stored, to be [restored](Self::restore) later: in another process perhaps, with the same settings.
    ///
    /// What has to do with somebody's credentials stays out, and is counted: responses of a
    /// [partition](crate::StoredInfo::partition), those that `Vary` selects by credentials, those that set cookies, and
    /// what has fields that are [sensitive](http::HeaderValue::is_sensitive). The first two are written where the cache
    /// has a [secret](crate::CacheLayer::secret). What an unsafe request may have made wrong stays out as well. Bodies and
    /// URIs are written as they are: keep the snapshot as you would keep them. Of a cache of
    /// [one user](crate::CacheLayer::single_user) everything is that user's, and so is the snapshot.
    ///
    /// What is stored, purged and evicted meanwhile may be in it or not. The store is looked at for 64 responses at a time,
    /// and nobody waits while they are written.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn snapshot(&self, writer: impl Write) -> io::Result<Snapshot> {
        self.cache.snapshot(writer)
    }

    /// Stores what was written by [`snapshot`](Self::snapshot), as old as it is by now. It takes the place of nothing that
    /// is as new, and so lifts no mark of an expiry or an unsafe request from what is still here. What is stored by it
    /// counts as not yet used. What was purged since it was written comes back with it, and so does what was made
    /// wrong and is not here any more; what is purged while it runs does not.
    ///
    /// The cache has to keep users apart by the same [fields](crate::CacheLayer::credential) as the one that it was written
    /// by, or by none. What [rules](crate::Rule) say of storing is not asked again.
    ///
    /// Every response has its own checksum: one that is damaged is left out and counted, and of what is cut off
    /// everything before that is restored. What the checksums cannot tell is who wrote it: restore only what you would
    /// believe. It is read piece by piece, and takes no more memory than its largest response beside what is stored, or
    /// than the largest that could be.
    ///
    /// # Errors
    ///
    /// Where there is nothing to restore because it is no snapshot, or one of another version or of another kind of
    /// cache; and those of the reader, where what came before that is stored.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Request, Response};
    /// use tower_client_cache::CacheLayer;
    ///
    /// let handle = CacheLayer::new().handle();
    /// let request = Request::get("https://example.com/news").body(())?;
    /// let response = Response::builder().header("cache-control", "max-age=60");
    /// handle.insert(&request, response.body(Bytes::from("news"))?).expect("it may be stored");
    ///
    /// let mut file = Vec::new();
    /// assert_eq!(handle.snapshot(&mut file)?.responses(), 1);
    ///
    /// let other = CacheLayer::new().handle();
    /// let restored = other.restore(&*file)?;
    /// assert!(restored.is_whole() && other.contains(&request));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn restore(&self, reader: impl Read) -> Result<Restored, RestoreError> {
        self.cache.restore(reader)
    }

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

    /// How many octets may be held.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.cache.store.limits().capacity
    }

    /// Sets what holds for responses by where they come from, in the place of all rules that were set before, and at once:
    /// see [`Rule`]. Requests that start later go by the new ones.
    ///
    /// ```
    /// use http::Uri;
    /// use tower_client_cache::{CacheLayer, Rule};
    ///
    /// let handle = CacheLayer::new().handle();
    /// let broken = Uri::from_static("https://example.com/broken");
    /// handle.set_rules([Rule::new().prefix(&broken).never_store()]);
    /// ```
    pub fn set_rules(&self, rules: impl IntoIterator<Item = Rule>) {
        self.cache.set_rules(Rules::new(rules));
    }

    /// Sets how many octets may be held: see [`CacheLayer::capacity`](crate::CacheLayer::capacity). Where
    /// more is held, what is too much has gone when it returns; where that is very much, others are let at the
    /// store in between.
    pub fn set_capacity(&self, octets: usize) {
        self.cache
            .configure(|settings| settings.limits.capacity = octets);
    }

    /// Sets how many responses may be stored: see
    /// [`CacheLayer::max_responses`](crate::CacheLayer::max_responses). Where there are more, they have gone when it
    /// returns, as for [`set_capacity`](Self::set_capacity).
    pub fn set_max_responses(&self, responses: usize) {
        self.cache
            .configure(|settings| settings.limits.responses = responses);
    }

    /// Sets how many octets a body may have and still be stored: see
    /// [`CacheLayer::max_body`](crate::CacheLayer::max_body). Larger ones that are stored stay.
    pub fn set_max_body(&self, octets: usize) {
        self.cache
            .configure(|settings| settings.max_body = Some(octets));
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

impl fmt::Debug for CacheHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheHandle")
            .field("mode", &self.mode())
            .field("len", &self.len())
            .field("bytes", &self.bytes())
            .finish()
    }
}

/// Keeps a mode in force for as long as it lives: see [`CacheHandle::hold`].
pub struct ModeGuard {
    cache: Arc<Cache>,
    mode: Mode,
}

impl Drop for ModeGuard {
    fn drop(&mut self) {
        let in_force = self.cache.switch.release(self.mode);
        self.cache.switched(in_force);
    }
}

impl fmt::Debug for ModeGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModeGuard")
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

/// What a clear, a purge or an [expiry](CacheHandle::expire) has done.
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

    /// How many exchanges with the origin were under way. What they bring of what was meant is not stored, or
    /// stored stale; what they are about is not known yet, so that all are counted.
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
