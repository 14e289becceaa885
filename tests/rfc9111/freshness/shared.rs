//! RFC 9111 §5.2.2.10 and the settings of freshness, in both kinds of cache.

use std::time::Duration;

use support::{Conversation, Reply, reply};
use tower_client_cache::{CacheLayer, Forward};

use super::{FRESH, STALE};
use crate::storing::{TEN_DAYS_AGO, TOMORROW};

fn whole(control: &str) -> Reply {
    let reply = reply(200).control(control).field("etag", "\"e\"");
    reply.field("content-length", "5").body("hello")
}

/// 9111-5.2.2.10-1, 9111-4.2.1-1, 9111-4.2.1-6, 9111-5.3-2, PRJ-5.2.2-11, C-02, C-03, C-04
#[tokio::test]
async fn s_maxage_goes_before_every_other_lifetime_in_a_shared_cache_alone() {
    // Whether it is fresh after 30 seconds in a shared cache, and in a private one.
    for (control, in_shared, in_private) in [
        ("s-maxage=60, max-age=0", FRESH, STALE),
        ("max-age=0, S-MaxAge=60", FRESH, STALE),
        ("s-maxage=\"60\", max-age=0", FRESH, STALE),
        ("s-maxage=5, max-age=60", STALE, FRESH),
        ("s-maxage=30, max-age=60", STALE, FRESH),
        ("s-maxage=31, max-age=5", FRESH, STALE),
        ("s-maxage=x, max-age=60", STALE, FRESH),
        ("s-maxage, max-age=60", STALE, FRESH),
        ("s-maxage=60, s-maxage=5, max-age=60", STALE, FRESH),
        ("s-maxage=5, s-maxage=60, max-age=60", STALE, FRESH),
        ("s-maxage=5", STALE, FRESH),
        ("max-age=60", FRESH, FRESH),
    ] {
        for (layer, expected) in [
            (CacheLayer::shared(), in_shared),
            (CacheLayer::new(), in_private),
        ] {
            let talk = Conversation::through(layer);
            let expires = whole(control).field("expires", TOMORROW);
            talk.store(expires).await.assert_stored();
            talk.clock.advance(30);
            if expected == STALE {
                talk.origin.will(reply(304));
            }
            let again = talk.get("/a").await;
            assert_eq!(again.cache.forwarded(), expected, "{control}");
        }
    }
}

/// 9111-4.2.1-6: to a private cache there is no lifetime, and so it may be guessed
#[tokio::test]
async fn s_maxage_leaves_a_private_cache_its_guess() {
    for (layer, lifetime) in [(CacheLayer::shared(), 60), (CacheLayer::new(), 86_400)] {
        let talk = Conversation::through(layer);
        let modified = whole("s-maxage=60").field("last-modified", TEN_DAYS_AGO);
        assert_eq!(talk.store(modified).await.cache.ttl(), Some(lifetime));
    }
}

/// C-07, 9111-4.2.2-4
#[tokio::test]
async fn no_lifetime_is_guessed_beyond_the_limit() {
    for (limit, lifetime) in [(1, 1), (3600, 3600), (86_399, 86_399), (90_000, 86_400)] {
        let limit = Duration::from_secs(limit);
        let talk = Conversation::shared_with(|layer| layer.heuristic_limit(limit));
        let modified = whole("public").field("last-modified", TEN_DAYS_AGO);
        assert_eq!(talk.store(modified).await.cache.ttl(), Some(lifetime));
    }
    let talk = Conversation::shared_with(|layer| layer.heuristics(false));
    let modified = whole("public").field("last-modified", TEN_DAYS_AGO);
    assert_eq!(talk.store(modified).await.cache.ttl(), Some(0));
}

/// C-08, EDGE-14
#[tokio::test]
async fn the_date_of_an_origin_with_a_wrong_clock_can_be_left_out_of_the_age() {
    for (counts, age, from) in [(true, 3600, STALE), (false, 10, FRESH)] {
        let talk = Conversation::with(|layer| layer.apparent_age(counts));
        let behind = talk.clock.date(-3600);
        let stored = whole("max-age=60").field("date", behind).field("age", "10");
        let first = talk.store(stored).await;
        let seen = first.assert_stored().cache.age();
        assert_eq!(seen, Some(Duration::from_secs(age)));
        talk.origin.will(reply(304));
        assert_eq!(talk.get("/a").await.cache.forwarded(), from);
    }
}

/// PRJ-5.2.1-9, C-10: what the origin would be asked for by a reload is not; the rest is obeyed
#[tokio::test]
async fn reloads_can_be_ignored() {
    for (field, control) in [
        ("cache-control", "no-cache"),
        ("cache-control", "max-age=0"),
        ("cache-control", "max-age=5"),
        ("cache-control", "max-age=x"),
        ("cache-control", "min-fresh=50"),
        ("pragma", "no-cache"),
    ] {
        for (is_on, expected) in [(true, FRESH), (false, Some(Forward::Request))] {
            let talk = Conversation::shared_with(|layer| layer.ignore_reload(is_on));
            talk.store(whole("max-age=60")).await.assert_stored();
            talk.clock.advance(30);
            talk.origin.will(reply(304));
            let again = talk.get_with("/a", &[(field, control)]).await;
            assert_eq!(again.cache.forwarded(), expected, "{control}");
        }
    }
    let talk = Conversation::shared_with(|layer| layer.ignore_reload(true));
    talk.store(whole("max-age=60")).await.assert_stored();
    talk.clock.advance(65);
    let asked = |control| talk.get_with("/a", &[("cache-control", control)]);
    asked("max-stale").await.assert_hit();
    assert_eq!(asked("only-if-cached").await.status, 504);
}
