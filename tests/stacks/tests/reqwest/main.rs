//! reqwest's client below the cache, and its types on both sides of it.

use reqwest::{Client, ClientBuilder, Response, redirect};
use stacks::Site;
use tower_client_cache::reqwest::CachedClient;
use tower_client_cache::{CacheLayer, CacheStatus};

mod bodies;
mod client;
mod content;
mod credentials;
mod errors;
mod followed;
mod layers;
mod redirects;
mod timeouts;
mod types;
mod unsafe_requests;

/// A client that asks this host alone, and follows nothing.
fn plain() -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
}

fn http() -> Client {
    plain().build().expect("a client")
}

fn cached() -> CachedClient {
    CachedClient::new(http(), CacheLayer::new())
}

fn url(site: &Site, path: &str) -> String {
    site.uri(path).to_string()
}

fn status(response: &Response) -> CacheStatus {
    *response
        .extensions()
        .get::<CacheStatus>()
        .expect("every response says what the cache did")
}

/// What the cache did, and the content.
async fn read(response: Response) -> (CacheStatus, String) {
    let status = status(&response);
    (status, response.text().await.expect("a whole body"))
}
