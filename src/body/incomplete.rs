//! A response to be stored, of which the body is still to come.

use std::sync::{Arc, Weak};
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body::Body;

use super::CacheBody;
use super::recorder::Recorder;
use crate::cache::Cache;
use crate::cache_status::{CacheStatus, NotStored};
use crate::collapse::Leader;
use crate::key::CacheKey;
use crate::packed::Packed;
use crate::parts::Parts;
use crate::policy::parts::{self, Part};
use crate::relations::Relations;
use crate::store::{Exchanging, Refused, Reservation};
use crate::stored::{Selection, StoredBody, StoredHead, StoredResponse, Terms};
use crate::tags::Tags;

/// A response to be stored, of which the body is still to come.
#[derive(Debug)]
pub(crate) struct Incomplete {
    pub(crate) cache: Arc<Cache>,
    /// For whom others wait.
    pub(crate) leader: Option<Leader>,
    pub(crate) exchanging: Exchanging,
    pub(crate) key: Arc<CacheKey>,
    pub(crate) head: StoredHead,
    pub(crate) selected_by: Selection,
    pub(crate) terms: Terms,
    pub(crate) relations: Relations,
    /// Which octets of the whole are to come; `None` where all are.
    pub(crate) part: Option<Part>,
    /// Whether it is stored in part where it is cut off (C-30).
    pub(crate) keeps_incomplete: bool,
    /// So many octets are read on where the caller drops the body before its end.
    pub(crate) read_on: usize,
    /// What it takes the place of; it may be gone before that, and is not held on to.
    pub(crate) outdated: Option<Weak<StoredResponse>>,
}

impl Incomplete {
    /// Another part of what is stored in part.
    pub(crate) fn more_of(
        stored: &StoredResponse,
        part: Part,
        cache: Arc<Cache>,
        (exchanging, leader): (Exchanging, Option<Leader>),
    ) -> Self {
        Self {
            cache,
            leader,
            exchanging,
            key: stored.key.clone(),
            head: stored.head.clone(),
            selected_by: stored.selected_by.clone(),
            terms: stored.terms.clone(),
            relations: stored.relations.clone(),
            part: Some(part),
            keeps_incomplete: false,
            read_on: 0,
            outdated: None,
        }
    }

    /// Stores it with its body, unless the store has a reason not to.
    pub(crate) fn complete(
        mut self,
        body: StoredBody,
        reservation: Reservation,
    ) -> Result<(), NotStored> {
        if let Some(part) = self.part.take() {
            return self.combine(part, body.data, reservation);
        }
        let response = StoredResponse::new(self.key, self.head, self.selected_by, self.terms, body)
            .related(self.relations);
        let outdated = self.outdated.as_ref();
        publish(
            &self.cache,
            &self.exchanging,
            response,
            outdated,
            reservation,
        )
    }

    /// Passes the origin's response on, and stores it when its body has been read, which is to be of
    /// `expected` octets where that is known, and of no more than `limit`.
    pub(crate) fn record<B: Body>(
        self,
        response: Response<B>,
        expected: Option<u64>,
        limit: usize,
        status: CacheStatus,
        now: SystemTime,
    ) -> Response<CacheBody<B>> {
        let aged = status.with_age(self.terms.current_age(now), self.terms.lifetime);
        let (parts, body) = response.into_parts();
        let (body, storing) = if !body.is_end_stream() {
            let recorder =
                Recorder::new(self, expected, limit).of_at_most(body.size_hint().upper());
            (CacheBody::recorded(body, recorder), Ok(()))
        } else if expected.unwrap_or(0) == 0 {
            let reservation = Reservation::new(&self.cache.store);
            let storing = self.complete(StoredBody::default(), reservation);
            (CacheBody::passed(body), storing)
        } else {
            (CacheBody::passed(body), Err(NotStored::ContentLength))
        };
        let status = if storing.is_ok() { aged } else { status };
        let mut response = Response::from_parts(parts, body);
        response.extensions_mut().insert(status.stored_as(storing));
        response
    }

