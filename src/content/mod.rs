//! The content of a request, where it is part of the key (RFC 10008 §2.7).

mod judge;
mod reading;
mod treatment;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, header};
use http_body::Body;

pub(crate) use self::judge::{Judge, Judgement};
pub(crate) use self::reading::Reading;
pub(crate) use self::treatment::Treatment;
use crate::request_body::Replay;
use crate::seed::{Digest, Digester, Seed};

/// Request fields that say what content means (RFC 10008 §2.7).
pub(crate) static METADATA: [HeaderName; 3] = [
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
];

/// Content that was read whole.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) key: ContentKey,
    frames: Vec<Bytes>,
    /// How many octets it had said before that it has.
    told: Option<u64>,
}

impl Content {
    /// As it came, to be sent once more.
    pub(crate) fn replay<Q: Body>(&self) -> Replay<Q> {
        Replay::of(self.frames.clone(), self.told)
    }
}

/// What content is told by, as part of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContentKey {
    /// Of the method, of what says what the content means, and of the content.
    digest: Digest,
    kind: Kind,
}

/// What sort of request had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Post,
    Query,
    /// A POST that is a call of gRPC.
    Grpc,
}

impl ContentKey {
    /// Of content that came in these frames, as this has judged it.
    pub(crate) fn of(
        seed: &Seed,
        method: &Method,
        fields: &HeaderMap,
        judge: &Judge,
        frames: &[Bytes],
    ) -> Self {
        let mut digester = seed.digester();
        // No field is so called: nothing else is digested that begins so.
        digester.write(b"content ");
        digester.write(method.as_str().as_bytes());
        digester.write(Digester::END);
        // Of what is not there as well: where other fields count it is another key.
        for name in judge.names() {
            digester.write(name.as_str().as_bytes());
            digester.write(Digester::END);
            for value in fields.get_all(name) {
                digester.write(value.as_bytes());
                digester.write(Digester::END);
            }
            digester.write(Digester::NEXT);
        }
        digester.write(Digester::NEXT);
        for frame in frames {
            digester.write(frame);
        }
        Self {
            digest: digester.finish(),
            kind: if is_query(method) {
                Kind::Query
            } else {
                judge.kind()
            },
        }
    }

    /// The method of the request that had it.
    pub(crate) fn method(self) -> Method {
        match self.kind {
            Kind::Query => query(),
            Kind::Post | Kind::Grpc => Method::POST,
        }
    }

    /// Whether it is of a QUERY, of which the standards say what a condition means (RFC 10008 §2.6).
    pub(crate) fn is_query(self) -> bool {
        self.kind == Kind::Query
    }

    /// Whether it is of a call of gRPC.
    pub(crate) fn is_grpc(self) -> bool {
        self.kind == Kind::Grpc
    }

    pub(crate) fn to_bytes(self) -> [u8; 17] {
        let kind = Kind::ALL.iter().position(|kind| *kind == self.kind);
        let kind = kind.and_then(|kind| u8::try_from(kind).ok());
        let mut bytes = [kind.expect("it is one of a few"); 17];
        bytes[..16].copy_from_slice(&self.digest.to_bytes());
        bytes
    }

    /// What was written down, by a cache that has the same secret; `None` where it was not.
    pub(crate) fn from_bytes([digest @ .., kind]: [u8; 17]) -> Option<Self> {
        Some(Self {
            digest: Digest::from_bytes(digest),
            kind: *Kind::ALL.get(usize::from(kind))?,
        })
    }
}

impl Kind {
    /// All of them, each at its place.
    const ALL: [Self; 3] = [Self::Post, Self::Query, Self::Grpc];
}

/// Whether this is the method QUERY (RFC 10008 §2).
pub(crate) fn is_query(method: &Method) -> bool {
    method.as_str() == "QUERY"
}

fn query() -> Method {
    Method::from_bytes(b"QUERY").expect("it is a token")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn key(
        seed: &Seed,
        method: &str,
        media_type: &'static str,
        frames: &[&'static str],
    ) -> ContentKey {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let media_type = HeaderValue::from_static(media_type);
        let fields = HeaderMap::from_iter([(header::CONTENT_TYPE, media_type)]);
        let frames: Vec<_> = frames.iter().copied().map(Bytes::from).collect();
        ContentKey::of(seed, &method, &fields, &Judge::default(), &frames)
    }

    /// 10008-2.7-2, 10008-2.7-3: The method, the media type and each octet make a difference, and frames make none.
    #[test]
    fn content_is_told_by_its_octets_and_what_they_mean() {
        let seed = Seed::random(false);
        let one = key(&seed, "QUERY", "text/plain", &["select", " all"]);
        assert_eq!(one, key(&seed, "QUERY", "text/plain", &["select all"]));
        assert_eq!(ContentKey::from_bytes(one.to_bytes()), Some(one));
        assert_eq!(one.method().as_str(), "QUERY");
        for other in [
            key(&seed, "POST", "text/plain", &["select all"]),
            key(&seed, "QUERY", "text/plain;charset=utf-8", &["select all"]),
            key(&seed, "QUERY", "text/plain", &["select  all"]),
            key(&seed, "QUERY", "text/plain", &[]),
            key(&Seed::random(false), "QUERY", "text/plain", &["select all"]),
        ] {
            assert_ne!(one, other);
            assert_eq!(ContentKey::from_bytes(other.to_bytes()), Some(other));
        }
        assert_eq!(ContentKey::from_bytes([3; 17]), None);
    }
}
