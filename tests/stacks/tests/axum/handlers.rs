//! axum on either side: the layer around one's own handlers, and the cached client in an app's state.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use stacks::{Closed, Site, hyper_client};
use support::Answer;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tower::{Layer, ServiceExt};
use tower_client_cache::{CacheLayer, CacheService, Forward};

/// An app that is served on a port of its own, until it is dropped.
struct Served {
    address: SocketAddr,
    _task: JoinSet<()>,
}

impl Served {
    async fn app(app: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mut task = JoinSet::new();
        task.spawn(async { axum::serve(listener, app).await.expect("it serves") });
        Self {
            address,
            _task: task,
        }
    }

    fn uri(&self, path: &str) -> Uri {
        format!("http://{}{path}", self.address)
            .parse()
            .expect("a URI")
    }

    fn get(&self, path: &str) -> Request<Empty<Bytes>> {
        stacks::get(self.uri(path))
    }

    async fn text(&self, path: &str) -> String {
        text(send(self.get(path)).await).await
    }
}

/// Sends a request without a cache in between.
async fn send(request: Request<Empty<Bytes>>) -> Response<Incoming> {
    hyper_client().request(request).await.expect("a head")
}

async fn text(response: Response<Incoming>) -> String {
    let body = response.into_body().collect().await;
    String::from_utf8(body.expect("a whole body").to_bytes().into()).expect("text")
}

/// How often the handlers were called.
type Calls = Arc<AtomicUsize>;

async fn page(State(calls): State<Calls>, Path(name): Path<String>) -> impl IntoResponse {
    let call = calls.fetch_add(1, Ordering::SeqCst) + 1;
    let fields = [(header::CACHE_CONTROL, "max-age=86400")];
    (fields, format!("{name}, call {call}"))
}

fn pages(layer: &CacheLayer) -> (Calls, Router) {
    let calls = Calls::default();
    let route = get(page).post(async || StatusCode::NO_CONTENT);
    let app = Router::new()
        .route("/{name}", route)
        .layer(layer.clone())
        .with_state(calls.clone());
    (calls, app)
}

/// EDGE-37, 9111-2-1: a server sees the path and `Host`, and these make the key.
#[tokio::test]
async fn the_layer_around_a_router_answers_for_its_handlers() {
    let layer = CacheLayer::new();
    let (calls, app) = pages(&layer);
    let served = Served::app(app).await;
    for _ in 0..2 {
        assert_eq!(served.text("/a").await, "a, call 1");
    }
    assert_eq!(served.text("/b").await, "b, call 2");
    assert_eq!(layer.handle().stats().hits(), 1);

    let mut other = served.get("/a");
    let host = HeaderValue::from_static("other.test");
    other.headers_mut().insert(header::HOST, host);
    let other = text(send(other).await).await;
    assert_eq!(other, "a, call 3", "another host");
    assert_eq!(calls.load(Ordering::SeqCst), 3);

    let purged = layer.handle().purge(&served.uri("/a"));
    assert_eq!(purged.responses(), 1);
    assert_eq!(served.text("/a").await, "a, call 4");
}

/// 9111-4-2, 9111-4.4-1: the router makes a service for each method; they share the store.
#[tokio::test]
async fn head_and_post_go_by_what_get_has_stored() {
    let layer = CacheLayer::new();
    let (calls, app) = pages(&layer);
    let served = Served::app(app).await;
    assert_eq!(served.text("/a").await, "a, call 1");

    let mut head = served.get("/a");
    *head.method_mut() = Method::HEAD;
    let head = send(head).await;
    assert!(head.headers().contains_key(header::AGE));
    assert_eq!(calls.load(Ordering::SeqCst), 1);

    let mut post = served.get("/a");
    *post.method_mut() = Method::POST;
    let posted = send(post).await;
    assert_eq!(posted.status(), StatusCode::NO_CONTENT);
    assert!(layer.handle().is_empty());
    assert_eq!(served.text("/a").await, "a, call 2");
}

/// EDGE-34: axum makes a `Content-Length` of what a body says of its size. In the answer to a HEAD it is
/// the length of the page or it is not there, but it is not zero.
#[tokio::test]
async fn a_head_answered_from_a_stored_get_does_not_say_that_the_page_is_empty() {
    let layer = CacheLayer::new();
    let (calls, app) = pages(&layer);
    let served = Served::app(app).await;
    assert_eq!(served.text("/a").await, "a, call 1");

    let mut head = served.get("/a");
    *head.method_mut() = Method::HEAD;
    let head = send(head).await;
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    let length = head.headers().get(header::CONTENT_LENGTH);
    assert!(length.is_none_or(|length| length == "9"), "{length:?}");
}

