//! Statuses (RFC 9110 §15): which may be stored, and what each says.

use http::StatusCode;

/// RFC 9110 §15.1, RFC 7725 §3.
pub(super) fn is_cacheable_by_default(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200 | 203 | 204 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 451 | 501
    )
}

/// Not final, only part of something, about the exchange instead of the resource (C-57, C-60), or forbidden
/// by their definitions (RFC 6585).
pub(super) fn is_never_stored(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        ..200 | 206 | 226 | 304 | 401 | 407 | 412 | 416 | 417 | 421 | 425 | 428 | 429 | 431 | 511 | 600..
    )
}

/// Whether an answer of this status says what the resource is now, and not only how the exchange went.
pub(crate) fn is_about_resource(status: StatusCode) -> bool {
    !status.is_server_error() && !is_never_stored(status) && status != StatusCode::REQUEST_TIMEOUT
}

/// The statuses whose rules are kept here, for `must-understand` (RFC 9111 §5.2.2.3, C-14).
pub(super) fn is_understood(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200..=206 | 300..=304 | 307 | 308 | 400 | 401 | 403..=417 | 421 | 422 | 426 | 428 | 429
            | 431 | 451 | 500..=505 | 511
    )
}
