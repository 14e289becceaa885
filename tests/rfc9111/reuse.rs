//! RFC 9111 §4: which requests a stored response answers.

mod below;
mod bypass;
mod directives;
mod expiry;
mod head;
mod immutable;
mod modes;
mod partition;
mod uses;

use http::{Method, Request};
use http_body_util::Empty;
use support::{Conversation, begun, get, reply, request};
use tower_client_cache::{Forward, NotStored};

/// 9111-4-1, 9111-2-1, 9110-4.2.3-1, 9110-4.2.3-2, 9110-7.1-1, 3986-6.2.2.1-1, 3986-6.2.2.2-1, 3986-6.2.3-1, EDGE-35
#[tokio::test]
async fn a_stored_response_is_reused_where_the_target_uris_match() {
    for (stored, asked) in [
        ("http://o.test", "http://o.test/"),
        ("http://o.test:80/a", "http://o.test/a"),
        ("http://o.test:080/a", "http://o.test/a"),
        ("https://o.test:443/a", "https://o.test/a"),
        ("HTTP://O.TEST/a", "http://o.test/a"),
        ("http://o.test/a#x", "http://o.test/a#y"),
        ("http://o.test/%7Esmith", "http://o.test/~smith"),
        ("http://o.test/%2f", "http://o.test/%2F"),
        ("http://o.test?x", "http://o.test/?x"),
    ] {
        let talk = Conversation::default();
        talk.origin
            .will(reply(200).control("max-age=60").body("hello"));
        talk.get(stored).await.assert_stored();
        let second = talk.get(asked).await;
        assert!(second.cache.is_hit(), "{stored} {asked}: {}", second.cache);
        assert_eq!(talk.handle.len(), 1, "{stored} {asked}");
    }
}

/// 9111-4-1, 9111-2-1, 3986-6.2-1, 3986-6.2.2.3-1, EDGE-36: the key is more than path and query
#[tokio::test]
async fn a_stored_response_is_not_reused_for_another_target_uri() {
    for (stored, asked) in [
        ("http://o.test/a", "http://other.test/a"),
        ("http://o.test/a", "https://o.test/a"),
        ("http://o.test/a", "http://o.test:8080/a"),
        ("http://o.test:443/a", "https://o.test/a"),
        ("http://o.test/a", "http://o.test./a"),
        ("http://o.test/a", "http://o.test/b"),
        ("http://o.test/a", "http://o.test/A"),
        ("http://o.test/a", "http://o.test/a/"),
        ("http://o.test/a", "http://o.test/a?"),
        ("http://o.test/a?x=1", "http://o.test/a?x=2"),
        ("http://o.test/a?x=1&y=2", "http://o.test/a?y=2&x=1"),
        ("http://o.test/a?x=1", "http://o.test/a?x=1&x=1"),
        ("http://o.test/a?x+y", "http://o.test/a?x%20y"),
        ("http://o.test/a%2Fb", "http://o.test/a/b"),
        ("http://o.test/%253D", "http://o.test/%3D"),
        ("http://o.test/a/../b", "http://o.test/b"),
    ] {
        let talk = Conversation::default();
        talk.origin
            .will(reply(200).control("max-age=60").body("one"));
        talk.get(stored).await.assert_stored();
        talk.origin
            .will(reply(200).control("max-age=60").body("other"));
        let second = talk.get(asked).await;
        let forwarded = second.cache.forwarded();
        assert_eq!(forwarded, Some(Forward::UriMiss), "{stored} {asked}");
        assert_eq!(talk.get(stored).await.assert_hit().text(), "one");
        assert_eq!(talk.get(asked).await.assert_hit().text(), "other");
        assert_eq!(talk.handle.len(), 2, "{stored} {asked}");
    }
}

/// 9110-8.7-1: what `Content-Location` says of another URI is a claim
#[tokio::test]
async fn content_location_makes_no_stored_response_for_another_uri() {
    let talk = Conversation::default();
    let claiming = reply(200)
        .control("max-age=60")
        .field("content-location", "/b");
    talk.store(claiming.body("a")).await.assert_stored();
    talk.origin.will(reply(404));
    talk.get("/b").await.assert_forwarded(Forward::UriMiss);
}

