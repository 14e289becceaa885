//! What goes wrong where a layer is not in its place: each test has the wrong order and the right one, side by side, before
//! a real server on loopback.

mod credentials;
mod limits;
mod page;
mod retrying;
mod seeing;
mod storing;
mod timeouts;

use std::fmt::Debug;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use support::Answer;
use tower::{Service, ServiceExt};

/// What the layers get, as in the example.
type Asked = Request<Full<Bytes>>;

fn http_client() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

/// Sends a request, and reads the answer to its end.
async fn ask<S, B>(client: &S, request: Asked) -> Answer
where
    S: Service<Asked, Response = Response<B>, Error: Debug> + Clone,
    B: Body<Error: Debug>,
{
    let response = client.clone().oneshot(request).await.expect("a head");
    Answer::read(response).await.expect("a whole body")
}
