//! An origin that numbers what it is asked, and answers bit by bit.

use std::collections::VecDeque;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Empty;
use support::{Frames, OriginBody};
use tokio::sync::oneshot;

/// What the origin was asked, by number, and what it has not answered yet.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) count: usize,
    pub(super) heads: Vec<oneshot::Sender<()>>,
    pub(super) bodies: Vec<(VecDeque<&'static str>, Frames)>,
}

/// The answer to the request of this number, which is its body and its tag. Now and then what the
/// caller has is still good.
pub(super) fn answer(asked: &mut Asked, request: &Request<Empty<Bytes>>) -> Response<OriginBody> {
    asked.count += 1;
    let number: &'static str = asked.count.to_string().leak();
    let (frames, body) = OriginBody::channel();
    let mut response = Response::new(OriginBody::new([], true));
    let fields = response.headers_mut();
    let control = "max-age=10, stale-while-revalidate=10";
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static(control));
    fields.insert("asked", HeaderValue::from_static(number));
    match request.headers().get(header::IF_NONE_MATCH) {
        _ if request.method() == Method::POST => *response.status_mut() = StatusCode::NO_CONTENT,
        Some(tag) if asked.count % 3 > 0 => {
            fields.insert(header::ETAG, tag.clone());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        _ => {
            let tag = HeaderValue::try_from(format!("\"{number}\"")).expect("a tag");
            fields.insert(header::ETAG, tag);
            *response.body_mut() = body;
            let (first, rest) = number.split_at(number.len() / 2);
            asked.bodies.push((VecDeque::from([first, rest]), frames));
        }
    }
    response
}
