//! The cache key: the target URI, the partition of whoever asks, and what content the request had.

use std::fmt;
use std::hash::Hasher;

use http::Uri;

use crate::content::ContentKey;
use crate::partition::Partition;
use crate::seed::{Digester, Seed};
use crate::target::{self, Target};

/// The URI of a key, written down: on the stack, where it is no longer than most are.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    short: [u8; SHORT],
    long: Vec<u8>,
    length: usize,
}

const SHORT: usize = 128;

impl Text {
    pub(crate) fn of(seed: &Seed, target: Target<'_>) -> Self {
        let mut text = Self::empty();
        text.write(seed, target);
        text
    }

    /// Writes a URI down that stands as it would in a key; false, and nothing is written, where it does not.
    pub(crate) fn write_normal(&mut self, uri: &Uri) -> bool {
        let Some(pieces) = target::normal(uri) else {
            return false;
        };
        let [scheme, host, path] = pieces;
        let end = scheme.len() + host.len() + path.len();
        match self.short.get_mut(..end) {
            Some(place) => {
                let (at, rest) = place.split_at_mut(scheme.len());
                at.copy_from_slice(scheme);
                let (at, rest) = rest.split_at_mut(host.len());
                at.copy_from_slice(host);
                rest.copy_from_slice(path);
                self.length = end;
            }
            None => pieces.iter().for_each(|piece| self.push(piece)),
        }
        true
    }

    pub(crate) fn write(&mut self, seed: &Seed, target: Target<'_>) {
        let target = target.literal(seed.is_literal());
        target.write(|piece| self.push(piece));
    }

    pub(crate) fn empty() -> Self {
        Self {
            short: [0; SHORT],
            long: Vec::new(),
            length: 0,
        }
    }

    fn push(&mut self, piece: &[u8]) {
        let end = self.length + piece.len();
        if let Some(place) = self.short.get_mut(self.length..end) {
            place.copy_from_slice(piece);
        } else {
            if self.long.is_empty() {
                self.long.extend_from_slice(&self.short[..self.length]);
            }
            self.long.extend_from_slice(piece);
        }
        self.length = end;
    }

    /// In the place of path and query this name. No URI has a space.
    pub(crate) fn name(&mut self, name: &str) {
        let named = [origin(self.as_bytes()), b"/ ", name.as_bytes()].concat();
        *self = Self::empty();
        self.push(&named);
    }

    /// Leaves out the parameters of the query that have one of these names, and the query where nothing is left of it.
    /// Where there is none of them it stays as it is, and so does one that has `;` or `?` in it: what an origin takes for a
    /// parameter of its own has to count, or anybody could have the answer to it stored for all.
    pub(crate) fn leave_out(&mut self, names: &[Box<str>]) {
        let text = self.as_bytes();
        let Some(query_at) = text.iter().position(|octet| *octet == b'?') else {
            return;
        };
        let (path, query) = (&text[..query_at], &text[query_at + 1..]);
        let is_left_out = |parameter: &&[u8]| {
            let name = parameter.split(|octet| *octet == b'=').next();
            // Some servers take this for several.
            let may_be_several = parameter.iter().any(|octet| b";?".contains(octet));
            !may_be_several
                && names
                    .iter()
                    .any(|left_out| is_same_name(name.unwrap_or_default(), left_out))
        };
        let mut parameters = query.split(|octet| *octet == b'&');
        if !parameters.any(|parameter| is_left_out(&parameter)) {
            return;
        }
        let mut kept = path.to_vec();
        let parameters = query.split(|octet| *octet == b'&');
        for (n, parameter) in parameters
            .filter(|parameter| !is_left_out(parameter))
            .enumerate()
        {
            kept.push(if n == 0 { b'?' } else { b'&' });
            kept.extend_from_slice(parameter);
        }
        *self = Self::empty();
        self.push(&kept);
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self.short.get(..self.length) {
            Some(short) => short,
            None => &self.long,
        }
    }
}

/// Whether this is the text of a key that a request has named, and no URI.
#[cfg(feature = "structured-fields")]
pub(crate) fn is_name(text: &[u8]) -> bool {
    text[origin(text).len()..].starts_with(b"/ ")
}

