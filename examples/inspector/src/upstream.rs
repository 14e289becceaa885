//! An upstream for those who have none at hand.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{OriginalUri, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, Uri, header};
use tokio::net::TcpListener;

/// Serves pages of several kinds on a port of 127.0.0.1, until the process ends:
///
/// - `/fresh/…` are fresh for a minute, and have the tag `fresh`;
/// - `/short/…` are so for five seconds, and can be validated;
/// - `/never/…` are not to be stored;
/// - `/by-language` varies by `Accept-Language`.
///
/// # Errors
///
/// Where it cannot listen.
pub async fn serve() -> io::Result<Uri> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let counted = Arc::<AtomicUsize>::default();
    let pages = Router::new()
        .route("/", get(index))
        .route("/{kind}", get(page))
        .route("/{kind}/{*rest}", get(page))
        .with_state(counted);
    tokio::spawn(async move { axum::serve(listener, pages).await });
    let uri = format!("http://{address}/");
    Ok(uri.parse().expect("an address makes a URI"))
}

async fn index() -> &'static str {
    "Try /fresh/1, /short/1, /never/1 and /by-language; and look at /_cache.\n"
}

async fn page(
    State(counted): State<Arc<AtomicUsize>>,
    Path(path): Path<Vec<(String, String)>>,
    OriginalUri(uri): OriginalUri,
    asked: HeaderMap,
) -> Response {
    let kind = path.first().map_or("", |(_, kind)| &**kind);
    let number = counted.fetch_add(1, Ordering::Relaxed) + 1;
    let text = format!("{} for the {number}th time that I was asked\n", uri.path());
    match kind {
        "fresh" => {
            let fields = [("cache-control", "max-age=60"), ("cache-tag", "fresh")];
            (fields, text).into_response()
        }
        "short" => {
            let tag = "\"short\"";
            let fields = [("cache-control", "max-age=5"), ("etag", tag)];
            if asked
                .get(header::IF_NONE_MATCH)
                .is_some_and(|asked| asked == tag)
            {
                return (StatusCode::NOT_MODIFIED, fields).into_response();
            }
            (fields, text).into_response()
        }
        "never" => ([("cache-control", "no-store")], text).into_response(),
        "by-language" => {
            let fields = [("cache-control", "max-age=60"), ("vary", "accept-language")];
            (fields, text).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
