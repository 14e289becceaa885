//! RFC 5861 §3: how often a failing origin is asked about one stale response.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http_body_util::Empty;
use support::{Answer, Clock, Conversation, Origin, OriginError, Reply, begun, get, reply};
use tower::{Layer, Service};
use tower_client_cache::background::{Background, Timer};
use tower_client_cache::{CacheLayer, Forward};

use super::{after, minute, settle};

const WINDOW: &str = "stale-while-revalidate=600";

type Tasks = Arc<Mutex<Vec<Pin<Box<dyn Future<Output = ()> + Send>>>>>;

/// Keeps what is to run in the background.
#[derive(Clone, Default)]
struct Held(Tasks);

impl Timer for Held {
    type Sleep = std::future::Pending<()>;

    fn sleep(&self, _: Duration) -> Option<Self::Sleep> {
        None
    }
}

impl<F: Future<Output = ()> + Send + 'static> Background<F> for Held {
    fn is_available(&self) -> bool {
        true
    }

    fn spawn(&self, task: F, _limit: Duration) {
        self.0.lock().expect("no panic").push(Box::pin(task));
    }
}

async fn reuse_and_ask(talk: &Conversation, failing: Reply) -> usize {
    let before = talk.origin.calls();
    talk.origin.will(failing);
    assert_eq!(talk.get("/a").await.assert_hit().text(), "one");
    settle().await;
    let asked = talk.origin.calls() - before;
    talk.origin.forget_replies();
    asked
}

/// 5861-3-2, 5861-3-4, PRJ-5861-2: a second, then two, then four, up to a minute
#[tokio::test]
async fn a_failing_origin_is_asked_after_a_rest_that_doubles() {
    let fails = || Reply::fails(OriginError("refused"));
    let unavailable = || reply(503);
    let failures: [&dyn Fn() -> Reply; 2] = [&fails, &unavailable];
    for failing in failures {
        let talk = after(70, minute(WINDOW)).await;
        for rest in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert_eq!(reuse_and_ask(&talk, failing()).await, 1, "{rest}");
            talk.clock.advance(rest - 1);
            assert_eq!(reuse_and_ask(&talk, failing()).await, 0, "{rest}");
            talk.clock.advance(1);
        }
        talk.origin.will(reply(304));
        talk.get("/a").await.assert_hit();
        settle().await;
        talk.get("/a").await.assert_hit();
        assert_eq!(talk.handle.stats().validated(), 1);
    }
}

/// 5861-3-2, PRJ-5861-4: what breaks off has failed as well
#[tokio::test]
async fn a_body_that_breaks_off_in_the_background_is_a_failure() {
    let talk = after(70, minute(WINDOW)).await;
    let (frames, streamed) = minute(WINDOW).field("etag", "\"v2\"").streamed();
    assert_eq!(reuse_and_ask(&talk, streamed).await, 1);
    frames.fail(OriginError("reset"));
    settle().await;
    assert_eq!(reuse_and_ask(&talk, reply(304)).await, 0);
    talk.clock.advance(1);
    assert_eq!(reuse_and_ask(&talk, reply(304)).await, 1);
}

/// 5861-3-4: where nothing runs in the background the origin is asked first, and no more often
#[tokio::test]
async fn without_background_the_stale_response_is_the_answer_to_a_failure_and_during_the_rest() {
    let clock = Clock::default();
    let origin = Origin::new(clock.clone());
    let layer = CacheLayer::without_background().clock(clock.clone());
    let client = layer.layer(origin.clone());
    let ask = || async {
        let request: http::Request<Empty<Bytes>> = get("/a", &[]);
        let response = client.clone().call(request).await.expect("an answer");
        Answer::read(response).await.expect("a whole body")
    };
    origin.will(minute(WINDOW));
    ask().await.assert_stored();
    clock.advance(70);
    origin.will(Reply::fails(OriginError("refused")));
    let stale = ask().await;
    assert_eq!(stale.assert_forwarded(Forward::Stale).text(), "one");
    assert_eq!(stale.field("age").as_deref(), Some("70"));
    assert_eq!(ask().await.assert_hit().text(), "one");
    clock.advance(1);
    origin.will(reply(304));
    ask().await.assert_validated();
    assert_eq!(origin.calls(), 3);
}

