//! Unsafe requests of which nobody knows what has become (C-59).

use super::{assert_invalid, with_a_fresh_response};
use http::Method;
use support::{OriginError, Reply, begun, reply, request};

/// PRJ-4.4-8, C-59: nobody knows what has become of it
#[tokio::test]
async fn an_unsafe_request_that_fails_in_transport_invalidates() {
    let talk = with_a_fresh_response().await;
    let reset = OriginError("connection reset");
    talk.origin.will(Reply::fails(reset.clone()));
    let failed = talk.start(request(Method::POST, "/a", &[])).await;
    assert_eq!(failed.unwrap_err(), reset);
    assert_invalid(&talk, "/a", "failed").await;
}

/// PRJ-4.4-8, C-59: as soon as its caller knows, though the future is still there
#[tokio::test]
async fn a_failed_unsafe_request_invalidates_before_its_future_is_dropped() {
    let talk = with_a_fresh_response().await;
    talk.origin.will(Reply::fails(OriginError("reset")));
    let mut asked = Box::pin(talk.start(request(Method::POST, "/a", &[])));
    assert!(asked.as_mut().await.is_err());
    assert_invalid(&talk, "/a", "failed").await;
    drop(asked);
}

/// PRJ-4.4-8, C-59: given up while the origin was at it
#[tokio::test]
async fn an_unsafe_request_that_is_dropped_half_way_invalidates() {
    let talk = with_a_fresh_response().await;
    let (_gate, held) = reply(204).held();
    talk.origin.will(held);
    let asked = begun(talk.start(request(Method::POST, "/a", &[])));
    talk.get("/a").await.assert_hit();
    drop(asked);
    assert_invalid(&talk, "/a", "dropped").await;
}

/// C-59: one that was never sent has done nothing
#[tokio::test]
async fn an_unsafe_request_that_was_never_sent_invalidates_nothing() {
    let talk = with_a_fresh_response().await;
    drop(talk.start(request(Method::POST, "/a", &[])));
    assert_eq!(talk.origin.calls(), 1);
    talk.get("/a").await.assert_hit();
}
