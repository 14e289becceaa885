//! What RFC 9111 asks of the request's side of a hit.

use http::{HeaderMap, Method, Request, header};
use http_body::Body;

/// What a request says, from one pass over its fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// Not for a cache as small as this: another method, content, a range, a precondition.
    pub(super) is_bypass: bool,
    pub(super) has_credentials: bool,
    pub(super) is_no_cache: bool,
    pub(super) max_age: u64,
    pub(super) min_fresh: u64,
    pub(super) max_stale: u64,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            is_bypass: false,
            has_credentials: false,
            is_no_cache: false,
            max_age: u64::MAX,
            min_fresh: 0,
            max_stale: 0,
        }
    }
}

impl Asked {
    pub(super) fn read<Q: Body>(request: &Request<Q>) -> Self {
        let mut asked = Self::default();
        let is_empty = request.body().is_end_stream();
        asked.is_bypass = *request.method() != Method::GET || !is_empty;
        let (mut has_directives, mut has_pragma) = (false, false);
        for name in request.headers().keys() {
            match *name {
                header::CACHE_CONTROL => has_directives = true,
                header::PRAGMA => has_pragma = true,
                header::RANGE
                | header::IF_MATCH
                | header::IF_MODIFIED_SINCE
                | header::IF_NONE_MATCH
                | header::IF_RANGE
                | header::IF_UNMODIFIED_SINCE => asked.is_bypass = true,
                header::AUTHORIZATION | header::COOKIE | header::PROXY_AUTHORIZATION => {
                    asked.has_credentials = true;
                }
                _ => {}
            }
        }
        if has_directives {
            asked.heed(request.headers());
        } else if has_pragma {
            asked.is_no_cache = true;
        }
        asked
    }

    fn heed(&mut self, fields: &HeaderMap) {
        directives(fields, |name, argument| {
            let seconds = argument.parse().unwrap_or(0);
            let is = |other| name.eq_ignore_ascii_case(other);
            if is("no-cache") {
                self.is_no_cache = true;
            } else if is("no-store") || is("only-if-cached") {
                self.is_bypass = true;
            } else if is("max-age") {
                self.max_age = seconds;
            } else if is("min-fresh") {
                self.min_fresh = seconds;
            } else if is("max-stale") {
                self.max_stale = if argument.is_empty() {
                    u64::MAX
                } else {
                    seconds
                };
            }
        });
    }
}

/// Each directive of `Cache-Control`, as plainly as the origins here write it.
pub(super) fn directives(fields: &HeaderMap, mut each: impl FnMut(&str, &str)) {
    for line in fields.get_all(header::CACHE_CONTROL) {
        for member in line.to_str().unwrap_or_default().split(',') {
            let (name, argument) = member.split_once('=').unwrap_or((member, ""));
            each(name.trim(), argument.trim());
        }
    }
}
