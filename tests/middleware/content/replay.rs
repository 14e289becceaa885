//! What the inner service gets of content that the cache has read.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use http_body_util::BodyExt;
use support::{OriginBody, OriginError};
use tower_client_cache::{Forward, NotStored};

use super::{fresh, query, with, with_body};

fn data(data: &'static str) -> Result<Frame<Bytes>, OriginError> {
    Ok(Frame::data(Bytes::from(data)))
}

/// 10008-2.7-5: A body that does not say how long it is, is read up to the limit.
#[tokio::test]
async fn content_that_turns_out_to_be_longer_arrives_whole() {
    let talk = with(|layer| layer.query(true).max_content(4));
    talk.origin.answers(|_| fresh("x"));
    let (frames, body) = OriginBody::channel();
    assert!(frames.data("123"));
    assert!(frames.data("45"));
    let answer = talk.send(with_body("QUERY", body.boxed_unsync(), &[]));
    // Nobody waits for what is beyond the limit.
    let (answer, ()) = tokio::join!(answer, async {
        tokio::task::yield_now().await;
        assert_eq!(talk.origin.calls(), 1);
        assert!(frames.data("678"));
        drop(frames);
    });
    answer
        .assert_forwarded(Forward::Bypass)
        .assert_not_stored(NotStored::Bypass);
    let heard = talk.heard();
    assert_eq!(heard.octets, "12345678");
    assert_eq!((heard.hint.lower(), heard.hint.upper()), (5, None));
}

/// 10008-2.7-5, Promise 6: Frames without an octet in them take room as well, and may never end. Where much may come there
/// may be more of them: one for each KiB.
#[tokio::test]
async fn content_in_too_many_frames_is_not_read_on() {
    for (limit, most) in [(64 * 1024, 4_096_usize), (5 * 1024 * 1024, 5_120)] {
        let talk = with(|layer| layer.query(true).max_content(limit));
        talk.origin.answers(|_| fresh("x"));
        let content = |frames| {
            let empty = std::iter::repeat_with(|| data("")).take(frames - 1);
            OriginBody::new(empty.chain([data("12")]), false).boxed_unsync()
        };
        let answer = talk.send(with_body("QUERY", content(most), &[])).await;
        answer.assert_stored();
        talk.query("12").await.assert_hit();
        for _ in 0..2 {
            let answer = talk.send(with_body("QUERY", content(most + 1), &[])).await;
            answer.assert_not_stored(NotStored::Bypass);
            assert_eq!(talk.heard().octets, "12");
        }
    }
}

/// GRPC-9, 10008-2.7-5: What has trailers arrives with them, and is not stored.
#[tokio::test]
async fn content_with_trailers_arrives_with_them() {
    let talk = with(|layer| layer.query(true));
    talk.origin.answers(|_| fresh("x"));
    let mut trailers = HeaderMap::new();
    trailers.insert("digest", "x".parse().unwrap());
    for _ in 0..2 {
        let frames = [
            data("12"),
            data("34"),
            Ok(Frame::trailers(trailers.clone())),
        ];
        let body = OriginBody::new(frames, false).boxed_unsync();
        let answer = talk.send(with_body("QUERY", body, &[])).await;
        answer
            .assert_forwarded(Forward::Bypass)
            .assert_not_stored(NotStored::Bypass);
        assert_eq!(talk.heard().octets, "1234");
        assert_eq!(talk.heard().trailers.as_ref(), Some(&trailers));
    }
}

/// Promise 5: The inner service sees the error of the body that the caller gave.
#[tokio::test]
async fn content_that_fails_fails_at_the_inner_service() {
    let talk = with(|layer| layer.query(true));
    talk.origin.answers(|_| fresh("x"));
    let frames = [data("12"), Err(OriginError("torn"))];
    let body = OriginBody::new(frames, false).boxed_unsync();
    let error = talk
        .try_send(with_body("QUERY", body, &[]))
        .await
        .unwrap_err();
    assert_eq!(error, OriginError("torn"));
    let heard = talk.heard();
    assert_eq!(
        (heard.octets, heard.failed),
        (Bytes::from("12"), Some(OriginError("torn")))
    );
    assert_eq!(talk.handle.len(), 0);
}

