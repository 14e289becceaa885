//! An exchange whose answer may be stored.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, Response, StatusCode};
use http_body::Body;

use crate::answer::{Asker, passed, reused, unavailable};
use crate::body::CacheBody;
use crate::cache::Cache;
use crate::cache_status::{CacheStatus, NotStored};
use crate::caller::Caller;
use crate::collapse::Company;
use crate::events::Validation;
use crate::exchange::Next;
#[cfg(feature = "grpc")]
use crate::grpc;
use crate::key::CacheKey;
use crate::mode::CacheMode;
use crate::parts::Gap;
use crate::policy::comparing::Comparing;
use crate::policy::reuse::{self, Decision};
use crate::policy::stale::Failure;
use crate::policy::{Asked, Lifetimes, Received, range, status};
use crate::rules::Applied;
use crate::settings::Settings;
use crate::store::Exchanging;
use crate::stored::StoredResponse;

/// A request whose answer may be stored.
pub(crate) struct Fill {
    pub(crate) asked: Asked,
    pub(crate) caller: Caller,
    /// Handed on with what is being recorded.
    exchanging: Option<Exchanging>,
    pub(crate) company: Company,
    /// The stored response that was selected and could not be reused.
    pub(crate) selected: Option<Arc<StoredResponse>>,
    /// What else is held. There mostly is nothing, and then this takes no room.
    pub(crate) beside: Option<Box<Beside>>,
    /// Whether the origin is asked if one of these is still good.
    pub(crate) is_validation: bool,
    /// Whether the caller's own request can be sent once more (C-20).
    pub(crate) may_repeat: bool,
    pub(crate) request_time: SystemTime,
}

/// What is held of the same URI beside what was selected, and may have to do with the answer.
#[derive(Default)]
pub(crate) struct Beside {
    /// Where none was selected, the one that has part of what is asked for.
    pub(crate) part: Option<Arc<StoredResponse>>,
    /// Where the origin is asked for what is missing of it, in the place of the whole.
    pub(crate) missing: Option<Gap>,
    /// Where none was selected, those that the origin was asked about all the same (C-18).
    pub(crate) others: Vec<Arc<StoredResponse>>,
    /// Of a HEAD, the stored responses to GET that its answer may say something of.
    pub(crate) described: Vec<Arc<StoredResponse>>,
}

impl Fill {
    /// A request for which nothing is held.
    pub(crate) fn new(
        asked: Asked,
        caller: Caller,
        exchanging: Exchanging,
        company: Company,
    ) -> Self {
        Self {
            asked,
            caller,
            exchanging: Some(exchanging),
            company,
            selected: None,
            beside: None,
            is_validation: false,
            may_repeat: false,
            request_time: SystemTime::UNIX_EPOCH,
        }
    }

    pub(crate) fn exchanging(&self) -> &Exchanging {
        self.exchanging.as_ref().expect(HANDED_ON)
    }

    pub(crate) fn exchanging_mut(&mut self) -> &mut Exchanging {
        self.exchanging.as_mut().expect(HANDED_ON)
    }

    /// Of whoever stores the answer: nothing more comes of this here.
    pub(crate) fn hand_on(&mut self) -> Exchanging {
        self.exchanging.take().expect(HANDED_ON)
    }

    pub(crate) fn part(&self) -> Option<&Arc<StoredResponse>> {
        self.beside.as_ref()?.part.as_ref()
    }

    pub(crate) fn missing(&self) -> Option<Gap> {
        self.beside.as_ref()?.missing
    }

    pub(crate) fn others(&self) -> &[Arc<StoredResponse>] {
        self.beside.as_ref().map_or(&[], |beside| &beside.others)
    }

    pub(crate) fn described(&self) -> &[Arc<StoredResponse>] {
        self.beside.as_ref().map_or(&[], |beside| &beside.described)
    }
}

const HANDED_ON: &str = "an exchange is handed on last";

/// An answer that may be stored, with all that is known about it.
pub(crate) struct Filling<'a> {
    pub(crate) cache: &'a Arc<Cache>,
    pub(crate) settings: &'a Settings,
    pub(crate) fill: &'a mut Fill,
    pub(crate) status: CacheStatus,
    // What many answers are passed on without.
    now: OnceCell<SystemTime>,
    key: OnceCell<Arc<CacheKey>>,
    caller: OnceCell<HeaderMap>,
    applied: OnceCell<Applied>,
}

