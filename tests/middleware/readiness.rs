//! Promise 3: a hit never touches the inner service, and a forward calls the clone that was readied.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request};
use http_body_util::Empty;
use support::{Answer, Clock, Origin, OriginError, begun, get, reply, request};
use tower::{Layer, Service, ServiceExt};
use tower_client_cache::{CacheLayer, CacheService, Forward, Outcome};

use crate::{in_flight, until};

/// An origin that keeps an eye on how it is treated: it may only be called when that very clone has
/// said that it is ready, and is ready only while it is told to be.
#[derive(Debug)]
struct Strict {
    origin: Origin,
    state: Arc<State>,
    is_ready: bool,
}

#[derive(Debug, Default)]
struct State {
    is_shut: AtomicBool,
    is_closed: AtomicBool,
    clones: AtomicUsize,
    polls: AtomicUsize,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        self.state.clones.fetch_add(1, Ordering::SeqCst);
        Self {
            origin: self.origin.clone(),
            state: self.state.clone(),
            is_ready: false,
        }
    }
}

impl Service<Request<Empty<Bytes>>> for Strict {
    type Response = <Origin as Service<Request<Empty<Bytes>>>>::Response;
    type Error = OriginError;
    type Future = <Origin as Service<Request<Empty<Bytes>>>>::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OriginError>> {
        self.state.polls.fetch_add(1, Ordering::SeqCst);
        if self.state.is_closed.load(Ordering::SeqCst) {
            return Poll::Ready(Err(OriginError("closed")));
        }
        if self.state.is_shut.load(Ordering::SeqCst) {
            return Poll::Pending;
        }
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Empty<Bytes>>) -> Self::Future {
        assert!(
            std::mem::take(&mut self.is_ready),
            "a service is called that was not readied itself"
        );
        self.origin.call(request)
    }
}

/// A client, the cache and an origin that is strict.
struct Scene {
    clock: Clock,
    origin: Origin,
    state: Arc<State>,
    client: CacheService<Strict>,
    layer: CacheLayer,
}

impl Scene {
    fn new() -> Self {
        let clock = Clock::default();
        let origin = Origin::new(clock.clone());
        let state = Arc::<State>::default();
        let layer = CacheLayer::new().clock(clock.clone());
        let inner = Strict {
            origin: origin.clone(),
            state: state.clone(),
            is_ready: false,
        };
        Self {
            client: layer.layer(inner),
            clock,
            origin,
            state,
            layer,
        }
    }

    async fn send(&mut self, request: Request<Empty<Bytes>>) -> Answer {
        let client = self.client.ready().await.expect("it is ready");
        let response = client.call(request).await.expect("an answer");
        Answer::read(response).await.expect("a whole body")
    }

    fn touched(&self) -> (usize, usize) {
        let load = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        (load(&self.state.clones), load(&self.state.polls))
    }
}

/// Promise 3, PRJ-L-4, 9111-5.2.1.7-1, 9111-4.3.2-1
#[tokio::test]
async fn what_the_cache_answers_neither_readies_nor_clones_the_inner_service() {
    let mut scene = Scene::new();
    let stored = reply(200).control("max-age=60").field("etag", "\"1\"");
    scene.origin.will(stored.body("stored"));
    scene.send(get("/a", &[])).await.assert_stored();
    let touched = scene.touched();
    scene.state.is_shut.store(true, Ordering::SeqCst);
    for (request, status, outcome) in [
        (get("/a", &[]), 200, Outcome::Hit),
        (request(Method::HEAD, "/a", &[]), 200, Outcome::Hit),
        (get("/a", &[("if-none-match", "\"1\"")]), 304, Outcome::Hit),
        (
            get("/b", &[("cache-control", "only-if-cached")]),
            504,
            Outcome::Unsatisfiable,
        ),
    ] {
        let asked = format!("{request:?}");
        let answer = scene.send(request).now_or_never().expect("no waiting");
        assert_eq!(answer.status, status, "{asked}");
        assert_eq!(answer.cache.outcome(), outcome, "{asked}");
    }
    assert_eq!(scene.touched(), touched);
    assert_eq!(scene.origin.calls(), 1);
}

