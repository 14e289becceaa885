//! hyper's client with TLS by rustls, inside the cache: fetches each URL twice, and prints what the cache did.
//!
//! ```text
//! cargo run -p stacks --example hyper_rustls                                # servers on loopback; it ends by itself
//! cargo run -p stacks --example hyper_rustls -- https://www.rust-lang.org/  # a real site
//! ```

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{self, Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use stacks::{SecureSite, page, provider};
use tokio::time::{Instant, timeout};
use tower::{ServiceBuilder, ServiceExt};
use tower_client_cache::{CacheBody, CacheLayer, CacheService, CacheStatus};

type Error = Box<dyn std::error::Error + Send + Sync>;
type Https = CacheService<Client<HttpsConnector<HttpConnector>, Empty<Bytes>>>;

#[tokio::main]
async fn main() -> ExitCode {
    let urls: Vec<String> = std::env::args().skip(1).collect();
    let shown = if urls.is_empty() {
        show_loopback().await
    } else {
        show_real_sites(&urls).await
    };
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nfailed: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

/// The client: HTTP/1.1 or HTTP/2, as each server likes best, and the cache around it.
fn client(trust: ClientConfig) -> Https {
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(trust)
        .https_or_http()
        .enable_all_versions()
        .build();
    ServiceBuilder::new()
        .layer(CacheLayer::new())
        .service(Client::builder(TokioExecutor::new()).build(connector))
}

/// Two servers on loopback, which have made their certificates themselves.
async fn show_loopback() -> Result<(), Error> {
    let (old, new) = (
        SecureSite::of_pages(&["http/1.1"]).await,
        SecureSite::serve(&["h2", "http/1.1"], validating).await,
    );
    let client = client(SecureSite::trusted([&old, &new]));
    let stored = "fwd=uri-miss; fwd-status=200; stored";
    for (site, second) in [(&old, "hit"), (&new, "fwd=stale; fwd-status=304; stored")] {
        for expected in [stored, second] {
            let found = fetch(&client, site.uri("/news")).await?.to_string();
            if !found.starts_with(expected) {
                return Err(format!("expected {expected:?}, found {found:?}").into());
            }
        }
    }
    Ok(())
}

/// A page that has to be validated each time.
async fn validating(request: Request<Incoming>) -> Response<Full<Bytes>> {
    let is_known = request.headers().contains_key(header::IF_NONE_MATCH);
    let mut response = page(if is_known { "" } else { "edition 1" });
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let fields = response.headers_mut();
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    fields.insert(header::ETAG, HeaderValue::from_static("\"1\""));
    response
}

/// Whatever sites there are, with the certificates that this machine trusts.
async fn show_real_sites(urls: &[String]) -> Result<(), Error> {
    let trust = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_native_roots()?
        .with_no_client_auth();
    let client = client(trust);
    let mut failed = 0;
    for url in urls {
        for _ in 0..2 {
            if let Err(error) = fetch(&client, url.parse()?).await {
                println!("  {}", with_causes(&*error));
                failed += 1;
            }
        }
    }
    if failed > 0 {
        return Err(format!("{failed} of {} requests", 2 * urls.len()).into());
    }
    Ok(())
}

/// Fetches a page, reads it to its end, and prints how that went.
async fn fetch(client: &Https, uri: Uri) -> Result<CacheStatus, Error> {
    println!("GET {uri}");
    let begun = Instant::now();
    let request = Request::get(uri)
        .header(header::USER_AGENT, "tower-client-cache-example")
        .header(header::ACCEPT, "*/*")
        .body(Empty::new())?;
    let response: Result<Response<CacheBody<Incoming>>, legacy::Error> =
        timeout(Duration::from_secs(30), client.clone().oneshot(request)).await?;
    let (head, body) = response?.into_parts();
    let body = timeout(Duration::from_secs(60), body.collect()).await??;
    let status = head.extensions.get::<CacheStatus>();
    let status = *status.ok_or("every response says what the cache did")?;
    println!(
        "  {:?} {}, {} octets, {:?}",
        head.version,
        head.status,
        body.to_bytes().len(),
        begun.elapsed()
    );
    if let Some(target) = head.headers.get(header::LOCATION) {
        println!("  it is at {target:?}");
    }
    println!("  {status}");
    Ok(status)
}

/// An error, and what is behind it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
