//! An app on a port of its own, and a browser without a cache.

use std::net::SocketAddr;

use axum::Router;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use stacks::hyper_client;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// An app that is served until it is dropped.
pub(crate) struct Served {
    address: SocketAddr,
    _task: JoinSet<()>,
}

impl Served {
    pub(crate) async fn app(app: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mut task = JoinSet::new();
        task.spawn(async { axum::serve(listener, app).await.expect("it serves") });
        Self {
            address,
            _task: task,
        }
    }

    pub(crate) fn uri(&self, path: &str) -> Uri {
        format!("http://{}{path}", self.address)
            .parse()
            .expect("a URI")
    }

    pub(crate) fn get(&self, path: &str) -> Request<Empty<Bytes>> {
        stacks::get(self.uri(path))
    }

    /// `GET path` with these fields, read to the end.
    pub(crate) async fn ask(&self, path: &str, fields: &[(HeaderName, &str)]) -> Page {
        let mut request = self.get(path);
        for (name, value) in fields {
            let value = HeaderValue::from_str(value).expect("a value");
            request.headers_mut().append(name, value);
        }
        Page::of(send(request).await).await
    }

    pub(crate) async fn text(&self, path: &str) -> String {
        self.ask(path, &[]).await.text
    }
}

/// What the browser has got.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) fields: HeaderMap,
    pub(crate) text: String,
}

impl Page {
    pub(crate) async fn of(response: Response<Incoming>) -> Self {
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        Self {
            status: head.status,
            fields: head.headers,
            text: String::from_utf8(body.into()).expect("text"),
        }
    }
}

/// Sends a request without a cache in between.
pub(crate) async fn send(request: Request<Empty<Bytes>>) -> Response<Incoming> {
    hyper_client().request(request).await.expect("a head")
}
