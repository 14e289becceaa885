//! RFC 9111 §3.3, RFC 9112 §8: a body is stored whole, or not at all.

use bytes::Bytes;
use http::Method;
use http_body::Frame;
use http_body_util::BodyExt;
use support::{Conversation, OriginError, begun, get, reply, request};
use tower_client_cache::{Forward, NotStored};

use super::{refused, with};

const FRESH: (&str, &str) = ("cache-control", "max-age=60");

fn data(octets: &'static str) -> Result<Frame<Bytes>, OriginError> {
    Ok(Frame::data(Bytes::from_static(octets.as_bytes())))
}

/// 9112-8-1, 9112-8-2, 9113-8.1.1-1, PRJ-7-1, EDGE-42
#[tokio::test]
async fn a_body_of_another_length_than_it_said_is_not_stored() {
    for (length, frames) in [
        ("10", vec!["hello"]),
        ("10", vec![]),
        ("5", vec!["hellohello"]),
        ("5", vec!["hello", "!"]),
        ("0", vec!["hello"]),
    ] {
        let talk = Conversation::default();
        let body = frames.iter().copied().map(data);
        let answer = talk
            .store(with(200, &[FRESH, ("content-length", length)]).frames(body))
            .await;
        assert_eq!(answer.text(), frames.concat(), "{length}");
        assert!(talk.handle.is_empty(), "{length} {frames:?}");
    }
}

/// 9112-8-1, 9112-8-2, PRJ-7-1, EDGE-42
#[tokio::test]
async fn a_body_that_breaks_off_reaches_the_caller_as_it_is_and_is_not_stored() {
    for fields in [
        &[FRESH][..],
        &[FRESH, ("content-length", "10")],
        &[FRESH, ("content-length", "20")],
    ] {
        let talk = Conversation::default();
        let cut = [data("hello"), data("hello"), Err(OriginError("reset"))];
        talk.origin.will(with(200, fields).frames(cut));
        let response = talk.start(get("/a", &[])).await.unwrap();
        let mut body = response.into_body();
        for _ in 0..2 {
            let frame = body.frame().await.unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), "hello");
        }
        let error = body.frame().await.unwrap().unwrap_err();
        assert_eq!(error, OriginError("reset"));
        drop(body);
        assert!(talk.handle.is_empty(), "{fields:?}");
    }
}

/// PRJ-7-1
#[tokio::test]
async fn a_body_is_stored_when_it_has_ended_and_not_before() {
    for fields in [&[FRESH][..], &[FRESH, ("content-length", "10")]] {
        let talk = Conversation::default();
        let (frames, streamed) = with(200, fields).streamed();
        talk.origin.will(streamed);
        let response = talk.start(get("/a", &[])).await.unwrap();
        let mut body = response.into_body();
        for _ in 0..2 {
            assert!(frames.data("hello"));
            let frame = body.frame().await.unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), "hello");
            assert!(talk.handle.is_empty(), "{fields:?}");
        }
        drop(frames);
        assert!(body.frame().await.is_none());
        assert_eq!(talk.handle.len(), 1, "{fields:?}");
        let second = talk.get("/a").await;
        assert_eq!(second.assert_hit().text(), "hellohello");
    }
}

/// PRJ-7-1, EDGE-44
#[tokio::test]
async fn a_body_that_the_caller_drops_is_not_stored() {
    for read in 0..2 {
        let talk = Conversation::with(|layer| layer.finish_abandoned(0));
        talk.origin
            .will(with(200, &[FRESH]).frames([data("hello"), data("hello")]));
        let mut body = talk.start(get("/a", &[])).await.unwrap().into_body();
        for _ in 0..read {
            assert!(body.frame().await.is_some());
        }
        drop(body);
        assert!(talk.handle.is_empty(), "{read}");
        assert_eq!(talk.handle.stats().recording(), 0, "{read}");
    }
}

/// PRJ-7-1, EDGE-44
#[tokio::test]
async fn a_request_that_the_caller_drops_stores_nothing() {
    let talk = Conversation::default();
    let (gate, held) = with(200, &[FRESH]).body("one").held();
    talk.origin.will(held);
    let waiting = begun(talk.start(get("/a", &[])));
    assert_eq!(talk.origin.calls(), 1);
    drop(waiting);
    gate.open();
    assert!(talk.handle.is_empty());
    let second = talk.store(with(200, &[FRESH]).body("two")).await;
    assert_eq!(second.assert_forwarded(Forward::UriMiss).text(), "two");
    assert_eq!(talk.handle.len(), 1);
}

/// PRJ-7-1, EDGE-44
#[tokio::test]
async fn a_body_is_whole_with_its_last_octet_unless_trailers_are_promised() {
    let length = ("content-length", "10");
    for (fields, stored) in [
        (vec![FRESH, length], 1),
        (vec![FRESH], 0),
        (vec![FRESH, length, ("trailer", "x-sum")], 0),
    ] {
        let talk = Conversation::default();
        talk.origin
            .will(with(200, &fields).frames([data("hello"), data("hello")]));
        let mut body = talk.start(get("/a", &[])).await.unwrap().into_body();
        for _ in 0..2 {
            assert!(body.frame().await.is_some());
        }
        drop(body);
        assert_eq!(talk.handle.len(), stored, "{fields:?}");
    }
}

