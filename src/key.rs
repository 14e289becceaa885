//! The cache key: the target URI in one normal form, and the partition of whoever asks.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};

use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use siphasher::sip::SipHasher13;
use siphasher::sip128::{Hasher128, SipHasher24};

/// The secret of one cache, drawn when it is made: what is hashed with it means nothing elsewhere.
#[derive(Clone)]
pub(crate) struct Seed {
    key: (u64, u64),
    digest: (u64, u64),
}

impl Seed {
    pub(crate) fn random() -> Self {
        // The keys of a `RandomState` come from the operating system. They cannot be read, but what
        // they hash to is as secret.
        let source = RandomState::new();
        let draw = |n: u8| source.hash_one(n);
        Self {
            key: (draw(0), draw(1)),
            digest: (draw(2), draw(3)),
        }
    }

    fn hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_keys(self.key.0, self.key.1)
    }

    pub(crate) fn digester(&self) -> Digester {
        Digester(SipHasher24::new_with_keys(self.digest.0, self.digest.1))
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// 128 bits that stand for request field values, which are themselves not kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest(u128);

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

/// Makes a [`Digest`] of pieces; where one ends and the next begins makes no difference.
#[derive(Debug)]
pub(crate) struct Digester(SipHasher24);

impl Digester {
    /// Ends a name or a value: no field has this octet.
    pub(crate) const END: &'static [u8] = &[0];

    pub(crate) fn write(&mut self, piece: &[u8]) {
        self.0.write(piece);
    }

    pub(crate) fn finish(&self) -> Digest {
        Digest(self.0.finish128().as_u128())
    }
}

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
}

impl<'a> Target<'a> {
    /// The target of an absolute URI; `None` for any other form.
    pub(crate) fn of_uri(uri: &'a Uri) -> Option<Self> {
        let authority = uri.authority()?;
        let port = port_of(authority)?;
        Some(Self::new(uri, uri.scheme_str()?, authority.host(), port))
    }

    /// The target of a request: of its URI, or of its `Host` where the URI has no authority, as
    /// between a connection and what sends on it. `None` where the two disagree (RFC 9110 §7.2), or
    /// there is neither.
    pub(crate) fn of_request(uri: &'a Uri, fields: &'a HeaderMap) -> Option<Self> {
        let mut hosts = fields.get_all(header::HOST).iter();
        let host = hosts.next().map(HeaderValue::as_bytes);
        if hosts.next().is_some() {
            return None;
        }
        let Some(authority) = uri.authority() else {
            let (host, port) = split_host(host?)?;
            let scheme = uri.scheme_str().unwrap_or("http");
            return uri
                .path()
                .starts_with('/')
                .then(|| Self::new(uri, scheme, host, port));
        };
        let port = port_of(authority)?;
        let target = Self::new(uri, uri.scheme_str()?, authority.host(), port);
        let agrees = host.is_none_or(|host| {
            split_host(host).is_some_and(|(host, port)| {
                host.eq_ignore_ascii_case(target.host)
                    && without_default(target.scheme, port) == target.port
            })
        });
        agrees.then_some(target)
    }

    fn new(uri: &'a Uri, scheme: &'a str, host: &'a str, port: Option<u16>) -> Self {
        Self {
            scheme,
            host,
            port: without_default(scheme, port),
            path: uri.path(),
            query: uri.query(),
        }
    }

    /// Scheme, host and port are the same (RFC 9110 §4.3.1).
    pub(crate) fn has_origin_of(&self, other: &Target<'_>) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme)
            && self.host.eq_ignore_ascii_case(other.host)
            && self.port == other.port
    }

