//! Bodies that come slowly, that never end, or that are large.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use bytes::Bytes;
use http::uri::Scheme;
use http::{Response, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use stacks::Site;
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tower_client_cache::{CacheLayer, NotStored};

use crate::gateway::gateway;
use crate::served::{Served, send};

/// An app whose one page is written by the test, and the half that writes it.
async fn page<F, R>(layer: &CacheLayer, answer: F) -> (mpsc::Sender<&'static str>, Served)
where
    F: Fn(ReceiverStream<&'static str>) -> R + Clone + Send + Sync + 'static,
    R: IntoResponse + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(1);
    let receiver = Arc::new(Mutex::new(Some(receiver)));
    let handler = async move || {
        let receiver = receiver.lock().unwrap().take();
        answer(ReceiverStream::new(receiver.expect("there is one request")))
    };
    let app = Router::new().route("/", get(handler)).layer(layer.clone());
    (sender, Served::app(app).await)
}

async fn frame(body: &mut Incoming) -> Option<Bytes> {
    let frame = body.frame().await?.expect("no error");
    Some(frame.into_data().expect("data"))
}

fn events(words: ReceiverStream<&'static str>) -> impl IntoResponse {
    Sse::new(words.map(|word| Ok::<_, Infallible>(Event::default().data(word))))
}

/// Promise 4, 9111-5.2.2.4-1: each event is with the browser before the next is written, and none of it is gathered. When
/// the browser goes, so does the stream.
#[tokio::test]
async fn events_are_passed_on_as_they_come() {
    for layer in [CacheLayer::new(), CacheLayer::shared()] {
        let (words, served) = page(&layer, events).await;
        let response = send(served.get("/")).await;
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/event-stream"
        );
        let mut body = response.into_body();
        for word in ["one", "two", "three"] {
            words.send(word).await.expect("somebody reads");
            let event = frame(&mut body).await.expect("an event");
            assert_eq!(event, format!("data: {word}\n\n"));
        }
        assert_eq!(layer.handle().stats().recording(), 0);
        assert!(layer.handle().is_empty());
        drop(body);
        words.closed().await;
    }
}

/// Promise 4: and so they are through an app that gets them from elsewhere.
#[tokio::test]
async fn events_of_another_site_are_passed_on_as_they_come() {
    let (words, origin) = page(&CacheLayer::new(), events).await;
    let layer = CacheLayer::new();
    let gateway = gateway(&layer, origin.uri("/")).await;
    let mut body = send(gateway.get("/")).await.into_body();
    for word in ["one", "two"] {
        words.send(word).await.expect("somebody reads");
        let event = frame(&mut body).await.expect("an event");
        assert_eq!(event, format!("data: {word}\n\n"));
    }
    assert_eq!(layer.handle().stats().recording(), 0);
    drop(body);
    words.closed().await;
}

fn kept(words: ReceiverStream<&'static str>) -> impl IntoResponse {
    let fields = [(header::CACHE_CONTROL, "max-age=86400")];
    (fields, Body::from_stream(words.map(Ok::<_, Infallible>)))
}

/// Promise 4, PRJ-7-1, C-54: a page that will be stored comes as it is written, too, and is stored at its end. Where a
/// handler does not say how long it is, a shared cache stores it only where the scheme is `https`, or where it is told to:
/// over `http` it might have been cut off.
#[tokio::test]
async fn a_page_of_a_handler_is_stored_while_it_streams() {
    let secure = CacheLayer::shared().origin_form_scheme(Scheme::HTTPS);
    let around_handlers = CacheLayer::shared().store_undelimited(true);
    for (layer, is_stored) in [
        (CacheLayer::new(), true),
        (secure, true),
        (around_handlers, true),
        (CacheLayer::shared(), false),
    ] {
        let (words, served) = page(&layer, kept).await;
        let mut body = send(served.get("/")).await.into_body();
        for word in ["one", "two"] {
            words.send(word).await.expect("somebody reads");
            assert_eq!(frame(&mut body).await.expect("a word"), word);
            assert!(layer.handle().is_empty());
        }
        drop(words);
        assert_eq!(frame(&mut body).await, None);
        let refused = layer.handle().stats().refusals(NotStored::Undelimited);
        assert_eq!(refused, u64::from(!is_stored));
        if is_stored {
            assert_eq!(served.text("/").await, "onetwo");
        }
    }
}

const PIECE: usize = 64 * 1024;
const PIECES: usize = 256;

/// Pieces that are no two alike.
fn pieces() -> impl Iterator<Item = Bytes> {
    (0..PIECES).map(|at| Bytes::from(vec![u8::try_from(at).expect("256 of them"); PIECE]))
}

fn large() -> Response<Body> {
    let pieces = tokio_stream::iter(pieces().map(Ok::<_, Infallible>));
    Response::builder()
        .header(header::CACHE_CONTROL, "max-age=86400")
        .body(Body::from_stream(pieces))
        .expect("a response")
}

/// PRJ-7-2: 16 MiB through a cache of one: it comes whole, nothing of it is stored, and the cache never has more than it
/// may.
#[tokio::test]
async fn what_is_too_large_streams_through() {
    const CAPACITY: usize = 1024 * 1024;
    let around = CacheLayer::shared().capacity(CAPACITY);
    let app = Router::new()
        .route("/", get(async || large()))
        .layer(around.clone());
    let around = (Served::app(app).await, around.handle());

    let site = Site::serve(|_| async { large() }).await;
    let between = CacheLayer::new().capacity(CAPACITY);
    let between = (gateway(&between, site.uri("/")).await, between.handle());

    for (served, handle) in [around, between] {
        let mut body = pin!(send(served.get("/")).await.into_body());
        let mut all = Vec::with_capacity(PIECE * PIECES);
        while let Some(frame) = body.frame().await {
            all.extend_from_slice(&frame.expect("no error").into_data().expect("data"));
            assert!(handle.bytes() <= CAPACITY);
        }
        assert!(all == pieces().collect::<Vec<_>>().concat());
        assert!(handle.is_empty());
        assert_eq!(handle.stats().refused(), 1);
    }
}
