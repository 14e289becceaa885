//! What was under way when an unsafe request succeeded (PRJ-4-14).

use super::{TAG, assert_invalid, tagged, unsafe_request};
use http::Method;
use support::{Answer, Conversation, begun, get, reply, request};
use tower_client_cache::Forward;

/// Nothing that was asked for before is reused.
async fn assert_not_stored(talk: &Conversation, uri: &str) {
    talk.origin.will(reply(404).body("gone"));
    let next = talk.get(uri).await;
    assert!(!next.cache.is_hit(), "{}", next.cache);
    assert_eq!(next.text(), "gone");
}

/// PRJ-4-14: it waits for its head
#[tokio::test]
async fn a_response_asked_for_before_is_not_stored_afterwards() {
    for fields in [&[][..], &[("authorization", "Bearer a")]] {
        let talk = Conversation::default();
        let (gate, held) = tagged("old").held();
        talk.origin.will(held);
        let slow = begun(talk.get_with("/a", fields));
        unsafe_request(&talk, "/a", reply(204)).await;
        gate.open();
        assert_eq!(slow.await.text(), "old", "its caller gets it all the same");
        assert!(talk.handle.is_empty());
        talk.origin.will(reply(404));
        let next = talk.get_with("/a", fields).await;
        next.assert_forwarded(Forward::UriMiss);
    }
}

/// PRJ-4-14: its head has come and its body has not
#[tokio::test]
async fn a_response_half_read_is_not_stored_afterwards() {
    let talk = Conversation::default();
    let (frames, streamed) = reply(200).control("max-age=60").streamed();
    talk.origin.will(streamed);
    let slow = talk.start(get("/a", &[])).await.unwrap();
    assert!(frames.data("ol"));
    unsafe_request(&talk, "/a", reply(204)).await;
    assert!(frames.data("d"));
    drop(frames);
    assert_eq!(Answer::read(slow).await.unwrap().text(), "old");
    assert_not_stored(&talk, "/a").await;
}

/// PRJ-4-14: a 304 that was asked for before says nothing about what is there now
#[tokio::test]
async fn a_304_asked_for_before_does_not_make_the_response_good_again() {
    let talk = Conversation::default();
    talk.store(tagged("old")).await;
    talk.clock.advance(60);
    let (gate, held) = reply(304).field("etag", TAG).held();
    talk.origin.will(held);
    let slow = begun(talk.get("/a"));
    unsafe_request(&talk, "/a", reply(204)).await;
    gate.open();
    assert_eq!(slow.await.text(), "old");
    assert_invalid(&talk, "/a", "a late 304").await;
}

/// PRJ-4-14, 9111-4.4-3
#[tokio::test]
async fn a_response_for_a_uri_that_the_answer_names_is_not_stored_either() {
    let talk = Conversation::default();
    let (gate, held) = tagged("old").held();
    talk.origin.will(held);
    let slow = begun(talk.get("/b"));
    unsafe_request(&talk, "/a", reply(201).field("location", "/b")).await;
    gate.open();
    assert_eq!(slow.await.text(), "old");
    assert_not_stored(&talk, "/b").await;
}

/// PRJ-4-14, C-59: an unsafe request whose end nobody knows counts from when it ends
#[tokio::test]
async fn a_response_asked_for_before_an_unsafe_request_was_dropped_is_not_stored() {
    let talk = Conversation::default();
    let (_post_gate, held) = reply(204).held();
    talk.origin.will(held);
    let unsafe_request = begun(talk.start(request(Method::POST, "/a", &[])));
    let (gate, held) = tagged("old").held();
    talk.origin.will(held);
    let slow = begun(talk.get("/a"));
    drop(unsafe_request);
    gate.open();
    assert_eq!(slow.await.text(), "old");
    assert_not_stored(&talk, "/a").await;
}

/// 9111-4.4-1: asked for and answered while the unsafe request was under way
#[tokio::test]
async fn a_response_stored_before_the_unsafe_request_is_answered_is_invalidated() {
    let talk = Conversation::default();
    let (gate, held) = reply(204).held();
    talk.origin.will(held);
    let unsafe_request = begun(talk.send(request(Method::POST, "/a", &[])));
    talk.store(tagged("old")).await.assert_stored();
    talk.get("/a").await.assert_hit();
    gate.open();
    unsafe_request.await;
    assert_invalid(&talk, "/a", "stored meanwhile").await;
}

/// PRJ-4-14, while the cache is off: it would be stored when it is on again
#[tokio::test]
async fn a_response_under_way_is_not_stored_where_the_cache_was_off_meanwhile() {
    let talk = Conversation::default();
    let (gate, held) = tagged("old").held();
    talk.origin.will(held);
    let slow = begun(talk.get("/a"));
    talk.handle.disable();
    unsafe_request(&talk, "/a", reply(204)).await;
    talk.handle.enable();
    gate.open();
    assert_eq!(slow.await.text(), "old");
    assert_not_stored(&talk, "/a").await;
}

/// 9111-4.4-2, 9111-4.4-4: what is not meant is stored as ever
#[tokio::test]
async fn a_response_that_is_not_meant_is_stored() {
    for (target, answer) in [
        ("/other", reply(204)),
        ("/a", reply(500)),
        ("/a", reply(404)),
        ("/other", reply(500).field("location", "/a")),
        (
            "https://o.test/a",
            reply(201).field("location", "http://o.test/a"),
        ),
    ] {
        let talk = Conversation::default();
        let (gate, held) = tagged("hello").held();
        talk.origin.will(held);
        let slow = begun(talk.get("/a"));
        unsafe_request(&talk, target, answer).await;
        gate.open();
        slow.await.assert_stored();
        assert_eq!(
            talk.get("/a").await.assert_hit().text(),
            "hello",
            "{target}"
        );
    }
}

/// PRJ-4-14: a request that starts afterwards
#[tokio::test]
async fn a_response_asked_for_afterwards_is_stored() {
    let talk = Conversation::default();
    let (gate, held) = tagged("old").held();
    talk.origin.will(held);
    let slow = begun(talk.get("/a"));
    unsafe_request(&talk, "/a", reply(204)).await;
    talk.store(tagged("new")).await.assert_stored();
    gate.open();
    slow.await;
    assert_eq!(talk.get("/a").await.assert_hit().text(), "new");
}
