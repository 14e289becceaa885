//! What it is read on by, and where there is nothing to do so.

use bytes::Bytes;
use futures_executor::block_on;
use futures_util::FutureExt;
use http_body::Frame;
use support::{Clock, Conversation, Origin, get};
use tokio::runtime::{Builder, Runtime};
use tower::{Layer, Service};
use tower_client_cache::CacheLayer;

use super::{half_read, minute, settled};
use crate::tasks::Tasks;
use crate::{in_flight, text};

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
