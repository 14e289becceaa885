//! Nobody waits for ever: not for a body that is not read, nor for a head that does not come.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use support::{Conversation, Reply, begun, get, reply};
use tokio::time::Instant;
use tower::{Layer, Service};
use tower_client_cache::{CacheLayer, CacheService, Forward};

use super::{Asking, answer, assert_collapsed, assert_not_collapsed, assert_waits, herd, waits};

const SECOND: Duration = Duration::from_secs(1);

/// Asserts that all wait until so much time has passed since then, and that they all ask for themselves at
/// that moment.
async fn assert_go_after(
    talk: &Conversation,
    others: &mut [Asking],
    from: Instant,
    limit: Duration,
) {
    let calls = talk.origin.calls();
    tokio::time::sleep_until(from + limit - Duration::from_millis(1)).await;
    others.iter_mut().for_each(assert_waits);
    tokio::time::sleep_until(from + limit + Duration::from_millis(1)).await;
    for other in &mut *others {
        talk.origin.will(reply(200).control("no-store").body("own"));
        let other = answer(other);
        assert_eq!(other.text(), "own");
        assert_not_collapsed(&other);
    }
    assert_eq!(talk.origin.calls(), calls + others.len());
}

/// A head and a body that does not end, once the gate is opened.
fn endless() -> (support::Frames, support::Gate, Reply) {
    let (frames, streamed) = reply(200).control("max-age=60").streamed();
    let (gate, held) = streamed.held();
    (frames, gate, held)
}

/// C-49
#[tokio::test(start_paused = true)]
async fn two_seconds_after_the_head_all_go_to_the_origin() {
    let talk = Conversation::default();
    let (_frames, gate, held) = endless();
    talk.origin.will(held);
    let first = begun(talk.start(get("/a", &[])));
    let mut others: [_; 4] = herd(&talk);
    tokio::time::sleep(3 * SECOND).await;
    gate.open();
    let _body = first.await.unwrap();
    others.iter_mut().for_each(assert_waits);
    let head = Instant::now();
    tokio::time::sleep(SECOND).await;
    let mut late = waits(&talk, get("/a", &[]));
    assert_waits(&mut late);
    let mut others: Vec<_> = others.into_iter().chain([late]).collect();
    assert_go_after(&talk, &mut others, head, 2 * SECOND).await;
    // What comes so slowly is not waited for again soon.
    talk.origin.will(reply(200).control("no-store"));
    assert_eq!(talk.get("/a").await.cache.collapsed(), None);
}

/// C-49: the one that sees to the time may be given up as others may.
#[tokio::test(start_paused = true)]
async fn the_limit_holds_whoever_is_given_up() {
    let talk = Conversation::default();
    let (_frames, gate, held) = endless();
    talk.origin.will(held);
    let first = begun(talk.start(get("/a", &[])));
    let [mut second, mut third, fourth] = herd(&talk);
    gate.open();
    let _body = first.await.unwrap();
    assert_waits(&mut second);
    drop(second);
    assert_waits(&mut third);
    let from = Instant::now();
    assert_go_after(&talk, &mut [third, fourth], from, 2 * SECOND).await;
}

/// C-49: one that is not polled cannot see to the time; another does.
#[tokio::test(start_paused = true)]
async fn the_limit_holds_where_the_first_is_not_polled() {
    let talk = Conversation::default();
    let (_frames, gate, held) = endless();
    talk.origin.will(held);
    let first = begun(talk.start(get("/a", &[])));
    let _unpolled = talk.get("/a");
    let mut others: [_; 2] = herd(&talk);
    gate.open();
    let _body = first.await.unwrap();
    others.iter_mut().for_each(assert_waits);
    let head = Instant::now();
    assert_go_after(&talk, &mut others, head, 2 * SECOND).await;
}

/// C-49: it counts from the head, however often another has to see to it.
#[tokio::test(start_paused = true)]
async fn the_limit_does_not_begin_anew_with_another_that_sees_to_it() {
    let talk = Conversation::default();
    let (_frames, gate, held) = endless();
    talk.origin.will(held);
    let first = begun(talk.start(get("/a", &[])));
    let [mut second, mut third] = herd(&talk);
    gate.open();
    let _body = first.await.unwrap();
    let head = Instant::now();
    assert_waits(&mut second);
    tokio::time::sleep(SECOND).await;
    talk.clock.advance(1);
    drop(second);
    assert_waits(&mut third);
    assert_go_after(&talk, &mut [third], head, 2 * SECOND).await;
}

/// C-49: nobody waits longer in all because there is a head, whether or not it sees to the time.
#[tokio::test(start_paused = true)]
async fn the_limit_in_all_holds_after_the_head_as_well() {
    let talk = Conversation::default();
    let (_frames, gate, held) = endless();
    talk.origin.will(held);
    let first = begun(talk.start(get("/a", &[])));
    let mut other = waits(&talk, get("/a", &[]));
    let from = Instant::now();
    tokio::time::sleep(9 * SECOND).await;
    gate.open();
    let _body = first.await.unwrap();
    assert_waits(&mut other);
    assert_go_after(&talk, &mut [other], from, 10 * SECOND).await;
}

