//! Promise 2: the modes of the handle, for everybody at once.

mod guards;
mod offline;
mod under_way;

use futures_util::FutureExt;
use http::Method;
use support::{Conversation, Reply, begun, get, reply, request};
use tower_client_cache::{CacheMode, Forward, Mode, NotStored, Outcome};

use crate::{in_flight, until};

const MODES: [Mode; 6] = [
    Mode::Normal,
    Mode::ReadOnly,
    Mode::Refresh,
    Mode::Bypass,
    Mode::Offline,
    Mode::Closed,
];

/// In these the origin is asked.
const ONLINE: [Mode; 4] = [Mode::Normal, Mode::ReadOnly, Mode::Refresh, Mode::Bypass];

const TAG: &str = "\"e\"";
const WINDOW: &str = "max-age=60, stale-while-revalidate=60";

fn may_store(mode: Mode) -> bool {
    matches!(mode, Mode::Normal | Mode::Refresh | Mode::Offline)
}

fn old(control: &str) -> Reply {
    reply(200).control(control).field("etag", TAG).body("old")
}

fn new(control: &str) -> Reply {
    let reply = reply(200).control(control).field("etag", "\"f\"");
    reply.body("new")
}

/// One that has a response with this `Cache-Control` stored for `/a`, of so many seconds ago.
async fn with_a_response(control: &str, age: u64) -> Conversation {
    let talk = Conversation::default();
    talk.store(old(control)).await.assert_stored();
    talk.clock.advance(age);
    talk
}

/// Promise 2, FETCH-10: what is served and what is stored, where it is fresh, in the window, stale, and where
/// nothing is stored
#[tokio::test]
async fn each_mode_serves_and_stores_what_it_allows() {
    const HIT: Outcome = Outcome::Hit;
    const REQUEST: Outcome = Outcome::Forwarded(Forward::Request);
    const STALE: Outcome = Outcome::Forwarded(Forward::Stale);
    const MISS: Outcome = Outcome::Forwarded(Forward::UriMiss);
    const BYPASS: Outcome = Outcome::Forwarded(Forward::Bypass);
    const OFFLINE: Outcome = Outcome::Offline;
    for (mode, fresh, in_window, stale, nothing) in [
        (Mode::Normal, HIT, HIT, STALE, MISS),
        (Mode::ReadOnly, HIT, HIT, STALE, MISS),
        (Mode::Refresh, REQUEST, REQUEST, REQUEST, MISS),
        (Mode::Bypass, BYPASS, BYPASS, BYPASS, BYPASS),
        (Mode::Offline, HIT, HIT, HIT, OFFLINE),
        (Mode::Closed, OFFLINE, OFFLINE, OFFLINE, OFFLINE),
    ] {
        let ages = [(Some(30), fresh), (Some(90), in_window), (Some(150), stale)];
        for (age, expected) in ages.into_iter().chain([(None, nothing)]) {
            let talk = match age {
                Some(age) => with_a_response(WINDOW, age).await,
                None => Conversation::default(),
            };
            talk.handle.set_mode(mode);
            assert_eq!(talk.handle.mode(), mode);
            assert_eq!(talk.handle.is_enabled(), mode == Mode::Normal);
            let before = talk.origin.calls();
            talk.origin.answers(|_| new(WINDOW));
            let answer = talk.get("/a").await;
            assert_eq!(answer.cache.outcome(), expected, "{mode:?} {age:?}");
            let expected_text = match expected {
                HIT => "old",
                Outcome::Forwarded(_) => "new",
                _ => "",
            };
            assert_eq!(answer.text(), expected_text, "{mode:?} {age:?}");
            if expected == OFFLINE {
                assert_eq!(answer.status, 504, "{mode:?} {age:?}");
            }
            let is_validated = expected == HIT && age == Some(90) && mode != Mode::Offline;
            let asked = usize::from(is_validated || matches!(expected, Outcome::Forwarded(_)));
            until(|| talk.origin.calls() == before + asked).await;
            until(|| in_flight(&talk.handle) == 0).await;
            assert_eq!(talk.origin.calls(), before + asked, "{mode:?} {age:?}");
            if matches!(expected, Outcome::Forwarded(_)) && !may_store(mode) {
                answer.assert_not_stored(NotStored::Disabled);
            }
            // And what is stored is as it should be when the cache is on again.
            talk.handle.set_mode(Mode::Normal);
            let is_new = asked == 1 && may_store(mode);
            let later = talk.get("/a").await;
            if is_new {
                assert_eq!(later.assert_hit().text(), "new", "{mode:?} {age:?}");
            } else if age == Some(30) {
                assert_eq!(later.assert_hit().text(), "old", "{mode:?}");
            }
        }
    }
}

