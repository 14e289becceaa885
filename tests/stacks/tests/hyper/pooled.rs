//! Clients made of hyper-util's pools.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderValue, Response, Uri, header};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioExecutor;
use tokio::task::AbortHandle;
use tower::{Service, ServiceExt, service_fn};

use crate::Asked;

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;
pub(crate) type Later<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// A connection for HTTP/1.1, as a service. It is asked for the path, and told of the host.
#[derive(Debug)]
pub(crate) struct Http1(http1::SendRequest<Empty<Bytes>>);

impl Service<Asked> for Http1 {
    type Response = Response<Incoming>;
    type Error = Error;
    type Future = Later<Self::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_ready(cx).map_err(Error::from)
    }

    fn call(&mut self, request: Asked) -> Self::Future {
        let response = self.0.send_request(in_origin_form(request));
        Box::pin(async { Ok(response.await?) })
    }
}

/// A connection for HTTP/2, as a service. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Http2(http2::SendRequest<Empty<Bytes>>);

impl Service<Asked> for Http2 {
    type Response = Response<Incoming>;
    type Error = Error;
    type Future = Later<Self::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_ready(cx).map_err(Error::from)
    }

    fn call(&mut self, request: Asked) -> Self::Future {
        let response = self.0.send_request(request);
        Box::pin(async { Ok(response.await?) })
    }
}

/// The path in the place of an absolute URI, and `Host` for the rest (RFC 9110 §7.2, RFC 9112 §3.2.1).
pub(crate) fn in_origin_form(mut request: Asked) -> Asked {
    if let Some(authority) = request.uri().authority() {
        let host = HeaderValue::from_str(authority.as_str()).expect("an authority is a value");
        request.headers_mut().entry(header::HOST).or_insert(host);
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = path
            .unwrap_or(PathAndQuery::from_static("/"))
            .as_str()
            .parse()
            .expect("a path is a URI");
    }
    request
}

/// What has been dialled so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dialled {
    count: Arc<AtomicUsize>,
    last: Arc<Mutex<Option<AbortHandle>>>,
}

impl Dialled {
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    fn keep(&self, connection: impl Future<Output = ()> + Send + 'static) {
        self.count.fetch_add(1, Ordering::SeqCst);
        let task = tokio::spawn(connection).abort_handle();
        *self.last.lock().unwrap() = Some(task);
    }

    /// The connection that was made last is gone, as if its server had gone away.
    pub(crate) async fn break_the_last(&self) {
        let task = self.last.lock().unwrap().take().expect("a connection");
        task.abort();
        while !task.is_finished() {
            tokio::task::yield_now().await;
        }
    }
}

/// What makes streams, for either version of HTTP.
pub(crate) trait Dials<D>:
    Service<D, Response: Read + Write + Unpin + Send + 'static, Error: Into<Error>, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<D, M> Dials<D> for M where
    M: Service<
            D,
            Response: Read + Write + Unpin + Send + 'static,
            Error: Into<Error>,
            Future: Send,
        > + Clone
        + Send
        + Sync
        + 'static
{
}

/// Makes connections for HTTP/1.1.
pub(crate) fn http1<D: Send + 'static, M: Dials<D>>(
    connector: M,
    dialled: &Dialled,
) -> impl Service<D, Response = Http1, Error = Error, Future = Later<Http1>>
+ Clone
+ Send
+ Sync
+ use<D, M> {
    let dialled = dialled.clone();
    service_fn(move |to: D| -> Later<Http1> {
        let (connector, dialled) = (connector.clone(), dialled.clone());
        Box::pin(async move {
            let stream = connector.oneshot(to).await.map_err(Into::into)?;
            let (sender, connection) = http1::handshake(stream).await?;
            dialled.keep(async move { drop(connection.await) });
            Ok(Http1(sender))
        })
    })
}

/// Makes connections for HTTP/2.
pub(crate) fn http2<D: Send + 'static, M: Dials<D>>(
    connector: M,
    dialled: &Dialled,
) -> impl Service<D, Response = Http2, Error = Error, Future = Later<Http2>>
+ Clone
+ Send
+ Sync
+ use<D, M> {
    let dialled = dialled.clone();
    service_fn(move |to: D| -> Later<Http2> {
        let (connector, dialled) = (connector.clone(), dialled.clone());
        Box::pin(async move {
            let stream = connector.oneshot(to).await.map_err(Into::into)?;
            let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
            dialled.keep(async move { drop(connection.await) });
            Ok(Http2(sender))
        })
    })
}

/// Sends a request over a connection to a server that a pool hands out, and gives the connection back when it
/// can be used again.
pub(crate) async fn send_over<P, C>(
    mut pool: P,
    server: Uri,
    request: Asked,
) -> Result<C::Response, Error>
where
    P: Service<Uri, Response = C, Error: Into<Error>>,
    C: Service<Asked, Error = Error, Future: Send> + Send + 'static,
{
    loop {
        let ready = pool.ready().await.map_err(Into::into)?;
        let connection = ready.call(server.clone()).await;
        let mut connection = connection.map_err(Into::into)?;
        // One that has died in the pool says so now, and the pool hands out another.
        if connection.ready().await.is_err() {
            continue;
        }
        let response = connection.call(request).await?;
        tokio::spawn(async move { drop(connection.ready().await) });
        return Ok(response);
    }
}

/// A client for what a pool hands out.
pub(crate) fn over<P, C>(
    pool: P,
) -> impl Service<Asked, Response = C::Response, Error = Error, Future: Send>
+ Clone
+ Send
+ Sync
+ use<P, C>
where
    P: Service<Uri, Response = C, Error: Into<Error>, Future: Send> + Clone + Send + Sync + 'static,
    C: Service<Asked, Error = Error, Response: Send, Future: Send> + Send + 'static,
{
    service_fn(move |request: Asked| send_over(pool.clone(), request.uri().clone(), request))
}
