#![doc = include_str!("../telemetry.md")]

#[cfg(feature = "metrics")]
mod measured;
#[cfg(feature = "tracing")]
mod traced;

#[cfg(feature = "metrics")]
pub use self::measured::{describe, set_gauges};
#[cfg(any(feature = "metrics", feature = "tracing"))]
pub(crate) use self::telling::{answered, is_on, told};

#[cfg(any(feature = "metrics", feature = "tracing"))]
mod telling {
    //! Whom what happens is told to, beside those who have subscribed.

    use crate::cache_status::{CacheStatus, NotStored, Outcome};
    use crate::events::{Answered, Event};

    /// Whether anybody may want to know.
    #[inline]
    pub(crate) fn is_on() -> bool {
        // A recorder may come at any time, and there is no asking whether one is there.
        #[cfg(feature = "metrics")]
        return true;
        #[cfg(not(feature = "metrics"))]
        return super::traced::is_on();
    }

    pub(crate) fn answered(answered: &Answered<'_>) {
        #[cfg(feature = "metrics")]
        super::measured::answered(answered);
        #[cfg(feature = "tracing")]
        super::traced::answered(answered);
    }

    /// Anything but an answer.
    pub(crate) fn told(event: &Event) {
        #[cfg(feature = "metrics")]
        super::measured::told(event);
        #[cfg(feature = "tracing")]
        super::traced::told(event);
    }

    /// Who has answered.
    pub(super) fn outcome(status: &CacheStatus) -> &'static str {
        match status.outcome() {
            Outcome::Hit => "hit",
            Outcome::Forwarded(_) if status.is_collapsed() => "collapsed",
            Outcome::Forwarded(_) => "forwarded",
            Outcome::Unsatisfiable => "only-if-cached",
            Outcome::Offline => "offline",
            #[cfg(feature = "grpc")]
            Outcome::DeadlineExceeded => "deadline-exceeded",
        }
    }

    /// The inner service or the origin has failed, and a stored response was reused in the place of that.
    pub(super) fn is_instead(status: &CacheStatus) -> bool {
        let has_failed = matches!(
            status.not_stored(),
            Some(NotStored::Failed | NotStored::ServerError)
        );
        has_failed && status.age().is_some()
    }

    /// What was answered with was stored, and stale.
    pub(super) fn is_stale(status: &CacheStatus) -> bool {
        let is_reused = status.is_hit() || is_instead(status);
        is_reused && status.ttl().is_some_and(|ttl| ttl <= 0)
    }
}
