//! Which POST requests are safe.

use http::HeaderMap;

use super::all::normal;
use super::{Rule, Rules};
use crate::content::Judge;
use crate::key::Text;

/// What it says of POST.
impl Rule {
    /// POST requests are safe (RFC 9110 §9.2.1): they change nothing, as a search does. What says how their content
    /// is to be understood and each octet of it are part of the key then, and what answers one answers all that are
    /// the same, if the response says how long it is fresh, or a rule does.
    ///
    /// Nothing on the wire says that a POST is safe, and no cache on the way takes it for that. It takes a
    /// [`request_body`](crate::CacheLayer::request_body) to read content, and
    /// [`max_content`](crate::CacheLayer::max_content) says how much of it. What has more, or trailers, or no
    /// `Content-Type`, is forwarded as it is; so is what asks for a range or has a condition, since nobody says what
    /// these mean here. None of them invalidates anything.
    ///
    /// Conditions on [responses](Self::responses) have no say in this. Of gRPC it says nothing that would be stored: that
    /// takes the feature `grpc`.
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
    /// type Body = UnsyncBoxBody<Bytes, std::io::Error>;
    ///
    /// let search = Uri::from_static("https://example.com/search");
    /// let layer = CacheLayer::new()
    ///     .rules([Rule::new().prefix(&search).safe_post().default_lifetime(Duration::from_secs(60))])
    ///     .request_body(|content: Replay<Body>| content.boxed_unsync());
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn safe_post(mut self) -> Self {
        self.says.safe_post = Some(Judge::default());
        self
    }

    /// The same, where this holds for the request's fields and its content; others are forwarded as they are, and
    /// invalidate like any POST. For one URI that takes requests of both kinds, such as GraphQL's queries and mutations.
    ///
    /// Of what is not read this is not asked, and so nobody knows that it is safe: what is longer than is read, is
    /// sent with [`CacheMode::NoStore`](crate::CacheMode) or while the cache is disabled invalidates what is stored
    /// for its URI.
    ///
    /// Where it panics, so does the request.
    ///
    /// ```
    /// use http::{HeaderMap, Uri};
    /// use tower_client_cache::Rule;
    ///
    /// let graphql = Uri::from_static("https://example.com/graphql");
    /// // This client says what it sends in a field of its own; another would look at the content.
    /// let is_query = |fields: &HeaderMap, _content: &[u8]| {
    ///     fields.get("x-graphql-operation").is_some_and(|operation| operation == "query")
    /// };
    /// let rule = Rule::new().prefix(&graphql).safe_post_if(is_query);
    /// # let _ = rule;
    /// ```
    #[must_use]
    pub fn safe_post_if<F>(mut self, is_safe: F) -> Self
    where
        F: Fn(&HeaderMap, &[u8]) -> bool + Send + Sync + 'static,
    {
        self.says.safe_post = Some(Judge::new(is_safe));
        self
    }

    pub(super) fn says_of_posts(&self) -> bool {
        #[cfg(feature = "grpc")]
        if self.says.safe_grpc.is_some() {
            return true;
        }
        self.says.safe_post.is_some()
    }
}

impl Rules {
    #[inline]
    pub(crate) fn have_safe_posts(&self) -> bool {
        self.have_safe_posts
    }

    /// What says whether a POST of this is safe, by the first rule that says anything of it.
    pub(crate) fn safe_post(&self, text: &Text, fields: &HeaderMap) -> Option<&Judge> {
        self.first_for(text, fields, |rule| rule.says.safe_post.as_ref())
    }

    /// What the first rule says that holds for requests of this and says anything.
    pub(crate) fn first_for<'r, T>(
        &'r self,
        text: &Text,
        fields: &HeaderMap,
        says: impl Fn(&'r Rule) -> Option<&'r T>,
    ) -> Option<&'r T> {
        let uri = normal(text.as_bytes());
        let mut rules = self.rules.iter();
        rules.find_map(|rule| says(rule).filter(|_| rule.holds_for(&uri, fields)))
    }
}
