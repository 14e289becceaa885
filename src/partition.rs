//! Whose response it is.

use http::{HeaderMap, HeaderName, Uri, header};

use crate::seed::{Digest, Digester, Seed};

/// Whose response it is. Requests with different credentials never share one (C-33, C-34).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
        if let Some(userinfo) = userinfo(uri) {
            let digester = digester.get_or_insert_with(|| seed.digester());
            digester.write(b"@");
            digester.write(userinfo.as_bytes());
            digester.write(Digester::END);
        }
        // Comparing the names there are is cheaper than looking for each.
        if !fields.keys().any(|name| credentials.contains(name)) {
            return digester.map(|digester| Self(digester.finish()));
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

    /// As a part of a hash.
    pub(crate) fn as_hash(self) -> u64 {
        self.0.as_hash()
    }

    pub(crate) fn to_bytes(self) -> [u8; 16] {
        self.0.to_bytes()
    }

    /// The part that is of this name, of what a user has.
    pub(crate) fn named(seed: &Seed, user: Option<Self>, name: &[u8]) -> Self {
        let mut digester = seed.digester();
        if let Some(user) = user {
            digester.write(&user.to_bytes());
        }
        digester.write(Digester::END);
        digester.write(name);
        Self(digester.finish())
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
}
