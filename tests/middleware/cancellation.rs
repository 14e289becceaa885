//! A request that is given up leaves nothing behind, at whatever stage.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty};
use support::{Conversation, Frames, Gate, Reply, begun, get, reply, request};
use tower::{Layer, Service, service_fn};
use tower_client_cache::{CacheLayer, Forward};

use crate::{in_flight, text, until};

/// How far a request has come when it is given up.
#[derive(Debug, Clone, Copy)]
enum Stage {
    Unpolled,
    WaitingForHead,
    HeadUnread,
    BodyHalfRead,
}

const STAGES: [Stage; 4] = [
    Stage::Unpolled,
    Stage::WaitingForHead,
    Stage::HeadUnread,
    Stage::BodyHalfRead,
];

impl Stage {
    /// Sends a request, and gives it up at this stage. What the origin does later is for nobody.
    async fn give_up(
        self,
        talk: &Conversation,
        asked: Request<Empty<Bytes>>,
        will: Reply,
    ) -> (Option<Gate>, Frames) {
        let (frames, will) = will.streamed();
        let request = talk.start(asked);
        match self {
            Self::Unpolled => {
                drop(request);
                (None, frames)
            }
            Self::WaitingForHead => {
                let (gate, held) = will.held();
                talk.origin.will(held);
                drop(begun(request));
                (Some(gate), frames)
            }
            Self::HeadUnread => {
                talk.origin.will(will);
                drop(request.await.expect("a head"));
                (None, frames)
            }
            Self::BodyHalfRead => {
                talk.origin.will(will);
                let mut body = request.await.expect("a head").into_body();
                frames.data("half");
                assert_eq!(text(&mut body), "half");
                (None, frames)
            }
        }
    }
}

fn assert_nothing_is_left(talk: &Conversation, stage: Stage) {
    assert_eq!(talk.handle.stats().recording(), 0, "{stage:?}");
    assert_eq!(in_flight(&talk.handle), 0, "{stage:?}");
}

/// EDGE-44, PRJ-7-1
#[tokio::test]
async fn a_forward_that_is_given_up_leaves_nothing_behind() {
    for stage in STAGES {
        for control in ["max-age=60", "no-store"] {
            let talk = Conversation::with(|layer| layer.finish_abandoned(0));
            let will = reply(200).control(control);
            let (gate, frames) = stage.give_up(&talk, get("/a", &[]), will).await;
            assert_nothing_is_left(&talk, stage);
            assert!(!frames.data("more"), "{stage:?}: nobody reads it");
            if let Some(gate) = gate {
                gate.open();
            }
            assert!(talk.handle.is_empty(), "{stage:?}");
            let next = talk
                .store(reply(200).control("max-age=60").body("next"))
                .await;
            next.assert_forwarded(Forward::UriMiss).assert_stored();
            talk.get("/a").await.assert_hit();
        }
    }
}

/// EDGE-44, PRJ-5861-4: what is stored stays, and is good for a 304.
#[tokio::test]
async fn a_validation_that_is_given_up_leaves_what_is_stored() {
    for stage in STAGES {
        let talk = Conversation::with(|layer| layer.finish_abandoned(0));
        let stored = reply(200).control("max-age=60").field("etag", "\"1\"");
        talk.store(stored.body("one")).await;
        talk.clock.advance(61);
        let will = reply(200).control("max-age=60").field("etag", "\"2\"");
        let _ends = stage.give_up(&talk, get("/a", &[]), will).await;
        assert_nothing_is_left(&talk, stage);
        assert_eq!(talk.handle.len(), 1, "{stage:?}");
        talk.origin.will(reply(304));
        let next = talk.get("/a").await;
        assert_eq!(next.assert_validated().text(), "one", "{stage:?}");
        talk.get("/a").await.assert_hit();
    }
}

