//! Which methods are safe.

use http::{HeaderMap, HeaderName};

use crate::content::Judge;
use crate::key::Text;
use crate::rules::{Rule, Rules};

/// What it says of gRPC, with the feature `grpc`.
impl Rule {
    /// The gRPC methods here are unary and change nothing: their answers are stored, and given to calls with the same
    /// message (choice C-48). A method says so by `idempotency_level = NO_SIDE_EFFECTS` in its definition, which is
    /// not on the wire: the example `grpc` in the repository takes it from there.
    ///
    /// [`prefix`](Self::prefix) names a method by its whole path, or by that of its service all of its methods. The
    /// message is part of the key, octet by octet, and so are the codec, the compression, and the compressions that
    /// the caller takes; other metadata where [`grpc_metadata`](Self::grpc_metadata) names it. A deadline is not.
    /// Credentials keep users apart as ever.
    ///
    /// An answer is stored where it is one message, its `grpc-status` is 0, and something says how long it is fresh:
    /// the server by `cache-control` in its initial metadata, or [`default_lifetime`](Self::default_lifetime). It
    /// comes back with its trailers, and with `age` in its metadata. It is never validated: gRPC has nothing for
    /// that. A failure arrives as it is, and takes the place of nothing.
    ///
    /// A stream is not delayed, whatever a rule says. A call whose message is not there at once, or is of more than
    /// one, is forwarded as it is; an answer is passed on as it comes, and one that is dropped is not
    /// [read on](crate::CacheLayer::finish_abandoned). Calls [wait](crate::CacheLayer::collapse) for one another
    /// where the method has answered with one message before: until then it may stream. Where it streams after all,
    /// who waits is released when a second message begins, and nobody waits the next time. A call that waits ends at
    /// its deadline (`grpc-timeout`) with `DEADLINE_EXCEEDED`; where it is forwarded after all, that says how much
    /// time is left.
    ///
    /// gRPC-Web is something else, and left as it is. What calls make wrong [`Invalidates`](crate::Invalidates) says,
    /// or the handle.
    ///
    /// # With tonic
    ///
    /// It takes a [`request_body`](crate::CacheLayer::request_body), which is `tonic::body::Body::new`, and
    /// [`max_content`](crate::CacheLayer::max_content) says how long a message may be. A generated client has to say
    /// whom it asks: `MyClient::with_origin(service, origin)`. For one that is made with `new` the layer has to:
    /// [`origin_form_authority`](crate::CacheLayer::origin_form_authority). Interceptors go above the cache where
    /// what they add makes a difference to answers, as credentials do.
    ///
    /// ```
    /// use std::convert::Infallible;
    ///
    /// use bytes::Bytes;
    /// use http::{HeaderMap, Request, Response, Uri, header};
    /// use http_body::Frame;
    /// use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
    /// use tower::{Service, ServiceBuilder, service_fn};
    /// use tower_client_cache::request_body::Replay;
    /// use tower_client_cache::{CacheLayer, CacheStatus, Rule};
    ///
    /// type Body = UnsyncBoxBody<Bytes, Infallible>; // tonic's is `tonic::body::Body`
    ///
    /// # futures_executor::block_on(async {
    /// let server = service_fn(|_: Request<Body>| async {
    ///     let status = HeaderMap::from_iter([("grpc-status".parse().unwrap(), "0".parse().unwrap())]);
    ///     let message = Bytes::from_static(b"\0\0\0\0\x02\x08\x01");
    ///     let frames = [Frame::data(message), Frame::trailers(status)].map(Ok::<_, Infallible>);
    ///     let response = Response::builder()
    ///         .header(header::CONTENT_TYPE, "application/grpc")
    ///         .header(header::CACHE_CONTROL, "max-age=60");
    ///     response.body(StreamBody::new(futures_util::stream::iter(frames)))
    /// });
    /// let method = Uri::from_static("https://example.com/routes.Guide/GetFeature");
    /// let layer = CacheLayer::new()
    ///     .rules([Rule::new().prefix(&method).safe_grpc()])
    ///     .request_body(|content: Replay<Body>| content.boxed_unsync());
    /// let mut channel = ServiceBuilder::new().layer(layer).service(server);
    ///
    /// for is_hit in [false, true] {
    ///     let message = Full::from(&b"\0\0\0\0\x02\x08\x07"[..]);
    ///     let call = Request::post(&method)
    ///         .header(header::CONTENT_TYPE, "application/grpc")
    ///         .body(message.boxed_unsync())?;
    ///     let response = channel.call(call).await?;
    ///     assert_eq!(response.extensions().get::<CacheStatus>().unwrap().is_hit(), is_hit);
    ///     let body = response.into_body().collect().await.unwrap();
    ///     assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
    /// }
    /// # Ok::<_, http::Error>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn safe_grpc(mut self) -> Self {
        self.says.safe_grpc.get_or_insert_with(Judge::unary);
        self
    }

    /// The same as [`safe_grpc`](Self::safe_grpc), and this metadata of a call makes a difference to its answer: it
    /// is part of the key, each value as it is.
    ///
    /// ```
    /// use http::{HeaderName, Uri};
    /// use tower_client_cache::Rule;
    ///
    /// let service = Uri::from_static("https://example.com/routes.Guide");
    /// let language = HeaderName::from_static("x-language");
    /// let rule = Rule::new().prefix(&service).grpc_metadata([language]);
    /// # let _ = rule;
    /// ```
    #[must_use]
    pub fn grpc_metadata(mut self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.says.safe_grpc = Some(Judge::unary_with(names));
        self
    }
}

impl Rules {
    /// What says how a call of this is read, by the first rule that says that it is safe.
    pub(crate) fn safe_grpc(&self, text: &Text, fields: &HeaderMap) -> Option<&Judge> {
        self.first_for(text, fields, |rule| rule.says.safe_grpc.as_ref())
    }
}
