//! RFC 9111 §4.3: asking whether a stored response is still good, and what the answer means; and the
//! caller's own preconditions.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{Policy, freshness, storing};
use crate::cache_status::NotStored;
use crate::header::age;
use crate::header::cache_control::ResponseDirectives;
use crate::header::connection::Connection;
use crate::header::date::DateField;
use crate::header::etag::{EntityTag, IfNoneMatch};
use crate::stored::{StoredResponse, Terms};

/// Whether a 304 could be about this response.
pub(super) fn has_validator(fields: &HeaderMap) -> bool {
    EntityTag::parse(fields).is_some() || fields.contains_key(header::LAST_MODIFIED)
}

/// Makes a request ask whether a stored response is still good (RFC 9111 §4.3.1): with its entity tag,
/// octet for octet, and its `Last-Modified`. The caller's `If-Modified-Since` gives way, since ours
/// is answered first and theirs from what comes of it.
///
/// A caller that lists entity tags of its own keeps them. Where ours is none of them the request is
/// no validation of ours and goes as it is: a 304 without a tag could be about either. That is `false`,
/// and so is a response that there is nothing to ask about with.
pub(crate) fn make_conditional(fields: &mut HeaderMap, stored: &StoredResponse) -> bool {
    if !stored.terms.has_validator {
        return false;
    }
    let held = &stored.head.fields;
    let tag = EntityTag::parse(held);
    if let Some(listed) = IfNoneMatch::of(fields) {
        return tag.is_some_and(|tag| listed.tags().any(|other| other.matches_weakly(tag)));
    }
    fields.remove(header::IF_MODIFIED_SINCE);
    if let (Some(_), Some(tag)) = (tag, held.get(header::ETAG)) {
        fields.insert(header::IF_NONE_MATCH, tag.clone());
    }
    if let Some(modified) = held.get(header::LAST_MODIFIED) {
        fields.insert(header::IF_MODIFIED_SINCE, modified.clone());
    }
    true
}

/// Whom a 304 is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotModified {
    /// The stored response is still good.
    Stored,
    /// The caller's copy is still good, and the stored response is no other.
    Both,
    /// It answers the caller's own preconditions and says nothing about the stored response.
    Caller,
    /// Neither: a fault of the origin.
    Nobody,
}

/// What a 304 is about (RFC 9111 §4.3.4). `caller` are the fields of the request before it was made
/// conditional; `is_ours` says whether it was, and asked about the stored response.
pub(crate) fn is_about(
    answer: &HeaderMap,
    stored: &StoredResponse,
    caller: &HeaderMap,
    is_ours: bool,
) -> NotModified {
    let listed = IfNoneMatch::of(caller);
    if let Some(tag) = EntityTag::parse(answer) {
        return if is_tag_of(tag, answer, stored) {
            NotModified::Stored
        } else if !is_ours || listed.is_some_and(|listed| listed.matches(Some(tag))) {
            NotModified::Caller
        } else {
            NotModified::Nobody
        };
    }
    if !is_ours {
        return if was_copied_before(stored, answer, caller) {
            NotModified::Both
        } else {
            NotModified::Caller
        };
    }
    // A tag of the caller's may be meant as well as ours.
    if listed.is_some_and(|listed| listed.tags().count() > 1) {
        return NotModified::Caller;
    }
    // A date that differs is about something else. Where nothing contradicts and ours is the only
    // question asked, ours is answered: many origins leave the tag out of a 304 (C-19).
    match modified(answer).zip(modified(&stored.head.fields)) {
        Some((answered, held)) if answered != held => NotModified::Nobody,
        _ => NotModified::Stored,
    }
}

/// Whether a 304 with this tag has a validator in common with a stored response: the same tag, strong
/// where the 304's is; or, where the stored response has none, the same date, which is strong where it
/// is old enough (RFC 9110 §8.8.2.2).
fn is_tag_of(tag: EntityTag<'_>, answer: &HeaderMap, stored: &StoredResponse) -> bool {
    /// So much older than `Date`, `Last-Modified` is a strong validator.
    const STRONG: Duration = Duration::from_secs(60);
    let (held, terms) = (&stored.head.fields, &stored.terms);
    if let Some(held) = EntityTag::parse(held) {
        return tag.matches_strongly(held) || (!tag.is_strong() && tag.matches_weakly(held));
    }
    let is_strong_date = terms
        .last_modified
        .and_then(|modified| terms.date.duration_since(modified).ok())
        .is_some_and(|age| age >= STRONG);
    modified(answer).is_some()
        && modified(answer) == modified(held)
        && (is_strong_date || !tag.is_strong())
}

