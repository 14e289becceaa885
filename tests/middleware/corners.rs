//! Corners in which selectors, modes, wishes and rules meet the rest.

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request, Response};
use http_body_util::Empty;
use support::{Answer, Clock, Conversation, Origin, Reply, begun, get, reply, request};
use tower::limit::ConcurrencyLimit;
use tower::{Layer, Service};
use tower_client_cache::{
    CacheLayer, CacheMode, Invalidates, Lifetime, MaxStale, Mode, NotStored, Outcome, Rule,
    Selector, Tags,
};

type Asked = Request<Empty<Bytes>>;

fn wishing<T: Clone + Send + Sync + 'static>(mut request: Asked, wish: T) -> Asked {
    request.extensions_mut().insert(wish);
    request
}

fn part(range: &str, body: &'static str) -> Reply {
    reply(206)
        .control("max-age=600")
        .field("etag", "\"1\"")
        .field("content-range", range)
        .body(body)
}

/// Rules say of the answer to a HEAD what they say of its own status and fields, whatever else it has freshened.
#[tokio::test]
async fn a_rule_holds_for_the_answer_to_a_head_that_freshens() {
    let never = Rule::new()
        .responses(|status, fields| status == 200 && fields.contains_key("x-never"))
        .never_store();
    let talk = Conversation::with(|layer| layer.rules([never]));
    talk.origin.will(part("bytes 0-1/4", "ab"));
    talk.get_with("/a", &[("range", "bytes=0-1")])
        .await
        .assert_stored();
    talk.origin.will(
        reply(200)
            .control("max-age=600")
            .field("etag", "\"1\"")
            .field("x-never", "1"),
    );
    talk.send(request(Method::HEAD, "/a", &[]))
        .await
        .assert_not_stored(NotStored::Rule);
}

/// What is named by no tag is nothing, and is held against nobody for ever.
#[tokio::test]
async fn no_tags_mean_nothing() {
    let talk = Conversation::default();
    let (gate, held) = reply(200).control("max-age=60").body("x").held();
    talk.origin.will(held);
    let under_way = begun(talk.get("/a"));
    let none = || Selector::any_tag(Vec::<String>::new());
    assert_eq!(talk.handle.purge(none()).in_flight(), 0);
    assert_eq!(talk.handle.expire(none()).in_flight(), 0);
    gate.open();
    under_way.await.assert_stored();
    talk.get("/a").await.assert_hit();
}

/// Promise 1: what a request says that it changes is purged, though nobody knows its own URI.
#[tokio::test]
async fn what_a_request_without_a_target_changes_is_purged() {
    let talk = Conversation::default();
    let asked = wishing(get("/a", &[]), Tags::new(["users"]));
    talk.origin.will(reply(200).control("max-age=60").body("x"));
    talk.send(asked).await.assert_stored();
    let mut asked = request(Method::POST, "/users", &[]);
    *asked.uri_mut() = "/users".parse().unwrap();
    talk.origin.will(reply(204));
    talk.send(wishing(asked, Invalidates(Selector::tag("users"))))
        .await;
    assert_eq!(talk.handle.len(), 0);
}

/// What is put together of parts has the tags of both.
#[tokio::test]
async fn parts_that_came_at_once_have_the_tags_of_both() {
    for tag in ["one", "other"] {
        let talk = Conversation::default();
        let ask = |range: &str, tag: &str| {
            wishing(get("/a", &[("range", range)]), Tags::new([tag.to_owned()]))
        };
        let (one_gate, one) = part("bytes 0-1/4", "ab").held();
        let (other_gate, other) = part("bytes 2-3/4", "cd").held();
        talk.origin.will(one);
        let one = begun(talk.send(ask("bytes=0-1", "one")));
        talk.origin.will(other);
        let other = begun(talk.send(ask("bytes=2-3", "other")));
        one_gate.open();
        one.await.assert_stored();
        other_gate.open();
        other.await.assert_stored();
        assert_eq!(talk.get("/a").await.assert_hit().text(), "abcd");
        talk.handle.purge(Selector::tag(tag));
        assert_eq!(talk.handle.len(), 0, "{tag}");
    }
}

