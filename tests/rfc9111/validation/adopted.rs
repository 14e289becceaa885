//! What is stored for other requests, and by a 304 for this one too (C-18).

use http::{HeaderName, Method};
use support::{Conversation, begun, get, reply, request};

use super::TAG;
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

/// 9875-3-2, C-18: an adopted response is in the groups of what it was made of
#[tokio::test]
async fn what_is_adopted_stays_in_its_cache_groups() {
    let layer = CacheLayer::new().cache_groups(true).default_request_body();
    let talk = Conversation::through(layer);
    let ask = |language| get("/a", &[("accept-language", language)]);
    let of = |status| {
        reply(status)
            .control("max-age=60")
            .field("vary", "Accept-Language")
            .field("etag", TAG)
    };
    talk.origin
        .will(of(200).field("cache-groups", "\"g\"").body("old"));
    talk.send(ask("de")).await.assert_stored();
    talk.origin.will(of(304));
    talk.send(ask("de-CH")).await.assert_stored();
    talk.origin
        .will(reply(204).field("cache-group-invalidation", "\"g\""));
    talk.send(request(Method::POST, "/b", &[])).await;
    for language in ["de", "de-CH"] {
        talk.origin.will(of(200).body("new"));
        let answer = talk.send(ask(language)).await;
        assert_eq!(answer.text(), "new", "{language}: {}", answer.cache);
        talk.origin.forget_replies();
    }
}

/// PRJ-4.4-7, C-18: an adopted response stands for the queries that what it was made of stands for
#[tokio::test]
async fn what_is_adopted_is_invalidated_with_the_queries_it_stands_for() {
    let layer = CacheLayer::new()
        .no_vary_search(true)
        .default_request_body();
    let talk = Conversation::through(layer);
    let ask = |language| get("/a?x=1", &[("accept-language", language)]);
    let of = |status| {
        reply(status)
            .control("max-age=60")
            .field("vary", "Accept-Language")
            .field("etag", TAG)
    };
    talk.origin.will(
        of(200)
            .field("no-vary-search", "params=(\"x\")")
            .body("old"),
    );
    talk.send(ask("de")).await.assert_stored();
    talk.origin.will(of(304));
    talk.send(ask("de-CH")).await.assert_stored();
    talk.origin.will(reply(204));
    talk.send(request(Method::POST, "/a?x=2", &[])).await;
    for language in ["de", "de-CH"] {
        talk.origin.will(of(200).body("new"));
        let answer = talk.send(ask(language)).await;
        assert_eq!(answer.text(), "new", "{language}: {}", answer.cache);
        talk.origin.forget_replies();
    }
}

/// 9213-2.2-1, C-18: the field for this cache decides for what is adopted, too
#[tokio::test]
async fn a_targeted_field_decides_for_what_is_adopted() {
    let cdn = HeaderName::from_static("cdn-cache-control");
    let layer = CacheLayer::shared()
        .targeted_fields([cdn])
        .default_request_body();
    let talk = Conversation::through(layer);
    let ask = |language| get("/a", &[("accept-language", language)]);
    let of = |status| {
        reply(status)
            .control("public, max-age=3600")
            .field("vary", "Accept-Language")
            .field("etag", TAG)
    };
    talk.origin.will(
        of(200)
            .field("cdn-cache-control", "max-age=10, must-revalidate")
            .body("old"),
    );
    talk.send(ask("de")).await.assert_stored();
    talk.origin.will(of(304));
    talk.send(ask("de-CH")).await.assert_stored();
    talk.clock.advance(10);
    talk.origin.will(of(200).body("new"));
    let answer = talk.send(ask("de-CH")).await;
    assert_eq!(answer.text(), "new", "{}", answer.cache);
}

/// C-18: what the origin says to everybody
#[tokio::test]
async fn an_adopted_answer_has_the_fields_of_the_whole() {
    let talk = Conversation::through(CacheLayer::new().default_request_body());
    let ask = |language| get("/a", &[("accept-language", language)]);
    let of = |status| {
        reply(status)
            .control("max-age=60")
            .field("vary", "Accept-Language")
            .field("etag", TAG)
    };
    talk.origin.will(
        of(200)
            .field("x-content-type-options", "nosniff")
            .field("link", "</b>; rel=next")
            .field("access-control-allow-origin", "*")
            .body("one"),
    );
    talk.send(ask("de")).await.assert_stored();
    talk.origin.will(of(304));
    let answer = talk.send(ask("de-CH")).await;
    assert_eq!(answer.text(), "one");
    for name in [
        "x-content-type-options",
        "link",
        "access-control-allow-origin",
    ] {
        assert!(answer.field(name).is_some(), "{name}");
    }
}
