//! The rules of RFC 9111, without I/O: heads, stored responses and a time go in, a decision comes out.
//!
//! Nothing in here knows a body, a store or a clock. The files are the sections of the RFC.

mod asked;
pub(crate) mod comparing;
pub(crate) mod freshness;
pub(crate) mod invalidation;
mod kept;
mod lifetimes;
pub(crate) mod parts;
pub(crate) mod precondition;
pub(crate) mod range;
pub(crate) mod reuse;
#[cfg(test)]
mod samples;
pub(crate) mod selection;
pub(crate) mod stale;
pub(crate) mod status;
pub(crate) mod storing;
mod terms;
pub(crate) mod updating;
pub(crate) mod validation;

use std::time::{Duration, SystemTime};

#[cfg(feature = "structured-fields")]
use http::HeaderName;
use http::{HeaderMap, Method, StatusCode};

pub(crate) use self::asked::Asked;
pub(crate) use self::lifetimes::Lifetimes;

/// Whose cache it is (RFC 9111 §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of one user, or of several who are kept apart.
    Private,
    /// Of everybody who asks.
    Shared,
}

/// What becomes of a response that sets cookies (choice C-32): see
/// [`CacheLayer::set_cookie`](crate::CacheLayer::set_cookie).
///
/// ```
/// use tower_client_cache::{CacheLayer, SetCookie};
///
/// let layer = CacheLayer::new().set_cookie(SetCookie::Refuse);
/// # let _ = layer;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SetCookie {
    /// It is stored, and its cookies are set again whenever it is reused (RFC 9111 §7.3).
    Store,
    /// It is not stored, unless it says `public` or `s-maxage`, or lists the field in `private="…"`.
    Refuse,
    /// It is stored without the field.
    Strip,
}

/// How the rules are applied where they leave a choice.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    pub(crate) kind: Kind,
    /// Whether a response without a lifetime of its own is given one (RFC 9111 §4.2.2, C-07).
    pub(crate) heuristics: bool,
    /// No heuristic lifetime is longer (C-07).
    pub(crate) heuristic_limit: Duration,
    /// Whether `Date` counts for the age as well as `Age` (C-08).
    pub(crate) apparent_age: bool,
    /// Whether what a request says against reuse is passed over (PRJ-5.2.1-9).
    pub(crate) ignores_reload: bool,
    /// Whether a request with preconditions of its own is none of the cache's business (C-26).
    pub(crate) bypasses_conditional: bool,
    pub(crate) set_cookie: SetCookie,
    /// Whether a request may say `stale-if-error` (C-38).
    pub(crate) request_stale_if_error: bool,
    /// Whether `s-maxage` leaves stale responses to their other directives (C-62).
    pub(crate) stale_despite_s_maxage: bool,
    /// How stale a response may be that is reused because the origin cannot be reached (C-22).
    pub(crate) stale_if_disconnected: Option<Duration>,
    /// Whether a failure that nothing stored may answer is a 504 instead of an error (C-39).
    pub(crate) gateway_timeout: bool,
    /// Whether a 304 without validators is about nothing that has one (C-19).
    pub(crate) is_strict: bool,
    /// Whether what has come of a response that was cut off is stored (C-30).
    pub(crate) keeps_incomplete: bool,
    /// Whether what only the end of the connection ends is stored, where that may have been cut off (C-54).
    pub(crate) stores_undelimited: bool,
    /// Whether a 304 changes `Content-Encoding` (C-56).
    pub(crate) updates_content_encoding: bool,
    /// Fields that are for caches like this one, in the order they count (RFC 9213 §2.2, C-46).
    #[cfg(feature = "structured-fields")]
    pub(crate) targets: Vec<HeaderName>,
}

impl Policy {
    /// The choices recommended for this kind of cache.
    pub(crate) fn recommended(kind: Kind) -> Self {
        let is_private = kind == Kind::Private;
        Self {
            kind,
            heuristics: true,
            heuristic_limit: Duration::from_secs(24 * 60 * 60),
            apparent_age: true,
            ignores_reload: false,
            bypasses_conditional: false,
            set_cookie: if is_private {
                SetCookie::Store
            } else {
                SetCookie::Refuse
            },
            request_stale_if_error: is_private,
            stale_despite_s_maxage: false,
            stale_if_disconnected: None,
            gateway_timeout: !is_private,
            is_strict: false,
            keeps_incomplete: false,
            stores_undelimited: is_private,
            updates_content_encoding: false,
            #[cfg(feature = "structured-fields")]
            targets: Vec::new(),
        }
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.kind == Kind::Shared
    }
}

/// An answer of the origin: its head, and how and when it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received<'a> {
    pub(crate) status: StatusCode,
    pub(crate) fields: &'a HeaderMap,
    /// Just before the origin was asked.
    pub(crate) request_time: SystemTime,
    /// When the head was there.
    pub(crate) response_time: SystemTime,
    /// Whether it is of an `https` URI.
    pub(crate) is_secure: bool,
    /// Whether something else than the end of the connection says where the body ends.
    pub(crate) is_delimited: bool,
    /// Whether the times are known to be right.
    pub(crate) is_timed: bool,
    /// What the user says of how long it is fresh, where that is anything.
    pub(crate) lifetimes: Option<Lifetimes>,
}

/// Whether a response to this method may make stored ones wrong: it is unsafe, or nobody knows (RFC
/// 9111 §4.4). CONNECT is a tunnel and has no target that could be stored.
pub(crate) fn may_invalidate(method: &Method) -> bool {
    const SAFE: [&str; 9] = [
        "GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH", "QUERY", "CONNECT",
    ];
    !SAFE.contains(&method.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 9111-4.4-1, 9110-9.2.1-1, PRJ-9.2.1-1
    #[test]
    fn a_method_nobody_knows_may_invalidate() {
        for method in ["POST", "PUT", "DELETE", "PATCH", "M-SEARCH", "get", "FOO"] {
            assert!(
                may_invalidate(&Method::from_bytes(method.as_bytes()).unwrap()),
                "{method}"
            );
        }
        for method in [
            "GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "CONNECT",
        ] {
            assert!(
                !may_invalidate(&Method::from_bytes(method.as_bytes()).unwrap()),
                "{method}"
            );
        }
    }
}
