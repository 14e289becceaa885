//! Answers: from a stored response, from the origin alone, and where there can be none.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use crate::body::CacheBody;
use crate::cache_status::{CacheStatus, NotStored};
use crate::policy::parts::Part;
use crate::policy::{Asked, precondition};
use crate::ranged;
use crate::store::Copy;
use crate::stored::StoredResponse;

/// All of a stored response, from where it lies at rest.
#[inline]
pub(crate) fn at_rest<B>(stored: &StoredResponse) -> Response<CacheBody<B>> {
    let mut response = Response::new(CacheBody::stored(stored.body.clone()));
    *response.version_mut() = stored.head.version;
    *response.status_mut() = stored.head.status;
    *response.headers_mut() = stored.head.fields.unpack();
    response
}

/// All of a stored response, from a copy.
#[inline]
pub(crate) fn of_copy<B>(copy: &Copy) -> Response<CacheBody<B>> {
    copy.answers();
    Response::from_parts(copy.head.clone(), CacheBody::stored(copy.body.clone()))
}

/// Who asks, and when.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) asked: &'a Asked,
    /// The fields of the request.
    pub(crate) caller: &'a HeaderMap,
    pub(crate) now: SystemTime,
    /// How old the stored response is now.
    pub(crate) age: Duration,
}

impl<'a> Asker<'a> {
    #[inline]
    pub(crate) fn of(
        stored: &StoredResponse,
        asked: &'a Asked,
        caller: &'a HeaderMap,
        now: SystemTime,
    ) -> Self {
        Self {
            asked,
            caller,
            now,
            age: stored.terms.current_age(now),
        }
    }
}

/// The answer to a request from where a stored response lies at rest, without the origin having said that it is
/// still good.
pub(crate) fn reused<B>(
    stored: &StoredResponse,
    asker: Asker<'_>,
    status: CacheStatus,
) -> Response<CacheBody<B>> {
    let mut response = at_rest(stored);
    reuse(&mut response, stored, asker, status);
    response
}

/// Makes of all of a stored response the answer to a request, without the origin having said that it is still
/// good. In place: to move a head costs as much as most of what is done to it.
#[inline]
pub(crate) fn reuse<B>(
    response: &mut Response<CacheBody<B>>,
    stored: &StoredResponse,
    asker: Asker<'_>,
    status: CacheStatus,
) {
    let age = asker.age;
    adapt(response, stored, asker);
    if !stored.terms.withheld.is_empty() {
        withhold(response, &stored.terms.withheld);
    }
    set_age(response.headers_mut(), age.as_secs());
    let status = status.with_age(age, stored.terms.lifetime);
    response.extensions_mut().insert(status);
}

/// Leaves these fields out.
#[cold]
fn withhold<B>(response: &mut Response<CacheBody<B>>, withheld: &[HeaderName]) {
    let is_part = response.status() == StatusCode::PARTIAL_CONTENT;
    let fields = response.headers_mut();
    for name in withheld {
        // What describes a part is of this answer, and not of what is stored.
        if !is_part || !DESCRIBES_PART.contains(name) {
            fields.remove(name);
        }
    }
}

/// Fields of a 206 that is made here.
const DESCRIBES_PART: [HeaderName; 3] = [
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
];

/// A stored response that the origin has just said is still good. It has an `Age` only if that answer
/// had one (C-35).
pub(crate) fn validated<B>(
    stored: &StoredResponse,
    asked: &Asked,
    caller: &HeaderMap,
    now: SystemTime,
    is_from_cache: bool,
) -> Response<CacheBody<B>> {
    let asker = Asker::of(stored, asked, caller, now);
    let mut response = at_rest(stored);
    adapt(&mut response, stored, asker);
    if is_from_cache {
        set_age(response.headers_mut(), asker.age.as_secs());
    } else {
        response.headers_mut().remove(header::AGE);
    }
    response
}

