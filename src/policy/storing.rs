//! RFC 9111 §3: whether a response may be stored, and which of its fields.

use http::header::Entry;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::kept::Kept;
use super::status::{is_cacheable_by_default, is_never_stored, is_understood};
use super::terms::Control;
use super::{Asked, Policy, Received, SetCookie, freshness, validation};
use crate::cache_status::NotStored;
use crate::header::cache_control::{ResponseDirectives, Scope};
use crate::header::content_length::ContentLength;
use crate::header::content_type;
use crate::header::transfer_encoding::TransferEncoding;
use crate::stored::Terms;

/// A head of more lines is not stored.
pub(super) const MAX_LINES: usize = 1024;

/// A head fit to be stored.
#[derive(Debug)]
pub(crate) struct Storable<'a> {
    pub(crate) kept: Kept<'a>,
    pub(crate) terms: Terms,
    /// What the body must come to.
    pub(crate) content_length: Option<u64>,
}

impl Policy {
    /// Whether the response to a GET or HEAD may be stored (RFC 9111 §3), and what is kept of its head.
    pub(crate) fn may_store<'a>(
        &self,
        asked: &Asked,
        received: Received<'a>,
    ) -> Result<Storable<'a>, NotStored> {
        let control = self.permitted(asked, received.status, received.fields)?;
        self.storable(asked, received, &control)
    }

    /// What a head says about storing, where it does not forbid it outright: nothing of it is copied yet, and
    /// it makes no difference when it came.
    pub(crate) fn permitted(
        &self,
        asked: &Asked,
        status: StatusCode,
        fields: &HeaderMap,
    ) -> Result<Control, NotStored> {
        if asked.directives.no_store {
            return Err(NotStored::RequestNoStore);
        }
        if fields.len() > MAX_LINES {
            return Err(NotStored::TooLarge);
        }
        // Directives are obeyed before `Connection` can take them away (PRJ-3.1-7, C-55).
        let control = self.control(fields);
        let directives = &control.directives;
        // An answer to a request for ranges may be about them alone (C-57).
        let is_about_ranges = asked.range.is_some() && status != StatusCode::OK;
        if is_never_stored(status)
            || is_about_ranges
            || (directives.must_understand && !is_understood(status))
        {
            return Err(NotStored::Status);
        }
        self.permits(asked, status, fields, directives)?;
        // Whether it is a success is said in its trailers, and not by its status (C-48).
        if content_type::is_grpc(fields) != asked.is_grpc() {
            return Err(NotStored::Bypass);
        }
        Ok(control)
    }

    /// What is kept of a head that may be stored as far as it is permitted.
    pub(crate) fn storable<'a>(
        &self,
        asked: &Asked,
        received: Received<'a>,
        control: &Control,
    ) -> Result<Storable<'a>, NotStored> {
        let (status, fields) = (received.status, received.fields);
        let directives = &control.directives;
        let says_how_long = self.lifetime_said(control).is_some() || control.has_expires(fields);
        if !says_how_long && !self.may_guess_lifetime(status, directives) {
            return Err(NotStored::NotCacheable);
        }
        let length = ContentLength::parse(fields);
        let content_length = content_length(length, fields)?;
        // Cut off, it would look whole to everybody who asks (C-54).
        let may_be_cut_off = !received.is_delimited && !received.is_secure && !asked.is_head;
        if may_be_cut_off && !self.stores_undelimited {
            return Err(NotStored::Undelimited);
        }
        let mut kept = Kept::of(fields);
        if self.may_strip(directives) {
            self.strip(kept.to_mut(), directives);
        }
        if let ContentLength::Rewritten(octets) = length {
            if kept.has(&header::CONTENT_LENGTH) {
                let octets = HeaderValue::from(octets);
                kept.to_mut().insert(header::CONTENT_LENGTH, octets);
            }
        }
        let date = freshness::date(fields, received.response_time);
        let mut terms = self.terms(received, fields, control, date);
        if kept.is_changed() || date.is_none() {
            let kept = kept.to_mut();
            terms.has_validator = validation::has_validator(kept);
            freshness::keep_date(kept, terms.date, received.response_time);
        }
        let can_be_fresh = says_how_long || !terms.lifetime.is_zero();
        if !terms.has_validator && (!can_be_fresh || terms.is_no_cache) {
            return Err(NotStored::NoValidator);
        }
        Ok(Storable {
            kept,
            terms,
            content_length,
        })
    }

    /// What is forbidden whatever the status and the lifetime: `no-store`; in a shared cache `private`
    /// (RFC 9111 §5.2.2.7), answers to `Authorization` that do not say that they are for all (§3.5), and
    /// cookies, unless it is set otherwise (C-32).
    pub(super) fn permits(
        &self,
        asked: &Asked,
        status: StatusCode,
        fields: &HeaderMap,
        directives: &ResponseDirectives,
    ) -> Result<(), NotStored> {
        if is_no_store(status, directives) {
            return Err(NotStored::NoStore);
        }
        if self.is_shared() && directives.private.is_whole() {
            return Err(NotStored::Private);
        }
        let is_for_all = directives.public || directives.s_maxage.is_some();
        if self.is_shared() && asked.has_authorization && !is_for_all && !directives.must_revalidate
        {
            return Err(NotStored::Authorization);
        }
        if self.set_cookie == SetCookie::Refuse
            && fields.contains_key(header::SET_COOKIE)
            && !is_for_all
            && !directives.private.lists(&header::SET_COOKIE)
        {
            return Err(NotStored::SetCookie);
        }
        Ok(())
    }

    /// Takes out, and returns, what may not be kept: in a shared cache the fields that `private` lists (RFC 9111
    /// §5.2.2.7, C-13), and cookies where that is set (C-32).
    pub(super) fn strip(&self, kept: &mut HeaderMap, directives: &ResponseDirectives) -> HeaderMap {
        let mut taken = HeaderMap::new();
        let mut take = |name: &HeaderName| {
            if let Entry::Occupied(found) = kept.entry(name) {
                let (name, values) = found.remove_entry_mult();
                for value in values {
                    taken.append(name.clone(), value);
                }
            }
        };
        match &directives.private {
            // The place for our `Age` stays.
            Scope::Fields(names) if self.is_shared() => {
                names
                    .iter()
                    .filter(|name| **name != header::AGE)
                    .for_each(&mut take);
            }
            _ => {}
        }
        if self.set_cookie == SetCookie::Strip {
            take(&header::SET_COOKIE);
        }
        taken
    }

    /// Whether there may be something to take out.
    fn may_strip(&self, directives: &ResponseDirectives) -> bool {
        let lists_private = matches!(directives.private, Scope::Fields(_));
        (self.is_shared() && lists_private) || self.set_cookie == SetCookie::Strip
    }

    /// Whether a response that does not say how long it is fresh may be given a lifetime: its status is
    /// cacheable by default, or it says that it may be cached (RFC 9111 §4.2.2).
    pub(super) fn may_guess_lifetime(
        &self,
        status: StatusCode,
        directives: &ResponseDirectives,
    ) -> bool {
        let may_be_private = !self.is_shared() && directives.private != Scope::Absent;
        is_cacheable_by_default(status) || directives.public || may_be_private
    }
}

