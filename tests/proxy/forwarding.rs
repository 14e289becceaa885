//! What is forwarded, to either side, and what is not.

use super::*;

/// 9111-4-2, 9111-4-6
#[tokio::test]
async fn a_stored_response_is_reused() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let mut client = proxy.client().await;
    client.send(get("/a")).await;
    let mut at_origin = origin.accept().await;
    at_origin.head().await;
    at_origin.send(page("one")).await;
    let first = client.head().await;
    assert_eq!(first.field("age"), None);
    assert_eq!(client.body(&first).await, "one");

    let (second, body) = client.ask(&get("/a")).await;
    assert_eq!(second.line(), "HTTP/1.1 200 OK");
    assert!(second.field("age").is_some());
    assert_eq!(body, "one");
    assert!(!origin.is_called());
}

/// 9110-7.6.1-1, RFC 9110 §7.6.3
#[tokio::test]
async fn fields_for_one_connection_go_no_further_than_the_proxy() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let mut client = proxy.client().await;
    let fields = "connection: X-One, keep-alive , X-TWO\r\nx-one: 1\r\nX-Two: 2\r\nx-three: 3\r\n\
         keep-alive: timeout=9\r\nproxy-connection: keep-alive\r\nte: trailers;q=0.5, deflate\r\n\
         upgrade: h2c\r\n";
    client
        .send(format!("GET /a HTTP/1.1\r\nhost: o.test\r\n{fields}\r\n"))
        .await;
    let mut at_origin = origin.accept().await;
    let asked = at_origin.head().await;
    let gone = [
        "connection",
        "x-one",
        "x-two",
        "keep-alive",
        "proxy-connection",
        "te",
        "upgrade",
        "transfer-encoding",
    ];
    for name in gone {
        assert_eq!(asked.field(name), None, "{name}");
    }
    assert_eq!(asked.field("x-three").as_deref(), Some("3"));
    assert_eq!(asked.field("via").as_deref(), Some("1.1 proxy"));

    let fields = "connection: x-one\r\nconnection: X-Two\r\nx-one: 1\r\nX-Two: 2\r\nx-three: 3\r\n\
         keep-alive: timeout=9\r\nproxy-connection: keep-alive\r\nte: x\r\nupgrade: h2c\r\n";
    at_origin.send(answer(fields, "one")).await;
    let answered = client.head().await;
    for name in gone {
        assert_eq!(answered.field(name), None, "{name}");
    }
    assert_eq!(answered.field("x-three").as_deref(), Some("3"));
}

/// 9110-7.6.1-1, RFC 9112 §7.1.2
#[tokio::test]
async fn trailers_reach_the_client_and_the_origin() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let mut client = proxy.client().await;
    let chunked = "trailer: x-sum, keep-alive\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\
         x-sum: 7\r\nkeep-alive: no\r\nx-other: 1\r\n\r\n";
    client
        .send(format!(
            "POST /a HTTP/1.1\r\nhost: o.test\r\nconnection: te\r\nte: trailers\r\n{chunked}"
        ))
        .await;
    let mut at_origin = origin.accept().await;
    let asked = at_origin.head().await;
    assert_eq!(asked.field("te").as_deref(), Some("trailers"));
    assert_eq!(asked.field("connection").as_deref(), Some("te"));
    let passed_on = "3\r\none\r\n0\r\nx-sum: 7\r\n\r\n";
    at_origin.expects(passed_on).await;

    at_origin
        .send(format!("HTTP/1.1 200 OK\r\n{chunked}"))
        .await;
    client.head().await;
    client.expects(passed_on).await;
}

/// Promise 4: half a request is with the origin before the other half is there.
#[tokio::test]
async fn the_content_of_a_request_streams_through() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let mut client = proxy.client().await;
    client
        .send("PUT /a HTTP/1.1\r\nhost: o.test\r\ncontent-length: 10\r\n\r\nfirst")
        .await;
    let mut at_origin = origin.accept().await;
    let asked = at_origin.head().await;
    assert_eq!(asked.field("content-length").as_deref(), Some("10"));
    at_origin.expects("first").await;
    client.send("other").await;
    at_origin.expects("other").await;
    at_origin.send(answer("", "done")).await;
    let head = client.head().await;
    assert_eq!(client.body(&head).await, "done");
}

/// Promise 4
#[tokio::test]
async fn the_content_of_a_response_streams_through() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let mut client = proxy.client().await;
    client.send(get("/a")).await;
    let mut at_origin = origin.accept().await;
    at_origin.head().await;
    at_origin
        .send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst")
        .await;
    client.head().await;
    client.expects("first").await;
    at_origin.send("other").await;
    client.expects("other").await;
}

