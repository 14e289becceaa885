//! Promise 6: bounds that hold whatever an origin sends, and whatever is set.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, Full};
use support::{Conversation, OriginBody, Reply, get, reply};
use tower::{Layer, Service, service_fn};
use tower_client_cache::{CacheLayer, CacheStatus, NotStored};

use crate::{frame, text};

/// A body that can never fit makes nothing else give way.
#[tokio::test]
async fn a_limit_for_one_body_above_the_capacity_is_the_capacity() {
    let talk = Conversation::with(|layer| layer.capacity(100_000).max_body(usize::MAX));
    talk.store(reply(200).control("max-age=60").body("hello"))
        .await;
    // Without a length it is known by the first octets that it cannot fit.
    for (fields, chunk) in [
        (&[("content-length", "500000")][..], 10_000),
        (&[], 125_000),
    ] {
        let chunks = (0..500_000 / chunk).map(|_| Ok(Frame::data(Bytes::from(vec![0; chunk]))));
        let large = reply(200).control("max-age=60").frames(chunks);
        let with = |reply: Reply, (name, value): &(&str, &str)| reply.field(name, value);
        talk.origin.will(fields.iter().fold(large, with));
        let answer = talk.get("/large").await;
        assert_eq!(answer.body.len(), 500_000);
        assert_eq!(talk.handle.stats().evictions(), 0, "{fields:?}");
        talk.get("/a").await.assert_hit();
    }
}

/// What is to hold nothing records nothing, and does not say that it stores.
#[tokio::test]
async fn a_store_without_room_records_nothing() {
    for talk in [
        Conversation::with(|layer| layer.capacity(0)),
        Conversation::with(|layer| layer.max_responses(0)),
    ] {
        let (frames, streamed) = reply(200).control("max-age=60").streamed();
        talk.origin.will(streamed);
        let response = talk.start(get("/a", &[])).await.unwrap();
        let status = *response.extensions().get::<CacheStatus>().unwrap();
        assert_eq!(status.not_stored(), Some(NotStored::TooLarge));
        let mut body = response.into_body();
        frames.data("hello");
        assert_eq!(text(&mut body), "hello");
        assert_eq!(talk.handle.stats().recording(), 0);
    }
}

/// Trailers are part of what is recorded, and of its limit.
#[tokio::test]
async fn trailers_count_against_the_limits() {
    let mut trailers = HeaderMap::new();
    trailers.insert("long", HeaderValue::try_from("x".repeat(10_000)).unwrap());
    for (max_body, is_stored) in [(20_000, true), (5_000, false)] {
        let talk = Conversation::with(|layer| layer.max_body(max_body));
        let frames = [
            Ok(Frame::data(Bytes::from("hello"))),
            Ok(Frame::trailers(trailers.clone())),
        ];
        talk.origin.will(
            reply(200)
                .control("max-age=60")
                .with_body(OriginBody::new(frames, false)),
        );
        let mut body = talk.start(get("/a", &[])).await.unwrap().into_body();
        assert_eq!(text(&mut body), "hello");
        assert!(frame(&mut body).unwrap().unwrap().is_trailers());
        assert_eq!(
            talk.handle.stats().recording() > 10_000,
            is_stored,
            "{max_body}"
        );
        assert!(frame(&mut body).is_none());
        assert_eq!(talk.handle.len(), usize::from(is_stored), "{max_body}");
    }
}

/// Octets of a transport's buffer, which tells when nobody has a part of it any more.
struct Buffer(Vec<u8>, Arc<AtomicBool>);

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.1.store(true, Ordering::SeqCst);
    }
}

