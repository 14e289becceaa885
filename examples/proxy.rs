//! A caching reverse proxy on 127.0.0.1: hyper's server above the cache, hyper-util's client below it.
//!
//! ```text
//! cargo run --example proxy -- --listen 8080 --origin 8000
//! ```
//!
//! - `--listen PORT`: where it listens; 0 is any free port. It prints one line that says which.
//! - `--origin PORT`: where the origin listens. It is asked about every host, and knows them by `Host`.
//! - `--shared`: a cache for many users, and not for one.
//! - `--plain`: what RFC 9111 says where the defaults are stricter: one user in private mode, so that
//!   `Cookie` and `Authorization` make no difference; `Set-Cookie` is stored in shared mode.
//! - `--fresh-connections`: every request that is forwarded goes over a connection of its own.
//!
//! Where the origin gives no answer, the client gets what is stored, if it may be reused stale, and else
//! 502, or 504 in shared mode where a directive forbids it. Nothing is sent twice, but for the one request
//! after a 304 that is about no stored response (RFC 9111 §4.3.4). There is no TLS here, no CONNECT, no
//! Upgrade, and no limit on how long the origin may take.
//!
//! `tests/conformance/run` lets the public suite for HTTP caches loose on it.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::{Authority, Scheme, Uri};
use http::{Request, Response, StatusCode, Version};
use http_body::Body;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::ext::on_informational;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tower::util::MapRequest;
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_client_cache::background::Tokio;
use tower_client_cache::request_body::AsDefault;
use tower_client_cache::{CacheLayer, CacheService, SetCookie};

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(mistake) => {
            eprintln!(
                "{mistake}\nproxy --listen PORT --origin PORT [--shared] [--plain] [--fresh-connections]"
            );
            return ExitCode::from(2);
        }
    };
    let proxy = match Proxy::bind(&options).await {
        Ok(proxy) => proxy,
        Err(error) => {
            eprintln!("port {}: {error}", options.listen);
            return ExitCode::FAILURE;
        }
    };
    println!("listening on http://{}", proxy.address);
    proxy
        .serve(async {
            let _ = tokio::signal::ctrl_c().await;
        })
        .await;
    ExitCode::SUCCESS
}

/// What the command line says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Options {
    pub(crate) listen: u16,
    pub(crate) origin: u16,
    pub(crate) is_shared: bool,
    pub(crate) is_plain: bool,
    pub(crate) uses_fresh_connections: bool,
}

impl Options {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        let (mut listen, mut origin) = (None, None);
        while let Some(word) = words.next() {
            let mut port = || {
                let port = words.next().ok_or(format!("{word}: which port?"))?;
                port.parse().map_err(|_| format!("{word} {port}: no port"))
            };
            match word.as_str() {
                "--listen" => listen = Some(port()?),
                "--origin" => origin = Some(port()?),
                "--shared" => options.is_shared = true,
                "--plain" => options.is_plain = true,
                "--fresh-connections" => options.uses_fresh_connections = true,
                _ => return Err(format!("{word}: what is that?")),
            }
        }
        options.listen = listen.ok_or("--listen is missing")?;
        options.origin = origin.ok_or("--origin is missing")?;
        Ok(options)
    }

    fn layer(&self) -> CacheLayer<Tokio, AsDefault> {
        let layer = if self.is_shared {
            CacheLayer::shared()
        } else {
            CacheLayer::new()
        };
        let layer = layer
            .stale_if_disconnected(Duration::MAX)
            .default_request_body();
        match (self.is_plain, self.is_shared) {
            (false, _) => layer,
            (true, false) => layer.single_user(),
            (true, true) => layer.set_cookie(SetCookie::Store),
        }
    }
}

type AnyBody = UnsyncBoxBody<Bytes, hyper::Error>;
type Forward = fn(Request<AnyBody>) -> Request<AnyBody>;
type Cached = CacheService<MapRequest<Client<ToOrigin, AnyBody>, Forward>, Tokio, AsDefault>;

/// A proxy that is bound to its port.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    listener: TcpListener,
    handler: Handler,
}

