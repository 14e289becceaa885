//! A body that its caller drops before its end is read on in the background, and stored.

mod background;
mod given_up;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request};
use http_body::Frame;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use support::{Conversation, Frames, Reply, begun, get, reply};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::yield_now;
use tower::{Layer, ServiceExt};
use tower_client_cache::CacheLayer;

use crate::{in_flight, text, until};

const TEN: &str = "0123456789";

fn minute() -> Reply {
    reply(200).control("max-age=60")
}

/// Sends a GET for a path and drops the body of its answer, half-read where something has been sent of it.
async fn abandon(talk: &Conversation, path: &str, half: Option<&str>, will: Reply) {
    talk.origin.will(will);
    let mut body = talk
        .start(get(path, &[]))
        .await
        .expect("a head")
        .into_body();
    if let Some(half) = half {
        assert_eq!(text(&mut body), half);
    }
}

/// Has the first half of ten octets read and the body dropped; the rest is for the test to send.
async fn half_read(talk: &Conversation, will: Reply) -> Frames {
    let (frames, will) = will.streamed();
    frames.data(&TEN[..5]);
    abandon(talk, "/a", Some(&TEN[..5]), will).await;
    frames
}

async fn settled(talk: &Conversation) {
    until(|| in_flight(&talk.handle) == 0).await;
    assert_eq!(talk.handle.stats().recording(), 0);
}

/// Promise 6: of known length, and of unknown.
#[tokio::test]
async fn the_next_request_finds_stored_what_was_abandoned() {
    for will in [minute(), minute().field("content-length", "10")] {
        let talk = Conversation::default();
        let frames = half_read(&talk, will).await;
        assert_eq!(in_flight(&talk.handle), 1, "it is still being stored");
        assert!(frames.data(&TEN[5..]), "it is read on");
        drop(frames);
        settled(&talk).await;
        assert_eq!(talk.get("/a").await.assert_hit().text(), TEN);
        assert_eq!((talk.origin.calls(), talk.handle.stats().stores()), (1, 1));
    }
}

/// Promise 6
#[tokio::test]
async fn a_body_that_was_never_asked_for_is_read_as_a_whole() {
    for will in [
        minute().body(TEN),
        minute().body(TEN).field("content-length", "10"),
    ] {
        let talk = Conversation::default();
        abandon(&talk, "/a", None, will).await;
        settled(&talk).await;
        assert_eq!(talk.get("/a").await.assert_hit().text(), TEN);
    }
}

/// Promise 6
#[tokio::test]
async fn trailers_are_read_on_as_well() {
    let talk = Conversation::default();
    let promised = minute()
        .field("content-length", "10")
        .field("trailer", "x-sum");
    let (frames, will) = promised.streamed();
    frames.data(TEN);
    abandon(&talk, "/a", Some(TEN), will).await;
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("45"));
    assert!(frames.trailers(trailers.clone()));
    drop(frames);
    settled(&talk).await;
    let hit = talk.start(get("/a", &[])).await.expect("an answer");
    let whole = hit.into_body().collect().await.expect("a whole body");
    assert_eq!(whole.trailers(), Some(&trailers));
    assert_eq!(whole.to_bytes(), TEN);
    assert_eq!(talk.origin.calls(), 1);
}

/// Promise 6: the limit is 256 KiB by default, and is about what is left.
#[tokio::test]
async fn by_default_a_quarter_of_a_mebibyte_is_read_on() {
    const LIMIT: usize = 256 * 1024;
    for (length, is_stored) in [(LIMIT, true), (LIMIT + 1, false)] {
        let talk = Conversation::default();
        let body = Bytes::from(vec![b'x'; length]);
        let frames = [
            Ok(Frame::data(Bytes::from_static(b"read"))),
            Ok(Frame::data(body)),
        ];
        let will = minute().field("content-length", (length + 4).to_string());
        abandon(&talk, "/a", Some("read"), will.frames(frames)).await;
        settled(&talk).await;
        assert_eq!(talk.handle.len() == 1, is_stored, "{length}");
    }
}

/// RFC 9111 §3.4: a part that was asked for is read on as the whole would be.
#[tokio::test]
async fn a_part_is_read_on_as_well() {
    let talk = Conversation::default();
    let (frames, will) = reply(206)
        .control("max-age=60")
        .field("etag", "\"1\"")
        .field("content-range", "bytes 0-4/10")
        .field("content-length", "5")
        .streamed();
    frames.data(&TEN[..2]);
    talk.origin.will(will);
    let range = [("range", "bytes=0-4")];
    let mut body = talk
        .start(get("/a", &range))
        .await
        .expect("a head")
        .into_body();
    assert_eq!(text(&mut body), &TEN[..2]);
    drop(body);
    assert!(frames.data(&TEN[2..5]));
    drop(frames);
    settled(&talk).await;
    let part = talk.get_with("/a", &range).await;
    assert_eq!(part.assert_hit().text(), &TEN[..5]);
}

/// C-49: who waits for the answer to another request gets it, though nobody else wants it any more.
#[tokio::test]
async fn who_waits_for_what_was_abandoned_gets_it() {
    let talk = Conversation::default();
    let (frames, will) = minute().streamed();
    talk.origin.will(will);
    let leading = talk.start(get("/a", &[])).await.expect("a head");
    let waiting = begun(talk.get("/a"));
    frames.data(&TEN[..5]);
    drop(leading);
    assert!(frames.data(&TEN[5..]));
    drop(frames);
    assert_eq!(waiting.await.text(), TEN);
    assert_eq!(talk.origin.calls(), 1);
}

/// Promise 6: a connection whose response was left half-read serves the next request.
#[tokio::test]
async fn the_connection_of_an_abandoned_body_is_used_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                let head = "HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-length: 100000\r\n\r\n";
                let response = [head.as_bytes(), &[b'x'; 100_000]].concat();
                let mut asked = [0; 1024];
                while stream.read(&mut asked).await.is_ok_and(|octets| octets > 0) {
                    let _ = stream.write_all(&response).await;
                }
            });
        }
    });
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let layer = CacheLayer::new();
    let (handle, client) = (layer.handle(), layer.layer(client));
    for n in 0..3 {
        let request = Request::get(format!("http://{address}/{n}"));
        let response = client
            .clone()
            .oneshot(request.body(Empty::new()).expect("a request"));
        let mut body = response.await.expect("a head").into_body();
        body.frame().await.expect("a frame").expect("no error");
        drop(body);
        while handle.len() <= n {
            yield_now().await;
        }
        // The client puts it back when its own task has seen the end.
        yield_now().await;
    }
    serving.abort();
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}
