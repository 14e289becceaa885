//! RFC 9111 §4.3: asking whether a stored response is still good, and what the answer means; and the
//! caller's own preconditions.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{Asked, Policy, Received, freshness, selection, storing};
use crate::cache_status::NotStored;
use crate::header::connection::Connection;
use crate::header::date::DateField;
use crate::header::etag::{EntityTag, IfNoneMatch};
use crate::stored::{StoredHead, StoredResponse, Terms};

/// Whether a 304 could be about this response.
pub(crate) fn has_validator(fields: &HeaderMap) -> bool {
    EntityTag::parse(fields).is_some() || fields.contains_key(header::LAST_MODIFIED)
}

/// Makes a request ask whether stored responses are still good (RFC 9111 §4.3.1): with their entity tags,
/// octet for octet, and where it is one alone with its `Last-Modified`. The caller's `If-Modified-Since`
/// gives way, since ours is answered first and theirs from what comes of it.
///
/// A caller that lists entity tags of its own has ours added to them, where an answer that could be about
/// either can be put right by asking once more. Where it cannot, and ours is none of them, the request
/// is no validation of ours and goes as it is. That is `false`, and so is where there is nothing to ask
/// with.
pub(crate) fn make_conditional<'a>(
    fields: &mut HeaderMap,
    selected: Option<&'a StoredResponse>,
    others: impl Iterator<Item = &'a StoredResponse>,
    may_repeat: bool,
) -> bool {
    let nominated: Vec<_> = selected.into_iter().chain(others).collect();
    let tags = nominated.iter().filter_map(|stored| {
        let held = &stored.head.fields;
        EntityTag::parse(held).and_then(|tag| Some((tag, held.get(header::ETAG)?)))
    });
    if let Some(listed) = IfNoneMatch::of(fields) {
        let is_listed = |tag: EntityTag<'_>| listed.tags().any(|other| other.matches_weakly(tag));
        let (known, new): (Vec<_>, Vec<_>) = tags.partition(|(tag, _)| is_listed(*tag));
        if listed.is_any() || new.is_empty() || !may_repeat {
            return !listed.is_any() && !known.is_empty();
        }
        let theirs = fields.get_all(header::IF_NONE_MATCH).iter();
        let union = list(theirs.chain(new.into_iter().map(|(_, tag)| tag)));
        fields.insert(header::IF_NONE_MATCH, union);
        return true;
    }
    let tags: Vec<_> = tags.map(|(_, tag)| tag).collect();
    let modified = match nominated[..] {
        [one] => one.head.fields.get(header::LAST_MODIFIED),
        _ => None,
    };
    if tags.is_empty() && modified.is_none() {
        return false;
    }
    fields.remove(header::IF_MODIFIED_SINCE);
    if !tags.is_empty() {
        fields.insert(header::IF_NONE_MATCH, list(tags.into_iter()));
    }
    if let Some(modified) = modified {
        fields.insert(header::IF_MODIFIED_SINCE, modified.clone());
    }
    true
}

/// Of the stored responses that a request does not select, those that the origin can be asked about all the
/// same (C-18): whole, in a coding that the request accepts, and with a strong entity tag that no other has, so
/// that what a 304 names has one body. The newest eight, and no more than can be listed in so many octets.
pub(crate) fn adoptable(
    mut stored: Vec<Arc<StoredResponse>>,
    request: &HeaderMap,
) -> Vec<Arc<StoredResponse>> {
    const MOST: usize = 8;
    const MOST_OCTETS: usize = 1024;
    stored.retain(|stored| {
        let tag = EntityTag::parse(&stored.head.fields);
        !stored.head.is_of_head
            && stored.parts.is_none()
            && stored.head.status == StatusCode::OK
            && tag.is_some_and(EntityTag::is_strong)
            && selection::accepts_coding_of(request, &stored.head.fields)
    });
    let has_rival = |one: &Arc<StoredResponse>| {
        let mut same = stored
            .iter()
            .filter(|other| has_same_strong_tag(&other.head.fields, one));
        same.nth(1).is_some()
    };
    let mut alone: Vec<_> = stored
        .iter()
        .filter(|one| !has_rival(one))
        .cloned()
        .collect();
    alone.sort_by_key(|stored| std::cmp::Reverse(stored.terms.date));
    let mut octets = 0;
    let listed = alone.into_iter().take(MOST).take_while(|stored| {
        let tag = stored.head.fields.get(header::ETAG);
        octets += tag.map_or(0, HeaderValue::len);
        octets <= MOST_OCTETS
    });
    listed.collect()
}

