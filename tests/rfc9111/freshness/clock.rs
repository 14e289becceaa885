//! RFC 9111 §4.2.3: which moments an age is reckoned from.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use support::{Answer, Clock, Conversation, Origin, OriginBody, OriginError, begun, get, reply};
use tower::{Layer, Service};
use tower_client_cache::CacheLayer;

use super::age::age;

/// PRJ-4.2.3-5, EDGE-51
#[tokio::test]
async fn a_clock_that_is_set_back_makes_a_response_no_younger_than_it_came() {
    let talk = Conversation::default();
    let aged = reply(200).control("max-age=60").field("age", "10");
    talk.store(aged.field("etag", "\"e\"").body("hello")).await;
    talk.clock.set_back(3600);
    assert_eq!(
        age(talk.get("/a").await.assert_hit()).as_deref(),
        Some("10")
    );
    talk.clock.advance(3600 + 49);
    assert_eq!(
        age(talk.get("/a").await.assert_hit()).as_deref(),
        Some("59")
    );
    talk.clock.advance(1);
    talk.origin.will(reply(304));
    talk.get("/a").await.assert_validated();
}

/// 9111-4.2.3-1, PRJ-4.2.3-5, EDGE-51
#[tokio::test]
async fn a_clock_that_is_set_back_while_the_origin_answers_makes_no_age() {
    let talk = Conversation::default();
    let (gate, held) = reply(200).control("max-age=60").body("hello").held();
    talk.origin.will(held);
    let waiting = begun(talk.start(get("/a", &[])));
    talk.clock.set_back(3600);
    gate.open();
    let first = Answer::read(waiting.await.unwrap()).await.unwrap();
    assert_eq!(first.assert_stored().cache.ttl(), Some(60));
    assert_eq!(age(talk.get("/a").await.assert_hit()).as_deref(), Some("0"));
}

/// PRJ-4.2.3-6
#[tokio::test]
async fn an_age_counts_from_the_head_and_not_from_the_end_of_the_body() {
    let talk = Conversation::default();
    let (frames, streamed) = reply(200).control("max-age=60").streamed();
    talk.origin.will(streamed);
    let mut body = talk.start(get("/a", &[])).await.unwrap().into_body();
    talk.clock.advance(10);
    assert!(frames.data("hello"));
    drop(frames);
    while body.frame().await.is_some() {}
    assert_eq!(
        age(talk.get("/a").await.assert_hit()).as_deref(),
        Some("10")
    );
}

/// An origin that is ready only ten seconds after it was asked to be.
#[derive(Clone)]
struct Late(Origin, Clock);

impl Service<Request<Empty<Bytes>>> for Late {
    type Response = Response<OriginBody>;
    type Error = OriginError;
    type Future = <Origin as Service<Request<Empty<Bytes>>>>::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OriginError>> {
        self.1.advance(10);
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Empty<Bytes>>) -> Self::Future {
        self.0.call(request)
    }
}

/// PRJ-4.2.3-6
#[tokio::test]
async fn the_time_until_the_origin_is_ready_is_no_age() {
    let clock = Clock::default();
    let origin = Origin::new(clock.clone());
    let layer = CacheLayer::new().clock(clock.clone());
    let mut client = layer.layer(Late(origin.clone(), clock));
    origin.will(reply(200).control("max-age=60").takes(3).body("hello"));
    let first = client.call(get("/a", &[])).await.unwrap();
    Answer::read(first).await.unwrap().assert_stored();
    let second = Answer::read(client.call(get("/a", &[])).await.unwrap()).await;
    let second = second.unwrap();
    assert_eq!(age(second.assert_hit()).as_deref(), Some("3"));
}
