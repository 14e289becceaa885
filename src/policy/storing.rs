//! RFC 9111 §3: whether a response may be stored, and which of its fields.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::status::{is_cacheable_by_default, is_never_stored, is_understood};
use super::{Policy, freshness, validation};
use crate::cache_status::NotStored;
use crate::header::cache_control::{RequestDirectives, ResponseDirectives, Scope};
use crate::header::connection::Connection;
use crate::header::content_length::ContentLength;
use crate::header::{age, content_type};
use crate::stored::Terms;

/// A head of more lines is not stored.
pub(super) const MAX_LINES: usize = 1024;

/// A head fit to be stored.
#[derive(Debug)]
pub(crate) struct Storable {
    pub(crate) fields: HeaderMap,
    pub(crate) terms: Terms,
    /// What the body must come to.
    pub(crate) content_length: Option<u64>,
}

impl Policy {
    /// Whether the response to a GET or HEAD may be stored (RFC 9111 §3), and what is kept of its head.
    pub(crate) fn may_store(
        &self,
        request: &RequestDirectives,
        status: StatusCode,
        fields: &HeaderMap,
        request_time: SystemTime,
        response_time: SystemTime,
    ) -> Result<Storable, NotStored> {
        if request.no_store {
            return Err(NotStored::RequestNoStore);
        }
        if fields.len() > MAX_LINES {
            return Err(NotStored::TooLarge);
        }
        // Directives are obeyed before `Connection` can take them away (PRJ-3.1-7).
        let directives = ResponseDirectives::parse(fields);
        // Whether it is a success is said in its trailers, and not by its status (C-48).
        if content_type::is_grpc(fields) {
            return Err(NotStored::Bypass);
        }
        if is_never_stored(status) || (directives.must_understand && !is_understood(status)) {
            return Err(NotStored::Status);
        }
        if is_no_store(status, &directives) {
            return Err(NotStored::NoStore);
        }
        let says_how_long = directives.max_age.is_some() || fields.contains_key(header::EXPIRES);
        if !says_how_long && !may_guess_lifetime(status, &directives) {
            return Err(NotStored::NotCacheable);
        }
        let content_length = match ContentLength::parse(fields) {
            ContentLength::Absent => None,
            ContentLength::Octets(octets) if !fields.contains_key(header::TRANSFER_ENCODING) => {
                Some(octets)
            }
            // The one contradicts the other (RFC 9112 §6.3).
            ContentLength::Octets(_) | ContentLength::Invalid => {
                return Err(NotStored::ContentLength);
            }
        };
        let mut kept = storable_fields(fields);
        if let Some(octets) = content_length.filter(|_| kept.contains_key(header::CONTENT_LENGTH)) {
            // What was said twice is said once.
            kept.insert(header::CONTENT_LENGTH, HeaderValue::from(octets));
        }
        let age = age::parse(fields);
        let mut terms = self.terms(
            status,
            fields,
            &directives,
            age,
            request_time,
            response_time,
        );
        terms.has_validator = validation::has_validator(&kept);
        freshness::keep_date(&mut kept, terms.date, response_time);
        let can_be_fresh = says_how_long || !terms.lifetime.is_zero();
        if !terms.has_validator && (!can_be_fresh || terms.is_no_cache) {
            return Err(NotStored::NoValidator);
        }
        Ok(Storable {
            fields: kept,
            terms,
            content_length,
        })
    }

    /// What is decided once, for as long as the response is stored.
    pub(super) fn terms(
        &self,
        status: StatusCode,
        fields: &HeaderMap,
        directives: &ResponseDirectives,
        age: u64,
        request_time: SystemTime,
        response_time: SystemTime,
    ) -> Terms {
        let date = freshness::date_or(fields, response_time);
        Terms {
            request_time,
            response_time,
            date,
            last_modified: freshness::last_modified(fields, response_time),
            has_validator: validation::has_validator(fields),
            lifetime: self.lifetime(status, fields, directives, date, response_time),
            initial_age: freshness::initial_age(age, date, request_time, response_time),
            stale_while_revalidate: Duration::from_secs(
                directives.stale_while_revalidate.unwrap_or(0),
            ),
            is_no_cache: directives.no_cache.is_whole(),
            is_must_revalidate: directives.must_revalidate,
            may_be_freshened: !decides_for_one_hop(fields),
            withheld: match &directives.no_cache {
                Scope::Fields(names) => withheld(fields, names),
                Scope::Absent | Scope::Whole => Box::default(),
            },
        }
    }
}

