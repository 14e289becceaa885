//! Offline: what is stored, or 504, and never the network.

use std::convert::Infallible;
use std::future::Pending;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request, Response};
use http_body_util::Empty;
use support::{
    Answer, Clock, Conversation, Later, Origin, OriginBody, OriginError, begun, get, reply, request,
};
use tower::limit::ConcurrencyLimit;
use tower::{Layer, Service};
use tower_client_cache::{CacheLayer, CacheMode, Mode, Outcome};

use super::{TAG, WINDOW, new, old, with_a_response};

/// A client that is gone: whoever clones, readies or calls it fails the test.
struct Dead;

impl Clone for Dead {
    fn clone(&self) -> Self {
        panic!("it is cloned")
    }
}

impl Service<Request<Empty<Bytes>>> for Dead {
    type Response = Response<OriginBody>;
    type Error = Infallible;
    type Future = Pending<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        panic!("it is readied")
    }

    fn call(&mut self, _: Request<Empty<Bytes>>) -> Self::Future {
        panic!("it is called")
    }
}

fn in_mode(mode: CacheMode, fields: &[(&str, &str)]) -> Request<Empty<Bytes>> {
    let mut request = get("/a", fields);
    request.extensions_mut().insert(mode);
    request
}

/// Promise 3: neither readied, nor called, nor cloned, whatever is asked
#[tokio::test]
async fn the_inner_service_is_never_touched() {
    for mode in [Mode::Offline, Mode::Closed] {
        let clock = Clock::default();
        let origin = Origin::new(clock.clone());
        let layer = CacheLayer::new().clock(clock.clone());
        origin.will(old(WINDOW));
        let stored = layer.layer(origin).call(get("/a", &[])).await.unwrap();
        Answer::read(stored).await.unwrap().assert_stored();
        let mut client = layer.layer(Dead);
        layer.handle().set_mode(mode);
        for age in [0, 90, 9999] {
            clock.advance(age);
            let served = client.call(get("/a", &[])).await.unwrap();
            let served = Answer::read(served).await.unwrap();
            if mode == Mode::Offline {
                assert_eq!(served.assert_hit().text(), "old");
            } else {
                assert_eq!(served.cache.outcome(), Outcome::Offline);
            }
        }
        for reads_nothing in [CacheMode::NoStore, CacheMode::Reload, CacheMode::NoCache] {
            let asking = client.call(in_mode(reads_nothing, &[]));
            let answer = Answer::read(asking.await.unwrap()).await.unwrap();
            assert_eq!(
                answer.cache.outcome(),
                Outcome::Offline,
                "{reads_nothing:?}"
            );
        }
        for method in [
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
            Method::TRACE,
        ] {
            let unknown = request(method.clone(), "/b", &[]);
            let unknown = client.call(unknown).now_or_never().expect("no waiting");
            let unknown = Answer::read(unknown.unwrap()).await.unwrap();
            assert_eq!(unknown.status, 504, "{mode:?} {method}");
            assert_eq!(
                unknown.cache.outcome(),
                Outcome::Offline,
                "{mode:?} {method}"
            );
            assert_eq!(unknown.cache.to_string(), "detail=offline");
        }
    }
}

/// Promise 2: an unsafe request that was not sent has changed nothing
#[tokio::test]
async fn an_unsafe_request_that_is_not_sent_invalidates_nothing() {
    let talk = with_a_response("max-age=60", 1).await;
    let offline = talk.handle.hold(Mode::Offline);
    let post = talk.send(request(Method::POST, "/a", &[])).await;
    assert_eq!(post.cache.outcome(), Outcome::Offline);
    talk.get("/a").await.assert_hit();
    drop(offline);
    talk.get("/a").await.assert_hit();
    assert_eq!(talk.origin.calls(), 1);
}

