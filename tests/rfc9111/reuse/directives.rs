//! RFC 9111 §5.2.1: what a request asks of the caches it meets.

use http::Method;
use support::{Conversation, reply, request};
use tower_client_cache::{Forward, NotStored, Outcome};

const TAG: (&str, &str) = ("etag", "\"e\"");

/// One that has a response with this `Cache-Control` and `"e"` stored, of so many seconds ago.
async fn with_a_response(control: &str, age: u64) -> Conversation {
    let talk = Conversation::default();
    let stored = reply(200).control(control).field(TAG.0, TAG.1);
    talk.store(stored.body("hello")).await.assert_stored();
    talk.clock.advance(age);
    talk
}

/// 9111-5.2.1.1-1 to 9111-5.2.1.7-1, PRJ-5.2.1.1-2, PRJ-5.2.1-8, C-10, C-11
#[tokio::test]
async fn a_request_says_which_stored_responses_it_takes() {
    const HIT: Outcome = Outcome::Hit;
    const REQUEST: Outcome = Outcome::Forwarded(Forward::Request);
    const STALE: Outcome = Outcome::Forwarded(Forward::Stale);
    const UNSATISFIABLE: Outcome = Outcome::Unsatisfiable;
    // It is fresh for 60 seconds.
    for (age, control, expected) in [
        (30, "max-age=30", HIT),
        (30, "max-age=29", REQUEST),
        (30, "max-age=0", REQUEST),
        (0, "max-age=0", REQUEST),
        (30, "max-age=99999999999999999999", HIT),
        (30, "max-age=\"30\"", HIT),
        (30, "max-age=100, max-age=10", REQUEST),
        (30, "max-age=10, max-age=100", REQUEST),
        (65, "max-age=100", STALE),
        (40, "min-fresh=20", HIT),
        (40, "min-fresh=21", REQUEST),
        (40, "min-fresh=1, min-fresh=21", REQUEST),
        (65, "min-fresh=1, max-stale=100", STALE),
        (65, "max-stale=5", HIT),
        (65, "max-stale=4", STALE),
        (65, "max-stale", HIT),
        (65, "MAX-STALE", HIT),
        (65, "max-stale=4, max-stale=100", STALE),
        (65, "max-stale, max-stale=4", STALE),
        (65, "max-age=100, max-stale", HIT),
        (65, "max-age=64, max-stale", STALE),
        (30, "no-cache", REQUEST),
        (30, "No-Cache", REQUEST),
        (0, "no-cache", REQUEST),
        (65, "no-cache, max-stale", STALE),
        (30, "max-age=x", REQUEST),
        (30, "max-age", REQUEST),
        (30, "min-fresh=-1", REQUEST),
        (65, "max-stale=x", STALE),
        (30, "no-store", HIT),
        (30, "no-transform", HIT),
        (30, "foo, bar=\"no-cache, max-age=0\"", HIT),
        (30, "only-if-cached", HIT),
        (65, "only-if-cached", UNSATISFIABLE),
        (65, "only-if-cached, max-stale", HIT),
        (30, "only-if-cached, max-age=29", UNSATISFIABLE),
        (30, "only-if-cached, min-fresh=31", UNSATISFIABLE),
        (30, "only-if-cached, no-cache", UNSATISFIABLE),
    ] {
        let talk = with_a_response("max-age=60", age).await;
        if matches!(expected, Outcome::Forwarded(_)) {
            talk.origin.will(reply(304).field(TAG.0, TAG.1));
        }
        let answer = talk.get_with("/a", &[("cache-control", control)]).await;
        assert_eq!(answer.cache.outcome(), expected, "{age}: {control}");
        let calls = talk.origin.calls();
        match expected {
            UNSATISFIABLE => {
                assert_eq!((answer.status.as_u16(), calls), (504, 1), "{control}");
                assert_eq!(answer.text(), "", "{control}");
            }
            HIT => {
                assert_eq!((answer.text(), calls), ("hello", 1), "{control}");
                assert_eq!(answer.field("age"), Some(age.to_string()), "{control}");
            }
            _ => {
                assert_eq!((answer.text(), calls), ("hello", 2), "{control}");
                let seen = talk.origin.last();
                assert_eq!(seen.field("cache-control").as_deref(), Some(control));
                let asked = seen.field("if-none-match");
                assert_eq!(asked.as_deref(), Some(TAG.1), "{control}");
            }
        }
    }
}

/// 9111-5.2.1.2-1, 9111-4.2.4-1, 9111-4.2.1-6, 9111-5.2.2.8-1: `s-maxage` and `proxy-revalidate` do not
/// bind a private cache
#[tokio::test]
async fn max_stale_does_not_outrank_what_the_response_forbids() {
    for (control, is_hit) in [
        ("max-age=60", true),
        ("max-age=60, must-revalidate", false),
        ("max-age=60, no-cache", false),
        ("max-age=60, no-cache=\"\"", false),
        ("max-age=60, proxy-revalidate", true),
        ("max-age=60, s-maxage=1", true),
    ] {
        let talk = with_a_response(control, 65).await;
        if !is_hit {
            talk.origin.will(reply(304).field(TAG.0, TAG.1));
        }
        let answer = talk.get_with("/a", &[("cache-control", "max-stale")]).await;
        assert_eq!(answer.cache.is_hit(), is_hit, "{control}: {}", answer.cache);
        assert_eq!(answer.text(), "hello", "{control}");
    }
}

