//! What may be cloned, sent, shared and moved. The compiler decides; a table shows what it says.

use std::cell::Cell;
use std::convert::Infallible;
use std::marker::{PhantomData, PhantomPinned};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{Empty, Full};
use hyper::body::Incoming;
use stacks::HyperClient;
use tonic::transport::Channel;
use tower::Service;
use tower::util::{BoxCloneService, BoxCloneSyncService};
use tower_client_cache::background::{Tokio, WithoutBackground};
use tower_client_cache::request_body::Once;
use tower_client_cache::{
    CacheBody, CacheHandle, CacheLayer, CacheService, CacheStatus, ResponseFuture,
};

/// Whether a type has a trait. The constant of the type itself comes before that of a trait, and exists
/// where the bound holds.
macro_rules! is {
    ($subject:ty, $bound:path) => {{
        #[allow(dead_code)]
        trait Otherwise {
            const IS: bool = false;
        }
        impl<T> Otherwise for T {}
        struct Subject<T>(PhantomData<T>);
        #[allow(dead_code)]
        impl<T: $bound> Subject<T> {
            const IS: bool = true;
        }
        <Subject<$subject>>::IS
    }};
}

/// `Send`, `Sync` and `Unpin`.
macro_rules! auto_traits {
    ($subject:ty) => {
        (
            is!($subject, Send),
            is!($subject, Sync),
            is!($subject, Unpin),
        )
    };
}

/// An empty body that is what its parameter is.
struct Of<T>(PhantomData<T>);

impl<T> Body for Of<T> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }
}

/// A service that is what its parameter is, and whose future is what `F` is.
struct Client<T, F = ()>(PhantomData<(T, F)>);

impl<T, F> Clone for Client<T, F> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

/// A future that is what its parameter is.
struct Answering<F>(PhantomData<F>);

impl<F> Future for Answering<F> {
    type Output = Result<Response<Full<Bytes>>, Infallible>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(Response::default()))
    }
}

impl<T, F, Q> Service<Request<Q>> for Client<T, F> {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Answering<F>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Q>) -> Answering<F> {
        Answering(PhantomData)
    }
}

type NotSend = Rc<()>;
type NotSync = Cell<()>;

/// Promise 6: a body is what the body inside it is.
#[test]
fn a_body_is_send_sync_and_unpin_exactly_where_the_one_inside_is() {
    macro_rules! rows {
        ($($body:ty),* $(,)?) => {
            [$((
                stringify!($body),
                auto_traits!($body),
                auto_traits!(CacheBody<$body>),
            )),*]
        };
    }
    let table = rows![
        Incoming,
        Full<Bytes>,
        tonic::body::Body,
        axum::body::Body,
        reqwest::Body,
        Of<NotSend>,
        Of<NotSync>,
        Of<PhantomPinned>,
        Of<(NotSync, PhantomPinned)>,
        Of<(NotSend, PhantomPinned)>,
    ];
    for (name, inner, cached) in table {
        assert_eq!(cached, inner, "Send, Sync and Unpin of {name}");
    }
    let [of_hyper, .., neither] = table.map(|(_, inner, _)| inner);
    assert_eq!(of_hyper, (true, true, true), "the macro tells them apart");
    assert_eq!(neither, (false, false, false), "the macro tells them apart");
}

/// Promise 6: what makes an answer of its own, an interceptor or a timeout, asks for a default.
#[test]
fn a_body_has_a_default_whatever_is_inside() {
    fn empty<B: Body>() -> CacheBody<B> {
        CacheBody::default()
    }
    assert!(empty::<Incoming>().is_end_stream());
    assert!(empty::<tonic::body::Body>().is_end_stream());
    assert!(empty::<Of<(NotSend, PhantomPinned)>>().is_end_stream());
}

