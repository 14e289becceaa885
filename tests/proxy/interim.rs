//! Interim responses (RFC 9110 §15.2): they reach the client before the answer, and never in the middle of
//! another one.

use super::*;

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

/// 9110-15.2-2
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

/// The client asks twice and reads nothing: the first answer fills every buffer on the way, and the
/// interim response to the second request waits for its end.
#[tokio::test]
async fn an_interim_response_waits_for_the_end_of_the_answer_before_it() {
    const LENGTH: usize = 24 * 1024 * 1024;
    let large = "x".repeat(LENGTH);
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let mut client = proxy.client().await;
    client.send(get("/first") + &get("/second")).await;
    let (ready, is_ready) = oneshot::channel();
    let serving = async {
        let mut at_origin = origin.accept().await;
        at_origin.head().await;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {LENGTH}\r\n\r\n");
        at_origin.send(head).await;
        ready.send(()).expect("the client waits");
        at_origin.send(&large).await;
        let mut second = at_origin;
        assert_eq!(second.head().await.line(), "GET /second HTTP/1.1");
        second.send(format!("{HINTS}{}", page("two"))).await;
        second
    };
    let reading = async {
        is_ready.await.expect("the origin answers");
        client.head().await;
        assert!(client.octets(LENGTH).await == large.as_bytes());
        client
            .expects("HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n")
            .await;
        let head = client.head().await;
        assert_eq!(client.body(&head).await, "two");
    };
    let (_connection, ()) = tokio::join!(serving, reading);
}

/// 9110-10.1.1-1: the client has sent no content yet, and is told to.
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
