//! The rules of RFC 9111, without I/O: heads, stored responses and a time go in, a decision comes out.
//!
//! Nothing in here knows a body, a store or a clock. The files are the sections of the RFC.

pub(crate) mod freshness;
pub(crate) mod invalidation;
pub(crate) mod reuse;
pub(crate) mod selection;
pub(crate) mod stale;
pub(crate) mod status;
pub(crate) mod storing;
pub(crate) mod validation;

use http::{HeaderMap, Method, header};

use crate::header::cache_control::RequestDirectives;
use crate::header::content_type;

/// How the rules are applied where they leave a choice.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// Whether a response without a lifetime of its own is given one (RFC 9111 §4.2.2, C-07).
    pub(crate) heuristics: bool,
}

/// What a GET or HEAD says about how it may be answered.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) directives: RequestDirectives,
    pub(crate) is_head: bool,
    /// It has `If-None-Match` or `If-Modified-Since`, which a cache answers (RFC 9111 §4.3.2).
    pub(crate) is_conditional: bool,
    /// It is not for the store: it has content, which is in no key (C-42), preconditions that are for the
    /// origin (C-27), asks for something else than the whole, or is of gRPC (C-48).
    pub(crate) is_bypass: bool,
}

impl Asked {
    /// Reads a request in one pass over the names of its fields; `None` where it is of another method.
    pub(crate) fn read(method: &Method, fields: &HeaderMap, has_content: bool) -> Option<Self> {
        let is_head = *method == Method::HEAD;
        if !is_head && *method != Method::GET {
            return None;
        }
        let mut asked = Self {
            is_head,
            is_bypass: has_content,
            ..Self::default()
        };
        let mut has_directives = false;
        for name in fields.keys() {
            if name == header::CACHE_CONTROL || name == header::PRAGMA {
                has_directives = true;
            } else if name == header::IF_NONE_MATCH || name == header::IF_MODIFIED_SINCE {
                asked.is_conditional = true;
            } else if name == header::IF_MATCH
                || name == header::IF_UNMODIFIED_SINCE
                || name == header::UPGRADE
                || (name == header::RANGE && !is_head)
                || (name == header::CONTENT_TYPE && content_type::is_grpc(fields))
            {
                asked.is_bypass = true;
            }
        }
        if has_directives {
            asked.directives = RequestDirectives::parse(fields);
        }
        Some(asked)
    }
}

/// Whether a response to this method may make stored ones wrong: it is unsafe, or nobody knows (RFC
/// 9111 §4.4, requirements §8.1). CONNECT is a tunnel and has no target that could be stored.
pub(crate) fn may_invalidate(method: &Method) -> bool {
    const SAFE: [&str; 9] = [
        "GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH", "QUERY", "CONNECT",
    ];
    !SAFE.contains(&method.as_str())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(method: Method, name: &'static str) -> Option<Asked> {
        let mut fields = HeaderMap::new();
        fields.insert(name, HeaderValue::from_static("x"));
        Asked::read(&method, &fields, false)
    }

    /// §1 of the requirements, C-27, C-42
    #[test]
    fn only_a_plain_get_or_head_looks_at_the_store() {
        let get = |name| read(Method::GET, name).unwrap();
        assert!(!get("accept").is_bypass && !get("accept").is_conditional);
        assert!(read(Method::HEAD, "accept").unwrap().is_head);
        assert!(get("if-none-match").is_conditional);
        assert!(get("if-modified-since").is_conditional);
        let head = read(Method::HEAD, "range").unwrap();
        assert!(!head.is_bypass, "9110-14.2-1");
        for field in ["if-match", "if-unmodified-since", "range", "upgrade"] {
            assert!(get(field).is_bypass, "{field}");
        }
        let content = Asked::read(&Method::GET, &HeaderMap::new(), true);
        assert!(content.unwrap().is_bypass);
        assert!(read(Method::POST, "accept").is_none());
        let lower_case = Method::from_bytes(b"get").unwrap();
        assert!(read(lower_case, "accept").is_none());
    }

    /// 9111-4.4-1, 9110-9.2.1-1, PRJ-9.2.1-1
    #[test]
    fn a_method_nobody_knows_may_invalidate() {
        for method in ["POST", "PUT", "DELETE", "PATCH", "M-SEARCH", "get", "FOO"] {
            assert!(
                may_invalidate(&Method::from_bytes(method.as_bytes()).unwrap()),
                "{method}"
            );
        }
        for method in [
            "GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "CONNECT",
        ] {
            assert!(
                !may_invalidate(&Method::from_bytes(method.as_bytes()).unwrap()),
                "{method}"
            );
        }
    }
}
