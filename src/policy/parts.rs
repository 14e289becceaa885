//! RFC 9111 §3.3 and §3.4: which parts of a response are stored, and which are put together.

use std::time::SystemTime;

use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::storing::Storable;
use super::{Asked, Policy, Received, freshness};
use crate::cache_status::NotStored;
use crate::header::content_length::ContentLength;
use crate::header::content_range::ContentRange;
use crate::header::content_type;
use crate::header::etag::EntityTag;
use crate::header::{Quoting, lines, members};
use crate::parts::Gap;
use crate::stored::{StoredResponse, Terms};

/// Which octets of the whole an answer encloses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// How many there are in all, where that is known.
    pub(crate) complete: Option<u64>,
}

impl Part {
    /// Which octets a 206 says that it encloses, whatever was asked for (RFC 9110 §15.3.7); `None` where
    /// that cannot be known, is not in octets, comes in several parts, or contradicts itself.
    pub(crate) fn of(fields: &HeaderMap) -> Option<Self> {
        let ContentRange::Enclosed {
            first,
            last,
            complete,
        } = ContentRange::parse(fields)?
        else {
            return None;
        };
        let part = Self {
            first,
            last,
            complete,
        };
        let is_as_long = match ContentLength::parse(fields) {
            ContentLength::Absent => true,
            ContentLength::Octets(octets) | ContentLength::Rewritten(octets) => {
                octets == part.len()
            }
            ContentLength::Invalid => false,
        };
        (is_as_long && !content_type::is_byteranges(fields)).then_some(part)
    }

    /// The same, where it does not contradict a stored response of which it is part.
    pub(crate) fn of_stored(fields: &HeaderMap, stored: &StoredResponse) -> Option<Self> {
        let held = match stored.parts.as_deref() {
            Some(parts) => parts.complete(),
            None => Some(stored.body.data.len() as u64),
        };
        Self::of(fields).filter(|part| match (part.complete, held) {
            (Some(said), Some(held)) => said == held,
            (None, Some(held)) => part.last < held,
            (_, None) => true,
        })
    }

    /// How many octets it has.
    pub(crate) fn len(&self) -> u64 {
        self.last - self.first + 1
    }
}

/// What an answer with part of a response is to a stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kinship {
    /// They are of the same representation: they have the same strong validator.
    Same,
    /// They are of different ones, and the stored one is out of date.
    Newer,
    /// They are of different ones, and the answer is out of date.
    Older,
    /// Nobody can tell.
    Unknown,
}

impl Policy {
    /// Whether a 206 may be stored, as if it were an incomplete 200 (RFC 9111 §3.3): with a strong
    /// validator, in octets, of one part (C-29).
    pub(crate) fn may_store_part<'a>(
        &self,
        asked: &Asked,
        received: Received<'a>,
    ) -> Result<(Storable<'a>, Part), NotStored> {
        let fields = received.fields;
        let received = Received {
            status: StatusCode::OK,
            // How long it is says where it ends.
            is_delimited: true,
            ..received
        };
        let mut storable = self.may_store(asked, received)?;
        let part = Part::of(fields).ok_or(NotStored::Partial)?;
        let kept = storable.kept.to_mut();
        if strong_validator(kept, &storable.terms).is_none() {
            return Err(NotStored::Partial);
        }
        kept.remove(header::CONTENT_RANGE);
        forget_digests(kept);
        storable.content_length = Some(part.len());
        Ok((storable, part))
    }

    /// Whether the beginning of an answer may be stored, where it is cut off (RFC 9111 §3.3): it is a 200 to
    /// GET, has a strong validator, and the rest can be asked for (C-30).
    pub(crate) fn may_keep_incomplete(
        &self,
        asked: &Asked,
        status: StatusCode,
        storable: &Storable<'_>,
    ) -> bool {
        let takes_ranges = |fields| {
            let listed = lines(fields, &header::ACCEPT_RANGES);
            members(listed, Quoting::Escaped).any(|unit| unit.eq_ignore_ascii_case(b"bytes"))
        };
        if !self.keeps_incomplete
            || status != StatusCode::OK
            || asked.is_head
            || asked.is_posted
            || asked.content.is_some()
        {
            return false;
        }
        let fields = storable.kept.fields();
        strong_validator(&fields, &storable.terms).is_some() && takes_ranges(&*fields)
    }
}

