//! What the tests and the example of kube and octocrab share: the two services, scripted, on loopback; the client
//! below the cache; and what a write makes wrong beside its target.

use http::{Method, Request, Uri};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tower_client_cache::{Invalidates, Selector};

mod answer;
mod github;
mod kubernetes;

pub use github::{GitHub, LIMIT};
pub use kubernetes::ApiServer;

/// A client for HTTP/1.1 without TLS, whose requests have this body.
pub fn http_client<B>() -> Client<HttpConnector, B>
where
    B: http_body::Body<Data: Send> + Send,
{
    Client::builder(TokioExecutor::new()).build_http()
}

/// Says of a write that it makes wrong the collection it is in: what is stored for the collection and for all that
/// is below it, whatever the query.
///
/// The rules of HTTP know of the written URI alone. So a `PATCH` of `/labels/bug` leaves `/labels?page=2` as it is
/// stored; and kube writes to `/configmaps/a?`, which is another URI than `/configmaps/a`. It goes between the cache
/// and the layer that makes the URI absolute: `ServiceBuilder::map_request(writes_collection)`.
///
/// ```
/// use http::Request;
/// use tower_client_cache::Invalidates;
///
/// let request = Request::patch("https://example.com/labels/bug").body(()).unwrap();
/// let request = clients::writes_collection(request);
/// assert!(request.extensions().get::<Invalidates>().is_some());
/// ```
pub fn writes_collection<B>(mut request: Request<B>) -> Request<B> {
    if request.method().is_safe() {
        return request;
    }
    let path = request.uri().path();
    let collection = match (request.method(), path.rsplit_once('/')) {
        (&Method::POST, _) | (_, None | Some(("", _))) => path,
        (_, Some((collection, _))) => collection,
    };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = collection.parse().ok();
    if let Ok(collection) = Uri::from_parts(parts) {
        let invalidates = Invalidates(Selector::prefix(&collection));
        request.extensions_mut().insert(invalidates);
    }
    request
}
