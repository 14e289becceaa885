//! gRPC: unary methods that a rule says are safe (C-48).

mod calls;
mod deadlines;
mod failures;
mod streams;
mod waiting;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};
use http_body::Frame;
use http_body_util::BodyExt;
use support::{OriginBody, OriginError, Reply, reply, request};
use tower_client_cache::background::Tokio;
use tower_client_cache::request_body::{Replay, RequestBody};
use tower_client_cache::{CacheLayer, Rule};

use crate::content::{Content, Talk, with};

const GET: &str = "/p.Shop/Get";

/// All methods of the service are safe.
fn safe() -> Rule {
    let service = Uri::from_static("http://o.test/p.Shop");
    Rule::new().prefix(&service).safe_grpc()
}

/// Through a private cache with that rule.
fn shop() -> Talk<impl RequestBody<Content> + Send + Sync + 'static> {
    with(|layer| layer.rules([safe()]))
}

/// The same, which knows that the method is unary: it was called before.
async fn unary_shop() -> Talk<impl RequestBody<Content> + Send + Sync + 'static> {
    let talk = shop();
    talk.origin.will(success("known"));
    let first = talk.send(call(GET, "what is known", &[])).await;
    first.assert_stored();
    talk
}

fn data(octets: impl Into<Bytes>) -> Result<Frame<Bytes>, OriginError> {
    Ok(Frame::data(octets.into()))
}

/// A message, with what stands before it.
fn message(text: &str) -> Bytes {
    let length = u32::try_from(text.len()).expect("a short message");
    let mut octets = vec![0];
    octets.extend_from_slice(&length.to_be_bytes());
    octets.extend_from_slice(text.as_bytes());
    octets.into()
}

/// A call with this message, as clients send it.
fn call(path: &str, text: &str, fields: &[(&str, &str)]) -> Request<Content> {
    let body = OriginBody::new([data(message(text))], false);
    with_body(path, body, fields)
}

fn with_body(path: &str, body: OriginBody, fields: &[(&str, &str)]) -> Request<Content> {
    let mut request = request(Method::POST, path, fields).map(|_| body.boxed_unsync());
    let fields = request.headers_mut();
    fields
        .entry("content-type")
        .or_insert(HeaderValue::from_static("application/grpc"));
    fields.append("te", HeaderValue::from_static("trailers"));
    request
}

fn trailers(status: &'static str) -> HeaderMap {
    HeaderMap::from_iter([
        (STATUS, HeaderValue::from_static(status)),
        (SUM, HeaderValue::from_static("12")),
    ])
}

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const SUM: HeaderName = HeaderName::from_static("x-sum");

/// A head of gRPC, fresh for a minute.
fn head() -> Reply {
    head_of("max-age=60")
}

/// The same, with these directives.
fn head_of(control: &str) -> Reply {
    let head = reply(200).version(Version::HTTP_2).control(control);
    head.field("content-type", "application/grpc")
}

/// Messages, and a status behind them.
fn frames(texts: &[&str], status: &'static str) -> Vec<Result<Frame<Bytes>, OriginError>> {
    let messages = texts.iter().map(|text| data(message(text)));
    messages
        .chain([Ok(Frame::trailers(trailers(status)))])
        .collect()
}

/// A success with this message.
fn success(text: &str) -> Reply {
    head().frames(frames(&[text], "0"))
}

fn rules_of(rules: impl IntoIterator<Item = Rule>) -> CacheLayer<Tokio, impl RequestBody<Content>> {
    let layer = CacheLayer::shared().rules(rules);
    layer.request_body(|content: Replay<Content>| content.boxed_unsync())
}

const MINUTE: Duration = Duration::from_secs(60);
