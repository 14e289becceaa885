//! tower's layers, above the cache and below it.

use std::cell::RefCell;
use std::future::{Ready, ready};
use std::marker::PhantomPinned;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_util::client::legacy::{Error, ResponseFuture};
use stacks::{HyperClient, Site, answer, hyper_client, page};
use support::Answer;
use tower::buffer::Buffer;
use tower::limit::ConcurrencyLimit;
use tower::load_shed::error::Overloaded;
use tower::retry::{Policy, RetryLayer};
use tower::timeout::{Timeout, error::Elapsed};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt};
use tower_client_cache::{CacheBody, CacheLayer};

type Asked = Request<Empty<Bytes>>;

async fn ask<S, B>(client: &S, request: Asked) -> Answer
where
    S: Service<Asked, Response = Response<B>, Error: std::fmt::Debug> + Clone,
    B: Body<Error: std::fmt::Debug>,
{
    let response = client.clone().oneshot(request).await.expect("a head");
    Answer::read(response).await.expect("a whole body")
}

/// A client that cannot be cloned.
struct Sole(HyperClient);

impl Service<Asked> for Sole {
    type Response = Response<Incoming>;
    type Error = Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        <HyperClient as Service<Asked>>::poll_ready(&mut self.0, cx)
    }

    fn call(&mut self, request: Asked) -> ResponseFuture {
        self.0.call(request)
    }
}

/// PRJ-L-4: the one place in the buffer is taken and given back by each forward.
#[tokio::test]
async fn a_buffer_below_the_cache_makes_a_client_of_one_that_is_not_clone() {
    let site = Site::of_pages().await;
    let client = CacheLayer::new().layer(Buffer::new(Sole(hyper_client()), 1));
    for path in ["/a", "/b", "/c"] {
        ask(&client, site.get(path)).await.assert_stored();
        ask(&client, site.get(path)).await.assert_hit();
    }
    assert_eq!(site.calls(), 3);
}

/// Promise 3, PRJ-L-4: the clone that waited for the permit is the one that is called; a hit needs
/// none.
#[tokio::test]
async fn a_hit_needs_no_permit_of_a_limit_below_the_cache() {
    let (held, site) = Site::holding().await;
    let client = CacheLayer::new().layer(ConcurrencyLimit::new(hyper_client(), 1));
    ask(&client, site.get("/a")).await.assert_stored();

    let first = tokio::spawn(client.clone().oneshot(site.get("/held")));
    held.is_asked_for().await;
    let mut second = pin!(ask(&client, site.get("/b")));
    tokio::select! {
        biased;
        _ = &mut second => panic!("the only permit is taken"),
        () = async {} => {}
    }
    ask(&client, site.get("/a")).await.assert_hit();
    assert_eq!(site.calls(), 2);

    held.let_go();
    let first = first.await.expect("no panic").expect("a head");
    assert_eq!(
        Answer::read(first).await.expect("a whole body").text(),
        "/held"
    );
    assert_eq!(second.await.text(), "/b");
    assert_eq!(site.calls(), 3);
}

/// Promise 3, PRJ-L-4: what is shed is what has to be forwarded.
#[tokio::test]
async fn load_shed_below_the_cache_sheds_no_hit() {
    let (held, site) = Site::holding().await;
    let client = ServiceBuilder::new()
        .layer(CacheLayer::new())
        .load_shed()
        .concurrency_limit(1)
        .service(hyper_client());
    ask(&client, site.get("/a")).await.assert_stored();

    let first = tokio::spawn(client.clone().oneshot(site.get("/held")));
    held.is_asked_for().await;
    let shed: Result<_, BoxError> = client.clone().oneshot(site.get("/b")).await;
    assert!(shed.expect_err("there is no permit").is::<Overloaded>());
    ask(&client, site.get("/a")).await.assert_hit();

    held.let_go();
    first.await.expect("no panic").expect("a head");
    ask(&client, site.get("/b")).await.assert_stored();
    assert_eq!(site.calls(), 3);
}

/// A stored response is reused where the origin lets a request wait, and that request fails as the
/// timeout has it.
async fn times_out<S>(client: S)
where
    S: Service<Asked, Response = Response<CacheBody<Incoming>>, Error = BoxError>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    let (held, site) = Site::holding().await;
    ask(&client, site.get("/a")).await.assert_stored();
    let late = tokio::spawn(client.clone().oneshot(site.get("/held")));
    held.is_asked_for().await;
    tokio::time::pause();
    let late = late.await.expect("no panic");
    assert!(late.expect_err("it took too long").is::<Elapsed>());
    ask(&client, site.get("/a")).await.assert_hit();
    assert_eq!(site.calls(), 2);
}