/// What the body must come to. `Transfer-Encoding` beside a length contradicts it (RFC 9112 §6.3), and octets that
/// are left in a coding would be served without the field that says so (RFC 9111 §3.1).
fn content_length(said: ContentLength, fields: &HeaderMap) -> Result<Option<u64>, NotStored> {
    match (said, TransferEncoding::parse(fields)) {
        (_, TransferEncoding::LeftIn) => Err(NotStored::TransferCoding),
        (ContentLength::Absent, _) => Ok(None),
        (
            ContentLength::Octets(octets) | ContentLength::Rewritten(octets),
            TransferEncoding::Absent,
        ) => Ok(Some(octets)),
        _ => Err(NotStored::ContentLength),
    }
}

/// `no-store`, which yields to `must-understand` where the status is understood (RFC 9111 §5.2.2.3).
pub(super) fn is_no_store(status: StatusCode, directives: &ResponseDirectives) -> bool {
    directives.no_store && !(directives.must_understand && is_understood(status))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::policy::Kind;

    #[derive(Debug)]
    struct Stored {
        fields: HeaderMap,
        terms: Terms,
        content_length: Option<u64>,
    }

    fn may_store(status: u16, fields: &[(&'static str, &str)]) -> Result<Stored, NotStored> {
        store_in(Kind::Private, &Asked::default(), status, fields)
    }

    fn store_in(
        kind: Kind,
        asked: &Asked,
        status: u16,
        fields: &[(&'static str, &str)],
    ) -> Result<Stored, NotStored> {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(*name, value.parse().unwrap());
        }
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 + 864_000);
        let received = Received {
            status: StatusCode::from_u16(status).unwrap(),
            fields: &map,
            request_time: now,
            response_time: now,
            is_secure: false,
            is_delimited: true,
            is_timed: true,
            lifetimes: None,
        };
        let storable = Policy::recommended(kind).may_store(asked, received)?;
        Ok(Stored {
            fields: storable.kept.fields().into_owned(),
            terms: storable.terms,
            content_length: storable.content_length,
        })
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

    /// 9111-3-10, EDGE-8
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
        let stale = may_store(200, &[("cache-control", "max-age=0")]);
        assert!(stale.is_ok(), "9111-4.2.4-2: for whoever accepts it stale");
        let guessed = may_store(200, &[MODIFIED, ("connection", "last-modified")]);
        assert!(
            guessed.is_ok(),
            "9111-3-10: it has a lifetime by what is not kept"
        );
    }

    /// EDGE-53
    #[test]
    fn so_many_lines_are_stored_and_no_more() {
        for (lines, expected) in [(1024, None), (1025, Some(NotStored::TooLarge))] {
            let mut fields = vec![("x", "1"); lines - 1];
            fields.push(("cache-control", "max-age=60"));
            assert_eq!(may_store(200, &fields).err(), expected, "{lines}");
        }
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

    /// 9111-3.1-3: the field is not kept, so what it says of the octets has to be undone.
    #[test]
    fn octets_that_are_left_in_a_transfer_coding_are_not_stored() {
        let fresh = ("cache-control", "max-age=60");
        let of = |coding| may_store(200, &[fresh, ("transfer-encoding", coding)]).err();
        assert_eq!(of("chunked"), None);
        assert_eq!(of("of-no-registry"), None);
        assert_eq!(of("gzip, chunked"), Some(NotStored::TransferCoding));
        assert_eq!(of("chunked, gzip"), Some(NotStored::TransferCoding));
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

    /// 9111-3-5, 9111-3-6, 9111-3.5-1, 9111-3.5-2, 9111-5.2.2.7-1, 9111-5.2.2.7-2, EDGE-10, EDGE-19, C-32
    #[test]
    fn a_shared_cache_stores_only_what_is_for_all() {
        let anybody = Asked::default();
        let somebody = Asked {
            has_authorization: true,
            ..Asked::default()
        };
        let cookie = Some(("set-cookie", "a=b"));
        let table = [
            (&anybody, "max-age=60", None, None),
            (
                &anybody,
                "private, max-age=60",
                None,
                Some(NotStored::Private),
            ),
            (
                &anybody,
                "private=\"\", max-age=60",
                None,
                Some(NotStored::Private),
            ),
            (&anybody, "private=\"x\", max-age=60", None, None),
            (
                &somebody,
                "max-age=60",
                None,
                Some(NotStored::Authorization),
            ),
            (
                &somebody,
                "proxy-revalidate, max-age=60",
                None,
                Some(NotStored::Authorization),
            ),
            (
                &somebody,
                "immutable, max-age=60",
                None,
                Some(NotStored::Authorization),
            ),
            (&somebody, "must-revalidate, max-age=60", None, None),
            (&somebody, "public, max-age=60", None, None),
            (&somebody, "s-maxage=60", None, None),
            (&anybody, "max-age=60", cookie, Some(NotStored::SetCookie)),
            (&anybody, "public, max-age=60", cookie, None),
            (&anybody, "s-maxage=60", cookie, None),
            (&anybody, "private=\"Set-Cookie\", max-age=60", cookie, None),
        ];
        for (asked, control, cookie, expected) in table {
            let mut fields = vec![("cache-control", control), ("x", "1")];
            fields.extend(cookie);
            let stored = store_in(Kind::Shared, asked, 200, &fields);
            let x = stored
                .as_ref()
                .map(|stored| stored.fields.contains_key("x"));
            assert_eq!(
                stored.as_ref().err().copied(),
                expected,
                "{control} {cookie:?}"
            );
            assert!(
                x.is_ok_and(|x| x != control.contains("\"x\"")) || expected.is_some(),
                "{control}"
            );
            assert!(
                store_in(Kind::Private, asked, 200, &fields).is_ok() || control == "s-maxage=60"
            );
        }
    }
}
