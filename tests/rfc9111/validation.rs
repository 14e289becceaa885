//! RFC 9111 §4.3: asking whether a stored response is still good, and what the answers mean.

mod adopted;
mod adopted_head;
mod answers;
mod freshening;
mod heads;
mod limits;
mod listed;
mod not_modified;
mod preconditions;
mod repeated;
mod several;
mod strength;

use http::{HeaderMap, HeaderValue, Method};
use support::{Conversation, Reply, get, reply, request};
use tower_client_cache::{Forward, NotStored};

const TAG: &str = "\"e\"";
const MODIFIED: &str = "Sun, 30 Oct 1994 08:49:37 GMT";

type Fields<'a> = &'a [(&'a str, &'a str)];

fn with_fields(reply: Reply, fields: Fields<'_>) -> Reply {
    fields
        .iter()
        .fold(reply, |reply, (name, value)| reply.field(name, value))
}

/// A response that is fresh for ten seconds.
fn stored() -> Reply {
    reply(200).control("max-age=10").body("hello")
}

/// One that has this response stored, and stale.
async fn with_a_stale(reply: Reply) -> Conversation {
    let talk = Conversation::default();
    talk.store(reply).await.assert_stored();
    talk.clock.advance(10);
    talk
}

/// 9111-4.3.1-3, 9111-4.3.1-4, 9110-5.5-1, 9110-8.8.3-1, PRJ-8.8.3-2
#[tokio::test]
async fn a_stale_response_is_validated_with_its_validators_octet_for_octet() {
    type Line<'a> = Option<&'a [u8]>;
    let table: [(Line<'_>, Line<'_>); 12] = [
        (Some(b"\"e\""), None),
        (Some(b"W/\"e\""), None),
        (Some(b"\"\""), None),
        (Some(b"\"caf\xe9\""), None),
        (Some(b"\"a\\\""), None),
        (Some(b"\"a, b\""), None),
        (Some(b"abc"), None),
        (Some(b"w/\"e\""), None),
        (None, Some(b"Sun, 30 Oct 1994 08:49:37 GMT")),
        (None, Some(b"Sunday, 30-Oct-94 08:49:37 GMT")),
        (None, Some(b"Sun Oct 30 08:49:37 1994")),
        (Some(b"\"e\""), Some(b"sun, 30 oct 1994 08:49:37 gmt")),
    ];
    for (tag, modified) in table {
        let lines = [("etag", tag), ("last-modified", modified)];
        let mut first = stored();
        for (name, value) in lines {
            first = value
                .into_iter()
                .fold(first, |reply, v| reply.field(name, v));
        }
        let talk = with_a_stale(first).await;
        talk.origin.will(reply(304));
        let answer = talk.get("/a").await;
        answer.assert_validated().assert_forwarded(Forward::Stale);
        assert_eq!((answer.status.as_u16(), answer.text()), (200, "hello"));
        let seen = talk.origin.last().headers;
        for (name, value) in [("if-none-match", tag), ("if-modified-since", modified)] {
            let sent: Vec<_> = seen
                .get_all(name)
                .iter()
                .map(HeaderValue::as_bytes)
                .collect();
            assert_eq!(sent, Vec::from_iter(value), "{lines:?}");
        }
        talk.get("/a").await.assert_hit();
    }
}

/// PRJ-4.3.1-6, C-58: there is nothing to ask with; `Date` is no validator
#[tokio::test]
async fn a_stale_response_without_a_validator_is_asked_for_anew() {
    let talk = with_a_stale(stored()).await;
    talk.origin.will(reply(200).body("new"));
    let answer = talk.get("/a").await;
    assert_eq!(answer.assert_forwarded(Forward::Stale).text(), "new");
    assert!(talk.origin.last().headers.is_empty());
}

