//! Answers to requests for ranges: 206 with one part or several, and 416 (RFC 9110 §15.3.7 and §15.5.17).

use std::hash::{BuildHasher, RandomState};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use crate::body::CacheBody;
use crate::header::content_range::ContentRange;
use crate::policy::range::{AskedRange, Portion};
use crate::policy::{parts, precondition};
use crate::stored::StoredResponse;

/// What a request for ranges gets of a stored response, which has these fields; `None` where that is the whole.
pub(crate) fn answer<B>(
    stored: &StoredResponse,
    held: &HeaderMap,
    range: &AskedRange,
) -> Option<Response<CacheBody<B>>> {
    let ranges = match range.portion(stored) {
        Portion::Whole => return None,
        Portion::Unsatisfiable(complete) => return Some(unsatisfiable(stored, held, complete)),
        Portion::Ranges(ranges) => ranges,
    };
    // Who has part of it already has these fields as well.
    let mut fields = if range.is_conditional() {
        precondition::not_modified_fields(held)
    } else {
        held.clone()
    };
    // They come behind the whole.
    fields.remove(header::TRAILER);
    // That is of this answer, and what stands for the whole content is not of part of it (RFC 9530 §2).
    fields.remove(header::CONTENT_RANGE);
    parts::forget_digests(&mut fields);
    let pieces = match ranges[..] {
        [(first, last)] => {
            let enclosed = enclosed(stored, first, last);
            fields.insert(header::CONTENT_RANGE, enclosed.to_value());
            octets(stored, first, last)
        }
        _ => {
            let boundary = boundary();
            let whole = format!("multipart/byteranges; boundary={boundary}");
            let whole = HeaderValue::try_from(whole).expect("letters and digits");
            fields.insert(header::CONTENT_TYPE, whole);
            let media_type = held.get(header::CONTENT_TYPE);
            multipart(stored, media_type, &ranges, &boundary)
        }
    };
    let length: usize = pieces.iter().map(Bytes::len).sum();
    fields.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    let mut response = Response::new(CacheBody::segmented(pieces));
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    *response.version_mut() = stored.head.version;
    *response.headers_mut() = fields;
    Some(response)
}

/// 416, of so many octets.
fn unsatisfiable<B>(
    stored: &StoredResponse,
    held: &HeaderMap,
    complete: u64,
) -> Response<CacheBody<B>> {
    let mut fields = HeaderMap::with_capacity(4);
    for name in [header::DATE, header::VARY, header::AGE] {
        for value in held.get_all(&name) {
            fields.append(name.clone(), value.clone());
        }
    }
    let range = ContentRange::Unsatisfied { complete };
    fields.insert(header::CONTENT_RANGE, range.to_value());
    let mut response = Response::new(CacheBody::empty());
    *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
    *response.version_mut() = stored.head.version;
    *response.headers_mut() = fields;
    response
}

fn enclosed(stored: &StoredResponse, first: u64, last: u64) -> ContentRange {
    ContentRange::Enclosed {
        first,
        last,
        complete: match stored.parts.as_deref() {
            None => Some(stored.body.data.len() as u64),
            Some(parts) => parts.complete(),
        },
    }
}

/// The octets of a range that the stored response has.
fn octets(stored: &StoredResponse, first: u64, last: u64) -> Vec<Bytes> {
    if let Some(parts) = stored.parts.as_deref() {
        return parts.slices(first, last);
    }
    let position = |at: u64| usize::try_from(at).expect("it lies within the body");
    vec![stored.body.data.slice(position(first)..=position(last))]
}

/// Several ranges as parts of one body (RFC 9110 §14.6).
fn multipart(
    stored: &StoredResponse,
    media_type: Option<&HeaderValue>,
    ranges: &[(u64, u64)],
    boundary: &str,
) -> Vec<Bytes> {
    let mut pieces = Vec::with_capacity(2 * ranges.len() + 1);
    let mut line_end = "";
    for &(first, last) in ranges {
        let mut head = format!("{line_end}--{boundary}\r\n").into_bytes();
        if let Some(media_type) = media_type {
            head.extend_from_slice(b"Content-Type: ");
            head.extend_from_slice(media_type.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"Content-Range: ");
        head.extend_from_slice(enclosed(stored, first, last).to_value().as_bytes());
        head.extend_from_slice(b"\r\n\r\n");
        pieces.push(Bytes::from(head));
        pieces.extend(octets(stored, first, last));
        line_end = "\r\n";
    }
    pieces.push(Bytes::from(format!("\r\n--{boundary}--\r\n")));
    pieces
}

/// What stands between the parts. Nobody can foresee it, and so it stands in none of them.
fn boundary() -> String {
    let source = RandomState::new();
    format!("{:016x}{:016x}", source.hash_one(0), source.hash_one(1))
}
