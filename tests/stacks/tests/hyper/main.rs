//! hyper below the cache: hyper-util's client, its pools, a connection alone, and TLS.

mod client;
mod connection;
mod pool;
mod pooled;
mod tls;
mod upgrade;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use stacks::HyperClient;
use support::Answer;
use tower::{Service, ServiceExt};

type Asked = Request<Empty<Bytes>>;

fn http2_client() -> HyperClient {
    Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http()
}

/// Sends a request, and reads the answer to its end.
async fn ask<S, B>(client: &S, request: Asked) -> Answer
where
    S: Service<Asked, Response = Response<B>, Error: std::fmt::Debug> + Clone,
    B: Body<Error: std::fmt::Debug>,
{
    let response = client.clone().oneshot(request).await.expect("a head");
    Answer::read(response).await.expect("a whole body")
}