/// 9110-7.1-1, EDGE-37: between a connection and what sends on it the authority stands in `Host`
#[tokio::test]
async fn the_target_uri_of_a_request_in_origin_form_is_made_with_host() {
    let talk = Conversation::default();
    talk.store(reply(200).control("max-age=60").body("hello"))
        .await;
    let in_origin_form = |host: Option<&str>| {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = "/a".parse().unwrap();
        if let Some(host) = host {
            request.headers_mut().insert("host", host.parse().unwrap());
        }
        request
    };
    talk.send(in_origin_form(Some("O.test:80")))
        .await
        .assert_hit();
    for host in [None, Some("not a host"), Some("u@o.test")] {
        talk.origin.will(reply(200).control("max-age=60"));
        let unknown = talk.send(in_origin_form(host)).await;
        unknown.assert_forwarded(Forward::Bypass);
        unknown.assert_not_stored(NotStored::Bypass);
    }
    assert_eq!(talk.handle.len(), 1);
}

/// 9111-4-2, 9110-9.3.1-1, EDGE-34, 9112-6.3-1
#[tokio::test]
async fn a_head_is_answered_from_a_stored_get_without_its_body() {
    let talk = Conversation::default();
    let stored = reply(200).control("max-age=60").field("etag", "\"e\"");
    talk.store(stored.field("content-length", "5").body("hello"))
        .await;
    talk.clock.advance(7);
    let head = talk.send(request(Method::HEAD, "/a", &[])).await;
    assert_eq!(head.assert_hit().text(), "");
    assert_eq!(head.field("content-length").as_deref(), Some("5"));
    assert_eq!(head.field("etag").as_deref(), Some("\"e\""));
    assert_eq!(head.field("age").as_deref(), Some("7"));
    assert_eq!(talk.get("/a").await.assert_hit().text(), "hello");
    assert_eq!(talk.origin.calls(), 1);
}

/// 9111-4-2, EDGE-34, 9110-9.3.2-1, C-23
#[tokio::test]
async fn a_get_is_never_answered_from_a_stored_head() {
    let talk = Conversation::default();
    let head = || request(Method::HEAD, "/a", &[]);
    let described = || {
        reply(200)
            .control("max-age=60")
            .field("content-length", "5")
    };
    talk.origin.will(described());
    talk.send(head()).await.assert_stored();
    let second = talk.send(head()).await;
    assert_eq!(second.assert_hit().text(), "");
    assert_eq!(second.field("content-length").as_deref(), Some("5"));
    assert_eq!(talk.origin.calls(), 1);

    talk.origin.will(described().body("hello"));
    let whole = talk.get("/a").await;
    whole.assert_forwarded(Forward::Miss).assert_stored();
    assert_eq!(whole.text(), "hello");
    assert_eq!(talk.get("/a").await.assert_hit().text(), "hello");
    assert_eq!(talk.send(head()).await.assert_hit().text(), "");
    assert_eq!(talk.handle.len(), 1, "the whole answers HEAD as well");
}

/// 9111-4-7, 9111-3-1, 9110-9.2.3-1, 9110-9.3.4-1, 9110-9.3.7-1, PRJ-9.2.1-1
#[tokio::test]
async fn other_methods_are_written_through() {
    for method in [
        "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "FOO", "get", "head",
    ] {
        let talk = Conversation::default();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let cacheable = || reply(200).control("public, max-age=60");
        talk.store(cacheable().body("stored")).await;
        for content in ["first", "second"] {
            let before = talk.origin.calls();
            talk.origin.will(cacheable().body(content));
            let answer = talk.send(request(method.clone(), "/a", &[])).await;
            assert_eq!(answer.text(), content, "{method}");
            answer.assert_forwarded(Forward::Method);
            answer.assert_not_stored(NotStored::Method);
            assert_eq!(talk.origin.calls(), before + 1, "{method}");
            assert_eq!(talk.origin.last().method, method);
        }
    }
}

