//! What content says of its length, when the cache has read some of it.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use support::{OriginBody, OriginError, reply};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt};
use tower_client_cache::request_body::Replay;
use tower_client_cache::{CacheLayer, Forward, NotStored};

use super::{Content, fresh, with, with_body};

/// Content that says at its beginning how long it will be, whatever comes.
struct Saying {
    left: u64,
    body: OriginBody,
}

impl Saying {
    fn content<const N: usize>(
        octets: u64,
        frames: [Result<Frame<Bytes>, OriginError>; N],
    ) -> UnsyncBoxBody<Bytes, OriginError> {
        let body = OriginBody::new(frames, false);
        let saying = Self { left: octets, body };
        saying.boxed_unsync()
    }
}

impl Body for Saying {
    type Data = Bytes;
    type Error = OriginError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, OriginError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame {
            let octets = frame.data_ref().map_or(0, Bytes::len);
            self.left = self.left.saturating_sub(octets as u64);
        }
        frame
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

fn data(data: &'static str) -> Result<Frame<Bytes>, OriginError> {
    Ok(Frame::data(Bytes::from(data)))
}

const TORN: Result<Frame<Bytes>, OriginError> = Err(OriginError("torn"));

/// What an origin hears over a connection of HTTP/1.1 of a request with this content, sent through the cache.
async fn heard(content: Content) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let hearing = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let (mut heard, mut some) = (Vec::new(), [0; 1024]);
        loop {
            let octets = stream.read(&mut some).await.unwrap_or(0);
            if octets == 0 {
                return String::from_utf8(heard).expect("text");
            }
            heard.extend_from_slice(&some[..octets]);
            // For who takes what was sent for all of it.
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            let _ = stream.write_all(answer).await;
        }
    });
    let client = Client::builder(TokioExecutor::new()).build_http::<Content>();
    let layer = CacheLayer::new().query(true);
    let layer = layer.request_body(|content: Replay<Content>| content.boxed_unsync());
    let query = Request::builder()
        .method("QUERY")
        .uri(format!("http://{address}/q"))
        .header("content-type", "text/plain");
    let query = query.body(content).expect("a request");
    let _ = layer.layer(client).oneshot(query).await;
    hearing.await.expect("no panic")
}

/// Whether a request is complete, by what it says itself: where it says nothing it has no content (RFC 9112 §6.3).
fn is_whole(octets: &str) -> bool {
    let Some((head, content)) = octets.split_once("\r\n\r\n") else {
        return false;
    };
    if head.contains("transfer-encoding: chunked") {
        return content.ends_with("0\r\n\r\n");
    }
    let said = head.split_once("content-length: ");
    let said = said.map_or("0", |(_, said)| said.lines().next().unwrap_or_default());
    said == content.len().to_string()
}

/// 9112-6.3-4, Promise 4: Content that breaks off is not made into shorter content that is whole.
#[tokio::test]
async fn content_that_breaks_off_does_not_look_whole_to_the_origin() {
    let whole = heard(Saying::content(2, [data("12")])).await;
    assert!(is_whole(&whole), "{whole}");
    for content in [
        OriginBody::new([data("12"), TORN], false).boxed_unsync(),
        Saying::content(4, [data("12"), TORN]),
        Saying::content(4, [data("12")]),
        Saying::content(4, []),
    ] {
        let octets = heard(content).await;
        assert!(!is_whole(&octets), "{octets}");
    }
}

/// Size hints survive: what becomes of content changes nothing of what it has said.
#[tokio::test]
async fn content_says_of_its_length_what_it_has_said() {
    let talk = with(|layer| layer.query(true).max_content(4));
    talk.origin.answers(|_| fresh("x"));
    let trailers = || Ok(Frame::trailers(HeaderMap::new()));
    let untold = |frames: Vec<_>| OriginBody::new(frames, false).boxed_unsync();
    let (torn, longer) = (vec![data("12"), TORN], vec![data("123"), data("45")]);
    for (content, octets, exact) in [
        (untold(torn), "12", None),
        (untold(longer), "12345", None),
        (untold(vec![data("12"), trailers()]), "12", None),
        (Saying::content(4, [data("12"), TORN]), "12", Some(4)),
        (Saying::content(2, [data("12"), trailers()]), "12", Some(2)),
        (Saying::content(4, [data("12")]), "12", Some(4)),
        (Saying::content(2, [data("123")]), "123", Some(2)),
        (
            Saying::content(2, [data("123"), data("45")]),
            "12345",
            Some(2),
        ),
    ] {
        let answer = talk.try_send(with_body("QUERY", content, &[])).await;
        let heard = talk.heard();
        assert_eq!(
            (&*heard.octets, heard.hint.exact()),
            (octets.as_bytes(), exact)
        );
        if let Ok(answer) = answer {
            answer
                .assert_forwarded(Forward::Bypass)
                .assert_not_stored(NotStored::Bypass);
        }
    }
    assert_eq!(talk.handle.len(), 0);
}

/// C-20, Promise 4: What is sent a second time says of its length what it said the first time.
#[tokio::test]
async fn content_that_is_sent_once_more_says_no_more_of_its_length() {
    let talk = with(|layer| layer.query(true));
    for (content, exact) in [
        (OriginBody::new([data("12")], false).boxed_unsync(), None),
        (Saying::content(2, [data("12")]), Some(2)),
    ] {
        talk.origin.will(fresh("one").field("etag", "\"1\""));
        talk.query("12").await;
        talk.clock.advance(61);
        talk.origin.will(reply(304).field("etag", "\"other\""));
        talk.origin.will(fresh("two"));
        let answer = talk.send(with_body("QUERY", content, &[])).await;
        assert_eq!(answer.text(), "two");
        assert_eq!(talk.heard().octets, "12");
        assert_eq!(talk.heard().hint.exact(), exact);
        talk.handle.clear();
    }
}
