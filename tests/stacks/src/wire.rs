//! The octets of a response, over either version of HTTP.

use std::io;

use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::TokioExecutor;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::HyperClient;

/// A version of HTTP, as octets on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// HTTP/1.1
    Http1,
    /// HTTP/2, known beforehand and without TLS.
    Http2,
}

/// A response to be written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Written<'a> {
    /// The status.
    pub status: u16,
    /// The fields, in order.
    pub fields: &'a [(&'a str, &'a str)],
    /// The content, a chunk or frame for each.
    pub content: &'a [&'a str],
    /// The trailers.
    pub trailers: &'a [(&'a str, &'a str)],
}

impl Wire {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Http1, Self::Http2];

    /// What makes a client that speaks it.
    pub fn client_builder(self) -> Builder {
        let mut builder = Client::builder(TokioExecutor::new());
        builder.http2_only(self == Self::Http2);
        builder
    }

    /// A client that speaks it, and has a connection for each request.
    pub fn client(self) -> HyperClient {
        self.client_builder().pool_max_idle_per_host(0).build_http()
    }

    /// The octets of a response with these fields, this content and these trailers. Over HTTP/1.1 the content is
    /// chunked where no field says how long it is, over HTTP/2 it is the first response of its connection.
    pub fn octets(self, response: Written<'_>) -> Vec<u8> {
        match self {
            Self::Http1 => http1(response),
            Self::Http2 => {
                let mut octets = http2_preface();
                octets.extend(http2(response));
                octets
            }
        }
    }

    /// Reads the next request, which has no content. `None` where the client has gone.
    pub(crate) async fn next_request(
        self,
        stream: &mut TcpStream,
        unread: &mut Vec<u8>,
    ) -> io::Result<Option<String>> {
        loop {
            let end = match self {
                Self::Http1 => http1_request(unread),
                Self::Http2 => http2_request(unread),
            };
            if let Some(end) = end {
                let head = unread.drain(..end).collect();
                let text = (self == Self::Http1).then(|| String::from_utf8(head));
                return Ok(Some(text.and_then(Result::ok).unwrap_or_default()));
            }
            if stream.read_buf(unread).await? == 0 {
                return Ok(None);
            }
        }
    }
}

fn http1(response: Written<'_>) -> Vec<u8> {
    let Written {
        status,
        fields,
        content,
        trailers,
    } = response;
    let has_length = fields.iter().any(|(name, _)| *name == "content-length");
    let mut octets = format!("HTTP/1.1 {status} So\r\n");
    let lines = |octets: &mut String, fields: &[(&str, &str)]| {
        for (name, value) in fields {
            octets.push_str(&format!("{name}: {value}\r\n"));
        }
        octets.push_str("\r\n");
    };
    if has_length || content.is_empty() {
        lines(&mut octets, fields);
        octets.extend(content.iter().copied());
    } else {
        octets.push_str("transfer-encoding: chunked\r\n");
        lines(&mut octets, fields);
        for chunk in content {
            octets.push_str(&format!("{:x};a=b\r\n{chunk}\r\n", chunk.len()));
        }
        octets.push_str("0\r\n");
        lines(&mut octets, trailers);
    }
    octets.into_bytes()
}

/// Where the first head ends.
fn http1_request(unread: &[u8]) -> Option<usize> {
    let end = unread.windows(4).position(|octets| octets == b"\r\n\r\n")?;
    Some(end + 4)
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAME_HEAD: usize = 9;
/// The kinds of frames (RFC 9113 §6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
/// Their flags.
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// What a server says first: settings, and that it has those of the client.
fn http2_preface() -> Vec<u8> {
    let mut octets = frame(SETTINGS, 0, 0, &[]);
    octets.extend(frame(SETTINGS, ACK, 0, &[]));
    octets
}

fn http2(response: Written<'_>) -> Vec<u8> {
    let status = response.status.to_string();
    let mut head = literal(":status", &status);
    head.extend(
        response
            .fields
            .iter()
            .flat_map(|(name, value)| literal(name, value)),
    );
    let trailers: Vec<u8> = response
        .trailers
        .iter()
        .flat_map(|(name, value)| literal(name, value))
        .collect();
    let last = |is_last: bool| if is_last { END_STREAM } else { 0 };
    let is_interim = response.status < 200;

    let is_all = response.content.is_empty() && trailers.is_empty() && !is_interim;
    let mut octets = frame(HEADERS, END_HEADERS | last(is_all), 1, &head);
    for (n, content) in response.content.iter().enumerate() {
        let is_last = n + 1 == response.content.len() && trailers.is_empty();
        octets.extend(frame(DATA, last(is_last), 1, content.as_bytes()));
    }
    if !trailers.is_empty() {
        octets.extend(frame(HEADERS, END_HEADERS | END_STREAM, 1, &trailers));
    }
    octets
}

/// A frame of HTTP/2 (RFC 9113 §4.1).
///
/// # Panics
///
/// Where the payload is longer than four octets can tell.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a small payload");
    let mut octets = length.to_be_bytes()[1..].to_vec();
    octets.extend([kind, flags]);
    octets.extend(stream.to_be_bytes());
    octets.extend(payload);
    octets
}

/// A field of HTTP/2 that is neither compressed nor remembered (RFC 7541 §6.2.2).
///
/// # Panics
///
/// Where name or value have more than 126 octets.
pub fn literal(name: &str, value: &str) -> Vec<u8> {
    let mut octets = vec![0];
    for text in [name, value] {
        octets.push(u8::try_from(text.len()).expect("a short text"));
        assert!(text.len() < 127, "a longer one takes more octets");
        octets.extend(text.bytes());
    }
    octets
}

/// Where the frame ends that ends the first head, with all that comes before it.
fn http2_request(unread: &[u8]) -> Option<usize> {
    let mut end = if unread.starts_with(b"P") {
        PREFACE.len()
    } else {
        0
    };
    loop {
        let head = unread.get(end..end + FRAME_HEAD)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let (kind, flags) = (head[3], head[4]);
        end += FRAME_HEAD + length;
        if unread.len() < end {
            return None;
        }
        if kind == HEADERS && flags & END_HEADERS != 0 {
            return Some(end);
        }
    }
}