/// 9111-4-4
#[tokio::test]
async fn a_response_that_says_no_cache_is_reused_only_after_validation() {
    let talk = Conversation::default();
    let stored = reply(200).control("no-cache, max-age=60");
    talk.store(stored.field("etag", "\"e\"").body("hello"))
        .await
        .assert_stored();
    for _ in 0..2 {
        talk.origin.will(reply(304).field("etag", "\"e\""));
        let again = talk.get("/a").await;
        again.assert_validated().assert_forwarded(Forward::Stale);
        assert_eq!(again.text(), "hello");
        let asked = talk.origin.last().field("if-none-match");
        assert_eq!(asked.as_deref(), Some("\"e\""));
    }
}

/// 9111-4-5, 9111-4.2.4-2
#[tokio::test]
async fn a_stale_response_is_not_reused_without_the_origin() {
    let talk = Conversation::default();
    talk.store(reply(200).control("max-age=1").body("old"))
        .await;
    talk.clock.advance(2);
    talk.origin
        .will(reply(200).control("max-age=1").body("new"));
    let answer = talk.get("/a").await;
    assert_eq!(answer.assert_forwarded(Forward::Stale).text(), "new");
}

/// PRJ-4-13: a slow answer that was asked for first, and is older by `Date`
#[tokio::test]
async fn an_older_response_that_arrives_late_does_not_replace_a_newer_one() {
    let talk = Conversation::default();
    let dated = talk.clock.date(0);
    let (gate, held) = reply(200).control("max-age=60").held();
    talk.origin.will(held.field("date", dated).body("older"));
    let slow = begun(talk.get("/a"));
    talk.clock.advance(3);
    talk.store(reply(200).control("max-age=60").body("newer"))
        .await
        .assert_stored();
    talk.clock.advance(1);
    gate.open();
    assert_eq!(
        slow.await.text(),
        "older",
        "its caller gets it all the same"
    );
    assert_eq!(talk.get("/a").await.assert_hit().text(), "newer");
}

/// PRJ-4-13, 9111-4.3.3-2: a reload is newer whatever its origin's clock says
#[tokio::test]
async fn a_response_asked_for_later_replaces_one_with_a_later_date() {
    let talk = Conversation::default();
    let ahead = talk.clock.date(30);
    talk.store(
        reply(200)
            .control("max-age=60")
            .field("date", ahead)
            .body("old"),
    )
    .await;
    talk.clock.advance(1);
    talk.origin
        .will(reply(200).control("max-age=60").body("new"));
    talk.send(get("/a", &[("cache-control", "no-cache")])).await;
    assert_eq!(talk.get("/a").await.assert_hit().text(), "new");
}

/// C-01, 3986-6.2.2.2-1, 9110-4.2.3-2: what two servers might take for two is no way to poison what is everybody's
#[tokio::test]
async fn a_shared_cache_keeps_apart_what_is_encoded_and_what_is_not() {
    let fresh = || reply(200).control("max-age=60").body("hello");
    let talk = Conversation::shared();
    for path in ["/%7Ea", "/~a"] {
        talk.origin.will(fresh());
        talk.get(path)
            .await
            .assert_forwarded(Forward::UriMiss)
            .assert_stored();
    }
    talk.get("/%7ea").await.assert_hit();
    talk.handle.purge(&"http://o.test/%7ea".parse().unwrap());
    talk.get("/~a").await.assert_hit();
    talk.origin.will(fresh());
    talk.get("/%7Ea").await.assert_forwarded(Forward::UriMiss);
    talk.origin.will(reply(204));
    talk.send(request(Method::DELETE, "/%7ea", &[])).await;
    talk.get("/~a").await.assert_hit();
    talk.origin.will(fresh());
    talk.get("/%7Ea").await.assert_forwarded(Forward::UriMiss);

    let talk = Conversation::default();
    talk.origin.will(fresh());
    talk.get("/%7Ea").await.assert_stored();
    talk.get("/~a").await.assert_hit();
}
