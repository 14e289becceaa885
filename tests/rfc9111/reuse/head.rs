//! The head of what is forwarded and of what is reused, octet for octet.

use http::{HeaderMap, Method, Version};
use support::{Answer, Conversation, Reply, get, reply, request};
use tower_client_cache::Forward;

/// Every line in its order, but for those of `left_out`.
fn lines<'a>(fields: &'a HeaderMap, left_out: &[&str]) -> Vec<(&'a str, &'a [u8])> {
    fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .filter(|(name, _)| !left_out.contains(name))
        .collect()
}

const END_TO_END: [(&str, &[u8]); 16] = [
    ("date", b"Sun, 06 Nov 1994 08:49:37 GMT"),
    ("cache-control", b"max-age=60,, Foo=\"bar, baz\""),
    ("cache-control", b"public"),
    ("expires", b"Sunday, 06-Nov-94 09:49:37 GMT"),
    ("etag", b"\"caf\xe9\""),
    ("set-cookie", b"a=1; Path=/"),
    ("set-cookie", b"b=2"),
    ("link", b"</x>; rel=preload"),
    ("link", b"</y>; rel=preload"),
    ("content-length", b"5"),
    ("content-type", b"text/plain;charset=utf-8"),
    ("content-disposition", b"inline; filename=\"na\xc3\xafve\""),
    ("x-latin", b"caf\xe9"),
    ("x-empty", b""),
    ("x-odd", b"a \t b,,c"),
    ("priority", b"u=1"),
];

const FOR_ONE_CONNECTION: [(&str, &[u8]); 9] = [
    ("connection", b"close, X-Hop"),
    ("connection", b"x-other-hop"),
    ("x-hop", b"1"),
    ("x-other-hop", b"2"),
    ("keep-alive", b"timeout=5"),
    ("proxy-connection", b"close"),
    ("proxy-authenticate", b"Basic"),
    ("proxy-authentication-info", b"x"),
    ("upgrade", b"h2c"),
];

fn with_fields(fields: &[(&str, &[u8])]) -> Reply {
    fields
        .iter()
        .fold(reply(200), |reply, (name, value)| reply.field(name, value))
}

/// 9111-3.1-1, 9110-5.2-1, 9111-5.2-3, PRJ-4-12, 9111-5.1-4, 9218-5-1
#[tokio::test]
async fn a_head_is_forwarded_and_reused_octet_for_octet() {
    let talk = Conversation::default();
    let first = talk.store(with_fields(&END_TO_END).body("hello")).await;
    first.assert_forwarded(Forward::UriMiss).assert_stored();
    assert_eq!(lines(&first.headers, &[]), END_TO_END);
    for _ in 0..2 {
        talk.clock.advance(15);
        let again = talk.get("/a").await;
        assert_eq!(lines(&again.assert_hit().headers, &["age"]), END_TO_END);
        assert_eq!(again.text(), "hello");
    }
    assert_eq!(talk.origin.calls(), 1);
}

/// 9111-3.1-2, 9111-3.1-3, 9111-3.1-4: what is for the next hop alone reaches it and is not stored
#[tokio::test]
async fn fields_for_one_connection_are_forwarded_and_not_reused() {
    let talk = Conversation::default();
    let all: Vec<_> = END_TO_END
        .iter()
        .chain(&FOR_ONE_CONNECTION)
        .copied()
        .collect();
    let first = talk.store(with_fields(&all).body("hello")).await;
    let seen: HeaderMap = first.assert_stored().headers.clone();
    for (name, value) in all {
        let held = seen.get_all(name).iter().any(|line| line == value);
        assert!(held, "{name} is passed on");
    }
    let again = talk.get("/a").await;
    assert_eq!(lines(&again.assert_hit().headers, &["age"]), END_TO_END);
}

/// 9111-4-6, 9111-5.1-2, 9111-5.5-1: one `Age`, ours, on every answer that was not validated
#[tokio::test]
async fn a_reused_response_has_one_age_which_is_its_current_age() {
    const TAG: (&str, &str) = ("if-none-match", "\"e\"");
    const STALE: (&str, &str) = ("cache-control", "max-stale");
    type Case<'a> = (
        &'a [&'a str],
        u64,
        Method,
        &'a [(&'a str, &'a str)],
        &'a str,
    );
    let table: [Case<'_>; 9] = [
        (&[], 0, Method::GET, &[], "0"),
        (&[], 5, Method::GET, &[], "5"),
        (&["10"], 0, Method::GET, &[], "10"),
        (&["10"], 5, Method::GET, &[], "15"),
        (&["10", "40"], 5, Method::GET, &[], "15"),
        (&["10, 40"], 5, Method::GET, &[], "15"),
        (&["10"], 5, Method::HEAD, &[], "15"),
        (&["10"], 5, Method::GET, &[TAG], "15"),
        (&["10"], 100, Method::GET, &[STALE], "110"),
    ];
    for (received, seconds, method, fields, expected) in table {
        let talk = Conversation::default();
        let stored = reply(200).control("max-age=60").field("etag", "\"e\"");
        let stored = received
            .iter()
            .fold(stored, |reply, age| reply.field("age", age));
        talk.store(stored.body("hello")).await.assert_stored();
        talk.clock.advance(seconds);
        let answer = talk.send(request(method, "/a", fields)).await;
        let ages: Vec<_> = answer.assert_hit().headers.get_all("age").iter().collect();
        assert_eq!(ages, [expected], "{received:?} {seconds} {fields:?}");
        assert_eq!(answer.field("warning"), None);
    }
}

