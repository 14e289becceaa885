//! The key of a request that has been sent, and is asked for late.

use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Uri, header};

use crate::key::{CacheKey, Text, Wanted};
use crate::partition::Partition;
use crate::seed::Seed;
use crate::target::Target;

/// What a key is made of, where the request itself is gone. The text is made when something is stored under
/// it, which of most forwards is never.
pub(crate) struct LateKey {
    uri: Uri,
    /// Where the URI has no authority.
    host: Option<HeaderValue>,
    partition: Option<Partition>,
    hash: u64,
    uri_hash: u64,
}

impl LateKey {
    /// The key that is wanted, of a request with this URI and these fields.
    pub(crate) fn of(wanted: &Wanted<'_>, uri: &Uri, fields: &HeaderMap) -> Self {
        let host = match uri.authority() {
            Some(_) => None,
            None => fields.get(header::HOST).cloned(),
        };
        Self {
            uri: uri.clone(),
            host,
            partition: wanted.partition,
            hash: wanted.hash,
            uri_hash: wanted.uri_hash,
        }
    }

    /// The key; `scheme` is that of requests whose URI has none.
    pub(crate) fn to_key(&self, seed: &Seed, scheme: &Scheme) -> CacheKey {
        let mut text = Text::empty();
        if !text.write_normal(&self.uri) {
            let host = self.host.clone().map(|host| (header::HOST, host));
            let fields = HeaderMap::from_iter(host);
            let target = Target::of_request(&self.uri, &fields, scheme);
            text.write(seed, target.expect("it had a target before"));
        }
        CacheKey {
            hash: self.hash,
            uri_hash: self.uri_hash,
            uri: text.as_bytes().into(),
            partition: self.partition,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 9110-7.1-1, 9110-4.2.3-1
    #[test]
    fn it_is_the_key_that_was_wanted() {
        for is_literal in [false, true] {
            let seed = Seed::random(is_literal);
            for (uri, host) in [
                ("http://h/a?b", None),
                ("http://H:80/%7ea?b", None),
                ("https://u:p@h:80", Some("h:80")),
                ("/a?b", Some("H:81")),
                ("/", Some("h:80")),
            ] {
                let uri: Uri = uri.parse().unwrap();
                let host = host.map(|host| (header::HOST, HeaderValue::from_static(host)));
                let fields = HeaderMap::from_iter(host);
                let target = Target::of_request(&uri, &fields, &Scheme::HTTP).unwrap();
                let partition = Partition::named(&seed, None, b"a");
                let text = Text::of(&seed, target);
                let wanted = Wanted::new(&seed, &text, Some(partition));
                let late = LateKey::of(&wanted, &uri, &fields);
                assert_eq!(late.to_key(&seed, &Scheme::HTTP), wanted.to_key(), "{uri}");
            }
        }
    }
}
