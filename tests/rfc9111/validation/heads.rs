//! RFC 9111 §4.3.5: what the answer to a HEAD says of a stored GET.

use super::{MODIFIED, TAG};
use http::Method;
use support::{Conversation, Reply, reply, request};
use tower_client_cache::{CacheMode, Forward};

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

/// 9111-4.3.5-1, 9111-3.2-1: the fields of the answer to a HEAD are those of the stored GET from then on
#[tokio::test]
async fn a_head_with_the_same_validators_freshens_a_stored_get() {
    let talk = Conversation::default();
    talk.store(described(200).field("a", "1").field("b", "1").body("hello"))
        .await
        .assert_stored();
    talk.clock.advance(50);
    talk.origin.will(described(200).field("a", "2"));
    let head = talk.send(request(Method::HEAD, "/a", &RELOAD)).await;
    assert!(head.cache.is_stored(), "{}", head.cache);
    assert_eq!(head.field("b"), None, "the caller has the origin's answer");
    talk.clock.advance(50);
    let whole = talk.get("/a").await;
    assert_eq!(whole.assert_hit().text(), "hello");
    assert_eq!(whole.field("age").as_deref(), Some("50"));
    assert_eq!(whole.field("a").as_deref(), Some("2"));
    assert_eq!(whole.field("b").as_deref(), Some("1"));
    assert_eq!((talk.origin.calls(), talk.handle.len()), (2, 1));
}

/// 9111-4.3.5-1: every one that it could have selected
#[tokio::test]
async fn a_head_freshens_every_stored_get_that_it_selects() {
    let talk = Conversation::default();
    let (foo, bar) = (("foo", "1"), ("bar", "1"));
    for (vary, field) in [("Foo", foo), ("Bar", bar)] {
        talk.origin
            .will(described(200).field("vary", vary).body("hello"));
        talk.get_with("/a", &[field]).await.assert_stored();
    }
    talk.clock.advance(50);
    talk.origin.will(described(200));
    let fields = [foo, bar, RELOAD[0]];
    talk.send(request(Method::HEAD, "/a", &fields)).await;
    talk.clock.advance(50);
    for field in [foo, bar] {
        talk.get_with("/a", &[field]).await.assert_hit();
    }
}

/// PRJ-3.2-12, 9111-5.2.1.5-2: what says that it is not to be stored goes; who says so of itself changes nothing
#[tokio::test]
async fn a_head_that_may_not_be_stored_removes_a_stored_get_and_a_request_that_says_so_leaves_it() {
    let talk = after_a_head(described(200).control("no-store")).await;
    assert_eq!(talk.handle.len(), 0);

    let talk = Conversation::default();
    talk.store(described(200).body("hello")).await;
    talk.clock.advance(30);
    talk.origin.will(described(200).field("a", "2"));
    let fields = [("cache-control", "no-cache, no-store")];
    talk.send(request(Method::HEAD, "/a", &fields)).await;
    let whole = talk.get("/a").await;
    assert_eq!(whole.assert_hit().field("a"), None);
    assert_eq!(whole.field("age").as_deref(), Some("30"));
}

/// C-23: nothing is fetched that nobody asked for
#[tokio::test]
async fn a_head_for_which_nothing_is_stored_is_sent_as_a_head_and_stored_as_one() {
    let talk = Conversation::default();
    talk.origin.will(described(200));
    let head = talk.send(request(Method::HEAD, "/a", &[])).await;
    head.assert_stored();
    assert_eq!(talk.origin.last().method, Method::HEAD);
    talk.send(request(Method::HEAD, "/a", &[]))
        .await
        .assert_hit();
    assert_eq!(talk.origin.calls(), 1);
}

/// C-25, 9111-4.4-1, 9111-4.3.5-1
#[tokio::test]
async fn a_head_that_says_nothing_does_not_lift_a_mark() {
    let talk = Conversation::default();
    talk.store(
        reply(200)
            .control("max-age=60")
            .field("etag", "\"old\"")
            .body("old"),
    )
    .await
    .assert_stored();
    talk.origin.will(reply(204));
    talk.send(request(Method::POST, "/a", &[])).await;
    talk.origin.will(reply(200));
    talk.send(request(Method::HEAD, "/a", &[])).await;
    assert_eq!(
        talk.origin.last().field("if-none-match").as_deref(),
        Some("\"old\"")
    );
    talk.origin.will(reply(200).body("new"));
    assert_eq!(talk.get("/a").await.text(), "new");
}

