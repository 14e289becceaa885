//! Clients that are borrowed, and clients of one thread, below a cache without background work.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_util::client::legacy::{Error, ResponseFuture};
use stacks::{HyperClient, Site, hyper_client};
use support::Answer;
use tokio::task::{LocalSet, spawn_local};
use tower::{Layer, Service, ServiceExt};
use tower_client_cache::background::WithoutBackground;
use tower_client_cache::{CacheLayer, CacheService, Forward};

/// A client that lives on one thread, as do its future and both bodies.
#[derive(Clone)]
struct LocalClient {
    client: HyperClient,
    here: Rc<Cell<usize>>,
}

impl LocalClient {
    fn new() -> Self {
        Self {
            client: hyper_client(),
            here: Rc::default(),
        }
    }
}

impl Service<Request<LocalBody<Empty<Bytes>>>> for LocalClient {
    type Response = Response<LocalBody<Incoming>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        <HyperClient as Service<Request<Empty<Bytes>>>>::poll_ready(&mut self.client, cx)
    }

    fn call(&mut self, request: Request<LocalBody<Empty<Bytes>>>) -> Self::Future {
        let here = self.here.clone();
        here.set(here.get() + 1);
        let response: ResponseFuture = self.client.call(request.map(|body| body.body));
        Box::pin(async move { Ok(response.await?.map(|body| LocalBody { body, _here: here })) })
    }
}

/// A body that shares something with its thread.
#[derive(Default)]
struct LocalBody<B> {
    body: B,
    _here: Rc<Cell<usize>>,
}

impl<B: Body + Unpin> Body for LocalBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

type LocalCached = CacheService<LocalClient, WithoutBackground>;

async fn ask(client: LocalCached, request: Request<LocalBody<Empty<Bytes>>>) -> Answer {
    let response = client.oneshot(request).await.expect("a head");
    Answer::read(response).await.expect("a whole body")
}

/// Promise 6: a client that is not `Send` is asked once, on its own thread.
#[tokio::test]
async fn a_client_of_one_thread_runs_in_a_local_set() {
    let site = Site::of_pages().await;
    let inner = LocalClient::new();
    let asked = inner.here.clone();
    let client = CacheLayer::without_background().layer(inner);
    LocalSet::new()
        .run_until(async {
            let first = spawn_local(ask(client.clone(), site.get("/a")));
            let first = first.await.expect("no panic");
            first.assert_forwarded(Forward::UriMiss).assert_stored();
            let second = spawn_local(ask(client, site.get("/a")));
            let second = second.await.expect("no panic");
            assert_eq!(second.assert_hit().text(), "/a");
        })
        .await;
    assert_eq!((asked.get(), site.calls()), (1, 1));
}

/// Promise 6: the same on the thread that the runtime is driven by, without tasks.
#[test]
fn a_client_of_one_thread_runs_on_a_runtime_of_one_thread() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let site = Site::of_pages().await;
        let client = CacheLayer::without_background().layer(LocalClient::new());
        for is_hit in [false, true] {
            let answer = ask(client.clone(), site.get("/a")).await;
            assert_eq!(answer.cache.is_hit(), is_hit);
            assert_eq!(answer.text(), "/a");
        }
        assert_eq!(site.calls(), 1);
    });
}

/// Promise 6: a client that is lent, not given.
#[tokio::test]
async fn a_borrowed_client_is_enough() {
    let site = Site::of_pages().await;
    let client = hyper_client();
    let layer = CacheLayer::without_background();
    let cached: CacheService<&HyperClient, _> = layer.layer(&client);
    for is_hit in [false, true] {
        let request: Request<Empty<Bytes>> = site.get("/a");
        let response = cached.clone().oneshot(request).await.expect("a head");
        let answer = Answer::read(response).await.expect("a whole body");
        assert_eq!(answer.cache.is_hit(), is_hit);
        assert_eq!(answer.text(), "/a");
    }
    assert_eq!(site.calls(), 1);
}
