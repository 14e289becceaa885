//! A web app with a cache on either side: between its handlers and another site, and around its own slow pages.
//!
//! ```text
//! cargo run -p stacks --example axum    # it asks itself, prints what happens, and ends by itself
//! ```

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tower::{Layer, ServiceExt};
use tower_client_cache::{CacheLayer, CacheService, CacheStatus};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// What the handlers share. The client is cheap to clone, and all its clones have one cache.
#[derive(Clone)]
struct App {
    client: CacheService<Client<HttpConnector, Body>>,
    news: Uri,
    reports: Arc<AtomicUsize>,
}

/// The app: two kinds of pages, each with the cache that fits it.
fn app(app: App) -> Router {
    // What one browser gets of these is for all. A handler says so by its `Cache-Control`.
    let own = Router::new()
        .route("/report/{year}", get(report).post(new_figures))
        .layer(CacheLayer::shared());
    Router::new()
        .route("/news", get(news))
        .merge(own)
        // Above both caches: it sees hits as well.
        .layer(middleware::map_response(told))
        .with_state(app)
}

/// Passes a page of another site on, as it comes.
async fn news(
    State(app): State<App>,
    method: Method,
    fields: HeaderMap,
) -> Result<Response, StatusCode> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = app.news;
    // What the browser says of what it has and takes. Its cookies are none of the other site's business.
    for name in [
        header::CACHE_CONTROL,
        header::PRAGMA,
        header::IF_NONE_MATCH,
        header::IF_MODIFIED_SINCE,
        header::RANGE,
        header::IF_RANGE,
    ] {
        for value in fields.get_all(&name) {
            request.headers_mut().append(&name, value.clone());
        }
    }
    let response = app.client.oneshot(request).await;
    let mut response = response.map_err(|_| StatusCode::BAD_GATEWAY)?;
    // This is about the connection to the other site.
    for name in [header::CONNECTION, header::TRANSFER_ENCODING] {
        response.headers_mut().remove(name);
    }
    Ok(response.map(Body::new))
}

/// A page of the app's own that takes a while to make.
async fn report(State(app): State<App>, Path(year): Path<u16>) -> impl IntoResponse {
    let made = app.reports.fetch_add(1, Ordering::SeqCst) + 1;
    let fields = [
        // For browsers a minute, here an hour.
        (
            header::CACHE_CONTROL,
            "public, max-age=60, s-maxage=3600".to_owned(),
        ),
        (header::ETAG, format!("\"{made}\"")),
    ];
    (fields, format!("report of {year}, edition {made}"))
}

/// An unsafe request makes the page wrong: what is stored of it is not reused as it is.
async fn new_figures() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Shows the browser what the cache did.
async fn told(mut response: Response) -> Response {
    let status = response.extensions().get::<CacheStatus>().copied();
    let text = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    if let Ok(text) = HeaderValue::try_from(text) {
        let name = HeaderName::from_static("x-cache");
        response.headers_mut().insert(name, text);
    }
    response
}

/// The other site, and how often it is asked.
fn other_site(asked: Arc<AtomicUsize>) -> Router {
    let news = async move |fields: HeaderMap| {
        asked.fetch_add(1, Ordering::SeqCst);
        let has = fields.get(header::IF_NONE_MATCH);
        let is_known = has.is_some_and(|tag| tag == "\"morning\"");
        let fields = [
            (header::CACHE_CONTROL, "max-age=60"),
            (header::ETAG, "\"morning\""),
        ];
        match is_known {
            true => (StatusCode::NOT_MODIFIED, fields, ""),
            false => (StatusCode::OK, fields, "the morning's news"),
        }
    };
    Router::new().route("/", get(news))
}

#[tokio::main]
async fn main() -> ExitCode {
    let failure = match timeout(Duration::from_secs(30), show()).await {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(failure)) => failure.to_string(),
        Err(_) => "it has not come to its end in 30 seconds".to_owned(),
    };
    eprintln!("\nfailed: {failure}");
    ExitCode::FAILURE
}

async fn show() -> Result<(), Error> {
    let (asked, made) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let news = serve(other_site(asked.clone())).await?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let site = serve(app(App {
        client: CacheLayer::new().layer(client),
        news: news.parse()?,
        reports: made.clone(),
    }))
    .await?;
    let browser = Browser(site);
    let (get, head, post) = (Method::GET, Method::HEAD, Method::POST);
    let has = |tag| [(header::IF_NONE_MATCH, tag)];
    let reload = [
        (header::CACHE_CONTROL, "max-age=0"),
        (header::IF_NONE_MATCH, "\"morning\""),
    ];

    println!("Another site's page, through the cache of the app's client");
    let stored = "fwd=uri-miss; fwd-status=200; stored";
    browser.asks(&get, "/news", &[], 200, stored).await?;
    browser.asks(&get, "/news", &[], 200, "hit").await?;
    browser
        .asks(&get, "/news", &has("\"morning\""), 304, "hit")
        .await?;
    browser.asks(&head, "/news", &[], 200, "hit").await?;
    let part = [(header::RANGE, "bytes=4-10")];
    browser.asks(&get, "/news", &part, 206, "hit").await?;
    let validated = "fwd=request; fwd-status=304; stored";
    browser.asks(&get, "/news", &reload, 304, validated).await?;
    expect("the other site was asked", asked.load(Ordering::SeqCst), 2)?;

    let replaced = "fwd=stale; fwd-status=200; stored";
    println!("\nThe app's own page, with a shared cache around its handler");
    browser.asks(&get, "/report/1994", &[], 200, stored).await?;
    browser.asks(&get, "/report/1994", &[], 200, "hit").await?;
    browser
        .asks(&get, "/report/1994", &has("\"1\""), 304, "hit")
        .await?;
    browser
        .asks(
            &post,
            "/report/1994",
            &[],
            204,
            "fwd=method; fwd-status=204",
        )
        .await?;
    browser
        .asks(&get, "/report/1994", &[], 200, replaced)
        .await?;
    expect("the report was made", made.load(Ordering::SeqCst), 2)
}

/// A browser that keeps nothing.
struct Browser(String);

impl Browser {
    /// Asks, prints what it gets, and fails where that is something else than expected.
    async fn asks(
        &self,
        method: &Method,
        path: &str,
        fields: &[(HeaderName, &str)],
        status: u16,
        cache: &str,
    ) -> Result<(), Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.0));
        for (name, value) in fields {
            request = request.header(name, *value);
        }
        let client = Client::builder(TokioExecutor::new()).build_http();
        let response = client.request(request.body(Empty::<Bytes>::new())?).await?;
        let (head, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await?.to_bytes().into())?;
        let found = head
            .headers
            .get("x-cache")
            .ok_or("nothing was told")?
            .to_str()?;

        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        println!(
            "  {}",
            format!("{method} {path} {}", fields.join(", ")).trim_end()
        );
        println!("    {} {text:?}", head.status.as_u16());
        println!("    {found}");
        expect("the status", head.status.as_u16(), status)?;
        match found.starts_with(cache) {
            true => Ok(()),
            false => Err(format!("expected {cache:?}, found {found:?}").into()),
        }
    }
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), Error> {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{what}: expected {expected:?}, found {found:?}").into()),
    }
}

/// Serves on a port of its own until the runtime ends; says where.
async fn serve(app: Router) -> Result<String, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let at = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async { axum::serve(listener, app).await });
    Ok(at)
}
