//! What becomes of what is made stale.

use futures_util::FutureExt;
use http::Uri;
use support::{Conversation, OriginError, Reply, get, reply};
use tower_client_cache::{CacheMode, Forward, LifetimeSource, Selector};

use crate::until;

fn uri() -> Uri {
    Uri::from_static("http://o.test/a")
}

fn tagged(control: &str) -> Reply {
    reply(200)
        .control(control)
        .field("etag", "\"e\"")
        .body("old")
}

/// 9111-4.3.3-1
#[tokio::test]
async fn what_is_expired_is_asked_about_and_good_again_after_a_304() {
    for control in [
        "max-age=60",
        "max-age=60, stale-while-revalidate=60",
        "max-age=60, stale-if-error=60",
        "max-age=60, immutable",
    ] {
        let talk = Conversation::default();
        talk.store(tagged(control)).await.assert_stored();
        talk.get("/a").await.assert_hit();
        let expired = talk.handle.expire(&uri());
        assert_eq!(expired.responses(), 1, "{control}");
        let held = talk.handle.entries().next().expect("it is stored");
        assert_eq!(held.lifetime_source(), LifetimeSource::Expired, "{control}");
        assert_eq!(talk.handle.expire(&uri()).responses(), 0, "{control}: once");
        talk.origin
            .will(reply(304).control(control).field("etag", "\"e\""));
        let answer = talk.get("/a").await;
        answer.assert_validated().assert_stored();
        assert_eq!(answer.cache.forwarded(), Some(Forward::Stale), "{control}");
        assert_eq!(talk.get("/a").await.assert_hit().text(), "old", "{control}");
    }
}

/// A clock that is set back makes nothing fresh again that somebody has made stale.
#[tokio::test]
async fn what_is_expired_stays_so_when_the_clock_is_set_back() {
    for seconds in [0, 61] {
        let talk = Conversation::default();
        talk.clock.advance(1000);
        talk.store(tagged("max-age=60")).await;
        talk.clock.advance(seconds);
        talk.handle.expire(Selector::all());
        talk.clock.set_back(500);
        talk.origin
            .will(reply(304).control("max-age=60").field("etag", "\"e\""));
        talk.get("/a").await.assert_validated();
    }
}

/// 5861-4-1: the time is counted from when it became stale.
#[tokio::test]
async fn what_is_expired_is_used_where_the_origin_fails() {
    for control in [
        "max-age=600, stale-if-error=60",
        "max-age=600, stale-while-revalidate=60",
    ] {
        let talk = Conversation::default();
        talk.store(tagged(control)).await;
        talk.clock.advance(300);
        talk.handle.expire(Selector::prefix(&uri()));
        for (seconds, is_used) in [(0, true), (60, true), (1, false)] {
            talk.clock.advance(seconds);
            talk.origin.will(Reply::fails(OriginError("down")));
            let answer = talk.start(get("/a", &[])).await;
            assert_eq!(answer.is_ok(), is_used, "{control}, after {seconds} s");
        }
    }
}

/// 5861-3-1, 9111-5.2.1.2-1: nobody gets it who has not asked for what is stale.
#[tokio::test]
async fn what_is_expired_is_used_unasked_by_nobody() {
    let talk = Conversation::default();
    talk.store(tagged("max-age=60, stale-while-revalidate=60"))
        .await;
    talk.handle.expire(&uri());
    let stale = talk.get_with("/a", &[("cache-control", "max-stale")]).await;
    assert_eq!(stale.assert_hit().text(), "old");
    let mut forced = get("/a", &[]);
    forced.extensions_mut().insert(CacheMode::ForceCache);
    assert_eq!(talk.send(forced).await.assert_hit().text(), "old");
    talk.origin
        .will(reply(200).control("max-age=60").body("new"));
    let answer = talk.get("/a").await;
    assert_eq!(answer.assert_stored().text(), "new");
    assert_eq!(talk.origin.calls(), 2);
}

/// Promise 1: copies of what is hot are out of use as well.
#[tokio::test]
async fn what_is_expired_is_not_answered_from_copies() {
    let talk = Conversation::default();
    talk.store(tagged("max-age=60")).await;
    for _ in 0..20 {
        talk.get("/a").await.assert_hit();
    }
    assert!(talk.handle.stats().copies() > 0);
    let hits = || talk.handle.entries().map(|info| info.hits()).sum::<u64>();
    assert_eq!(hits(), 20);
    talk.handle.expire(Selector::origin(&uri()));
    assert_eq!(talk.handle.stats().copies(), 0);
    assert_eq!(hits(), 20, "what copies have answered counts on");
    talk.origin
        .will(reply(304).control("max-age=60").field("etag", "\"e\""));
    talk.get("/a").await.assert_validated();
    assert_eq!(hits(), 21);
    for _ in 0..20 {
        talk.get("/a").await.assert_hit();
    }
    assert!(talk.handle.stats().copies() > 0);
}

/// 9111-4.3.4-1: what the origin was asked about before is still known for what it is.
#[tokio::test]
async fn a_304_on_its_way_freshens_what_was_expired_meanwhile_and_leaves_it_stale() {
    let talk = Conversation::default();
    talk.store(tagged("max-age=60")).await;
    talk.clock.advance(61);
    let (gate, held) = reply(304).control("max-age=60").field("new", "1").held();
    talk.origin.will(held);
    let old = support::begun(talk.get("/a"));
    assert_eq!(talk.handle.expire(&uri()).in_flight(), 1);
    gate.open();
    let old = old.await;
    assert_eq!(old.assert_validated().assert_stored().text(), "old");
    let held = talk.handle.entries().next().expect("it is stored");
    assert_eq!(held.fields()["new"], "1");
    assert!(held.is_stale());
    talk.origin.will(reply(304).control("max-age=60"));
    talk.get("/a").await.assert_validated();
    talk.get("/a").await.assert_hit();
}

/// 5861-3-1: what is on its way in the background is stored, and stale.
#[tokio::test]
async fn a_background_validation_brings_nothing_fresh_that_is_expired_meanwhile() {
    for status in [200, 304] {
        let talk = Conversation::default();
        let control = "max-age=60, stale-while-revalidate=60";
        talk.store(tagged(control)).await;
        talk.clock.advance(61);
        let (gate, held) = reply(status).control(control).body("older").held();
        talk.origin.will(held);
        let stale = talk.get("/a").now_or_never().expect("no waiting");
        stale.assert_hit();
        until(|| talk.origin.calls() == 2).await;
        talk.handle.expire(Selector::all());
        gate.open();
        until(|| crate::in_flight(&talk.handle) == 0).await;
        assert_eq!(talk.handle.len(), 1);
        talk.origin
            .will(reply(200).control("max-age=60").body("new"));
        let answer = talk.get("/a").await;
        assert_eq!(answer.text(), "new", "{status}: nobody gets what is stale");
        assert_eq!(talk.origin.calls(), 3);
    }
}
