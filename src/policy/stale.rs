//! RFC 9111 §4.2.4 and RFC 5861: when a stale response may be reused.

use std::time::Duration;

use http::StatusCode;

use super::{Asked, Policy};
use crate::stored::Terms;

/// What may be done with a stored response that is stale by so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stale {
    /// The request accepts it as it is (RFC 9111 §5.2.1.2).
    Accepted,
    /// The origin lets it be reused while it is being validated (RFC 5861 §3).
    WhileValidated,
    /// It has to be validated first.
    Refused,
}

/// Weighs a stale response. `must-revalidate` outranks every permission.
pub(super) fn weigh(asked: &Asked, terms: &Terms, staleness: Duration) -> Stale {
    let directives = &asked.directives;
    if terms.is_must_revalidate || directives.min_fresh.is_some() {
        return Stale::Refused;
    }
    // What is stale since this moment is stale: who wishes for nothing stale has said so, and so has who made it stale.
    let wished = asked.wishes.as_ref().and_then(|wishes| wishes.max_stale);
    let is_from_now = terms.is_expired || wished.is_some();
    match directives.max_stale {
        Some(limit) if is_from_now && limit.is_zero() => {}
        Some(limit) if staleness <= limit => return Stale::Accepted,
        _ => {}
    }
    // A request that limits age or staleness wants no other stale response (RFC 9111 §5.2.1), and one
    // that may not be stored validates nothing for anybody.
    let has_no_say = directives.max_age.is_none()
        && directives.max_stale.is_none()
        && !directives.only_if_cached
        && !directives.no_store;
    if has_no_say
        && staleness <= terms.stale_while_revalidate
        && !terms.stale_while_revalidate.is_zero()
    {
        return Stale::WhileValidated;
    }
    Stale::Refused
}

/// What went wrong where a stored response was being asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is no answer.
    Disconnected,
    /// The answer is an error of the origin's, or of what stands before it.
    Status(StatusCode),
}

impl Failure {
    /// 500, 502, 503 and 504, or what would be one of them (RFC 5861 §4).
    fn is_error(self) -> bool {
        match self {
            Self::Disconnected => true,
            Self::Status(status) => matches!(status.as_u16(), 500 | 502 | 503 | 504),
        }
    }
}

impl Policy {
    /// Whether a stored response may be reused after such a failure (RFC 9111 §4.2.4, RFC 5861 §4, C-21), where
    /// no unsafe request has made it wrong. Either side may permit it; what either forbids stays
    /// forbidden. What the caller wishes outranks what its request says, and what permits as much.
    pub(crate) fn may_reuse_after(
        &self,
        failure: Failure,
        asked: &Asked,
        terms: &Terms,
        age: Duration,
    ) -> bool {
        let limit = self.reusable_after(failure, asked, terms);
        limit.is_some_and(|limit| age.saturating_sub(terms.lifetime) <= limit)
    }

    /// How stale one may be that is reused after such a failure; `None` where none is.
    pub(crate) fn reusable_after(
        &self,
        failure: Failure,
        asked: &Asked,
        terms: &Terms,
    ) -> Option<Duration> {
        if terms.is_no_cache || terms.is_must_revalidate || asked.is_reload() || !failure.is_error()
        {
            return None;
        }
        let wished = asked.wishes.as_ref();
        if let Some(limit) = wished.and_then(|wishes| wishes.stale_if_error) {
            return (!limit.is_zero()).then_some(limit);
        }
        let directives = &asked.directives;
        if directives.no_cache || directives.max_age.is_some() || directives.min_fresh.is_some() {
            return None;
        }
        let of_request = directives
            .stale_if_error
            .filter(|_| self.request_stale_if_error)
            .map_or(Duration::ZERO, Duration::from_secs);
        let of_response = terms.stale_if_error.max(terms.stale_while_revalidate);
        let of_cache = self
            .stale_if_disconnected
            .filter(|_| failure == Failure::Disconnected)
            .unwrap_or(Duration::ZERO);
        let limit = of_request.max(of_response).max(of_cache);
        let most = directives.max_stale.unwrap_or(Duration::MAX);
        (!limit.is_zero()).then_some(limit.min(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::cache_control::RequestDirectives;
    use crate::policy::samples::{map, policy, received};

    /// Whether a response with this `Cache-Control` is reused after a failure, when it has this age, for a
    /// request with that one.
    fn is_reused(stored: &str, age: u64, asked: &str) -> bool {
        let (stored, asked) = (
            map(&[("cache-control", stored)]),
            map(&[("cache-control", asked)]),
        );
        let stored = policy().may_store(&Asked::default(), received(&stored));
        let asked = Asked {
            directives: RequestDirectives::parse(&asked),
            ..Asked::default()
        };
        let (terms, age) = (stored.unwrap().terms, Duration::from_secs(age));
        policy().may_reuse_after(Failure::Disconnected, &asked, &terms, age)
    }

    /// 9111-4.2.4-2, 9111-5.2.1.2-1
    #[test]
    fn a_failure_stretches_no_limit() {
        for (stored, age, asked, expected) in [
            ("max-age=10, stale-if-error=5", 15, "x", true),
            ("max-age=10, stale-if-error=5", 16, "x", false),
            ("max-age=10, stale-if-error=5", 13, "max-stale=3", true),
            ("max-age=10, stale-if-error=5", 14, "max-stale=3", false),
            ("max-age=10", 11, "stale-if-error=1", true),
            ("max-age=10", 12, "stale-if-error=1", false),
            ("max-age=10", 10, "x", false),
        ] {
            let found = is_reused(stored, age, asked);
            assert_eq!(found, expected, "{stored}; {asked}; after {age} s");
        }
    }
}
