//! Settings: what is asked for.

use std::sync::Arc;

use http::uri::{Authority, Scheme};
use http::{Extensions, Uri};

use super::CacheLayer;
use crate::settings::FinalUriSetting;

/// What is asked for.
impl<X, P> CacheLayer<X, P> {
    /// The scheme of requests whose URI has none, and that are known by their `Host`: those that go to a
    /// connection rather than to a client, and those that reach a server. By default it is `http`; where
    /// the connection is encrypted, say so, or what is stored for it has the URI of what is not.
    #[must_use]
    pub fn origin_form_scheme(self, scheme: Scheme) -> Self {
        self.set(|settings| settings.origin_form.scheme = scheme)
    }

    /// The authority of requests whose URI has none, and that have no `Host` either: as generated clients of gRPC
    /// make them for a channel, which alone knows whom it is connected to. By default they are none of the cache's
    /// business: nothing tells those for one origin from those for another.
    ///
    /// It holds for each service that the layer makes. **Where these are connected to different origins, give each a
    /// layer of its own.**
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::uri::{Authority, Scheme};
    /// use http::{Request, Response};
    /// use http_body_util::{Empty, Full};
    /// use tower::{Service, ServiceBuilder, service_fn};
    /// use tower_client_cache::{CacheLayer, CacheStatus};
    ///
    /// # futures_executor::block_on(async {
    /// let connection = service_fn(|_: Request<Empty<Bytes>>| async {
    ///     let response = Response::builder().header("cache-control", "max-age=60");
    ///     response.body(Full::<Bytes>::from("news"))
    /// });
    /// let layer = CacheLayer::new()
    ///     .origin_form_scheme(Scheme::HTTPS)
    ///     .origin_form_authority(Authority::from_static("example.com"));
    /// let handle = layer.handle();
    /// let mut client = ServiceBuilder::new().layer(layer).service(connection);
    ///
    /// let response = client.call(Request::get("/news").body(Empty::new())?).await?;
    /// assert!(response.extensions().get::<CacheStatus>().unwrap().is_stored());
    /// # use http_body_util::BodyExt; let _ = response.into_body().collect().await;
    /// assert_eq!(handle.entries().next().unwrap().uri(), "https://example.com/news");
    /// # Ok::<_, http::Error>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn origin_form_authority(self, authority: Authority) -> Self {
        self.set(|settings| settings.origin_form.authority = Some(authority))
    }

    /// Which URI a response came from, where the inner service follows redirects by itself and says so in
    /// the response's extensions (choice C-53). A response of another URI than the request's is passed on, and
    /// nothing is stored, freshened or outdated by it. `None` means that it is of the request's.
    ///
    /// An unsafe request that was redirected invalidates its own URI, even where what it was redirected to has
    /// failed. Where that has not, it invalidates the other URI too, if that is of the same origin: the request may
    /// have been sent there as it was (RFC 9110 §15.4.8).
    ///
    /// Without this such a response would be stored under the first URI, with the lifetime of the last.
    #[must_use]
    pub fn final_uri<F>(self, of: F) -> Self
    where
        F: Fn(&Extensions) -> Option<Uri> + Send + Sync + 'static,
    {
        self.set(|settings| settings.final_uri = Some(FinalUriSetting(Arc::new(of))))
    }
}
