//! A copy of what is hot.

use std::sync::Arc;

use bytes::Bytes;
use http::{Response, response};

use crate::stored::{self, StoredBody, StoredResponse};
use crate::sync::atomic::{AtomicU64, Ordering};

/// A stored response, with a head and a handle on the body of one stripe's own.
#[derive(Debug)]
pub(crate) struct Copy {
    pub(crate) response: Arc<StoredResponse>,
    pub(crate) head: response::Parts,
    pub(crate) body: StoredBody,
    pub(super) size: usize,
    pub(super) hits: AtomicU64,
}

impl Copy {
    pub(super) fn of(response: Arc<StoredResponse>) -> Self {
        // A map keeps the room it was made with; its clone has just what it needs.
        let fields = response.head.fields.unshared().unpack().clone();
        let (mut head, ()) = Response::new(()).into_parts();
        head.status = response.head.status;
        head.version = response.head.version;
        head.headers = fields;
        let StoredBody { data, trailers } = &response.body;
        let body = StoredBody {
            data: Bytes::from_owner(data.clone()),
            trailers: trailers.as_deref().cloned().map(Arc::new),
        };
        // The nodes of the list and of the map, and the body's owner.
        const BOOKKEEPING: usize = 192;
        let trailers = body.trailers.as_deref().map_or(0, stored::fields_size);
        let size = size_of::<Self>() + BOOKKEEPING + stored::fields_size(&head.headers) + trailers;
        Self {
            response,
            head,
            body,
            size,
            hits: AtomicU64::new(0),
        }
    }

    /// It answers.
    #[inline]
    pub(crate) fn answers(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        self.response.copying.add_answered(*self.hits.get_mut());
    }
}