/// 9111-5.1-4: the origin's answer has the `Age` that it came with, or none
#[tokio::test]
async fn a_forwarded_response_is_given_no_age() {
    let talk = Conversation::default();
    let slow = reply(200).control("max-age=60").takes(3);
    assert_eq!(talk.store(slow.body("hello")).await.field("age"), None);
    assert_eq!(talk.get("/a").await.field("age").as_deref(), Some("3"));
}

/// 9111-5.2.2.4-2, C-13
#[tokio::test]
async fn fields_that_no_cache_lists_are_left_out_of_what_was_not_validated() {
    let talk = Conversation::default();
    let stored = reply(200)
        .control("max-age=60, no-cache=\"Set-Cookie, X\"")
        .field("set-cookie", "a=1")
        .field("set-cookie", "b=2")
        .field("x", "1")
        .field("y", "1")
        .field("etag", "\"e\"");
    let first = talk.store(stored.body("hello")).await;
    assert_eq!(first.field("set-cookie").as_deref(), Some("a=1, b=2"));
    let again = talk.get("/a").await;
    let fields = |answer: &Answer| ["set-cookie", "x", "y"].map(|name| answer.field(name));
    assert_eq!(fields(again.assert_hit()), [None, None, Some("1".into())]);
    talk.clock.advance(60);
    talk.origin.will(reply(304).field("etag", "\"e\""));
    let validated = talk.get("/a").await;
    let all = ["a=1, b=2", "1", "1"].map(|value| Some(value.into()));
    assert_eq!(fields(validated.assert_validated()), all);
}

/// 9111-3-11, PRJ-L-6: status and HTTP version as they came
#[tokio::test]
async fn status_and_version_are_reused_as_they_came() {
    for (status, version) in [
        (200, Version::HTTP_10),
        (203, Version::HTTP_11),
        (404, Version::HTTP_2),
        (599, Version::HTTP_3),
    ] {
        let talk = Conversation::default();
        let stored = reply(status).control("max-age=60").version(version);
        let first = talk.store(stored.body("hello")).await;
        assert_eq!((first.status.as_u16(), first.version), (status, version));
        let again = talk.get("/a").await;
        again.assert_hit();
        assert_eq!((again.status.as_u16(), again.version), (status, version));
    }
}

/// They describe a connection: they are passed on, and never stored.
#[tokio::test]
async fn extensions_of_a_response_are_passed_on_and_not_stored() {
    #[derive(Debug, Clone, PartialEq)]
    struct PeerAddress(u16);

    let talk = Conversation::default();
    let stored = reply(200).control("max-age=60").extension(PeerAddress(7));
    let first = talk.store(stored.body("hello")).await;
    assert_eq!(first.extensions.get(), Some(&PeerAddress(7)));
    let again = talk.get("/a").await;
    assert_eq!(again.assert_hit().extensions.get::<PeerAddress>(), None);
    assert_eq!(again.extensions.len(), 1, "ours alone");
}

/// PRJ-4.3.1-7, 9111-5.2-3
#[tokio::test]
async fn a_forwarded_request_has_the_head_that_it_came_with() {
    let talk = Conversation::default();
    let mut asked = get(
        "/a?x=%7e",
        &[
            ("accept", "text/html"),
            ("accept", "text/plain"),
            ("cache-control", "foo=bar, max-age=5"),
            ("pragma", "foo"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
        ],
    );
    let latin = http::HeaderValue::from_bytes(b"caf\xe9").unwrap();
    asked.headers_mut().insert("x-latin", latin);
    let sent = (asked.uri().clone(), asked.headers().clone());
    talk.origin.will(reply(200).control("max-age=60"));
    talk.send(asked).await.assert_stored();
    let seen = talk.origin.last();
    assert_eq!(seen.uri, sent.0);
    assert_eq!(lines(&seen.headers, &[]), lines(&sent.1, &[]));
}
