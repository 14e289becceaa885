//! One request and all of its answer.

use std::fmt::Debug;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

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
    /// Where something fails, or has to wait: no scheduler is counted.
    fn exchange(&mut self, uri: &'static str) -> (response::Parts, usize);

    /// The same beside other threads, for whose locks some caches make it wait: then it polls again and
    /// again.
    fn exchange_beside_others(&mut self, uri: &'static str) -> (response::Parts, usize);

    /// The same, where there is something to wait for. Gives back how long it was until the first octet of
    /// the body, and how many there were.
    fn first_octet(&mut self, uri: &'static str) -> Pin<Box<dyn Future<Output = FirstOctet> + '_>>;

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
        exchange::<_, _, false>(self, uri)
    }

    fn exchange_beside_others(&mut self, uri: &'static str) -> (response::Parts, usize) {
        exchange::<_, _, true>(self, uri)
    }

    fn first_octet(&mut self, uri: &'static str) -> Pin<Box<dyn Future<Output = FirstOctet> + '_>> {
        Box::pin(async move {
            let start = Instant::now();
            poll_fn(|cx| self.poll_ready(cx))
                .await
                .expect("it is ready");
            let answer = self.call(request(uri)).await.expect("it answers");
            let mut body = pin!(answer.into_body());
            let mut first = FirstOctet::default();
            while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
                let frame = frame.expect("the body does not fail");
                let octets = frame.data_ref().map_or(0, Bytes::len);
                if first.octets == 0 && octets > 0 {
                    first.after = start.elapsed();
                }
                first.octets += octets;
            }
            first
        })
    }

    fn another(&self) -> Box<dyn Client> {
        Box::new(self.clone())
    }
}

/// When the first octet of a body came, and how many there were.
#[derive(Debug, Clone, Copy, Default)]
pub struct FirstOctet {
    pub after: Duration,
    pub octets: usize,
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

#[inline(always)]
fn exchange<S, R, const WAITS: bool>(client: &mut S, uri: &'static str) -> (response::Parts, usize)
where
    S: Service<Request<Empty<Bytes>>, Response = Response<R>, Error: Debug>,
    R: Body<Data = Bytes, Error: Debug>,
{
    let cx = &mut Context::from_waker(Waker::noop());
    wait::<WAITS, _>(|| client.poll_ready(cx)).expect("it is ready");
    let mut answer = pin!(client.call(request(uri)));
    let answer = wait::<WAITS, _>(|| answer.as_mut().poll(cx)).expect("it answers");
    let (head, body) = answer.into_parts();
    let (mut body, mut octets) = (pin!(body), 0);
    while let Some(frame) = wait::<WAITS, _>(|| body.as_mut().poll_frame(cx)) {
        let frame = frame.expect("the body does not fail");
        octets += frame.data_ref().map_or(0, Bytes::len);
    }
    (head, octets)
}

#[inline(always)]
fn wait<const WAITS: bool, T>(mut poll: impl FnMut() -> Poll<T>) -> T {
    loop {
        match poll() {
            Poll::Ready(value) => return value,
            Poll::Pending if WAITS => thread::yield_now(),
            Poll::Pending => panic!("nothing here has to wait"),
        }
    }
}
