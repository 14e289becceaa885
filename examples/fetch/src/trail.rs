//! The requests that one has led to, where it was redirected.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Response, StatusCode, Uri};
use tokio::time::Instant;
use tower_client_cache::CacheStatus;

/// Goes along in the extensions of a request, and notes what the cache is asked. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Trail {
    hops: Arc<Mutex<Vec<Hop>>>,
}

/// One request, as the cache has seen it.
#[derive(Clone)]
pub(crate) struct Hop {
    pub(crate) uri: Uri,
    pub(crate) began: Instant,
    /// Nothing where it has failed.
    pub(crate) head: Option<Head>,
}

/// What has come of it so far.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) cache: Option<CacheStatus>,
    pub(crate) after: Duration,
}

impl Trail {
    /// The cache is asked for this now.
    pub(crate) fn begin(&self, uri: &Uri) {
        self.hops().push(Hop {
            uri: uri.clone(),
            began: Instant::now(),
            head: None,
        });
    }

    /// And this is its answer.
    pub(crate) fn answer<B>(&self, response: &Response<B>) {
        if let Some(hop) = self.hops().last_mut() {
            hop.head = Some(Head {
                status: response.status(),
                cache: response.extensions().get().copied(),
                after: hop.began.elapsed(),
            });
        }
    }

    /// What was noted.
    pub(crate) fn take(&self) -> Vec<Hop> {
        std::mem::take(&mut *self.hops())
    }

    fn hops(&self) -> MutexGuard<'_, Vec<Hop>> {
        self.hops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
