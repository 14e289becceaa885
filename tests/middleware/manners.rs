//! Promise 5: types and errors of the inner service are left as they are, and requests do not wait for
//! each other.

use bytes::Bytes;
use http::{Method, Request};
use http_body::Body;
use http_body_util::Empty;
use support::{
    Answer, Clock, Conversation, Origin, OriginBody, OriginError, Reply, begun, get, reply, request,
};
use tower::{Layer, Service};
use tower_client_cache::background::Tokio;
use tower_client_cache::request_body::Once;
use tower_client_cache::{
    CacheBody, CacheHandle, CacheLayer, CacheService, Forward, ResponseFuture,
};

use crate::in_flight;

type Asked = Request<Empty<Bytes>>;

/// Promise 5, PRJ-L-7: the compiler shows it.
#[test]
fn the_types_are_those_of_the_inner_service() {
    fn error_is<S: Service<Asked, Error = OriginError>>() {}
    fn body_error_is<B: Body<Data = Bytes, Error = OriginError>>() {}
    error_is::<CacheService<Origin>>();
    body_error_is::<CacheBody<OriginBody>>();
}

/// Promise 5: they go where those of the inner service go.
#[test]
fn the_types_go_where_those_of_the_inner_service_go() {
    fn is_shared<T: Clone + Send + Sync + std::fmt::Debug + 'static>() {}
    fn is_sent<T: Send + std::fmt::Debug + 'static>() {}
    fn is_free<T: Send + Sync + Unpin + Default + std::fmt::Debug + 'static>() {}
    is_shared::<CacheService<Origin>>();
    is_shared::<CacheLayer>();
    is_shared::<CacheHandle>();
    is_sent::<ResponseFuture<Origin, Empty<Bytes>, OriginBody, Tokio, Once>>();
    is_free::<CacheBody<OriginBody>>();
}

/// Promise 5, PRJ-L-7
#[tokio::test]
async fn the_error_of_the_inner_service_is_the_callers() {
    let broken = OriginError("broken");
    for method in [Method::GET, Method::HEAD, Method::POST, Method::OPTIONS] {
        let talk = Conversation::default();
        talk.origin.will(Reply::fails(broken.clone()));
        let failed = talk.start(request(method.clone(), "/a", &[])).await;
        assert_eq!(failed.unwrap_err(), broken, "{method}");
        assert_eq!(in_flight(&talk.handle), 0, "{method}");
        talk.origin.will(reply(200).control("max-age=60").body("x"));
        talk.get("/a").await.assert_stored();
    }
}

/// Promise 5, 9111-4.2.4-3: a validation that fails is a request that fails.
#[tokio::test]
async fn the_error_of_a_validation_is_the_callers() {
    let broken = OriginError("broken");
    let talk = Conversation::default();
    let stored = reply(200).control("max-age=60").field("etag", "\"1\"");
    talk.store(stored.body("x")).await;
    talk.clock.advance(61);
    talk.origin.will(Reply::fails(broken.clone()));
    let failed = talk.start(get("/a", &[])).await;
    assert_eq!(failed.unwrap_err(), broken);
    talk.origin.will(reply(304));
    talk.get("/a").await.assert_validated();
}

/// C-59: whoever keeps the future keeps nothing else waiting.
#[tokio::test]
async fn a_request_that_has_failed_is_over_before_its_future_is_dropped() {
    for method in [Method::GET, Method::PUT] {
        let talk = Conversation::default();
        let stored = reply(200).control("max-age=60").field("etag", "\"1\"");
        talk.store(stored.body("x")).await;
        talk.origin.will(Reply::fails(OriginError("broken")));
        let fields = [("cache-control", "no-cache")];
        let mut failing = Box::pin(talk.start(request(method.clone(), "/a", &fields)));
        assert!(failing.as_mut().await.is_err());
        assert_eq!(in_flight(&talk.handle), 0, "{method}");
        if method == Method::PUT {
            talk.origin.will(reply(304));
            talk.get("/a").await.assert_forwarded(Forward::Stale);
        } else {
            talk.get("/a").await.assert_hit();
        }
        drop(failing);
        talk.get("/a").await.assert_hit();
    }
}

