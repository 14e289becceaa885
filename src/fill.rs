//! An exchange whose answer may be stored, or freshens what is.

use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, Response, StatusCode, header};
use http_body::Body;

use crate::answer::{self, passed};
use crate::body::CacheBody;
use crate::body::recorder::{Incomplete, Recorder, not_stored};
use crate::cache::Cache;
use crate::cache_status::{CacheStatus, NotStored};
use crate::key::CacheKey;
use crate::policy::storing::{self, Storable};
use crate::policy::validation::{Freshened, NotModified};
use crate::policy::{Asked, selection, validation};
use crate::settings::Settings;
use crate::store::{Exchanging, Reservation};
use crate::stored::{self, Selection, StoredBody, StoredHead, StoredResponse};

/// A request whose answer may be stored.
#[derive(Debug)]
pub(crate) struct Fill {
    pub(crate) key: CacheKey,
    pub(crate) asked: Asked,
    /// The fields of the request as the caller sent it.
    pub(crate) caller: HeaderMap,
    pub(crate) exchanging: Exchanging,
    /// The stored response that was selected and could not be reused.
    pub(crate) selected: Option<Arc<StoredResponse>>,
    /// Whether the origin is asked if that one is still good.
    pub(crate) is_validation: bool,
    pub(crate) request_time: SystemTime,
}

/// An answer that may be stored, with all that is known about it.
pub(crate) struct Filling {
    cache: Arc<Cache>,
    settings: Arc<Settings>,
    fill: Fill,
    now: SystemTime,
    status: CacheStatus,
}

/// A stored response brought up to date.
struct Fresh {
    response: Arc<StoredResponse>,
    /// The 304 came from a cache on the way, with an `Age` of its own.
    is_from_cache: bool,
    status: CacheStatus,
}

impl Filling {
    /// The head of the origin's answer is there: time is read once for all that follows.
    pub(crate) fn new(
        cache: Arc<Cache>,
        settings: Arc<Settings>,
        fill: Fill,
        status: CacheStatus,
    ) -> Self {
        let now = settings.clock.now();
        Self {
            cache,
            settings,
            fill,
            now,
            status,
        }
    }

    pub(crate) fn answered<B: Body>(self, response: Response<B>) -> Response<CacheBody<B>> {
        let is_not_modified = response.status() == StatusCode::NOT_MODIFIED;
        if self.fill.is_validation {
            self.cache.counters.validation(is_not_modified);
        }
        match &self.fill.selected {
            Some(selected) if is_not_modified => {
                let selected = selected.clone();
                self.not_modified(response, &selected)
            }
            _ => self.full(response),
        }
    }

    /// RFC 9111 §4.3.3: a 304, where there is a stored response that it may be about.
    fn not_modified<B>(
        self,
        response: Response<B>,
        selected: &Arc<StoredResponse>,
    ) -> Response<CacheBody<B>> {
        let (fill, answer) = (&self.fill, response.headers());
        match validation::is_about(answer, selected, &fill.caller, fill.is_validation) {
            NotModified::Stored => {
                let fresh = self.freshen(answer, selected);
                let mut response = answer::validated(
                    &fresh.response,
                    &fill.asked,
                    &fill.caller,
                    self.now,
                    fresh.is_from_cache,
                );
                response.extensions_mut().insert(fresh.status);
                response
            }
            NotModified::Both => {
                let status = self.freshen(answer, selected).status;
                let mut response = response.map(CacheBody::passed);
                response.extensions_mut().insert(status);
                response
            }
            NotModified::Caller => passed(response, self.status, NotStored::NotSelected),
            // There is no body to answer with, and none can be asked for: the request is gone (C-20).
            NotModified::Nobody => {
                self.cache.store.outdate(selected);
                answer::unavailable(self.status.stored_as(Err(NotStored::NotSelected)))
            }
        }
    }

    /// RFC 9111 §4.3.4: the stored response is still good, with the fields of the 304; and so is every
    /// other that the request selects and that has the same strong tag.
    fn freshen(&self, answer: &HeaderMap, selected: &Arc<StoredResponse>) -> Fresh {
        for other in self.cache.store.variants_beside(selected) {
            if validation::has_same_strong_tag(answer, &other)
                && selection::matches(&self.cache.seed, &other, &self.fill.caller)
            {
                self.freshen_one(answer, &other);
            }
        }
        self.freshen_one(answer, selected)
    }

