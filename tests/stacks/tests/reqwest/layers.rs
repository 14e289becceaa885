//! Other layers, and the middleware of reqwest-middleware.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{ClientBuilder, Error, Middleware, Next};
use stacks::{Closed, Site};
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};
use tower_client_cache::CacheLayer;
use tower_client_cache::reqwest::{AsHttp, AsReqwest, CachedClient};

use super::{cached, http, read, url};

/// PRJ-L-5: layers for reqwest's own service fit above and below, and an error of theirs is the caller's.
#[tokio::test]
async fn layers_for_reqwest_fit_above_and_below() {
    let site = Site::of_pages().await;
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    let below = ServiceBuilder::new()
        .map_request(move |request: Request| {
            counted.fetch_add(1, Ordering::Relaxed);
            request
        })
        .concurrency_limit(1)
        .timeout(Duration::from_secs(3600))
        .service(http());
    let client = ServiceBuilder::new()
        .buffer(8)
        .concurrency_limit(1)
        .service(CachedClient::new(below, CacheLayer::new()));
    for is_hit in [false, true] {
        let request = http().get(url(&site, "/a")).build().expect("a request");
        let response: Result<_, BoxError> = client.clone().oneshot(request).await;
        assert_eq!(read(response.expect("a head")).await.0.is_hit(), is_hit);
    }
    assert_eq!(sent.load(Ordering::Relaxed), 1);
}

/// Without background work the cache is around a service that is only borrowed.
#[tokio::test]
async fn a_client_is_borrowed_without_background_work() {
    let site = Site::of_pages().await;
    let http = http();
    let cached = ServiceBuilder::new()
        .layer(CacheLayer::without_background())
        .layer_fn(AsHttp::new)
        .service(&http);
    let mut client = AsReqwest::new(cached);
    for is_hit in [false, true] {
        let request = http.get(url(&site, "/a")).build().expect("a request");
        let response = client.call(request).await.expect("a head");
        assert_eq!(read(response).await.0.is_hit(), is_hit);
    }
}

/// Middleware that counts what passes it.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

impl Counting {
    fn requests(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Middleware for Counting {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response, Error> {
        self.0.fetch_add(1, Ordering::Relaxed);
        next.run(request, extensions).await
    }
}

/// Middleware that is last in its chain, and sends by a cached client.
struct Cached(CachedClient);

#[async_trait]
impl Middleware for Cached {
    async fn handle(
        &self,
        request: Request,
        _: &mut Extensions,
        _: Next<'_>,
    ) -> Result<Response, Error> {
        Ok(self.0.execute(request).await?)
    }
}

/// PRJ-L-5, promise 6: reqwest-middleware's client below the cache sees what is forwarded, and its errors come out.
#[tokio::test]
async fn a_client_with_middleware_goes_below_the_cache() {
    let (site, counting) = (Site::of_pages().await, Counting::default());
    let http = ClientBuilder::new(http()).with(counting.clone()).build();
    let client = CachedClient::new(http, CacheLayer::new());
    let get = async |url: String| {
        let request = Request::new(http::Method::GET, url.parse().expect("a URL"));
        client.execute(request).await
    };
    for is_hit in [false, true] {
        let response = get(url(&site, "/a")).await.expect("a head");
        assert_eq!(read(response).await.0.is_hit(), is_hit);
    }
    assert_eq!(counting.requests(), 1);

    let closed = Closed::port();
    let refused: Result<_, Error> = get(closed.uri().to_string()).await;
    let error = refused.expect_err("nobody listens");
    assert!(error.is_connect(), "{error:?}");
}

/// PRJ-L-5: a cached client at the end of the chain: the middleware before it sees hits too.
#[tokio::test]
async fn a_cached_client_goes_below_the_middleware() {
    let (site, counting) = (Site::of_pages().await, Counting::default());
    let client = ClientBuilder::new(http())
        .with(counting.clone())
        .with(Cached(cached()))
        .build();
    for is_hit in [false, true] {
        let response = client.get(url(&site, "/a")).send().await.expect("a head");
        assert_eq!(read(response).await.0.is_hit(), is_hit);
    }
    assert_eq!((counting.requests(), site.calls()), (2, 1));

    let closed = Closed::port();
    let error = client.get(closed.uri().to_string()).send().await;
    let error = error.expect_err("nobody listens");
    assert!(error.is_connect(), "{error:?}");
}
