//! `Content-Type` (RFC 9110 §8.3).

use http::{HeaderMap, header};

/// Whether a message is of gRPC, in any of its codecs.
pub(crate) fn is_grpc(fields: &HeaderMap) -> bool {
    const GRPC: &[u8] = b"application/grpc";
    fields
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.as_bytes().get(..GRPC.len()))
        .is_some_and(|start| start.eq_ignore_ascii_case(GRPC))
}

/// Whether a message has several ranges of something as its parts (RFC 9110 §14.6).
pub(crate) fn is_byteranges(fields: &HeaderMap) -> bool {
    const BYTERANGES: &[u8] = b"multipart/byteranges";
    fields
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.as_bytes().get(..BYTERANGES.len()))
        .is_some_and(|start| start.eq_ignore_ascii_case(BYTERANGES))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// GRPC-1, GRPC-7
    #[test]
    fn grpc_is_known_by_its_beginning() {
        for (value, expected) in [
            ("application/grpc", true),
            ("Application/gRPC+proto", true),
            ("application/grpc-web", true),
            ("application/json", false),
            ("application", false),
        ] {
            let mut fields = HeaderMap::new();
            assert!(!is_grpc(&fields));
            fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(value));
            assert_eq!(is_grpc(&fields), expected, "{value}");
        }
    }
}
