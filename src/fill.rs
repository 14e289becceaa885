//! An exchange whose answer may be stored.

use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, Response, StatusCode};
use http_body::Body;

use crate::answer::{Asker, Taken, passed, reused, unavailable};
use crate::body::CacheBody;
use crate::cache::Cache;
use crate::cache_status::{CacheStatus, Forward, NotStored};
use crate::exchange::Next;
use crate::key::CacheKey;
use crate::parts::Gap;
use crate::policy::selection::Comparing;
use crate::policy::stale::Failure;
use crate::policy::{Asked, Received, range, status};
use crate::settings::Settings;
use crate::store::Exchanging;
use crate::stored::StoredResponse;

/// A request whose answer may be stored.
pub(crate) struct Fill {
    pub(crate) key: CacheKey,
    pub(crate) asked: Asked,
    /// The fields of the request as the caller sent it.
    pub(crate) caller: HeaderMap,
    pub(crate) exchanging: Exchanging,
    /// The stored response that was selected and could not be reused.
    pub(crate) selected: Option<Arc<StoredResponse>>,
    /// Where none was selected, the one that has part of what is asked for.
    pub(crate) part: Option<Arc<StoredResponse>>,
    /// Where the origin is asked for what is missing of it, in the place of the whole.
    pub(crate) missing: Option<Gap>,
    /// Where none was selected, those that the origin was asked about all the same (C-18).
    pub(crate) others: Vec<Arc<StoredResponse>>,
    /// Of a HEAD, the stored responses to GET that its answer may say something of.
    pub(crate) described: Vec<Arc<StoredResponse>>,
    /// Whether the origin is asked if one of these is still good.
    pub(crate) is_validation: bool,
    /// Whether the caller's own request can be sent once more (C-20).
    pub(crate) may_repeat: bool,
    pub(crate) request_time: SystemTime,
}

/// An answer that may be stored, with all that is known about it.
pub(crate) struct Filling {
    pub(crate) cache: Arc<Cache>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) reason: Forward,
    pub(crate) fill: Fill,
    pub(crate) now: SystemTime,
    pub(crate) status: CacheStatus,
}

impl Filling {
    /// The head of the origin's answer is there: time is read once for all that follows.
    pub(crate) fn new(
        cache: Arc<Cache>,
        settings: Arc<Settings>,
        reason: Forward,
        fill: Fill,
        status: CacheStatus,
    ) -> Self {
        let now = settings.clock.now();
        Self {
            cache,
            settings,
            reason,
            fill,
            now,
            status,
        }
    }

    pub(crate) fn answered<B: Body>(self, response: Response<B>) -> Next<B> {
        let (settings, status) = (&self.settings, response.status());
        let is_redirected = settings.is_redirected(response.extensions(), &self.fill.key);
        if let Some(gap) = self.fill.missing {
            // Neither answers who has asked for the whole.
            let is_about_part = matches!(
                status,
                StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE
            );
            if is_about_part && is_redirected {
                return self.again();
            }
            if is_about_part {
                return self.completed(response, gap);
            }
        }
        if is_redirected {
            // Of a question that was ours the caller knows nothing.
            if self.fill.is_validation && status == StatusCode::NOT_MODIFIED {
                return self.good_for_nothing(NotStored::Redirected);
            }
            return Next::Answer(passed(response, self.status, NotStored::Redirected));
        }
        let is_not_modified = response.status() == StatusCode::NOT_MODIFIED;
        if self.fill.is_validation && !is_not_modified {
            self.cache.counters.validation(false);
        }
        let has_been_asked = self.fill.selected.is_some() || self.fill.is_validation;
        if is_not_modified && has_been_asked {
            return self.not_modified(response);
        }
        if response.status() == StatusCode::PARTIAL_CONTENT {
            return Next::Answer(self.part(response));
        }
        Next::Answer(self.full(response))
    }

