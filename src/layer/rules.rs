//! Settings: the rules, where the standards leave a choice.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderName, Uri};

use super::CacheLayer;
use crate::policy::SetCookie;
use crate::rules::{Rule, Rules};
use crate::settings::{FinalUriSetting, PartitionSetting};

/// The rules, where the standards leave a choice.
impl<X, P> CacheLayer<X, P> {
    /// Whether a response that does not say how long it is fresh is taken to be so for a tenth of the
    /// time since it was last modified, up to a [limit](Self::heuristic_limit) (RFC 9111 §4.2.2, choice
    /// C-07). By default it is.
    #[must_use]
    pub fn heuristics(self, are_on: bool) -> Self {
        self.set(|settings| settings.policy.heuristics = are_on)
    }

    /// The longest lifetime that is guessed (choice C-07); by default a day.
    #[must_use]
    pub fn heuristic_limit(self, limit: Duration) -> Self {
        self.set(|settings| settings.policy.heuristic_limit = limit)
    }

    /// Whether the age of a response is at least what its `Date` says (RFC 9111 §4.2.3, choice C-08). By
    /// default it is, which tells the age of what a cache without `Age` has kept. Switch it off where the
    /// clocks of origins, or of this machine, cannot be trusted.
    #[must_use]
    pub fn apparent_age(self, counts: bool) -> Self {
        self.set(|settings| settings.policy.apparent_age = counts)
    }

    /// Whether `no-cache`, `max-age`, `min-fresh` and `Pragma` of a request are passed over, so that nobody
    /// can have the origin asked for what is stored and fresh. By default they are obeyed (RFC 9111
    /// §5.2.1, choice C-10).
    #[must_use]
    pub fn ignore_reload(self, is_on: bool) -> Self {
        self.set(|settings| settings.policy.ignores_reload = is_on)
    }

    /// Whether a request that has `If-None-Match`, `If-Modified-Since` or `If-Range` is forwarded as it is, and its
    /// answer not stored, as the Fetch standard has it. By default the cache answers it from what is
    /// stored (RFC 9111 §4.3.2, choice C-26).
    #[must_use]
    pub fn conditional_bypass(self, is_on: bool) -> Self {
        self.set(|settings| settings.policy.bypasses_conditional = is_on)
    }

    /// What becomes of responses with `Set-Cookie` (choice C-32). A private cache stores them, as RFC 9111
    /// §7.3 has it; a shared one [refuses](SetCookie::Refuse) them, since a cookie that was forgotten in one
    /// answer would become everybody's.
    #[must_use]
    pub fn set_cookie(self, choice: SetCookie) -> Self {
        self.set(|settings| settings.policy.set_cookie = choice)
    }

    /// Forwards requests that have this field as they are: nothing stored is looked at, and the answer is
    /// not stored. For `Cookie` in a shared cache, say (choice C-34).
    #[must_use]
    pub fn bypass(self, field: HeaderName) -> Self {
        self.set(|settings| settings.bypass.push(field))
    }

    /// Keeps responses apart by something else than what the request says: the top-level site, the tenant,
    /// the user (RFC 9111 §7.2). Responses are shared by requests that have the same name here, and the same
    /// credentials where these count. Where there is `None`, the request is forwarded as it is.
    ///
    /// Whatever is stored already is removed, as by [`CacheHandle::clear`](crate::CacheHandle::clear). The
    /// name is kept only as a keyed hash of 128 bits.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Extensions, HeaderMap, Uri};
    /// use tower_client_cache::CacheLayer;
    ///
    /// #[derive(Clone)]
    /// struct Tenant(Bytes);
    ///
    /// let layer = CacheLayer::new().partition(|_: &Uri, _: &HeaderMap, extensions: &Extensions| {
    ///     extensions.get::<Tenant>().map(|tenant| tenant.0.clone())
    /// });
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn partition<F>(self, of: F) -> Self
    where
        F: Fn(&Uri, &HeaderMap, &Extensions) -> Option<Bytes> + Send + Sync + 'static,
    {
        self.set_credentials(|settings| settings.partition = Some(PartitionSetting(Arc::new(of))))
    }