/// FETCH-9, C-61, 9111-4.2.4-1: what the response forbids is forbidden offline too
#[tokio::test]
async fn what_the_response_forbids_is_not_served() {
    for (control, age, is_hit) in [
        ("max-age=60", 30, true),
        ("max-age=60", 999_999, true),
        ("max-age=60, no-cache", 30, false),
        ("max-age=60, must-revalidate", 30, true),
        ("max-age=60, must-revalidate", 90, false),
        ("max-age=60, stale-while-revalidate=60", 90, true),
    ] {
        let talk = with_a_response(control, age).await;
        talk.handle.set_mode(Mode::Offline);
        let answer = talk.get("/a").await;
        assert_eq!(answer.cache.is_hit(), is_hit, "{control} {age}");
        if !is_hit {
            assert_eq!(answer.cache.outcome(), Outcome::Offline, "{control} {age}");
        }
        assert_eq!(talk.origin.calls(), 1, "{control} {age}");
    }
}

/// 9111-4.4-5: nor what an unsafe request has made wrong before
#[tokio::test]
async fn what_an_unsafe_request_has_made_wrong_is_not_served() {
    let talk = with_a_response("max-age=60", 1).await;
    talk.origin.will(reply(204));
    talk.send(request(Method::PUT, "/a", &[])).await;
    talk.handle.set_mode(Mode::Offline);
    assert_eq!(talk.get("/a").await.cache.outcome(), Outcome::Offline);
}

/// Promise 2: the mode of the cache outranks the request's `Cache-Control`, and a `CacheMode` that takes nothing
/// stored has no answer
#[tokio::test]
async fn it_outranks_what_a_request_says() {
    for control in [
        "no-cache",
        "max-age=0",
        "max-age=1",
        "min-fresh=99",
        "no-store",
    ] {
        let talk = with_a_response("max-age=60", 90).await;
        talk.handle.set_mode(Mode::Offline);
        let answer = talk.get_with("/a", &[("cache-control", control)]).await;
        assert_eq!(answer.assert_hit().text(), "old", "{control}");
    }
    for (mode, is_hit) in [
        (CacheMode::Default, true),
        (CacheMode::ForceCache, true),
        (CacheMode::OnlyIfCached, true),
        (CacheMode::NoStore, false),
        (CacheMode::Reload, false),
        (CacheMode::NoCache, false),
    ] {
        let talk = with_a_response("max-age=60", 30).await;
        talk.handle.set_mode(Mode::Offline);
        let answer = talk.send(in_mode(mode, &[])).await;
        assert_eq!(answer.cache.is_hit(), is_hit, "{mode:?}");
        if !is_hit {
            assert_eq!(answer.cache.outcome(), Outcome::Offline, "{mode:?}");
        }
    }
}

/// 9111-4.3.2-1, 9110-14.2-1: conditions and ranges are answered from what is stored
#[tokio::test]
async fn conditions_and_ranges_are_answered_as_ever() {
    let talk = with_a_response("max-age=60", 90).await;
    talk.handle.set_mode(Mode::Offline);
    for (field, status) in [
        (("if-none-match", TAG), 304),
        (("if-none-match", "\"x\""), 200),
        (("range", "bytes=0-1"), 206),
        (("if-match", TAG), 504),
        (("upgrade", "websocket"), 504),
        (("authorization", "Basic eA=="), 504),
    ] {
        assert_eq!(
            talk.get_with("/a", &[field]).await.status,
            status,
            "{field:?}"
        );
    }
    assert_eq!(talk.origin.calls(), 1);
}

/// FETCH-7: `Vary` selects offline too
#[tokio::test]
async fn a_variant_that_is_not_stored_is_not_served() {
    let talk = Conversation::default();
    talk.origin.will(old("max-age=60").field("vary", "foo"));
    talk.get_with("/a", &[("foo", "1")]).await.assert_stored();
    talk.handle.set_mode(Mode::Offline);
    talk.get_with("/a", &[("foo", "1")]).await.assert_hit();
    let other = talk.get_with("/a", &[("foo", "2")]).await;
    assert_eq!(other.cache.outcome(), Outcome::Offline);
}

/// FETCH-10, 9111-5.2.1.7-1: the two reasons for a 504, and an origin's, are told apart
#[tokio::test]
async fn a_504_says_why() {
    let talk = Conversation::default();
    let only = [("cache-control", "only-if-cached")];
    let outcome = talk.get_with("/a", &only).await.cache.outcome();
    assert_eq!(outcome, Outcome::Unsatisfiable);
    talk.handle.set_mode(Mode::Offline);
    for fields in [&only[..], &[]] {
        let outcome = talk.get_with("/a", fields).await.cache.outcome();
        assert_eq!(outcome, Outcome::Offline);
    }
    assert_eq!(talk.handle.stats().unsatisfiable(), 3);
    talk.handle.set_mode(Mode::Normal);
    talk.origin.will(reply(504));
    let theirs = talk.get("/a").await.cache;
    assert!(theirs.forwarded().is_some());
}