    /// The absolute form, as a base for references.
    pub(crate) fn to_text(self) -> String {
        let mut text = Vec::new();
        self.write(|piece| text.extend_from_slice(piece));
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The normal form, piece by piece.
    fn write(&self, mut sink: impl FnMut(&[u8])) {
        write_lower(self.scheme, &mut sink);
        sink(b"://");
        write_lower(self.host, &mut sink);
        if let Some(port) = self.port {
            let mut text = [b':'; 6];
            let colon = decimal(port, &mut text);
            sink(&text[colon..]);
        }
        write_encoded(self.path, &mut sink);
        if let Some(query) = self.query {
            sink(b"?");
            write_encoded(query, &mut sink);
        }
    }

    fn is(&self, text: &[u8]) -> bool {
        let mut rest = Some(text);
        self.write(|piece| rest = rest.and_then(|rest| rest.strip_prefix(piece)));
        rest == Some(&[])
    }
}

/// Whose response it is. Requests with different credentials never share one (C-33, C-34).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Partition(Digest);

impl Partition {
    /// Made of the userinfo and of every one of these fields that the request has; `None` where it
    /// has none, and so asks as nobody in particular.
    pub(crate) fn of(
        seed: &Seed,
        uri: &Uri,
        fields: &HeaderMap,
        credentials: &[HeaderName],
    ) -> Option<Self> {
        let mut digester: Option<Digester> = None;
        if let Some((userinfo, _)) = uri.authority().and_then(|a| a.as_str().rsplit_once('@')) {
            let digester = digester.get_or_insert_with(|| seed.digester());
            digester.write(b"@");
            digester.write(userinfo.as_bytes());
            digester.write(Digester::END);
        }
        for name in credentials {
            let mut separator: Option<&[u8]> = None;
            for value in fields.get_all(name) {
                let digester = digester.get_or_insert_with(|| seed.digester());
                match separator {
                    Some(separator) => digester.write(separator),
                    None => {
                        digester.write(name.as_str().as_bytes());
                        digester.write(Digester::END);
                    }
                }
                digester.write(value.as_bytes());
                // HTTP/2 may split a cookie field into lines (RFC 9113 §8.2.3).
                separator = Some(if name == header::COOKIE { b"; " } else { b", " });
            }
            if let (Some(_), Some(digester)) = (separator, &mut digester) {
                digester.write(Digester::END);
            }
        }
        digester.map(|digester| Self(digester.finish()))
    }
}

/// What a request looks up: a key whose parts still lie in the request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) target: Target<'a>,
    pub(crate) partition: Option<Partition>,
    pub(crate) hash: u64,
    pub(crate) uri_hash: u64,
}

impl<'a> Wanted<'a> {
    pub(crate) fn new(seed: &Seed, target: Target<'a>, partition: Option<Partition>) -> Self {
        let mut hasher = seed.hasher();
        target.write(|piece| hasher.write(piece));
        let uri_hash = hasher.finish();
        let hash = partition.map_or(uri_hash, |Partition(Digest(bits))| {
            hasher.write(Digester::END);
            hasher.write(&bits.to_ne_bytes());
            hasher.finish()
        });
        Self {
            target,
            partition,
            hash,
            uri_hash,
        }
    }

    pub(crate) fn is(&self, key: &CacheKey) -> bool {
        self.partition == key.partition && self.target.is(&key.uri)
    }

    pub(crate) fn to_key(self) -> CacheKey {
        let mut uri = Vec::new();
        self.target.write(|piece| uri.extend_from_slice(piece));
        CacheKey {
            hash: self.hash,
            uri_hash: self.uri_hash,
            uri: uri.into_boxed_slice(),
            partition: self.partition,
        }
    }
}

/// The key of a stored response: no credentials, only what they hash to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CacheKey {
    pub(crate) hash: u64,
    pub(crate) uri_hash: u64,
    pub(crate) uri: Box<[u8]>,
    pub(crate) partition: Option<Partition>,
}

impl CacheKey {
    pub(crate) fn is_partitioned(&self) -> bool {
        self.partition.is_some()
    }

    /// Whether this is a key of that URI, whoever asks.
    pub(crate) fn is_of(&self, uri: &UriKey) -> bool {
        self.uri_hash == uri.hash && self.uri == uri.text
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A query may be a secret of its own.
        let uri = self
            .uri
            .split(|byte| *byte == b'?')
            .next()
            .unwrap_or_default();
        f.debug_struct("CacheKey")
            .field("uri", &String::from_utf8_lossy(uri))
            .field("partition", &self.partition)
            .finish_non_exhaustive()
    }
}