/// Whether nothing has a validator and the caller's own date says that nothing has changed since a time
/// that is no later than the stored response.
fn was_copied_before(stored: &StoredResponse, answer: &HeaderMap, caller: &HeaderMap) -> bool {
    let terms = &stored.terms;
    !terms.has_validator
        && modified(answer).is_none()
        && !caller.contains_key(header::IF_NONE_MATCH)
        && DateField::parse(caller, &header::IF_MODIFIED_SINCE, terms.date)
            .time()
            .is_some_and(|since| since <= terms.date)
}

/// Whether both have the same strong entity tag.
pub(crate) fn has_same_strong_tag(answer: &HeaderMap, stored: &StoredResponse) -> bool {
    let held = EntityTag::parse(&stored.head.fields);
    EntityTag::parse(answer)
        .zip(held)
        .is_some_and(|(tag, held)| tag.matches_strongly(held))
}

fn modified(fields: &HeaderMap) -> Option<&HeaderValue> {
    fields.get(header::LAST_MODIFIED)
}

/// A head that a 304 has brought up to date.
#[derive(Debug)]
pub(crate) struct Freshened {
    pub(crate) fields: HeaderMap,
    pub(crate) terms: Terms,
    /// Why it may not stay: the 304 may have said `no-store`, or have brought too much.
    pub(crate) refused: Option<NotStored>,
    /// Whether the 304 came with an `Age`, and so from a cache on the way (C-35).
    pub(crate) is_from_cache: bool,
}

impl Policy {
    /// RFC 9111 §3.2: every field of the 304 takes the place of the stored one, but for those that
    /// describe the body as it is stored.
    pub(crate) fn freshen(
        &self,
        status: StatusCode,
        held: &HeaderMap,
        answer: &HeaderMap,
        request_time: SystemTime,
        response_time: SystemTime,
    ) -> Freshened {
        let mut fields = held.clone();
        // Its age starts anew with the answer (PRJ-3.2-10).
        fields.remove(header::DATE);
        let connection = Connection::of(answer);
        let is_mergeable = answer.len() <= storing::MAX_LINES;
        for name in answer.keys().filter(|_| is_mergeable) {
            let describes_body = name == header::CONTENT_LENGTH
                || name == header::CONTENT_ENCODING
                || name == header::CONTENT_RANGE
                || name == header::TRAILER;
            if describes_body || name == header::AGE || connection.is_hop_by_hop(name) {
                continue;
            }
            fields.remove(name);
            for value in answer.get_all(name) {
                fields.append(name.clone(), value.clone());
            }
        }
        let controlling = if answer.contains_key(header::CACHE_CONTROL) {
            answer
        } else {
            &fields
        };
        let directives = ResponseDirectives::parse(controlling);
        let age = age::parse(answer);
        let terms = self.terms(
            status,
            &fields,
            &directives,
            age,
            request_time,
            response_time,
        );
        freshness::keep_date(&mut fields, terms.date, response_time);
        let refused = if !is_mergeable || fields.len() > storing::MAX_LINES {
            Some(NotStored::TooLarge)
        } else if storing::is_no_store(status, &directives) || storing::decides_for_one_hop(answer)
        {
            Some(NotStored::NoStore)
        } else {
            None
        };
        Freshened {
            refused,
            is_from_cache: answer.contains_key(header::AGE),
            fields,
            terms,
        }
    }
}

/// Whether the caller's own preconditions make the answer from this stored response a 304 (RFC 9110
/// §13.2.2, RFC 9111 §4.3.2). They count only where the answer would be a success (§13.2.1).
pub(crate) fn is_not_modified(
    caller: &HeaderMap,
    status: StatusCode,
    held: &HeaderMap,
    terms: &Terms,
    now: SystemTime,
) -> bool {
    if !status.is_success() {
        return false;
    }
    if let Some(listed) = IfNoneMatch::of(caller) {
        return listed.matches(EntityTag::parse(held));
    }
    DateField::parse(caller, &header::IF_MODIFIED_SINCE, now)
        .time()
        .is_some_and(|since| terms.last_modified.unwrap_or(terms.date) <= since)
}