    /// What holds for responses by where they come from: see [`Rule`]. They take the place of rules that were set before,
    /// and can be changed while requests run: see [`CacheHandle::set_rules`](crate::CacheHandle::set_rules).
    #[must_use]
    pub fn rules(self, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.cache.set_rules(Rules::new(rules));
        self
    }

    /// A response field that says with which [tags](crate::Tags) the response is to be stored: `Surrogate-Key`, say, or
    /// `Cache-Tag`. Its tags stand between commas and white space. There may be several such fields, and by default there is
    /// none. What is no UTF-8 in them stands as U+FFFD. What a 304 says takes the place of what was said before. A field that is not kept, because `Connection` names it
    /// or, in a shared cache, `private` does, counts as well.
    ///
    /// A response that was stored before has none of these tags.
    ///
    /// ```
    /// use http::HeaderName;
    /// use tower_client_cache::CacheLayer;
    ///
    /// let layer = CacheLayer::new().tag_field(HeaderName::from_static("surrogate-key"));
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn tag_field(self, field: HeaderName) -> Self {
        self.set(|settings| settings.related.tag_fields.push(field))
    }

    /// Which URI a response came from, where the inner service follows redirects by itself and says so in
    /// the response's extensions (choice C-53). A response of another URI than the request's is passed on, and
    /// nothing is stored, freshened or outdated by it. `None` means that it is of the request's.
    ///
    /// An unsafe request that was redirected invalidates its own URI, even where what it was redirected to has failed. Where
    /// that has not, it invalidates the other URI too, if that is of the same origin: the request may have been sent there
    /// as it was (RFC 9110 §15.4.8).
    ///
    /// Without this such a response would be stored under the first URI, with the lifetime of the last.
    #[must_use]
    pub fn final_uri<F>(self, of: F) -> Self
    where
        F: Fn(&Extensions) -> Option<Uri> + Send + Sync + 'static,
    {
        self.set(|settings| settings.final_uri = Some(FinalUriSetting(Arc::new(of))))
    }

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

    /// Whether a 304 that has no validator is taken to be about nothing that has one, to the letter of
    /// RFC 9111 §4.3.4 (choice C-19). By default it is accepted where the origin was asked about one stored
    /// response and nothing else: many origins leave the entity tag out.
    #[must_use]
    pub fn strict_not_modified(self, is_on: bool) -> Self {
        self.set(|settings| settings.policy.is_strict = is_on)
    }

    /// Whether a 304 changes the `Content-Encoding` of what is stored, to the letter of RFC 9111 §3.2
    /// (choice C-56). By default it does not: the field has to describe the octets that are stored.
    #[must_use]
    pub fn update_content_encoding(self, is_on: bool) -> Self {
        self.set(|settings| settings.policy.updates_content_encoding = is_on)
    }

    /// Whether the beginning of a response that was cut off is stored, because its body failed or was not
    /// read to the end (RFC 9111 §3.3, choice C-30). By default it is not.
    ///
    /// It has to be a 200 to GET with a strong validator and `Accept-Ranges: bytes`. What is stored so answers
    /// requests for ranges that lie inside of it; where a request can be
    /// [sent again](Self::request_body), a GET asks the origin for what is missing, and no more.
    #[must_use]
    pub fn keep_incomplete(self, is_on: bool) -> Self {
        self.set(|settings| settings.policy.keeps_incomplete = is_on)
    }

    /// Whether `Accept-Encoding` is compared by the codings it accepts, whatever their order and weights
    /// (RFC 9111 §4.1, choice C-15). By default lists in another order are another request.
    #[must_use]
    pub fn normalize_accept_encoding(self, is_on: bool) -> Self {
        self.set(|settings| settings.normalizes_encodings = is_on)
    }

