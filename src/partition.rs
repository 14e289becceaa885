//! Whose response it is.

use std::hash::{Hash, Hasher};
use std::num::NonZero;

use http::{HeaderMap, HeaderName, Uri, header};

use crate::seed::{Digest, Digester, Seed};

/// Whose response it is. Requests with different credentials never share one (C-33, C-34).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Partition {
    /// Of all that it is made of. What it is told by; the rest follows from it.
    whole: Digest,
    /// The names among that, the last one given first.
    names: [Option<Name>; NAMES],
}

/// So many names are known of a partition: one that the settings give it, one that the request does.
const NAMES: usize = 2;

/// The name of a partition, as a keyed hash. Who looks for one that shares it finds one too many, and gets no response
/// by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name(NonZero<u32>);

impl Name {
    pub(crate) fn of(seed: &Seed, name: &[u8]) -> Self {
        Self::short(digest(seed, name))
    }

    fn short(digest: Digest) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "half of it will do")]
        let hash = digest.as_hash() as u32;
        Self(NonZero::new(hash).unwrap_or(NonZero::<u32>::MIN))
    }
}

/// No field and no userinfo begins as what is digested here.
fn digest(seed: &Seed, name: &[u8]) -> Digest {
    let mut digester = seed.digester();
    digester.write(Digester::END);
    digester.write(name);
    digester.finish()
}

impl PartialEq for Partition {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.whole == other.whole
    }
}

impl Eq for Partition {}

impl Hash for Partition {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.whole.hash(hasher);
    }
}

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
        if let Some(userinfo) = userinfo(uri) {
            let digester = digester.get_or_insert_with(|| seed.digester());
            digester.write(b"@");
            digester.write(userinfo.as_bytes());
            digester.write(Digester::END);
        }
        // Comparing the names there are is cheaper than looking for each.
        if !fields.keys().any(|name| credentials.contains(name)) {
            return digester.as_ref().map(Self::unnamed);
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
        digester.as_ref().map(Self::unnamed)
    }

    /// As a part of a hash.
    pub(crate) fn as_hash(self) -> u64 {
        self.whole.as_hash()
    }

    pub(crate) fn to_bytes(self) -> [u8; 16] {
        self.whole.to_bytes()
    }

    /// All of it, to be written down.
    pub(crate) fn to_parts(self) -> ([u8; 16], [u32; NAMES]) {
        let name = |name: Option<Name>| name.map_or(0, |Name(name)| name.get());
        (self.whole.to_bytes(), self.names.map(name))
    }

    /// What was written down, by a cache that has the same secret.
    pub(crate) fn from_parts(whole: [u8; 16], names: [u32; NAMES]) -> Self {
        Self {
            whole: Digest::from_bytes(whole),
            names: names.map(|name| NonZero::new(name).map(Name)),
        }
    }

    fn unnamed(digester: &Digester) -> Self {
        Self {
            whole: digester.finish(),
            names: [None; NAMES],
        }
    }

    /// The part that is of this name, of what a user has; or of a part of that, which has a name already.
    pub(crate) fn named(seed: &Seed, of: Option<Self>, name: &[u8]) -> Self {
        let name = digest(seed, name);
        let Some(of) = of else {
            return Self {
                whole: name,
                names: [Some(Name::short(name)), None],
            };
        };
        let mut digester = seed.digester();
        digester.write(Digester::NEXT);
        digester.write(&of.to_bytes());
        digester.write(&name.to_bytes());
        Self {
            whole: digester.finish(),
            names: [Some(Name::short(name)), of.names[0]],
        }
    }

    /// Whether this is one of its names, whoever's it is.
    pub(crate) fn has_name(self, name: Name) -> bool {
        self.names.contains(&Some(name))
    }
}

/// What stands before the `@` of a URI: credentials, wherever they stand (RFC 9110 §4.2.4).
pub(crate) fn userinfo(uri: &Uri) -> Option<&str> {
    let authority = uri.authority()?.as_str();
    let end = authority.bytes().rposition(|byte| byte == b'@')?;
    Some(&authority[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seed: &Seed, uri: &str, fields: &[(&'static str, &str)]) -> Option<Partition> {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(*name, value.parse().unwrap());
        }
        let credentials = [header::AUTHORIZATION, header::COOKIE];
        Partition::of(seed, &uri.parse().unwrap(), &map, &credentials)
    }

    /// C-33, C-34, 9110-4.2.4-1, PRJ-4.1-8
    #[test]
    fn different_credentials_are_different_partitions() {
        let (seed, uri) = (Seed::random(false), "http://h/");
        let partition = |uri, fields: &[_]| of(&seed, uri, fields);
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
    fn a_partition_has_the_names_it_was_given_and_no_other() {
        let seed = Seed::random(false);
        let name = |name: &str| Name::of(&seed, name.as_bytes());
        let user = of(&seed, "http://h/", &[("cookie", "a")]);
        for user in [None, user] {
            let one = Partition::named(&seed, user, b"one");
            let both = Partition::named(&seed, Some(one), b"other");
            assert_ne!(one, both);
            assert_ne!(Some(one), user);
            assert!(one.has_name(name("one")) && !one.has_name(name("other")));
            assert!(both.has_name(name("one")) && both.has_name(name("other")));
            assert!(!both.has_name(name("")) && !both.has_name(name("on")));
            let other = Partition::named(&seed, user, b"other");
            let swapped = Partition::named(&seed, Some(other), b"one");
            assert_ne!(both, swapped, "which is whose makes a difference");
        }
        assert_ne!(
            Partition::named(&seed, None, b"one"),
            Partition::named(&seed, user, b"one")
        );
        assert!(user.is_some_and(|user| !user.has_name(name("a"))));
    }
}
