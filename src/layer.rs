//! The layer: the settings, and how a service is made of them.

use std::fmt;
use std::sync::Arc;

use http::HeaderName;
use http::uri::Scheme;
use tower::Layer;

use crate::background::{Tokio, WithoutBackground};
use crate::cache::Cache;
use crate::clock::{Clock, ClockSetting};
use crate::handle::CacheHandle;
use crate::service::CacheService;
use crate::settings::Settings;

/// Puts a cache around an HTTP client.
///
/// Every service that one layer makes shares one store, and so do the layer's clones and handles; a new
/// layer has a store of its own. Settings are of the store: they hold for all of them, and for
/// requests that start later.
///
/// ```
/// use http::{HeaderName, Request, Response};
/// use http_body_util::Full;
/// use bytes::Bytes;
/// use tower::{ServiceBuilder, service_fn};
/// use tower_client_cache::CacheLayer;
///
/// let layer = CacheLayer::new()
///     .capacity(256 * 1024 * 1024)
///     .max_body(16 * 1024 * 1024)
///     .credential(HeaderName::from_static("x-api-key"));
/// let handle = layer.handle();
///
/// let client = ServiceBuilder::new().layer(layer).service(service_fn(
///     |_: Request<Full<Bytes>>| async { Ok::<_, std::io::Error>(Response::new(Full::<Bytes>::from("hello"))) },
/// ));
/// # let _ = (handle, client);
/// ```
#[derive(Clone)]
pub struct CacheLayer<X = Tokio> {
    cache: Arc<Cache>,
    background: X,
}

#[cfg(feature = "tokio")]
impl CacheLayer {
    /// A private cache in memory of 64 MiB, least recently used, with background work on tokio.
    ///
    /// Private (RFC 9111 §1): it may keep what is meant for one user, and keeps users apart by their
    /// credentials.
    #[must_use]
    pub fn new() -> Self {
        Self::background(Tokio::default())
    }
}

#[cfg(feature = "tokio")]
impl Default for CacheLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl CacheLayer<WithoutBackground> {
    /// Like `new`, with nothing that outlives its request. It works without a runtime, around services
    /// that borrow, and around services that are not `Send`.
    #[must_use]
    pub fn without_background() -> Self {
        Self::background(WithoutBackground::default())
    }
}

impl<X> CacheLayer<X> {
    /// Like `new`, with background work on something else than tokio: see
    /// [`Background`](crate::background::Background).
    #[must_use]
    pub fn background(background: X) -> Self {
        Self {
            cache: Arc::new(Cache::new(Settings::default())),
            background,
        }
    }

    /// A handle to clear, switch and inspect the cache while requests run. Take it before the layer is
    /// consumed.
    #[must_use]
    pub fn handle(&self) -> CacheHandle {
        CacheHandle::new(self.cache.clone())
    }

    /// How many octets may be held, of what is stored and what is being recorded: keys, fields, bodies
    /// and what it takes to find them. The default is 64 MiB. Least recently used responses go first.
    ///
    /// With a capacity of zero nothing is stored.
    #[must_use]
    pub fn capacity(self, octets: usize) -> Self {
        self.set(|settings| settings.limits.capacity = octets)
    }

    /// How many responses may be stored; by default as many as there is room for.
    #[must_use]
    pub fn max_responses(self, responses: usize) -> Self {
        self.set(|settings| settings.limits.responses = responses)
    }

    /// How many octets a body may have and still be stored; by default an eighth of the capacity. A
    /// larger one reaches the caller all the same.
    #[must_use]
    pub fn max_body(self, octets: usize) -> Self {
        self.set(|settings| settings.max_body = Some(octets))
    }

    /// Whether a response that does not say how long it is fresh is taken to be so for a tenth of the
    /// time since it was last modified, and no longer than a day (RFC 9111 §4.2.2, choice C-07). By
    /// default it is.
    #[must_use]
    pub fn heuristics(self, are_on: bool) -> Self {
        self.set(|settings| settings.policy.heuristics = are_on)
    }

    /// Another request field that says who asks, such as `x-api-key`. Requests that differ in one never
    /// share a stored response; its value is kept only as a keyed hash of 128 bits.
    ///
    /// Whatever is stored already is removed, as by [`CacheHandle::clear`].
    ///
    /// `Authorization`, `Cookie`, `Proxy-Authorization` and the userinfo of the URI are always such
    /// (choices C-33 and C-34), unless the client has a [`single_user`](Self::single_user).
    #[must_use]
    pub fn credential(self, field: HeaderName) -> Self {
        self.set_credentials(|settings| {
            if let Some(fields) = settings
                .credentials
                .as_mut()
                .filter(|held| !held.contains(&field))
            {
                fields.push(field);
            }
        })
    }

    /// The client is used by one user alone: credentials are no part of the key, and a response is
    /// reused whatever `Authorization` or `Cookie` the request has, as RFC 9111 has it for a private
    /// cache. `Vary` still counts.
    ///
    /// Whatever is stored already is removed, as by [`CacheHandle::clear`].
    ///
    /// It saves a miss whenever a cookie or a token changes. **Where the client acts for more than one
    /// user, each may be shown what is another's.**
    #[must_use]
    pub fn single_user(self) -> Self {
        self.set_credentials(|settings| settings.credentials = None)
    }

    /// The scheme of requests whose URI has none, and that are known by their `Host`: those that go to a
    /// connection rather than to a client, and those that reach a server. By default it is `http`; where
    /// the connection is encrypted, say so, or what is stored for it has the URI of what is not.
    #[must_use]
    pub fn origin_form_scheme(self, scheme: Scheme) -> Self {
        self.set(|settings| settings.scheme = scheme)
    }

    /// The clock that ages are reckoned with; by default the system's.
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        self.set(|settings| settings.clock = ClockSetting::Given(Arc::new(clock)))
    }

    /// What was stored so far was stored without regard to it, and what is on its way will be.
    fn set_credentials(self, change: impl FnOnce(&mut Settings)) -> Self {
        let layer = self.set(change);
        layer.cache.store.clear();
        layer
    }

    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        self.cache.configure(change);
        self
    }
}

impl<S, X: Clone> Layer<S> for CacheLayer<X> {
    type Service = CacheService<S, X>;

    fn layer(&self, inner: S) -> Self::Service {
        CacheService::new(inner, self.cache.clone(), self.background.clone())
    }
}

impl<X> fmt::Debug for CacheLayer<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheLayer").finish_non_exhaustive()
    }
}
