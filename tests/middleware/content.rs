//! Keys made from content: QUERY (RFC 10008), and POST that a rule says is safe.

mod lengths;
mod posts;
mod query;
mod replay;

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body::{Body, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use support::{Answer, Clock, Origin, OriginBody, OriginError, Reply, request};
use tower::{Layer, Service};
use tower_client_cache::background::Tokio;
use tower_client_cache::request_body::{Replay, RequestBody};
use tower_client_cache::{CacheHandle, CacheLayer, CacheService};

pub(crate) type Content = UnsyncBoxBody<Bytes, OriginError>;

/// What the origin heard of a request's content.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) octets: Bytes,
    pub(crate) trailers: Option<HeaderMap>,
    failed: Option<OriginError>,
    /// Before any of it came.
    hint: SizeHint,
}

/// An origin that listens to the end of a request before it answers.
#[derive(Debug, Clone)]
pub(crate) struct Listening {
    origin: Origin,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Service<Request<Content>> for Listening {
    type Response = Response<OriginBody>;
    type Error = OriginError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, OriginError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OriginError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Content>) -> Self::Future {
        let (head, mut body) = request.into_parts();
        let answer = self.origin.call(Request::from_parts(head, ()));
        let heard = self.heard.clone();
        Box::pin(async move {
            let mut listened = Heard {
                octets: Bytes::new(),
                trailers: None,
                failed: None,
                hint: body.size_hint(),
            };
            let mut octets = Vec::new();
            while let Some(frame) = body.frame().await {
                match frame.map(http_body::Frame::into_data) {
                    Ok(Ok(data)) => octets.extend_from_slice(&data),
                    Ok(Err(frame)) => listened.trailers = frame.into_trailers().ok(),
                    Err(error) => listened.failed = Some(error),
                }
            }
            listened.octets = octets.into();
            let failed = listened.failed.clone();
            heard.lock().expect("no test panicked").push(listened);
            match failed {
                Some(error) => Err(error),
                None => answer.await,
            }
        })
    }
}

/// A client that sends content to an origin through the cache.
pub(crate) struct Talk<P> {
    pub(crate) clock: Clock,
    pub(crate) origin: Origin,
    heard: Arc<Mutex<Vec<Heard>>>,
    pub(crate) handle: CacheHandle,
    pub(crate) client: CacheService<Listening, Tokio, P>,
}

/// Through a cache with these settings, and a way to make bodies.
pub(crate) fn with(
    set: impl FnOnce(CacheLayer) -> CacheLayer,
) -> Talk<impl RequestBody<Content> + Send + Sync + 'static> {
    Talk::through(
        set(CacheLayer::new()).request_body(|content: Replay<Content>| content.boxed_unsync()),
    )
}

impl<P: RequestBody<Content> + Send> Talk<P> {
    pub(crate) fn through(layer: CacheLayer<Tokio, P>) -> Self {
        let clock = Clock::default();
        let origin = Origin::new(clock.clone());
        let heard = Arc::default();
        let listening = Listening {
            origin: origin.clone(),
            heard: Arc::clone(&heard),
        };
        let layer = layer.clock(clock.clone());
        Self {
            clock,
            origin,
            heard,
            client: layer.layer(listening),
            handle: layer.handle(),
        }
    }

    pub(crate) async fn try_send(&self, request: Request<Content>) -> Result<Answer, OriginError> {
        let response = self.client.clone().call(request).await?;
        Answer::read(response).await
    }

    pub(crate) async fn send(&self, request: Request<Content>) -> Answer {
        self.try_send(request).await.expect("an answer")
    }

    /// `QUERY /q` with this content.
    async fn query(&self, content: &'static str) -> Answer {
        self.send(query(content, &[])).await
    }

    /// `POST /q` with this content.
    async fn post(&self, content: &'static str) -> Answer {
        self.send(asking("POST", content, &[])).await
    }

    pub(crate) fn heard(&self) -> Heard {
        let heard = self.heard.lock().expect("no test panicked");
        heard.last().expect("it was asked").clone()
    }
}

fn query(content: &'static str, fields: &[(&str, &str)]) -> Request<Content> {
    asking("QUERY", content, fields)
}

/// A request for `/q`, of which the content is a text where nothing else is said.
fn asking(method: &str, content: &'static str, fields: &[(&str, &str)]) -> Request<Content> {
    let body = Full::from(content).map_err(|never| match never {});
    with_body(method, body.boxed_unsync(), fields)
}

fn with_body(method: &str, body: Content, fields: &[(&str, &str)]) -> Request<Content> {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let mut request = request(method, "/q", fields).map(|_| body);
    let fields = request.headers_mut();
    fields
        .entry("content-type")
        .or_insert(HeaderValue::from_static("text/plain"));
    request
}

fn fresh(content: &'static str) -> Reply {
    support::reply(200).control("max-age=60").body(content)
}
