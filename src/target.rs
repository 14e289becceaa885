//! The target URI, in the one form that it is compared in.

use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Uri, header};

/// A target URI (RFC 9110 §7.1) as it stands in a request: nothing is copied.
///
/// It is compared in the normal form of RFC 9110 §4.2.3: scheme and host in lower case, no default
/// port, no fragment and no userinfo, an empty path as `/`, percent-encoding in upper case and none
/// of unreserved characters (choice C-01). Dot segments stay, and so does the order of a query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<u16>,
    path: &'a str,
    query: Option<&'a str>,
    /// Percent-encoding stays where it needs not be, but for its letter case.
    is_literal: bool,
}

/// What is said of requests whose URI has no authority.
#[derive(Debug, Clone)]
pub(crate) struct OriginForm {
    pub(crate) scheme: Scheme,
    /// Of those that have no `Host` either.
    pub(crate) authority: Option<Authority>,
}

impl Default for OriginForm {
    fn default() -> Self {
        Self {
            scheme: Scheme::HTTP,
            authority: None,
        }
    }
}

impl<'a> Target<'a> {
    /// The target of an absolute URI; `None` for any other form.
    pub(crate) fn of_uri(uri: &'a Uri) -> Option<Self> {
        let (host, port) = split_authority(uri.authority()?)?;
        Self::new(uri, uri.scheme_str()?, host, port)
    }

    /// The target of a request: of its URI, or of its `Host` where the URI has no authority, as
    /// between a connection and what sends on it; what else there is to it is what such requests are said to have.
    /// `None` where the two disagree (RFC 9110 §7.2), or there is neither.
    pub(crate) fn of_request(
        uri: &'a Uri,
        fields: &'a HeaderMap,
        origin_form: &'a OriginForm,
    ) -> Option<Self> {
        let mut hosts = fields.get_all(header::HOST).iter();
        let host = hosts.next().map(HeaderValue::as_bytes);
        if hosts.next().is_some() {
            return None;
        }
        let Some(authority) = uri.authority() else {
            let (host, port) = match host {
                Some(host) => split_host(host)?,
                None => split_authority(origin_form.authority.as_ref()?)?,
            };
            let scheme = uri.scheme_str().unwrap_or(origin_form.scheme.as_str());
            return Self::new(uri, scheme, host, port);
        };
        let (written, port) = split_authority(authority)?;
        let target = Self::new(uri, uri.scheme_str()?, written, port)?;
        let agrees = host.is_none_or(|host| {
            split_host(host).is_some_and(|(host, port)| {
                host.eq_ignore_ascii_case(target.host)
                    && without_default(target.scheme, port) == target.port
            })
        });
        agrees.then_some(target)
    }

    /// A path that does not begin with a slash could be taken for the end of a host.
    fn new(uri: &'a Uri, scheme: &'a str, host: &'a str, port: Option<u16>) -> Option<Self> {
        uri.path().starts_with('/').then(|| Self {
            scheme,
            host,
            port: without_default(scheme, port),
            path: uri.path(),
            query: uri.query(),
            is_literal: false,
        })
    }

    /// Scheme, host and port are the same (RFC 9110 §4.3.1).
    pub(crate) fn has_origin_of(&self, other: &Target<'_>) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme)
            && self.host.eq_ignore_ascii_case(other.host)
            && self.port == other.port
    }

    /// Whether this is the target of that URI.
    pub(crate) fn is_of(&self, uri: &Uri) -> bool {
        Target::of_uri(uri).is_some_and(|other| other.in_form_of(self).to_text() == self.to_text())
    }

    /// Scheme, host and port, in their normal form.
    pub(crate) fn origin(&self) -> Vec<u8> {
        let mut origin = Vec::new();
        self.write_origin(|piece| origin.extend_from_slice(piece));
        origin
    }

    /// The same, literal or not.
    pub(crate) fn literal(self, is_literal: bool) -> Self {
        Self { is_literal, ..self }
    }

    /// The same, without its query.
    pub(crate) fn without_query(self) -> Self {
        Self {
            query: None,
            ..self
        }
    }

    /// The same, in the form that another is compared in.
    pub(crate) fn in_form_of(self, other: &Target<'_>) -> Self {
        self.literal(other.is_literal)
    }

