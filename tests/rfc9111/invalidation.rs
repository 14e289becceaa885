//! RFC 9111 §4.4: what an unsafe request does to what is stored.

mod groups;
mod lost;
mod named;
mod origins;
mod under_way;

use http::{Method, Request};
use http_body_util::Empty;
use support::{Conversation, OriginError, Reply, get, reply, request};
use tower_client_cache::{Forward, Outcome};

const TAG: &str = "\"e\"";
const PERMISSIVE: [(&str, &str); 1] = [("cache-control", "max-stale")];

/// A response that can be validated.
fn tagged(content: &'static str) -> Reply {
    let tagged = reply(200).control("max-age=60").field("etag", TAG);
    tagged.body(content)
}

/// One that has a response for `/a` stored and fresh.
async fn with_a_fresh_response() -> Conversation {
    let talk = Conversation::default();
    talk.store(tagged("hello")).await.assert_stored();
    talk
}

/// An unsafe request for a URI, which the origin answers with this.
async fn unsafe_request(talk: &Conversation, uri: &str, answer: Reply) {
    talk.origin.will(answer);
    let answer = talk.send(request(Method::POST, uri, &[])).await;
    answer.assert_forwarded(Forward::Method);
}

/// What is stored for a URI is not reused before the origin has been asked about it.
async fn assert_invalid(talk: &Conversation, uri: &str, case: &str) {
    talk.origin.will(reply(304).field("etag", TAG));
    let next = talk.get(uri).await;
    let reason = next.cache.forwarded();
    assert_eq!(reason, Some(Forward::Stale), "{case}: {}", next.cache);
    let asked = talk.origin.last().field("if-none-match");
    assert_eq!(asked.as_deref(), Some(TAG), "{case}");
}

/// 9111-4.4-1, 5789-2-1, 9110-9.2.1-1: names are case-sensitive, and one that nobody knows may be unsafe
#[tokio::test]
async fn a_success_of_an_unsafe_or_unknown_method_invalidates() {
    for method in [
        "POST", "PUT", "DELETE", "PATCH", "M-SEARCH", "MKCOL", "PURGE", "FOO", "get", "Get",
        "head", "options",
    ] {
        let talk = with_a_fresh_response().await;
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        talk.origin.will(reply(204));
        talk.send(request(method.clone(), "/a", &[])).await;
        assert_invalid(&talk, "/a", method.as_str()).await;
    }
}

/// 9110-9.3.7-1, PRJ-9.2.1-1, 10008-2-1, 9110-9.3.6-1
#[tokio::test]
async fn a_safe_method_invalidates_nothing() {
    for method in [
        "GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH", "QUERY",
    ] {
        let talk = with_a_fresh_response().await;
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = reply(200).field("location", "/a");
        talk.origin.will(answer.field("content-location", "/a"));
        // A precondition for the origin keeps GET and HEAD from being answered from the store.
        let asked = request(method.clone(), "/a", &[("if-match", TAG)]);
        let answer = talk.send(asked).await;
        assert!(!answer.cache.is_hit(), "{method}");
        let next = talk.get("/a").await;
        assert!(next.cache.is_hit(), "{method}: {}", next.cache);
    }
    let talk = with_a_fresh_response().await;
    talk.origin.will(reply(200));
    let mut tunnel = Request::new(Empty::new());
    *tunnel.method_mut() = Method::CONNECT;
    *tunnel.uri_mut() = "o.test:80".parse().unwrap();
    talk.send(tunnel).await;
    talk.get("/a").await.assert_hit();
}

/// 9111-4.4-1, 9111-4.4-2, EDGE-38
#[tokio::test]
async fn an_unsafe_request_invalidates_where_it_succeeds() {
    for status in [
        200, 201, 202, 204, 205, 299, 301, 302, 303, 304, 307, 308, 399,
    ] {
        let talk = with_a_fresh_response().await;
        unsafe_request(&talk, "/a", reply(status)).await;
        assert_invalid(&talk, "/a", &status.to_string()).await;
    }
    for status in [
        101, 400, 401, 403, 404, 405, 409, 412, 422, 429, 500, 501, 502, 503, 599,
    ] {
        let talk = with_a_fresh_response().await;
        let answer = reply(status).field("location", "/a");
        unsafe_request(&talk, "/a", answer).await;
        let next = talk.get("/a").await;
        assert!(next.cache.is_hit(), "{status}: {}", next.cache);
    }
}

/// 9111-4.4-1, 9111-3.5-4: every variant, every stored method, whoever asked for it
#[tokio::test]
async fn everything_that_is_stored_for_the_uri_is_invalidated() {
    let talk = Conversation::default();
    let asked: [(Method, &[(&str, &str)]); 7] = [
        (Method::HEAD, &[("foo", "0")]),
        (Method::GET, &[("foo", "1")]),
        (Method::GET, &[("foo", "2")]),
        (Method::GET, &[("foo", "1"), ("authorization", "Bearer a")]),
        (Method::GET, &[("foo", "2"), ("authorization", "Bearer a")]),
        (Method::GET, &[("foo", "1"), ("authorization", "Bearer b")]),
        (Method::GET, &[("foo", "1"), ("cookie", "a=1")]),
    ];
    let again = || {
        asked
            .clone()
            .map(|(method, fields)| request(method, "/a", fields))
    };
    for asked in again() {
        talk.origin.will(tagged("").field("vary", "Foo"));
        talk.send(asked).await.assert_stored();
    }
    for asked in again() {
        talk.send(asked).await.assert_hit();
    }
    assert_eq!(talk.handle.len(), asked.len());
    talk.origin.will(reply(204));
    let other_user = [("authorization", "Bearer c")];
    talk.send(request(Method::PUT, "/a", &other_user)).await;
    for asked in again() {
        let case = format!("{asked:?}");
        talk.origin.will(reply(304).field("etag", TAG));
        let next = talk.send(asked).await;
        assert_eq!(next.cache.forwarded(), Some(Forward::Stale), "{case}");
    }
}

