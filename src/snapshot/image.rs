//! A stored response as octets, and back.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};

use super::octets::{Reading, Written};
use crate::cache_status::LifetimeSource;
use crate::content::ContentKey;
use crate::packed::Packed;
use crate::partition::Partition;
use crate::parts::Parts;
use crate::seed::{Digest, VaryKey};
use crate::stored::{StoredBody, StoredHead, StoredResponse, Terms};
use crate::tags::Tags;

/// A stored response as it was read, of which what is made with a cache's own secrets is still to be made.
#[derive(Debug)]
pub(super) struct Image<'a> {
    pub(super) uri: &'a [u8],
    pub(super) partition: Option<Partition>,
    pub(super) content: Option<ContentKey>,
    pub(super) head: StoredHead,
    pub(super) selected_by: Vec<(HeaderName, Option<Digest>)>,
    /// What these were digested with, where that is another key than the snapshot's.
    pub(super) vary_key: Option<VaryKey>,
    pub(super) terms: Terms,
    /// Those that do not come from its fields.
    pub(super) tags: Tags,
    pub(super) parts: Option<Parts>,
    pub(super) body: StoredBody,
}

impl<'a> Image<'a> {
    /// Writes a stored response.
    pub(super) fn write(response: &StoredResponse) -> Vec<u8> {
        let mut to = Written::default();
        to.piece(&response.key.uri);
        write_optional(&mut to, response.key.partition, write_partition);
        write_optional(&mut to, response.key.content, |to, content| {
            to.0.extend_from_slice(&content.to_bytes());
        });
        write_head(&mut to, &response.head);
        to.count(response.selected_by.fields.len());
        for (name, digest) in response.selected_by.fields.iter() {
            to.piece(name.as_str().as_bytes());
            write_optional(&mut to, digest.as_ref(), write_digest);
        }
        let vary_key = response.selected_by.key.as_deref();
        write_optional(&mut to, vary_key, |to, key| {
            to.0.extend_from_slice(&key.to_bytes());
        });
        write_terms(&mut to, &response.terms);
        let tags = response.relations.given().all();
        to.count(tags.names().count());
        tags.names().for_each(|name| to.piece(name.as_bytes()));
        write_optional(&mut to, response.parts.as_deref(), write_parts);
        write_optional(&mut to, response.body.trailers.as_deref(), write_fields);
        to.piece(&response.body.data);
        to.0
    }

    /// Reads one; `None` where it is none.
    pub(super) fn read(octets: &'a [u8]) -> Option<Self> {
        let mut from = Reading(octets);
        let image = Self {
            uri: from.piece()?,
            partition: read_optional(&mut from, read_partition)?,
            content: read_optional(&mut from, |from| ContentKey::from_bytes(from.array()?))?,
            head: read_head(&mut from)?,
            selected_by: read_many(&mut from, |from| {
                Some((read_name(from)?, read_optional(from, read_digest)?))
            })?,
            vary_key: read_optional(&mut from, |from| from.array().map(VaryKey::from_bytes))?,
            terms: read_terms(&mut from)?,
            tags: read_many(&mut from, |from| std::str::from_utf8(from.piece()?).ok())?
                .into_iter()
                .collect(),
            parts: read_optional(&mut from, read_parts)?,
            body: StoredBody {
                trailers: read_optional(&mut from, read_fields)?.map(Arc::new),
                data: Bytes::copy_from_slice(from.piece()?),
            },
        };
        from.is_at_end().then_some(image)
    }
}

fn write_optional<T>(to: &mut Written, value: Option<T>, write: impl FnOnce(&mut Written, T)) {
    to.flag(value.is_some());
    if let Some(value) = value {
        write(to, value);
    }
}

#[allow(
    clippy::option_option,
    reason = "what is not there can be read as well"
)]
fn read_optional<'a, T>(
    from: &mut Reading<'a>,
    read: impl FnOnce(&mut Reading<'a>) -> Option<T>,
) -> Option<Option<T>> {
    if from.flag()? {
        read(from).map(Some)
    } else {
        Some(None)
    }
}

fn read_many<'a, T>(
    from: &mut Reading<'a>,
    mut read: impl FnMut(&mut Reading<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    let count = from.count()?;
    (0..count).map(|_| read(from)).collect()
}

fn write_partition(to: &mut Written, partition: Partition) {
    let (whole, names) = partition.to_parts();
    to.0.extend_from_slice(&whole);
    for name in names {
        to.0.extend_from_slice(&name.to_le_bytes());
    }
}

fn read_partition(from: &mut Reading<'_>) -> Option<Partition> {
    let whole = from.array()?;
    let names = [from.array()?, from.array()?].map(u32::from_le_bytes);
    Some(Partition::from_parts(whole, names))
}

