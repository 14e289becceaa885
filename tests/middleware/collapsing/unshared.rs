//! Who waits for nobody, and whom nobody waits for.

use futures_util::FutureExt;
use http::{Method, Request, StatusCode};
use support::{Clock, Conversation, Origin, begun, get, reply, request};
use tower::{Layer, Service};
use tower_client_cache::background::WithoutBackground;
use tower_client_cache::{CacheLayer, CacheMode, Forward, NotStored};

use super::{answer, assert_collapsed, assert_waits, herd, waits};
use crate::tasks::Tasks;
use crate::{in_flight, until};

type Asked = Request<http_body_util::Empty<bytes::Bytes>>;

fn in_mode(mode: CacheMode) -> Asked {
    let mut asked = get("/a", &[]);
    asked.extensions_mut().insert(mode);
    asked
}

/// Requests whose caller wants what no other request would bring.
fn particular() -> Vec<Asked> {
    let with = |name, value| get("/a", &[(name, value)]);
    vec![
        with("cache-control", "no-cache"),
        with("cache-control", "max-age=0"),
        with("cache-control", "no-store"),
        with("pragma", "no-cache"),
        with("range", "bytes=0-1"),
        with("if-none-match", "\"e\""),
        with("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
        with("if-match", "\"e\""),
        in_mode(CacheMode::NoStore),
        in_mode(CacheMode::Reload),
        in_mode(CacheMode::NoCache),
        request(Method::POST, "/a", &[]),
        request(Method::OPTIONS, "/a", &[]),
    ]
}

/// C-49, FETCH-3, 9111-5.2.1.4-1: it goes to the origin whoever is on the way there, and nobody waits for it.
#[tokio::test]
async fn who_asks_for_something_particular_asks_alone() {
    for n in 0..particular().len() {
        let talk = Conversation::default();
        let held = || {
            let (gate, held) = reply(200).control("max-age=60").held();
            talk.origin.will(held);
            gate
        };
        let asked = || particular().swap_remove(n);
        let name = format!("{:?} {:?}", asked().method(), asked().headers());
        let _gates = [held(), held(), held(), held()];
        let _first = waits(&talk, asked());
        assert_eq!(talk.origin.calls(), 1, "{name}");
        let _plain = waits(&talk, get("/a", &[]));
        assert_eq!(talk.origin.calls(), 2, "{name}: nobody waits for it");
        let _second = waits(&talk, asked());
        assert_eq!(talk.origin.calls(), 3, "{name}: it waits for nobody");
        let _other = waits(&talk, get("/a", &[]));
        assert_eq!(talk.origin.calls(), 3, "{name}: others do");
    }
}

/// C-49, 9111-5.2.1.7-1: who does not want the origin asked does not wait for it either.
#[tokio::test]
async fn only_if_cached_does_not_wait() {
    let talk = Conversation::default();
    let (_gate, held) = reply(200).control("max-age=60").held();
    talk.origin.will(held);
    let _first = waits(&talk, get("/a", &[]));
    let field = get("/a", &[("cache-control", "only-if-cached")]);
    for asked in [field, in_mode(CacheMode::OnlyIfCached)] {
        let refused = talk.send(asked).now_or_never().expect("no waiting");
        assert_eq!(refused.status, StatusCode::GATEWAY_TIMEOUT);
    }
}

/// C-49: of what was of no use to others, the next ones do not wait for each other.
#[tokio::test]
async fn what_is_not_shared_is_remembered_for_a_while() {
    let talk = Conversation::default();
    let store_nothing = || talk.origin.will(reply(200).control("no-store"));
    store_nothing();
    talk.get("/a").await.assert_not_stored(NotStored::NoStore);
    for seconds in [0, 15, 15, 15] {
        // Each answer that says so again is remembered as long.
        talk.clock.advance(seconds);
        let before = talk.origin.calls();
        let (gates, held): (Vec<_>, Vec<_>) = (0..5)
            .map(|_| reply(200).control("no-store").held())
            .unzip();
        held.into_iter().for_each(|held| talk.origin.will(held));
        let mut herd: [_; 5] = herd(&talk);
        assert_eq!(talk.origin.calls(), before + 5, "nobody waits");
        gates.into_iter().for_each(support::Gate::open);
        for asking in &mut herd {
            assert_eq!(answer(asking).cache.collapsed(), None);
        }
    }
    // Of another user, and for a HEAD, nothing is known.
    let before = talk.origin.calls();
    let (_gates, held): (Vec<_>, Vec<_>) = (0..2).map(|_| reply(200).held()).unzip();
    held.into_iter().for_each(|held| talk.origin.will(held));
    for asked in [
        get("/a", &[("authorization", "Bearer a")]),
        request(Method::HEAD, "/a", &[]),
    ] {
        let again = || {
            let mut again = Request::new(http_body_util::Empty::new());
            *again.method_mut() = asked.method().clone();
            *again.uri_mut() = asked.uri().clone();
            *again.headers_mut() = asked.headers().clone();
            again
        };
        let _asking = [waits(&talk, again()), waits(&talk, again())];
    }
    assert_eq!(talk.origin.calls(), before + 2);
}

/// C-49: until it is over, or the origin says otherwise, or everything is forgotten.
#[tokio::test]
async fn what_is_remembered_is_forgotten_again() {
    type Forget = fn(&Conversation);
    let in_time: Forget = |talk| talk.clock.advance(20);
    let by_clearing: Forget = |talk| {
        talk.handle.clear();
    };
    let by_an_answer: Forget = |talk| {
        talk.origin.will(reply(200).control("max-age=5"));
        let stored = talk.get("/a").now_or_never().expect("no waiting");
        stored.assert_stored();
        talk.clock.advance(5);
    };
    for forget in [in_time, by_clearing, by_an_answer] {
        let talk = Conversation::default();
        talk.origin.will(reply(200).control("no-store"));
        talk.get("/a").await;
        forget(&talk);
        let before = talk.origin.calls();
        let (gate, held) = reply(200).control("max-age=60").held();
        talk.origin.will(held);
        let mut herd: [_; 3] = herd(&talk);
        assert_eq!(talk.origin.calls(), before + 1);
        gate.open();
        answer(&mut herd[0]).assert_stored();
        assert!(answer(&mut herd[1]).cache.is_collapsed());
    }
}

/// C-49: what says nothing of the resource is not remembered.
#[tokio::test]
async fn an_error_is_not_remembered() {
    for answer in [503, 500] {
        let talk = Conversation::default();
        talk.origin.will(reply(answer));
        talk.get("/a").await;
        let (_gate, held) = reply(200).control("max-age=60").held();
        talk.origin.will(held);
        let _herd: [_; 3] = herd(&talk);
        assert_eq!(talk.origin.calls(), 2, "{answer}");
    }
}

/// C-49: for want of room half-way nothing is remembered either; that there is too much of it is.
#[tokio::test]
async fn that_there_was_no_room_for_a_body_is_not_remembered() {
    let much = || -> &'static str { String::leak("x".repeat(3000)) };
    for (limit, is_room_wanting) in [(4096, true), (2048, false)] {
        let talk = Conversation::with(|layer| layer.capacity(4096).max_body(limit));
        let start = async |path: &str| {
            let (frames, streamed) = reply(200).control("max-age=60").streamed();
            frames.data(much());
            talk.origin.will(streamed);
            let head = talk.start(get(path, &[])).await.expect("a head");
            let mut body = head.into_body();
            crate::text(&mut body);
            body
        };
        let other = start("/b").await;
        drop(start("/a").await);
        drop(other);
        until(|| in_flight(&talk.handle) == 0).await;
        let before = talk.origin.calls();
        let (_gates, held): (Vec<_>, Vec<_>) = (0..2).map(|_| reply(200).held()).unzip();
        held.into_iter().for_each(|held| talk.origin.will(held));
        let _herd: [_; 2] = herd(&talk);
        let calls = talk.origin.calls() - before;
        assert_eq!(calls == 1, is_room_wanting, "{limit}");
    }
}

/// C-49
#[tokio::test]
async fn it_can_be_switched_off() {
    let talk = Conversation::with(|layer| layer.collapse(false));
    let (_gates, held): (Vec<_>, Vec<_>) = (0..3).map(|_| reply(200).held()).unzip();
    held.into_iter().for_each(|held| talk.origin.will(held));
    let _herd: [_; 3] = herd(&talk);
    assert_eq!(talk.origin.calls(), 3);
}

/// How many of three requests reach the origin.
fn calls_of_three<X>(layer: CacheLayer<X>) -> usize
where
    X: tower_client_cache::background::Background<
            tower_client_cache::background::Task<
                Origin,
                http_body_util::Empty<bytes::Bytes>,
                support::OriginBody,
            >,
        >,
{
    let origin = Origin::new(Clock::default());
    origin.answers(|_| reply(200).control("max-age=60").held().1);
    let mut client = layer.layer(origin.clone());
    let mut gates = Vec::new();
    for _ in 0..3 {
        let (gate, held) = reply(200).control("max-age=60").held();
        origin.will(held);
        gates.push(gate);
    }
    let _asking: Vec<_> = (0..3).map(|_| begun(client.call(get("/a", &[])))).collect();
    origin.calls()
}

/// C-49: there is no timer, and who waits might wait for ever.
#[test]
fn without_a_timer_nobody_waits_unless_that_is_asked_for() {
    assert_eq!(calls_of_three(CacheLayer::without_background()), 3);
    assert_eq!(calls_of_three(CacheLayer::shared_without_background()), 3);
    let layer = CacheLayer::background(WithoutBackground::default());
    assert_eq!(calls_of_three(layer), 3);
    assert_eq!(calls_of_three(CacheLayer::background(Tasks::default())), 3);
    assert_eq!(calls_of_three(CacheLayer::new()), 3, "outside of a runtime");
    let asked_for = CacheLayer::without_background().collapse(true);
    assert_eq!(calls_of_three(asked_for), 1);
}

/// C-49: without a timer as with one.
#[test]
fn without_background_those_who_wait_are_answered_all_the_same() {
    let layer = CacheLayer::without_background().collapse(true);
    let clock = Clock::default();
    let origin = Origin::new(clock.clone());
    let mut client = layer.clock(clock).layer(origin.clone());
    let (gate, held) = reply(200).control("max-age=60").body("x").held();
    origin.will(held);
    let mut ask = || begun(client.call(get("/a", &[])));
    let (first, mut second) = (ask(), ask());
    assert!((&mut second).now_or_never().is_none());
    gate.open();
    let first = futures_executor::block_on(first).unwrap();
    futures_executor::block_on(support::Answer::read(first)).unwrap();
    let second = second.now_or_never().expect("no waiting").unwrap();
    let second = futures_executor::block_on(support::Answer::read(second)).unwrap();
    assert_collapsed(&second, Forward::UriMiss);
    assert_eq!(second.text(), "x");
}

/// 9110-9.3.1-1: other URIs are another matter.
#[tokio::test]
async fn requests_for_something_else_do_not_wait() {
    let talk = Conversation::default();
    let (_gate, held) = reply(200).control("max-age=60").held();
    talk.origin.will(held);
    let mut first = waits(&talk, get("/a?1", &[]));
    talk.origin.will(reply(200).control("max-age=60").body("b"));
    let other = talk.get("/a?2").now_or_never().expect("no waiting");
    assert_eq!(other.text(), "b");
    assert_waits(&mut first);
}

/// C-49: with background work it is on already, and to say so makes nobody wait without a limit.
#[test]
fn to_ask_for_what_is_on_already_changes_nothing() {
    for says_so in [false, true] {
        let clock = Clock::default();
        let origin = Origin::new(clock.clone());
        let layer = CacheLayer::new().clock(clock);
        let layer = if says_so { layer.collapse(true) } else { layer };
        let mut client = layer.layer(origin.clone());
        let (_frames, streamed) = reply(200).control("max-age=60").streamed();
        origin.will(streamed);
        let first = client.call(get("/a", &[])).now_or_never();
        let _unread = first.expect("no waiting").expect("a head");
        origin.will(reply(200).control("max-age=60"));
        let second = client.call(get("/a", &[])).now_or_never();
        assert!(second.is_some(), "{says_so}: outside of a runtime");
    }
}
