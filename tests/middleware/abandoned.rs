//! A body that its caller drops before its end is read on in the background, and stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_executor::block_on;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Request};
use http_body::Frame;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use support::{Clock, Conversation, Frames, Origin, OriginError, Reply, get, reply};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;
use tower::{Layer, Service, ServiceExt};
use tower_client_cache::{CacheLayer, Forward};

use crate::tasks::Tasks;
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

/// Promise 6: a body known to have more left is not read on, and the origin's is dropped at once.
#[tokio::test]
async fn what_has_more_left_than_the_limit_is_given_up() {
    for (limit, is_read_on) in [(0, false), (4, false), (5, true)] {
        let talk = Conversation::with(|layer| layer.finish_abandoned(limit));
        let frames = half_read(&talk, minute().field("content-length", "10")).await;
        assert_eq!(frames.data(&TEN[5..]), is_read_on, "{limit}");
        drop(frames);
        settled(&talk).await;
        assert_eq!(talk.handle.len(), usize::from(is_read_on), "{limit}");
    }
}

/// Promise 6: where nobody knows how much is left, as much as the limit is read.
#[tokio::test]
async fn what_turns_out_to_have_more_left_than_the_limit_is_given_up() {
    let talk = Conversation::with(|layer| layer.finish_abandoned(5));
    let frames = half_read(&talk, minute()).await;
    assert!(frames.data(&TEN[5..9]));
    yield_now().await;
    assert!(frames.data(&TEN[8..]), "so far it is within the limit");
    until(|| in_flight(&talk.handle) == 0).await;
    assert!(!frames.data("more"), "nobody reads it");
    assert!(talk.handle.is_empty());
    let whole = Conversation::with(|layer| layer.finish_abandoned(5));
    let frames = half_read(&whole, minute()).await;
    assert!(frames.data(&TEN[5..]));
    drop(frames);
    settled(&whole).await;
    assert_eq!(whole.get("/a").await.assert_hit().text(), TEN);
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

/// Promise 6: many small frames in a row let others have their turn.
#[test]
fn what_comes_in_many_frames_is_read_on_a_few_at_a_time() {
    let (origin, later) = (Origin::new(Clock::default()), Tasks::default());
    let layer = CacheLayer::background(later.clone());
    let frames = (0..1000).map(|_| Ok(Frame::data(Bytes::from_static(b"x"))));
    origin.will(minute().frames(frames));
    drop(block_on(layer.layer(origin).call(get("/a", &[]))).expect("a head"));
    let mut task = later.take().remove(0);
    assert_eq!(task.as_mut().now_or_never(), None);
    assert!(layer.handle().is_empty());
    block_on(task);
    assert_eq!(layer.handle().len(), 1);
}

/// EDGE-44: what will not be stored is not read on.
#[tokio::test]
async fn what_may_not_be_stored_is_not_read_on() {
    let talk = Conversation::default();
    let frames = half_read(&talk, reply(200).control("no-store")).await;
    assert!(!frames.data("more"));
    let talk = Conversation::with(|layer| layer.max_body(7));
    let (frames, will) = minute().streamed();
    frames.data(TEN);
    abandon(&talk, "/a", Some(TEN), will).await;
    assert!(!frames.data("more"), "it is too large");
}

/// Promise 1, EDGE-45: and what has been fenced off is not read to its end.
#[tokio::test]
async fn what_is_cleared_while_it_is_read_on_is_not_stored() {
    for is_clear in [true, false] {
        let talk = Conversation::default();
        let frames = half_read(&talk, minute()).await;
        yield_now().await;
        let purged = if is_clear {
            talk.handle.clear()
        } else {
            talk.handle.purge(get("/a", &[]).uri())
        };
        assert_eq!(purged.in_flight(), 1);
        assert!(frames.data(&TEN[5..7]));
        settled(&talk).await;
        assert!(!frames.data(&TEN[7..]), "nobody reads it");
        assert!(talk.handle.is_empty());
        talk.store(minute().body("new"))
            .await
            .assert_forwarded(Forward::UriMiss);
    }
}

/// Promise 1: what was fenced off before it was dropped is not read at all.
#[tokio::test]
async fn what_was_cleared_before_it_was_abandoned_is_not_read_on() {
    let talk = Conversation::default();
    let (frames, will) = minute().streamed();
    frames.data("half");
    talk.origin.will(will);
    let mut body = talk
        .start(get("/a", &[]))
        .await
        .expect("a head")
        .into_body();
    assert_eq!(text(&mut body), "half");
    talk.handle.clear();
    drop(body);
    settled(&talk).await;
    assert!(!frames.data("more"));
}

/// Promise 2
#[tokio::test]
async fn where_the_cache_is_switched_off_nothing_is_read_on() {
    let talk = Conversation::default();
    let frames = half_read(&talk, minute()).await;
    yield_now().await;
    talk.handle.disable();
    assert!(frames.data(&TEN[5..7]));
    settled(&talk).await;
    assert!(!frames.data(&TEN[7..]));
    talk.handle.enable();
    assert!(talk.handle.is_empty());
}

/// Promise 6: what sends nothing is given up after ten seconds.
#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_given_up() {
    let talk = Conversation::default();
    let frames = half_read(&talk, minute()).await;
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert_eq!(in_flight(&talk.handle), 1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(in_flight(&talk.handle), 0);
    assert!(!frames.data("more") && talk.handle.is_empty());
}

/// 9111-3.3-1: nobody is there to be told of the error.
#[tokio::test]
async fn what_fails_while_it_is_read_on_is_not_stored() {
    let talk = Conversation::default();
    let frames = half_read(&talk, minute()).await;
    assert!(frames.fail(OriginError("gone")));
    settled(&talk).await;
    assert!(talk.handle.is_empty());
    let short = half_read(&talk, minute().field("content-length", "10")).await;
    assert!(short.data("678"));
    drop(short);
    settled(&talk).await;
    assert!(talk.handle.is_empty(), "it is shorter than it said");
}

/// C-30: what came before it was given up is stored as part, where that is set.
#[tokio::test(start_paused = true)]
async fn what_is_given_up_is_kept_in_part_where_that_is_set() {
    let talk = Conversation::with(|layer| layer.keep_incomplete(true));
    let will = minute()
        .field("content-length", "10")
        .field("etag", "\"1\"")
        .field("accept-ranges", "bytes");
    let frames = half_read(&talk, will).await;
    assert!(frames.data(&TEN[5..8]));
    tokio::time::sleep(Duration::from_secs(11)).await;
    settled(&talk).await;
    let part = talk.get_with("/a", &[("range", "bytes=2-7")]).await;
    assert_eq!(part.assert_hit().text(), &TEN[2..8]);
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

/// Promise 5: nothing that outlives a request, and so nothing that reads on.
#[tokio::test]
async fn without_background_nothing_is_read_on() {
    let origin = Origin::new(Clock::default());
    let layer = CacheLayer::without_background();
    let (frames, will) = minute().streamed();
    frames.data("half");
    origin.will(will);
    let response = layer.layer(origin).call(get("/a", &[])).await;
    let mut body = response.expect("a head").into_body();
    assert_eq!(text(&mut body), "half");
    drop(body);
    assert!(!frames.data("more") && layer.handle().is_empty());
}

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
}

/// Promise 5: outside of a runtime nothing panics.
#[test]
fn outside_of_a_runtime_nothing_is_read_on() {
    let talk = Conversation::default();
    let frames = block_on(half_read(&talk, minute()));
    assert!(!frames.data("more"));
    assert_eq!(in_flight(&talk.handle), 0);
}

/// Promise 5: it is the runtime that the request was made on, wherever the body is dropped.
#[test]
fn a_body_that_is_dropped_elsewhere_is_read_on_where_it_was_asked_for() {
    let (talk, runtime) = (Conversation::default(), runtime());
    let (frames, will) = minute().streamed();
    frames.data("ha");
    talk.origin.will(will);
    let mut body = runtime
        .block_on(talk.start(get("/a", &[])))
        .expect("a head")
        .into_body();
    assert_eq!(text(&mut body), "ha");
    drop(body);
    assert!(frames.data("lf"));
    drop(frames);
    runtime.block_on(settled(&talk));
    assert_eq!(block_on(talk.get("/a")).assert_hit().text(), "half");
}

/// Promise 5: a runtime that is gone, and one that is going, take nothing on and let nobody panic.
#[test]
fn a_body_that_is_dropped_when_its_runtime_has_gone_is_given_up() {
    for is_gone in [true, false] {
        let (talk, runtime) = (Conversation::default(), runtime());
        let (frames, will) = minute().streamed();
        talk.origin.will(will);
        let body = runtime
            .block_on(talk.start(get("/a", &[])))
            .expect("a head")
            .into_body();
        if is_gone {
            drop(runtime);
            drop(body);
        } else {
            runtime.spawn(async move {
                std::future::pending::<()>().await;
                drop(body);
            });
            drop(runtime);
        }
        assert!(!frames.data("more"), "{is_gone}");
        assert_eq!(in_flight(&talk.handle), 0, "{is_gone}");
    }
}

/// Promise 6: on something else than tokio; and so many at once, and no more.
#[test]
fn so_many_are_read_on_at_once_and_no_more() {
    let (origin, later) = (Origin::new(Clock::default()), Tasks::default());
    let layer = CacheLayer::background(later.clone());
    let handle = layer.handle();
    let mut client = layer.layer(origin.clone());
    let mut abandon = |n: usize| {
        origin.will(minute().body("x"));
        drop(block_on(client.call(get(&format!("/{n}"), &[]))).expect("a head"));
    };
    (0..100).for_each(&mut abandon);
    let mut tasks = later.take();
    assert_eq!((tasks.len(), in_flight(&handle)), (64, 64));
    assert!(handle.is_empty(), "nothing is read until it is run");
    block_on(tasks.remove(0));
    assert_eq!(handle.len(), 1);
    (100..200).for_each(&mut abandon);
    assert_eq!(later.take().len(), 1, "one place was free");
    drop(tasks);
    assert_eq!((in_flight(&handle), handle.stats().recording()), (0, 0));
    abandon(200);
    later.take().into_iter().for_each(block_on);
    assert_eq!(handle.len(), 2);
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
