//! Which stored responses a purge means.

use http::Uri;

/// Which stored responses [`CacheHandle::purge`](crate::CacheHandle::purge) means.
///
/// ```
/// use http::Uri;
/// use tower_client_cache::{CacheLayer, Selector};
///
/// let handle = CacheLayer::new().handle();
/// let uri = Uri::from_static("https://example.com/news?page=2");
/// handle.purge(Selector::uri(&uri));
/// handle.purge(&uri); // the same
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector(Uri);

impl Selector {
    /// Every response stored for this URI: each variant, each method, whoever asked for it.
    ///
    /// URIs are compared as in the cache key: letter case of scheme and host, a default port, a
    /// fragment and userinfo make no difference; a query does. The URI has to be absolute; one that is
    /// not means nothing that is stored.
    #[must_use]
    pub fn uri(uri: &Uri) -> Self {
        Self(uri.clone())
    }

    pub(crate) fn as_uri(&self) -> &Uri {
        &self.0
    }
}

impl From<&Uri> for Selector {
    fn from(uri: &Uri) -> Self {
        Self::uri(uri)
    }
}