/// Size hints survive: of what was read whole the length is known where it was known before.
#[tokio::test]
async fn content_that_was_read_says_how_long_it_is() {
    let talk = with(|layer| layer.query(true));
    talk.origin.answers(|_| fresh("x"));
    talk.send(query("12345", &[])).await.assert_stored();
    assert_eq!(talk.heard().hint.exact(), Some(5));
    let body = OriginBody::new([data("12"), data(""), data("345")], false).boxed_unsync();
    let answer = talk.send(with_body("QUERY", body, &[])).await;
    answer.assert_hit();
    let body = OriginBody::new([data("12"), data("3")], false).boxed_unsync();
    let answer = talk.send(with_body("QUERY", body, &[])).await;
    answer.assert_stored();
    assert_eq!(talk.heard().octets, "123");
    let hint = talk.heard().hint;
    assert_eq!((hint.lower(), hint.upper()), (3, None));
}

/// Promise 4: What limits the time of a request may lie below the cache, and hears of it in the end.
#[tokio::test(start_paused = true)]
async fn content_that_stalls_is_not_waited_for_without_end() {
    let talk = with(|layer| layer.query(true));
    talk.origin.answers(|_| fresh("x"));
    let (frames, body) = OriginBody::channel();
    assert!(frames.data("12"));
    let sending = talk.send(with_body("QUERY", body.boxed_unsync(), &[]));
    let (answer, ()) = tokio::join!(sending, async {
        tokio::time::sleep(Duration::from_millis(9_999)).await;
        assert_eq!(talk.origin.calls(), 0);
        tokio::time::sleep(Duration::from_millis(2)).await;
        assert_eq!(talk.origin.calls(), 1);
        assert!(frames.data("34"));
        drop(frames);
    });
    answer.assert_not_stored(NotStored::Bypass);
    assert_eq!(talk.heard().octets, "1234");

    // What comes in time is waited for.
    let (frames, body) = OriginBody::channel();
    let sending = talk.send(with_body("QUERY", body.boxed_unsync(), &[]));
    let (answer, ()) = tokio::join!(sending, async {
        for data in ["1", "2"] {
            tokio::time::sleep(Duration::from_secs(4)).await;
            assert!(frames.data(data));
        }
        drop(frames);
    });
    answer.assert_stored();
}

/// A request that is given up while its content is read leaves nothing behind.
#[tokio::test]
async fn a_request_can_be_given_up_while_its_content_is_read() {
    let talk = with(|layer| layer.query(true));
    let (frames, body) = OriginBody::channel();
    assert!(frames.data("123"));
    let request = talk.send(with_body("QUERY", body.boxed_unsync(), &[]));
    let given_up = tokio::select! {
        biased;
        _ = request => false,
        () = tokio::task::yield_now() => true,
    };
    assert!(given_up);
    assert!(!frames.data("45"), "the body is gone");
    assert_eq!(
        (talk.origin.calls(), talk.handle.stats().in_flight()),
        (0, 0)
    );
}

/// Promise 1: What was asked before a clear is not stored after it, wherever it was then.
#[tokio::test]
async fn a_clear_while_content_is_read_is_of_no_consequence() {
    let talk = with(|layer| layer.query(true));
    talk.origin.answers(|_| fresh("x"));
    let (frames, body) = OriginBody::channel();
    let answer = talk.send(with_body("QUERY", body.boxed_unsync(), &[]));
    let (answer, ()) = tokio::join!(answer, async {
        tokio::task::yield_now().await;
        talk.handle.clear();
        drop(frames);
    });
    // The origin was asked after it.
    answer.assert_stored();
}
