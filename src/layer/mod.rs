//! The layer: the settings, and how a service is made of them.

mod collapsing;
mod content;
mod failures;
mod limits;
mod rules;
mod standards;
mod target;
mod users;

use std::fmt;
use std::sync::Arc;

use tower::Layer;

use crate::background::{Tokio, WithoutBackground};
use crate::cache::Cache;
use crate::clock::{Clock, ClockSetting};
use crate::handle::CacheHandle;
use crate::policy::Kind;
use crate::request_body::{AsDefault, Once, With};
use crate::service::CacheService;
use crate::settings::Settings;

/// Puts a cache around an HTTP client.
///
/// Every service that one layer makes shares one store, and so do the layer's clones and handles; a new
/// layer has a store of its own. Settings are of the store: they hold for all of them, and for
/// requests that start later.
///
/// Auth and cookies go **above** it. A layer below it that puts credentials on requests is a leak: the cache does not see
/// them, and gives one user what is another's. Where everything else goes is on the page [`order`](crate::order).
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
pub struct CacheLayer<X = Tokio, P = Once> {
    cache: Arc<Cache>,
    background: X,
    request_body: P,
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

    /// A shared cache (RFC 9111 §1), otherwise like `new`: what it stores is for everybody who asks.
    ///
    /// So it stores nothing that is `private` (§5.2.2.7); no answer to a request with `Authorization`, unless
    /// that says `public`, `s-maxage` or `must-revalidate` (§3.5); nothing that sets cookies, unless it
    /// is said to be for all ([`set_cookie`](Self::set_cookie)). `s-maxage` and `proxy-revalidate` count.
    /// Requests are not kept apart by `Cookie`: an origin whose answers depend on it says so in `Vary`
    /// (choice C-34; [`credential`](Self::credential) and [`bypass`](Self::bypass) are stricter).
    ///
    /// Around an axum router, or in a proxy between hyper's server and a client, requests have no authority in
    /// their URI. Their `Host` counts then: see [`origin_form_scheme`](Self::origin_form_scheme).
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Request, Response, header, uri::Scheme};
    /// use http_body_util::{Empty, Full};
    /// use tower::{Service, ServiceBuilder, service_fn};
    /// use tower_client_cache::{CacheLayer, CacheStatus};
    ///
    /// # futures_executor::block_on(async {
    /// let router = service_fn(|_: Request<Empty<Bytes>>| async {
    ///     let response = Response::builder().header(header::CACHE_CONTROL, "s-maxage=60");
    ///     Ok::<_, http::Error>(response.body(Full::<Bytes>::from("for all"))?)
    /// });
    /// let shared = CacheLayer::shared().origin_form_scheme(Scheme::HTTPS);
    /// let mut service = ServiceBuilder::new().layer(shared).service(router);
    ///
    /// let request = Request::get("/news").header(header::HOST, "example.com");
    /// let response = service.call(request.body(Empty::new())?).await?;
    /// assert!(response.extensions().get::<CacheStatus>().unwrap().is_stored());
    /// # Ok::<_, http::Error>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn shared() -> Self {
        Self::shared_background(Tokio::default())
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
        Self::background(WithoutBackground::default()).without_timer()
    }

    /// Like `shared`, with nothing that outlives its request.
    #[must_use]
    pub fn shared_without_background() -> Self {
        Self::shared_background(WithoutBackground::default()).without_timer()
    }
}

impl<X> CacheLayer<X> {
    /// Like `new`, with background work on something else than tokio: see
    /// [`Background`](crate::background::Background).
    #[must_use]
    pub fn background(background: X) -> Self {
        Self::of(Kind::Private, background)
    }

    /// Like `shared`, with background work on something else than tokio.
    #[must_use]
    pub fn shared_background(background: X) -> Self {
        Self::of(Kind::Shared, background)
    }

    fn of(kind: Kind, background: X) -> Self {
        Self {
            cache: Arc::new(Cache::new(Settings::recommended(kind))),
            background,
            request_body: Once::default(),
        }
    }
}

impl<X, P> CacheLayer<X, P> {
    /// How a second body is made for a request that is sent once more: from a
    /// [`Replay`](crate::request_body::Replay) of the first one. By default there is none, nothing is sent twice, and no
    /// content is read.
    ///
    /// With it content can be part of the key: see [`query`](Self::query) and
    /// [`Rule::safe_post`](crate::Rule::safe_post).
    ///
    /// It is used as well where the origin answers a validation with a 304 that is about nothing that was asked
    /// about (RFC 9111 §4.3.4, choice C-20). There is no body to answer with then, so the caller's own
    /// request is sent as it was, once; without this the answer is 504. With such a second request in reserve
    /// the cache can also
    ///
    /// - add its entity tags to those of a caller that lists its own (§4.3.2),
    /// - ask about variants that the request does not select (choice C-18),
    /// - ask for no more than is missing of what is held in part (§3.3).
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
    /// use tower_client_cache::CacheLayer;
    /// use tower_client_cache::request_body::Replay;
    ///
    /// type Body = UnsyncBoxBody<Bytes, std::io::Error>;
    ///
    /// let layer = CacheLayer::new().request_body(|again: Replay<Body>| again.boxed_unsync());
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn request_body<F>(self, make: F) -> CacheLayer<X, With<F>> {
        self.with_request_body(With::new(make))
    }

    /// As [`request_body`](Self::request_body), for bodies that have a `Default`: that is an empty one for
    /// `Empty`, `Full`, axum's, tonic's and reqwest's bodies.
    ///
    /// ```
    /// use tower_client_cache::CacheLayer;
    ///
    /// // Around a service whose requests have a body of such a type.
    /// let layer = CacheLayer::new().default_request_body();
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn default_request_body(self) -> CacheLayer<X, AsDefault> {
        self.with_request_body(AsDefault::default())
    }

    fn with_request_body<O>(self, request_body: O) -> CacheLayer<X, O> {
        CacheLayer {
            cache: self.cache,
            background: self.background,
            request_body,
        }
    }

    /// A handle to clear, switch and inspect the cache while requests run. Take it before the layer is
    /// consumed.
    #[must_use]
    pub fn handle(&self) -> CacheHandle {
        CacheHandle::new(self.cache.clone())
    }

    /// The clock that ages are reckoned with; by default the system's. One that does not know the time yet
    /// [says so](Clock::is_known): meanwhile everything is validated before it is reused.
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        self.set(|settings| settings.clock = ClockSetting::Given(Arc::new(clock)))
    }

    pub(crate) fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        self.cache.configure(change);
        self
    }
}

impl<S, X: Clone, P: Clone> Layer<S> for CacheLayer<X, P> {
    type Service = CacheService<S, X, P>;

    fn layer(&self, inner: S) -> Self::Service {
        let (background, request_body) = (self.background.clone(), self.request_body.clone());
        CacheService::new(inner, self.cache.clone(), background, request_body)
    }
}

impl<X, P> fmt::Debug for CacheLayer<X, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheLayer").finish_non_exhaustive()
    }
}