/// Promise 2: `HEAD` as well
#[tokio::test]
async fn each_mode_counts_for_head() {
    for mode in MODES {
        let talk = with_a_response("max-age=60", 1).await;
        talk.handle.set_mode(mode);
        talk.origin.answers(|_| old("max-age=60").body(""));
        let answer = talk.send(request(Method::HEAD, "/a", &[])).await;
        let is_hit = matches!(mode, Mode::Normal | Mode::ReadOnly | Mode::Offline);
        assert_eq!(answer.cache.is_hit(), is_hit, "{mode:?}");
        let is_closed = answer.cache.outcome() == Outcome::Offline;
        assert_eq!(is_closed, mode == Mode::Closed, "{mode:?}");
    }
}

/// Promise 2, 9111-4.3.4-1: where nothing is stored a 304 answers its caller, and where nothing is served there is
/// none, since nothing was asked about
#[tokio::test]
async fn a_304_freshens_where_storing_is_allowed() {
    for mode in [Mode::Normal, Mode::ReadOnly] {
        let talk = with_a_response("max-age=60", 90).await;
        talk.handle.set_mode(mode);
        talk.origin.will(reply(304).field("x", "1"));
        let answer = talk.get("/a").await;
        assert_eq!(answer.assert_validated().text(), "old", "{mode:?}");
        assert_eq!(answer.field("x").as_deref(), Some("1"), "{mode:?}");
        if mode == Mode::Normal {
            talk.get("/a").await.assert_hit();
            continue;
        }
        answer.assert_not_stored(NotStored::Disabled);
        talk.handle.set_mode(Mode::Normal);
        talk.origin.will(reply(304));
        let later = talk.get("/a").await;
        later.assert_forwarded(Forward::Stale).assert_validated();
        assert_eq!(later.field("x"), None, "it was not kept");
    }
    for mode in [Mode::Refresh, Mode::Bypass] {
        let talk = with_a_response("max-age=60", 90).await;
        talk.handle.set_mode(mode);
        talk.origin.will(new("max-age=60"));
        assert_eq!(talk.get("/a").await.text(), "new", "{mode:?}");
        let seen = talk.origin.last();
        assert!(seen.headers.is_empty(), "{mode:?}: {:?}", seen.headers);
    }
}

/// Promise 2, PRJ-4.3.3-4: that what is stored is outdated is seen in `ReadOnly` as well
#[tokio::test]
async fn what_is_found_outdated_while_read_only_is_not_served() {
    let talk = with_a_response("max-age=60", 1).await;
    talk.handle.set_mode(Mode::ReadOnly);
    talk.origin.will(new("max-age=60"));
    let reloaded = talk.get_with("/a", &[("cache-control", "no-cache")]).await;
    reloaded.assert_not_stored(NotStored::Disabled);
    talk.origin.will(new("max-age=60"));
    let next = talk.get("/a").await;
    assert_eq!(next.assert_forwarded(Forward::Stale).text(), "new");
    talk.handle.set_mode(Mode::Offline);
    assert_eq!(talk.get("/a").await.cache.outcome(), Outcome::Offline);
}

/// PRJ-4.3.3-4: where what is stored is looked at, an answer that is not stored outdates it.
#[tokio::test]
async fn what_is_not_looked_at_is_not_found_outdated() {
    for mode in ONLINE {
        let talk = with_a_response("max-age=60", 1).await;
        talk.handle.set_mode(mode);
        talk.origin.will(new("no-store"));
        let newer = talk.get_with("/a", &[("cache-control", "no-cache")]).await;
        assert_eq!(newer.text(), "new", "{mode:?}");
        talk.handle.set_mode(Mode::Normal);
        talk.origin.will(new("no-store"));
        let next = talk.get("/a").await;
        assert_eq!(next.cache.is_hit(), mode == Mode::Bypass, "{mode:?}");
    }
}

/// Promise 2, 9111-4.4-1, 9111-4.4-3
#[tokio::test]
async fn unsafe_requests_invalidate_in_every_mode_that_forwards_them() {
    for mode in ONLINE {
        for has_tag in [true, false] {
            for method in [Method::PUT, Method::POST, Method::DELETE, Method::PATCH] {
                let talk = Conversation::default();
                for path in ["/a", "/b"] {
                    let plain = reply(200).control("max-age=60").body("old");
                    let will = if has_tag { old("max-age=60") } else { plain };
                    talk.origin.will(will);
                    talk.get(path).await.assert_stored();
                }
                talk.handle.set_mode(mode);
                talk.origin.will(reply(204).field("location", "/b"));
                let changed = talk.send(request(method.clone(), "/a", &[])).await;
                assert_eq!(changed.status, 204, "{mode:?} {method}");
                changed.assert_forwarded(Forward::Method);
                talk.handle.set_mode(Mode::Normal);
                for path in ["/a", "/b"] {
                    talk.origin.will(new("max-age=60"));
                    let next = talk.get(path).await;
                    assert_eq!(next.text(), "new", "{mode:?} {method} {path}");
                }
            }
        }
    }
}

