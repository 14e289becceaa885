//! RFC 9111 §4.2.4

mod background;
mod backoff;
mod disconnected;
mod failure;
mod if_error;
mod window;

use support::{Conversation, OriginError, Reply, get, reply};
use tower_client_cache::{Forward, Outcome};

use crate::freshness::{FRESH, STALE};
use crate::storing::{TEN_DAYS_AGO, with};

/// Lets every task run until it has to wait for something that does not come of itself.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// A response that can be validated, fresh for a minute unless this says otherwise.
fn minute(control: &str) -> Reply {
    let control = format!("max-age=60, {control}");
    with(200, &[("cache-control", &control), ("etag", "\"v1\"")]).body("one")
}

/// A conversation in which `GET /a` has this reply and so many seconds have passed.
async fn after(seconds: u64, reply: Reply) -> Conversation {
    let talk = Conversation::default();
    talk.store(reply).await.assert_stored();
    talk.clock.advance(seconds);
    talk
}

/// 9111-4-5, 9111-4.2.4-2
#[tokio::test]
async fn a_stale_response_is_validated_before_reuse() {
    for stale in [
        minute(""),
        minute("public, immutable, stale-if-error=600"),
        with(
            200,
            &[
                ("expires", "Sun, 06 Nov 1994 08:50:37 GMT"),
                ("etag", "\"v1\""),
            ],
        )
        .body("one"),
        with(200, &[("last-modified", "Sun, 06 Nov 1994 08:39:37 GMT")]).body("one"),
    ] {
        let talk = after(60, stale).await;
        talk.origin.will(reply(304).control("max-age=60"));
        let answer = talk.get("/a").await;
        answer.assert_forwarded(Forward::Stale).assert_validated();
        assert_eq!(answer.text(), "one");
        talk.get("/a").await.assert_hit();
    }
}

/// 9111-4.2.4-1, 9111-4.2.4-2, 9111-4.3.3-3, 9111-5.2.2.2-2, C-21, C-22, C-39
#[tokio::test]
async fn a_stale_response_does_not_stand_in_for_an_origin_that_fails() {
    for control in [
        "",
        "must-revalidate",
        "no-cache",
        "must-revalidate, stale-while-revalidate=600",
    ] {
        let talk = after(60, minute(control)).await;
        talk.origin.will(Reply::fails(OriginError("refused")));
        let error = talk.start(get("/a", &[])).await.unwrap_err();
        assert_eq!(error, OriginError("refused"), "{control}");
        talk.origin.will(reply(503).body("sorry"));
        let answer = talk.get("/a").await;
        assert_eq!((answer.status.as_u16(), answer.text()), (503, "sorry"));
        talk.origin.will(reply(304));
        let kept = talk.get("/a").await;
        assert_eq!(kept.assert_validated().text(), "one", "{control}");
    }
}

/// 9111-5.2.1.2-1, 9111-4.2.4-2, PRJ-5.2.1-8
#[tokio::test]
async fn a_request_with_max_stale_accepts_so_much_staleness() {
    for (control, expected) in [
        ("max-stale=5", FRESH),
        ("max-stale=6", FRESH),
        ("Max-Stale=\"5\"", FRESH),
        ("max-stale", FRESH),
        ("max-stale=99999999999999999999", FRESH),
        ("max-stale, max-age=65", FRESH),
        ("max-stale=4", STALE),
        ("max-stale=0", STALE),
        ("max-stale=4, max-stale=60", STALE),
        ("max-stale=60, max-stale=4", STALE),
        ("max-stale, max-stale=4", STALE),
        ("max-stale=x", STALE),
        ("max-stale=-1", STALE),
        ("max-stale=", STALE),
        ("max-stale =60", STALE),
        ("max-stale, max-age=64", STALE),
        ("max-stale, max-age=0", STALE),
        ("max-stale, no-cache", STALE),
        ("x=\"max-stale\"", STALE),
    ] {
        let talk = after(65, minute("")).await;
        talk.origin.will(reply(304));
        let answer = talk.get_with("/a", &[("cache-control", control)]).await;
        assert_eq!(answer.cache.forwarded(), expected, "{control}");
        let age = answer.field("age");
        let expected = expected.is_none().then_some("65");
        assert_eq!(age.as_deref(), expected, "{control}");
    }
}