    /// Fields that are for caches like this one, in the order they count (RFC 9213), such as
    /// `cdn-cache-control` for a cache that an origin's operator has put before it. The first of them that a
    /// response has, and that can be read, decides in the place of `Cache-Control` and `Expires`.
    ///
    /// By default there are none (choice C-46), and such fields are passed on like any other.
    ///
    /// ```
    /// use http::HeaderName;
    /// use tower_client_cache::CacheLayer;
    ///
    /// let layer = CacheLayer::shared().targeted_fields([HeaderName::from_static("cdn-cache-control")]);
    /// # let _ = layer;
    /// ```
    #[cfg(feature = "structured-fields")]
    #[must_use]
    pub fn targeted_fields(self, fields: impl IntoIterator<Item = HeaderName>) -> Self {
        self.set(|settings| settings.policy.targets = fields.into_iter().collect())
    }

    /// Adds a member of this name to the `Cache-Status` of every response (RFC 9211), behind those of the
    /// caches that the response came through. By default there is none (choice C-36): it tells whoever
    /// reads it what others have asked for.
    ///
    /// Responses that the cache made for want of any have none: a 504.
    ///
    /// # Panics
    ///
    /// When the name has other characters than printable ASCII.
    #[must_use]
    pub fn cache_status(self, name: &str) -> Self {
        assert!(
            name.bytes().all(|byte| matches!(byte, b' '..=b'~')),
            "a name in Cache-Status is printable ASCII"
        );
        let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
        self.set(|settings| settings.announced_as = Some(format!("\"{quoted}\"").into()))
    }

    /// Whether `Clear-Site-Data: "cache"`, or `"*"`, on any response that comes over https, removes what is
    /// stored for the origin that it comes from, for everybody, as a purge of
    /// [`Selector::origin`](crate::Selector::origin) does; the response itself may be stored after that. By
    /// default it does not: the field speaks to a browser, which is one user's.
    ///
    /// What it costs is said there. An origin may ask for it with each of its responses.
    #[must_use]
    pub fn clear_site_data(self, is_obeyed: bool) -> Self {
        self.set(|settings| settings.clears_sites = is_obeyed)
    }

    /// Whether cache groups are kept (RFC 9875, choice C-45). By default they are not.
    ///
    /// A response may say with `Cache-Groups` which groups it is in; a group is of one origin. The answer to
    /// an unsafe request that succeeds, with a status of 2xx or 3xx, may list groups in
    /// `Cache-Group-Invalidation`: whatever is in one of them is invalidated as if it had been the target,
    /// whoever asked for it. What shares a group with the target is invalidated too, and nothing beyond that.
    /// What was asked for before and turns out to be in an invalidated group is not stored.
    ///
    /// **Whoever may answer for an origin may have everything of that origin invalidated**: where an origin is
    /// shared by tenants who do not trust each other, leave it off (RFC 9875 §5).
    ///
    /// A response that was stored before this is on is in no group until a 304 says so.
    #[cfg(feature = "structured-fields")]
    #[must_use]
    pub fn cache_groups(self, are_kept: bool) -> Self {
        self.set(|settings| settings.related.by_group = are_kept)
    }

    /// Whether `No-Vary-Search` is obeyed (choice C-44). By default it is not.
    ///
    /// With it a response says that some parameters of the query, or their order, make no difference: it then
    /// answers requests for other URIs of the same origin and path that are the same by its own rule. The URI
    /// itself comes first; of several others the newest counts. Everything else stays: `Vary`, methods,
    /// freshness, and that users are kept apart. A `key-order` alone is obeyed.
    ///
    /// The origin is always asked for the URI of the request, as it is written. A new response is stored under
    /// that; a 304 freshens the response that was asked about. To invalidate or purge a URI takes what stands
    /// for it along. For one path 16 different rules are known; a response with yet another stands for its
    /// own URI alone.
    ///
    /// A response that was stored before this is on stands for its own URI alone, until a 304 says otherwise.
    #[cfg(feature = "structured-fields")]
    #[must_use]
    pub fn no_vary_search(self, is_obeyed: bool) -> Self {
        self.set(|settings| settings.related.by_search = is_obeyed)
    }
}