/// What an answer with part of a response is to a stored one, by their validators.
pub(crate) fn kinship(
    answer: &HeaderMap,
    asked: SystemTime,
    received: SystemTime,
    held: &StoredResponse,
) -> Kinship {
    let date = freshness::date_or(answer, received);
    let modified = freshness::last_modified(answer, received);
    let strong = strong(answer, || freshness::is_date_strong(date, modified));
    let held_fields = &held.head.validators();
    if strong.is_some() && strong == strong_validator(held_fields, &held.terms) {
        return Kinship::Same;
    }
    let is_other = match (EntityTag::parse(answer), EntityTag::parse(held_fields)) {
        (Some(tag), Some(held)) => !tag.matches_weakly(held),
        _ => {
            let held = held_fields.get(header::LAST_MODIFIED);
            let modified = answer.get(header::LAST_MODIFIED);
            held.zip(modified).is_some_and(|(one, other)| one != other)
        }
    };
    // Of the same second it is the one that was asked for first (PRJ-4-13).
    let is_older = (date, asked) < (held.terms.date, held.terms.request_time)
        && asked <= held.terms.response_time;
    match is_other {
        false => Kinship::Unknown,
        true if is_older => Kinship::Older,
        true => Kinship::Newer,
    }
}

/// Takes out what is said of the content of one message, and not of what it is part of (RFC 9530 §2).
pub(crate) fn forget_digests(fields: &mut HeaderMap) {
    fields.remove("content-digest");
    fields.remove("content-md5");
}

/// Whether what is stored of a head can be put together with a stored response.
pub(crate) fn is_same(fields: &HeaderMap, terms: &Terms, held: &StoredResponse) -> bool {
    let strong = strong_validator(fields, terms);
    strong.is_some() && strong == strong_validator(&held.head.validators(), &held.terms)
}

/// What is missing of a stored response, where a request for the whole can be completed by asking for that
/// (RFC 9111 §3.3): the request does not ask for ranges itself, and what comes of it may be stored.
pub(crate) fn missing(asked: &Asked, request: &HeaderMap, held: &StoredResponse) -> Option<Gap> {
    let is_plain = !asked.is_head
        && !asked.is_reload()
        && !asked.directives.no_store
        && !request.contains_key(header::RANGE)
        && !request.contains_key(header::IF_RANGE);
    held.parts.as_deref().filter(|_| is_plain)?.gap()
}

/// Makes a request ask for what is missing, and for the whole where that is another by now (RFC 9110
/// §13.1.5): with the strong validator of what is held. False where that has none any more.
pub(crate) fn ask_for_missing(request: &mut HeaderMap, gap: Gap, held: &StoredResponse) -> bool {
    let validators = held.head.validators();
    let Some(validator) = strong_validator(&validators, &held.terms) else {
        return false;
    };
    let range = match gap.last {
        Some(last) if !gap.is_rest => format!("bytes={}-{last}", gap.first),
        _ => format!("bytes={}-", gap.first),
    };
    let range = HeaderValue::try_from(range).expect("digits are a field value");
    request.insert(header::RANGE, range);
    request.insert(header::IF_RANGE, validator.clone());
    true
}

/// Whether an answer has just what is missing of a stored response: it is of the same representation, and
/// encloses that and nothing else.
pub(crate) fn completing(
    answer: &HeaderMap,
    received: SystemTime,
    gap: Gap,
    held: &StoredResponse,
) -> Option<Part> {
    let part = Part::of_stored(answer, held)?;
    let complete = part.complete.or(held.parts.as_deref()?.complete())?;
    let is_missing = part.first == gap.first && part.last == gap.last.unwrap_or(complete - 1);
    let is_same = kinship(answer, received, received, held) == Kinship::Same;
    (is_missing && is_same).then_some(Part {
        complete: Some(complete),
        ..part
    })
}

