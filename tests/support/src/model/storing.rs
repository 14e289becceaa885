//! Whether a response may be stored (RFC 9111 §3).

use http::{HeaderMap, Method, StatusCode};

use super::control::Control;
use super::fields::{date, lines, members, trim};
use super::freshness::{Lifetime, is_heuristically_cacheable, lifetime};
use super::selection::Vary;
use super::target::Target;
use super::validation::Tag;
use super::{Asked, Kind, Replied};

/// What the rules say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storing {
    /// A rule forbids it.
    Never(&'static str),
    /// Nothing forbids it.
    May,
    /// Nothing forbids it, and this cache does.
    Must,
}

/// Never stored, whatever they say of themselves (§8.2).
const NEVER: [u16; 14] = [
    226, 304, 401, 407, 412, 416, 417, 421, 425, 428, 429, 431, 511, 206,
];

/// Final ones of RFC 9110 whose rules are known, and 451 (C-14).
fn is_understood(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200..=206 | 300..=304 | 307 | 308 | 400..=401 | 403..=417 | 421 | 422 | 426 | 428 | 429 | 431 | 451
            | 500..=505 | 511
    )
}

/// Whether a whole response to the request may be stored.
pub(super) fn storing(kind: Kind, asked: &Asked, replied: &Replied, received: u64) -> Storing {
    let control = Control::of(&replied.headers);
    let fields = &replied.headers;
    let status = replied.status;
    let lifetime = lifetime(kind, status, fields, received);
    let is_explicit = matches!(lifetime, Lifetime::Explicit(_));

    match asked.method {
        Method::GET | Method::HEAD => {}
        // With explicit freshness and a Content-Location that is the target (9110-9.3.3-1, 5789-2-2).
        Method::POST | Method::PATCH => {
            if !is_explicit || !is_about_target(asked, fields) {
                return Storing::Never("9110-9.3.3-1");
            }
        }
        _ => return Storing::Never("9111-3-1"),
    }
    if !(200..600).contains(&status.as_u16()) || NEVER.contains(&status.as_u16()) {
        return Storing::Never("§8.2");
    }
    if Control::of(&asked.headers).has("no-store") {
        return Storing::Never("9111-5.2.1.5-1");
    }
    let must_understand = control.has("must-understand");
    if must_understand && !is_understood(status) {
        return Storing::Never("9111-5.2.2.3-1");
    }
    if control.has("no-store") && !must_understand {
        return Storing::Never("9111-3-4");
    }
    if kind == Kind::Shared {
        if control.has_unqualified("private") {
            return Storing::Never("9111-3-5");
        }
        if asked.has_credentials() && !is_for_all(fields) {
            return Storing::Never("9111-3-6");
        }
        if is_refused_cookie(fields) {
            return Storing::Never("C-32");
        }
    }
    let is_marked = control.has("public") || kind == Kind::Private && control.has("private");
    if !is_marked && !is_explicit && !is_heuristically_cacheable(status) {
        return Storing::Never("9111-3-7");
    }
    let has_validator = Tag::of(fields).is_some() || !lines(fields, "last-modified").is_empty();
    if !has_validator && !is_explicit {
        return Storing::Never("9111-3-10");
    }
    if Vary::of(fields) == Vary::Never {
        return Storing::Never("C-16");
    }
    let lengths = lines(fields, "content-length");
    let is_number = |length: &&[u8]| trim(length).iter().all(u8::is_ascii_digit);
    if !lengths.iter().all(is_number) || lengths.windows(2).any(|pair| pair[0] != pair[1]) {
        return Storing::Never("9112-6.3-3");
    }
    if !lengths.is_empty() && fields.contains_key("transfer-encoding") {
        return Storing::Never("9112-6.3-2");
    }
    // What can be read in two ways, or can be of no use, is left to the cache.
    let is_reusable = lifetime.tenths() > 0 && !control.has_unqualified("no-cache");
    let is_useful = is_reusable || Tag::of(fields).is_some() || has_date(fields);
    let is_odd = !members(fields, "connection").is_empty();
    let has_hop_local = !members(&asked.headers, "connection").is_empty();
    // C-54: it may end where the connection does.
    let may_be_cut = kind == Kind::Shared && lengths.is_empty();
    // Stored, and left out of what is reused: not everybody trusts in that.
    let is_odd = is_odd || kind == Kind::Shared && has_hidden_cookie(fields);
    let is_plain = !control.is_torn && !is_odd && !has_hop_local && !may_be_cut;
    if !is_plain || !is_useful || asked.method != Method::GET {
        return Storing::May;
    }
    Storing::Must
}

/// A cookie that is left out of what is reused.
pub(super) fn has_hidden_cookie(fields: &HeaderMap) -> bool {
    fields.contains_key("set-cookie") && is_excluding(&Control::of(fields), "no-cache")
}

fn is_excluding(control: &Control, name: &str) -> bool {
    control.listed(name).contains(&"set-cookie".to_owned())
}

/// The directives that let a shared cache store the answer to a request with credentials (9111-3.5-2).
pub(super) fn is_for_all(fields: &HeaderMap) -> bool {
    let control = Control::of(fields);
    let names = ["must-revalidate", "public", "s-maxage"];
    names.iter().any(|name| control.has(name))
}

/// A cookie would become everybody's, unless the response says that it is meant to, or that the field is not
/// (C-32).
pub(super) fn is_refused_cookie(fields: &HeaderMap) -> bool {
    let control = Control::of(fields);
    let is_wanted = control.has("public") || control.has("s-maxage");
    let is_excluded = is_excluding(&control, "private") || is_excluding(&control, "no-cache");
    fields.contains_key("set-cookie") && !is_wanted && !is_excluded
}

fn has_date(fields: &HeaderMap) -> bool {
    date(fields, "last-modified").is_some()
}

/// `Content-Location` is the target URI (9110-8.7-1).
fn is_about_target(asked: &Asked, fields: &HeaderMap) -> bool {
    let lines = lines(fields, "content-location");
    let [line] = lines[..] else {
        return false;
    };
    // Both are the same resource (9110-4.2.3-1), if not the same key (C-01).
    let target = Target::of(Kind::Private, &asked.uri);
    let named = target.as_ref().and_then(|t| t.named(Kind::Private, line));
    named.is_some() && named == target
}