impl Proxy {
    pub(crate) async fn bind(options: &Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.listen)).await?;
        let origin = SocketAddr::from((Ipv4Addr::LOCALHOST, options.origin));
        let mut client = Client::builder(TokioExecutor::new());
        client.retry_canceled_requests(false);
        if options.uses_fresh_connections {
            client.pool_max_idle_per_host(0);
        }
        let cached = ServiceBuilder::new()
            .layer(options.layer())
            .map_request(forward as Forward)
            .service(client.build(ToOrigin(origin)));
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            handler: Handler { cached, origin },
        })
    }

    /// Serves until it shall stop, and until those who are being served have their answers, or ten
    /// seconds are over.
    pub(crate) async fn serve(self, stop: impl Future<Output = ()>) {
        let (connections, mut stop) = (GracefulShutdown::new(), pin!(stop));
        loop {
            let stream = tokio::select! {
                () = &mut stop => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    // There may be too many open files: it will pass.
                    Err(_) => {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                },
            };
            let connection = connections.watch(self.handler.clone().serve(stream));
            // A client may go away whenever it likes.
            tokio::spawn(async { drop(connection.await) });
        }
        drop(self.listener);
        let _ = tokio::time::timeout(Duration::from_secs(10), connections.shutdown()).await;
    }
}

/// Answers the requests of every client.
#[derive(Clone)]
struct Handler {
    cached: Cached,
    origin: SocketAddr,
}

impl Handler {
    /// Serves one client until it goes.
    fn serve(self, stream: TcpStream) -> impl GracefulConnection<Error = hyper::Error> {
        let (interim, wire) = Wire::new(stream);
        let service = service_fn(move |request| {
            let answer = self.clone().answer(request, interim.clone());
            async { Ok::<_, Infallible>(answer.await) }
        });
        http1::Builder::new().serve_connection(TokioIo::new(wire), service)
    }

    async fn answer(
        self,
        mut request: Request<Incoming>,
        wire: InterimSender,
    ) -> Response<AnyBody> {
        if let Err(status) = self.aim(&mut request) {
            return status_only(status);
        }
        let version = request.version();
        let (head, mut interim) = mpsc::unbounded_channel();
        on_informational(&mut request, move |response| {
            // Nobody listens any longer where the client has had its answer already.
            let _ = head.send(interim_head(response.status(), response.headers()));
        });
        let request = request.map(BodyExt::boxed_unsync);
        let mut response = pin!(self.cached.oneshot(request));
        let answer = loop {
            tokio::select! {
                biased;
                Some(head) = interim.recv() => wire.pass_on(head, version).await,
                answer = &mut response => break answer,
            }
        };
        while let Ok(head) = interim.try_recv() {
            wire.pass_on(head, version).await;
        }
        match answer {
            Ok(response) if response.status().is_informational() => {
                status_only(StatusCode::BAD_GATEWAY)
            }
            Ok(response) => {
                let (mut head, body) = response.into_parts();
                head.version = Version::HTTP_11;
                let body = end_to_end(&mut head.headers, body);
                Response::from_parts(head, body)
            }
            Err(error) => {
                eprintln!("the origin gave no answer: {error:?}");
                status_only(StatusCode::BAD_GATEWAY)
            }
        }
    }

    /// Makes the target URI whole (RFC 9110 §7.1). Its authority is that of an absolute request target, or
    /// else the `Host`, so that one host is never answered with what is stored for another.
    fn aim(&self, request: &mut Request<Incoming>) -> Result<(), StatusCode> {
        // What has no path is CONNECT, and OPTIONS of the server itself.
        let path = request.uri().path_and_query();
        let path = path.filter(|path| path.as_str().starts_with('/'));
        let path = path.ok_or(StatusCode::NOT_IMPLEMENTED)?.clone();
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let authority = match (request.uri().authority(), hosts.next(), hosts.next()) {
            (_, None, _) if request.version() != Version::HTTP_10 => None,
            (_, _, Some(_)) => None,
            (Some(authority), ..) => Some(authority.clone()),
            (None, Some(host), None) => Authority::try_from(host.as_bytes()).ok(),
            (None, None, None) => self.origin.to_string().parse().ok(),
        };
        let authority = authority.filter(|authority| !authority.as_str().contains('@'));
        let authority = authority.ok_or(StatusCode::BAD_REQUEST)?;
        let host = HeaderValue::try_from(authority.as_str());
        let target = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(authority)
            .path_and_query(path);
        *request.uri_mut() = target.build().map_err(|_| StatusCode::BAD_REQUEST)?;
        let host = host.map_err(|_| StatusCode::BAD_REQUEST)?;
        request.headers_mut().insert(header::HOST, host);
        Ok(())
    }
}

fn status_only(status: StatusCode) -> Response<AnyBody> {
    let mut response = Response::new(AnyBody::default());
    *response.status_mut() = status;
    response
}