    /// The absolute form, as a base for references.
    pub(crate) fn to_text(self) -> String {
        let mut text = Vec::new();
        self.write(|piece| text.extend_from_slice(piece));
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The normal form, piece by piece.
    pub(crate) fn write(&self, mut sink: impl FnMut(&[u8])) {
        self.write_origin(&mut sink);
        write_encoded(self.path, self.is_literal, &mut sink);
        if let Some(query) = self.query {
            sink(b"?");
            write_encoded(query, self.is_literal, &mut sink);
        }
    }

    fn write_origin(&self, mut sink: impl FnMut(&[u8])) {
        write_lower(self.scheme, &mut sink);
        sink(b"://");
        write_lower(self.host, &mut sink);
        if let Some(port) = self.port {
            let mut text = [b':'; 6];
            let colon = decimal(port, &mut text);
            sink(&text[colon..]);
        }
    }

    pub(crate) fn is(&self, text: &[u8]) -> bool {
        let mut rest = Some(text);
        self.write(|piece| rest = rest.and_then(|rest| rest.strip_prefix(piece)));
        rest == Some(&[])
    }
}

/// The pieces of a URI that is in its normal form as it stands, as most are: there is no `@`, no port, no `%`
/// and no upper case where that means nothing.
#[inline]
pub(crate) fn normal(uri: &Uri) -> Option<[&[u8]; 3]> {
    let scheme: &[u8] = match uri.scheme_str()? {
        "https" => b"https://",
        "http" => b"http://",
        _ => return None,
    };
    let host = uri.authority()?.as_str().as_bytes();
    let path = uri.path_and_query()?.as_str().as_bytes();
    // Nothing ends these early: in most there is nothing to, and what always goes on to the end goes faster.
    let is_plain = |all, byte: &u8| all & PLAIN[usize::from(*byte)];
    let is_percent = |any, byte: &u8| any | (*byte == b'%');
    let is_normal = host.iter().fold(true, is_plain)
        && !path.iter().fold(false, is_percent)
        && path.first() == Some(&b'/');
    is_normal.then_some([scheme, host, path])
}

/// What a host in its normal form is made of.
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut octet = 0u8;
    while octet < 128 {
        plain[octet as usize] =
            octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-' || octet == b'.';
        octet += 1;
    }
    plain
};

fn without_default(scheme: &str, port: Option<u16>) -> Option<u16> {
    port?;
    let default = if scheme.eq_ignore_ascii_case("https") {
        443
    } else if scheme.eq_ignore_ascii_case("http") {
        80
    } else {
        return port;
    };
    port.filter(|port| *port != default)
}

/// Host and port. Most authorities are nothing but a host.
fn split_authority(authority: &Authority) -> Option<(&str, Option<u16>)> {
    let text = authority.as_str();
    if !text.bytes().any(|byte| matches!(byte, b':' | b'@')) {
        return Some((text, None));
    }
    Some((authority.host(), port_of(authority)?))
}

/// The port that is written; `Some(None)` where there is none, `None` where it is no port.
#[allow(
    clippy::option_option,
    reason = "no port and a wrong one are two things"
)]
fn port_of(authority: &Authority) -> Option<Option<u16>> {
    let text = authority.as_str();
    let is_written = text.rsplit_once(':').is_some_and(|(_, port)| {
        !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    });
    let port = authority.port_u16();
    (port.is_some() || !is_written).then_some(port)
}

/// `host [ ":" port ]` (RFC 9110 §7.2). No userinfo, no path, no rubbish.
fn split_host(value: &[u8]) -> Option<(&str, Option<u16>)> {
    let text = std::str::from_utf8(value).ok()?.trim_matches([' ', '\t']);
    let port_at = text
        .rfind(':')
        .filter(|colon| !text[*colon..].contains(']'));
    let (host, port) = match port_at.map(|colon| text.split_at(colon)) {
        Some((host, ":")) => (host, None),
        Some((host, port)) => {
            let digits = &port[1..];
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            (host, Some(digits.parse().ok().filter(|_| is_number)?))
        }
        None => (text, None),
    };
    let is_host = !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=[]:".contains(&byte));
    is_host.then_some((host, port))
}

/// Writes `:port` to the end of the text, and says where it begins.
fn decimal(mut port: u16, text: &mut [u8; 6]) -> usize {
    let mut at = text.len();
    loop {
        at -= 1;
        text[at] = b"0123456789"[usize::from(port % 10)];
        port /= 10;
        if port == 0 {
            text[at - 1] = b':';
            return at - 1;
        }
    }
}

