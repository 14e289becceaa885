//! What is stored for other requests, and by a 304 for this one too (C-18).

use support::{Conversation, begun, get, reply};
use tower_client_cache::CacheLayer;

/// C-18, 9111-3.1-1, 9111-7.1-1: what was said to one user is not said to another
#[tokio::test]
async fn the_cookie_of_one_user_is_not_set_for_another() {
    let talk = Conversation::through(CacheLayer::shared().default_request_body());
    let control = "public, max-age=60";
    talk.origin.will(
        reply(200)
            .control(control)
            .field("vary", "Cookie")
            .field("etag", "\"e\"")
            .field("set-cookie", "session=alice")
            .field("x-user", "alice")
            .body("one"),
    );
    talk.get_with("/a", &[("cookie", "session=alice")])
        .await
        .assert_stored();
    talk.origin
        .will(reply(304).control(control).field("etag", "\"e\""));
    let bob = talk.get_with("/a", &[("cookie", "session=bob")]).await;
    assert_eq!(
        (bob.field("set-cookie"), bob.field("x-user")),
        (None, None),
        "{}",
        bob.cache
    );
}

/// C-18
#[tokio::test]
async fn what_is_adopted_counts_as_stored() {
    let talk = Conversation::through(CacheLayer::new().default_request_body());
    let ask = |language| get("/a", &[("accept-language", language)]);
    let body = "x".repeat(1_000_000);
    talk.origin.will(
        reply(200)
            .control("max-age=60")
            .field("vary", "Accept-Language")
            .field("etag", "\"de\"")
            .body(body),
    );
    talk.send(ask("de")).await.assert_stored();
    talk.origin.will(reply(304).field("etag", "\"de\""));
    talk.send(ask("de-CH")).await.assert_stored();
    assert_eq!(talk.handle.stats().stores(), 2);
}

/// PRJ-4.3.3-4, C-18
#[tokio::test]
async fn what_was_shown_outdated_meanwhile_is_not_adopted() {
    let talk = Conversation::through(CacheLayer::new().default_request_body());
    let ask = |language| get("/a", &[("accept-language", language)]);
    let de = || {
        reply(200)
            .control("max-age=60")
            .field("vary", "Accept-Language")
            .field("etag", "\"de\"")
            .body("old")
    };
    talk.origin.will(de());
    talk.send(ask("de")).await.assert_stored();
    let (gate, held) = reply(304).field("etag", "\"de\"").held();
    talk.origin.will(held);
    let waiting = begun(talk.send(ask("de-CH")));
    talk.clock.advance(1);
    talk.origin.will(
        reply(200)
            .control("no-store")
            .field("etag", "\"new\"")
            .body("new"),
    );
    talk.get_with(
        "/a",
        &[("accept-language", "de"), ("cache-control", "no-cache")],
    )
    .await;
    gate.open();
    waiting.await;
    talk.origin.will(reply(200).body("new"));
    assert_eq!(talk.send(ask("de-CH")).await.text(), "new");
}

/// EDGE-47, 9111-4.3.4-1, C-18: an origin may have one tag for every coding
#[tokio::test]
async fn a_tag_of_another_encoding_is_not_adopted() {
    let talk = Conversation::through(CacheLayer::new().default_request_body());
    let of = |status| {
        reply(status)
            .control("max-age=60")
            .field("vary", "Accept-Encoding")
            .field("etag", "\"same\"")
    };
    talk.origin
        .will(of(200).field("content-encoding", "gzip").body("\x1f\u{8b}"));
    talk.get_with("/a", &[("accept-encoding", "gzip")])
        .await
        .assert_stored();
    // An origin that has one tag for both, as many have, says 304 to that.
    talk.origin.will(of(304));
    talk.origin.will(of(200).body("plain"));
    let answer = talk
        .get_with("/a", &[("accept-encoding", "identity")])
        .await;
    assert_eq!(answer.field("content-encoding"), None, "{}", answer.cache);
}