/// Of a stored head what describes the body, and what the origin says of it to everybody: what a 304 to somebody
/// else can stand for (C-18). Cookies and whatever else was said to one are not among it.
pub(crate) fn fields_of_body(held: &HeaderMap) -> HeaderMap {
    const KEPT: [HeaderName; 8] = [
        header::ACCEPT_RANGES,
        header::AGE,
        header::CACHE_CONTROL,
        header::DATE,
        header::ETAG,
        header::EXPIRES,
        header::LAST_MODIFIED,
        header::VARY,
    ];
    let mut fields = HeaderMap::with_capacity(held.keys_len());
    for (name, value) in held {
        if name.as_str().starts_with("content-") || KEPT.contains(name) {
            fields.append(name.clone(), value.clone());
        }
    }
    fields
}

/// Several lines as one: not every origin reads more (RFC 9110 §13.1.2).
fn list<'a>(values: impl Iterator<Item = &'a HeaderValue>) -> HeaderValue {
    let mut values = values.filter(|value| !value.as_bytes().trim_ascii().is_empty());
    let first = values.next().map(HeaderValue::as_bytes).unwrap_or_default();
    let mut joined = first.to_vec();
    for value in values {
        joined.extend_from_slice(b", ");
        joined.extend_from_slice(value.as_bytes());
    }
    HeaderValue::from_maybe_shared(Bytes::from(joined)).expect("its parts are field values")
}

/// Whom a 304 is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotModified {
    /// The stored response is still good.
    Stored,
    /// The stored response is still good, and the answer is not to freshen it: it was asked about by its weak
    /// tag, and the answer has the same tag as a strong one, as of origins that compress what they send.
    Confirmed,
    /// The one of this place among the others that were asked about is what the request selects.
    Other(usize),
    /// The caller's copy is still good, and the stored response is no other.
    Both,
    /// It answers the caller's own preconditions and says nothing about the stored response.
    Caller,
    /// Neither, or nobody can tell: a fault of the origin.
    Nobody,
}

/// What was asked of the origin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// The fields of the request before it was made conditional.
    pub(crate) caller: &'a HeaderMap,
    pub(crate) selected: Option<&'a StoredResponse>,
    pub(crate) others: &'a [Arc<StoredResponse>],
    /// Whether it asked about these.
    pub(crate) is_ours: bool,
    /// Whether it can be put again, without them.
    pub(crate) may_repeat: bool,
}

impl Policy {
    /// What a 304 is about (RFC 9111 §4.3.4).
    pub(crate) fn is_about(&self, answer: &HeaderMap, question: Question<'_>) -> NotModified {
        let Question {
            caller, selected, ..
        } = question;
        let listed = IfNoneMatch::of(caller);
        if let Some(tag) = EntityTag::parse(answer) {
            let mut others = question.others.iter();
            return if selected.is_some_and(|stored| is_tag_of(tag, answer, stored)) {
                NotModified::Stored
            } else if let Some(place) = others.position(|other| has_same_strong_tag(answer, other))
            {
                NotModified::Other(place)
            } else if question.is_ours && selected.is_some_and(|stored| is_weakly(tag, stored)) {
                NotModified::Confirmed
            } else if !question.is_ours || listed.is_some_and(|listed| listed.matches(Some(tag))) {
                NotModified::Caller
            } else {
                NotModified::Nobody
            };
        }
        let Some(stored) = selected else {
            return NotModified::Nobody;
        };
        if !question.is_ours {
            return if was_copied_before(stored, answer, caller) {
                NotModified::Both
            } else {
                NotModified::Caller
            };
        }
        // A tag of the caller's may be meant as well as ours.
        let ours = EntityTag::parse(&stored.head.fields);
        let is_alone = listed.is_none_or(|listed| {
            let is_ours = |tag: EntityTag<'_>| ours.is_some_and(|ours| tag.matches_weakly(ours));
            listed.tags().all(is_ours)
        });
        if !is_alone {
            return if question.may_repeat {
                NotModified::Nobody
            } else {
                NotModified::Caller
            };
        }
        // A date that differs is about something else. Where nothing contradicts and ours is the only
        // question asked, ours is answered: many origins leave the tag out of a 304 (C-19).
        match (modified(answer), modified(&stored.head.fields)) {
            (Some(answered), held) if held != Some(answered) => NotModified::Nobody,
            (None, _) if self.is_strict => NotModified::Nobody,
            _ => NotModified::Stored,
        }
    }
}