/// Promise 5
#[tokio::test]
async fn the_inner_service_can_be_reached() {
    let clock = Clock::default();
    let (origin, other) = (Origin::new(clock.clone()), Origin::new(clock.clone()));
    let layer = CacheLayer::new().clock(clock);
    let mut client = layer.layer(origin.clone());
    for each in [&origin, &other] {
        each.will(reply(200).control("max-age=60").body("x"));
    }
    client.call(get("/a", &[])).await.unwrap();
    assert_eq!(client.get_ref().calls(), 1);
    *client.get_mut() = other.clone();
    client.call(get("/b", &[])).await.unwrap();
    assert_eq!((origin.calls(), other.calls()), (1, 1));
    other.will(reply(200).body("without the cache"));
    let mut inner = client.into_inner();
    inner.call(get("/a", &[])).await.unwrap();
    assert_eq!(other.calls(), 2);
}

/// Promise 3: without collapsing a request queues behind nothing.
#[tokio::test]
async fn fifty_requests_for_what_is_not_stored_run_side_by_side() {
    for control in ["no-store", "max-age=60"] {
        let talk = Conversation::with(|layer| layer.collapse(false));
        let mut gates = Vec::new();
        let mut answers = Vec::new();
        for n in 0..50 {
            let body = n.to_string();
            let (gate, held) = reply(200).control(control).body(body).held();
            talk.origin.will(held);
            gates.push(gate);
            answers.push(begun(talk.get("/a")));
        }
        assert_eq!(talk.origin.calls(), 50, "all wait at the origin");
        // Each is answered as soon as its own answer is there.
        for (n, (gate, answer)) in gates.into_iter().zip(answers).enumerate().rev() {
            gate.open();
            assert_eq!(answer.await.text(), n.to_string(), "{control}");
        }
        assert_eq!(in_flight(&talk.handle), 0);
        assert_eq!(talk.handle.len(), usize::from(control != "no-store"));
    }
}

/// Promise 5: a request reaches the origin as the caller made it.
#[tokio::test]
async fn a_forward_sends_what_the_caller_sent() {
    let talk = Conversation::default();
    let fields = [
        ("accept", "text/html"),
        ("x", "1"),
        ("x", "2"),
        ("cache-control", "no-cache"),
        ("authorization", "Bearer 1"),
    ];
    for method in [Method::GET, Method::HEAD, Method::POST] {
        talk.origin.will(reply(200).control("max-age=60"));
        let asked = request(method.clone(), "http://o.test/a?b=c#d", &fields);
        let (uri, headers) = (asked.uri().clone(), asked.headers().clone());
        talk.send(asked).await;
        let seen = talk.origin.last();
        assert_eq!((seen.method, seen.uri), (method, uri));
        assert_eq!(seen.headers, headers);
    }
}

/// Promise 3: the service may be called again before what was called is answered.
#[tokio::test]
async fn one_service_has_many_requests_under_way() {
    let talk = Conversation::default();
    let mut client = talk.client.clone();
    let (gate, held) = reply(200).control("max-age=60").body("slow").held();
    talk.origin.will(held);
    let slow = begun(client.call(get("/slow", &[])));
    talk.origin
        .will(reply(200).control("max-age=60").body("fast"));
    for is_hit in [false, true] {
        let fast = client.call(get("/fast", &[])).await.unwrap();
        let fast = Answer::read(fast).await.unwrap();
        assert_eq!((fast.cache.is_hit(), fast.text()), (is_hit, "fast"));
    }
    drop(client);
    gate.open();
    let slow = Answer::read(slow.await.unwrap()).await.unwrap();
    assert_eq!(slow.assert_forwarded(Forward::UriMiss).text(), "slow");
}
