//! Connections that become something else.

use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use stacks::{Site, hyper_client};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::{Layer, ServiceExt};
use tower_client_cache::{CacheLayer, CacheStatus, Forward};

use crate::Asked;

/// A server that answers in capitals, in no protocol at all, once it is asked to.
async fn shouting() -> Site {
    Site::serve(|mut request: Request<Incoming>| async move {
        tokio::spawn({
            let upgrade = hyper::upgrade::on(&mut request);
            async move {
                let mut io = TokioIo::new(upgrade.await.expect("another protocol"));
                let mut word = [0; 5];
                io.read_exact(&mut word).await.expect("a word");
                io.write_all(&word.to_ascii_uppercase())
                    .await
                    .expect("a reader");
            }
        });
        let mut response = Response::new(Empty::<bytes::Bytes>::new());
        if request.method() != Method::CONNECT {
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            let fields = response.headers_mut();
            fields.insert(header::CONNECTION, "upgrade".parse().expect("a value"));
            fields.insert(header::UPGRADE, "shouting".parse().expect("a value"));
        }
        response
    })
    .await
}

async fn is_shouted_at(response: Response<impl Sized>) {
    let upgraded = hyper::upgrade::on(response)
        .await
        .expect("another protocol");
    let mut io = TokioIo::new(upgraded);
    io.write_all(b"hello").await.expect("a reader");
    let mut word = String::new();
    io.read_to_string(&mut word).await.expect("an answer");
    assert_eq!(word, "HELLO");
}

/// 9111-3-2, promise 4: what a caller needs to go on is in the extensions of the 101, and comes through.
#[tokio::test]
async fn a_connection_is_upgraded_through_the_cache() {
    let site = shouting().await;
    let layer = CacheLayer::new();
    for _ in 0..2 {
        let mut request: Asked = site.get("/");
        let fields = request.headers_mut();
        fields.insert(header::CONNECTION, "upgrade".parse().expect("a value"));
        fields.insert(header::UPGRADE, "shouting".parse().expect("a value"));
        let client = layer.layer(hyper_client());
        let response = client.oneshot(request).await.expect("a head");
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        is_shouted_at(response).await;
    }
    assert!(layer.handle().is_empty());
}

/// 9111-3-1: a tunnel through a proxy is none of the cache's business.
#[tokio::test]
async fn a_tunnel_is_opened_through_the_cache() {
    let site = shouting().await;
    let layer = CacheLayer::new();
    let mut request: Asked = site.get("/");
    *request.method_mut() = Method::CONNECT;
    let client = layer.layer(hyper_client());
    let response = client.oneshot(request).await.expect("a head");
    assert_eq!(response.status(), StatusCode::OK);
    let status = response.extensions().get::<CacheStatus>();
    assert_eq!(
        status.expect("what was done").forwarded(),
        Some(Forward::Method)
    );
    is_shouted_at(response).await;
    assert!(layer.handle().is_empty());
}
