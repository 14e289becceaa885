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
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::Full;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use stacks::{Site, answer};
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

/// An answer that leads elsewhere, without a body.
fn moved(status: StatusCode, location: &str) -> Response<Full<Bytes>> {
    let mut moved = answer(status, "");
    let location = HeaderValue::try_from(location).expect("a field value");
    moved.headers_mut().insert(header::LOCATION, location);
    moved
}

/// A site all of which has moved there.
async fn site_moved_to(location: impl ToString) -> Site {
    let location = location.to_string();
    Site::serve(move |_| {
        let moved = moved(StatusCode::FOUND, &location);
        async { moved }
    })
    .await
}