/// 9111-4.4-5, C-25, PRJ-5861-1: the mark outranks whatever would let it be reused
#[tokio::test]
async fn an_invalid_response_is_not_reused_whoever_would_take_it() {
    let control = "max-age=60, stale-while-revalidate=600, stale-if-error=600";
    for seconds in [0, 90] {
        let talk = Conversation::default();
        talk.store(reply(200).control(control).field("etag", TAG))
            .await
            .assert_stored();
        talk.clock.advance(seconds);
        unsafe_request(&talk, "/a", reply(204)).await;
        let only = [("cache-control", "only-if-cached, max-stale")];
        let answer = talk.get_with("/a", &only).await;
        assert_eq!(answer.cache.outcome(), Outcome::Unsatisfiable);
        talk.origin.will(reply(503));
        assert_eq!(talk.get_with("/a", &PERMISSIVE).await.status, 503);
        talk.origin.will(Reply::fails(OriginError("refused")));
        assert!(talk.start(get("/a", &PERMISSIVE)).await.is_err());
        talk.origin.will(reply(503));
        let head = request(Method::HEAD, "/a", &PERMISSIVE);
        assert_eq!(talk.send(head).await.status, 503);
    }
}

/// C-25: a 304 makes it good again
#[tokio::test]
async fn an_invalid_response_is_reused_once_it_was_validated() {
    let talk = with_a_fresh_response().await;
    unsafe_request(&talk, "/a", reply(204)).await;
    talk.origin.will(reply(304).field("etag", TAG));
    let validated = talk.get("/a").await;
    assert_eq!(validated.assert_validated().text(), "hello");
    assert_eq!(talk.get("/a").await.assert_hit().text(), "hello");
}

/// C-25: there is nothing to ask about it with
#[tokio::test]
async fn a_response_without_a_validator_is_removed() {
    let talk = Conversation::default();
    for user in ["a", "b"] {
        talk.origin
            .will(reply(200).control("max-age=60").body("hello"));
        let answer = talk.get_with("/a", &[("authorization", user)]).await;
        answer.assert_stored();
    }
    unsafe_request(&talk, "/a", reply(204)).await;
    assert!(talk.handle.is_empty());
    talk.origin.will(reply(404));
    let next = talk.get_with("/a", &[("authorization", "a")]).await;
    next.assert_forwarded(Forward::UriMiss);
}

/// 9110-4.2.3-1, 9111-4.4-1: URIs are compared as in the key
#[tokio::test]
async fn equivalent_uris_are_invalidated_and_others_are_not() {
    for uri in [
        "http://o.test/a",
        "http://o.test:80/a",
        "HTTP://O.Test/%61",
        "http://user:word@o.test/a",
        "http://o.test/a#fragment",
    ] {
        let talk = with_a_fresh_response().await;
        unsafe_request(&talk, uri, reply(204)).await;
        assert_invalid(&talk, "/a", uri).await;
    }
    for uri in [
        "http://o.test/",
        "http://o.test/a/",
        "http://o.test/a?",
        "http://o.test/a?x",
        "http://o.test:81/a",
        "https://o.test/a",
        "http://other.test/a",
    ] {
        let talk = with_a_fresh_response().await;
        unsafe_request(&talk, uri, reply(204)).await;
        let next = talk.get("/a").await;
        assert!(next.cache.is_hit(), "{uri}: {}", next.cache);
    }
}

/// EDGE-37, 9110-7.2-1: the target in origin form, and a `Host` that disagrees
#[tokio::test]
async fn the_uri_that_an_unsafe_request_names_is_invalidated_whatever_its_host() {
    for (uri, host) in [("/a", "o.test"), ("http://o.test/a", "other.test")] {
        let talk = with_a_fresh_response().await;
        let mut asked = Request::new(Empty::new());
        *asked.method_mut() = Method::POST;
        *asked.uri_mut() = uri.parse().unwrap();
        asked.headers_mut().insert("host", host.parse().unwrap());
        talk.origin.will(reply(204));
        talk.send(asked).await.assert_forwarded(Forward::Method);
        assert_invalid(&talk, "/a", uri).await;
    }
}

/// 9111-4.4-1, 9111-4-7: it holds as soon as the head of the answer is there, read or not
#[tokio::test]
async fn the_body_of_the_answer_need_not_be_read() {
    let talk = with_a_fresh_response().await;
    let (frames, streamed) = reply(200).streamed();
    talk.origin.will(streamed);
    let answer = talk.start(request(Method::POST, "/a", &[])).await.unwrap();
    assert_invalid(&talk, "/a", "streaming").await;
    drop(answer);
    drop(frames);
}

/// 9111-4.4-1: what a PUT has made wrong while the cache was off is not served when it is on again
#[tokio::test]
async fn unsafe_requests_invalidate_while_the_cache_is_off() {
    for is_paused in [false, true] {
        let talk = with_a_fresh_response().await;
        for uri in ["/b", "/c"] {
            talk.origin.will(tagged("other"));
            talk.get(uri).await.assert_stored();
        }
        let guard = is_paused.then(|| talk.handle.pause());
        if !is_paused {
            talk.handle.disable();
        }
        let answer = reply(201).field("location", "/b");
        unsafe_request(&talk, "/a", answer).await;
        drop(guard);
        talk.handle.enable();
        assert_invalid(&talk, "/a", "the target").await;
        assert_invalid(&talk, "/b", "its location").await;
        talk.get("/c").await.assert_hit();
    }
}
