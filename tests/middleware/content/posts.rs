//! POST that a rule says is safe.

use std::time::Duration;

use http::{HeaderMap, Uri};
use support::reply;
use tower_client_cache::{Forward, NotStored, Rule};

use super::{asking, fresh, query, with};

fn safe() -> Rule {
    Rule::new()
        .prefix(&Uri::from_static("http://o.test/q"))
        .safe_post()
}

/// 9111-4-2: A POST is answered by what another with the same content got.
#[tokio::test]
async fn a_post_that_a_rule_says_is_safe_is_answered_from_the_store() {
    let talk = with(|layer| layer.rules([safe()]));
    talk.origin.will(fresh("one"));
    talk.post("find x")
        .await
        .assert_forwarded(Forward::UriMiss)
        .assert_stored();
    assert_eq!(talk.post("find x").await.assert_hit().text(), "one");
    talk.origin.will(fresh("two"));
    assert_eq!(talk.post("find y").await.assert_stored().text(), "two");
    assert_eq!(
        talk.handle.entries().next().unwrap().method(),
        http::Method::POST
    );
}

/// 10008-2-1: It invalidates nothing, whether it is stored or not; one of another URI does.
#[tokio::test]
async fn a_safe_post_invalidates_nothing() {
    let talk = with(|layer| layer.query(true).max_content(8).rules([safe()]));
    talk.origin.answers(|_| fresh("x"));
    talk.query("all").await.assert_stored();
    talk.post("find x").await.assert_stored();
    talk.post("more than is read")
        .await
        .assert_not_stored(NotStored::Method);
    talk.send(asking("POST", "all", &[("range", "bytes=0-1")]))
        .await;
    talk.query("all").await.assert_hit();
    talk.handle.set_rules([]);
    talk.post("find x")
        .await
        .assert_not_stored(NotStored::Method);
    talk.send(query("all", &[]))
        .await
        .assert_forwarded(Forward::UriMiss);
}

/// The content decides: a mutation is forwarded, invalidates, and its content arrives.
#[tokio::test]
async fn a_rule_tells_safe_posts_from_others_by_their_content() {
    let is_query = |_: &HeaderMap, content: &[u8]| content.starts_with(b"query");
    let talk = with(|layer| {
        layer
            .max_content(16)
            .rules([Rule::new().safe_post_if(is_query)])
    });
    talk.origin.answers(|_| fresh("x"));
    talk.post("query { a }").await.assert_stored();
    talk.post("query { a }").await.assert_hit();
    let answer = talk.post("mutation { a }").await;
    answer
        .assert_forwarded(Forward::Method)
        .assert_not_stored(NotStored::Method);
    assert_eq!(talk.heard().octets, "mutation { a }");
    talk.post("query { a }")
        .await
        .assert_forwarded(Forward::UriMiss);
    // Nobody knows what it is.
    talk.post("query { too long to be read }").await;
    assert_eq!(talk.heard().octets, "query { too long to be read }");
    talk.post("query { a }")
        .await
        .assert_forwarded(Forward::UriMiss);
}

/// 9110-9.3.3-1: Nothing is guessed, and what would have to be validated is not stored.
#[tokio::test]
async fn an_answer_to_post_is_stored_where_something_says_how_long() {
    let talk = with(|layer| layer.rules([safe()]));
    let modified = talk.clock.date(-1_000_000);
    let never_fresh = [
        reply(200).field("last-modified", &modified),
        reply(200).control("max-age=0").field("etag", "\"1\""),
        reply(200)
            .control("max-age=60, no-cache")
            .field("etag", "\"1\""),
    ];
    for reply in never_fresh {
        talk.origin.will(reply);
        let answer = talk.post("find x").await;
        assert!(!answer.cache.is_stored(), "{:?}", answer.cache);
    }
    let minute = Duration::from_secs(60);
    talk.handle.set_rules([safe().default_lifetime(minute)]);
    talk.origin.will(reply(200).body("one"));
    talk.post("find x").await.assert_stored();
    talk.post("find x").await.assert_hit();
}

/// 9110-13.1.2-1: No condition is made of what is stored: what it would mean nobody says.
#[tokio::test]
async fn a_stale_answer_to_post_is_asked_for_anew() {
    let talk = with(|layer| layer.rules([safe()]));
    talk.origin.will(fresh("one").field("etag", "\"1\""));
    talk.post("find x").await.assert_stored();
    talk.clock.advance(61);
    talk.origin.will(fresh("two").field("etag", "\"2\""));
    assert_eq!(
        talk.post("find x")
            .await
            .assert_forwarded(Forward::Stale)
            .text(),
        "two"
    );
    assert_eq!(talk.origin.last().field("if-none-match"), None);
    assert_eq!(talk.post("find x").await.assert_hit().text(), "two");
    talk.origin.will(reply(412));
    let conditional = asking("POST", "find x", &[("if-none-match", "\"2\"")]);
    assert_eq!(talk.send(conditional).await.status, 412);
    talk.post("find x").await.assert_hit();
}

/// 5861-3-1, 5861-4-1: Stale answers are renewed in the background, with the content, and stand in for a failing origin.
#[tokio::test]
async fn a_stale_answer_is_renewed_in_the_background() {
    let talk = with(|layer| layer.rules([safe()]));
    talk.origin
        .will(fresh("one").control("max-age=60, stale-while-revalidate=60, stale-if-error=600"));
    talk.post("find x").await.assert_stored();
    talk.clock.advance(61);
    talk.origin
        .will(fresh("two").control("max-age=60, stale-if-error=600"));
    assert_eq!(talk.post("find x").await.text(), "one");
    while talk.handle.stats().in_flight() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(talk.origin.last().method, http::Method::POST);
    assert_eq!(talk.heard().octets, "find x");
    assert_eq!(talk.post("find x").await.assert_hit().text(), "two");
    talk.clock.advance(61);
    talk.origin.will(reply(503));
    assert_eq!(talk.post("find x").await.text(), "two");
}
