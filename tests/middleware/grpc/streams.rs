//! Streams: never stored, and never delayed.

use http_body::Frame;
use http_body_util::BodyExt;
use support::{OriginBody, begun};
use tower::Service;
use tower_client_cache::{Forward, NotStored};

use super::{GET, call, data, frames, head, message, safe, shop, success, trailers, with_body};
use crate::content::with;
use crate::{frame, text};

/// GRPC-8: Who waits for its own messages is not made to wait for the cache.
#[tokio::test]
async fn a_call_whose_message_is_not_there_goes_at_once() {
    let talk = shop();
    talk.origin.answers(|_| success("x"));
    for begins in [false, true] {
        let calls = talk.origin.calls();
        let (frames, body) = OriginBody::channel();
        if begins {
            assert!(frames.data("\0\0\0\0\x01a"));
        }
        let mut sending = begun(talk.send(with_body(GET, body, &[])));
        assert_eq!(talk.origin.calls(), calls + 1, "begins: {begins}");
        assert!(frames.data("\0\0\0\0\x01b"));
        drop(frames);
        let answer = sending.as_mut().await;
        answer
            .assert_forwarded(Forward::Bypass)
            .assert_not_stored(NotStored::Bypass);
        let sent = if begins {
            [message("a"), message("b")].concat()
        } else {
            message("b").into()
        };
        assert_eq!(talk.heard().octets, sent);
    }
    assert_eq!(talk.handle.len(), 0);
}

/// GRPC-8: More than a message, less than one, one with trailers, and one that is too long.
#[tokio::test]
async fn what_is_not_one_message_is_forwarded_as_it_is() {
    let talk = with(|layer| layer.rules([safe()]).max_content(16));
    talk.origin.answers(|_| success("x"));
    let both = [message("a"), message("b")].concat();
    let contents = [
        vec![data(message("a")), data(message("b"))],
        vec![data(both)],
        vec![data(message("ab").slice(..6))],
        vec![data(&b"\0\0"[..])],
        vec![],
        vec![data(message("a")), Ok(Frame::trailers(trailers("0")))],
        vec![data(message("as long as it may be"))],
    ];
    for content in contents {
        let octets: Vec<u8> = content
            .iter()
            .flatten()
            .filter_map(Frame::data_ref)
            .flatten()
            .copied()
            .collect();
        let has_trailers = content.iter().flatten().any(Frame::is_trailers);
        let body = OriginBody::new(content, false);
        let answer = talk.send(with_body(GET, body, &[])).await;
        answer
            .assert_forwarded(Forward::Bypass)
            .assert_not_stored(NotStored::Bypass);
        assert_eq!(talk.heard().octets, octets);
        assert_eq!(talk.heard().trailers.is_some(), has_trailers);
    }
    assert_eq!(talk.handle.len(), 0);
}

/// GRPC-8, Promise 4: Each message arrives when it comes, whoever said that there would be one.
#[tokio::test]
async fn an_answer_of_many_messages_streams() {
    let talk = shop();
    let (frames, streamed) = head().streamed();
    talk.origin.will(streamed);
    let mut client = talk.client.clone();
    let mut body = client.call(call(GET, "a", &[])).await.unwrap().into_body();
    for message in ["\0\0\0\0\x01a", "\0\0\0\0\x02bc", "\0\0\0\0\0"] {
        assert!(frames.data(message));
        assert_eq!(text(&mut body), message);
    }
    assert!(frames.trailers(trailers("0")));
    let last = frame(&mut body).unwrap().unwrap();
    assert_eq!(last.into_trailers().unwrap(), trailers("0"));
    drop(frames);
    assert!(frame(&mut body).is_none());
    assert_eq!(talk.handle.len(), 0);
    assert_eq!(talk.handle.stats().refusals(NotStored::Bypass), 1);
}

/// GRPC-8: Who drops an answer has cancelled the call, which may be a stream: nothing of it is read on.
#[tokio::test]
async fn an_answer_that_is_dropped_is_not_read_on() {
    let talk = shop();
    let (frames, streamed) = head().streamed();
    talk.origin.will(streamed);
    let mut client = talk.client.clone();
    let mut body = client.call(call(GET, "a", &[])).await.unwrap().into_body();
    assert!(frames.data("\0\0\0\0\x01a"));
    text(&mut body);
    drop(body);
    assert!(!frames.data("\0"), "nobody reads it");
    assert_eq!(talk.handle.len(), 0);
}

/// 9110-9.2.1-1: Whatever becomes of a call of a safe method, it invalidates nothing; another does.
#[tokio::test]
async fn a_stream_of_a_safe_method_invalidates_nothing() {
    let talk = shop();
    talk.origin.answers(|_| success("x"));
    talk.send(call(GET, "a", &[])).await.assert_stored();
    let body = OriginBody::new([data(message("a")), data(message("b"))], false);
    talk.send(with_body(GET, body, &[])).await;
    talk.send(call(GET, "a", &[])).await.assert_hit();
    talk.handle.set_rules([]);
    talk.send(call(GET, "a", &[])).await;
    talk.handle.set_rules([safe()]);
    talk.send(call(GET, "a", &[]))
        .await
        .assert_forwarded(Forward::UriMiss);
}

/// GRPC-8: What holds back its last octets is no less a stream.
#[tokio::test]
async fn a_message_in_pieces_is_one_message() {
    let talk = shop();
    let (prefix, rest) = (message("apples").slice(..3), message("apples").slice(3..));
    let pieces = [data(prefix), data(rest)];
    let ending = frames(&[], "0");
    talk.origin
        .will(head().frames(pieces.into_iter().chain(ending)));
    talk.send(call(GET, "a", &[])).await.assert_stored();
    let mut client = talk.client.clone();
    let again = client.call(call(GET, "a", &[])).await.unwrap();
    let collected = again.into_body().collect().await.unwrap();
    assert_eq!(collected.trailers(), Some(&trailers("0")));
    assert_eq!(collected.to_bytes(), message("apples"));
}
