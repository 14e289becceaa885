//! The servers: two that are well, and two that are not.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use stacks::{Upstream, Wire};
use support::Loopback;

use crate::content::Content;
use crate::faults;
use crate::pages::{self, Kind, PAGES, Versions};

/// A frame has no more than so many octets.
const FRAME: usize = 16 << 10;

/// All servers, and what they have been asked.
#[derive(Debug)]
pub(crate) struct Origins {
    pub(crate) versions: Arc<Versions>,
    well: [Loopback; 2],
    broken: (Upstream, Loopback),
}

impl Origins {
    pub(crate) async fn serve(seed: u64) -> Self {
        let versions = Arc::new(Versions::of(4 * PAGES));
        let well = |first: usize| {
            let versions = versions.clone();
            Loopback::serve(move |request: Request<Incoming>| {
                let response = answer(&versions, first, &request);
                async { response }
            })
        };
        let octets = faults::octets(seed, versions.clone(), 2 * PAGES);
        let frames = faults::frames(seed, versions.clone(), 3 * PAGES);
        Self {
            well: [well(0).await, well(PAGES).await],
            broken: (
                Upstream::answering(Wire::Http1, octets).await,
                Loopback::serve(frames).await,
            ),
            versions,
        }
    }

    /// Where a page is: those of each server come after those of the one before it.
    pub(crate) fn uri(&self, page: usize) -> Uri {
        let path = format!("/{}", page % PAGES);
        match page / PAGES {
            n @ (0 | 1) => self.well[n].uri(&path),
            2 => self.broken.0.uri(&path),
            _ => self.broken.1.uri(&path),
        }
    }

    /// Ends all of them, and every connection.
    pub(crate) fn stop(self) {
        drop(self);
    }
}

/// The page that a path is of.
pub(crate) fn page(first: usize, path: &str) -> usize {
    first + path[1..].parse::<usize>().expect("the number of a page")
}

/// What a request says in a field.
pub(crate) fn said<'a>(fields: &'a HeaderMap, name: &str) -> &'a str {
    let value = fields.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

/// The version that an entity tag is of.
pub(crate) fn version(tag: &str) -> Option<u64> {
    tag.trim_matches('"').parse().ok()
}

/// The answer of a server that is well.
pub(crate) fn answer(
    versions: &Versions,
    first: usize,
    request: &Request<Incoming>,
) -> Response<Pages> {
    let fields = request.headers();
    let page = page(first, request.uri().path());
    if request.method() == Method::POST {
        return Response::builder()
            .status(StatusCode::NO_CONTENT)
            .header("x-changed", versions.change(page))
            .body(Pages::default())
            .expect("a response");
    }
    let number = versions.next();
    let user = said(fields, "authorization");
    let variant = match Kind::of(page) {
        Kind::Varying => said(fields, "x-variant"),
        _ => "",
    };
    let mut response = Response::builder()
        .header(header::CACHE_CONTROL, Kind::of(page).cache_control())
        .header(header::VARY, "x-variant")
        .header(header::ACCEPT_RANGES, "bytes");

    let known = said(fields, "if-none-match").split(", ");
    let is_current = |version: &u64| versions.is_current(page, *version);
    if let Some(known) = known.filter_map(version).find(is_current) {
        response = response
            .status(StatusCode::NOT_MODIFIED)
            .header(header::ETAG, format!("\"{known}\""));
        return response.body(Pages::default()).expect("a response");
    }

    // A part is of what the request has the beginning of, if that is still right.
    let length = pages::length(page);
    let condition = said(fields, "if-range");
    let held = version(condition).filter(is_current);
    let version = held.unwrap_or(number);
    let range =
        range(said(fields, "range"), length).filter(|_| condition.is_empty() || held.is_some());
    let (from, to) = range.unwrap_or((0, length));
    if range.is_some() {
        let part = format!("bytes {from}-{}/{length}", to - 1);
        response = response
            .status(StatusCode::PARTIAL_CONTENT)
            .header(header::CONTENT_RANGE, part);
    }
    let has_length = Kind::of(page) != Kind::Chunked || range.is_some();
    if has_length {
        response = response.header(header::CONTENT_LENGTH, to - from);
    }
    let body = if request.method() == Method::HEAD {
        Pages::default()
    } else {
        Pages {
            content: Some(Content::of(page, user, variant, version)),
            at: from,
            to,
            breaks_at: None,
            trailers: (!has_length).then(|| {
                HeaderMap::from_iter([(
                    header::HeaderName::from_static("x-version"),
                    version.into(),
                )])
            }),
        }
    };
    let tag = HeaderValue::try_from(format!("\"{version}\"")).expect("a value");
    response
        .header(header::ETAG, tag)
        .body(body)
        .expect("a response")
}

/// `bytes=1-2`, as the first place and the one behind the last.
fn range(field: &str, length: usize) -> Option<(usize, usize)> {
    let (from, last) = field.strip_prefix("bytes=")?.split_once('-')?;
    let from = from.parse().ok()?;
    let to = match last {
        "" => length,
        last => length.min(last.parse::<usize>().ok()? + 1),
    };
    (from < to).then_some((from, to))
}

/// The body of a page.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    content: Option<Content>,
    at: usize,
    to: usize,
    /// Where it goes wrong, and whether it says so.
    pub(crate) breaks_at: Option<(usize, bool)>,
    trailers: Option<HeaderMap>,
}

impl Body for Pages {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some((_, is_told)) = self.breaks_at.filter(|(place, _)| self.at >= *place) {
            // What is not told is waited for until the client has gone.
            return if is_told {
                Poll::Ready(Some(Err(io::Error::other("it breaks off"))))
            } else {
                Poll::Pending
            };
        }
        let Some(content) = self.content.filter(|_| self.at < self.to) else {
            let trailers = self.trailers.take();
            return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
        };
        let end = self.to.min(self.at + FRAME);
        let end = self.breaks_at.map_or(end, |(place, _)| end.min(place));
        let octets = content.octets(self.at, end);
        self.at = end;
        Poll::Ready(Some(Ok(Frame::data(octets))))
    }

    fn is_end_stream(&self) -> bool {
        self.at >= self.to && self.trailers.is_none() && self.breaks_at.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        if self.trailers.is_some() {
            SizeHint::default()
        } else {
            SizeHint::with_exact((self.to - self.at) as u64)
        }
    }
}
