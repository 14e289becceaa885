//! hyper-rustls below the cache: a client for https, and a pool that leaves it to ALPN which version it speaks.

use http::uri::Scheme;
use http::{Response, Uri, Version};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::client::legacy::{self, Client};
use hyper_util::client::pool::{cache, negotiate, singleton::Singleton};
use hyper_util::rt::TokioExecutor;
use stacks::SecureSite;
use tower::layer::layer_fn;
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt};
use tower_client_cache::{CacheLayer, Forward};

use crate::pooled::{Dialled, Error, http1, http2, over};
use crate::{Asked, ask};

type HttpsClient = Client<HttpsConnector<HttpConnector>, Empty<bytes::Bytes>>;

fn connector<'a>(sites: impl IntoIterator<Item = &'a SecureSite>) -> HttpsConnector<HttpConnector> {
    HttpsConnectorBuilder::new()
        .with_tls_config(SecureSite::trusted(sites))
        .https_or_http()
        .enable_all_versions()
        .build()
}

fn client<'a>(sites: impl IntoIterator<Item = &'a SecureSite>) -> HttpsClient {
    Client::builder(TokioExecutor::new()).build(connector(sites))
}

/// A pool that asks each server what it speaks.
fn negotiating<'a>(
    dialled: &Dialled,
    sites: impl IntoIterator<Item = &'a SecureSite>,
) -> BoxCloneSyncService<Asked, Response<Incoming>, Error> {
    let (old, new) = (dialled.clone(), dialled.clone());
    let pool = negotiate::builder()
        .connect(connector(sites))
        .inspect(|stream: &MaybeHttpsStream<_>| stream.connected().is_negotiated_h2())
        .fallback(layer_fn(move |connector| {
            cache::builder().build::<_, Uri>(http1(connector, &old))
        }))
        .upgrade(layer_fn(move |connector| {
            Singleton::<_, ()>::new(http2(connector, &new))
        }))
        .build::<Uri>();
    BoxCloneSyncService::new(over(pool))
}

const SITES: [(&[&str], Version); 2] = [
    (&["http/1.1"], Version::HTTP_11),
    (&["h2", "http/1.1"], Version::HTTP_2),
];

/// 9111-2-1, 9111-4-2: a page over TLS is stored under its `https` URI, in whichever version it came.
#[tokio::test]
async fn a_page_over_tls_is_reused() {
    for (protocols, version) in SITES {
        let site = SecureSite::of_pages(protocols).await;
        let layer = CacheLayer::new();
        let client = layer.layer(client([&site]));
        let first = ask(&client, site.get("/a")).await;
        first.assert_forwarded(Forward::UriMiss).assert_stored();
        let second = ask(&client, site.get("/a")).await;
        assert_eq!(second.assert_hit().text(), "/a");
        assert_eq!((first.version, second.version), (version, version));
        assert_eq!(site.seen().len(), 1);
        let stored = layer.handle().entries().next().expect("a response");
        assert_eq!(stored.uri(), site.uri("/a").to_string());
    }
}

/// Promise 3: one cache above pools that find out by themselves which version a server speaks.
#[tokio::test]
async fn a_negotiating_pool_is_not_asked_for_a_hit() {
    for (protocols, version) in SITES {
        let site = SecureSite::of_pages(protocols).await;
        let dialled = Dialled::default();
        let client = CacheLayer::new().layer(negotiating(&dialled, [&site]));
        for path in ["/a", "/b"] {
            let first = ask(&client, site.get(path)).await;
            assert_eq!(first.assert_stored().version, version);
        }
        dialled.break_the_last().await;
        for path in ["/a", "/b"] {
            let second = ask(&client, site.get(path)).await;
            assert_eq!(second.assert_hit().text(), path);
        }
        assert_eq!((dialled.count(), site.seen().len()), (1, 2), "{version:?}");
        ask(&client, site.get("/c")).await.assert_stored();
        assert_eq!(dialled.count(), 2, "{version:?}");
    }
}

/// 9111-2-1: the same host without TLS is another origin.
#[tokio::test]
async fn what_is_stored_for_https_does_not_answer_for_http() {
    let site = SecureSite::of_pages(&["http/1.1"]).await;
    let layer = CacheLayer::new();
    let client = layer.layer(client([&site]));
    ask(&client, site.get("/a")).await.assert_stored();
    let mut plain = site.uri("/a").into_parts();
    plain.scheme = Some(Scheme::HTTP);
    let plain: Asked = stacks::get(Uri::from_parts(plain).expect("a URI"));
    assert!(!layer.handle().contains(&plain));
    // The server there speaks TLS and nothing else.
    assert!(client.oneshot(plain).await.is_err());
}

/// PRJ-L-7: who is not trusted gets no request, and the error says so.
#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_an_error_of_the_client() {
    let (site, other) = (
        SecureSite::of_pages(&["h2"]).await,
        SecureSite::of_pages(&["h2"]).await,
    );
    let layer = CacheLayer::new();
    let client = layer.layer(client([&other]));
    let refused: Result<_, legacy::Error> = client.oneshot(site.get("/a")).await;
    let error = refused.expect_err("nobody trusts it");
    assert!(error.is_connect(), "{error:?}");
    let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |e| e.source());
    let text: Vec<_> = causes.map(ToString::to_string).collect();
    assert!(text.join(": ").contains("certificate"), "{text:?}");
    assert!(site.seen().is_empty() && layer.handle().is_empty());
}
