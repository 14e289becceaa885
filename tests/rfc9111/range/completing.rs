//! What is stored in part, and asked for whole: the origin is asked for what is missing.

use http_body::Body;
use http_body_util::BodyExt;
use support::{Answer, Conversation, OriginError, Reply, get, reply};
use tower_client_cache::request_body::AsDefault;
use tower_client_cache::{CacheLayer, CacheMode, Forward, NotStored};

use super::{TAG, assert_part, part, whole};

/// One that can ask twice, and has these parts stored.
async fn with_parts(parts: &[(usize, usize)]) -> Conversation<AsDefault> {
    let talk = Conversation::through(CacheLayer::new().default_request_body());
    for (first, last) in parts {
        talk.origin.will(part(*first, *last).field("a", "1"));
        let range = format!("bytes={first}-{last}");
        talk.get_with("/a", &[("range", &range)])
            .await
            .assert_stored();
    }
    talk
}

#[track_caller]
fn assert_whole(answer: &Answer) {
    let (status, text) = (answer.status.as_u16(), answer.text());
    assert_eq!((status, text), (200, "0123456789"), "{}", answer.cache);
    assert_eq!(answer.field("content-length").as_deref(), Some("10"));
    assert_eq!(answer.field("content-range"), None);
}

/// 9111-3.3-4, 9110-13.1.5-1, PRJ-4.3.3-5, 9110-15.3.7.3-3
#[tokio::test]
async fn the_origin_is_asked_for_what_is_missing() {
    for (held, range, (first, last)) in [
        (&[(0, 4)][..], "bytes=5-", (5, 9)),
        (&[(5, 9)], "bytes=0-4", (0, 4)),
        (&[(0, 2), (7, 9)], "bytes=3-6", (3, 6)),
        (&[(0, 2), (3, 4)], "bytes=5-", (5, 9)),
    ] {
        let talk = with_parts(held).await;
        talk.origin.will(part(first, last).field("a", "2"));
        let answer = talk.get("/a").await;
        answer.assert_forwarded(Forward::Partial).assert_stored();
        assert_whole(&answer);
        // 9111-3.4-2, 9111-5.1-4
        assert_eq!(answer.field("a").as_deref(), Some("2"));
        assert_eq!(answer.field("age"), None);
        let seen = talk.origin.last();
        assert_eq!(seen.field("range").as_deref(), Some(range));
        assert_eq!(seen.field("if-range").as_deref(), Some(TAG));
        assert_whole(talk.get("/a").await.assert_hit());
        assert_eq!(talk.handle.stats().recording(), 0);
    }
}

/// 9111-3.3-4: of how much there is nobody knew
#[tokio::test]
async fn the_rest_of_unknown_length_is_asked_for() {
    for (enclosed, is_known) in [("bytes 5-9/10", true), ("bytes 5-9/*", false)] {
        let talk = with_parts(&[]).await;
        let first = reply(206).control("max-age=10").field("etag", TAG);
        talk.origin
            .will(first.field("content-range", "bytes 0-4/*").body("01234"));
        talk.get_with("/a", &[("range", "bytes=0-4")])
            .await
            .assert_stored();
        let rest = reply(206).control("max-age=10").field("etag", TAG);
        talk.origin
            .will(rest.field("content-range", enclosed).body("56789"));
        // That this is the end it does not say.
        if !is_known {
            talk.origin.will(whole().field("content-length", "10"));
        }
        assert_whole(&talk.get("/a").await);
        assert_eq!(talk.origin.calls(), if is_known { 2 } else { 3 });
    }
}

/// Promise 4: what is held comes at once, and the rest when it is there
#[tokio::test]
async fn a_body_that_is_completed_streams() {
    let talk = with_parts(&[(0, 2), (7, 9)]).await;
    let (frames, rest) = reply(206)
        .control("max-age=10")
        .field("etag", TAG)
        .field("content-range", "bytes 3-6/10")
        .streamed();
    talk.origin.will(rest);
    let mut body = talk.start(get("/a", &[])).await.unwrap().into_body();
    assert_eq!(body.size_hint().exact(), Some(10));
    for (sent, expected) in [(None, "012"), (Some("34"), "34"), (Some("56"), "56")] {
        if let Some(sent) = sent {
            frames.data(sent);
        }
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), expected);
        assert!(!body.is_end_stream());
    }
    assert_eq!(body.size_hint().exact(), Some(3));
    drop(frames);
    assert_eq!(
        body.frame().await.unwrap().unwrap().into_data().unwrap(),
        "789"
    );
    assert!(body.is_end_stream());
    assert!(body.frame().await.is_none());
    assert_whole(talk.get("/a").await.assert_hit());
}

