//! What the cache did with a request, in the words of RFC 9211.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

/// What the cache did with a request, and why: in the extensions of every response.
///
/// ```
/// # use tower_client_cache::{CacheStatus, Forward};
/// # fn look<B>(response: http::Response<B>) {
/// if let Some(status) = response.extensions().get::<CacheStatus>() {
///     println!("{status}"); // `hit; ttl=58` or `fwd=uri-miss; stored; ttl=60`
///     match status.forwarded() {
///         None => println!("answered from the store, age {:?}", status.age()),
///         Some(Forward::Stale) => println!("the origin was asked again"),
///         Some(reason) => println!("the origin was asked: {reason}"),
///     }
/// }
/// # }
/// ```
///
/// [`Display`](fmt::Display) writes the parameters of a `Cache-Status` member (RFC 9211 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheStatus {
    outcome: Outcome,
    forward_status: Option<StatusCode>,
    storing: Option<Result<(), NotStored>>,
    age: Option<u64>,
    ttl: Option<i64>,
}

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The cache, from a stored response, without asking the origin (RFC 9211 §2.1). The response may
    /// have been stale, where that was allowed.
    Hit,
    /// The request was forwarded towards the origin, for this reason (RFC 9211 §2.2).
    Forwarded(Forward),
    /// The cache, with 504: the request said `only-if-cached`, or its mode was
    /// [`OnlyIfCached`](crate::CacheMode::OnlyIfCached), and nothing stored could be reused (RFC 9111
    /// §5.2.1.7).
    Unsatisfiable,
}

/// Why a request was forwarded (RFC 9211 §2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Forward {
    /// The cache does not handle such a request: it is disabled, or the request has content, asks for
    /// an upgrade or for ranges in another unit than bytes, has preconditions that are for the origin
    /// alone, has a `Host` other than its URI, or is of gRPC; or its URI is not absolute and there is no
    /// `Host`. Or it is told not to: by [`CacheMode::NoStore`](crate::CacheMode::NoStore), a field that is
    /// set to [`bypass`](crate::CacheLayer::bypass), or a [`partition`](crate::CacheLayer::partition) that is
    /// none.
    Bypass,
    /// The method is neither GET nor HEAD.
    Method,
    /// Nothing is stored for the URI and these credentials.
    UriMiss,
    /// Responses are stored for the URI, but `Vary` selects none of them.
    VaryMiss,
    /// What is stored for the URI answers other methods only.
    Miss,
    /// A fresh response is stored, but the request does not take it: `no-cache`, `max-age`,
    /// `min-fresh`, or a [`CacheMode`](crate::CacheMode) that says the same.
    Request,
    /// The stored response is stale, or may not be reused before the origin has validated it.
    Stale,
    /// Only part of what the request asks for is stored.
    Partial,
}

impl Forward {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotStored {
    /// The cache is disabled or paused, or was when the request started.
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
    /// `must-understand` (RFC 9111 §5.2.2.3).
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
    /// Nothing but the end of the connection says where its body ends, and the cache is shared: what was
    /// cut off would be served to all as the whole.
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
}

impl NotStored {
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
            Self::TooLarge => "too-large",
            Self::NoRoom => "no-room",
            Self::Partial => "partial",
            Self::NotSelected => "not-selected",
            Self::ServerError => "server-error",
            Self::Outdated => "outdated",
            Self::Purged => "purged",
        }
    }
}

impl fmt::Display for NotStored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl CacheStatus {
    pub(crate) fn hit() -> Self {
        Self::new(Outcome::Hit)
    }

    pub(crate) fn unsatisfiable() -> Self {
        Self::new(Outcome::Unsatisfiable)
    }

    /// The request was forwarded; `None` where there is no answer.
    pub(crate) fn forwarding(reason: Forward, status: Option<StatusCode>) -> Self {
        Self {
            forward_status: status,
            ..Self::new(Outcome::Forwarded(reason))
        }
    }

    fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            forward_status: None,
            storing: None,
            age: None,
            ttl: None,
        }
    }

    pub(crate) fn stored_as(self, storing: Result<(), NotStored>) -> Self {
        Self {
            storing: Some(storing),
            ..self
        }
    }

    pub(crate) fn with_age(self, age: Duration, lifetime: Duration) -> Self {
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        Self {
            age: Some(age.as_secs()),
            ttl: Some(seconds(lifetime).saturating_sub(seconds(age))),
            ..self
        }
    }

    /// Whether it is about a response, of this status, that came from the origin, now or before, and not about one that
    /// was made for want of any.
    pub(crate) fn is_of_a_response(&self, status: StatusCode) -> bool {
        self.age.is_some() || self.forward_status == Some(status)
    }

    /// Who answered.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Whether the response came from the store and the origin was not asked.
    #[must_use]
    pub fn is_hit(&self) -> bool {
        self.outcome == Outcome::Hit
    }

    /// Why the request was forwarded; `None` where it was not.
    #[must_use]
    pub fn forwarded(&self) -> Option<Forward> {
        match self.outcome {
            Outcome::Forwarded(reason) => Some(reason),
            Outcome::Hit | Outcome::Unsatisfiable => None,
        }
    }

    /// The status of the origin's answer, which is not the caller's where a 304 has validated a stored
    /// response. `None` where the request was not forwarded, or the inner service failed.
    #[must_use]
    pub fn forward_status(&self) -> Option<StatusCode> {
        self.forward_status
    }

    /// Whether the response is being stored, or the stored one was freshened by it.
    ///
    /// It is said when the head arrives: a body that fails, is dropped half-way or turns out too
    /// large, and a [`clear`](crate::CacheHandle::clear) in the meantime, still keep it out.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        self.storing == Some(Ok(()))
    }

    /// Why the response is not being stored; `None` where it is, or was not asked for.
    #[must_use]
    pub fn not_stored(&self) -> Option<NotStored> {
        self.storing.and_then(Result::err)
    }

    /// The response's age (RFC 9111 §4.2.3), in whole seconds, where the cache has stored or reused it.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.age.map(Duration::from_secs)
    }

    /// How long the response stays fresh, in whole seconds: negative where it is stale (RFC 9211 §2.4).
    /// `None` where the cache has neither stored nor reused it.
    #[must_use]
    pub fn ttl(&self) -> Option<i64> {
        self.ttl
    }
}

impl fmt::Display for CacheStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outcome {
            Outcome::Hit => f.write_str("hit")?,
            Outcome::Forwarded(reason) => write!(f, "fwd={reason}")?,
            Outcome::Unsatisfiable => f.write_str("detail=only-if-cached")?,
        }
        if let Some(status) = self.forward_status {
            write!(f, "; fwd-status={}", status.as_u16())?;
        }
        match self.storing {
            Some(Ok(())) => f.write_str("; stored")?,
            Some(Err(reason)) => write!(f, "; detail={reason}")?,
            None => {}
        }
        if let Some(ttl) = self.ttl {
            write!(f, "; ttl={ttl}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(age: Duration, lifetime: Duration) -> CacheStatus {
        CacheStatus::hit().with_age(age, lifetime)
    }

    /// 9211-2.1-1, 9211-2.2-1, 9211-2.4-1, 9211-2.5-1
    #[test]
    fn it_prints_as_the_parameters_of_a_member() {
        let seconds = Duration::from_secs;
        let stale = CacheStatus::forwarding(Forward::Stale, Some(StatusCode::NOT_MODIFIED));
        let table = [
            (hit(seconds(2), seconds(60)), "hit; ttl=58"),
            (hit(seconds(65), seconds(60)), "hit; ttl=-5"),
            (
                stale.stored_as(Ok(())).with_age(seconds(0), seconds(60)),
                "fwd=stale; fwd-status=304; stored; ttl=60",
            ),
            (
                CacheStatus::forwarding(Forward::UriMiss, Some(StatusCode::OK))
                    .stored_as(Err(NotStored::NoStore)),
                "fwd=uri-miss; fwd-status=200; detail=no-store",
            ),
            (CacheStatus::unsatisfiable(), "detail=only-if-cached"),
        ];
        for (status, expected) in table {
            assert_eq!(status.to_string(), expected);
        }
    }

    #[test]
    fn a_lifetime_without_end_does_not_overflow() {
        let most = Duration::from_secs(u64::MAX);
        assert_eq!(hit(Duration::ZERO, most).ttl(), Some(i64::MAX));
        assert_eq!(hit(most, most).ttl(), Some(0));
        assert_eq!(hit(most, Duration::ZERO).ttl(), Some(-i64::MAX));
    }
}