impl<'a> Filling<'a> {
    /// The head of the origin's answer is there, or it is known that there will be none.
    pub(crate) fn new(
        cache: &'a Arc<Cache>,
        settings: &'a Settings,
        fill: &'a mut Fill,
        status: CacheStatus,
    ) -> Self {
        Self {
            cache,
            settings,
            fill,
            status,
            now: OnceCell::new(),
            key: OnceCell::new(),
            caller: OnceCell::new(),
            applied: OnceCell::new(),
        }
    }

    /// When that was: time is read once for all that follows.
    pub(crate) fn now(&self) -> SystemTime {
        *self.now.get_or_init(|| self.settings.clock.now())
    }

    /// The key of the request.
    pub(crate) fn key(&self) -> &Arc<CacheKey> {
        self.key.get_or_init(|| Arc::new(self.fill.caller.to_key()))
    }

    /// The fields of the request as the caller sent it.
    pub(crate) fn caller(&self) -> &HeaderMap {
        self.caller.get_or_init(|| self.fill.caller.to_fields())
    }

    pub(crate) fn answered<B: Body>(mut self, response: Response<B>) -> Next<B> {
        let (settings, status) = (self.settings, response.status());
        let came_from = settings.came_from(response.extensions());
        let is_redirected = came_from.is_some_and(|uri| {
            let wishes = self.fill.asked.wishes.as_deref();
            !settings.is_of(&uri, self.key(), &self.cache.seed, wishes)
        });
        if let Some(gap) = self.fill.missing() {
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
            self.mark_unshared(NotStored::Redirected);
            return Next::Answer(passed(response, self.status, NotStored::Redirected));
        }
        let is_not_modified = response.status() == StatusCode::NOT_MODIFIED;
        if self.fill.is_validation && !is_not_modified {
            let outcome = if response.status().is_server_error() {
                Validation::Failed
            } else {
                Validation::Replaced
            };
            self.cache.validated(self.key(), outcome);
        }
        let has_been_asked = self.fill.selected.is_some() || self.fill.is_validation;
        if is_not_modified && has_been_asked {
            return self.not_modified(response);
        }
        if response.status() == StatusCode::PARTIAL_CONTENT {
            return Next::Answer(self.part(response));
        }
        self.full(response)
    }

    /// RFC 9111 §3: any other answer.
    fn full<B: Body>(&mut self, response: Response<B>) -> Next<B> {
        if response.status().is_server_error() {
            if let Some(stale) = self.stale(Failure::Status(response.status())) {
                return Next::Answer(self.reused(&stale, NotStored::ServerError));
            }
        }
        // A head takes the place of no body; it says what has become of it.
        if self.fill.asked.is_head && status::is_about_resource(response.status()) {
            if let Some(freshened) = self.freshen_by_head(response.status(), response.headers()) {
                let mut response = response.map(CacheBody::passed);
                response.extensions_mut().insert(freshened);
                return Next::Answer(response);
            }
            self.fill.selected.take_if(|held| !held.head.is_of_head);
        }
        match self.may_store(&response) {
            Ok((storable, selected_by)) => {
                let (incomplete, expected) = self.incomplete(&response, storable, selected_by);
                let limit = self.settings.max_body();
                let (status, now) = (self.status, self.now());
                Next::Answer(incomplete.record(response, expected, limit, status, now))
            }
            Err(refused) => {
                self.outdate_held(&response);
                if !self.is_server_error(&response) {
                    self.mark_unshared(refused);
                }
                Next::Answer(passed(response, self.status, refused))
            }
        }
    }

    /// Whether an answer says that the server has failed, which may be over soon, and nothing of what was asked for.
    fn is_server_error<B: Body>(&self, response: &Response<B>) -> bool {
        #[cfg(feature = "grpc")]
        if self.is_failed_call(response) && grpc::is_server_error(response.headers()) {
            return true;
        }
        response.status().is_server_error()
    }

