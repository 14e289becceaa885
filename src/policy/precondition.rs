//! RFC 9111 §4.3.2: the caller's own preconditions, answered from what is stored.

use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::header::date::DateField;
use crate::header::etag::{EntityTag, IfNoneMatch};
use crate::stored::Terms;

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
        .is_some_and(|since| terms.last_modified(held).unwrap_or(terms.date) <= since)
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

    use super::*;
    use crate::policy::samples::{LATER, MODIFIED, map, stored};
    use crate::stored::StoredResponse;

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
            let found = is_not_modified(
                &map(caller),
                status,
                &held.head.fields.unpack(),
                &held.terms,
                now,
            );
            assert_eq!(found, *expected, "{caller:?} {status}");
        }
    }
}
