//! Promise 6: the store keeps within its bounds, and what was used least recently goes first.

use http::Method;
use http_body::Frame;
use support::{Conversation, Reply, get, reply, request};
use tower_client_cache::{CacheHandle, Forward, NotStored};

use crate::{frame, text};

const CHUNK: &str = match std::str::from_utf8(&[b'x'; 1000]) {
    Ok(text) => text,
    Err(_) => "",
};

fn of(octets: usize) -> Reply {
    reply(200).control("max-age=60").body("x".repeat(octets))
}

/// `GET path`, which is answered with so many octets.
async fn store(talk: &Conversation, path: &str, octets: usize) {
    talk.origin.will(of(octets));
    talk.get(path).await.assert_stored();
}

/// Whether a response is stored for the path; this does not count as use of another.
async fn is_stored(talk: &Conversation, path: &str) -> bool {
    let answer = talk.get_with(path, &[("cache-control", "only-if-cached")]);
    answer.await.cache.is_hit()
}

/// What a response to `GET` of a path of two octets takes, with a body of so many.
async fn size_of(octets: usize) -> usize {
    let talk = Conversation::default();
    store(&talk, "/a", octets).await;
    talk.handle.bytes()
}

/// Promise 6
#[tokio::test]
async fn the_octets_held_are_those_of_each_stored_response() {
    let talk = Conversation::default();
    assert!(talk.handle.is_empty());
    assert_eq!((talk.handle.len(), talk.handle.bytes()), (0, 0));
    let (small, large) = (size_of(1).await, size_of(10_001).await);
    assert_eq!(large - small, 10_000, "each octet counts, and once");
    store(&talk, "/a", 1).await;
    store(&talk, "/b", 10_001).await;
    assert_eq!((talk.handle.len(), talk.handle.bytes()), (2, small + large));
}

/// Promise 6: fields, key and `Vary` take room like octets of the body.
#[tokio::test]
async fn everything_that_is_kept_is_counted() {
    let plain = size_of(0).await;
    let long = "x".repeat(1000);
    let path = format!("/{long}");
    for (name, path, more) in [
        ("a field", "/a", reply(200).field("name", &long)),
        ("a field's name", "/a", reply(200).field(&long, "")),
        ("a key", &path, reply(200)),
    ] {
        let talk = Conversation::default();
        talk.origin.will(more.control("max-age=60"));
        talk.get(path).await.assert_stored();
        let bytes = talk.handle.bytes();
        assert!(
            (plain + 990..plain + 1200).contains(&bytes),
            "{name}: {bytes} and {plain}"
        );
    }
}

/// Promise 6
#[tokio::test]
async fn a_response_that_takes_the_place_of_another_gives_its_room_back() {
    let talk = Conversation::default();
    for octets in [10, 10_000, 100] {
        talk.origin.will(of(octets));
        talk.get_with("/a", &[("cache-control", "no-cache")]).await;
        assert_eq!(talk.handle.len(), 1);
        assert_eq!(talk.handle.bytes(), size_of(octets).await, "{octets}");
    }
    talk.handle.clear();
    assert!(talk.handle.is_empty());
    assert_eq!(talk.handle.bytes(), 0);
}

/// Promise 6
#[tokio::test]
async fn the_least_recently_used_gives_way() {
    let capacity = 3 * size_of(1000).await;
    let talk = Conversation::with(|layer| layer.capacity(capacity).max_body(capacity));
    for path in ["/a", "/b", "/c"] {
        store(&talk, path, 1000).await;
    }
    assert_eq!(talk.handle.bytes(), capacity);
    talk.get("/a").await.assert_hit();
    store(&talk, "/d", 1000).await;
    assert_eq!(talk.handle.len(), 3);
    assert!(!is_stored(&talk, "/b").await, "/b was used before /a");
    store(&talk, "/e", 1000).await;
    assert!(!is_stored(&talk, "/c").await);
    for path in ["/a", "/d", "/e"] {
        assert!(is_stored(&talk, path).await, "{path}");
    }
    assert_eq!(talk.handle.stats().evictions(), 2);
    // One that is larger takes the room of as many as it needs.
    store(&talk, "/f", 2000).await;
    assert_eq!(talk.handle.len(), 2);
    assert!(is_stored(&talk, "/e").await && is_stored(&talk, "/f").await);
}

/// Promise 6, 9111-4.3.4-1: a validation is a use, and so is an answer to HEAD.
#[tokio::test]
async fn every_answer_from_the_store_is_a_use() {
    let talk = Conversation::with(|layer| layer.max_responses(2));
    let tagged = |n| of(n).field("etag", "\"1\"");
    talk.origin.will(tagged(1));
    talk.get("/a").await.assert_stored();
    store(&talk, "/b", 1).await;
    talk.origin.will(reply(304));
    let reload = [("cache-control", "no-cache")];
    talk.get_with("/a", &reload).await.assert_validated();
    store(&talk, "/c", 1).await;
    assert!(!is_stored(&talk, "/b").await);
    let head = talk.send(request(Method::HEAD, "/a", &[])).await;
    head.assert_hit();
    store(&talk, "/d", 1).await;
    assert!(!is_stored(&talk, "/c").await);
    assert!(is_stored(&talk, "/a").await);
}

/// Promise 6
#[tokio::test]
async fn no_more_responses_are_stored_than_were_allowed() {
    let talk = Conversation::with(|layer| layer.max_responses(2));
    for (n, path) in ["/a", "/b", "/c", "/d"].iter().enumerate() {
        store(&talk, path, 1).await;
        assert_eq!(talk.handle.len(), (n + 1).min(2));
    }
    assert_eq!(talk.handle.stats().evictions(), 2);
    assert!(is_stored(&talk, "/c").await && is_stored(&talk, "/d").await);
}