/// Makes the request to the origin of the one that the cache forwards.
fn forward(request: Request<AnyBody>) -> Request<AnyBody> {
    let (mut head, body) = request.into_parts();
    let te = head.headers.get_all(header::TE).iter();
    let has_use_for_trailers = te.flat_map(members).any(|it| it == "trailers");
    let via = match head.version {
        Version::HTTP_10 => "1.0 proxy",
        _ => "1.1 proxy",
    };
    let body = end_to_end(&mut head.headers, body);
    let fields = &mut head.headers;
    fields.append(header::VIA, HeaderValue::from_static(via));
    if has_use_for_trailers {
        fields.insert(header::TE, HeaderValue::from_static("trailers"));
        fields.insert(header::CONNECTION, HeaderValue::from_static("te"));
    }
    head.version = Version::HTTP_11;
    Request::from_parts(head, body)
}

/// Fields that are for one connection even where `Connection` does not name them.
const HOP_BY_HOP: [HeaderName; 6] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Removes what is for one connection alone (RFC 9110 §7.6.1), from head and trailers.
fn end_to_end<B>(fields: &mut HeaderMap, body: B) -> AnyBody
where
    B: Body<Data = Bytes, Error = hyper::Error> + Send + 'static,
{
    let names = hop_by_hop(fields);
    remove(fields, &names);
    // hyper sends no trailers but those that are announced.
    if !fields.contains_key(header::TRAILER) {
        return body.boxed_unsync();
    }
    body.map_frame(move |mut frame| {
        if let Some(trailers) = frame.trailers_mut() {
            remove(trailers, &names);
        }
        frame
    })
    .boxed_unsync()
}

fn hop_by_hop(fields: &HeaderMap) -> Vec<HeaderName> {
    let named = fields.get_all(header::CONNECTION).iter().flat_map(members);
    let named = named.filter_map(|name| HeaderName::try_from(name).ok());
    named.chain(HOP_BY_HOP).collect()
}

fn remove(fields: &mut HeaderMap, names: &[HeaderName]) {
    for name in names {
        fields.remove(name);
    }
}

/// The members of a list of tokens, in lower case.
fn members(value: &HeaderValue) -> impl Iterator<Item = String> {
    let members = value.as_bytes().split(|octet| *octet == b',');
    members.map(|member| String::from_utf8_lossy(member).trim().to_ascii_lowercase())
}

/// The head of an interim response, as it is written.
fn interim_head(status: StatusCode, fields: &HeaderMap) -> Bytes {
    let mut fields = fields.clone();
    let names = hop_by_hop(&fields);
    remove(&mut fields, &names);
    let mut head = BytesMut::new();
    head.extend_from_slice(format!("HTTP/1.1 {status}\r\n").as_bytes());
    for (name, value) in &fields {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    head.extend_from_slice(b"\r\n");
    head.freeze()
}

/// Connects to the origin, whatever host the URI names.
#[derive(Clone)]
struct ToOrigin(SocketAddr);

impl Service<Uri> for ToOrigin {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let origin = self.0;
        Box::pin(async move {
            let stream = TcpStream::connect(origin).await?;
            stream.set_nodelay(true)?;
            Ok(TokioIo::new(stream))
        })
    }
}

/// The connection to a client. hyper's server writes no interim responses, so that they are put in
/// between what it writes.
pub(crate) struct Wire<S> {
    stream: S,
    interim: mpsc::Receiver<(Bytes, oneshot::Sender<()>)>,
    unwritten: BytesMut,
}

/// Where the interim responses of a connection go.
#[derive(Clone)]
pub(crate) struct InterimSender(mpsc::Sender<(Bytes, oneshot::Sender<()>)>);

impl InterimSender {
    /// Comes to its end when the head is on its way before anything that is written later.
    pub(crate) async fn pass_on(&self, head: Bytes, version: Version) {
        // A client of HTTP/1.0 knows nothing of interim responses (RFC 9110 §15.2).
        if version == Version::HTTP_10 {
            return;
        }
        let (take, taken) = oneshot::channel();
        if self.0.send((head, take)).await.is_ok() {
            let _ = taken.await;
        }
    }
}

impl<S: AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(stream: S) -> (InterimSender, Self) {
        let (sender, interim) = mpsc::channel(1);
        let unwritten = BytesMut::new();
        let wire = Self {
            stream,
            interim,
            unwritten,
        };
        (InterimSender(sender), wire)
    }

    fn poll_unwritten(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.unwritten.has_remaining() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.unwritten))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unwritten.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_unwritten(cx))?;
        Pin::new(&mut self.stream).poll_write(cx, octets)
    }

    /// hyper flushes when it has written all it has. A request is answered only after the response
    /// before it was written, and its own response waits for its interim ones: so whatever waits here
    /// stands between the two.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Poll::Ready(Some((head, take))) = self.interim.poll_recv(cx) {
            self.unwritten.extend_from_slice(&head);
            let _ = take.send(());
        }
        ready!(self.poll_unwritten(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_unwritten(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}