/// PRJ-4.3.1-7, 9111-4.3.1-1
#[tokio::test]
async fn a_validation_is_the_callers_request_and_the_validators() {
    let first = stored().field("etag", TAG).field("last-modified", MODIFIED);
    let talk = with_a_stale(first.field("vary", "Accept")).await;
    let caller = [
        ("cache-control", "max-age=5, foo=bar"),
        ("pragma", "foo"),
        ("x", "1"),
        ("x", "2"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
    ];
    talk.origin.will(reply(304));
    talk.get_with("/a", &caller).await.assert_validated();
    let mut expected: HeaderMap = get("/a", &caller).headers().clone();
    expected.insert("if-none-match", TAG.parse().unwrap());
    expected.insert("if-modified-since", MODIFIED.parse().unwrap());
    let seen = talk.origin.last();
    assert_eq!(seen.headers, expected);
    assert_eq!((seen.method, seen.uri.path()), (Method::GET, "/a"));
}

/// 9111-4.3.3-1, 9111-4.2.3-3
#[tokio::test]
async fn a_validated_response_is_fresh_again() {
    let talk = with_a_stale(stored().field("etag", TAG)).await;
    talk.origin.will(reply(304).field("etag", TAG));
    let validated = talk.get("/a").await;
    validated.assert_validated().assert_stored();
    assert_eq!(validated.field("age"), None, "9111-5.1-4");
    talk.clock.advance(9);
    let reused = talk.get("/a").await;
    assert_eq!(reused.assert_hit().field("age").as_deref(), Some("9"));
    assert_eq!(reused.text(), "hello");
    talk.clock.advance(1);
    talk.origin.will(reply(304).field("etag", TAG));
    talk.get("/a").await.assert_validated();
    let stats = talk.handle.stats();
    assert_eq!(
        (stats.validations(), stats.validated(), talk.handle.len()),
        (2, 2, 1)
    );
}

/// 9111-4.3.3-1: whatever it was
#[tokio::test]
async fn a_validated_response_keeps_its_status() {
    for status in [203, 301, 404] {
        let first = reply(status).control("max-age=10").field("etag", TAG);
        let talk = with_a_stale(first.body("hello")).await;
        talk.origin.will(reply(304).field("etag", TAG));
        let validated = talk.get("/a").await;
        validated.assert_validated().assert_stored();
        assert_eq!(
            (validated.status.as_u16(), validated.text()),
            (status, "hello")
        );
        assert_eq!(talk.get("/a").await.assert_hit().status, status);
    }
}

/// EDGE-34, 9111-4.3.3-1: a HEAD asks about the stored GET, and a 304 to it is about that too
#[tokio::test]
async fn a_head_validates_a_stale_get() {
    let first = stored().field("etag", TAG).field("content-length", "5");
    let talk = with_a_stale(first).await;
    talk.origin
        .will(reply(304).field("etag", TAG).field("x", "new"));
    let head = talk.send(request(Method::HEAD, "/a", &[])).await;
    assert_eq!(head.assert_validated().text(), "");
    assert_eq!(head.field("content-length").as_deref(), Some("5"));
    let seen = talk.origin.last();
    assert_eq!(seen.method, Method::HEAD);
    assert_eq!(seen.field("if-none-match").as_deref(), Some(TAG));
    let whole = talk.get("/a").await;
    assert_eq!(whole.assert_hit().text(), "hello");
    assert_eq!(whole.field("x").as_deref(), Some("new"));
}

/// 9111-4-2, 9111-4.3.1-3: a stored HEAD is validated as well, and by HEAD alone
#[tokio::test]
async fn a_head_validates_a_stale_head() {
    let talk = Conversation::default();
    let head = || request(Method::HEAD, "/a", &[]);
    talk.origin
        .will(reply(200).control("max-age=10").field("etag", TAG));
    talk.send(head()).await.assert_stored();
    talk.clock.advance(10);
    talk.origin.will(reply(304).field("etag", TAG));
    talk.send(head()).await.assert_validated();
    talk.send(head()).await.assert_hit();
    talk.origin.will(stored());
    talk.get("/a").await.assert_forwarded(Forward::Miss);
    assert_eq!(talk.origin.last().field("if-none-match"), None);
}

/// PRJ-4.3.2-7, EDGE-31: a 304 that nobody asked for
#[tokio::test]
async fn a_304_is_never_a_stored_response() {
    let talk = Conversation::default();
    for fields in [&[][..], &[("if-none-match", TAG)]] {
        let not_modified = reply(304).control("max-age=60").field("etag", TAG);
        talk.origin.will(not_modified);
        let answer = talk.get_with("/a", fields).await;
        answer.assert_forwarded(Forward::UriMiss);
        answer.assert_not_stored(NotStored::Status);
        assert_eq!(answer.status, 304);
    }
    assert!(talk.handle.is_empty());
}
