//! RFC 5861 §3: what comes of a background validation that brings nothing good, or comes too late.

use bytes::Bytes;
use http::Method;
use http_body::Frame;
use support::{Conversation, OriginError, Reply, reply, request};
use tower_client_cache::Forward;

use super::{after, minute, settle};
use crate::storing::with;

const WINDOW: &str = "stale-while-revalidate=60";

/// A response other than the stored one, fresh for as long.
fn other() -> Reply {
    with(200, &[("cache-control", "max-age=60"), ("etag", "\"v2\"")])
}

/// A conversation in which a stale response was reused while the origin holds this reply back.
async fn validating(reply: Reply) -> (Conversation, support::Gate) {
    let talk = after(70, minute(WINDOW)).await;
    let (gate, held) = reply.held();
    talk.origin.will(held);
    assert_eq!(talk.get("/a").await.assert_hit().text(), "one");
    settle().await;
    assert_eq!(talk.origin.calls(), 2);
    (talk, gate)
}

/// 5861-3-4, PRJ-5861-2, PRJ-5861-4, PRJ-5861-5
#[tokio::test]
async fn an_origin_that_fails_leaves_the_response_until_its_window_ends() {
    let broken = [
        Ok(Frame::data(Bytes::from_static(b"tw"))),
        Err(OriginError("reset")),
    ];
    let short = [Ok(Frame::data(Bytes::from_static(b"tw")))];
    let table = [
        ("refused", Reply::fails(OriginError("refused"))),
        ("500", reply(500)),
        ("503", reply(503).control("max-age=60").body("sorry")),
        ("429", reply(429).control("no-store")),
        ("reset", other().frames(broken)),
        ("short", other().field("content-length", "3").frames(short)),
    ];
    for (failure, failing) in table {
        let (talk, gate) = validating(failing).await;
        gate.open();
        settle().await;
        talk.clock.advance(50);
        talk.origin.will(reply(503));
        let stale = talk.get("/a").await;
        assert_eq!(stale.assert_hit().text(), "one", "{failure}");
        assert_eq!(stale.field("age").as_deref(), Some("120"), "{failure}");
        settle().await;
        assert_eq!(talk.origin.calls(), 3, "{failure}: it is asked again");
        talk.clock.advance(1);
        talk.origin.will(reply(304));
        let validated = talk.get("/a").await;
        validated.assert_forwarded(Forward::Stale);
        assert_eq!(validated.assert_validated().text(), "one", "{failure}");
    }
}

/// PRJ-4.3.3-4, 9111-4.3.3-2, EDGE-33, EDGE-49
#[tokio::test]
async fn an_answer_that_is_not_stored_shows_all_the_same_that_the_response_is_outdated() {
    let other_tag = reply(304).field("etag", "\"v9\"");
    for (answer, new, reason) in [
        (
            "404",
            reply(404).control("no-store").body("gone"),
            Forward::Stale,
        ),
        (
            "200",
            other().control("no-store").body("two"),
            Forward::Stale,
        ),
        ("302", reply(302).body("elsewhere"), Forward::Stale),
        // It is not asked about a second time, and so is gone.
        ("304", other_tag, Forward::UriMiss),
    ] {
        let (talk, gate) = validating(new).await;
        gate.open();
        settle().await;
        for lenient in ["x", "max-stale"] {
            talk.origin.will(reply(503));
            let next = talk.get_with("/a", &[("cache-control", lenient)]).await;
            assert_eq!(next.cache.forwarded(), Some(reason), "{answer}");
            assert_eq!(next.status, 503, "{answer} {lenient}");
        }
    }
}

/// PRJ-4.3.3-4, PRJ-7-2
#[tokio::test]
async fn an_answer_that_turns_out_too_large_shows_it_as_well() {
    for fields in [&[][..], &[("content-length", "6")]] {
        let talk = Conversation::with(|layer| layer.max_body(5));
        talk.store(minute(WINDOW)).await.assert_stored();
        talk.clock.advance(70);
        let large = fields
            .iter()
            .fold(other(), |reply, (name, value)| reply.field(name, value));
        talk.origin.will(large.body("hello!"));
        talk.get("/a").await.assert_hit();
        settle().await;
        talk.origin.will(reply(503));
        let next = talk.get("/a").await;
        assert_eq!(next.cache.forwarded(), Some(Forward::Stale), "{fields:?}");
    }
}

