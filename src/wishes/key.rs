//! What is one resource, where URIs do not tell.

use std::sync::Arc;

use bytes::Bytes;

/// The name that the answer to this request is stored by, and looked for, in the place of its URI: put it into the
/// request's extensions.
///
/// For URIs that differ where what they name does not: signed ones, say, or mirrors by path. The name is of the
/// origin of the URI alone, and users are kept apart as ever. `Vary` and methods count as they do for a URI. The
/// origin is asked for the URI as it is.
///
/// What is stored by a name is not found by a URI: it takes an unsafe request with the same name to invalidate it, or a
/// purge of [`Selector::request`](crate::Selector::request) with it; or one of its tags, its partition, its origin or
/// [what is below](crate::Selector::prefix) the root of that, or all.
///
/// Rules hold for the URI, whatever the name. The name is no secret: [`StoredInfo`](crate::StoredInfo) shows it,
/// behind the origin and a space.
///
/// ```
/// use http::Request;
/// use tower_client_cache::Key;
///
/// let signed = "https://example.com/file?signature=c2VjcmV0";
/// let request = Request::get(signed).extension(Key::new("file")).body(())?;
/// # let _ = request;
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(pub(super) Arc<str>);

impl Key {
    /// This name. Letter case counts.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into().into())
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// Parameters of the query that make no difference to this request: put it into the request's extensions.
///
/// What [`Rule::ignore_query`](crate::Rule::ignore_query) says for all requests this says for one, and beside it: the
/// request is answered with what is stored for the URI without them, and its answer is stored so. The origin is asked
/// for the URI as it is. Names are compared decoded, and letter case counts. A parameter with `;` or `?` in it always
/// makes a difference. An unsafe request invalidates what is stored for the URI without them as well.
///
/// ```
/// use http::Request;
/// use tower_client_cache::IgnoreQuery;
///
/// let uri = "https://example.com/news?utm_source=letter";
/// let request = Request::get(uri).extension(IgnoreQuery::new(["utm_source"])).body(())?;
/// # let _ = request;
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IgnoreQuery(pub(super) Arc<[Box<str>]>);

impl IgnoreQuery {
    /// The parameters of these names.
    #[must_use]
    pub fn new<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Self {
        let names = names.into_iter().map(Into::into);
        Self(names.map(String::into_boxed_str).collect())
    }
}

/// Keeps the answer to this request apart from those to requests that have another name here, or none: put it into the
/// request's extensions.
///
/// It stands beside the request's credentials and what
/// [`CacheLayer::partition`](crate::CacheLayer::partition) says: all of them have to be the same. What is stored so is
/// purged by [`Selector::partition`](crate::Selector::partition). The name is kept as a keyed hash.
///
/// ```
/// use bytes::Bytes;
/// use http::Request;
/// use tower_client_cache::Partition;
///
/// let tenant = Partition(Bytes::from_static(b"tenant-7"));
/// let request = Request::get("https://example.com/").extension(tenant).body(())?;
/// # let _ = request;
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Partition(pub Bytes);

impl std::fmt::Debug for Partition {
    /// The name may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Partition(..)")
    }
}
