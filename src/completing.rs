//! What is held in part and asked for whole: the origin's answer with what was missing.

use http::{Response, StatusCode};
use http_body::Body;

use crate::answer;
use crate::body::CacheBody;
use crate::body::incomplete::Incomplete;
use crate::body::recorder::Recorder;
use crate::cache_status::NotStored;
use crate::exchange::Next;
use crate::fill::Filling;
use crate::parts::Gap;
use crate::policy::parts::{self, Part};

impl Filling<'_> {
    /// RFC 9111 §3.3: an answer to who has asked for what is missing, on behalf of a caller who has asked for
    /// the whole, and gets nothing less.
    pub(crate) fn completed<B: Body>(self, response: Response<B>, gap: Gap) -> Next<B> {
        let Some(held) = self.fill.part().cloned() else {
            return self.again();
        };
        let part = self.missing_part(&response, gap);
        let (Some(part), Some(octets)) = (part, held.parts.as_deref()) else {
            // To ask so again would be in vain again.
            self.cache.store.remove(&held);
            return self.again();
        };
        // By now more may be stored of the same.
        let current = self
            .held_now()
            .filter(|current| parts::is_same(&held.head.validators(), &held.terms, current));
        let current = current.as_ref().unwrap_or(&held);
        let mut answer = response.headers().clone();
        parts::forget_digests(&mut answer);
        let fresh = self.freshen_one(&answer, current);
        let room = self.settings.max_body().saturating_sub(octets.len());
        let status = if part.len() > room as u64 {
            fresh.status.stored_as(Err(NotStored::TooLarge))
        } else {
            fresh.status
        };
        let mut head = answer::whole(&fresh.response, part, self.now(), fresh.is_from_cache);
        head.headers_mut().extend(fresh.for_caller);
        head.extensions_mut().insert(status);
        let is_shared = self.mark_shared(&fresh.response.terms);
        let recorder = status.is_stored().then(|| {
            let cache = self.cache.clone();
            let leader = self.fill.company.hand_on(is_shared);
            let claims = (self.fill.hand_on(), leader);
            let more = Incomplete::more_of(&fresh.response, part, cache, claims);
            Recorder::new(more, Some(part.len()), room)
        });
        let before = part.first.checked_sub(1);
        let before = before.map_or_else(Vec::new, |last| octets.slices(0, last));
        let after = octets.slices(part.last + 1, u64::MAX);
        let missing = (response.into_body(), part.len());
        Next::Answer(head.map(|()| CacheBody::completed(before, missing, after, recorder)))
    }

    /// Which octets the answer has, where they are those that were missing, and its body does not say
    /// otherwise.
    fn missing_part<B: Body>(&self, response: &Response<B>, gap: Gap) -> Option<Part> {
        let held = self.fill.part()?;
        let (fields, body) = (response.headers(), response.body());
        let is_part = response.status() == StatusCode::PARTIAL_CONTENT && !body.is_end_stream();
        let part = is_part.then(|| parts::completing(fields, self.now(), gap, held));
        let length = body.size_hint();
        part.flatten().filter(|part| {
            length.lower() <= part.len() && length.upper().is_none_or(|most| part.len() <= most)
        })
    }
}
