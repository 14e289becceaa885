//! Promise 6: what gives way. What is asked for once, however much of it, drives out nothing of what is asked
//! for again and again.

use std::ops::Range;

use support::{Conversation, Seen, reply};
use tower_client_cache::CacheLayer;

/// A client of an origin that has something for every path, which can be stored and validated.
fn conversation(set: impl FnOnce(CacheLayer) -> CacheLayer) -> Conversation {
    let talk = Conversation::with(set);
    talk.origin.answers(|seen: &Seen| {
        let is_known = seen.field("if-none-match").is_some();
        let reply = reply(if is_known { 304 } else { 200 });
        let reply = reply.control("max-age=60").field("etag", "\"1\"");
        let reply = reply.field("vary", "accept-language");
        if is_known {
            reply
        } else {
            reply.body("x".repeat(1000))
        }
    });
    talk
}

async fn ask(talk: &Conversation, n: usize) -> bool {
    talk.get(&format!("/{n}")).await.cache.is_hit()
}

/// Asks for all of these, and says how many were hits.
async fn ask_all(talk: &Conversation, which: Range<usize>) -> usize {
    let mut hits = 0;
    for n in which {
        hits += usize::from(ask(talk, n).await);
    }
    hits
}

/// Promise 6: by octets as well as by number
#[tokio::test]
async fn what_is_asked_for_again_and_again_survives_what_is_asked_for_once() {
    let one = conversation(|layer| layer);
    ask(&one, 0).await;
    let capacity = 101 * one.handle.bytes();
    let by_octets = conversation(|layer| layer.capacity(capacity));
    let by_number = conversation(|layer| layer.max_responses(100));
    for talk in [by_octets, by_number] {
        assert_eq!(ask_all(&talk, 0..50).await, 0);
        assert_eq!(ask_all(&talk, 0..50).await, 50);
        assert_eq!(ask_all(&talk, 0..50).await, 50);
        assert_eq!(ask_all(&talk, 1000..3000).await, 0);
        assert!((90..=101).contains(&talk.handle.len()));
        assert_eq!(ask_all(&talk, 0..50).await, 50);
        // What comes after it has the same right to stay.
        ask_all(&talk, 200..250).await;
        for _ in 0..20 {
            ask_all(&talk, 200..250).await;
            ask_all(&talk, 300..330).await;
        }
        assert_eq!(ask_all(&talk, 200..250).await, 50);
        assert!(talk.handle.bytes() <= talk.handle.capacity());
    }
}

/// Promise 6
#[tokio::test]
async fn what_comes_back_soon_after_it_has_given_way_is_kept() {
    let talk = conversation(|layer| layer.max_responses(100));
    for _ in 0..3 {
        ask_all(&talk, 0..90).await;
    }
    ask_all(&talk, 100..130).await;
    assert!(!ask(&talk, 105).await, "it has given way");
    ask_all(&talk, 1000..1200).await;
    assert!(ask(&talk, 105).await, "it came back");
    assert!(!ask(&talk, 106).await, "and this has not");
}

/// Promise 6, 9111-4.3.4-1: what is freshened or replaced is as much in use as what stood in its place.
#[tokio::test]
async fn what_takes_the_place_of_another_takes_its_standing() {
    let talk = conversation(|layer| layer.max_responses(100));
    for _ in 0..3 {
        ask_all(&talk, 0..50).await;
    }
    ask_all(&talk, 1000..1200).await;
    for (n, directive) in [(1, "no-cache"), (2, "no-cache"), (3, "no-store")] {
        talk.get_with(&format!("/{n}"), &[("cache-control", directive)])
            .await;
    }
    talk.origin
        .will(reply(200).control("max-age=60").body("new"));
    talk.get_with("/4", &[("cache-control", "no-cache")])
        .await
        .assert_stored();
    ask_all(&talk, 2000..2200).await;
    assert_eq!(ask_all(&talk, 0..50).await, 50);
}

/// Promise 6: variants of one URI give way one by one.
#[tokio::test]
async fn a_variant_that_is_used_does_not_keep_the_others() {
    let talk = conversation(|layer| layer.max_responses(100));
    let asked = |n: usize| talk.get_with("/a", &[("accept-language", &format!("l{n}"))]);
    for n in 0..30 {
        asked(n).await.assert_stored();
    }
    for _ in 0..2 {
        asked(7).await.assert_hit();
    }
    ask_all(&talk, 0..110).await;
    asked(7).await.assert_hit();
    assert_eq!(talk.handle.len(), 100);
    for n in [6, 8] {
        assert!(!asked(n).await.cache.is_hit());
    }
    ask_all(&talk, 200..500).await;
    for n in [6, 8] {
        asked(n).await.assert_hit();
    }
}

/// Promise 6: one of the largest size fits, whatever has to go for it, and is not the next to go.
#[tokio::test]
async fn a_body_as_large_as_the_store_fits() {
    const CAPACITY: usize = 1_000_000;
    let talk = conversation(|layer| layer.capacity(CAPACITY).max_body(CAPACITY));
    for _ in 0..3 {
        ask_all(&talk, 0..100).await;
    }
    for (n, octets) in [(1, 600_000), (2, 900_000), (3, CAPACITY - 5_000)] {
        let path = format!("/large/{n}");
        let large = reply(200).control("max-age=60").body(vec![b'x'; octets]);
        talk.origin.will(large);
        talk.get(&path).await.assert_stored();
        talk.get(&path).await.assert_hit();
        assert!(talk.handle.bytes() <= CAPACITY);
    }
    assert!(talk.handle.len() <= 2);
    ask_all(&talk, 0..100).await;
    assert!(talk.handle.len() > 90);
}

/// Promise 6: a cache of a few evicts as one expects, whatever room is made for.
#[tokio::test]
async fn what_is_being_read_drives_out_what_was_used_least_recently() {
    let one = conversation(|layer| layer);
    ask(&one, 0).await;
    let capacity = 5 * one.handle.bytes() / 2;
    let talk = conversation(|layer| layer.capacity(capacity).max_body(capacity));
    for n in [1, 2, 1] {
        ask(&talk, n).await;
    }
    // Room is made as the body comes.
    ask(&talk, 3).await;
    assert_eq!(talk.handle.len(), 2);
    assert!(ask(&talk, 1).await, "it was used after the other");

    let talk = conversation(|layer| layer);
    for n in [1, 2, 1] {
        ask(&talk, n).await;
    }
    talk.handle.set_max_responses(1);
    assert!(ask(&talk, 1).await, "it was used after the other");
}
