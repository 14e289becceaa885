//! The client and what is around it, in the order in which the crate's documentation draws it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client as Pool, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use tower::util::BoxCloneService;
use tower::{BoxError, Layer, ServiceBuilder, ServiceExt, service_fn};
use tower_client_cache::request_body::AsDefault;
use tower_client_cache::{CacheHandle, CacheLayer};
use tower_http::decompression::DecompressionLayer;
use tower_http::follow_redirect::FollowRedirectLayer;
use tower_http::follow_redirect::policy::{FilterCredentials, Limited, PolicyExt};
use tower_http::timeout::ResponseBodyTimeoutLayer;

use crate::background::Awaited;
use crate::report::Report;
use crate::trail::Trail;

/// As many as Fetch follows.
const REDIRECTS: usize = 20;

pub(crate) type Body = UnsyncBoxBody<Bytes, BoxError>;

pub(crate) type Client = BoxCloneService<Request<Empty<Bytes>>, Response<Body>, BoxError>;

pub(crate) type Cache = CacheLayer<Awaited, AsDefault>;

/// Puts the cache into a client: timeouts, redirects and decompression above it, so that a hit is subject to them as well,
/// each hop is stored under its own URI, and what is stored is as the origin sent it.
///
/// With `explain` each request is explained there before it is sent: as the cache sees it, with the fields that the
/// layers above have added.
pub(crate) fn around(
    cache: &Cache,
    timeout: Duration,
    explain: Option<(CacheHandle, Report)>,
) -> Result<Client, rustls::Error> {
    let pool: Pool<_, Empty<Bytes>> = Pool::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .build(connector()?);
    let cached = cache.layer(pool);
    let watched = service_fn(move |request: Request<Empty<Bytes>>| {
        let trail = request.extensions().get::<Trail>().cloned();
        let (explain, cached) = (explain.clone(), cached.clone());
        async move {
            if let Some((handle, report)) = explain {
                let explained = handle.explain(&request);
                report.explain(request.uri(), &explained).await?;
            }
            if let Some(trail) = &trail {
                trail.begin(request.uri());
            }
            let response = cached.oneshot(request).await?;
            if let Some(trail) = &trail {
                trail.answer(&response);
            }
            Ok::<_, BoxError>(response)
        }
    });
    // Credentials do not go to another origin, the request's mode and its trail do: they never leave this process.
    let redirects = Limited::new(REDIRECTS)
        .and::<_, Empty<Bytes>, BoxError>(FilterCredentials::new().keep_all_extensions());
    let client = ServiceBuilder::new()
        .map_response(|response: Response<_>| response.map(BodyExt::boxed_unsync))
        .timeout(timeout)
        .layer(ResponseBodyTimeoutLayer::new(timeout))
        .layer(FollowRedirectLayer::with_policy(redirects))
        .layer(DecompressionLayer::new())
        .service(watched);
    Ok(BoxCloneService::new(client))
}

/// HTTP/1.1 and HTTP/2, with the certificates that this system trusts; where it has none, with those that Mozilla does.
fn connector() -> Result<HttpsConnector<HttpConnector>, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let native = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider.clone());
    let builder = match native {
        Ok(builder) => builder,
        Err(_) => HttpsConnectorBuilder::new().with_provider_and_webpki_roots(provider)?,
    };
    Ok(builder.https_or_http().enable_all_versions().build())
}
