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
/// handle.purge(Selector::origin(&uri)); // everything of https://example.com
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Selector {
    meaning: Meaning,
}

/// What is meant, in its normal form, and so without userinfo.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    Nothing,
    Uri(Uri),
    Origin(Box<[u8]>),
}

impl Selector {
    /// Every response stored for this URI: each variant, each method, whoever asked for it; and what
    /// stands for it by `No-Vary-Search`, where that is obeyed.
    ///
    /// URIs are compared as in the cache key: letter case of scheme and host, a default port, a
    /// fragment and userinfo make no difference; a query does. The URI has to be absolute; one that is
    /// not means nothing that is stored.
    #[must_use]
    pub fn uri(uri: &Uri) -> Self {
        let uri =
            Target::of_uri(uri).and_then(|target| target.literal(true).to_text().parse().ok());
        Self {
            meaning: uri.map_or(Meaning::Nothing, Meaning::Uri),
        }
    }

    /// Every response stored for the origin of this URI, which is its scheme, host and port: each path
    /// and query, variant and method, whoever asked for it. The path of the URI makes no difference.
    ///
    /// What is stored is not ordered by origin, so all of it is looked at: the time it takes grows with
    /// the number of responses stored, of whatever origin. It goes through them a few at a time and lets
    /// others at the store in between.
    ///
    /// Compared as for [`uri`](Self::uri); a URI that is not absolute means nothing that is stored.
    #[must_use]
    pub fn origin(uri: &Uri) -> Self {
        let origin = Target::of_uri(uri).map(|target| target.origin().into_boxed_slice());
        Self {
            meaning: origin.map_or(Meaning::Nothing, Meaning::Origin),
        }
    }

    pub(crate) fn meaning(&self) -> &Meaning {
        &self.meaning
    }
}

impl From<&Uri> for Selector {
    fn from(uri: &Uri) -> Self {
        Self::uri(uri)
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Selector");
        match &self.meaning {
            Meaning::Nothing => debug.finish(),
            Meaning::Uri(uri) => {
                // A query may be a secret of its own.
                let uri = uri.to_string();
                let uri = uri.split('?').next().unwrap_or_default();
                debug.field("uri", &uri).finish_non_exhaustive()
            }
            Meaning::Origin(origin) => {
                let origin = String::from_utf8_lossy(origin);
                debug.field("origin", &origin).finish()
            }
        }
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
        let selector = Selector::origin(&uri);
        assert_eq!(selector, Selector::origin(&Uri::from_static("http://h:80")));
        assert_eq!(format!("{selector:?}"), "Selector { origin: \"http://h\" }");
    }
}
