//! gRPC: unary methods that the user says are safe.

mod deadline;
mod late;
mod message;
mod methods;
mod rule;
mod unary;

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body::Body;

pub(crate) use self::deadline::Deadline;
pub(crate) use self::message::is_one;
pub(crate) use self::methods::Methods;
pub(crate) use self::unary::Unary;

/// Request fields that say what a message means and how it may be answered. `grpc-timeout` is none: a deadline makes no
/// difference to an answer.
pub(crate) static METADATA: [HeaderName; 3] = [
    header::CONTENT_TYPE,
    HeaderName::from_static("grpc-encoding"),
    HeaderName::from_static("grpc-accept-encoding"),
];

/// What a call comes to; in the trailers, or in the head where there is no message.
pub(crate) const STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// Whether a request is of gRPC as it is over HTTP/2. What gRPC-Web has for trailers is part of its content.
pub(crate) fn is_grpc(fields: &HeaderMap) -> bool {
    const GRPC: &[u8] = b"application/grpc";
    let media_type = fields.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let parted = media_type.and_then(|value| value.split_at_checked(GRPC.len()));
    parted.is_some_and(|(start, rest)| {
        start.eq_ignore_ascii_case(GRPC) && matches!(rest, [] | [b'+' | b';' | b' ' | b'\t', ..])
    })
}

/// Whether an answer says at once that it is no success: it has no message, and what has come of it in its head, or
/// something else than gRPC has answered.
pub(crate) fn has_no_message<B: Body>(response: &Response<B>) -> bool {
    response.status() != StatusCode::OK
        || response.body().is_end_stream()
        || response.headers().contains_key(STATUS)
}

/// Whether a failure says that something is wrong with the server, and nothing of what was asked for: `UNKNOWN`,
/// `DEADLINE_EXCEEDED`, `INTERNAL`, `UNAVAILABLE` or `DATA_LOSS`.
pub(crate) fn is_server_error(fields: &HeaderMap) -> bool {
    let status = fields.get(STATUS).map(HeaderValue::as_bytes);
    status.is_some_and(|status| matches!(status, b"2" | b"4" | b"13" | b"14" | b"15"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GRPC-1, GRPC-5
    #[test]
    fn grpc_web_is_something_else() {
        for (value, expected) in [
            ("application/grpc", true),
            ("Application/gRPC+proto", true),
            ("application/grpc; charset=utf-8", true),
            ("application/grpcx", false),
            ("application/grpc-web", false),
            ("Application/gRPC-Web+proto", false),
            ("application/json", false),
        ] {
            let mut fields = HeaderMap::new();
            fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(value));
            assert_eq!(is_grpc(&fields), expected, "{value}");
        }
    }
}
