//! tower-http's layers above the cache.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::Empty;
use stacks::{Site, answer, hyper_client, page};
use support::Answer;
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_client_cache::{CacheLayer, CacheStatus, Forward};
use tower_http::decompression::DecompressionLayer;
use tower_http::follow_redirect::FollowRedirectLayer;
use tower_http::set_header::SetRequestHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::{OnResponse, TraceLayer};
use tracing::Span;

/// Ten thousand times the letter a, as gzip writes it.
const COMPRESSED: [u8; 46] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 193, 1, 13, 0, 0, 0, 194, 160, 172, 239, 95, 194, 28,
    110, 64, 1, 0, 0, 0, 0, 0, 0, 0, 0, 192, 191, 1, 151, 212, 126, 70, 16, 39, 0, 0,
];

const LENGTH: usize = 10_000;

async fn ask<S, B>(client: &S, request: Request<Empty<Bytes>>) -> Answer
where
    S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error: std::fmt::Debug> + Clone,
    B: Body<Error: std::fmt::Debug>,
{
    let response = client.clone().oneshot(request).await.expect("a head");
    Answer::read(response).await.expect("a whole body")
}

/// `/moved` is moved to `/compressed`; that one is.
async fn moved_and_compressed() -> Site {
    Site::serve(async |request| {
        if request.uri().path() == "/moved" {
            let mut response = answer(StatusCode::MOVED_PERMANENTLY, "");
            let target = HeaderValue::from_static("/compressed");
            response.headers_mut().insert(header::LOCATION, target);
            return response;
        }
        let mut response = page(&COMPRESSED[..]);
        let fields = response.headers_mut();
        fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        fields.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        response
    })
    .await
}

/// PRJ-L-3: what is stored is what the origin sent, and each hit is decompressed anew.
#[tokio::test]
async fn decompression_above_the_cache_leaves_the_stored_response_small() {
    let site = moved_and_compressed().await;
    let cache = CacheLayer::new();
    let handle = cache.handle();
    let client = ServiceBuilder::new()
        .layer(DecompressionLayer::new())
        .layer(cache)
        .service(hyper_client());
    for is_hit in [false, true] {
        let answer = ask(&client, site.get("/compressed")).await;
        assert_eq!(answer.cache.is_hit(), is_hit);
        assert_eq!(answer.body, "a".repeat(LENGTH));
        assert_eq!(answer.field("content-encoding"), None);
    }
    assert!(handle.bytes() < LENGTH, "{} octets", handle.bytes());
    assert_eq!(site.calls(), 1);
    assert_eq!(site.seen()[0].headers[header::ACCEPT_ENCODING], "gzip");
}

/// PRJ-L-2: each hop is stored under its own URI, and a stored redirect is followed.
#[tokio::test]
async fn redirects_above_the_cache_are_followed_from_the_store() {
    let site = moved_and_compressed().await;
    let cache = CacheLayer::new();
    let handle = cache.handle();
    let client = ServiceBuilder::new()
        .layer(FollowRedirectLayer::new())
        .layer(cache)
        .service(hyper_client());
    for is_hit in [false, true] {
        let answer = ask(&client, site.get("/moved")).await;
        assert_eq!(answer.cache.is_hit(), is_hit);
        assert_eq!(answer.body, &COMPRESSED[..]);
    }
    assert_eq!((site.calls(), handle.len()), (2, 2));
    ask(&client, site.get("/compressed")).await.assert_hit();
    assert_eq!(site.calls(), 2);
}

/// What the cache did, as a layer above it is told.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<CacheStatus>>>);

impl<B> OnResponse<B> for Log {
    fn on_response(self, response: &Response<B>, _: Duration, _: &Span) {
        let status = response.extensions().get::<CacheStatus>();
        let status = status.expect("every response says what the cache did");
        self.0.lock().expect("no panic").push(*status);
    }
}

/// PRJ-L-5
#[tokio::test]
async fn trace_above_the_cache_sees_hits_too() {
    let site = Site::of_pages().await;
    let log = Log::default();
    let client = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http().on_response(log.clone()))
        .layer(CacheLayer::new())
        .service(hyper_client());
    for _ in 0..2 {
        assert_eq!(ask(&client, site.get("/a")).await.text(), "/a");
    }
    let log = log.0.lock().expect("no panic");
    let [first, second] = log[..] else {
        panic!("two responses, not {log:?}");
    };
    assert_eq!(first.forwarded(), Some(Forward::UriMiss));
    assert!(second.is_hit());
    assert_eq!(site.calls(), 1);
}

/// Promise 8, PRJ-L-1, C-33: who asks is said above the cache, and users of one store see their own.
#[tokio::test]
async fn credentials_set_above_the_cache_keep_users_apart() {
    let site = Site::serve(async |request| {
        page(request.headers()[header::AUTHORIZATION].as_bytes().to_vec())
    })
    .await;
    let cache = CacheLayer::new();
    let user = |token| {
        let token = HeaderValue::from_static(token);
        ServiceBuilder::new()
            .layer(SetRequestHeaderLayer::overriding(
                header::AUTHORIZATION,
                token,
            ))
            .layer(cache.clone())
            .service(hyper_client())
    };
    let (one, other) = (user("Bearer one"), user("Bearer other"));
    for is_hit in [false, true] {
        for (user, token) in [(&one, "Bearer one"), (&other, "Bearer other")] {
            let answer = ask(user, site.get("/a")).await;
            assert_eq!(answer.cache.is_hit(), is_hit, "{token}");
            assert_eq!(answer.text(), token);
        }
    }
    assert_eq!(site.calls(), 2);
}

/// PRJ-L-2: it answers with a body of the cache's, made from nothing.
#[tokio::test]
async fn a_timeout_above_the_cache_bounds_the_whole() {
    let (held, site) = Site::holding().await;
    let limit = Duration::from_secs(60);
    let client = ServiceBuilder::new()
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            limit,
        ))
        .layer(CacheLayer::new())
        .service(hyper_client());
    ask(&client, site.get("/a")).await.assert_stored();

    let late = tokio::spawn(client.clone().oneshot(site.get("/held")));
    held.is_asked_for().await;
    tokio::time::pause();
    let late = late.await.expect("no panic").expect("a response");
    assert_eq!(late.status(), StatusCode::GATEWAY_TIMEOUT);
    assert!(late.into_body().is_end_stream());

    ask(&client, site.get("/a")).await.assert_hit();
    assert_eq!(site.calls(), 2);
}

/// PRJ-L-1, PRJ-L-2: the stack of the docs, from the top.
#[tokio::test]
async fn they_all_go_above_one_cache() {
    let site = moved_and_compressed().await;
    let client = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(SetRequestHeaderLayer::overriding(
            header::AUTHORIZATION,
            HeaderValue::from_static("Bearer one"),
        ))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            Duration::from_secs(3600),
        ))
        .layer(FollowRedirectLayer::new())
        .layer(DecompressionLayer::new())
        .layer(CacheLayer::new())
        .service(hyper_client());
    for is_hit in [false, true] {
        let answer = ask(&client, site.get("/moved")).await;
        assert_eq!(answer.cache.is_hit(), is_hit);
        assert_eq!(answer.body, "a".repeat(LENGTH));
    }
    assert_eq!(site.calls(), 2);
}
