//! RFC 9111 §4.3.4: a 304 that is about nothing, where the caller's request can be sent once more.

use bytes::Bytes;
use http::Method;
use http_body_util::Empty;
use support::{Conversation, OriginError, Reply, get, reply, request};
use tower_client_cache::request_body::{AsDefault, Replay};
use tower_client_cache::{CacheLayer, Forward, NotStored};

use super::{TAG, stored};

/// One that has a response with the tag `"e"` stored, and stale, and that can ask twice.
async fn asking_twice() -> Conversation<AsDefault> {
    let talk = Conversation::through(CacheLayer::new().default_request_body());
    talk.store(stored().field("etag", TAG))
        .await
        .assert_stored();
    talk.clock.advance(10);
    talk
}

fn of_another() -> Reply {
    reply(304).field("etag", "\"other\"")
}

/// PRJ-4.3.4-8, 9111-4.3.4-2, C-20, EDGE-31: unconditional, as the caller made it
#[tokio::test]
async fn a_304_about_nothing_is_followed_by_the_callers_own_request() {
    let talk = asking_twice().await;
    talk.origin.will(of_another());
    talk.origin.will(
        reply(200)
            .control("max-age=10")
            .field("etag", "\"other\"")
            .body("new"),
    );
    let answer = talk.get_with("/a", &[("accept", "text/plain")]).await;
    answer.assert_forwarded(Forward::Stale).assert_stored();
    assert_eq!((answer.status.as_u16(), answer.text()), (200, "new"));
    let again = talk.origin.last();
    assert_eq!(again.field("if-none-match"), None);
    assert_eq!(again.field("if-modified-since"), None);
    assert_eq!(again.field("accept").as_deref(), Some("text/plain"));
    assert_eq!((again.method, talk.origin.calls()), (Method::GET, 3));
    assert_eq!(talk.get("/a").await.assert_hit().text(), "new");
    assert_eq!(talk.handle.len(), 1);
}

/// PRJ-4.3.4-8, C-20: once, whatever comes of it
#[tokio::test]
async fn it_is_sent_once_more_and_no_oftener() {
    let talk = asking_twice().await;
    talk.origin.will(of_another());
    talk.origin.will(of_another());
    let answer = talk.get("/a").await;
    assert_eq!(answer.status, 304, "the origin insists: {}", answer.cache);
    assert_eq!(talk.origin.calls(), 3);

    let talk = asking_twice().await;
    talk.origin.will(of_another());
    talk.origin.will(Reply::fails(OriginError("refused")));
    let failed = talk.start(get("/a", &[])).await;
    assert_eq!(failed.err(), Some(OriginError("refused")));
    assert_eq!(talk.origin.calls(), 3);
}

/// PRJ-4.3.4-8: what was asked about has shown itself outdated, even if nothing better can be had
#[tokio::test]
async fn what_was_asked_about_is_not_reused_after_it() {
    let talk = asking_twice().await;
    talk.origin.will(of_another());
    talk.origin.will(reply(503));
    assert_eq!(talk.get("/a").await.status, 503);
    talk.origin.will(reply(503));
    let tolerant = [("cache-control", "max-stale, stale-if-error=600")];
    let answer = talk.get_with("/a", &tolerant).await;
    assert_eq!(answer.assert_forwarded(Forward::Stale).status, 503);
}

/// C-20: a HEAD as well, and with a body that a closure makes
#[tokio::test]
async fn the_second_body_may_come_from_a_closure() {
    let layer = CacheLayer::new().request_body(|_: Replay<Empty<Bytes>>| Empty::new());
    let talk = Conversation::through(layer);
    talk.store(stored().field("etag", TAG))
        .await
        .assert_stored();
    talk.clock.advance(10);
    talk.origin.will(of_another());
    talk.origin.will(reply(200).field("x", "head"));
    let head = talk.send(request(Method::HEAD, "/a", &[])).await;
    assert_eq!(head.field("x").as_deref(), Some("head"));
    assert_eq!(talk.origin.calls(), 3);
}

/// C-20: without a second body there is none to send, and nothing to answer with
#[tokio::test]
async fn where_it_cannot_be_sent_again_the_answer_is_504() {
    let talk = Conversation::default();
    talk.store(stored().field("etag", TAG))
        .await
        .assert_stored();
    talk.clock.advance(10);
    talk.origin.will(of_another());
    let answer = talk.get("/a").await;
    assert_eq!(answer.status, 504);
    answer.assert_not_stored(NotStored::NotSelected);
    assert_eq!(talk.origin.calls(), 2);
}

/// 9110-9.2.2-1, PRJ-4.3.4-8: nothing else is ever sent again
#[tokio::test]
async fn a_failure_is_no_reason_to_send_it_again() {
    for failing in [Reply::fails(OriginError("refused")), reply(503), reply(408)] {
        let talk = asking_twice().await;
        talk.origin.will(failing);
        let _ = talk.start(get("/a", &[])).await;
        assert_eq!(talk.origin.calls(), 2);
    }
    let talk = asking_twice().await;
    talk.origin.will(Reply::fails(OriginError("refused")));
    let _ = talk.start(request(Method::POST, "/a", &[])).await;
    assert_eq!(talk.origin.calls(), 2);
}

/// C-19, 9111-4.3.4-7: to the letter, a 304 without validators selects nothing that has one
#[tokio::test]
async fn a_strict_cache_takes_a_304_without_validators_for_one_about_nothing() {
    let layer = CacheLayer::new()
        .strict_not_modified(true)
        .default_request_body();
    let talk = Conversation::through(layer);
    talk.store(stored().field("etag", TAG))
        .await
        .assert_stored();
    talk.clock.advance(10);
    talk.origin.will(reply(304));
    talk.origin.will(reply(200).body("whole"));
    assert_eq!(talk.get("/a").await.text(), "whole");
    assert_eq!(talk.origin.calls(), 3);

    let talk = asking_twice().await;
    talk.origin.will(reply(304));
    assert_eq!(talk.get("/a").await.assert_validated().text(), "hello");
}