/// A URI, whatever the method, the partition and the variant.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct UriKey {
    pub(crate) hash: u64,
    pub(crate) text: Box<[u8]>,
}

impl UriKey {
    pub(crate) fn new(seed: &Seed, target: Target<'_>) -> Self {
        let key = Wanted::new(seed, target, None).to_key();
        Self {
            hash: key.uri_hash,
            text: key.uri,
        }
    }
}

fn without_default(scheme: &str, port: Option<u16>) -> Option<u16> {
    let default = if scheme.eq_ignore_ascii_case("https") {
        443
    } else if scheme.eq_ignore_ascii_case("http") {
        80
    } else {
        return port;
    };
    port.filter(|port| *port != default)
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

/// Percent-encoding in its normal form (RFC 3986 §6.2.2.1 and §6.2.2.2).
fn write_encoded(text: &str, sink: &mut impl FnMut(&[u8])) {
    let mut rest = text.as_bytes();
    while let Some(percent) = rest.iter().position(|byte| *byte == b'%') {
        sink(&rest[..percent]);
        rest = &rest[percent..];
        let encoded = match rest {
            [_, high, low, ..] => hex(*high).zip(hex(*low)).map(|(h, l)| (h << 4) | l),
            _ => None,
        };
        match encoded {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => sink(&[byte]),
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

    fn seed() -> Seed {
        Seed {
            key: (1, 2),
            digest: (3, 4),
        }
    }

    fn is_same(one: &str, other: &str) -> bool {
        let (one, other): (Uri, Uri) = (one.parse().unwrap(), other.parse().unwrap());
        let seed = seed();
        let key = |uri| Wanted::new(&seed, Target::of_uri(uri).unwrap(), None);
        let held = key(&one).to_key();
        let is = key(&other).is(&held);
        assert_eq!(is, key(&other).hash == held.hash, "{one} {other}");
        assert_eq!(is, key(&other).to_key() == held, "{one} {other}");
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
        Target::of_request(&uri, &fields).map(Target::to_text)
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

    fn partition(uri: &str, fields: &[(&'static str, &str)]) -> Option<Partition> {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(*name, value.parse().unwrap());
        }
        let credentials = [header::AUTHORIZATION, header::COOKIE];
        Partition::of(&seed(), &uri.parse().unwrap(), &map, &credentials)
    }

    /// C-33, C-34, 9110-4.2.4-1, PRJ-4.1-8
    #[test]
    fn different_credentials_are_different_partitions() {
        let uri = "http://h/";
        assert_eq!(partition(uri, &[("accept", "a")]), None);
        let all = [
            partition(uri, &[]),
            partition(uri, &[("authorization", "a")]),
            partition(uri, &[("authorization", "b")]),
            partition(uri, &[("cookie", "a")]),
            partition(uri, &[("cookie", "")]),
            partition(uri, &[("authorization", "a"), ("cookie", "b")]),
            partition(uri, &[("authorization", "b"), ("cookie", "a")]),
            partition("http://u:p@h/", &[]),
            partition("http://u:q@h/", &[]),
        ];
        for (n, one) in all.iter().enumerate() {
            for other in &all[n + 1..] {
                assert_ne!(one, other);
            }
        }
        assert_eq!(
            partition(uri, &[("cookie", "a=1; b=2")]),
            partition(uri, &[("cookie", "a=1"), ("cookie", "b=2")]),
            "a cookie in two lines is one cookie"
        );
    }

    #[test]
    fn nothing_secret_is_printed() {
        let uri: Uri = "http://u:password@h/a?token=secret".parse().unwrap();
        let key = Wanted::new(
            &seed(),
            Target::of_uri(&uri).unwrap(),
            partition("http://h/", &[("cookie", "secret")]),
        );
        let printed = format!("{:?} {:?}", key.to_key(), seed());
        assert!(
            !printed.contains("secret") && !printed.contains("password"),
            "{printed}"
        );
        let key = key.to_key();
        assert!(!key.uri.windows(8).any(|part| part == b"password"));
    }
}