/// C-49: before there is a head the limit is another, and counts from when each began.
#[tokio::test(start_paused = true)]
async fn ten_seconds_without_a_head_and_all_go_to_the_origin() {
    let talk = Conversation::default();
    let (_gate, held) = reply(200).control("max-age=60").held();
    talk.origin.will(held);
    let _first = begun(talk.start(get("/a", &[])));
    let early = waits(&talk, get("/a", &[]));
    let from = Instant::now();
    tokio::time::sleep(9 * SECOND).await;
    let late = waits(&talk, get("/a", &[]));
    assert_go_after(&talk, &mut [early, late], from, 10 * SECOND).await;
}

/// C-49: that another leads now is no reason to wait longer.
#[tokio::test(start_paused = true)]
async fn a_limit_does_not_begin_anew_with_another_leader() {
    let talk = Conversation::default();
    let (_gate, held) = reply(200).control("max-age=60").held();
    talk.origin.will(held);
    let first = begun(talk.start(get("/a", &[])));
    let [mut second, third] = herd(&talk);
    let from = Instant::now();
    tokio::time::sleep(8 * SECOND).await;
    drop(first);
    let (_gate, held) = reply(200).control("max-age=60").held();
    talk.origin.will(held);
    assert_waits(&mut second);
    assert_eq!(talk.origin.calls(), 2, "it leads");
    assert_go_after(&talk, &mut [third], from, 10 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn both_limits_can_be_set() {
    let layer = CacheLayer::new().collapse_limit(5 * SECOND);
    let talk = Conversation::through(layer.collapse_head_limit(20 * SECOND));
    let (_frames, gate, held) = endless();
    talk.origin.will(held);
    let first = begun(talk.start(get("/a", &[])));
    let mut other = waits(&talk, get("/a", &[]));
    gate.open();
    let body = first.await.unwrap();
    assert_waits(&mut other);
    let from = Instant::now();
    assert_go_after(&talk, &mut [other], from, 5 * SECOND).await;
    drop(body);
    let (_gate, held) = reply(200).control("max-age=60").held();
    talk.origin.will(held);
    let _first = begun(talk.start(get("/b", &[])));
    let other = waits(&talk, get("/b", &[]));
    let from = Instant::now();
    assert_go_after(&talk, &mut [other], from, 20 * SECOND).await;
}

/// C-49: a body that comes in time is waited for, however long the head took.
#[tokio::test(start_paused = true)]
async fn what_comes_within_the_limits_is_shared() {
    let talk = Conversation::default();
    let (frames, gate, held) = endless();
    talk.origin.will(held);
    let first = begun(talk.start(get("/a", &[])));
    let mut other = waits(&talk, get("/a", &[]));
    tokio::time::sleep(7 * SECOND).await;
    assert_waits(&mut other);
    gate.open();
    let body = first.await.unwrap().into_body();
    assert_waits(&mut other);
    tokio::time::sleep(SECOND).await;
    assert_waits(&mut other);
    frames.data("x");
    drop(frames);
    body.collect().await.unwrap();
    let other = answer(&mut other);
    assert_collapsed(&other, Forward::UriMiss);
    assert_eq!(other.text(), "x");
}

/// C-49: it would wait for itself.
#[tokio::test(start_paused = true)]
async fn a_task_that_holds_an_answer_unread_and_asks_again_is_answered() {
    let talk = Conversation::default();
    let (_frames, gate, held) = endless();
    gate.open();
    talk.origin.will(held);
    let unread = talk.start(get("/a", &[])).await.unwrap();
    talk.origin
        .will(reply(200).control("max-age=60").body("two"));
    let began = Instant::now();
    let second = talk.get("/a").await;
    assert_eq!(second.text(), "two");
    assert_not_collapsed(&second);
    assert_eq!(began.elapsed().as_secs(), 2);
    drop(unread);
}

type Client = CacheService<SelfCalling>;

/// An origin that asks the cache for what it is asked for itself, and makes its answer of that.
#[derive(Clone, Default)]
struct SelfCalling {
    client: Arc<Mutex<Option<Client>>>,
    calls: Arc<Mutex<usize>>,
}

impl Service<Request<Empty<Bytes>>> for SelfCalling {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Empty<Bytes>>) -> Self::Future {
        let mut calls = self.calls.lock().expect("no panic");
        *calls += 1;
        let is_first = *calls == 1;
        drop(calls);
        let client = self.client.lock().expect("no panic").clone();
        Box::pin(async move {
            let mut content = "inner".to_owned();
            if is_first {
                let inner = client.expect("it is set").call(request).await?;
                let inner = inner.into_body().collect().await?.to_bytes();
                content = format!("outer of {}", String::from_utf8_lossy(&inner));
            }
            let response = Response::builder().header("cache-control", "max-age=60");
            Ok(response.body(Full::from(content)).expect("a response"))
        })
    }
}

/// C-49: it would wait for what waits for it.
#[tokio::test(start_paused = true)]
async fn an_origin_that_calls_itself_through_the_cache_is_answered() {
    let origin = SelfCalling::default();
    let mut client = CacheLayer::new().layer(origin.clone());
    *origin.client.lock().unwrap() = Some(client.clone());
    let began = Instant::now();
    let response = client.call(get("/a", &[])).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "outer of inner");
    assert_eq!(began.elapsed().as_secs(), 10);
    assert_eq!(*origin.calls.lock().unwrap(), 2);
    *origin.client.lock().unwrap() = None;
}
