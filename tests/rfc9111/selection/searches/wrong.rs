//! What stands for a URI that an unsafe request has changed, or that is purged (PRJ-4.4-7).

use super::*;

/// A success of an unsafe request for this URI.
async fn unsafe_request(talk: &Conversation, uri: &str) {
    talk.origin.will(reply(204));
    talk.send(request(Method::POST, uri, &[])).await;
}

/// What is stored for this URI is not reused before the origin has been asked.
async fn assert_invalid(talk: &Conversation, uri: &str) {
    talk.origin.will(reply(304).field("etag", TAG));
    let next = talk.get(uri).await;
    assert_eq!(next.cache.forwarded(), Some(Forward::Stale), "{uri}");
}

/// PRJ-4.4-7
#[tokio::test]
async fn an_unsafe_request_invalidates_what_stands_for_its_uri() {
    let user = [("authorization", "Bearer a")];
    for (rule, stored, target, is_meant) in [
        ("params=(\"x\")", "/a?x=2", "/a?x=1", true),
        ("params=(\"x\")", "/a?x=2", "/a", true),
        ("except=()", "/a?y=2", "/a?x=1", true),
        ("params=(\"x\")", "/a?x=2&y=1", "/a?x=1", false),
        ("params=(\"x\")", "/a?x=2", "/b?x=1", false),
        ("params=(\"x\")", "/a?x=2", "http://other.test/a?x=1", false),
        ("params=()", "/a?x=2", "/a?x=1", false),
    ] {
        let talk = with(stored, rule).await;
        talk.origin.will(ruled(rule, "a user's"));
        talk.get_with(stored, &user).await.assert_stored();
        unsafe_request(&talk, target).await;
        for fields in [&[][..], &user] {
            talk.origin.will(reply(304).field("etag", TAG));
            let next = talk.get_with(stored, fields).await;
            assert_ne!(next.cache.is_hit(), is_meant, "{rule}: {target}");
            talk.origin.forget_replies();
        }
    }
}

/// PRJ-4.4-7, 9111-4.4-5: it does not come back for the URI that was changed
#[tokio::test]
async fn what_stood_for_a_changed_uri_does_so_no_longer() {
    let talk = with("/a?x=2", "params=(\"x\")").await;
    unsafe_request(&talk, "/a?x=1").await;
    assert_invalid(&talk, "/a?x=1").await;
    talk.get("/a?x=2").await.assert_hit();
}

/// PRJ-4.4-7: there is nothing to ask about it with
#[tokio::test]
async fn an_equivalent_without_a_validator_is_removed() {
    let talk = obeying();
    let fresh = reply(200).control("max-age=60").body("stored");
    talk.origin
        .will(fresh.field("no-vary-search", "params=(\"x\")"));
    talk.get("/a?x=2").await.assert_stored();
    unsafe_request(&talk, "/a?x=1").await;
    assert!(talk.handle.is_empty());
}

/// PRJ-4-14, PRJ-4.4-7: its head has not come yet, or its body
#[tokio::test]
async fn what_was_asked_for_before_does_not_stand_for_a_changed_uri() {
    for is_purge in [false, true] {
        let talk = obeying();
        let (gate, held) = ruled("params=(\"x\")", "old").held();
        talk.origin.will(held);
        let head = begun(talk.get("/a?x=2"));
        let (frames, streamed) = ruled("params=(\"x\")", "").streamed();
        talk.origin.will(streamed);
        let body = talk.start(get("/a?x=3", &[])).await.unwrap();
        assert!(frames.data("ol"));
        if is_purge {
            let uri = "http://o.test/a?x=1".parse::<http::Uri>().unwrap();
            assert_eq!(talk.handle.purge(&uri).in_flight(), 2);
        } else {
            unsafe_request(&talk, "/a?x=1").await;
        }
        assert!(frames.data("d"));
        drop(frames);
        gate.open();
        assert_eq!(Answer::read(body).await.unwrap().text(), "old");
        assert_eq!(head.await.text(), "old");
        assert_miss(&talk, "/a?x=1").await;
        assert!(talk.handle.is_empty());
    }
}

/// PRJ-4-14: a 304 that was asked for before
#[tokio::test]
async fn a_late_304_does_not_make_an_equivalent_good_again() {
    let talk = with("/a?x=2", "params=(\"x\")").await;
    talk.clock.advance(60);
    let (gate, held) = reply(304).field("etag", TAG).held();
    talk.origin.will(held);
    let slow = begun(talk.get("/a?x=3"));
    unsafe_request(&talk, "/a?x=1").await;
    gate.open();
    assert_eq!(slow.await.text(), "stored");
    assert_invalid(&talk, "/a?x=2").await;
}

/// Promise 1: once a URI is purged nothing older answers for it
#[tokio::test]
async fn a_purge_of_a_uri_takes_what_stands_for_it() {
    let talk = with("/a?x=2", "params=(\"x\")").await;
    talk.origin.will(ruled("params=(\"x\")", "other"));
    talk.get("/a?x=2&y").await.assert_stored();
    let user = [("authorization", "Bearer a")];
    talk.origin.will(ruled("params=(\"x\")", "a user's"));
    talk.get_with("/a?x=3", &user).await.assert_stored();
    let uri = "http://o.test/a?x=1".parse::<http::Uri>().unwrap();
    let before = talk.handle.bytes();
    let purged = talk.handle.purge(&uri);
    assert_eq!(purged.responses(), 2);
    assert_eq!(purged.bytes(), before - talk.handle.bytes());
    talk.get("/a?x=9&y").await.assert_hit();
    assert_miss(&talk, "/a?x=2").await;
    talk.handle.clear();
    assert_eq!(talk.handle.bytes(), 0);
    assert_miss(&talk, "/a?x=9&y").await;
}

/// 9875-2.2.1-1, PRJ-4.4-7: an equivalent is as good as the target
#[tokio::test]
async fn what_shares_a_group_with_an_equivalent_is_invalidated() {
    let talk = Conversation::with(|layer| layer.no_vary_search(true).cache_groups(true));
    let grouped = |rule| ruled(rule, "stored").field("cache-groups", "\"g\"");
    for (uri, rule) in [("/a?x=2", "params=(\"x\")"), ("/b", "params=()")] {
        talk.origin.will(grouped(rule));
        talk.get(uri).await.assert_stored();
    }
    unsafe_request(&talk, "/a?x=1").await;
    assert_invalid(&talk, "/a?x=2").await;
    assert_invalid(&talk, "/b").await;
}

/// PRJ-4.4-7, 9110-9.3.3-1: the answer of an unsafe request is newer than what it has made wrong
#[tokio::test]
async fn an_answer_to_an_unsafe_request_stands_for_other_queries() {
    let talk = with("/a?x=2", "params=(\"x\")").await;
    talk.clock.advance(1);
    let posted = ruled("params=(\"x\")", "new").field("content-location", "/a?x=1");
    talk.origin.will(posted);
    talk.send(request(Method::POST, "/a?x=1", &[])).await;
    assert_eq!(talk.get("/a?x=1").await.assert_hit().text(), "new");
    assert_eq!(talk.get("/a?x=3").await.assert_hit().text(), "new");
    assert_invalid(&talk, "/a?x=2").await;
}
