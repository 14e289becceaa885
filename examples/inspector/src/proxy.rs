//! All that is not the page: requests to the upstream, through the cache.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::uri::PathAndQuery;
use http::{HeaderName, StatusCode, Uri, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower::{Layer, ServiceExt};
use tower_client_cache::{CacheHandle, CacheLayer, CacheService};

type Upstream = CacheService<Client<HttpConnector, Body>>;

/// An app that answers with what the upstream says, or has said.
pub fn through_a_cache(upstream: Uri) -> (Router, CacheHandle) {
    let layer = CacheLayer::new()
        .tag_field(HeaderName::from_static("cache-tag"))
        .cache_status("inspector");
    let handle = layer.handle();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let proxying = Router::new()
        .fallback(forward)
        .with_state((layer.layer(client), upstream));
    (proxying, handle)
}

async fn forward(
    State((client, upstream)): State<(Upstream, Uri)>,
    mut request: Request,
) -> Response {
    let Some(uri) = at(&upstream, request.uri().path_and_query()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    *request.uri_mut() = uri;
    // They are of the connection to the app, and of no use to the upstream.
    for name in [
        header::HOST,
        header::CONNECTION,
        header::UPGRADE,
        header::TE,
    ] {
        request.headers_mut().remove(name);
    }
    match client.oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

/// This path at the upstream.
#[must_use]
pub fn at(upstream: &Uri, path: Option<&PathAndQuery>) -> Option<Uri> {
    let mut parts = upstream.clone().into_parts();
    parts.path_and_query = Some(path?.clone());
    Uri::from_parts(parts).ok()
}
