//! Which methods are safe.

use http::{HeaderMap, HeaderName};

use crate::content::Judge;
use crate::key::Text;
use crate::rules::{Rule, Rules};

/// What it says of gRPC, with the feature `grpc`.
impl Rule {
    /// The gRPC methods here are unary and change nothing (`NO_SIDE_EFFECTS` in their definition, which is not on the wire):
    /// their answers are stored, and given to calls with the same message (choice C-48).
    ///
    /// [`prefix`](Self::prefix) names a method by its whole path, or all methods of a service. The message is part of the
    /// key as it is, and so are its codec, its compression, and the compressions that the caller takes; other metadata where
    /// [`grpc_metadata`](Self::grpc_metadata) names it. `grpc-timeout` is not. Credentials keep users apart as ever.
    ///
    /// An answer is stored where it is one message, its `grpc-status` is 0, and something says how long it is fresh: the
    /// server by `cache-control` in its metadata, or [`default_lifetime`](Self::default_lifetime). It comes back with its
    /// trailers, and with `age` in its metadata. It is never validated, since gRPC has nothing for that; nor is
    /// anything that is not stored delayed: a call whose message is not there at once, and whatever is of more messages than
    /// one in either direction, goes its way as it comes.
    ///
    /// It takes a [`request_body`](crate::CacheLayer::request_body), tonic's is `tonic::body::Body::new`; and
    /// [`max_content`](crate::CacheLayer::max_content) says how long a message may be.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use bytes::Bytes;
    /// use http::Uri;
    /// use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
    /// use tower_client_cache::request_body::Replay;
    /// use tower_client_cache::{CacheLayer, Rule};
    ///
    /// type Body = UnsyncBoxBody<Bytes, std::io::Error>; // for tonic's
    ///
    /// let method = Uri::from_static("https://example.com/routes.Guide/GetFeature");
    /// let layer = CacheLayer::new()
    ///     .rules([Rule::new().prefix(&method).safe_grpc().default_lifetime(Duration::from_secs(60))])
    ///     .request_body(|content: Replay<Body>| content.boxed_unsync());
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn safe_grpc(mut self) -> Self {
        self.says.safe_grpc.get_or_insert_with(Judge::unary);
        self
    }

    /// Metadata of a call that makes a difference to its answer: the same as [`safe_grpc`](Self::safe_grpc), with these
    /// names.
    ///
    /// ```
    /// use http::HeaderName;
    /// use tower_client_cache::Rule;
    ///
    /// let rule = Rule::new().grpc_metadata([HeaderName::from_static("x-language")]);
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
