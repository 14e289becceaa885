//! The smallest conceivable cache: what a hit costs at the least.

mod body;
mod future;
mod key;
mod rules;
mod stored;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use lru::LruCache;
use tower::Service;

use self::body::FloorBody;
use self::future::FloorFuture;
use self::key::{Hashed, Seed};
use self::rules::Asked;
use self::stored::Stored;
use crate::contender::Room;

/// One lock, one look-up by a keyed hash, a copy of a head with a place for `Age`, a handle of the body:
/// nothing is boxed for a hit. It stores whatever says `max-age` and not `no-store`.
///
/// With `RULES` it does what RFC 9111 asks of a hit besides. With `STATUS` it puts one value into the
/// extensions of every response.
pub struct Floor<S, const RULES: bool, const STATUS: bool> {
    inner: S,
    store: Arc<Store>,
}

/// A value as large as what a cache says about itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Status {
    _is_hit: bool,
    _lifetime: u64,
    _age: u64,
}

impl<S, const RULES: bool, const STATUS: bool> Floor<S, RULES, STATUS> {
    #[must_use]
    pub fn new(inner: S, room: Room) -> Self {
        let store = Arc::new(Store::new(room));
        Self { inner, store }
    }
}

impl<S: Clone, const RULES: bool, const STATUS: bool> Clone for Floor<S, RULES, STATUS> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            store: self.store.clone(),
        }
    }
}

impl<S, const RULES: bool, const STATUS: bool> fmt::Debug for Floor<S, RULES, STATUS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Floor").finish_non_exhaustive()
    }
}

impl<S, Q, R, const RULES: bool, const STATUS: bool> Service<Request<Q>> for Floor<S, RULES, STATUS>
where
    S: Service<Request<Q>, Response = Response<R>>,
    Q: Body,
    R: Body<Data = Bytes> + Unpin,
{
    type Response = Response<FloorBody<R>>;
    type Error = S::Error;
    type Future = FloorFuture<S::Future, R, RULES, STATUS>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline(always)]
    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let asked = if RULES {
            Asked::read(&request)
        } else {
            Asked::default()
        };
        if asked.is_bypass {
            return FloorFuture::forward(self.inner.call(request), None);
        }
        let key = Hashed::of(&self.store.seed, &request, asked.has_credentials);
        let now = SystemTime::now();
        if let Some(stored) = self.store.look_up(&key) {
            let is_selected = !RULES || stored.is_selected(request.headers());
            if is_selected && stored.is_fresh(&asked, now) {
                let body = FloorBody::Stored(Some(stored.body.clone()));
                let mut response = stored.head(now, body);
                if STATUS {
                    response.extensions_mut().insert(Status {
                        _is_hit: true,
                        _lifetime: stored.lifetime,
                        _age: 0,
                    });
                }
                return FloorFuture::hit(response);
            }
        }
        let storing = future::Storing {
            key: key.to_key(),
            asked: RULES.then(|| request.headers().clone()),
            store: self.store.clone(),
        };
        FloorFuture::forward(self.inner.call(request), Some(storing))
    }
}

/// What is stored: least recently used, in one table under one lock.
pub(crate) struct Store {
    seed: Seed,
    octets: usize,
    responses: usize,
    table: Mutex<Table>,
}

struct Table {
    stored: LruCache<u64, Arc<Stored>, key::Identity>,
    octets: usize,
}

impl Store {
    fn new(room: Room) -> Self {
        let (octets, responses) = match room {
            Room::AsItComes => (64 * 1024 * 1024, usize::MAX),
            Room::Responses(responses) => (usize::MAX, responses),
            Room::Octets(octets) => (octets, usize::MAX),
        };
        let table = Table {
            stored: LruCache::unbounded_with_hasher(key::Identity::default()),
            octets: 0,
        };
        Self {
            seed: Seed::random(),
            octets,
            responses,
            table: Mutex::new(table),
        }
    }

    fn look_up(&self, key: &Hashed<'_>) -> Option<Arc<Stored>> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let stored = table.stored.get(&key.hash)?;
        key.is(&stored.key).then(|| stored.clone())
    }

    fn store(&self, stored: Stored) {
        // Dropped once the lock is released.
        let mut evicted = Vec::new();
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let (hash, octets) = (stored.key.hash, stored.octets());
        table.octets += octets;
        if let Some((_, old)) = table.stored.push(hash, Arc::new(stored)) {
            table.octets -= old.octets();
            evicted.push(old);
        }
        while table.octets > self.octets || table.stored.len() > self.responses {
            let Some((_, old)) = table.stored.pop_lru() else {
                break;
            };
            table.octets -= old.octets();
            evicted.push(old);
        }
        drop(table);
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
