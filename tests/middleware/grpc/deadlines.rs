//! Deadlines: `grpc-timeout`.

use std::time::Duration;

use futures_util::FutureExt;
use http_body_util::BodyExt;
use support::{Answer, begun};
use tower::{Layer, Service};
use tower_client_cache::request_body::Replay;
use tower_client_cache::{CacheLayer, Forward, Outcome};

use super::waiting::{assert_waits, others};
use super::{GET, call, head, message, safe, shop, success, unary_shop};
use crate::content::Content;

/// GRPC-8: A call that waits ends at its deadline; the others wait on, and get the answer.
#[tokio::test(start_paused = true)]
async fn a_call_that_waits_ends_at_its_deadline() {
    let talk = unary_shop().await;
    let (gate, held) = success("x").held();
    talk.origin.will(held);
    let first = begun(talk.send(call(GET, "a", &[("grpc-timeout", "1S")])));
    let [mut short, mut other]: [_; 2] = others(&talk, &[("grpc-timeout", "1500m")]);
    let [mut long]: [_; 1] = others(&talk, &[("grpc-timeout", "1H")]);
    tokio::time::sleep(Duration::from_millis(1499)).await;
    assert_waits(&mut short);
    assert_waits(&mut long);
    tokio::time::sleep(Duration::from_millis(2)).await;
    for asking in [&mut short, &mut other] {
        let answer = asking.now_or_never().expect("its time is over");
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.field("content-type").as_deref(),
            Some("application/grpc")
        );
        assert_eq!(answer.field("grpc-status").as_deref(), Some("4"));
        assert!(answer.body.is_empty() && answer.trailers.is_none());
        assert_eq!(answer.cache.outcome(), Outcome::DeadlineExceeded);
        assert_eq!(
            answer.cache.to_string(),
            "detail=deadline-exceeded; collapsed=?0"
        );
    }
    assert_waits(&mut long);
    assert_eq!(talk.handle.stats().unsatisfiable(), 2);
    gate.open();
    first.await.assert_stored();
    assert!(long.await.cache.is_collapsed());
    assert_eq!(talk.origin.calls(), 2);
}

/// GRPC-8: What has waited and is forwarded after all says how much of its time is left; what is forwarded at once says
/// what its caller said.
#[tokio::test]
async fn a_call_that_has_waited_has_less_time_left() {
    let talk = unary_shop().await;
    let failure = head().field("grpc-status", "14");
    let (gate, held) = failure.held();
    talk.origin.will(held);
    let first = begun(talk.send(call(GET, "a", &[("grpc-timeout", "9S")])));
    assert_eq!(
        talk.origin.last().field("grpc-timeout").as_deref(),
        Some("9S")
    );
    let [other]: [_; 1] = others(&talk, &[("grpc-timeout", "5S")]);
    talk.clock.advance(3);
    gate.open();
    first.await;
    talk.origin.will(success("own"));
    let other = other.await;
    other.assert_forwarded(Forward::UriMiss);
    assert_eq!(
        talk.origin.last().field("grpc-timeout").as_deref(),
        Some("2000000u")
    );
}

/// GRPC-8: Where there is a limit to waiting that is nearer, a call asks for itself, in the time that it has.
#[tokio::test(start_paused = true)]
async fn a_limit_that_is_nearer_ends_no_call() {
    let talk = unary_shop().await;
    let (_gate, held) = success("x").held();
    talk.origin.will(held);
    let _first = begun(talk.send(call(GET, "a", &[])));
    let [other]: [_; 1] = others(&talk, &[("grpc-timeout", "1M")]);
    talk.origin.will(success("own"));
    let other = other.await;
    assert_eq!(other.body, message("own"));
    assert_eq!(other.cache.collapsed(), Some(false));
}

/// GRPC-8: Where no timer would end its waiting, a call with a deadline does not wait.
#[tokio::test]
async fn without_a_timer_a_call_with_a_deadline_does_not_wait() {
    let talk = shop();
    let layer = CacheLayer::without_background().collapse(true);
    let layer = layer.rules([safe()]);
    let layer = layer.request_body(|content: Replay<Content>| content.boxed_unsync());
    let client = layer.layer(talk.client.get_ref().clone());
    let send = |fields: &[(&str, &str)]| client.clone().call(call(GET, "a", fields));
    talk.origin.will(success("known"));
    let known = client.clone().call(call(GET, "what is known", &[]));
    Answer::read(known.await.unwrap()).await.unwrap();
    let (gate, held) = success("x").held();
    talk.origin.will(held);
    let first = begun(send(&[]));
    let _waits = begun(send(&[]));
    assert_eq!(talk.origin.calls(), 2);
    talk.origin.will(success("own"));
    let own = send(&[("grpc-timeout", "1H")]).now_or_never();
    let own = own.expect("it does not wait").unwrap();
    assert_eq!(Answer::read(own).await.unwrap().body, message("own"));
    assert_eq!(talk.origin.calls(), 3);
    gate.open();
    first.await.unwrap();
}
