//! The client.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, combinators::MapErr};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, ResponseFuture};
use hyper_util::rt::TokioExecutor;
use tower::Service;

/// The client of hyper-util, with connections that it keeps. What goes wrong ends the process.
#[derive(Debug, Clone)]
pub struct Remote(Client<HttpConnector, Empty<Bytes>>);

impl Remote {
    #[must_use]
    pub fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }
}

impl Default for Remote {
    fn default() -> Self {
        Self::new()
    }
}

impl Service<Request<Empty<Bytes>>> for Remote {
    type Response = Response<MapErr<Incoming, fn(hyper::Error) -> Infallible>>;
    type Error = Infallible;
    type Future = Asking;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Empty<Bytes>>) -> Asking {
        Asking(self.0.request(request))
    }
}

/// Waits for the head of the answer.
#[derive(Debug)]
pub struct Asking(ResponseFuture);

impl Future for Asking {
    type Output = Result<<Remote as Service<Request<Empty<Bytes>>>>::Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|answer| {
            let answer = answer.expect("the server answers");
            Ok(answer.map(|body| body.map_err(broken as fn(_) -> _)))
        })
    }
}

fn broken(error: hyper::Error) -> Infallible {
    panic!("the server ends what it has begun: {error}");
}
