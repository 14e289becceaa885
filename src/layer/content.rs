//! Settings: keys made from content.

use super::CacheLayer;

/// Keys made from content.
impl<X, P> CacheLayer<X, P> {
    /// Whether a QUERY is answered with what is stored for one with the same content (RFC 10008 §2.7, choice C-47). By
    /// default it is forwarded as it is.
    ///
    /// To be compared its content has to be read first: up to [`max_content`](Self::max_content) octets, and only where
    /// [`request_body`](Self::request_body) says how to make a body of what was read. Its octets count as they are, and
    /// `Content-Type`, `Content-Encoding` and `Content-Language` with them. What has more content, or trailers, or no
    /// `Content-Type`, and what asks for a range is forwarded as it is.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Method, Request, Response, header};
    /// use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
    /// use tower::{Service, ServiceBuilder, service_fn};
    /// use tower_client_cache::request_body::Replay;
    /// use tower_client_cache::{CacheLayer, CacheStatus};
    ///
    /// type Body = UnsyncBoxBody<Bytes, std::convert::Infallible>;
    ///
    /// # futures_executor::block_on(async {
    /// let origin = service_fn(|query: Request<Body>| async {
    ///     let content = query.into_body().collect().await?.to_bytes();
    ///     let response = Response::builder().header(header::CACHE_CONTROL, "max-age=60");
    ///     Ok::<_, std::convert::Infallible>(response.body(Full::new(content)).expect("a head"))
    /// });
    /// let layer = CacheLayer::new()
    ///     .query(true)
    ///     .request_body(|content: Replay<Body>| content.boxed_unsync());
    /// let mut client = ServiceBuilder::new().layer(layer).service(origin);
    ///
    /// for is_hit in [false, true] {
    ///     let query = Request::builder()
    ///         .method("QUERY")
    ///         .uri("https://example.com/contacts")
    ///         .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
    ///         .body(Full::from("select=surname&limit=10").boxed_unsync())
    ///         .expect("a request");
    ///     let response = client.call(query).await?;
    ///     assert_eq!(response.extensions().get::<CacheStatus>().unwrap().is_hit(), is_hit);
    ///     let content = response.into_body().collect().await?.to_bytes();
    ///     assert_eq!(content, "select=surname&limit=10");
    /// }
    /// # Ok::<_, std::convert::Infallible>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn query(self, is_answered: bool) -> Self {
        self.set(|settings| settings.answers_query = is_answered)
    }

    /// How many octets of a request's content are read to be part of its key: for a [QUERY](Self::query), and for a
    /// POST that a [rule](crate::Rule::safe_post) says is safe, of gRPC as well. By default 64 KiB. What has more is
    /// forwarded as it is, and not read at all where its body says so beforehand. So is what comes in more than 4,096
    /// frames, or in more than one for each KiB of this where those are more; and where there is a timer, what has
    /// not come to its end ten seconds after it was first waited for. Of the inner service a clone is held meanwhile,
    /// and is neither readied nor called.
    ///
    /// What is read is held while the request is on its way, and does not count against the [capacity](Self::capacity).
    #[must_use]
    pub fn max_content(self, octets: usize) -> Self {
        self.set(|settings| settings.max_content = octets)
    }
}
