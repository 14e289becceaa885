//! Settings: what is done where the origin fails.

use std::time::Duration;

use super::CacheLayer;

/// What is done where the origin fails.
impl<X, P> CacheLayer<X, P> {
    /// Reuses what is stale by no more than `limit` where the inner service fails, because the origin
    /// cannot be reached (RFC 9111 §4.2.4, choice C-22). By default only `stale-if-error` and
    /// `stale-while-revalidate` let it be reused then; else the caller gets the error, or
    /// [504](Self::gateway_timeout). An answer with an error status is no such failure.
    ///
    /// What a directive forbids stays forbidden. Of the response that is `no-cache` and `must-revalidate`, in a
    /// shared cache `proxy-revalidate` and `s-maxage` too; of the request `no-cache`, `max-age` and
    /// `min-fresh`, and `max-stale` where it is exceeded. What an unsafe request has made wrong is not reused.
    ///
    /// ```
    /// use std::io;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// use std::time::Duration;
    /// use bytes::Bytes;
    /// use http::{Request, Response};
    /// use http_body_util::{BodyExt, Empty, Full};
    /// use tower::{Service, ServiceBuilder, service_fn};
    /// use tower_client_cache::CacheLayer;
    ///
    /// static IS_GONE: AtomicBool = AtomicBool::new(false);
    ///
    /// # futures_executor::block_on(async {
    /// let origin = service_fn(|_: Request<Empty<Bytes>>| async {
    ///     if IS_GONE.load(Ordering::Relaxed) {
    ///         return Err(io::Error::from(io::ErrorKind::ConnectionRefused));
    ///     }
    ///     let response = Response::builder().header("cache-control", "max-age=0").header("etag", "\"1\"");
    ///     response.body(Full::<Bytes>::from("news")).map_err(io::Error::other)
    /// });
    /// let cache = CacheLayer::new().stale_if_disconnected(Duration::from_secs(3600));
    /// let mut client = ServiceBuilder::new().layer(cache).service(origin);
    /// let get = || Request::get("http://example.com/news").body(Empty::new()).unwrap();
    ///
    /// client.call(get()).await?.into_body().collect().await.unwrap(); // read whole, and so stored
    /// IS_GONE.store(true, Ordering::Relaxed);
    /// let stale = client.call(get()).await?.into_body().collect().await.unwrap();
    /// assert_eq!(stale.to_bytes(), "news");
    /// # Ok::<_, io::Error>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn stale_if_disconnected(self, limit: Duration) -> Self {
        self.set(|settings| settings.policy.stale_if_disconnected = Some(limit))
    }

    /// Whether a caller gets 504 instead of the inner service's error, where something is stored that may not
    /// be reused without validation (RFC 9111 §5.2.2.2, choice C-39). By default a private cache hands on
    /// the error, and a shared one answers 504. Where nothing is stored the error is the caller's in both.
    #[must_use]
    pub fn gateway_timeout(self, is_on: bool) -> Self {
        self.set(|settings| settings.policy.gateway_timeout = is_on)
    }

    /// Whether a request may say `stale-if-error` (RFC 5861 §4, choice C-38). By default it may to a private
    /// cache, and not to a shared one.
    #[must_use]
    pub fn request_stale_if_error(self, is_obeyed: bool) -> Self {
        self.set(|settings| settings.policy.request_stale_if_error = is_obeyed)
    }

    /// Whether in a shared cache `stale-while-revalidate` and `stale-if-error` count beside `s-maxage`,
    /// which strictly forbids to reuse what is stale (RFC 9111 §5.2.2.10, choice C-62). By default they do
    /// not.
    #[must_use]
    pub fn stale_despite_s_maxage(self, is_on: bool) -> Self {
        self.set(|settings| settings.policy.stale_despite_s_maxage = is_on)
    }
}