    /// An answer to POST or PATCH: where it is of what a GET would get it is stored for that (RFC 9110
    /// §9.3.3, RFC 5789 §2, C-31).
    pub(crate) fn posted<B: Body>(mut self, response: Response<B>, is_of_target: bool) -> Next<B> {
        let is_stored = is_of_target
            && matches!(
                response.status(),
                StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION
            )
            && self.settings.policy.says_how_long(response.headers());
        if is_stored {
            return self.full(response);
        }
        Next::Answer(passed(response, self.status, NotStored::Method))
    }

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
    fn stale(&self, failure: Failure) -> Option<Arc<StoredResponse>> {
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
    fn reused<B>(&self, stored: &StoredResponse, instead: NotStored) -> Response<CacheBody<B>> {
        stored.backoff.fail(self.now());
        let status = self.status.stored_as(Err(instead));
        let asker = Asker::of(stored, &self.fill.asked, self.caller(), self.now());
        let response = reused(stored, asker, status);
        self.cache.counters.stale_if_error();
        self.cache.counters.serve(response.body().held());
        response
    }

    /// How long an answer is to be fresh, where the caller says so.
    pub(crate) fn wished(&self) -> Option<Duration> {
        self.fill.asked.wishes.as_ref()?.lifetime
    }

    /// What the user says of an answer with this head, where that is anything.
    pub(crate) fn applied(&self, status: StatusCode, fields: &HeaderMap) -> Option<&Applied> {
        let are_any = self.settings.rules.are_there() || self.wished().is_some();
        are_any.then(|| self.applied.get_or_init(|| self.apply(status, fields)))
    }

    /// What the rules say of an answer with this head, and its caller.
    pub(crate) fn apply(&self, status: StatusCode, fields: &HeaderMap) -> Applied {
        let rules = &self.settings.rules;
        let mut applied = if rules.are_there() {
            let wishes = self.fill.asked.wishes.as_deref();
            // By a name it is stored, and not asked for.
            let uri = wishes.and_then(|wishes| wishes.uri.as_deref());
            let uri = uri.unwrap_or_else(|| &self.key().uri);
            rules.applied((uri, self.caller()), status, fields)
        } else {
            Applied::default()
        };
        applied.lifetimes.wished = self.wished();
        applied
    }

    /// An answer to what was asked for, with this head.
    pub(crate) fn received<'f>(
        &self,
        status: StatusCode,
        fields: &'f HeaderMap,
        is_delimited: bool,
    ) -> Received<'f> {
        Received {
            lifetimes: self.lifetimes(status, fields),
            ..self.heard(status, fields, is_delimited)
        }
    }

    /// What is said of lifetimes beside what a response says itself.
    fn lifetimes(&self, status: StatusCode, fields: &HeaderMap) -> Option<Lifetimes> {
        let said = self.applied(status, fields).map(|says| says.lifetimes);
        if !self.fill.asked.is_unconditional() {
            return said;
        }
        // Nothing is guessed of an answer to POST (RFC 9110 §9.3.3).
        Some(Lifetimes {
            never_guessed: true,
            ..said.unwrap_or_default()
        })
    }

    /// The same, whatever the user says of it.
    pub(crate) fn heard<'f>(
        &self,
        status: StatusCode,
        fields: &'f HeaderMap,
        is_delimited: bool,
    ) -> Received<'f> {
        Received {
            status,
            fields,
            request_time: self.fill.request_time,
            response_time: self.now(),
            is_secure: self.key().is_secure(),
            is_delimited,
            is_timed: self.settings.clock.is_known(),
            lifetimes: None,
        }
    }

    /// How request fields are compared.
    pub(crate) fn comparing(&self) -> Comparing<'_> {
        self.settings.comparing(&self.cache.seed)
    }

    /// An answer that may not be stored shows all the same that the stored response is outdated
    /// (PRJ-4.3.3-4). An error, or an answer about the exchange rather than the resource, does not; but that
    /// there are no such ranges shows that those that are stored are of something else.
    fn outdate_held<B: Body>(&self, response: &Response<B>) {
        #[cfg(feature = "grpc")]
        if self.is_failed_call(response) {
            return;
        }
        let status = response.status();
        if let Some(held) = self.held() {
            let is_about_parts =
                status == StatusCode::RANGE_NOT_SATISFIABLE && held.parts.is_some();
            if status::is_about_resource(status) || is_about_parts {
                self.cache.store.outdate(held);
            }
        }
    }
}