const LIMIT: Duration = Duration::from_secs(60);

/// Promise 3, PRJ-L-7: it bounds a forward.
#[tokio::test]
async fn a_timeout_goes_below_the_cache() {
    times_out(CacheLayer::new().layer(Timeout::new(hyper_client(), LIMIT))).await;
}

/// PRJ-L-2: it bounds the whole.
#[tokio::test]
async fn a_timeout_goes_above_the_cache() {
    times_out(Timeout::new(CacheLayer::new().layer(hyper_client()), LIMIT)).await;
}

type BoxedClient<B, E> = BoxCloneSyncService<Asked, Response<B>, E>;

/// Promise 6: types that one can write down.
#[tokio::test]
async fn a_boxed_service_goes_below_the_cache_and_above_it() {
    let site = Site::of_pages().await;
    let inner: BoxedClient<Incoming, Error> = BoxCloneSyncService::new(hyper_client());
    let outer: BoxedClient<CacheBody<Incoming>, Error> =
        BoxCloneSyncService::new(CacheLayer::new().layer(inner));
    ask(&outer, site.get("/a")).await.assert_stored();
    assert_eq!(ask(&outer, site.get("/a")).await.assert_hit().text(), "/a");
    assert_eq!(site.calls(), 1);
}

/// Sends a request again where the answer was 503.
#[derive(Clone)]
struct Again;

impl<B, E> Policy<Asked, Response<B>, E> for Again {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut Asked, answer: &mut Result<Response<B>, E>) -> Option<Ready<()>> {
        let is_unavailable = answer
            .as_ref()
            .is_ok_and(|response| response.status() == StatusCode::SERVICE_UNAVAILABLE);
        is_unavailable.then(|| ready(()))
    }

    fn clone_request(&mut self, request: &Asked) -> Option<Asked> {
        Some(request.clone())
    }
}

/// Where it goes: below, and the cache sees the last answer only.
#[tokio::test]
async fn retry_below_the_cache_has_its_last_answer_stored() {
    let is_up = Arc::new(AtomicBool::new(false));
    let site = Site::serve(move |_| {
        let is_up = is_up.swap(true, Ordering::SeqCst);
        async move {
            match is_up {
                true => page("up"),
                false => answer(StatusCode::SERVICE_UNAVAILABLE, "down"),
            }
        }
    })
    .await;
    let client = ServiceBuilder::new()
        .layer(CacheLayer::new())
        .layer(RetryLayer::new(Again))
        .service(hyper_client());
    for is_hit in [false, true] {
        let answer = ask(&client, site.get("/a")).await;
        assert_eq!(answer.cache.is_hit(), is_hit);
        assert_eq!(answer.text(), "up");
    }
    assert_eq!(site.calls(), 2);
}

/// A body that may not be shared between threads, nor moved once it is read.
struct Awkward {
    body: RefCell<Incoming>,
    _pinned: PhantomPinned,
}

impl Body for Awkward {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut *self.body.borrow_mut()).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.borrow().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.borrow().size_hint()
    }
}

/// Promise 6: with background work it still need not be `Sync` or `Unpin`.
#[tokio::test]
async fn a_body_that_is_neither_sync_nor_unpin_goes_through() {
    let site = Site::of_pages().await;
    let client = ServiceBuilder::new()
        .layer(CacheLayer::new())
        .map_response(|response: Response<Incoming>| {
            response.map(|body| Awkward {
                body: RefCell::new(body),
                _pinned: PhantomPinned,
            })
        })
        .service(hyper_client());
    for is_hit in [false, true] {
        let response = tokio::spawn(client.clone().oneshot(site.get("/a")));
        let response = response.await.expect("no panic").expect("a head");
        let answer = tokio::spawn(Answer::read(response))
            .await
            .expect("no panic");
        let answer = answer.expect("a whole body");
        assert_eq!(answer.cache.is_hit(), is_hit);
        assert_eq!(answer.text(), "/a");
    }
    assert_eq!(site.calls(), 1);
}
