//! RFC 5861 §3: the validation of a response that was reused stale.

use bytes::Bytes;
use http::Method;
use http_body_util::Empty;
use support::{Answer, Clock, Conversation, Origin, get, reply, request};
use tower::{Layer, Service};
use tower_client_cache::{CacheLayer, Forward};

use super::{after, minute, settle};
use crate::storing::with;

const WINDOW: &str = "stale-while-revalidate=60";

/// 5861-3-1, 5861-3-2, 5861-3-5, 9111-4.2.4-2
#[tokio::test]
async fn the_caller_has_the_stale_response_while_the_origin_is_still_asked() {
    let talk = after(70, minute(WINDOW)).await;
    let (gate, held) = reply(304).held();
    talk.origin.will(held);
    let stale = talk.get("/a").await;
    assert_eq!(stale.assert_hit().text(), "one");
    assert_eq!(stale.field("age").as_deref(), Some("70"));
    settle().await;
    assert_eq!(talk.origin.calls(), 2);
    assert_eq!(talk.handle.stats().validations(), 0);

    gate.open();
    settle().await;
    let fresh = talk.get("/a").await;
    assert_eq!(fresh.assert_hit().field("age").as_deref(), Some("0"));
    assert_eq!(fresh.cache.ttl(), Some(60));
    assert_eq!(talk.handle.stats().validated(), 1);
    talk.clock.advance(59);
    talk.get("/a").await.assert_hit();
    settle().await;
    assert_eq!(talk.origin.calls(), 2);
}

/// 5861-3-2, 9111-4.3.3-2
#[tokio::test]
async fn a_new_response_takes_the_place_of_the_stale_one() {
    let talk = after(70, minute(WINDOW)).await;
    let new = with(200, &[("cache-control", "max-age=60"), ("etag", "\"v2\"")]);
    let (frames, streamed) = new.streamed();
    talk.origin.will(streamed);
    assert_eq!(talk.get("/a").await.assert_hit().text(), "one");
    settle().await;
    assert!(frames.data("t"));
    settle().await;
    let still = talk.get("/a").await;
    assert_eq!(
        still.assert_hit().text(),
        "one",
        "the new one is half there"
    );
    assert!(frames.data("wo"));
    drop(frames);
    settle().await;
    let fresh = talk.get("/a").await;
    assert_eq!(fresh.assert_hit().text(), "two");
    assert_eq!(fresh.field("etag").as_deref(), Some("\"v2\""));
    assert_eq!((talk.origin.calls(), talk.handle.len()), (2, 1));
}

/// PRJ-5861-2
#[tokio::test]
async fn many_callers_are_one_validation() {
    let talk = after(70, minute(WINDOW)).await;
    let (gate, held) = reply(304).held();
    talk.origin.will(held);
    let callers: Vec<_> = (0..100).map(|_| talk.get("/a")).collect();
    for caller in callers {
        assert_eq!(caller.await.assert_hit().text(), "one");
        settle().await;
    }
    assert_eq!(talk.origin.calls(), 2);
    gate.open();
    settle().await;
    talk.get("/a").await.assert_hit();
    assert_eq!(talk.origin.calls(), 2);
}

/// PRJ-5861-2
#[tokio::test]
async fn so_many_validations_run_at_once_and_no_more() {
    const RESPONSES: usize = 100;
    const MOST: usize = 64;
    let talk = Conversation::default();
    for path in 0..RESPONSES {
        talk.origin.will(minute(WINDOW));
        talk.get(&format!("/{path}")).await.assert_stored();
    }
    talk.clock.advance(70);
    let mut gates = Vec::new();
    for path in 0..RESPONSES {
        let (gate, held) = reply(304).held();
        gates.push(gate);
        talk.origin.will(held);
        talk.get(&format!("/{path}")).await.assert_hit();
    }
    settle().await;
    assert_eq!(talk.origin.calls(), RESPONSES + MOST);
    let mut gates = gates.into_iter();
    gates.by_ref().take(MOST).for_each(support::Gate::open);
    settle().await;
    talk.get(&format!("/{}", RESPONSES - 1)).await.assert_hit();
    settle().await;
    assert_eq!(talk.origin.calls(), RESPONSES + MOST + 1);
}

