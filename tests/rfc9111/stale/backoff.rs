//! RFC 5861 §3: how often a failing origin is asked about one stale response.

use bytes::Bytes;
use http_body_util::Empty;
use support::{Answer, Clock, Conversation, Origin, OriginError, Reply, get, reply};
use tower::{Layer, Service};
use tower_client_cache::{CacheLayer, Forward};

use super::{after, minute, settle};

const WINDOW: &str = "stale-while-revalidate=600";

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
