//! RFC 9111 §5.2.2: what a response says about how it may be stored and reused.

use support::{Conversation, Reply, reply};
use tower_client_cache::{Forward, NotStored};

use super::{TEN_DAYS_AGO, refused, with};
use crate::freshness::{FRESH, STALE, later};

fn lines(controls: &[&str]) -> Reply {
    controls
        .iter()
        .fold(reply(200), |reply, control| reply.control(control))
        .field("etag", "\"e\"")
        .body("hello")
}

/// 9111-3-4, 9111-3-12, 9111-4.2.1-3, 9111-5.2-1, 9111-5.2-2, 9111-5.2-6, 9111-5.2.2.5-1, PRJ-5.2-9,
/// EDGE-1
#[tokio::test]
async fn a_response_with_no_store_is_not_stored_whatever_stands_beside_it() {
    for controls in [
        &["no-store"][..],
        &["no-store, max-age=60, public"],
        &["max-age=60", "no-store"],
        &["no-store", "max-age=60"],
        &["max-age=60,, ,\tnO-StOrE ,"],
        &["max-age=60,no-store=1"],
        &["max-age=60, no-store=\"x\""],
        &["max-age=60, no-store="],
        &["max-age=60, no-store = foo"],
        &["max-age=60, no-store;x"],
        &["max-age=60, no-store, \"oops"],
        &["max-age=60, x=\"oops, no-store"],
        &["max-age=60, x=\"a\\\", b\", no-store"],
    ] {
        let reason = refused(lines(controls)).await;
        assert_eq!(reason, Some(NotStored::NoStore), "{controls:?}");
    }
}

/// 9111-5.2-7, 9111-5.2.3-1, EDGE-6
#[tokio::test]
async fn no_store_inside_of_something_else_is_not_no_store() {
    for control in [
        "max-age=60, x=\"a, no-store\"",
        "x=\"a, no-store, max-age=0\", max-age=60",
        "max-age=60, x=\"\\\", no-store\"",
        "max-age=60, xno-store",
        "max-age=60, no-storex",
        "max-age=60, no-store-too",
        "foo, bar=\"x,y\", max-age=60",
    ] {
        let answer = later(lines(&[control]), 59).await;
        assert_eq!(answer.cache.forwarded(), FRESH, "{control}");
    }
}

/// 9111-5.2.2.5-2
#[tokio::test]
async fn no_store_deletes_nothing_of_other_requests() {
    let talk = Conversation::default();
    let german = reply(200)
        .control("max-age=60")
        .field("vary", "accept-language");
    talk.origin.will(german.body("hallo"));
    talk.get_with("/a", &[("accept-language", "de")])
        .await
        .assert_stored();
    let french = reply(200)
        .control("no-store")
        .field("vary", "accept-language");
    talk.origin.will(french.body("bonjour"));
    talk.get_with("/a", &[("accept-language", "fr")])
        .await
        .assert_not_stored(NotStored::NoStore);
    let again = talk.get_with("/a", &[("accept-language", "de")]).await;
    assert_eq!(again.assert_hit().text(), "hallo");
}

/// 9111-3-5, 9111-5.2.2.7-1, 9111-5.2.2.7-2
#[tokio::test]
async fn what_is_private_is_stored_here_with_all_its_fields() {
    for control in [
        "private",
        "private=\"x-user\"",
        "PRIVATE=x-user",
        "private=\"\"",
    ] {
        let fields = [
            ("cache-control", control),
            ("last-modified", TEN_DAYS_AGO),
            ("x-user", "one"),
        ];
        let answer = later(with(299, &fields).body("hello"), 3600).await;
        assert_eq!(answer.cache.forwarded(), FRESH, "{control}");
        assert_eq!(answer.field("x-user").as_deref(), Some("one"), "{control}");
    }
}

/// 9111-4-4, 9111-4.2.1-3, 9111-5.2.2.4-1, 9111-5.2.2.4-3, EDGE-10, C-13
#[tokio::test]
async fn a_response_with_no_cache_is_validated_before_every_reuse() {
    for controls in [
        &["no-cache, max-age=60"][..],
        &["max-age=60", "No-Cache"],
        &["max-age=60, no-cache=\"\""],
        &["max-age=60, no-cache=\" , \""],
        &["max-age=60, no-cache="],
        &["max-age=60, no-cache=\""],
        &["max-age=60, no-cache=\"x"],
        &["max-age=60, no-cache=\"a b\""],
        &["max-age=60, no-cache = \"x\""],
        &["max-age=60, no-cache=\"x\", no-cache"],
        &["max-age=60, no-cache, no-cache=\"x\""],
        &["max-age=60, no-cache=\"x\"", "no-cache"],
    ] {
        let answer = later(lines(controls), 0).await;
        assert_eq!(answer.cache.forwarded(), STALE, "{controls:?}");
        assert_eq!(answer.assert_validated().text(), "hello", "{controls:?}");
    }
}

