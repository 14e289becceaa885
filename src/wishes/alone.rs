//! A request that has nothing to do with others for the same.

/// This request waits for no other, and no other waits for it: put it into the request's extensions.
///
/// Where nothing stored answers, it goes to the origin, however many for the same are on their way
/// ([`CacheLayer::collapse`](crate::CacheLayer::collapse) says it for all requests). What is stored answers it as it
/// would any other, and what it brings is stored.
///
/// ```
/// use http::Request;
/// use tower_client_cache::NoCollapse;
///
/// let request = Request::get("https://example.com/slow").extension(NoCollapse).body(())?;
/// # let _ = request;
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct NoCollapse;
