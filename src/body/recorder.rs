//! The recorder: copies a body as it is read, and stores it if it was whole.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;

use super::incomplete::Incomplete;
use crate::cache::Cache;
use crate::cache_status::NotStored;
#[cfg(feature = "grpc")]
use crate::content::ContentKey;
#[cfg(feature = "grpc")]
use crate::grpc::Unary;
use crate::policy::parts::Part;
use crate::store::Reservation;
use crate::stored::{self, StoredBody};

/// So much room is made ahead of what has come, whatever `Content-Length` says.
const AHEAD: usize = 64 * 1024;

/// Gathers a body in memory of the cache's own, within the budget of the store.
#[derive(Debug)]
pub(crate) struct Recorder {
    // All that has come, as long as it lies in one piece; else what of it is behind these.
    last: Vec<u8>,
    before: Vec<Vec<u8>>,
    pub(super) length: usize,
    trailers: Option<HeaderMap>,
    pub(super) expected: Option<u64>,
    /// What it can come to, as far as is known.
    most: Option<u64>,
    limit: usize,
    /// What it has to be.
    #[cfg(feature = "grpc")]
    unary: Option<Unary>,
    // Taken by whichever comes first: the end, or a reason not to store it.
    pub(super) storing: Option<(Incomplete, Reservation)>,
}

impl Recorder {
    /// Records a body of `expected` octets, where that is known, and of no more than `limit`.
    pub(crate) fn new(mut response: Incomplete, expected: Option<u64>, limit: usize) -> Self {
        if let Some(leader) = &mut response.leader {
            leader.announce_head(&response.selected_by, response.terms.response_time);
        }
        let reservation = Reservation::new(&response.cache.store);
        #[cfg(feature = "grpc")]
        let is_grpc = response.key.content.is_some_and(ContentKey::is_grpc);
        Self {
            last: Vec::new(),
            before: Vec::new(),
            length: 0,
            trailers: None,
            expected,
            most: expected,
            limit,
            #[cfg(feature = "grpc")]
            unary: is_grpc.then(Unary::default),
            storing: Some((response, reservation)),
        }
    }

    /// It will not come to more than this.
    pub(super) fn of_at_most(mut self, octets: Option<u64>) -> Self {
        self.most = self.most.or(octets);
        self
    }

    /// Copies a frame. False where the body will not be stored after all: it is too large, longer
    /// than it said, or there is no room.
    #[must_use]
    pub(crate) fn record(&mut self, frame: &Frame<Bytes>) -> bool {
        // Nothing comes after trailers.
        if self.trailers.is_some() {
            return self.refuse(NotStored::Incomplete);
        }
        if let Some(trailers) = frame.trailers_ref() {
            return self.copy_trailers(trailers);
        }
        let Some(data) = frame.data_ref() else {
            return true;
        };
        #[cfg(feature = "grpc")]
        if self.unary.as_mut().is_some_and(|unary| !unary.read(data)) {
            if let Some((response, _)) = &self.storing {
                let methods = &response.cache.unary_methods;
                methods.remove(response.key.uri_hash);
            }
            return self.is_unfit(NotStored::Bypass);
        }
        self.copy(data)
    }

    /// Trailers count as octets of the body.
    fn copy_trailers(&mut self, trailers: &HeaderMap) -> bool {
        let size = stored::fields_size(trailers);
        if size > self.limit - self.length.min(self.limit) {
            return self.is_unfit(NotStored::TooLarge);
        }
        if !self.grow(size) {
            return self.give_up(NotStored::NoRoom);
        }
        self.trailers = Some(stored::own(trailers));
        true
    }

    fn grow(&mut self, more: usize) -> bool {
        self.storing
            .as_mut()
            .is_some_and(|(_, reservation)| reservation.grow(more))
    }

    fn copy(&mut self, data: &[u8]) -> bool {
        let length = self.length + data.len();
        if self.expected.is_some_and(|octets| length as u64 > octets) {
            return self.refuse(NotStored::Incomplete);
        }
        if length > self.limit {
            return self.is_unfit(NotStored::TooLarge);
        }
        let spare = self.last.capacity() - self.last.len();
        let (now, later) = data.split_at(spare.min(data.len()));
        self.last.extend_from_slice(now);
        if !later.is_empty() {
            let ahead = match self.most {
                Some(octets) => usize::try_from(octets)
                    .unwrap_or(usize::MAX)
                    .saturating_sub(length),
                None => length.min(self.limit - length),
            };
            let room = later.len() + ahead.min(AHEAD);
            if !self.grow(room) {
                return self.give_up(NotStored::NoRoom);
            }
            let mut chunk = Vec::with_capacity(room);
            chunk.extend_from_slice(later);
            let full = std::mem::replace(&mut self.last, chunk);
            if !full.is_empty() {
                self.before.push(full);
            }
        }
        self.length = length;
        true
    }

