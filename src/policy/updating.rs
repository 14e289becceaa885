//! RFC 9111 §3.2 and §4.3.5: a stored head that an answer without a body brings up to date.

use http::{HeaderMap, HeaderName, header};

use super::{Asked, Policy, Received, freshness, storing};
use crate::cache_status::NotStored;
use crate::header::connection::Connection;
use crate::stored::{StoredHead, StoredResponse, Terms};

/// A head that a 304 has brought up to date.
#[derive(Debug)]
pub(crate) struct Freshened {
    pub(crate) fields: HeaderMap,
    pub(crate) terms: Terms,
    /// What the answer says to this caller alone.
    pub(crate) for_caller: HeaderMap,
    /// Why it may not stay: the 304 may have said `no-store`, or have brought too much.
    pub(crate) refused: Option<NotStored>,
    /// Whether the 304 came with an `Age`, and so from a cache on the way (C-35).
    pub(crate) is_from_cache: bool,
}

impl Policy {
    /// RFC 9111 §3.2: every field of the answer takes the place of the stored one, but for those that
    /// describe the body as it is stored.
    pub(crate) fn freshen(
        &self,
        asked: &Asked,
        head: &StoredHead,
        answer: Received<'_>,
    ) -> Freshened {
        let mut fields = head.fields.unpack();
        // Its age starts anew with the answer (PRJ-3.2-10).
        fields.remove(header::DATE);
        let connection = Connection::of(answer.fields);
        let is_mergeable = answer.fields.len() <= storing::MAX_LINES;
        for name in answer.fields.keys().filter(|_| is_mergeable) {
            if self.describes_body(name) || name == header::AGE || connection.is_hop_by_hop(name) {
                continue;
            }
            fields.remove(name);
            for value in answer.fields.get_all(name) {
                fields.append(name.clone(), value.clone());
            }
        }
        let control = self.control(&fields);
        let received = Received {
            status: head.status,
            ..answer
        };
        let date = freshness::date(&fields, answer.response_time);
        let terms = self.terms(received, &fields, &control, date);
        freshness::keep_date(&mut fields, terms.date, answer.response_time);
        let permitted = self.permits(asked, head.status, &fields, &control.directives);
        let refused = if !is_mergeable || fields.len() > storing::MAX_LINES {
            Some(NotStored::TooLarge)
        } else if self.decides_for_one_hop(answer.fields) {
            Some(NotStored::NoStore)
        } else {
            permitted.err()
        };
        let for_caller = self.strip(&mut fields, &control.directives);
        Freshened {
            refused,
            for_caller,
            is_from_cache: answer.fields.contains_key(header::AGE),
            fields,
            terms,
        }
    }

    /// Fields that an answer without the body does not change. Which coding the body has is for the body
    /// that is stored, unless it is set otherwise (C-56).
    fn describes_body(&self, name: &HeaderName) -> bool {
        name == header::CONTENT_LENGTH
            || name == header::CONTENT_RANGE
            || name == header::TRAILER
            || (name == header::CONTENT_ENCODING && !self.updates_content_encoding)
    }
}

/// Whether the head that answers a HEAD is that of a stored response (RFC 9111 §4.3.5): what it says of
/// validators and length is the same.
pub(crate) fn is_head_of(answer: &HeaderMap, stored: &StoredResponse) -> bool {
    const COMPARED: [HeaderName; 3] = [header::ETAG, header::LAST_MODIFIED, header::CONTENT_LENGTH];
    let held = stored.head.fields.only(COMPARED);
    COMPARED.iter().all(|name| match answer.get(name) {
        Some(said) => held.get(name) == Some(said),
        None => true,
    })
}

impl Policy {
    /// Of a stored head what a 304 to somebody else can stand for (C-18). In a private cache that is of the same
    /// user, and it is everything but cookies; in a shared one it is what describes the body, and what the
    /// origin says of it to every cache; among that are the fields that say tags, which are of the body.
    pub(crate) fn adoptable_fields(
        &self,
        held: &HeaderMap,
        tag_fields: &[HeaderName],
    ) -> HeaderMap {
        const KEPT: [&str; 12] = [
            "accept-ranges",
            "age",
            "cache-control",
            "cache-groups",
            "date",
            "etag",
            "expires",
            "last-modified",
            "no-vary-search",
            "strict-transport-security",
            "vary",
            "x-content-type-options",
        ];
        let is_kept = |name: &HeaderName| {
            if !self.is_shared() {
                return name != header::SET_COOKIE;
            }
            #[cfg(feature = "structured-fields")]
            if self.targets.contains(name) {
                return true;
            }
            name.as_str().starts_with("content-")
                || tag_fields.contains(name)
                || KEPT.contains(&name.as_str())
        };
        let mut fields = HeaderMap::with_capacity(held.keys_len());
        for (name, value) in held.iter().filter(|(name, _)| is_kept(name)) {
            fields.append(name.clone(), value.clone());
        }
        fields
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::policy::samples::{MODIFIED, map, policy, received, stored};

    /// 9111-3.2-1 to 9111-3.2-7, PRJ-3.2-8, PRJ-3.2-9, PRJ-3.2-10
    #[test]
    fn a_304_brings_fields_up_to_date_but_not_those_of_the_body() {
        let held = stored(&[
            ("a", "1"),
            ("a", "0"),
            ("b", "1"),
            ("content-length", "36"),
            ("content-encoding", "gzip"),
            ("content-type", "text/plain"),
            ("date", MODIFIED),
            ("age", "500"),
        ]);
        let answer = map(&[
            ("a", "2"),
            ("a", "3"),
            ("c", "9"),
            ("connection", "c"),
            ("content-length", "10"),
            ("content-encoding", "br"),
            ("content-range", "bytes 0-1/2"),
            ("content-foo", "2"),
            ("content-type", "text/html"),
            ("cache-control", "max-age=3600"),
        ]);
        let asked = Asked::default();
        let fresh = policy().freshen(&asked, &held.head, received(&answer));
        let values = |name: &str| -> Vec<_> {
            fresh
                .fields
                .get_all(name)
                .iter()
                .map(|v| v.to_str().unwrap())
                .collect()
        };
        assert_eq!(values("a"), ["2", "3"]);
        assert_eq!(values("b"), ["1"]);
        assert_eq!(values("c"), [""; 0]);
        assert_eq!(values("content-length"), ["36"]);
        assert_eq!(values("content-encoding"), ["gzip"]);
        assert_eq!(values("content-range"), [""; 0]);
        assert_eq!(values("content-foo"), ["2"]);
        assert_eq!(values("content-type"), ["text/html"]);
        assert_eq!(values("date"), ["Thu, 01 Jan 1970 00:00:00 GMT"]);
        assert_eq!(fresh.terms.lifetime.as_secs(), 3600);
        assert_eq!(fresh.terms.initial_age.as_secs(), 0);
        assert_eq!(fresh.refused, None);
        let no_store = map(&[("cache-control", "no-store")]);
        let fresh = policy().freshen(&asked, &held.head, received(&no_store));
        assert_eq!(fresh.refused, Some(NotStored::NoStore), "PRJ-3.2-12");
    }
}
