//! An exchange whose answer may be stored.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, Response, StatusCode};
use http_body::Body;

use crate::answer::passed;
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
use crate::parts::Gap;
use crate::policy::comparing::Comparing;
use crate::policy::stale::Failure;
use crate::policy::{Asked, status};
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
    pub(crate) applied: OnceCell<Applied>,
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