    /// It will be so the next time, too.
    fn is_unfit(&mut self, reason: NotStored) -> bool {
        if let Some((response, _)) = &mut self.storing {
            if let Some(leader) = &mut response.leader {
                leader.mark_unfit(response.terms.response_time);
            }
        }
        self.give_up(reason)
    }

    /// There is nothing wrong with it, and still it is not stored.
    fn give_up(&mut self, reason: NotStored) -> bool {
        if let Some((response, _)) = &self.storing {
            response.outdate();
        }
        self.refuse(reason)
    }

    /// It is not stored.
    fn refuse(&mut self, reason: NotStored) -> bool {
        if let Some((response, _)) = self.storing.take() {
            response.cache.refused(&response.key, reason);
        }
        false
    }

    /// The body will not be stored.
    pub(crate) fn discard(&mut self) {
        self.refuse(NotStored::Incomplete);
    }

    /// The body has ended as it should: it is stored if it is as long as it said.
    pub(crate) fn finish(&mut self) {
        self.store();
    }

    /// The body has ended too early: what has come of it is stored as part of it, where that is set.
    pub(crate) fn cut_off(mut self) {
        self.keep();
    }

    fn keep(&mut self) {
        let Some((mut response, reservation)) = self.storing.take() else {
            return;
        };
        let length = self.length as u64;
        let is_short = length > 0 && self.expected.is_none_or(|octets| length < octets);
        if !response.keeps_incomplete
            || !is_short
            || self.trailers.is_some()
            || response.outdates_whole()
        {
            response.cache.refused(&response.key, NotStored::Incomplete);
            return;
        }
        response.part = Some(Part {
            first: 0,
            last: length - 1,
            complete: self.expected,
        });
        let body = StoredBody {
            data: self.take_data(),
            trailers: None,
        };
        complete(response, body, reservation);
    }

    fn store(&mut self) {
        let Some((response, reservation)) = self.storing.take() else {
            return;
        };
        if self
            .expected
            .is_some_and(|octets| octets != self.length as u64)
        {
            response.cache.refused(&response.key, NotStored::Incomplete);
            return;
        }
        #[cfg(feature = "grpc")]
        if self.is_failure() {
            response.cache.refused(&response.key, NotStored::Status);
            return;
        }
        #[cfg(feature = "grpc")]
        if self.unary.is_some() {
            let methods = &response.cache.unary_methods;
            methods.add(response.key.uri_hash);
        }
        let body = StoredBody {
            data: self.take_data(),
            trailers: self.trailers.take().map(Arc::new),
        };
        complete(response, body, reservation);
    }

    /// Whether nothing more is to come, whatever the body says: trailers are the end of a call of gRPC.
    #[cfg(feature = "grpc")]
    pub(super) fn has_ended(&self) -> bool {
        self.unary.is_some() && self.trailers.is_some()
    }

    /// Whether its trailers do not say that it is a success.
    #[cfg(feature = "grpc")]
    fn is_failure(&self) -> bool {
        let unary = self.unary.as_ref();
        unary.is_some_and(|unary| !unary.is_success(self.trailers.as_ref()))
    }

    /// Whether it has all that was said, and nothing is to come behind it.
    pub(super) fn is_whole(&self) -> bool {
        let is_whole = self.length > 0 && self.expected == Some(self.length as u64);
        let has_trailers = |(response, _): &(Incomplete, Reservation)| {
            response.head.fields.has(&http::header::TRAILER)
        };
        is_whole && !self.storing.as_ref().is_some_and(has_trailers)
    }

    pub(super) fn cache(&self) -> Option<&Arc<Cache>> {
        let (response, _) = self.storing.as_ref()?;
        Some(&response.cache)
    }

    /// What was gathered, in one piece of just its size. For as long as that takes the body is held twice.
    fn take_data(&mut self) -> Bytes {
        let mut data = std::mem::take(&mut self.last);
        if !self.before.is_empty() {
            let mut whole = Vec::with_capacity(self.length);
            for chunk in self.before.drain(..).chain([data]) {
                whole.extend_from_slice(&chunk);
            }
            data = whole;
        }
        Bytes::from(data.into_boxed_slice())
    }
}

/// Stores it. Nobody is there to be told why not.
fn complete(response: Incomplete, body: StoredBody, reservation: Reservation) {
    let (cache, key) = (response.cache.clone(), response.key.clone());
    if let Err(refused) = response.complete(body, reservation) {
        cache.refused(&key, refused);
    }
}

impl Drop for Recorder {
    /// A caller that has read as many octets as were said has read them all, whether or not it asks
    /// for the end; only trailers could still come, and where some are promised they are part of it.
    fn drop(&mut self) {
        if self.is_whole() {
            self.store();
        } else {
            self.keep();
        }
    }
}