/// PRJ-7-2
#[tokio::test]
async fn a_body_over_the_limit_streams_through_and_is_not_stored() {
    let talk = Conversation::with(|layer| layer.max_body(5));
    let answer = talk
        .store(with(200, &[FRESH]).frames([data("hello"), data("!")]))
        .await;
    assert_eq!(answer.text(), "hello!");
    let told = with(200, &[FRESH, ("content-length", "6")]).body("hello!");
    let answer = talk.store(told).await;
    assert_eq!(
        answer.assert_not_stored(NotStored::TooLarge).text(),
        "hello!"
    );
    assert!(talk.handle.is_empty());
    talk.store(with(200, &[FRESH]).body("hello")).await;
    assert_eq!(talk.handle.len(), 1);
}

/// 9112-6.3-1, 9110-8.6-1, EDGE-43
#[tokio::test]
async fn a_204_has_no_content_and_no_length() {
    let talk = Conversation::default();
    talk.store(with(204, &[FRESH, ("content-length", "5")]))
        .await
        .assert_stored();
    let second = talk.get("/a").await;
    assert_eq!(
        (second.assert_hit().status.as_u16(), second.text()),
        (204, "")
    );
    assert_eq!(second.field("content-length"), None);

    let talk = Conversation::default();
    talk.store(with(204, &[FRESH]).frames([data("hello")]))
        .await;
    assert!(talk.handle.is_empty(), "it is malformed");
}

/// 9112-6.3-1, EDGE-43
#[tokio::test]
async fn empty_content_is_content() {
    for frames in [None, Some([])] {
        let talk = Conversation::default();
        let empty = with(200, &[FRESH, ("content-length", "0")]);
        talk.store(match frames {
            None => empty,
            Some(none) => empty.frames(none),
        })
        .await;
        let second = talk.get("/a").await;
        assert_eq!(second.assert_hit().text(), "");
        assert_eq!(second.field("content-length").as_deref(), Some("0"));
    }
}

/// 9112-6.3-1, 9110-9.3.2-1
#[tokio::test]
async fn the_length_in_the_answer_to_a_head_is_that_of_a_get() {
    let talk = Conversation::default();
    talk.origin
        .will(with(200, &[FRESH, ("content-length", "10")]));
    let head = || request(Method::HEAD, "/a", &[]);
    talk.send(head()).await.assert_stored();
    let second = talk.send(head()).await;
    assert_eq!(second.assert_hit().text(), "");
    assert_eq!(second.field("content-length").as_deref(), Some("10"));
}

/// 9112-6.3-2, 9112-6.3-3, 9110-8.6-1
#[tokio::test]
async fn a_length_that_contradicts_itself_keeps_a_response_out() {
    let length = |value| ("content-length", value);
    for fields in [
        vec![length("5"), ("transfer-encoding", "chunked")],
        vec![length("5"), length("6")],
        vec![length("5, 6")],
        vec![length("five")],
        vec![length("+5")],
        vec![length("")],
        vec![length("99999999999999999999")],
    ] {
        let reply = with(200, &fields).field(FRESH.0, FRESH.1).body("hello");
        let reason = refused(reply).await;
        assert_eq!(reason, Some(NotStored::ContentLength), "{fields:?}");
    }
}

/// 9110-8.6-1
#[tokio::test]
async fn a_length_said_twice_is_replayed_once() {
    for lengths in [&["5", "5"][..], &["5, 5"]] {
        let talk = Conversation::default();
        let twice = lengths.iter().fold(with(200, &[FRESH]), |reply, length| {
            reply.field("content-length", length)
        });
        talk.store(twice.body("hello")).await;
        // It may be taken for one, or for none.
        let once = with(200, &[FRESH, ("content-length", "5")]);
        talk.origin.will(once.body("hello"));
        let second = talk.get("/a").await;
        let length = second.field("content-length");
        assert_eq!(length.as_deref(), Some("5"), "{lengths:?}");
        assert_eq!(second.text(), "hello", "{lengths:?}");
    }
}

/// PRJ-7-1
#[tokio::test]
async fn many_frames_are_one_body() {
    let talk = Conversation::default();
    let frames: Vec<_> = (0..1000).map(|_| data("0123456789")).collect();
    let first = talk.store(with(200, &[FRESH]).frames(frames)).await;
    assert_eq!(first.body.len(), 10_000);
    let second = talk.get("/a").await;
    assert_eq!(second.assert_hit().body, first.body);
}

/// 9111-3.3-6, 9111-3.3-1
#[tokio::test]
async fn what_is_only_a_part_is_never_the_whole() {
    let talk = Conversation::default();
    let part = with(206, &[FRESH, ("content-range", "bytes 0-4/10")]);
    talk.store(part.body("hello"))
        .await
        .assert_not_stored(NotStored::Status);
    let whole = talk
        .store(reply(200).control("max-age=60").body("hellohello"))
        .await;
    assert_eq!(
        whole.assert_forwarded(Forward::UriMiss).text(),
        "hellohello"
    );
}