/// Larger than any buffer on the way, in both directions at once.
#[tokio::test]
async fn large_contents_pass_whole() {
    const LENGTH: usize = 12 * 1024 * 1024;
    let content: Vec<u8> = (0..LENGTH).map(|at| (at % 251) as u8).collect();
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let mut client = proxy.client().await;
    let head = format!("POST /a HTTP/1.1\r\nhost: o.test\r\ncontent-length: {LENGTH}\r\n\r\n");
    let (asked, answered) = tokio::join!(
        async {
            let mut at_origin = origin.accept().await;
            at_origin.head().await;
            let asked = at_origin.octets(LENGTH).await;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {LENGTH}\r\n\r\n");
            at_origin.send(head).await;
            at_origin.send(&asked).await;
            asked
        },
        async {
            client.send(head).await;
            client.send(&content).await;
            client.head().await;
            client.octets(LENGTH).await
        }
    );
    assert!(asked == content, "what the origin has is what was sent");
    assert!(answered == content, "what has come back is what was sent");
}

/// 9112-6.3-1, 9110-8.6-1: the length is that of what GET would bring.
#[tokio::test]
async fn head_has_the_length_and_no_content() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let mut client = proxy.client().await;
    client
        .send("HEAD /a HTTP/1.1\r\nhost: o.test\r\n\r\n")
        .await;
    let mut at_origin = origin.accept().await;
    let asked = at_origin.head().await;
    assert_eq!(asked.line(), "HEAD /a HTTP/1.1");
    at_origin
        .send("HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-length: 5\r\n\r\n")
        .await;
    let forwarded = client.head().await;
    assert_eq!(forwarded.field("content-length").as_deref(), Some("5"));

    client
        .send("HEAD /a HTTP/1.1\r\nhost: o.test\r\nconnection: close\r\n\r\n")
        .await;
    let stored = client.head().await;
    assert_eq!(stored.field("content-length").as_deref(), Some("5"));
    assert!(stored.field("age").is_some());
    assert_eq!(client.read_to_the_end().await, b"");
}

/// 9110-7.2-1, RFC 9112 §3.2.2: and the target is a part of the key.
#[tokio::test]
async fn the_host_is_a_part_of_the_target() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let table = [
        ("GET /a HTTP/1.1\r\nHost: one.test", "one.test"),
        ("GET /a HTTP/1.1\r\nHost: one.test:8080", "one.test:8080"),
        (
            "GET http://two.test/a HTTP/1.1\r\nHost: one.test",
            "two.test",
        ),
        ("GET http://three.test/a HTTP/1.0", "three.test"),
        ("GET /a HTTP/1.0", ""),
    ];
    for (request, host) in table {
        let mut client = proxy.client().await;
        client.send(format!("{request}\r\n\r\n")).await;
        let mut at_origin = origin.accept().await;
        let asked = at_origin.head().await;
        assert_eq!(asked.line(), "GET /a HTTP/1.1", "{request}");
        let of_origin = format!("127.0.0.1:{}", origin.port());
        let host = if host.is_empty() { &of_origin } else { host };
        assert_eq!(asked.field("host").as_deref(), Some(host), "{request}");
        at_origin.send(page(host)).await;
        let head = client.head().await;
        assert_eq!(client.body(&head).await, host, "{request}");
    }
    let mut client = proxy.client().await;
    let (_, body) = client
        .ask("GET /a HTTP/1.1\r\nhost: two.test\r\n\r\n")
        .await;
    assert_eq!(body, "two.test", "it is stored under its own host");
    assert!(!origin.is_called());
}

/// RFC 9112 §3.2
#[tokio::test]
async fn a_target_that_cannot_be_made_out_is_not_forwarded() {
    let origin = Origin::bind().await;
    let proxy = Between::before(&origin, &[]).await;
    let table = [
        ("GET /a HTTP/1.1\r\n", "400 Bad Request"),
        (
            "GET /a HTTP/1.1\r\nhost: o.test\r\nhost: o.test\r\n",
            "400 Bad Request",
        ),
        ("GET /a HTTP/1.1\r\nhost: a b\r\n", "400 Bad Request"),
        ("GET /a HTTP/1.1\r\nhost: u@o.test\r\n", "400 Bad Request"),
        ("GET /a HTTP/1.1\r\nhost:\r\n", "400 Bad Request"),
        (
            "CONNECT o.test:443 HTTP/1.1\r\nhost: o.test:443\r\n",
            "501 Not Implemented",
        ),
        (
            "OPTIONS * HTTP/1.1\r\nhost: o.test\r\n",
            "501 Not Implemented",
        ),
    ];
    for (request, status) in table {
        let mut client = proxy.client().await;
        client.send(format!("{request}\r\n")).await;
        let line = format!("HTTP/1.1 {status}");
        assert_eq!(client.head().await.line(), line, "{request}");
    }
    assert!(!origin.is_called());
}