/// 5861-3-2, PRJ-5861-2
#[tokio::test]
async fn an_origin_that_has_too_much_to_do_is_not_hammered() {
    for status in [429, 408, 425] {
        let talk = Conversation::default();
        let control = "max-age=60, stale-while-revalidate=600";
        talk.store(
            reply(200)
                .control(control)
                .field("etag", "\"e\"")
                .body("one"),
        )
        .await;
        talk.clock.advance(70);
        for _ in 0..10 {
            talk.origin.will(reply(status).field("retry-after", "60"));
            talk.get("/a").await.assert_hit();
            settle().await;
        }
        assert_eq!(talk.origin.calls(), 2, "{status}");
    }
}

/// C-53, 5861-3-2
#[tokio::test]
async fn a_redirected_validation_is_not_repeated_at_once() {
    #[derive(Clone)]
    struct Elsewhere;
    let talk = Conversation::with(|layer| {
        layer.final_uri(|extensions| {
            extensions
                .get::<Elsewhere>()
                .map(|_| Uri::from_static("http://o.test/login"))
        })
    });
    let control = "max-age=60, stale-while-revalidate=600";
    talk.store(
        reply(200)
            .control(control)
            .field("etag", "\"e\"")
            .body("one"),
    )
    .await;
    talk.clock.advance(70);
    for _ in 0..10 {
        talk.origin
            .will(reply(200).extension(Elsewhere).body("log in"));
        talk.get("/a").await.assert_hit();
        settle().await;
    }
    assert_eq!(talk.origin.calls(), 2);
}

/// 5861-3-2, 5861-3-4: what is dropped half-way has failed
#[tokio::test]
async fn a_validation_that_is_given_up_in_its_body_has_failed() {
    let (clock, held) = (Clock::default(), Held::default());
    let origin = Origin::new(clock.clone());
    let layer = CacheLayer::background(held.clone()).clock(clock.clone());
    let client = layer.layer(origin.clone());
    let ask = || async {
        let response = client.clone().call(get("/a", &[])).await.unwrap();
        Answer::read(response).await.unwrap()
    };
    let control = "max-age=60, stale-while-revalidate=600";
    let minute = || reply(200).control(control).field("etag", "\"e\"");
    origin.will(minute().body("one"));
    ask().await.assert_stored();
    clock.advance(70);
    let (_frames, stalls) = minute().streamed();
    origin.will(stalls);
    ask().await.assert_hit();
    let mut task = held.0.lock().unwrap().pop().unwrap();
    let polled = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
    drop(task);
    ask().await.assert_hit();
    assert!(
        held.0.lock().unwrap().is_empty(),
        "it rests after what has failed"
    );
}

/// 5861-3-2: those of one moment are not a row of failures
#[tokio::test]
async fn failures_at_the_same_time_are_one_failure() {
    let clock = Clock::default();
    let origin = Origin::new(clock.clone());
    let layer = CacheLayer::without_background().clock(clock.clone());
    let client = layer.layer(origin.clone());
    let ask = || {
        let mut client = client.clone();
        async move {
            let response = client.call(get("/a", &[])).await.unwrap();
            Answer::read(response).await.unwrap()
        }
    };
    let control = "max-age=60, stale-while-revalidate=600";
    origin.will(
        reply(200)
            .control(control)
            .field("etag", "\"e\"")
            .body("one"),
    );
    ask().await.assert_stored();
    clock.advance(70);
    let mut waiting = Vec::new();
    for _ in 0..8 {
        let (gate, held) = Reply::fails(OriginError("refused")).held();
        origin.will(held);
        waiting.push((gate, begun(ask())));
    }
    for (gate, answer) in waiting {
        gate.open();
        assert_eq!(answer.await.text(), "one");
    }
    clock.advance(2);
    origin.will(reply(304));
    ask().await.assert_validated();
}

/// 5861-3-2, 9111-3.5-1: what leaves the stored response as it was has failed
#[tokio::test]
async fn a_shared_304_that_may_not_be_kept_for_authorization_is_not_asked_for_at_every_hit() {
    let talk = Conversation::shared();
    let control = "public, max-age=60, stale-while-revalidate=600";
    let user = [("authorization", "x")];
    talk.origin.will(
        reply(200)
            .control(control)
            .field("etag", "\"e\"")
            .body("one"),
    );
    talk.get_with("/a", &user).await.assert_stored();
    talk.clock.advance(70);
    for _ in 0..10 {
        talk.origin.will(
            reply(304)
                .control("max-age=60, stale-while-revalidate=600")
                .field("etag", "\"e\""),
        );
        talk.get_with("/a", &user).await;
        settle().await;
    }
    assert!(talk.origin.calls() <= 3, "{}", talk.origin.calls());
}