/// Whether the head that answers a HEAD is that of a stored response (RFC 9111 §4.3.5): what it says of
/// validators and length is the same.
pub(crate) fn is_head_of(answer: &HeaderMap, stored: &StoredResponse) -> bool {
    [header::ETAG, header::LAST_MODIFIED, header::CONTENT_LENGTH]
        .iter()
        .all(|name| match answer.get(name) {
            Some(said) => stored.head.fields.get(name) == Some(said),
            None => true,
        })
}

/// The fields of a 304 made here (RFC 9110 §15.4.5): those that a cache further on needs.
pub(crate) fn not_modified_fields(held: &HeaderMap) -> HeaderMap {
    let mut fields = HeaderMap::with_capacity(8);
    let mut copy = |name: header::HeaderName| {
        for value in held.get_all(&name) {
            fields.append(name.clone(), HeaderValue::clone(value));
        }
    };
    for name in [
        header::CACHE_CONTROL,
        header::CONTENT_LOCATION,
        header::DATE,
        header::ETAG,
        header::EXPIRES,
        header::VARY,
        header::AGE,
    ] {
        copy(name);
    }
    if !held.contains_key(header::ETAG) {
        copy(header::LAST_MODIFIED);
    }
    fields
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::{Uri, Version};

    use super::*;
    use crate::header::cache_control::RequestDirectives;
    use crate::key::{Seed, Wanted};
    use crate::stored::{StoredBody, StoredHead};
    use crate::target::Target;

    const POLICY: Policy = Policy { heuristics: true };
    const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const LATER: &str = "Mon, 07 Nov 1994 08:49:37 GMT";

    fn map(fields: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(*name, value.parse().unwrap());
        }
        map
    }

    fn stored(fields: &[(&'static str, &str)]) -> StoredResponse {
        let mut fields = map(fields);
        fields.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("max-age=60"),
        );
        let now = SystemTime::UNIX_EPOCH;
        let storable = POLICY
            .may_store(
                &RequestDirectives::default(),
                StatusCode::OK,
                &fields,
                now,
                now,
            )
            .unwrap();
        let uri = Uri::from_static("http://o.test/a");
        let target = Target::of_uri(&uri).unwrap();
        StoredResponse::new(
            Arc::new(Wanted::new(&Seed::random(), target, None).to_key()),
            StoredHead {
                is_of_head: false,
                status: StatusCode::OK,
                version: Version::HTTP_11,
                fields: storable.fields,
            },
            Box::default(),
            storable.terms,
            StoredBody::default(),
        )
    }

    /// 9111-4.3.1-3, 9111-4.3.1-4, PRJ-8.8.3-2
    #[test]
    fn validators_go_out_as_they_came_in() {
        for tag in ["\"e\"", "W/\"e\"", "abc"] {
            let mut request = map(&[("if-modified-since", LATER)]);
            assert!(make_conditional(
                &mut request,
                &stored(&[("etag", tag), ("last-modified", MODIFIED)])
            ));
            assert_eq!(request["if-none-match"], tag);
            assert_eq!(request["if-modified-since"], MODIFIED);
        }
    }

    /// 9111-4.3.2-4: the caller's own tags stay what they are
    #[test]
    fn a_caller_with_other_tags_is_not_validating_ours() {
        let held = stored(&[("etag", "\"v1\"")]);
        for (listed, expected) in [
            ("\"v1\"", true),
            ("W/\"v1\"", true),
            ("\"v2\", \"v1\"", true),
            ("\"v2\"", false),
            ("*", false),
        ] {
            let mut request = map(&[("if-none-match", listed)]);
            assert_eq!(make_conditional(&mut request, &held), expected, "{listed}");
            assert_eq!(request, map(&[("if-none-match", listed)]));
        }
    }

    /// 9111-4.3.4-2, 9111-4.3.4-3, 9111-4.3.4-7, 9111-4.3.2-6, EDGE-31, C-19
    #[test]
    fn a_304_is_about_what_its_validators_say() {
        use NotModified::{Caller, Nobody, Stored};
        type Fields<'a> = &'a [(&'static str, &'a str)];
        let table: &[(Fields<'_>, Fields<'_>, Fields<'_>, NotModified)] = &[
            // answer, stored, caller
            (&[("etag", "\"a\"")], &[("etag", "\"a\"")], &[], Stored),
            (&[("etag", "\"b\"")], &[("etag", "\"a\"")], &[], Nobody),
            (&[("etag", "\"a\"")], &[("etag", "W/\"a\"")], &[], Nobody),
            (&[("etag", "W/\"a\"")], &[("etag", "W/\"a\"")], &[], Stored),
            (&[("etag", "W/\"a\"")], &[("etag", "\"a\"")], &[], Stored),
            (&[], &[("etag", "\"a\"")], &[], Stored),
            (
                &[("last-modified", MODIFIED)],
                &[("last-modified", MODIFIED)],
                &[],
                Stored,
            ),
            (
                &[("last-modified", LATER)],
                &[("last-modified", MODIFIED)],
                &[],
                Nobody,
            ),
            (
                &[("etag", "\"b\"")],
                &[("etag", "\"a\"")],
                &[("if-none-match", "\"a\", \"b\"")],
                Caller,
            ),
            (
                &[],
                &[("etag", "\"a\"")],
                &[("if-none-match", "\"a\", \"b\"")],
                Caller,
            ),
            (
                &[],
                &[("etag", "\"a\"")],
                &[("if-none-match", "\"a\"")],
                Stored,
            ),
        ];
        for (answer, held, caller, expected) in table {
            let about = is_about(&map(answer), &stored(held), &map(caller), true);
            assert_eq!(about, *expected, "{answer:?} {held:?} {caller:?}");
        }
    }

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
        let now = SystemTime::UNIX_EPOCH;
        let fresh = POLICY.freshen(StatusCode::OK, &held.head.fields, &answer, now, now);
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
        let fresh = POLICY.freshen(StatusCode::OK, &held.head.fields, &no_store, now, now);
        assert_eq!(fresh.refused, Some(NotStored::NoStore), "PRJ-3.2-12");
    }

    /// 9110-13.1.2-2, 9110-13.1.3-1, 9110-13.1.3-2, 9110-13.1.3-3, 9111-4.3.2-3, 9110-13.2.1-1, EDGE-46
    #[test]
    fn the_callers_preconditions_are_answered() {
        let held = stored(&[("etag", "\"e\""), ("last-modified", MODIFIED)]);
        let bare = stored(&[("date", MODIFIED)]);
        type Fields<'a> = &'a [(&'static str, &'a str)];
        let table: &[(&StoredResponse, Fields<'_>, u16, bool)] = &[
            (&held, &[], 200, false),
            (&held, &[("if-none-match", "\"e\"")], 200, true),
            (&held, &[("if-none-match", "W/\"e\"")], 200, true),
            (&held, &[("if-none-match", "*")], 200, true),
            (&held, &[("if-none-match", "\"x\"")], 200, false),
            (
                &held,
                &[("if-none-match", "\"x\""), ("if-modified-since", LATER)],
                200,
                false,
            ),
            (&held, &[("if-none-match", "\"e\"")], 404, false),
            (&held, &[("if-modified-since", MODIFIED)], 200, true),
            (
                &held,
                &[("if-modified-since", "Sunday, 06-Nov-94 08:49:37 GMT")],
                200,
                true,
            ),
            (&held, &[("if-modified-since", LATER)], 200, true),
            (
                &held,
                &[("if-modified-since", "Sat, 05 Nov 1994 08:49:37 GMT")],
                200,
                false,
            ),
            (&held, &[("if-modified-since", "rubbish")], 200, false),
            (&bare, &[("if-none-match", "\"e\"")], 200, false),
            (&bare, &[("if-none-match", "*")], 200, true),
            (&bare, &[("if-modified-since", MODIFIED)], 200, true),
            (
                &bare,
                &[("if-modified-since", "Sat, 05 Nov 1994 08:49:37 GMT")],
                200,
                false,
            ),
        ];
        for (held, caller, status, expected) in table {
            let status = StatusCode::from_u16(*status).unwrap();
            let now = SystemTime::UNIX_EPOCH;
            let found = is_not_modified(&map(caller), status, &held.head.fields, &held.terms, now);
            assert_eq!(found, *expected, "{caller:?} {status}");
        }
    }
}