/// EDGE-37: a request that names no host has no target URI, and is not looked up.
#[tokio::test]
async fn a_request_without_a_host_is_passed_on() {
    let layer = CacheLayer::new();
    let (_, app) = pages(&layer);
    for call in 1..=2 {
        let request = Request::get("/a").body(Body::empty()).expect("a request");
        let response = app.clone().oneshot(request).await.expect("a response");
        let answer = Answer::read(response).await.expect("a whole body");
        answer.assert_forwarded(Forward::Bypass);
        assert_eq!(answer.text(), format!("a, call {call}"));
    }
    assert!(layer.handle().is_empty());
}

/// 9111-2-1: around nested routers, the layer sees the whole path.
#[tokio::test]
async fn nested_routers_have_the_layer_around_them_all() {
    let layer = CacheLayer::new();
    let section = Router::new().route("/{name}", get(page));
    let calls = Calls::default();
    let app = Router::new()
        .nest("/one", section.clone())
        .nest("/two", section)
        .layer(layer.clone())
        .with_state(calls.clone());
    let served = Served::app(app).await;
    for _ in 0..2 {
        assert_eq!(served.text("/one/a").await, "a, call 1");
        assert_eq!(served.text("/two/a").await, "a, call 2");
    }
    assert_eq!(layer.handle().len(), 2);
}

/// What an app has in its state has to be `Clone + Send + Sync + 'static`.
#[derive(Clone)]
struct App {
    client: CacheService<Client<HttpConnector, Body>>,
    origin: Uri,
}

/// Passes a page of another site on as it comes.
async fn passed_on(
    State(app): State<App>,
    method: Method,
    fields: HeaderMap,
) -> Result<Response<Body>, StatusCode> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = app.origin;
    if let Some(directives) = fields.get(header::CACHE_CONTROL) {
        let directives = directives.clone();
        request
            .headers_mut()
            .insert(header::CACHE_CONTROL, directives);
    }
    let response = app.client.oneshot(request).await;
    let response = response.map_err(|error| match error.is_connect() {
        true => StatusCode::BAD_GATEWAY,
        false => StatusCode::INTERNAL_SERVER_ERROR,
    })?;
    Ok(response.map(Body::new))
}

async fn gateway(layer: &CacheLayer, origin: Uri) -> Served {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let client = layer.layer(client);
    let app = Router::new()
        .route("/", get(passed_on))
        .with_state(App { client, origin });
    Served::app(app).await
}

/// Promise 4, PRJ-7-1: what the app hands on is a stream, and is stored on the way.
#[tokio::test]
async fn an_app_with_the_client_in_its_state_streams_what_it_gets() {
    let (frames, site) = Site::streaming().await;
    let layer = CacheLayer::new();
    let gateway = gateway(&layer, site.uri("/a")).await;
    let mut body = pin!(send(gateway.get("/")).await.into_body());
    for part in ["one", "two"] {
        assert!(frames.data(part), "somebody reads");
        let frame = body.frame().await.expect("a frame").expect("no error");
        assert_eq!(frame.into_data().expect("data"), part);
    }
    drop(frames);
    assert!(body.frame().await.is_none());

    assert_eq!(gateway.text("/").await, "onetwo");
    assert_eq!(layer.handle().stats().hits(), 1);
    assert_eq!(site.calls(), 1);
}

/// PRJ-L-7, 9111-5.2.1.7-1: the app tells a failure to connect from an answer of the cache's own.
#[tokio::test]
async fn an_app_sees_the_errors_of_its_client() {
    let closed = Closed::port();
    let gateway = gateway(&CacheLayer::new(), closed.uri()).await;
    let refused = send(gateway.get("/")).await;
    assert_eq!(refused.status(), StatusCode::BAD_GATEWAY);
    let mut request = gateway.get("/");
    let directive = HeaderValue::from_static("only-if-cached");
    request
        .headers_mut()
        .insert(header::CACHE_CONTROL, directive);
    let unsatisfiable = send(request).await;
    assert_eq!(unsatisfiable.status(), StatusCode::GATEWAY_TIMEOUT);
}
