//! What a request says about how it may be answered.

use std::sync::Arc;

use http::{HeaderMap, Method, header};

use super::Policy;
use super::range::{AskedRange, RangeOf};
use crate::cache_status::Outcome;
use crate::content::Content;
use crate::header::cache_control::RequestDirectives;
use crate::header::content_type;
use crate::mode::CacheMode;
use crate::switch::Forbidden;
use crate::wishes::Wishes;

/// What a request says about how it may be answered: a GET or HEAD, or one whose content is part of its key.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) directives: RequestDirectives,
    pub(crate) is_head: bool,
    /// It has `If-None-Match` or `If-Modified-Since`, which a cache answers (RFC 9111 §4.3.2).
    pub(crate) is_conditional: bool,
    /// It is not for the store: it has content, which is in no key (C-42), preconditions that are for the
    /// origin (C-27), asks for ranges in a unit that is not known here, or is of gRPC (C-48).
    pub(crate) is_bypass: bool,
    /// It is neither a GET nor a HEAD, and its answer may be stored for GET.
    pub(crate) is_posted: bool,
    /// It is a GET and asks for ranges.
    pub(crate) range: Option<Box<AskedRange>>,
    /// It has `Host`.
    pub(crate) has_host: bool,
    /// It has `Authorization`, `Cookie` or `Proxy-Authorization`.
    pub(crate) has_credentials: bool,
    /// It has `Connection`.
    pub(crate) has_connection: bool,
    /// It has `Authorization` (RFC 9111 §3.5).
    pub(crate) has_authorization: bool,
    /// Any stored response will do that no directive forbids, however old (FETCH-5, FETCH-6).
    pub(crate) takes_any_age: bool,
    /// Its own mode, not its fields, has everything validated (FETCH-4).
    pub(crate) has_all_validated: bool,
    /// What is forbidden: by the mode of the cache, or to reuse what is stored by its own.
    pub(crate) forbidden: Forbidden,
    /// What the caller wishes beside, where that is anything.
    pub(crate) wishes: Option<Box<Wishes>>,
    /// It is neither a GET nor a HEAD, and this is part of its key.
    pub(crate) content: Option<Arc<Content>>,
}

impl Asked {
    /// Reads a request, of which nothing but its content was read yet, in one pass over the names of its fields;
    /// false where it is of another method, and its content no part of its key. In place: there is much of it, and
    /// little of that is anything in most.
    pub(crate) fn read(
        &mut self,
        policy: &Policy,
        method: &Method,
        fields: &HeaderMap,
        has_content: bool,
    ) -> bool {
        self.is_head = *method == Method::HEAD;
        if !self.is_head && *method != Method::GET && self.content.is_none() {
            return false;
        }
        self.is_bypass = has_content && self.content.is_none();
        let (mut has_directives, mut has_range) = (false, false);
        for name in fields.keys() {
            // Most names are of none of these lengths, and none is compared with all.
            match name.as_str().len() {
                4 => self.has_host |= name == header::HOST,
                5 => has_range |= name == header::RANGE && !self.is_head,
                6 => {
                    has_directives |= name == header::PRAGMA;
                    self.has_credentials |= name == header::COOKIE;
                }
                7 => self.is_bypass |= name == header::UPGRADE,
                8 => {
                    self.is_bypass |= name == header::IF_MATCH;
                    self.is_bypass |= policy.bypasses_conditional && name == header::IF_RANGE;
                }
                10 => self.has_connection |= name == header::CONNECTION,
                12 if name == header::CONTENT_TYPE => {
                    self.is_bypass |= content_type::is_grpc(fields) && !self.is_grpc();
                }
                13 if name == header::CACHE_CONTROL => has_directives = true,
                13 if name == header::AUTHORIZATION => self.has_authorization = true,
                13 => self.is_conditional |= name == header::IF_NONE_MATCH,
                17 => self.is_conditional |= name == header::IF_MODIFIED_SINCE,
                19 => {
                    self.is_bypass |= name == header::IF_UNMODIFIED_SINCE;
                    self.has_credentials |= name == header::PROXY_AUTHORIZATION;
                }
                _ => {}
            }
        }
        self.has_credentials |= self.has_authorization;
        self.is_bypass |= self.is_conditional && policy.bypasses_conditional;
        if has_range {
            match policy.range_of(fields) {
                RangeOf::Ranges(range) => self.range = Some(range),
                RangeOf::OtherUnit => self.is_bypass = true,
                RangeOf::Whole => {}
            }
        }
        if has_directives {
            self.directives = RequestDirectives::parse(fields);
            if policy.ignores_reload {
                self.directives.no_cache = false;
                self.directives.max_age = None;
                self.directives.min_fresh = None;
            }
        }
        true
    }

    /// Reads a POST or PATCH, whose answer may be stored for GET; `None` where it is of gRPC.
    pub(crate) fn posting(fields: &HeaderMap) -> Option<Self> {
        (!content_type::is_grpc(fields)).then(|| Self {
            directives: RequestDirectives::parse(fields),
            has_authorization: fields.contains_key(header::AUTHORIZATION),
            has_connection: true,
            is_posted: true,
            ..Self::default()
        })
    }

    /// The method of the request.
    pub(crate) fn method(&self) -> Method {
        match &self.content {
            Some(content) => content.key.method(),
            None if self.is_head => Method::HEAD,
            None => Method::GET,
        }
    }