/// Promise 3, PRJ-L-4: in the foreground.
#[tokio::test]
async fn a_forward_calls_the_clone_that_it_has_readied() {
    let mut scene = Scene::new();
    for (method, control) in [
        (Method::GET, "max-age=60"),
        (Method::HEAD, "max-age=60"),
        (Method::POST, "max-age=60"),
        (Method::GET, "no-store"),
    ] {
        scene.origin.will(reply(200).control(control).body("x"));
        let path = format!("/{method}/{control}");
        let answer = scene.send(request(method, &path, &[])).await;
        assert_eq!(answer.status, 200, "{path}");
    }
    let (clones, polls) = scene.touched();
    assert_eq!((clones, polls), (4, 4), "one clone each, readied once");
}

/// Promise 3, PRJ-L-4, 9111-4.3.1-1: with a validation too, and in the background.
#[tokio::test]
async fn a_validation_calls_the_clone_that_it_has_readied() {
    let mut scene = Scene::new();
    let control = "max-age=60, stale-while-revalidate=60";
    let stored = reply(200).control(control).field("etag", "\"1\"");
    scene.origin.will(stored.body("stored"));
    scene.send(get("/a", &[])).await;
    scene.origin.will(reply(304));
    let reload = get("/a", &[("cache-control", "no-cache")]);
    scene.send(reload).await.assert_validated();
    scene.clock.advance(61);
    scene.origin.will(reply(304));
    scene.send(get("/a", &[])).await.assert_hit();
    let handle = scene.layer.handle();
    until(|| scene.origin.calls() == 3 && in_flight(&handle) == 0).await;
    let fresh = scene.send(get("/a", &[])).await;
    assert!(fresh.assert_hit().cache.ttl() > Some(0));
}

/// Promise 3: a stale response is answered with at once, however long the origin is not ready.
#[tokio::test]
async fn a_stale_answer_does_not_wait_for_the_inner_service() {
    let mut scene = Scene::new();
    let control = "max-age=60, stale-while-revalidate=60";
    scene.origin.will(reply(200).control(control).body("stale"));
    scene.send(get("/a", &[])).await;
    scene.clock.advance(61);
    scene.state.is_shut.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        let answer = scene.send(get("/a", &[])).now_or_never();
        assert_eq!(answer.expect("no waiting").assert_hit().text(), "stale");
        tokio::task::yield_now().await;
    }
    assert_eq!(scene.origin.calls(), 1);
}

/// Promise 3: the cache itself is always ready.
#[tokio::test]
async fn it_is_ready_while_the_inner_service_is_not() {
    let mut scene = Scene::new();
    scene.state.is_shut.store(true, Ordering::SeqCst);
    let ready = scene.client.ready().now_or_never();
    assert!(ready.expect("it is ready").is_ok());
    let request = begun(scene.client.call(get("/a", &[])));
    drop(request);
    assert_eq!(scene.layer.handle().clear().in_flight(), 0);
}

/// Promise 5, PRJ-L-7
#[tokio::test]
async fn an_inner_service_that_is_closed_fails_the_request_with_its_own_error() {
    let mut scene = Scene::new();
    let handle = scene.layer.handle();
    scene
        .origin
        .will(reply(200).control("max-age=60").body("a"));
    scene.send(get("/a", &[])).await;
    scene.state.is_closed.store(true, Ordering::SeqCst);
    for request in [
        get("/b", &[]),
        get("/a", &[("cache-control", "no-cache")]),
        request(Method::POST, "/a", &[]),
    ] {
        let mut failing = Box::pin(scene.client.call(request));
        let error = failing.as_mut().await.unwrap_err();
        assert_eq!(error, OriginError("closed"));
        assert_eq!(in_flight(&handle), 0, "it is over, dropped or not");
    }
    let hit = scene.send(get("/a", &[])).await;
    assert_eq!(
        hit.assert_hit().text(),
        "a",
        "what was never sent has changed nothing"
    );
    assert_eq!(in_flight(&handle), 0);
    scene.state.is_closed.store(false, Ordering::SeqCst);
    scene
        .origin
        .will(reply(200).control("max-age=60").body("b"));
    let later = scene.send(get("/b", &[])).await;
    later.assert_forwarded(Forward::UriMiss).assert_stored();
}
