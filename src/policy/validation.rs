//! RFC 9111 §4.3.1 and §4.3.4: asking whether a stored response is still good, and what a 304 is about.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{Policy, comparing};
use crate::header::date::DateField;
use crate::header::etag::{EntityTag, IfNoneMatch};
use crate::stored::StoredResponse;

/// Whether a 304 could be about this response. `Date` is no validator (C-58).
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
    let nominated = selected.into_iter().chain(others);
    let nominated: Vec<_> = nominated.map(|stored| stored.head.validators()).collect();
    let tags = nominated.iter().filter_map(|held| {
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
    let modified = match &nominated[..] {
        [one] => one.get(header::LAST_MODIFIED),
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
        let fields = stored
            .head
            .fields
            .only([header::ETAG, header::CONTENT_ENCODING]);
        let tag = EntityTag::parse(&fields);
        !stored.head.is_of_head
            && stored.parts.is_none()
            && stored.head.status == StatusCode::OK
            && tag.is_some_and(EntityTag::is_strong)
            && comparing::accepts_coding_of(request, &fields)
    });
    let has_rival = |one: &Arc<StoredResponse>| {
        let fields = one.head.validators();
        let mut same = stored
            .iter()
            .filter(|other| has_same_strong_tag(&fields, other));
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
        let tag = stored.head.validators().remove(header::ETAG);
        octets += tag.map_or(0, |tag| tag.len());
        octets <= MOST_OCTETS
    });
    listed.collect()
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
            } else if !question.is_ours
                || listed.is_some_and(|listed| listed.matches(Some(tag)))
                || selected.is_some_and(|stored| asks_as_we_do(caller, stored))
            {
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
        let held = stored.head.validators();
        let ours = EntityTag::parse(&held);
        let is_alone = listed.as_ref().is_none_or(|listed| {
            let is_ours = |tag: EntityTag<'_>| ours.is_some_and(|ours| tag.matches_weakly(ours));
            listed.tags().all(is_ours)
        });
        // What nothing was added to is the caller's own question, and so is the answer.
        let is_mixed = !listed
            .as_ref()
            .is_some_and(|listed| ours.is_some_and(|ours| listed.matches(Some(ours))));
        if !is_alone {
            return if question.may_repeat && is_mixed {
                NotModified::Nobody
            } else {
                NotModified::Caller
            };
        }
        // A date that differs is about something else. Where nothing contradicts and ours is the only
        // question asked, ours is answered: many origins leave the tag out of a 304 (C-19).
        match (modified(answer), modified(&held)) {
            (Some(answered), held) if held == Some(answered) => NotModified::Stored,
            (None, _) if !self.is_strict => NotModified::Stored,
            // The question was the caller's own, and so is the answer.
            _ if listed.is_some() => NotModified::Caller,
            _ => NotModified::Nobody,
        }
    }
}

/// Whether the caller's own date asks no less than ours did, which is all that was asked.
fn asks_as_we_do(caller: &HeaderMap, stored: &StoredResponse) -> bool {
    let (held, terms) = (stored.head.validators(), &stored.terms);
    EntityTag::parse(&held).is_none()
        && !caller.contains_key(header::IF_NONE_MATCH)
        && DateField::parse(caller, &header::IF_MODIFIED_SINCE, terms.date)
            .time()
            .zip(terms.last_modified(&held))
            .is_some_and(|(theirs, ours)| theirs >= ours)
}

/// Whether a 304 with this tag has a validator in common with a stored response: the same tag, strong
/// where the 304's is; or, where the stored response has none, the same date, which is strong where it
/// is old enough (RFC 9110 §8.8.2.2).
fn is_tag_of(tag: EntityTag<'_>, answer: &HeaderMap, stored: &StoredResponse) -> bool {
    let (held, terms) = (stored.head.validators(), &stored.terms);
    if let Some(held) = EntityTag::parse(&held) {
        return tag.matches_strongly(held) || (!tag.is_strong() && tag.matches_weakly(held));
    }
    modified(answer).is_some()
        && modified(answer) == modified(&held)
        && (terms.is_date_strong(&held) || !tag.is_strong())
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
    let held = stored.head.validators();
    EntityTag::parse(&held).is_some_and(|held| held.matches_weakly(tag))
}

/// Whether both have an entity tag, and not the same.
pub(crate) fn has_other_tag(answer: &HeaderMap, stored: &StoredResponse) -> bool {
    let has_one = EntityTag::parse(&stored.head.validators()).is_some();
    has_one && EntityTag::parse(answer).is_some_and(|tag| !is_weakly(tag, stored))
}

/// Whether both have the same strong entity tag.
pub(crate) fn has_same_strong_tag(answer: &HeaderMap, stored: &StoredResponse) -> bool {
    let held = stored.head.validators();
    EntityTag::parse(answer)
        .zip(EntityTag::parse(&held))
        .is_some_and(|(tag, held)| tag.matches_strongly(held))
}

fn modified(fields: &HeaderMap) -> Option<&HeaderValue> {
    fields.get(header::LAST_MODIFIED)
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::policy::samples::{LATER, MODIFIED, map, policy, stored};

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
            let stored = stored(held);
            let question = Question {
                caller: &map(caller),
                selected: Some(&stored),
                others: &[],
                is_ours: true,
                may_repeat: false,
            };
            let about = policy().is_about(&map(answer), question);
            assert_eq!(about, *expected, "{answer:?} {held:?} {caller:?}");
        }
    }

    /// PRJ-4.3.3-4
    #[test]
    fn one_tag_is_another_than_the_other_where_both_are_there() {
        let tag = |tag| ("etag", tag);
        let modified = ("last-modified", MODIFIED);
        for (held, answered, expected) in [
            (tag("\"a\""), tag("\"b\""), true),
            (tag("W/\"a\""), tag("W/\"b\""), true),
            (tag("\"a\""), tag("\"a\""), false),
            (tag("\"a\""), tag("W/\"a\""), false),
            (modified, tag("\"b\""), false),
            (tag("\"a\""), modified, false),
            (modified, modified, false),
        ] {
            let found = has_other_tag(&map(&[answered]), &stored(&[held]));
            assert_eq!(found, expected, "{held:?} {answered:?}");
        }
    }
}