fn write_lower(text: &str, sink: &mut impl FnMut(&[u8])) {
    if !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return sink(text.as_bytes());
    }
    for byte in text.bytes() {
        sink(&[byte.to_ascii_lowercase()]);
    }
}

/// Percent-encoding in its normal form (RFC 3986 §6.2.2.1 and §6.2.2.2), or literal (§6.2.2.1 alone).
fn write_encoded(text: &str, is_literal: bool, sink: &mut impl FnMut(&[u8])) {
    let mut rest = text.as_bytes();
    // Searched for a word at a time, unlike below.
    if !rest.contains(&b'%') {
        return sink(rest);
    }
    while let Some(percent) = rest.iter().position(|byte| *byte == b'%') {
        sink(&rest[..percent]);
        rest = &rest[percent..];
        let encoded = match rest {
            [_, high, low, ..] => hex(*high).zip(hex(*low)).map(|(h, l)| (h << 4) | l),
            _ => None,
        };
        match encoded {
            Some(byte)
                if !is_literal && (byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)) =>
            {
                sink(&[byte]);
            }
            Some(_) => sink(&[
                b'%',
                rest[1].to_ascii_uppercase(),
                rest[2].to_ascii_uppercase(),
            ]),
            None => sink(b"%"),
        }
        rest = &rest[if encoded.is_some() { 3 } else { 1 }..];
    }
    sink(rest);
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(uri: &str) -> String {
        Target::of_uri(&uri.parse().unwrap()).unwrap().to_text()
    }

    #[test]
    fn what_is_taken_for_normal_is_the_normal_form() {
        for (uri, expected) in [
            ("http://h/", true),
            ("https://a-b.c1/d//e/?F=/&~", true),
            ("http://h", true),
            ("http://h/a#f", true),
            ("http://h?x", false),
            ("http://h:80/", false),
            ("http://h:81/", false),
            ("http://H/", false),
            ("http://u@h/", false),
            ("http://[::1]/", false),
            ("http://h/%2F", false),
            ("ftp://h/", false),
            ("/a", false),
        ] {
            let uri: Uri = uri.parse().unwrap();
            let pieces = normal(&uri).map(|pieces| pieces.concat());
            assert_eq!(pieces.is_some(), expected, "{uri}");
            if let Some(normal) = pieces {
                assert_eq!(normal, text(&uri.to_string()).as_bytes(), "{uri}");
            }
        }
    }

    /// Whether two URIs have one normal form, which is also what each is compared with.
    fn is_same(one: &str, other: &str) -> bool {
        let (uri, held) = (other.parse().unwrap(), text(one));
        let is = Target::of_uri(&uri).unwrap().is(held.as_bytes());
        assert_eq!(is, held == text(other), "{one} {other}");
        is
    }

    /// 9110-4.2.3-1, 3986-6.2.2.1-1, 3986-6.2.2.2-1, 3986-6.2.3-1, 9110-7.1-1, EDGE-35
    #[test]
    fn equivalent_uris_have_one_key() {
        for (one, other) in [
            ("http://h", "http://h/"),
            ("http://h:80/", "http://h/"),
            ("http://h:080/", "http://h/"),
            ("https://h:443/", "https://h/"),
            ("HTTP://EX.test/", "http://ex.test/"),
            ("http://h/~smith", "http://h/%7Esmith"),
            ("http://h/%2f", "http://h/%2F"),
            ("http://h/?%61=%2f", "http://h/?a=%2F"),
            ("http://h/a#x", "http://h/a#y"),
            ("http://u:p@h/", "http://h/"),
            ("http://[::1]:80/", "http://[::1]/"),
            ("http://h?x", "http://h/?x"),
        ] {
            assert!(is_same(one, other), "{one} {other}");
        }
    }

    /// 3986-6.2-1, 3986-6.2.2.3-1, 9111-2-1, EDGE-36
    #[test]
    fn other_uris_have_another_key() {
        for (one, other) in [
            ("http://h/a", "http://h/a/"),
            ("http://h/a", "http://h/a?"),
            ("http://h/a", "http://h/A"),
            ("http://h/?x=1&y=2", "http://h/?y=2&x=1"),
            ("http://h/a%2Fb", "http://h/a/b"),
            ("http://h/%253D", "http://h/%3D"),
            ("http://h/%26", "http://h/&"),
            ("http://h./", "http://h/"),
            ("http://h/", "https://h/"),
            ("http://h:443/", "https://h/"),
            ("http://h/", "http://h:8080/"),
            ("http://h/", "http://i/"),
            ("http://h/a/../b", "http://h/b"),
            ("http://h/?a+b", "http://h/?a%20b"),
            ("http://h/%", "http://h/%25"),
        ] {
            assert!(!is_same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn every_port_is_written_whole() {
        for port in [0, 1, 81, 443, 8080, 65535] {
            let uri: Uri = format!("http://h:{port}/").parse().unwrap();
            assert_eq!(Target::of_uri(&uri).unwrap().to_text(), uri.to_string());
        }
    }

    fn of_request(uri: &str, host: &[&str]) -> Option<String> {
        let uri: Uri = uri.parse().unwrap();
        let mut fields = HeaderMap::new();
        for host in host {
            fields.append(header::HOST, host.parse().unwrap());
        }
        Target::of_request(&uri, &fields, &OriginForm::default()).map(Target::to_text)
    }

    /// 9110-7.2-1, EDGE-37
    #[test]
    fn a_host_that_disagrees_is_no_target() {
        let target = |text: &str| Some(text.to_owned());
        assert_eq!(of_request("http://h/a", &[]), target("http://h/a"));
        assert_eq!(of_request("http://h/a", &["H:80"]), target("http://h/a"));
        assert_eq!(
            of_request("http://h:81/a", &["h:81"]),
            target("http://h:81/a")
        );
        assert_eq!(of_request("/a?b", &["h:81"]), target("http://h:81/a?b"));
        assert_eq!(of_request("/a", &["[::1]:81"]), target("http://[::1]:81/a"));
        assert_eq!(of_request("http://h/a", &["i"]), None);
        assert_eq!(of_request("http://h/a", &["h:81"]), None);
        assert_eq!(of_request("http://h:81/a", &["h"]), None);
        assert_eq!(of_request("http://h/a", &["h", "h"]), None);
        assert_eq!(of_request("http://h/a", &[""]), None);
        assert_eq!(of_request("/a", &[]), None);
        assert_eq!(of_request("/a", &["u@h"]), None);
        assert_eq!(of_request("/a", &["h:+1"]), None);
        assert_eq!(of_request("/a", &["h:99999"]), None);
        assert_eq!(of_request("http://h:99999/a", &[]), None);
        assert_eq!(of_request("*", &["h"]), None);
        assert_eq!(of_request("h:80", &[]), None);
    }

    /// EDGE-37
    #[test]
    fn a_request_without_an_authority_has_the_scheme_that_was_set() {
        let mut fields = HeaderMap::new();
        fields.insert(header::HOST, HeaderValue::from_static("h:443"));
        let uri = Uri::from_static("/a");
        let origin_form = OriginForm {
            scheme: Scheme::HTTPS,
            ..OriginForm::default()
        };
        let target = Target::of_request(&uri, &fields, &origin_form);
        assert_eq!(target.map(Target::to_text).as_deref(), Some("https://h/a"));
    }

    /// EDGE-37: `Host` comes before what is set.
    #[test]
    fn a_request_without_host_has_the_authority_that_was_set() {
        let mut fields = HeaderMap::new();
        let uri = Uri::from_static("/a");
        let origin_form = OriginForm {
            authority: Some(Authority::from_static("u@H:80")),
            ..OriginForm::default()
        };
        let text = |fields: &HeaderMap| {
            Target::of_request(&uri, fields, &origin_form).map(Target::to_text)
        };
        assert_eq!(text(&fields).as_deref(), Some("http://h/a"));
        fields.insert(header::HOST, HeaderValue::from_static("i"));
        assert_eq!(text(&fields).as_deref(), Some("http://i/a"));
        let absolute = Uri::from_static("http://j/a");
        fields.clear();
        let target = Target::of_request(&absolute, &fields, &origin_form);
        assert_eq!(target.map(Target::to_text).as_deref(), Some("http://j/a"));
    }

    /// 9111-2-1: some releases of `http` let such a path be built
    #[test]
    fn a_path_that_could_end_a_host_is_no_target() {
        let uri = Uri::builder().scheme("http").authority("h");
        if let Ok(uri) = uri.path_and_query("evil/x").build() {
            assert!(Target::of_uri(&uri).is_none());
            assert!(Target::of_request(&uri, &HeaderMap::new(), &OriginForm::default()).is_none());
        }
    }
}
