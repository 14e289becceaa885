//! The server.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread;

use bytes::Bytes;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::runtime;

use crate::{Calls, Page};

/// A server of HTTP/1.1 on 127.0.0.1, on a thread of its own, for as long as the process runs.
#[derive(Debug, Clone)]
pub struct Server {
    address: SocketAddr,
    calls: Calls,
}

impl Server {
    /// One that answers every request with the same page.
    ///
    /// # Errors
    ///
    /// Where there is no socket to be had.
    pub fn start(page: Page) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
        let calls = Calls::default();
        let counted = calls.clone();
        thread::spawn(move || {
            let served = runtime.block_on(serve(listener, page, counted));
            served.expect("it goes on listening");
        });
        Ok(Self { address, calls })
    }

    /// How often it was asked.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.count()
    }

    /// The URI of one of its pages, all of which have URIs of the same length.
    #[must_use]
    pub fn uri(&self, page: usize) -> &'static str {
        let Self { address, .. } = self;
        let uri = format!("http://{address}/articles/2024/caching?page={page:07}");
        uri.leak()
    }
}

async fn serve(listener: TcpListener, page: Page, calls: Calls) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let page = page.with(Full::new(Bytes::from(vec![b'x'; page.octets])));
    loop {
        let (connection, _) = listener.accept().await?;
        connection.set_nodelay(true)?;
        let (page, calls) = (page.clone(), calls.clone());
        let service = service_fn(move |_| {
            calls.add();
            let page = page.clone();
            async { Ok::<_, Infallible>(page) }
        });
        let serving = http1::Builder::new().serve_connection(TokioIo::new(connection), service);
        // A client that goes away is no error.
        tokio::spawn(async { drop(serving.await) });
    }
}
