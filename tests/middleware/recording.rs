//! PRJ-7-1: a body is stored when it has come whole, and not otherwise.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Frame;
use http_body_util::{Empty, Full};
use support::{Conversation, OriginBody, OriginError, Reply, get, reply, request};
use tower::{Layer, Service, service_fn};
use tower_client_cache::{CacheBody, CacheLayer, CacheStatus, Forward, NotStored};

use crate::{frame, in_flight, text};

/// What becomes of a body that comes in these frames.
struct Case {
    name: &'static str,
    length: Option<&'static str>,
    frames: &'static [&'static str],
    tells_end: bool,
}

fn fresh(case: &Case) -> Reply {
    let frames = case.frames.iter();
    let frames = frames.map(|data| Ok(Frame::data(Bytes::from_static(data.as_bytes()))));
    let body = OriginBody::new(frames, case.tells_end);
    let reply = reply(200).control("max-age=60").with_body(body);
    match case.length {
        Some(length) => reply.field("content-length", length),
        None => reply,
    }
}

async fn start(talk: &Conversation, reply: Reply) -> CacheBody<OriginBody> {
    talk.origin.will(reply);
    let response = talk.start(get("/a", &[])).await;
    response.expect("a head").into_body()
}

/// Nothing is held of what was recorded, and the next request is answered and stored as usual.
async fn assert_not_stored(talk: &Conversation, name: &str) {
    assert_eq!(talk.handle.stats().recording(), 0, "{name}");
    assert!(talk.handle.is_empty(), "{name}");
    assert_eq!(in_flight(&talk.handle), 0, "{name}");
    let next = talk
        .store(reply(200).control("max-age=60").body("next"))
        .await;
    next.assert_forwarded(Forward::UriMiss).assert_stored();
    talk.get("/a").await.assert_hit();
}

/// PRJ-7-1, 9112-8-2, EDGE-42
#[tokio::test]
async fn a_body_that_is_not_as_long_as_it_said_is_passed_on_and_not_stored() {
    let cases = |tells_end| {
        [("too short", "10"), ("too long", "4"), ("none at all", "0")].map(|(name, length)| Case {
            name,
            length: Some(length),
            frames: &["he", "llo"],
            tells_end,
        })
    };
    for case in [cases(true), cases(false)].iter().flatten() {
        let talk = Conversation::default();
        talk.origin.will(fresh(case));
        assert_eq!(talk.get("/a").await.text(), "hello", "{}", case.name);
        assert_not_stored(&talk, case.name).await;
    }
    let talk = Conversation::default();
    let promised = reply(200)
        .control("max-age=60")
        .field("content-length", "5");
    let empty = talk.store(promised).await;
    empty.assert_not_stored(NotStored::ContentLength);
    assert_not_stored(&talk, "a body that never came").await;
}

/// PRJ-7-1, 9112-8-1
#[tokio::test]
async fn a_body_that_fails_is_not_stored() {
    for sent in [&[][..], &["half"], &["hello"], &["hello", "!"]] {
        let talk = Conversation::default();
        let (frames, streamed) = reply(200).control("max-age=60").streamed();
        let streamed = streamed.field("content-length", "5");
        let mut body = start(&talk, streamed).await;
        for data in sent {
            frames.data(data);
            assert_eq!(text(&mut body), *data);
        }
        frames.fail(OriginError("broken"));
        assert!(frame(&mut body).unwrap().is_err());
        drop(body);
        assert_not_stored(&talk, &format!("{sent:?}")).await;
    }
}

/// PRJ-7-1, EDGE-44
#[tokio::test]
async fn a_body_that_is_dropped_half_way_is_not_stored() {
    for (length, sent) in [
        (None, &[][..]),
        (None, &["hello"]),
        (Some("5"), &[]),
        (Some("5"), &["hell"]),
    ] {
        let talk = Conversation::with(|layer| layer.finish_abandoned(0));
        let (frames, mut streamed) = reply(200).control("max-age=60").streamed();
        if let Some(length) = length {
            streamed = streamed.field("content-length", length);
        }
        let mut body = start(&talk, streamed).await;
        for data in sent {
            frames.data(data);
            assert_eq!(text(&mut body), *data);
            assert!(talk.handle.stats().recording() >= data.len());
        }
        drop(body);
        assert!(!frames.data("more"), "the origin's body is dropped too");
        assert_not_stored(&talk, &format!("{length:?} {sent:?}")).await;
    }
}

/// EDGE-44: it has been read whole, and only the end was not asked for.
#[tokio::test]
async fn a_caller_that_reads_what_content_length_says_and_drops_the_body_has_it_stored() {
    let talk = Conversation::default();
    let (frames, streamed) = reply(200).control("max-age=60").streamed();
    let mut body = start(&talk, streamed.field("content-length", "5")).await;
    for data in ["he", "llo"] {
        frames.data(data);
        assert_eq!(text(&mut body), data);
    }
    drop(body);
    assert_eq!(talk.handle.stats().recording(), 0);
    assert_eq!(talk.get("/a").await.assert_hit().text(), "hello");
}

/// EDGE-44, GRPC-2: what is still to come is part of it.
#[tokio::test]
async fn where_trailers_were_promised_the_octets_alone_are_not_the_whole() {
    let talk = Conversation::with(|layer| layer.finish_abandoned(0));
    let (frames, streamed) = reply(200).control("max-age=60").streamed();
    let promised = streamed
        .field("content-length", "5")
        .field("trailer", "checksum");
    let mut body = start(&talk, promised).await;
    frames.data("hello");
    assert_eq!(text(&mut body), "hello");
    drop(body);
    assert_not_stored(&talk, "trailers").await;
}

