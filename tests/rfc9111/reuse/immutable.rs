//! RFC 8246: `immutable`.

use bytes::Bytes;
use http::Version;
use http_body::Frame;
use support::{Conversation, Reply, reply};
use tower_client_cache::{CacheLayer, CacheMode, Forward};

const SECURE: &str = "https://o.test/a";
const REQUEST: Option<Forward> = Some(Forward::Request);
const STALE: Option<Forward> = Some(Forward::Stale);

fn whole(control: &str) -> Reply {
    let reply = reply(200).control(control).field("etag", "\"e\"");
    reply.field("content-length", "3").body("one")
}

/// Why a request with this `Cache-Control` is forwarded, where this is stored since so many seconds.
async fn reason(
    layer: CacheLayer,
    uri: &str,
    stored: Reply,
    age: u64,
    control: &str,
) -> Option<Forward> {
    let talk = Conversation::through(layer);
    talk.origin.will(stored);
    talk.get(uri).await.assert_stored();
    talk.clock.advance(age);
    talk.origin.will(reply(304));
    let answer = talk.get_with(uri, &[("cache-control", control)]).await;
    assert_eq!(answer.text(), "one");
    answer.cache.forwarded()
}

/// 8246-2-1, 8246-2-2, 8246-2-3, 8246-2.1-1, 8246-3-2, PRJ-8246-1, C-11, C-43
#[tokio::test]
async fn a_reload_does_not_ask_about_what_never_changes() {
    for (stored, age, asked, expected) in [
        ("max-age=60, immutable", 30, "max-age=0", None),
        ("max-age=60, Immutable", 0, "max-age=0", None),
        ("max-age=60, immutable=0", 30, "max-age=0", None),
        (
            "immutable, immutable=\"x\", max-age=60",
            30,
            "max-age=0",
            None,
        ),
        ("max-age=60", 30, "max-age=0", REQUEST),
        ("max-age=60, immutable", 30, "no-cache", REQUEST),
        ("max-age=60, immutable", 30, "max-age=0, no-cache", REQUEST),
        ("max-age=60, immutable", 60, "max-age=0", STALE),
        ("max-age=60, immutable", 60, "x", STALE),
        ("max-age=0, immutable", 0, "x", STALE),
        ("max-age=60, immutable, no-cache", 30, "max-age=0", STALE),
        ("max-age=60", 30, "max-age=0, immutable", REQUEST),
    ] {
        for layer in [CacheLayer::new(), CacheLayer::shared()] {
            let found = reason(layer, SECURE, whole(stored), age, asked).await;
            assert_eq!(found, expected, "{stored}; {asked}; after {age} s");
        }
    }
}

/// 8246-3-1, C-43: anybody on the way could have said it
#[tokio::test]
async fn what_came_without_encryption_may_change() {
    for layer in [CacheLayer::new(), CacheLayer::shared()] {
        let stored = whole("max-age=60, immutable");
        let found = reason(layer, "http://o.test/a", stored, 30, "max-age=0").await;
        assert_eq!(found, REQUEST);
    }
}

/// 8246-3-3, C-43: it may have been cut off
#[tokio::test]
async fn what_ended_with_its_connection_may_change() {
    let frames = || {
        let reply = reply(200).control("max-age=60, immutable");
        reply.frames([Ok(Frame::data(Bytes::from_static(b"one")))])
    };
    for (stored, expected) in [
        (frames(), REQUEST),
        (frames().version(Version::HTTP_10), REQUEST),
        (frames().version(Version::HTTP_2), None),
        (frames().field("transfer-encoding", "chunked"), None),
        (frames().field("content-length", "3"), None),
    ] {
        let stored = stored.field("etag", "\"e\"");
        let found = reason(CacheLayer::new(), SECURE, stored, 30, "max-age=0").await;
        assert_eq!(found, expected);
    }
}

/// 8246-2-1, FETCH-4: a mode is a forced reload
#[tokio::test]
async fn a_mode_asks_about_what_never_changes() {
    for mode in [CacheMode::NoCache, CacheMode::Reload] {
        let talk = Conversation::default();
        talk.origin.will(whole("max-age=60, immutable"));
        talk.get(SECURE).await.assert_stored();
        talk.origin.will(whole("max-age=60, immutable"));
        let mut request = support::get(SECURE, &[("cache-control", "max-age=0")]);
        request.extensions_mut().insert(mode);
        talk.send(request).await.assert_forwarded(Forward::Request);
    }
}

/// 8246-2.1-1: the caller's own conditions are answered
#[tokio::test]
async fn a_reload_with_a_condition_is_answered_by_it() {
    for (tag, status) in [("\"e\"", 304), ("\"f\"", 200)] {
        let talk = Conversation::shared();
        talk.origin.will(whole("max-age=60, immutable"));
        talk.get(SECURE).await.assert_stored();
        let fields = [("cache-control", "max-age=0"), ("if-none-match", tag)];
        let answer = talk.get_with(SECURE, &fields).await;
        assert_eq!(answer.assert_hit().status, status);
    }
}

/// 8246-2-1, 9111-4.2.3-3: a 304 may bring it, and may take it away
#[tokio::test]
async fn a_304_says_whether_it_is_still_so() {
    for (before, after, expected) in [
        ("max-age=60", "max-age=60, immutable", None),
        ("max-age=60, immutable", "max-age=60", REQUEST),
    ] {
        let talk = Conversation::default();
        talk.origin.will(whole(before));
        talk.get(SECURE).await.assert_stored();
        talk.clock.advance(60);
        talk.origin.will(reply(304).control(after));
        talk.get(SECURE).await.assert_validated();
        talk.origin.will(reply(304));
        let reload = [("cache-control", "max-age=0")];
        let answer = talk.get_with(SECURE, &reload).await;
        assert_eq!(answer.cache.forwarded(), expected, "{before}; {after}");
    }
}
