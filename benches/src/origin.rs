//! The origin.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::{Empty, Full};
use tower::Service;

/// What a server of pages sends beside `cache-control`, `content-length` and `date`.
const FIELDS: [(&str, &str); 9] = [
    ("content-type", "text/html; charset=utf-8"),
    ("etag", "\"64f1c2-400\""),
    ("last-modified", "Tue, 05 Mar 2024 10:11:12 GMT"),
    ("vary", "accept-encoding"),
    ("server", "origin/2.1"),
    ("x-request-id", "7f4e19c03b5a4d6d"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("strict-transport-security", "max-age=31536000"),
];

/// What the origin answers: twelve fields and a body.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// How long the body is, in octets.
    pub octets: usize,
    /// Its `Cache-Control`.
    pub cache_control: &'static str,
    /// How much earlier than now it is dated. A page without one is dated a second later than now: its
    /// age is zero, whenever the next second begins.
    pub age: Option<Duration>,
}

impl Page {
    /// A page that may be stored, and is fresh for an hour.
    #[must_use]
    pub fn fresh(octets: usize) -> Self {
        Self {
            octets,
            cache_control: "max-age=3600",
            age: None,
        }
    }

    /// A page that may not be stored.
    #[must_use]
    pub fn no_store(octets: usize) -> Self {
        Self {
            cache_control: "no-store",
            ..Self::fresh(octets)
        }
    }

    /// Its head, and the body that is given.
    #[must_use]
    pub fn with<B>(self, body: B) -> Response<B> {
        let mut page = Response::new(body);
        let fields = page.headers_mut();
        for (name, value) in FIELDS {
            fields.insert(name, HeaderValue::from_static(value));
        }
        fields.insert(
            "cache-control",
            HeaderValue::from_static(self.cache_control),
        );
        fields.insert("content-length", self.octets.into());
        let now = SystemTime::now();
        let date = self
            .age
            .map_or_else(|| now + Duration::from_secs(1), |age| now - age);
        let date = HeaderValue::try_from(httpdate::fmt_http_date(date));
        fields.insert("date", date.expect("a date is visible ASCII"));
        page
    }
}

/// How often an origin was called.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<AtomicUsize>);

impl Calls {
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Answers every request with the same page, as soon as its future is polled. Clones share the page.
#[derive(Clone, Debug)]
pub struct Origin {
    page: Arc<(Response<Full<Bytes>>, Calls)>,
}

impl Origin {
    #[must_use]
    pub fn new(page: Page) -> Self {
        let body = Bytes::from(vec![b'x'; page.octets]);
        Self {
            page: Arc::new((page.with(Full::new(body)), Calls::default())),
        }
    }

    #[must_use]
    pub fn calls(&self) -> Calls {
        self.page.1.clone()
    }
}

impl Service<Request<Empty<Bytes>>> for Origin {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Empty<Bytes>>) -> Answering {
        Answering(self.clone())
    }
}

/// Answers when it is polled, so that a future that is dropped unpolled costs next to nothing.
#[derive(Debug)]
pub struct Answering(Origin);

impl Future for Answering {
    type Output = Result<Response<Full<Bytes>>, Infallible>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let (page, calls) = &*self.0.page;
        calls.add();
        Poll::Ready(Ok(page.clone()))
    }
}