/// The strong validator of a head (RFC 9110 §8.8.1): a strong entity tag; where there is no tag,
/// `Last-Modified` if it is old enough to be strong.
pub(crate) fn strong_validator<'a>(
    fields: &'a HeaderMap,
    terms: &Terms,
) -> Option<&'a HeaderValue> {
    strong(fields, || terms.is_date_strong(fields))
}

fn strong(fields: &HeaderMap, is_date_strong: impl Fn() -> bool) -> Option<&HeaderValue> {
    if fields.contains_key(header::ETAG) {
        let is_strong = EntityTag::parse(fields).is_some_and(EntityTag::is_strong);
        return fields.get(header::ETAG).filter(|_| is_strong);
    }
    fields
        .get(header::LAST_MODIFIED)
        .filter(|_| is_date_strong())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::parts::Parts;
    use crate::policy::Kind;
    use crate::policy::samples::{self, map};

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const LONG_AGO: &str = "Sun, 06 Nov 1994 08:48:37 GMT";
    const RECENT: &str = "Sun, 06 Nov 1994 08:48:38 GMT";

    type Fields<'a> = &'a [(&'static str, &'a str)];

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)
    }

    fn received(fields: &HeaderMap) -> Received<'_> {
        Received {
            status: StatusCode::PARTIAL_CONTENT,
            fields,
            request_time: now(),
            response_time: now(),
            is_secure: false,
            is_delimited: true,
            is_timed: true,
            lifetimes: None,
        }
    }

    fn stored(validators: Fields<'_>) -> StoredResponse {
        let fields = [
            &[("cache-control", "max-age=60"), ("date", DATE)],
            validators,
        ]
        .concat();
        let fields = map(&fields);
        let received = Received {
            status: StatusCode::OK,
            ..received(&fields)
        };
        samples::of(received)
    }

    /// 9111-3.4-1, 9111-4.3.4-6, 9110-8.8.2.2-1, PRJ-8.8.3-2
    #[test]
    fn parts_are_of_the_same_by_their_strong_validators() {
        let (tag, other) = (("etag", "\"e\""), ("etag", "\"f\""));
        let (weak, invalid) = (("etag", "W/\"e\""), ("etag", "e"));
        let (strong, recent) = (("last-modified", LONG_AGO), ("last-modified", RECENT));
        let table: [(Fields<'_>, Fields<'_>, Kinship); 14] = [
            (&[tag], &[tag], Kinship::Same),
            (&[tag, recent], &[tag, strong], Kinship::Same),
            (&[strong], &[strong], Kinship::Same),
            (&[tag], &[other], Kinship::Newer),
            (&[tag, strong], &[other, strong], Kinship::Newer),
            (&[weak], &[weak], Kinship::Unknown),
            (&[tag], &[weak], Kinship::Unknown),
            (&[invalid], &[invalid], Kinship::Unknown),
            (&[weak, strong], &[weak, strong], Kinship::Unknown),
            (&[recent], &[recent], Kinship::Unknown),
            (&[recent], &[strong], Kinship::Newer),
            (&[tag, strong], &[strong], Kinship::Unknown),
            (&[], &[], Kinship::Unknown),
            (&[tag], &[], Kinship::Unknown),
        ];
        for (held, answered, expected) in table {
            let held_response = stored(held);
            let answer = map(&[answered, &[("date", DATE)]].concat());
            let found = kinship(&answer, now(), now(), &held_response);
            assert_eq!(found, expected, "{held:?} {answered:?}");
        }
        let held = stored(&[tag]);
        let older = map(&[other, ("date", LONG_AGO)]);
        let earlier = now() - Duration::from_secs(1);
        let newer = map(&[other, ("date", DATE)]);
        for (answer, asked, expected) in [
            (&older, earlier, Kinship::Older),
            (&newer, earlier, Kinship::Older),
            (&older, now(), Kinship::Older),
            (&newer, now(), Kinship::Newer),
        ] {
            assert_eq!(kinship(answer, asked, now(), &held), expected, "{answer:?}");
        }
    }

    /// PRJ-3.4-3, 9110-14.4-1, 9110-15.3.7.2-1, EDGE-26
    #[test]
    fn a_part_says_which_octets_it_has() {
        let part = |first, last, complete| {
            Some(Part {
                first,
                last,
                complete,
            })
        };
        let range = |value| ("content-range", value);
        let table: [(Fields<'_>, Option<Part>); 9] = [
            (&[range("bytes 2-6/10")], part(2, 6, Some(10))),
            (&[range("bytes 2-6/*")], part(2, 6, None)),
            (
                &[range("bytes 2-6/10"), ("content-length", "5")],
                part(2, 6, Some(10)),
            ),
            (&[range("bytes 2-6/10"), ("content-length", "6")], None),
            (&[range("bytes 2-6/10"), ("content-length", "x")], None),
            (
                &[
                    range("bytes 2-6/10"),
                    ("content-type", "Multipart/ByteRanges; boundary=x"),
                ],
                None,
            ),
            (&[range("bytes */10")], None),
            (&[range("lines 2-6/10")], None),
            (&[], None),
        ];
        for (fields, expected) in table {
            assert_eq!(Part::of(&map(fields)), expected, "{fields:?}");
        }
    }

    /// 9110-14.4-1, 9111-3.4-1
    #[test]
    fn a_part_lies_within_what_is_stored() {
        let mut held = stored(&[("etag", "\"e\"")]);
        held.body.data = Bytes::from_static(b"0123456789");
        for (range, expected) in [
            ("bytes 5-9/10", true),
            ("bytes 5-9/11", false),
            ("bytes 5-9/*", true),
            ("bytes 5-8/*", true),
            ("bytes 5-10/*", false),
            ("bytes 5-11/*", false),
        ] {
            let found = Part::of_stored(&map(&[("content-range", range)]), &held);
            assert_eq!(found.is_some(), expected, "{range}");
        }
    }

    /// 9111-3.4-1, 9110-14.4-1
    #[test]
    fn what_completes_is_what_is_missing_of_the_same() {
        let tag = ("etag", "\"e\"");
        let other = ("etag", "\"f\"");
        for (complete, range, tag, expected) in [
            (Some(10), "bytes 5-9/10", tag, true),
            (Some(10), "bytes 5-9/*", tag, true),
            (None, "bytes 5-9/10", tag, true),
            (None, "bytes 5-9/*", tag, false),
            (None, "bytes 5-8/10", tag, false),
            (Some(10), "bytes 5-9/11", tag, false),
            (Some(10), "bytes 6-9/10", tag, false),
            (Some(10), "bytes 4-9/10", tag, false),
            (Some(10), "bytes 5-8/10", tag, false),
            (Some(10), "bytes 5-9/10", other, false),
        ] {
            let parts = Parts::new(0, Bytes::from_static(b"01234"), complete);
            let held = stored(&[("etag", "\"e\"")]).holding(parts.map(Arc::new));
            let gap = held.parts.as_deref().and_then(Parts::gap).unwrap();
            let answer = map(&[("content-range", range), tag]);
            let part = Part {
                first: 5,
                last: 9,
                complete: Some(10),
            };
            let found = completing(&answer, now(), gap, &held);
            let case = format!("{complete:?} {range} {tag:?}");
            assert_eq!(found, expected.then_some(part), "{case}");
        }
    }

    /// C-54, 9111-3.3-3
    #[test]
    fn a_part_says_where_it_ends() {
        let fields = map(&[
            ("cache-control", "max-age=60"),
            ("etag", "\"e\""),
            ("content-range", "bytes 0-4/10"),
        ]);
        let received = Received {
            is_delimited: false,
            ..received(&fields)
        };
        let policy = Policy::recommended(Kind::Shared);
        let (storable, part) = policy.may_store_part(&Asked::default(), received).unwrap();
        assert_eq!((storable.content_length, part.len()), (Some(5), 5));
        let whole = policy.may_store(
            &Asked::default(),
            Received {
                status: StatusCode::OK,
                ..received
            },
        );
        assert_eq!(whole.unwrap_err(), NotStored::Undelimited);
    }
}