/// Whether a name in a query is this one, however it is encoded (RFC 3986 §2.1).
fn is_same_name(mut written: &[u8], name: &str) -> bool {
    for octet in name.bytes() {
        let (found, rest) = match written {
            [b'%', high, low, rest @ ..] => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, rest),
                _ => (b'%', &written[1..]),
            },
            [found, rest @ ..] => (*found, rest),
            [] => return false,
        };
        if found != octet {
            return false;
        }
        written = rest;
    }
    written.is_empty()
}

#[expect(clippy::cast_possible_truncation, reason = "a digit fits")]
fn digit(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).map(|digit| digit as u8)
}

/// Whether a URI is of this path, or below it.
pub(crate) fn is_below(uri: &[u8], path: &[u8]) -> bool {
    uri.strip_prefix(path).is_some_and(|rest| match rest {
        [] | [b'/' | b'?', ..] => true,
        _ => path.ends_with(b"/"),
    })
}

/// What a request looks up: a key whose URI lies on the stack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    uri: &'a [u8],
    pub(crate) partition: Option<Partition>,
    pub(crate) content: Option<ContentKey>,
    pub(crate) hash: u64,
    pub(crate) uri_hash: u64,
}

impl<'a> Wanted<'a> {
    #[inline]
    pub(crate) fn new(seed: &Seed, text: &'a Text, partition: Option<Partition>) -> Self {
        Self::of_text(seed, text.as_bytes(), partition)
    }

    #[inline]
    fn of_text(seed: &Seed, uri: &'a [u8], partition: Option<Partition>) -> Self {
        // In one go that is what it is piece by piece.
        let uri_hash = seed.hasher().hash(uri);
        let hash = partition.map_or(uri_hash, |partition| {
            let mut hasher = seed.hasher();
            hasher.write(uri);
            hasher.write(Digester::END);
            hasher.write(&partition.to_bytes());
            hasher.finish()
        });
        Self {
            uri,
            partition,
            content: None,
            hash,
            uri_hash,
        }
    }

    /// The same, with this content.
    #[cold]
    pub(crate) fn with_content(self, seed: &Seed, content: ContentKey) -> Self {
        let mut hasher = seed.hasher();
        hasher.write_u64(self.hash);
        hasher.write(&content.to_bytes());
        Self {
            content: Some(content),
            hash: hasher.finish(),
            ..self
        }
    }

    pub(crate) fn uri(&self) -> &'a [u8] {
        self.uri
    }

    /// Scheme, host and port of its URI.
    pub(crate) fn origin(&self) -> &'a [u8] {
        origin(self.uri)
    }

    pub(crate) fn is(&self, key: &CacheKey) -> bool {
        self.partition == key.partition && self.content == key.content && *self.uri == *key.uri
    }

    pub(crate) fn to_key(self) -> CacheKey {
        CacheKey {
            hash: self.hash,
            uri_hash: self.uri_hash,
            uri: self.uri.into(),
            partition: self.partition,
            content: self.content,
        }
    }
}

impl CacheKey {
    /// The key of a target in a partition.
    #[cfg(test)]
    pub(crate) fn new(seed: &Seed, target: Target<'_>, partition: Option<Partition>) -> Self {
        Wanted::new(seed, &Text::of(seed, target), partition).to_key()
    }

    /// The key of a URI that stands as in a key, in a partition, with this content.
    pub(crate) fn of_text(
        seed: &Seed,
        uri: &[u8],
        partition: Option<Partition>,
        content: Option<ContentKey>,
    ) -> Self {
        let wanted = Wanted::of_text(seed, uri, partition);
        match content {
            Some(content) => wanted.with_content(seed, content).to_key(),
            None => wanted.to_key(),
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
    pub(crate) content: Option<ContentKey>,
}

impl CacheKey {
    /// Whether there is more in it than its URI.
    pub(crate) fn is_of_more(&self) -> bool {
        self.partition.is_some() || self.content.is_some()
    }

    /// Whether the URI is an `https` one.
    pub(crate) fn is_secure(&self) -> bool {
        self.uri.starts_with(b"https:")
    }

    /// Scheme, host and port of its URI.
    pub(crate) fn origin(&self) -> &[u8] {
        origin(&self.uri)
    }

    /// Its URI, whoever asks.
    pub(crate) fn to_uri(&self) -> UriKey {
        UriKey {
            hash: self.uri_hash,
            text: self.uri.clone(),
        }
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
            .field("content", &self.content)
            .finish_non_exhaustive()
    }
}

/// Scheme, host and port of a URI that stands as in a key.
pub(crate) fn origin(uri: &[u8]) -> &[u8] {
    // A path follows, always, and its slash is the third.
    let slashes = uri.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    let path_at = slashes.map(|(at, _)| at).nth(2);
    &uri[..path_at.unwrap_or(uri.len())]
}

/// A URI, whatever the method, the partition and the variant.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct UriKey {
    pub(crate) hash: u64,
    pub(crate) text: Box<[u8]>,
}

impl fmt::Debug for UriKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UriKey(..)")
    }
}

