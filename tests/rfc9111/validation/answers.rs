//! RFC 9111 §4.3.3: answers to a validation other than 304.

use super::{TAG, stored, with_a_stale, with_fields};
use bytes::Bytes;
use http_body::Frame;
use http_body_util::BodyExt;
use support::{Conversation, OriginError, Reply, get, reply};
use tower_client_cache::{Forward, NotStored};

const RELOAD: [(&str, &str); 1] = [("cache-control", "no-cache")];
const PERMISSIVE: [(&str, &str); 1] = [("cache-control", "max-stale")];

/// What is stored is not reused before the origin has spoken, fresh or not.
async fn assert_outdated(talk: &Conversation, case: &str) {
    talk.origin.will(reply(404).body("gone"));
    let next = talk.get_with("/a", &PERMISSIVE).await;
    let asked = next.cache.forwarded();
    assert!(asked.is_some(), "{case}: {}", next.cache);
    assert_eq!(next.text(), "gone", "{case}");
}

/// 9111-4.3.3-2, EDGE-33, EDGE-39
#[tokio::test]
async fn a_full_answer_is_used_and_takes_the_place_of_what_was_stored() {
    for status in [200, 203, 301, 404, 410] {
        let talk = with_a_stale(stored().field("etag", TAG)).await;
        talk.origin
            .will(reply(status).control("max-age=60").body("new"));
        let answer = talk.get("/a").await;
        answer.assert_forwarded(Forward::Stale).assert_stored();
        assert_eq!((answer.status.as_u16(), answer.text()), (status, "new"));
        assert_eq!(answer.field("age"), None);
        let again = talk.get("/a").await;
        assert_eq!((again.status.as_u16(), again.text()), (status, "new"));
        assert_eq!(
            again.assert_hit().field("etag"),
            None,
            "nothing of the old one"
        );
        assert_eq!((talk.handle.len(), talk.origin.calls()), (1, 2));
    }
}

