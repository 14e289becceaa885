//! What the tests in `tests/` share: a site on loopback, a server of octets, and a hyper client.

mod outcome;
mod secure;
mod tasks;
mod upstream;
mod wire;

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri, header, request::Parts};
use http_body::Body;
use http_body_util::{Empty, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use support::{Frames, Loopback, OriginBody};
use tokio::net::TcpSocket;
use tokio::sync::Notify;

pub use outcome::Outcome;
pub use secure::{SecureSite, provider};
pub use tasks::{tasks, tasks_left};
pub use upstream::{Step, Upstream};
pub use wire::{Wire, Written, frame, literal};

/// A real server that remembers the heads of the requests it was sent. It stops when it is dropped.
#[derive(Debug)]
pub struct Site {
    server: Loopback,
    seen: Arc<Mutex<Vec<Parts>>>,
}

impl Site {
    /// Answers with this function.
    pub async fn serve<F, Fut, B>(answer: F) -> Self
    where
        F: Fn(Request<Incoming>) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
    {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let heads = seen.clone();
        let server = Loopback::serve(move |request: Request<Incoming>| {
            let (head, body) = request.into_parts();
            heads
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(head.clone());
            answer(Request::from_parts(head, body))
        })
        .await;
        Self { server, seen }
    }

    /// Answers every request with a page that may be stored; its content is the path.
    pub async fn of_pages() -> Self {
        Self::serve(|request| {
            let content = request.uri().path().to_owned();
            async { page(content) }
        })
        .await
    }

    /// Answers the one request that it is for with a page whose content the test writes.
    pub async fn streaming() -> (Frames, Self) {
        let (frames, body) = OriginBody::channel();
        let body = Arc::new(Mutex::new(Some(body)));
        let site = Self::serve(move |_| {
            let body = body.lock().unwrap_or_else(PoisonError::into_inner).take();
            async { page("").map(|_| body.expect("there is one request")) }
        });
        (frames, site.await)
    }

    /// Answers with pages, and with the one at `/held` when it is let go.
    pub async fn holding() -> (Held, Self) {
        let held = Held::default();
        let hold = held.clone();
        let site = Self::serve(move |request| {
            let (hold, content) = (hold.clone(), request.uri().path().to_owned());
            async move {
                if content == "/held" {
                    hold.asked.notify_one();
                    hold.let_go.notified().await;
                }
                page(content)
            }
        });
        (held, site.await)
    }

    /// A URI at this site.
    pub fn uri(&self, path: &str) -> Uri {
        self.server.uri(path)
    }

    /// `GET path`
    pub fn get<Q: Default>(&self, path: &str) -> Request<Q> {
        get(self.uri(path))
    }

    /// How often it was asked.
    pub fn calls(&self) -> usize {
        self.seen().len()
    }

    /// The heads of the requests so far.
    pub fn seen(&self) -> Vec<Parts> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Holds the page at `/held` back.
#[derive(Debug, Clone, Default)]
pub struct Held {
    asked: Arc<Notify>,
    let_go: Arc<Notify>,
}

impl Held {
    /// Waits until the origin was asked for the page.
    pub async fn is_asked_for(&self) {
        self.asked.notified().await;
    }

    /// Lets one answer go.
    pub fn let_go(&self) {
        self.let_go.notify_one();
    }
}

/// A port on which nobody listens.
#[derive(Debug)]
pub struct Closed(TcpSocket);

impl Closed {
    /// Keeps a port of its own, so that nobody else comes to listen on it.
    pub fn port() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .bind(([127, 0, 0, 1], 0).into())
            .expect("a free port");
        Self(socket)
    }

    /// A URI that nobody answers for.
    pub fn uri(&self) -> Uri {
        let address = self.0.local_addr().expect("an address");
        format!("http://{address}/a").parse().expect("a URI")
    }
}

/// `GET uri`, without content.
pub fn get<Q: Default>(uri: Uri) -> Request<Q> {
    let mut request = Request::new(Q::default());
    *request.uri_mut() = uri;
    request
}

/// A page that is fresh for longer than any test takes.
pub fn page(content: impl Into<Bytes>) -> Response<Full<Bytes>> {
    answer(StatusCode::OK, content)
}

/// A response of this status that is fresh for longer than any test takes.
pub fn answer(status: StatusCode, content: impl Into<Bytes>) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .header(header::CACHE_CONTROL, "max-age=86400")
        .body(Full::new(content.into()))
        .expect("a response")
}

/// A client as most people make it.
pub type HyperClient = Client<HttpConnector, Empty<Bytes>>;

/// A client for HTTP/1.1, without TLS.
pub fn hyper_client() -> HyperClient {
    Client::builder(TokioExecutor::new()).build_http()
}
