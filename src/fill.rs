//! An exchange whose answer may be stored.

use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, Response, StatusCode, header};
use http_body::Body;

use crate::answer::passed;
use crate::body::CacheBody;
use crate::body::recorder::{Incomplete, Recorder};
use crate::cache::Cache;
use crate::cache_status::{CacheStatus, NotStored};
use crate::key::CacheKey;
use crate::policy::storing::Storable;
use crate::policy::{Asked, selection, status, validation};
use crate::settings::Settings;
use crate::store::{Exchanging, Reservation};
use crate::stored::{self, Selection, StoredBody, StoredHead, StoredResponse};

/// A request whose answer may be stored.
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
    pub(crate) cache: Arc<Cache>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) fill: Fill,
    pub(crate) now: SystemTime,
    pub(crate) status: CacheStatus,
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
            .would_take(&fill.exchanging, &fill.key, &cache.switch)?;
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
        let aged = status.with_age(storable.terms.current_age(now), storable.terms.lifetime);
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
                // Of the transport nothing is held on to while the body is read.
                fields: stored::own(&fields),
            },
            selected_by,
            terms: storable.terms,
            outdated: fill.selected.as_ref().map(Arc::downgrade),
        };
        if let Some(whole) = fill
            .selected
            .filter(|held| fill.asked.is_head && !held.head.is_of_head)
        {
            // A head takes the place of no body; it may show that the body is of another (§4.3.5).
            incomplete.outdated = None;
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
        let status = if storing.is_ok() { aged } else { status };
        let mut response = Response::from_parts(parts, body);
        response.extensions_mut().insert(status.stored_as(storing));
        response
    }

    /// An answer that may not be stored shows all the same that the stored response is outdated
    /// (PRJ-4.3.3-4). An error, or an answer about the exchange rather than the resource, does not.
    fn outdate_selected(&self, status: StatusCode) {
        if let Some(selected) = &self.fill.selected {
            if status::is_about_resource(status) {
                self.cache.store.outdate(selected);
            }
        }
    }
}
