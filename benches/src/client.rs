//! One request and all of its answer.

use std::fmt::Debug;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, Uri, header, response};
use http_body::Body;
use http_body_util::Empty;
use tower::Service;

const FIELDS: [(HeaderName, &str); 4] = [
    (header::ACCEPT, "text/html,application/xhtml+xml"),
    (header::ACCEPT_ENCODING, "gzip, br"),
    (header::ACCEPT_LANGUAGE, "en-GB, en;q=0.5"),
    (header::USER_AGENT, "benches/0.0"),
];

/// Whoever asks, whatever cache stands between it and the origin.
pub trait Client: Send {
    /// Builds a GET with four fields, calls, and reads the body to its end. Gives back the head, and how
    /// many octets the body had.
    ///
    /// # Panics
    ///
    /// Where something fails, or has to wait: no runtime is counted.
    fn exchange(&mut self, uri: &'static str) -> (response::Parts, usize);

    /// One for another thread, over the same cache.
    fn another(&self) -> Box<dyn Client>;
}

impl<S, R> Client for S
where
    S: Service<Request<Empty<Bytes>>, Response = Response<R>, Error: Debug>,
    S: Clone + Send + 'static,
    R: Body<Data = Bytes, Error: Debug>,
{
    fn exchange(&mut self, uri: &'static str) -> (response::Parts, usize) {
        let cx = &mut Context::from_waker(Waker::noop());
        at_once(self.poll_ready(cx)).expect("it is ready");
        let response = at_once(pin!(self.call(request(uri))).poll(cx)).expect("it answers");
        let (head, body) = response.into_parts();
        (head, octets(pin!(body), cx))
    }

    fn another(&self) -> Box<dyn Client> {
        Box::new(self.clone())
    }
}

/// The request that everybody gets.
#[must_use]
pub fn request(uri: &'static str) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = Uri::from_static(uri);
    for (name, value) in FIELDS {
        let value = HeaderValue::from_static(value);
        request.headers_mut().insert(name, value);
    }
    request
}

fn octets<R>(mut body: Pin<&mut R>, cx: &mut Context<'_>) -> usize
where
    R: Body<Data = Bytes, Error: Debug>,
{
    let mut octets = 0;
    while let Some(frame) = at_once(body.as_mut().poll_frame(cx)) {
        let frame = frame.expect("the body does not fail");
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
