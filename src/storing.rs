//! An answer that is stored: whether the store would take it, and how it gets there.

use std::sync::Arc;

use http::{Response, StatusCode, Version, header};
use http_body::Body;

use crate::body::CacheBody;
use crate::body::incomplete::Incomplete;
use crate::cache_status::NotStored;
use crate::fill::Filling;
use crate::packed::Packed;
use crate::policy::selection;
use crate::policy::storing::Storable;
use crate::relations::Relations;
use crate::stored::{Selection, StoredHead};

impl Filling<'_> {
    /// Whether an answer may be stored (RFC 9111 §3), and for which requests.
    pub(crate) fn may_store<B: Body>(
        &self,
        response: &Response<B>,
    ) -> Result<(Storable, Selection), NotStored> {
        let (fill, fields) = (&*self.fill, response.headers());
        // It was asked for a part.
        if self.fill.missing().is_some() && response.status() != StatusCode::OK {
            return Err(NotStored::Status);
        }
        let (policy, asked, status) = (&self.settings.policy, &fill.asked, response.status());
        let control = policy.permitted(asked, status, fields)?;
        let received = self.received(status, fields, is_delimited(response));
        let storable = policy.storable(asked, received, &control)?;
        // An error takes the place of nothing that is good (PRJ-5861-5).
        if status.is_server_error() && self.held().is_some() {
            return Err(NotStored::ServerError);
        }
        let selected_by = self.may_take(response, &storable)?;
        Ok((storable, selected_by))
    }

    /// Whether the store would take what may be stored, and for which requests.
    pub(crate) fn may_take<B: Body>(
        &self,
        response: &Response<B>,
        storable: &Storable,
    ) -> Result<Selection, NotStored> {
        let (fill, fields) = (&*self.fill, response.headers());
        let selected_by =
            selection::selection(self.comparing(), fields, self.caller()).ok_or(NotStored::Vary)?;
        let least = storable.content_length.filter(|_| !fill.asked.is_head);
        let least = least.unwrap_or(0).max(response.body().size_hint().lower());
        if least > self.settings.max_body() as u64 {
            return Err(NotStored::TooLarge);
        }
        // What is known now need not be copied first.
        let Self { cache, .. } = self;
        cache
            .store
            .would_take(fill.exchanging(), self.key(), &cache.switch)?;
        Ok(selected_by)
    }

    /// Passes an answer on, and stores it when its body has been read.
    pub(crate) fn store<B: Body>(
        self,
        response: Response<B>,
        storable: Storable,
        selected_by: Selection,
    ) -> Response<CacheBody<B>> {
        let (cache, settings, asked) = (self.cache, self.settings, &self.fill.asked);
        let keeps_incomplete =
            settings
                .policy
                .may_keep_incomplete(asked, response.status(), &storable);
        // Neither has a body, whatever `Content-Length` says (RFC 9112 §6.3).
        let has_none = asked.is_head || response.status() == StatusCode::NO_CONTENT;
        let mut fields = storable.fields;
        if response.status() == StatusCode::NO_CONTENT {
            fields.remove(header::CONTENT_LENGTH);
        }
        let expected = if has_none {
            Some(0)
        } else {
            storable.content_length
        };
        let incomplete = Incomplete {
            cache: cache.clone(),
            key: self.key().clone(),
            head: StoredHead {
                is_of_head: asked.is_head,
                status: response.status(),
                version: response.version(),
                // Of the transport nothing is held on to while the body is read.
                fields: Packed::of(&fields),
            },
            selected_by,
            terms: storable.terms,
            relations: Relations::of(&cache.seed, settings.related, self.key(), &fields),
            part: None,
            keeps_incomplete,
            outdated: self.held().map(Arc::downgrade),
            exchanging: self.fill.hand_on(),
        };
        let limit = settings.max_body();
        incomplete.record(response, expected, limit, self.status, self.now())
    }
}

/// Whether something else than the end of the connection says where a body ends.
fn is_delimited<B: Body>(response: &Response<B>) -> bool {
    let (fields, body) = (response.headers(), response.body());
    response.version() >= Version::HTTP_2
        || fields.contains_key(header::CONTENT_LENGTH)
        || fields.contains_key(header::TRANSFER_ENCODING)
        || body.is_end_stream()
        || body.size_hint().exact().is_some()
}
