//! The validation of a stale response after it has been answered with.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use tower::Service;

use crate::body::CacheBody;
use crate::cache::Cache;
use crate::future::Forwarding;
use crate::settings::Settings;
use crate::stored::StoredResponse;

/// So many run at once in one cache. Beyond that a stale response is answered with and not validated,
/// until one of them has ended.
const MAX_RUNNING: usize = 64;

/// One that takes longer than this is given up.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A stale response being validated, for a caller that has been answered with it already.
pub(super) struct Validation<S, Q, R>
where
    S: Service<Request<Q>>,
{
    step: Step<S, Q, R>,
    _claim: Claim,
}

enum Step<S, Q, R>
where
    S: Service<Request<Q>>,
{
    Forwarding(Pin<Box<Forwarding<S, Q>>>),
    Reading(Pin<Box<CacheBody<R>>>),
    Done,
}

// Whatever is pinned in a step is boxed.
impl<S, Q, R> Unpin for Validation<S, Q, R> where S: Service<Request<Q>> {}

impl<S, Q, R> Validation<S, Q, R>
where
    S: Service<Request<Q>>,
{
    pub(super) fn new(forwarding: Pin<Box<Forwarding<S, Q>>>, claim: Claim) -> Self {
        Self {
            step: Step::Forwarding(forwarding),
            _claim: claim,
        }
    }
}

impl<S, Q, R> Future for Validation<S, Q, R>
where
    S: Service<Request<Q>, Response = Response<R>>,
    R: Body,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        loop {
            this.step = match &mut this.step {
                Step::Forwarding(forwarding) => match ready!(forwarding.as_mut().poll(cx)) {
                    Ok(response) => Step::Reading(Box::pin(response.into_body())),
                    Err(_) => Step::Done,
                },
                // What is not being stored is read by nobody.
                Step::Reading(body) if body.is_recording() => {
                    match ready!(pin!(body.frame()).poll(cx)) {
                        Some(Ok(_)) => continue,
                        Some(Err(_)) | None => Step::Done,
                    }
                }
                Step::Reading(_) => Step::Done,
                Step::Done => return Poll::Ready(()),
            };
        }
    }
}

/// The right to validate a stored response in the background: one at a time for each, with a rest after each
/// that has failed, and so many at once in all.
#[derive(Debug)]
pub(crate) struct Claim {
    cache: Arc<Cache>,
    settings: Arc<Settings>,
    // Not held on to: what is cleared meanwhile is gone.
    stored: Weak<StoredResponse>,
}

impl Claim {
    pub(crate) fn on(
        cache: &Arc<Cache>,
        settings: &Arc<Settings>,
        stored: &Arc<StoredResponse>,
        now: SystemTime,
    ) -> Option<Self> {
        // Where there are too many none is begun, and none has failed.
        let begin = |running| (running < MAX_RUNNING).then_some(running + 1);
        let running = &cache.background;
        if stored.backoff.is_resting(now)
            || running
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, begin)
                .is_err()
        {
            return None;
        }
        if !stored.backoff.begin(now) {
            running.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Self {
            cache: cache.clone(),
            settings: settings.clone(),
            stored: Arc::downgrade(stored),
        })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.cache.background.fetch_sub(1, Ordering::Relaxed);
        if let Some(stored) = self.stored.upgrade() {
            // Whatever has come of it: as long as it is reused as before, it would be asked about at once again.
            let has_failed = self.cache.store.holds_as_good(&stored);
            stored.backoff.end(self.settings.clock.now(), !has_failed);
        }
    }
}