fn write_digest(to: &mut Written, digest: &Digest) {
    to.0.extend_from_slice(&digest.to_bytes());
}

fn read_digest(from: &mut Reading<'_>) -> Option<Digest> {
    from.array().map(Digest::from_bytes)
}

fn read_name(from: &mut Reading<'_>) -> Option<HeaderName> {
    HeaderName::from_bytes(from.piece()?).ok()
}

fn write_fields(to: &mut Written, fields: &HeaderMap) {
    to.count(fields.len());
    for (name, value) in fields {
        to.piece(name.as_str().as_bytes());
        to.piece(value.as_bytes());
        to.flag(value.is_sensitive());
    }
}

fn read_fields(from: &mut Reading<'_>) -> Option<HeaderMap> {
    let lines = read_many(from, |from| {
        let name = read_name(from)?;
        let mut value = HeaderValue::from_bytes(from.piece()?).ok()?;
        value.set_sensitive(from.flag()?);
        Some((name, value))
    })?;
    let mut fields = HeaderMap::new();
    for (name, value) in lines {
        fields.try_append(name, value).ok()?;
    }
    Some(fields)
}

fn write_head(to: &mut Written, head: &StoredHead) {
    to.flag(head.is_of_head);
    to.number(head.status.as_u16().into());
    to.octet(match head.version {
        Version::HTTP_09 => 9,
        Version::HTTP_10 => 10,
        Version::HTTP_2 => 20,
        Version::HTTP_3 => 30,
        _ => 11,
    });
    write_fields(to, &head.fields.unpack());
}

fn read_head(from: &mut Reading<'_>) -> Option<StoredHead> {
    Some(StoredHead {
        is_of_head: from.flag()?,
        status: StatusCode::from_u16(from.number()?.try_into().ok()?).ok()?,
        version: match from.octet()? {
            9 => Version::HTTP_09,
            10 => Version::HTTP_10,
            11 => Version::HTTP_11,
            20 => Version::HTTP_2,
            30 => Version::HTTP_3,
            _ => return None,
        },
        fields: Packed::of(&read_fields(from)?),
    })
}

fn write_terms(to: &mut Written, terms: &Terms) {
    let Terms {
        request_time,
        response_time,
        date,
        has_validator,
        lifetime,
        lifetime_from,
        initial_age,
        stale_while_revalidate,
        stale_if_error,
        is_no_cache,
        is_must_revalidate,
        is_immutable,
        is_delimited,
        is_expired,
        may_be_freshened,
        withheld,
    } = terms;
    for time in [request_time, response_time, date] {
        to.time(*time);
    }
    for duration in [
        lifetime,
        initial_age,
        stale_while_revalidate,
        stale_if_error,
    ] {
        to.duration(*duration);
    }
    to.octet(*lifetime_from as u8);
    for flag in [
        has_validator,
        is_no_cache,
        is_must_revalidate,
        is_immutable,
        is_delimited,
        is_expired,
        may_be_freshened,
    ] {
        to.flag(*flag);
    }
    to.count(withheld.len());
    for name in withheld {
        to.piece(name.as_str().as_bytes());
    }
}

fn read_terms(from: &mut Reading<'_>) -> Option<Terms> {
    Some(Terms {
        request_time: from.time()?,
        response_time: from.time()?,
        date: from.time()?,
        lifetime: from.duration()?,
        initial_age: from.duration()?,
        stale_while_revalidate: from.duration()?,
        stale_if_error: from.duration()?,
        lifetime_from: *LifetimeSource::ALL.get(usize::from(from.octet()?))?,
        has_validator: from.flag()?,
        is_no_cache: from.flag()?,
        is_must_revalidate: from.flag()?,
        is_immutable: from.flag()?,
        is_delimited: from.flag()?,
        is_expired: from.flag()?,
        may_be_freshened: from.flag()?,
        withheld: read_many(from, read_name)?.into(),
    })
}

fn write_parts(to: &mut Written, parts: &Parts) {
    write_optional(to, parts.complete(), Written::number);
    to.count(parts.pieces().len());
    for (at, piece) in parts.pieces() {
        to.number(*at);
        to.piece(piece);
    }
}

fn read_parts(from: &mut Reading<'_>) -> Option<Parts> {
    let complete = read_optional(from, Reading::number)?;
    let pieces = read_many(from, |from| {
        Some((from.number()?, Bytes::copy_from_slice(from.piece()?)))
    })?;
    let mut pieces = pieces.into_iter();
    let (at, first) = pieces.next()?;
    let parts = Parts::new(at, first, complete)?;
    pieces.try_fold(parts, |parts, (at, piece)| parts.with(at, &piece, complete))
}