/// PRJ-4.3.3-4, EDGE-33, EDGE-49: what was stored was stale, or was fresh and the caller asked anew
#[tokio::test]
async fn a_full_answer_that_may_not_be_stored_outdates_what_was_stored() {
    type Fields<'a> = &'a [(&'a str, &'a str)];
    const VARIED: Fields<'_> = &[("cache-control", "max-age=60"), ("vary", "*")];
    let answers: [(u16, Fields<'_>); 7] = [
        (200, &[("cache-control", "no-store")]),
        (200, &[]),
        (200, VARIED),
        (302, &[]),
        (403, &[]),
        (404, &[]),
        (410, &[]),
    ];
    for (status, fields) in answers {
        for held in [&[][..], &[("etag", TAG)]] {
            for (seconds, caller) in [(10, &[][..]), (0, &RELOAD)] {
                let case = format!("{status} {fields:?} {held:?} {seconds}");
                let talk = Conversation::default();
                talk.store(with_fields(stored(), held))
                    .await
                    .assert_stored();
                talk.clock.advance(seconds);
                talk.origin
                    .will(with_fields(reply(status).body("new"), fields));
                let new = talk.get_with("/a", caller).await;
                assert_eq!(new.text(), "new", "{case}");
                assert!(!new.cache.is_stored(), "{case}: {}", new.cache);
                assert_outdated(&talk, &case).await;
            }
        }
    }
}

/// PRJ-4.3.3-4, PRJ-7-2: it is too large to be stored, as it says or as it turns out
#[tokio::test]
async fn a_full_answer_that_is_too_large_outdates_what_was_stored() {
    const LARGE: &str = "0123456789";
    for is_said in [true, false] {
        let talk = Conversation::with(|layer| layer.max_body(5));
        talk.store(stored().field("etag", TAG))
            .await
            .assert_stored();
        let large = reply(200).control("max-age=60").field("etag", "\"new\"");
        talk.origin.will(if is_said {
            large.field("content-length", "10").body(LARGE)
        } else {
            large.body(LARGE)
        });
        assert_eq!(talk.get_with("/a", &RELOAD).await.text(), LARGE);
        assert_outdated(&talk, &format!("said: {is_said}")).await;
    }
}

/// PRJ-5861-4, PRJ-7-1: the stored response stays, to be validated, and the new one is not stored
#[tokio::test]
async fn a_full_answer_that_breaks_off_keeps_what_is_stored() {
    for is_dropped in [true, false] {
        let talk = with_a_stale(stored().field("etag", TAG)).await;
        let broken = OriginError("connection reset");
        let frames = [
            Ok(Frame::data(Bytes::from_static(b"ne"))),
            Err(broken.clone()),
        ];
        let new = reply(200).control("max-age=60").field("etag", "\"new\"");
        talk.origin.will(new.frames(frames));
        let answer = talk.start(get("/a", &[])).await.unwrap();
        assert_eq!(answer.status(), 200);
        if is_dropped {
            drop(answer);
        } else {
            assert_eq!(answer.into_body().collect().await.unwrap_err(), broken);
        }
        talk.origin.will(reply(304).field("etag", TAG));
        assert_eq!(talk.get("/a").await.assert_validated().text(), "hello");
        let asked = talk.origin.last().field("if-none-match");
        assert_eq!(asked.as_deref(), Some(TAG), "dropped: {is_dropped}");
    }
}

/// 9111-4.3.3-3, C-21, PRJ-5861-5, EDGE-33, EDGE-40: they say nothing about the resource
#[tokio::test]
async fn errors_are_passed_on_and_keep_what_is_stored() {
    for status in [
        500, 501, 502, 503, 504, 505, 599, 401, 407, 412, 416, 417, 421, 425, 429, 431,
    ] {
        for control in [None, Some("public, max-age=60")] {
            let case = format!("{status} {control:?}");
            let talk = with_a_stale(stored().field("etag", TAG)).await;
            let failed = reply(status).body("failed");
            talk.origin.will(match control {
                Some(control) => failed.control(control),
                None => failed,
            });
            let answer = talk.get("/a").await;
            answer.assert_forwarded(Forward::Stale);
            assert_eq!((answer.status.as_u16(), answer.text()), (status, "failed"));
            assert!(!answer.cache.is_stored(), "{case}: {}", answer.cache);
            let stale = talk.get_with("/a", &PERMISSIVE).await;
            assert!(stale.cache.is_hit(), "{case}: {}", stale.cache);
            assert_eq!(stale.text(), "hello", "{case}");
            talk.origin.will(reply(304).field("etag", TAG));
            assert_eq!(talk.get("/a").await.assert_validated().text(), "hello");
        }
    }
}

/// EDGE-40: where nothing is stored an error is a response like another
#[tokio::test]
async fn an_error_that_replaces_nothing_may_be_stored() {
    let talk = Conversation::default();
    talk.store(reply(500).control("max-age=60").body("failed"))
        .await
        .assert_stored();
    assert_eq!(talk.get("/a").await.assert_hit().status, 500);
}

/// 9111-4.2.4-1, 9111-5.2.2.2-1, 9111-5.2.2.4-1, C-21, C-22, C-39: nothing that has to be validated first is
/// served because the origin fails
#[tokio::test]
async fn a_failing_origin_is_no_reason_to_reuse_without_validation() {
    for control in [
        "max-age=10",
        "max-age=10, must-revalidate",
        "max-age=10, must-revalidate, stale-if-error=60",
        "max-age=10, must-revalidate, stale-while-revalidate=60",
        "max-age=60, no-cache",
        "max-age=60, no-cache, stale-if-error=60, stale-while-revalidate=60",
        "max-age=10, proxy-revalidate",
        "max-age=10, s-maxage=10",
    ] {
        for held in [&[][..], &[("etag", TAG)]] {
            let first = reply(200).control(control).body("hello");
            let talk = Conversation::default();
            talk.store(with_fields(first, held)).await;
            talk.clock.advance(10);
            let refused = OriginError("connection refused");
            talk.origin.will(Reply::fails(refused.clone()));
            let failed = talk.start(get("/a", &[])).await;
            assert_eq!(failed.unwrap_err(), refused, "{control} {held:?}");
            talk.origin.will(reply(503).body("failed"));
            let answer = talk.get("/a").await;
            assert_eq!(
                (answer.status.as_u16(), answer.text()),
                (503, "failed"),
                "{control}"
            );
            let stored = answer.cache.not_stored();
            assert_eq!(stored, Some(NotStored::NotCacheable), "{control} {held:?}");
        }
    }
}

/// C-21, C-22: what is stored is still there when the origin is back
#[tokio::test]
async fn a_validation_that_fails_in_transport_keeps_what_is_stored() {
    let talk = with_a_stale(stored().field("etag", TAG)).await;
    talk.origin
        .will(Reply::fails(OriginError("connection refused")));
    assert!(talk.start(get("/a", &[])).await.is_err());
    let stale = talk.get_with("/a", &PERMISSIVE).await;
    assert_eq!(stale.assert_hit().text(), "hello");
    talk.origin.will(reply(304).field("etag", TAG));
    assert_eq!(talk.get("/a").await.assert_validated().text(), "hello");
}
