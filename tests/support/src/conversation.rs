//! A client, the cache, a scripted origin and a clock.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::Empty;
use tower::{Layer, Service};
use tower_client_cache::background::Tokio;
use tower_client_cache::request_body::{Once, RequestBody};
use tower_client_cache::{CacheBody, CacheHandle, CacheLayer, CacheService};

use crate::answer::Answer;
use crate::body::{OriginBody, OriginError};
use crate::clock::Clock;
use crate::origin::{Origin, Reply};

/// A client that talks to an origin through the cache. Everything is public: a test takes what it needs.
#[derive(Debug, Clone)]
pub struct Conversation<P = Once> {
    pub clock: Clock,
    pub origin: Origin,
    pub handle: CacheHandle,
    pub client: CacheService<Origin, Tokio, P>,
}

impl Default for Conversation {
    fn default() -> Self {
        Self::with(|layer| layer)
    }
}

impl Conversation {
    /// One with settings of its own.
    pub fn with(set: impl FnOnce(CacheLayer) -> CacheLayer) -> Self {
        Self::through(set(CacheLayer::new()))
    }

    /// One whose cache is shared.
    pub fn shared() -> Self {
        Self::through(CacheLayer::shared())
    }

    /// One whose cache is shared and has settings of its own.
    pub fn shared_with(set: impl FnOnce(CacheLayer) -> CacheLayer) -> Self {
        Self::through(set(CacheLayer::shared()))
    }
}

impl<P: RequestBody<Empty<Bytes>> + Send> Conversation<P> {
    /// One through this cache, which gets the conversation's clock.
    pub fn through(layer: CacheLayer<Tokio, P>) -> Self {
        let clock = Clock::default();
        let origin = Origin::new(clock.clone());
        let layer = layer.clock(clock.clone());
        Self {
            clock,
            client: layer.layer(origin.clone()),
            handle: layer.handle(),
            origin,
        }
    }

    /// Sends a request and reads the answer to its end.
    #[track_caller]
    pub fn send(&self, request: Request<Empty<Bytes>>) -> impl Future<Output = Answer> + use<P> {
        let response = self.start(request);
        async move {
            let response = response.await.expect("an answer");
            Answer::read(response).await.expect("a whole body")
        }
    }

    /// Sends a request; the answer is for the test to read, or not to.
    pub fn start(
        &self,
        request: Request<Empty<Bytes>>,
    ) -> impl Future<Output = Result<Response<CacheBody<OriginBody>>, OriginError>> + Send + use<P>
    {
        self.client.clone().call(request)
    }

    /// `GET path`
    pub fn get(&self, path: &str) -> impl Future<Output = Answer> + use<P> {
        self.send(get(path, &[]))
    }

    /// `GET path` with these fields.
    pub fn get_with(
        &self,
        path: &str,
        fields: &[(&str, &str)],
    ) -> impl Future<Output = Answer> + use<P> {
        self.send(get(path, fields))
    }

    /// `GET /a`, which the origin answers with this reply.
    pub async fn store(&self, reply: Reply) -> Answer {
        self.origin.will(reply);
        self.get("/a").await
    }
}

/// A GET of a path at the origin `http://o.test`.
pub fn get(path: &str, fields: &[(&str, &str)]) -> Request<Empty<Bytes>> {
    request(Method::GET, path, fields)
}

/// A request for a path at the origin `http://o.test`, or for a whole URI.
pub fn request(method: Method, path: &str, fields: &[(&str, &str)]) -> Request<Empty<Bytes>> {
    let uri = if path.starts_with('/') {
        format!("http://o.test{path}")
    } else {
        path.to_owned()
    };
    let mut request = Request::new(Empty::new());
    *request.method_mut() = method;
    *request.uri_mut() = uri.parse().expect("a URI");
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a field name");
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a field value");
        request.headers_mut().append(name, value);
    }
    request
}
