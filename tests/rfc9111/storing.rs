//! RFC 9111 §3

use support::{Conversation, reply};
use tower_client_cache::Forward;

/// 9111-2-3, 9111-4-6
#[tokio::test]
async fn a_fresh_response_is_reused_with_its_age() {
    let talk = Conversation::default();
    let first = talk
        .store(reply(200).control("max-age=60").body("hello"))
        .await;
    first.assert_forwarded(Forward::UriMiss).assert_stored();
    talk.clock.advance(5);
    let second = talk.get("/a").await;
    assert_eq!(second.assert_hit().text(), "hello");
    assert_eq!(second.field("age").as_deref(), Some("5"));
    assert_eq!(talk.origin.calls(), 1);
}
