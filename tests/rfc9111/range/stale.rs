//! Ranges of what is stored whole and stale.

use support::{Conversation, reply};
use tower_client_cache::Forward;

use super::{OLD, TAG, ask, assert_part, whole};

async fn with_a_stale_whole() -> Conversation {
    let talk = Conversation::default();
    let stored = whole().field("etag", TAG).field("last-modified", OLD);
    talk.store(stored).await.assert_stored();
    talk.clock.advance(10);
    talk
}

/// 9111-4.3.1-3, EDGE-25
#[tokio::test]
async fn a_range_of_a_stale_response_is_asked_for_with_its_validators() {
    let talk = with_a_stale_whole().await;
    talk.origin.will(reply(304).field("etag", TAG));
    let part = ask(&talk, "bytes=2-3").await;
    part.assert_forwarded(Forward::Stale).assert_validated();
    assert_part(&part, "bytes 2-3/10", "23");
    let seen = talk.origin.last();
    assert_eq!(seen.field("range").as_deref(), Some("bytes=2-3"));
    assert_eq!(seen.field("if-none-match").as_deref(), Some(TAG));
    assert_eq!(seen.field("if-range"), None, "9110-13.1.5-1");
    assert_eq!(talk.get("/a").await.assert_hit().text(), "0123456789");
}

/// PRJ-4.3.3-5, EDGE-29: the representation has changed
#[tokio::test]
async fn a_200_to_a_range_is_stored_whole() {
    let talk = with_a_stale_whole().await;
    talk.origin
        .will(reply(200).control("max-age=10").body("abcdef"));
    let answer = ask(&talk, "bytes=2-3").await;
    assert_eq!((answer.status.as_u16(), answer.text()), (200, "abcdef"));
    let part = ask(&talk, "bytes=2-3").await;
    assert_part(part.assert_hit(), "bytes 2-3/6", "cd");
}

/// 5861-3-1: what is validated in the background is the whole
#[tokio::test]
async fn a_range_of_a_stale_response_may_come_at_once() {
    let talk = Conversation::default();
    let control = "max-age=10, stale-while-revalidate=10";
    let stored = reply(200).control(control).field("etag", TAG);
    talk.store(stored.body("0123456789")).await.assert_stored();
    talk.clock.advance(15);
    talk.origin.will(reply(304).field("etag", TAG));
    let part = ask(&talk, "bytes=2-3").await;
    assert_part(part.assert_hit(), "bytes 2-3/10", "23");
    while talk.handle.stats().validated() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(talk.origin.last().field("range"), None);
}

/// C-57, PRJ-3.4-4: it is about the ranges
#[tokio::test]
async fn no_other_answer_to_a_range_is_stored() {
    for status in [416, 404, 301, 410, 203] {
        let talk = Conversation::default();
        talk.origin.will(reply(status).control("max-age=10"));
        let answer = ask(&talk, "bytes=2-3").await;
        assert_eq!(answer.status, status);
        assert!(talk.handle.is_empty(), "{status}");
    }
}
