//! Promise 4: a forward streams, and so does a hit.

use std::collections::VecDeque;
use std::convert::Infallible;

use bytes::{Buf, Bytes};
use futures_util::FutureExt;
use http::{Method, Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, Full};
use support::{Conversation, OriginBody, OriginError, get, reply, request};
use tower::{Layer, Service, service_fn};
use tower_client_cache::{CacheLayer, CacheStatus, NotStored};

use crate::{frame, text, until};

/// Promise 4: whether it will be stored or not.
#[tokio::test]
async fn the_head_and_each_frame_of_a_stream_arrive_at_once() {
    for control in ["max-age=60", "no-store"] {
        let talk = Conversation::with(|layer| layer.finish_abandoned(0));
        let (frames, streamed) = reply(200).control(control).streamed();
        talk.origin.will(streamed);
        let response = talk.start(get("/a", &[])).now_or_never();
        let mut body = response.expect("the head is there").unwrap().into_body();
        for sent in ["first", "second", "third"] {
            assert!(body.frame().now_or_never().is_none(), "nothing was sent");
            assert!(frames.data(sent));
            assert_eq!(text(&mut body), sent, "{control}");
        }
        drop(body);
        assert!(!frames.data("more"), "{control}: nobody reads it any more");
    }
}

/// Promise 4, PRJ-7-1: for every reason there is not to store it.
#[tokio::test]
async fn what_will_not_be_stored_is_passed_frame_by_frame_and_never_recorded() {
    let fresh = "max-age=60";
    let plain: &[(&str, &str)] = &[];
    let table = [
        (Method::GET, plain, 200, "no-store", NotStored::NoStore),
        (Method::GET, plain, 206, fresh, NotStored::Status),
        (Method::GET, plain, 201, "", NotStored::NotCacheable),
        (Method::GET, plain, 200, "no-cache", NotStored::NoValidator),
        (Method::POST, plain, 200, fresh, NotStored::Method),
        (
            Method::GET,
            &[("range", "lines=0-1")],
            200,
            fresh,
            NotStored::Bypass,
        ),
        (
            Method::GET,
            &[("cache-control", "no-store")],
            200,
            fresh,
            NotStored::RequestNoStore,
        ),
    ];
    for (method, fields, status, control, reason) in table {
        let talk = Conversation::default();
        let (frames, streamed) = reply(status).control(control).streamed();
        talk.origin.will(streamed);
        let asked = request(method, "/a", fields);
        let response = talk.start(asked).await.unwrap();
        let cache = *response.extensions().get::<CacheStatus>().unwrap();
        assert_eq!(cache.not_stored(), Some(reason), "{cache}");
        let mut body = response.into_body();
        for sent in ["one", "two", "three"] {
            frames.data(sent);
            assert_eq!(text(&mut body), sent);
            assert_eq!(talk.handle.stats().recording(), 0, "{reason}");
        }
        drop(frames);
        assert!(frame(&mut body).is_none());
        assert!(talk.handle.is_empty(), "{reason}");
    }
}

/// Promise 4, GRPC-9
#[tokio::test]
async fn frame_boundaries_are_kept_on_a_forward() {
    for control in ["max-age=60", "no-store"] {
        let talk = Conversation::default();
        let sent = ["a", "bc", "", "def", ""];
        let frames = sent.map(|data| Ok(Frame::data(Bytes::from_static(data.as_bytes()))));
        talk.origin.will(reply(200).control(control).frames(frames));
        let mut body = talk.start(get("/a", &[])).await.unwrap().into_body();
        for data in sent {
            assert_eq!(text(&mut body), data, "{control}");
        }
        assert!(frame(&mut body).is_none());
        if control == "max-age=60" {
            assert_eq!(talk.get("/a").await.assert_hit().text(), "abcdef");
        }
    }
}

/// Promise 4: a body need not be made of `Bytes`, nor lie in one piece.
#[tokio::test]
async fn a_body_of_other_buffers_is_the_same_octets() {
    let answer = |_: Request<Empty<Bytes>>| async {
        let halves = VecDeque::from(b"ring ".to_vec()).chain(&b"and slice"[..]);
        let response = Response::builder().header("cache-control", "max-age=60");
        Ok::<_, Infallible>(response.body(Full::new(halves)).unwrap())
    };
    let mut client = CacheLayer::new().layer(service_fn(answer));
    for is_hit in [false, true] {
        let response = client.call(get("/a", &[])).await.unwrap();
        let cache = response.extensions().get::<CacheStatus>().unwrap();
        assert_eq!(cache.is_hit(), is_hit);
        assert_eq!(text(&mut response.into_body()), "ring and slice");
    }
}