    /// Whether it is a call of gRPC that may be answered.
    pub(crate) fn is_grpc(&self) -> bool {
        self.content
            .as_ref()
            .is_some_and(|content| content.key.is_grpc())
    }

    /// Whether it is of a method for which nobody says what a condition means.
    pub(crate) fn is_unconditional(&self) -> bool {
        self.content
            .as_ref()
            .is_some_and(|content| !content.key.is_query())
    }

    /// What the caller wishes outranks what the request's fields say.
    #[inline]
    pub(crate) fn set_wishes(&mut self, wishes: Option<Box<Wishes>>) {
        let Some(wishes) = wishes else {
            return;
        };
        // The one says what the other contradicts.
        if wishes.max_stale.is_some() || wishes.min_fresh.is_some() {
            self.directives.max_stale = wishes.max_stale;
            self.directives.min_fresh = wishes.min_fresh;
        }
        self.wishes = Some(wishes);
    }

    /// What the caller has set for this request outranks what its fields say.
    #[inline]
    pub(crate) fn set_mode(&mut self, mode: CacheMode) {
        let directives = &mut self.directives;
        match mode {
            CacheMode::Default => return,
            CacheMode::NoStore => {
                self.is_bypass = true;
                directives.no_store = true;
            }
            CacheMode::Reload => self.forbidden = self.forbidden.and(Forbidden::TO_SERVE),
            CacheMode::NoCache => {
                self.has_all_validated = true;
                directives.no_cache = true;
            }
            CacheMode::ForceCache | CacheMode::OnlyIfCached => {
                self.takes_any_age = true;
                directives.no_cache = false;
                directives.max_age = None;
                directives.min_fresh = None;
            }
        }
        directives.only_if_cached = mode == CacheMode::OnlyIfCached;
    }
}

impl Asked {
    /// What the mode of the cache forbids outranks what was set for this request.
    pub(crate) fn obey(&mut self, forbidden: Forbidden, mode: CacheMode) {
        self.forbidden = self.forbidden.and(forbidden);
        if forbidden.forwarding() {
            self.set_mode(mode.offline());
            self.directives.only_if_cached = true;
        }
    }

    /// Nothing stored is reused or asked about (FETCH-3).
    pub(crate) fn is_reload(&self) -> bool {
        self.forbidden.serving()
    }

    /// Nothing is known of the age of what is stored: it is validated.
    pub(crate) fn doubt_all(&mut self) {
        self.directives.no_cache = true;
        self.takes_any_age = false;
    }

    /// What the cache answers where it has nothing to answer with and may not ask the origin.
    pub(crate) fn unsatisfied(&self) -> Outcome {
        if self.forbidden.forwarding() {
            Outcome::Offline
        } else {
            Outcome::Unsatisfiable
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::policy::Kind;

    fn policy() -> Policy {
        Policy::recommended(Kind::Private)
    }

    fn read_all(method: &Method, fields: &HeaderMap, has_content: bool) -> Option<Asked> {
        let mut asked = Asked::default();
        let is_read = asked.read(&policy(), method, fields, has_content);
        is_read.then_some(asked)
    }

    fn read(method: Method, name: &'static str) -> Option<Asked> {
        let mut fields = HeaderMap::new();
        fields.insert(name, HeaderValue::from_static("x"));
        read_all(&method, &fields, false)
    }

    /// §1 of the requirements, C-27, C-42, 9110-14.2-1, 9110-14.2-3, 9110-14.2-4
    #[test]
    fn only_a_plain_get_or_head_looks_at_the_store() {
        let get = |name| read(Method::GET, name).unwrap();
        assert!(!get("accept").is_bypass && !get("accept").is_conditional);
        assert!(read(Method::HEAD, "accept").unwrap().is_head);
        assert!(get("if-none-match").is_conditional);
        assert!(get("if-modified-since").is_conditional);
        for field in ["if-match", "if-unmodified-since", "upgrade"] {
            assert!(get(field).is_bypass, "{field}");
        }
        assert!(!get("content-type").is_bypass, "of nothing known");
        let fields = HeaderMap::from_iter([(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/grpc"),
        )]);
        let grpc = read_all(&Method::GET, &fields, false);
        assert!(grpc.unwrap().is_bypass, "C-48");
        let ranged = |method: Method, range: &'static str| {
            let fields = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static(range))]);
            let asked = read_all(&method, &fields, false).unwrap();
            (asked.range.is_some(), asked.is_bypass)
        };
        for (method, range, expected) in [
            (Method::GET, "bytes=0-1", (true, false)),
            (Method::GET, "bytes=5-2", (false, false)),
            (Method::GET, "lines=0-1", (false, true)),
            (Method::HEAD, "bytes=0-1", (false, false)),
            (Method::HEAD, "lines=0-1", (false, false)),
        ] {
            assert_eq!(ranged(method.clone(), range), expected, "{method} {range}");
        }
        let content = read_all(&Method::GET, &HeaderMap::new(), true);
        assert!(content.unwrap().is_bypass);
        assert!(read(Method::POST, "accept").is_none());
        let lower_case = Method::from_bytes(b"get").unwrap();
        assert!(read(lower_case, "accept").is_none());
    }
}
