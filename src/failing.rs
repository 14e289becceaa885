//! The origin has failed, or is not asked any more: what is stored may answer in its place.

use std::sync::Arc;

use http::Response;

use crate::answer::{Asker, reused, unavailable};
use crate::body::CacheBody;
use crate::cache_status::NotStored;
use crate::fill::Filling;
use crate::mode::CacheMode;
use crate::policy::range;
use crate::policy::reuse::{self, Decision};
use crate::policy::stale::Failure;
use crate::stored::StoredResponse;

impl Filling<'_> {
    /// There is no answer.
    pub(crate) fn failed<B>(self) -> Option<Response<CacheBody<B>>> {
        if let Some(stale) = self.stale(Failure::Disconnected) {
            return Some(self.reused(&stale, NotStored::Failed));
        }
        let is_told = self.settings.policy.gateway_timeout && self.fill.selected.is_some();
        is_told.then(|| unavailable(self.status.stored_as(Err(NotStored::Failed))))
    }

    /// The origin is not asked any more: a stored response, and whether it is stale.
    pub(crate) fn offline<B>(self) -> Option<(Response<CacheBody<B>>, bool)> {
        let forbidden = self.cache.switch.forbidden();
        let asked = &self.fill.asked;
        let is_in_doubt = !self.settings.clock.is_known();
        if forbidden.serving() || is_in_doubt || asked.has_all_validated || asked.is_reload() {
            return None;
        }
        let stored = self.cache.store.current(self.fill.selected.as_ref()?)?;
        self.fill.asked.obey(forbidden, CacheMode::Default);
        let asker = Asker::of(&stored, &self.fill.asked, self.caller(), self.now());
        let decision = reuse::decide(asker.asked, &stored, false, asker.age);
        let is_stale = !stored.terms.is_fresh(asker.age);
        (decision == Decision::Reuse).then(|| {
            let response = reused(&stored, asker, self.status);
            (response, is_stale)
        })
    }

    /// The stored response, where it may be reused after such a failure.
    pub(crate) fn stale(&self, failure: Failure) -> Option<Arc<StoredResponse>> {
        if self.cache.switch.forbidden().serving() {
            return None;
        }
        let stored = self.cache.store.current(self.fill.selected.as_ref()?)?;
        let age = stored.terms.current_age(self.now());
        let policy = &self.settings.policy;
        let may_be_reused = range::has_all(&self.fill.asked, &stored)
            && policy.may_reuse_after(failure, &self.fill.asked, &stored.terms, age);
        may_be_reused.then_some(stored)
    }

    /// A stored response in the place of what the origin did not say.
    pub(crate) fn reused<B>(
        &self,
        stored: &StoredResponse,
        instead: NotStored,
    ) -> Response<CacheBody<B>> {
        stored.backoff.fail(self.now());
        let status = self.status.stored_as(Err(instead));
        let asker = Asker::of(stored, &self.fill.asked, self.caller(), self.now());
        let response = reused(stored, asker, status);
        self.cache.counters.stale_if_error();
        self.cache.counters.serve(response.body().held());
        response
    }
}
