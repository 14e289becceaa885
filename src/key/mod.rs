//! The cache key: the target URI, the partition of whoever asks, and what content the request had.

mod text;

use std::fmt;
use std::hash::Hasher;

pub(crate) use self::text::Text;
use crate::content::ContentKey;
use crate::partition::Partition;
use crate::seed::{Digester, Seed};
#[cfg(test)]
use crate::target::Target;

/// Whether this is the text of a key that a request has named, and no URI.
#[cfg(feature = "structured-fields")]
pub(crate) fn is_name(text: &[u8]) -> bool {
    text[origin(text).len()..].starts_with(b"/ ")
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
    use http::Uri;

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