/// 9111-3.3-6, PRJ-7-1: an octet in a wrong place is worse than none
#[tokio::test]
async fn nothing_follows_what_is_of_another_length_than_it_said() {
    for (sent, got) in [("34", "01234"), ("34567", "012")] {
        let talk = with_parts(&[(0, 2), (7, 9)]).await;
        let (frames, rest) = reply(206)
            .field("etag", TAG)
            .field("content-range", "bytes 3-6/10")
            .streamed();
        talk.origin.will(rest);
        let response = talk.start(get("/a", &[])).await.unwrap();
        frames.data(sent);
        drop(frames);
        let body = response.into_body().collect().await.unwrap();
        assert_eq!(body.to_bytes(), got, "{sent}");
        let answer = talk.get_with("/a", &[("range", "bytes=1-2")]).await;
        assert_part(answer.assert_hit(), "bytes 1-2/10", "12");
    }
}

/// PRJ-7-1: the error is the caller's, and what was held stays
#[tokio::test]
async fn a_rest_that_breaks_off_breaks_off() {
    let talk = with_parts(&[(0, 2), (7, 9)]).await;
    let (frames, rest) = reply(206)
        .field("etag", TAG)
        .field("content-range", "bytes 3-6/10")
        .streamed();
    talk.origin.will(rest);
    let mut body = talk.start(get("/a", &[])).await.unwrap().into_body();
    body.frame().await.unwrap().unwrap();
    frames.fail(OriginError("gone"));
    let error = body.frame().await.unwrap().unwrap_err();
    assert_eq!(error, OriginError("gone"));
    assert!(body.frame().await.is_none());
    talk.origin.will(part(3, 6));
    assert_whole(&talk.get("/a").await);
}

/// PRJ-4.3.3-5, EDGE-29: the representation is another by now
#[tokio::test]
async fn a_200_takes_the_place_of_the_parts() {
    let talk = with_parts(&[(0, 4)]).await;
    talk.origin
        .will(reply(200).control("max-age=10").body("abc"));
    let answer = talk.get("/a").await;
    answer.assert_forwarded(Forward::Partial).assert_stored();
    assert_eq!(answer.text(), "abc");
    assert_eq!(talk.get("/a").await.assert_hit().text(), "abc");
    assert_eq!((talk.handle.len(), talk.origin.calls()), (1, 2));
}

/// 9111-3.3-6, PRJ-4.3.3-5: a part is not given to who has asked for the whole
#[tokio::test]
async fn what_does_not_complete_is_asked_for_whole() {
    let of = |tag: &str, range: &str, body: &'static str| {
        let part = reply(206).control("max-age=10").field("etag", tag);
        part.field("content-range", range).body(body)
    };
    let unusable: Vec<Reply> = vec![
        of("\"f\"", "bytes 5-9/10", "56789"),
        of("W/\"e\"", "bytes 5-9/10", "56789"),
        of(TAG, "bytes 5-8/10", "5678"),
        of(TAG, "bytes 4-9/10", "456789"),
        of(TAG, "bytes 5-10/11", "56789a"),
        of(TAG, "lines 5-9/10", "56789"),
        of(TAG, "bytes 5-9/10", "56789").field("content-length", "6"),
        reply(206).field("etag", TAG).body("56789"),
        reply(206)
            .field("content-range", "bytes 5-9/10")
            .body("56789"),
        reply(416).field("content-range", "bytes */5"),
    ];
    for (row, unusable) in unusable.into_iter().enumerate() {
        let talk = with_parts(&[(0, 4)]).await;
        talk.origin.will(unusable);
        talk.origin.will(whole().field("content-length", "10"));
        let answer = talk.get_with("/a", &[("accept", "x")]).await;
        assert_whole(answer.assert_stored());
        let seen = talk.origin.last();
        assert_eq!(
            seen.headers,
            *get("/a", &[("accept", "x")]).headers(),
            "row {row}"
        );
        assert_eq!(talk.origin.calls(), 3, "row {row}");
        assert_whole(talk.get("/a").await.assert_hit());
    }
}

/// PRJ-4.3.3-5, C-57: anything else is passed on, and what is stored is asked about before it is reused
#[tokio::test]
async fn another_answer_is_passed_on() {
    for (status, is_marked) in [(404, true), (410, true), (301, true), (503, false)] {
        let talk = with_parts(&[(0, 4)]).await;
        talk.origin
            .will(reply(status).control("max-age=10").body("no"));
        let answer = talk.get("/a").await;
        assert_eq!((answer.status.as_u16(), answer.text()), (status, "no"));
        answer.assert_not_stored(NotStored::Status);
        let ranged = [("range", "bytes=1-2")];
        if is_marked {
            talk.origin.will(reply(304).field("etag", TAG));
            let answer = talk.get_with("/a", &ranged).await;
            answer.assert_forwarded(Forward::Stale);
        } else {
            talk.get_with("/a", &ranged).await.assert_hit();
        }
    }
}

