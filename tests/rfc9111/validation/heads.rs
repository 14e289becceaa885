//! RFC 9111 §4.3.5: what the answer to a HEAD says of a stored GET.

use super::{MODIFIED, TAG};
use http::Method;
use support::{Conversation, Reply, reply, request};

const RELOAD: [(&str, &str); 1] = [("cache-control", "no-cache")];
const PERMISSIVE: [(&str, &str); 1] = [("cache-control", "max-stale")];

fn described(status: u16) -> Reply {
    reply(status)
        .control("max-age=60")
        .field("etag", TAG)
        .field("last-modified", MODIFIED)
        .field("content-length", "5")
}

/// One that has a GET stored and fresh, and then has had this answer to a HEAD.
async fn after_a_head(answer: Reply) -> Conversation {
    let talk = Conversation::default();
    talk.store(described(200).body("hello"))
        .await
        .assert_stored();
    talk.origin.will(answer);
    let head = talk.send(request(Method::HEAD, "/a", &RELOAD)).await;
    assert!(head.cache.forwarded().is_some(), "{}", head.cache);
    talk
}

/// 9111-4.3.5-1, PRJ-4.3.5-4: not even for those who take stale responses
#[tokio::test]
async fn a_head_with_other_validators_outdates_a_stored_get() {
    for (name, value) in [
        ("etag", "\"new\""),
        ("etag", "W/\"e\""),
        ("last-modified", "Mon, 31 Oct 1994 08:49:37 GMT"),
        ("content-length", "6"),
    ] {
        for control in ["max-age=60", "no-store"] {
            let answer = reply(200).control(control).field(name, value);
            let talk = after_a_head(answer).await;
            talk.origin.will(reply(304).field("etag", TAG));
            let whole = talk.get_with("/a", &PERMISSIVE).await;
            let asked = talk.origin.last().field("if-none-match");
            assert!(!whole.cache.is_hit(), "{name}: {value}: {control}");
            assert_eq!(asked.as_deref(), Some(TAG), "{name}: {value}");
            assert_eq!(whole.text(), "hello", "{name}: {value}");
        }
    }
}

/// 9111-4.3.5-1, 9111-4.3.5-3: what it says is the same, or it says nothing
#[tokio::test]
async fn a_head_with_the_same_validators_leaves_a_stored_get_in_place() {
    for answer in [described(200), reply(200).control("max-age=60")] {
        let talk = after_a_head(answer).await;
        let whole = talk.get("/a").await;
        assert_eq!(whole.assert_hit().text(), "hello");
        assert_eq!(talk.origin.calls(), 2);
    }
}

/// 9111-4.3.5-3: the resource is not what it was
#[tokio::test]
async fn a_head_that_is_no_success_outdates_a_stored_get() {
    for status in [404, 410] {
        for answer in [
            reply(status),
            reply(status).control("max-age=60"),
            described(status),
        ] {
            let talk = after_a_head(answer).await;
            talk.origin.will(reply(404).body("gone"));
            let whole = talk.get_with("/a", &PERMISSIVE).await;
            assert_eq!(whole.text(), "gone", "{status}: {}", whole.cache);
        }
    }
}

/// C-21: an error says nothing about the resource
#[tokio::test]
async fn a_head_that_fails_leaves_a_stored_get_in_place() {
    for status in [500, 503, 429] {
        let talk = after_a_head(reply(status)).await;
        assert_eq!(talk.get("/a").await.assert_hit().text(), "hello");
    }
}

/// 9112-6.3-1, 9111-4-2: its length is that of the GET, and it has no body to replace one with
#[tokio::test]
async fn a_head_does_not_take_the_place_of_a_stored_get() {
    let talk = after_a_head(described(200)).await;
    assert_eq!(talk.get("/a").await.assert_hit().text(), "hello");
    let head = talk.send(request(Method::HEAD, "/a", &[])).await;
    assert_eq!(
        head.assert_hit().field("content-length").as_deref(),
        Some("5")
    );
}