/// Promise 6
#[tokio::test]
async fn a_body_may_have_an_eighth_of_the_capacity_unless_told_otherwise() {
    const CAPACITY: usize = 80_000;
    for (max_body, limit) in [(None, 10_000), (Some(100), 100), (Some(70_000), 70_000)] {
        let talk = Conversation::with(|layer| match max_body {
            Some(octets) => layer.capacity(CAPACITY).max_body(octets),
            None => layer.capacity(CAPACITY),
        });
        store(&talk, "/a", limit).await;
        assert!(is_stored(&talk, "/a").await, "{limit} fit");
        let said = of(limit + 1).field("content-length", (limit + 1).to_string());
        for (path, reply) in [("/b", of(limit + 1)), ("/c", said)] {
            talk.origin.will(reply);
            assert_eq!(talk.get(path).await.body.len(), limit + 1);
            assert!(!is_stored(&talk, path).await, "{limit}");
        }
        assert!(is_stored(&talk, "/a").await, "nothing gave way for these");
        assert_eq!(talk.handle.stats().evictions(), 0);
    }
}

/// Promise 6: a body of the limit fits in whatever frames it comes.
#[tokio::test]
async fn a_body_of_the_limit_fits_frame_by_frame() {
    let talk = Conversation::with(|layer| layer.capacity(80_000));
    let frames = (0..10).map(|_| Ok(Frame::data(CHUNK.into())));
    talk.origin
        .will(reply(200).control("max-age=60").frames(frames));
    talk.get("/a").await.assert_stored();
    assert!(is_stored(&talk, "/a").await);
}

/// Promise 6
#[tokio::test]
async fn a_capacity_that_is_set_counts_at_once() {
    let talk = Conversation::default();
    assert_eq!(talk.handle.capacity(), 64 * 1024 * 1024);
    for path in ["/a", "/b", "/c"] {
        store(&talk, path, 1000).await;
    }
    let size = size_of(1000).await;
    talk.handle.set_capacity(2 * size);
    assert_eq!(talk.handle.capacity(), 2 * size);
    assert_eq!((talk.handle.len(), talk.handle.bytes()), (2, 2 * size));
    assert!(!is_stored(&talk, "/a").await, "it was used least recently");
    talk.handle.set_capacity(0);
    assert_eq!((talk.handle.len(), talk.handle.bytes()), (0, 0));
    let nothing = talk.store(reply(200).control("max-age=60")).await;
    nothing.assert_not_stored(NotStored::TooLarge);
    assert_eq!(talk.store(of(1)).await.text(), "x");
    assert!(talk.handle.is_empty());
    talk.handle.set_capacity(80_000);
    store(&talk, "/a", 10_000).await;
    talk.origin.will(of(10_001));
    talk.get("/b").await;
    assert!(!is_stored(&talk, "/b").await, "an eighth of what it is now");
}

fn assert_bounded(handle: &CacheHandle) {
    let held = handle.bytes() + handle.stats().recording();
    assert!(held <= handle.capacity(), "{held} of {}", handle.capacity());
}

/// Promise 6: what is being recorded counts, and stored responses give way to it.
#[tokio::test]
async fn many_bodies_recorded_at_once_never_exceed_the_capacity() {
    let talk = Conversation::with(|layer| layer.capacity(100_000).max_body(50_000));
    for n in 0..20 {
        store(&talk, &format!("/old/{n}"), 3000).await;
    }
    let mut streams = Vec::new();
    for n in 0..30 {
        let (frames, streamed) = reply(200).control("max-age=60").streamed();
        talk.origin.will(streamed);
        let response = talk.start(get(&format!("/{n}"), &[])).await.unwrap();
        streams.push((frames, response.into_body()));
    }
    for _ in 0..10 {
        for (frames, body) in &mut streams {
            frames.data(CHUNK);
            assert_eq!(text(body), CHUNK, "it reaches its caller all the same");
            assert_bounded(&talk.handle);
        }
        // Whoever reads so much at a time has to let others run.
        tokio::task::yield_now().await;
    }
    assert!(talk.handle.stats().recording() > 0);
    assert_eq!(talk.handle.len(), 0, "all have given way");
    for (frames, mut body) in streams {
        drop(frames);
        assert!(frame(&mut body).is_none());
        assert_bounded(&talk.handle);
    }
    assert_eq!(talk.handle.stats().recording(), 0);
    assert!(talk.handle.len() > 1, "those that found room are stored");
    let next = talk.store(of(1000)).await;
    next.assert_forwarded(Forward::UriMiss).assert_stored();
}

/// Promise 6: what finds no room does not say that it is stored, and makes nothing else give way.
#[tokio::test]
async fn what_finds_no_room_beside_what_is_being_recorded_is_not_stored() {
    const RECORDED: usize = 10_000;
    let capacity = RECORDED + size_of(0).await + 100;
    let talk = Conversation::with(|layer| layer.capacity(capacity).max_body(capacity));
    store(&talk, "/a", 0).await;
    let (frames, streamed) = reply(200).control("max-age=60").streamed();
    talk.origin
        .will(streamed.field("content-length", RECORDED.to_string()));
    let mut body = talk.start(get("/large", &[])).await.unwrap().into_body();
    frames.data(CHUNK);
    assert_eq!(text(&mut body), CHUNK);
    assert_eq!(talk.handle.stats().recording(), RECORDED);
    let long = reply(200)
        .control("max-age=60")
        .field("long", "x".repeat(200));
    talk.origin.will(long);
    let refused = talk.get("/b").await;
    assert_bounded(&talk.handle);
    assert!(!is_stored(&talk, "/b").await);
    assert!(is_stored(&talk, "/a").await, "it gave way for nothing");
    refused.assert_not_stored(NotStored::NoRoom);
}