/// 9110-13.2.2-1, PRJ-4.3.2-7: the caller's preconditions come first, and a 304 is the caller's
#[tokio::test]
async fn a_304_to_the_callers_own_precondition_is_passed_on() {
    let talk = with_parts(&[(0, 4)]).await;
    talk.origin.will(reply(304).field("etag", TAG));
    let answer = talk.get_with("/a", &[("if-none-match", TAG)]).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (304, ""));
    let seen = talk.origin.last();
    assert_eq!(seen.field("if-none-match").as_deref(), Some(TAG));
    let answer = talk.get_with("/a", &[("range", "bytes=1-2")]).await;
    answer.assert_hit();
}

/// 9111-3.3-4: it is not asked so where more than one thing is missing, where what comes is not for the
/// store, or where the answer could not be asked for again
#[tokio::test]
async fn the_whole_is_asked_for_where_it_cannot_be_completed() {
    let asked_plainly = |talk: &Conversation<AsDefault>| {
        let seen = talk.origin.last();
        (seen.field("range"), seen.field("if-range")) == (None, None)
    };
    for held in [&[(2, 4)][..], &[(0, 1), (4, 5), (8, 9)], &[(0, 1), (4, 5)]] {
        let talk = with_parts(held).await;
        talk.origin.will(whole());
        talk.get("/a").await.assert_forwarded(Forward::Partial);
        assert!(asked_plainly(&talk), "{held:?}");
    }
    let talk = with_parts(&[(0, 4)]).await;
    talk.origin.will(whole());
    let no_store = [("cache-control", "no-store")];
    talk.get_with("/a", &no_store).await;
    assert!(asked_plainly(&talk));

    let talk = with_parts(&[(0, 4)]).await;
    talk.origin.will(whole());
    let mut reload = get("/a", &[]);
    reload.extensions_mut().insert(CacheMode::Reload);
    talk.send(reload).await;
    assert!(asked_plainly(&talk));

    let once = super::with_a_part(0, 4).await;
    once.store(whole()).await.assert_forwarded(Forward::Partial);
    assert_eq!(once.origin.last().field("range"), None);
}

/// 9111-3.4-2: what the new part says of storing is obeyed
#[tokio::test]
async fn what_is_completed_with_no_store_is_not_stored() {
    let talk = with_parts(&[(0, 4)]).await;
    let rest = reply(206).control("no-store").field("etag", TAG);
    talk.origin
        .will(rest.field("content-range", "bytes 5-9/10").body("56789"));
    let answer = talk.get("/a").await;
    assert_whole(&answer);
    answer.assert_not_stored(NotStored::NoStore);
    assert!(talk.handle.is_empty());
}

/// 9111-3.3-4: whole, it would be larger than may be stored, and the caller has it all the same
#[tokio::test]
async fn what_would_be_too_large_is_completed_and_not_stored() {
    let layer = CacheLayer::new().default_request_body().max_body(6);
    let talk = Conversation::through(layer);
    talk.origin.will(part(0, 4));
    talk.get_with("/a", &[("range", "bytes=0-4")])
        .await
        .assert_stored();
    talk.origin.will(part(5, 9));
    let answer = talk.get("/a").await;
    assert_whole(&answer);
    answer.assert_not_stored(NotStored::TooLarge);
    let answer = talk.get_with("/a", &[("range", "bytes=1-2")]).await;
    assert_part(answer.assert_hit(), "bytes 1-2/10", "12");
}

/// 9111-5.1-4, C-35: it comes from a cache on the way
#[tokio::test]
async fn what_is_completed_by_a_cache_has_an_age() {
    let talk = with_parts(&[(0, 4)]).await;
    talk.origin.will(part(5, 9).field("age", "7"));
    let answer = talk.get("/a").await;
    assert_whole(&answer);
    assert_eq!(answer.field("age").as_deref(), Some("7"));
}

/// 9111-4.4-1: a clear while it is being completed
#[tokio::test]
async fn what_is_completed_after_a_clear_is_not_stored() {
    let talk = with_parts(&[(0, 4)]).await;
    let (frames, rest) = reply(206)
        .control("max-age=10")
        .field("etag", TAG)
        .field("content-range", "bytes 5-9/10")
        .streamed();
    talk.origin.will(rest);
    let response = talk.start(get("/a", &[])).await.unwrap();
    talk.handle.clear();
    frames.data("56789");
    drop(frames);
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "0123456789");
    assert!(talk.handle.is_empty());
}