impl UriKey {
    /// Scheme, host and port.
    #[cfg(feature = "structured-fields")]
    pub(crate) fn origin(&self) -> &[u8] {
        origin(&self.text)
    }

    /// That of this text.
    pub(crate) fn new(seed: &Seed, text: &Text) -> Self {
        let key = Wanted::new(seed, text, None).to_key();
        Self {
            hash: key.uri_hash,
            text: key.uri,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed() -> Seed {
        Seed::random(false)
    }

    /// However the pieces fall, one normal form has one hash.
    #[test]
    fn equivalent_uris_have_one_key_and_others_another() {
        let seed = seed();
        let key = |uri: &str| {
            let uri = uri.parse().unwrap();
            CacheKey::new(&seed, Target::of_uri(&uri).unwrap(), None)
        };
        assert_eq!(key("http://h/~smith?%2f"), key("HTTP://H:80/%7Esmith?%2F"));
        assert_ne!(key("http://h/a").hash, key("http://h/b").hash);
        assert_ne!(key("http://h/a"), key("http://h/b"));
    }

    #[test]
    fn an_origin_is_the_same_in_a_target_and_in_a_key() {
        for (uri, expected) in [
            ("http://h", "http://h"),
            ("http://u:p@H:80//a//b?http://c/", "http://h"),
            ("https://h:80/?/", "https://h:80"),
            ("http://[::1]:81/a", "http://[::1]:81"),
        ] {
            let uri: Uri = uri.parse().unwrap();
            let target = Target::of_uri(&uri).unwrap();
            let key = CacheKey::new(&seed(), target, None);
            assert_eq!(key.origin(), expected.as_bytes(), "{uri}");
            assert_eq!(target.origin(), expected.as_bytes(), "{uri}");
        }
    }

    /// 9111-2-2, C-33
    #[test]
    fn another_partition_of_a_uri_is_another_key_of_it() {
        let (seed, uri) = (seed(), Uri::from_static("http://h/a"));
        let target = Target::of_uri(&uri).unwrap();
        let user = Some(Partition::named(&seed, None, b"a"));
        let text = Text::of(&seed, target);
        let (nobody, user) = (
            Wanted::new(&seed, &text, None),
            Wanted::new(&seed, &text, user),
        );
        assert!(!nobody.is(&user.to_key()) && !user.is(&nobody.to_key()));
        assert_ne!(nobody.hash, user.hash);
        let uri = UriKey::new(&seed, &text);
        assert!(nobody.to_key().is_of(&uri) && user.to_key().is_of(&uri));
    }

    /// On the stack or not, it is the same text.
    #[test]
    fn a_uri_may_be_long() {
        let seed = seed();
        for length in [SHORT - 11, SHORT - 10, SHORT - 9, 10 * SHORT] {
            let path = format!("{}?%2f", "x".repeat(length));
            let uri: Uri = format!("http://h/{path}").parse().unwrap();
            let target = Target::of_uri(&uri).unwrap();
            let key = CacheKey::new(&seed, target, None);
            assert_eq!(key.uri, target.to_text().into_bytes().into(), "{length}");
            let text = Text::of(&seed, target);
            assert!(Wanted::new(&seed, &text, None).is(&key));
        }
    }

    #[test]
    fn nothing_secret_is_printed() {
        let uri: Uri = "http://u:password@h/a?token=secret".parse().unwrap();
        let key = CacheKey::new(
            &seed(),
            Target::of_uri(&uri).unwrap(),
            Some(Partition::named(&seed(), None, b"secret")),
        );
        let printed = format!("{key:?} {:?}", seed());
        assert!(
            !printed.contains("secret") && !printed.contains("password"),
            "{printed}"
        );
        assert!(!key.uri.windows(8).any(|part| part == b"password"));
    }
}
