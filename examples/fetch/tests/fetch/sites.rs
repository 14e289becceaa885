//! The servers that it is pointed at.

use std::future::ready;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use support::Loopback;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A request as a site saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) fields: HeaderMap,
}

impl Seen {
    pub(crate) fn of(request: &Request<Incoming>) -> Self {
        Self {
            path: request.uri().path().to_owned(),
            fields: request.headers().clone(),
        }
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        Some(self.fields.get(name)?.to_str().unwrap())
    }
}

/// A server that answers with what a function makes of the request, and remembers what it was asked.
pub(crate) struct Site {
    server: Loopback,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Site {
    pub(crate) async fn serve(
        answer: impl Fn(&Seen) -> Response<Full<Bytes>> + Clone + Send + 'static,
    ) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let noted = seen.clone();
        let server = Loopback::serve(move |request| {
            let request = Seen::of(&request);
            let response = answer(&request);
            noted.lock().unwrap().push(request);
            ready(response)
        });
        Self {
            server: server.await,
            seen,
        }
    }

    /// Every page is fresh for a minute, and says its path.
    pub(crate) async fn fresh() -> Self {
        Self::serve(|seen| page("max-age=60", format!("this is {}", seen.path))).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.server.uri(path).to_string()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn calls(&self) -> usize {
        self.seen().len()
    }
}

/// A page with this `Cache-Control`.
pub(crate) fn page(control: &str, content: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let response = Response::builder().header("cache-control", control);
    response.body(Full::new(content.into())).unwrap()
}

/// Writes the same octets to everybody who asks, and closes; or, if there are none, waits until the client goes away.
pub(crate) struct Raw {
    url: String,
    _tasks: JoinSet<()>,
}

impl Raw {
    pub(crate) async fn serve(octets: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                connections.spawn(async move {
                    let mut request = [0; 4096];
                    while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                        if !octets.is_empty() {
                            stream.write_all(octets.as_bytes()).await.unwrap();
                            break;
                        }
                    }
                });
            }
        });
        Self { url, _tasks: tasks }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}
