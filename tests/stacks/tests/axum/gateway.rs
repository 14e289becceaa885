//! The cached client in an app's state.

use std::pin::pin;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::get;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header,
};
use http_body_util::BodyExt;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use stacks::{Closed, Site};
use tower::{Layer, ServiceExt};
use tower_client_cache::{CacheLayer, CacheService};

use crate::served::{Served, send};

/// What an app has in its state has to be `Clone + Send + Sync + 'static`.
#[derive(Clone)]
struct App {
    client: CacheService<Client<HttpConnector, Body>>,
    origin: Uri,
}

const PASSED_ON: [HeaderName; 6] = [
    header::CACHE_CONTROL,
    header::PRAGMA,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::RANGE,
    header::IF_RANGE,
];

/// Passes a page of another site on as it comes.
async fn passed_on(
    State(app): State<App>,
    method: Method,
    fields: HeaderMap,
) -> Result<Response<Body>, StatusCode> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = app.origin;
    // What the browser has to say about caching, and nothing of who it is.
    for name in PASSED_ON {
        for value in fields.get_all(&name) {
            request.headers_mut().append(&name, value.clone());
        }
    }
    let response = app.client.oneshot(request).await;
    let response = response.map_err(|error| match error.is_connect() {
        true => StatusCode::BAD_GATEWAY,
        false => StatusCode::INTERNAL_SERVER_ERROR,
    })?;
    Ok(response.map(Body::new))
}

pub(crate) async fn gateway(layer: &CacheLayer, origin: Uri) -> Served {
    Served::app(asking(layer, origin)).await
}

/// The app whose client asks there.
pub(crate) fn asking(layer: &CacheLayer, origin: Uri) -> Router {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let client = layer.layer(client);
    Router::new()
        .route("/", get(passed_on))
        .with_state(App { client, origin })
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