/// Promise 4, EDGE-34: what a body says of its length and its end.
#[tokio::test]
async fn a_hit_knows_its_length_and_its_end() {
    let talk = Conversation::default();
    let stored = reply(200).control("max-age=60").field("etag", "\"1\"");
    talk.store(stored.body("hello")).await;
    talk.origin.will(reply(200).control("max-age=60"));
    talk.get("/empty").await.assert_stored();
    let mut hit = talk.start(get("/a", &[])).await.unwrap().into_body();
    assert_eq!(hit.size_hint().exact(), Some(5));
    assert!(!hit.is_end_stream());
    assert_eq!(text(&mut hit), "hello");
    assert!(hit.is_end_stream());
    assert_eq!(hit.size_hint().exact(), Some(0));
    for _ in 0..2 {
        assert!(frame(&mut hit).is_none());
    }
    // That of a HEAD or a 304 has the length of another, and does not say it has none (RFC 9110 §8.6).
    for (empty, length) in [
        (get("/empty", &[]), Some(0)),
        (get("/b", &[("cache-control", "only-if-cached")]), Some(0)),
        (request(Method::HEAD, "/a", &[]), None),
        (get("/a", &[("if-none-match", "\"1\"")]), None),
    ] {
        let asked = format!("{empty:?}");
        let mut body = talk.start(empty).await.unwrap().into_body();
        assert!(body.is_end_stream(), "{asked}");
        assert_eq!(body.size_hint().exact(), length, "{asked}");
        assert!(frame(&mut body).is_none(), "{asked}");
    }
    assert_eq!(talk.origin.calls(), 2);
}

/// Promise 4
#[tokio::test]
async fn a_forward_says_of_its_length_and_its_end_what_the_origin_says() {
    for control in ["max-age=60", "no-store"] {
        let answer = move |_: Request<Empty<Bytes>>| async move {
            let response = Response::builder().header("cache-control", control);
            Ok::<_, Infallible>(response.body(Full::<Bytes>::from("hello")).unwrap())
        };
        let mut client = CacheLayer::new().layer(service_fn(answer));
        let mut body = client.call(get("/a", &[])).await.unwrap().into_body();
        assert_eq!(body.size_hint().exact(), Some(5), "{control}");
        assert!(!body.is_end_stream());
        assert_eq!(text(&mut body), "hello");
        assert!(body.is_end_stream(), "{control}");
        assert_eq!(body.size_hint().exact(), Some(0), "{control}");
    }
}

/// Promises 4 and 5: the origin's error, after what came before it.
#[tokio::test]
async fn the_error_of_a_body_comes_through() {
    for control in ["max-age=60", "no-store"] {
        let talk = Conversation::default();
        let (frames, streamed) = reply(200).control(control).streamed();
        talk.origin.will(streamed);
        let mut body = talk.start(get("/a", &[])).await.unwrap().into_body();
        frames.data("some");
        assert_eq!(text(&mut body), "some");
        frames.fail(OriginError("broken"));
        let error = frame(&mut body).unwrap().unwrap_err();
        assert_eq!(error, OriginError("broken"), "{control}");
        assert!(talk.handle.is_empty());
    }
}

/// Promise 4: two bodies of one stored response are read each at its own pace.
#[tokio::test]
async fn hits_are_read_independently() {
    let talk = Conversation::default();
    talk.store(reply(200).control("max-age=60").body("hello"))
        .await;
    let mut one = talk.start(get("/a", &[])).await.unwrap().into_body();
    let mut other = talk.start(get("/a", &[])).await.unwrap().into_body();
    assert_eq!(text(&mut one), "hello");
    assert!(one.is_end_stream() && !other.is_end_stream());
    assert_eq!(text(&mut other), "hello");
}

/// Promise 4: a reader that waits is woken by the next frame.
#[tokio::test]
async fn a_reader_that_waits_is_woken() {
    let talk = Conversation::default();
    let (frames, streamed) = reply(200).control("max-age=60").streamed();
    talk.origin.will(streamed);
    let body = talk.start(get("/a", &[])).await.unwrap().into_body();
    let reader = tokio::spawn(body.collect());
    tokio::task::yield_now().await;
    frames.data("late ");
    tokio::task::yield_now().await;
    frames.data("later");
    drop(frames);
    assert_eq!(reader.await.unwrap().unwrap().to_bytes(), "late later");
    until(|| talk.handle.len() == 1).await;
}

/// Promise 5: a body for who needs one without having had a response.
#[test]
fn the_default_body_is_empty() {
    let mut body = tower_client_cache::CacheBody::<OriginBody>::default();
    assert!(body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(0));
    assert!(frame(&mut body).is_none());
}
