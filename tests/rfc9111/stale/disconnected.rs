//! RFC 9111 §4.2.4: the origin cannot be reached.

use std::time::Duration;

use support::{Conversation, OriginError, Reply, get, reply};
use tower_client_cache::{CacheLayer, Forward, NotStored};

use crate::storing::with;

fn stored(control: &str) -> Reply {
    let fields = [
        ("cache-control", control),
        ("etag", "\"v1\""),
        ("content-length", "3"),
    ];
    with(200, &fields).body("one")
}

/// A conversation through this cache in which the origin is gone, so many seconds later.
async fn after(seconds: u64, layer: CacheLayer, control: &str) -> Conversation {
    let talk = Conversation::through(layer);
    talk.store(stored(control)).await.assert_stored();
    talk.clock.advance(seconds);
    talk.origin.will(Reply::fails(OriginError("refused")));
    talk
}

const TEN: Duration = Duration::from_secs(10);

/// 9111-4.2.4-3, 9111-4.2.4-2, C-22
#[tokio::test]
async fn a_stale_response_is_reused_where_the_origin_is_gone_and_that_is_set() {
    for layer in [CacheLayer::new(), CacheLayer::shared()] {
        let talk = after(70, layer.stale_if_disconnected(TEN), "max-age=60").await;
        let answer = talk.get("/a").await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, "one"));
        assert_eq!(answer.field("age").as_deref(), Some("70"));
        answer.assert_forwarded(Forward::Stale);
        answer.assert_not_stored(NotStored::Failed);
        talk.origin.will(reply(304));
        talk.get("/a").await.assert_validated();
    }
}

/// 9111-4.2.4-3, C-22: it has a limit, and is off
#[tokio::test]
async fn a_stale_response_is_not_reused_beyond_the_limit_or_where_nothing_is_set() {
    let lenient = || CacheLayer::new().stale_if_disconnected(TEN);
    for (seconds, layer) in [(71, lenient()), (61, CacheLayer::new())] {
        let talk = after(seconds, layer, "max-age=60").await;
        let failed = talk.start(get("/a", &[])).await;
        assert_eq!(failed.err(), Some(OriginError("refused")), "{seconds}");
    }
}

/// 9111-4.2.4-3: an origin that answers with an error is there
#[tokio::test]
async fn an_origin_that_answers_is_not_gone() {
    let layer = CacheLayer::new().stale_if_disconnected(TEN);
    let talk = after(65, layer, "max-age=60").await;
    talk.origin.forget_replies();
    for status in [500, 502, 503, 504] {
        talk.origin.will(reply(status));
        assert_eq!(talk.get("/a").await.status, status);
    }
}

/// 9111-4.2.4-1, 9111-5.2.2.2-1, 9111-5.2.2.2-2, 9111-5.2.2.4-1, 9111-5.2.2.8-1, 9111-5.2.2.10-2, C-39
#[tokio::test]
async fn what_a_directive_forbids_is_forbidden_without_an_origin_too() {
    for (control, in_private, in_shared) in [
        ("max-age=60, must-revalidate", false, false),
        ("max-age=60, no-cache", false, false),
        ("max-age=60, proxy-revalidate", true, false),
        ("max-age=60, s-maxage=60", true, false),
        ("max-age=60", true, true),
    ] {
        let shared = CacheLayer::shared().stale_if_disconnected(TEN);
        let private = CacheLayer::new().stale_if_disconnected(TEN);
        let talk = after(65, shared, control).await;
        let answer = talk.get("/a").await;
        let status = if in_shared { 200 } else { 504 };
        assert_eq!(answer.status, status, "{control}");
        let talk = after(65, private, control).await;
        let answer = talk.start(get("/a", &[])).await;
        assert_eq!(answer.is_ok(), in_private, "{control}");
    }
}

/// 9111-5.2.2.2-2, C-39, PRJ-L-7
#[tokio::test]
async fn a_failure_is_an_error_or_a_504_as_it_is_set() {
    let (private, shared) = (CacheLayer::new, CacheLayer::shared);
    for (layer, is_told) in [
        (private(), false),
        (private().gateway_timeout(true), true),
        (shared(), true),
        (shared().gateway_timeout(false), false),
    ] {
        let talk = after(65, layer, "max-age=60, must-revalidate").await;
        if is_told {
            let answer = talk.get("/a").await;
            assert_eq!((answer.status.as_u16(), answer.text()), (504, ""));
            answer.assert_not_stored(NotStored::Failed);
        } else {
            let failed = talk.start(get("/a", &[])).await;
            assert_eq!(failed.err(), Some(OriginError("refused")));
        }
        assert_eq!(talk.handle.len(), 1, "it is kept");
    }
}

/// C-39, PRJ-L-7: where nothing is stored nothing forbids anything
#[tokio::test]
async fn a_failure_with_nothing_stored_is_an_error() {
    for layer in [
        CacheLayer::shared(),
        CacheLayer::new().gateway_timeout(true),
    ] {
        let talk = Conversation::through(layer);
        talk.origin.will(Reply::fails(OriginError("refused")));
        let failed = talk.start(get("/a", &[])).await;
        assert_eq!(failed.err(), Some(OriginError("refused")));
    }
}
