//! Why a request was forwarded, why a response was not stored, and who says how long it is fresh.

use std::fmt;

/// Why a request was forwarded (RFC 9211 §2.2).
///
/// ```
/// use http::Request;
/// use tower_client_cache::{CacheLayer, Forward, Verdict};
///
/// let handle = CacheLayer::new().handle();
/// let request = Request::get("https://example.com/news").body(())?;
/// assert_eq!(handle.explain(&request).verdict(), Verdict::Forward(Forward::UriMiss));
/// assert_eq!(Forward::UriMiss.as_str(), "uri-miss");
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Forward {
    /// The cache does not handle such a request: it is disabled, or the request has content, asks for
    /// an upgrade or for ranges in another unit than bytes, has preconditions that are for the origin
    /// alone, has a `Host` other than its URI, or is of gRPC; or its URI is not absolute and there is no
    /// `Host`. Or it is told not to: by [`CacheMode::NoStore`](crate::CacheMode::NoStore), a field that is
    /// set to [`bypass`](crate::CacheLayer::bypass), or a [`partition`](crate::CacheLayer::partition) that is
    /// none. Or its content was read to be part of its key, and is too long for that, has trailers, or has failed.
    Bypass,
    /// The method is neither GET nor HEAD, nor one whose content is [part of the key](crate::CacheLayer::query).
    Method,
    /// Nothing is stored for the URI and these credentials.
    UriMiss,
    /// Responses are stored for the URI, but `Vary` selects none of them.
    VaryMiss,
    /// What is stored for the URI answers other methods only.
    Miss,
    /// A fresh response is stored, but the request does not take it: `no-cache`, `max-age`,
    /// `min-fresh`, a [`CacheMode`](crate::CacheMode) that says the same, or
    /// [`Mode::Refresh`](crate::Mode::Refresh).
    Request,
    /// The stored response is stale, or may not be reused before the origin has validated it.
    Stale,
    /// Only part of what the request asks for is stored.
    Partial,
}

impl Forward {
    /// All of them, each at its place.
    pub(crate) const ALL: [Self; 8] = [
        Self::Bypass,
        Self::Method,
        Self::UriMiss,
        Self::VaryMiss,
        Self::Miss,
        Self::Request,
        Self::Stale,
        Self::Partial,
    ];

    /// The token of RFC 9211 §2.2.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bypass => "bypass",
            Self::Method => "method",
            Self::UriMiss => "uri-miss",
            Self::VaryMiss => "vary-miss",
            Self::Miss => "miss",
            Self::Request => "request",
            Self::Stale => "stale",
            Self::Partial => "partial",
        }
    }
}

impl fmt::Display for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a response was not stored.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use tower_client_cache::{CacheLayer, NotStored};
///
/// let handle = CacheLayer::shared().handle();
/// let request = Request::get("https://example.com/me").body(())?;
/// let response = Response::builder().header("cache-control", "private").body(Bytes::new())?;
/// assert_eq!(handle.insert(&request, response), Err(NotStored::Private));
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotStored {
    /// The [mode](crate::Mode) of the cache forbids it, or did when the request started: the cache is disabled, say,
    /// or `ReadOnly`.
    Disabled,
    /// The cache does not handle such a request, see [`Forward::Bypass`], or an answer of gRPC.
    Bypass,
    /// Responses to this method are not stored; those to POST and PATCH are where they say that they are of
    /// their target, and for how long they are fresh.
    Method,
    /// The request says `no-store` (RFC 9111 §5.2.1.5).
    RequestNoStore,
    /// The response says `no-store` (RFC 9111 §5.2.2.5).
    NoStore,
    /// Responses of this status are never stored, or not in answer to a request for ranges, or not with
    /// `must-understand` (RFC 9111 §5.2.2.3); or a call of gRPC has failed.
    Status,
    /// Nothing says how long the response is fresh, and its status is none that is cacheable by
    /// default (RFC 9111 §3).
    NotCacheable,
    /// The response is for one user alone, and the cache is shared: `private` (RFC 9111 §5.2.2.7).
    Private,
    /// The request had `Authorization`, the cache is shared, and the response does not say that it is for
    /// all (RFC 9111 §3.5).
    Authorization,
    /// It sets cookies, and such responses are [refused](crate::SetCookie::Refuse), as they are in a shared
    /// cache by default.
    SetCookie,
    /// Nothing but the end of the connection says where its body ends, and in a shared cache what was cut off would be
    /// served to all as the whole: see [`CacheLayer::store_undelimited`](crate::CacheLayer::store_undelimited).
    Undelimited,
    /// The inner service has followed a redirect, and it is the response of another URI.
    Redirected,
    /// There was no response: the inner service failed, and a stale one was reused, or the cache has
    /// answered 504 in its place.
    Failed,
    /// It could never be reused: it has no lifetime and nothing to validate it with.
    NoValidator,
    /// `Vary` is `*`, cannot be read, or is too long.
    Vary,
    /// `Content-Length` cannot be read, or stands beside `Transfer-Encoding`.
    ContentLength,
    /// The inner service has left the body in a transfer coding, as HTTP clients do with all but `chunked`, and the
    /// field that says so is not kept (RFC 9111 §3.1).
    TransferCoding,
    /// The body is larger than the limit for one body, the head has more than 1,024 lines, or the store is to
    /// hold nothing.
    TooLarge,
    /// So many bodies are being recorded that there is no room for another.
    NoRoom,
    /// It is part of a response that could not be put together with others: it has no strong validator, is
    /// not of bytes, does not come in one piece, or contradicts itself or what is stored (RFC 9111 §3.4).
    Partial,
    /// A 304 was about no stored response (RFC 9111 §4.3.4).
    NotSelected,
    /// A server error does not take the place of a stored response (RFC 9111 §4.3.3), which may have been
    /// reused instead.
    ServerError,
    /// What it would have been stored in place of was asked for later, is gone, or has been shown to be
    /// outdated since.
    Outdated,
    /// It was asked for before a clear, a purge or an unsafe request that means it.
    Purged,
    /// A [`Rule`](crate::Rule) says that it is not to be stored.
    Rule,
    /// It has more tags than are kept: see [`Tags`](crate::Tags).
    Tags,
    /// Its body failed, was not read to its end, or was not as long as it said.
    Incomplete,
}