/// 9111-5.2-1: the lines of `Cache-Control` are one list
#[tokio::test]
async fn directives_on_several_lines_all_count() {
    let talk = with_a_response("max-age=60", 30).await;
    talk.origin.will(reply(304).field(TAG.0, TAG.1));
    let lines = [
        ("cache-control", "max-age=50"),
        ("cache-control", "no-cache"),
    ];
    let answer = talk.get_with("/a", &lines).await;
    answer.assert_validated().assert_forwarded(Forward::Request);
}

/// 9111-5.4-1, 9111-5.4-2, C-12
#[tokio::test]
async fn pragma_no_cache_counts_where_there_is_no_cache_control() {
    for (fields, is_hit) in [
        (&[("pragma", "no-cache")][..], false),
        (&[("pragma", "foo, No-Cache")], false),
        (&[("pragma", "foo")], true),
        (
            &[("pragma", "no-cache"), ("cache-control", "max-age=50")],
            true,
        ),
        (&[("pragma", "no-cache"), ("cache-control", "foo")], true),
    ] {
        let talk = with_a_response("max-age=60", 30).await;
        if !is_hit {
            talk.origin.will(reply(304).field(TAG.0, TAG.1));
        }
        let answer = talk.get_with("/a", fields).await;
        assert_eq!(answer.cache.is_hit(), is_hit, "{fields:?}");
        assert_eq!(answer.text(), "hello", "{fields:?}");
    }
}

/// 9111-5.2.1.7-1: it never asks the origin, whatever the reason that nothing can be reused
#[tokio::test]
async fn only_if_cached_is_answered_with_504_where_nothing_is_stored() {
    const ONLY: (&str, &str) = ("cache-control", "only-if-cached");
    let talk = Conversation::default();
    for asked in [
        request(Method::GET, "/a", &[ONLY]),
        request(Method::HEAD, "/a", &[ONLY]),
        request(Method::GET, "/a", &[ONLY, ("if-none-match", "\"e\"")]),
    ] {
        let answer = talk.send(asked).await;
        assert_eq!(answer.status, 504);
        assert_eq!(answer.cache.outcome(), Outcome::Unsatisfiable);
        assert_eq!((answer.cache.forwarded(), answer.text()), (None, ""));
    }
    assert_eq!(talk.origin.calls(), 0);

    let varied = reply(200).control("max-age=60").field("vary", "accept");
    talk.store(varied).await.assert_stored();
    let answer = talk.get_with("/a", &[ONLY, ("accept", "text/html")]).await;
    assert_eq!(answer.status, 504);
    assert_eq!(talk.origin.calls(), 1);
    assert_eq!(talk.handle.stats().unsatisfiable(), 4);
}

/// 9111-5.2.1.7-1: nothing is stored that could answer it
#[tokio::test]
async fn only_if_cached_with_a_range_does_not_ask_the_origin() {
    let talk = Conversation::default();
    talk.origin.will(reply(206));
    let fields = [("cache-control", "only-if-cached"), ("range", "bytes=0-1")];
    let answer = talk.get_with("/a", &fields).await;
    assert_eq!((answer.status.as_u16(), talk.origin.calls()), (504, 0));
}

/// 9111-5.2.1.5-1, 9111-5.2.1.5-2
#[tokio::test]
async fn nothing_of_a_request_that_says_no_store_is_stored() {
    let talk = Conversation::default();
    let no_store = [("cache-control", "no-store")];
    for method in [Method::GET, Method::HEAD] {
        talk.origin.will(reply(200).control("max-age=60").body(""));
        let answer = talk.send(request(method, "/a", &no_store)).await;
        answer.assert_forwarded(Forward::UriMiss);
        answer.assert_not_stored(NotStored::RequestNoStore);
    }
    assert!(talk.handle.is_empty());
}

/// 9111-5.2.1.5-2: a 304 to such a request answers its caller and updates nothing
#[tokio::test]
async fn a_304_to_a_request_that_says_no_store_freshens_nothing() {
    let talk = with_a_response("max-age=60", 65).await;
    let freshening = || {
        reply(304)
            .control("max-age=3600")
            .field(TAG.0, TAG.1)
            .field("a", "2")
    };
    talk.origin.will(freshening());
    let first = talk.get_with("/a", &[("cache-control", "no-store")]).await;
    assert_eq!(first.assert_validated().text(), "hello");
    first.assert_not_stored(NotStored::RequestNoStore);
    talk.origin.will(reply(304).field(TAG.0, TAG.1));
    let second = talk.get("/a").await;
    second.assert_validated().assert_forwarded(Forward::Stale);
    assert_eq!(second.field("a"), None);
}

/// EDGE-49, PRJ-4.3.3-4: it is not stored, and shows all the same that what is stored is outdated
#[tokio::test]
async fn a_reload_that_says_no_store_outdates_what_is_stored() {
    let talk = with_a_response("max-age=60", 5).await;
    talk.origin
        .will(reply(200).control("max-age=60").body("new"));
    let reload = [("cache-control", "no-cache, no-store")];
    assert_eq!(talk.get_with("/a", &reload).await.text(), "new");
    talk.origin
        .will(reply(200).control("max-age=60").body("newer"));
    let next = talk.get("/a").await;
    assert_eq!(next.assert_forwarded(Forward::Stale).text(), "newer");
}

/// 9111-5.2-8, EDGE-9: directives speak for the message that they stand in
#[tokio::test]
async fn a_requests_directives_make_no_response_cacheable() {
    let talk = Conversation::default();
    for control in ["max-age=60", "public, max-age=60", "max-stale"] {
        talk.origin.will(reply(200).body("hello"));
        let answer = talk.get_with("/a", &[("cache-control", control)]).await;
        answer.assert_not_stored(NotStored::NoValidator);
    }
    assert!(talk.handle.is_empty());
}