/// 9110-9.3.3-1: an answer to POST is stored for GET where storing is allowed
#[tokio::test]
async fn what_is_posted_is_stored_where_storing_is_allowed() {
    for mode in ONLINE {
        let talk = Conversation::default();
        talk.handle.set_mode(mode);
        let posted = new("max-age=60").field("content-location", "/a");
        talk.origin.will(posted);
        talk.send(request(Method::POST, "/a", &[])).await;
        assert_eq!(talk.handle.len(), usize::from(may_store(mode)), "{mode:?}");
    }
}

/// Promise 2: what nobody could be given nobody waits for
#[tokio::test]
async fn requests_wait_for_one_another_in_normal_mode_alone() {
    for mode in ONLINE {
        let talk = Conversation::default();
        talk.handle.set_mode(mode);
        let (_first, held) = new("max-age=60").held();
        talk.origin.will(held);
        let (_second, held) = new("max-age=60").held();
        talk.origin.will(held);
        let asking = [begun(talk.get("/a")), begun(talk.get("/a"))];
        let calls = if mode == Mode::Normal { 1 } else { 2 };
        assert_eq!(talk.origin.calls(), calls, "{mode:?}");
        drop(asking);
    }
}

/// RFC 9111 §5.2.1.7, FETCH-6: nothing may be looked at, and nobody may be asked
#[tokio::test]
async fn only_if_cached_has_no_answer_where_nothing_is_served() {
    for mode in [Mode::Refresh, Mode::Bypass] {
        let talk = with_a_response("max-age=60", 1).await;
        talk.handle.set_mode(mode);
        let mut only = get("/a", &[]);
        only.extensions_mut().insert(CacheMode::OnlyIfCached);
        let answer = talk.send(only).await;
        assert_eq!(answer.cache.outcome(), Outcome::Unsatisfiable, "{mode:?}");
    }
    let talk = with_a_response("max-age=60", 1).await;
    talk.handle.set_mode(Mode::Refresh);
    let answer = talk.get_with("/a", &[("cache-control", "only-if-cached")]);
    let outcome = answer.await.cache.outcome();
    assert_eq!(outcome, Outcome::Unsatisfiable);
    assert_eq!(talk.origin.calls(), 1);
}

/// RFC 5861 §4: where nothing old is served, not even an error makes it so
#[tokio::test]
async fn stale_if_error_serves_where_serving_is_allowed() {
    for mode in ONLINE {
        let talk = with_a_response("max-age=60, stale-if-error=600", 90).await;
        talk.handle.set_mode(mode);
        talk.origin.will(reply(503));
        let answer = talk.get("/a").await;
        let serves = matches!(mode, Mode::Normal | Mode::ReadOnly);
        assert_eq!(answer.status, if serves { 200 } else { 503 }, "{mode:?}");
    }
}

/// Promise 2: `Clear-Site-Data`, clearing and purging work in every mode
#[tokio::test]
async fn clearing_works_in_every_mode() {
    for mode in MODES {
        let talk = with_a_response("max-age=60", 1).await;
        talk.handle.set_mode(mode);
        assert_eq!(talk.handle.purge(get("/a", &[]).uri()).responses(), 1);
        talk.handle.set_mode(Mode::Normal);
        talk.store(old("max-age=60")).await.assert_stored();
        talk.handle.set_mode(mode);
        assert_eq!(talk.handle.clear().responses(), 1, "{mode:?}");
        talk.handle.set_mode(Mode::Normal);
        talk.store(old("max-age=60")).await.assert_stored();
        talk.handle.set_mode(mode);
        assert_eq!(talk.handle.disable_and_clear().responses(), 1, "{mode:?}");
        assert_eq!(talk.handle.mode(), Mode::Bypass, "{mode:?}");
    }
}

/// Promise 2: a `ReadOnly` cache asks about a stale response as often as it may, and keeps nothing of it
#[tokio::test]
async fn a_validation_in_the_background_freshens_nothing_while_read_only() {
    let talk = with_a_response(WINDOW, 90).await;
    talk.handle.set_mode(Mode::ReadOnly);
    talk.origin.will(reply(304));
    talk.get("/a")
        .now_or_never()
        .expect("no waiting")
        .assert_hit();
    until(|| talk.origin.calls() == 2).await;
    until(|| in_flight(&talk.handle) == 0).await;
    // It rests before it asks again.
    talk.get("/a").await.assert_hit();
    assert_eq!(talk.origin.calls(), 2);
    talk.handle.set_mode(Mode::Normal);
    talk.clock.advance(60);
    talk.origin.will(reply(304));
    talk.get("/a").await.assert_forwarded(Forward::Stale);
}