/// 9111-5.2-4, 9111-5.2.2.4-2, 9111-5.2.2.4-3, C-13
#[tokio::test]
async fn fields_that_no_cache_names_are_left_out_until_they_are_validated() {
    for controls in [
        &["max-age=60, no-cache=\"Set-Cookie, X-B\""][..],
        &["max-age=60, no-cache=\" set-cookie ,, x-b \""],
        &["max-age=60, NO-CACHE=\"set-cookie\"", "no-cache=x-b"],
    ] {
        let talk = Conversation::default();
        let fields = [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-b", "1")];
        let stored = fields.iter().fold(lines(controls), |reply, (name, value)| {
            reply.field(name, value)
        });
        talk.store(stored.field("x-c", "1")).await;
        let left_out = talk.get("/a").await;
        assert_eq!(left_out.assert_hit().field("set-cookie"), None);
        assert_eq!(left_out.field("x-b"), None, "{controls:?}");
        assert_eq!(left_out.field("x-c").as_deref(), Some("1"));

        talk.clock.advance(60);
        talk.origin.will(reply(304).field("set-cookie", "a=2"));
        let validated = talk.get("/a").await;
        assert_eq!(
            validated.assert_validated().field("set-cookie").as_deref(),
            Some("a=2")
        );
        let again = talk.get("/a").await;
        assert_eq!(again.assert_hit().field("set-cookie"), None, "{controls:?}");
    }
}

/// 9111-4-6, 9111-5.2.2.4-2
#[tokio::test]
async fn an_answer_has_its_age_though_no_cache_names_the_field() {
    let talk = Conversation::default();
    talk.store(lines(&["max-age=60, no-cache=\"age\""])).await;
    for age in ["0", "5"] {
        let answer = talk.get("/a").await;
        assert_eq!(answer.assert_hit().field("age").as_deref(), Some(age));
        talk.clock.advance(5);
    }
}

/// 9213-2.2-3, 9213-2.4-1
#[tokio::test]
async fn a_targeted_field_that_nobody_asked_for_changes_nothing() {
    let fields = [
        ("cache-control", "max-age=60"),
        ("cdn-cache-control", "no-store"),
        ("foo-cache-control", "no-store"),
    ];
    let answer = later(with(200, &fields), 59).await;
    assert_eq!(answer.cache.forwarded(), FRESH);
    let kept = answer.field("cdn-cache-control");
    assert_eq!(kept.as_deref(), Some("no-store"));
}

/// EDGE-53
#[tokio::test]
async fn the_end_of_an_endless_list_is_obeyed() {
    let much = "x=\"a, b\", ".repeat(20_000);
    let reason = refused(lines(&["max-age=60", &format!("{much}no-store")])).await;
    assert_eq!(reason, Some(NotStored::NoStore));
    let open = format!("max-age=60, {}no-cache", "\"a=, ".repeat(20_001));
    let answer = later(lines(&[&open]), 0).await;
    assert_eq!(answer.cache.forwarded(), STALE);
}

/// EDGE-53, PRJ-4.1-9
#[tokio::test]
async fn variants_without_end_have_an_end() {
    let talk = Conversation::default();
    for user in 0..10_000 {
        let variant = reply(200).control("max-age=60").field("vary", "x");
        talk.origin.will(variant.body("hello"));
        let answer = talk.get_with("/a", &[("x", &user.to_string())]).await;
        answer.assert_stored();
    }
    assert!(talk.handle.len() < 1000, "{}", talk.handle.len());
    let newest = talk.get_with("/a", &[("x", "9999")]).await;
    newest.assert_hit();
    let endless = "x,".repeat(10_000);
    let fields = [("cache-control", "max-age=60"), ("vary", endless.as_str())];
    let reason = refused(with(200, &fields)).await;
    assert_eq!(reason, Some(NotStored::Vary));
}

/// 9111-3-4, 9111-4.3.3-2
#[tokio::test]
async fn a_response_that_comes_to_say_no_store_is_not_reused() {
    let talk = Conversation::default();
    talk.store(lines(&["max-age=1"])).await.assert_stored();
    talk.clock.advance(1);
    talk.origin.will(lines(&["no-store"]));
    talk.get("/a").await.assert_not_stored(NotStored::NoStore);
    talk.origin.will(lines(&["no-store"]));
    let third = talk.get("/a").await;
    third.assert_forwarded(Forward::Stale);
}
