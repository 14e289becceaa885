//! Promise 3 over tower's own services, while they have no room.

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request};
use http_body_util::Empty;
use support::{Answer, Clock, Gate, Origin, OriginError, begun, get, reply, request};
use tower::buffer::Buffer;
use tower::limit::ConcurrencyLimit;
use tower::load_shed::{LoadShed, error::Overloaded};
use tower::{Layer, Service};
use tower_client_cache::{CacheLayer, CacheService};

use crate::in_flight;

type Asked = Request<Empty<Bytes>>;

/// An origin, and the layer that is around it.
fn scene() -> (Clock, Origin, CacheLayer) {
    let clock = Clock::default();
    let layer = CacheLayer::new().clock(clock.clone());
    (clock.clone(), Origin::new(clock), layer)
}

/// Has the origin hold back the next reply.
fn held(origin: &Origin, body: &'static str) -> Gate {
    let (gate, held) = reply(200).control("max-age=60").body(body).held();
    origin.will(held);
    gate
}

/// Promise 3
#[tokio::test]
async fn a_hit_takes_no_permit_and_a_forward_waits_for_one() {
    let (_, origin, layer) = scene();
    let mut client = layer.layer(ConcurrencyLimit::new(origin.clone(), 1));
    let stored = reply(200).control("max-age=60").field("etag", "\"1\"");
    origin.will(stored.body("stored"));
    let response = client.call(get("/a", &[])).await.unwrap();
    Answer::read(response).await.unwrap().assert_stored();

    let gate = held(&origin, "first");
    let first = begun(client.call(get("/first", &[])));
    origin.will(reply(200).body("second"));
    let mut second = begun(client.call(get("/second", &[])));
    for (request, status) in [
        (get("/a", &[]), 200),
        (request(Method::HEAD, "/a", &[]), 200),
        (get("/a", &[("if-none-match", "\"1\"")]), 304),
        (get("/b", &[("cache-control", "only-if-cached")]), 504),
    ] {
        let answer = client.call(request).now_or_never().expect("no waiting");
        assert_eq!(answer.unwrap().status(), status);
    }
    assert_eq!(origin.calls(), 2, "the second has no permit yet");
    assert!(second.as_mut().now_or_never().is_none());
    gate.open();
    let (first, second) = tokio::join!(first, second);
    let first = Answer::read(first.unwrap()).await.unwrap();
    let second = Answer::read(second.unwrap()).await.unwrap();
    assert_eq!((first.text(), second.text()), ("first", "second"));
}

/// Promise 3: readying one clone and calling another would hang here.
#[tokio::test]
async fn forwards_follow_each_other_through_one_permit() {
    let (clock, origin, layer) = scene();
    let mut client = layer.layer(ConcurrencyLimit::new(origin.clone(), 1));
    for n in 0..20 {
        let body = format!("{n}");
        let fresh = reply(200).control("max-age=60").field("etag", "\"1\"");
        origin.will(fresh.body(body.clone()));
        let response = client.call(get("/a", &[])).await.unwrap();
        assert_eq!(Answer::read(response).await.unwrap().text(), body);
        clock.advance(61);
    }
    for _ in 0..20 {
        origin.will(reply(200).body("x"));
    }
    let all = (0..20).map(|n| client.call(get(&format!("/{n}"), &[])));
    for response in futures_util::future::join_all(all).await {
        assert_eq!(response.unwrap().status(), 200);
    }
    assert_eq!(origin.calls(), 40);
}

/// Promise 3: a permit is for the head, and a body that is not read does not keep it.
#[tokio::test]
async fn a_request_that_is_given_up_gives_its_permit_back() {
    let (_, origin, layer) = scene();
    let handle = layer.handle();
    let mut client = layer.layer(ConcurrencyLimit::new(origin.clone(), 1));
    let gate = held(&origin, "never");
    let asked = begun(client.call(get("/a", &[])));
    let queued = begun(client.call(get("/b", &[])));
    let unpolled = client.call(get("/c", &[]));
    drop((queued, asked, unpolled, gate));
    assert_eq!(in_flight(&handle), 0);

    origin.will(reply(200).control("max-age=60").body("unread"));
    let unread = client.call(get("/a", &[])).await.unwrap();
    origin.will(reply(200).control("max-age=60").body("read"));
    let response = client.call(get("/a", &[])).await.unwrap();
    assert_eq!(Answer::read(response).await.unwrap().text(), "read");
    drop(unread);
    let hit = client.call(get("/a", &[])).now_or_never();
    let hit = Answer::read(hit.unwrap().unwrap()).await.unwrap();
    assert_eq!(hit.assert_hit().text(), "read");
}

/// Promises 3 and 5: what the cache answers is not shed, and what is shed says so itself.
#[tokio::test]
async fn a_hit_is_not_shed() {
    let (_, origin, layer) = scene();
    let shedding = LoadShed::new(ConcurrencyLimit::new(origin.clone(), 1));
    let mut client = layer.layer(shedding);
    origin.will(reply(200).control("max-age=60").body("stored"));
    let response = client.call(get("/a", &[])).await.unwrap();
    Answer::read(response).await.unwrap().assert_stored();

    let gate = held(&origin, "first");
    let first = begun(client.call(get("/first", &[])));
    let shed = client.call(get("/second", &[])).await.unwrap_err();
    assert!(shed.is::<Overloaded>(), "{shed}");
    let hit = client.call(get("/a", &[])).await.unwrap();
    assert_eq!(
        Answer::read(hit).await.unwrap().assert_hit().text(),
        "stored"
    );
    let nothing = get("/b", &[("cache-control", "only-if-cached")]);
    assert_eq!(client.call(nothing).await.unwrap().status(), 504);
    gate.open();
    assert_eq!(first.await.unwrap().status(), 200);
    origin.will(reply(200).control("max-age=60").body("second"));
    assert_eq!(
        client.call(get("/second", &[])).await.unwrap().status(),
        200
    );
    origin.will(reply(200).control("max-age=60").body("other"));
    let other = client.call(get("/other", &[])).await;
    assert_eq!(other.unwrap().status(), 200, "nothing has kept the permit");
}

/// Promises 3 and 5
#[tokio::test]
async fn it_works_over_a_buffer() {
    let (_, origin, layer) = scene();
    let limited = ConcurrencyLimit::new(origin.clone(), 1);
    let buffer: Buffer<Asked, <ConcurrencyLimit<Origin> as Service<Asked>>::Future> =
        Buffer::new(limited, 1);
    let client: CacheService<_> = layer.layer(buffer);
    for n in 0..10 {
        origin.will(reply(200).control("max-age=60").body(format!("{n}")));
    }
    let all = (0..10).map(|n| {
        let mut client = client.clone();
        async move {
            let response = client.call(get(&format!("/{n}"), &[])).await.unwrap();
            Answer::read(response).await.unwrap()
        }
    });
    for answer in futures_util::future::join_all(all).await {
        answer.assert_stored();
    }
    for n in 0..10 {
        let hit = client.clone().call(get(&format!("/{n}"), &[]));
        let hit = hit.now_or_never().expect("no waiting").unwrap();
        Answer::read(hit).await.unwrap().assert_hit();
    }
    origin.will(support::Reply::fails(OriginError("broken")));
    let error = client.clone().call(get("/x", &[])).await.unwrap_err();
    assert_eq!(
        error.downcast_ref::<OriginError>(),
        Some(&OriginError("broken"))
    );
}