/// PRJ-5861-2
#[tokio::test]
async fn it_goes_on_without_the_caller() {
    let talk = after(70, minute(WINDOW)).await;
    let (gate, held) = reply(304).held();
    talk.origin.will(held);
    drop(talk.start(get("/a", &[])));
    settle().await;
    assert_eq!(talk.origin.calls(), 2);
    gate.open();
    settle().await;
    let fresh = talk.get("/a").await;
    assert_eq!(fresh.assert_hit().cache.ttl(), Some(60));
}

/// PRJ-5861-2, 9111-4.3.1-3, 9111-4.3.1-4, 9111-4.3.2-1
#[tokio::test]
async fn it_carries_our_validators_and_not_the_callers() {
    let modified = "Sun, 06 Nov 1994 07:49:37 GMT";
    for (caller, status) in [
        (vec![("if-none-match", "\"v0\"")], 200),
        (vec![("if-none-match", "\"v0\", W/\"v1\"")], 304),
        (vec![("if-none-match", "*")], 304),
        (
            vec![("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")],
            304,
        ),
        (
            vec![("if-modified-since", "Sun, 06 Nov 1994 06:49:37 GMT")],
            200,
        ),
        (
            vec![
                ("if-none-match", "\"v0\""),
                ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ],
            200,
        ),
    ] {
        let talk = after(70, minute(WINDOW).field("last-modified", modified)).await;
        talk.origin.will(reply(304));
        let stale = talk.get_with("/a", &caller).await;
        assert_eq!(stale.assert_hit().status, status, "{caller:?}");
        settle().await;
        let seen = talk.origin.last();
        let tag = seen.field("if-none-match");
        assert_eq!(tag.as_deref(), Some("\"v1\""), "{caller:?}");
        let date = seen.field("if-modified-since");
        assert_eq!(date.as_deref(), Some(modified), "{caller:?}");
        assert_eq!(talk.get("/a").await.assert_hit().cache.ttl(), Some(60));
    }
}

/// PRJ-4.3.1-6
#[tokio::test]
async fn it_carries_no_validators_where_there_are_none() {
    let control = format!("max-age=60, {WINDOW}");
    let bare = || with(200, &[("cache-control", &control)]);
    let talk = after(70, bare().body("one")).await;
    talk.origin.will(bare().body("two"));
    let caller = [
        ("if-none-match", "\"v0\""),
        ("if-modified-since", "Sun, 06 Nov 1994 06:49:37 GMT"),
    ];
    assert_eq!(
        talk.get_with("/a", &caller).await.assert_hit().text(),
        "one"
    );
    settle().await;
    let seen = talk.origin.last();
    assert_eq!(seen.field("if-none-match"), None);
    assert_eq!(seen.field("if-modified-since"), None);
    assert_eq!(talk.get("/a").await.assert_hit().text(), "two");
}