/// C-59, PRJ-4.4-8: nobody knows what has become of it, unless it was never sent.
#[tokio::test]
async fn an_unsafe_request_that_is_given_up_invalidates_once_it_was_sent() {
    for stage in STAGES {
        let talk = Conversation::default();
        let stored = reply(200).control("max-age=60").field("etag", "\"1\"");
        talk.store(stored.body("one")).await;
        let put = request(Method::PUT, "/a", &[]);
        let _ends = stage.give_up(&talk, put, reply(200)).await;
        assert_nothing_is_left(&talk, stage);
        talk.origin.will(reply(304));
        let next = talk.get("/a").await;
        match stage {
            Stage::Unpolled => next.assert_hit(),
            _ => next.assert_validated(),
        };
    }
}

/// Where a panic comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Panic {
    Call,
    Future,
    Body,
}

/// A body that panics when it is asked for its second frame.
struct Panicking(Option<&'static str>);

impl Body for Panicking {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.0.take() {
            Some(data) => Poll::Ready(Some(Ok(Frame::data(data.into())))),
            None => std::panic::resume_unwind(Box::new("in the body")),
        }
    }
}

/// A panic of the inner service is a request that was given up.
#[test]
fn a_panic_of_the_inner_service_leaves_nothing_behind() {
    for from in [Panic::Call, Panic::Future, Panic::Body] {
        let layer = CacheLayer::without_background();
        let handle = layer.handle();
        let mut client = layer.layer(service_fn(|_: Request<Empty<Bytes>>| {
            if from == Panic::Call {
                std::panic::resume_unwind(Box::new("in the call"));
            }
            async move {
                if from == Panic::Future {
                    std::panic::resume_unwind(Box::new("in the future"));
                }
                let response = Response::builder().header("cache-control", "max-age=60");
                Ok::<_, Infallible>(response.body(Panicking(Some("half"))).unwrap())
            }
        }));
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let response = client.call(get("/a", &[])).now_or_never();
            let body = response.expect("no waiting").expect("no error").into_body();
            body.collect().now_or_never()
        }));
        assert!(panicked.is_err(), "{from:?}: it is the caller's to see");
        assert_eq!(handle.stats().recording(), 0, "{from:?}");
        assert_eq!(in_flight(&handle), 0, "{from:?}");
        assert!(handle.is_empty(), "{from:?}");
    }
}

/// 5861-3-1: the next caller starts another one.
#[tokio::test]
async fn a_background_validation_that_fails_gives_its_place_to_the_next() {
    let talk = Conversation::default();
    let control = "max-age=60, stale-while-revalidate=600";
    let stored = reply(200).control(control).field("etag", "\"1\"");
    talk.store(stored.body("one")).await;
    talk.clock.advance(61);
    let broken = support::OriginError("broken");
    let (frames, half) = reply(200).control(control).streamed();
    for (n, will) in [Reply::fails(broken.clone()), half, reply(304)]
        .into_iter()
        .enumerate()
    {
        talk.origin.will(will);
        assert_eq!(talk.get("/a").await.assert_hit().text(), "one");
        until(|| talk.origin.calls() == n + 2).await;
        if n == 1 {
            frames.data("half");
            frames.fail(broken.clone());
        }
        until(|| in_flight(&talk.handle) == 0).await;
        assert_eq!(talk.handle.stats().recording(), 0);
        // After two failures in a row the origin has two seconds of rest.
        talk.clock.advance(2);
    }
    let fresh = talk.get("/a").await;
    assert!(fresh.assert_hit().cache.ttl() > Some(0));
}

/// Promise 3: an answer from the store that nobody takes is an answer all the same.
#[tokio::test]
async fn a_hit_that_is_given_up_changes_nothing() {
    let talk = Conversation::default();
    talk.store(reply(200).control("max-age=60").body("x")).await;
    drop(talk.start(get("/a", &[])));
    let unread = talk.start(get("/a", &[])).now_or_never();
    drop(unread.expect("no waiting").unwrap());
    talk.get("/a").await.assert_hit();
    assert_nothing_is_left(&talk, Stage::Unpolled);
}
