//! Promise 4: trailers arrive, on a forward and on a hit.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use http_body::{Body, Frame};
use support::{Conversation, OriginBody, Reply, get, reply, request};

use crate::{frame, text};

fn trailers() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.append("grpc-status", HeaderValue::from_static("0"));
    trailers.append("sum", HeaderValue::from_static("1"));
    trailers.append(
        "sum",
        HeaderValue::from_bytes(b"caf\xe9").expect("obs-text"),
    );
    trailers
}

fn with_trailers(reply: Reply, content: &'static str, tells_end: bool) -> Reply {
    let mut frames = vec![Ok(Frame::trailers(trailers()))];
    if !content.is_empty() {
        frames.insert(0, Ok(Frame::data(Bytes::from_static(content.as_bytes()))));
    }
    reply.with_body(OriginBody::new(frames, tells_end))
}

/// Promise 4, GRPC-9, GRPC-2: content or none, and whether or not the body says when it ends.
#[tokio::test]
async fn trailers_arrive_on_a_forward_and_on_a_hit() {
    for content in ["hello", ""] {
        for tells_end in [true, false] {
            let talk = Conversation::default();
            let fresh = reply(200).control("max-age=60");
            talk.origin.will(with_trailers(fresh, content, tells_end));
            for is_hit in [false, true] {
                let answer = talk.get("/a").await;
                assert_eq!(answer.cache.is_hit(), is_hit, "{content:?} {tells_end}");
                assert_eq!(answer.text(), content);
                assert_eq!(answer.trailers, Some(trailers()), "{content:?} {tells_end}");
            }
        }
    }
}

/// Promise 4, GRPC-7: also where the cache has no part in it.
#[tokio::test]
async fn trailers_arrive_where_nothing_is_stored() {
    for (method, control) in [(Method::POST, "max-age=60"), (Method::GET, "no-store")] {
        let talk = Conversation::default();
        let reply = with_trailers(reply(200).control(control), "hello", false);
        talk.origin.will(reply);
        let answer = talk.send(request(method, "/a", &[])).await;
        assert_eq!(answer.trailers, Some(trailers()), "{control}");
        assert!(talk.handle.is_empty());
    }
}

/// Promise 4: frame by frame, and the end after them.
#[tokio::test]
async fn a_hit_has_not_ended_before_its_trailers() {
    let talk = Conversation::default();
    let fresh = reply(200).control("max-age=60");
    talk.origin.will(with_trailers(fresh, "hello", false));
    talk.get("/a").await.assert_stored();
    let mut body = talk.start(get("/a", &[])).await.unwrap().into_body();
    assert_eq!(body.size_hint().exact(), Some(5), "trailers have no length");
    assert_eq!(text(&mut body), "hello");
    assert!(!body.is_end_stream());
    let last = frame(&mut body).unwrap().unwrap();
    assert_eq!(last.into_trailers().unwrap(), trailers());
    assert!(body.is_end_stream());
    assert!(frame(&mut body).is_none());
}

/// EDGE-42: trailers do not make up for octets that did not come.
#[tokio::test]
async fn trailers_after_too_few_octets_are_passed_on_and_not_stored() {
    let talk = Conversation::default();
    let short = reply(200)
        .control("max-age=60")
        .field("content-length", "10");
    talk.origin.will(with_trailers(short, "hello", true));
    let answer = talk.get("/a").await;
    assert_eq!(answer.trailers, Some(trailers()));
    assert!(talk.handle.is_empty());
}

/// Promise 4, 9111-3.2-1: the body that a 304 keeps, it keeps with its trailers.
#[tokio::test]
async fn trailers_survive_a_304() {
    let talk = Conversation::default();
    let stored = reply(200).control("max-age=60").field("etag", "\"1\"");
    talk.origin.will(with_trailers(stored, "hello", false));
    talk.get("/a").await;
    talk.clock.advance(61);
    talk.origin.will(reply(304));
    let validated = talk.get("/a").await;
    assert_eq!(validated.assert_validated().trailers, Some(trailers()));
    let hit = talk.get("/a").await;
    assert_eq!(hit.assert_hit().trailers, Some(trailers()));
}

/// Promise 6: trailers take room too.
#[tokio::test]
async fn trailers_are_counted() {
    let size = async |reply| {
        let talk = Conversation::default();
        talk.store(reply).await.assert_stored();
        talk.handle.bytes()
    };
    let bare = size(reply(200).control("max-age=60").body("hello")).await;
    let fresh = reply(200).control("max-age=60");
    let more = size(with_trailers(fresh, "hello", true)).await;
    let octets: usize = trailers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    assert!(more >= bare + octets, "{more} and {bare}");
}