/// PRJ-5861-2, 9111-4.3.1-1, PRJ-4.3.1-7, FETCH-13
#[tokio::test]
async fn it_is_the_callers_own_request() {
    let talk = Conversation::default();
    let fields = [("accept-language", "de"), ("authorization", "one")];
    talk.origin
        .will(minute(WINDOW).field("vary", "accept-language"));
    talk.get_with("/a", &fields).await.assert_stored();
    talk.clock.advance(70);
    talk.origin.will(reply(304));
    let more = [("cache-control", "no-transform"), ("x-trace", "7")];
    let caller = [&fields[..], &more].concat();
    talk.get_with("/a", &caller).await.assert_hit();
    settle().await;
    let seen = talk.origin.last();
    assert_eq!(seen.method, Method::GET);
    assert_eq!(seen.uri, "http://o.test/a");
    for (name, value) in caller {
        assert_eq!(seen.field(name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(seen.headers.len(), 5, "{:?}", seen.headers);
    let fresh = talk.get_with("/a", &fields).await;
    assert_eq!(fresh.assert_hit().cache.ttl(), Some(60));
}

/// PRJ-5861-2
#[tokio::test]
async fn it_is_a_get_though_the_caller_asked_for_the_head() {
    let talk = after(70, minute(WINDOW)).await;
    talk.origin.will(minute(WINDOW).body("two"));
    let head = talk.send(request(Method::HEAD, "/a", &[])).await;
    assert_eq!(head.assert_hit().text(), "");
    settle().await;
    let seen = talk.origin.last();
    assert_eq!(seen.method, Method::GET);
    assert_eq!(seen.field("if-none-match").as_deref(), Some("\"v1\""));
    assert_eq!(talk.get("/a").await.assert_hit().text(), "two");
}

/// PRJ-5861-2, 9110-14.2-1
#[tokio::test]
async fn it_is_about_the_whole_whatever_range_stood_in_a_head() {
    let talk = after(70, minute(WINDOW)).await;
    talk.origin.will(reply(304));
    let ranged = [("range", "bytes=0-1"), ("if-range", "\"v1\"")];
    let head = request(Method::HEAD, "/a", &ranged);
    talk.send(head).await.assert_hit();
    settle().await;
    let seen = talk.origin.last();
    assert_eq!(seen.field("range"), None);
    assert_eq!(seen.field("if-range"), None);
}

/// PRJ-5861-2, 9110-9.3.2-1
#[tokio::test]
async fn it_is_a_head_where_only_the_head_is_stored() {
    let talk = Conversation::default();
    let head = || request(Method::HEAD, "/a", &[]);
    let control = format!("max-age=60, {WINDOW}");
    let stored = || with(200, &[("cache-control", &control), ("etag", "\"v1\"")]);
    talk.origin.will(stored());
    talk.send(head()).await.assert_stored();
    talk.clock.advance(70);
    talk.origin.will(stored());
    talk.send(head()).await.assert_hit();
    settle().await;
    assert_eq!(talk.origin.last().method, Method::HEAD);
    let fresh = talk.send(head()).await;
    assert_eq!(fresh.assert_hit().cache.ttl(), Some(60));
}

/// 9111-5.2.1.4-1, PRJ-5861-2
#[tokio::test]
async fn a_caller_that_does_not_take_the_stale_response_asks_for_himself() {
    let talk = after(70, minute(WINDOW)).await;
    let (gate, held) = reply(304).held();
    talk.origin.will(held);
    talk.get("/a").await.assert_hit();
    settle().await;
    talk.origin.will(reply(304));
    let strict = talk.get_with("/a", &[("cache-control", "no-cache")]).await;
    strict.assert_forwarded(Forward::Stale).assert_validated();
    assert_eq!(talk.origin.calls(), 3);
    gate.open();
    settle().await;
    let fresh = talk.get("/a").await;
    assert_eq!(fresh.assert_hit().cache.ttl(), Some(60));
}

/// 5861-3-1, PRJ-5861-2
#[tokio::test]
async fn without_a_background_the_caller_waits_for_the_origin() {
    let clock = Clock::default();
    let origin = Origin::new(clock.clone());
    let layer = CacheLayer::without_background().clock(clock.clone());
    let mut client = layer.layer(origin.clone());
    let mut ask = |reply| {
        origin.will(reply);
        let response = Service::<http::Request<Empty<Bytes>>>::call(&mut client, get("/a", &[]));
        async move { Answer::read(response.await.unwrap()).await.unwrap() }
    };
    ask(minute(WINDOW)).await.assert_stored();
    clock.advance(70);
    let validated = ask(reply(304)).await;
    validated
        .assert_forwarded(Forward::Stale)
        .assert_validated();
    assert_eq!(validated.text(), "one");
}

/// PRJ-5861-2: what the caller would take is not what a validation is for
#[tokio::test]
async fn a_validation_does_not_ask_for_something_stale() {
    let talk = after(70, minute(WINDOW)).await;
    talk.origin.will(reply(304));
    let asked = [("cache-control", "max-stale=x, foo")];
    talk.get_with("/a", &asked).await.assert_hit();
    settle().await;
    let seen = talk.origin.last().field("cache-control");
    assert_eq!(seen.as_deref(), Some("foo"));
}