/// The fields that are there of those that `no-cache` lists. `Age` is ours (§4).
fn withheld(fields: &HeaderMap, listed: &[HeaderName]) -> Box<[HeaderName]> {
    let listed: HashSet<&HeaderName> = listed.iter().collect();
    fields
        .keys()
        .filter(|name| listed.contains(name) && *name != header::AGE)
        .cloned()
        .collect()
}

/// `no-store`, which yields to `must-understand` where the status is understood (RFC 9111 §5.2.2.3).
pub(super) fn is_no_store(status: StatusCode, directives: &ResponseDirectives) -> bool {
    directives.no_store && !(directives.must_understand && is_understood(status))
}

/// Whether a response that does not say how long it is fresh may be given a lifetime: its status is
/// cacheable by default, or it says that it may be cached (RFC 9111 §4.2.2).
pub(super) fn may_guess_lifetime(status: StatusCode, directives: &ResponseDirectives) -> bool {
    is_cacheable_by_default(status) || directives.public || directives.private != Scope::Absent
}

/// RFC 9111 §3.1: every field but those for the next hop alone. `Age` is what it was when it was
/// received, so its place is kept and its value is not.
fn storable_fields(received: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::with_capacity(received.keys_len() + 2);
    let connection = Connection::of(received);
    for (name, value) in received {
        if name != header::AGE && !connection.is_hop_by_hop(name) {
            kept.append(name.clone(), value.clone());
        }
    }
    kept.insert(header::AGE, HeaderValue::from_static("0"));
    kept
}

