//! One connection below the cache: requests have a path and a `Host`, and no authority in their URI.

use std::sync::Arc;

use http::uri::Scheme;
use http::{HeaderValue, Response, Uri, Version, header};
use hyper::body::Incoming;
use hyper::client::conn::http1::handshake;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::pool::{cache, singleton::Singleton};
use hyper_util::rt::TokioIo;
use stacks::{Site, hyper_client};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tower::util::BoxCloneService;
use tower::{Layer, ServiceExt, service_fn};
use tower_client_cache::{CacheLayer, Forward};

use crate::pooled::{Dialled, Error, http1, http2, send_over};
use crate::{Asked, ask};

/// Sends to one site alone, whatever a request says of a host.
fn connected_to(site: &Site) -> BoxCloneService<Asked, Response<Incoming>, Error> {
    let pool = cache::builder().build(http1(HttpConnector::new(), &Dialled::default()));
    let site = site.uri("/");
    service_fn(move |request| send_over(pool.clone(), site.clone(), request)).boxed_clone()
}

/// `GET path`, with this `Host`.
fn get(path: &str, host: &str) -> Asked {
    let mut request: Asked = stacks::get(path.parse().expect("a path"));
    let host = HeaderValue::from_str(host).expect("a value");
    request.headers_mut().insert(header::HOST, host);
    request
}

/// EDGE-37, 9110-7.1-1: `Host` and the path are the target URI, and what is stored is the same as what a
/// client stores that has the URI whole.
#[tokio::test]
async fn a_path_and_a_host_are_one_with_the_uri() {
    let site = Site::of_pages().await;
    let layer = CacheLayer::new();
    let (connection, client) = (
        layer.layer(connected_to(&site)),
        layer.layer(hyper_client()),
    );
    let uri = site.uri("/a");
    let host = uri.authority().expect("a host").as_str();

    let first = ask(&connection, get("/a", host)).await;
    first.assert_forwarded(Forward::UriMiss).assert_stored();
    assert_eq!(
        site.seen()[0].uri,
        "/a",
        "the server is asked as it was written"
    );
    ask(&connection, get("/a", host)).await.assert_hit();
    ask(&client, site.get("/a")).await.assert_hit();
    assert_eq!(site.calls(), 1);
    let stored = layer.handle().entries().next().expect("a response");
    assert_eq!(stored.uri(), uri.to_string());
    assert!(layer.handle().contains(&get("/a", host)));

    assert_eq!(layer.handle().purge(&uri).responses(), 1);
    ask(&connection, get("/a", host)).await.assert_stored();
    assert_eq!(site.calls(), 2);
}

/// EDGE-35, EDGE-36, 9110-4.2.3-1: hosts are compared as those of a URI are.
#[tokio::test]
async fn hosts_of_a_connection_are_told_apart_as_those_of_a_uri() {
    for (scheme, port, other_port) in [(Scheme::HTTP, "80", "443"), (Scheme::HTTPS, "443", "80")] {
        let site = Site::of_pages().await;
        let layer = CacheLayer::new().origin_form_scheme(scheme.clone());
        let connection = layer.layer(connected_to(&site));
        ask(&connection, get("/a", "h.test")).await.assert_stored();
        for same in ["H.Test", &format!("h.test:{port}"), "h.test:"] {
            ask(&connection, get("/a", same)).await.assert_hit();
        }
        for other in ["h.test.", &format!("h.test:{other_port}"), "i.test"] {
            ask(&connection, get("/a", other)).await.assert_stored();
        }
        assert_eq!(site.calls(), 4, "{scheme}");
        let uris: Vec<_> = layer
            .handle()
            .entries()
            .map(|stored| stored.uri().into_owned())
            .collect();
        assert!(
            uris.iter()
                .all(|uri| uri.starts_with(&format!("{scheme}://"))),
            "{uris:?}"
        );
    }
}