impl NotStored {
    /// All of them, each at its place.
    pub(crate) const ALL: [Self; 27] = [
        Self::Disabled,
        Self::Bypass,
        Self::Method,
        Self::RequestNoStore,
        Self::NoStore,
        Self::Status,
        Self::NotCacheable,
        Self::Private,
        Self::Authorization,
        Self::SetCookie,
        Self::Undelimited,
        Self::Redirected,
        Self::Failed,
        Self::NoValidator,
        Self::Vary,
        Self::ContentLength,
        Self::TransferCoding,
        Self::TooLarge,
        Self::NoRoom,
        Self::Partial,
        Self::NotSelected,
        Self::ServerError,
        Self::Outdated,
        Self::Purged,
        Self::Rule,
        Self::Tags,
        Self::Incomplete,
    ];

    /// A token for logs and for the `detail` parameter of RFC 9211 §2.8.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Bypass => "bypass",
            Self::Method => "method",
            Self::RequestNoStore => "request-no-store",
            Self::NoStore => "no-store",
            Self::Status => "status",
            Self::NotCacheable => "not-cacheable",
            Self::Private => "private",
            Self::Authorization => "authorization",
            Self::SetCookie => "set-cookie",
            Self::Undelimited => "undelimited",
            Self::Redirected => "redirected",
            Self::Failed => "failed",
            Self::NoValidator => "no-validator",
            Self::Vary => "vary",
            Self::ContentLength => "content-length",
            Self::TransferCoding => "transfer-coding",
            Self::TooLarge => "too-large",
            Self::NoRoom => "no-room",
            Self::Partial => "partial",
            Self::NotSelected => "not-selected",
            Self::ServerError => "server-error",
            Self::Outdated => "outdated",
            Self::Purged => "purged",
            Self::Rule => "rule",
            Self::Tags => "tags",
            Self::Incomplete => "incomplete",
        }
    }
}

impl fmt::Display for NotStored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who says how long a stored response is fresh (RFC 9111 §4.2.1).
///
/// ```
/// use std::time::Duration;
///
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use tower_client_cache::{CacheLayer, LifetimeSource, Rule};
///
/// let rule = Rule::new().max_lifetime(Duration::from_secs(10));
/// let handle = CacheLayer::new().rules([rule]).handle();
/// let request = Request::get("https://example.com/news").body(())?;
/// let response = Response::builder().header("cache-control", "max-age=60").body(Bytes::new())?;
/// handle.insert(&request, response).expect("it may be stored");
/// let stored = handle.peek(&request).expect("it is stored");
/// assert_eq!(stored.lifetime_source(), LifetimeSource::Rule);
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LifetimeSource {
    /// The response, by `s-maxage`, in a shared cache.
    SMaxage,
    /// The response, by `max-age`.
    MaxAge,
    /// The response, by `Expires`.
    Expires,
    /// Nobody: it is guessed by when it was last modified (RFC 9111 §4.2.2).
    Heuristic,
    /// A [`Rule`](crate::Rule), by its default or its limits.
    Rule,
    /// The request, by [`Lifetime`](crate::Lifetime).
    Request,
    /// Nobody, and it is not guessed: it is never fresh.
    None,
    /// The user, who has made it stale: see [`CacheHandle::expire`](crate::CacheHandle::expire).
    Expired,
}

impl LifetimeSource {
    /// All of them, each at its place.
    pub(crate) const ALL: [Self; 8] = [
        Self::SMaxage,
        Self::MaxAge,
        Self::Expires,
        Self::Heuristic,
        Self::Rule,
        Self::Request,
        Self::None,
        Self::Expired,
    ];

    /// A word for logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SMaxage => "s-maxage",
            Self::MaxAge => "max-age",
            Self::Expires => "expires",
            Self::Heuristic => "heuristic",
            Self::Rule => "rule",
            Self::Request => "request",
            Self::None => "none",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for LifetimeSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
