//! The origin that the example asks.

use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, StatusCode, Uri, header};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower::util::MapRequestLayer;

const FRESH: (&str, &str) = ("cache-control", "max-age=60");
const NEWS: &str = "All is well. ";

/// A server on a port of 127.0.0.1, which counts how often it is asked. It stops when it is dropped.
#[derive(Debug)]
pub struct Origin {
    authority: String,
    calls: Arc<AtomicUsize>,
    serving: JoinHandle<io::Result<()>>,
}

impl Origin {
    /// Serves:
    ///
    /// - `/login`, which sets a cookie, and `/me`, which says who asks;
    /// - `/old`, which has moved to `/news`, and that is compressed;
    /// - `/shaky`, which says 503 the first time, and `/held`, which says nothing.
    ///
    /// # Errors
    ///
    /// Where it cannot listen.
    pub async fn serve() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let authority = listener.local_addr()?.to_string();
        let calls = Arc::<AtomicUsize>::default();
        let (counted, shaken) = (calls.clone(), Arc::<AtomicUsize>::default());
        let pages = Router::new()
            .route(
                "/login",
                post(async || ([("set-cookie", "session=1; path=/")], "welcome")),
            )
            .route("/me", get(me))
            .route(
                "/old",
                get(async || {
                    (
                        StatusCode::MOVED_PERMANENTLY,
                        [FRESH, ("location", "/news")],
                    )
                }),
            )
            .route("/news", get(news))
            .route("/shaky", get(shaky).with_state(shaken))
            .route("/held", get(async || std::future::pending::<()>().await))
            .layer(MapRequestLayer::new(move |request: Request| {
                counted.fetch_add(1, Ordering::Relaxed);
                request
            }));
        let serving = tokio::spawn(async move { axum::serve(listener, pages).await });
        Ok(Self {
            authority,
            calls,
            serving,
        })
    }

    /// A URI at this server.
    ///
    /// # Panics
    ///
    /// Where that is no path.
    #[must_use]
    pub fn uri(&self, path: &str) -> Uri {
        let uri = Uri::builder().scheme("http").authority(&*self.authority);
        uri.path_and_query(path).build().expect("a path")
    }

    /// How often it was asked.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// What it says is meant for one user, and so `private` (RFC 9111 §5.2.2.7).
async fn me(asked: HeaderMap) -> impl IntoResponse {
    let field = |name| asked.get(name).and_then(|value| value.to_str().ok());
    let user = field(header::AUTHORIZATION).unwrap_or("nobody");
    let session = field(header::COOKIE).unwrap_or("no session");
    let fields = [("cache-control", "private, max-age=60")];
    (fields, format!("{user}, {session}"))
}

async fn news(asked: HeaderMap) -> Response {
    let text = NEWS.repeat(100);
    let accepts = asked.get(header::ACCEPT_ENCODING);
    let vary = ("vary", "accept-encoding");
    if accepts.is_none_or(|accepts| accepts != "gzip") {
        return ([FRESH, vary], text).into_response();
    }
    ([FRESH, vary, ("content-encoding", "gzip")], gzip(&text)).into_response()
}

async fn shaky(State(asked): State<Arc<AtomicUsize>>) -> Response {
    if asked.fetch_add(1, Ordering::Relaxed) == 0 {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    ([FRESH], "here again").into_response()
}

/// Compresses a text.
///
/// # Panics
///
/// Never: it writes to memory.
#[must_use]
pub fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(text.as_bytes()).expect("memory takes it");
    gzip.finish().expect("memory takes it")
}
