//! Which stored responses a purge means.

use std::fmt;

use http::Uri;

use crate::target::Target;

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
#[derive(Clone, PartialEq, Eq)]
pub struct Selector {
    // In its normal form, and so without userinfo; `None` where it means nothing.
    uri: Option<Uri>,
}

impl Selector {
    /// Every response stored for this URI: each variant, each method, whoever asked for it.
    ///
    /// URIs are compared as in the cache key: letter case of scheme and host, a default port, a
    /// fragment and userinfo make no difference; a query does. The URI has to be absolute; one that is
    /// not means nothing that is stored.
    #[must_use]
    pub fn uri(uri: &Uri) -> Self {
        Self {
            uri: Target::of_uri(uri).and_then(|target| target.to_text().parse().ok()),
        }
    }

    pub(crate) fn as_uri(&self) -> Option<&Uri> {
        self.uri.as_ref()
    }
}

impl From<&Uri> for Selector {
    fn from(uri: &Uri) -> Self {
        Self::uri(uri)
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A query may be a secret of its own.
        let uri = self.uri.as_ref().map(Uri::to_string).unwrap_or_default();
        let uri = uri.split('?').next().unwrap_or_default();
        f.debug_struct("Selector")
            .field("uri", &uri)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_kept_and_a_query_not_printed() {
        let uri = Uri::from_static("http://user:secret@h/a?token=secret");
        let selector = Selector::uri(&uri);
        assert_eq!(
            selector,
            Selector::uri(&Uri::from_static("http://h:80/a?token=secret"))
        );
        assert!(!format!("{selector:?}").contains("secret"));
    }
}
