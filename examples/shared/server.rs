//! A hyper server on 127.0.0.1 that counts.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::Error;

/// Serves until the runtime ends.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    connections: watch::Receiver<usize>,
}

impl Server {
    /// Answers every request with this function, on a port of its own.
    pub(crate) async fn start<F, Fut, B>(answer: F) -> io::Result<Self>
    where
        F: Fn(Request<Incoming>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Response<B>, Error>> + Send,
        B: Body<Data = Bytes, Error: Into<Error>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (connected, connections) = watch::channel(0);
        let server = Self {
            address: listener.local_addr()?,
            requests: Arc::default(),
            connections,
        };
        let requests = server.requests.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, requests) = (answer.clone(), requests.clone());
                let connected = connected.clone();
                connected.send_modify(|open| *open += 1);
                tokio::spawn(async move {
                    let service = service_fn(|request| {
                        requests.fetch_add(1, Ordering::SeqCst);
                        answer(request)
                    });
                    // A client may go away whenever it likes.
                    let _ = http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                    connected.send_modify(|open| *open -= 1);
                });
            }
        });
        Ok(server)
    }

    pub(crate) fn uri(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many requests have come so far.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Waits until no connection is open.
    #[allow(dead_code, reason = "not every example waits for it")]
    pub(crate) async fn until_disconnected(&self) -> Result<(), Error> {
        self.connections.clone().wait_for(|open| *open == 0).await?;
        Ok(())
    }
}
