//! kube: its own layers above the cache, against a server that behaves as an API server does.
//!
//! What the cache gives there: objects and lists are `no-cache` and have no validator, so they come from the server each
//! time, and watches stream; what is served, and its descriptions, are validated or fresh and cost next to nothing.

use clients::{ApiServer, http_client, writes_collection};
use http::Request;
use http_body_util::BodyExt;
use kube::client::{Body, ClientBuilder, ConfigExt};
use kube::config::AuthInfo;
use kube::{Client, Config};
use support::Clock;
use tower::{BoxError, ServiceBuilder};
use tower_client_cache::{CacheHandle, CacheLayer, CacheStatus};

mod discovery;
mod objects;
mod users;

/// kube with the cache in it: kube's own layers above, the HTTP client below. Where there is TLS, that one is built with
/// `config.rustls_https_connector()`.
fn client(config: &Config, cache: &CacheLayer) -> Client {
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer().expect("a token"))
        .layer(config.extra_headers_layer().expect("fields"))
        .map_request(writes_collection)
        .map_err(BoxError::from)
        .layer(cache)
        .service(http_client::<Body>());
    ClientBuilder::new(service, config.default_namespace.clone()).build()
}

/// Who asks is in the configuration, as in a `kubeconfig`.
fn config(server: &ApiServer, token: &str, impersonate: Option<&str>) -> Config {
    let mut config = Config::new(server.uri());
    config.auth_info = AuthInfo {
        token: Some(token.into()),
        impersonate: impersonate.map(str::to_owned),
        ..AuthInfo::default()
    };
    config
}

fn cache(clock: &Clock) -> CacheLayer {
    CacheLayer::new().clock(clock.clone())
}

/// An API server as they are, and one client of it.
async fn cluster() -> (ApiServer, CacheHandle, Client) {
    let clock = Clock::default();
    let server = ApiServer::start(&clock).await;
    let cache = cache(&clock);
    let client = client(&config(&server, "alice", None), &cache);
    (server, cache.handle(), client)
}

/// The same, whose objects are fresh for a minute.
async fn cluster_with_lifetimes() -> (ApiServer, CacheHandle, Client) {
    let clock = Clock::default();
    let server = ApiServer::with_lifetimes(&clock).await;
    let cache = cache(&clock);
    let client = client(&config(&server, "alice", None), &cache);
    (server, cache.handle(), client)
}

/// Sends a request, and says what the cache did.
async fn status(client: &Client, request: Request<Body>) -> CacheStatus {
    let response = client.send(request).await.expect("a head");
    let status = *response.extensions().get().expect("a status");
    response.into_body().collect().await.expect("a whole body");
    status
}
