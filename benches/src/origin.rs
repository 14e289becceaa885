//! The origin.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::{Empty, Full};
use tower::Service;

pub(crate) const BODY: &[u8] = &[b'x'; 1024];

/// What a server of pages sends beside `cache-control` and `date`.
const FIELDS: [(&str, &str); 10] = [
    ("content-type", "text/html; charset=utf-8"),
    ("content-length", "1024"),
    ("etag", "\"64f1c2-400\""),
    ("last-modified", "Tue, 05 Mar 2024 10:11:12 GMT"),
    ("vary", "accept-encoding"),
    ("server", "origin/2.1"),
    ("x-request-id", "7f4e19c03b5a4d6d"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("strict-transport-security", "max-age=31536000"),
];

/// Answers every request at once, with a page of twelve fields.
pub(crate) fn origin(cache_control: &'static str, date: SystemTime) -> Origin {
    let mut page = Response::new(Full::from(BODY));
    let fields = page.headers_mut();
    for (name, value) in FIELDS {
        fields.insert(name, HeaderValue::from_static(value));
    }
    fields.insert("cache-control", HeaderValue::from_static(cache_control));
    let date = HeaderValue::try_from(httpdate::fmt_http_date(date));
    fields.insert("date", date.expect("a date is visible ASCII"));
    Origin { page }
}

#[derive(Clone)]
pub(crate) struct Origin {
    page: Response<Full<Bytes>>,
}

impl Service<Request<Empty<Bytes>>> for Origin {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Empty<Bytes>>) -> Self::Future {
        ready(Ok(self.page.clone()))
    }
}
