//! Connections that become something else, at a handler below the cache.

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower_client_cache::CacheLayer;

use crate::served::{Served, send};

/// A page for most, and an answer in capitals for who wants another protocol.
async fn shouting(mut request: Request) -> impl IntoResponse {
    if !request.headers().contains_key(header::UPGRADE) {
        return ([(header::CACHE_CONTROL, "max-age=60")], "a page").into_response();
    }
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut io = TokioIo::new(upgrade.await.expect("another protocol"));
        let mut word = [0; 5];
        io.read_exact(&mut word).await.expect("a word");
        let word = word.to_ascii_uppercase();
        io.write_all(&word).await.expect("a reader");
    });
    let fields = [
        (header::CONNECTION, "upgrade"),
        (header::UPGRADE, "shouting"),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, fields).into_response()
}

/// 9111-3-2, promise 4: as websockets are, where a page of the same path is stored.
#[tokio::test]
async fn a_handler_takes_over_a_connection_through_the_cache() {
    let layer = CacheLayer::shared();
    let app = Router::new().route("/", get(shouting)).layer(layer.clone());
    let app = Served::app(app).await;
    assert_eq!(app.text("/").await, "a page");
    assert_eq!(layer.handle().len(), 1);

    let mut request = app.get("/");
    let fields = request.headers_mut();
    fields.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    fields.insert(header::UPGRADE, HeaderValue::from_static("shouting"));
    let response = send(request).await;
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    let upgraded = hyper::upgrade::on(response).await;
    let mut io = TokioIo::new(upgraded.expect("another protocol"));
    io.write_all(b"hello").await.expect("a reader");
    let mut word = String::new();
    io.read_to_string(&mut word).await.expect("an answer");
    assert_eq!(word, "HELLO");
    assert_eq!(app.text("/").await, "a page");
}
