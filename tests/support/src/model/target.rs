//! What a request is about, and who asks.

use http::{HeaderMap, Uri};

use super::fields::{joined, trim};
use super::{Asked, Kind};

/// The target URI in its normal form (9110-4.2.3-1, C-01), and its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) origin: String,
    path: String,
}

impl Target {
    pub(super) fn of(kind: Kind, uri: &Uri) -> Option<Self> {
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let host = uri.host()?.to_ascii_lowercase();
        let usual = if scheme == "https" { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(usual);
        let path = match uri.path() {
            "" => "/",
            path => path,
        };
        let path = match uri.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        Some(Self {
            origin: format!("{scheme}://{host}:{port}"),
            path: percent(kind, &path),
        })
    }

    /// The URI that a field of a message about this target names (RFC 3986 §5): absolute, or a path.
    pub(super) fn named(&self, kind: Kind, reference: &[u8]) -> Option<Self> {
        let reference = std::str::from_utf8(trim(reference)).ok()?;
        let reference = reference.split('#').next().unwrap_or_default();
        if reference.starts_with('/') {
            return Some(Self {
                origin: self.origin.clone(),
                path: percent(kind, reference),
            });
        }
        Self::of(kind, &reference.parse().ok()?)
    }
}

/// Hexadecimal digits in upper case (3986-6.2.2.1-1); unreserved characters decoded, in a private cache
/// (3986-6.2.2.2-1, C-01).
fn percent(kind: Kind, path: &str) -> String {
    let mut normal = String::new();
    let mut rest = path;
    while let Some(first) = rest.chars().next() {
        let escaped = (first == '%').then(|| rest.get(1..3)).flatten();
        let code = escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code {
            Some(code) => {
                let is_unreserved = code.is_ascii_alphanumeric() || b"-._~".contains(&code);
                if is_unreserved && kind == Kind::Private {
                    normal.push(char::from(code));
                } else {
                    normal.push_str(&format!("%{code:02X}"));
                }
                rest = &rest[3..];
            }
            None => {
                normal.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    normal
}

/// Whose stored responses a request may see: those of the same credentials, in a private cache (C-33,
/// C-34); everybody's in a shared one.
pub(super) fn user(kind: Kind, asked: &Asked) -> Vec<Option<Vec<u8>>> {
    if kind == Kind::Shared {
        return Vec::new();
    }
    vec![
        joined(&asked.headers, "authorization", b", "),
        cookie(&asked.headers),
        joined(&asked.headers, "proxy-authorization", b", "),
        asked.userinfo(),
    ]
}

/// Crumbs of a cookie are one cookie (PRJ-4.1-8).
pub(super) fn cookie(fields: &HeaderMap) -> Option<Vec<u8>> {
    joined(fields, "cookie", b"; ")
}

impl Asked {
    /// What stands before the host (9110-4.2.4-1).
    fn userinfo(&self) -> Option<Vec<u8>> {
        let (userinfo, _) = self.uri.authority()?.as_str().rsplit_once('@')?;
        Some(userinfo.as_bytes().to_vec())
    }

    /// `Authorization`, or what a client makes it of (9111-3.5-1).
    pub(super) fn has_credentials(&self) -> bool {
        self.headers.contains_key("authorization") || self.userinfo().is_some()
    }
}