/// What waits for the inner service is answered as if it came only when the cache is offline, and counted so.
#[tokio::test]
async fn what_waits_for_its_turn_is_counted_as_it_is_answered() {
    let clock = Clock::default();
    let (layer, origin) = (
        CacheLayer::new().clock(clock.clone()),
        Origin::new(clock.clone()),
    );
    let mut client = layer.layer(ConcurrencyLimit::new(origin.clone(), 1));
    origin.will(
        reply(200)
            .control("max-age=60")
            .field("etag", "\"1\"")
            .body("old"),
    );
    let stored = client.call(get("/a", &[])).await.unwrap();
    Answer::read(stored).await.unwrap().assert_stored();
    clock.advance(90);
    let (gate, held) = reply(200).body("x").held();
    origin.will(held);
    let first = begun(client.call(get("/b", &[])));
    let stale = begun(client.call(get("/a", &[])));
    let nothing = begun(client.call(get("/c", &[])));
    let before = layer.handle().stats();
    layer.handle().set_mode(Mode::Offline);
    gate.open();
    Answer::read(first.await.unwrap()).await.unwrap();
    let stale = Answer::read(stale.await.unwrap()).await.unwrap();
    assert_eq!(stale.assert_hit().text(), "old");
    let nothing = Answer::read(nothing.await.unwrap()).await.unwrap();
    assert_eq!(nothing.cache.outcome(), Outcome::Offline);
    let stats = layer.handle().stats().since(&before);
    assert_eq!(stats.unsatisfiable(), 1, "504");
    assert_eq!(stats.hits(), 1);
    assert_eq!(stats.bytes_served(), 3);
}

/// A request's `Cache-Control` is outranked while the cache is offline.
#[tokio::test]
async fn what_waits_for_its_turn_is_answered_whatever_its_fields_say() {
    for control in ["no-cache", "max-age=0", "min-fresh=9"] {
        let clock = Clock::default();
        let (layer, origin) = (
            CacheLayer::new().clock(clock.clone()),
            Origin::new(clock.clone()),
        );
        let mut client = layer.layer(ConcurrencyLimit::new(origin.clone(), 1));
        origin.will(reply(200).control("max-age=5").body("old"));
        let stored = client.call(get("/a", &[])).await.unwrap();
        Answer::read(stored).await.unwrap().assert_stored();
        let (gate, held) = reply(200).body("x").held();
        origin.will(held);
        let first = begun(client.call(get("/b", &[])));
        let asked = || get("/a", &[("cache-control", control)]);
        let waits = begun(client.call(asked()));
        layer.handle().set_mode(Mode::Offline);
        let now = client.call(asked()).now_or_never().unwrap().unwrap();
        Answer::read(now).await.unwrap().assert_hit();
        gate.open();
        Answer::read(first.await.unwrap()).await.unwrap();
        let waited = Answer::read(waits.await.unwrap()).await.unwrap();
        assert_eq!(waited.cache.outcome(), Outcome::Hit, "{control}");
    }
}

/// Promise 1: a lifetime that a request wishes for outlives no purge, and a clock that was set back makes nothing fresh.
#[tokio::test]
async fn lifetimes_without_end_do_no_harm() {
    let talk = Conversation::default();
    talk.origin.will(reply(200).control("max-age=60").body("x"));
    let asked = wishing(get("/a", &[]), Lifetime(Duration::MAX));
    talk.send(asked).await.assert_stored();
    talk.clock.advance(1_000_000);
    talk.get("/a").await.assert_hit();
    talk.handle
        .expire(Selector::older_than(Duration::MAX).not());
    talk.origin.will(reply(200).body("y"));
    assert_eq!(talk.get("/a").await.text(), "y");
}

/// `MaxStale(Some(Duration::ZERO))` refuses every stale response, one that was made stale this moment too.
#[tokio::test]
async fn who_takes_nothing_stale_gets_nothing_that_was_made_stale_just_now() {
    for is_expired in [true, false] {
        let talk = Conversation::default();
        talk.store(reply(200).control("max-age=60").body("old"))
            .await;
        if is_expired {
            talk.handle.expire(Selector::all());
        } else {
            talk.clock.advance(60);
        }
        talk.origin.will(reply(200).body("new"));
        let asked = wishing(get("/a", &[]), MaxStale(Some(Duration::ZERO)));
        assert_eq!(talk.send(asked).await.text(), "new", "{is_expired}");
    }
}

/// `insert` stores by the same rules as an exchange: what its request keeps out is kept out.
#[tokio::test]
async fn nothing_is_inserted_for_a_request_that_is_not_to_be_stored() {
    let talk = Conversation::default();
    let asked = wishing(get("/a", &[]), CacheMode::NoStore);
    let response = Response::builder().header("cache-control", "max-age=60");
    let response = response.body(Bytes::from_static(b"x")).unwrap();
    assert!(talk.handle.insert(&asked, response).is_err());
}
