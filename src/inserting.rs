//! Storing what did not come from the origin by way of the cache.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;

use crate::cache::Cache;
use crate::cache_status::{CacheStatus, Forward, NotStored};
use crate::caller::Caller;
use crate::collapse::Company;
use crate::fill::{Fill, Filling};
use crate::key::Text;
use crate::mode::CacheMode;
use crate::reading::Reader;
use crate::store::{Exchanging, Reservation};
use crate::stored::StoredBody;

impl Cache {
    /// Stores a response as if the origin had just answered this request with it.
    pub(crate) fn insert<B>(
        self: &Arc<Self>,
        request: &Request<B>,
        response: Response<Bytes>,
    ) -> Result<(), NotStored> {
        if CacheMode::of(request.extensions()) == CacheMode::NoStore {
            return Err(NotStored::Bypass);
        }
        let exchanging = Exchanging::begin(&self.store);
        let (settings, _) = self.settings();
        let reader = Reader {
            cache: self,
            settings: &settings,
        };
        let mut text = Text::empty();
        let read = reader.would_want(request, &mut text);
        let (asked, wanted) = read.ok_or(NotStored::Method)?;
        if asked.is_bypass {
            return Err(NotStored::Bypass);
        }
        if response.status() == StatusCode::PARTIAL_CONTENT {
            return Err(NotStored::Partial);
        }
        let caller = Caller::of(&wanted, request.headers());
        let mut fill = Fill::new(asked, caller, exchanging, Company::default());
        fill.request_time = settings.clock.now();
        // A head takes the place of no body.
        let is_head = fill.asked.is_head;
        let selected = self.peek(request).map(|seen| seen.response);
        fill.selected = selected.filter(|held| held.head.is_of_head || !is_head);
        let status = CacheStatus::forwarding(Forward::UriMiss, Some(response.status()));
        let mut filling = Filling::new(self, &settings, &mut fill, status);
        let response = response.map(Full::new);
        let (storable, selected_by) = filling.may_store(&response)?;
        let (incomplete, expected) = filling.incomplete(&response, storable, selected_by);
        let body = response.into_body().into_inner().unwrap_or_default();
        if expected.is_some_and(|octets| octets != body.len() as u64) {
            return Err(NotStored::Incomplete);
        }
        let mut reservation = Reservation::new(&self.store);
        if !reservation.grow(body.len()) {
            return Err(NotStored::NoRoom);
        }
        let body = StoredBody {
            // In memory of its own: what it was a slice of may be much larger.
            data: Bytes::copy_from_slice(&body),
            trailers: None,
        };
        incomplete.complete(body, reservation)
    }
}
