//! An answer that is stored: whether the store would take it, and how it gets there.

use std::sync::Arc;

use http::{HeaderMap, Response, StatusCode, Version, header};
use http_body::Body;

use crate::body::incomplete::Incomplete;
use crate::cache_status::NotStored;
use crate::fill::Filling;
#[cfg(feature = "grpc")]
use crate::grpc;
use crate::policy::selection;
use crate::policy::storing::Storable;
use crate::relations::Relations;
use crate::rules::Applied;
use crate::stored::{Selection, StoredHead, StoredResponse};
use crate::tags::{self, Given};

/// What the store takes a response by: which requests select it, and what it has to do with others.
pub(crate) struct Fit {
    pub(crate) selected_by: Selection,
    pub(crate) relations: Relations,
}

impl Filling<'_> {
    /// Whether an answer may be stored (RFC 9111 §3), and for which requests.
    pub(crate) fn may_store<'r, B: Body>(
        &self,
        response: &'r Response<B>,
    ) -> Result<(Storable<'r>, Fit), NotStored> {
        let (fill, fields) = (&*self.fill, response.headers());
        // It was asked for a part.
        if self.fill.missing().is_some() && response.status() != StatusCode::OK {
            return Err(NotStored::Status);
        }
        let (policy, asked, status) = (&self.settings.policy, &fill.asked, response.status());
        let control = policy.permitted(asked, status, fields)?;
        #[cfg(feature = "grpc")]
        if self.is_failed_call(response) {
            return Err(NotStored::Status);
        }
        let received = self.received(status, fields, is_delimited(response));
        let storable = policy.storable(asked, received, &control)?;
        // It would have to be validated, and nobody says how.
        let cannot_be_fresh = storable.terms.lifetime.is_zero() || storable.terms.is_no_cache;
        if asked.is_unconditional() && cannot_be_fresh {
            return Err(NotStored::NotCacheable);
        }
        // An error takes the place of nothing that is good (PRJ-5861-5).
        if status.is_server_error() && self.held().is_some() {
            return Err(NotStored::ServerError);
        }
        let fit = self.may_take(response, &storable)?;
        Ok((storable, fit))
    }

    /// Whether a call of gRPC was asked, and its answer says at once that it has failed.
    #[cfg(feature = "grpc")]
    pub(crate) fn is_failed_call<B: Body>(&self, response: &Response<B>) -> bool {
        self.fill.asked.is_grpc() && grpc::has_no_message(response)
    }

    /// Whether the store would take what may be stored.
    pub(crate) fn may_take<B: Body>(
        &self,
        response: &Response<B>,
        storable: &Storable<'_>,
    ) -> Result<Fit, NotStored> {
        let (fill, fields) = (&*self.fill, response.headers());
        let says = self.applied(response.status(), fields);
        if says.is_some_and(|says| says.never_stored) {
            return Err(NotStored::Rule);
        }
        let ignored = says.map_or(&[][..], |says| &says.ignored_vary);
        let selected_by = selection::selection(self.comparing(), fields, &fill.caller, ignored);
        let selected_by = selected_by.ok_or(NotStored::Vary)?;
        let least = storable.content_length.filter(|_| !fill.asked.is_head);
        let least = least.unwrap_or(0).max(response.body().size_hint().lower());
        if least > self.settings.max_body() as u64 {
            return Err(NotStored::TooLarge);
        }
        // What is known now need not be copied first.
        let Self { cache, .. } = self;
        let relations = self.relations(fields, storable, says);
        let relations = relations.ok_or(NotStored::Tags)?;
        let (exchanging, key) = (fill.exchanging(), self.key());
        cache
            .store
            .would_take(exchanging, key, &relations, &cache.switch)?;
        Ok(Fit {
            selected_by,
            relations,
        })
    }

    /// The tags that an answer is given, beside those that it says.
    fn given_tags(&self, says: Option<&Applied>) -> Given {
        let wishes = self.fill.asked.wishes.as_ref();
        Given {
            wished: wishes.map(|wishes| wishes.tags.clone()).unwrap_or_default(),
            ruled: says.map(|says| says.tags.clone()).unwrap_or_default(),
        }
    }

    /// Those that a stored response is given with a 304. What the answer says in fields that are not kept is in `said`.
    pub(crate) fn tags_given_again(
        &self,
        says: Option<&Applied>,
        stored: &StoredResponse,
        said: [&HeaderMap; 2],
        kept: &HeaderMap,
    ) -> Given {
        let mut given = self.given_tags(says);
        given.wish(&stored.relations.given().wished);
        for fields in said {
            let unkept = tags::unkept(fields, kept, &self.settings.related.tag_fields);
            given.wish(&unkept);
        }
        given
    }

    /// What it has to do with others; `None` where it has too many tags.
    fn relations(
        &self,
        fields: &HeaderMap,
        storable: &Storable<'_>,
        says: Option<&Applied>,
    ) -> Option<Relations> {
        let related = &self.settings.related;
        let may_be_given = self.fill.asked.wishes.is_some() || says.is_some();
        if !may_be_given && !related.is_kept() {
            return Some(Relations::default());
        }
        let mut given = self.given_tags(says);
        if given.is_empty() && !related.is_kept() {
            return Some(Relations::default());
        }
        let kept = storable.kept.fields();
        given.wish(&tags::unkept(fields, &kept, &related.tag_fields));
        Relations::of(&self.cache.seed, related, self.key(), &kept, &given)
    }

    /// What is stored when the body has been read, which is to be of so many octets where that is known.
    pub(crate) fn incomplete<B>(
        &mut self,
        response: &Response<B>,
        mut storable: Storable<'_>,
        fit: Fit,
    ) -> (Incomplete, Option<u64>) {
        let (cache, settings, status) = (self.cache, self.settings, response.status());
        let is_of_head = self.fill.asked.is_head;
        let keeps_incomplete =
            settings
                .policy
                .may_keep_incomplete(&self.fill.asked, status, &storable);
        if status == StatusCode::NO_CONTENT && storable.content_length.is_some() {
            storable.kept.to_mut().remove(header::CONTENT_LENGTH);
        }
        // Neither has a body, whatever `Content-Length` says (RFC 9112 §6.3).
        let has_none = is_of_head || status == StatusCode::NO_CONTENT;
        let expected = if has_none {
            Some(0)
        } else {
            storable.content_length
        };
        let read_on = settings.read_on;
        // Who drops its answer has cancelled the call, which may be a stream that never ends.
        #[cfg(feature = "grpc")]
        let read_on = if self.fill.asked.is_grpc() {
            0
        } else {
            read_on
        };
        let is_shared = self.mark_shared(&storable.terms);
        let incomplete = Incomplete {
            cache: cache.clone(),
            leader: self.fill.company.hand_on(is_shared),
            key: self.key().clone(),
            relations: fit.relations,
            head: StoredHead {
                is_of_head,
                status,
                version: response.version(),
                // Of the transport nothing is held on to while the body is read.
                fields: storable.kept.pack(),
            },
            selected_by: fit.selected_by,
            terms: storable.terms,
            part: None,
            keeps_incomplete,
            read_on,
            outdated: self.held().map(Arc::downgrade),
            exchanging: self.fill.hand_on(),
        };
        (incomplete, expected)
    }
}

/// Whether something else than the end of the connection says where a body ends.
fn is_delimited<B: Body>(response: &Response<B>) -> bool {
    let (fields, body) = (response.headers(), response.body());
    response.version() >= Version::HTTP_2
        || body.size_hint().exact().is_some()
        || body.is_end_stream()
        || fields.contains_key(header::CONTENT_LENGTH)
        || fields.contains_key(header::TRANSFER_ENCODING)
}
