//! The layer around a router of one's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use http::{HeaderValue, Method, Request, StatusCode, Version, header};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use support::Answer;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;
use tower::util::MapRequestLayer;
use tower_client_cache::{CacheLayer, Forward};

use crate::served::{Page, Served, send};

/// How often the handlers were called.
pub(crate) type Calls = Arc<AtomicUsize>;

pub(crate) async fn page(
    State(calls): State<Calls>,
    Path(name): Path<String>,
) -> impl IntoResponse {
    let call = calls.fetch_add(1, Ordering::SeqCst) + 1;
    let fields = [(header::CACHE_CONTROL, "max-age=86400")];
    (fields, format!("{name}, call {call}"))
}

fn pages(layer: &CacheLayer) -> (Calls, Router) {
    let calls = Calls::default();
    let route = get(page).post(async || StatusCode::NO_CONTENT);
    let app = Router::new()
        .route("/{name}", route)
        .layer(layer.clone())
        .with_state(calls.clone());
    (calls, app)
}

/// EDGE-37, 9111-2-1: a server sees the path and `Host`, and these make the key.
#[tokio::test]
async fn the_layer_around_a_router_answers_for_its_handlers() {
    let layer = CacheLayer::new();
    let (calls, app) = pages(&layer);
    let served = Served::app(app).await;
    for _ in 0..2 {
        assert_eq!(served.text("/a").await, "a, call 1");
    }
    assert_eq!(served.text("/b").await, "b, call 2");
    assert_eq!(layer.handle().stats().hits(), 1);

    let mut other = served.get("/a");
    let host = HeaderValue::from_static("other.test");
    other.headers_mut().insert(header::HOST, host);
    let other = Page::of(send(other).await).await;
    assert_eq!(other.text, "a, call 3", "another host");
    assert_eq!(calls.load(Ordering::SeqCst), 3);

    let purged = layer.handle().purge(&served.uri("/a"));
    assert_eq!(purged.responses(), 1);
    assert_eq!(served.text("/a").await, "a, call 4");
}

/// 9111-4-2, 9111-4.4-1: the router makes a service for each method; they share the store.
#[tokio::test]
async fn head_and_post_go_by_what_get_has_stored() {
    let layer = CacheLayer::new();
    let (calls, app) = pages(&layer);
    let served = Served::app(app).await;
    assert_eq!(served.text("/a").await, "a, call 1");

    let mut head = served.get("/a");
    *head.method_mut() = Method::HEAD;
    let head = send(head).await;
    assert!(head.headers().contains_key(header::AGE));
    assert_eq!(calls.load(Ordering::SeqCst), 1);

    let mut post = served.get("/a");
    *post.method_mut() = Method::POST;
    let posted = send(post).await;
    assert_eq!(posted.status(), StatusCode::NO_CONTENT);
    assert!(layer.handle().is_empty());
    assert_eq!(served.text("/a").await, "a, call 2");
}

/// EDGE-34: axum makes a `Content-Length` of what a body says of its size. In the answer to a HEAD it is
/// the length of the page or it is not there, but it is not zero.
#[tokio::test]
async fn a_head_answered_from_a_stored_get_does_not_say_that_the_page_is_empty() {
    let layer = CacheLayer::new();
    let (calls, app) = pages(&layer);
    let served = Served::app(app).await;
    assert_eq!(served.text("/a").await, "a, call 1");

    let mut head = served.get("/a");
    *head.method_mut() = Method::HEAD;
    let head = send(head).await;
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    let length = head.headers().get(header::CONTENT_LENGTH);
    assert!(length.is_none_or(|length| length == "9"), "{length:?}");
}

/// EDGE-37: a request that names no host has no target URI, and is not looked up.
#[tokio::test]
async fn a_request_without_a_host_is_passed_on() {
    let layer = CacheLayer::new();
    let (_, app) = pages(&layer);
    for call in 1..=2 {
        let request = Request::get("/a").body(Body::empty()).expect("a request");
        let response = app.clone().oneshot(request).await.expect("a response");
        let answer = Answer::read(response).await.expect("a whole body");
        answer.assert_forwarded(Forward::Bypass);
        assert_eq!(answer.text(), format!("a, call {call}"));
    }
    assert!(layer.handle().is_empty());
}

/// 9111-4-2: the answer to a HEAD stands in for no GET, though axum lets the handler of the GET make it.
#[tokio::test]
async fn a_head_that_comes_first_does_not_answer_for_a_get() {
    let layer = CacheLayer::new();
    let (calls, app) = pages(&layer);
    let served = Served::app(app).await;
    let mut head = served.get("/a");
    *head.method_mut() = Method::HEAD;
    let head = Page::of(send(head).await).await;
    assert_eq!((head.status, head.text.as_str()), (StatusCode::OK, ""));
    for _ in 0..2 {
        assert_eq!(served.text("/a").await, "a, call 2");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

/// 9111-2-1: what HTTP/2 says in its URI, HTTP/1.1 says in `Host`.
#[tokio::test]
async fn a_page_is_one_over_both_versions() {
    let layer = CacheLayer::new();
    let (calls, app) = pages(&layer);
    let served = Served::app(app).await;
    assert_eq!(served.text("/a").await, "a, call 1");
    let new = Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http();
    for path in ["/a", "/b"] {
        let response = new.request(served.get(path)).await.expect("a head");
        assert_eq!(response.version(), Version::HTTP_2);
        assert!(Page::of(response).await.text.starts_with(&path[1..]));
    }
    assert_eq!(served.text("/b").await, "b, call 2");
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert_eq!(layer.handle().stats().hits(), 2);
}

/// 9111-4-8: a hundred browsers at once, and the handler works once.
#[tokio::test]
async fn a_handler_works_once_for_all_who_ask_at_once() {
    let (calls, go) = (Calls::default(), Arc::new(Semaphore::new(0)));
    let slow = {
        let (calls, go) = (calls.clone(), go.clone());
        async move || {
            calls.fetch_add(1, Ordering::SeqCst);
            drop(go.acquire().await);
            ([(header::CACHE_CONTROL, "max-age=86400")], "done")
        }
    };
    let (arrived, mut at_the_cache) = watch::channel(0);
    let app = Router::new()
        .route("/", get(slow))
        .layer(CacheLayer::shared())
        .layer(MapRequestLayer::new(move |request: Request<Body>| {
            arrived.send_modify(|arrived| *arrived += 1);
            request
        }));
    let served = Arc::new(Served::app(app).await);
    let mut browsers = JoinSet::new();
    for _ in 0..100 {
        let served = served.clone();
        browsers.spawn(async move { served.text("/").await });
    }
    let all = at_the_cache.wait_for(|arrived| *arrived == 100).await;
    drop(all.expect("the app is there"));
    go.add_permits(100);
    assert_eq!(browsers.join_all().await, vec!["done"; 100]);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}
