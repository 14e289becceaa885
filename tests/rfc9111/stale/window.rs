//! RFC 5861 §3: when a stale response may be reused while it is validated.

use support::{Conversation, reply};
use tower_client_cache::{Forward, Outcome};

use super::{after, minute, settle};
use crate::storing::with;

/// 5861-3-1, 5861-3-5, 9111-4.2.4-2, 9211-2.1-1, 9211-2.4-1, FETCH-14
#[tokio::test]
async fn the_window_begins_when_the_lifetime_ends_and_is_as_long_as_it_says() {
    let control = "max-age=600, stale-while-revalidate=30";
    for (seconds, is_hit, is_asked) in [
        (599, true, false),
        (600, true, true),
        (615, true, true),
        (630, true, true),
        (631, false, true),
        (6000, false, true),
    ] {
        let stored = with(200, &[("cache-control", control), ("etag", "\"v1\"")]);
        let talk = after(seconds, stored.body("one")).await;
        talk.origin.will(reply(304));
        let answer = talk.get("/a").await;
        assert_eq!(answer.cache.is_hit(), is_hit, "after {seconds} s");
        assert_eq!(answer.text(), "one", "after {seconds} s");
        if is_hit {
            assert_eq!(answer.field("age"), Some(seconds.to_string()));
            assert_eq!(answer.cache.ttl(), Some(600 - seconds as i64));
        }
        settle().await;
        let calls = 1 + usize::from(is_asked);
        assert_eq!(talk.origin.calls(), calls, "after {seconds} s");
    }
}

/// PRJ-5861-3, 9111-5.2-2, 9111-5.2-4
#[tokio::test]
async fn a_window_that_cannot_be_read_is_none_and_of_two_the_smaller_counts() {
    for (control, is_hit) in [
        ("stale-while-revalidate=30", true),
        ("Stale-While-Revalidate=\"30\"", true),
        ("stale-while-revalidate=99999999999999999999", true),
        ("stale-while-revalidate=30, stale-while-revalidate=40", true),
        ("stale-while-revalidate=30, stale-while-revalidate=x", true),
        ("stale-while-revalidate=29", false),
        (
            "stale-while-revalidate=60, stale-while-revalidate=29",
            false,
        ),
        (
            "stale-while-revalidate=29, stale-while-revalidate=60",
            false,
        ),
        ("stale-while-revalidate=0", false),
        ("stale-while-revalidate", false),
        ("stale-while-revalidate=", false),
        ("stale-while-revalidate=abc", false),
        ("stale-while-revalidate=-60", false),
        ("stale-while-revalidate = 60", false),
        ("x=\"stale-while-revalidate=60\"", false),
    ] {
        let talk = after(90, minute(control)).await;
        talk.origin.will(reply(304));
        let answer = talk.get("/a").await;
        assert_eq!(answer.cache.is_hit(), is_hit, "{control}");
        settle().await;
        assert_eq!(talk.origin.calls(), 2, "{control}");
    }
}

/// PRJ-5861-3
#[tokio::test]
async fn a_window_of_nothing_is_none_at_the_very_end_of_the_lifetime() {
    let talk = after(60, minute("stale-while-revalidate=0")).await;
    talk.origin.will(reply(304));
    talk.get("/a").await.assert_validated();
}

/// 9111-4.2.4-1, 9111-5.2.2.2-1, 9111-5.2.2.4-1, 9111-5.2.2.8-1, PRJ-5861-1, C-62
#[tokio::test]
async fn a_response_that_forbids_it_is_not_reused_stale() {
    for (control, is_hit) in [
        ("must-revalidate", false),
        ("no-cache", false),
        ("no-cache=\"\"", false),
        ("must-revalidate, public, immutable", false),
        ("proxy-revalidate", true),
        ("s-maxage=1", true),
        ("no-cache=\"x\"", true),
    ] {
        let control = format!("stale-while-revalidate=60, {control}");
        let talk = after(61, minute(&control)).await;
        talk.origin.will(reply(304));
        let answer = talk.get("/a").await;
        assert_eq!(answer.cache.is_hit(), is_hit, "{control}");
        settle().await;
        assert_eq!(talk.origin.calls(), 2, "{control}");
    }
}

/// PRJ-5861-1, 9111-5.2.1.1-1, 9111-5.2.1.2-1, 9111-5.2.1.3-1, 9111-5.2.1.4-1, 9111-5.2.1.5-1, 9111-5.4-2
#[tokio::test]
async fn a_request_that_wants_no_stale_response_waits_for_the_origin() {
    for (field, control) in [
        ("cache-control", "no-store"),
        ("cache-control", "max-age=1000"),
        ("cache-control", "max-age=0"),
        ("cache-control", "max-stale=1"),
        ("cache-control", "min-fresh=0"),
        ("cache-control", "min-fresh=1"),
        ("cache-control", "no-cache"),
        ("pragma", "no-cache"),
    ] {
        let talk = after(70, minute("stale-while-revalidate=60")).await;
        talk.origin.will(reply(304));
        let answer = talk.get_with("/a", &[(field, control)]).await;
        let reason = answer.cache.forwarded();
        assert_eq!(reason, Some(Forward::Stale), "{control}");
        assert_eq!(answer.assert_validated().text(), "one", "{control}");
        settle().await;
        assert_eq!(talk.origin.calls(), 2, "{control}");
    }
}

/// 9111-5.2.1.2-1
#[tokio::test]
async fn a_request_that_accepts_the_staleness_itself_asks_nobody() {
    let talk = after(70, minute("stale-while-revalidate=60")).await;
    let lenient = talk.get_with("/a", &[("cache-control", "max-stale")]).await;
    lenient.assert_hit();
    settle().await;
    assert_eq!(talk.origin.calls(), 1);
}

/// 9111-5.2.1.7-1
#[tokio::test]
async fn a_request_that_must_not_reach_the_origin_gets_nothing_stale() {
    let talk = after(70, minute("stale-while-revalidate=60")).await;
    let answer = talk
        .get_with("/a", &[("cache-control", "only-if-cached")])
        .await;
    assert_eq!(answer.cache.outcome(), Outcome::Unsatisfiable);
    assert_eq!(answer.status, 504);
    settle().await;
    assert_eq!(talk.origin.calls(), 1);
}

/// PRJ-5861-3
#[tokio::test]
async fn a_window_in_a_request_means_nothing() {
    let talk = after(70, minute("")).await;
    talk.origin.will(reply(304));
    let asked = [("cache-control", "stale-while-revalidate=600")];
    talk.get_with("/a", &asked).await.assert_validated();
}

/// 5861-5-1
#[tokio::test]
async fn nothing_is_validated_that_nobody_asks_for() {
    let talk = after(70, minute("stale-while-revalidate=60")).await;
    settle().await;
    assert_eq!(talk.origin.calls(), 1);
    let fresh = Conversation::default();
    fresh.store(minute("stale-while-revalidate=60")).await;
    fresh.get("/a").await.assert_hit();
    settle().await;
    assert_eq!(fresh.origin.calls(), 1);
}
