//! Where a response came from.

use std::fmt;

use ::reqwest::Url;
use http::{Extensions, Uri};

/// Which URL a response of reqwest's came from, in the extensions of what [`AsHttp`](super::AsHttp) answers: the
/// last one, where reqwest has followed redirects.
///
/// [`final_uri`] reads it for the cache. [`AsReqwest`](super::AsReqwest) takes it out, and makes it the response's
/// [`url`](::reqwest::Response::url).
///
/// [`Debug`] writes neither its userinfo nor its query, which may be secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct FinalUrl(pub(super) Url);

impl FinalUrl {
    /// The URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Debug for FinalUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.0.origin().ascii_serialization();
        write!(f, "FinalUrl({origin}{})", self.0.path())
    }
}

/// Tells the cache which URI a response came from that is answered by [`AsHttp`](super::AsHttp), so that nothing is
/// stored under the URI of a redirect that reqwest has followed (choice C-53). It is made for
/// [`CacheLayer::final_uri`](crate::CacheLayer::final_uri).
///
/// [`CachedClient`](super::CachedClient) sets it by itself.
///
/// ```
/// use tower_client_cache::{CacheLayer, reqwest};
///
/// let layer = CacheLayer::new().final_uri(reqwest::final_uri);
/// # let _ = layer;
/// ```
#[must_use]
pub fn final_uri(extensions: &Extensions) -> Option<Uri> {
    let FinalUrl(url) = extensions.get()?;
    // What is no URI is that of no request either.
    Some(url.as_str().parse().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_and_a_query_are_not_printed() {
        let url = Url::parse("https://user:secret@example.com:81/a?key=secret#part").unwrap();
        let printed = format!("{:?}", FinalUrl(url));
        assert_eq!(printed, "FinalUrl(https://example.com:81/a)");
    }

    #[test]
    fn a_url_that_is_no_uri_is_that_of_no_request() {
        let mut extensions = Extensions::new();
        assert_eq!(final_uri(&extensions), None);

        let long = format!("https://example.com/{}", "a".repeat(100_000));
        extensions.insert(FinalUrl(Url::parse(&long).unwrap()));
        assert_eq!(final_uri(&extensions).unwrap().authority(), None);
    }
}