/// 9111-5.2.1.2-1, 9111-4.2-1
#[tokio::test]
async fn a_response_is_stale_by_nothing_when_its_lifetime_ends() {
    let talk = after(60, minute("")).await;
    let lenient = [("cache-control", "max-stale=0")];
    talk.get_with("/a", &lenient).await.assert_hit();
    talk.clock.advance(1);
    talk.origin.will(reply(304));
    talk.get_with("/a", &lenient).await.assert_validated();
}

/// 9111-4.2.4-1, 9111-5.2.1.2-1, 9111-5.2.2.2-1, 9111-5.2.2.4-1, 9111-5.2.2.8-1, 9111-4.2.1-6
#[tokio::test]
async fn max_stale_does_not_outrank_what_the_origin_forbids() {
    for (control, expected) in [
        ("must-revalidate", STALE),
        ("Must-Revalidate=\"x\"", STALE),
        ("no-cache", STALE),
        ("no-cache=\"\"", STALE),
        ("must-revalidate, stale-while-revalidate=600", STALE),
        ("must-revalidate, stale-if-error=600", STALE),
        ("x=\"oops, must-revalidate", STALE),
        ("proxy-revalidate", FRESH),
        ("s-maxage=1", FRESH),
        ("x=\"must-revalidate\"", FRESH),
        ("no-cache=\"x\"", FRESH),
    ] {
        let talk = Conversation::default();
        // `max-age` comes first, where nothing damages it.
        talk.store(minute(control)).await;
        talk.clock.advance(61);
        talk.origin.will(reply(304));
        let request = [("cache-control", "max-stale")];
        let cache = talk.get_with("/a", &request).await.cache;
        assert_eq!(cache.forwarded(), expected, "{control}: {cache}");
    }
}

/// 9111-5.2.2.2-1
#[tokio::test]
async fn must_revalidate_means_nothing_while_a_response_is_fresh() {
    let talk = after(59, minute("must-revalidate")).await;
    talk.get("/a").await.assert_hit();
}

/// 9111-4.2.4-2, 9111-5.2.1.2-1
#[tokio::test]
async fn what_expired_by_a_guess_is_as_stale_as_what_expired_by_its_word() {
    const DAY: u64 = 86_400;
    let guessed = with(200, &[("last-modified", TEN_DAYS_AGO)]).body("one");
    let talk = after(DAY + 5, guessed).await;
    let lenient = talk
        .get_with("/a", &[("cache-control", "max-stale=5")])
        .await;
    assert_eq!(lenient.assert_hit().field("age").as_deref(), Some("86405"));
    talk.origin.will(reply(304));
    talk.get_with("/a", &[("cache-control", "max-stale=4")])
        .await
        .assert_validated();
}

/// 9111-5.2.1.7-1, 9111-4.2.4-1
#[tokio::test]
async fn only_if_cached_takes_a_stale_response_where_the_request_accepts_it() {
    for (stored, control, is_hit) in [
        ("", "only-if-cached, max-stale", true),
        ("", "only-if-cached, max-stale=5", true),
        ("", "only-if-cached, max-stale=4", false),
        ("", "only-if-cached", false),
        ("stale-while-revalidate=600", "only-if-cached", false),
        ("must-revalidate", "only-if-cached, max-stale", false),
        ("no-cache", "only-if-cached, max-stale", false),
    ] {
        let talk = after(65, minute(stored)).await;
        let answer = talk.get_with("/a", &[("cache-control", control)]).await;
        settle().await;
        let outcome = if is_hit {
            (Outcome::Hit, 200)
        } else {
            (Outcome::Unsatisfiable, 504)
        };
        let told = (answer.cache.outcome(), answer.status.as_u16());
        assert_eq!(told, outcome, "{stored:?} {control}");
        assert_eq!(talk.origin.calls(), 1, "{stored:?} {control}");
    }
}

/// 9111-5.5-1, 5861-4-5, 9211-2.4-1, 9211-2.1-1
#[tokio::test]
async fn a_stale_answer_is_seen_to_be_stale_by_its_age_and_by_nothing_else() {
    let stored = minute("").field("warning", "199 - \"x\"");
    let talk = after(100, stored).await;
    let answer = talk.get_with("/a", &[("cache-control", "max-stale")]).await;
    assert_eq!(answer.assert_hit().field("age").as_deref(), Some("100"));
    assert_eq!(answer.cache.ttl(), Some(-40));
    let warnings: Vec<_> = answer.headers.get_all("warning").iter().collect();
    assert_eq!(warnings, ["199 - \"x\""]);
}