/// Promise 1, promise 2: a layer and its handle go wherever they are needed.
#[test]
fn layers_handles_and_what_they_say_go_anywhere() {
    fn anywhere<T: Clone + Send + Sync + Unpin + 'static>() {}
    anywhere::<CacheLayer>();
    anywhere::<CacheLayer<WithoutBackground>>();
    anywhere::<CacheHandle>();
    anywhere::<CacheStatus>();
}

/// Promise 6: the state of an axum app has to be `Clone + Send + Sync`.
#[test]
fn a_service_goes_wherever_the_one_inside_does() {
    macro_rules! rows {
        ($($service:ty),* $(,)?) => {
            [$((
                stringify!($service),
                (is!($service, Clone), auto_traits!($service)),
                (
                    is!(CacheService<$service>, Clone),
                    auto_traits!(CacheService<$service>),
                ),
            )),*]
        };
    }
    type Asked = Request<Empty<Bytes>>;
    type Answer = Response<Incoming>;
    let table = rows![
        HyperClient,
        Channel,
        BoxCloneSyncService<Asked, Answer, Infallible>,
        BoxCloneService<Asked, Answer, Infallible>,
        Client<NotSend>,
        Client<NotSync>,
        &'static HyperClient,
    ];
    for (name, inner, cached) in table {
        assert_eq!(cached, inner, "Clone, Send, Sync and Unpin of {name}");
    }
    let anywhere = (true, (true, true, true));
    assert!(table[..3].iter().all(|(_, inner, _)| *inner == anywhere));
}

/// Promise 6: a future can be spawned where the inner service's can be.
#[test]
fn a_future_is_send_where_the_service_its_future_and_both_bodies_are() {
    type Future<S, Q, R = Full<Bytes>> = ResponseFuture<S, Q, R, Tokio, Once>;
    type Content = Empty<Bytes>;
    let table = [
        (
            "hyper",
            is!(Future<HyperClient, Content, Incoming>, Send),
            true,
        ),
        (
            "tonic",
            is!(Future<Channel, tonic::body::Body, tonic::body::Body>, Send),
            true,
        ),
        ("all", is!(Future<Client<()>, Content>, Send), true),
        (
            "no service",
            is!(Future<Client<NotSend>, Content>, Send),
            false,
        ),
        (
            "no future",
            is!(Future<Client<(), NotSend>, Content>, Send),
            false,
        ),
        (
            "no request body",
            is!(Future<Client<()>, Of<NotSend>>, Send),
            false,
        ),
        (
            "no response body",
            is!(Future<Client<()>, Content, Of<NotSend>>, Send),
            false,
        ),
        (
            "a service that is not Sync",
            is!(Future<Client<NotSync>, Content>, Send),
            true,
        ),
        (
            "bodies that are not Sync",
            is!(Future<Client<()>, Of<NotSync>, Of<NotSync>>, Send),
            true,
        ),
    ];
    for (name, is_send, expected) in table {
        assert_eq!(is_send, expected, "{name}");
    }
}

/// Promise 6: background work asks for `Send`, and for no `Sync` and no `Unpin`; without it nothing is
/// asked for.
#[test]
fn a_cache_is_a_service_where_its_background_work_can_run() {
    macro_rules! rows {
        ($($service:ty),* $(,)?) => {
            [$((
                stringify!($service),
                [
                    is!(CacheService<$service, Tokio>, Service<Request<Empty<Bytes>>>),
                    is!(CacheService<$service, WithoutBackground>, Service<Request<Empty<Bytes>>>),
                ],
            )),*]
        };
    }
    let may_run = [true, true];
    let only_without = [false, true];
    let expected = [may_run, may_run, may_run, only_without, only_without];
    let table = rows![
        HyperClient,
        Client<NotSync>,
        Client<PhantomPinned, PhantomPinned>,
        Client<NotSend>,
        Client<(), NotSend>,
    ];
    for ((name, is_service), expected) in table.into_iter().zip(expected) {
        assert_eq!(is_service, expected, "with and without background: {name}");
    }
}