/// Promise 4: many clients stop at the last frame.
#[tokio::test]
async fn a_body_that_says_it_has_ended_is_stored_without_being_asked_for_the_end() {
    for length in [None, Some("5")] {
        let talk = Conversation::default();
        let case = Case {
            name: "told",
            length,
            frames: &["he", "llo"],
            tells_end: true,
        };
        let mut body = start(&talk, fresh(&case)).await;
        assert_eq!(text(&mut body), "he");
        assert!(talk.handle.is_empty());
        assert_eq!(text(&mut body), "llo");
        assert_eq!(talk.handle.len(), 1, "{length:?}");
        assert_eq!(talk.handle.stats().recording(), 0);
        drop(body);
        assert_eq!(talk.get("/a").await.assert_hit().text(), "hello");
    }
}

/// PRJ-7-2
#[tokio::test]
async fn a_body_that_is_too_large_streams_through_unbroken() {
    let said = |length: Option<&'static str>, tells_end| Case {
        name: "too large",
        length,
        frames: &["hello ", "world", "!"],
        tells_end,
    };
    for case in [
        said(None, true),
        said(None, false),
        said(Some("12"), true),
        said(Some("12"), false),
    ] {
        let talk = Conversation::with(|layer| layer.max_body(11));
        let mut body = start(&talk, fresh(&case)).await;
        for data in case.frames {
            assert_eq!(text(&mut body), *data, "{:?}", case.length);
        }
        assert!(frame(&mut body).is_none());
        assert_not_stored(&talk, case.name).await;
    }
}

/// PRJ-7-2: what is known beforehand is said beforehand, and nothing is recorded.
#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_not_recorded() {
    let talk = Conversation::with(|layer| layer.max_body(11));
    let (frames, streamed) = reply(200).control("max-age=60").streamed();
    let mut body = start(&talk, streamed.field("content-length", "12")).await;
    frames.data("hello ");
    assert_eq!(text(&mut body), "hello ");
    assert_eq!(talk.handle.stats().recording(), 0);
    drop(body);
    let large = reply(200)
        .control("max-age=60")
        .field("content-length", "12");
    let large = talk.store(large.body("hello world!")).await;
    large.assert_not_stored(NotStored::TooLarge);

    let answer = |_: Request<Empty<Bytes>>| async {
        let response = Response::builder().header("cache-control", "max-age=60");
        Ok::<_, Infallible>(response.body(Full::<Bytes>::from("hello world!")).unwrap())
    };
    let mut client = CacheLayer::new().max_body(11).layer(service_fn(answer));
    let response = client.call(get("/a", &[])).await.unwrap();
    let cache = response.extensions().get::<CacheStatus>().unwrap();
    assert_eq!(cache.not_stored(), Some(NotStored::TooLarge), "by its hint");
    assert_eq!(text(&mut response.into_body()), "hello world!");
}

/// PRJ-7-2, PRJ-4.3.3-4: however it is found out that it is too large.
#[tokio::test]
async fn a_new_answer_that_is_too_large_shows_that_the_old_one_is_outdated() {
    for length in [Some("12"), None] {
        let talk = Conversation::with(|layer| layer.max_body(11));
        let old = reply(200).control("max-age=60").field("etag", "\"1\"");
        talk.store(old.body("old")).await.assert_stored();
        let case = Case {
            name: "too large",
            length,
            frames: &["hello ", "world", "!"],
            tells_end: false,
        };
        talk.origin.will(fresh(&case).field("etag", "\"2\""));
        let reload = [("cache-control", "no-cache")];
        let new = talk.get_with("/a", &reload).await;
        assert_eq!(new.text(), "hello world!");
        talk.origin.will(fresh(&case).field("etag", "\"2\""));
        let next = talk.get("/a").await;
        assert_eq!(next.text(), "hello world!", "{length:?}");
        next.assert_forwarded(Forward::Stale);
    }
}

/// PRJ-7-2, 9110-9.3.2-1: a head of something too large has no body that could be.
#[tokio::test]
async fn the_head_of_something_too_large_is_stored() {
    let talk = Conversation::with(|layer| layer.max_body(11));
    let large = reply(200)
        .control("max-age=60")
        .field("content-length", "12");
    talk.origin.will(large);
    let head = || talk.send(request(Method::HEAD, "/a", &[]));
    head().await.assert_stored();
    let hit = head().await;
    assert_eq!(
        hit.assert_hit().field("content-length").as_deref(),
        Some("12")
    );
}

/// Promise 6: `Content-Length` is a promise, and room is not made for all of it.
#[tokio::test]
async fn no_more_than_64_kibibytes_are_set_aside_ahead() {
    let talk = Conversation::with(|layer| layer.capacity(1 << 30));
    let (frames, streamed) = reply(200).control("max-age=60").streamed();
    let mut body = start(&talk, streamed.field("content-length", "100000000")).await;
    assert_eq!(talk.handle.stats().recording(), 0, "nothing has come yet");
    frames.data("hello");
    assert_eq!(text(&mut body), "hello");
    let recording = talk.handle.stats().recording();
    assert!((5..=64 * 1024 + 5).contains(&recording), "{recording}");
    drop(body);
    assert_eq!(talk.handle.stats().recording(), 0);
}