    fn freshen_one(&self, answer: &HeaderMap, stored: &Arc<StoredResponse>) -> Fresh {
        let Self {
            cache, fill, now, ..
        } = self;
        let head = &stored.head;
        let policy = &self.settings.policy;
        let Freshened {
            fields,
            terms,
            may_stay,
            is_from_cache,
        } = policy.freshen(head.status, &head.fields, answer, fill.request_time, *now);
        let status = self
            .status
            .with_age(terms.current_age(*now), terms.lifetime);
        let selected_by = selection::selection(&cache.seed, &fields, &fill.caller);
        let may_stay = may_stay && stored.terms.may_be_freshened && selected_by.is_some();
        let response = Arc::new(StoredResponse::new(
            stored.key.clone(),
            StoredHead {
                fields: stored::own(&fields),
                ..*head
            },
            selected_by.unwrap_or_default(),
            terms,
            stored.body.clone(),
        ));
        let storing = if fill.asked.directives.no_store {
            Err(NotStored::RequestNoStore)
        } else if may_stay {
            cache
                .store
                .freshen(&fill.exchanging, stored, response.clone(), &cache.switch)
                .map_err(not_stored)
        } else {
            cache.store.remove(stored);
            Err(NotStored::NoStore)
        };
        Fresh {
            response,
            is_from_cache,
            status: status.stored_as(storing),
        }
    }

    /// RFC 9111 §3: any other answer.
    fn full<B: Body>(self, response: Response<B>) -> Response<CacheBody<B>> {
        match self.may_store(&response) {
            Ok((storable, selected_by)) => self.store(response, storable, selected_by),
            Err(refused) => {
                self.outdate_selected(response.status());
                passed(response, self.status, refused)
            }
        }
    }

    fn may_store<B: Body>(
        &self,
        response: &Response<B>,
    ) -> Result<(Storable, Selection), NotStored> {
        let (fill, fields) = (&self.fill, response.headers());
        let storable = self.settings.policy.may_store(
            &fill.asked.directives,
            response.status(),
            fields,
            fill.request_time,
            self.now,
        )?;
        // An error takes the place of nothing that is good (PRJ-5861-5).
        if response.status().is_server_error() && fill.selected.is_some() {
            return Err(NotStored::ServerError);
        }
        let selected_by =
            selection::selection(&self.cache.seed, fields, &fill.caller).ok_or(NotStored::Vary)?;
        let least = storable.content_length.filter(|_| !fill.asked.is_head);
        let least = least.unwrap_or(0).max(response.body().size_hint().lower());
        if least > self.settings.max_body() as u64 {
            return Err(NotStored::TooLarge);
        }
        // What is known now need not be copied first.
        let Self { cache, .. } = self;
        cache
            .store
            .would_take(&fill.exchanging, &fill.key, &cache.switch)
            .map_err(not_stored)?;
        Ok((storable, selected_by))
    }

    fn store<B: Body>(
        self,
        response: Response<B>,
        storable: Storable,
        selected_by: Selection,
    ) -> Response<CacheBody<B>> {
        let Self {
            cache,
            settings,
            fill,
            now,
            status,
        } = self;
        let status = status.with_age(storable.terms.current_age(now), storable.terms.lifetime);
        // Neither has a body, whatever `Content-Length` says (RFC 9112 §6.3).
        let has_none = fill.asked.is_head || response.status() == StatusCode::NO_CONTENT;
        let mut fields = storable.fields;
        if response.status() == StatusCode::NO_CONTENT {
            fields.remove(header::CONTENT_LENGTH);
        }
        let expected = if has_none {
            Some(0)
        } else {
            storable.content_length
        };
        let mut incomplete = Incomplete {
            cache,
            exchanging: fill.exchanging,
            key: Arc::new(fill.key),
            head: StoredHead {
                is_of_head: fill.asked.is_head,
                status: response.status(),
                version: response.version(),
                fields,
            },
            selected_by,
            terms: storable.terms,
            outdated: fill.selected,
        };
        if let Some(whole) = incomplete
            .outdated
            .take_if(|held| fill.asked.is_head && !held.head.is_of_head)
        {
            // A head takes the place of no body; it may show that the body is of another (§4.3.5).
            let is_same = response.status() == whole.head.status
                && validation::is_head_of(response.headers(), &whole);
            if !is_same {
                incomplete.cache.store.outdate(&whole);
            }
        }
        let (parts, body) = response.into_parts();
        let (body, storing) = if !body.is_end_stream() {
            let recorder = Recorder::new(incomplete, expected, settings.max_body());
            (CacheBody::recorded(body, recorder), Ok(()))
        } else if expected.unwrap_or(0) == 0 {
            let reservation = Reservation::new(&incomplete.cache.store);
            let storing = incomplete.complete(StoredBody::default(), reservation);
            (CacheBody::passed(body), storing)
        } else {
            (CacheBody::passed(body), Err(NotStored::ContentLength))
        };
        let mut response = Response::from_parts(parts, body);
        response.extensions_mut().insert(status.stored_as(storing));
        response
    }

    /// An answer that may not be stored shows all the same that the stored response is outdated
    /// (PRJ-4.3.3-4). An error, or an answer about the exchange rather than the resource, does not.
    fn outdate_selected(&self, status: StatusCode) {
        if let Some(selected) = &self.fill.selected {
            if storing::is_about_resource(status) {
                self.cache.store.outdate(selected);
            }
        }
    }
}
