//! A client of reqwest's with a cache around it.

use std::fmt;
use std::task::{Context, Poll};

use ::reqwest::{Body, Client, Error, IntoUrl, Request, RequestBuilder, Response};
use tower::{Layer, Service};

use super::as_reqwest::AsReqwestFuture;
use super::{AsHttp, AsReqwest, final_uri, request_body};
use crate::background::{Background, Task, Tokio};
use crate::future::ResponseFuture;
use crate::handle::CacheHandle;
use crate::layer::CacheLayer;
use crate::request_body::{Replay, With};
use crate::service::CacheService;

/// How a request is sent a second time.
type Again = With<fn(Replay<Body>) -> Body>;

/// The future of a [`CachedClient`].
pub type ClientFuture<S = Client, X = Tokio> = AsReqwestFuture<
    ResponseFuture<AsHttp<S>, Body, Body, X, Again>,
    <S as Service<Request>>::Error,
>;

/// A client of reqwest's with a cache around it: [`AsReqwest`], the cache, [`AsHttp`], the client, in one.
///
/// It is a Tower service of reqwest's types, as the client is. Clones share the store. `S` is the client, or whatever
/// else is a service of reqwest's types; `X` is the layer's background.
///
/// ```no_run
/// use reqwest::{Client, redirect};
/// use tower_client_cache::{CacheLayer, CacheStatus};
/// use tower_client_cache::reqwest::CachedClient;
///
/// # async fn example() -> Result<(), reqwest::Error> {
/// let http = Client::builder().redirect(redirect::Policy::none()).build()?;
/// let client = CachedClient::new(http.clone(), CacheLayer::new());
///
/// let news = client.get("https://example.com/news").await?.error_for_status()?;
/// println!("{:?}", news.extensions().get::<CacheStatus>());
/// println!("{}", news.text().await?);
///
/// let search = http.get("https://example.com/search").header("accept-language", "de");
/// let found = client.send(search).await?;       // not search.send(): that would go past the cache
/// # let _ = found;
///
/// client.handle().clear();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CachedClient<S = Client, X = Tokio> {
    service: AsReqwest<CacheService<AsHttp<S>, X, Again>>,
}

impl<S, X: Clone> CachedClient<S, X> {
    /// This client inside the cache of this layer.
    ///
    /// The layer's [`final_uri`](CacheLayer::final_uri) becomes [the adapter's](super::final_uri), and a
    /// [second body](CacheLayer::request_body) is made by [`request_body`](super::request_body).
    #[must_use]
    pub fn new<P>(client: S, cache: CacheLayer<X, P>) -> Self {
        let cache = cache.final_uri(final_uri);
        let cache = cache.request_body(request_body as fn(Replay<Body>) -> Body);
        Self {
            service: AsReqwest::new(cache.layer(AsHttp::new(client))),
        }
    }
}

impl<S, X> CachedClient<S, X> {
    /// A handle to clear, switch and inspect the cache while requests run.
    #[must_use]
    pub fn handle(&self) -> CacheHandle {
        CacheHandle::new(self.service.inner.cache.clone())
    }

    /// The client inside. What is sent with it goes past the cache, which then hears nothing of it, not even
    /// of what it makes wrong.
    pub fn get_ref(&self) -> &S {
        self.service.inner.inner.get_ref()
    }
}

impl<S, X> CachedClient<S, X>
where
    S: Service<Request, Response = Response, Error: From<Error>> + Clone,
    X: Background<Task<AsHttp<S>, Body, Body>>,
{
    /// Sends a request through the cache: as [`reqwest::Client::execute`](Client::execute).
    ///
    /// # Errors
    ///
    /// Those of the client inside, as they are.
    pub fn execute(&self, request: Request) -> ClientFuture<S, X> {
        self.service.clone().call(request)
    }

    /// Builds a request and sends it through the cache, in the place of
    /// [`RequestBuilder::send`](RequestBuilder::send), which would go past it.
    ///
    /// Of the client that the builder was made by nothing counts but what is on the request: it is sent by the
    /// one inside.
    ///
    /// # Errors
    ///
    /// Where the request cannot be built, and those of the client inside.
    pub fn send(&self, request: RequestBuilder) -> ClientFuture<S, X> {
        match request.build() {
            Ok(request) => self.execute(request),
            Err(error) => AsReqwestFuture::failed(error.into()),
        }
    }
}

impl<X: Background<Task<AsHttp<Client>, Body, Body>>> CachedClient<Client, X> {
    /// Sends a GET through the cache: as [`reqwest::get`](::reqwest::get).
    ///
    /// # Errors
    ///
    /// Where this is no URL, and those of the client inside.
    pub fn get(&self, url: impl IntoUrl) -> ClientFuture<Client, X> {
        self.send(self.get_ref().get(url))
    }
}

impl<S, X> Service<Request> for CachedClient<S, X>
where
    S: Service<Request, Response = Response, Error: From<Error>> + Clone,
    X: Background<Task<AsHttp<S>, Body, Body>>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = ClientFuture<S, X>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        self.service.call(request)
    }
}

impl<S, X> fmt::Debug for CachedClient<S, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedClient").finish_non_exhaustive()
    }
}
