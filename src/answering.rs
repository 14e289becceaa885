//! Answers that the origin is not asked for.

use std::sync::Arc;

use http::{Request, Response};
use tower::Service;

use crate::answer::{self, Asker};
use crate::background::Timer;
use crate::body::CacheBody;
use crate::cache::Cache;
use crate::cache_status::{CacheStatus, Forward, Outcome};
use crate::events::{About, Answered};
use crate::future::ResponseFuture;
use crate::policy::reuse::{self, Decision};
use crate::policy::{Asked, selection};
use crate::reading::Read;
use crate::service::CacheService;
use crate::store::Copy;
use crate::stored::StoredResponse;

impl<S, X, P> CacheService<S, X, P> {
    /// The copy that this thread has of a stored response, where there is one that answers, and whom.
    #[inline]
    pub(crate) fn copy_for<'r, Q>(
        &self,
        request: &'r Request<Q>,
        asked: &'r Asked,
        read: &Read<'_>,
    ) -> Option<(Arc<Copy>, Asker<'r>)> {
        let Read::Wants(wanted, now) = read else {
            return None;
        };
        let copy = self.cache.store.copies.find(wanted)?;
        let (stored, comparing) = (&copy.response, self.settings.comparing(&self.cache.seed));
        let asker = Asker::of(stored, asked, request.headers(), *now);
        let is_reused = selection::selects(comparing, asked, request.headers(), stored)
            && reuse::decide(asked, stored, false, asker.age) == Decision::Reuse;
        is_reused.then_some((copy, asker))
    }

    /// Answers with a stored response, of which this is all.
    #[inline]
    pub(crate) fn reuse<Q, R>(
        &self,
        mut response: Response<CacheBody<R>>,
        stored: &StoredResponse,
        asker: Asker<'_>,
        waited: Option<Forward>,
    ) -> ResponseFuture<S, Q, R, X, P>
    where
        S: Service<Request<Q>>,
        X: Timer,
    {
        let status = match waited {
            None => CacheStatus::hit(),
            Some(reason) => CacheStatus::forwarding(reason, None).having_waited(true),
        };
        let is_stale = !stored.terms.is_fresh(asker.age);
        answer::reuse(&mut response, stored, asker, status);
        self.count(response.body().held(), waited.is_some(), is_stale);
        self.settings.announce(&mut response);
        self.cache.observers.answered(|| Answered {
            about: About::Key(&stored.key),
            method: asker.asked.method(),
            code: response.status(),
            status: *response.extensions().get().expect("it was answered so"),
            held: response.body().held(),
        });
        ResponseFuture::answered(response)
    }

    /// Counts an answer from the store.
    #[inline]
    fn count(&self, octets: u64, has_waited: bool, is_stale: bool) {
        let Cache {
            store, counters, ..
        } = &*self.cache;
        if has_waited {
            counters.collapse();
            counters.serve(octets);
            return;
        }
        store.copies.count_hit(octets);
        if is_stale {
            counters.stale_hit();
        }
    }

    /// Answers that the origin may not be asked.
    pub(crate) fn unsatisfiable<Q, R>(
        &self,
        request: &Request<Q>,
        outcome: Outcome,
    ) -> ResponseFuture<S, Q, R, X, P>
    where
        S: Service<Request<Q>>,
        X: Timer,
    {
        self.made(request, answer::unavailable(CacheStatus::new(outcome)))
    }

    /// Answers with what is made here, for want of anything stored.
    pub(crate) fn made<Q, R>(
        &self,
        request: &Request<Q>,
        response: Response<CacheBody<R>>,
    ) -> ResponseFuture<S, Q, R, X, P>
    where
        S: Service<Request<Q>>,
        X: Timer,
    {
        self.cache.counters.unsatisfiable();
        self.cache.observers.answered(|| Answered {
            about: About::Request(request.uri()),
            method: request.method().clone(),
            code: response.status(),
            status: *response.extensions().get().expect("it was made so"),
            held: 0,
        });
        ResponseFuture::answered(response)
    }
}