/// Promise 2: a validation that was to run in the background and had not begun never does
#[tokio::test]
async fn a_validation_that_has_not_begun_asks_nobody() {
    let (clock, later) = (Clock::default(), Later::default());
    let layer = CacheLayer::background(later.clone()).clock(clock.clone());
    let origin = Origin::new(clock.clone());
    let mut client = layer.layer(origin.clone());
    origin.will(old(WINDOW));
    let stored = client.call(get("/a", &[])).await.unwrap();
    Answer::read(stored).await.unwrap().assert_stored();
    clock.advance(90);
    let stale = client.call(get("/a", &[])).await.unwrap();
    Answer::read(stale).await.unwrap().assert_hit();
    let tasks = later.take();
    assert_eq!(tasks.len(), 1);
    layer.handle().set_mode(Mode::Offline);
    for task in tasks {
        task.now_or_never().expect("it ends at once");
    }
    assert_eq!(origin.calls(), 1);
}

/// Promise 3: what waits for the inner service to be ready is not sent either, when its turn comes
#[tokio::test]
async fn what_waits_for_its_turn_is_answered_as_if_it_came_only_then() {
    let clock = Clock::default();
    let (layer, origin) = (
        CacheLayer::new().clock(clock.clone()),
        Origin::new(clock.clone()),
    );
    let mut client = layer.layer(ConcurrencyLimit::new(origin.clone(), 1));
    for path in ["/a", "/no-cache"] {
        let control = if path == "/a" {
            "max-age=60"
        } else {
            "no-cache"
        };
        origin.will(old(control));
        let stored = client.call(get(path, &[])).await.unwrap();
        Answer::read(stored).await.unwrap().assert_stored();
    }
    clock.advance(90);
    let (gate, held) = new("max-age=60").held();
    origin.will(held);
    let first = begun(client.call(get("/b", &[])));
    let asks = [
        (get("/a", &[]), Some("old")),
        (get("/a", &[("if-none-match", TAG)]), Some("")),
        (get("/no-cache", &[]), None),
        (in_mode(CacheMode::NoCache, &[]), None),
        (in_mode(CacheMode::Reload, &[]), None),
        (get("/c", &[]), None),
        (request(Method::POST, "/a", &[]), None),
    ];
    let asks = asks.map(|(request, expected)| (begun(client.call(request)), expected));
    layer.handle().set_mode(Mode::Offline);
    gate.open();
    let first = Answer::read(first.await.unwrap()).await.unwrap();
    assert_eq!(first.text(), "new", "it was on its way");
    for (n, (asking, expected)) in asks.into_iter().enumerate() {
        let answer = Answer::read(asking.await.unwrap()).await.unwrap();
        match expected {
            Some(body) => {
                assert_eq!(answer.assert_hit().text(), body, "{n}");
                assert_eq!(answer.field("age").as_deref(), Some("90"), "{n}");
            }
            None => assert_eq!(answer.cache.outcome(), Outcome::Offline, "{n}"),
        }
    }
    assert_eq!(origin.calls(), 3);
    layer.handle().set_mode(Mode::Offline);
    let later = client.call(get("/a", &[])).await.unwrap();
    Answer::read(later).await.unwrap().assert_hit();
    let stats = layer.handle().stats();
    let counted = (stats.hits(), stats.forwarded(), stats.unsatisfiable());
    assert_eq!(counted, (3, 3, 5), "each of the eleven is one of these");
}

/// Promise 2: a failure of what was under way is what it was
#[tokio::test]
async fn what_fails_on_its_way_fails() {
    let talk = Conversation::default();
    let (gate, held) = support::Reply::fails(OriginError("gone")).held();
    talk.origin.will(held);
    let asking = begun(talk.start(get("/a", &[])));
    talk.handle.set_mode(Mode::Offline);
    gate.open();
    assert_eq!(asking.await.err(), Some(OriginError("gone")));
}
