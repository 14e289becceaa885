//! What an event is about.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::Uri;
use http::uri::Authority;

#[cfg(feature = "tracing")]
use super::About;
use crate::key::CacheKey;

/// What an event is about: the URI of a request as it stands there, or of a stored response as it stands in its key.
///
/// [`Display`](fmt::Display) writes it without userinfo; [`Debug`] without its query as well, which may be a secret.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use tower_client_cache::{CacheLayer, Event};
///
/// let handle = CacheLayer::new().handle();
/// let mut events = handle.subscribe();
/// let request = Request::get("https://example.com/news?page=2").body(())?;
/// let response = Response::builder().header("cache-control", "max-age=60");
/// handle.insert(&request, response.body(Bytes::from("news"))?).expect("it may be stored");
///
/// let Some(Event::Stored { uri, .. }) = events.try_next() else { panic!("it was stored") };
/// assert_eq!(uri.to_text(), "https://example.com/news?page=2");
/// assert!(!format!("{uri:?}").contains("page"));
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Clone)]
pub struct EventUri(Of);

#[derive(Clone)]
enum Of {
    Key(Arc<CacheKey>),
    Request(Uri),
}

impl EventUri {
    /// It as text, without userinfo.
    #[must_use]
    pub fn to_text(&self) -> Cow<'_, str> {
        match &self.0 {
            Of::Key(key) => String::from_utf8_lossy(&key.uri),
            Of::Request(uri) => Cow::Owned(without_userinfo(uri)),
        }
    }
}

impl EventUri {
    pub(crate) fn of_key(key: &Arc<CacheKey>) -> Self {
        Self(Of::Key(key.clone()))
    }

    pub(crate) fn of_request(uri: &Uri) -> Self {
        Self(Of::Request(uri.clone()))
    }
}

#[cfg(feature = "tracing")]
impl EventUri {
    pub(crate) fn about(&self) -> About<'_> {
        match &self.0 {
            Of::Key(key) => About::Key(key),
            Of::Request(uri) => About::Request(uri),
        }
    }
}

impl fmt::Display for EventUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl fmt::Debug for EventUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.to_text();
        let path = text.split('?').next().unwrap_or_default();
        write!(f, "{path:?}")
    }
}

fn without_userinfo(uri: &Uri) -> String {
    let scheme = uri.scheme_str().map(|scheme| format!("{scheme}://"));
    let authority = uri.authority().map(Authority::as_str);
    let host = authority.and_then(|authority| authority.rsplit('@').next());
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    [&*scheme.unwrap_or_default(), host.unwrap_or_default(), path].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_told_and_a_query_not_printed() {
        for (uri, expected) in [
            ("http://user:secret@h:81/a?b", "http://h:81/a?b"),
            ("/a?b", "/a?b"),
            ("h:443", "h:443"),
            ("*", "*"),
        ] {
            let uri = EventUri::of_request(&uri.parse().unwrap());
            assert_eq!(uri.to_string(), expected);
            assert!(!format!("{uri:?}").contains("?b"));
        }
    }
}