    /// RFC 9111 §3.4: stores a part, together with what is stored of the same by now.
    fn combine(
        mut self,
        part: Part,
        data: Bytes,
        reservation: Reservation,
    ) -> Result<(), NotStored> {
        let held = self.cache.store.held_for(&self.key, &self.selected_by);
        let held = held.filter(|held| parts::is_same(&self.head.validators(), &self.terms, held));
        let parts = match held.as_deref() {
            None => Parts::new(part.first, data, part.complete),
            Some(held) => match held.parts.as_deref() {
                Some(parts) => parts.with(part.first, &data, part.complete),
                // Nothing is missing of what is whole.
                None => return Ok(()),
            },
        };
        let parts = parts.ok_or(NotStored::Partial)?;
        let (settings, _) = self.cache.settings();
        if parts.len() > settings.max_body() {
            return Err(NotStored::TooLarge);
        }
        // An answer that came later may have brought the fields up to date.
        if let Some(held) = held.as_deref() {
            let tags = self.relations.tags().chain(held.relations.tags());
            let tags = tags.collect::<Tags>();
            if held.terms.response_time > self.terms.response_time {
                self.head.clone_from(&held.head);
                self.terms.clone_from(&held.terms);
                self.relations.clone_from(&held.relations);
            }
            // Both are in it.
            let relations = self.relations.tagged(&self.cache.seed, &tags);
            self.relations = relations.ok_or(NotStored::Tags)?;
        }
        let (cache, exchanging) = (self.cache, self.exchanging);
        let response = put_together(self.key, self.head, self.selected_by, self.terms, parts)
            .related(self.relations);
        let Some(held) = held else {
            let outdated = self.outdated.as_ref();
            return publish(&cache, &exchanging, response, outdated, reservation);
        };
        let (store, response) = (&cache.store, Arc::new(response));
        let more = response.clone();
        store.freshen(&exchanging, &held, more, reservation, &cache.switch)?;
        cache.stored(&response);
        Ok(())
    }

    /// Whether it takes the place of something that is held whole.
    pub(super) fn outdates_whole(&self) -> bool {
        let outdated = self.outdated.as_ref().and_then(Weak::upgrade);
        outdated.is_some_and(|held| held.parts.is_none())
    }

    /// There is nothing wrong with it, and still it is not stored. It shows all the same that what it would
    /// have taken the place of is outdated (PRJ-4.3.3-4).
    pub(crate) fn outdate(&self) {
        outdate(&self.cache, self.outdated.as_ref());
    }
}

/// A response of which so much is held: where that is all, it is whole (RFC 9110 §15.3.7.3).
fn put_together(
    key: Arc<CacheKey>,
    mut head: StoredHead,
    selected_by: Selection,
    terms: Terms,
    parts: Parts,
) -> StoredResponse {
    let mut fields = head.fields.unpack();
    match parts.complete() {
        Some(octets) => fields.insert(header::CONTENT_LENGTH, HeaderValue::from(octets)),
        None => fields.remove(header::CONTENT_LENGTH),
    };
    head.fields = Packed::of(&fields);
    let whole = parts.whole();
    let parts = whole.is_none().then(|| Arc::new(parts));
    let body = StoredBody {
        data: whole.unwrap_or_default(),
        trailers: None,
    };
    StoredResponse::new(key, head, selected_by, terms, body).holding(parts)
}

fn publish(
    cache: &Cache,
    exchanging: &Exchanging,
    response: StoredResponse,
    outdated: Option<&Weak<StoredResponse>>,
    reservation: Reservation,
) -> Result<(), NotStored> {
    let response = Arc::new(response);
    let stored = cache.store.publish(
        exchanging,
        response.clone(),
        outdated,
        reservation,
        &cache.switch,
    );
    // What is held was asked for later where this is `Outdated`, and is good.
    if stored.is_err_and(|refused| refused != Refused::Outdated) {
        outdate(cache, outdated);
    }
    stored?;
    cache.stored(&response);
    Ok(())
}

fn outdate(cache: &Cache, outdated: Option<&Weak<StoredResponse>>) {
    if let Some(outdated) = outdated.and_then(Weak::upgrade) {
        cache.store.outdate(&outdated);
    }
}
