//! A client of many layers, with the cache in its place.
//!
//! ```text
//! cargo run -p stack
//! ```
//!
//! [`client`] is the stack. The tests in `tests/order` put its layers elsewhere, and show what goes wrong.

pub mod attempts;
pub mod cookies;
pub mod journal;
pub mod origin;

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tower::limit::ConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower::retry::RetryLayer;
use tower::{BoxError, Service, ServiceBuilder};
use tower_client_cache::{CacheLayer, CacheStatus};
use tower_http::auth::AddAuthorizationLayer;
use tower_http::decompression::DecompressionLayer;
use tower_http::follow_redirect::FollowRedirectLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::{DefaultMakeSpan, OnResponse, TraceLayer};
use tracing::{Level, Span};

use attempts::Attempts;
use cookies::{CookieLayer, Jar};
use journal::{Mark, told};

/// For so long a caller waits, redirects and attempts and all.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// So many requests are on their way to origins at once; what is more is refused.
pub const PERMITS: usize = 1;

/// The client of one user. Users share the store where they are given clones of one layer.
///
/// `told` is there for the show: a client without it works the same.
pub fn client(
    token: &str,
    jar: Jar,
    cache: CacheLayer,
) -> impl Service<
    Request<Full<Bytes>>,
    Response = Response<impl Body<Data = Bytes, Error = BoxError> + Send + 'static>,
    Error = BoxError,
    Future: Send,
> + Clone
+ Send
+ 'static {
    let auth = AddAuthorizationLayer::bearer(token).as_sensitive(true);
    let timeout = TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, PATIENCE);
    let http_client = Client::builder(TokioExecutor::new()).build_http();
    ServiceBuilder::new()
        .layer(told("trace", trace()))
        .layer(told("auth", auth))
        .layer(told("cookies", CookieLayer::new(jar)))
        .layer(told("timeout", timeout))
        .layer(told("redirect", FollowRedirectLayer::new()))
        .layer(told("decompression", DecompressionLayer::new()))
        .layer(told("cache", cache))
        .layer(told("retry", RetryLayer::new(Attempts::default())))
        .layer(told("load shed", LoadShedLayer::new()))
        .layer(told("limit", ConcurrencyLimitLayer::new(PERMITS)))
        .service(Mark::outside("client", http_client))
}

fn trace() -> TraceLayer<
    tower_http::classify::SharedClassifier<tower_http::classify::ServerErrorsAsFailures>,
    DefaultMakeSpan,
    tower_http::trace::DefaultOnRequest,
    Outcome,
> {
    TraceLayer::new_for_http()
        .make_span_with(DefaultMakeSpan::new().level(Level::INFO))
        .on_response(Outcome)
}

/// One event for each request, hits included, with what the cache says.
#[derive(Debug, Clone)]
struct Outcome;

impl<B> OnResponse<B> for Outcome {
    fn on_response(self, response: &Response<B>, _: Duration, _: &Span) {
        let status = response.status().as_u16();
        match response.extensions().get::<CacheStatus>() {
            Some(cache) => tracing::info!(status, %cache),
            None => tracing::info!(status),
        }
    }
}
