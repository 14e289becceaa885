//! How the scripted services answer.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use serde_json::Value;

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;
pub(crate) type Body = UnsyncBoxBody<Bytes, Error>;

/// Adds a field.
pub(crate) fn set<B>(response: &mut Response<B>, name: HeaderName, value: &str) {
    let value = HeaderValue::from_str(value).expect("a field value");
    response.headers_mut().append(name, value);
}

/// A document.
pub(crate) fn json(status: StatusCode, content: &Value) -> Response<Body> {
    let content = Full::new(Bytes::from(content.to_string()));
    let mut response = Response::new(content.map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    set(&mut response, header::CONTENT_TYPE, "application/json");
    response
}

/// An answer without content.
pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    let content = Full::new(Bytes::new());
    let mut response = Response::new(content.map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response
}
