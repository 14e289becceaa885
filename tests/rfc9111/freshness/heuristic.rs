//! RFC 9111 §4.2.2: a lifetime that nobody has said.

use support::{Conversation, Reply, reply};
use tower_client_cache::NotStored;

use super::{FRESH, STALE, later};
use crate::storing::{TEN_DAYS_AGO, TOMORROW, with};

const DAY: u64 = 86_400;

/// 9111-4.2.2-1, 9111-4.2.2-4, C-07
#[tokio::test]
async fn it_is_a_tenth_of_the_time_since_the_last_change_and_a_day_at_most() {
    let table = [
        ("Sun, 06 Nov 1994 08:47:57 GMT", 10),
        ("Sunday, 06-Nov-94 08:47:57 GMT", 10),
        ("Sun Nov  6 08:47:57 1994", 10),
        ("Sun, 06 Nov 1994 07:49:37 GMT", 360),
        (TEN_DAYS_AGO, DAY),
        ("Mon, 06 Nov 1989 08:49:37 GMT", DAY),
        ("Thu, 01 Jan 1970 00:00:00 GMT", DAY),
    ];
    for (modified, lifetime) in table {
        for (seconds, expected) in [(lifetime - 1, FRESH), (lifetime, STALE)] {
            let reply = with(200, &[("last-modified", modified)]);
            let cache = later(reply, seconds).await.cache;
            assert_eq!(
                cache.forwarded(),
                expected,
                "{modified} after {seconds} s: {cache}"
            );
        }
    }
}

/// 9111-4.2.2-1, C-07
#[tokio::test]
async fn it_can_be_switched_off() {
    let talk = Conversation::with(|layer| layer.heuristics(false));
    let modified = with(200, &[("last-modified", TEN_DAYS_AGO)]);
    talk.store(modified.body("hello")).await.assert_stored();
    talk.origin.will(reply(304));
    let answer = talk.get("/a").await;
    assert_eq!(answer.assert_validated().text(), "hello");
}

/// 9111-4.2.2-2, PRJ-5.2.2-11, 9111-5.3-1
#[tokio::test]
async fn it_is_not_given_where_a_lifetime_was_said_however_badly() {
    let control = |value| ("cache-control", value);
    for said in [
        ("expires", "0"),
        ("expires", ""),
        ("expires", TEN_DAYS_AGO),
        control("max-age=0"),
        control("max-age"),
        control("max-age=abc"),
        control("public, max-age=-1"),
    ] {
        let reply = with(200, &[said, ("last-modified", TEN_DAYS_AGO)]);
        let cache = later(reply, 0).await.cache;
        assert_eq!(cache.forwarded(), STALE, "{said:?}: {cache}");
    }
}

/// 9111-4.2.2-3, 9111-5.2.2.7-1, 9111-5.2.2.9-1
#[tokio::test]
async fn it_is_given_to_a_response_that_says_it_may_be_stored() {
    for (status, control, is_given) in [
        (302, "no-transform", false),
        (302, "public", true),
        (302, "private", true),
        (302, "private=\"x\"", true),
        (403, "must-revalidate", false),
        (403, "public", true),
        (599, "s-maxage=60", false),
        (599, "public", true),
        (200, "s-maxage=60", true),
    ] {
        let talk = Conversation::default();
        let fields = [("cache-control", control), ("last-modified", TEN_DAYS_AGO)];
        let first = talk.store(with(status, &fields)).await;
        let refused = (!is_given).then_some(NotStored::NotCacheable);
        assert_eq!(first.cache.not_stored(), refused, "{status} {control}");
        talk.clock.advance(DAY - 1);
        talk.origin.will(with(status, &[]));
        let second = talk.get("/a").await;
        assert_eq!(second.cache.is_hit(), is_given, "{status} {control}");
        assert_eq!(second.status, status);
    }
}

/// 9111-4.2.2-5
#[tokio::test]
async fn it_is_given_to_a_uri_with_a_query() {
    let talk = Conversation::default();
    talk.origin
        .will(with(200, &[("last-modified", TEN_DAYS_AGO)]).body("hello"));
    talk.get("/a?x=1").await.assert_stored();
    talk.clock.advance(3600);
    talk.get("/a?x=1").await.assert_hit();
}

/// PRJ-4.2.2-6, 9111-3-10, EDGE-8
#[tokio::test]
async fn it_is_nothing_without_a_change_that_lies_in_the_past() {
    for modified in [
        TOMORROW,
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "rubbish",
        "0",
        "",
    ] {
        let fields = [("last-modified", modified), ("etag", "\"e\"")];
        let cache = later(with(200, &fields), 0).await.cache;
        assert_eq!(cache.forwarded(), STALE, "{modified}: {cache}");
    }
    let cache = later(with(200, &[("etag", "\"e\"")]), 0).await.cache;
    assert_eq!(cache.forwarded(), STALE, "{cache}");
}

/// 9111-4.2.2-4, 9110-6.6.1-2, 9110-6.6.1-3, EDGE-13
#[tokio::test]
async fn it_is_reckoned_from_date_or_from_when_the_response_was_received() {
    type Row = (&'static str, fn() -> Reply, u64);
    // 1,000 seconds before the first reading of the clock
    const MODIFIED: (&str, &str) = ("last-modified", "Sun, 06 Nov 1994 08:32:57 GMT");
    let table: [Row; 5] = [
        ("none", || with(200, &[MODIFIED]).undated(), 100),
        (
            "none, received later",
            || with(200, &[MODIFIED]).undated().takes(20),
            102 - 20,
        ),
        ("rubbish", || with(200, &[MODIFIED, ("date", "x")]), 100),
        (
            "past",
            || with(200, &[MODIFIED, ("date", "Sun, 06 Nov 1994 08:49:17 GMT")]),
            98 - 20,
        ),
        (
            "future",
            || with(200, &[MODIFIED, ("date", "Sun, 06 Nov 1994 08:49:57 GMT")]),
            102,
        ),
    ];
    for (date, reply, left) in table {
        for (seconds, expected) in [(left - 1, FRESH), (left, STALE)] {
            let cache = later(reply(), seconds).await.cache;
            assert_eq!(
                cache.forwarded(),
                expected,
                "Date: {date}, after {seconds} s: {cache}"
            );
        }
    }
}

/// 9111-5.4-1, EDGE-12
#[tokio::test]
async fn pragma_in_a_response_means_nothing() {
    let guessed = with(
        200,
        &[("pragma", "no-cache"), ("last-modified", TEN_DAYS_AGO)],
    );
    let said = with(
        200,
        &[("pragma", "no-cache"), ("cache-control", "max-age=7200")],
    );
    for reply in [guessed, said] {
        let answer = later(reply, 3600).await;
        assert_eq!(
            answer.assert_hit().field("pragma").as_deref(),
            Some("no-cache")
        );
    }
}