/// Whether a 304 with this tag has a validator in common with a stored response: the same tag, strong
/// where the 304's is; or, where the stored response has none, the same date, which is strong where it
/// is old enough (RFC 9110 §8.8.2.2).
fn is_tag_of(tag: EntityTag<'_>, answer: &HeaderMap, stored: &StoredResponse) -> bool {
    let (held, terms) = (&stored.head.fields, &stored.terms);
    if let Some(held) = EntityTag::parse(held) {
        return tag.matches_strongly(held) || (!tag.is_strong() && tag.matches_weakly(held));
    }
    modified(answer).is_some()
        && modified(answer) == modified(held)
        && (terms.is_date_strong() || !tag.is_strong())
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

fn is_weakly(tag: EntityTag<'_>, stored: &StoredResponse) -> bool {
    let held = EntityTag::parse(&stored.head.fields);
    held.is_some_and(|held| held.matches_weakly(tag))
}

/// Whether both have an entity tag, and not the same.
pub(crate) fn has_other_tag(answer: &HeaderMap, stored: &StoredResponse) -> bool {
    let has_one = EntityTag::parse(&stored.head.fields).is_some();
    has_one && EntityTag::parse(answer).is_some_and(|tag| !is_weakly(tag, stored))
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
        let mut fields = head.fields.clone();
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
        let terms = self.terms(received, &fields, &control);
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
    let mut copy = |name: HeaderName| {
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
    // What other caches have said of it (RFC 9211 §2).
    copy(HeaderName::from_static("cache-status"));
    fields
}

#[cfg(test)]
mod tests {
    use http::{Uri, Version};

    use super::*;
    use crate::key::{Seed, Wanted};
    use crate::policy::Kind;
    use crate::stored::StoredBody;
    use crate::target::Target;

    const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const LATER: &str = "Mon, 07 Nov 1994 08:49:37 GMT";

    fn policy() -> Policy {
        Policy::recommended(Kind::Private)
    }

    fn received(fields: &HeaderMap) -> Received<'_> {
        Received {
            status: StatusCode::OK,
            fields,
            request_time: SystemTime::UNIX_EPOCH,
            response_time: SystemTime::UNIX_EPOCH,
            is_secure: false,
            is_delimited: true,
            is_timed: true,
        }
    }

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
        let storable = policy()
            .may_store(&Asked::default(), received(&fields))
            .unwrap();
        let uri = Uri::from_static("http://o.test/a");
        let target = Target::of_uri(&uri).unwrap();
        StoredResponse::new(
            Arc::new(Wanted::new(&Seed::random(false), target, None).to_key()),
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
            let held = stored(&[("etag", tag), ("last-modified", MODIFIED)]);
            assert!(make_conditional(
                &mut request,
                Some(&held),
                std::iter::empty(),
                false
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
            let mut ask = |may_repeat| {
                make_conditional(&mut request, Some(&held), std::iter::empty(), may_repeat)
            };
            assert_eq!(ask(false), expected, "{listed}");
            assert_eq!(ask(true), listed != "*", "{listed}");
            let is_added = !expected && listed != "*";
            let union = if is_added {
                format!("{listed}, \"v1\"")
            } else {
                listed.to_owned()
            };
            assert_eq!(request["if-none-match"], *union);
            assert_eq!(request.len(), 1);
        }
    }

    /// 9111-4.3.4-2, 9111-4.3.4-3, 9111-4.3.4-7, 9111-4.3.2-6, EDGE-31, C-19
    #[test]
    fn a_304_is_about_what_its_validators_say() {
        use NotModified::{Caller, Confirmed, Nobody, Stored};
        type Fields<'a> = &'a [(&'static str, &'a str)];
        let table: &[(Fields<'_>, Fields<'_>, Fields<'_>, NotModified)] = &[
            // answer, stored, caller
            (&[("etag", "\"a\"")], &[("etag", "\"a\"")], &[], Stored),
            (&[("etag", "\"b\"")], &[("etag", "\"a\"")], &[], Nobody),
            (&[("etag", "\"a\"")], &[("etag", "W/\"a\"")], &[], Confirmed),
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
            let question = Question {
                caller: &map(caller),
                selected: Some(&stored(held)),
                others: &[],
                is_ours: true,
                may_repeat: false,
            };
            let about = policy().is_about(&map(answer), question);
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