/// 9111-4.3.5-1: it was asked whether what is stored is still good, and has not said so
#[tokio::test]
async fn a_head_validation_answered_in_full_leaves_nothing_to_swr() {
    let talk = Conversation::default();
    talk.store(
        reply(200)
            .control("max-age=10")
            .field("etag", "\"old\"")
            .body("old"),
    )
    .await;
    talk.clock.advance(10);
    talk.origin.will(reply(200).control("max-age=10"));
    talk.send(request(Method::HEAD, "/a", &[])).await;
    assert_eq!(
        talk.origin.last().field("if-none-match").as_deref(),
        Some("\"old\"")
    );
    talk.origin.will(reply(200).body("new"));
    assert_eq!(talk.get("/a").await.text(), "new");
}

/// 9111-4.3.5-1, PRJ-4.3.5-4: every stored GET that the request could have selected
#[tokio::test]
async fn a_head_outdates_a_stored_get_beside_a_stored_head() {
    let talk = Conversation::default();
    let foo = |n| [("foo", n)];
    let head = |tag| {
        reply(200)
            .control("max-age=10")
            .field("vary", "Foo")
            .field("etag", tag)
    };
    talk.origin.will(head("\"a\""));
    talk.send(request(Method::HEAD, "/a", &foo("1")))
        .await
        .assert_stored();
    talk.origin.will(
        reply(200)
            .control("max-age=1000")
            .field("etag", "\"a\"")
            .body("old"),
    );
    talk.get_with("/a", &foo("1")).await.assert_stored();
    talk.clock.advance(10);
    talk.origin.will(head("\"b\""));
    talk.send(request(Method::HEAD, "/a", &foo("1")))
        .await
        .assert_forwarded(Forward::Stale);
    talk.origin
        .will(reply(200).field("etag", "\"b\"").body("new"));
    assert_eq!(talk.get_with("/a", &foo("1")).await.text(), "new");
}

/// 9111-4.3.5-1, 9111-4.3.5-3: every stored GET that the request could have selected
#[tokio::test]
async fn a_head_freshens_a_stored_get_beside_a_stored_head() {
    let talk = Conversation::default();
    let head = reply(200).control("no-cache").field("etag", "\"h\"");
    talk.origin.will(head.field("vary", "Accept-Language"));
    talk.send(request(Method::HEAD, "/a", &[]))
        .await
        .assert_stored();
    talk.store(reply(200).control("max-age=10").body("one"))
        .await
        .assert_stored();
    talk.origin
        .will(reply(200).control("max-age=100").field("x", "new"));
    talk.send(request(Method::HEAD, "/a", &[])).await;
    talk.clock.advance(20);
    let whole = talk.get("/a").await;
    assert_eq!(whole.assert_hit().field("x").as_deref(), Some("new"));
}

/// 9111-4.3.5-1, 9111-4.1-4, PRJ-4.3.3-4: what it says of storing it says of whatever it is of
#[tokio::test]
async fn a_head_that_varies_by_everything_ends_a_stored_get() {
    for (name, value) in [("vary", "*"), ("cache-control", "no-store")] {
        let talk = Conversation::default();
        talk.store(described(200).body("one")).await.assert_stored();
        talk.origin.will(reply(200).field(name, value));
        talk.send(request(Method::HEAD, "/a", &RELOAD)).await;
        talk.origin.will(reply(200).body("two"));
        assert_eq!(talk.get("/a").await.text(), "two", "{name}: {value}");
    }
}

/// 9111-4.4-1, C-25, 9111-4.3.5-3: nor where it is not asked about ours at all
#[tokio::test]
async fn a_reloading_head_that_says_nothing_does_not_lift_a_mark() {
    for (mode, fields) in [
        (CacheMode::Reload, &[][..]),
        (CacheMode::Default, &[("if-none-match", "*")]),
    ] {
        let talk = Conversation::default();
        let tagged = reply(200).control("max-age=60").field("etag", TAG);
        talk.store(tagged.body("old")).await.assert_stored();
        talk.origin.will(reply(204));
        talk.send(request(Method::POST, "/a", &[])).await;
        talk.origin.will(reply(200).control("max-age=60"));
        let mut head = request(Method::HEAD, "/a", fields);
        head.extensions_mut().insert(mode);
        talk.send(head).await;
        talk.origin.will(reply(200).body("new"));
        assert_eq!(talk.get("/a").await.text(), "new", "{mode:?}");
    }
}
