//! URIs that the answer to an unsafe request names beside the target.

use super::{assert_invalid, tagged, unsafe_request};
use support::{Conversation, reply};

/// One that has a response for this URI stored and fresh.
async fn with_a_fresh(uri: &str) -> Conversation {
    let talk = Conversation::default();
    talk.origin.will(tagged("hello"));
    talk.get(uri).await.assert_stored();
    talk
}

/// 9111-4.4-3, C-24, EDGE-38: resolved against the target
#[tokio::test]
async fn location_and_content_location_are_invalidated_too() {
    for (target, reference, named) in [
        ("/a", "/b", "/b"),
        ("/a", "http://o.test/b", "/b"),
        ("/a", "HTTP://O.Test:80/%62", "/b"),
        ("/a", "//o.test/b", "/b"),
        ("/a", "/b#fragment", "/b"),
        ("/a", "/b?x=1", "/b?x=1"),
        ("/dir/a", "b", "/dir/b"),
        ("/dir/a", "./b", "/dir/b"),
        ("/dir/a", "../b", "/b"),
        ("/dir/a?x", "?y", "/dir/a?y"),
        ("/a", "http://user:word@o.test/b", "/b"),
        ("http://o.test:80/a", "/b", "/b"),
        (
            "https://o.test/a",
            "https://o.test:443/b",
            "https://o.test/b",
        ),
        ("http://o.test:81/a", "/b", "http://o.test:81/b"),
    ] {
        for field in ["location", "content-location"] {
            let case = format!("{target} {field}: {reference}");
            let talk = with_a_fresh(named).await;
            let answer = reply(201).field(field, reference);
            unsafe_request(&talk, target, answer).await;
            assert_invalid(&talk, named, &case).await;
        }
    }
}

/// 9111-4.4-3, C-24: brackets are no characters of a URI (RFC 3986 §3.4), and are in many
#[tokio::test]
async fn references_with_brackets_are_invalidated_too() {
    for (target, reference, named) in [
        ("/a", "/b?ids[]=1", "/b?ids[]=1"),
        ("/a?ids[]=1", "/b", "/b"),
        ("/a|b", "/b", "/b"),
    ] {
        let case = format!("{target} {reference}");
        let talk = with_a_fresh(named).await;
        unsafe_request(&talk, target, reply(201).field("location", reference)).await;
        assert_invalid(&talk, named, &case).await;
    }
}

/// 9111-4.4-3: both, and the target with them
#[tokio::test]
async fn an_answer_may_name_two() {
    let talk = Conversation::default();
    for uri in ["/a", "/b", "/c", "/d"] {
        talk.origin.will(tagged("hello"));
        talk.get(uri).await.assert_stored();
    }
    let answer = reply(201).field("location", "/b");
    unsafe_request(&talk, "/a", answer.field("content-location", "/c")).await;
    for uri in ["/a", "/b", "/c"] {
        assert_invalid(&talk, uri, uri).await;
    }
    talk.get("/d").await.assert_hit();
}

/// 9111-4.4-4: scheme, host and port are the same, or it is nothing to this request
#[tokio::test]
async fn uris_of_another_origin_are_never_invalidated() {
    for (target, reference, named) in [
        ("/a", "http://other.test/b", "http://other.test/b"),
        ("/a", "//other.test/b", "http://other.test/b"),
        (
            "/a",
            "http://o.test.other.test/b",
            "http://o.test.other.test/b",
        ),
        ("/a", "http://o.test@other.test/b", "http://other.test/b"),
        ("/a", "https://o.test/b", "https://o.test/b"),
        ("/a", "http://o.test:443/b", "http://o.test:443/b"),
        ("/a", "http://o.test:8080/b", "http://o.test:8080/b"),
        ("https://o.test/a", "http://o.test/b", "http://o.test/b"),
        ("http://o.test:8080/a", "http://o.test/b", "http://o.test/b"),
    ] {
        for field in ["location", "content-location"] {
            let talk = with_a_fresh(named).await;
            let answer = reply(201).field(field, reference);
            unsafe_request(&talk, target, answer).await;
            let next = talk.get(named).await;
            assert!(next.cache.is_hit(), "{target} {field}: {reference}");
        }
    }
}

/// 9111-4.4-4: a port too large for a port is not the default one
#[tokio::test]
async fn a_port_that_cannot_be_read_is_of_another_origin() {
    for (target, reference) in [
        ("/a", "http://o.test:99999/b"),
        ("http://o.test:99999/a", "/b"),
        ("http://o.test:99999/b", "/c"),
    ] {
        let talk = with_a_fresh("/b").await;
        unsafe_request(&talk, target, reply(201).field("location", reference)).await;
        let next = talk.get("/b").await;
        assert!(next.cache.is_hit(), "{target} {reference}: {}", next.cache);
    }
}

/// 9111-4.4-3: what cannot be read names nothing, and harms nothing
#[tokio::test]
async fn a_reference_that_cannot_be_read_names_nothing() {
    for reference in [
        &b"http://[::1/b"[..],
        b"mailto:b@o.test",
        b"caf\xe9",
        b"http://",
        b"%",
        b"",
    ] {
        let talk = with_a_fresh("/b").await;
        talk.origin.will(tagged("hello"));
        talk.get("/a").await.assert_stored();
        let answer = reply(201).field("location", reference);
        unsafe_request(&talk, "/a", answer).await;
        talk.get("/b").await.assert_hit();
        assert_invalid(&talk, "/a", &format!("{reference:?}")).await;
    }
}

/// 9111-4.4-2, C-59: an answer that is none names nothing
#[tokio::test]
async fn an_error_invalidates_nothing_that_it_names() {
    for status in [404, 409, 500, 503] {
        let talk = with_a_fresh("/b").await;
        let answer = reply(status).field("location", "/b");
        unsafe_request(&talk, "/a", answer).await;
        talk.get("/b").await.assert_hit();
    }
}