/// 9111-4.3.3-2, EDGE-33
#[tokio::test]
async fn an_error_that_may_be_stored_takes_the_place_of_the_response() {
    let gone = reply(410).control("max-age=60").body("gone");
    let (talk, gate) = validating(gone).await;
    gate.open();
    settle().await;
    let next = talk.get("/a").await;
    assert_eq!(
        (next.assert_hit().status.as_u16(), next.text()),
        (410, "gone")
    );
    assert_eq!(talk.handle.len(), 1);
}

/// 9111-7-1
#[tokio::test]
async fn a_clear_keeps_out_what_was_asked_for_before_it() {
    for (answer, held) in [("304", reply(304)), ("200", other().body("two"))] {
        let (talk, gate) = validating(held).await;
        let cleared = talk.handle.clear();
        assert_eq!(
            (cleared.responses(), cleared.in_flight()),
            (1, 1),
            "{answer}"
        );
        gate.open();
        settle().await;
        assert!(talk.handle.is_empty(), "{answer}");
        let next = talk.store(other().body("three")).await;
        next.assert_forwarded(Forward::UriMiss).assert_stored();
        assert_eq!(next.text(), "three", "{answer}");
    }
}

/// 9111-7-1
#[tokio::test]
async fn a_clear_while_the_new_body_comes_keeps_it_out() {
    let (frames, streamed) = other().streamed();
    let (talk, gate) = validating(streamed).await;
    gate.open();
    assert!(frames.data("t"));
    settle().await;
    talk.handle.clear();
    assert!(frames.data("wo"));
    drop(frames);
    settle().await;
    assert!(talk.handle.is_empty());
    assert_eq!(talk.handle.stats().recording(), 0);
}

/// 9111-7-1
#[tokio::test]
async fn a_purge_keeps_out_what_it_means_and_nothing_else() {
    for (path, is_left) in [("http://o.test/a", false), ("http://o.test/b", true)] {
        let (talk, gate) = validating(other().body("two")).await;
        talk.handle.purge(&path.parse::<http::Uri>().unwrap());
        gate.open();
        settle().await;
        assert_eq!(talk.handle.len(), usize::from(is_left), "{path}");
    }
}

/// PRJ-4-14, 9111-4.4-1, 9111-4.4-5
#[tokio::test]
async fn an_answer_asked_for_before_an_unsafe_request_makes_nothing_good() {
    for (answer, held) in [("304", reply(304)), ("200", other().body("two"))] {
        let (talk, gate) = validating(held).await;
        talk.origin.will(reply(204));
        talk.send(request(Method::POST, "/a", &[])).await;
        gate.open();
        settle().await;
        talk.origin.will(other().body("three"));
        let next = talk.get("/a").await;
        assert!(!next.cache.is_hit(), "{answer}: {}", next.cache);
        assert_eq!(next.text(), "three", "{answer}");
    }
}

/// PRJ-4-13, 5861-3-1
#[tokio::test]
async fn a_late_answer_does_not_take_the_place_of_a_newer_one() {
    let early = other().field("date", "Sun, 06 Nov 1994 08:50:47 GMT");
    for (answer, held) in [("304", reply(304)), ("200", early.body("two"))] {
        let (talk, gate) = validating(held).await;
        talk.clock.advance(60);
        let new = with(200, &[("cache-control", "max-age=60"), ("etag", "\"v3\"")]);
        let blocking = talk.store(new.body("three")).await;
        blocking.assert_forwarded(Forward::Stale).assert_stored();
        gate.open();
        settle().await;
        let next = talk.get("/a").await;
        assert_eq!(next.assert_hit().text(), "three", "{answer}");
        assert_eq!(talk.handle.len(), 1, "{answer}");
    }
}
