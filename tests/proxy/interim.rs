//! Interim responses (RFC 9110 §15.2): they reach the client before the answer, and never in the middle of
//! another one.

use std::pin::pin;

use bytes::Bytes;
use futures_util::FutureExt;
use http::Version;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::proxy::Wire;

const HINTS: &str =
    "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\nconnection: x-hop\r\nx-hop: 1\r\n\r\n";

/// 9110-15.2-1, 8297-2-1, 9111-3-2: it comes while the origin still thinks about the answer, and no field
/// of it gets into the answer, or into the store.
#[tokio::test]
async fn an_interim_response_reaches_the_client_at_once() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let mut client = proxy.client().await;
    client.send(get("/a")).await;
    let mut at_origin = origin.accept().await;
    at_origin.head().await;
    for _ in 0..2 {
        at_origin.send(HINTS).await;
        client
            .expects("HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n")
            .await;
    }
    at_origin.send("HTTP/1.1 199 \r\n\r\n").await;
    assert!(client.head().await.line().starts_with("HTTP/1.1 199"));
    at_origin.send(page("one")).await;
    for _ in 0..2 {
        let head = client.head().await;
        assert_eq!(head.line(), "HTTP/1.1 200 OK");
        assert_eq!(head.field("link"), None);
        assert_eq!(client.body(&head).await, "one");
        client.send(get("/a")).await;
    }
}

/// They come in one piece with the answer, and stay before it.
#[tokio::test]
async fn many_interim_responses_stand_before_the_answer() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let mut client = proxy.client().await;
    client.send(get("/a")).await;
    let mut at_origin = origin.accept().await;
    at_origin.head().await;
    let mut all: String = (0..100)
        .map(|at| format!("HTTP/1.1 102 Processing\r\nx-at: {at}\r\n\r\n"))
        .collect();
    all += &page("one");
    at_origin.send(all).await;
    for at in 0..100 {
        let head = client.head().await;
        assert_eq!(head.line(), "HTTP/1.1 102 Processing");
        assert_eq!(head.field("x-at"), Some(at.to_string()));
    }
    let head = client.head().await;
    assert_eq!(client.body(&head).await, "one");
}

/// RFC 9110 §15.2: HTTP/1.0 knows of none.
#[tokio::test]
async fn a_client_of_the_older_version_gets_none() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let mut client = proxy.client().await;
    client.send("GET /a HTTP/1.0\r\nhost: o.test\r\n\r\n").await;
    let mut at_origin = origin.accept().await;
    at_origin.head().await;
    at_origin.send(format!("{HINTS}{}", page("one"))).await;
    let head = client.head().await;
    assert!(head.line().ends_with(" 200 OK"), "{head:?}");
}

/// RFC 9112 §9.3.2: the answers come in the order of the requests, each behind its own hints.
#[tokio::test]
async fn requests_may_come_before_the_answers() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let mut client = proxy.client().await;
    client.send(get("/a") + &get("/b") + &get("/a")).await;
    let mut at_origin = origin.accept().await;
    for path in ["/a", "/b"] {
        let asked = at_origin.head().await;
        assert_eq!(asked.line(), format!("GET {path} HTTP/1.1"));
        at_origin.send(format!("{HINTS}{}", page(path))).await;
    }
    for (path, has_hints) in [("/a", true), ("/b", true), ("/a", false)] {
        if has_hints {
            let hints = client.head().await;
            assert_eq!(hints.line(), "HTTP/1.1 103 Early Hints");
        }
        let head = client.head().await;
        assert_eq!(client.body(&head).await, path);
    }
}

/// What hyper has begun to write is written to its end, and an answer waits for what stands before it.
#[tokio::test]
async fn an_interim_response_is_written_between_two_flushes() {
    let (mut client, stream) = tokio::io::duplex(64);
    let (interim, mut wire) = Wire::new(stream);
    let passing_on = async {
        let head = Bytes::from_static(b"<hints>");
        interim.pass_on(head, Version::HTTP_11).await;
    };
    let mut passing_on = pin!(passing_on);
    assert!(passing_on.as_mut().now_or_never().is_none());
    for part in ["<the first answer", ", its end>"] {
        wire.write_all(part.as_bytes())
            .await
            .expect("there is room");
        assert!(passing_on.as_mut().now_or_never().is_none());
    }
    wire.flush().await.expect("there is room");
    passing_on.await;
    wire.write_all(b"<the second>")
        .await
        .expect("there is room");
    wire.shutdown().await.expect("nothing is left");
    let mut written = String::new();
    client.read_to_string(&mut written).await.expect("text");
    let expected = "<the first answer, its end><hints><the second>";
    assert_eq!(written, expected);
}

/// A client that reads slowly gets every octet all the same.
#[tokio::test]
async fn an_interim_response_may_be_written_octet_by_octet() {
    let (mut client, stream) = tokio::io::duplex(1);
    let (interim, mut wire) = Wire::new(stream);
    let writing = async {
        tokio::join!(
            interim.pass_on(Bytes::from_static(b"<hints>"), Version::HTTP_11),
            async { wire.flush().await.expect("it is read") }
        );
        wire.write_all(b"<answer>").await.expect("it is read");
        wire.shutdown().await.expect("it is read");
    };
    let mut written = String::new();
    let (read, ()) = tokio::join!(client.read_to_string(&mut written), writing);
    read.expect("text");
    assert_eq!(written, "<hints><answer>");
}

/// RFC 9110 §10.1.1: the client has sent no content yet, and is told to.
#[tokio::test]
async fn whoever_waits_to_be_told_to_continue_is_told() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let mut client = proxy.client().await;
    client
        .send(
            "PUT /a HTTP/1.1\r\nhost: o.test\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n",
        )
        .await;
    let mut at_origin = origin.accept().await;
    let asked = at_origin.head().await;
    assert_eq!(asked.field("expect").as_deref(), Some("100-continue"));
    let head = client.head().await;
    assert_eq!(head.line(), "HTTP/1.1 100 Continue");
    client.send("hello").await;
    at_origin.expects("hello").await;
    at_origin.send(answer("", "done")).await;
    let head = client.head().await;
    assert_eq!(client.body(&head).await, "done");
}
