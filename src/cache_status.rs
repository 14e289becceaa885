//! What the cache did with a request, in the words of RFC 9211.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

pub use crate::reasons::{Forward, LifetimeSource, NotStored};

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
    collapsed: Option<bool>,
    age: Option<u64>,
    ttl: Option<i64>,
}

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// The cache, with 504: it is [`Offline`](crate::Mode::Offline) or [`Closed`](crate::Mode::Closed), and
    /// nothing stored could be reused.
    Offline,
    /// The cache, with `grpc-status` 4: the call has waited for the answer to another until its deadline
    /// (`grpc-timeout`) had passed.
    #[cfg(feature = "grpc")]
    DeadlineExceeded,
}

impl CacheStatus {
    pub(crate) fn hit() -> Self {
        Self::new(Outcome::Hit)
    }

    /// The request was forwarded; `None` where there is no answer.
    pub(crate) fn forwarding(reason: Forward, status: Option<StatusCode>) -> Self {
        Self {
            forward_status: status,
            ..Self::new(Outcome::Forwarded(reason))
        }
    }

    pub(crate) fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            forward_status: None,
            storing: None,
            collapsed: None,
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

    /// It has waited for the answer to another request, and was answered with that or was not.
    pub(crate) fn having_waited(self, is_answered: bool) -> Self {
        Self {
            collapsed: Some(is_answered),
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
            _ => None,
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

    /// Whether the request was answered with the origin's answer to another one, which it has waited for.
    #[must_use]
    pub fn is_collapsed(&self) -> bool {
        self.collapsed == Some(true)
    }

    /// Whether the request has waited for the answer to another one (RFC 9211 §2.5): `Some(true)` where it was
    /// answered with that, `Some(false)` where that was of no use to it and it was forwarded all the same,
    /// `None` where it has not waited.
    #[must_use]
    pub fn collapsed(&self) -> Option<bool> {
        self.collapsed
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
            Outcome::Offline => f.write_str("detail=offline")?,
            #[cfg(feature = "grpc")]
            Outcome::DeadlineExceeded => f.write_str("detail=deadline-exceeded")?,
        }
        if let Some(status) = self.forward_status {
            write!(f, "; fwd-status={}", status.as_u16())?;
        }
        match self.storing {
            Some(Ok(())) => f.write_str("; stored")?,
            Some(Err(reason)) => write!(f, "; detail={reason}")?,
            None => {}
        }
        match self.collapsed {
            Some(true) => f.write_str("; collapsed")?,
            Some(false) => f.write_str("; collapsed=?0")?,
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
            (
                CacheStatus::forwarding(Forward::UriMiss, None)
                    .having_waited(true)
                    .with_age(seconds(0), seconds(60)),
                "fwd=uri-miss; collapsed; ttl=60",
            ),
            (
                CacheStatus::forwarding(Forward::UriMiss, Some(StatusCode::OK))
                    .having_waited(false)
                    .stored_as(Ok(())),
                "fwd=uri-miss; fwd-status=200; stored; collapsed=?0",
            ),
            (
                CacheStatus::new(Outcome::Unsatisfiable),
                "detail=only-if-cached",
            ),
            (CacheStatus::new(Outcome::Offline), "detail=offline"),
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
