//! A body for a request whose own was read, or that is sent again.

use ::reqwest::Body;

use crate::request_body::Replay;

/// Makes reqwest's body of content that the cache has read, or of none where a request is sent again. It is made for
/// [`CacheLayer::request_body`](crate::CacheLayer::request_body).
///
/// [`CachedClient`](super::CachedClient) sets it by itself. With `Body::wrap` in its place it would work as well, but
/// reqwest could not send such a body more than once: it would neither follow a redirect that wants the content again
/// (307, 308) nor retry.
///
/// ```
/// use tower_client_cache::{CacheLayer, reqwest};
///
/// let layer = CacheLayer::new().request_body(reqwest::request_body);
/// # let _ = layer;
/// ```
#[must_use]
pub fn request_body(content: Replay<Body>) -> Body {
    match content.to_bytes() {
        Some(bytes) => Body::from(bytes),
        None => Body::wrap(content),
    }
}
