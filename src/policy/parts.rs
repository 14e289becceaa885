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
            ContentLength::Octets(octets) => octets == part.len(),
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
    pub(crate) fn may_store_part(
        &self,
        asked: &Asked,
        received: Received<'_>,
    ) -> Result<(Storable, Part), NotStored> {
        let fields = received.fields;
        let received = Received {
            status: StatusCode::OK,
            // How long it is says where it ends.
            is_delimited: true,
            ..received
        };
        let mut storable = self.may_store(asked, received)?;
        let part = Part::of(fields).ok_or(NotStored::Partial)?;
        if strong_validator(&storable.fields, &storable.terms).is_none() {
            return Err(NotStored::Partial);
        }
        storable.fields.remove(header::CONTENT_RANGE);
        storable.content_length = Some(part.len());
        Ok((storable, part))
    }
}

/// What an answer with part of a response is to a stored one, by their validators.
pub(crate) fn kinship(answer: &HeaderMap, received: SystemTime, held: &StoredResponse) -> Kinship {
    let date = freshness::date_or(answer, received);
    let modified = freshness::last_modified(answer, received);
    let strong = strong(answer, freshness::is_date_strong(date, modified));
    let held_fields = &held.head.fields;
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
    match is_other {
        false => Kinship::Unknown,
        true if date < held.terms.date => Kinship::Older,
        true => Kinship::Newer,
    }
}

/// Whether what is stored of a head can be put together with a stored response.
pub(crate) fn is_same(fields: &HeaderMap, terms: &Terms, held: &StoredResponse) -> bool {
    let strong = strong_validator(fields, terms);
    strong.is_some() && strong == strong_validator(&held.head.fields, &held.terms)
}

/// The strong validator of a head (RFC 9110 §8.8.1): a strong entity tag; where there is no tag,
/// `Last-Modified` if it is old enough to be strong.
pub(crate) fn strong_validator<'a>(
    fields: &'a HeaderMap,
    terms: &Terms,
) -> Option<&'a HeaderValue> {
    strong(fields, terms.is_date_strong())
}

fn strong(fields: &HeaderMap, is_date_strong: bool) -> Option<&HeaderValue> {
    if fields.contains_key(header::ETAG) {
        let is_strong = EntityTag::parse(fields).is_some_and(EntityTag::is_strong);
        return fields.get(header::ETAG).filter(|_| is_strong);
    }
    fields.get(header::LAST_MODIFIED).filter(|_| is_date_strong)
}