/// EDGE-37, 9110-7.2-1: without a host, or with two, nobody knows what is asked for. The server decides.
#[tokio::test]
async fn a_path_without_one_host_is_passed_on() {
    let site = Site::of_pages().await;
    let layer = CacheLayer::new();
    let connection = layer.layer(connected_to(&site));
    let nowhere: fn() -> Asked = || stacks::get(Uri::from_static("/a"));
    let twice: fn() -> Asked = || {
        let mut request = get("/a", "h.test");
        let other = HeaderValue::from_static("i.test");
        request.headers_mut().append(header::HOST, other);
        request
    };
    for request in [nowhere, twice] {
        for _ in 0..2 {
            let answer = ask(&connection, request()).await;
            assert_eq!(answer.assert_forwarded(Forward::Bypass).text(), "/a");
        }
    }
    assert_eq!(site.calls(), 4);
    assert!(layer.handle().is_empty());
}

/// 9111-2-1: the same host over http and https is two origins, and only the setting knows which of them a
/// connection leads to.
#[tokio::test]
async fn the_scheme_of_a_connection_is_a_setting() {
    let site = Site::of_pages().await;
    let layer = CacheLayer::new().origin_form_scheme(Scheme::HTTPS);
    let (connection, client) = (
        layer.layer(connected_to(&site)),
        layer.layer(hyper_client()),
    );
    let host = site.uri("/").authority().expect("a host").to_string();
    ask(&connection, get("/a", &host)).await.assert_stored();
    ask(&client, site.get("/a"))
        .await
        .assert_forwarded(Forward::UriMiss);
    assert_eq!(layer.handle().len(), 2);
    let secure: Uri = format!("https://{host}/a").parse().expect("a URI");
    assert_eq!(layer.handle().purge(&secure).responses(), 1);
    assert_eq!(layer.handle().len(), 1);
}

/// EDGE-37, 9111-2-1: hyper takes a path and a host for HTTP/2 as well, where the request does not say that it is
/// of that version. It is the same target as that of the whole URI.
#[tokio::test]
async fn a_connection_for_http2_takes_either_form() {
    let site = Site::of_pages().await;
    let layer = CacheLayer::new();
    let pool = Singleton::new(http2(HttpConnector::new(), &Dialled::default()));
    let server = site.uri("/");
    let connection = service_fn(move |request| send_over(pool.clone(), server.clone(), request));
    let connection = layer.layer(connection);
    let host = site.uri("/").authority().expect("a host").to_string();

    let first = ask(&connection, get("/a", &host)).await;
    assert_eq!(first.assert_stored().version, Version::HTTP_2);
    ask(&connection, site.get("/a")).await.assert_hit();

    let mut version_2 = get("/b", &host);
    *version_2.version_mut() = Version::HTTP_2;
    let refused: Result<_, Error> = connection.oneshot(version_2).await;
    let error = refused.expect_err("HTTP/2 has no such form");
    assert!(error.is::<hyper::Error>(), "{error:?}");
    assert_eq!((site.calls(), layer.handle().len()), (1, 1));
}

/// Promise 6: what hyper makes of a connection is no service of Tower's, and not `Clone`; a closure makes one of it.
#[tokio::test]
async fn a_connection_alone_goes_below_the_cache() {
    let site = Site::of_pages().await;
    let host = site.uri("/").authority().expect("a host").to_string();
    let stream = TcpStream::connect(&host).await.expect("a connection");
    let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
    tokio::spawn(connection);
    let sender = Arc::new(Mutex::new(sender));
    let connection = service_fn(move |request: Asked| {
        let sender = sender.clone();
        async move {
            let mut sender = sender.lock().await;
            sender.ready().await?;
            sender.send_request(request).await
        }
    });
    let client = CacheLayer::new().layer(connection);
    for path in ["/a", "/b"] {
        let answer = ask(&client, get(path, &host)).await;
        assert_eq!(answer.assert_stored().text(), path);
    }
    ask(&client, get("/a", &host)).await.assert_hit();
    assert_eq!(site.calls(), 2);
}
