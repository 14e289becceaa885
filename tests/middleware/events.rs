//! What is told of what happens, to whoever has subscribed.

use futures_util::{FutureExt, StreamExt};
use http::Method;
use support::{Conversation, OriginError, Reply, get, reply, request};
use tower_client_cache::{Event, Events, Eviction, Forward, NotStored, Outcome, Validation};

use crate::until;

fn fresh() -> Reply {
    reply(200)
        .control("max-age=60")
        .field("etag", "\"1\"")
        .body("12345")
}

/// What was told, in short.
fn told(events: &mut Events) -> Vec<String> {
    let events = std::iter::from_fn(|| events.try_next());
    events
        .map(|event| match event {
            Event::Answered {
                uri, status, held, ..
            } => format!("{uri}: {status}; {held} held"),
            Event::Failed { uri, reason, .. } => format!("{uri}: failed, {reason}"),
            Event::Validated { uri, outcome, .. } => format!("{uri}: {outcome}"),
            Event::Stored { uri, .. } => format!("{uri}: stored"),
            Event::Refused { uri, reason, .. } => format!("{uri}: refused, {reason}"),
            Event::Evicted { uri, cause, .. } => format!("{uri}: evicted, {cause}"),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn each_request_is_told_of_as_what_it_was() {
    let talk = Conversation::default();
    let mut events = talk.handle.subscribe();
    talk.origin.will(fresh());
    talk.send(get("http://u:p@o.test/a?b", &[])).await;
    assert_eq!(
        told(&mut events),
        [
            "http://o.test/a?b: fwd=uri-miss; fwd-status=200; stored; ttl=60; 0 held",
            "http://o.test/a?b: stored",
        ]
    );
    talk.send(get("http://u:p@o.test/a?b", &[])).await;
    assert_eq!(
        told(&mut events),
        ["http://o.test/a?b: hit; ttl=60; 5 held"]
    );
    talk.origin.will(reply(204));
    talk.send(request(Method::POST, "/p", &[])).await;
    assert_eq!(
        told(&mut events),
        ["http://o.test/p: fwd=method; fwd-status=204; detail=method; 0 held"]
    );
    talk.get_with("/b", &[("cache-control", "only-if-cached")])
        .await;
    assert_eq!(
        told(&mut events),
        ["http://o.test/b: detail=only-if-cached; 0 held"]
    );
    talk.origin.will(Reply::fails(OriginError("reset")));
    assert!(talk.start(get("/c", &[])).await.is_err());
    assert_eq!(told(&mut events), ["http://o.test/c: failed, uri-miss"]);
    let (frames, broken) = fresh().streamed();
    frames.fail(OriginError("reset"));
    talk.origin.will(broken);
    drop(talk.start(get("/d", &[])).await.expect("a head"));
    drop(frames);
    until(|| talk.handle.stats().refusals(NotStored::Incomplete) == 1).await;
    assert_eq!(told(&mut events)[1], "http://o.test/d: refused, incomplete");
    assert_eq!(events.lost(), 0);
}

/// 5861-3-1: a validation that nobody waits for is told of, and no request with it.
#[tokio::test]
async fn a_background_validation_is_told_of_by_its_outcome() {
    let talk = Conversation::default();
    let control = "max-age=10, stale-while-revalidate=60";
    talk.store(fresh().control(control)).await;
    talk.clock.advance(20);
    let mut events = talk.handle.subscribe();
    talk.origin.will(reply(304).control(control));
    talk.get("/a").await.assert_hit();
    until(|| talk.handle.stats().validated() == 1).await;
    assert_eq!(
        told(&mut events),
        [
            "http://o.test/a: hit; ttl=-10; 5 held",
            "http://o.test/a: validated"
        ]
    );
}

#[tokio::test]
async fn what_gives_way_is_told_of_with_its_cause() {
    let talk = Conversation::with(|layer| layer.max_responses(1));
    talk.store(fresh()).await;
    let mut events = talk.handle.subscribe();
    talk.origin.will(fresh());
    talk.get("/b").await;
    let evicted: Vec<_> = std::iter::from_fn(|| events.try_next())
        .filter_map(|event| match event {
            Event::Evicted {
                uri, cause, size, ..
            } => Some((uri.to_string(), cause, size > 0)),
            _ => None,
        })
        .collect();
    let expected = ("http://o.test/a".to_owned(), Eviction::Responses, true);
    assert_eq!(evicted, [expected]);
}

#[tokio::test]
async fn what_nobody_takes_is_lost_and_counted() {
    let talk = Conversation::default();
    talk.store(fresh()).await;
    let (mut few, mut none) = (talk.handle.subscribe_with(3), talk.handle.subscribe_with(0));
    for age in 0..5 {
        talk.get("/a").await.assert_hit();
        talk.clock.advance(1);
        assert_eq!(none.lost(), age + 1);
    }
    assert!(none.try_next().is_none());
    assert_eq!(few.lost(), 2);
    let ages: Vec<_> = std::iter::from_fn(|| few.try_next())
        .map(|event| match event {
            Event::Answered { status, .. } => {
                assert_eq!(status.outcome(), Outcome::Hit);
                status.age().expect("it is a hit").as_secs()
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ages, [2, 3, 4], "the oldest are lost");
}

#[tokio::test]
async fn as_a_stream_it_wakes_and_ends_with_the_cache() {
    let talk = Conversation::default();
    let mut events = talk.handle.subscribe();
    assert!(events.next().now_or_never().is_none());
    let mut next = support::begun(events.next());
    talk.store(fresh()).await;
    let first = (&mut next).await;
    drop(next);
    assert!(matches!(
        first,
        Some(Event::Answered { status, .. }) if status.forwarded() == Some(Forward::UriMiss)
    ));
    let rest = tokio::spawn(events.count());
    drop(talk);
    assert_eq!(rest.await.expect("it ends"), 1, "it was stored");
}

/// Whoever does not listen any more costs nothing, and misses nothing.
#[tokio::test]
async fn each_subscriber_has_its_own() {
    let talk = Conversation::default();
    let mut first = talk.handle.subscribe();
    talk.store(fresh()).await;
    let mut second = talk.handle.subscribe();
    drop(std::mem::replace(&mut second, talk.handle.subscribe()));
    talk.get("/a").await.assert_hit();
    assert_eq!(told(&mut first).len(), 3);
    assert_eq!(told(&mut second).len(), 1);
}

#[tokio::test]
async fn a_validation_in_the_foreground_is_told_of_twice_over() {
    let talk = Conversation::default();
    talk.store(fresh()).await;
    talk.clock.advance(60);
    let mut events = talk.handle.subscribe();
    for (will, expected) in [
        (reply(304), Validation::Validated),
        (reply(503).control("no-store"), Validation::Failed),
        (fresh(), Validation::Replaced),
    ] {
        talk.origin.will(will);
        talk.get_with("/a", &[("cache-control", "no-cache")]).await;
        let outcomes: Vec<_> = std::iter::from_fn(|| events.try_next())
            .filter_map(|event| match event {
                Event::Validated { outcome, .. } => Some(outcome),
                _ => None,
            })
            .collect();
        assert_eq!(outcomes, [expected]);
    }
}
