//! A stored response: what is kept of a response, and when it was asked for and received.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};

use crate::backoff::Backoff;
use crate::cache_status::LifetimeSource;
use crate::copying::Copying;
use crate::key::CacheKey;
use crate::packed::Packed;
use crate::parts::Parts;
use crate::relations::Relations;
use crate::seed::{Digest, VaryKey};

/// A response in the store. It never changes: a 304 makes a new one that shares the body.
#[derive(Debug)]
pub(crate) struct StoredResponse {
    pub(crate) key: Arc<CacheKey>,
    pub(crate) head: StoredHead,
    /// The request fields that `Vary` names, with what stood in them; `None` where there was nothing.
    pub(crate) selected_by: Selection,
    pub(crate) terms: Terms,
    pub(crate) relations: Relations,
    pub(crate) body: StoredBody,
    /// Where it is not held whole what is held of it, and then there is nothing in its body (RFC 9111 §3.3).
    pub(crate) parts: Option<Arc<Parts>>,
    /// When it may be validated in the background.
    pub(crate) backoff: Backoff,
    /// Whether copies of it may answer.
    pub(crate) copying: Copying,
}

/// Fields and what they held, as digests: no request field is kept in clear.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    pub(crate) fields: Arc<[(HeaderName, Option<Digest>)]>,
    /// What stood in all of them, octet for octet; `None` where that does not tell whether they are the same.
    pub(crate) presented: Option<Digest>,
    /// What they were digested with, where that is not the cache's own.
    pub(crate) key: Option<Arc<VaryKey>>,
}

/// Of the same fields with the same in them, however that is written.
impl PartialEq for Selection {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields && self.key == other.key
    }
}

/// The head of a stored response, with a place for `Age` so that an answer only has to fill it in.
#[derive(Debug, Clone)]
pub(crate) struct StoredHead {
    /// Whether it answered a HEAD, and so can answer nothing but HEAD (C-23).
    pub(crate) is_of_head: bool,
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) fields: Packed,
}

impl StoredHead {
    /// What it can be validated with, and what it can be told from others by (RFC 9110 §8.8).
    pub(crate) fn validators(&self) -> HeaderMap {
        self.fields.only([header::ETAG, header::LAST_MODIFIED])
    }
}

/// What was decided about a response's reuse when it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Just before the origin was asked.
    pub(crate) request_time: SystemTime,
    /// When the head of its answer was there.
    pub(crate) response_time: SystemTime,
    /// `Date`, or the response time where there is none that can be read.
    pub(crate) date: SystemTime,
    /// Whether there is anything to validate it with (RFC 9110 §8.8).
    pub(crate) has_validator: bool,
    /// RFC 9111 §4.2.1
    pub(crate) lifetime: Duration,
    /// Who says so.
    pub(crate) lifetime_from: LifetimeSource,
    /// `corrected_initial_age` of RFC 9111 §4.2.3
    pub(crate) initial_age: Duration,
    /// How long after its lifetime it may be reused while it is being validated (RFC 5861 §3).
    pub(crate) stale_while_revalidate: Duration,
    /// How long after its lifetime it may be reused where the origin fails (RFC 5861 §4).
    pub(crate) stale_if_error: Duration,
    /// Never reused without validation: `no-cache` (RFC 9111 §5.2.2.4).
    pub(crate) is_no_cache: bool,
    /// Never reused stale: `must-revalidate` (RFC 9111 §5.2.2.2), and what is as much in a shared cache.
    pub(crate) is_must_revalidate: bool,
    /// Fresh, it is not even asked about on a reload (RFC 8246, C-43).
    pub(crate) is_immutable: bool,
    /// Something else than the end of the connection said where its body ends.
    pub(crate) is_delimited: bool,
    /// It was made stale before its time, at the age that its lifetime is now.
    pub(crate) is_expired: bool,
    /// What was decided could be decided anew from the fields that are kept.
    pub(crate) may_be_freshened: bool,
    /// Fields left out of an answer that was not validated: `no-cache="…"`.
    pub(crate) withheld: Box<[HeaderName]>,
}

impl Terms {
    /// Whether it is fresh at this age (RFC 9111 §4.2). One whose age is its lifetime is stale (C-09).
    #[inline]
    pub(crate) fn is_fresh(&self, age: Duration) -> bool {
        // The clock may have been set back since.
        self.lifetime > age && !self.is_expired
    }

    /// Whether at this age it may be used for nothing but to be validated, whatever fails; for so long whatever is
    /// stale may be used where the origin cannot be reached.
    pub(crate) fn is_spent(&self, age: Duration, disconnected: Duration) -> bool {
        let is_never_stale = self.is_must_revalidate || self.is_no_cache;
        let window = self.stale_while_revalidate.max(self.stale_if_error);
        let window = window.max(disconnected);
        let is_in_window = age.saturating_sub(self.lifetime) <= window && !window.is_zero();
        !self.is_fresh(age) && (is_never_stale || !is_in_window)
    }

    /// The same, with a lifetime that ends at this time, where it has not ended.
    fn expired(&self, at: SystemTime) -> Option<Self> {
        let windows = (self.stale_while_revalidate, self.stale_if_error);
        (!self.is_expired).then(|| Self {
            lifetime: self.lifetime.min(self.current_age(at)),
            lifetime_from: LifetimeSource::Expired,
            stale_while_revalidate: Duration::ZERO,
            // The one permits what the other does.
            stale_if_error: windows.0.max(windows.1),
            is_immutable: false,
            is_expired: true,
            ..self.clone()
        })
    }
}