/// Whether `Connection` names a field that decides about reuse. It was obeyed when the response was
/// stored and is gone since, so that nothing can be decided anew from what was kept (PRJ-3.1-7).
pub(super) fn decides_for_one_hop(fields: &HeaderMap) -> bool {
    let connection = Connection::of(fields);
    [
        header::CACHE_CONTROL,
        header::EXPIRES,
        header::DATE,
        header::VARY,
    ]
    .iter()
    .any(|name| connection.names(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_store(status: u16, fields: &[(&'static str, &str)]) -> Result<Storable, NotStored> {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(*name, value.parse().unwrap());
        }
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 + 864_000);
        let status = StatusCode::from_u16(status).unwrap();
        Policy { heuristics: true }.may_store(&RequestDirectives::default(), status, &map, now, now)
    }

    const MODIFIED: (&str, &str) = ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT");

    /// 9110-15.1-1, 9110-15.1-3, 7725-3-1, 9111-3-7, EDGE-39
    #[test]
    fn a_status_that_is_cacheable_by_default_needs_no_lifetime() {
        for status in [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 451, 501] {
            let stored = may_store(status, &[MODIFIED]).unwrap();
            assert_eq!(
                stored.terms.lifetime,
                Duration::from_secs(86_400),
                "{status}"
            );
        }
        for status in [
            201, 202, 205, 302, 303, 307, 400, 403, 409, 422, 500, 502, 503, 504, 299, 599,
        ] {
            let refused = may_store(status, &[MODIFIED]).unwrap_err();
            assert_eq!(refused, NotStored::NotCacheable, "{status}");
            for control in ["max-age=60", "public", "private"] {
                let stored = may_store(status, &[MODIFIED, ("cache-control", control)]);
                assert!(stored.is_ok(), "{status} {control}");
            }
        }
    }

    /// 9111-3-3, 6585-3-1, 8470-5.2-1, 9110-B.3-1, PRJ-15-2, PRJ-15-3, PRJ-15-4, PRJ-15-5, EDGE-41
    #[test]
    fn a_status_about_the_exchange_is_never_stored() {
        for status in [
            100, 103, 206, 226, 304, 401, 407, 412, 416, 417, 421, 425, 428, 429, 431, 511, 600,
            999,
        ] {
            let refused = may_store(status, &[("cache-control", "max-age=60, public"), MODIFIED]);
            assert_eq!(refused.unwrap_err(), NotStored::Status, "{status}");
        }
    }

    /// 9111-3-4, 9111-3-12, 9111-5.2.2.3-1, 9111-5.2.2.3-2, EDGE-11
    #[test]
    fn no_store_yields_only_to_must_understand() {
        let table = [
            (200, "no-store", Some(NotStored::NoStore)),
            (
                200,
                "no-store, max-age=60, public",
                Some(NotStored::NoStore),
            ),
            (200, "no-store, must-understand, max-age=60", None),
            (
                599,
                "no-store, must-understand, max-age=60",
                Some(NotStored::Status),
            ),
            (599, "must-understand, max-age=60", Some(NotStored::Status)),
            (599, "max-age=60", None),
        ];
        for (status, control, expected) in table {
            let refused = may_store(status, &[("cache-control", control)]).err();
            assert_eq!(refused, expected, "{status} {control}");
        }
    }

    /// 9111-4.2.1-1, 9111-4.2.1-4, 9111-4.2.1-5, 9111-4.2.1-6, 9111-4.2.2-2, 9111-5.3-1, 9111-5.3-2, PRJ-4.2.2-6
    #[test]
    fn the_lifetime_is_the_first_that_is_said() {
        let date = ("date", "Wed, 16 Nov 1994 08:49:37 GMT");
        let expires = ("expires", "Wed, 16 Nov 1994 08:50:37 GMT");
        let modified_later = ("last-modified", "Thu, 17 Nov 1994 08:49:37 GMT");
        let table: &[(&[(&'static str, &str)], u64)] = &[
            (&[date, ("cache-control", "max-age=5"), expires], 5),
            (
                &[date, ("cache-control", "max-age=abc"), expires, MODIFIED],
                0,
            ),
            (&[date, expires, MODIFIED], 60),
            (&[expires], 60),
            (&[("date", "rubbish"), expires], 60),
            (&[date, ("expires", "0"), MODIFIED], 0),
            (
                &[("date", "Thu, 17 Nov 1994 08:49:37 GMT"), expires, MODIFIED],
                0,
            ),
            (&[date, MODIFIED], 86_400),
            (&[date, MODIFIED, ("cache-control", "s-maxage=5")], 86_400),
            (&[date, modified_later, ("etag", "\"e\"")], 0),
            (&[date, ("etag", "\"e\"")], 0),
        ];
        for (fields, expected) in table {
            let stored = may_store(200, fields).unwrap();
            assert_eq!(
                stored.terms.lifetime,
                Duration::from_secs(*expected),
                "{fields:?}"
            );
        }
    }

    /// PRJ-3-10, EDGE-8
    #[test]
    fn what_could_never_be_reused_is_not_stored() {
        assert_eq!(may_store(200, &[]).unwrap_err(), NotStored::NoValidator);
        let no_cache = ("cache-control", "no-cache, max-age=60");
        assert_eq!(
            may_store(200, &[no_cache]).unwrap_err(),
            NotStored::NoValidator
        );
        assert!(may_store(200, &[no_cache, ("etag", "\"e\"")]).is_ok());
        assert!(
            may_store(302, &[("expires", "0"), ("etag", "\"e\"")]).is_ok(),
            "9111-3-8"
        );
    }

    /// 9112-6.3-2, 9112-6.3-3
    #[test]
    fn a_length_that_contradicts_itself_keeps_a_response_out() {
        let fresh = ("cache-control", "max-age=60");
        let chunked = ("transfer-encoding", "chunked");
        let of = |fields: &[(&'static str, &str)]| may_store(200, fields).map(|s| s.content_length);
        assert_eq!(of(&[fresh]), Ok(None));
        assert_eq!(of(&[fresh, ("content-length", "5")]), Ok(Some(5)));
        assert_eq!(of(&[fresh, chunked]), Ok(None));
        let refused = Err(NotStored::ContentLength);
        assert_eq!(of(&[fresh, chunked, ("content-length", "5")]), refused);
        assert_eq!(
            of(&[fresh, ("content-length", "5"), ("content-length", "6")]),
            refused
        );
    }

    /// 9111-3.1-1, 9111-3.1-2, 9111-3.1-3, 9111-3.1-4, PRJ-3.1-7, EDGE-48
    #[test]
    fn fields_for_the_next_hop_are_obeyed_and_not_kept() {
        let stored = may_store(
            200,
            &[
                ("connection", "a, Cache-Control"),
                ("cache-control", "max-age=60"),
                ("a", "1"),
                ("b", "2"),
                ("b", "3"),
                ("keep-alive", "x"),
                ("upgrade", "h2c"),
                ("proxy-authenticate", "x"),
                ("age", "5"),
                ("date", "Wed, 16 Nov 1994 08:49:37 GMT"),
            ],
        )
        .unwrap();
        assert_eq!(stored.terms.lifetime, Duration::from_secs(60));
        let kept: Vec<_> = stored
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let date = b"Wed, 16 Nov 1994 08:49:37 GMT".as_slice();
        assert_eq!(
            kept,
            [
                ("b", b"2".as_slice()),
                ("b", b"3"),
                ("date", date),
                ("age", b"0")
            ]
        );
        let no_store = [
            ("connection", "cache-control"),
            ("cache-control", "no-store"),
        ];
        assert_eq!(may_store(200, &no_store).unwrap_err(), NotStored::NoStore);
    }
}
