//! An axum app that calls an upstream through the cache, and has a page to look at that cache while it runs.
//!
//! Everything below `/_cache` is the page and what it asks for; all other requests go to the upstream, through the
//! cache. What the page asks for is JSON, and a pattern to copy:
//!
//! | request | answer |
//! |---|---|
//! | `GET /_cache` | the page, one file without anything from elsewhere |
//! | `GET /_cache/api/stats` | [`Stats`](tower_client_cache::Stats) as an object |
//! | `GET /_cache/api/entries?search=&after=&limit=` | `{ total, entries: […] }`: what is stored and has this in its URI or tags, so many behind so many |
//! | `GET /_cache/api/explain?url=&method=` | `{ verdict, steps: [{ section, text }] }` |
//! | `GET /_cache/api/events` | server-sent events: twice a second `tick` with the stats since the last, and what has happened |
//! | `POST /_cache/api/clear` | `{ responses, bytes, in_flight }` |
//! | `POST /_cache/api/purge` `{ kind, value }` | the same |
//! | `POST /_cache/api/expire` `{ kind, value }` | the same |
//! | `POST /_cache/api/mode` `{ mode }` | `{ mode }` |
//!
//! A selector's `kind` is `all`, `uri`, `prefix`, `origin`, `tag`, `older_than` (its `value` in seconds) or `stale`.
//!
//! Whoever reaches these endpoints may read and empty the cache. So they listen on 127.0.0.1 alone, and refuse what another
//! site makes a browser ask for: see [`guard`].

pub mod api;
pub mod guard;
pub mod page;
pub mod proxy;
pub mod upstream;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use http::Uri;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_client_cache::CacheHandle;

/// The app, where it is to listen.
#[derive(Debug)]
pub struct Inspector {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    handle: CacheHandle,
    ending: watch::Sender<bool>,
}

/// What the endpoints share.
#[derive(Debug, Clone)]
pub struct Shared {
    handle: CacheHandle,
    upstream: Arc<Uri>,
    address: SocketAddr,
    is_ending: watch::Receiver<bool>,
}

impl Inspector {
    /// Listens on this port of 127.0.0.1; on any where it is 0.
    ///
    /// # Errors
    ///
    /// Where it cannot.
    pub async fn bind(port: u16, upstream: Uri) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let (proxy, handle) = proxy::through_a_cache(upstream.clone());
        let (ending, is_ending) = watch::channel(false);
        let shared = Shared {
            handle: handle.clone(),
            upstream: Arc::new(upstream),
            address,
            is_ending,
        };
        let inspecting = Router::new()
            .route("/_cache", get(page::page))
            .route("/_cache/api/stats", get(api::stats))
            .route("/_cache/api/entries", get(api::entries))
            .route("/_cache/api/explain", get(api::explain))
            .route("/_cache/api/events", get(api::events))
            .route("/_cache/api/clear", post(api::clear))
            .route("/_cache/api/purge", post(api::purge))
            .route("/_cache/api/expire", post(api::expire))
            .route("/_cache/api/mode", post(api::mode))
            .layer(from_fn_with_state(shared.clone(), guard::refuse_others))
            .with_state(shared);
        Ok(Self {
            listener,
            address,
            router: inspecting.fallback_service(proxy),
            handle,
            ending,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The handle of its cache.
    #[must_use]
    pub fn handle(&self) -> CacheHandle {
        self.handle.clone()
    }

    /// Serves until this is so.
    ///
    /// # Errors
    ///
    /// The listener's.
    pub async fn serve(self, until: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let ending = self.ending;
        axum::serve(self.listener, self.router)
            .with_graceful_shutdown(async move {
                until.await;
                // Streams of events end as well.
                let _ = ending.send(true);
            })
            .await
    }
}
