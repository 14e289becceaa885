//! One request and all of its answer.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, Uri, header, response};
use http_body::Body;
use http_body_util::Empty;
use tower::Service;

use crate::origin::BODY;

const FIELDS: [(HeaderName, &str); 4] = [
    (header::ACCEPT, "text/html,application/xhtml+xml"),
    (header::ACCEPT_ENCODING, "gzip, br"),
    (header::ACCEPT_LANGUAGE, "en-GB, en;q=0.5"),
    (header::USER_AGENT, "benches/0.0"),
];

/// Builds a GET with four fields, calls, and reads the body to its end. Nothing ever has to wait, so no
/// runtime is counted.
///
/// # Panics
///
/// Where something has to wait, or the body is not the origin's.
pub(crate) fn exchange<S, R>(client: &mut S) -> response::Parts
where
    S: Service<Request<Empty<Bytes>>, Response = Response<R>, Error = Infallible>,
    R: Body<Data = Bytes, Error = Infallible>,
{
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = Uri::from_static("http://origin.test/articles/2024/caching?page=2");
    for (name, value) in FIELDS {
        let value = HeaderValue::from_static(value);
        request.headers_mut().insert(name, value);
    }
    let cx = &mut Context::from_waker(Waker::noop());
    let Ok(()) = at_once(client.poll_ready(cx));
    let Ok(response) = at_once(pin!(client.call(request)).poll(cx));
    let (head, body) = response.into_parts();
    assert_eq!(octets(pin!(body), cx), BODY.len());
    head
}

fn octets<R>(mut body: Pin<&mut R>, cx: &mut Context<'_>) -> usize
where
    R: Body<Data = Bytes, Error = Infallible>,
{
    let mut octets = 0;
    while let Some(Ok(frame)) = at_once(body.as_mut().poll_frame(cx)) {
        octets += frame.data_ref().map_or(0, Bytes::len);
    }
    octets
}

fn at_once<T>(poll: Poll<T>) -> T {
    match poll {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here has to wait"),
    }
}