/// A body may take long to come: the buffer that its head was read into is not held until then.
#[tokio::test]
async fn a_transports_buffer_is_not_held_while_a_body_is_recorded() {
    let is_free = Arc::new(AtomicBool::new(false));
    let buffer = Bytes::from_owner(Buffer(vec![b'x'; 100], is_free.clone()));
    let value = HeaderValue::from_maybe_shared(buffer.slice(..10)).unwrap();
    drop(buffer);
    let talk = Conversation::default();
    let (frames, streamed) = reply(200).control("max-age=60").streamed();
    talk.origin.will(streamed.field_value("buffered", value));
    let (head, mut body) = talk.start(get("/a", &[])).await.unwrap().into_parts();
    assert!(!is_free.load(Ordering::SeqCst), "the caller has it");
    drop(head);
    assert!(is_free.load(Ordering::SeqCst), "the cache has not");
    frames.data("hello");
    assert_eq!(text(&mut body), "hello");
    drop(frames);
    assert!(frame(&mut body).is_none());
    let hit = talk.get("/a").await;
    assert_eq!(
        hit.assert_hit().field("buffered").as_deref(),
        Some("xxxxxxxxxx")
    );
}

/// A head of very many lines is passed on and not stored: copying it could be more than a map can hold.
#[tokio::test]
async fn a_head_of_very_many_lines_is_passed_on() {
    for (lines, is_stored) in [(1000, true), (24_570, false)] {
        let answer = move |_: Request<Empty<Bytes>>| async move {
            let mut response = Response::new(Full::<Bytes>::from("hello"));
            let fields = response.headers_mut();
            fields.insert("cache-control", HeaderValue::from_static("max-age=60"));
            for n in 1..lines {
                let name = HeaderName::try_from(format!("x{n}")).unwrap();
                fields.insert(name, HeaderValue::from_static("1"));
            }
            Ok::<_, Infallible>(response)
        };
        let mut client = CacheLayer::new().layer(service_fn(answer));
        let response = client.call(get("/a", &[])).await.unwrap();
        assert_eq!(response.headers().len(), lines);
        let status = *response.extensions().get::<CacheStatus>().unwrap();
        assert_eq!(status.is_stored(), is_stored, "{lines}: {status}");
        let body = response.into_body().collect().await.unwrap();
        assert_eq!(body.to_bytes(), "hello");
    }
}

/// The variant that gives way to a further one is evicted, and counted.
#[tokio::test]
async fn a_variant_that_gives_way_is_an_eviction() {
    let talk = Conversation::default();
    for n in 0..70 {
        talk.origin
            .will(reply(200).control("max-age=60").field("vary", "foo"));
        talk.get_with("/a", &[("foo", &n.to_string())])
            .await
            .assert_stored();
    }
    let stats = talk.handle.stats();
    assert_eq!(talk.handle.len() as u64 + stats.evictions(), 70);
    assert!(stats.evictions() > 0);
}

/// 304s that bring other fields each time do not make a head grow without end.
#[tokio::test]
async fn a_head_that_grows_with_each_304_does_not_grow_past_the_limit() {
    let with_lines = |reply: Reply, from: usize, count: usize| {
        (from..from + count).fold(reply, |reply, n| reply.field(&format!("x{n}"), "1"))
    };
    for lines in [90, 900, 1100] {
        let talk = Conversation::default();
        let tagged = reply(200).control("max-age=0").field("etag", "\"a\"");
        talk.store(tagged.body("hello")).await.assert_stored();
        let mut refused = 0;
        for n in 0..400 {
            talk.origin.will(with_lines(
                reply(304).field("etag", "\"a\""),
                n * 1000,
                lines,
            ));
            let answer = talk.get("/a").await;
            assert_eq!(answer.text(), "hello", "{lines} {n}");
            if !answer.cache.is_stored() {
                answer.assert_not_stored(NotStored::TooLarge);
                let anew = reply(200).control("max-age=0").field("etag", "\"a\"");
                talk.store(anew.body("hello")).await.assert_stored();
                refused += 1;
            }
        }
        assert!(refused > 0, "{lines}");
    }
}

/// What comes after trailers breaks the order of frames: it is passed on, and nothing is stored.
#[tokio::test]
async fn octets_after_trailers_are_not_stored() {
    let talk = Conversation::default();
    let mut trailers = HeaderMap::new();
    trailers.insert("a", HeaderValue::from_static("1"));
    let frames = [
        Ok(Frame::trailers(trailers)),
        Ok(Frame::data(Bytes::from("hello"))),
    ];
    talk.origin
        .will(reply(200).control("max-age=60").frames(frames));
    talk.get("/a").await;
    assert!(talk.handle.is_empty());
    assert_eq!(talk.handle.stats().recording(), 0);
}
