//! A 206: part of what is stored, or of what will be.

use std::sync::Arc;

use http::{Response, StatusCode};
use http_body::Body;

use crate::answer::passed;
use crate::body::CacheBody;
use crate::body::incomplete::Incomplete;
use crate::cache_status::NotStored;
use crate::fill::Filling;
use crate::policy::parts::{self, Kinship, Part};
use crate::stored::{StoredHead, StoredResponse};

impl Filling<'_> {
    /// RFC 9111 §3.3: an answer with part of the whole. The caller gets it as it is.
    pub(crate) fn part<B: Body>(self, response: Response<B>) -> Response<CacheBody<B>> {
        // Nobody asked for one.
        if self.fill.asked.range.is_none() {
            return passed(response, self.status, NotStored::Status);
        }
        let Some(held) = self.held_now() else {
            return self.store_part(response, None);
        };
        match parts::kinship(
            response.headers(),
            self.fill.request_time,
            self.now(),
            &held,
        ) {
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
        self.fill.selected.as_ref().or(self.fill.part())
    }

    /// The same, as it is by now.
    pub(crate) fn held_now(&self) -> Option<Arc<StoredResponse>> {
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
        let mut answer = response.headers().clone();
        parts::forget_digests(&mut answer);
        let fresh = self.freshen_one(&answer, held);
        match held.parts.as_deref() {
            Some(parts) if fresh.status.is_stored() => {
                let room = self.settings.max_body().saturating_sub(parts.len());
                if part.len() > room as u64 {
                    return passed(response, fresh.status, NotStored::TooLarge);
                }
                let (cache, exchanging) = (self.cache.clone(), self.fill.hand_on());
                let mut more =
                    Incomplete::more_of(&fresh.response, part, cache, (exchanging, None));
                more.read_on = self.settings.read_on;
                more.record(response, Some(part.len()), room, fresh.status, self.now())
            }
            _ => {
                let mut response = response.map(CacheBody::passed);
                response.extensions_mut().insert(fresh.status);
                response
            }
        }
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
                let fit = self.may_take(&response, &storable)?;
                Ok((storable, fit, part))
            });
        let (storable, fit, part) = match storable {
            Ok(storable) => storable,
            Err(refused) => return passed(response, self.status, refused),
        };
        let limit = self.settings.max_body();
        let incomplete = Incomplete {
            leader: None,
            cache: self.cache.clone(),
            exchanging: self.fill.hand_on(),
            key: self.key().clone(),
            relations: fit.relations,
            head: StoredHead {
                is_of_head: false,
                status: StatusCode::OK,
                version: response.version(),
                fields: storable.kept.pack(),
            },
            selected_by: fit.selected_by,
            terms: storable.terms,
            part: Some(part),
            keeps_incomplete: false,
            read_on: self.settings.read_on,
            outdated: outdated.map(Arc::downgrade),
        };
        incomplete.record(response, Some(part.len()), limit, self.status, self.now())
    }
}
