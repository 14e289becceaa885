//! What is told of what happens, to whoever has subscribed.

mod subscribers;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use http::{Method, Response};
use support::{Conversation, OriginError, Reply, get, reply, request};
use tower_client_cache::{
    Event, Events, Eviction, Forward, Mode, NotStored, Outcome, Rule, Selector, Validation,
};

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
                uri,
                method,
                code,
                status,
                held,
                ..
            } => format!("{method} {uri}: {code} {status}; {held} held"),
            Event::Failed {
                uri,
                method,
                reason,
                ..
            } => format!("{method} {uri}: failed, {reason}"),
            Event::Validated { uri, outcome, .. } => format!("{uri}: {outcome}"),
            Event::Stored { uri, .. } => format!("{uri}: stored"),
            Event::Refused { uri, reason, .. } => format!("{uri}: refused, {reason}"),
            Event::Evicted { uri, cause, .. } => format!("{uri}: evicted, {cause}"),
            Event::Removed { by, report, .. } => format!(
                "{by}: {} responses, {} in flight",
                report.responses(),
                report.in_flight()
            ),
            Event::Mode { mode, .. } => format!("{mode}"),
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
            "GET http://o.test/a?b: 200 OK fwd=uri-miss; fwd-status=200; stored; ttl=60; 0 held",
            "http://o.test/a?b: stored",
        ]
    );
    talk.send(get("http://u:p@o.test/a?b", &[])).await;
    assert_eq!(
        told(&mut events),
        ["GET http://o.test/a?b: 200 OK hit; ttl=60; 5 held"]
    );
    talk.origin.will(reply(204));
    talk.send(request(Method::POST, "/p", &[])).await;
    assert_eq!(
        told(&mut events),
        ["POST http://o.test/p: 204 No Content fwd=method; fwd-status=204; detail=method; 0 held"]
    );
    talk.get_with("/b", &[("cache-control", "only-if-cached")])
        .await;
    assert_eq!(
        told(&mut events),
        ["GET http://o.test/b: 504 Gateway Timeout detail=only-if-cached; 0 held"]
    );
    talk.origin.will(Reply::fails(OriginError("reset")));
    assert!(talk.start(get("/c", &[])).await.is_err());
    assert_eq!(told(&mut events), ["GET http://o.test/c: failed, uri-miss"]);
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
            "GET http://o.test/a: 200 OK hit; ttl=-10; 5 held",
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

/// A HEAD and a 304 are told of as what their caller got, and not as what is stored.
#[tokio::test]
async fn the_method_and_the_status_are_the_callers() {
    let talk = Conversation::default();
    talk.store(fresh()).await;
    let mut events = talk.handle.subscribe();
    talk.send(request(Method::HEAD, "/a", &[])).await;
    talk.get_with("/a", &[("if-none-match", "\"1\"")]).await;
    assert_eq!(
        told(&mut events),
        [
            "HEAD http://o.test/a: 200 OK hit; ttl=60; 0 held",
            "GET http://o.test/a: 304 Not Modified hit; ttl=60; 0 held",
        ]
    );
}

/// What the handle does is told of with what has come of it; what a request brings about is not.
#[tokio::test]
async fn what_the_handle_removes_is_told_of() {
    let talk = Conversation::default();
    talk.store(fresh()).await;
    talk.origin.will(fresh());
    talk.get("/b").await;
    let (frames, on_its_way) = fresh().streamed();
    talk.origin.will(on_its_way);
    let response = talk.start(get("/c", &[])).await.expect("a head");
    let mut events = talk.handle.subscribe();
    let (a, b) = ("http://o.test/a", "http://o.test/b");
    let [a, b] = [a, b].map(|uri| uri.parse().expect("a URI"));
    talk.handle.expire(&a);
    talk.handle.purge(Selector::uri(&b));
    talk.clock.advance(1);
    talk.handle.remove_expired();
    talk.handle.clear();
    assert_eq!(
        told(&mut events),
        [
            "expire: 1 responses, 1 in flight",
            "purge: 1 responses, 1 in flight",
            "remove-expired: 1 responses, 0 in flight",
            "clear: 0 responses, 1 in flight",
        ]
    );
    drop((frames, response));
    talk.origin.will(reply(204));
    talk.send(request(Method::DELETE, "/a", &[])).await;
    let told = told(&mut events);
    assert!(
        !told.iter().any(|event| event.contains("responses")),
        "{told:?}"
    );
}

/// By other rules for keys nothing that is stored could be found any more.
#[tokio::test]
async fn rules_that_clear_are_told_of_as_a_clear() {
    let talk = Conversation::default();
    talk.store(fresh()).await;
    let mut events = talk.handle.subscribe();
    talk.handle.set_rules([Rule::new().never_store()]);
    assert!(told(&mut events).is_empty());
    talk.handle.set_rules([Rule::new().ignore_query(["a"])]);
    assert_eq!(told(&mut events), ["clear: 1 responses, 0 in flight"]);
}

/// Promise 2: each mode that comes into force is told of, once, by whatever it came.
#[tokio::test]
async fn a_mode_is_told_of_when_it_comes_into_force() {
    let talk = Conversation::default();
    let (handle, mut events) = (&talk.handle, talk.handle.subscribe());
    handle.set_mode(Mode::Normal);
    handle.enable();
    assert!(told(&mut events).is_empty(), "it was in force before");
    let offline = handle.hold(Mode::Offline);
    let paused = handle.pause();
    let again = handle.pause();
    assert_eq!(told(&mut events), ["offline", "closed"]);
    drop(again);
    assert!(told(&mut events).is_empty(), "one guard still lives");
    drop(offline);
    drop(paused);
    assert_eq!(told(&mut events), ["bypass", "normal"]);
    handle.disable_and_clear();
    assert_eq!(
        told(&mut events),
        ["bypass", "clear: 0 responses, 0 in flight"]
    );
    handle.set_mode(Mode::ReadOnly);
    assert_eq!(told(&mut events), ["read-only"]);
    handle.set_mode(Mode::Refresh);
    assert_eq!(told(&mut events), ["refresh"]);
}

/// What is put in by hand is told of as what the origin sends.
#[tokio::test]
async fn what_is_inserted_is_told_of_as_stored_or_refused() {
    let talk = Conversation::default();
    let mut events = talk.handle.subscribe();
    for control in ["max-age=60", "no-store"] {
        let response = Response::builder().header("cache-control", control);
        let response = response.body(Bytes::new()).expect("a response");
        // What has come of it is told.
        let _ = talk.handle.insert(&get("/a", &[]), response);
    }
    assert_eq!(
        told(&mut events),
        [
            "http://o.test/a: stored",
            "http://o.test/a: refused, no-store"
        ]
    );
}

/// 5861-3-1: nobody waits for the answer to a background validation, and still it is told why it was not stored.
#[tokio::test]
async fn an_answer_that_nobody_waits_for_is_told_of_as_refused() {
    let talk = Conversation::default();
    let control = "max-age=10, stale-while-revalidate=60";
    talk.store(fresh().control(control)).await;
    talk.clock.advance(20);
    let mut events = talk.handle.subscribe();
    talk.origin.will(reply(200).control("no-store"));
    talk.get("/a").await.assert_hit();
    until(|| talk.handle.stats().refusals(NotStored::NoStore) == 1).await;
    assert_eq!(
        told(&mut events)[1..],
        [
            "http://o.test/a: replaced",
            "http://o.test/a: refused, no-store"
        ]
    );
}
