//! The other end of a connection of the proxy's, octet by octet: a client, or an origin.

use std::net::SocketAddr;
use std::panic::Location;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Fails where something that has to happen does not.
#[track_caller]
pub(crate) fn soon<T>(it: impl Future<Output = T>) -> impl Future<Output = T> {
    let (limit, at) = (Duration::from_secs(20), Location::caller());
    async move {
        let it = timeout(limit, it).await;
        it.unwrap_or_else(|_| panic!("{at}: it has not happened in 20 seconds"))
    }
}

/// The origin of a test: it does nothing by itself.
pub(crate) struct Origin {
    listener: TcpListener,
}

impl Origin {
    pub(crate) async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self { listener }
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().expect("an address").port()
    }

    /// The next connection that the proxy opens.
    pub(crate) async fn accept(&self) -> Peer {
        let (stream, _) = soon(self.listener.accept()).await.expect("a connection");
        Peer::new(stream)
    }

    /// Whether a connection waits to be accepted.
    pub(crate) fn is_called(&self) -> bool {
        let accepting = self.listener.accept();
        futures_util::FutureExt::now_or_never(accepting).is_some()
    }
}

pub(crate) struct Peer {
    stream: BufReader<TcpStream>,
}

impl Peer {
    fn new(stream: TcpStream) -> Self {
        let stream = BufReader::new(stream);
        Self { stream }
    }

    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await;
        Self::new(stream.expect("a connection"))
    }

    pub(crate) async fn send(&mut self, octets: impl AsRef<[u8]>) {
        let sent = soon(self.stream.write_all(octets.as_ref())).await;
        sent.expect("the proxy reads");
    }

    /// Reads to the end of a head; `None` where the connection ends before there is any.
    pub(crate) async fn next_head(&mut self) -> Option<Head> {
        let mut text = String::new();
        loop {
            let read = soon(self.stream.read_line(&mut text)).await;
            match read.expect("text") {
                0 if text.is_empty() => return None,
                0 => panic!("a head that breaks off: {text}"),
                _ if text.ends_with("\r\n\r\n") => return Some(Head(text)),
                _ => {}
            }
        }
    }

    pub(crate) async fn head(&mut self) -> Head {
        self.next_head().await.expect("the connection is open")
    }

    pub(crate) async fn octets(&mut self, length: usize) -> Vec<u8> {
        let mut octets = vec![0; length];
        let read = soon(self.stream.read_exact(&mut octets)).await;
        read.expect("so many octets");
        octets
    }

    pub(crate) async fn text(&mut self, length: usize) -> String {
        String::from_utf8(self.octets(length).await).expect("text")
    }

    /// A body with as many octets as the head says.
    pub(crate) async fn body(&mut self, head: &Head) -> String {
        let length = head.field("content-length").expect("a length");
        self.text(length.parse().expect("a number")).await
    }

    /// Reads this much text, and no other.
    #[track_caller]
    pub(crate) fn expects(&mut self, expected: &str) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            let found = self.text(expected.len()).await;
            assert_eq!(found, expected, "{at}");
        }
    }

    pub(crate) async fn read_to_the_end(&mut self) -> Vec<u8> {
        let mut octets = Vec::new();
        let read = soon(self.stream.read_to_end(&mut octets)).await;
        read.expect("the connection ends");
        octets
    }

    /// Sends a request, and reads a response with a length.
    pub(crate) async fn ask(&mut self, request: &str) -> (Head, String) {
        self.send(request).await;
        let head = self.head().await;
        let body = self.body(&head).await;
        (head, body)
    }
}

/// A head as it stood on the wire.
#[derive(Debug, Clone)]
pub(crate) struct Head(pub(crate) String);

impl Head {
    /// The first line.
    pub(crate) fn line(&self) -> &str {
        self.0.lines().next().unwrap_or_default()
    }

    /// The values of a field, one after the other.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let lines = self
            .0
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        let values = lines.filter(|(found, _)| found.eq_ignore_ascii_case(name));
        let values: Vec<_> = values.map(|(_, value)| value).collect();
        (!values.is_empty()).then(|| values.join(" & "))
    }
}