    /// RFC 9111 §3: any other answer.
    fn full<B: Body>(mut self, response: Response<B>) -> Response<CacheBody<B>> {
        if response.status().is_server_error() {
            if let Some(stale) = self.stale(Failure::Status(response.status())) {
                return self.reused(&stale, NotStored::ServerError);
            }
        }
        // A head takes the place of no body; it says what has become of it.
        if self.fill.asked.is_head && status::is_about_resource(response.status()) {
            if let Some(freshened) = self.freshen_by_head(response.status(), response.headers()) {
                let mut response = response.map(CacheBody::passed);
                response.extensions_mut().insert(freshened);
                return response;
            }
            self.fill.selected = self.fill.selected.filter(|held| held.head.is_of_head);
        }
        match self.may_store(&response) {
            Ok((storable, selected_by)) => self.store(response, storable, selected_by),
            Err(refused) => {
                self.outdate_held(response.status());
                passed(response, self.status, refused)
            }
        }
    }

    /// An answer to POST or PATCH: where it is of what a GET would get it is stored for that (RFC 9110
    /// §9.3.3, RFC 5789 §2, C-31).
    pub(crate) fn posted<B: Body>(
        self,
        response: Response<B>,
        is_of_target: bool,
    ) -> Response<CacheBody<B>> {
        let is_stored = is_of_target
            && matches!(
                response.status(),
                StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION
            )
            && self.settings.policy.says_how_long(response.headers());
        if is_stored {
            return self.full(response);
        }
        passed(response, self.status, NotStored::Method)
    }

    /// There is no answer.
    pub(crate) fn failed<B>(self) -> Option<Response<CacheBody<B>>> {
        if let Some(stale) = self.stale(Failure::Disconnected) {
            return Some(self.reused(&stale, NotStored::Failed));
        }
        let is_told = self.settings.policy.gateway_timeout && self.fill.selected.is_some();
        is_told.then(|| unavailable(self.status.stored_as(Err(NotStored::Failed))))
    }

    /// The stored response, where it may be reused after such a failure.
    fn stale(&self, failure: Failure) -> Option<Arc<StoredResponse>> {
        let stored = self.cache.store.current(self.fill.selected.as_ref()?)?;
        let age = stored.terms.current_age(self.now);
        let policy = &self.settings.policy;
        let may_be_reused = range::has_all(&self.fill.asked, &stored)
            && policy.may_reuse_after(failure, &self.fill.asked, &stored.terms, age);
        may_be_reused.then_some(stored)
    }

    /// A stored response in the place of what the origin did not say.
    fn reused<B>(&self, stored: &StoredResponse, instead: NotStored) -> Response<CacheBody<B>> {
        stored.backoff.fail(self.now);
        let status = self.status.stored_as(Err(instead));
        let asker = Asker::of(stored, &self.fill.asked, &self.fill.caller, self.now);
        reused(stored, Taken::of(stored), asker, status)
    }

    /// An answer to what was asked for, with this head.
    pub(crate) fn received<'a>(
        &self,
        status: StatusCode,
        fields: &'a HeaderMap,
        is_delimited: bool,
    ) -> Received<'a> {
        Received {
            status,
            fields,
            request_time: self.fill.request_time,
            response_time: self.now,
            is_secure: self.fill.key.is_secure(),
            is_delimited,
            is_timed: self.settings.clock.is_known(),
        }
    }

    /// How request fields are compared.
    pub(crate) fn comparing(&self) -> Comparing<'_> {
        self.settings.comparing(&self.cache.seed)
    }

    /// An answer that may not be stored shows all the same that the stored response is outdated
    /// (PRJ-4.3.3-4). An error, or an answer about the exchange rather than the resource, does not; but that
    /// there are no such ranges shows that those that are stored are of something else.
    fn outdate_held(&self, status: StatusCode) {
        if let Some(held) = self.held() {
            let is_about_parts =
                status == StatusCode::RANGE_NOT_SATISFIABLE && held.parts.is_some();
            if status::is_about_resource(status) || is_about_parts {
                self.cache.store.outdate(held);
            }
        }
    }
}
