//! Which requests are made again, and when.

use std::time::Duration;

use http::{Request, Response, StatusCode};
use tower::retry::Policy;
use tower::retry::backoff::{Backoff, ExponentialBackoff, ExponentialBackoffMaker, MakeBackoff};
use tower::util::rng::HasherRng;

/// Up to three attempts of what is idempotent (RFC 9110 §9.2.2), where the origin says 502, 503 or 504.
///
/// It goes below the cache, with a rest between two attempts that doubles, from 10 ms up to 100 ms.
#[derive(Debug, Clone)]
pub struct Attempts {
    left: usize,
    backoff: ExponentialBackoff,
}

impl Default for Attempts {
    fn default() -> Self {
        let (shortest, longest) = (Duration::from_millis(10), Duration::from_millis(100));
        let backoff = ExponentialBackoffMaker::new(shortest, longest, 0.5, HasherRng::new());
        Self {
            left: 2,
            backoff: backoff.expect("these limits are in order").make_backoff(),
        }
    }
}

impl<Q: Clone, R, E> Policy<Request<Q>, Response<R>, E> for Attempts {
    type Future = <ExponentialBackoff as Backoff>::Future;

    fn retry(
        &mut self,
        _: &mut Request<Q>,
        result: &mut Result<Response<R>, E>,
    ) -> Option<Self::Future> {
        let is_passing = matches!(
            result.as_ref().ok()?.status(),
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
        );
        if !is_passing || self.left == 0 {
            return None;
        }
        self.left -= 1;
        Some(self.backoff.next_backoff())
    }

    fn clone_request(&mut self, request: &Request<Q>) -> Option<Request<Q>> {
        request.method().is_idempotent().then(|| request.clone())
    }
}
