//! A 206: part of what is stored, or of what will be.

use std::sync::Arc;

use http::{Response, StatusCode};
use http_body::Body;

use crate::answer::{self, passed};
use crate::body::CacheBody;
use crate::body::incomplete::Incomplete;
use crate::body::recorder::Recorder;
use crate::cache_status::NotStored;
use crate::exchange::Next;
use crate::fill::Filling;
use crate::parts::Gap;
use crate::policy::parts::{self, Kinship, Part};
use crate::relations::Relations;
use crate::stored::{self, StoredHead, StoredResponse};

impl Filling {
    /// RFC 9111 §3.3: an answer with part of the whole. The caller gets it as it is.
    pub(crate) fn part<B: Body>(self, response: Response<B>) -> Response<CacheBody<B>> {
        // Nobody asked for one.
        if self.fill.asked.range.is_none() {
            return passed(response, self.status, NotStored::Status);
        }
        let Some(held) = self.held_now() else {
            return self.store_part(response, None);
        };
        match parts::kinship(response.headers(), self.now, &held) {
            Kinship::Same => self.combine(response, &held),
            Kinship::Older => passed(response, self.status, NotStored::Outdated),
            Kinship::Newer => {
                self.cache.store.outdate(&held);
                self.store_part(response, Some(&held))
            }
            Kinship::Unknown => self.store_part(response, Some(&held)),
        }
    }

    /// What is stored of what was asked for, whole or not.
    pub(crate) fn held(&self) -> Option<&Arc<StoredResponse>> {
        self.fill.selected.as_ref().or(self.fill.part.as_ref())
    }

    /// The same, as it is by now.
    fn held_now(&self) -> Option<Arc<StoredResponse>> {
        let held = self.held()?;
        let current = self.cache.store.current(held);
        Some(current.unwrap_or_else(|| held.clone()))
    }

    /// RFC 9111 §3.4: part of what is stored already, which has the fields of this answer from now on.
    fn combine<B: Body>(
        self,
        response: Response<B>,
        held: &Arc<StoredResponse>,
    ) -> Response<CacheBody<B>> {
        let Some(part) = Part::of_stored(response.headers(), held) else {
            return passed(response, self.status, NotStored::Partial);
        };
        let fresh = self.freshen_one(response.headers(), held);
        let limit = self.settings.max_body();
        match held.parts.as_deref() {
            Some(parts) if fresh.status.is_stored() => {
                let room = limit.saturating_sub(parts.len());
                if part.len() > room as u64 {
                    return passed(response, fresh.status, NotStored::TooLarge);
                }
                let stored = &*fresh.response;
                let incomplete = Incomplete {
                    cache: self.cache,
                    exchanging: self.fill.exchanging,
                    key: stored.key.clone(),
                    head: stored.head.clone(),
                    selected_by: stored.selected_by.clone(),
                    terms: stored.terms.clone(),
                    relations: stored.relations.clone(),
                    part: Some(part),
                    outdated: None,
                };
                incomplete.record(response, Some(part.len()), room, fresh.status, self.now)
            }
            _ => {
                let mut response = response.map(CacheBody::passed);
                response.extensions_mut().insert(fresh.status);
                response
            }
        }
    }

    /// RFC 9111 §3.3: an answer to who has asked for what is missing, on behalf of who has asked for the whole.
    pub(crate) fn completed<B: Body>(self, response: Response<B>, gap: Gap) -> Next<B> {
        let fields = response.headers();
        let Some(held) = self.fill.part.clone() else {
            return self.again();
        };
        let part = match response.status() {
            StatusCode::PARTIAL_CONTENT => parts::completing(fields, self.now, gap, &held),
            _ => None,
        };
        let has_other_length = |part: Part| {
            let length = response.body().size_hint();
            response.body().is_end_stream()
                || length.lower() > part.len()
                || length.upper().is_some_and(|most| most < part.len())
        };
        let (part, octets) = match (part, held.parts.as_deref()) {
            (Some(part), Some(octets)) if !has_other_length(part) => (part, octets),
            _ => {
                // To ask so again would be in vain again.
                self.cache.store.remove(&held);
                return self.again();
            }
        };
        // By now more may be stored of the same.
        let current = self
            .held_now()
            .filter(|current| parts::is_same(&held.head.fields, &held.terms, current));
        let fresh = self.freshen_one(fields, current.as_ref().unwrap_or(&held));
        let before = part.first.checked_sub(1).map(|last| octets.slices(0, last));
        let after = octets.slices(part.last + 1, u64::MAX);
        let stored = &*fresh.response;
        let is_too_large =
            part.len() > self.settings.max_body().saturating_sub(octets.len()) as u64;
        let mut head = answer::whole(stored, part.complete, self.now, fresh.is_from_cache);
        head.extensions_mut().insert(match is_too_large {
            true => fresh.status.stored_as(Err(NotStored::TooLarge)),
            false => fresh.status,
        });
        let room = self.settings.max_body().saturating_sub(octets.len());
        let is_recorded = fresh.status.is_stored() && !is_too_large;
        let recorder = is_recorded.then(|| {
            let incomplete = Incomplete {
                cache: self.cache,
                exchanging: self.fill.exchanging,
                key: stored.key.clone(),
                head: stored.head.clone(),
                selected_by: stored.selected_by.clone(),
                terms: stored.terms.clone(),
                relations: stored.relations.clone(),
                part: Some(part),
                outdated: None,
            };
            Recorder::new(incomplete, Some(part.len()), room)
        });
        let body = (response.into_body(), part.len());
        let before = before.unwrap_or_default();
        Next::Answer(head.map(|()| CacheBody::completed(before, body, after, recorder)))
    }

    /// The first part that is stored of something.
    fn store_part<B: Body>(
        self,
        response: Response<B>,
        outdated: Option<&Arc<StoredResponse>>,
    ) -> Response<CacheBody<B>> {
        let received = self.received(StatusCode::PARTIAL_CONTENT, response.headers(), true);
        let (policy, asked) = (&self.settings.policy, &self.fill.asked);
        let storable = policy
            .may_store_part(asked, received)
            .and_then(|(storable, part)| {
                let selected_by = self.may_take(&response, &storable)?;
                Ok((storable, selected_by, part))
            });
        let (storable, selected_by, part) = match storable {
            Ok(storable) => storable,
            Err(refused) => return passed(response, self.status, refused),
        };
        let limit = self.settings.max_body();
        let (seed, related) = (&self.cache.seed, self.settings.related);
        let relations = Relations::of(seed, related, &self.fill.key, &storable.fields);
        let incomplete = Incomplete {
            cache: self.cache,
            exchanging: self.fill.exchanging,
            key: Arc::new(self.fill.key),
            head: StoredHead {
                is_of_head: false,
                status: StatusCode::OK,
                version: response.version(),
                fields: stored::own(&storable.fields),
            },
            selected_by,
            terms: storable.terms,
            relations,
            part: Some(part),
            outdated: outdated.map(Arc::downgrade),
        };
        incomplete.record(response, Some(part.len()), limit, self.status, self.now)
    }
}