/// A whole body, in memory of the cache's own. Copies share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct StoredBody {
    pub(crate) data: Bytes,
    pub(crate) trailers: Option<Arc<HeaderMap>>,
}

impl StoredResponse {
    pub(crate) fn new(
        key: Arc<CacheKey>,
        head: StoredHead,
        selected_by: Selection,
        terms: Terms,
        body: StoredBody,
    ) -> Self {
        Self {
            key,
            head,
            selected_by,
            terms,
            relations: Relations::default(),
            body,
            parts: None,
            backoff: Backoff::default(),
            copying: Copying::default(),
        }
    }

    /// The same, as stale as one whose lifetime has ended at this time; `None` where it was made so before. It is still
    /// good to be validated, and where the origin fails for as long as it would be from now on. Copies of it
    /// are of no use; so often have they answered.
    pub(crate) fn expired(&self, at: SystemTime, answered: u64) -> Option<Self> {
        let terms = self.terms.expired(at)?;
        let copying = Copying::default();
        copying.add_answered(answered);
        copying.withdraw();
        Some(Self {
            key: self.key.clone(),
            head: self.head.clone(),
            selected_by: self.selected_by.clone(),
            terms,
            relations: self.relations.clone(),
            body: self.body.clone(),
            parts: self.parts.clone(),
            backoff: Backoff::default(),
            copying,
        })
    }

    /// Whether it is what the other has become when it was made stale.
    pub(crate) fn is_expired_from(&self, other: &Self) -> bool {
        let times = |terms: &Terms| (terms.request_time, terms.response_time);
        self.terms.is_expired
            && Arc::ptr_eq(&self.key, &other.key)
            && self.head.is_of_head == other.head.is_of_head
            && times(&self.terms) == times(&other.terms)
            && self.selected_by == other.selected_by
    }

    /// The same, in these relations to others.
    pub(crate) fn related(self, relations: Relations) -> Self {
        Self { relations, ..self }
    }

    /// The same, of which so much is held.
    pub(crate) fn holding(self, parts: Option<Arc<Parts>>) -> Self {
        Self { parts, ..self }
    }

    /// The octets it takes: key, fields, body, and what the store needs to find it again.
    pub(crate) fn size(&self) -> usize {
        // A node and an entry of a queue, a number, a share of the traces, and the counts of references.
        const BOOKKEEPING: usize = 148;
        // An entry in the list of the keys of a URI.
        const PARTITION: usize = 32;
        let partition = usize::from(self.key.is_of_more()) * PARTITION;
        let selection = self.selected_by.fields.len() * size_of::<(HeaderName, Option<Digest>)>();
        let withheld = self.terms.withheld.len() * size_of::<HeaderName>();
        let trailers = self.body.trailers.as_deref().map_or(0, fields_size);
        size_of::<Self>()
            + BOOKKEEPING
            + partition
            + size_of::<CacheKey>()
            + self.key.uri.len()
            + self.head.fields.size()
            + selection
            + withheld
            + self.relations.size()
            + trailers
            + self.parts.as_deref().map_or(0, Parts::size)
            + self.body.data.len()
    }
}

/// What a map of fields takes: a slot a line, an index, the values, and the names that are not
/// known in advance.
pub(crate) fn fields_size(fields: &HeaderMap) -> usize {
    // A name, a value, a hash and links; and a share of the table of positions.
    const LINE: usize = size_of::<HeaderName>() + size_of::<HeaderValue>() + 40;
    fields
        .iter()
        .map(|(name, value)| LINE + name.as_str().len() + value.len())
        .sum()
}

/// Fields in memory of the cache's own: the values side by side in one piece, whatever buffers they
/// were read into, and the map no larger than it has to be.
pub(crate) fn own(fields: &HeaderMap) -> HeaderMap {
    let octets = fields.values().map(HeaderValue::len).sum();
    let mut values = Vec::with_capacity(octets);
    for value in fields.values() {
        values.extend_from_slice(value.as_bytes());
    }
    let values = Bytes::from(values);
    let mut owned = HeaderMap::with_capacity(fields.keys_len());
    let mut start = 0;
    for (name, value) in fields {
        let end = start + value.len();
        let mut copy = HeaderValue::from_maybe_shared(values.slice(start..end))
            .expect("it was a field value before");
        copy.set_sensitive(value.is_sensitive());
        owned.append(name, copy);
        start = end;
    }
    // A map keeps the room it was made with; its clone has just what it needs.
    owned.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owned_fields_are_the_same_fields() {
        let mut fields = HeaderMap::new();
        fields.append("a", HeaderValue::from_static("1"));
        fields.append("b", HeaderValue::from_bytes(b"caf\xe9").unwrap());
        fields.append("a", HeaderValue::from_static(""));
        let mut secret = HeaderValue::from_static("hidden");
        secret.set_sensitive(true);
        fields.append("c", secret);
        let owned = own(&fields);
        assert_eq!(owned, fields);
        assert!(owned["c"].is_sensitive(), "C-33: it survives copying");
        assert!(!owned["a"].is_sensitive());
    }
}