/// The head of a stored response of which the origin has just sent the part that was missing.
pub(crate) fn whole(
    stored: &StoredResponse,
    part: Part,
    now: SystemTime,
    is_from_cache: bool,
) -> Response<()> {
    let mut response = Response::new(());
    *response.version_mut() = stored.head.version;
    *response.status_mut() = stored.head.status;
    let mut fields = stored.head.fields.unpack();
    if let Some(octets) = part.complete {
        fields.insert(header::CONTENT_LENGTH, HeaderValue::from(octets));
    }
    if is_from_cache {
        set_age(&mut fields, stored.terms.current_age(now).as_secs());
    } else {
        fields.remove(header::AGE);
    }
    *response.headers_mut() = fields;
    response
}

/// 504: what the caller asked for cannot be had (RFC 9111 §5.2.1.7).
pub(crate) fn unavailable<B>(status: CacheStatus) -> Response<CacheBody<B>> {
    let mut response = Response::new(CacheBody::empty());
    *response.status_mut() = StatusCode::GATEWAY_TIMEOUT;
    response.extensions_mut().insert(status);
    response
}

/// The origin's answer, on its way to the caller alone.
pub(crate) fn passed<B>(
    response: Response<B>,
    status: CacheStatus,
    refused: NotStored,
) -> Response<CacheBody<B>> {
    let mut response = response.map(CacheBody::passed);
    response
        .extensions_mut()
        .insert(status.stored_as(Err(refused)));
    response
}

/// Makes of all of a stored response what was asked for: a 304 where the caller has it already, a part of it, or
/// no body.
#[inline]
fn adapt<B>(response: &mut Response<CacheBody<B>>, stored: &StoredResponse, asker: Asker<'_>) {
    let asked = asker.asked;
    if asked.is_conditional || asked.is_head || asked.range.is_some() {
        adapt_less(response, stored, asker);
    }
}

#[inline(never)]
fn adapt_less<B>(response: &mut Response<CacheBody<B>>, stored: &StoredResponse, asker: Asker<'_>) {
    let Asker {
        asked, caller, now, ..
    } = asker;
    let (status, fields) = (stored.head.status, response.headers());
    if asked.is_conditional
        && precondition::is_not_modified(caller, status, fields, &stored.terms, now)
    {
        let fields = precondition::not_modified_fields(fields);
        *response.headers_mut() = fields;
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = CacheBody::absent();
        return;
    }
    if let Some(range) = asked.range.as_deref() {
        if let Some(part) = ranged::answer(stored, fields, range) {
            *response = part;
            return;
        }
    }
    if asked.is_head {
        *response.body_mut() = CacheBody::absent();
    }
}

/// Fills in the place that every stored head has for `Age`, and that holds zero.
#[inline]
fn set_age(fields: &mut HeaderMap, age: u64) {
    if age > 0 {
        write_age(fields, age);
    }
}

fn write_age(fields: &mut HeaderMap, age: u64) {
    // Inserting would make the map larger first; the place is there.
    if let Some(place) = fields.get_mut(header::AGE) {
        *place = digits(age);
    }
}

fn digits(age: u64) -> HeaderValue {
    if age < WITHIN_HOUR as u64 {
        let start = WIDTH * age as usize;
        let padded = &WRITTEN[start..start + WIDTH];
        return HeaderValue::from_static(padded.trim_start_matches('0'));
    }
    let mut digits = itoa::Buffer::new();
    let value = Bytes::copy_from_slice(digits.format(age).as_bytes());
    HeaderValue::from_maybe_shared(value).expect("digits are a field value")
}

/// The seconds of an hour, written down: most ages are among them, and cost no memory.
const WITHIN_HOUR: usize = 3600;
const WIDTH: usize = 4;
static WRITTEN: &str = {
    const DIGITS: [u8; WIDTH * WITHIN_HOUR] = {
        let mut digits = [b'0'; WIDTH * WITHIN_HOUR];
        let mut age = 0;
        while age < WITHIN_HOUR {
            let (mut left, mut place) = (age, WIDTH * (age + 1));
            while left > 0 {
                place -= 1;
                digits[place] = b'0' + (left % 10) as u8;
                left /= 10;
            }
            age += 1;
        }
        digits
    };
    match std::str::from_utf8(&DIGITS) {
        Ok(digits) => digits,
        Err(_) => panic!("digits are ASCII"),
    }
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_written_in_digits() {
        for age in (1..=4000).chain([9999, 10_000, 1 << 31, u64::MAX]) {
            assert_eq!(digits(age), age.to_string().as_str());
        }
    }
}
